package wire

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"sealstack/api"
)

// ControlPrefix is where requests go to [Config.Control] and not to a service.
// No bucket can have this name.
const ControlPrefix = "/_emulator/"

// DecisionHeader is in the answer to a call that was denied: the ID of the
// decision, by which it can be explained.
const DecisionHeader = "x-sealstack-decision-id"

// DefaultMaxBody is how large a request's body may be, in bytes, before and
// after decompression. The largest that a service here takes is a
// PutLogEvents of 1 MiB of text, which JSON may write in six times as much.
const DefaultMaxBody = 10 << 20

// Authenticator finds out who sent a request.
type Authenticator interface {
	// Authenticate returns who signed a request with this body to s. The
	// caller is the edge's own: it fills in the request id. The error is an
	// *auth.Failure if it is the request's fault.
	Authenticate(r *http.Request, body []byte, s *api.Service) (*api.Caller, error)
	// Anonymous returns the caller of a request without a signature, for the
	// operations that need none.
	Anonymous(r *http.Request, s *api.Service) *api.Caller
}

// CORS is what S3 lets pages of other origins do: its CORS configurations. The
// context of the requests that it is asked about holds the anonymous caller,
// with Region and partition.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
type CORS interface {
	// Preflight returns the headers of the answer to an OPTIONS request with
	// Origin and Access-Control-Request-Method for bucket, which need not exist and is empty for the service itself. The
	// error is an *api.Error that refuses it.
	Preflight(r *http.Request, bucket string) (http.Header, error)
	// Headers returns the headers that every answer to the request has, also
	// one that refuses it, or nil. It is asked if the request has an Origin,
	// before anything else is known of it.
	Headers(r *http.Request, bucket string) http.Header
}

// Forms takes the forms that browsers upload objects with.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
type Forms interface {
	// PostObject answers a POST of multipart/form-data to a bucket. Who sends
	// it only the form tells: the context of r holds the anonymous caller, with
	// the Region and the request's id. An error, an *auth.Failure among them, is
	// answered as that of an operation, as long as nothing has been written to w.
	PostObject(w http.ResponseWriter, r *http.Request, bucket string) error
}

// Buckets tells of S3's buckets what is told before a document is read.
type Buckets interface {
	// CheckBucket returns the error with which an operation on a bucket is
	// refused whatever its document says: the bucket does not exist, or the
	// caller in ctx may not do it. It is asked when a document can't be read.
	CheckBucket(ctx context.Context, op *api.Operation, bucket string) error
}

// Config is what the edge is made of.
type Config struct {
	Doors   []api.Door
	Auth    Authenticator
	Control http.Handler // requests below ControlPrefix; nil: there are none
	Log     *slog.Logger // nil: slog.Default()
	// Recorder hears of the calls whose caller is known and whose parameters
	// are refused, which their service does not hear of. Input and output of
	// such a call are nil. It does not hear of callers who could not be
	// authenticated. It may be nil.
	Recorder api.Recorder

	CORS    CORS    // nil: no origin is allowed
	Forms   Forms   // nil: they are not implemented
	Buckets Buckets // nil: the document is told of first

	NewRequestID func() string // nil: UUIDs of version 4
	MaxBody      int64         // 0: DefaultMaxBody
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.NewRequestID == nil {
		c.NewRequestID = newUUID
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	return c
}

// newUUID returns a random UUID of version 4 (RFC 9562).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// NewServer returns an HTTP server for h with timeouts under which a client
// that sends slowly or not at all holds nothing for long: 10 seconds for the
// header, a minute for the request (a body sent to S3 may take longer, but not
// pause for long), two minutes for an idle connection. There is no limit on
// writing, for answers may stream.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
