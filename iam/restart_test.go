package iam

import (
	"context"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/clock"
	"sealstack/iam/saml/samltest"
	"sealstack/storage/bolt"
	"sealstack/storage/seal"
)

// restart closes the world's store and opens its directory again.
func restart(t *testing.T, w *world, dir string) *world {
	t.Helper()
	if w != nil {
		must(0, w.store.(*bolt.Store).Close())(t)
	}
	store := must(bolt.Open(dir, bolt.Options{}))(t)
	next := openWorld(t, store)
	next.realClock = clock.Fixed(noon)
	return next
}

func TestSessionsGoOnAfterARestartWithAllTheyHave(t *testing.T) {
	dir := t.TempDir()
	w := restart(t, nil, dir)
	ada, roles := w.chain(t, 2)
	must(w.iam.PutRolePolicy(w.root, &iamapi.PutRolePolicyRequest{RoleName: "r1", PolicyName: "p", PolicyDocument: document(allow("test:*", "*"))}))(t)
	first, one := w.assume(t, ada, stsapi.AssumeRoleRequest{
		RoleArn: roles[0], RoleSessionName: "s", SourceIdentity: new("Ada"), Tags: []stsapi.Tag{{Key: "Team", Value: "x"}}, TransitiveTagKeys: []string{"Team"},
	})
	_, two := w.assume(t, first, stsapi.AssumeRoleRequest{RoleArn: roles[1], RoleSessionName: "s", Policy: new(document(allow("test:a", "*")))})

	w = restart(t, w, dir)
	defer func() { w.store.(*bolt.Store).Close() }()
	first, second := w.holder(t, one.Credentials.AccessKeyId), w.holder(t, two.Credentials.AccessKeyId)
	if !w.asks(second, "test:a", nil) || w.asks(second, "test:b", nil) {
		t.Error("the session policy counts no more")
	}
	again, _ := w.assume(t, first, stsapi.AssumeRoleRequest{RoleArn: roles[1], RoleSessionName: "t"})
	if s := api.CallerOf(again).Session; s.SourceIdentity != "Ada" || s.Tags["Team"] != "x" {
		t.Errorf("what is passed on after a restart: %+v", s)
	}
	wantError(t, "a transitive tag", errorOf(w.sts.AssumeRole(first, &stsapi.AssumeRoleRequest{RoleArn: roles[1], RoleSessionName: "s", Tags: []stsapi.Tag{{Key: "team", Value: "y"}}})),
		"InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	must(0, w.clock.Advance(2*time.Hour))(t)
	if c := must(w.Lookup(context.Background(), one.Credentials.AccessKeyId))(t); !c.Session.Expires.Before(w.clock.Now()) {
		t.Errorf("the session ends at %v", c.Session.Expires)
	}
}

func TestIdentityProvidersSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	w := restart(t, nil, dir)
	f := &federation{world: w, idp: samltest.New(t, "https://idp.example.com", noon)}
	must(w.iam.CreateSAMLProvider(w.root, &iamapi.CreateSAMLProviderRequest{Name: "idp", SAMLMetadataDocument: f.idp.Metadata()}))(t)
	must(w.iam.CreateOpenIDConnectProvider(w.root, &iamapi.CreateOpenIDConnectProviderRequest{Url: "https://example.com", ClientIDList: []string{"c"}}))(t)
	f.role = w.role(t, "fed", `"AWS":"111122223333"`)
	must(w.iam.UpdateAssumeRolePolicy(w.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "fed", PolicyDocument: document(
		`{"Effect":"Allow","Principal":{"Federated":"` + samlARN + `"},"Action":"sts:AssumeRoleWithSAML"}`)}))(t)
	out := must(f.assume(f.idp.Say(t, f.claim()), stsapi.AssumeRoleWithSAMLRequest{}))(t)

	w = restart(t, w, dir)
	defer func() { w.store.(*bolt.Store).Close() }()
	f.world = w
	if s := api.CallerOf(w.holder(t, out.Credentials.AccessKeyId)).Session; s.Provider != samlARN {
		t.Errorf("the session is of %q", s.Provider)
	}
	must(f.assume(f.idp.Say(t, f.claim()), stsapi.AssumeRoleWithSAMLRequest{}))(t)
	list := must(w.iam.ListOpenIDConnectProviders(w.root, &iamapi.ListOpenIDConnectProvidersRequest{}))(t)
	if n := must(w.iam.GetAccountSummary(w.root, nil))(t).SummaryMap["Providers"]; n != 2 || len(list.OpenIDConnectProviderList) != 1 {
		t.Errorf("%d providers, of OpenID Connect %v", n, list.OpenIDConnectProviderList)
	}
}

// A copy of the store is worth nothing without the root key.
func TestWithoutTheRootKeyThereAreNoCredentials(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	session := must(w.sts.GetSessionToken(ada, &stsapi.GetSessionTokenRequest{}))(t)
	thief := New(Config{Store: w.store, Root: seal.NewEphemeral(), Clock: w.clock})
	for what, id := range map[string]string{"a key": api.CallerOf(ada).AccessKeyID, "a session": session.Credentials.AccessKeyId} {
		if c, err := thief.Lookup(context.Background(), id); err == nil {
			t.Errorf("%s: %+v", what, c.Principal)
		}
	}
}
