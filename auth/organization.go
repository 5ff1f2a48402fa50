package auth

import (
	"context"
	"strings"

	"sealstack/api"
	"sealstack/policy"
)

// Organizations tells to which organization accounts belong and what its
// policies let them do.
type Organizations interface {
	// Member returns the account's place in its organization, nil if it is in
	// none. What is returned must not change afterwards.
	Member(ctx context.Context, account string) (*Member, error)
}

// Member is an account in an organization. Service control policies limit the
// principals of the account, resource control policies what can be done to its
// resources, neither in the management account:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
type Member struct {
	Organization string // "o-a1b2c3d4e5"
	Path         string // "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"
	Management   bool

	// ServiceControl and ResourceControl are the levels from the root over the
	// organizational units to the account, each of which must allow. Nil where
	// the type of policy is not in use.
	ServiceControl, ResourceControl []Level
}

// Level is what is attached to a root, an organizational unit or an account.
type Level struct {
	Target   string // its ID
	Policies []*policy.Policy
	Origins  []Origin // of Policies, for explanations; may be nil
}

// join looks up the accounts that have a part in the request.
func (q *question) join(ctx context.Context, o Organizations) (err error) {
	if q.mine, err = memberOf(ctx, o, q.caller.Account); err != nil {
		return err
	}
	if q.source, err = memberOf(ctx, o, q.caller.SourceAccount); err != nil {
		return err
	}
	if owner := q.owner(); owner != q.caller.Account {
		q.theirs, err = memberOf(ctx, o, owner)
		return err
	}
	q.theirs = q.mine
	return nil
}

func memberOf(ctx context.Context, o Organizations, account string) (*Member, error) {
	if account == "" {
		return nil, nil
	}
	return o.Member(ctx, account)
}

// serviceLinked reports whether the caller acts in a service-linked role, which
// no policy of an organization touches.
func serviceLinked(c *api.Caller) bool {
	return c.Type == api.AssumedRole && strings.Contains(c.Issuer, ":role/aws-service-role/")
}

// serviceControl returns the levels that limit the caller. Services and
// anonymous callers belong to no account.
func (q *question) serviceControl() []Level {
	if q.mine == nil || q.mine.Management || serviceLinked(q.caller) {
		return nil
	}
	return q.mine.ServiceControl
}

// resourceControl returns the levels that limit what is done to the resource,
// by whomever.
func (q *question) resourceControl() []Level {
	if q.theirs == nil || q.theirs.Management || q.request.Managed || serviceLinked(q.caller) || !controllable(q.request.Action) {
		return nil
	}
	return q.theirs.ResourceControl
}

// controllable reports whether resource control policies have a say in an
// action: its service is on AWS's list, and it is not the one of these
// services that the policies leave alone.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
func controllable(action string) bool {
	service, name, _ := strings.Cut(strings.ToLower(action), ":")
	switch service {
	case "kms":
		return name != "retiregrant"
	case "s3", "sts", "logs":
		return true
	}
	return false
}

// askLevels reports whether each level allows, and whether any denies. No
// levels limit nothing.
func (q *question) askLevels(levels []Level) (allows, denies bool) {
	allows = true
	for i := range levels {
		does, refuses := q.askAll(levels[i].Policies)
		if refuses {
			return false, true
		}
		allows = allows && does
	}
	return allows, false
}
