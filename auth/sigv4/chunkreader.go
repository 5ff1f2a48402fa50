package sigv4

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Longest line of a chunk's head or trailer, and longest trailer, in bytes.
const (
	maxLine    = 4 << 10
	maxTrailer = 16 << 10
)

// ChunkOptions say what a [ChunkReader] expects.
type ChunkOptions struct {
	Payload Payload
	// Chain holds the request's signature; its key is nil where signatures
	// can't be checked: only their form is then.
	Chain Chain
	// Length is X-Amz-Decoded-Content-Length: bytes without the framing.
	Length int64
	// Trailer are the names that X-Amz-Trailer announces.
	Trailer []string
}

// ChunkReader reads a body in the form aws-chunked, and verifies the signature
// of each chunk and of the trailer. Memory does not grow with the size of a
// chunk: its bytes are handed out before its signature has been seen, so that
// what was read is not to be trusted before io.EOF. Its own errors are of type
// [*Error]; it never reads on after one.
type ChunkReader struct {
	options   ChunkOptions
	r         *bufio.Reader
	hash      hash.Hash
	left      int64 // bytes of the chunk that are still to come
	small     int64 // size of a chunk below MinChunk, or -1
	signature string
	total     int64
	trailer   trailer
	err       error
}

// NewChunkReader returns a reader of the bytes within body.
func NewChunkReader(body io.Reader, o ChunkOptions) *ChunkReader {
	return &ChunkReader{
		options: o, r: bufio.NewReaderSize(body, maxLine), hash: sha256.New(), small: -1,
		trailer: trailer{header: http.Header{}},
	}
}

// Trailer returns the headers of the trailer, complete once Read has returned
// io.EOF.
func (c *ChunkReader) Trailer() http.Header { return c.trailer.header }

// Read reads the content of chunks.
func (c *ChunkReader) Read(p []byte) (int, error) {
	if len(p) == 0 && c.err == nil {
		return 0, nil
	}
	for c.err == nil {
		if c.left > 0 {
			return c.readData(p)
		}
		c.err = c.nextChunk()
	}
	return 0, c.err
}

func (c *ChunkReader) readData(p []byte) (int, error) {
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.total += int64(n)
	if c.options.Payload.Signed {
		c.hash.Write(p[:n])
	}
	switch {
	case err != nil && c.left > 0:
		c.err = incomplete(err)
	case c.left == 0:
		c.err = c.endChunk()
	}
	return n, c.err
}

// nextChunk reads the head of a chunk, and all that follows if it is the last
// one; it then returns io.EOF.
func (c *ChunkReader) nextChunk() error {
	line, err := c.line()
	if err != nil {
		return incomplete(err)
	}
	size, err := c.parseHead(line)
	if err != nil {
		return err
	}
	if size > 0 {
		return c.startData(size)
	}
	if err := c.verifyChunk(); err != nil {
		return err
	}
	if err := c.readTrailer(); err != nil {
		return err
	}
	if c.total != c.options.Length {
		return &Error{Problem: IncompleteBody}
	}
	return io.EOF
}

// startData checks the sizes: only the last chunk with data may be small.
//
// Unverified: that this holds for unsigned chunks too.
func (c *ChunkReader) startData(size int64) error {
	if c.small >= 0 {
		return &Error{Problem: ChunkTooSmall, Value: strconv.FormatInt(c.small, 10)}
	}
	if size > c.options.Length-c.total {
		return &Error{Problem: IncompleteBody}
	}
	if size < MinChunk {
		c.small = size
	}
	c.left = size
	return nil
}

// parseHead reads "SIZE" or "SIZE;chunk-signature=SIGNATURE".
func (c *ChunkReader) parseHead(line string) (int64, error) {
	digits, extension, _ := strings.Cut(line, ";")
	size, err := strconv.ParseUint(digits, 16, 63)
	if err != nil {
		return 0, &Error{Problem: MalformedChunk, Value: line}
	}
	signature, signed := strings.CutPrefix(extension, "chunk-signature=")
	if signed != c.options.Payload.Signed || !signed && extension != "" {
		return 0, &Error{Problem: MalformedChunk, Value: line}
	}
	c.signature = signature
	return int64(size), nil
}

// endChunk reads the line end behind the data and verifies the signature.
func (c *ChunkReader) endChunk() error {
	line, err := c.line()
	if err != nil {
		return incomplete(err)
	}
	if line != "" {
		return &Error{Problem: MalformedChunk}
	}
	return c.verifyChunk()
}

func (c *ChunkReader) verifyChunk() error {
	if !c.options.Payload.Signed {
		return nil
	}
	text := c.options.Chain.NextChunk(c.hash.Sum(nil))
	c.hash.Reset()
	if !c.options.Chain.verify(text, c.signature) {
		return &Error{Problem: ChunkMismatch, Value: string(text), Provided: c.signature}
	}
	return nil
}

// readTrailer reads up to the empty line that ends the body, which some
// senders leave out. Others, following an example in the documentation, write
// an empty line before the trailer's signature too.
func (c *ChunkReader) readTrailer() error {
	for {
		line, err := c.line()
		if line == "" && err == nil && c.awaitsSignature() {
			continue
		}
		if line == "" && (err == nil || err == io.EOF) {
			break
		}
		if err != nil && err != io.EOF {
			return incomplete(err)
		}
		if !c.options.Payload.Trailing || !c.trailer.add(line) {
			return &Error{Problem: MalformedTrailer, Value: line}
		}
	}
	return c.verifyTrailer()
}

func (c *ChunkReader) awaitsSignature() bool {
	return c.options.Payload.Signed && len(c.trailer.text) > 0 && c.trailer.signature == ""
}

func (c *ChunkReader) verifyTrailer() error {
	if !c.trailer.hasExactly(c.options.Trailer) {
		return &Error{Problem: MalformedTrailer}
	}
	if !c.options.Payload.Trailing || !c.options.Payload.Signed {
		return nil
	}
	if c.trailer.signature == "" {
		return &Error{Problem: MalformedTrailer}
	}
	text := c.options.Chain.NextTrailer(c.trailer.text)
	if !c.options.Chain.verify(text, c.trailer.signature) {
		return &Error{Problem: TrailerMismatch, Value: string(text), Provided: c.trailer.signature}
	}
	return nil
}

// line reads a line without its end. A last line without an end comes with
// io.EOF.
func (c *ChunkReader) line() (string, error) {
	b, err := c.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", &Error{Problem: MalformedChunk}
	}
	return strings.TrimRight(string(b), "\r\n"), err
}

// incomplete turns an end of the body that comes too early into a problem.
func incomplete(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return &Error{Problem: IncompleteBody}
	}
	return err
}
