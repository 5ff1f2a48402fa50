package logs

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// Keys is what CloudWatch Logs asks of KMS.
type Keys interface {
	GenerateDataKey(context.Context, *kmsapi.GenerateDataKeyRequest) (*kmsapi.GenerateDataKeyResponse, error)
	Decrypt(context.Context, *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error)
}

// Authorizer decides whether the caller in the context may do something.
type Authorizer interface {
	Authorize(ctx context.Context, r *auth.Request) error
}

// Config is what the service needs of the rest of the program.
type Config struct {
	Store      storage.Store
	Root       *seal.Root
	Clock      clock.Clock
	Keys       Keys
	Authorizer Authorizer
	// Buckets is where exports go. Without it no bucket exists.
	Buckets Buckets
	// Metrics is where the values of metric filters and the service's own
	// metrics go. Without it they go nowhere.
	Metrics Metrics
	// STS gives the sessions in which subscriptions are delivered.
	STS Sessions
	// AssociationDelay is the time until AssociateKmsKey and
	// DisassociateKmsKey take effect; AWS says up to five minutes.
	AssociationDelay time.Duration
	// DataKeyLifetime bounds how long a plaintext data key stays in memory.
	// With zero every call asks KMS anew.
	DataKeyLifetime time.Duration
}

// Service implements [logsapi.API].
type Service struct {
	logsapi.Unimplemented
	store storage.Store
	root  *seal.Root
	clock clock.Clock
	auth  Authorizer
	delay time.Duration
	ring  *keyring
	// buckets is nil without Amazon S3.
	buckets Buckets
	metrics Metrics // nil without Amazon CloudWatch
	traffic traffic
	sts     Sessions // nil without STS
	http    *http.Client

	forwarder forwarder
	// tokenKey authenticates the tokens of GetLogEvents.
	tokenKey [seal.KeySize]byte

	sequence sequencer
	patterns patterns
	compiled compiledRules
	policies policyCache
	tasks    tasks
	tails    tails
	// expired is when old records were looked for last, in milliseconds.
	expired atomic.Int64
}

var _ logsapi.API = (*Service)(nil)

// New returns the service over what the store holds.
func New(c Config) *Service {
	return &Service{
		store: c.Store, root: c.Root, clock: c.Clock, auth: c.Authorizer, delay: c.AssociationDelay,
		ring:    newKeyring(c.Keys, c.Root, c.Clock, c.DataKeyLifetime),
		buckets: c.Buckets, metrics: c.Metrics, sts: c.STS,
		http:     &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		tokenKey: c.Root.Subkey("logs.token"),
	}
}

// Reset forgets what the service holds in memory and stops what it does in
// the background. It is called when the store
// has been emptied.
func (s *Service) Reset() {
	s.tasks.cancel()
	s.forwarder.cancel()
	s.ring.clear()
	s.policies.forget()
	s.traffic.take()
}

// now returns the emulator's time in milliseconds, the unit of every
// timestamp of CloudWatch Logs.
func (s *Service) now() int64 { return s.clock.Now().UnixMilli() }

// sequencer numbers segments in the order of their ingestion. The numbers
// are nanoseconds of the emulator's clock, made unique. They go on ascending
// after a restart, whatever the machine's clock says then: two segments of a
// number and a time would be one.
type sequencer struct {
	mu      sync.Mutex
	last    uint64
	resumed bool // last has been raised to what the store holds
}

// number returns the number of a segment that is being ingested.
func (s *Service) number(ctx context.Context, now time.Time) (uint64, error) {
	q := &s.sequence
	q.mu.Lock()
	resumed := q.resumed
	q.mu.Unlock()
	if !resumed {
		last, err := s.lastSequence(ctx)
		if err != nil {
			return 0, err
		}
		q.mu.Lock()
		q.last, q.resumed = max(q.last, last), true
		q.mu.Unlock()
	}
	return q.next(now), nil
}

// lastSequence returns the highest number that a segment has got so far.
func (s *Service) lastSequence(ctx context.Context) (last uint64, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		for e, err := range streams.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			last = max(last, e.Value.Sequence)
		}
		return nil
	})
	return last, err
}

func (q *sequencer) next(now time.Time) uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = max(q.last+1, uint64(now.UnixNano()))
	return q.last
}

// place is where a call is answered: the scope of names.
type place struct{ partition, region, account string }

func placeOf(ctx context.Context) place {
	c := api.CallerOf(ctx)
	account := c.Account
	if account == "" {
		account = c.SourceAccount
	}
	return place{c.Partition, c.Region, account}
}

func (p place) key(parts ...any) storage.Key {
	return storage.K(p.account, p.region).With(parts...)
}

// arn returns the ARN of a resource of CloudWatch Logs in p.
func (p place) arn(resource string) string {
	return "arn:" + p.partition + ":logs:" + p.region + ":" + p.account + ":" + resource
}

// group returns a log group's ARN, without the ":*" that some members have.
func (p place) group(name string) string { return p.arn("log-group:" + name) }

// stream returns a log stream's ARN. With an empty stream it is the form
// under which actions on a whole group are authorized.
func (p place) stream(group, stream string) string {
	return p.group(group) + ":log-stream:" + stream
}
