package wire

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/zeebo/xxh3"

	"sealstack/api"
)

// Documents are checked here, for nobody behind the edge sees their bytes; the
// checksums of streamed bodies are the service's to check.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html

// checksumPrefix begins the names of the headers that hold checksums.
const checksumPrefix = "X-Amz-Checksum-"

// checksums are the algorithms, by the rest of their headers' names.
var checksums = map[string]func() hash.Hash{
	"Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"Crc64nvme": func() hash.Hash { return crc64.New(nvme) },
	"Sha1":      sha1.New,
	"Sha256":    sha256.New,
	"Sha512":    sha512.New,
	"Md5":       md5.New,
	"Xxhash64":  func() hash.Hash { return xxhash.New() },
	"Xxhash3":   func() hash.Hash { return xxh3.New() },
	"Xxhash128": func() hash.Hash { return xxhash128{xxh3.New()} },
}

// xxhash128 is XXH3 with its 128 bits, the highest first.
type xxhash128 struct{ *xxh3.Hasher }

func (x xxhash128) Sum(b []byte) []byte {
	sum := x.Sum128().Bytes()
	return append(b, sum[:]...)
}

func (xxhash128) Size() int { return 16 }

// nvme is the polynomial of CRC64NVME, its bits in reverse.
var nvme = crc64.MakeTable(0x9A6C9329AC4BC9B5)

// withoutChecksum are operations that take a document without a checksum,
// though AWS's model says that SDKs must send one: s3cmd, which sends
// Content-MD5 where S3 insists, never sent it with these. (That PutObjectAcl is
// answered without one, users of s3cmd report.)
//
// Unverified: that S3 insists with all the others.
var withoutChecksum = map[string]bool{
	"PutBucketAcl": true, "PutBucketLogging": true, "PutBucketPolicy": true, "PutBucketRequestPayment": true, "PutBucketWebsite": true, "PutObjectAcl": true,
}

// checkDocument holds the body against the checksums sent with it. Some
// operations must have one.
func (c *call) checkDocument(body []byte) error {
	var sent map[string]string
	if !c.op.takesChecksum() {
		sent = c.sentChecksums()
	}
	digest, hasMD5 := c.r.Header["Content-Md5"]
	switch {
	case len(sent) > 1:
		return frontEnd(400, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	case len(sent) == 0 && !hasMD5 && c.op.HTTP.ChecksumRequired && !withoutChecksum[c.op.Name] && len(body) > 0: // an empty one comes with a canned ACL
		// Unverified: the sentence; S3 documents that one of the two must be there.
		return frontEnd(400, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	if hasMD5 {
		if err := checkMD5(digest[0], body); err != nil {
			return err
		}
	}
	for name, value := range sent {
		return checkSum(name, value, body)
	}
	return nil
}

// takesChecksum reports whether the checksum in a header of the operation is
// not that of its body: CompleteMultipartUpload has the object's.
func (op *operation) takesChecksum() bool {
	in, _ := op.plans()
	for i := range in.Members {
		if hasPrefixFold(in.Members[i].Header, "x-amz-checksum-crc32") {
			return true
		}
	}
	return false
}

// sentChecksums returns the checksums in headers and trailer, by the rest of
// their names.
func (c *call) sentChecksums() map[string]string {
	sent := map[string]string{}
	for _, h := range []http.Header{c.r.Header, c.r.Trailer} {
		for name, values := range h {
			algorithm, ok := strings.CutPrefix(name, checksumPrefix)
			if ok && len(values) > 0 && algorithm != "Algorithm" && algorithm != "Type" && algorithm != "Mode" {
				sent[algorithm] = values[0]
			}
		}
	}
	return sent
}

func checkMD5(sent string, body []byte) error {
	want, err := base64.StdEncoding.DecodeString(sent)
	if err != nil || len(want) != md5.Size {
		return frontEnd(400, "InvalidDigest", "The Content-MD5 you specified was invalid.").With("Content-MD5", sent)
	}
	got := md5.Sum(body)
	if !bytes.Equal(got[:], want) {
		return badDigest("Content-MD5", "what we received").
			With("ExpectedDigest", sent).With("CalculatedDigest", base64.StdEncoding.EncodeToString(got[:]))
	}
	return nil
}

func checkSum(name, sent string, body []byte) error {
	algorithm, ok := checksums[name]
	if !ok {
		// Unverified: the sentence.
		return frontEnd(400, "InvalidRequest", "The algorithm type you specified in "+strings.ToLower(checksumPrefix+name)+" is invalid.")
	}
	h := algorithm()
	want, err := base64.StdEncoding.DecodeString(sent)
	if err != nil || len(want) != h.Size() {
		return frontEnd(400, "InvalidRequest", "Value for "+strings.ToLower(checksumPrefix+name)+" header is invalid.")
	}
	h.Write(body)
	if !bytes.Equal(h.Sum(nil), want) {
		return badDigest(strings.ToUpper(name), "the calculated checksum")
	}
	return nil
}

func badDigest(what, against string) *api.Error {
	return frontEnd(400, "BadDigest", "The "+what+" you specified did not match "+against+".")
}

// announced lists what X-Amz-Trailer announces, in lower case.
func announced(h http.Header) (names []string) {
	for name := range strings.SplitSeq(strings.Join(h.Values("X-Amz-Trailer"), ","), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			names = append(names, name)
		}
	}
	return names
}
