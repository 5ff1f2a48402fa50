package iam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// Attached implements auth.Identities. What it returns is shared: it must not
// be changed.
func (s *Service) Attached(ctx context.Context, c *api.Caller) (auth.Attached, error) {
	id := identityOf(c)
	if id == "" {
		return auth.Attached{}, nil
	}
	now := s.cache.now.Load()
	key := id
	if c.Session != nil {
		key = c.AccessKeyID
	}
	if a, ok := now.attached.get(key); ok && key != "" {
		return *a, nil
	}
	a, err := s.readAttached(ctx, id, c)
	if err != nil {
		return auth.Attached{}, fmt.Errorf("iam: policies of %s: %w", c.ARN, err)
	}
	if key != "" {
		now.attached.put(key, a)
	}
	return *a, nil
}

// identityOf returns the unique id of the user or role behind a caller: of a
// federated session it is the user who asked for it.
func identityOf(c *api.Caller) string {
	switch c.Type {
	case api.User:
		return c.ID
	case api.AssumedRole:
		role, _, _ := strings.Cut(c.ID, ":")
		return role
	case api.FederatedUser:
		return c.IssuerID
	}
	return ""
}

// readAttached collects what a user or role holds, and what a session adds.
func (s *state) readAttached(ctx context.Context, id string, c *api.Caller) (a *auth.Attached, err error) {
	h := home{partitionOf(ctx), c.Account}
	err = s.view(ctx, func(tx storage.Tx) error {
		a = &auth.Attached{Origins: &auth.Origins{}}
		if err := s.fillIdentity(tx, a, h, id); err != nil || c.Session == nil {
			return err
		}
		if c.Type == api.FederatedUser {
			a.Session = []*policy.Policy{} // without session policies nothing is allowed
		}
		return s.fillSession(tx, a, h, c.Session)
	})
	return a, err
}

// rootRights is what a federated session has behind it that the root user
// asked for.
const rootRights = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

// fillIdentity adds what the user or role with that id holds: nothing once it
// exists no more.
func (s *state) fillIdentity(tx storage.Tx, a *auth.Attached, h home, id string) error {
	if id == h.Account {
		return s.add(&a.Policies, &a.Origins.Policies, auth.Origin{Holder: h.root()}, rootRights)
	}
	r, e, err := findID(tx, h.Partition, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.fill(tx, a, r, e)
}

// fill adds the policies, the boundary and the tags of an entity.
func (s *state) fill(tx storage.Tx, a *auth.Attached, r ref, e *entity) error {
	holders, names := []*entity{e}, []string{r.arn(e)}
	err := eachGroup(tx, r.Home, e, func(of ref, group *entity) {
		holders, names = append(holders, group), append(names, of.arn(group))
	})
	if err != nil {
		return err
	}
	for i, holder := range holders {
		for _, name := range sortedNames(holder.Inline) {
			origin := auth.Origin{Name: name, Holder: names[i]}
			if err := s.add(&a.Policies, &a.Origins.Policies, origin, holder.Inline[name]); err != nil {
				return err
			}
		}
		for _, text := range holder.Attached {
			origin := auth.Origin{ARN: text, Holder: names[i]}
			if err := s.addManaged(tx, &a.Policies, &a.Origins.Policies, origin, r.Home); err != nil {
				return err
			}
		}
	}
	a.Tags = map[string]string{}
	for _, t := range e.Tags {
		a.Tags[t.Key] = t.Value
	}
	return s.fillBoundary(tx, a, r.Home, e.Boundary)
}

func (s *state) fillBoundary(tx storage.Tx, a *auth.Attached, h home, text string) error {
	if text == "" {
		return nil
	}
	var only []*policy.Policy
	var origins []auth.Origin
	if err := s.addManaged(tx, &only, &origins, auth.Origin{ARN: text}, h); err != nil || len(only) == 0 {
		return err
	}
	a.Boundary, a.Origins.Boundary = only[0], origins[0]
	return nil
}

// add compiles a document and appends it, and where it comes from.
func (s *state) add(to *[]*policy.Policy, origins *[]auth.Origin, origin auth.Origin, document string) error {
	p, err := s.cache.docs.compile(document)
	if err != nil {
		return err
	}
	*to, *origins = append(*to, p), append(*origins, origin)
	return nil
}

// addManaged appends the version in force of the managed policy with the
// origin's ARN; one that exists no more allows nothing.
func (s *state) addManaged(tx storage.Tx, to *[]*policy.Policy, origins *[]auth.Origin, origin auth.Origin, h home) error {
	m, err := findPolicy(tx, h, origin.ARN)
	if err != nil || m == nil {
		return err
	}
	origin.Version = m.at(m.Default).id()
	return s.add(to, origins, origin, m.document())
}

// fillSession adds session policies and session tags. A session tag takes the
// place of the principal's own tag, whatever the case of the key:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func (s *state) fillSession(tx storage.Tx, a *auth.Attached, h home, session *api.Session) error {
	if a.Session == nil && len(session.Policies)+len(session.PolicyARNs) > 0 {
		a.Session = []*policy.Policy{}
	}
	for _, document := range session.Policies {
		p, err := s.cache.passed.compile(document)
		if err != nil {
			return err
		}
		a.Session, a.Origins.Session = append(a.Session, p), append(a.Origins.Session, auth.Origin{Name: "Policy"})
	}
	for _, text := range session.PolicyARNs {
		if err := s.addManaged(tx, &a.Session, &a.Origins.Session, auth.Origin{ARN: text}, h); err != nil {
			return err
		}
	}
	if len(session.Tags) == 0 {
		return nil
	}
	tags := maps.Clone(session.Tags)
	for key, value := range a.Tags {
		if !hasFolded(session.Tags, key) {
			tags[key] = value
		}
	}
	a.Tags = tags
	return nil
}

func hasFolded(tags map[string]string, key string) bool {
	for k := range tags {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}
