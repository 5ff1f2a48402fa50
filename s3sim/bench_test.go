package s3sim

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"sealstack/api/s3api"
	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// engines are the stores that the benchmarks run over.
func engines(b *testing.B, fn func(b *testing.B, s *bench)) {
	for name, open := range map[string]func() (storage.Store, error){
		"memory": func() (storage.Store, error) { return memory.New(), nil },
		"bolt":   func() (storage.Store, error) { return bolt.Open(b.TempDir(), bolt.Options{Durability: bolt.Process}) },
	} {
		b.Run(name, func(b *testing.B) {
			store, err := open()
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			s := newBenchOver(b, store, seal.NewEphemeral())
			s.bucket("logs")
			fn(b, s)
		})
	}
}

func BenchmarkPutAndGet(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20, 64 << 20} {
		data := make([]byte, size)
		engines(b, func(b *testing.B, s *bench) {
			for name, change := range map[string]putOption{"s3": func(*s3api.PutObjectRequest) {}, "kms": withKMS(keyARN)} {
				in := &s3api.PutObjectRequest{Bucket: "logs", Key: "k"}
				change(in)
				b.Run(fmt.Sprintf("put/%s/%d", name, size), func(b *testing.B) {
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for b.Loop() {
						in.Body = io.NopCloser(bytes.NewReader(data))
						if _, err := s.PutObject(s.ctx, in); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run(fmt.Sprintf("get/%s/%d", name, size), func(b *testing.B) {
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for b.Loop() {
						out, err := s.GetObject(s.ctx, &s3api.GetObjectRequest{Bucket: "logs", Key: "k"})
						if err != nil {
							b.Fatal(err)
						}
						io.Copy(io.Discard, out.Body)
						out.Body.Close()
					}
				})
			}
		})
	}
}

func BenchmarkList(b *testing.B) {
	s := newBench(b)
	s.bucket("logs")
	for i := range 10000 {
		s.put("logs", fmt.Sprintf("%03d/%d", i/100, i), "x")
	}
	for name, in := range map[string]*s3api.ListObjectsV2Request{
		"1000 keys":    {Bucket: "logs"},
		"100 prefixes": {Bucket: "logs", Delimiter: new("/")},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.ListObjectsV2(s.ctx, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
