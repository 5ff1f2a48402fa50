package sigv4

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func sha(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// unsigned are the options of an upload whose trailer alone says how it is to
// be checked.
func unsigned(length int, trailer ...string) ChunkOptions {
	return ChunkOptions{Payload: Payload{Chunked: true, Trailing: true}, Length: int64(length), Trailer: trailer}
}

func TestUnsignedChunksAreReadWithTheirTrailer(t *testing.T) {
	big := strings.Repeat("b", MinChunk)
	for _, tt := range []struct {
		name, body, content string
		trailer             []string
	}{
		{"one chunk", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "hello", []string{"x-amz-checksum-crc32"}},
		{"two chunks", "2000\r\n" + big + "\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:a\r\n\r\n", big + "!", []string{"x-amz-checksum-crc32"}},
		{"nothing", "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "", []string{"x-amz-checksum-crc32"}},
		{"no trailer", "5\r\nhello\r\n0\r\n\r\n", "hello", nil},
		{"no empty line", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\r\n", "hello", []string{"x-amz-checksum-crc32"}},
		{"no line end", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a", "hello", []string{"x-amz-checksum-crc32"}},
		{"upper-case size", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", nil},
		{"leading zeros", "0005\r\nhello\r\n0\r\n\r\n", "hello", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewChunkReader(strings.NewReader(tt.body), unsigned(len(tt.content), tt.trailer...))
			if got, err := io.ReadAll(c); err != nil || string(got) != tt.content {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
			if len(c.Trailer()) != len(tt.trailer) {
				t.Errorf("trailer %v", c.Trailer())
			}
		})
	}
}

func TestChunksOutOfFormAreRefused(t *testing.T) {
	small := "1\r\n!\r\n"
	for _, tt := range []struct {
		name, body string
		length     int
		trailer    []string
		problem    Problem
	}{
		{"no body", "", 5, nil, IncompleteBody},
		{"no size", "\r\nhello\r\n0\r\n\r\n", 5, nil, MalformedChunk},
		{"size in words", "five\r\nhello\r\n0\r\n\r\n", 5, nil, MalformedChunk},
		{"negative size", "-5\r\nhello\r\n0\r\n\r\n", 5, nil, MalformedChunk},
		{"size beyond all", "ffffffffffffffff\r\nhello", 5, nil, MalformedChunk},
		{"signature where none is due", "5;chunk-signature=0\r\nhello\r\n0\r\n\r\n", 5, nil, MalformedChunk},
		{"another extension", "5;a=b\r\nhello\r\n0\r\n\r\n", 5, nil, MalformedChunk},
		{"longer data than its size", "5\r\nhello!\r\n0\r\n\r\n", 5, nil, MalformedChunk},
		{"endless head", strings.Repeat("0", 2*maxLine), 5, nil, MalformedChunk},
		{"shorter than announced", "5\r\nhello\r\n0\r\n\r\n", 6, nil, IncompleteBody},
		{"longer than announced", "5\r\nhello\r\n0\r\n\r\n", 4, nil, IncompleteBody},
		{"cut in a chunk", "5\r\nhel", 5, nil, IncompleteBody},
		{"cut behind a chunk", "5\r\nhello\r\n", 5, nil, IncompleteBody},
		{"small chunk before the last", small + small + "0\r\n\r\n", 2, nil, ChunkTooSmall},
		{"trailer that was not announced", "0\r\nx-amz-checksum-crc32:a\r\n\r\n", 0, nil, MalformedTrailer},
		{"trailer that is not there", "0\r\n\r\n", 0, []string{"x-amz-checksum-crc32"}, MalformedTrailer},
		{"another trailer", "0\r\nx-amz-checksum-crc32c:a\r\n\r\n", 0, []string{"x-amz-checksum-crc32"}, MalformedTrailer},
		{"trailer twice", "0\r\na:1\r\na:2\r\n\r\n", 0, []string{"a"}, MalformedTrailer},
		{"trailer without colon", "0\r\nx-amz-checksum-crc32\r\n\r\n", 0, []string{"x-amz-checksum-crc32"}, MalformedTrailer},
		{"endless trailer", "0\r\n" + strings.Repeat("a:"+strings.Repeat("b", 1000)+"\r\n", 20), 0, []string{"a"}, MalformedTrailer},
		{"header behind the signature", "0\r\nx-amz-trailer-signature:0\r\na:1\r\n\r\n", 0, []string{"a"}, MalformedTrailer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewChunkReader(strings.NewReader(tt.body), unsigned(tt.length, tt.trailer...))
			_, err := io.ReadAll(c)
			var problem *Error
			if !errors.As(err, &problem) || problem.Problem != tt.problem {
				t.Fatalf("got %v, want problem %s", err, problemNames[tt.problem])
			}
			if _, again := c.Read(make([]byte, 1)); again != err {
				t.Errorf("then %v", again)
			}
		})
	}
}

func TestSignedChunksNeedTheirSignatures(t *testing.T) {
	for name, tt := range map[string]struct {
		body    string
		payload string
		problem Problem
	}{
		"no chunk signature": {"5\r\nhello\r\n0\r\n\r\n", StreamingSigned, MalformedChunk},
		"empty signature":    {"0;chunk-signature=\r\n\r\n", StreamingSigned, ChunkMismatch},
		"trailer where none is due": {
			strings.TrimSuffix(upload(plainSignatures), "\r\n") + "a:b\r\n\r\n", StreamingSigned, MalformedTrailer},
		"no trailer signature": {
			strings.Replace(upload(trailingSignatures), "x-amz-trailer-signature:"+trailingSignatures[3]+"\r\n", "", 1), StreamingSignedTrailer, MalformedTrailer},
		"wrong trailer signature": {
			strings.Replace(upload(trailingSignatures), trailingSignatures[3], trailingSignatures[0], 1), StreamingSignedTrailer, TrailerMismatch},
		"changed trailer": {strings.Replace(upload(trailingSignatures), "sOO8", "sOO9", 1), StreamingSignedTrailer, TrailerMismatch},
	} {
		_, err := io.ReadAll(NewChunkReader(strings.NewReader(tt.body), options(tt.payload)))
		var problem *Error
		if !errors.As(err, &problem) || problem.Problem != tt.problem {
			t.Errorf("%s: got %v, want problem %s", name, err, problemNames[tt.problem])
		}
	}
}

func TestAMismatchTellsWhatWasSigned(t *testing.T) {
	body := strings.Replace(upload(plainSignatures), plainSignatures[0], trailingSignatures[0], 1)
	_, err := io.ReadAll(NewChunkReader(strings.NewReader(body), options(StreamingSigned)))
	problem, ok := err.(*Error)
	want := fmt.Sprintf("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n%s\n%s\n%x",
		s3Examples[4].signature, EmptyPayload, sha(content[:65536]))
	if !ok || problem.Value != want || problem.Provided != trailingSignatures[0] {
		t.Errorf("got %+v\nwant %s", problem, want)
	}
}

func TestWithoutAKeyOnlyTheFormIsChecked(t *testing.T) {
	o := options(StreamingSignedTrailer)
	o.Chain.Key = nil
	wrong := upload([]string{"0", "1", "2", "3"})
	if got, err := io.ReadAll(NewChunkReader(strings.NewReader(wrong), o)); err != nil || string(got) != content {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestAnEmptyLineBeforeTheTrailersSignatureIsForgiven(t *testing.T) {
	body := strings.Replace(upload(trailingSignatures), "sOO8/Q==\r\n", "sOO8/Q==\n\r\n", 1)
	if _, err := io.ReadAll(NewChunkReader(strings.NewReader(body), options(StreamingSignedTrailer))); err != nil {
		t.Error(err)
	}
}

func TestAFailingConnectionIsNoProblemOfTheForm(t *testing.T) {
	broken := errors.New("connection reset")
	r := io.MultiReader(strings.NewReader("5\r\nhel"), iotest.ErrReader(broken))
	if _, err := io.ReadAll(NewChunkReader(r, unsigned(5))); err != broken {
		t.Errorf("got %v", err)
	}
}

func TestThePayloadHashIsReadStrictly(t *testing.T) {
	for value, want := range map[string]Payload{
		UnsignedPayload: {}, EmptyPayload: {Hash: EmptyPayload}, strings.ToUpper(EmptyPayload): {Hash: strings.ToUpper(EmptyPayload)},
		StreamingSigned:          {Chunked: true, Signed: true},
		StreamingSignedTrailer:   {Chunked: true, Signed: true, Trailing: true},
		StreamingUnsignedTrailer: {Chunked: true, Trailing: true},
	} {
		if got, err := ParsePayload(value); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", value, got, err)
		}
	}
	for _, value := range []string{"", "unsigned-payload", EmptyPayload[1:], EmptyPayload + "0", "g" + EmptyPayload[1:], "ş" + EmptyPayload[2:], "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"} {
		if _, err := ParsePayload(value); err == nil {
			t.Errorf("%s is taken", value)
		}
	}
}

func TestTheHashReaderEndsInAnErrorOnAnotherHash(t *testing.T) {
	if got, err := io.ReadAll(NewHashReader(strings.NewReader("hello"), HashPayload([]byte("hello")))); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := io.ReadAll(NewHashReader(strings.NewReader("hello"), strings.ToUpper(HashPayload([]byte("hello"))))); err != nil {
		t.Error(err)
	}
	_, err := io.ReadAll(NewHashReader(strings.NewReader("hello"), EmptyPayload))
	if problem, ok := err.(*Error); !ok || problem.Problem != PayloadMismatch || problem.Value != HashPayload([]byte("hello")) {
		t.Errorf("got %v", err)
	}
}

// hello frames and signs five bytes and a trailer.
func hello() (string, ChunkOptions) {
	o := options(StreamingSignedTrailer)
	o.Length, o.Trailer = 5, []string{"x-amz-checksum-crc32"}
	chain := o.Chain
	return fmt.Sprintf("5;chunk-signature=%s\r\nhello\r\n0;chunk-signature=%s\r\nx-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:%s\r\n\r\n",
		chain.Sign(chain.NextChunk(sha("hello"))), chain.Sign(chain.NextChunk(sha(""))),
		chain.Sign(chain.NextTrailer([]byte("x-amz-checksum-crc32:NhCmhg==\n")))), o
}

func TestWhatTheChainSignsTheReaderTakes(t *testing.T) {
	body, o := hello()
	if got, err := io.ReadAll(NewChunkReader(strings.NewReader(body), o)); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzChunkReader(f *testing.F) {
	body, signed := hello()
	f.Add(body, true)
	f.Add("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", false)
	f.Fuzz(func(t *testing.T, body string, sign bool) {
		o := unsigned(5, "x-amz-checksum-crc32")
		if sign {
			o = signed
		}
		got, err := io.ReadAll(NewChunkReader(strings.NewReader(body), o))
		if err == nil && len(got) != 5 {
			t.Errorf("%d bytes pass for 5", len(got))
		}
		if err == nil && sign && string(got) != "hello" {
			t.Errorf("%q passes", got)
		}
	})
}

func BenchmarkChunkReader(b *testing.B) {
	body := upload(trailingSignatures)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.Copy(io.Discard, NewChunkReader(strings.NewReader(body), options(StreamingSignedTrailer))); err != nil {
			b.Fatal(err)
		}
	}
}
