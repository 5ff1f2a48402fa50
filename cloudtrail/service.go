package cloudtrail

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// S3 is what CloudTrail asks of Amazon S3.
type S3 interface {
	GetBucketAcl(context.Context, *s3api.GetBucketAclRequest) (*s3api.GetBucketAclOutput, error)
	GetBucketLocation(context.Context, *s3api.GetBucketLocationRequest) (*s3api.GetBucketLocationOutput, error)
	PutObject(context.Context, *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error)
	ListObjectsV2(context.Context, *s3api.ListObjectsV2Request) (*s3api.ListObjectsV2Output, error)
	GetObject(context.Context, *s3api.GetObjectRequest) (*s3api.GetObjectOutput, error)
}

// Keys is what CloudTrail asks of AWS KMS.
type Keys interface {
	DescribeKey(context.Context, *kmsapi.DescribeKeyRequest) (*kmsapi.DescribeKeyResponse, error)
	GenerateDataKey(context.Context, *kmsapi.GenerateDataKeyRequest) (*kmsapi.GenerateDataKeyResponse, error)
	Decrypt(context.Context, *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error)
}

// Logs is what CloudTrail asks of CloudWatch Logs, in a session of the role
// that a trail names.
type Logs interface {
	CreateLogStream(context.Context, *logsapi.CreateLogStreamRequest) (*api.None, error)
	PutLogEvents(context.Context, *logsapi.PutLogEventsRequest) (*logsapi.PutLogEventsResponse, error)
}

// STS is what CloudTrail asks of AWS STS.
type STS interface {
	AssumeRole(context.Context, *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error)
}

// Authorizer decides whether the caller in the context may do something.
type Authorizer interface {
	Authorize(ctx context.Context, r *auth.Request) error
}

// DigestEncryption says how digest files are encrypted.
type DigestEncryption uint8

// The ways. AWS's guide of 2017 to 2023 says SSE-S3, whatever the trail's key;
// its API reference now says that the trail's key encrypts digests too.
const (
	DigestSSES3  DigestEncryption = iota // always with Amazon S3's key
	DigestSSEKMS                         // with the trail's key, if it has one
)

// Config is what a Service stands on. Store, Root, Clock and Authorizer are
// needed to record and to look up; S3 to have trails, Keys for trails with a
// KMS key, Logs and STS for trails with a log group.
type Config struct {
	Store      storage.Store
	Root       *seal.Root
	Clock      clock.Clock
	Authorizer Authorizer
	S3         S3
	Keys       Keys
	Logs       Logs
	STS        STS
	// Organizations knows who is in an organization; nil: nobody is.
	Organizations Organizations
	// Roles is IAM, of which trails of organizations ask a role; nil: they ask
	// for none.
	Roles Roles

	// DeliveryInterval is how long a log file is collected, of the emulator's
	// clock: AWS takes about five minutes. Zero delivers at every sweep.
	DeliveryInterval time.Duration
	// DigestInterval is the period of a digest file; zero stands for AWS's hour.
	DigestInterval   time.Duration
	DigestEncryption DigestEncryption
	// DataKeyLifetime is how long a data key of an event data store is kept in
	// memory for ingestion; zero asks AWS KMS each time.
	DataKeyLifetime time.Duration

	// TLS describes the connection of the call in the context: without TLS the
	// host alone. Nil, or a nil answer, leaves tlsDetails out of records.
	TLS func(ctx context.Context) *TLSDetails
	// Bucket tells the account and the Region of a bucket, both "" if it is
	// not known. It must not wait for the network or for writes. Without it a
	// bucket counts as the caller's, and its Region is asked of Amazon S3.
	Bucket func(partition, name string) (account, region string)
}

// Service implements [cloudtrailapi.API] and [api.Recorder]. It is safe for
// concurrent use. [Service.Close] writes what it holds in memory.
type Service struct {
	cloudtrailapi.Unimplemented

	config Config
	store  storage.Store
	root   *seal.Root
	tokens seal.Tokens
	clock  clock.Clock
	auth   Authorizer

	queue  *queue
	roster atomic.Pointer[roster]
	places knownPlaces
	lake   lake

	queryTimeout time.Duration // in real time

	sweeping sync.Mutex // held by a sweep, and by Reset
}

var (
	_ cloudtrailapi.API = (*Service)(nil)
	_ api.Recorder      = (*Service)(nil)
)

// New returns the service over what the store holds, and starts its writer.
func New(c Config) *Service {
	if c.DigestInterval == 0 {
		c.DigestInterval = time.Hour
	}
	s := &Service{
		config: c, store: c.Store, root: c.Root, tokens: c.Root.Tokens(), clock: c.Clock, auth: c.Authorizer,
		queryTimeout: queryTimeout,
	}
	s.queue = newQueue(c.Clock, s.write)
	s.places.clear()
	s.lake.clear()
	s.start()
	return s
}

// start takes up what is stored. A store that cannot be read now is read
// again by the writer, which keeps what it is given until then.
func (s *Service) start() {
	ctx := context.Background()
	if last, err := s.lastSequence(ctx); err == nil {
		s.queue.resume(last)
	}
	_ = s.reload(ctx)
}

// Reset forgets what the service holds in memory, queued records included. It
// is called when the store has been emptied.
func (s *Service) Reset() {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	s.lake.clear()
	s.queue.reset(func() { s.wipe() })
	s.places.clear()
	s.start()
}

// Close writes the records that are queued and stops the writer. It returns
// the error that keeps records from being written. Later records are dropped.
func (s *Service) Close() error {
	s.lake.clear()
	return s.queue.close()
}

// newID returns a random UUID, version 4.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := make([]byte, 0, 36)
	for i, n := range [...]int{0, 4, 6, 8, 10} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, b[n:[...]int{4, 6, 8, 10, 16}[i]])
	}
	return string(text)
}

// authorize asks whether the caller may perform the action on the resource.
func (s *Service) authorize(ctx context.Context, action, resource string, keys auth.Keys) error {
	return s.auth.Authorize(ctx, &auth.Request{
		Service: cloudtrailapi.Service, Action: "cloudtrail:" + action, Resource: resource, Keys: keys,
	})
}
