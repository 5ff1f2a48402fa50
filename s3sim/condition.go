package s3sim

import (
	"strings"
	"time"

	"sealstack/api"
)

// readConditions are the conditions of a read, or of the source of a copy.
type readConditions struct {
	match, noneMatch     *string
	modified, unmodified *time.Time // If-Modified-Since, If-Unmodified-Since
	prefix               string     // of the headers' names
}

// check evaluates the conditions as RFC 9110 orders them: entity tags before
// dates. A copy fails where a read answers that nothing has changed.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html
func (c readConditions) check(v *version) error {
	switch {
	case c.match != nil:
		if !tagListed(*c.match, v.ETag) {
			return preconditionFailed(c.prefix + "If-Match")
		}
	case c.unmodified != nil && v.Modified.After(*c.unmodified):
		return preconditionFailed(c.prefix + "If-Unmodified-Since")
	}
	unchanged := ""
	switch {
	case c.noneMatch != nil:
		if tagListed(*c.noneMatch, v.ETag) {
			unchanged = "If-None-Match"
		}
	case c.modified != nil && !v.Modified.After(*c.modified):
		unchanged = "If-Modified-Since"
	}
	switch {
	case unchanged == "":
		return nil
	case c.prefix != "":
		return preconditionFailed(c.prefix + unchanged)
	}
	return v.withHeaders(notModified())
}

// withHeaders tells about the version in the headers of an answer without a
// body.
func (v *version) withHeaders(e *api.Error) *api.Error {
	e = e.With("header:ETag", quoted(v.ETag)).With("header:Last-Modified", v.Modified.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	if v.ID != "" {
		e = e.With("header:x-amz-version-id", v.ID)
	}
	return e
}

// tagListed reports whether a header names the entity tag: "*", or a list of
// tags with or without quotes.
func tagListed(header, etag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == "*" || strings.Trim(item, `"`) == etag {
			return true
		}
	}
	return false
}

// writeConditions are the conditions of a write.
type writeConditions struct{ match, noneMatch *string }

// valid refuses what S3 does not have: only a missing object can be made a
// condition by If-None-Match.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (c writeConditions) valid() error {
	switch {
	case c.noneMatch != nil && *c.noneMatch != "*":
		return notImplemented("If-None-Match")
	case c.match != nil && *c.match == "*":
		return notImplemented("If-Match")
	case c.match != nil && c.noneMatch != nil:
		return notImplemented("If-Match,If-None-Match")
	}
	return nil
}

// check holds the conditions against the current version; nil for none.
func (c writeConditions) check(key string, v *version) error {
	there := v != nil && !v.Marker
	switch {
	case c.noneMatch != nil && there:
		return preconditionFailed("If-None-Match")
	case c.match != nil && !there:
		return noSuchKey(key)
	case c.match != nil && !tagListed(*c.match, v.ETag):
		return preconditionFailed("If-Match")
	}
	return nil
}
