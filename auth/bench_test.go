package auth

import (
	"testing"

	"sealstack/clock"
	"sealstack/policy"
)

// BenchmarkAuthorize is a user whose IAM policies let it decrypt, on a key with
// the default policy, with the condition keys that KMS brings.
func BenchmarkAuthorize(b *testing.B) {
	c := userOf(ours)
	a := Attached{Policies: []*policy.Policy{
		compile(b, policy.Identity, `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::bucket/*"}`,
			`{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"arn:aws:kms:*:111122223333:key/*"}`),
		compile(b, policy.Identity, `{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}}`),
	}}
	r := &Request{
		Service: kmsService, Action: decrypt, Resource: ourKey, Account: ours, Gate: true, Keys: kmsKeys(),
		Policy: compile(b, policy.KeyPolicy, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`,
			`{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],
			"Resource":"*","Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:log-group:*"}}}`),
	}
	logs, denied := serviceOf("logs.us-east-1.amazonaws.com"), userOf(foreign)
	movable := clock.NewMovable(clock.Real())
	identities := attachments{c.ARN: a}
	plain := NewAuthorizer(identities, movable)
	recording := NewAuthorizer(identities, movable, WithDecisions(NewDecisions(1024)))

	b.Run("user", func(b *testing.B) {
		ctx := ctxOf(c)
		b.ReportAllocs()
		for b.Loop() {
			if plain.Authorize(ctx, r) != nil {
				b.Fatal("denied")
			}
		}
	})
	b.Run("service", func(b *testing.B) {
		ctx := ctxOf(logs)
		b.ReportAllocs()
		for b.Loop() {
			if plain.Authorize(ctx, r) != nil {
				b.Fatal("denied")
			}
		}
	})
	b.Run("recorded", func(b *testing.B) {
		ctx := ctxOf(c)
		b.ReportAllocs()
		for b.Loop() {
			if recording.Authorize(ctx, r) != nil {
				b.Fatal("denied")
			}
		}
	})
	b.Run("recorded in parallel", func(b *testing.B) {
		ctx := ctxOf(c)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = recording.Authorize(ctx, r)
			}
		})
	})
	b.Run("denied and recorded", func(b *testing.B) {
		ctx := ctxOf(denied)
		b.ReportAllocs()
		for b.Loop() {
			if recording.Authorize(ctx, r) == nil {
				b.Fatal("allowed")
			}
		}
	})
	b.Run("explained", func(b *testing.B) {
		ctx := ctxOf(denied)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := plain.Explain(ctx, r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func kmsKeys() Keys {
	return Keys{
		"kms:calleraccount": {ours}, "kms:keyspec": {"SYMMETRIC_DEFAULT"}, "kms:keyusage": {"ENCRYPT_DECRYPT"},
		"kms:keyorigin": {"AWS_KMS"}, "kms:multiregion": {"false"}, "kms:encryptionalgorithm": {"SYMMETRIC_DEFAULT"},
		"kms:encryptioncontext:aws:logs:arn": {"arn:aws:logs:us-east-1:111122223333:log-group:g"},
		"kms:encryptioncontextkeys":          {"aws:logs:arn"},
	}
}
