package iam

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/stsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// chainedSession is the longest session of a role assumed by a role's session:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
const chainedSession = time.Hour

// assumption is one attempt to assume a role.
type assumption struct {
	ref              // of the role
	role     *entity // nil if it does not exist
	trust    *policy.Policy
	resource string // RoleArn as sent
	keys     auth.Keys
	end      time.Time // when the session ends at the latest; zero for no such end
}

// AssumeRole makes temporary credentials of a role, for whoever its trust
// policy allows:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (s tokens) AssumeRole(ctx context.Context, in *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
	if api.CallerOf(ctx).Type == api.Root {
		return nil, stsapi.Service.AccessDenied("Roles may not be assumed by root accounts.")
	}
	a, err := s.assumption(ctx, in.RoleArn)
	if err != nil {
		return nil, err
	}
	from, err := s.sessionOf(ctx)
	if err != nil {
		return nil, err
	}
	n := s.newSession(a.Home, 0)
	if err := n.inherit(from, in); err != nil {
		return nil, err
	}
	a.keys = assumeKeys(in, n)
	if err := s.permitAssume(ctx, a, n); err != nil {
		return nil, err
	}
	if err := noDevice(in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	credentials, size, err := s.start(ctx, a, n, terms{in.RoleSessionName, in.DurationSeconds, in.Policy, in.PolicyArns})
	if err != nil {
		return nil, err
	}
	return &stsapi.AssumeRoleResponse{
		Credentials: credentials, AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: n.ID, Arn: n.ARN},
		PackedPolicySize: size, SourceIdentity: orNil(n.SourceIdentity),
	}, nil
}

// terms are what a request asks of the session of a role.
type terms struct {
	name     string
	seconds  *int32
	document *string // session policy
	arns     []stsapi.PolicyDescriptorType
}

// start makes the credentials of a session that its holder may have, and
// returns PackedPolicySize beside them.
func (s *state) start(ctx context.Context, a *assumption, n *session, t terms) (*stsapi.Credentials, *int32, error) {
	d, err := roleDuration(ctx, a.role, t.seconds)
	if err != nil {
		return nil, nil, err
	}
	if n.Expires = n.Issued.Add(d); !a.end.IsZero() && a.end.Before(n.Expires) {
		n.Expires = a.end
	}
	n.become(a, t.name)
	size, err := s.limit(ctx, n, t.document, t.arns)
	if err != nil {
		return nil, nil, err
	}
	credentials, err := s.issue(ctx, n)
	return credentials, size, err
}

// assumption finds the role with that ARN, of whatever account. One of another
// partition does not exist in this one.
func (s *state) assumption(ctx context.Context, text string) (*assumption, error) {
	parsed, err := arn.Parse(text)
	if err != nil || parsed.Service != "iam" || parsed.Kind() != string(aRole) || parsed.ID() == "" || !arn.ValidAccount(parsed.Account) {
		return nil, invalid("%s is invalid", text)
	}
	_, name := arn.SplitPath(parsed.ID())
	a := &assumption{ref: ref{home{parsed.Partition, parsed.Account}, aRole, name}, resource: text}
	err = s.view(ctx, func(tx storage.Tx) error {
		e, err := a.lookup(tx)
		if err == nil && e != nil && a.arn(e) == text && a.Home.Partition == partitionOf(ctx) {
			a.role = e
		}
		return err
	})
	if err != nil || a.role == nil {
		return a, err
	}
	a.trust, err = s.cache.trusts.compile(a.role.Trust)
	return a, err
}

// permitRole asks trust policy and caller whether the action is allowed. A role
// that does not exist is one that nobody may assume.
func (s *state) permitRole(ctx context.Context, a *assumption, action string) error {
	c := api.CallerOf(ctx)
	err := error(stsapi.Service.AccessDenied(""))
	if a.role != nil {
		keys := maps.Clone(a.keys)
		merge(keys, tagKeys("aws:resourcetag/", a.role.Tags), tagKeys("iam:resourcetag/", a.role.Tags))
		err = s.authorizer.Authorize(ctx, &auth.Request{
			Service: stsapi.Service, Action: action, Resource: a.resource,
			Account: a.Home.Account, Policy: a.trust, Gate: true, Keys: keys,
		})
	}
	return sentenceOf(err, c, action, a)
}

