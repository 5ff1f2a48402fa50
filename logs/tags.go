package logs

import (
	"context"
	"errors"
	"maps"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// maxTags is the number of tags that a resource can have.
const maxTags = 50

// TagLogGroup is the older form of [Service.TagResource].
func (s *Service) TagLogGroup(ctx context.Context, in *logsapi.TagLogGroupRequest) (*api.None, error) {
	return nil, s.tag(ctx, "TagLogGroup", placeOf(ctx).stream(in.LogGroupName, ""), in.LogGroupName, in.Tags)
}

// TagResource adds tags to a log group or another resource, or replaces their
// values.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html
func (s *Service) TagResource(ctx context.Context, in *logsapi.TagResourceRequest) (*api.None, error) {
	if r := otherTagged(ctx, in.ResourceArn); r != nil {
		return nil, s.retagOther(ctx, "TagResource", in.ResourceArn, r, auth.RequestTags(in.Tags), adding(in.Tags))
	}
	name, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return nil, s.tag(ctx, "TagResource", in.ResourceArn, name, in.Tags)
}

// UntagLogGroup is the older form of [Service.UntagResource].
func (s *Service) UntagLogGroup(ctx context.Context, in *logsapi.UntagLogGroupRequest) (*api.None, error) {
	return nil, s.untag(ctx, "UntagLogGroup", placeOf(ctx).stream(in.LogGroupName, ""), in.LogGroupName, in.Tags)
}

// UntagResource removes tags from a log group or another resource. A tag that is not there is no
// error.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagResource.html
func (s *Service) UntagResource(ctx context.Context, in *logsapi.UntagResourceRequest) (*api.None, error) {
	if r := otherTagged(ctx, in.ResourceArn); r != nil {
		return nil, s.retagOther(ctx, "UntagResource", in.ResourceArn, r, auth.TagKeys(in.TagKeys), removing(in.TagKeys))
	}
	name, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return nil, s.untag(ctx, "UntagResource", in.ResourceArn, name, in.TagKeys)
}

// ListTagsLogGroup is the older form of [Service.ListTagsForResource].
func (s *Service) ListTagsLogGroup(ctx context.Context, in *logsapi.ListTagsLogGroupRequest) (*logsapi.ListTagsLogGroupResponse, error) {
	tags, err := s.tags(ctx, "ListTagsLogGroup", placeOf(ctx).stream(in.LogGroupName, ""), in.LogGroupName)
	return &logsapi.ListTagsLogGroupResponse{Tags: tags}, err
}

// ListTagsForResource returns the tags of a log group or another resource.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html
func (s *Service) ListTagsForResource(ctx context.Context, in *logsapi.ListTagsForResourceRequest) (*logsapi.ListTagsForResourceResponse, error) {
	if r := otherTagged(ctx, in.ResourceArn); r != nil {
		tags, err := s.tagsOfOther(ctx, in.ResourceArn, r)
		return &logsapi.ListTagsForResourceResponse{Tags: tags}, err
	}
	name, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags, err := s.tags(ctx, "ListTagsForResource", in.ResourceArn, name)
	return &logsapi.ListTagsForResourceResponse{Tags: tags}, err
}

// tagged returns the log group that a resource ARN names.
func tagged(ctx context.Context, resource string) (string, error) {
	a, err := arn.Parse(resource)
	if err != nil || a.Service != "logs" {
		return "", logsapi.InvalidParameterException("Invalid resource ARN: %s", resource) // Unverified: AWS's sentence
	}
	if !strings.HasPrefix(a.Resource, "log-group:") {
		return "", api.NotImplemented("logs", "tags of the resource "+a.Resource)
	}
	return groupName(ctx, resource)
}

func (s *Service) tag(ctx context.Context, action, resource, name string, tags map[string]string) error {
	return s.retag(ctx, action, resource, name, auth.RequestTags(tags), onGroup(adding(tags)))
}

func (s *Service) untag(ctx context.Context, action, resource, name string, keys []string) error {
	return s.retag(ctx, action, resource, name, auth.TagKeys(keys), onGroup(removing(keys)))
}

// tagChange gives the tags that a resource has next. It leaves those that it
// gets as they are.
type tagChange func(map[string]string) (map[string]string, error)

func adding(tags map[string]string) tagChange {
	return func(old map[string]string) (map[string]string, error) {
		now := maps.Clone(old)
		if now == nil {
			now = map[string]string{}
		}
		maps.Copy(now, tags)
		if len(now) > maxTags {
			return nil, logsapi.TooManyTagsException("The number of tags exceeds the limit of 50.") // Unverified: AWS's sentence
		}
		return now, nil
	}
}

func removing(keys []string) tagChange {
	return func(old map[string]string) (map[string]string, error) {
		now := maps.Clone(old)
		for _, k := range keys {
			delete(now, k)
		}
		return now, nil
	}
}

func onGroup(change tagChange) func(*group) error {
	return func(g *group) (err error) {
		g.Tags, err = change(g.Tags)
		return err
	}
}

// retag authorizes the action, with the tags that the group has and those of
// the request, and applies fn to the group.
func (s *Service) retag(ctx context.Context, action, resource, name string, requested auth.Keys, fn func(*group) error) error {
	g, err := s.group(ctx, name)
	keys := auth.ResourceTags(g.Tags)
	maps.Copy(keys, requested)
	if denied := s.authorize(ctx, action, resource, keys); denied != nil {
		return denied
	}
	if err != nil {
		return err
	}
	return s.edit(ctx, placeOf(ctx), name, fn)
}

func (s *Service) tags(ctx context.Context, action, resource, name string) (map[string]string, error) {
	g, err := s.group(ctx, name)
	if denied := s.authorize(ctx, action, resource, auth.ResourceTags(g.Tags)); denied != nil {
		return nil, denied
	}
	if g.Tags == nil {
		g.Tags = map[string]string{}
	}
	return g.Tags, err
}

// ignoreNotFound returns err unless it says that a key is gone.
func ignoreNotFound(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
