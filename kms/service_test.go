package kms

import (
	"context"
	"errors"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/policy"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

const (
	account = "111122223333"
	foreign = "444455556666"
	region  = "us-east-1"
	noKey   = "00000000-1111-4222-8333-444444444444" // well formed, and never made
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// harness is a service with an account root as caller. IAM policies of others
// are in identities, by ARN.
type harness struct {
	*Service
	t          testing.TB
	ctx        context.Context
	clock      *clock.Movable
	identities identities
	client     kmsapi.Client
	root       *seal.Root
}

type identities map[string]auth.Attached

func (i identities) Attached(_ context.Context, c *api.Caller) (auth.Attached, error) {
	return i[c.ARN], nil
}

func newHarness(t testing.TB) *harness {
	return harnessOn(t, memory.New(), seal.NewEphemeral())
}

func harnessOn(t testing.TB, store storage.Store, root *seal.Root) *harness {
	c := clock.NewMovable(clock.Fixed(start))
	who := identities{}
	s := New(Config{Store: store, Root: root, Clock: c, Authorizer: auth.NewAuthorizer(who, c)})
	s.newMaterial, s.wrappingKey = stocked, pooled
	t.Cleanup(func() { store.Close() })
	return &harness{
		Service: s, t: t, ctx: as(rootUser(account)), clock: c, identities: who, root: root,
		client: kmsapi.Client{Endpoint: &api.Endpoint[kmsapi.API]{Service: kmsapi.Service, Impl: s}},
	}
}

func rootUser(account string) *api.Caller {
	return &api.Caller{
		Principal: api.Principal{Type: api.Root, Account: account, ID: account, ARN: "arn:aws:iam::" + account + ":root"},
		Partition: "aws", Region: region, Secure: true,
	}
}

func userOf(account, name string) *api.Caller {
	c := rootUser(account)
	c.Principal = api.Principal{
		Type: api.User, Account: account, Name: name, ID: "AIDAUSER" + name, ARN: "arn:aws:iam::" + account + ":user/" + name,
	}
	return c
}

func as(c *api.Caller) context.Context { return api.WithCaller(context.Background(), c) }

// in is the root user in another Region.
func in(region string) context.Context {
	c := rootUser(account)
	c.Region = region
	return as(c)
}

// service is CloudWatch Logs calling for itself.
func service(ctx context.Context) context.Context {
	return api.AsService(ctx, "logs.us-east-1.amazonaws.com", "arn:aws:logs:us-east-1:111122223333:log-group:g", account)
}

// grant gives the user an IAM policy and returns a context of the user.
func (h *harness) grant(c *api.Caller, document string) context.Context {
	h.t.Helper()
	p, err := policy.Parse(policy.Identity, []byte(document))
	must(h.t, err)
	h.identities[c.ARN] = auth.Attached{Policies: []*policy.Policy{p}}
	return as(c)
}

const allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`

// key makes a symmetric key and returns its metadata.
func (h *harness) key(options ...func(*kmsapi.CreateKeyRequest)) kmsapi.KeyMetadata {
	h.t.Helper()
	in := &kmsapi.CreateKeyRequest{}
	for _, o := range options {
		o(in)
	}
	out, err := h.CreateKey(h.ctx, in)
	must(h.t, err)
	return *out.KeyMetadata
}

func with(document string) func(*kmsapi.CreateKeyRequest) {
	return func(in *kmsapi.CreateKeyRequest) { in.Policy, in.BypassPolicyLockoutSafetyCheck = &document, new(true) }
}

func (h *harness) describe(id string) kmsapi.KeyMetadata {
	h.t.Helper()
	out, err := h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: id})
	must(h.t, err)
	return *out.KeyMetadata
}

func (h *harness) encrypt(id, plaintext string, context map[string]string) []byte {
	h.t.Helper()
	out, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte(plaintext), EncryptionContext: context})
	must(h.t, err)
	return out.CiphertextBlob
}

func (h *harness) decrypt(blob []byte, context map[string]string) (string, error) {
	out, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob, EncryptionContext: context})
	if err != nil {
		return "", err
	}
	return string(out.Plaintext), nil
}

func (h *harness) advance(d time.Duration) {
	h.t.Helper()
	must(h.t, h.clock.Advance(d))
}

const day = 24 * time.Hour

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks that err is AWS's error with the code and the message.
func wantError(t testing.TB, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		t.Fatalf("error is %v, want %s", err, code)
	}
	if e.Code != code || e.Message != message {
		t.Errorf("error is\n\t%s: %q, want\n\t%s: %q", e.Code, e.Message, code, message)
	}
}

// wantCode checks only the code.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if e, ok := errors.AsType[*api.Error](err); !ok || e.Code != code {
		t.Errorf("error is %v, want %s", err, code)
	}
}

func keyArn(id string) string { return "arn:aws:kms:us-east-1:111122223333:key/" + id }

func aliasArn(name string) string { return "arn:aws:kms:us-east-1:111122223333:" + name }
