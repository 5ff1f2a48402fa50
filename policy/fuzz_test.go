package policy

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
)

// dice makes choices from a string of bytes, so that a fuzzer steers them.
type dice struct{ bytes []byte }

func (d *dice) roll(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

func (d *dice) pick(from []string) string { return from[d.roll(len(from))] }

// picks gives a single string or a list of up to three.
func (d *dice) picks(from []string) any {
	n := d.roll(4)
	if n == 0 {
		return d.pick(from)
	}
	list := []string{}
	for range n {
		list = append(list, d.pick(from))
	}
	return list
}

var (
	someActions = []string{"kms:Decrypt", "*", "kms:*", "KMS:dEcrypt", "kms:De*", "kms:?ncrypt", "s3:Get*", "s3:GetObject", "*:*", "kms:*crypt*", "kms:DescribeKey"}
	asked       = []string{"kms:Decrypt", "kms:Encrypt", "kms:DescribeKey", "kms:ReEncryptFrom", "s3:GetObject"}

	someResources = []string{"*", keyARN, "arn:aws:kms:*:111122223333:key/*", "arn:aws:kms", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/${aws:PrincipalTag/Team, 'none'}*",
		"arn:aws:s3:::b/${*}", "arn:aws:s3:::?/a*", "arn:aws:kms:us-east-1:444455556666:key/?", "arn:aws:s3:::b/${aws:TagKeys}", "arn:aws:s3:*Ada*", "arn:aws:s3:${aws:username}"}
	touched = []string{keyARN, "*", "arn:aws:s3:::b/Ada/x", "arn:aws:s3:::b/none", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a*", "arn:aws:kms:us-east-1:444455556666:key/é"}

	somePrincipals = []string{"*", "111122223333", "arn:aws:iam::111122223333:root", ada.ARN, ada.ID, session.ARN, session.RoleARN, "AROAREADERREADERREAD1", federated.ARN,
		"444455556666", "arn:aws:iam::444455556666:user/Eve"}
	someServices = []string{"logs.us-east-1.amazonaws.com", "logs.amazonaws.com", "s3.amazonaws.com"}
	callers      = []*Principal{nil, rootUser, ada, session, federated, federatedRoot, logs, visitor, employee}

	someKeys = []string{"aws:username", "aws:PrincipalTag/Team", "kms:EncryptionContext:Owner", "aws:TagKeys", "svc:Mixed"}
	someText = []string{"", "a", "A", "Ada", "a*", "*", "?da", "${aws:username}", "${aws:PrincipalTag/Team, 'none'}", "${*}", "${aws:none}", "${$}{x}", "none", "${aws:username}*",
		"${", "${}", "${a, 'x", "éa", "É*"}
	someARNs = []string{"*", "**", "arn:aws:iam::111122223333:user/*", "arn:aws:*:*:*:*", "arn:aws:iam::*:user/${aws:username}", keyARN, "arn:aws:s3:::b?c", "${svc:Mixed}",
		"arn:aws:s3:*", "a:b:c:d:e:f:g", "a:b:*:d:e:*", "*:*:*:*:*:*:*"}
	someValues = []string{"", "a", "Ada", "ada", "a*", "*", "none", "${x}", "É", "éa", keyARN, "arn:aws:iam::111122223333:user/division/Ada", "arn:aws:s3:::b:c", "a:b:c:d:e:f:g",
		"10", "9.5", "-1", "2024-02-29", "2024-02-29T00:00:00Z", "1709164800", "2024", "true", "FALSE", "QQ==", "QUE=", "203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7"}

	typedValues = map[string][]string{
		"Numeric": {"10", "9.5", "-1", "0", "1709164800"},
		"Date":    {"2024-02-29", "2024-02-29T00:00:00Z", "1709164800", "2024", "2024-02", "2024-02-28T23:00-01:00"},
		"Bool":    {"true", "false", "True", "${svc:Mixed}", "${aws:none, 'true'}"},
		"Null":    {"true", "false"},
		"Binary":  {"QQ==", "QUE=", ""},
		"IpAddr":  {"203.0.113.0/24", "203.0.113.7", "2001:DB8::/32", "0.0.0.0/0"},
		"NotIpAd": {"203.0.113.0/24", "203.0.113.7", "2001:DB8::/32", "0.0.0.0/0"},
		"Arn":     someARNs,
		"String":  someText,
	}
	someOperators = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null"}
)

// scenario is a policy with a request to ask it about.
type scenario struct {
	kind     Kind
	document string
	request  *Request
}

func (d *dice) scenario() scenario {
	s := scenario{kind: []Kind{Identity, Resource, KeyPolicy, Trust}[d.roll(4)]}
	statements := []any{}
	for range 1 + d.roll(3) {
		statements = append(statements, d.statement(s.kind))
	}
	version := d.pick([]string{CurrentVersion, CurrentVersion, OldVersion})
	document, _ := json.Marshal(map[string]any{"Version": version, "Statement": statements})
	s.document = string(document)
	if version == OldVersion { // which has no variables, so a Bool cannot be one
		s.document = strings.NewReplacer(`"${aws:none, 'true'}"`, `"true"`, `"${svc:Mixed}"`, `"false"`).Replace(s.document)
	}
	s.request = &Request{Action: d.pick(asked), Resource: d.pick(touched), Principal: callers[d.roll(len(callers))], Context: d.context()}
	return s
}

func (d *dice) statement(kind Kind) map[string]any {
	not := func(element string) string { return d.pick([]string{"", "", "", "Not"}) + element }
	s := map[string]any{"Effect": d.pick([]string{"Allow", "Allow", "Deny"})}
	if kind != KeyPolicy || d.roll(8) != 0 {
		s[not("Action")] = d.picks(someActions)
	}
	if kind != Trust && (kind != KeyPolicy || d.roll(8) != 0) {
		s[not("Resource")] = d.picks(someResources)
	}
	if d.roll(3) != 0 {
		s["Condition"] = d.conditions()
	}
	switch kind {
	case Identity:
	case Trust:
		s["Principal"] = d.principal(kind)
	default:
		s[not("Principal")] = d.principal(kind)
	}
	return s
}

func (d *dice) principal(kind Kind) any {
	members := map[string]any{"AWS": d.picks(somePrincipals)}
	switch d.roll(4) {
	case 0:
		return "*"
	case 1:
		members["Service"] = d.picks(someServices)
	case 2:
		switch kind {
		case Trust:
			members["Federated"] = d.picks([]string{"accounts.google.com", "www.amazon.com", employee.Federated})
		case Resource:
			members["CanonicalUser"] = canonicalID
		}
	}
	return members
}

func (d *dice) conditions() map[string]any {
	all := map[string]any{}
	for range 1 + d.roll(3) {
		operator := d.pick(someOperators)
		var values any
		for prefix, pool := range typedValues {
			if strings.HasPrefix(operator, prefix) {
				values = d.picks(pool)
			}
		}
		if operator != "Null" {
			operator = d.pick([]string{"", "", "ForAllValues:", "ForAnyValue:"}) + operator + d.pick([]string{"", "", "IfExists"})
		}
		all[operator] = map[string]any{d.pick(someKeys): values}
	}
	return all
}

func (d *dice) context() Context {
	over, base := Keys{}, Keys{}
	for _, key := range someKeys {
		values := []string{}
		for range []int{1, 1, 1, 2, 3, 0}[d.roll(6)] {
			values = append(values, d.pick(someValues))
		}
		switch d.roll(4) {
		case 0: // absent
		case 1:
			base[strings.ToLower(key)] = values
		case 2:
			over[strings.ToLower(key)] = values
		case 3:
			over[strings.ToLower(key)], base[strings.ToLower(key)] = values, []string{"hidden"}
		}
	}
	return []Context{Layered{over, base}, Layered{over, base}, Layered{over, Lazy(base.Lookup)}, nil}[d.roll(4)]
}

// agree holds the engine's answer and its explanation against the rules.
func agree(t *testing.T, s scenario) naiveAnswer {
	t.Helper()
	p := parse(t, s.kind, s.document)
	got := p.Evaluate(s.request)
	want := naiveEvaluate(s.kind, s.document, s.request)
	ways := map[Match]bool{}
	for m := NoMatch; m <= ByWildcard; m++ {
		if got.AllowedBy(m) {
			ways[m] = true
		}
	}
	if got.Denied != want.denied || !maps.Equal(ways, want.allowed) {
		t.Fatalf("engine: denied %v, allowed %v\nrules:  denied %v, allowed %v\nkind %d: %s\nrequest %+v\ncaller %+v\ncontext %v",
			got.Denied, ways, want.denied, want.allowed, s.kind, s.document, s.request, s.request.Principal, s.request.Context)
	}
	applies := map[Effect]bool{}
	for _, trace := range p.Explain(s.request) {
		applies[trace.Effect] = applies[trace.Effect] || trace.Applies
	}
	if applies[Deny] != want.denied || !want.denied && applies[Allow] != (len(want.allowed) > 0) {
		t.Fatalf("explained as %v, rules: %+v\n%s", applies, want, s.document)
	}
	return want
}

// randomBytes gives reproducible material for dice.
func randomBytes(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, 400)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

func TestTheEngineAgreesWithTheRules(t *testing.T) {
	count := map[string]int{}
	for seed := range uint64(1500) {
		d := &dice{randomBytes(seed)}
		answer := agree(t, d.scenario())
		switch {
		case answer.denied:
			count["denied"]++
		case len(answer.allowed) > 0:
			count["allowed"]++
		default:
			count["neither"]++
		}
	}
	for _, outcome := range []string{"denied", "allowed", "neither"} {
		if count[outcome] < 75 { // one in twenty
			t.Errorf("the scenarios are one-sided: %v", count)
		}
	}
}

func FuzzEvaluateAgainstNaive(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomBytes(seed))
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		d := &dice{choices}
		agree(t, d.scenario())
	})
}
