package s3sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"sealstack/api/s3api"
	"sealstack/s3sim/body"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// tampered is a store whose blobs somebody has been at.
type tampered struct {
	storage.Store
	changed map[storage.BlobID][]byte
}

type tamperedBlobs struct {
	storage.Blobs
	changed map[storage.BlobID][]byte
}

type changedBlob struct{ *bytes.Reader }

func (changedBlob) Close() error { return nil }

func (t *tampered) Blobs() storage.Blobs { return tamperedBlobs{t.Store.Blobs(), t.changed} }

func (t tamperedBlobs) Open(ctx context.Context, id storage.BlobID) (storage.Blob, error) {
	if data, ok := t.changed[id]; ok {
		return changedBlob{bytes.NewReader(data)}, nil
	}
	return t.Blobs.Open(ctx, id)
}

// lab is a bucket with objects under attack. Every object is in all sealings.
type lab struct {
	*bench
	store *tampered
	place *bucket
}

func newLab(t *testing.T) *lab {
	store := &tampered{memory.New(), map[storage.BlobID][]byte{}}
	l := &lab{bench: newBenchOver(t, store, seal.NewEphemeral()), store: store}
	t.Cleanup(func() { l.ok(store.Close()) })
	l.bucket("logs")
	l.versioning("logs", "Enabled")
	var err error
	l.place, err = l.service.find(l.ctx, "logs", nil)
	l.ok(err)
	return l
}

// record reads the records of the current version of a key, or of the one
// before it.
func (l *lab) record(key string, older int) (v version, c content) {
	l.t.Helper()
	l.ok(l.service.view(l.ctx, func(tx storage.Tx) (err error) {
		n := 0
		for e, err := range versions.Scan(tx, storage.Range{Prefix: l.place.at(key)}) {
			if err != nil {
				return err
			}
			if v = e.Value; n == older {
				break
			}
			n++
		}
		c, err = contents.Get(tx, l.place.version(key, v.Order))
		return err
	}))
	return v, c
}

// rewriteRecords overwrites the records of the current version.
func (l *lab) rewriteRecords(v version, c content) {
	l.t.Helper()
	l.ok(l.service.update(l.ctx, func(tx storage.Tx) error {
		if err := contents.Put(tx, l.place.version(v.Key, v.Order), c); err != nil {
			return err
		}
		return versions.Put(tx, l.place.version(v.Key, v.Order), v)
	}))
}

// sealed returns the stored bytes of a piece.
func (l *lab) sealed(p piece) []byte {
	l.t.Helper()
	data, err := l.store.Store.Blobs().Read(l.ctx, p.Blobs[0])
	l.ok(err)
	return data
}

// survives reads an object: what comes must be the beginning of what was
// written, and then an error, whether the whole is asked for or a range.
func (l *lab) survives(attack, key, text string, change getOption) {
	l.t.Helper()
	for _, ranged := range []*string{nil, new("bytes=0-"), new("bytes=-100")} {
		in := &s3api.GetObjectRequest{Bucket: "logs", Key: key, Range: ranged}
		change(in)
		out, err := l.GetObject(l.ctx, in)
		if err != nil {
			continue
		}
		got, err := io.ReadAll(out.Body)
		out.Body.Close()
		want := text
		if value(ranged) == "bytes=-100" {
			want = text[len(text)-100:]
		}
		whole := ranged == nil || *ranged == "bytes=0-"
		if !strings.HasPrefix(want, string(got)) || err == nil && (whole || string(got) != want) {
			l.t.Errorf("%s: %d bytes of %d came, %v", attack, len(got), len(want), err)
		}
	}
}

var labSealings = []struct {
	name string
	put  putOption
	get  getOption
	tags int // bytes of the tags of a chunk
}{
	{"SSE-S3", func(*s3api.PutObjectRequest) {}, func(*s3api.GetObjectRequest) {}, 16},
	{"SSE-KMS", withKMS(keyARN), func(*s3api.GetObjectRequest) {}, 16},
	{"bucket key", func(in *s3api.PutObjectRequest) { withKMS(keyARN)(in); in.BucketKeyEnabled = new(true) }, func(*s3api.GetObjectRequest) {}, 16},
	{"DSSE-KMS", func(in *s3api.PutObjectRequest) { in.ServerSideEncryption, in.SSEKMSKeyId = new(sseDual), new(keyARN) }, func(*s3api.GetObjectRequest) {}, 32},
	{"SSE-C", putWith("a"), getWith("a"), 16},
}

