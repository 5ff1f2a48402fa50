package kms

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// CreateAlias gives a key another name.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
func (s *Service) CreateAlias(ctx context.Context, in *kmsapi.CreateAliasRequest) (*api.None, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	k, err := s.openTarget(ctx, "CreateAlias", in.AliasName, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	return done(s.change(ctx, k, forChange, func(tx storage.Tx, r *record) error {
		_, err := s.aliasOf(tx, r.Account, r.Region, in.AliasName)
		if err == nil {
			return aliasExists(r.aliasARN(in.AliasName))
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return r.point(tx, in.AliasName, aliasRecord{Target: r.ID, Created: now, Updated: now}, s.quotas.Aliases)
	}))
}

// UpdateAlias points an alias to another key of the same usage and type.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html
func (s *Service) UpdateAlias(ctx context.Context, in *kmsapi.UpdateAliasRequest) (*api.None, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	if _, err := s.openAliased(ctx, "UpdateAlias", in.AliasName); err != nil {
		return nil, err
	}
	k, err := s.openTarget(ctx, "UpdateAlias", in.AliasName, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, forChange, func(tx storage.Tx, r *record) error {
		a, err := s.aliasOf(tx, r.Account, r.Region, in.AliasName)
		if errors.Is(err, storage.ErrNotFound) {
			return aliasNotFound(r.aliasARN(in.AliasName))
		}
		if err != nil {
			return err
		}
		return s.repoint(tx, in.AliasName, a, r)
	}))
}

// repoint moves an alias from the key it points to, to r.
func (s *Service) repoint(tx storage.Tx, alias string, a aliasRecord, r *record) error {
	old, err := keys.Get(tx, storage.K(r.Account, r.Region, a.Target))
	if err != nil {
		return err
	}
	if old.Usage != r.Usage {
		return aliasOtherUsage(alias, old.Usage, r.Usage)
	}
	a.Updated = s.clock.Now()
	if old.ID != r.ID {
		old.Aliases = without(old.Aliases, alias)
		if err := keys.Put(tx, old.place(), old); err != nil {
			return err
		}
	}
	a.Target = r.ID
	return r.point(tx, alias, a, s.quotas.Aliases)
}

// point stores an alias of r, which the caller stores; LimitExceededException
// beyond the quota.
func (r *record) point(tx storage.Tx, alias string, a aliasRecord, quota int) error {
	if at, found := slices.BinarySearch(r.Aliases, alias); !found {
		if len(r.Aliases) >= quota {
			return aliasLimit(quota, len(r.Aliases))
		}
		r.Aliases = slices.Insert(r.Aliases, at, alias)
	}
	return aliases.Put(tx, storage.K(r.Account, r.Region, alias), a)
}

// DeleteAlias takes a name from its key, in whatever state that is.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteAlias.html
func (s *Service) DeleteAlias(ctx context.Context, in *kmsapi.DeleteAliasRequest) (*api.None, error) {
	if !strings.HasPrefix(in.AliasName, "alias/") {
		return nil, aliasIdentifier()
	}
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	k, err := s.openAliased(ctx, "DeleteAlias", in.AliasName)
	if err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, anyState, func(tx storage.Tx, r *record) error {
		if _, found := slices.BinarySearch(r.Aliases, in.AliasName); !found {
			return aliasNotFound(r.aliasARN(in.AliasName))
		}
		r.Aliases = without(r.Aliases, in.AliasName)
		return aliases.Delete(tx, storage.K(r.Account, r.Region, in.AliasName))
	}))
}

// ListAliases lists the aliases of the caller's account and Region, or those
// of one key.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
func (s *Service) ListAliases(ctx context.Context, in *kmsapi.ListAliasesRequest) (*kmsapi.ListAliasesResponse, error) {
	c := api.CallerOf(ctx)
	if err := s.allowIAM(ctx, on(ctx, "ListAliases"), "*"); err != nil {
		return nil, err
	}
	only, err := s.listed(ctx, in.KeyId)
	if err != nil {
		return nil, err
	}
	p := page[kmsapi.AliasListEntry]{list: "ListAliases " + c.Account + " " + c.Region + " " + only, size: or(in.Limit, 50), most: 100}
	err = p.fill(s, in.Marker, func(after storage.Key) error {
		return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return fillAliases(tx, &p, c, only, after) })
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.ListAliasesResponse{Aliases: p.items, NextMarker: p.next, Truncated: new(p.next != nil)}, nil
}

