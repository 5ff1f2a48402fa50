package protect

import "regexp"

// catalog holds the managed data identifiers by their id, with the keywords
// that AWS documents for them:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protect-sensitive-log-data-types.html
//
// Unverified: the expressions themselves, which AWS does not publish, and
// those keywords that are not in AWS's tables for CloudWatch Logs but in
// Amazon Macie's.
var catalog = map[string]*identifier{}

// absent are AWS's managed data identifiers that are not built: those that AWS
// finds by machine learning, and those of single countries.
var absent = []string{
	"Address", "Name",
	"BankAccountNumber-FR-RIB", "CepCode-BR", "Cnpj-BR", "CpfCode-BR",
	"DriversLicense-AT", "DriversLicense-AU", "DriversLicense-BE", "DriversLicense-BG", "DriversLicense-CA", "DriversLicense-CY",
	"DriversLicense-CZ", "DriversLicense-DE", "DriversLicense-DK", "DriversLicense-EE", "DriversLicense-ES", "DriversLicense-FI",
	"DriversLicense-FR", "DriversLicense-GB", "DriversLicense-GR", "DriversLicense-HR", "DriversLicense-HU", "DriversLicense-IE",
	"DriversLicense-IT", "DriversLicense-LT", "DriversLicense-LU", "DriversLicense-LV", "DriversLicense-MT", "DriversLicense-NL",
	"DriversLicense-PL", "DriversLicense-PT", "DriversLicense-RO", "DriversLicense-SE", "DriversLicense-SI", "DriversLicense-SK",
	"ElectoralRollNumber-GB", "HealthInsuranceCardNumber-EU", "HealthInsuranceClaimNumber-US", "HealthInsuranceNumber-FR",
	"HealthcareProcedureCode-US", "InseeCode-FR", "MedicareBeneficiaryNumber-US", "NationalDrugCode-US",
	"NationalIdentificationNumber-DE", "NationalIdentificationNumber-ES", "NationalIdentificationNumber-IT",
	"NieNumber-ES", "NifNumber-ES", "PassportNumber-CA", "PassportNumber-DE", "PassportNumber-ES", "PassportNumber-FR",
	"PassportNumber-GB", "PassportNumber-IT", "PermanentResidenceNumber-CA", "PersonalHealthNumber-CA",
	"PhoneNumber-BR", "PhoneNumber-DE", "PhoneNumber-ES", "PhoneNumber-FR", "PhoneNumber-IT",
	"PostalCode-CA", "RgNumber-BR", "Ssn-ES", "TaxId-DE", "TaxId-ES", "TaxId-FR", "TaxId-GB",
}

func init() {
	for _, group := range [][]*identifier{credentials, financial, personal, health} {
		for _, id := range group {
			catalog[id.name] = id
		}
	}
}

func expressions(list ...string) []*regexp.Regexp {
	compiled := make([]*regexp.Regexp, len(list))
	for i, e := range list {
		compiled[i] = regexp.MustCompile(e)
	}
	return compiled
}

// pem matches an armoured block, whole or cut short by the end of the event.
func pem(title string) []*regexp.Regexp {
	return expressions(`(?s)-----BEGIN ` + title + `-----.*?(?:-----END ` + title + `-----|\z)`)
}

var credentials = []*identifier{
	{
		name: "AwsSecretKey", patterns: expressions(`[A-Za-z0-9/+]{40}`),
		keywords: []string{"aws secret access key", "credentials", "secret access key", "secret key", "set awscredential", "secretaccesskey"},
	},
	{name: "OpenSshPrivateKey", patterns: pem(`OPENSSH PRIVATE KEY`), loose: true},
	{name: "PgpPrivateKey", patterns: pem(`PGP PRIVATE KEY BLOCK`), loose: true},
	{name: "PkcsPrivateKey", patterns: pem(`(?:RSA |DSA |EC |ENCRYPTED )?PRIVATE KEY`), loose: true},
	{name: "PuttyPrivateKey", patterns: expressions(`(?s)PuTTY-User-Key-File-\d:.*?(?:Private-MAC: ?[0-9a-fA-F]+|\z)`), loose: true},
}

var (
	cardKeywords = []string{
		"account number", "american express", "amex", "bank card", "card", "card number", "card num", "cc #", "ccn", "check card",
		"credit", "credit card#", "dankort", "debit", "debit card", "diners club", "discover", "electron", "japanese card bureau",
		"jcb", "mastercard", "mc", "pan", "payment account number", "payment card number", "pcn", "union pay", "visa",
	}
	codeKeywords = []string{
		"card id", "card identification code", "card identification number", "card security code", "card validation code",
		"card validation number", "card verification data", "card verification value", "cvc", "cvc2", "cvv", "cvv2",
		"elo verification code",
	}
	accountKeywords = []string{
		"account", "accountno#", "accountnumber#", "bank account", "bank acct", "checking account", "checking acct", "deposit account",
		"deposit acct", "savings account", "savings acct", "chequing account", "chequing acct", "iban",
		"account code", "account number", "code bancaire", "compte bancaire", "customer account id", "numéro de compte", "banque",
		"bankleitzahl", "kontonummer", "kontonr", "geheimzahl", "girokonto", "codice conto", "numero di conto", "código cuenta",
		"número cuenta", "cuenta bancaria", "sort code",
	}
)

