package s3sim

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/storage"
)

const (
	maxBucketTags = 50
	maxObjectTags = 10
)

// tagsOf checks a set of tags:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html
func tagsOf(list []s3api.Tag, most int) (map[string]string, error) {
	if len(list) > most {
		if most == maxObjectTags {
			return nil, tooManyTags()
		}
		return nil, badRequest("BadRequest", "Bucket tag count cannot be greater than 50")
	}
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[t.Key]; twice {
			return nil, invalidTag("Cannot provide multiple Tags with the same key", t.Key)
		}
		if err := checkTag(t); err != nil {
			return nil, err
		}
		tags[t.Key] = t.Value
	}
	return tags, nil
}

func checkTag(t s3api.Tag) error {
	switch {
	case t.Key == "" || utf8.RuneCountInString(t.Key) > 128 || !tagText(t.Key):
		return invalidTag("The TagKey you have provided is invalid", t.Key)
	case utf8.RuneCountInString(t.Value) > 256 || !tagText(t.Value):
		return invalidTag("The TagValue you have provided is invalid", t.Key)
	case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
		return invalidTag("System tags cannot be added/updated by requester", t.Key)
	}
	return nil
}

// tagText reports whether a key or value has only letters, digits, spaces and
// + - = . _ : / @.
func tagText(s string) bool {
	for _, r := range s {
		if r < utf8.RuneSelf && !strings.ContainsRune("+-=._:/@ ", r) && !isAlphanumeric(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// parseTags reads the header x-amz-tagging, a query string.
func parseTags(header *string) (map[string]string, error) {
	if value(header) == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(*header)
	var list []s3api.Tag
	for _, k := range slices.Sorted(maps.Keys(q)) {
		list = append(list, s3api.Tag{Key: k, Value: q[k][0]})
		if len(q[k]) > 1 || !utf8.ValidString(k+q[k][0]) {
			err = errors.New("twice or no text")
		}
	}
	if err != nil {
		return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", *header)
	}
	return tagsOf(list, maxObjectTags)
}

// tagSet shows tags in the order of their keys.
func tagSet(tags map[string]string) []s3api.Tag {
	list := make([]s3api.Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, s3api.Tag{Key: k, Value: tags[k]})
	}
	return list
}

// tagKeys are the condition keys of a request that sets the tags of an object.
func tagKeys(keys auth.Keys, tags map[string]string) auth.Keys {
	if len(tags) == 0 {
		return keys
	}
	if keys == nil {
		keys = auth.Keys{}
	}
	for k, v := range tags {
		keys["s3:requestobjecttag/"+strings.ToLower(k)] = []string{v}
	}
	keys["s3:requestobjecttagkeys"] = slices.Sorted(maps.Keys(tags))
	return keys
}

// GetBucketTagging returns the tags of a bucket that has any.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
func (s *Service) GetBucketTagging(ctx context.Context, in *s3api.GetBucketTaggingRequest) (*s3api.GetBucketTaggingOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketTagging")
	if err != nil {
		return nil, err
	}
	if len(b.Tags) == 0 {
		return nil, notConfigured("NoSuchTagSet", "The TagSet does not exist", b.Name)
	}
	return &s3api.GetBucketTaggingOutput{TagSet: tagSet(b.Tags)}, nil
}

// PutBucketTagging replaces the tags of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
func (s *Service) PutBucketTagging(ctx context.Context, in *s3api.PutBucketTaggingRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketTagging")
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tagging.TagSet, maxBucketTags)
	if err != nil {
		return nil, err
	}
	return nil, s.setTags(ctx, b, tags)
}

// DeleteBucketTagging removes the tags of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html
func (s *Service) DeleteBucketTagging(ctx context.Context, in *s3api.DeleteBucketTaggingRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketTagging")
	if err != nil {
		return nil, err
	}
	return nil, s.setTags(ctx, b, nil)
}

func (s *Service) setTags(ctx context.Context, b *bucket, tags map[string]string) error {
	return s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		r.Tags = tags
		return nil
	})
}

// GetBucketAbac returns whether the tags of a bucket decide on access to it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAbac.html
func (s *Service) GetBucketAbac(ctx context.Context, in *s3api.GetBucketAbacRequest) (*s3api.GetBucketAbacOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketAbac")
	if err != nil {
		return nil, err
	}
	status := s3api.BucketAbacStatusDisabled
	if b.Abac {
		status = s3api.BucketAbacStatusEnabled
	}
	return &s3api.GetBucketAbacOutput{AbacStatus: &s3api.AbacStatus{Status: &status}}, nil
}

// PutBucketAbac makes the tags of a bucket decide on access to it, as
// aws:ResourceTag and s3:BucketTag.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html
func (s *Service) PutBucketAbac(ctx context.Context, in *s3api.PutBucketAbacRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketAbac")
	if err != nil {
		return nil, err
	}
	status := value(in.AbacStatus.Status)
	if status != s3api.BucketAbacStatusEnabled && status != s3api.BucketAbacStatusDisabled {
		return nil, malformedXML()
	}
	return nil, s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		r.Abac = status == s3api.BucketAbacStatusEnabled
		return nil
	})
}
