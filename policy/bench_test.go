package policy

import "testing"

// typicalPolicy is a key policy as keys in use have it: the account, a role
// with a condition, a guard.
const typicalPolicy = `{"Version":"2012-10-17","Statement":[
  {"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:*","Resource":"*"},
  {"Sid":"Use","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:user/Ada","arn:aws:iam::111122223333:role/app/Reader"]},
   "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*",
   "Condition":{"StringEquals":{"kms:EncryptionContext:Department":["IT","Finance"]},
                "ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:*:111122223333:log-group:/app/*"}}},
  {"Sid":"Guard","Effect":"Deny","Principal":"*","Action":["kms:ScheduleKeyDeletion","kms:Decrypt"],"Resource":"*",
   "Condition":{"StringNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app/*"}}}]}`

func typicalRequest() *Request {
	return &Request{
		Action: "kms:Decrypt", Resource: keyARN, Principal: session,
		Context: Keys{
			"aws:principalarn":                   {"arn:aws:iam::111122223333:role/app/Reader"},
			"kms:encryptioncontext:department":   {"Finance"},
			"kms:encryptioncontext:aws:logs:arn": {"arn:aws:logs:us-east-1:111122223333:log-group:/app/web"},
		},
	}
}

func BenchmarkEvaluate(b *testing.B) {
	identity := one(`[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::bucket/${aws:username}/*"},
	  {"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:*:111122223333:key/*"},
	  {"Effect":"Deny","Action":"kms:Schedule*","Resource":"*"}]`)
	benchmarks := []struct {
		name    string
		policy  *Policy
		request *Request
	}{
		{"DefaultKeyPolicy", parse(b, KeyPolicy, defaultKeyPolicy), &Request{Action: "kms:Decrypt", Resource: keyARN, Principal: ada}},
		{"TypicalKeyPolicy", parse(b, KeyPolicy, typicalPolicy), typicalRequest()},
		{"IdentityPolicy", parse(b, Identity, identity), &Request{Action: "kms:Decrypt", Resource: keyARN}},
		{"Variable", parse(b, Identity, identity), &Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/Ada/x",
			Context: Keys{"aws:username": {"Ada"}}}},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if bench.policy.Evaluate(bench.request).Allowed == NoMatch {
					b.Fatal("not allowed")
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(KeyPolicy, []byte(typicalPolicy)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestEvaluateAllocatesNothing(t *testing.T) {
	p, r := parse(t, KeyPolicy, typicalPolicy), typicalRequest()
	if n := testing.AllocsPerRun(100, func() { p.Evaluate(r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
