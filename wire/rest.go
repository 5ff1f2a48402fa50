package wire

import (
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/restxml"
)

// restProtocol is restXml as S3 speaks it.
type restProtocol struct{}

// restCall is what a request to S3 has beside the others.
type restCall struct {
	address restxml.Address
	query   url.Values
	hostID  string
	limit   int64 // of a body that is a document, in bytes
	log     *slog.Logger
}

func (restProtocol) contentType() string { return "application/xml" }

// findREST finds the operation of a request to S3: by bucket and key, method,
// query and headers. Answers carry the CORS headers from here on.
func (e *edge) findREST(c *call) error {
	if c.service = e.services.rest; c.service == nil {
		c.protocol = unclaimed{}
		return noService("")
	}
	c.protocol = c.service.protocol
	c.continueEmpty()
	c.rest = &restCall{query: c.r.URL.Query(), limit: e.MaxBody, log: e.Log}
	c.identify()
	if size := headerSize(c.r); size > maxRESTHeaders {
		return headersTooLarge()
	}
	host := restxml.ReadHost(c.r.Host)
	if host.Bucket != "" {
		c.r = c.r.WithContext(auth.WithHostBucket(c.r.Context(), host.Bucket))
	}
	address, err := restxml.Locate(host, c.r.URL.EscapedPath())
	c.rest.address = address
	if e.CORS != nil && c.r.Header.Get("Origin") != "" && c.r.Method != http.MethodOptions {
		maps.Copy(c.w.Header(), e.CORS.Headers(e.anonymous(c), address.Bucket))
	}
	if err != nil {
		return err
	}
	c.r.Body = newPatientBody(c.w, c.r, bodyPatience)
	return e.findRESTOperation(c)
}

func (e *edge) findRESTOperation(c *call) error {
	at := c.rest
	switch {
	case c.r.Method == http.MethodOptions:
		return e.preflight(c)
	case c.r.Method == http.MethodPost && at.address.Key == "" && at.address.Bucket != "" && isUpload(c.r):
		return e.postForm(c)
	}
	found, err := c.service.table.Find(c.r.Method, at.address, at.query, c.r.Header)
	if err == nil {
		c.op = c.service.operations[found.Name]
	}
	return err
}

// identify gives the request the two names that S3 knows it by, both made
// from its id, which S3 writes in 16 letters and digits.
func (c *call) identify() {
	sum := sha512.Sum512([]byte(c.requestID))
	c.requestID = base32.StdEncoding.EncodeToString(sum[:10])
	c.rest.hostID = base64.StdEncoding.EncodeToString(sum[8:])
	h := c.w.Header()
	h.Del("x-amzn-RequestId")
	h.Set("x-amz-request-id", c.requestID)
	h.Set("x-amz-id-2", c.rest.hostID)
	h.Set("Server", "AmazonS3")
}

// isUpload reports whether a body is that of a form with a file.
func isUpload(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "multipart/form-data"
}

// errAnswered says that a request has been answered outside the operations.
var errAnswered = errors.New("wire: answered")

