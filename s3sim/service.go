package s3sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/policy"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// Keys is what S3 asks of KMS, on behalf of whoever calls S3.
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
	// BucketKeyLifetime bounds how long a bucket key serves its requester
	// without a call to KMS. With zero every call asks KMS anew.
	BucketKeyLifetime time.Duration
	// BlockCustomerKeys makes new buckets block SSE-C, as AWS says they do
	// since April 2026.
	BlockCustomerKeys bool
	// RestoreAtOnce makes RestoreObject take no time, where AWS takes minutes
	// to days.
	RestoreAtOnce bool
}

// Service implements [s3api.API].
type Service struct {
	s3api.Unimplemented
	store  storage.Store
	root   *seal.Root
	clock  clock.Clock
	kms    Keys
	auth   Authorizer
	tokens seal.Tokens

	compiled compiledPolicies
	ring     *keyring
	block    bool
	swept    turns
	thaws    bool
}

var _ s3api.API = (*Service)(nil)

// New returns the service over what the store holds.
func New(c Config) *Service {
	return &Service{
		store: c.Store, root: c.Root, clock: c.Clock, kms: c.Keys, auth: c.Authorizer,
		tokens: c.Root.Tokens(), ring: newKeyring(c.Clock, c.BucketKeyLifetime), block: c.BlockCustomerKeys,
		thaws: c.RestoreAtOnce,
	}
}

// Reset forgets what the service holds in memory. It is called when the store
// has been emptied.
func (s *Service) Reset() {
	s.compiled.clear()
	s.ring.clear()
	s.swept.clear()
}

// now is the emulator's time in whole seconds, the unit of S3's dates.
func (s *Service) now() time.Time { return s.clock.Now().Truncate(time.Second) }

// partitionOf is where a call looks for buckets: their names are unique in a
// partition.
func partitionOf(ctx context.Context) string {
	return cmp.Or(api.CallerOf(ctx).Partition, arn.AWS)
}

// accountOf is for whom a call is made; empty for anonymous callers.
func accountOf(ctx context.Context) string {
	c := api.CallerOf(ctx)
	return cmp.Or(c.Account, c.SourceAccount)
}

// bucket is a bucket as it was when a call began.
type bucket struct {
	bucketRecord
	policy *policy.Policy // nil without one
}

// arn is the ARN of the bucket, or of an object in it.
func (b *bucket) arn(key string) string {
	name := "arn:" + b.Partition + ":s3:::" + b.Name
	if key == "" {
		return name
	}
	return name + "/" + key
}

// at places what belongs to the bucket.
func (b *bucketRecord) at(parts ...any) storage.Key { return storage.K(b.ID).With(parts...) }

func (s *Service) view(ctx context.Context, fn func(tx storage.Tx) error) error {
	return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return fn(tx) })
}

func (s *Service) update(ctx context.Context, fn func(tx storage.Tx) error) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return fn(tx) })
}

// load reads a bucket in a transaction, without its policy.
func load(tx storage.Tx, partition, name string) (bucketRecord, error) {
	r, err := buckets.Get(tx, bucketAt(partition, name))
	if errors.Is(err, storage.ErrNotFound) {
		return r, noSuchBucket(name)
	}
	return r, err
}

// find reads the bucket that a request is for: it must be signed for the
// bucket's Region.
func (s *Service) find(ctx context.Context, name string, expected *string) (*bucket, error) {
	b, err := s.findAnywhere(ctx, name, expected)
	if err != nil {
		return nil, err
	}
	return b, b.inRegion(api.CallerOf(ctx))
}

// findAnywhere reads a bucket with its policy, and makes sure that it is the
// account's that the caller expects to own it.
func (s *Service) findAnywhere(ctx context.Context, name string, expected *string) (*bucket, error) {
	if expected != nil && !arn.ValidAccount(*expected) {
		return nil, invalidExpectedOwner(*expected)
	}
	b := &bucket{}
	var document string
	err := s.view(ctx, func(tx storage.Tx) (err error) {
		if b.bucketRecord, err = load(tx, partitionOf(ctx), name); err != nil || b.Policy == "" {
			return err
		}
		if b.policy = s.compiled.get(b.Policy); b.policy != nil {
			return nil
		}
		p, err := policies.Get(tx, b.at())
		document = p.Document
		return err
	})
	if err != nil {
		return nil, err
	}
	if expected != nil && *expected != b.Account {
		return nil, accessDenied()
	}
	if document != "" {
		b.policy, err = s.compile(b.Policy, document)
	}
	return b, err
}

// change rewrites a bucket's record, unless the bucket has gone meanwhile.
func (s *Service) change(ctx context.Context, b *bucket, fn func(tx storage.Tx, r *bucketRecord) error) error {
	return s.update(ctx, func(tx storage.Tx) error {
		r, err := b.again(tx)
		if err != nil {
			return err
		}
		if err := fn(tx, &r); err != nil {
			return err
		}
		return buckets.Put(tx, bucketAt(r.Partition, r.Name), r)
	})
}

// again reads the bucket in a later transaction.
func (b *bucket) again(tx storage.Tx) (bucketRecord, error) {
	r, err := load(tx, b.Partition, b.Name)
	if err == nil && r.ID != b.ID {
		err = noSuchBucket(b.Name)
	}
	return r, err
}

// compile parses a stored policy and keeps it for the next call.
func (s *Service) compile(revision, document string) (*policy.Policy, error) {
	p, err := policy.Parse(policy.Resource, []byte(document))
	if err != nil {
		return nil, fmt.Errorf("s3: stored bucket policy: %w", err)
	}
	s.compiled.put(revision, p)
	return p, nil
}