var financial = []*identifier{
	iban("DE", 22), iban("ES", 24), iban("FR", 27), iban("GB", 22), iban("IT", 27),
	{name: "BankAccountNumber-US", patterns: expressions(`\d{8,17}`), keywords: accountKeywords},
	{
		name:     "CreditCardExpiration",
		patterns: expressions(`(?:0[1-9]|1[0-2])\s?[/.-]\s?(?:20)?\d{2}`, `20\d{2}[/.-](?:0[1-9]|1[0-2])`),
		keywords: []string{"exp d", "exp m", "exp y", "expiration", "expiry"},
	},
	{name: "CreditCardNumber", patterns: expressions(`\d(?:[ -]?\d){12,18}`), keywords: cardKeywords, valid: isCard},
	{name: "CreditCardSecurityCode", patterns: expressions(`\d{3,4}`), keywords: codeKeywords},
}

// iban is the bank account number of a country in the international form,
// with or without blanks.
func iban(country string, length int) *identifier {
	return &identifier{
		name: "BankAccountNumber-" + country, patterns: expressions(country + `\d{2}(?: ?[A-Z0-9]){11,30}`), keywords: accountKeywords,
		valid: func(text string) bool { return isIBAN(text, length) },
	}
}

var phoneKeywords = []string{
	"cell", "contact", "fax", "fax number", "mobile", "phone", "phone number", "tel", "telephone", "telephone number",
}

var personal = []*identifier{
	{name: "EmailAddress", patterns: expressions(`[\pL\pN._%+'-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}`)},
	{name: "IpAddress", patterns: expressions(`\d{1,3}(?:\.\d{1,3}){3}`, `[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?`), valid: isAddress},
	{
		name:     "LatLong",
		patterns: expressions(`[-+]?(?:[1-8]?\d|90)\.\d{2,}\s*,\s*[-+]?(?:1[0-7]\d|[1-9]?\d|180)\.\d{2,}`),
		keywords: []string{"coordinate", "coordinates", "lat long", "latitude longitude", "location", "position", "latlong"},
	},
	{
		name: "DriversLicense-US", patterns: expressions(`[A-Z]{1,2}\d{5,14}`, `\d{7,12}`, `[A-Z]\d{3}-\d{4}-\d{4}`, `\d{2}-\d{3}-\d{4}`),
		keywords: []string{
			"dl#", "dl #", "dlno#", "driver lic", "drivers lic", "driver licence", "driver license", "drivers license", "drivers licence",
			"driver's lic", "driver's license", "driving licence", "driving license", "driving permit", "dlno", "dl number",
		},
	},
	{
		name: "IndividualTaxIdentificationNumber-US", patterns: expressions(`9\d{2}[- ]?(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])[- ]?\d{4}`),
		keywords: []string{"i.t.i.n.", "individual taxpayer identification number", "itin", "itin#", "tax id", "taxid", "taxpayer id"},
	},
	{
		name: "NationalInsuranceNumber-GB", patterns: expressions(`[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]`),
		keywords: []string{"insurance no.", "insurance number", "insurance#", "national insurance number", "nationalinsurance#", "nationalinsurancenumber", "nin", "nino"},
	},
	{
		name: "PassportNumber-US", patterns: expressions(`[A-Z]\d{8}`, `\d{9}`),
		keywords: []string{"passport", "passport number", "travel document"},
	},
	{name: "PhoneNumber-GB", patterns: expressions(`(?:\+44 ?|0)\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}`), keywords: phoneKeywords},
	{name: "PhoneNumber-US", patterns: expressions(`(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\)|[2-9]\d{2})[ .-]?[2-9]\d{2}[ .-]?\d{4}`), keywords: phoneKeywords},
	{
		name: "SocialInsuranceNumber-CA", patterns: expressions(`\d{3}[ -]?\d{3}[ -]?\d{3}`), valid: luhn,
		keywords: []string{"canadian id", "numéro d'assurance sociale", "social insurance number", "sin"},
	},
	{
		name: "Ssn-US", patterns: expressions(`\d{3}-\d{2}-\d{4}`, `\d{3} \d{2} \d{4}`, `\d{9}`), valid: isSSN,
		keywords: []string{"social security", "ss#", "ssn", "socialsecurity"},
	},
	{
		name: "VehicleIdentificationNumber", patterns: expressions(`[A-HJ-NPR-Z0-9]{17}`), valid: isVIN,
		keywords: []string{
			"fahrgestellnummer", "niv", "numarul de identificare", "numarul seriei de sasiu", "serie sasiu", "numer vin",
			"número de identificação do veículo", "número de identificación de automóviles", "numéro d'identification du véhicule",
			"vehicle identification number", "vin", "vin numeris",
		},
	},
	{name: "ZipCode-US", patterns: expressions(`\d{5}(?:-\d{4})?`), keywords: []string{"zip code", "zip+4", "zipcode"}},
}

var health = []*identifier{
	{
		name: "DrugEnforcementAgencyNumber-US", patterns: expressions(`[A-Z][A-Z9]\d{7}`), valid: isDEA,
		keywords: []string{"dea number", "dea registration"},
	},
	{name: "NationalProviderId-US", patterns: expressions(`[12]\d{9}`), valid: isNPI, keywords: []string{"hipaa", "n.p.i", "national provider", "npi"}},
	{name: "NhsNumber-GB", patterns: expressions(`\d{3}[ -]?\d{3}[ -]?\d{4}`), valid: isNHS, keywords: []string{"national health service", "nhs"}},
}