// fillAliases fills a page with the aliases of an account and Region, those
// of AWS that have no key yet among them, or only with those of one key.
func fillAliases(tx storage.Tx, p *page[kmsapi.AliasListEntry], c *api.Caller, only string, after storage.Key) error {
	p.items, p.more = []kmsapi.AliasListEntry{}, false
	prefix := storage.K(c.Account, c.Region)
	var yet []storage.Key
	if only == "" {
		yet = unborn(prefix, after)
	}
	for row, err := range aliases.Scan(tx, storage.Range{Prefix: prefix, After: after}) {
		if err != nil {
			return err
		}
		yet = addUnborn(p, c, yet, row.Key)
		if err := addAlias(tx, p, c, only, row); err != nil || p.more {
			return err
		}
	}
	addUnborn(p, c, yet, nil)
	return nil
}

// addAlias adds an alias to a page unless its key is another than the list's,
// or gone.
func addAlias(tx storage.Tx, p *page[kmsapi.AliasListEntry], c *api.Caller, only string, row storage.Entry[aliasRecord]) error {
	if only != "" && row.Value.Target != only {
		return nil
	}
	r, err := keys.Get(tx, storage.K(c.Account, c.Region, row.Value.Target))
	if err == nil && !r.gone(p.now) {
		p.add(row.Key, aliasEntry(&r, row.Key.Strings()[2], row.Value))
	}
	return err
}

// listed is the id of the key that a list is about, "" without one.
//
// Unverified: the error for a key of another account, which AWS does not take.
func (s *Service) listed(ctx context.Context, keyID *string) (string, error) {
	if keyID == nil {
		return "", nil
	}
	k, n, err := s.resolve(ctx, *keyID, keyForms)
	if err != nil {
		return "", err
	}
	if k == nil || k.Account != api.CallerOf(ctx).Account {
		return "", keyNotFound(n.arn())
	}
	return k.ID, nil
}

func aliasEntry(r *record, alias string, a aliasRecord) kmsapi.AliasListEntry {
	return kmsapi.AliasListEntry{
		AliasName: &alias, AliasArn: new(r.aliasARN(alias)), TargetKeyId: &a.Target,
		CreationDate: &a.Created, LastUpdatedDate: &a.Updated,
	}
}

// isAlias says that the text is the name or the ARN of an alias.
func isAlias(text string) bool {
	return strings.HasPrefix(text, "alias/") || strings.Contains(text, ":alias/")
}

// checkAlias says what the model's pattern does not: the prefix, the names
// that are AWS's, and the colon.
//
// Unverified: the sentence for a name that is the prefix alone.
func checkAlias(alias string) error {
	switch {
	case !strings.HasPrefix(alias, "alias/"):
		return aliasPrefix()
	case strings.HasPrefix(alias, "alias/aws/"):
		return aliasReserved()
	case strings.Contains(alias, ":"), alias == "alias/":
		return aliasCharacters(alias)
	}
	return nil
}

// openTarget authorizes an action on the alias and on the key that it is to
// point to.
func (s *Service) openTarget(ctx context.Context, action, alias, target string) (*key, error) {
	c := api.CallerOf(ctx)
	if isAlias(target) {
		return nil, aliasOfAlias()
	}
	k, n, err := s.resolve(ctx, target, keyForms)
	if err != nil {
		return nil, err
	}
	if err := s.allowIAM(ctx, on(ctx, action), aliasARN(c.Region, c.Account, alias)); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, on(ctx, action).inAccount(), k, n); err != nil {
		return nil, err
	}
	return k, nil
}

// openAliased authorizes an action on an alias that must exist and on the key
// that it points to.
func (s *Service) openAliased(ctx context.Context, action, alias string) (*key, error) {
	c := api.CallerOf(ctx)
	n := name{account: c.Account, region: c.Region, alias: alias}
	k, err := s.find(ctx, n)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, aliasNotFound(n.arn())
	}
	k.alias = "" // the request names no key
	if err := s.allowIAM(ctx, on(ctx, action), n.arn()); err != nil {
		return nil, err
	}
	return k, s.allow(ctx, on(ctx, action).inAccount(), k, n)
}

// aliasOf reads an alias. One whose key is gone does not exist any more.
func (s *Service) aliasOf(tx storage.Tx, account, region, alias string) (aliasRecord, error) {
	a, err := aliases.Get(tx, storage.K(account, region, alias))
	if err != nil {
		return a, err
	}
	r, err := keys.Get(tx, storage.K(account, region, a.Target))
	if err == nil && r.gone(s.clock.Now()) {
		err = storage.ErrNotFound
	}
	return a, err
}

// without is the sorted list without one of its names, a new one.
func without(names []string, gone string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == gone })
}
