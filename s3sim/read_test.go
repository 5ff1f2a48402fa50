package s3sim

import (
	"fmt"
	"testing"
	"time"

	"sealstack/api/s3api"
)

func TestRangesAreReadAsRecorded(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "0123456789")
	for _, tt := range []struct {
		header, text, shown string
		sum                 bool
	}{
		{"bytes=0-8", "012345678", "bytes 0-8/10", false},
		{"bytes=1-1", "1", "bytes 1-1/10", false},
		{"bytes=1-", "123456789", "bytes 1-9/10", false},
		{"bytes=-2", "89", "bytes 8-9/10", false},
		{"bytes=-9", "123456789", "bytes 1-9/10", false},
		{"bytes=-15", "0123456789", "bytes 0-9/10", true},
		{"bytes=0-100", "0123456789", "bytes 0-9/10", true},
		{"bytes=1-0", "0123456789", "", true},
		{"bytes=-1-", "0123456789", "", true},
		{"bytes=0--1", "0123456789", "", true},
		{"bytes=-", "0123456789", "", true},
		{"0-1", "0123456789", "", true},
		{"bytes=0-1,3-4,7-9", "0123456789", "", true},
		{"bytes=0-99999999999999999999", "0123456789", "bytes 0-9/10", true},
	} {
		out := b.reads("logs", "k", tt.text, func(in *s3api.GetObjectRequest) {
			in.Range, in.ChecksumMode = &tt.header, new(s3api.ChecksumModeEnabled)
		})
		if value(out.ContentRange) != tt.shown || (out.ChecksumCRC64NVME != nil) != tt.sum || *out.ContentLength != int64(len(tt.text)) {
			t.Errorf("%s: %q, checksum %v, length %d", tt.header, value(out.ContentRange), out.ChecksumCRC64NVME, *out.ContentLength)
		}
	}
	for _, header := range []string{"bytes=-0", "bytes=100-200", "bytes=10-"} {
		_, _, err := b.tryGet(b.ctx, "logs", "k", func(in *s3api.GetObjectRequest) { in.Range = &header })
		e := b.fails(err, "InvalidRange", "The requested range is not satisfiable")
		b.field(e, "ActualObjectSize", "10")
		b.field(e, "RangeRequested", header)
		if e.Status != 416 {
			t.Errorf("status %d", e.Status)
		}
	}
}

func TestPartsOfASingleObject(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "0123456789")
	one := func(in *s3api.GetObjectRequest) {
		in.PartNumber, in.ChecksumMode = new(int32(1)), new(s3api.ChecksumModeEnabled)
	}
	out := b.reads("logs", "k", "0123456789", one)
	if *out.ContentRange != "bytes 0-9/10" || out.PartsCount != nil || out.ChecksumCRC64NVME == nil {
		t.Errorf("answer %+v", out)
	}
	_, _, err := b.tryGet(b.ctx, "logs", "k", func(in *s3api.GetObjectRequest) { in.PartNumber = new(int32(2)) })
	e := b.fails(err, "InvalidPartNumber", "The requested partnumber is not satisfiable")
	b.field(e, "ActualPartCount", "1")
	b.field(e, "PartNumberRequested", "2")
	_, _, err = b.tryGet(b.ctx, "logs", "k", one, func(in *s3api.GetObjectRequest) { in.Range = new("bytes=0-1") })
	b.fails(err, "InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
}

