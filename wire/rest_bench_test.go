package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/clock"
)

// sink is an S3 that keeps nothing and gives zeros. It notes how much memory
// the process held in the middle of a body.
type sink struct {
	s3api.API
	length int64
	held   atomic.Uint64
}

func (s *sink) PutObject(_ context.Context, in *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error) {
	if _, err := io.CopyN(io.Discard, in.Body, *in.ContentLength/2); err != nil {
		return nil, err
	}
	s.note()
	_, err := io.Copy(io.Discard, in.Body)
	return &s3api.PutObjectOutput{ETag: at(`"e"`)}, err
}

func (s *sink) GetObject(context.Context, *s3api.GetObjectRequest) (*s3api.GetObjectOutput, error) {
	return &s3api.GetObjectOutput{Body: io.NopCloser(&zeros{left: s.length, half: s.note}), ContentLength: &s.length, ETag: at(`"e"`)}, nil
}

func (s *sink) note() {
	if s.length <= 1<<20 {
		return // a benchmark
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	s.held.Store(m.HeapAlloc)
}

// zeros is a reader of so many zeros, which calls half in the middle.
type zeros struct {
	left, read int64
	half       func()
}

func (z *zeros) Read(p []byte) (int, error) {
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left, z.read = z.left-int64(n), z.read+int64(n)
	if z.read >= z.left && z.half != nil {
		z.half()
		z.half = nil
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// newSink serves a sink of objects of a length.
func newSink(t testing.TB, length int64) (*sink, *httptest.Server) {
	s := &sink{length: length}
	w := newS3World(func(c *Config) {
		c.Doors = []api.Door{&api.Endpoint[s3api.API]{Service: s3api.Service, Impl: s}}
	})
	return s, w.server(t)
}

// signedRequest is a request to S3 whose body has the hash; headers come as
// names and values in turn.
func signedRequest(t testing.TB, method, url, hash string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Content-Sha256", hash)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	err = signer.SignHTTP(t.Context(), aws.Credentials{AccessKeyID: keyID, SecretAccessKey: keySecret}, r, hash, "s3", "eu-west-1", clock.Real().Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// exchange sends a request with so many zeros and drops the answer's body.
func exchange(t testing.TB, r *http.Request, length int64) {
	if length > 0 {
		r.Body, r.ContentLength = io.NopCloser(&zeros{left: length}), length
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != 200 {
		t.Fatal(answer.StatusCode, err)
	}
}

func hashOfZeros(n int64) string {
	h := sha256.New()
	_, _ = io.Copy(h, &zeros{left: n})
	return hex.EncodeToString(h.Sum(nil))
}

func TestLargeBodiesPassThroughLittleMemory(t *testing.T) {
	const length = 128 << 20
	s, server := newSink(t, length)
	for name, send := range map[string]func(){
		"up":   func() { exchange(t, signedRequest(t, "PUT", server.URL+"/b/k", hashOfZeros(length)), length) },
		"down": func() { exchange(t, signedRequest(t, "GET", server.URL+"/b/k", hashOfZeros(0)), 0) },
	} {
		s.held.Store(0)
		send()
		if held := s.held.Load(); held == 0 || held > 24<<20 {
			t.Errorf("%s: %d bytes held for a body of %d", name, held, length)
		}
	}
}

func BenchmarkPutObject1MiB(b *testing.B) {
	for name, hash := range map[string]string{"signed": hashOfZeros(1 << 20), "unsigned payload": "UNSIGNED-PAYLOAD"} {
		b.Run(name, func(b *testing.B) {
			_, server := newSink(b, 1<<20)
			r := signedRequest(b, "PUT", server.URL+"/b/k", hash)
			b.SetBytes(1 << 20)
			b.ReportAllocs()
			for b.Loop() {
				exchange(b, r, 1<<20)
			}
		})
	}
}

func BenchmarkGetObject1MiB(b *testing.B) {
	_, server := newSink(b, 1<<20)
	r := signedRequest(b, "GET", server.URL+"/b/k", hashOfZeros(0))
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, r, 0)
	}
}

// BenchmarkSmallGetObject is what the edge costs by itself.
func BenchmarkSmallGetObject(b *testing.B) {
	s := &sink{length: 0}
	w := newS3World(func(c *Config) {
		c.Doors = []api.Door{&api.Endpoint[s3api.API]{Service: s3api.Service, Impl: s}}
	})
	r := signedRequest(b, "GET", "http://localhost/b/k", hashOfZeros(0))
	r.RequestURI, r.Body = "/b/k", http.NoBody
	b.ReportAllocs()
	for b.Loop() {
		recorder := httptest.NewRecorder()
		w.ServeHTTP(recorder, r)
		if recorder.Code != 200 {
			b.Fatal(recorder.Code, recorder.Body)
		}
	}
}
