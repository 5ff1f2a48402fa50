package auth

import (
	"sync"
	"testing"
	"time"

	"sealstack/api"
)

func TestATokenIsComparedBeforeItsExpiry(t *testing.T) {
	session := &api.Session{Expires: noon}
	for _, tt := range []struct {
		credential Credential
		token      string
		now        time.Time
		want       FailureKind
	}{
		{Credential{}, "", noon, 0},
		{Credential{}, "t", noon, InvalidToken},
		{Credential{Token: "t", Session: session}, "t", noon.Add(-1), 0},
		{Credential{Token: "t", Session: session}, "t", noon, ExpiredToken},
		{Credential{Token: "t", Session: session}, "x", noon, InvalidToken},
		{Credential{Token: "t", Session: session}, "", noon.Add(-1), InvalidToken},
	} {
		if got := tt.credential.checkToken(tt.token, tt.now); got != tt.want {
			t.Errorf("%+v with %q: got %v, want %v", tt.credential, tt.token, got, tt.want)
		}
	}
}

func TestManyMayBeAuthenticatedAtOnce(t *testing.T) {
	a := authenticator()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				s := signer(kmsService, userKey)
				if s.Region = "us-east-1"; i%2 == 0 {
					s.Region, s.Secret = "eu-west-1", "wrong"
				}
				r := signed(kmsService, s)
				c, err := a.Authenticate(r, []byte(jsonBody), kmsService)
				if f, ok := err.(*Failure); i%2 == 0 && (!ok || f.Kind != SignatureMismatch) {
					t.Errorf("wrong secret: got %v", err)
				}
				if i%2 == 1 && (err != nil || c.Region != "us-east-1") {
					t.Errorf("right secret: got %+v, %v", c, err)
				}
			}
		})
	}
	all.Wait()
}

func TestAKeyWithAnotherSecretIsNotServedFromTheCache(t *testing.T) {
	a, r := authenticator(), signed(kmsService, signer(kmsService, "AKIACHANGEDSECRET000"))
	held := issued{"AKIACHANGEDSECRET000": {Secret: secret, Active: true, Principal: alice("aws")}}
	a.o.Credentials = held
	if _, err := a.Authenticate(r, []byte(jsonBody), kmsService); err != nil {
		t.Fatal(err)
	}
	held["AKIACHANGEDSECRET000"] = Credential{Secret: "changed", Active: true, Principal: alice("aws")}
	_, err := a.Authenticate(r, []byte(jsonBody), kmsService)
	mustFail(t, err, SignatureMismatch)
	delete(held, "AKIACHANGEDSECRET000")
	a.o.Mode = Strict
	_, err = a.Authenticate(r, []byte(jsonBody), kmsService)
	mustFail(t, err, UnknownKey)
}

func FuzzAuthenticate(f *testing.F) {
	a := authenticator(strict)
	f.Add(header(testScope), "20260504T120000Z", "/", "")
	f.Add("", "", "/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb%2Fc%2Fd%2Fe&X-Amz-Date=1&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "x")
	f.Fuzz(func(t *testing.T, authorization, date, query, payload string) {
		for _, svc := range []*api.Service{kmsService, s3Service} {
			r := post(svc, "")
			r.URL.RawQuery = query
			r.RequestURI = "/?" + query
			for name, value := range map[string]string{"Authorization": authorization, "X-Amz-Date": date, "X-Amz-Content-Sha256": payload} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			c, err := a.Authenticate(r, nil, svc)
			if _, ok := err.(*Failure); err != nil && !ok {
				t.Fatalf("error %v", err)
			}
			if err == nil && c.Type != api.Anonymous {
				t.Errorf("%+v without a key", c)
			}
		}
	})
}