func TestStoredChunksCantBeChanged(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 3*body.ChunkSize/16) + "the end" // three chunks and a bit
	for _, s := range labSealings {
		l := newLab(t)
		chunk := body.ChunkSize + s.tags
		l.put("logs", "k", text, s.put) // the version before, of the same content
		l.put("logs", "k", text, s.put)
		l.put("logs", "other", text, s.put)
		v, c := l.record("k", 0)
		_, before := l.record("k", 1)
		_, other := l.record("other", 0)
		data := l.sealed(c.Pieces[0])
		cut := func(from, to int) []byte { return data[from*chunk : to*chunk] }
		end := data[3*chunk:]
		flip := func(at int) []byte { d := slices.Clone(data); d[at] ^= 4; return d }
		for attack, bad := range map[string][]byte{
			"first byte flipped":            flip(0),
			"a tag flipped":                 flip(chunk - 1),
			"a byte of the middle flipped":  flip(chunk + 1000),
			"the last byte flipped":         flip(len(data) - 1),
			"one byte cut off":              data[:len(data)-1],
			"cut at a chunk's end":          cut(0, 3),
			"cut to nothing":                {},
			"two chunks swapped":            slices.Concat(cut(1, 2), cut(0, 1), cut(2, 3), end),
			"the last swapped in":           slices.Concat(cut(0, 1), end, cut(2, 3), end),
			"a chunk repeated":              slices.Concat(cut(0, 1), cut(0, 1), cut(2, 3), end),
			"a chunk left out":              slices.Concat(cut(0, 1), cut(2, 3), end),
			"all of another object":         l.sealed(other.Pieces[0]),
			"a chunk of another object":     slices.Concat(l.sealed(other.Pieces[0])[:chunk], data[chunk:]),
			"all of another version":        l.sealed(before.Pieces[0]),
			"a chunk of the version before": slices.Concat(data[:chunk], l.sealed(before.Pieces[0])[chunk:2*chunk], data[2*chunk:]),
			"the end of the version before": slices.Concat(data[:3*chunk], l.sealed(before.Pieces[0])[3*chunk:]),
			"zeros":                         make([]byte, len(data)),
		} {
			l.store.changed[c.Pieces[0].Blobs[0]] = bad
			l.survives(s.name+": "+attack, "k", text, s.get)
		}
		clear(l.store.changed)
		l.reads("logs", "k", text, s.get)
		l.attackRecords(s.name, text, s.get, v, c, before, other)
		l.rewriteRecords(v, c)
		l.reads("logs", "k", text, s.get)
	}
}

// attackRecords changes what is written beside the chunks.
func (l *lab) attackRecords(name, text string, get getOption, v version, c, before, other content) {
	l.t.Helper()
	shorter, shortPiece := v, c.Pieces[0]
	shorter.Size, shortPiece.Size = 3*body.ChunkSize, 3*body.ChunkSize
	less := v
	less.Size--
	for attack, r := range map[string]struct {
		v version
		c content
	}{
		"the record of another object":  {v, other},
		"the record of another version": {v, before},
		"without its seal":              {v, content{Pieces: c.Pieces}},
		"cut at a chunk's end":          {shorter, content{Pieces: []piece{shortPiece}, Bound: c.Bound}},
		"shown as shorter":              {less, c},
		"no pieces":                     {v, content{Bound: c.Bound}},
		"twice":                         {v, content{Pieces: []piece{c.Pieces[0], c.Pieces[0]}, Bound: c.Bound}},
	} {
		l.rewriteRecords(r.v, r.c)
		l.survives(name+": "+attack, "k", text, get)
	}
}

