package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
)

// The services behind the edge in these tests answer just enough.

type fakeKMS struct{ kmsapi.API }

func (fakeKMS) Encrypt(_ context.Context, in *kmsapi.EncryptRequest) (*kmsapi.EncryptResponse, error) {
	switch in.KeyId {
	case "missing":
		return nil, kmsapi.NotFoundException("Key 'missing' does not exist")
	case "silent":
		return nil, kmsapi.InvalidCiphertextException("")
	case "denied":
		return nil, kmsapi.Service.AccessDenied("User: u is not authorized")
	case "broken":
		return nil, errors.New("disk on fire at /secret/path")
	case "wrapped":
		return nil, errors.Join(errors.New("kms: encrypt"), kmsapi.DisabledException("k is disabled."))
	case "panic":
		panic("oops: secret")
	case "fields":
		return nil, kmsapi.NotFoundException("m").With("retryAfter", 5).With("names", []string{"a"})
	}
	return &kmsapi.EncryptResponse{CiphertextBlob: append([]byte("sealed:"), in.Plaintext...), KeyId: &in.KeyId}, nil
}

func (fakeKMS) DisableKey(context.Context, *kmsapi.DisableKeyRequest) (*api.None, error) {
	return &api.None{}, nil
}

func (fakeKMS) ConnectCustomKeyStore(context.Context, *kmsapi.ConnectCustomKeyStoreRequest) (*kmsapi.ConnectCustomKeyStoreResponse, error) {
	return &kmsapi.ConnectCustomKeyStoreResponse{}, nil
}

func (fakeKMS) GenerateRandom(ctx context.Context, _ *kmsapi.GenerateRandomRequest) (*kmsapi.GenerateRandomResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (fakeKMS) CancelKeyDeletion(context.Context, *kmsapi.CancelKeyDeletionRequest) (*kmsapi.CancelKeyDeletionResponse, error) {
	return nil, api.NotImplemented("kms", "CancelKeyDeletion")
}

type fakeLogs struct {
	logsapi.API
	put *logsapi.PutLogEventsRequest
}

func (l *fakeLogs) PutLogEvents(_ context.Context, in *logsapi.PutLogEventsRequest) (*logsapi.PutLogEventsResponse, error) {
	l.put = in
	return &logsapi.PutLogEventsResponse{}, nil
}

func (*fakeLogs) StartLiveTail(ctx context.Context, in *logsapi.StartLiveTailRequest) (*logsapi.StartLiveTailResponse, error) {
	stream := func(yield func(*logsapi.StartLiveTailResponseStream, error) bool) {
		id, message := "session", "hello"
		if !yield(&logsapi.StartLiveTailResponseStream{SessionStart: &logsapi.LiveTailSessionStart{SessionId: &id}}, nil) {
			return
		}
		if !yield(&logsapi.StartLiveTailResponseStream{SessionUpdate: &logsapi.LiveTailSessionUpdate{SessionResults: []logsapi.LiveTailSessionLogEvent{{Message: &message}}}}, nil) {
			return
		}
		if in.LogEventFilterPattern != nil {
			yield(nil, errors.New("secret cause"))
			return
		}
		yield(nil, logsapi.SessionTimeoutException("over"))
	}
	return &logsapi.StartLiveTailResponse{ResponseStream: stream}, nil
}

type fakeTrail struct{ cloudtrailapi.API }

func (fakeTrail) StartLogging(context.Context, *cloudtrailapi.StartLoggingRequest) (*cloudtrailapi.StartLoggingResponse, error) {
	return &cloudtrailapi.StartLoggingResponse{}, nil
}

type fakeSTS struct{ stsapi.API }

func (fakeSTS) GetCallerIdentity(ctx context.Context, _ *stsapi.GetCallerIdentityRequest) (*stsapi.GetCallerIdentityResponse, error) {
	c := api.CallerOf(ctx)
	return &stsapi.GetCallerIdentityResponse{Account: &c.Account, Arn: &c.ARN, UserId: &c.RequestID}, nil
}

func (fakeSTS) AssumeRoleWithWebIdentity(ctx context.Context, _ *stsapi.AssumeRoleWithWebIdentityRequest) (*stsapi.AssumeRoleWithWebIdentityResponse, error) {
	name := "signed"
	if api.CallerOf(ctx).Type == api.Anonymous {
		name = "anonymous"
	}
	return &stsapi.AssumeRoleWithWebIdentityResponse{Provider: &name}, nil
}

type fakeIAM struct{ iamapi.API }

func (fakeIAM) GetUser(context.Context, *iamapi.GetUserRequest) (*iamapi.GetUserResponse, error) {
	return nil, api.NewError("NoSuchEntityException", "NoSuchEntity", 404, "The user with name <x> cannot be found.")
}

func (fakeIAM) DeleteUser(context.Context, *iamapi.DeleteUserRequest) (*api.None, error) {
	return &api.None{}, nil
}

// fakeAuth takes Authorization headers of the form "Credential=.../.../REGION/SERVICE/aws4_request".
type fakeAuth struct{ failure error }

func (a *fakeAuth) Authenticate(r *http.Request, body []byte, s *api.Service) (*api.Caller, error) {
	if body == nil {
		return nil, errors.New("no body")
	}
	if a.failure != nil {
		return nil, a.failure
	}
	if r.Header.Get("Authorization") == "" && !r.URL.Query().Has("X-Amz-Credential") {
		return nil, &auth.Failure{Kind: auth.MissingToken}
	}
	return &api.Caller{Principal: api.Principal{Type: api.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/u"}, Region: "eu-west-1"}, nil
}

func (*fakeAuth) Anonymous(*http.Request, *api.Service) *api.Caller {
	return &api.Caller{Region: "us-east-1"}
}

// world is an edge with all its fakes.
type world struct {
	http.Handler
	auth *fakeAuth
	logs *fakeLogs
	log  *syncBuffer
}

// syncBuffer is a buffer that a server may write while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newWorld(change ...func(*Config)) *world {
	w := &world{auth: &fakeAuth{}, logs: &fakeLogs{}, log: &syncBuffer{}}
	c := Config{
		Doors:        w.doors(),
		Auth:         w.auth,
		Control:      http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "control "+r.URL.Path) }),
		Log:          slog.New(slog.NewTextHandler(w.log, nil)),
		NewRequestID: func() string { return "id-1" },
		MaxBody:      1 << 16,
	}
	for _, fn := range change {
		fn(&c)
	}
	w.Handler = New(c)
	return w
}

