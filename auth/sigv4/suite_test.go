package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// vector is one directory of AWS's signing test suite.
type vector struct {
	name    string
	context struct {
		Credentials struct {
			AccessKeyID string `json:"access_key_id"`
			Secret      string `json:"secret_access_key"`
			Token       string `json:"token"`
		} `json:"credentials"`
		Expires   int       `json:"expiration_in_seconds"`
		Normalize bool      `json:"normalize"`
		Region    string    `json:"region"`
		Service   string    `json:"service"`
		SignBody  bool      `json:"sign_body"`
		Timestamp time.Time `json:"timestamp"`
		OmitToken bool      `json:"omit_session_token"`
	}
}

func vectors(t *testing.T) []vector {
	t.Helper()
	dirs, err := filepath.Glob("testdata/suite/*/context.json")
	if err != nil || len(dirs) != 38 {
		t.Fatalf("found %d vectors (%v), want all 38", len(dirs), err)
	}
	all := make([]vector, 0, len(dirs))
	for _, file := range dirs {
		v := vector{name: filepath.Base(filepath.Dir(file))}
		if err := json.Unmarshal([]byte(v.read(t, "context.json")), &v.context); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func (v *vector) read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/suite", v.name, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (v *vector) rules() Rules { return Rules{EncodeTwice: true, Normalize: v.context.Normalize} }

func (v *vector) key() *Key {
	k := DeriveKey(v.context.Credentials.Secret, ScopeAt(v.context.Timestamp, v.context.Region, v.context.Service))
	return &k
}

// request reads a file of the suite. It is not net/http's business: paths
// hold spaces and other bytes that no client sends unencoded.
func (v *vector) request(t *testing.T, file string) (*http.Request, string) {
	t.Helper()
	head, body, _ := strings.Cut(v.read(t, file), "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	target = strings.TrimSuffix(target, " HTTP/1.1")
	_, query, _ := strings.Cut(target, "?")
	r := &http.Request{Method: method, RequestURI: target, Header: http.Header{}, URL: &url.URL{RawQuery: query}}
	var last string
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		switch {
		case !ok:
			values := r.Header[last]
			values[len(values)-1] += " " + strings.TrimSpace(line)
		case strings.EqualFold(name, "host"):
			r.Host = value
		default:
			last = textproto.CanonicalMIMEHeaderKey(name)
			r.Header[last] = append(r.Header[last], value)
		}
	}
	sum := sha256.Sum256([]byte(body))
	return r, hex.EncodeToString(sum[:])
}

func TestAWSVectorsVerifyInTheHeaderAndInTheQuery(t *testing.T) {
	for _, v := range vectors(t) {
		for _, form := range []string{"header", "query"} {
			t.Run(v.name+"/"+form, func(t *testing.T) {
				r, payload := v.request(t, form+"-signed-request.txt")
				if v.context.OmitToken && form == "query" {
					r, _ = (&Authorization{Presigned: true, Token: "x"}).WithoutToken(r)
				}
				a, err := Parse(r)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := a.Signature, v.read(t, form+"-signature.txt"); got != want {
					t.Errorf("parsed signature %s, want %s", got, want)
				}
				if mismatch := a.Verify(r, payload, v.rules(), v.key()); mismatch != nil {
					t.Errorf("mismatch, canonical request:\n%s", mismatch.CanonicalRequest)
				}
			})
		}
	}
}

func TestAWSVectorsHaveTheirCanonicalRequestAndStringToSign(t *testing.T) {
	for _, v := range vectors(t) {
		for _, form := range []string{"header", "query"} {
			t.Run(v.name+"/"+form, func(t *testing.T) {
				r, payload := v.request(t, form+"-signed-request.txt")
				if v.context.OmitToken && form == "query" {
					r, _ = (&Authorization{Presigned: true, Token: "x"}).WithoutToken(r)
				}
				a, err := Parse(r)
				if err != nil {
					t.Fatal(err)
				}
				mismatch := a.Verify(r, payload, v.rules(), new(Key))
				if mismatch == nil {
					t.Fatal("the signature matches under a wrong key")
				}
				if want := v.read(t, form+"-canonical-request.txt"); mismatch.CanonicalRequest != want {
					t.Errorf("canonical request:\n%s\nwant:\n%s", mismatch.CanonicalRequest, want)
				}
				if want := v.read(t, form+"-string-to-sign.txt"); mismatch.StringToSign != want {
					t.Errorf("string to sign:\n%s\nwant:\n%s", mismatch.StringToSign, want)
				}
			})
		}
	}
}

// unsigned returns a vector's request before signing, with the path as the
// signed one has it.
func (v *vector) unsigned(t *testing.T) (*http.Request, string) {
	r, payload := v.request(t, "request.txt")
	signed, _ := v.request(t, "header-signed-request.txt")
	r.RequestURI = signed.RequestURI
	return r, payload
}

func (v *vector) signer() *Signer {
	c := v.context
	s := &Signer{AccessKeyID: c.Credentials.AccessKeyID, Secret: c.Credentials.Secret, Region: c.Region, Service: c.Service, Rules: v.rules()}
	if !c.OmitToken {
		s.Token = c.Credentials.Token
	}
	return s
}

func TestSigningGivesTheSignaturesOfTheAWSVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name+"/header", func(t *testing.T) {
			r, payload := v.unsigned(t)
			if v.context.SignBody {
				r.Header.Set("X-Amz-Content-Sha256", payload)
			}
			v.signer().Sign(r, payload, v.context.Timestamp)
			want, _ := v.request(t, "header-signed-request.txt")
			if got, want := r.Header.Get("Authorization"), want.Header.Get("Authorization"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
		t.Run(v.name+"/query", func(t *testing.T) {
			r, payload := v.unsigned(t)
			link := v.signer().Presign(r, payload, v.context.Timestamp, time.Duration(v.context.Expires)*time.Second)
			if want := "&X-Amz-Signature=" + v.read(t, "query-signature.txt"); !strings.HasSuffix(link, want) {
				t.Errorf("got %s, want it to end in %s", link, want)
			}
		})
	}
}

func TestAnyChangeOfAVectorBreaksItsSignature(t *testing.T) {
	changes := map[string]func(*http.Request){
		"method": func(r *http.Request) { r.Method = "PUT" },
		"host":   func(r *http.Request) { r.Host = "example.amazonaws.org" },
		"path":   func(r *http.Request) { r.RequestURI = "/x" + r.RequestURI },
		"query": func(r *http.Request) {
			r.RequestURI += map[bool]string{true: "&", false: "?"}[strings.Contains(r.RequestURI, "?")] + "x=y"
		},
	}
	for _, v := range vectors(t) {
		for what, change := range changes {
			r, payload := v.request(t, "header-signed-request.txt")
			a, err := Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if change(r); a.Verify(r, payload, v.rules(), v.key()) == nil {
				t.Errorf("%s: verifies with another %s", v.name, what)
			}
		}
	}
}
