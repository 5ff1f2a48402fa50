package iam

import (
	"errors"
	"strings"

	"sealstack/arn"
	"sealstack/policy"
	"sealstack/storage"
)

// newTrust checks a trust policy and returns it as it is kept: users and roles
// by their unique ids, so that a new role with the name of an old one is not
// trusted in its place. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func newTrust(tx storage.Tx, h home, text string) (string, error) {
	p, err := policy.Parse(policy.Trust, []byte(text))
	if err != nil {
		return "", documentError(err)
	}
	if policy.Size(text) > policy.MaxTrustPolicySize {
		return "", overQuota("ACLSizePerRole", policy.MaxTrustPolicySize)
	}
	if !onlySTS(p) {
		return "", malformed("AssumeRole policy may only specify STS AssumeRole actions.")
	}
	return keepPrincipals(tx, h.Partition, p)
}

// keepPrincipals puts unique ids in the place of ARNs. One of a user or role
// that does not exist is AWS's error.
func keepPrincipals(tx storage.Tx, partition string, p *policy.Policy) (string, error) {
	var failure error
	kept := p.RewritePrincipals(func(e policy.PrincipalEntry) string {
		if failure != nil {
			return e.Value
		}
		id, err := principalID(tx, partition, e)
		if errors.Is(err, storage.ErrNotFound) {
			err = malformed(invalidPrincipal(e.Element, e.Value))
		}
		failure = err
		return id
	})
	return string(kept), failure
}

// principalID returns what stands for a principal in a policy that is kept:
// the id of a user or role, anything else as it is written. storage.ErrNotFound
// for one that does not exist.
//
// Unverified: that AWS takes accounts, sessions and providers unseen.
func principalID(tx storage.Tx, partition string, e policy.PrincipalEntry) (string, error) {
	switch e.Form {
	case policy.UserARN, policy.RoleARN:
		found, err := findARN(tx, e.Value)
		if err != nil {
			return e.Value, err
		}
		return found.ID, nil
	case policy.UniqueUser, policy.UniqueRole:
		_, _, err := findID(tx, partition, e.Value)
		return e.Value, err
	}
	return e.Value, nil
}

// showTrust returns a trust policy as it is shown: the ARNs of users and roles
// that exist, the ids of those that don't any more.
func showTrust(tx storage.Tx, partition, kept string) (string, error) {
	p, err := policy.Parse(policy.Trust, []byte(kept))
	if err != nil {
		return "", err
	}
	var failure error
	shown := p.RewritePrincipals(func(e policy.PrincipalEntry) string {
		text, err := principalARN(tx, partition, e)
		failure = firstError(failure, err)
		return text
	})
	return string(shown), failure
}

func principalARN(tx storage.Tx, partition string, e policy.PrincipalEntry) (string, error) {
	if e.Form != policy.UniqueUser && e.Form != policy.UniqueRole {
		return e.Value, nil
	}
	r, found, err := findID(tx, partition, e.Value)
	if errors.Is(err, storage.ErrNotFound) {
		return e.Value, nil
	}
	if err != nil {
		return e.Value, err
	}
	return r.arn(found), nil
}

// findARN returns the user or role with that ARN, path included, of whatever
// account; storage.ErrNotFound.
func findARN(tx storage.Tx, text string) (*entity, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "iam" {
		return nil, storage.ErrNotFound
	}
	what := kind(a.Kind())
	if what != aUser && what != aRole {
		return nil, storage.ErrNotFound
	}
	_, name := arn.SplitPath(a.ID())
	r := ref{home{a.Partition, a.Account}, what, name}
	e, err := r.lookup(tx)
	switch {
	case err != nil:
		return nil, err
	case e == nil || r.arn(e) != text:
		return nil, storage.ErrNotFound
	}
	return e, nil
}

// onlySTS reports whether a trust policy speaks of nothing but STS.
func onlySTS(p *policy.Policy) bool {
	for _, s := range p.Statements {
		for _, action := range s.Actions() {
			if !strings.HasPrefix(strings.ToLower(action), "sts:") {
				return false
			}
		}
	}
	return true
}
