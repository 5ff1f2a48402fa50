package iam

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/storage"
)

func TestAnAccessKeyLeadsToItsUser(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "Ada", Path: new("/m/")}))(t)
	key := must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{UserName: new("ada")}))(t).AccessKey
	if key.UserName != "Ada" || key.Status != "Active" || accountOfKey(key.AccessKeyId) != account {
		t.Errorf("key %+v", key)
	}
	c := must(w.Lookup(context.Background(), key.AccessKeyId))(t)
	user := must(w.iam.GetUser(w.root, &iamapi.GetUserRequest{UserName: new("Ada")}))(t).User
	want := api.Principal{Type: api.User, Account: account, ARN: user.Arn, ID: user.UserId, Name: "Ada"}
	if c.Principal != want || c.Secret != key.SecretAccessKey || !c.Active || c.Token != "" || c.Session != nil {
		t.Errorf("credential %+v, want %+v", c.Principal, want)
	}
}

func TestAnUnknownKeyIsUnknownUntilItIsMade(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", account, strings.Repeat("x", 1000)} {
		for range 2 { // the second answer comes from memory
			if _, err := w.Lookup(context.Background(), id); !errors.Is(err, auth.ErrUnknownKey) {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
}

func TestKeysFollowTheirStatus(t *testing.T) {
	w := newWorld(t)
	ada := "Ada"
	key := api.CallerOf(w.user(t, ada)).AccessKeyID
	update := func(id string, status iamapi.StatusType) func() error {
		return func() error {
			return errorOf(w.iam.UpdateAccessKey(w.root, &iamapi.UpdateAccessKeyRequest{UserName: &ada, AccessKeyId: id, Status: status}))
		}
	}
	active := func(want bool) func() error {
		return func() error {
			c, err := w.Lookup(context.Background(), key)
			if err == nil && c.Active != want {
				err = errors.New("the key has the wrong status")
			}
			return err
		}
	}
	run(t, []step{
		{"at first", active(true), ""},
		{"off", update(key, "Inactive"), ""},
		{"is off", active(false), ""},
		{"on", update(key, "Active"), ""},
		{"is on", active(true), ""},
		{"expired", update(key, "Expired"), "InvalidInput: The status Expired cannot be set."},
		{"another's", update("AKIAIOSFODNN7EXAMPLE", "Active"), "NoSuchEntity: The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found."},
		{"delete", func() error {
			return errorOf(w.iam.DeleteAccessKey(w.root, &iamapi.DeleteAccessKeyRequest{UserName: &ada, AccessKeyId: key}))
		}, ""},
		{"is gone, and no stranger's", active(false), ""},
		{"delete again", func() error {
			return errorOf(w.iam.DeleteAccessKey(w.root, &iamapi.DeleteAccessKeyRequest{UserName: &ada, AccessKeyId: key}))
		}, "NoSuchEntity: The Access Key with id " + key + " cannot be found."},
	})
}

func TestAUserHasTwoKeysAtMost(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("iam:*AccessKey*", "arn:aws:iam::111122223333:user/Ada"))
	create := func(ctx context.Context, name *string) func() error {
		return func() error {
			return errorOf(w.iam.CreateAccessKey(ctx, &iamapi.CreateAccessKeyRequest{UserName: name}))
		}
	}
	run(t, []step{
		{"a second one, for oneself", create(ada, nil), ""},
		{"a third", create(ada, nil), "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"},
		{"for nobody", create(w.root, new("Eve")), "NoSuchEntity: The user with name Eve cannot be found."},
		{"for root", create(w.root, nil), ""},
		{"for another", create(ada, new("Bob")), "AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:CreateAccessKey on resource: arn:aws:iam::111122223333:user/Bob because no identity-based policy allows the iam:CreateAccessKey action"},
	})
	own := must(w.iam.ListAccessKeys(ada, &iamapi.ListAccessKeysRequest{MaxItems: new(int32(1))}))(t)
	if len(own.AccessKeyMetadata) != 1 || !*own.IsTruncated || *own.AccessKeyMetadata[0].UserName != "Ada" {
		t.Errorf("own keys %+v", own)
	}
	rest := must(w.iam.ListAccessKeys(ada, &iamapi.ListAccessKeysRequest{Marker: own.Marker}))(t)
	if len(rest.AccessKeyMetadata) != 1 || *rest.AccessKeyMetadata[0].AccessKeyId == *own.AccessKeyMetadata[0].AccessKeyId {
		t.Errorf("the other keys %+v", rest)
	}
}

func TestARootKeyIsTheRootUser(t *testing.T) {
	w := newWorld(t)
	key := must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{}))(t).AccessKey
	who := must(w.sts.GetCallerIdentity(w.holder(t, key.AccessKeyId), &stsapi.GetCallerIdentityRequest{}))(t)
	if *who.Arn != "arn:aws:iam::111122223333:root" || *who.UserId != account || *who.Account != account {
		t.Errorf("root is %s %s %s", *who.Arn, *who.UserId, *who.Account)
	}
	listed := must(w.iam.ListAccessKeys(w.root, &iamapi.ListAccessKeysRequest{}))(t)
	if len(listed.AccessKeyMetadata) != 1 || *listed.AccessKeyMetadata[0].AccessKeyId != key.AccessKeyId {
		t.Errorf("listed %+v", listed)
	}
}

