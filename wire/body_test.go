package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"sealstack/api"
)

// brokenBody gives its text and then its error.
type brokenBody struct {
	text io.Reader
	err  error
}

func (b brokenBody) Read(p []byte) (int, error) {
	if n, err := b.text.Read(p); err == nil {
		return n, nil
	}
	return 0, b.err
}

func TestBodiesAreReadUpToTheirLimit(t *testing.T) {
	for _, test := range []struct {
		body   io.Reader
		length int64
		status int // 0: no error
	}{
		{strings.NewReader(""), 0, 0},
		{strings.NewReader("12345678"), 8, 0},
		{strings.NewReader("12345678"), -1, 0},
		{strings.NewReader("123456789"), -1, 413},
		{strings.NewReader(""), 9, 413},
		{brokenBody{strings.NewReader("1234"), io.ErrUnexpectedEOF}, 8, 400},
		{brokenBody{strings.NewReader("1234"), os.ErrDeadlineExceeded}, 8, 408},
	} {
		r := httptest.NewRequest("POST", "/", test.body)
		r.ContentLength = test.length
		w := httptest.NewRecorder()
		body, err := readBody(w, r, 8)
		known, _ := errors.AsType[*api.Error](err)
		switch {
		case test.status == 0 && (err != nil || body == nil || int64(len(body)) > 8):
			t.Errorf("%+v: %q %v", test, body, err)
		case test.status != 0 && (known == nil || known.Status != test.status || w.Header().Get("Connection") != "close"):
			t.Errorf("%+v: %v %v", test, err, w.Header())
		}
	}
}

func TestWhatInflatesBeyondTheLimitIsRefused(t *testing.T) {
	bomb := gzipped(strings.Repeat("\x00", 1<<20))
	for limit, large := range map[int64]bool{1 << 20: false, 1<<20 - 1: true, 10: true} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Encoding", "gzip")
		out, err := inflate(httptest.NewRecorder(), r, []byte(bomb), limit)
		known, _ := errors.AsType[*api.Error](err)
		if large && (known == nil || known.Status != 413) || !large && (err != nil || len(out) != 1<<20) {
			t.Errorf("limit %d: %d bytes, %v", limit, len(out), err)
		}
	}
}

func TestSeveralGzipMembersAreOneBody(t *testing.T) {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Content-Encoding", "gzip")
	out, err := inflate(httptest.NewRecorder(), r, []byte(gzipped("a")+gzipped("b")), 10)
	if err != nil || !bytes.Equal(out, []byte("ab")) {
		t.Error(string(out), err)
	}
	if _, err := inflate(httptest.NewRecorder(), r, []byte(gzipped("a")+"junk"), 10); err == nil {
		t.Error("junk behind the data was taken")
	}
}
