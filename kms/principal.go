package kms

import (
	"context"

	"sealstack/policy"
)

// Users and roles stand in stored key policies by unique id, so that one who
// is made anew under the name of another who was deleted has no access.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html

// bind returns the document with the ARNs of users and roles replaced by their
// unique ids. It refuses a principal that does not exist.
func (s *Service) bind(ctx context.Context, p *policy.Policy, document string) (string, error) {
	if s.principals == nil {
		return document, nil
	}
	dead := false
	bound, err := rename(p, func(e policy.PrincipalEntry) (string, error) {
		switch e.Form {
		case policy.UserARN, policy.RoleARN:
			id, err := s.principals.UniqueID(ctx, e.Value)
			dead = dead || id == ""
			return id, err
		case policy.UniqueUser, policy.UniqueRole:
			arn, err := s.principals.ARN(ctx, e.Value)
			dead = dead || arn == ""
			return e.Value, err
		}
		return e.Value, nil
	})
	if err == nil && dead {
		err = invalidPrincipals()
	}
	return bound, err
}

// unbind returns a stored document with ARNs for the unique ids of the users
// and roles that still exist.
func (s *Service) unbind(ctx context.Context, p *policy.Policy, document string) (string, error) {
	if s.principals == nil {
		return document, nil
	}
	return rename(p, func(e policy.PrincipalEntry) (string, error) {
		if e.Form != policy.UniqueUser && e.Form != policy.UniqueRole {
			return e.Value, nil
		}
		arn, err := s.principals.ARN(ctx, e.Value)
		if arn == "" {
			return e.Value, err
		}
		return arn, err
	})
}

// rename is policy.RewritePrincipals with a function that can fail.
func rename(p *policy.Policy, to func(policy.PrincipalEntry) (string, error)) (string, error) {
	var failed error
	text := p.RewritePrincipals(func(e policy.PrincipalEntry) string {
		if failed != nil {
			return e.Value
		}
		var value string
		value, failed = to(e)
		return value
	})
	return string(text), failed
}
