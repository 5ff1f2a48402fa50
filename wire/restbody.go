package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"sealstack/api"
	"sealstack/auth"
)

// bodyPatience is for how long a client may pause within a body, and at most
// twice that. S3 documents the error (RequestTimeout), not the time.
const bodyPatience = 20 * time.Second

// patientBody is the body of a request to S3, which may be large and take
// long: it has no deadline as a whole, but whoever waits for more of it looks
// now and then whether something came.
type patientBody struct {
	io.ReadCloser
	patience   time.Duration
	request    context.Context
	connection *http.ResponseController
	watching   bool
	waiting    atomic.Bool
	reads      atomic.Int64
}

// newPatientBody lifts the server's deadline. A connection without deadlines,
// as tests have, needs none lifted.
func newPatientBody(w http.ResponseWriter, r *http.Request, patience time.Duration) *patientBody {
	b := &patientBody{ReadCloser: r.Body, patience: patience, request: r.Context(), connection: http.NewResponseController(w)}
	_ = b.connection.SetReadDeadline(time.Time{})
	return b
}

func (b *patientBody) Read(p []byte) (int, error) {
	if !b.watching {
		b.watching = true
		b.watch()
	}
	b.waiting.Store(true)
	n, err := b.ReadCloser.Read(p)
	b.waiting.Store(false)
	b.reads.Add(1)
	return n, err
}

// watch ends a read that has waited for all of the time from now on, and
// watches on as long as the request lasts.
func (b *patientBody) watch() {
	seen := b.reads.Load()
	ctx, cancel := context.WithTimeout(b.request, b.patience)
	context.AfterFunc(ctx, func() {
		defer cancel()
		switch {
		case !errors.Is(ctx.Err(), context.DeadlineExceeded): // the request is over
		case b.waiting.Load() && b.reads.Load() == seen:
			_ = b.connection.SetReadDeadline(time.Unix(1, 0))
		default:
			b.watch()
		}
	})
}

// upload is a streamed body as the service reads it. Its errors are S3's: the
// service returns them as they are.
type upload struct {
	io.ReadCloser
	call *call
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, bodyError(err)
}

// Trailer returns the header fields that came behind the body, such as
// x-amz-checksum-crc32, once it has been read to its end.
func (u *upload) Trailer() http.Header { return u.call.r.Trailer }

// Announced returns the names of the fields that are to come behind the body,
// in lower case, as X-Amz-Trailer announces them.
func (u *upload) Announced() []string { return announced(u.call.r.Header) }

// bodyError turns the error of a read into S3's.
func bodyError(err error) error {
	failure, ok := errors.AsType[*auth.Failure](err)
	switch {
	case ok:
		return restFailure(failure)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return frontEnd(400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.")
	}
	return incompleteBody()
}

func incompleteBody() *api.Error {
	return frontEnd(400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

// readDocument takes in a body that is not streamed.
func (c *call) readDocument() ([]byte, error) {
	limit := c.rest.limit
	if c.r.ContentLength > limit {
		return nil, closing(c.w, messageTooLong(limit))
	}
	var b bytes.Buffer
	b.Grow(int(min(max(c.r.ContentLength, 0), presized)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(c.r.Body, limit+1))
	switch {
	case n > limit:
		return nil, closing(c.w, messageTooLong(limit))
	case err != nil:
		return nil, bodyError(err)
	}
	return b.Bytes(), nil
}

// messageTooLong refuses a document over the limit.
func messageTooLong(limit int64) *api.Error {
	return frontEnd(400, "MaxMessageLengthExceeded", "Your request was too big.").With("MaxMessageLengthBytes", limit)
}
