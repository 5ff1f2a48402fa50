package integration

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/iam"
	servicekms "sealstack/kms"
	servicelogs "sealstack/logs"
	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// logWorld is KMS and CloudWatch Logs over one store, with a clock that stands
// still unless it is moved: the same moves lead to the same end.
type logWorld struct {
	ctx      context.Context
	dir      string // of the store; empty: in memory
	lifetime time.Duration
	store    storage.Store
	root     *seal.Root
	clock    *clock.Movable
	kms      *servicekms.Service
	logs     *servicelogs.Service
	bucket   *fakeBucket
	keys     [modelKeys]string
	model    *logModel
	pointers []modelPointer
	put      int
}

// modelPointer is a @ptr that a query gave.
type modelPointer struct {
	pointer string
	batch   *modelBatch
	event   modelEvent
}

var worldStart = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newLogWorld(dir string, lifetime time.Duration, external bool) (*logWorld, error) {
	w := &logWorld{
		dir: dir, lifetime: lifetime, clock: clock.NewMovable(clock.Fixed(worldStart)), bucket: &fakeBucket{},
		model: &logModel{now: worldStart.UnixMilli(), lifetime: lifetime.Milliseconds()},
		ctx: api.WithCaller(context.Background(), &api.Caller{
			Principal: api.Principal{Type: api.Root, Account: ours, ARN: "arn:aws:iam::" + ours + ":root", ID: ours},
			Partition: "aws", Region: region,
		}),
	}
	if dir == "" {
		w.store, w.root = memory.New(), seal.NewEphemeral()
	}
	if err := w.open(); err != nil {
		return w, err
	}
	for i := range w.keys {
		if err := w.makeKey(i, external && i == 0); err != nil {
			return w, err
		}
	}
	return w, nil
}

// open makes the services, over what the directory holds if there is one.
func (w *logWorld) open() (err error) {
	if w.dir != "" {
		if w.store, err = bolt.Open(w.dir, bolt.Options{}); err != nil {
			return err
		}
		if w.root, err = seal.Open(w.dir, nil); err != nil {
			return err
		}
	}
	users := iam.New(iam.Config{Store: w.store, Root: w.root, Clock: w.clock})
	authorizer := auth.NewAuthorizer(users, w.clock)
	w.kms = servicekms.New(servicekms.Config{Store: w.store, Root: w.root, Clock: w.clock, Authorizer: authorizer})
	door := kmsapi.Client{Endpoint: &api.Endpoint[kmsapi.API]{Service: kmsapi.Service, Impl: w.kms}}
	w.logs = servicelogs.New(servicelogs.Config{
		Store: w.store, Root: w.root, Clock: w.clock, Authorizer: authorizer, Keys: door,
		Buckets: w.bucket, AssociationDelay: delayOfKeys, DataKeyLifetime: w.lifetime,
	})
	return nil
}

func (w *logWorld) close() error {
	w.logs.Settle()
	return w.store.Close()
}

// restart is the end of one process and the start of the next, which takes a
// millisecond.
func (w *logWorld) restart() error {
	w.logs.Settle()
	if err := w.clock.Advance(time.Millisecond); err != nil {
		return err
	}
	w.model.advance(1)
	if w.dir != "" {
		if err := w.store.Close(); err != nil {
			return err
		}
	}
	w.model.restart()
	return w.open()
}

func (w *logWorld) makeKey(i int, external bool) error {
	in := &kmsapi.CreateKeyRequest{Policy: policyFor(true, true)}
	if external {
		origin := kmsapi.OriginTypeExternal
		in.Origin = &origin
	}
	out, err := w.kms.CreateKey(w.ctx, in)
	if err != nil {
		return err
	}
	w.keys[i] = *out.KeyMetadata.Arn
	w.model.keys[i] = modelKey{external: external, until: forever, allowed: [modelGroups]bool{true, true}}
	if external {
		return w.importMaterial(i, 36*time.Hour)
	}
	return nil
}

// policyFor is a key policy that lets CloudWatch Logs use the key for some
// groups.
func policyFor(allowed ...bool) *string {
	statements := []string{strings.ReplaceAll(ofAccount, "000000000000", ours)}
	for g, ok := range allowed {
		if ok {
			statements = append(statements, withContext(worldGroupARN(g)))
		}
	}
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	return &text
}

func worldGroup(g int) string { return fmt.Sprint("group", g) }
func worldGroupARN(g int) string {
	return "arn:aws:logs:" + region + ":" + ours + ":log-group:" + worldGroup(g)
}
func worldStream(s int) string { return fmt.Sprint("stream", s) }

// fakeBucket takes exports.
type fakeBucket struct{ objects [][]byte }

func (*fakeBucket) GetBucketAcl(context.Context, *s3api.GetBucketAclRequest) (*s3api.GetBucketAclOutput, error) {
	return &s3api.GetBucketAclOutput{}, nil
}

func (b *fakeBucket) PutObject(_ context.Context, in *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error) {
	body, err := io.ReadAll(in.Body)
	if !strings.HasSuffix(in.Key, "aws-logs-write-test") {
		b.objects = append(b.objects, body)
	}
	return &s3api.PutObjectOutput{}, err
}

// take returns the messages that have been exported, in the order of streams.
func (b *fakeBucket) take() (messages []string, err error) {
	for _, body := range b.objects {
		unzipped, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(unzipped)
		if err != nil {
			return nil, err
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			_, message, _ := strings.Cut(line, " ")
			messages = append(messages, message)
		}
	}
	b.objects = nil
	return messages, nil
}

// sentenceOf returns the code and the sentence of an error, "" without one.
func sentenceOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Code + ": " + e.Message
	}
	return "fault: " + err.Error()
}
