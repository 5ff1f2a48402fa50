package logs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

const (
	keyARN    = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	secondKey = "arn:aws:kms:us-west-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
)

// bench is a service with everything around it in a test's hands.
type bench struct {
	*Service
	t     testing.TB
	ctx   context.Context
	clock *clock.Movable
	keys  *fakeKeys
	auth  *fakeAuthorizer
	told  *fakeMetrics
}

// start is the instant at which every test begins.
var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newBench(t testing.TB, change ...func(*Config)) *bench {
	store := memory.New()
	t.Cleanup(func() {
		if err := store.Check(context.Background()); err != nil {
			t.Error(err)
		}
		store.Close()
	})
	return newBenchOver(t, store, seal.NewEphemeral(), change...)
}

func newBenchOver(t testing.TB, store storage.Store, root *seal.Root, change ...func(*Config)) *bench {
	b := &bench{t: t, clock: clock.NewMovable(clock.Fixed(start)), keys: &fakeKeys{refused: map[string]error{}}, auth: &fakeAuthorizer{}}
	b.told = &fakeMetrics{}
	b.keys.root = seal.NewEphemeral()
	c := Config{Store: store, Root: root, Clock: b.clock, Keys: b.keys, Authorizer: b.auth, Metrics: b.told, AssociationDelay: 5 * time.Minute, DataKeyLifetime: 5 * time.Minute}
	for _, fn := range change {
		fn(&c)
	}
	b.Service = New(c)
	b.ctx = callerIn("111122223333", "us-west-2")
	return b
}

// callerIn is a context in which the account's root user calls in a Region.
func callerIn(account, region string) context.Context {
	return api.WithCaller(context.Background(), &api.Caller{
		Principal: api.Principal{Type: api.Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", ID: account},
		Partition: "aws", Region: region,
	})
}

// fakeKeys stands for KMS: it wraps data keys, bound to the key and the
// encryption context, unless the key is refused.
type fakeKeys struct {
	mu      sync.Mutex
	root    *seal.Root
	refused map[string]error // by key ARN
	calls   []string         // "Decrypt as logs.us-west-2.amazonaws.com for ARN"
}

func (f *fakeKeys) note(ctx context.Context, op string) {
	c := api.CallerOf(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, op+" as "+c.ARN+" for "+c.SourceARN)
}

func label(key string, context map[string]string) string { return fmt.Sprint(key, context) }

func (f *fakeKeys) GenerateDataKey(ctx context.Context, in *kmsapi.GenerateDataKeyRequest) (*kmsapi.GenerateDataKeyResponse, error) {
	f.note(ctx, "GenerateDataKey")
	if err := f.refused[in.KeyId]; err != nil {
		return nil, err
	}
	plain := randomKey()
	return &kmsapi.GenerateDataKeyResponse{Plaintext: plain, CiphertextBlob: f.root.Seal(label(in.KeyId, in.EncryptionContext), plain)}, nil
}

func (f *fakeKeys) Decrypt(ctx context.Context, in *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	f.note(ctx, "Decrypt")
	if err := f.refused[*in.KeyId]; err != nil {
		return nil, err
	}
	plain, err := f.root.Open(label(*in.KeyId, in.EncryptionContext), in.CiphertextBlob)
	if err != nil {
		return nil, kmsapi.InvalidCiphertextException("")
	}
	return &kmsapi.DecryptResponse{Plaintext: plain}, nil
}

func (f *fakeKeys) refuse(key string) { f.refused[key] = kmsapi.Service.AccessDenied("no") }
func (f *fakeKeys) allow(key string)  { delete(f.refused, key) }

// fakeAuthorizer allows what it was not told to deny, and notes what it is
// asked.
type fakeAuthorizer struct {
	mu    sync.Mutex
	deny  map[string]bool // by action
	asked []auth.Request
}

func (f *fakeAuthorizer) Authorize(_ context.Context, r *auth.Request) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, *r)
	if f.deny[r.Action] {
		return r.Service.AccessDenied("denied " + r.Action)
	}
	return nil
}

func (b *bench) createGroup(name, key string) {
	b.t.Helper()
	in := &logsapi.CreateLogGroupRequest{LogGroupName: name}
	if key != "" {
		in.KmsKeyId = &key
	}
	_, err := b.CreateLogGroup(b.ctx, in)
	b.ok(err)
}

func (b *bench) createStream(group, stream string) {
	b.t.Helper()
	_, err := b.CreateLogStream(b.ctx, &logsapi.CreateLogStreamRequest{LogGroupName: group, LogStreamName: stream})
	b.ok(err)
}

// put puts messages, the first one now and each next a millisecond later.
func (b *bench) put(group, stream string, messages ...string) {
	b.t.Helper()
	b.ok(b.putAt(group, stream, b.now(), messages...))
}

func (b *bench) putAt(group, stream string, at int64, messages ...string) error {
	_, err := b.PutLogEvents(b.ctx, &logsapi.PutLogEventsRequest{LogGroupName: group, LogStreamName: stream, LogEvents: inputs(at, messages...)})
	return err
}

func inputs(at int64, messages ...string) []logsapi.InputLogEvent {
	events := make([]logsapi.InputLogEvent, len(messages))
	for i, m := range messages {
		events[i] = logsapi.InputLogEvent{Timestamp: at + int64(i), Message: m}
	}
	return events
}

// read returns the messages of a stream from its head.
func (b *bench) read(group, stream string) (string, error) {
	head := true
	out, err := b.GetLogEvents(b.ctx, &logsapi.GetLogEventsRequest{LogGroupName: &group, LogStreamName: stream, StartFromHead: &head})
	if err != nil {
		return "", err
	}
	return texts(out.Events), nil
}

func texts(events []logsapi.OutputLogEvent) string {
	var list []string
	for _, e := range events {
		list = append(list, *e.Message)
	}
	return strings.Join(list, "|")
}

func (b *bench) reads(group, stream, want string) {
	b.t.Helper()
	got, err := b.read(group, stream)
	if err != nil || got != want {
		b.t.Errorf("%s/%s holds %q, %v, want %q", group, stream, got, err, want)
	}
}

func (b *bench) refuses(group, stream string) {
	b.t.Helper()
	got, err := b.read(group, stream)
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:111122223333:log-group:"+group+"'")
	if got != "" {
		b.t.Errorf("the refusal gives %q", got)
	}
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// fails checks an error's code and its sentence, to the letter.
func (b *bench) fails(err error, code, message string) {
	b.t.Helper()
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != code || e.Message != message {
		b.t.Fatalf("error = %v, want %s: %s", err, code, message)
	}
}

func (b *bench) advance(d time.Duration) {
	b.t.Helper()
	b.ok(b.clock.Advance(d))
	b.ok(b.Sweep(b.ctx, b.clock.Now()))
}

// codeOf returns the code of an error of AWS.
func codeOf(err error) string {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Code
	}
	return ""
}

func ptr[T any](v T) *T { return &v }
