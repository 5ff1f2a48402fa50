package organizations

import (
	"context"
	"slices"
	"strings"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/auth"
	"sealstack/storage"
)

type tag struct {
	Key   string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// setTags returns tags with more set over them, in the order in which keys
// came first. Their keys mind case.
func setTags(tags []tag, more []org.Tag) ([]tag, error) {
	out := slices.Clone(tags)
	seen := map[string]bool{}
	for _, t := range more {
		switch {
		case seen[t.Key]:
			return nil, duplicateTag()
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, systemTag()
		}
		seen[t.Key] = true
		at := slices.IndexFunc(out, func(o tag) bool { return o.Key == t.Key })
		if at < 0 {
			out = append(out, tag{t.Key, t.Value})
			continue
		}
		out[at].Value = t.Value
	}
	if len(out) > maxTags {
		return nil, tooManyTags()
	}
	return out, nil
}

// editTags authorizes an action and runs fn over the tags of a root, unit,
// account or policy.
func (s *Service) editTags(ctx context.Context, r request, fn func([]tag) ([]tag, error)) error {
	return s.change(ctx, r, func(tx storage.Tx, o *organization) (err error) {
		id := r.on[0]
		if n := o.Nodes[id]; n != nil {
			n.Tags, err = fn(n.Tags)
			return err
		}
		p, err := o.ownPolicy(tx, id)
		if err != nil {
			return err
		}
		if p.Tags, err = fn(p.Tags); err != nil {
			return err
		}
		return policies.Put(tx, storage.K(o.ID, id), *p)
	})
}

// ownPolicy returns a policy that may be a target of tags.
func (o *organization) ownPolicy(tx storage.Tx, id string) (*policyRecord, error) {
	p, err := o.policy(tx, id)
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return nil, noTarget()
	case p.managed():
		return nil, immutablePolicy()
	}
	return p, nil
}

// tagsOf returns the tags of whatever has that id.
func (o *organization) tagsOf(tx storage.Tx, id string) ([]tag, error) {
	if n := o.Nodes[id]; n != nil {
		return n.Tags, nil
	}
	p, err := o.policy(tx, id)
	if err == nil && p == nil {
		err = noTarget()
	}
	if err != nil {
		return nil, err
	}
	return p.Tags, nil
}

// TagResource sets tags of a root, unit, account or policy.
func (s *Service) TagResource(ctx context.Context, in *org.TagResourceRequest) (*api.None, error) {
	return done(s.editTags(ctx, request{action: "TagResource", on: []string{in.ResourceId}, tags: in.Tags},
		func(tags []tag) ([]tag, error) { return setTags(tags, in.Tags) }))
}

// UntagResource removes tags; ones that are not there don't matter.
func (s *Service) UntagResource(ctx context.Context, in *org.UntagResourceRequest) (*api.None, error) {
	return done(s.editTags(ctx, request{action: "UntagResource", on: []string{in.ResourceId}, keys: auth.TagKeys(in.TagKeys)},
		func(tags []tag) ([]tag, error) {
			return slices.DeleteFunc(tags, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) }), nil
		}))
}

// ListTagsForResource lists the tags of a root, unit, account or policy.
func (s *Service) ListTagsForResource(ctx context.Context, in *org.ListTagsForResourceRequest) (*org.ListTagsForResourceResponse, error) {
	o, err := s.enter(ctx, request{action: "ListTagsForResource", on: []string{in.ResourceId}})
	if err != nil {
		return nil, err
	}
	var tags []tag
	err = s.view(ctx, func(tx storage.Tx) error {
		tags, err = o.tagsOf(tx, in.ResourceId)
		return err
	})
	if err != nil {
		return nil, err
	}
	byKey := func(a, b tag) int { return strings.Compare(a.Key, b.Key) }
	shown, next, err := listing(s, o, "ListTagsForResource/"+in.ResourceId, in.NextToken, nil, slices.SortedFunc(slices.Values(tags), byKey),
		func(t tag) string { return t.Key }, func(t tag) org.Tag { return org.Tag{Key: t.Key, Value: t.Value} })
	if err != nil {
		return nil, err
	}
	return &org.ListTagsForResourceResponse{Tags: shown, NextToken: next}, nil
}