func TestPartsKeepTheirPlaces(t *testing.T) {
	texts := []string{strings.Repeat("a", minPart), strings.Repeat("b", minPart), "the end, more than a hundred bytes from here " + strings.Repeat(".", 100)}
	text := strings.Join(texts, "")
	for _, s := range labSealings {
		l := newLab(t)
		l.multipart(s.put, texts)
		v, c := l.record("k", 0)
		p := c.Pieces
		if len(p) != 3 {
			t.Fatalf("%d pieces", len(p))
		}
		l.reads("logs", "k", text, s.get)
		for attack, pieces := range map[string][]piece{
			"swapped":  {p[1], p[0], p[2]},
			"left out": {p[0], p[2]},
			"the last": {p[0], p[1]},
			"repeated": {p[0], p[0], p[2]},
			"doubled":  {p[0], p[1], p[1], p[2]},
			"alone":    {p[0]},
			"none":     nil,
		} {
			bad := v
			for _, bound := range [][]byte{c.Bound, nil} {
				for _, bad.Size = range []int64{v.Size, (&content{Pieces: pieces}).size()} {
					l.rewriteRecords(bad, content{Pieces: pieces, Bound: bound})
					l.survives(s.name+": "+attack, "k", text, s.get)
				}
			}
		}
		l.rewriteRecords(v, c)
		l.store.changed[p[0].Blobs[0]] = l.sealed(p[1])
		l.survives(s.name+": the bytes of another part", "k", text, s.get)
	}
}

// multipart uploads the parts of k with a sealing; the first is sent twice, and
// what it was the first time is gone.
func (l *lab) multipart(change putOption, texts []string) {
	l.t.Helper()
	how := &s3api.PutObjectRequest{}
	change(how)
	up, err := l.CreateMultipartUpload(l.ctx, &s3api.CreateMultipartUploadRequest{
		Bucket: "logs", Key: "k", ServerSideEncryption: how.ServerSideEncryption, SSEKMSKeyId: how.SSEKMSKeyId, BucketKeyEnabled: how.BucketKeyEnabled,
		SSECustomerAlgorithm: how.SSECustomerAlgorithm, SSECustomerKey: how.SSECustomerKey, SSECustomerKeyMD5: how.SSECustomerKeyMD5,
	})
	l.ok(err)
	var list []s3api.CompletedPart
	for i, text := range append([]string{strings.Repeat("x", minPart)}, texts...) {
		number := int32(max(i, 1))
		out, err := l.UploadPart(l.ctx, &s3api.UploadPartRequest{
			Bucket: "logs", Key: "k", UploadId: *up.UploadId, PartNumber: number, Body: bodyOf(text),
			SSECustomerAlgorithm: how.SSECustomerAlgorithm, SSECustomerKey: how.SSECustomerKey, SSECustomerKeyMD5: how.SSECustomerKeyMD5,
		})
		l.ok(err)
		if i > 0 {
			list = append(list, s3api.CompletedPart{PartNumber: &number, ETag: out.ETag})
		}
	}
	_, err = l.CompleteMultipartUpload(l.ctx, &s3api.CompleteMultipartUploadRequest{Bucket: "logs", Key: "k", UploadId: *up.UploadId, MultipartUpload: &s3api.CompletedMultipartUpload{Parts: list}})
	l.ok(err)
}

func TestDamageIsAFaultAndNoRefusal(t *testing.T) {
	l := newLab(t)
	l.put("logs", "k", "text")
	_, c := l.record("k", 0)
	l.store.changed[c.Pieces[0].Blobs[0]] = []byte("nothing that was ever sealed")
	if _, _, err := l.tryGet(l.ctx, "logs", "k"); !errors.Is(err, body.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	_, err := l.CopyObject(l.ctx, &s3api.CopyObjectRequest{Bucket: "logs", Key: "copy", CopySource: "logs/k"})
	if !errors.Is(err, body.ErrDamaged) || fmt.Sprint(l.names("logs")) != "k" {
		t.Errorf("a copy of it: %v, %s", err, l.names("logs"))
	}
}