// preflight answers the question of a browser whether a page may send a
// request.
// Unverified: the sentences.
func (e *edge) preflight(c *call) error {
	switch h := c.r.Header; {
	case h.Get("Origin") == "":
		return frontEnd(400, "BadRequest", "Insufficient information. Origin request header needed.")
	case h.Get("Access-Control-Request-Method") == "":
		return frontEnd(400, "BadRequest", "Invalid Access-Control-Request-Method: null")
	case e.CORS == nil:
		return frontEnd(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
	}
	headers, err := e.CORS.Preflight(e.anonymous(c), c.rest.address.Bucket)
	if err != nil {
		return err
	}
	maps.Copy(c.w.Header(), headers)
	c.send(http.StatusOK, "", nil)
	return errAnswered
}

// postForm hands a form over.
func (e *edge) postForm(c *call) error {
	if e.Forms == nil {
		return api.NotImplemented("s3", "PostObject")
	}
	c.r.Body = &upload{call: c, ReadCloser: c.r.Body}
	err := e.Forms.PostObject(c.w, e.anonymous(c), c.rest.address.Bucket)
	if failure, ok := errors.AsType[*auth.Failure](err); ok {
		return restFailure(failure)
	}
	return cmp.Or(err, errAnswered)
}

// anonymous returns the request with the anonymous caller in its context.
func (e *edge) anonymous(c *call) *http.Request {
	caller := e.Auth.Anonymous(c.r, c.service.Service)
	caller.RequestID = c.requestID
	return c.r.WithContext(api.WithCaller(c.r.Context(), caller))
}

// decode fills the input. A streamed body is left to the service; any other is
// taken in, even where the operation has no use for it: its signature covers
// it.
func (p restProtocol) decode(c *call) (any, error) {
	if err := c.strayEncryption(); err != nil {
		return nil, err
	}
	t, _ := c.op.plans()
	request := &restxml.Request{Address: c.rest.address, Query: c.rest.query, Header: c.r.Header, Length: c.r.ContentLength}
	if restxml.Streams(t) {
		if c.r.ContentLength < 0 {
			return nil, missingLength()
		}
		request.Stream = &upload{call: c, ReadCloser: c.r.Body}
	} else {
		body, err := c.readDocument()
		if err != nil {
			return nil, err
		}
		if err := c.checkDocument(body); err != nil {
			return nil, err
		}
		request.Body = body
	}
	in := reflect.New(t.Go)
	return in.Interface(), restxml.Decode(t, request, in.Interface())
}

// strayEncryption refuses to choose an encryption where it was chosen before.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (c *call) strayEncryption() error {
	const name = "x-amz-server-side-encryption"
	value := c.r.Header.Get(name)
	switch c.op.Name {
	case "GetObject", "HeadObject", "UploadPart":
		if value != "" {
			return frontEnd(400, "InvalidArgument", name+" header is not supported for this operation.").With("ArgumentName", name).With("ArgumentValue", value)
		}
	}
	return nil
}

// checkBucket returns what is told before err, the fault of a document, or nil.
// There is no bucket yet for CreateBucket.
func (e *edge) checkBucket(ctx context.Context, c *call, err error) error {
	fault, ok := errors.AsType[*api.Error](err)
	if c.rest == nil || e.Buckets == nil || !ok || c.op.Name == "CreateBucket" || !restxml.OfDocument(fault) {
		return nil
	}
	return e.Buckets.CheckBucket(ctx, c.op.Operation, c.rest.address.Bucket)
}

// answer sends an output. A body that breaks off has the connection closed, so
// that the client does not take it for whole.
func (restProtocol) answer(c *call, out any) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	_, t := c.op.plans()
	a := restxml.Encode((*buffer)[:0], c.service.Service, c.op.Operation, t, out, c.w.Header())
	if a.Stream != nil {
		c.copy(a)
		return
	}
	c.send(a.Status, a.Type, a.Body)
	if cap(a.Body) > cap(*buffer) && cap(a.Body) <= keepBuffer {
		*buffer = a.Body
	}
}

// copy sends a streamed body and closes it.
func (c *call) copy(a restxml.Answer) {
	defer a.Stream.Close()
	if c.w.Header()["Content-Type"] == nil {
		c.w.Header()["Content-Type"] = nil // net/http is not to guess one
	}
	c.streaming = true
	c.w.WriteHeader(a.Status)
	if c.r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(c.w, a.Stream); err != nil {
		if c.r.Context().Err() == nil {
			c.rest.log.Error("answer broke off", append(c.about(), "error", err)...)
		}
		panic(http.ErrAbortHandler)
	}
}

// mark sets the headers of an error.
func (restProtocol) mark(c *call, e *api.Error) { restxml.RefuseHeaders(c.w.Header(), e) }

// refuse writes the error document.
func (restProtocol) refuse(b []byte, c *call, e *api.Error) []byte {
	return restxml.Refuse(b, e, c.requestID, c.rest.hostID)
}

func (restProtocol) failure(f *auth.Failure, _ *api.Service) *api.Error { return restFailure(f) }

// internalFailure is the internal failure in the words of the protocol.
func (c *call) internalFailure() *api.Error {
	if c.rest != nil {
		return frontEnd(500, "InternalError", "We encountered an internal error. Please try again.")
	}
	return internalFailure()
}

// maxRESTHeaders is how many bytes the headers of a request to S3 may have.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
const maxRESTHeaders = 8 << 10

// headerSize counts names and values.
func headerSize(r *http.Request) (n int) {
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

// Unverified: the sentence.
func headersTooLarge() *api.Error {
	return frontEnd(400, "RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum allowed request header section size").
		With("MaxSizeAllowed", strconv.Itoa(maxRESTHeaders))
}

func missingLength() *api.Error {
	return frontEnd(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
}

// hasPrefixFold reports whether s begins with prefix, which is in lower case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
