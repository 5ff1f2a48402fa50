package logs

import (
	"context"
	"maps"
	"strings"

	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// taggedResource reaches the tags of a resource that is no log group.
type taggedResource struct {
	key    storage.Key
	get    func(storage.Tx, storage.Key) (map[string]string, error)
	change func(storage.Tx, storage.Key, tagChange) error
	gone   func() error // what is answered if it is not there
}

// taggedIn is the resource of a table, whose records have tags.
func taggedIn[T any](table storage.Table[T], tags func(*T) *map[string]string, gone func() error) taggedResource {
	return taggedResource{
		get: func(tx storage.Tx, k storage.Key) (map[string]string, error) {
			v, err := table.Get(tx, k)
			return *tags(&v), err
		},
		change: func(tx storage.Tx, k storage.Key, change tagChange) error {
			v, err := table.Get(tx, k)
			if err != nil {
				return either(ignoreNotFound(err), gone)
			}
			if *tags(&v), err = change(*tags(&v)); err != nil {
				return err
			}
			return table.Put(tx, k, v)
		},
		gone: gone,
	}
}

// otherTags are the kinds of resources beside log groups that have tags, by
// how their ARNs call them.
//
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
var otherTags = map[string]taggedResource{
	"destination":          taggedIn(destinations, func(v *destination) *map[string]string { return &v.Tags }, noSuchDestination),
	"lookup-table":         taggedIn(lookupTables, func(v *lookupTable) *map[string]string { return &v.Tags }, noSuchTable),
	"anomaly-detector":     taggedIn(anomalyDetectors, func(v *anomalyDetector) *map[string]string { return &v.Tags }, noSuchDetector),
	"scheduled-query":      taggedIn(scheduledQueries, func(v *scheduledQuery) *map[string]string { return &v.Tags }, noSuchScheduled),
	"delivery-source":      taggedIn(deliverySources, func(v *deliverySource) *map[string]string { return &v.Tags }, noSuchSource),
	"delivery-destination": taggedIn(deliveryDestinations, func(v *deliveryDestination) *map[string]string { return &v.Tags }, noSuchDeliveryDestination),
	"delivery":             taggedIn(deliveries, func(v *delivery) *map[string]string { return &v.Tags }, noSuchDelivery),
}

// otherTagged returns the resource of the caller's account in its Region that
// an ARN names, nil if it names none of these kinds.
func otherTagged(ctx context.Context, resource string) *taggedResource {
	a, err := arn.Parse(resource)
	if err != nil {
		return nil
	}
	kind, name, _ := strings.Cut(a.Resource, ":")
	r, ok := otherTags[kind]
	p := placeOf(ctx)
	if !ok || name == "" || resource != p.arn(a.Resource) {
		return nil
	}
	r.key = p.key(name)
	return &r
}

// tagsOfOther returns the tags that the caller may list.
func (s *Service) tagsOfOther(ctx context.Context, resource string, r *taggedResource) (map[string]string, error) {
	tags, err := s.readTags(ctx, r)
	if denied := s.authorize(ctx, "ListTagsForResource", resource, auth.ResourceTags(tags)); denied != nil {
		return nil, denied
	}
	if tags == nil {
		tags = map[string]string{}
	}
	return tags, err
}

// retagOther authorizes the action, with the tags that the resource has and
// those of the request, and changes the tags.
func (s *Service) retagOther(ctx context.Context, action, resource string, r *taggedResource, requested auth.Keys, change tagChange) error {
	tags, err := s.readTags(ctx, r)
	keys := auth.ResourceTags(tags)
	maps.Copy(keys, requested)
	if denied := s.authorize(ctx, action, resource, keys); denied != nil {
		return denied
	}
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return r.change(tx, r.key, change) })
}

func (s *Service) readTags(ctx context.Context, r *taggedResource) (tags map[string]string, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		tags, err = r.get(tx, r.key)
		return err
	})
	if err != nil {
		return nil, either(ignoreNotFound(err), r.gone)
	}
	return tags, nil
}
