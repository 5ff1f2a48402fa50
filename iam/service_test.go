package iam

import (
	"context"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// testRoot is the root key of every store of a test run.
var testRoot = seal.NewEphemeral()

const account = "111122223333"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 987, time.UTC)

// world is a service with an account of its own.
type world struct {
	*Service
	iam   iamapi.API
	sts   stsapi.API
	clock *clock.Movable
	store storage.Store
	root  context.Context // of the root user
}

func newWorld(t testing.TB) *world { return openWorld(t, memory.New()) }

func openWorld(t testing.TB, store storage.Store) *world {
	w := &world{clock: clock.NewMovable(clock.Fixed(noon)), store: store}
	w.Service = New(Config{Store: store, Root: testRoot, Clock: w.clock})
	w.iam, w.sts = w.IAM(), w.STS()
	w.root = rootOf(account)
	return w
}

func rootOf(account string) context.Context {
	return as(api.Principal{Type: api.Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", ID: account}, nil, "")
}

func as(p api.Principal, session *api.Session, key string) context.Context {
	return api.WithCaller(context.Background(), &api.Caller{
		Principal: p, Session: session, AccessKeyID: key, Partition: "aws", Region: "us-east-1",
	})
}

// holder returns the context of whoever holds an access key.
func (w *world) holder(t testing.TB, key string) context.Context {
	t.Helper()
	c, err := w.Lookup(context.Background(), key)
	if err != nil {
		t.Fatalf("look up %s: %v", key, err)
	}
	return as(c.Principal, c.Session, key)
}

// user makes a user with an inline policy of these statements, if any, and
// returns the context of the holder of its access key.
func (w *world) user(t testing.TB, name string, statements ...string) context.Context {
	t.Helper()
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: name}))(t)
	if len(statements) > 0 {
		must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{
			UserName: name, PolicyName: "p", PolicyDocument: document(statements...),
		}))(t)
	}
	key := must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{UserName: &name}))(t)
	return w.holder(t, key.AccessKey.AccessKeyId)
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func allow(action, resource string) string {
	return `{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}`
}

// must returns the value, or ends the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantError holds err against "Code: message"; "" wants none.
func wantError(t testing.TB, what string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case want != "" && (err == nil || err.Error() != want):
		t.Errorf("%s:\n got %v\nwant %s", what, err, want)
	}
}

// role makes a role that trusts the principals in the braces, and returns its
// ARN.
func (w *world) role(t testing.TB, name, principals string, statements ...string) string {
	t.Helper()
	made := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: name, AssumeRolePolicyDocument: trusting(principals)}))(t)
	if len(statements) > 0 {
		must(w.iam.PutRolePolicy(w.root, &iamapi.PutRolePolicyRequest{RoleName: name, PolicyName: "p", PolicyDocument: document(statements...)}))(t)
	}
	return made.Role.Arn
}

// trusting is a trust policy for the principals in the braces.
func trusting(principals string) string {
	return document(`{"Effect":"Allow","Principal":{` + principals + `},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}`)
}

// errorCode is AWS's code of an error, "ok" for none.
func (w *world) errorCode(err error) string {
	if err == nil {
		return "ok"
	}
	if e, ok := err.(*api.Error); ok {
		return e.Code
	}
	return err.Error()
}
