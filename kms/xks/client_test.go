package xks_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sealstack/kms/xks"
	"sealstack/kms/xks/xksproxy"
)

const (
	path   = "/prefix/kms/xks/v1"
	keyID  = "AAAAAAAAAAAAAAAAAAAA"
	secret = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U"
)

var who = xks.Metadata{Principal: "arn:aws:iam::111122223333:user/u", Key: "arn:aws:kms:eu-west-1:111122223333:key/k", Operation: "Encrypt", RequestID: "r-1"}

func started(t *testing.T) (*xksproxy.Proxy, xks.Proxy) {
	t.Helper()
	p := xksproxy.New(path, keyID, secret)
	p.AddKey("one")
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return p, xks.Proxy{URL: server.URL + path, Region: "eu-west-1", AccessKeyID: keyID, SecretAccessKey: secret}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantFault(t *testing.T, err error, want xks.Fault) {
	t.Helper()
	if got := xks.FaultOf(err); got != want {
		t.Errorf("fault %q (%v), want %q", got, err, want)
	}
}

func TestWhatAProxyEncryptsItDecrypts(t *testing.T) {
	p, at := started(t)
	c, ctx := xks.NewClient(5*time.Second), context.Background()
	for name, aad := range map[string][]byte{"without authenticated data": nil, "with it": []byte("aad")} {
		t.Run(name, func(t *testing.T) {
			s, err := c.Encrypt(ctx, at, "one", who, []byte("plain"), aad)
			must(t, err)
			got, err := c.Decrypt(ctx, at, "one", who, s, aad)
			if err != nil || string(got) != "plain" {
				t.Fatalf("Decrypt = %q, %v", got, err)
			}
			_, err = c.Decrypt(ctx, at, "one", who, s, []byte("other"))
			wantFault(t, err, xks.InvalidCipher)
			s.Metadata = nil
			_, err = c.Decrypt(ctx, at, "one", who, s, aad)
			wantFault(t, err, xks.InvalidCipher)
		})
	}
	for _, r := range p.Requests() {
		if r.Metadata != who || !strings.HasPrefix(r.Path, path+"/keys/one/") {
			t.Errorf("the proxy was asked %+v", r)
		}
	}
}

func TestTheHostOfARequestIsTheEndpointsThoughItGoesElsewhere(t *testing.T) {
	_, at := started(t)
	at.Host = "xks.example.com"
	must(t, xks.NewClient(5*time.Second).Health(context.Background(), at, who))
}

// The example of the specification's appendix C.
func TestTheIntegrityValueIsThatOfTheSpecification(t *testing.T) {
	decode := func(text string) []byte {
		b, err := base64.StdEncoding.DecodeString(text)
		must(t, err)
		return b
	}
	s := xks.Sealed{
		Ciphertext: decode("ghxkK1txeDNn3q8Y"), Metadata: decode("a2V5X3ZlcnNpb249MQ=="),
		IV: decode("HMrlRw85cAJUd5Ax"), Tag: decode("vBxN2ncH1oEkR8WVXpmyYQ=="),
	}
	got := xks.IntegrityValue([]byte("project=nile,department=marketing"), &s)
	if hex.EncodeToString(got[:]) != "a8703f2260bd8791ec2d15ea0b23e65a0631eedcf2a13a65cc82db3f47cf5ec7" {
		t.Errorf("%x", got)
	}
}

func TestEveryFaultOfTheAPIIsTold(t *testing.T) {
	p, at := started(t)
	c := xks.NewClient(5 * time.Second)
	for _, fault := range []xks.Fault{
		xks.Validation, xks.InvalidState, xks.InvalidCipher, xks.InvalidKeyUsage, xks.Unauthenticated, xks.AccessDenied, xks.KeyNotFound,
		xks.InvalidPath, xks.Throttled, xks.Unsupported, xks.DependencyTime, xks.Internal,
	} {
		p.Fail("health", xksproxy.Failure{Fault: fault})
		wantFault(t, c.Health(context.Background(), at, who), fault)
	}
}

func TestAResponseThatIsNoneOfTheAPIIsMalformed(t *testing.T) {
	ctx, c := context.Background(), xks.NewClient(5*time.Second)
	drop := func(member string) func(map[string]any) { return func(m map[string]any) { delete(m, member) } }
	set := func(member string, v any) func(map[string]any) { return func(m map[string]any) { m[member] = v } }
	for name, tt := range map[string]struct {
		operation string
		failure   xksproxy.Failure
	}{
		"no JSON":                      {"health", xksproxy.Failure{Raw: "<html>"}},
		"an error without a body":      {"health", xksproxy.Failure{Status: 400}},
		"a redirect":                   {"health", xksproxy.Failure{Status: 302}},
		"a response without an end":    {"health", xksproxy.Failure{Raw: strings.Repeat(" ", 70<<10)}},
		"no key managers":              {"health", xksproxy.Failure{Change: drop("ekmFleetDetails")}},
		"no fleet":                     {"health", xksproxy.Failure{Change: set("xksProxyFleetSize", 0)}},
		"a status that is none":        {"health", xksproxy.Failure{Change: set("ekmFleetDetails", []any{map[string]any{"healthStatus": "FINE"}})}},
		"no key spec":                  {"metadata", xksproxy.Failure{Change: drop("keySpec")}},
		"no usage":                     {"metadata", xksproxy.Failure{Change: drop("keyUsage")}},
		"no integrity value":           {"encrypt", xksproxy.Failure{Change: drop("ciphertextDataIntegrityValue")}},
		"a short tag":                  {"encrypt", xksproxy.Failure{Change: set("authenticationTag", []byte("short"))}},
		"an IV of 13 bytes":            {"encrypt", xksproxy.Failure{Change: set("initializationVector", make([]byte, 13))}},
		"metadata of 21 bytes":         {"encrypt", xksproxy.Failure{Change: set("ciphertextMetadata", make([]byte, 21))}},
		"a changed ciphertext":         {"encrypt", xksproxy.Failure{Change: set("ciphertext", []byte("other"))}},
		"a longer ciphertext":          {"encrypt", xksproxy.Failure{Change: set("ciphertext", []byte("much longer"))}},
		"a plaintext of another size":  {"decrypt", xksproxy.Failure{Change: set("plaintext", []byte("x"))}},
		"a plaintext that is no bytes": {"decrypt", xksproxy.Failure{Change: set("plaintext", 7)}},
	} {
		t.Run(name, func(t *testing.T) {
			p, at := started(t)
			s, err := c.Encrypt(ctx, at, "one", who, []byte("plain"), nil)
			must(t, err)
			p.Fail(tt.operation, tt.failure)
			switch tt.operation {
			case "health":
				err = c.Health(ctx, at, who)
			case "metadata":
				_, err = c.Key(ctx, at, "one", who)
			case "encrypt":
				_, err = c.Encrypt(ctx, at, "one", who, []byte("plain"), nil)
			default:
				_, err = c.Decrypt(ctx, at, "one", who, s, nil)
			}
			wantFault(t, err, xks.Malformed)
		})
	}
}

func TestAProxyThatCannotBeTalkedToIsTold(t *testing.T) {
	p, at := started(t)
	ctx := context.Background()
	p.SetHealth("UNAVAILABLE", "UNAVAILABLE")
	wantFault(t, xks.NewClient(5*time.Second).Health(ctx, at, who), xks.ManagersAreGone)
	p.SetHealth("UNAVAILABLE", "DEGRADED")
	must(t, xks.NewClient(5*time.Second).Health(ctx, at, who))
	p.Fail("health", xksproxy.Failure{Delay: time.Minute})
	wantFault(t, xks.NewClient(20*time.Millisecond).Health(ctx, at, who), xks.TimedOut)

	p.Fail("health", xksproxy.Failure{})
	p.SetSecret("another")
	wantFault(t, xks.NewClient(5*time.Second).Health(ctx, at, who), xks.Unauthenticated)

	tlsServer := httptest.NewTLSServer(p) // whose certificate nobody has signed
	defer tlsServer.Close()
	wantFault(t, xks.NewClient(5*time.Second).Health(ctx, xks.Proxy{URL: tlsServer.URL + path}, who), xks.InvalidTLS)
	plain := xks.Proxy{URL: strings.Replace(at.URL, "http:", "https:", 1)} // where no TLS is spoken
	wantFault(t, xks.NewClient(5*time.Second).Health(ctx, plain, who), xks.InvalidTLS)
	wantFault(t, xks.NewClient(5*time.Second).Health(ctx, xks.Proxy{URL: "http://127.0.0.1:1"}, who), xks.Unreachable)
	wantFault(t, xks.NewClient(5*time.Second).Health(ctx, xks.Proxy{URL: at.URL + "/elsewhere"}, who), xks.InvalidPath)

	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := xks.NewClient(0).Health(over, at, who); err != context.Canceled {
		t.Errorf("a call that was given up: %v", err)
	}
}

func TestAPlaintextThatIsTooLongIsNotSent(t *testing.T) {
	p, at := started(t)
	c := xks.NewClient(5 * time.Second)
	for _, size := range [][2]int{{xks.MaxPlaintext + 1, 0}, {1, xks.MaxAAD + 1}} {
		if _, err := c.Encrypt(context.Background(), at, "one", who, make([]byte, size[0]), make([]byte, size[1])); err == nil {
			t.Errorf("%v bytes are sent", size)
		}
	}
	if got := p.Requests(); len(got) > 0 {
		t.Errorf("the proxy was asked %+v", got)
	}
	s, err := c.Encrypt(context.Background(), at, "one", who, bytes.Repeat([]byte("p"), xks.MaxPlaintext), make([]byte, xks.MaxAAD))
	if err != nil || len(s.Ciphertext) != xks.MaxPlaintext {
		t.Errorf("the longest plaintext: %d bytes, %v", len(s.Ciphertext), err)
	}
}

func TestKeysAreHeldAgainstWhatIsAskedOfThem(t *testing.T) {
	p, at := started(t)
	c, ctx := xks.NewClient(5*time.Second), context.Background()
	k, err := c.Key(ctx, at, "one", who)
	if err != nil || k.Spec != "AES_256" || k.Status != "ENABLED" || strings.Join(k.Usage, " ") != "ENCRYPT DECRYPT" {
		t.Errorf("Key = %+v, %v", k, err)
	}
	encrypt := func(id string) error {
		_, err := c.Encrypt(ctx, at, id, who, []byte("plain"), nil)
		return err
	}
	wantFault(t, encrypt("two"), xks.KeyNotFound)
	p.Alter("one", func(k *xksproxy.Key) { k.Usage = []string{"DECRYPT"} })
	wantFault(t, encrypt("one"), xks.InvalidKeyUsage)
	p.Alter("one", func(k *xksproxy.Key) { k.Status = "DISABLED" })
	wantFault(t, encrypt("one"), xks.InvalidState)
	p.RemoveKey("one")
	_, err = c.Key(ctx, at, "one", who)
	wantFault(t, err, xks.KeyNotFound)
}
