package auth

import (
	"crypto/tls"
	"testing"
	"time"

	"sealstack/auth/sigv4"
	"sealstack/clock"
)

// TestTheCallerTellsHowTheRequestWasSigned checks what S3's condition keys
// s3:signatureAge, s3:x-amz-content-sha256 and s3:TlsVersion are made of.
func TestTheCallerTellsHowTheRequestWasSigned(t *testing.T) {
	later := authenticator(func(o *Options) { o.RealClock = clock.Fixed(noon.Add(90 * time.Second)) })
	for _, tt := range []struct {
		name, payload string
		version       uint16
		tls           string
	}{
		{"plain", sigv4.UnsignedPayload, 0, ""},
		{"TLS 1.2", sigv4.UnsignedPayload, tls.VersionTLS12, "1.2"},
		{"TLS 1.3", sigv4.HashPayload([]byte(jsonBody)), tls.VersionTLS13, "1.3"},
	} {
		r := post(s3Service, jsonBody)
		r.Header.Set("X-Amz-Content-Sha256", tt.payload)
		signer(s3Service, userKey).Sign(r, tt.payload, noon)
		if tt.version != 0 {
			r.TLS = &tls.ConnectionState{Version: tt.version}
		}
		c, err := later.Authenticate(r, nil, s3Service)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if c.SignatureAge != 90*time.Second || c.ContentSHA256 != tt.payload || c.TLSVersion != tt.tls || c.Secure != (tt.tls != "") {
			t.Errorf("%s: got %+v", tt.name, c)
		}
	}
	c, err := later.Authenticate(post(s3Service, ""), nil, s3Service)
	if err != nil || c.SignatureAge != 0 || c.ContentSHA256 != "" {
		t.Errorf("without a signature: %+v, %v", c, err)
	}
}
