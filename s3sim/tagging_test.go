package s3sim

import (
	"strings"
	"testing"

	"sealstack/api/s3api"
)

func TestBucketTagsComeBack(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	_, err := b.GetBucketTagging(b.ctx, &s3api.GetBucketTaggingRequest{Bucket: "logs"})
	b.fails(err, "NoSuchTagSet", "The TagSet does not exist")
	tags := []s3api.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: ""}}
	_, err = b.PutBucketTagging(b.ctx, &s3api.PutBucketTaggingRequest{Bucket: "logs", Tagging: s3api.Tagging{TagSet: tags}})
	b.ok(err)
	out, err := b.GetBucketTagging(b.ctx, &s3api.GetBucketTaggingRequest{Bucket: "logs"})
	b.ok(err)
	b.same("tags", out.TagSet, tags)
	_, err = b.DeleteBucketTagging(b.ctx, &s3api.DeleteBucketTaggingRequest{Bucket: "logs"})
	b.ok(err)
	_, err = b.GetBucketTagging(b.ctx, &s3api.GetBucketTaggingRequest{Bucket: "logs"})
	b.code(err, "NoSuchTagSet")
}

func TestTagsThatCantBe(t *testing.T) {
	b := newBench(t)
	many := make([]s3api.Tag, 11)
	for i := range many {
		many[i].Key = strings.Repeat("k", i+1)
	}
	for name, tt := range map[string]struct {
		tags []s3api.Tag
		code string
	}{
		"twice":         {[]s3api.Tag{{Key: "a"}, {Key: "a"}}, "InvalidTag"},
		"no key":        {[]s3api.Tag{{}}, "InvalidTag"},
		"a long key":    {[]s3api.Tag{{Key: strings.Repeat("k", 129)}}, "InvalidTag"},
		"a long value":  {[]s3api.Tag{{Key: "k", Value: strings.Repeat("v", 257)}}, "InvalidTag"},
		"AWS's":         {[]s3api.Tag{{Key: "aws:x"}}, "InvalidTag"},
		"a wrong sign":  {[]s3api.Tag{{Key: "k", Value: "{"}}, "InvalidTag"},
		"too many":      {many, "BadRequest"},
		"ten are right": {many[:10], ""},
		"other letters": {[]s3api.Tag{{Key: "größe", Value: "+-=._:/@ "}}, ""},
	} {
		_, err := tagsOf(tt.tags, maxObjectTags)
		if tt.code == "" {
			b.ok(err)
		} else if !isError(err, tt.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, header := range []string{"%zz", "a=1&a=2", "a&a", "%FF=1"} {
		_, err := parseTags(&header)
		e := b.fails(err, "InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		b.field(e, "ArgumentName", "x-amz-tagging")
		b.field(e, "ArgumentValue", header)
	}
}

func TestObjectTagsBelongToAVersion(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.versioning("logs", "Enabled")
	one := b.put("logs", "k", "x")
	b.put("logs", "k", "y")
	put := func(id *string, tags ...s3api.Tag) error {
		_, err := b.PutObjectTagging(b.ctx, &s3api.PutObjectTaggingRequest{Bucket: "logs", Key: "k", VersionId: id, Tagging: s3api.Tagging{TagSet: tags}})
		return err
	}
	get := func(id *string) []s3api.Tag {
		out, err := b.GetObjectTagging(b.ctx, &s3api.GetObjectTaggingRequest{Bucket: "logs", Key: "k", VersionId: id})
		b.ok(err)
		return out.TagSet
	}
	b.ok(put(one.VersionId, s3api.Tag{Key: "n", Value: "1"}))
	b.same("first", get(one.VersionId), []s3api.Tag{{Key: "n", Value: "1"}})
	b.same("second", len(get(nil)), 0)
	b.code(put(nil, s3api.Tag{}), "InvalidTag")
	_, err := b.DeleteObjectTagging(b.ctx, &s3api.DeleteObjectTaggingRequest{Bucket: "logs", Key: "k", VersionId: one.VersionId})
	b.ok(err)
	b.same("none", len(get(one.VersionId)), 0)
}

func TestTagsOfAnObjectDecide(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "open", "x", func(in *s3api.PutObjectRequest) { in.Tagging = new("class=public") })
	b.put("logs", "shut", "x", func(in *s3api.PutObjectRequest) { in.Tagging = new("class=secret") })
	amy := b.user(account, "amy", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"public"}}}`)
	_, _, err := b.tryGet(amy, "logs", "open")
	b.ok(err)
	_, _, err = b.tryGet(amy, "logs", "shut")
	b.code(err, "AccessDenied")
}