func (w *world) doors() []api.Door {
	return []api.Door{
		&api.Endpoint[kmsapi.API]{Service: kmsapi.Service, Impl: fakeKMS{}},
		&api.Endpoint[logsapi.API]{Service: logsapi.Service, Impl: w.logs},
		&api.Endpoint[cloudtrailapi.API]{Service: cloudtrailapi.Service, Impl: fakeTrail{}},
		&api.Endpoint[iamapi.API]{Service: iamapi.Service, Impl: fakeIAM{}},
		&api.Endpoint[stsapi.API]{Service: stsapi.Service, Impl: fakeSTS{}},
	}
}

func signed(service string) string {
	return "AWS4-HMAC-SHA256 Credential=AKIA/20200101/eu-west-1/" + service + "/aws4_request, SignedHeaders=host, Signature=00"
}

// send sends a request; headers come as names and values in turn.
func (w *world) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	return recorder
}

func (w *world) json(target, body string) *httptest.ResponseRecorder {
	return w.send("POST", "/", body, "X-Amz-Target", target, "Content-Type", "application/x-amz-json-1.1", "Authorization", signed("kms"))
}

func (w *world) query(service, body string) *httptest.ResponseRecorder {
	return w.send("POST", "/", body, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8", "Authorization", signed(service))
}

// request returns a request as a server would read it, or nil if none could
// look so.
func request(method, target, body string) *http.Request {
	r, err := http.NewRequest(method, "http://localhost"+target, strings.NewReader(body))
	if err != nil || !strings.HasPrefix(target, "/") {
		return nil
	}
	r.RequestURI, r.RemoteAddr = target, "192.0.2.1:1234"
	return r
}

// expect holds an answer against its status and body.
func expect(t *testing.T, got *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got.Code != status || got.Body.String() != body {
		t.Errorf("answer %d %s\n  want %d %s", got.Code, got.Body, status, body)
	}
}

func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 200 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("not in time: " + what)
}
