package iam

import (
	"context"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/arn"
	"sealstack/storage"
)

// previewSession is the name of the session under which a role is asked about.
const previewSession = "preview"

// Impersonate returns the caller that a principal would be, so that a decision
// can be explained without its credentials: a root user, a user, a role (as a
// session of it), a session of a role, each by ARN, or a service principal by
// name. ErrNoPrincipal for anything else and for what does not exist.
func (s *Service) Impersonate(ctx context.Context, principal, region string) (*api.Caller, error) {
	c := &api.Caller{Region: region, Partition: arn.PartitionOf(region), SourceIP: "127.0.0.1"}
	if !strings.HasPrefix(principal, "arn:") {
		if !strings.Contains(principal, ".amazonaws.com") {
			return nil, ErrNoPrincipal
		}
		c.Principal = api.Principal{Type: api.AWSService, ARN: principal, Name: principal}
		return c, nil
	}
	a, err := arn.Parse(principal)
	if err != nil {
		return nil, ErrNoPrincipal
	}
	if a.Service == "iam" && a.Resource == "root" {
		c.Principal = api.Principal{Type: api.Root, Account: a.Account, ARN: principal, ID: a.Account}
		return c, nil
	}
	session := previewSession
	if a.Service == "sts" && a.Kind() == "assumed-role" {
		var role string
		role, session, _ = strings.Cut(a.ID(), "/")
		a.Service, a.Resource = "iam", "role/"+role
	}
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		c.Principal, err = principalAt(tx, a, session)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNoPrincipal
	}
	return c, err
}

// principalAt returns the user, or a session of the role, with that ARN.
func principalAt(tx storage.Tx, a arn.ARN, session string) (api.Principal, error) {
	_, name := arn.SplitPath(a.ID())
	e, err := ref{home{a.Partition, a.Account}, kind(a.Kind()), name}.lookup(tx)
	if err != nil || e == nil {
		return api.Principal{}, errors.Join(err, storage.ErrNotFound)
	}
	p := api.Principal{Type: api.User, Account: a.Account, ARN: a.String(), ID: e.ID, Name: e.Name}
	switch kind(a.Kind()) {
	case aUser:
		return p, nil
	case aRole:
		p.Type, p.Name, p.ID, p.IssuerID = api.AssumedRole, session, e.ID+":"+session, e.ID
		p.Issuer = home{a.Partition, a.Account}.arn(aRole, e.Path, e.Name)
		p.ARN = "arn:" + a.Partition + ":sts::" + a.Account + ":assumed-role/" + e.Name + "/" + session
		return p, nil
	}
	return p, storage.ErrNotFound
}