func TestSecretsAreSealedForTheirKeyAlone(t *testing.T) {
	w := newWorld(t)
	one, two := api.CallerOf(w.user(t, "Ada")).AccessKeyID, api.CallerOf(w.user(t, "Bob")).AccessKeyID
	err := w.store.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
		a, err := accessKeys.Get(tx, storage.K(one))
		if err != nil {
			return err
		}
		return accessKeys.Put(tx, storage.K(two), a)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Reset()
	if _, err := w.Lookup(context.Background(), two); err == nil || errors.Is(err, auth.ErrUnknownKey) {
		t.Errorf("a secret under another key's id: %v", err)
	}
}

func TestTheLastUseOfAKeyIsTold(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	key := api.CallerOf(ada).AccessKeyID
	last := func() *iamapi.AccessKeyLastUsed {
		out := must(w.iam.GetAccessKeyLastUsed(w.root, &iamapi.GetAccessKeyLastUsedRequest{AccessKeyId: key}))(t)
		if *out.UserName != "Ada" {
			t.Errorf("the key is %s's", *out.UserName)
		}
		return out.AccessKeyLastUsed
	}
	if u := last(); u.LastUsedDate != nil || u.ServiceName != "N/A" || u.Region != "N/A" {
		t.Errorf("a key never used: %+v", u)
	}
	w.Record(ada, api.Call{Service: iamapi.Service})
	want := noon.Truncate(time.Second)
	if u := last(); !u.LastUsedDate.Equal(want) || u.ServiceName != "iam" || u.Region != "us-east-1" {
		t.Errorf("used: %+v", u)
	}
	must(0, w.Sweep(context.Background()))(t)
	again := openWorld(t, w.store)
	out := must(again.iam.GetAccessKeyLastUsed(w.root, &iamapi.GetAccessKeyLastUsedRequest{AccessKeyId: key}))(t)
	if out.AccessKeyLastUsed.LastUsedDate == nil || !out.AccessKeyLastUsed.LastUsedDate.Equal(want) {
		t.Errorf("after a restart: %+v", out.AccessKeyLastUsed)
	}
	err := errorOf(w.iam.GetAccessKeyLastUsed(w.root, &iamapi.GetAccessKeyLastUsedRequest{AccessKeyId: "AKIAIOSFODNN7EXAMPLE"}))
	if err == nil || !strings.HasPrefix(err.Error(), "AccessDenied: ") {
		t.Errorf("an unknown key: %v", err)
	}
}
