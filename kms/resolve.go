package kms

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sealstack/api"
	"sealstack/arn"
	"sealstack/policy"
	"sealstack/storage"
)

// A key is named in four forms: key id, key ARN, alias name, alias ARN.
// https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html

// name is a key identifier that has been read. Either id or alias is set.
type name struct {
	account, region string
	id              string
	alias           string // "alias/..."
	bare            bool   // no ARN: the account and Region are the caller's
}

// arn is the identifier as an ARN.
func (n name) arn() string {
	if n.alias != "" {
		return aliasARN(n.region, n.account, n.alias)
	}
	return keyARN(n.region, n.account, n.id)
}

// forms says which identifiers an operation takes.
type forms bool

const (
	keyForms forms = false // key id and key ARN
	allForms forms = true  // aliases as well
)

// nameOf reads an identifier. NotFoundException if it can name no key here.
func nameOf(c *api.Caller, text string, take forms) (name, error) {
	n := name{account: c.Account, region: c.Region, bare: true}
	resource := text
	if strings.HasPrefix(text, "arn:") {
		var err error
		if n, resource, err = nameOfARN(c, text); err != nil {
			return n, err
		}
	}
	switch {
	case strings.HasPrefix(resource, "alias/") && take == allForms:
		n.alias = resource
	case !n.bare && strings.HasPrefix(resource, "key/"):
		n.id = resource[len("key/"):]
	case n.bare && isKeyID(resource):
		n.id = resource
	default:
		return n, invalidKeyID(text)
	}
	if n.account == "" { // a service principal has no account of its own
		return n, invalidKeyID(text)
	}
	return n, nil
}

// nameOfARN reads an ARN up to its resource.
//
// Unverified: the error for an ARN of another service or partition.
func nameOfARN(c *api.Caller, text string) (n name, resource string, err error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "kms" {
		return n, "", invalidKeyID(text)
	}
	if a.Region != c.Region || a.Partition != arn.PartitionOf(c.Region) {
		return n, "", invalidARN(a.Region)
	}
	return name{region: a.Region, account: a.Account}, a.Resource, nil
}

// isKeyID says whether the text has the form of a key id: a UUID, or mrk- and
// 32 hexadecimal digits.
func isKeyID(text string) bool {
	if rest, ok := strings.CutPrefix(text, "mrk-"); ok {
		return len(rest) == 32 && isHex(rest)
	}
	part := strings.Split(text, "-")
	if len(part) != 5 {
		return false
	}
	for i, n := range [5]int{8, 4, 4, 4, 12} {
		if len(part[i]) != n || !isHex(part[i]) {
			return false
		}
	}
	return true
}

func isHex(text string) bool {
	return strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// key is a key as one transaction saw it.
type key struct {
	record
	policy *policy.Policy
	alias  string // the alias by which the request named it, "" if by none
}

// resolve finds the key that the text names. A key of the caller's account
// that is not there is a NotFoundException. One of another account comes back
// nil, without error, beside its name: authorization refuses it in the words
// that it has for a key that exists.
func (s *Service) resolve(ctx context.Context, text string, take forms) (*key, name, error) {
	c := api.CallerOf(ctx)
	n, err := nameOf(c, text, take)
	if err != nil {
		return nil, n, err
	}
	k, err := s.find(ctx, n)
	if err == nil && k == nil {
		k, err = s.resolveManaged(ctx, n)
	}
	if err == nil && k == nil && n.account == c.Account {
		err = n.notFound()
	}
	return k, n, err
}

func (n name) notFound() error {
	if n.alias != "" {
		return aliasNotFound(n.arn())
	}
	return keyNotFound(n.arn())
}

// find reads the key called n, nil if there is none, after the rotations that
// it is owed.
func (s *Service) find(ctx context.Context, n name) (*key, error) {
	k, err := s.look(ctx, n)
	if err != nil || k == nil || !k.due(k.seen) && k.Window == 0 {
		return k, err
	}
	if err := errors.Join(s.catchUp(ctx, &k.record), s.buryReplicas(ctx, &k.record)); err != nil {
		return nil, fmt.Errorf("kms: bring %s up to date: %w", k.arn(), err)
	}
	return s.look(ctx, n)
}

// look reads the key called n as it is stored.
func (s *Service) look(ctx context.Context, n name) (*key, error) {
	return s.read(ctx, func(tx storage.Tx) (record, error) {
		id := n.id
		if n.alias != "" {
			a, err := aliases.Get(tx, storage.K(n.account, n.region, n.alias))
			if err != nil {
				return record{}, err
			}
			id = a.Target
		}
		return keys.Get(tx, storage.K(n.account, n.region, id))
	}, n.alias)
}

// read runs one View in which pick chooses a key's record. A key that is not
// there, or whose waiting period is over, comes back nil.
func (s *Service) read(ctx context.Context, pick func(storage.Tx) (record, error), alias string) (*key, error) {
	k := &key{alias: alias}
	var document string
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if k.record, err = pick(tx); err != nil {
			return err
		}
		k.seen = s.clock.Now()
		if err := k.attach(tx); err != nil {
			return err
		}
		if k.policy = s.compiled.get(k.Policy); k.policy != nil {
			return nil
		}
		document, err = documentOf(tx, &k.record)
		return err
	})
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("kms: read key: %w", err)
	case k.gone(k.seen):
		return nil, nil
	case k.policy == nil:
		k.policy, err = s.compile(k.Policy, document)
	}
	return k, err
}
