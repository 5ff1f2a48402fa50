package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"sealstack/api"
	"sealstack/auth"
)

// bodyPatience is for how long a client may pause within a body. S3 documents
// the error (RequestTimeout), not the time.
const bodyPatience = 20 * time.Second

// patientBody is the body of a request to S3, which may be large and take
// long: it has no deadline as a whole, but each read of it has.
type patientBody struct {
	io.ReadCloser
	patience time.Duration
	timer    *time.Timer
}

func newPatientBody(w http.ResponseWriter, r *http.Request, patience time.Duration) *patientBody {
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Time{}) // a connection without deadlines, as in tests, needs none lifted
	timer := time.AfterFunc(patience, func() { _ = connection.SetReadDeadline(time.Unix(1, 0)) })
	timer.Stop()
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	return &patientBody{body, patience, timer}
}

func (b *patientBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.patience)
	defer b.timer.Stop()
	return b.ReadCloser.Read(p)
}

func (b *patientBody) stop() {
	if b != nil {
		b.timer.Stop()
	}
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
