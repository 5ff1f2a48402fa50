package s3sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sealstack/api/s3api"
	"sealstack/s3sim/body"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

func TestAnObjectComesBackAsItWasPut(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	out := b.put("logs", "a/b", "hello", func(in *s3api.PutObjectRequest) {
		in.ContentType, in.CacheControl, in.Metadata = new("text/plain"), new("no-store"), map[string]string{"color": "blue"}
		in.Tagging = new("k1=v1&k2=v%202")
	})
	b.same("ETag", *out.ETag, etagOf("hello"))
	b.same("encryption", *out.ServerSideEncryption, "AES256")
	if out.VersionId != nil || out.SSEKMSKeyId != nil || out.BucketKeyEnabled != nil {
		t.Errorf("answer %+v", out)
	}
	got := b.reads("logs", "a/b", "hello")
	b.same("headers", []any{*got.ContentType, *got.CacheControl, got.Metadata, *got.ETag, *got.ContentLength, *got.TagCount, *got.AcceptRanges, *got.LastModified},
		[]any{"text/plain", "no-store", map[string]string{"color": "blue"}, etagOf("hello"), 5, 2, "bytes", start})
	tags, err := b.GetObjectTagging(b.ctx, &s3api.GetObjectTaggingRequest{Bucket: "logs", Key: "a/b"})
	b.ok(err)
	b.same("tags", tags.TagSet, []s3api.Tag{{Key: "k1", Value: "v1"}, {Key: "k2", Value: "v 2"}})
	b.same("default type", *b.headOf(b.put("logs", "plain", "")).ContentType, "binary/octet-stream")
}

// headOf is the head of the object called plain.
func (b *bench) headOf(*s3api.PutObjectOutput) *s3api.HeadObjectOutput {
	return b.head("logs", "plain")
}

func TestObjectsOfAllSizesComeBack(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, n := range []int{0, 1, 256<<10 - 1, 256 << 10, 256<<10 + 1, 9 << 20} {
		text := strings.Repeat("0123456789abcdef", n/16+1)[:n]
		b.put("logs", "k", text)
		b.reads("logs", "k", text)
	}
	if n := b.blobs(); n != 2 {
		t.Errorf("%d blobs are kept, want those of the last object", n)
	}
}

func TestTheStoreHoldsNothingInClear(t *testing.T) {
	store := memory.New()
	b := newBenchOver(t, store, seal.NewEphemeral())
	b.bucket("logs")
	secret := strings.Repeat("very secret text ", 100)
	b.put("logs", "s3", secret)
	b.put("logs", "kms", secret, withKMS(keyARN))
	b.put("logs", "c", secret, putWith("a"))
	for id := range storeBlobs(t, b) {
		if bytes.Contains(id, []byte("secret")) {
			t.Error("a blob holds content in clear")
		}
	}
}

// storeBlobs yields the bytes of every blob of the bucket logs.
func storeBlobs(t *testing.T, b *bench) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		bucket, err := b.service.find(b.ctx, "logs", nil)
		b.ok(err)
		for _, key := range []string{"s3", "kms", "c"} {
			_, v, err := b.service.peek(b.ctx, target{bucket: "logs", key: key})
			b.ok(err)
			pieces, err := b.service.pieces(b.ctx, bucket, v)
			b.ok(err)
			for _, p := range pieces {
				for _, id := range p.Blobs {
					data, err := b.store.Blobs().Read(context.Background(), id)
					b.ok(err)
					if len(data) < 1000 {
						t.Errorf("blob of %d bytes", len(data))
					}
					if !yield(data) {
						return
					}
				}
			}
		}
	}
}

func TestAFailedUploadLeavesNothing(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "old")
	kept := b.blobs()
	big := strings.Repeat("x", 9<<20)
	for name, change := range map[string]putOption{
		"a broken body":   func(in *s3api.PutObjectRequest) { in.Body = io.NopCloser(iotest.TimeoutReader(strings.NewReader(big))) },
		"a short body":    func(in *s3api.PutObjectRequest) { in.ContentLength = new(int64(10 << 20)) },
		"another MD5":     func(in *s3api.PutObjectRequest) { in.ContentMD5 = new("1B2M2Y8AsgTpgAmY7PhCfg==") },
		"a condition":     func(in *s3api.PutObjectRequest) { in.IfNoneMatch = new("*") },
		"a wrong key":     withKMS("nonsense"),
		"another sum":     func(in *s3api.PutObjectRequest) { in.ChecksumCRC32 = new("AAAAAA==") },
		"too many tags":   func(in *s3api.PutObjectRequest) { in.Tagging = new("a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1") },
		"much metadata":   func(in *s3api.PutObjectRequest) { in.Metadata = map[string]string{"a": big[:2048]} },
		"a key that long": func(in *s3api.PutObjectRequest) { in.Key = big[:1025] },
	} {
		if _, err := b.tryPut(b.ctx, "logs", "k", big, change); err == nil {
			t.Errorf("%s is taken", name)
		}
		b.reads("logs", "k", "old")
		if n := b.blobs(); n != kept {
			t.Errorf("%s: %d blobs are kept, want %d", name, n, kept)
		}
	}
}

