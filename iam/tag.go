package iam

import (
	"context"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/auth"
)

// setTags returns tags with more set over them, in the order in which keys
// came first. Keys are unique whatever their case; a tag whose key comes again
// takes the new spelling. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func setTags(tags []tag, more []iamapi.Tag) ([]tag, error) {
	out := slices.Clone(tags)
	seen := map[string]bool{}
	for _, t := range more {
		folded := strings.ToLower(t.Key)
		if seen[folded] {
			return nil, duplicateTags()
		}
		if strings.HasPrefix(folded, "aws:") {
			return nil, reservedTag()
		}
		seen[folded] = true
		at := slices.IndexFunc(out, func(o tag) bool { return strings.EqualFold(o.Key, t.Key) })
		if at < 0 {
			out = append(out, tag{})
			at = len(out) - 1
		}
		out[at] = tag{t.Key, t.Value}
	}
	if len(out) > tagsPerEntity {
		return nil, tooManyTags()
	}
	return out, nil
}

// dropTags returns tags without those keys; ones that are not there don't
// matter.
func dropTags(tags []tag, keys []string) []tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, t.Key) })
	})
}

// showTags is nil without tags: AWS then leaves the list out.
func showTags(tags []tag) []iamapi.Tag {
	var out []iamapi.Tag
	for _, t := range tags {
		out = append(out, iamapi.Tag{Key: t.Key, Value: t.Value})
	}
	return out
}

func (s *state) tag(ctx context.Context, action string, r ref, tags []iamapi.Tag) error {
	return s.edit(ctx, action, r, func(e *entity) (err error) {
		e.Tags, err = setTags(e.Tags, tags)
		return err
	}, requestTagKeys(tags))
}

func (s *state) untag(ctx context.Context, action string, r ref, keys []string) error {
	return s.edit(ctx, action, r, func(e *entity) error {
		e.Tags = dropTags(e.Tags, keys)
		return nil
	}, auth.Keys{"aws:tagkeys": keys})
}

// listTags returns a page of the tags of an entity, by key.
func (s *state) listTags(ctx context.Context, operation string, r ref, marker *string, max *int32) ([]iamapi.Tag, *page, error) {
	e, err := s.find(ctx, "iam:"+operation, r)
	if err != nil {
		return nil, nil, err
	}
	return s.tagPage(operation, e.Tags, marker, max)
}

func (s *state) tagPage(operation string, tags []tag, marker *string, max *int32) ([]iamapi.Tag, *page, error) {
	p, err := s.newPage(operation, marker, max)
	if err != nil {
		return nil, nil, err
	}
	all := showTags(tags)
	slices.SortFunc(all, func(a, b iamapi.Tag) int { return strings.Compare(a.Key, b.Key) })
	return pick(p, all, func(t iamapi.Tag) string { return t.Key }), p, nil
}

// TagUser sets tags of a user.
func (s identity) TagUser(ctx context.Context, in *iamapi.TagUserRequest) (*api.None, error) {
	return done(s.tag(ctx, "iam:TagUser", userRef(ctx, in.UserName), in.Tags))
}

// TagRole sets tags of a role.
func (s identity) TagRole(ctx context.Context, in *iamapi.TagRoleRequest) (*api.None, error) {
	return done(s.tag(ctx, "iam:TagRole", roleRef(ctx, in.RoleName), in.Tags))
}

// TagInstanceProfile sets tags of an instance profile.
func (s identity) TagInstanceProfile(ctx context.Context, in *iamapi.TagInstanceProfileRequest) (*api.None, error) {
	return done(s.tag(ctx, "iam:TagInstanceProfile", profileRef(ctx, in.InstanceProfileName), in.Tags))
}

// UntagUser removes tags of a user.
func (s identity) UntagUser(ctx context.Context, in *iamapi.UntagUserRequest) (*api.None, error) {
	return done(s.untag(ctx, "iam:UntagUser", userRef(ctx, in.UserName), in.TagKeys))
}

// UntagRole removes tags of a role.
func (s identity) UntagRole(ctx context.Context, in *iamapi.UntagRoleRequest) (*api.None, error) {
	return done(s.untag(ctx, "iam:UntagRole", roleRef(ctx, in.RoleName), in.TagKeys))
}

// UntagInstanceProfile removes tags of an instance profile.
func (s identity) UntagInstanceProfile(ctx context.Context, in *iamapi.UntagInstanceProfileRequest) (*api.None, error) {
	return done(s.untag(ctx, "iam:UntagInstanceProfile", profileRef(ctx, in.InstanceProfileName), in.TagKeys))
}

// ListUserTags lists the tags of a user.
func (s identity) ListUserTags(ctx context.Context, in *iamapi.ListUserTagsRequest) (*iamapi.ListUserTagsResponse, error) {
	tags, p, err := s.listTags(ctx, "ListUserTags", userRef(ctx, in.UserName), in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListUserTagsResponse{Tags: tags, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// ListRoleTags lists the tags of a role.
func (s identity) ListRoleTags(ctx context.Context, in *iamapi.ListRoleTagsRequest) (*iamapi.ListRoleTagsResponse, error) {
	tags, p, err := s.listTags(ctx, "ListRoleTags", roleRef(ctx, in.RoleName), in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListRoleTagsResponse{Tags: tags, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// ListInstanceProfileTags lists the tags of an instance profile.
func (s identity) ListInstanceProfileTags(ctx context.Context, in *iamapi.ListInstanceProfileTagsRequest) (*iamapi.ListInstanceProfileTagsResponse, error) {
	tags, p, err := s.listTags(ctx, "ListInstanceProfileTags", profileRef(ctx, in.InstanceProfileName), in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListInstanceProfileTagsResponse{Tags: tags, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}
