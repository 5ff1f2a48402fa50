package iam

import (
	"context"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/auth"
	"sealstack/storage"
)

// permit asks whether the caller may do an action of IAM on a resource of its
// own account. The keys are listed at
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
func (s *state) permit(ctx context.Context, action, resource string, keys auth.Keys) error {
	if err := checkSession(api.CallerOf(ctx)); err != nil {
		return err
	}
	return s.authorizer.Authorize(ctx, &auth.Request{
		Service: iamapi.Service, Action: action, Resource: resource, Keys: keys,
	})
}

// find authorizes action on the entity that r names and returns the entity,
// or AWS's NoSuchEntity. Who may not do the action does not learn whether the
// entity exists.
func (s *state) find(ctx context.Context, action string, r ref, more ...auth.Keys) (*entity, error) {
	e, err := s.lookup(ctx, r)
	if err != nil {
		return nil, err
	}
	keys := auth.Keys{}
	for _, m := range more {
		merge(keys, m)
	}
	if e != nil {
		merge(keys, tagKeys("aws:resourcetag/", e.Tags), tagKeys("iam:resourcetag/", e.Tags))
		if e.Boundary != "" {
			merge(keys, boundaryKeys(e.Boundary))
		}
	}
	if err := s.permit(ctx, action, r.arn(e), keys); err != nil {
		return nil, err
	}
	if e == nil {
		return nil, noSuch(r.Kind, r.Name)
	}
	return e, nil
}

// lookup returns the entity that r names, nil if there is none.
func (s *state) lookup(ctx context.Context, r ref) (e *entity, err error) {
	err = s.view(ctx, func(tx storage.Tx) error {
		e, err = r.lookup(tx)
		return err
	})
	return e, err
}

// change authorizes action on the entity and runs fn over it in a
// transaction. fn saves what it changes.
func (s *state) change(ctx context.Context, action string, r ref, fn func(storage.Tx, *entity) error, more ...auth.Keys) error {
	if _, err := s.find(ctx, action, r, more...); err != nil {
		return err
	}
	return s.update(ctx, func(tx storage.Tx) error {
		e, err := r.load(tx)
		if err != nil {
			return err
		}
		return fn(tx, e)
	})
}

// edit is change for what alters the entity alone: it is saved when fn
// returns nil.
func (s *state) edit(ctx context.Context, action string, r ref, fn func(*entity) error, more ...auth.Keys) error {
	return s.change(ctx, action, r, func(tx storage.Tx, e *entity) error {
		if err := fn(e); err != nil {
			return err
		}
		return r.save(tx, e)
	}, more...)
}

func merge(into auth.Keys, from ...auth.Keys) {
	for _, keys := range from {
		for name, values := range keys {
			into[name] = values
		}
	}
}

// creationKeys are the condition keys of an operation that makes an entity.
func creationKeys(tags []iamapi.Tag, boundary string) auth.Keys {
	keys := requestTagKeys(tags)
	if boundary != "" {
		merge(keys, boundaryKeys(boundary))
	}
	return keys
}

// requestTagKeys are aws:RequestTag/KEY and aws:TagKeys.
func requestTagKeys(tags []iamapi.Tag) auth.Keys {
	keys := auth.Keys{}
	names := make([]string, 0, len(tags))
	for _, t := range tags {
		keys["aws:requesttag/"+strings.ToLower(t.Key)] = []string{t.Value}
		names = append(names, t.Key)
	}
	if len(names) > 0 {
		keys["aws:tagkeys"] = names
	}
	return keys
}

func tagKeys(prefix string, tags []tag) auth.Keys {
	keys := auth.Keys{}
	for _, t := range tags {
		keys[prefix+strings.ToLower(t.Key)] = []string{t.Value}
	}
	return keys
}

func boundaryKeys(arn string) auth.Keys {
	return auth.Keys{"iam:permissionsboundary": {arn}}
}

func policyKeys(arn string) auth.Keys {
	return auth.Keys{"iam:policyarn": {arn}}
}

func serviceKeys(service string) auth.Keys {
	return auth.Keys{"iam:awsservicename": {service}}
}
