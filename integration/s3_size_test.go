//go:build walk

package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sealstack/auth/sigv4"
	"sealstack/clock"
)

const (
	gigabyte = 1 << 30
	// roomToWork is how much more memory than at rest the program may take for
	// an object of any size.
	roomToWork = 64 << 20
)

// noise is an endless content that can't be compressed: blocks of random
// bytes, each marked with its number.
type noise struct {
	block [64 << 10]byte
	next  int64
	ready []byte
}

func newNoise() *noise {
	n := &noise{}
	rand.NewChaCha8([32]byte{1}).Read(n.block[:])
	return n
}

func (n *noise) Read(p []byte) (int, error) {
	if len(n.ready) == 0 {
		copy(n.block[:], strconv.FormatInt(n.next+1<<40, 16))
		n.next++
		n.ready = n.block[:]
	}
	m := copy(p, n.ready)
	n.ready = n.ready[m:]
	return m, nil
}

// isNoise reads a content and holds it against size bytes of the same noise.
func isNoise(r io.Reader, size int64) error {
	want := newNoise()
	got, expected := make([]byte, 64<<10), make([]byte, 64<<10)
	for total := int64(0); ; {
		n, err := io.ReadFull(r, got)
		if total += int64(n); n > 0 {
			io.ReadFull(want, expected[:n])
			if !bytes.Equal(got[:n], expected[:n]) {
				return fmt.Errorf("the content differs before byte %d", total)
			}
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			if total != size {
				return fmt.Errorf("%d bytes came of %d", total, size)
			}
			return nil
		case err != nil:
			return err
		}
	}
}

// store is the program with a bucket, and what it takes of the machine.
type store struct {
	*testing.T
	*program
	dir  string
	idle int64 // resident memory at rest, in bytes
}

func startStore(t *testing.T) *store {
	s := &store{T: t, dir: t.TempDir()}
	s.program = mustStart(t, s.dir)
	s.call("PUT", "/big", strings.NewReader(`<CreateBucketConfiguration><LocationConstraint>`+region+`</LocationConstraint></CreateBucketConfiguration>`), -1).Body.Close()
	s.call("PUT", "/big/small", io.LimitReader(newNoise(), 1<<20), 1<<20).Body.Close()
	s.call("DELETE", "/big/small", nil, 0).Body.Close()
	s.idle = s.memory("VmRSS")
	return s
}

// call sends a signed request whose body is not covered, and wants success. A
// size of -1 is that of the reader.
func (s *store) call(method, path string, body io.Reader, size int64) *http.Response {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, body)
	if err != nil {
		s.Fatal(err)
	}
	if size >= 0 {
		r.ContentLength = size
	}
	signer := sigv4.Signer{AccessKeyID: "test", Secret: "test", Region: region, Service: "s3", Rules: sigv4.S3}
	r.Header.Set("X-Amz-Content-Sha256", sigv4.UnsignedPayload)
	signer.Sign(r, sigv4.UnsignedPayload, clock.Real().Now())
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		text, _ := io.ReadAll(resp.Body)
		s.Fatalf("%s %s: %s %s", method, path, resp.Status, text)
	}
	return resp
}

// memory is a figure of the program in /proc, in bytes.
func (s *store) memory(figure string) int64 {
	s.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), figure+":")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		s.Fatal(err)
	}
	return kilobytes << 10
}

// frugal runs something and holds the program's peak meanwhile against what it
// takes at rest.
func (s *store) frugal(what string, do func()) {
	s.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0); err != nil {
		s.Fatal(err) // 5 resets the peak: proc(5)
	}
	begin := clock.Real().Now()
	do()
	took := clock.Real().Now().Sub(begin)
	more := s.memory("VmHWM") - s.idle
	s.Logf("%s: %s, %.0f MB/s, %d MiB above the %d MiB at rest", what, took.Round(time.Millisecond), gigabyte/took.Seconds()/1e6, more>>20, s.idle>>20)
	if more > roomToWork {
		s.Errorf("%s takes %d MiB more than at rest", what, more>>20)
	}
}

// onDisk is how many bytes the files of the data directory have.
func (s *store) onDisk() (n int64) {
	s.Helper()
	err := filepath.WalkDir(s.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // swept meanwhile
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return n
}

func (s *store) putWhole() {
	s.call("PUT", "/big/object", io.LimitReader(newNoise(), gigabyte), gigabyte).Body.Close()
}

// putParts uploads the same content in parts, one after the other.
func (s *store) putParts() {
	resp := s.call("POST", "/big/object?uploads", nil, 0)
	text, _ := io.ReadAll(resp.Body)
	_, rest, _ := strings.Cut(string(text), "<UploadId>")
	id, _, _ := strings.Cut(rest, "<")
	content, list := newNoise(), "<CompleteMultipartUpload>"
	const size = gigabyte / 8
	for n := 1; n <= 8; n++ {
		resp := s.call("PUT", fmt.Sprintf("/big/object?partNumber=%d&uploadId=%s", n, id), io.LimitReader(content, size), size)
		resp.Body.Close()
		list += fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", n, resp.Header.Get("ETag"))
	}
	s.call("POST", "/big/object?uploadId="+id, strings.NewReader(list+"</CompleteMultipartUpload>"), -1).Body.Close()
}

func (s *store) get() {
	resp := s.call("GET", "/big/object", nil, 0)
	defer resp.Body.Close()
	if err := isNoise(resp.Body, gigabyte); err != nil {
		s.Error(err)
	}
}

// TestWalkOneGigabyteInLittleMemoryAndRoom sends 1 GiB up and down, whole and
// in parts, and again after it was deleted.
func TestWalkOneGigabyteInLittleMemoryAndRoom(t *testing.T) {
	s := startStore(t)
	empty := s.onDisk()
	s.frugal("PutObject", s.putWhole)
	s.frugal("GetObject", s.get)
	s.frugal("a multipart upload over it", s.putParts)
	s.frugal("GetObject of it", s.get)
	s.deleted(empty)
	s.frugal("PutObject once more", s.putWhole)
	s.deleted(empty)
}

// deleted deletes the object and waits until its room has been given back.
func (s *store) deleted(empty int64) {
	s.Helper()
	s.Logf("%d MiB on disk", s.onDisk()>>20)
	s.call("DELETE", "/big/object", nil, 0).Body.Close()
	left := s.onDisk() - empty
	for end := clock.Real().Now().Add(20 * time.Second); left > 128<<20 && clock.Real().Now().Before(end); left = s.onDisk() - empty {
		time.Sleep(100 * time.Millisecond) // the program sweeps by its own clock
	}
	if left > 128<<20 {
		s.Errorf("%d MiB are left of a deleted object", left>>20)
	}
}
