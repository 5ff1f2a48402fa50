package emulator

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"

	"sealstack/api/organizationsapi"
	"sealstack/cloudtrail"
	"sealstack/kms"
	"sealstack/organizations"
)

// What CloudTrail hears of beside the calls.

type connectionKey struct{}

// withConnection keeps for the records of a call which host the client called
// and how its connection is protected.
func withConnection(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), connectionKey{}, describeTLS(r.TLS, r.Host))))
	})
}

// describeTLS spells versions as AWS's records do: "TLSv1.3". Without TLS
// there is the host alone.
func describeTLS(s *tls.ConnectionState, host string) *cloudtrail.TLSDetails {
	if s == nil {
		return &cloudtrail.TLSDetails{Host: host}
	}
	version := strings.Replace(tls.VersionName(s.Version), "TLS ", "TLSv", 1)
	return &cloudtrail.TLSDetails{Version: version, CipherSuite: tls.CipherSuiteName(s.CipherSuite), Host: host}
}

func tlsOf(ctx context.Context) *cloudtrail.TLSDetails {
	d, _ := ctx.Value(connectionKey{}).(*cloudtrail.TLSDetails)
	return d
}

// noteKeyEvent records what KMS does of its own accord.
func (e *Emulator) noteKeyEvent(ctx context.Context, k kms.ServiceEvent) {
	event := cloudtrail.Event{
		Source: "kms.amazonaws.com", Name: k.Name, Account: k.Account, Region: k.Region,
		Resource: k.Key, ResourceType: "AWS::KMS::Key", Details: k.Details,
	}
	if k.Details == nil {
		event.Answer = map[string]string{"keyId": k.Key}
	}
	e.trails.Note(ctx, event)
}

// standings is AWS Organizations as CloudTrail asks it.
type standings struct {
	organizationsapi.Client
	orgs *organizations.Service
}

// Standing implements cloudtrail.Organizations.
func (s standings) Standing(ctx context.Context, account string) (*cloudtrail.Standing, error) {
	st, err := s.orgs.Standing(ctx, account, cloudtrail.Principal)
	if st == nil || err != nil {
		return nil, err
	}
	return new(cloudtrail.Standing(*st)), nil
}
