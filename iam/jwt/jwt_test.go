package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// published gives the public half of a key as a provider publishes it.
func published(t *testing.T, id string, key crypto.Signer) Key {
	t.Helper()
	switch k := key.Public().(type) {
	case *rsa.PublicKey:
		return Key{Type: "RSA", ID: id, Use: "sig", N: b64(k.N.Bytes()), E: "AQAB"}
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		size := (len(point) - 1) / 2
		return Key{Type: "EC", ID: id, Curve: k.Curve.Params().Name, X: b64(point[1 : 1+size]), Y: b64(point[1+size:])}
	}
	t.Fatalf("a key of type %T", key)
	return Key{}
}

func sign(t *testing.T, name, id string, key crypto.Signer, claims string) string {
	t.Helper()
	head, _ := json.Marshal(map[string]string{"alg": name, "kid": id})
	signed := b64(head) + "." + b64([]byte(claims))
	h := algorithms[name].hash.New()
	h.Write([]byte(signed))
	digest := h.Sum(nil)
	if k, ok := key.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		return signed + "." + b64(append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...))
	}
	signature, err := key.Sign(rand.Reader, digest, algorithms[name].hash)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(signature)
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestTokensOfEveryAlgorithmVerify(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, p384, p521 := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), ecKey(t, elliptic.P521())
	set := KeySet{Keys: []Key{published(t, "r", r), published(t, "a", p256), published(t, "b", p384), published(t, "c", p521)}}
	for name, key := range map[string]struct {
		id  string
		key crypto.Signer
	}{
		"RS256": {"r", r}, "RS384": {"r", r}, "RS512": {"r", r}, "ES256": {"a", p256}, "ES384": {"b", p384}, "ES512": {"c", p521},
	} {
		text := sign(t, name, key.id, key.key, `{"iss":"i"}`)
		token, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := token.Verify(set); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := token.Verify(KeySet{}); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s without keys: %v", name, err)
		}
		parts := strings.Split(text, ".")
		forged, err := Parse(parts[0] + "." + b64([]byte(`{"iss":"j"}`)) + "." + parts[2])
		if err != nil {
			t.Fatal(err)
		}
		if err := forged.Verify(set); !errors.Is(err, ErrSignature) {
			t.Errorf("%s with other claims: %v", name, err)
		}
		nameless, _ := Parse(sign(t, name, "", key.key, `{"iss":"i"}`))
		if err := nameless.Verify(set); err != nil {
			t.Errorf("%s without a key id: %v", name, err)
		}
	}
}

func TestAlgorithmsThatProveNothingAreRefused(t *testing.T) {
	for _, name := range []string{"none", "HS256", "", "PS256"} {
		token, err := Parse(b64([]byte(`{"alg":"`+name+`"}`)) + "." + b64([]byte(`{}`)) + ".")
		if err != nil {
			t.Fatal(err)
		}
		if err := token.Verify(KeySet{}); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestOnlyTokensParse(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "two parts": "a.b", "no base64": "!.!.!", "no JSON": b64([]byte("x")) + "." + b64([]byte("{}")) + ".",
		"a list for a string": b64([]byte("{}")) + "." + b64([]byte(`{"iss":[]}`)) + ".", "bad signature": b64([]byte("{}")) + "." + b64([]byte("{}")) + ".!",
	} {
		if _, err := Parse(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClaimsTakeBothFormsOfAudienceAndFractions(t *testing.T) {
	for text, want := range map[string]string{`"a"`: "a", `["a","b"]`: "a b", `[]`: ""} {
		token, err := Parse(b64([]byte("{}")) + "." + b64([]byte(`{"exp":12.9,"aud":`+text+`}`)) + ".")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(token.Claims.Audience, " "); got != want || token.Claims.Expires != 12 {
			t.Errorf("%s: audience %q, expires %d", text, got, token.Claims.Expires)
		}
	}
}

func TestBrokenKeysVerifyNothing(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	good := published(t, "k", key)
	token, err := Parse(sign(t, "ES256", "k", key, `{}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Key){
		"other curve": func(k *Key) { k.Curve = "P-384" }, "no point": func(k *Key) { k.X = "" },
		"off the curve": func(k *Key) { k.X = k.Y }, "no base64": func(k *Key) { k.Y = "!" }, "as RSA": func(k *Key) { k.Type = "RSA" },
	} {
		k := good
		change(&k)
		if err := token.Verify(KeySet{Keys: []Key{k}}); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := good
	other.Use = "enc"
	if err := token.Verify(KeySet{Keys: []Key{other}}); !errors.Is(err, ErrNoKey) {
		t.Errorf("a key for encryption: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(b64([]byte(`{"alg":"RS256"}`)) + "." + b64([]byte(`{"aud":["a"]}`)) + ".AAAA")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := Parse(text)
		if err != nil {
			return
		}
		if token.Verify(KeySet{Keys: []Key{{Type: "RSA", N: "AQ", E: "AQAB"}}}) == nil {
			t.Errorf("%q verifies", text)
		}
	})
}
