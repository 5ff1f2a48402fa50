package s3sim

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
)

// sum is the checksum of an object or a part.
type sum struct {
	Algorithm checksum.Algorithm `cbor:"1,keyasint,omitzero"`
	Type      string             `cbor:"2,keyasint,omitzero"` // empty for a part
	Value     string             `cbor:"3,keyasint,omitzero"` // base64; of a composite without the number of parts
	Parts     int                `cbor:"4,keyasint,omitzero"` // of a composite
}

// text is the checksum as answers have it.
func (s sum) text() string {
	if s.Type == checksum.Composite {
		return s.Value + "-" + strconv.Itoa(s.Parts)
	}
	return s.Value
}

// algorithms are all that S3 has, in the order of the model. Their members are
// called Checksum and their name.
var algorithms = []checksum.Algorithm{
	checksum.CRC32, checksum.CRC32C, checksum.CRC64NVME, checksum.SHA1, checksum.SHA256, checksum.SHA512, checksum.MD5,
	checksum.XXHASH64, checksum.XXHASH3, checksum.XXHASH128,
}

// sentSums collects the members of a request that hold checksums.
func sentSums(in any) map[checksum.Algorithm]string {
	sent := map[checksum.Algorithm]string{}
	v := reflect.ValueOf(in).Elem()
	for _, a := range algorithms {
		if p, ok := v.FieldByName("Checksum" + string(a)).Interface().(*string); ok && p != nil {
			sent[a] = *p
		}
	}
	return sent
}

// showSum sets the member of an answer that holds this checksum, and its type
// if it has one.
func showSum(out any, a checksum.Algorithm, text, kind string) {
	if text == "" {
		return
	}
	v := reflect.ValueOf(out).Elem()
	v.FieldByName("Checksum" + string(a)).Set(reflect.ValueOf(&text))
	if kind != "" {
		v.FieldByName("ChecksumType").Set(reflect.ValueOf(new(s3api.ChecksumType(kind))))
	}
}

// claim is what an upload says about its content.
type claim struct {
	algorithm checksum.Algorithm // empty: none was sent
	sum       []byte             // nil while it is to come in a trailer
	md5       []byte
	length    *int64
	body      io.Reader
}

// trailed is a body behind which headers may come.
type trailed interface {
	Announced() []string
	Trailer() http.Header
}

const checksumHeader = "x-amz-checksum-"

// announced stands for a checksum that is to come in the trailer.
const announced = "\x00"

// claimOf reads the checksums of a request with a body.
func claimOf(in any, contentMD5 *string, length *int64, content io.Reader) (claim, error) {
	c := claim{length: length, body: content}
	if c.body == nil {
		c.body = http.NoBody
	}
	if err := c.setMD5(contentMD5); err != nil {
		return c, err
	}
	sent := sentSums(in)
	if t, ok := content.(trailed); ok {
		for _, name := range t.Announced() {
			if a, ok := strings.CutPrefix(name, checksumHeader); ok {
				sent[checksum.Algorithm(strings.ToUpper(a))] = announced
			}
		}
	}
	if len(sent) > 1 {
		return c, manyChecksums()
	}
	for a, text := range sent {
		if !a.Known() {
			return c, checksumUnknown(checksumHeader + a.Lower())
		}
		c.algorithm = a
		if text == announced {
			return c, nil
		}
		return c, c.parse(text)
	}
	return c, nil
}

func (c *claim) setMD5(header *string) error {
	if header == nil {
		return nil
	}
	sum, err := base64.StdEncoding.DecodeString(*header)
	if err != nil || len(sum) != md5.Size {
		return invalidDigest(*header)
	}
	c.md5 = sum
	return nil
}

func (c *claim) parse(text string) error {
	sum, ok := c.algorithm.Parse(text)
	if !ok {
		return checksumInvalid(checksumHeader + c.algorithm.Lower())
	}
	c.sum = sum
	return nil
}

// digests counts several checksums at once.
type digests map[checksum.Algorithm]hash.Hash

func newDigests(algorithms ...checksum.Algorithm) digests {
	d := digests{}
	for _, a := range algorithms {
		if a != "" && d[a] == nil {
			d[a] = a.New()
		}
	}
	return d
}

// Write takes a piece of the content.
func (d digests) Write(p []byte) (int, error) {
	for _, h := range d {
		h.Write(p)
	}
	return len(p), nil
}

func (d digests) sum(a checksum.Algorithm) []byte { return d[a].Sum(nil) }

func (d digests) text(a checksum.Algorithm) string { return checksum.Format(d.sum(a)) }

// verify holds the content, which has been read to its end, against what was
// said about it.
func (c *claim) verify(d digests, size int64) error {
	if c.length != nil && *c.length != size {
		return incompleteBody()
	}
	if c.md5 != nil && !bytes.Equal(d.sum(checksum.MD5), c.md5) {
		return badMD5(hex.EncodeToString(c.md5), d.text(checksum.MD5))
	}
	if c.algorithm == "" {
		return nil
	}
	if t, ok := c.body.(trailed); ok && c.sum == nil {
		if err := c.parse(t.Trailer().Get(checksumHeader + c.algorithm.Lower())); err != nil {
			return err
		}
	}
	if !bytes.Equal(d.sum(c.algorithm), c.sum) {
		return checksumMismatch(string(c.algorithm))
	}
	return nil
}

// counts is the digests that the upload needs; etag says that the entity tag
// will be the MD5.
func (c *claim) counts(etag bool, more ...checksum.Algorithm) digests {
	if etag || c.md5 != nil {
		more = append(more, checksum.MD5)
	}
	return newDigests(append(more, c.algorithm)...)
}
