package kms

import (
	"context"
	"maps"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/auth"
	"sealstack/storage"
)

// maxTags is how many tags a key may have.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
const maxTags = 50

// TagResource adds tags to a key or gives them other values.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html
func (s *Service) TagResource(ctx context.Context, in *kmsapi.TagResourceRequest) (*api.None, error) {
	if _, err := withTags(nil, in.Tags); err != nil {
		return nil, err
	}
	k, err := s.open(ctx, in.KeyId, keyForms, on(ctx, "TagResource").inAccount().requestTags(in.Tags))
	if err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, forChange, func(_ storage.Tx, r *record) (err error) {
		r.Tags, err = withTags(r.Tags, in.Tags)
		return err
	}))
}

// UntagResource removes tags; one that the key does not have is no error.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_UntagResource.html
func (s *Service) UntagResource(ctx context.Context, in *kmsapi.UntagResourceRequest) (*api.None, error) {
	removal := on(ctx, "UntagResource").inAccount()
	maps.Copy(removal.keys, auth.TagKeys(in.TagKeys))
	k, err := s.open(ctx, in.KeyId, keyForms, removal)
	if err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, forChange, func(_ storage.Tx, r *record) error {
		r.Tags = slices.DeleteFunc(r.Tags, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
		return nil
	}))
}

// ListResourceTags lists a key's tags.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html
func (s *Service) ListResourceTags(ctx context.Context, in *kmsapi.ListResourceTagsRequest) (*kmsapi.ListResourceTagsResponse, error) {
	k, err := s.openOwn(ctx, in.KeyId, "ListResourceTags")
	if err != nil {
		return nil, err
	}
	p := page[kmsapi.Tag]{list: "ListResourceTags " + k.arn(), size: or(in.Limit, 50), most: 50}
	err = p.fill(s, in.Marker, func(after storage.Key) error {
		p.items = []kmsapi.Tag{}
		for _, t := range k.Tags {
			if at := storage.K(t.Key); at.Compare(after) > 0 && !p.add(at, kmsapi.Tag{TagKey: t.Key, TagValue: t.Value}) {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.ListResourceTagsResponse{Tags: p.items, NextMarker: p.next, Truncated: new(p.next != nil)}, nil
}

// withTags is the sorted list of tags with those of a request, a new one.
func withTags(has []tag, more []kmsapi.Tag) ([]tag, error) {
	out := slices.Clone(has)
	for i, t := range more {
		if slices.ContainsFunc(more[:i], func(u kmsapi.Tag) bool { return u.TagKey == t.TagKey }) {
			return nil, duplicateTags()
		}
		if strings.HasPrefix(strings.ToLower(t.TagKey), "aws:") {
			return nil, reservedTag()
		}
		out = setTag(out, tag{Key: t.TagKey, Value: t.TagValue})
	}
	if len(out) > maxTags {
		return nil, tooManyTags()
	}
	return out, nil
}

func setTag(tags []tag, t tag) []tag {
	at, found := slices.BinarySearchFunc(tags, t, func(a, b tag) int { return strings.Compare(a.Key, b.Key) })
	if found {
		tags[at] = t
		return tags
	}
	return slices.Insert(tags, at, t)
}
