package protect

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// policyOf is a policy over managed data identifiers.
func policyOf(names ...string) string {
	for i, n := range names {
		names[i] = `"arn:aws:dataprotection::aws:data-identifier/` + n + `"`
	}
	list := strings.Join(names, ",")
	return fmt.Sprintf(`{"Name":"p","Version":"2021-06-01","Statement":[
		{"Sid":"audit","DataIdentifier":[%s],"Operation":{"Audit":{"FindingsDestination":{}}}},
		{"Sid":"redact","DataIdentifier":[%s],"Operation":{"Deidentify":{"MaskConfig":{}}}}]}`, list, list)
}

func TestDataIsMaskedByItsIdentifier(t *testing.T) {
	for _, c := range []struct{ identifier, text, want string }{
		{"EmailAddress", "from jane.doe@example.com to bob@example.org.", "from ******************** to ***************."},
		{"EmailAddress", "no @ address@ here@nowhere", "no @ address@ here@nowhere"},
		{"EmailAddress", "grüße an zoë jürgen@example.com", "grüße an zoë ******************"},
		{"IpAddress", "from 192.0.2.1:80 and 2001:db8::1", "from *********:80 and ***********"},
		{"IpAddress", "version 1.2.3 at 12:30:45, 999.1.1.1", "version 1.2.3 at 12:30:45, 999.1.1.1"},
		{"CreditCardNumber", "card 4111111111111111 was charged", "card **************** was charged"},
		{"CreditCardNumber", `{"credit_card":"4111-1111-1111-1111"}`, `{"credit_card":"*******************"}`},
		{"CreditCardNumber", "card 4111111111111112 is not one", "card 4111111111111112 is not one"},
		{"CreditCardNumber", "order 4111111111111111 without the word", "order 4111111111111111 without the word"},
		{"CreditCardNumber", "company span 4111111111111111", "company span 4111111111111111"},
		{"CreditCardNumber", "the card of this customer, which is far away: 4111111111111111", "the card of this customer, which is far away: 4111111111111111"},
		{"CreditCardExpiration", "expiry 12/27", "expiry *****"},
		{"CreditCardSecurityCode", "cvv: 123, room 456789", "cvv: ***, room 456789"},
		{"BankAccountNumber-DE", "IBAN DE89 3704 0044 0532 0130 00", "IBAN ***************************"},
		{"BankAccountNumber-DE", "IBAN DE88 3704 0044 0532 0130 00", "IBAN DE88 3704 0044 0532 0130 00"},
		{"BankAccountNumber-US", "bank account 123456789", "bank account *********"},
		{"AwsSecretKey", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = ****************************************"},
		{"AwsSecretKey", "digest wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "digest wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
		{"OpenSshPrivateKey", "k -----BEGIN OPENSSH PRIVATE KEY-----\nAA\n-----END OPENSSH PRIVATE KEY----- e", "k " + strings.Repeat("*", 72) + " e"},
		{"PkcsPrivateKey", "-----BEGIN RSA PRIVATE KEY-----\ncut", strings.Repeat("*", 35)},
		{"PgpPrivateKey", "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----BEGIN PGP PUBLIC KEY BLOCK-----"},
		{"Ssn-US", "ssn 123-45-6789", "ssn ***********"},
		{"Ssn-US", "ssn 000-45-6789 and 123-00-6789", "ssn 000-45-6789 and 123-00-6789"},
		{"PhoneNumber-US", "phone (425) 555-0100", "phone **************"},
		{"PhoneNumber-US", "call 425-555-0100", "call 425-555-0100"},
		{"DriversLicense-US", "driver's license D1234567", "driver's license ********"},
		{"LatLong", "location 47.6062, -122.3321", "location ******************"},
		{"ZipCode-US", "zip code 98109-1234", "zip code **********"},
		{"VehicleIdentificationNumber", "vin 1M8GDM9AXKP042788", "vin *****************"},
		{"VehicleIdentificationNumber", "vin 1M8GDM9A1KP042788", "vin 1M8GDM9A1KP042788"},
		{"DrugEnforcementAgencyNumber-US", "dea number AB1234563", "dea number *********"},
		{"NationalProviderId-US", "npi 1234567893", "npi **********"},
		{"NhsNumber-GB", "nhs 943 476 5919", "nhs ************"},
		{"SocialInsuranceNumber-CA", "sin 046 454 286", "sin ***********"},
	} {
		p, err := Parse([]byte(policyOf(c.identifier)))
		if err != nil {
			t.Fatal(c.identifier, err)
		}
		if got := Mask(c.text, p); got != c.want {
			t.Errorf("%s: %q\nis    %q\nnot   %q", c.identifier, c.text, got, c.want)
		}
	}
}

func TestPoliciesMaskTogether(t *testing.T) {
	a, _ := Parse([]byte(policyOf("EmailAddress")))
	b, _ := Parse([]byte(policyOf("IpAddress")))
	if got := Mask("a@example.com 192.0.2.1 x@192.0.2.1", a, b); got != "************* ********* x@*********" {
		t.Errorf("masked %q", got)
	}
}

func TestACustomIdentifierIsOfItsPolicy(t *testing.T) {
	document := `{"Name":"p","Version":"2021-06-01","Configuration":{"CustomDataIdentifier":[{"Name":"EmployeeId","Regex":"EmployeeId-\\d{9}"}]},"Statement":[
		{"DataIdentifier":["EmployeeId"],"Operation":{"Audit":{"FindingsDestination":{"CloudWatchLogs":{"LogGroup":"g"},"S3":{"Bucket":"b"},"Firehose":{"DeliveryStream":"f"}}}}},
		{"DataIdentifier":["EmployeeId"],"Operation":{"Deidentify":{"MaskConfig":{}}}}]}`
	p, err := Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if p.Destinations != (Destinations{"g", "b", "f"}) {
		t.Errorf("destinations %+v", p.Destinations)
	}
	if got := Mask("xEmployeeId-123456789y", p); got != "x********************y" {
		t.Errorf("masked %q", got)
	}
}

func TestTheAuditTellsWhereDataIs(t *testing.T) {
	p, err := Parse([]byte(policyOf("IpAddress", "EmailAddress")))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(p.Audit("über a@example.com, b@example.org from 192.0.2.1"))
	if want := "[{EmailAddress 2 [{6 18} {21 33}]} {IpAddress 1 [{40 48}]}]"; got != want {
		t.Errorf("found %s, want %s", got, want)
	}
	if found := p.Audit("nothing"); found != nil {
		t.Errorf("found %v in nothing", found)
	}
}

func TestADocumentThatIsNoPolicyIsRefused(t *testing.T) {
	good := policyOf("EmailAddress")
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	custom := func(name, regex string) string {
		return `{"Name":"p","Version":"2021-06-01","Configuration":{"CustomDataIdentifier":[{"Name":"` + name + `","Regex":"` + regex + `"}]},"Statement":[
		{"DataIdentifier":["` + name + `"],"Operation":{"Audit":{"FindingsDestination":{}}}},{"DataIdentifier":["` + name + `"],"Operation":{"Deidentify":{"MaskConfig":{}}}}]}`
	}
	for name, c := range map[string]struct{ document, want string }{
		"no JSON":           {`{`, "not valid JSON"},
		"a stranger":        {strings.Replace(good, `"Name"`, `"Color":"red","Name"`, 1), "expected form"},
		"something behind":  {good + "{}", "behind"},
		"no name":           {strings.Replace(good, `"Name":"p",`, "", 1), "Name is required"},
		"another version":   {strings.Replace(good, "2021-06-01", "2012-10-17", 1), "Version"},
		"one statement":     {`{"Name":"p","Version":"2021-06-01","Statement":[{"DataIdentifier":["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],"Operation":{"Audit":{"FindingsDestination":{}}}}]}`, "one audit and one deidentify"},
		"two audits":        {strings.Replace(good, `"Deidentify":{"MaskConfig":{}}`, `"Audit":{"FindingsDestination":{}}`, 1), "one audit and one deidentify"},
		"other identifiers": {strings.Replace(good, "EmailAddress", "IpAddress", 1), "match exactly"},
		"no such":           {strings.ReplaceAll(good, "EmailAddress", "ShoeSize"), "does not exist"},
		"no identifiers":    {strings.ReplaceAll(good, `"arn:aws:dataprotection::aws:data-identifier/EmailAddress"`, ""), "at least one"},
		"no destination":    {strings.Replace(good, `"FindingsDestination":{}`, "", 1), "FindingsDestination"},
		"no mask":           {strings.Replace(good, `"MaskConfig":{}`, "", 1), "MaskConfig"},
		"a mask with more":  {strings.Replace(good, `"MaskConfig":{}`, `"MaskConfig":{"MaskWithCharacter":"#"}`, 1), "expected form"},
		"too long":          {strings.Replace(good, `"p"`, `"`+strings.Repeat("p", MaxDocument)+`"`, 1), "longer than 30720"},
		"a group in regex":  {custom("A", "(a)"), "not supported"},
		"a broken regex":    {custom("A", "[a"), "not valid"},
		"a long regex":      {custom("A", strings.Repeat("a", 201)), "longer than 200"},
		"a bad custom name": {custom("A b", "a"), "1 to 128"},
		"an empty group":    {strings.Replace(good, `"FindingsDestination":{}`, `"FindingsDestination":{"CloudWatchLogs":{}}`, 1), "LogGroup"},
		"an empty bucket":   {strings.Replace(good, `"FindingsDestination":{}`, `"FindingsDestination":{"S3":{}}`, 1), "Bucket"},
	} {
		_, err := Parse([]byte(c.document))
		if e, ok := errors.AsType[*Invalid](err); !ok || !strings.Contains(e.Reason, c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestIdentifiersThatAreAbsentAreNamed(t *testing.T) {
	for _, name := range absent {
		_, err := Parse([]byte(policyOf(name)))
		if e, ok := errors.AsType[*Unsupported](err); !ok || e.Identifier != name {
			t.Errorf("%s: %v", name, err)
		}
		if catalog[name] != nil {
			t.Errorf("%s is there and called absent", name)
		}
	}
}

func FuzzAMaskKeepsLengthAndIsFinal(f *testing.F) {
	p, err := Parse([]byte(policyOf("EmailAddress", "IpAddress", "CreditCardNumber", "Ssn-US", "BankAccountNumber-DE", "AwsSecretKey", "NhsNumber-GB", "VehicleIdentificationNumber")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("card 4111111111111111 ssn 123-45-6789 a@example.com 192.0.2.1")
	f.Fuzz(func(t *testing.T, text string) {
		masked := Mask(text, p)
		if len([]rune(masked)) != len([]rune(text)) {
			t.Errorf("%q became %q", text, masked)
		}
		if p.Audit(text) == nil && masked != text {
			t.Errorf("%q is masked as %q without a finding", text, masked)
		}
	})
}
