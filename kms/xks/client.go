package xks

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"sealstack/auth/sigv4"
	"sealstack/clock"
)

// Service is the name under which requests to a proxy are signed.
const Service = "kms-xks-proxy"

// DefaultTimeout is how long KMS waits for a proxy.
const DefaultTimeout = 250 * time.Millisecond

// Proxy is where a proxy is and how KMS proves to it who it is.
type Proxy struct {
	URL             string // endpoint and path, without a slash at the end
	Host            string // of the endpoint, if URL leads elsewhere
	Region          string
	AccessKeyID     string
	SecretAccessKey string
}

// Client talks to proxies. It is safe for concurrent use.
type Client struct {
	http    *http.Client
	clock   clock.Clock
	timeout time.Duration
}

// NewClient returns a client that waits that long for a whole response;
// DefaultTimeout if zero. Requests carry real time, which the proxies keep.
func NewClient(timeout time.Duration) *Client {
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
	return &Client{clock: clock.Real(), timeout: timeout, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Health asks a proxy whether it can serve requests. ManagersAreGone if no key
// manager behind it can.
func (c *Client) Health(ctx context.Context, p Proxy, m Metadata) error {
	var out Health
	if err := c.call(ctx, p, "/health", metadataRequest{m}, &out); err != nil {
		return err
	}
	switch {
	case !out.valid():
		return &Error{Malformed, "GetHealthStatus"}
	case !out.available():
		return &Error{ManagersAreGone, "GetHealthStatus"}
	}
	return nil
}

// Key asks for the properties of an external key.
func (c *Client) Key(ctx context.Context, p Proxy, id string, m Metadata) (Key, error) {
	var out Key
	err := c.call(ctx, p, keyPath(id, "metadata"), metadataRequest{m}, &out)
	if err == nil && (out.Spec == "" || out.Status == "" || len(out.Usage) == 0 || len(out.Usage) > 10) {
		err = &Error{Malformed, "GetKeyMetadata"}
	}
	return out, err
}

// Encrypt has at most MaxPlaintext bytes encrypted under an external key, with
// at most MaxAAD bytes authenticated beside them. A response whose integrity
// value is not that of what it brings is Malformed.
func (c *Client) Encrypt(ctx context.Context, p Proxy, id string, m Metadata, plaintext, aad []byte) (Sealed, error) {
	if len(plaintext) > MaxPlaintext || len(aad) > MaxAAD {
		return Sealed{}, fmt.Errorf("xks: %d bytes with %d authenticated", len(plaintext), len(aad))
	}
	var out encryptResponse
	in := encryptRequest{Metadata: m, AAD: aad, Plaintext: plaintext, Algorithm: algorithm, Integrity: integrity}
	if err := c.call(ctx, p, keyPath(id, "encrypt"), in, &out); err != nil {
		return Sealed{}, err
	}
	if !out.valid(len(plaintext), aad) {
		return Sealed{}, &Error{Malformed, "Encrypt"}
	}
	return out.Sealed, nil
}

// Decrypt has opened what Encrypt gave.
func (c *Client) Decrypt(ctx context.Context, p Proxy, id string, m Metadata, s Sealed, aad []byte) ([]byte, error) {
	var out decryptResponse
	in := decryptRequest{Metadata: m, AAD: aad, Sealed: s, Algorithm: algorithm}
	if err := c.call(ctx, p, keyPath(id, "decrypt"), in, &out); err != nil {
		return nil, err
	}
	if len(out.Plaintext) != len(s.Ciphertext) {
		clear(out.Plaintext)
		return nil, &Error{Malformed, "Decrypt"}
	}
	return out.Plaintext, nil
}

func keyPath(id, operation string) string { return "/keys/" + url.PathEscape(id) + "/" + operation }

// call sends one request and reads its response. Its errors are *Error, but
// for the end of ctx.
func (c *Client) call(ctx context.Context, p Proxy, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	defer clear(body)
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := c.request(limited, p, path, body)
	if err != nil {
		return &Error{Unreachable, err.Error()}
	}
	response, err := c.http.Do(r)
	if err != nil {
		return failed(ctx, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes+1))
	if err != nil {
		return failed(ctx, err)
	}
	defer clear(text)
	return read(response, text, out)
}

// failed is the error of a conversation that broke off.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return network(err)
}

// request makes a signed request.
func (c *Client) request(ctx context.Context, p Proxy, path string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if p.Host != "" {
		r.Host = p.Host
	}
	r.Header.Set("Content-Type", "application/json")
	signer := sigv4.Signer{AccessKeyID: p.AccessKeyID, Secret: p.SecretAccessKey, Region: p.Region, Service: Service, Rules: sigv4.Standard}
	signer.Sign(r, sigv4.HashPayload(body), c.clock.Now())
	return r, nil
}

// read takes a response apart: what it answers, or the fault that it names.
func read(response *http.Response, text []byte, out any) error {
	if len(text) > maxResponseBytes {
		return &Error{Malformed, "too long"}
	}
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, out); err != nil {
			return &Error{Malformed, "no JSON"}
		}
		return nil
	}
	var f fault
	if err := json.Unmarshal(text, &f); err != nil {
		return &Error{Malformed, response.Status}
	}
	if _, known := statuses[Fault(f.Name)]; !known {
		return &Error{Malformed, response.Status}
	}
	return &Error{Fault(f.Name), f.Message[:min(len(f.Message), maxFaultMessage)]}
}

// FaultOf is the fault that err tells of, "" if it is another error.
func FaultOf(err error) Fault {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fault
	}
	return ""
}
