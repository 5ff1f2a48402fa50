package sigv4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// The examples of the S3 API Reference, "Signature Calculations for the
// Authorization Header" (single chunk, multiple chunks, trailing headers) and
// "Authenticating Requests: Using Query Parameters".
var (
	may24    = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	s3Signer = &Signer{
		AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		Region: "us-east-1", Service: "s3", Rules: S3,
	}
)

func s3Request(t *testing.T, method, url string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return r
}

var s3Examples = []struct {
	name, method, url, payload, signature string
	header                                []string
}{
	{"get object", "GET", "https://examplebucket.s3.amazonaws.com/test.txt", EmptyPayload,
		"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", []string{"Range: bytes=0-9"}},
	{"put object", "PUT", "https://examplebucket.s3.amazonaws.com/test$file.text", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
		"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", []string{"Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class: REDUCED_REDUNDANCY"}},
	{"get lifecycle", "GET", "https://examplebucket.s3.amazonaws.com/?lifecycle", EmptyPayload,
		"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", nil},
	{"list objects", "GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", EmptyPayload,
		"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", nil},
	{"chunks", "PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", StreamingSigned,
		"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
		[]string{"x-amz-storage-class: REDUCED_REDUNDANCY", "Content-Encoding: aws-chunked", "x-amz-decoded-content-length: 66560", "Content-Length: 66824"}},
	{"chunks and trailer", "PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", StreamingSignedTrailer,
		"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
		[]string{"x-amz-storage-class: REDUCED_REDUNDANCY", "Content-Encoding: aws-chunked", "x-amz-decoded-content-length: 66560", "x-amz-trailer: x-amz-checksum-crc32c"}},
}

func TestS3ExamplesHaveTheirDocumentedSignatures(t *testing.T) {
	for _, e := range s3Examples {
		t.Run(e.name, func(t *testing.T) {
			r := s3Request(t, e.method, e.url, e.header...)
			s3Signer.Sign(r, e.payload, may24)
			if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, ", Signature="+e.signature) {
				t.Errorf("got %s, want signature %s", got, e.signature)
			}
			a, err := Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			key := DeriveKey(s3Signer.Secret, a.Scope)
			if a.Verify(r, e.payload, S3, &key) != nil {
				t.Error("does not verify")
			}
		})
	}
}

func TestTheS3ExampleOfAPresignedURLHasItsDocumentedSignature(t *testing.T) {
	link := s3Signer.Presign(s3Request(t, "GET", "https://examplebucket.s3.amazonaws.com/test.txt"), UnsignedPayload, may24, 24*time.Hour)
	const want = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
	if link != want {
		t.Errorf("got  %s\nwant %s", link, want)
	}
	a, err := Parse(s3Request(t, "GET", link))
	if err != nil {
		t.Fatal(err)
	}
	if a.Expires != 24*time.Hour || !a.HasExpires || !a.Presigned || !a.Time.Equal(may24) {
		t.Errorf("got %+v", a)
	}
}

// The signatures of the documented uploads: 64 KiB of "a", then 1 KiB.
var (
	plainSignatures = []string{
		"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
	}
	trailingSignatures = []string{
		"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
		"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
		"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
		"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
	}
	content = strings.Repeat("a", 66560)
)

// upload frames the documented content with the signatures.
func upload(signatures []string) string {
	var b strings.Builder
	for i, data := range []string{content[:65536], content[65536:], ""} {
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n%s", len(data), signatures[i], data)
		if data != "" {
			b.WriteString("\r\n")
		}
	}
	if len(signatures) > 3 {
		fmt.Fprintf(&b, "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:%s\r\n", signatures[3])
	}
	return b.String() + "\r\n"
}

// options are those of the documented upload with the payload.
func options(payload string) ChunkOptions {
	o := ChunkOptions{Length: int64(len(content))}
	o.Payload, _ = ParsePayload(payload)
	o.Chain = Chain{Time: may24, Scope: ScopeAt(may24, "us-east-1", "s3"), Previous: s3Examples[4].signature}
	if o.Payload.Trailing {
		o.Trailer, o.Chain.Previous = []string{"x-amz-checksum-crc32c"}, s3Examples[5].signature
	}
	if o.Payload.Signed {
		key := DeriveKey(s3Signer.Secret, o.Chain.Scope)
		o.Chain.Key = &key
	}
	return o
}

func TestTheS3ExamplesOfChunkedUploadsVerify(t *testing.T) {
	for payload, signatures := range map[string][]string{StreamingSigned: plainSignatures, StreamingSignedTrailer: trailingSignatures} {
		body := upload(signatures)
		for name, r := range map[string]io.Reader{
			"at once": strings.NewReader(body), "byte by byte": iotest.OneByteReader(strings.NewReader(body)),
			"data with the end": iotest.DataErrReader(strings.NewReader(body)),
		} {
			c := NewChunkReader(r, options(payload))
			got, err := io.ReadAll(c)
			if err != nil || string(got) != content {
				t.Errorf("%s, %s: got %d bytes, %v", payload, name, len(got), err)
			}
			if crc := c.Trailer().Get("X-Amz-Checksum-Crc32c"); len(signatures) > 3 && crc != "sOO8/Q==" {
				t.Errorf("%s, %s: trailer %v", payload, name, c.Trailer())
			}
		}
	}
}

func TestSigningChunksGivesTheDocumentedSignatures(t *testing.T) {
	for payload, want := range map[string][]string{StreamingSigned: plainSignatures, StreamingSignedTrailer: trailingSignatures} {
		chain := options(payload).Chain
		var got []string
		for _, data := range []string{content[:65536], content[65536:], ""} {
			got = append(got, chain.Sign(chain.NextChunk(sha(data))))
		}
		if len(want) > 3 {
			got = append(got, chain.Sign(chain.NextTrailer([]byte("x-amz-checksum-crc32c:sOO8/Q==\n"))))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
}

func TestEveryChangedByteOfAChunkedUploadIsNoticed(t *testing.T) {
	body := []byte(upload(trailingSignatures))
	for i := range body {
		if i > 200 && i < len(body)-1400 && i%4099 != 0 {
			continue // content, of which a sample is enough
		}
		if body[i] == '\r' {
			continue // a line end may be a bare line feed
		}
		changed := bytes.Clone(body)
		changed[i] ^= 1
		var problem *Error
		if _, err := io.ReadAll(NewChunkReader(bytes.NewReader(changed), options(StreamingSignedTrailer))); !errors.As(err, &problem) {
			t.Fatalf("byte %d (%q to %q): got %v", i, body[i], changed[i], err)
		}
	}
}

func TestAChunkedUploadThatEndsTooSoonIsNoticed(t *testing.T) {
	body := upload(trailingSignatures)
	for end := range len(body) - 2 { // the empty line at the end may be absent
		if end > 200 && end < len(body)-1400 && end%997 != 0 {
			continue
		}
		var problem *Error
		if _, err := io.ReadAll(NewChunkReader(strings.NewReader(body[:end]), options(StreamingSignedTrailer))); !errors.As(err, &problem) {
			if end >= len(body)-4 {
				continue // only the line end behind the last signature is cut
			}
			t.Fatalf("%d of %d bytes: got %v", end, len(body), err)
		}
	}
}
