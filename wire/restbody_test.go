package wire

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sealstack/api/s3api"
)

// sendSigned sends a request with a body and returns status and body of the
// answer.
func sendSigned(t *testing.T, r *http.Request, body string) (int, string) {
	t.Helper()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestABodyWithAnotherHashIsRefused(t *testing.T) {
	w := newS3World()
	s := w.server(t)
	for _, target := range []string{"PUT /b/k", "PUT /b?tagging", "GET /b/k"} {
		method, path, _ := strings.Cut(target, " ")
		status, body := sendSigned(t, signedRequest(t, method, s.URL+path, hashOfZeros(5)), "hello")
		if status != 400 || code(body) != "XAmzContentSHA256Mismatch" || !strings.Contains(body, "<ClientComputedContentSHA256>"+hashOfZeros(5)) {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
	if len(w.s3.objects) > 0 {
		t.Error(w.s3.objects)
	}
}

// inChunks frames a body as aws-chunked, with a checksum behind it.
func inChunks(body, name, sum string) string {
	return strconv.FormatInt(int64(len(body)), 16) + "\r\n" + body + "\r\n0\r\n" + name + ":" + sum + "\r\n\r\n"
}

func TestChunkedBodiesBringTheirTrailers(t *testing.T) {
	const mode, name = "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32c"
	w := newS3World()
	s := w.server(t)
	headers := func(body string) []string {
		return []string{"X-Amz-Trailer", name, "X-Amz-Decoded-Content-Length", strconv.Itoa(len(body)), "Content-Encoding", "gzip,aws-chunked"}
	}
	status, answer := sendSigned(t, signedRequest(t, "PUT", s.URL+"/b/k", mode, headers("hello")...), inChunks("hello", name, sumOf("Crc32c", "hello")))
	in, _ := w.s3.last.(*s3api.PutObjectRequest)
	if status != 200 || string(w.s3.objects["b/k"]) != "hello" || w.s3.trailer.Get(name) != sumOf("Crc32c", "hello") {
		t.Fatal(status, answer, w.s3.trailer)
	}
	if *in.ContentLength != 5 || *in.ContentEncoding != "gzip" || !slices.Equal(in.Body.(*upload).Announced(), []string{name}) {
		t.Errorf("%d %s %v", *in.ContentLength, *in.ContentEncoding, in.Body)
	}
	for sum, want := range map[string]int{sumOf("Crc32c", tagging): 200, sumOf("Crc32c", "x"): 400} {
		status, answer = sendSigned(t, signedRequest(t, "PUT", s.URL+"/b?tagging", mode, headers(tagging)...), inChunks(tagging, name, sum))
		if status != want || want == 400 && code(answer) != "BadDigest" {
			t.Error(status, answer)
		}
	}
	status, answer = sendSigned(t, signedRequest(t, "PUT", s.URL+"/b/bad", mode, headers("hello")...), "5\r\nhello\r\n0\r\n\r\n")
	if status != 400 || code(answer) != "MalformedTrailerError" || w.s3.objects["b/bad"] != nil {
		t.Error(status, answer)
	}
}
