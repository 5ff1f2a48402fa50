package kms

import (
	"context"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// principalID is how grants keep a principal: a user or role by unique id, as
// key policies do; an account, session or federated user by ARN. Services are
// taken from services only. InvalidArnException for anything else, and for a
// user or role that does not exist.
func (s *Service) principalID(ctx context.Context, text string) (string, error) {
	c := api.CallerOf(ctx)
	if forAWSResource(c) && strings.Contains(text, ".amazonaws.com") {
		return text, nil
	}
	a, err := arn.Parse(text)
	if err != nil || a.Partition != arn.PartitionOf(c.Region) || !namesPrincipal(a) {
		return "", invalidPrincipal(text)
	}
	if s.principals == nil || a.Service != "iam" || a.Resource == "root" {
		return text, nil
	}
	id, err := s.principals.UniqueID(ctx, text)
	if err == nil && id == "" {
		err = invalidPrincipal(text)
	}
	return id, err
}

// namesPrincipal says whether the ARN has the form of an account, a user, a
// role, a session or a federated user.
func namesPrincipal(a arn.ARN) bool {
	kind, id := arn.SplitResource(a.Resource)
	_, last := arn.SplitPath(id)
	if a.Region != "" || !arn.ValidAccount(a.Account) || strings.ContainsAny(a.Resource, ":*") {
		return false
	}
	switch a.Service + " " + kind {
	case "iam root":
		return a.Resource == "root"
	case "iam user", "iam role":
		return last != ""
	case "sts assumed-role":
		return strings.Count(id, "/") == 1 && last != "" && id[0] != '/'
	case "sts federated-user":
		return last != "" && last == id
	}
	return false
}

// principalName is a stored principal as lists show it: the ARN of a user or
// role that still exists, else what is stored.
func (s *Service) principalName(ctx context.Context, stored string) (string, error) {
	if s.principals == nil || strings.ContainsAny(stored, ":.") {
		return stored, nil
	}
	name, err := s.principals.ARN(ctx, stored)
	if name == "" {
		return stored, err
	}
	return name, err
}

// identity is a name under which grants know a caller.
type identity struct {
	name  string
	grant auth.Grant // what a grant to that name gives at least
}

// identitiesOf lists the names under which grants know the caller, the closest
// first.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grantee-principal
//
// Unverified: a grant to a user is not one to the federated sessions that the
// user issues.
func (s *Service) identitiesOf(c *api.Caller) []identity {
	switch c.Type {
	case api.Anonymous:
		return nil
	case api.AWSService:
		return []identity{{c.ARN, auth.ToCaller}}
	}
	account := identity{"arn:" + arn.PartitionOf(c.Region) + ":iam::" + c.Account + ":root", auth.ToAccount}
	switch c.Type {
	case api.User:
		return []identity{{s.idOr(c.ID, c.ARN), auth.ToCaller}, account}
	case api.AssumedRole:
		role, _, _ := strings.Cut(c.ID, ":")
		return []identity{{s.idOr(role, c.Issuer), auth.ToCaller}, {c.ARN, auth.ToCaller}, account}
	case api.FederatedUser:
		return []identity{{c.ARN, auth.ToCaller}, account}
	}
	return []identity{account}
}

// idOr chooses between a unique id and the ARN, as principalID does.
func (s *Service) idOr(id, arn string) string {
	if s.principals == nil {
		return arn
	}
	return id
}

// inquiry asks what the grants on a key give a caller for a request.
type inquiry struct {
	*request
	s         *Service
	ctx       context.Context
	caller    *api.Caller
	key       *record
	operation operations
	enough    auth.Grant // nothing stronger makes a difference
	settled   time.Time  // later grants need a token
	failed    error      // of the store
}

// inquire prepares the question, nil if no grant can have to do with it.
func (s *Service) inquire(ctx context.Context, r *request, k *key) *inquiry {
	operation := operationBits[kmsapi.GrantOperation(strings.TrimPrefix(r.action, "kms:"))]
	if k.Grants == 0 || operation == 0 {
		return nil
	}
	q := &inquiry{
		request: r, s: s, ctx: ctx, caller: api.CallerOf(ctx), key: &k.record, operation: operation,
		enough: auth.Vouched, settled: s.clock.Now().Add(-s.grantDelay),
	}
	if q.caller.Account == k.Account || q.caller.Type == api.AWSService {
		q.enough = auth.ToCaller
	}
	return q
}

// rows are the prefixes under which the grants to one name stand that the
// request can meet.
func (q *inquiry) rows(name string) []storage.Key {
	prefix := q.key.place().With(name)
	if !q.contextual {
		return []storage.Key{prefix}
	}
	rows := []storage.Key{prefix.With([]byte(nil))}
	for name, v := range q.pairs {
		rows = append(rows, prefix.With(markOf(name, v)))
	}
	return rows
}

// answer is auth.Request.Granted.
func (q *inquiry) answer() (best auth.Grant) {
	q.failed = q.s.store.View(q.ctx, func(_ context.Context, tx storage.Tx) error {
		best = auth.NoGrant
		for _, i := range q.s.identitiesOf(q.caller) {
			found, err := q.ask(tx, i)
			if best = max(best, found); err != nil || best >= q.enough {
				return err
			}
		}
		return nil
	})
	return best
}

// ask looks at the grants to one name.
func (q *inquiry) ask(tx storage.Tx, i identity) (best auth.Grant, err error) {
	for _, prefix := range q.rows(i.name) {
		found, err := q.askRows(tx, i, prefix)
		if best = max(best, found); err != nil || best >= q.enough {
			return best, err
		}
	}
	return best, nil
}

func (q *inquiry) askRows(tx storage.Tx, i identity, prefix storage.Key) (best auth.Grant, err error) {
	for row, err := range grantees.Scan(tx, storage.Range{Prefix: prefix}) {
		if err != nil {
			return best, err
		}
		if row.Value&q.operation == 0 {
			continue
		}
		g, err := grants.Get(tx, q.key.place().With(row.Key.Strings()[5]))
		if err != nil {
			return best, err
		}
		if !q.allows(&g) {
			continue
		}
		if best = max(best, q.strength(i, &g)); best >= q.enough || i.grant == auth.ToAccount {
			break
		}
	}
	return best, nil
}

// allows says whether the grant, which has the operation, lets the request
// pass.
//
// Unverified: a child grant that would be wider is an access denied.
func (q *inquiry) allows(g *grant) bool {
	switch {
	case g.Created.After(q.settled) && !slices.Contains(q.tokens, g.ID):
		return false
	case q.child != nil && !q.child.narrow(g):
		return false
	}
	return g.Constraints.met(q.request, q.caller.SourceARN)
}

// strength is what the grant gives, to that name of the caller's.
func (q *inquiry) strength(i identity, g *grant) auth.Grant {
	if i.grant == auth.ToCaller && g.Issuer == q.caller.Account {
		return auth.Vouched
	}
	return i.grant
}
