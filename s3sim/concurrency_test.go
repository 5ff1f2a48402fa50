package s3sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sealstack/api/s3api"
	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/seal"
)

// together runs fn n times at once.
func together(n int, fn func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { fn(i) })
	}
	wait.Wait()
}

func TestOfManyWhoCreateOneWins(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	var won, lost atomic.Int32
	together(16, func(i int) {
		_, err := b.tryPut(b.ctx, "logs", "lock", fmt.Sprint(i), func(in *s3api.PutObjectRequest) { in.IfNoneMatch = new("*") })
		switch {
		case err == nil:
			won.Add(1)
		case isError(err, "PreconditionFailed"):
			lost.Add(1)
		default:
			t.Error(err)
		}
	})
	b.same("winners and losers", []int32{won.Load(), lost.Load()}, []int32{1, 15})
	b.same("blobs", b.blobs(), 1)
}

func TestReadersSeeWholeObjectsOnly(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	texts := map[string]bool{}
	var list []string
	for _, letter := range []string{"a", "b", "c", "d"} {
		text := strings.Repeat(letter, 600<<10)
		texts[text], list = true, append(list, text)
	}
	b.put("logs", "k", list[0])
	together(8, func(i int) {
		for n := range 10 {
			if i%2 == 0 {
				if _, err := b.tryPut(b.ctx, "logs", "k", list[(i+n)%4]); err != nil {
					t.Error(err)
				}
				continue
			}
			_, text, err := b.tryGet(b.ctx, "logs", "k")
			if err != nil || !texts[text] {
				t.Errorf("read %d bytes of no object: %v", len(text), err)
			}
		}
	})
	b.same("blobs", b.blobs(), 1)
}

func TestVersionsOfManyWritersAreAllKept(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	ids := make([]string, 24)
	together(len(ids), func(i int) {
		out, err := b.tryPut(b.ctx, "logs", "k", fmt.Sprint("text ", i))
		if err != nil {
			t.Error(err)
			return
		}
		ids[i] = *out.VersionId
	})
	for i, id := range ids {
		b.reads("logs", "k", fmt.Sprint("text ", i), version1(&id))
	}
	all, err := b.ListObjectVersions(b.ctx, &s3api.ListObjectVersionsRequest{Bucket: "logs"})
	b.ok(err)
	latest := 0
	for _, v := range all.Versions {
		if *v.IsLatest {
			latest++
		}
	}
	b.same("versions and latest", []int{len(all.Versions), latest}, []int{24, 1})
}

func TestPartsComeAtOnce(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	m := b.begin()
	parts := make([]s3api.CompletedPart, 6)
	together(len(parts), func(i int) {
		out, err := m.try(int32(i+1), large+fmt.Sprint(i), "")
		if err != nil {
			t.Error(err)
			return
		}
		parts[i] = s3api.CompletedPart{PartNumber: new(int32(i + 1)), ETag: out.ETag}
	})
	m.parts = parts
	for i := range parts {
		m.text += large + fmt.Sprint(i)
	}
	var won atomic.Int32
	together(4, func(int) {
		if _, err := m.finish(); err == nil {
			won.Add(1)
		} else if !isError(err, "NoSuchUpload") {
			t.Error(err)
		}
	})
	b.same("completions", won.Load(), 1)
	b.reads("logs", "k", m.text)
}

func TestABucketGoesOnce(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	var gone atomic.Int32
	together(8, func(i int) {
		if i%2 == 0 {
			_, err := b.DeleteBucket(b.ctx, &s3api.DeleteBucketRequest{Bucket: "logs"})
			if err == nil {
				gone.Add(1)
			} else if !isError(err, "NoSuchBucket") && !isError(err, "BucketNotEmpty") {
				t.Error(err)
			}
			return
		}
		if _, err := b.tryPut(b.ctx, "logs", fmt.Sprint(i), "x"); err != nil && !isError(err, "NoSuchBucket") {
			t.Error(err)
		}
	})
	if gone.Load() > 1 {
		t.Errorf("the bucket went %d times", gone.Load())
	}
	if gone.Load() == 1 {
		b.same("blobs", b.blobs(), 0)
	}
}

func TestObjectsSurviveARestart(t *testing.T) {
	dir, root := t.TempDir(), seal.NewEphemeral()
	open := func() storage.Store {
		store, err := bolt.Open(dir, bolt.Options{Durability: bolt.Process})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	store := open()
	b := newBenchOver(t, store, root)
	b.bucket("logs")
	big := strings.Repeat("0123456789", 1<<20)
	b.put("logs", "s3", big)
	b.put("logs", "c", "text", putWith("a"))
	m := b.begin()
	m.part(1, large, "")
	b.ok(store.Close())

	store = open()
	again := newBenchOver(t, store, root)
	again.keys = b.keys
	again.reads("logs", "s3", big)
	again.reads("logs", "s3", big[5_000_000:5_000_010], func(in *s3api.GetObjectRequest) { in.Range = new("bytes=5000000-5000009") })
	again.reads("logs", "c", "text", getWith("a"))
	m.bench = again
	m.part(2, "end", "")
	_, err := m.finish()
	again.ok(err)
	again.reads("logs", "k", m.text)
	again.ok(errors.Join(store.Check(context.Background()), store.Close()))
}