// permitAssume asks for each action that the request needs.
//
// Unverified: the sentence for the credentials of a federated user.
func (s *state) permitAssume(ctx context.Context, a *assumption, n *session) error {
	actions := []string{"sts:AssumeRole"}
	if len(n.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if n.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	c := api.CallerOf(ctx)
	if c.Type == api.FederatedUser {
		return stsapi.Service.AccessDenied("Cannot call AssumeRole with federated user credentials")
	}
	for _, action := range actions {
		if err := s.permitRole(ctx, a, action); err != nil {
			return err
		}
	}
	return nil
}

// sessionOf returns the session of the caller, nil without one.
func (s *state) sessionOf(ctx context.Context) (n *session, err error) {
	c := api.CallerOf(ctx)
	if c.Session == nil {
		return nil, nil
	}
	err = s.view(ctx, func(tx storage.Tx) error {
		n, err = s.openSession(tx, c.AccessKeyID)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil // made by the process itself
	}
	return n, err
}

// inherit takes the tags of the request, and what the calling session passes
// on: its transitive tags and its source identity. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func (n *session) inherit(from *session, in *stsapi.AssumeRoleRequest) (err error) {
	if n.Tags, err = sessionTags(in.Tags); err != nil {
		return err
	}
	for _, key := range in.TransitiveTagKeys {
		if !hasFolded(n.Tags, key) {
			return badParameter("The specified transitive tag key must be included in the requested tags.")
		}
	}
	n.Transitive, n.SourceIdentity = slices.Clone(in.TransitiveTagKeys), deref(in.SourceIdentity)
	if from == nil {
		return nil
	}
	for _, key := range from.Transitive {
		if hasFolded(n.Tags, key) {
			return badParameter("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return n.pass(from)
}

// pass copies what from passes on.
//
// Unverified: the sentence for another source identity than that of the
// calling session.
func (n *session) pass(from *session) error {
	for key, value := range from.Tags {
		if slices.ContainsFunc(from.Transitive, func(t string) bool { return strings.EqualFold(t, key) }) {
			if n.Tags == nil {
				n.Tags = map[string]string{}
			}
			n.Tags[key] = value
			n.Transitive = append(n.Transitive, key)
		}
	}
	if from.SourceIdentity == "" {
		return nil
	}
	if n.SourceIdentity != "" && n.SourceIdentity != from.SourceIdentity {
		return stsapi.Service.AccessDenied("The source identity of the calling session cannot be changed.")
	}
	n.SourceIdentity = from.SourceIdentity
	return nil
}

// assumeKeys are the condition keys of a request to assume a role:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func assumeKeys(in *stsapi.AssumeRoleRequest, n *session) auth.Keys {
	keys := auth.RequestTags(n.Tags)
	keys["sts:rolesessionname"] = []string{in.RoleSessionName}
	if in.ExternalId != nil {
		keys["sts:externalid"] = []string{*in.ExternalId}
	}
	if n.SourceIdentity != "" {
		keys["sts:sourceidentity"] = []string{n.SourceIdentity}
	}
	if len(n.Transitive) > 0 {
		keys["sts:transitivetagkeys"] = n.Transitive
	}
	if in.DurationSeconds != nil {
		keys["sts:durationseconds"] = []string{strconv.Itoa(int(*in.DurationSeconds))}
	}
	return keys
}

// roleDuration is how long a session of a role lasts.
func roleDuration(ctx context.Context, role *entity, seconds *int32) (time.Duration, error) {
	d := time.Duration(deref(seconds)) * time.Second
	if seconds == nil {
		d = time.Hour
	}
	switch {
	case api.CallerOf(ctx).Type == api.AssumedRole && d > chainedSession:
		return 0, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case d > time.Duration(role.MaxSession)*time.Second:
		return 0, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return d, nil
}

// become makes the session one of the role. The role's path is not part of
// the session's ARN.
func (n *session) become(a *assumption, name string) {
	n.Type, n.Name = api.AssumedRole, name
	n.ARN = "arn:" + a.Home.Partition + ":sts::" + a.Home.Account + ":assumed-role/" + a.role.Name + "/" + name
	n.ID = a.role.ID + ":" + name
	n.Issuer, n.IssuerID = a.arn(a.role), a.role.ID
}

// orNil is nil for an empty string.
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
