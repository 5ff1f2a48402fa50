package iam

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/clock"
)

// idp is an OpenID Connect provider with one key of each family.
type idp struct {
	*httptest.Server
	t     testing.TB
	rsa   *rsa.PrivateKey
	ec    *ecdsa.PrivateKey
	down  bool
	asked int
}

func newIDP(t *testing.T) *idp {
	p := &idp{t: t, rsa: must(rsa.GenerateKey(rand.Reader, 2048))(t), ec: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *idp) serve(w http.ResponseWriter, r *http.Request) {
	p.asked++
	if p.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	if r.URL.Path == "/.well-known/openid-configuration" {
		json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
		return
	}
	point := must(p.ec.PublicKey.Bytes())(p.t)
	json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "kid": "r", "use": "sig", "n": b64(p.rsa.N.Bytes()), "e": "AQAB"},
		{"kty": "EC", "kid": "e", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
	}})
}

// token signs claims with one of the keys.
func (p *idp) token(t *testing.T, kid, algorithm string, claims map[string]any) string {
	t.Helper()
	head := must(json.Marshal(map[string]string{"alg": algorithm, "kid": kid}))(t)
	signed := b64(head) + "." + b64(must(json.Marshal(claims))(t))
	digest := sha256.Sum256([]byte(signed))
	if strings.HasPrefix(algorithm, "ES") {
		r, s, err := ecdsa.Sign(rand.Reader, p.ec, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return signed + "." + b64(append(fill(r), fill(s)...))
	}
	return signed + "." + b64(must(rsa.SignPKCS1v15(rand.Reader, p.rsa, crypto.SHA256, digest[:]))(t))
}

func fill(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

func (p *idp) thumbprint() string {
	sum := sha1.Sum(p.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

func TestARoleIsAssumedWithATokenOfAProvider(t *testing.T) {
	w, p := newWorld(t), newIDP(t)
	w.realClock = clock.Fixed(noon)
	host := strings.TrimPrefix(p.URL, "https://")
	made := must(w.iam.CreateOpenIDConnectProvider(w.root, &iamapi.CreateOpenIDConnectProviderRequest{
		Url: p.URL, ClientIDList: []string{"client"}, ThumbprintList: []string{p.thumbprint()},
	}))(t)
	if want := "arn:aws:iam::111122223333:oidc-provider/" + host; *made.OpenIDConnectProviderArn != want {
		t.Fatalf("made %s, want %s", *made.OpenIDConnectProviderArn, want)
	}
	role := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "web", AssumeRolePolicyDocument: document(
		`{"Effect":"Allow","Principal":{"Federated":"` + *made.OpenIDConnectProviderArn + `"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringLike":{"` + host + `:sub":"repo:*","` + host + `:aud":"client"}}}`)}))(t).Role.Arn
	good := map[string]any{"iss": p.URL, "sub": "repo:x", "aud": "client", "exp": noon.Unix() + 300, "iat": noon.Unix()}
	with := func(key string, value any) map[string]any {
		c := maps.Clone(good)
		c[key] = value
		return c
	}
	call := func(token, role string) func() error {
		return func() error {
			return errorOf(w.sts.AssumeRoleWithWebIdentity(context.Background(), &stsapi.AssumeRoleWithWebIdentityRequest{RoleArn: role, RoleSessionName: "ci", WebIdentityToken: token}))
		}
	}
	sign := func(claims map[string]any) string { return p.token(t, "r", "RS256", claims) }
	genuine := sign(good)
	notJWT := "InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	noKey := "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	denied := "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
	p.down = true
	wantError(t, "while the provider is down", call(genuine, role)(), noKey)
	p.down = false
	run(t, []step{
		{"RSA", call(genuine, role), ""},
		{"ECDSA", call(p.token(t, "e", "ES256", good), role), ""},
		{"several audiences", call(sign(with("aud", []string{"x", "client"})), role), ""},
		{"another subject", call(sign(with("sub", "user:x")), role), denied},
		{"another audience", call(sign(with("aud", "other")), role), "InvalidIdentityToken: Incorrect token audience"},
		{"another party", call(sign(with("azp", "other")), role), "InvalidIdentityToken: Incorrect token audience"},
		{"no subject", call(sign(with("sub", "")), role), "InvalidIdentityToken: Missing a required claim: sub"},
		{"expired", call(sign(with("exp", noon.Unix())), role), "ExpiredTokenException: Token expired: current date/time 1772366400 must be before the expiration date/time 1772366400"},
		{"not yet", call(sign(with("nbf", noon.Unix()+3600)), role), "InvalidIdentityToken: The ID Token is not valid yet."},
		{"another provider", call(sign(with("iss", "https://example.com")), role), "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://example.com"},
		{"no such role", call(genuine, role+"x"), denied},
		{"no signature", call(p.token(t, "r", "none", good), role), notJWT},
		{"a wrong signature", call(genuine[:len(genuine)-8]+"AAAAAAAA", role), notJWT},
		{"an unknown key", call(p.token(t, "z", "RS256", good), role), noKey},
		{"an access token", call("gho_xyz", role), notJWT},
	})
	out := must(w.sts.AssumeRoleWithWebIdentity(context.Background(), &stsapi.AssumeRoleWithWebIdentityRequest{
		RoleArn: role, RoleSessionName: "ci", WebIdentityToken: sign(with("https://aws.amazon.com/tags", map[string]any{"principal_tags": map[string]any{"Team": []string{"x"}}})),
	}))(t)
	if *out.SubjectFromWebIdentityToken != "repo:x" || *out.Audience != "client" || *out.Provider != p.URL || !strings.HasSuffix(out.AssumedRoleUser.Arn, "assumed-role/web/ci") {
		t.Errorf("answer %+v", out)
	}
	session := w.holder(t, out.Credentials.AccessKeyId)
	if c := api.CallerOf(session); c.Session.Provider != *made.OpenIDConnectProviderArn || c.Session.Tags["Team"] != "x" {
		t.Errorf("session %+v", c.Session)
	}
}

func TestAProvidersCertificateMustBeKnown(t *testing.T) {
	w, p := newWorld(t), newIDP(t)
	token := func() error {
		_, err := w.providers.fetch(context.Background(), &entity{Name: strings.TrimPrefix(p.URL, "https://"), Thumbprints: []string{strings.Repeat("0", 40)}})
		return err
	}
	if err := token(); err == nil || p.asked != 0 {
		t.Errorf("an unknown certificate with another thumbprint: %v", err)
	}
	w.providers.roots = p.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if err := token(); err != nil {
		t.Errorf("a known authority: %v", err)
	}
}

func TestProvidersAreKept(t *testing.T) {
	w := newWorld(t)
	arn := "arn:aws:iam::111122223333:oidc-provider/example.com/id"
	create := func(url string) func() error {
		return func() error {
			return errorOf(w.iam.CreateOpenIDConnectProvider(w.root, &iamapi.CreateOpenIDConnectProviderRequest{Url: url, Tags: []iamapi.Tag{{Key: "a", Value: "b"}}}))
		}
	}
	none := "NoSuchEntity: OpenIDConnect Provider not found for arn " + arn + "x"
	run(t, []step{
		{"make", create("https://example.com/id"), ""},
		{"again", create("https://example.com/id"), "EntityAlreadyExists: Provider with url https://example.com/id already exists."},
		{"plain http", create("http://example.com"), "ValidationError: Invalid Open ID Connect Provider URL"},
		{"with a query", create("https://example.com?x"), "ValidationError: Invalid Open ID Connect Provider URL"},
		{"get none", func() error {
			return errorOf(w.iam.GetOpenIDConnectProvider(w.root, &iamapi.GetOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn + "x"}))
		}, none},
		{"get a role", func() error {
			return errorOf(w.iam.GetOpenIDConnectProvider(w.root, &iamapi.GetOpenIDConnectProviderRequest{OpenIDConnectProviderArn: "arn:aws:iam::111122223333:role/r"}))
		}, "ValidationError: ARN arn:aws:iam::111122223333:role/r is not valid."},
		{"tag none", func() error {
			return errorOf(w.iam.TagOpenIDConnectProvider(w.root, &iamapi.TagOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn + "x"}))
		}, none},
		{"tag", func() error {
			return errorOf(w.iam.TagOpenIDConnectProvider(w.root, &iamapi.TagOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn, Tags: []iamapi.Tag{{Key: "c", Value: "d"}}}))
		}, ""},
		{"untag", func() error {
			return errorOf(w.iam.UntagOpenIDConnectProvider(w.root, &iamapi.UntagOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn, TagKeys: []string{"a"}}))
		}, ""},
		{"a client", func() error {
			return errorOf(w.iam.AddClientIDToOpenIDConnectProvider(w.root, &iamapi.AddClientIDToOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn, ClientID: "one"}))
		}, ""},
		{"another", func() error {
			return errorOf(w.iam.AddClientIDToOpenIDConnectProvider(w.root, &iamapi.AddClientIDToOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn, ClientID: "two"}))
		}, ""},
		{"not the first", func() error {
			return errorOf(w.iam.RemoveClientIDFromOpenIDConnectProvider(w.root, &iamapi.RemoveClientIDFromOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn, ClientID: "one"}))
		}, ""},
		{"thumbprints", func() error {
			return errorOf(w.iam.UpdateOpenIDConnectProviderThumbprint(w.root, &iamapi.UpdateOpenIDConnectProviderThumbprintRequest{OpenIDConnectProviderArn: arn, ThumbprintList: []string{"t"}}))
		}, ""},
	})
	got := must(w.iam.GetOpenIDConnectProvider(w.root, &iamapi.GetOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn}))(t)
	if *got.Url != "example.com/id" || strings.Join(got.ClientIDList, " ") != "two" || got.ThumbprintList[0] != "t" {
		t.Errorf("got %+v", got)
	}
	tags := must(w.iam.ListOpenIDConnectProviderTags(w.root, &iamapi.ListOpenIDConnectProviderTagsRequest{OpenIDConnectProviderArn: arn}))(t)
	if len(tags.Tags) != 1 || tags.Tags[0].Key != "c" {
		t.Errorf("tags %v", tags.Tags)
	}
	for range 2 {
		wantError(t, "delete", errorOf(w.iam.DeleteOpenIDConnectProvider(w.root, &iamapi.DeleteOpenIDConnectProviderRequest{OpenIDConnectProviderArn: arn})), "")
	}
	if all := must(w.iam.ListOpenIDConnectProviders(w.root, &iamapi.ListOpenIDConnectProvidersRequest{}))(t); len(all.OpenIDConnectProviderList) != 0 {
		t.Errorf("left %+v", all)
	}
}
