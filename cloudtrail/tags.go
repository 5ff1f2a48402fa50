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
	"sealstack/storage"
)

// maxTags is how many tags a resource can have, maxTagLists how many resources
// ListTags takes.
const (
	maxTags     = 50
	maxTagLists = 20
)

// AddTags adds tags to a trail, an event data store, a channel or a dashboard,
// or gives them other values.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
func (s *Service) AddTags(ctx context.Context, in *cloudtrailapi.AddTagsRequest) (*cloudtrailapi.AddTagsResponse, error) {
	more, err := withTags(nil, in.TagsList)
	if err != nil {
		return nil, err
	}
	r, err := s.tagged(ctx, in.ResourceId, "AddTags", auth.RequestTags(tagMap(more)))
	if err != nil {
		return nil, err
	}
	err = r.edit(func(has []tag) ([]tag, error) { return withTags(has, in.TagsList) })
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.AddTagsResponse{}, nil
}

// RemoveTags removes tags; one that the resource does not have is no error.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RemoveTags.html
func (s *Service) RemoveTags(ctx context.Context, in *cloudtrailapi.RemoveTagsRequest) (*cloudtrailapi.RemoveTagsResponse, error) {
	var names []string
	for _, t := range in.TagsList {
		names = append(names, t.Key)
	}
	r, err := s.tagged(ctx, in.ResourceId, "RemoveTags", auth.TagKeys(names))
	if err != nil {
		return nil, err
	}
	err = r.edit(func(has []tag) ([]tag, error) {
		return slices.DeleteFunc(has, func(g tag) bool { return slices.Contains(names, g.Key) }), nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.RemoveTagsResponse{}, nil
}

// ListTags lists the tags of up to twenty resources.
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
		r, err := s.tagged(ctx, id, "ListTags", nil)
		if err != nil {
			return nil, err
		}
		list := []cloudtrailapi.Tag{}
		for _, g := range r.tags {
			list = append(list, cloudtrailapi.Tag{Key: g.Key, Value: g.Value})
		}
		out.ResourceTagList = append(out.ResourceTagList, cloudtrailapi.ResourceTag{ResourceId: &id, TagsList: list})
	}
	return out, nil
}

// tagged is something that has tags, and how they are changed.
type tagged struct {
	tags []tag
	edit func(func([]tag) ([]tag, error)) error
}

// tagged finds the resource of an ARN and authorizes the action with its tags
// and those of the request.
func (s *Service) tagged(ctx context.Context, resource, action string, keys auth.Keys) (tagged, error) {
	a, err := arn.Parse(resource)
	if err != nil || a.Service != "cloudtrail" {
		return tagged{}, badTrailARN(resource)
	}
	switch a.Kind() {
	case "trail":
		return s.taggedTrail(ctx, a, action, keys)
	case "eventdatastore":
		e, err := s.openStoreWith(ctx, resource, "", action, keys)
		if err == nil && !e.Deleted.IsZero() {
			err = inactiveStore()
		}
		return tagged{e.Tags, func(fn func([]tag) ([]tag, error)) error {
			_, err := s.editStore(ctx, e, func(_ storage.Tx, e *eventStore) (err error) { e.Tags, err = fn(e.Tags); return err })
			return err
		}}, err
	case "channel":
		ch, err := s.openChannelWith(ctx, resource, action, keys)
		return tagged{ch.Tags, func(fn func([]tag) ([]tag, error)) error {
			_, err := s.editChannel(ctx, &ch, func(_ storage.Tx, ch *channel) (err error) { ch.Tags, err = fn(ch.Tags); return err })
			return err
		}}, err
	case "dashboard":
		d, err := s.openDashboardWith(ctx, resource, action, keys)
		return tagged{d.Tags, func(fn func([]tag) ([]tag, error)) error {
			_, err := s.editDashboard(ctx, &d, func(_ storage.Tx, d *dashboard) (err error) { d.Tags, err = fn(d.Tags); return err })
			return err
		}}, err
	}
	return tagged{}, cloudtrailapi.ResourceTypeNotSupportedException("The resource type %s is not supported.", a.Kind()) // Unverified: the sentence
}

// taggedTrail is tagged for a trail, in its home Region.
func (s *Service) taggedTrail(ctx context.Context, a arn.ARN, action string, keys auth.Keys) (tagged, error) {
	t, missing := s.find(ctx, title{a.Region, a.Account, a.ID()})
	all := auth.ResourceTags(tagMap(t.Tags))
	maps.Copy(all, keys)
	if err := s.authorize(ctx, action, a.String(), all); err != nil {
		return tagged{}, err
	}
	if _, refused := refusal(missing); refused {
		return tagged{}, noResource(a.String())
	}
	if missing == nil && t.Region != api.CallerOf(ctx).Region {
		return tagged{}, notHome(t.Name, t.Region)
	}
	if missing == nil && action != "ListTags" {
		missing = s.mayChange(ctx, &t)
	}
	return tagged{t.Tags, func(fn func([]tag) ([]tag, error)) error {
		_, err := s.edit(ctx, t, func(t *trail) (err error) { t.Tags, err = fn(t.Tags); return err })
		return err
	}}, missing
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
