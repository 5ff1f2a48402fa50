package iam

import (
	"context"
	"crypto/sha1" // thumbprints only: they name a certificate
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"sealstack/iam/jwt"
)

// Limits of what a provider may answer.
const (
	providerTimeout = 5 * time.Second
	maxProviderBody = 1 << 20
)

// providerKeys fetches and keeps the keys that OIDC providers publish.
type providerKeys struct {
	roots *x509.CertPool // nil for the system's
	kept  sync.Map       // provider's name to jwt.KeySet
}

// verify checks the signature of a token of the provider. Keys that are kept
// serve until one is missing: providers change them.
func (p *providerKeys) verify(ctx context.Context, provider *entity, t *jwt.Token) error {
	if kept, ok := p.kept.Load(provider.Name); ok {
		if err := t.Verify(kept.(jwt.KeySet)); !errors.Is(err, jwt.ErrNoKey) {
			return err
		}
	}
	keys, err := p.fetch(ctx, provider)
	if err != nil {
		return err
	}
	p.kept.Store(provider.Name, keys)
	return t.Verify(keys)
}

// errProvider: the provider did not answer, or not as OpenID Connect Discovery
// wants it.
var errProvider = errors.New("iam: OIDC provider")

func (p *providerKeys) fetch(ctx context.Context, provider *entity) (keys jwt.KeySet, err error) {
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	client := p.client(provider)
	defer client.CloseIdleConnections()
	var found struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := get(ctx, client, "https://"+provider.Name+"/.well-known/openid-configuration", &found); err != nil {
		return keys, err
	}
	if strings.TrimSuffix(found.Issuer, "/") != "https://"+provider.Name {
		return keys, fmt.Errorf("%w: %s says it is %s", errProvider, provider.Name, found.Issuer)
	}
	return keys, get(ctx, client, found.Keys, &keys)
}

func get(ctx context.Context, client *http.Client, url string, into any) error {
	if !strings.HasPrefix(url, "https://") {
		return fmt.Errorf("%w: %q is not https", errProvider, url)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errProvider, err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", errProvider, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s answers %s", errProvider, url, answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxProviderBody)).Decode(into); err != nil {
		return fmt.Errorf("%w: %s: %w", errProvider, url, err)
	}
	return nil
}

// client returns a client that takes the provider's certificate if a known
// authority issued it, or if the provider's thumbprints name one of the chain:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
func (p *providerKeys) client(provider *entity) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		// The verification is check's: the default one knows no thumbprints.
		check := func(c tls.ConnectionState) error { return p.check(host, c.PeerCertificates, provider.Thumbprints) }
		d := tls.Dialer{Config: &tls.Config{
			ServerName: host, InsecureSkipVerify: true, VerifyConnection: check, MinVersion: tls.VersionTLS12,
		}}
		return d.DialContext(ctx, network, address)
	}
	return &http.Client{Transport: &http.Transport{DialTLSContext: dial}}
}

// check verifies the certificates of a host, the host's own first.
func (p *providerKeys) check(host string, chain []*x509.Certificate, thumbprints []string) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: %s has no certificate", errProvider, host)
	}
	options := x509.VerifyOptions{Roots: p.roots, DNSName: host, Intermediates: x509.NewCertPool()}
	for _, certificate := range chain[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := chain[0].Verify(options)
	if err != nil && trusted(chain, thumbprints) {
		return chain[0].VerifyHostname(host)
	}
	return err
}

// trusted reports whether a thumbprint names one of the certificates.
func trusted(chain []*x509.Certificate, thumbprints []string) bool {
	for _, certificate := range chain {
		sum := sha1.Sum(certificate.Raw)
		for _, t := range thumbprints {
			if strings.EqualFold(t, hex.EncodeToString(sum[:])) {
				return true
			}
		}
	}
	return false
}
