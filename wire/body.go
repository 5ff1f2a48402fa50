package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"sealstack/api"
)

// presized is how much memory a body gets at once on its announced length
// alone.
const presized = 1 << 20

// readBody returns the body of a request as it was sent. The answer to a
// failure says what the page "Common Errors" of the API references says.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(w)
	}
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), presized)) + bytes.MinRead)
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	switch _, large := errors.AsType[*http.MaxBytesError](err); {
	case err == nil:
		return b.Bytes(), nil
	case large:
		return nil, tooLarge(w)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, closing(w, frontEnd(408, "RequestTimeoutException", "Reading the request timed out."))
	}
	return nil, closing(w, frontEnd(400, "RequestAbortedException", "The request's body ended before its length."))
}

// tooLarge refuses a body over the limit.
// Unverified: the sentence; AWS documents code and status.
func tooLarge(w http.ResponseWriter) error {
	return closing(w, frontEnd(413, "RequestEntityTooLargeException", "The request entity is too large."))
}

// closing has the connection closed behind the answer: what is left of the
// request in it is not read.
func closing(w http.ResponseWriter, e *api.Error) error {
	w.Header().Set("Connection", "close")
	return e
}

// inflate undoes the Content-Encoding of a body: log shippers compress
// PutLogEvents. What comes out is held to the same limit.
func inflate(w http.ResponseWriter, r *http.Request, body []byte, limit int64) ([]byte, error) {
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity", "amz-1.0": // old clients send the last and mean nothing by it
		return body, nil
	case "gzip":
	default:
		return nil, badEncoding()
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, badEncoding()
	}
	out, err := io.ReadAll(io.LimitReader(z, limit+1))
	if err != nil {
		return nil, badEncoding()
	}
	if int64(len(out)) > limit {
		return nil, tooLarge(w)
	}
	return out, nil
}

// badEncoding refuses a body that can't be decompressed.
// Unverified: the sentence; AWS documents code and status.
func badEncoding() error {
	return frontEnd(400, "MalformedHttpRequestException", "The request's body can't be decompressed by its Content-Encoding.")
}
