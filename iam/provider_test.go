package iam

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealstack/iam/jwt"
)

func TestWhatAProviderMustAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		discovery, keys string // of the provider at URL; "" for status 404
		want            string // what the error says; "" for none
	}{
		"as it should":          {`{"issuer":"URL","jwks_uri":"URL/keys"}`, `{"keys":[]}`, ""},
		"an issuer with slash":  {`{"issuer":"URL/","jwks_uri":"URL/keys"}`, `{"keys":[]}`, ""},
		"nothing":               {"", "", "404"},
		"another issuer":        {`{"issuer":"https://other.example.com","jwks_uri":"URL/keys"}`, `{"keys":[]}`, "says it is https://other.example.com"},
		"no issuer":             {`{"jwks_uri":"URL/keys"}`, `{"keys":[]}`, "says it is"},
		"no keys":               {`{"issuer":"URL"}`, "", "is not https"},
		"keys in clear":         {`{"issuer":"URL","jwks_uri":"http://example.com/keys"}`, "", "is not https"},
		"keys of a file":        {`{"issuer":"URL","jwks_uri":"file:///etc/passwd"}`, "", "is not https"},
		"keys that are gone":    {`{"issuer":"URL","jwks_uri":"URL/keys"}`, "", "404"},
		"keys that are no list": {`{"issuer":"URL","jwks_uri":"URL/keys"}`, `{"keys":{}}`, "cannot unmarshal"},
		"no JSON":               {`hello`, "", "invalid character"},
		"half a document":       {`{"issuer":"URL"`, "", "unexpected EOF"},
		"a long document":       {`{"issuer":"URL","jwks_uri":"URL/keys"}`, `{"keys":[],"x":"` + strings.Repeat("x", maxProviderBody) + `"}`, "unexpected EOF"},
	} {
		var server *httptest.Server
		server = httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
			text := map[string]string{"/.well-known/openid-configuration": c.discovery, "/keys": c.keys}[in.URL.Path]
			if text == "" {
				http.NotFound(out, in)
				return
			}
			fmt.Fprint(out, strings.ReplaceAll(text, "URL", server.URL))
		}))
		p := &providerKeys{roots: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
		_, err := p.fetch(context.Background(), &entity{Name: strings.TrimPrefix(server.URL, "https://")})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (!errors.Is(err, errProvider) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		server.Close()
	}
}

// Keys are fetched once, and again when a token names one that is not known:
// providers change theirs.
func TestAProvidersKeysAreKeptUntilOneIsMissing(t *testing.T) {
	idp := newIDP(t)
	p := &providerKeys{roots: idp.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	e := &entity{Name: strings.TrimPrefix(idp.URL, "https://")}
	verify := func(kid, algorithm string) error {
		token := must(jwt.Parse(idp.token(t, kid, algorithm, map[string]any{"iss": idp.URL})))(t)
		return p.verify(context.Background(), e, token)
	}
	for i, c := range []struct {
		kid   string
		asked int // how often the provider was asked by then, two questions each time
		want  error
	}{{"r", 2, nil}, {"r", 2, nil}, {"z", 4, jwt.ErrNoKey}, {"r", 4, nil}, {"e", 4, jwt.ErrSignature}} {
		if err := verify(c.kid, "RS256"); !errors.Is(err, c.want) || idp.asked != c.asked {
			t.Errorf("call %d: %v, asked %d times, want %v, %d", i, err, idp.asked, c.want, c.asked)
		}
	}
	idp.down = true
	if err := verify("r", "RS256"); err != nil {
		t.Errorf("known keys, with the provider down: %v", err)
	}
	if err := verify("z", "RS256"); !errors.Is(err, errProvider) {
		t.Errorf("an unknown key, with the provider down: %v", err)
	}
}

func TestAProviderThatDoesNotAnswerIsGivenUp(t *testing.T) {
	gone := httptest.NewTLSServer(http.NotFoundHandler())
	gone.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := &providerKeys{}
	for name, c := range map[string]context.Context{"nobody listens": context.Background(), "the call has ended": ctx} {
		if _, err := p.fetch(c, &entity{Name: strings.TrimPrefix(gone.URL, "https://")}); !errors.Is(err, errProvider) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