func TestReadingGoesOnWhenTheObjectIsReplaced(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	old := strings.Repeat("old ", 5<<20)
	b.put("logs", "k", old)
	out, err := b.GetObject(b.ctx, &s3api.GetObjectRequest{Bucket: "logs", Key: "k"})
	b.ok(err)
	b.put("logs", "k", "new")
	b.ok(b.store.Blobs().Sweep(b.ctx))
	text, err := io.ReadAll(out.Body)
	b.ok(err)
	b.ok(out.Body.Close())
	if string(text) != old {
		t.Errorf("read %d bytes of %d", len(text), len(old))
	}
	b.reads("logs", "k", "new")
}

func TestAnyRangeIsThatOfThePlainText(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	source := rand.New(rand.NewPCG(5, 6))
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(source.Uint32())
	}
	b.put("logs", "k", string(data))
	for range 100 {
		from := source.IntN(len(data))
		to := from + source.IntN(len(data)-from)
		out, got, err := b.tryGet(b.ctx, "logs", "k", func(in *s3api.GetObjectRequest) { in.Range = new(fmt.Sprintf("bytes=%d-%d", from, to)) })
		b.ok(err)
		if got != string(data[from:to+1]) || *out.ContentRange != fmt.Sprintf("bytes %d-%d/%d", from, to, len(data)) {
			t.Fatalf("%d-%d: %d bytes, %s", from, to, len(got), *out.ContentRange)
		}
	}
}

func TestAMissingKeyIsAdmittedToThoseWhoMayList(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	_, _, err := b.tryGet(b.ctx, "logs", "nothing")
	e := b.fails(err, "NoSuchKey", "The specified key does not exist.")
	b.field(e, "Key", "nothing")
	amy := b.user(account, "amy", allow("s3:GetObject", "arn:aws:s3:::logs/*"))
	_, _, err = b.tryGet(amy, "logs", "nothing")
	b.fails(err, "AccessDenied", `User: arn:aws:iam::111122223333:user/amy is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::logs" because no identity-based policy allows the s3:ListBucket action`)
	bob := b.user(account, "bob", allow("s3:GetObject s3:ListBucket", "*"))
	_, _, err = b.tryGet(bob, "logs", "nothing")
	b.code(err, "NoSuchKey")
}

func TestAResetAndARestartKeepTheirPromises(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	b := newBenchOver(t, store, root)
	b.bucket("logs")
	b.put("logs", "k", "kept")
	again := newBenchOver(t, store, root)
	again.reads("logs", "k", "kept")
	other := newBenchOver(t, store, seal.NewEphemeral())
	if _, _, err := other.tryGet(other.ctx, "logs", "k"); err == nil {
		t.Error("another root key opens the object")
	}
	b.ok(store.Reset(b.ctx))
	b.service.Reset()
	_, _, err := b.tryGet(b.ctx, "logs", "k")
	b.code(err, "NoSuchBucket")
}

func TestTheClockDatesObjects(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "1")
	b.ok(b.clock.Advance(90*time.Minute + 300*time.Millisecond))
	b.put("logs", "l", "2")
	b.same("first", *b.head("logs", "k").LastModified, start)
	b.same("second", *b.head("logs", "l").LastModified, start.Add(90*time.Minute))
}

func TestALostContentIsAFaultAndNoEndlessSearch(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	b.put("logs", "l", "text")
	bucket, err := b.service.find(b.ctx, "logs", nil)
	b.ok(err)
	_, v, err := b.service.peek(b.ctx, target{bucket: "logs", key: "k"})
	b.ok(err)
	b.ok(b.service.update(b.ctx, func(tx storage.Tx) error {
		c, err := contents.Get(tx, bucket.version("k", v.Order))
		if err != nil {
			return err
		}
		return drop(tx, c.Pieces)
	}))
	if _, _, err := b.tryGet(b.ctx, "logs", "k"); !errors.Is(err, errGone) {
		t.Errorf("a lost content: %v", err)
	}
	if _, err := b.tryCopy("k", "m"); !errors.Is(err, errGone) {
		t.Errorf("a lost source: %v", err)
	}
	b.reads("logs", "l", "text")
}

func TestContentOfAnotherObjectDoesNotOpen(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text")
	b.put("logs", "l", "fake")
	bucket, err := b.service.find(b.ctx, "logs", nil)
	b.ok(err)
	place := func(key string) storage.Key {
		_, v, err := b.service.peek(b.ctx, target{bucket: "logs", key: key})
		b.ok(err)
		return bucket.version(key, v.Order)
	}
	from, to := place("l"), place("k")
	b.ok(b.service.update(b.ctx, func(tx storage.Tx) error {
		c, err := contents.Get(tx, from)
		if err != nil {
			return err
		}
		return contents.Put(tx, to, c)
	}))
	out, text, err := b.tryGet(b.ctx, "logs", "k")
	if !errors.Is(err, body.ErrDamaged) || out != nil {
		t.Errorf("swapped content reads as %q, %v", text, err)
	}
}
