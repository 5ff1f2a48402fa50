package wire

import (
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

// Config is what the edge is made of.
type Config struct {
	Doors   []api.Door
	Auth    Authenticator
	Control http.Handler // requests below ControlPrefix; nil: there are none
	Log     *slog.Logger // nil: slog.Default()

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
// header, a minute for the request, two minutes for an idle connection. There
// is no limit on writing, for answers may stream.
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
