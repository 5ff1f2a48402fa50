package wire

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"sync"

	"github.com/gorilla/mux"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/restxml"
)

// edge is the handler for all services.
type edge struct {
	Config
	services *directory
}

// New returns the handler for all services. It panics if the configuration
// can't work: without an authenticator, or with a service whose protocol the
// edge does not speak.
func New(c Config) http.Handler {
	if c.Auth == nil {
		panic("wire: no authenticator")
	}
	e := &edge{Config: c.withDefaults(), services: newDirectory(c.Doors)}
	// Paths are S3's keys: they are taken as they are.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	if c.Control != nil {
		router.PathPrefix(ControlPrefix).MatcherFunc(notInBucket).Handler(c.Control)
	}
	router.MatcherFunc(hasCBOR).Handler(e.serving(e.findCBOR))
	router.MatcherFunc(hasTarget).Handler(e.serving(e.findJSON))
	router.PathPrefix("/").Handler(e.serving(e.findOther))
	router.NotFoundHandler = e.serving(e.findOther)
	return router
}

func hasTarget(r *http.Request, _ *mux.RouteMatch) bool { return r.Header.Get("X-Amz-Target") != "" }

// notInBucket reports whether the path is not a key in the bucket that the
// host names.
func notInBucket(r *http.Request, _ *mux.RouteMatch) bool {
	return restxml.ReadHost(r.Host).Bucket == ""
}

// call is one request on its way through the edge.
type call struct {
	w         http.ResponseWriter
	r         *http.Request
	requestID string
	protocol  protocol   // in which to answer
	service   *service   // nil until it is found
	op        *operation // nil until it is found
	sent      []byte     // the body as sent, which the signature covers
	body      []byte     // the body decompressed; never nil once read
	form      url.Values // awsQuery: the parameters
	rest      *restCall  // S3: what is its own
	streaming bool       // the answer has begun
}

// serving returns a handler for the calls whose operation find finds.
func (e *edge) serving(find func(*call) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, requestID: e.NewRequestID()}
		w.Header().Set("x-amzn-RequestId", c.requestID)
		defer e.recovering(c)
		out, err := e.answer(c, find)
		if err == errAnswered {
			return
		}
		if err != nil {
			e.refuse(c, err)
			return
		}
		if events := c.op.stream(out); events != nil {
			e.stream(c, out, events)
		} else {
			c.protocol.answer(c, out)
		}
		e.Log.Debug("call answered", c.about()...)
	})
}

// answer takes a call in AWS's order: find the operation, authenticate, decode
// and validate, call.
func (e *edge) answer(c *call, find func(*call) error) (any, error) {
	if err := find(c); err != nil {
		return nil, err
	}
	if c.sent == nil && c.rest == nil {
		if err := e.read(c); err != nil {
			return nil, err
		}
	}
	caller, err := e.authenticate(c)
	if err != nil {
		return nil, err
	}
	caller.RequestID = c.requestID
	if c.rest != nil {
		caller.HostID = c.rest.hostID
	}
	ctx := api.WithCaller(c.r.Context(), caller)
	in, err := c.protocol.decode(c)
	if err != nil {
		err = cmp.Or(e.checkBucket(ctx, c, err), err)
		e.record(ctx, c, err)
		return nil, err
	}
	return c.service.door.Call(ctx, c.op.Operation, in)
}

// record tells of a call that is refused before its service hears of it.
//
// Unverified: that AWS records such calls without their parameters.
func (e *edge) record(ctx context.Context, c *call, err error) {
	if e.Recorder != nil {
		e.Recorder.Record(ctx, api.Call{Service: c.service.Service, Operation: c.op.Operation, Err: err})
	}
}

// read takes in the body.
func (e *edge) read(c *call) (err error) {
	if c.sent, err = readBody(c.w, c.r, e.MaxBody); err != nil {
		return err
	}
	c.body, err = inflate(c.w, c.r, c.sent, e.MaxBody)
	return err
}

// authenticate finds out who calls. The body of a request to S3 is not read
// before.
func (e *edge) authenticate(c *call) (*api.Caller, error) {
	caller, err := e.Auth.Authenticate(c.r, c.sent, c.service.Service)
	failure, ok := errors.AsType[*auth.Failure](err)
	switch {
	case ok && failure.Kind == auth.MissingToken && c.op.HTTP.Unsigned:
		return e.Auth.Anonymous(c.r, c.service.Service), nil
	case ok:
		e.Log.Debug("call not authenticated", append(c.about(), "error", failure)...)
		return nil, c.protocol.failure(failure, c.service.Service)
	}
	return caller, err
}

// refuse answers a call with an error.
func (e *edge) refuse(c *call, err error) {
	known, ok := errors.AsType[*api.Error](err)
	switch {
	case !ok && errors.Is(err, context.Canceled) && c.r.Context().Err() != nil:
		e.Log.Debug("client has gone", c.about()...)
		known = c.internalFailure()
	case !ok:
		e.Log.Error("call failed", append(c.about(), "error", err)...)
		known = c.internalFailure()
	case known.Fault():
		e.Log.Warn("call failed", append(c.about(), "error", err)...)
	default:
		e.Log.Debug("call refused", append(c.about(), "error", err)...)
	}
	c.refuse(known)
}

// recovering turns a panic into an internal failure, so that one call can't
// take the others with it.
func (e *edge) recovering(c *call) {
	reason := recover()
	if reason == nil {
		return
	}
	if reason == http.ErrAbortHandler || c.streaming {
		panic(http.ErrAbortHandler)
	}
	e.Log.Error("call panicked", append(c.about(), "panic", reason, "stack", string(debug.Stack()))...)
	if c.protocol == nil {
		c.protocol = unclaimed{}
	}
	c.refuse(c.internalFailure())
}

// refuse writes an error; one without a status is the caller's fault.
func (c *call) refuse(e *api.Error) {
	c.protocol.mark(c, e)
	if e.Decision != "" {
		c.w.Header().Set(DecisionHeader, e.Decision)
	}
	c.write(cmp.Or(e.Status, http.StatusBadRequest), func(b []byte) []byte { return c.protocol.refuse(b, c, e) })
}

// about describes a call to the log.
func (c *call) about() []any {
	attributes := []any{slog.String("request", c.requestID)}
	if c.service != nil {
		attributes = append(attributes, slog.String("service", c.service.ID))
	}
	if c.op != nil {
		attributes = append(attributes, slog.String("operation", c.op.Name))
	}
	return attributes
}

// buffers hold bodies of answers while they are written.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keepBuffer is up to which size a buffer is kept for the next answer.
const keepBuffer = 1 << 20

// write sends an answer with the body that appendTo appends. A status of 0
// stands for 200.
func (c *call) write(status int, appendTo func([]byte) []byte) {
	buffer := buffers.Get().(*[]byte)
	body := appendTo((*buffer)[:0])
	c.send(cmp.Or(status, http.StatusOK), c.protocol.contentType(), body)
	if cap(body) <= keepBuffer {
		*buffer = body
		buffers.Put(buffer)
	}
}

// send sends an answer. An empty contentType stands for none.
func (c *call) send(status int, contentType string, body []byte) {
	header := c.w.Header()
	switch {
	case status == http.StatusNoContent || status == http.StatusNotModified:
		body = nil
	case header["Content-Length"] == nil: // what HEAD tells is the length of what GET would
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if contentType != "" && header["Content-Type"] == nil && status != http.StatusNotModified {
		header.Set("Content-Type", contentType)
	}
	c.pause(len(body))
	c.streaming = true
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // a client that has gone needs no answer
	}
}
