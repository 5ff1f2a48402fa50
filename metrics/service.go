package metrics

import (
	"context"
	"sync/atomic"
	"time"

	"sealstack/api"
	"sealstack/api/cloudwatchapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// Authorizer decides whether the caller in the context may do something.
type Authorizer interface {
	Authorize(ctx context.Context, r *auth.Request) error
}

// Config is what the service needs of the rest of the program.
type Config struct {
	Store      storage.Store
	Root       *seal.Root
	Clock      clock.Clock
	Authorizer Authorizer
}

// Service implements [cloudwatchapi.API].
type Service struct {
	cloudwatchapi.Unimplemented
	config Config
	// swept is when old points were looked for last, in milliseconds.
	swept atomic.Int64
}

var _ cloudwatchapi.API = (*Service)(nil)

// New returns the service over what the store holds.
func New(c Config) *Service { return &Service{config: c} }

// place is where a call is answered: the scope of metrics.
type place struct{ account, region string }

func placeOf(ctx context.Context) place {
	c := api.CallerOf(ctx)
	if c.Account == "" {
		return place{c.SourceAccount, c.Region}
	}
	return place{c.Account, c.Region}
}

func (p place) key(parts ...any) storage.Key { return storage.K(p.account, p.region).With(parts...) }

// byItself reports whether a service of AWS calls on its own account, for a
// resource of the caller's: CloudWatch lets it in without a policy.
func byItself(ctx context.Context) bool {
	c := api.CallerOf(ctx)
	return c.Type == api.AWSService && c.SourceAccount != ""
}

// authorize asks for an action. Those on metrics are on no resource:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
func (s *Service) authorize(ctx context.Context, action string, keys auth.Keys) error {
	if byItself(ctx) {
		return nil
	}
	return s.config.Authorizer.Authorize(ctx, &auth.Request{
		Service: cloudwatchapi.Service, Action: "cloudwatch:" + action, Resource: "*", Keys: keys,
	})
}

func (s *Service) now() time.Time { return s.config.Clock.Now() }

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