func TestConditionsOfReads(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	tag := *b.put("logs", "k", "text").ETag
	before, after := start.Add(-time.Hour), start.Add(time.Hour)
	for i, tt := range []struct {
		c    readConditions
		want string
	}{
		{readConditions{match: &tag}, ""},
		{readConditions{match: new("*")}, ""},
		{readConditions{match: new(`"x", ` + tag)}, ""},
		{readConditions{match: new(tag[1:33])}, ""},
		{readConditions{match: new(`"x"`)}, "PreconditionFailed If-Match"},
		{readConditions{noneMatch: new(`"x"`)}, ""},
		{readConditions{noneMatch: &tag}, "NotModified"},
		{readConditions{noneMatch: new("*")}, "NotModified"},
		{readConditions{modified: &before}, ""},
		{readConditions{modified: &start}, "NotModified"},
		{readConditions{modified: &after}, "NotModified"},
		{readConditions{unmodified: &start}, ""},
		{readConditions{unmodified: &before}, "PreconditionFailed If-Unmodified-Since"},
		{readConditions{match: &tag, unmodified: &before}, ""},
		{readConditions{noneMatch: &tag, modified: &before}, "NotModified"},
		{readConditions{noneMatch: new(`"x"`), modified: &after}, ""},
	} {
		_, _, err := b.tryGet(b.ctx, "logs", "k", func(in *s3api.GetObjectRequest) {
			in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince = tt.c.match, tt.c.noneMatch, tt.c.modified, tt.c.unmodified
		})
		got := ""
		if err != nil {
			e := b.code(err, firstWord(tt.want))
			if got = e.Code; e.Fields["Condition"] != nil {
				got += " " + fmt.Sprint(e.Fields["Condition"])
			}
			if e.Code == "NotModified" && (e.Status != 304 || e.Fields["header:ETag"] != tag) {
				t.Errorf("%d: %+v", i, e)
			}
		}
		if got != tt.want {
			t.Errorf("%d: %q, want %q", i, got, tt.want)
		}
	}
}

func firstWord(s string) string {
	var word string
	fmt.Sscan(s, &word)
	return word
}

func TestHeadersOfTheAnswerCanBeReplaced(t *testing.T) {
	b := newBench(t)
	b.openBucket("logs")
	b.put("logs", "k", "text", func(in *s3api.PutObjectRequest) {
		in.ACL, in.ContentType = new(s3api.ObjectCannedACLPublicRead), new("text/plain")
	})
	change := func(in *s3api.GetObjectRequest) {
		in.ResponseContentType, in.ResponseContentDisposition, in.ResponseExpires = new("a/b"), new("inline"), &start
	}
	out := b.reads("logs", "k", "text", change)
	b.same("headers", []string{*out.ContentType, *out.ContentDisposition, *out.Expires}, []string{"a/b", "inline", "Sat, 21 Nov 2026 12:00:00 GMT"})
	_, _, err := b.tryGet(nobody(), "logs", "k", change)
	b.code(err, "InvalidRequest")
	_, text, err := b.tryGet(nobody(), "logs", "k")
	b.ok(err)
	b.same("text", text, "text")
}

func TestConditionalWrites(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	create := func(in *s3api.PutObjectRequest) { in.IfNoneMatch = new("*") }
	tag := *b.put("logs", "lock", "1", create).ETag
	_, err := b.tryPut(b.ctx, "logs", "lock", "2", create)
	e := b.fails(err, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	b.field(e, "Condition", "If-None-Match")
	if e.Status != 412 {
		t.Errorf("status %d", e.Status)
	}
	b.put("logs", "lock", "2", func(in *s3api.PutObjectRequest) { in.IfMatch = &tag })
	_, err = b.tryPut(b.ctx, "logs", "lock", "3", func(in *s3api.PutObjectRequest) { in.IfMatch = &tag })
	b.field(b.code(err, "PreconditionFailed"), "Condition", "If-Match")
	_, err = b.tryPut(b.ctx, "logs", "none", "3", func(in *s3api.PutObjectRequest) { in.IfMatch = &tag })
	b.code(err, "NoSuchKey")
	_, err = b.tryPut(b.ctx, "logs", "lock", "3", func(in *s3api.PutObjectRequest) { in.IfNoneMatch = &tag })
	b.code(err, "NotImplemented")
	b.reads("logs", "lock", "2")
}
