package cloudtrail

import (
	"context"
	"maps"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/auth"
)

// maxTags is how many tags a trail can have, maxTagLists how many trails
// ListTags takes.
const (
	maxTags     = 50
	maxTagLists = 20
)

// AddTags adds tags to a trail, or gives them other values.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
func (s *Service) AddTags(ctx context.Context, in *cloudtrailapi.AddTagsRequest) (*cloudtrailapi.AddTagsResponse, error) {
	more, err := withTags(nil, in.TagsList)
	if err != nil {
		return nil, err
	}
	t, err := s.tagged(ctx, in.ResourceId, "AddTags", auth.RequestTags(tagMap(more)))
	if err != nil {
		return nil, err
	}
	_, err = s.edit(ctx, t, func(t *trail) (err error) {
		t.Tags, err = withTags(t.Tags, in.TagsList)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.AddTagsResponse{}, nil
}

// RemoveTags removes tags; one that the trail does not have is no error.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RemoveTags.html
func (s *Service) RemoveTags(ctx context.Context, in *cloudtrailapi.RemoveTagsRequest) (*cloudtrailapi.RemoveTagsResponse, error) {
	var names []string
	for _, t := range in.TagsList {
		names = append(names, t.Key)
	}
	t, err := s.tagged(ctx, in.ResourceId, "RemoveTags", auth.TagKeys(names))
	if err != nil {
		return nil, err
	}
	_, err = s.edit(ctx, t, func(t *trail) error {
		t.Tags = slices.DeleteFunc(t.Tags, func(g tag) bool { return slices.Contains(names, g.Key) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.RemoveTagsResponse{}, nil
}

// ListTags lists the tags of up to twenty trails.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html
func (s *Service) ListTags(ctx context.Context, in *cloudtrailapi.ListTagsRequest) (*cloudtrailapi.ListTagsResponse, error) {
	if in.NextToken != nil {
		return nil, badToken()
	}
	if len(in.ResourceIdList) > maxTagLists {
		return nil, cloudtrailapi.InvalidTagParameterException("ListTags takes at most %d resources.", maxTagLists) // Unverified: the sentence
	}
	out := &cloudtrailapi.ListTagsResponse{ResourceTagList: []cloudtrailapi.ResourceTag{}}
	for _, id := range in.ResourceIdList {
		t, err := s.tagged(ctx, id, "ListTags", nil)
		if err != nil {
			return nil, err
		}
		list := []cloudtrailapi.Tag{}
		for _, g := range t.Tags {
			list = append(list, cloudtrailapi.Tag{Key: g.Key, Value: g.Value})
		}
		out.ResourceTagList = append(out.ResourceTagList, cloudtrailapi.ResourceTag{ResourceId: &id, TagsList: list})
	}
	return out, nil
}

// tagged finds the trail of an ARN, in its home Region, and authorizes the
// action with its tags.
func (s *Service) tagged(ctx context.Context, resource, action string, keys auth.Keys) (trail, error) {
	c := api.CallerOf(ctx)
	a, err := arn.Parse(resource)
	if err != nil || a.Service != "cloudtrail" {
		return trail{}, badTrailARN(resource)
	}
	if a.Kind() != "trail" {
		return trail{}, api.NotImplemented("cloudtrail", action+" on "+a.Kind())
	}
	t, missing := s.find(ctx, title{a.Region, a.Account, a.ID()})
	all := auth.ResourceTags(tagMap(t.Tags))
	maps.Copy(all, keys)
	if err := s.authorize(ctx, action, resource, all); err != nil {
		return trail{}, err
	}
	if _, refused := refusal(missing); refused {
		return trail{}, noResource(resource)
	}
	if missing == nil && t.Region != c.Region {
		return trail{}, notHome(t.Name, t.Region)
	}
	if missing == nil && action != "ListTags" {
		missing = s.mayChange(ctx, &t)
	}
	return t, missing
}

func tagMap(tags []tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[t.Key] = deref(t.Value)
	}
	return m
}

// withTags is the list of tags with those of a request, a new one.
func withTags(has []tag, more []cloudtrailapi.Tag) ([]tag, error) {
	out := slices.Clone(has)
	for i, t := range more {
		if slices.ContainsFunc(more[:i], func(u cloudtrailapi.Tag) bool { return u.Key == t.Key }) {
			return nil, duplicateTag(t.Key)
		}
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, reservedTag()
		}
		at := slices.IndexFunc(out, func(g tag) bool { return g.Key == t.Key })
		if at < 0 {
			at, out = len(out), append(out, tag{Key: t.Key})
		}
		out[at].Value = t.Value
	}
	if len(out) > maxTags {
		return nil, tooManyTags()
	}
	return out, nil
}
