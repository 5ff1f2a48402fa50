package s3sim

import (
	"strings"
	"testing"

	"sealstack/api/s3api"
	"sealstack/policy"
)

func statement(rest string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + rest + `}]}`
}

func TestABucketPolicyComesBackAsItWasPut(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	get := func() (*s3api.GetBucketPolicyOutput, error) {
		return b.GetBucketPolicy(b.ctx, &s3api.GetBucketPolicyRequest{Bucket: "logs"})
	}
	_, err := get()
	e := b.fails(err, "NoSuchBucketPolicy", "The bucket policy does not exist")
	b.field(e, "BucketName", "logs")
	text := statement(`"Principal":{"AWS":"111122223333"},  "Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"]`)
	b.policy("logs", text)
	out, err := get()
	b.ok(err)
	b.same("policy", *out.Policy, text)
	status, err := b.GetBucketPolicyStatus(b.ctx, &s3api.GetBucketPolicyStatusRequest{Bucket: "logs"})
	b.ok(err)
	b.same("public", *status.PolicyStatus.IsPublic, false)
	for range 2 {
		_, err = b.DeleteBucketPolicy(b.ctx, &s3api.DeleteBucketPolicyRequest{Bucket: "logs"})
		b.ok(err)
	}
	_, err = get()
	b.code(err, "NoSuchBucketPolicy")
	_, err = b.GetBucketPolicyStatus(b.ctx, &s3api.GetBucketPolicyStatusRequest{Bucket: "logs"})
	b.code(err, "NoSuchBucketPolicy")
}

func TestPoliciesThatCantBe(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for text, message := range map[string]string{
		"nonsense": "Policies must be valid JSON and the first byte must be '{'",
		statement(`"Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other/*"`):                      "Policy has invalid resource",
		statement(`"Principal":"*","Action":"kms:*","Resource":"arn:aws:s3:::logs/*"`):                      "Policy has invalid action",
		statement(`"Action":"s3:*","Resource":"arn:aws:s3:::logs/*"`):                                       "Missing required field Principal",
		statement(`"Principal":{"AWS":"nobody"},"Action":"s3:*","Resource":"arn:aws:s3:::logs/*"`):          "Invalid principal in policy",
		statement(`"Principal":{"AWS":"111122223333"},"Action":"s3:*"`):                                     "Invalid policy syntax.",
		`{"Statement":[{"Effect":"Maybe","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs"}]}`: "Invalid policy syntax.",
	} {
		_, err := b.PutBucketPolicy(b.ctx, &s3api.PutBucketPolicyRequest{Bucket: "logs", Policy: text})
		b.fails(err, "MalformedPolicy", message)
	}
	_, err := b.PutBucketPolicy(b.ctx, &s3api.PutBucketPolicyRequest{Bucket: "logs", Policy: statement(`"Sid":"` + strings.Repeat("x", maxPolicy) + `"`)})
	b.code(err, "PolicyTooLarge")
}

func TestWhichPoliciesArePublic(t *testing.T) {
	const rest = `"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"`
	for _, tt := range []struct {
		text   string
		public bool
	}{
		{statement(`"Principal":"*",` + rest), true},
		{statement(`"Principal":{"AWS":"*"},` + rest), true},
		{statement(`"Principal":{"AWS":"111122223333"},` + rest), false},
		{statement(`"Principal":{"Service":"cloudtrail.amazonaws.com"},` + rest), false},
		{statement(`"NotPrincipal":{"AWS":"111122223333"},` + rest), true},
		{statement(`"Principal":"*",` + rest + `,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), false},
		{statement(`"Principal":"*",` + rest + `,"Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`), true},
		{statement(`"Principal":"*",` + rest + `,"Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), true},
		{statement(`"Principal":"*",` + rest + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-123"}}`), false},
		{statement(`"Principal":"*",` + rest + `,"Condition":{"StringLike":{"aws:PrincipalOrgID":["o-*"]}}`), true},
		{statement(`"Principal":"*",` + rest + `,"Condition":{"Bool":{"aws:SecureTransport":"true"}}`), true},
		{strings.Replace(statement(`"Principal":"*",`+rest), "Allow", "Deny", 1), false},
		{`{"Statement":{"Effect":"Allow","Principal":"*",` + rest + `,"Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:s3:::x"}}}}`, false},
	} {
		p, err := policy.Parse(policy.Resource, []byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := isPublic(p, tt.text); got != tt.public {
			t.Errorf("%s is public: %t", tt.text, got)
		}
	}
}

func TestTheRootUserIsNeverLockedOut(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.policy("logs", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"]}}`)
	_, err := b.tryPut(b.ctx, "logs", "k", "x")
	b.code(err, "AccessDenied")
	_, err = b.DeleteBucketPolicy(b.user(account, "amy", allow("s3:*", "*")), &s3api.DeleteBucketPolicyRequest{Bucket: "logs"})
	b.code(err, "AccessDenied")
	_, err = b.DeleteBucketPolicy(b.ctx, &s3api.DeleteBucketPolicyRequest{Bucket: "logs"})
	b.ok(err)
	b.put("logs", "k", "x")
}

func TestOnlyTheOwnersAccountPutsThePolicy(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	text := statement(`"Principal":{"AWS":"` + stranger + `"},"Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"]`)
	b.policy("logs", text)
	_, err := b.PutBucketPolicy(b.user(stranger, "sam", allow("s3:*", "*")), &s3api.PutBucketPolicyRequest{Bucket: "logs", Policy: text})
	b.code(err, "MethodNotAllowed")
}
