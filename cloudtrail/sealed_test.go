package cloudtrail

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/storage"
	"sealstack/storage/bolt"
)

// onDisk is a bench over a data directory, and the directory.
func onDisk(t *testing.T) (*bench, string) {
	dir := t.TempDir()
	store, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newBench(t, func(c *Config) { c.Store = store }), dir
}

// holds says whether a file below a directory has a text in it.
func holds(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheDataDirectoryShowsNothingOfARecord(t *testing.T) {
	b, dir := onDisk(t)
	const trace = "WHO-CALLED-WITH-WHAT-0123456789"
	b.ctx = as(userOf(account, trace))
	_, err := b.kms.Encrypt(b.ctx, &kmsapi.EncryptRequest{
		KeyId: key, Plaintext: []byte("x"), EncryptionContext: map[string]string{"purpose": trace},
	})
	b.ok(err)
	b.ok(b.queue.flush(context.Background()))
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	if len(out.Events) == 0 || !bytes.Contains([]byte(*out.Events[0].CloudTrailEvent), []byte(trace)) {
		t.Fatal("the history does not show the call")
	}
	for _, text := range []string{trace, *out.Events[0].EventId, "arn:aws:iam::" + account, "kms.amazonaws.com"} {
		if holds(t, dir, text) {
			t.Errorf("a file holds %q in clear", text)
		}
	}
	if !holds(t, dir, account) {
		t.Error("no file holds the account, which is part of a key: the search finds nothing")
	}
}

func TestABodyOpensOnlyInItsPlace(t *testing.T) {
	b := newBench(t)
	b.call(1)
	b.ok(b.queue.flush(context.Background()))
	var first storage.Key
	b.ok(b.store.Update(b.ctx, func(_ context.Context, tx storage.Tx) error {
		for row, err := range bodies.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			first = row.Key
		}
		if list, err := b.eventsAt(tx, first); err != nil || len(list) != 1 {
			t.Fatalf("%d events, %v", len(list), err)
		}
		body, err := bodies.Get(tx, first)
		if err != nil {
			return err
		}
		elsewhere := storage.K(account, region, uint64(7))
		if err := bodies.Put(tx, elsewhere, body); err != nil {
			return err
		}
		if _, err := b.eventsAt(tx, elsewhere); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("a body that was moved: %v", err)
		}
		body[len(body)-1] ^= 1
		if err := bodies.Put(tx, elsewhere, body); err != nil {
			return err
		}
		_, err = b.eventsAt(tx, elsewhere)
		if !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("a body that was altered: %v", err)
		}
		return bodies.Delete(tx, elsewhere)
	}))
}

// BenchmarkWrite is the writer's share of a record: batches of 2048.
func BenchmarkWrite(bench *testing.B) {
	b := newBench(bench)
	var batch []item
	for i := range maxBatch {
		r := &record{
			Version: eventVersion, Source: "kms.amazonaws.com", Name: "Encrypt", Region: region, EventID: newID(), Recipient: account,
			RequestID: newID(), Management: true, UserAgent: "aws-cli/2.0", User: identity{Account: account},
		}
		batch = append(batch, item{record: r, sequence: uint64(i + 1), roster: b.roster.Load()})
	}
	bench.ReportAllocs()
	for bench.Loop() {
		if _, err := b.pack(context.Background(), batch); err != nil {
			bench.Fatal(err)
		}
	}
	bench.ReportMetric(float64(bench.Elapsed().Nanoseconds())/float64(bench.N)/maxBatch, "ns/record")
}
