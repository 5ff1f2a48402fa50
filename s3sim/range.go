package s3sim

import (
	"strconv"
	"strings"
)

// span is a part of an object's content.
type span struct{ offset, length int64 }

// parseRange reads a Range header for a content of size bytes. false says that
// the header is to be ignored: several ranges, another unit, or one that ends
// before it begins. A range behind the end is an error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func parseRange(header string, size int64) (span, bool, error) {
	text, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(text, "-")
	if !ok || !dash {
		return span{}, false, nil
	}
	from, hasFrom, ok1 := digits(first)
	to, hasTo, ok2 := digits(last)
	switch {
	case !ok1 || !ok2 || !hasFrom && !hasTo || hasFrom && hasTo && from > to:
		return span{}, false, nil
	case !hasFrom && (to == 0 || size == 0), hasFrom && from >= size:
		return span{}, false, invalidRange(size, header)
	case !hasFrom:
		n := min(to, size)
		return span{size - n, n}, true, nil
	case !hasTo || to >= size:
		to = size - 1
	}
	return span{from, to - from + 1}, true, nil
}

// digits reads a number, or nothing. One that is too large is the largest.
func digits(s string) (n int64, given, ok bool) {
	if s == "" {
		return 0, false, true
	}
	if strings.Trim(s, "0123456789") != "" {
		return 0, false, false
	}
	n, _ = strconv.ParseInt(s, 10, 64) // ParseInt gives the largest when out of range
	return n, true, true
}

// show is the span as Content-Range has it.
func (s span) show(size int64) string {
	return "bytes " + strconv.FormatInt(s.offset, 10) + "-" + strconv.FormatInt(s.offset+s.length-1, 10) + "/" + strconv.FormatInt(size, 10)
}

// copyRange reads the range of a part to be copied: one range, with both ends,
// within the object.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
func copyRange(header string, size int64) (span, error) {
	text, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(text, "-")
	from, hasFrom, ok1 := digits(first)
	to, hasTo, ok2 := digits(last)
	switch {
	case !ok || !dash || !ok1 || !ok2 || !hasFrom || !hasTo || from > to:
		return span{}, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy", "x-amz-copy-source-range", header)
	case from >= size:
		return span{}, invalidRequest("The specified copy range is invalid for the source object size")
	case to >= size:
		return span{}, invalidArgument("Range specified is not valid for source object of size: "+strconv.FormatInt(size, 10), "x-amz-copy-source-range", header)
	}
	return span{from, to - from + 1}, nil
}
