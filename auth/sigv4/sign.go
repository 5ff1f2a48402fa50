package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs requests with one key pair for one Region and service.
type Signer struct {
	AccessKeyID string
	Secret      string
	Token       string // session token of temporary credentials, or ""
	Region      string
	Service     string // signing name
	Rules       Rules
}

// notSigned are headers that proxies and transports change on the way.
var notSigned = []string{"accept-encoding", "authorization", "connection", "expect", "te", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"}

// Sign signs a request in its Authorization header: it sets X-Amz-Date,
// X-Amz-Security-Token (with a token) and Authorization, and signs all
// headers but those that change on the way. payload is the hexadecimal
// SHA-256 of the body, or for S3 a word that stands for it; S3 wants it in
// X-Amz-Content-Sha256, which Sign sets under the rules [S3].
func (s *Signer) Sign(r *http.Request, payload string, at time.Time) {
	r.Header.Set("X-Amz-Date", at.UTC().Format(TimeFormat))
	if s.Token != "" {
		r.Header.Set("X-Amz-Security-Token", s.Token)
	}
	if s.Rules == S3 {
		r.Header.Set("X-Amz-Content-Sha256", payload)
	}
	a := s.authorization(r, at)
	a.Signature = s.signature(&a, r, payload)
	r.Header.Set("Authorization", Algorithm+" Credential="+s.AccessKeyID+"/"+a.Scope.String()+
		", SignedHeaders="+a.SignedHeaders+", Signature="+a.Signature)
}

// Presign signs a request in its query, good for expires (whole seconds, at
// most [MaxExpires]), and returns its URL. The headers that r has must be
// sent as they are. payload is as in [Signer.Sign]; S3 takes UNSIGNED-PAYLOAD.
func (s *Signer) Presign(r *http.Request, payload string, at time.Time, expires time.Duration) string {
	a := s.authorization(r, at)
	a.Presigned = true
	m := messageOf(r)
	query := []string{
		"X-Amz-Algorithm=" + Algorithm,
		"X-Amz-Credential=" + Encode(s.AccessKeyID+"/"+a.Scope.String()),
		"X-Amz-Date=" + at.UTC().Format(TimeFormat),
		"X-Amz-Expires=" + strconv.FormatInt(int64(expires/time.Second), 10),
		"X-Amz-SignedHeaders=" + Encode(a.SignedHeaders),
	}
	if m.query != "" {
		query = append([]string{m.query}, query...)
	}
	if s.Token != "" {
		query = append(query, "X-Amz-Security-Token="+Encode(s.Token))
	}
	target := m.path + "?" + strings.Join(query, "&")
	signed := *r
	signed.RequestURI = target
	target += "&X-Amz-Signature=" + s.signature(&a, &signed, payload)
	if r.URL.Host == "" {
		return target
	}
	return r.URL.Scheme + "://" + r.URL.Host + target
}

// authorization returns all but the signature.
func (s *Signer) authorization(r *http.Request, at time.Time) Authorization {
	names := []string{"host"}
	for key := range r.Header {
		if name := strings.ToLower(key); name != "host" && !slices.Contains(notSigned, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return Authorization{
		AccessKeyID: s.AccessKeyID, Scope: ScopeAt(at, s.Region, s.Service),
		SignedHeaders: strings.Join(names, ";"), Time: at.UTC(),
	}
}

func (s *Signer) signature(a *Authorization, r *http.Request, payload string) string {
	m := messageOf(r)
	canonical := m.appendCanonical(nil, s.Rules, a.SignedHeaders, a.Presigned, payload)
	key := DeriveKey(s.Secret, a.Scope)
	return key.Sign(a.appendStringToSign(nil, canonical))
}
