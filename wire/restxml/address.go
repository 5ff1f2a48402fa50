package restxml

import (
	"net"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Address is what a request is for: a bucket, an object, or, with neither, the
// service.
type Address struct {
	Bucket string
	Key    string // as its bytes were sent, percent-decoded: nothing is cleaned
}

// The host names that buckets have in front of them. AWS documents theirs at
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html.
var bases = [...]string{".localhost", ".amazonaws.com", ".amazonaws.com.cn"}

// Host is what a host name says of a request.
type Host struct {
	Bucket string // in front of the endpoint's name; "" for path style
	S3     bool   // the name is one of S3's
}

// ReadHost reads a Host header: [BUCKET.]s3.localhost,
// [BUCKET.]s3.REGION.localhost, BUCKET.localhost, the same with amazonaws.com,
// but for the third, and AWS's s3-REGION and s3.dualstack.REGION. Any other
// name or address belongs to no service in particular.
func ReadHost(header string) Host {
	name := header
	if host, _, err := net.SplitHostPort(header); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for _, base := range bases {
		if front, ok := strings.CutSuffix(name, base); ok {
			return readFront(front, base == ".localhost")
		}
	}
	return Host{}
}

// readFront reads what stands before the base of a host name. A bucket's name
// may have dots and be called s3 itself, so the last s3 counts; two labels may
// follow it.
func readFront(front string, local bool) Host {
	labels := strings.Split(front, ".")
	for i := len(labels) - 1; i >= max(0, len(labels)-3); i-- {
		if labels[i] == "s3" || !local && strings.HasPrefix(labels[i], "s3-") {
			return Host{Bucket: strings.Join(labels[:i], "."), S3: true}
		}
	}
	if local {
		return Host{Bucket: front}
	}
	return Host{}
}

// Locate finds bucket and key. path is the request's path as it was sent,
// with its percent signs. Its error is S3's.
func Locate(host Host, path string) (Address, error) {
	bucket, key := host.Bucket, strings.TrimPrefix(path, "/")
	if bucket == "" {
		bucket, key, _ = strings.Cut(key, "/")
	}
	var err [2]error
	var a Address
	a.Bucket, err[0] = url.PathUnescape(bucket)
	a.Key, err[1] = url.PathUnescape(key)
	switch {
	case err[0] != nil || err[1] != nil || !utf8.ValidString(a.Bucket+a.Key):
		return a, invalidURI()
	case a.Bucket == "" && a.Key != "":
		return a, invalidBucketName(a.Bucket)
	case len(a.Key) > maxKey:
		return a, keyTooLong(len(a.Key))
	}
	return a, nil
}

// maxKey is how many bytes of UTF-8 a key may have.
const maxKey = 1024
