package organizations

import (
	"context"
	"maps"
	"strings"

	"sealstack/api"
	"sealstack/api/organizationsapi"
	"sealstack/auth"
	"sealstack/storage"
)

// request is what a call asks to do.
type request struct {
	action string   // "AttachPolicy"
	on     []string // ids of the resources that the action names
	keys   auth.Keys
	tags   []organizationsapi.Tag // that are set on what is made
	// anyMember: the operation is not for the management account alone.
	anyMember bool
}

// enter authorizes a request and returns the caller's organization. The action
// must be allowed on each resource by the caller's own policies; then it
// matters whether there is an organization and whether the caller is its
// management account.
//
// Unverified: that order, and that an action on several resources is asked for
// each.
func (s *Service) enter(ctx context.Context, r request) (o *organization, err error) {
	var on []resource
	err = s.view(ctx, func(tx storage.Tx) error {
		if o, err = loadOf(tx, api.CallerOf(ctx).Account); err != nil || o == nil {
			return err
		}
		on, err = o.resources(tx, r.on)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(on) == 0 {
		on = []resource{{arn: "*"}}
	}
	if err := s.permit(ctx, r, on); err != nil {
		return nil, err
	}
	switch {
	case o == nil:
		return nil, notInUse()
	case !r.anyMember && api.CallerOf(ctx).Account != o.Management:
		return nil, notManagement()
	}
	return o, nil
}

// permit asks for each resource. Tags need the right to set them as well.
func (s *Service) permit(ctx context.Context, r request, on []resource) error {
	for _, res := range on {
		keys := auth.Keys{}
		maps.Copy(keys, res.keys)
		maps.Copy(keys, r.keys)
		maps.Copy(keys, tagKeys(r.tags))
		if err := s.authorize(ctx, r.action, res.arn, keys); err != nil {
			return err
		}
		if len(r.tags) == 0 || r.action == "TagResource" {
			continue
		}
		if err := s.authorize(ctx, "TagResource", res.arn, keys); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) authorize(ctx context.Context, action, arn string, keys auth.Keys) error {
	return s.authorizer.Authorize(ctx, &auth.Request{
		Service: organizationsapi.Service, Action: "organizations:" + action, Resource: arn, Keys: keys,
	})
}

// resource is what an action is asked for, with its condition keys.
type resource struct {
	arn  string
	keys auth.Keys
}

// resources looks up what the ids name. What does not exist has an ARN too:
// who may not do the action does not learn that.
func (o *organization) resources(tx storage.Tx, ids []string) (all []resource, err error) {
	for _, id := range ids {
		r := resource{arn: o.arn(kindOf(id), id)}
		if n := o.Nodes[id]; n != nil {
			r.keys = resourceKeys(n.Tags)
		}
		if kindOf(id) == aPolicy {
			if r, err = o.policyResource(tx, id); err != nil {
				return nil, err
			}
		}
		all = append(all, r)
	}
	return all, nil
}

func (o *organization) policyResource(tx storage.Tx, id string) (resource, error) {
	p, err := o.policy(tx, id)
	if err != nil {
		return resource{}, err
	}
	if p == nil {
		p = &policyRecord{ID: id, Type: organizationsapi.PolicyTypeServiceControlPolicy}
	}
	keys := resourceKeys(p.Tags)
	maps.Copy(keys, typeKeys(p.Type))
	return resource{p.arn(o), keys}, nil
}

// typeKeys is the condition key organizations:PolicyType.
func typeKeys(t organizationsapi.PolicyType) auth.Keys {
	return auth.Keys{"organizations:policytype": {string(t)}}
}

func resourceKeys(tags []tag) auth.Keys {
	keys := auth.Keys{}
	for _, t := range tags {
		keys["aws:resourcetag/"+strings.ToLower(t.Key)] = []string{t.Value}
	}
	return keys
}

// tagKeys are aws:RequestTag/KEY and aws:TagKeys.
func tagKeys(tags []organizationsapi.Tag) auth.Keys {
	set := map[string]string{}
	for _, t := range tags {
		set[t.Key] = t.Value
	}
	return auth.RequestTags(set)
}

// change authorizes a request and runs fn over the caller's organization in a
// transaction. The organization is saved when fn returns nil.
func (s *Service) change(ctx context.Context, r request, fn func(tx storage.Tx, o *organization) error) error {
	o, err := s.enter(ctx, r)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx storage.Tx) error {
		o, err := s.reload(tx, o.ID)
		if err != nil {
			return err
		}
		if err := fn(tx, o); err != nil {
			return err
		}
		return o.save(tx)
	})
}

// reload reads an organization that was there when the call was authorized.
func (s *Service) reload(tx storage.Tx, id string) (*organization, error) {
	there, err := byID.Has(tx, storage.K(id))
	if err == nil && !there {
		err = notInUse()
	}
	if err != nil {
		return nil, err
	}
	return load(tx, id)
}
