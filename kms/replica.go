package kms

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/arn"
	"sealstack/storage"
)

// multiRegion is what a multi-Region key shares with its related keys.
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
type multiRegion struct {
	Primary string   `cbor:"1,keyasint"` // Region of the primary key
	Regions []string `cbor:"2,keyasint"` // of all related keys, ascending
}

// settling is how long the states Creating and Updating last; AWS says some
// seconds.
const settling = time.Second

// newMultiRegionID is a random key id that is the same in every Region.
func newMultiRegionID() string {
	var b [16]byte
	rand.Read(b[:]) // documented never to fail
	return "mrk-" + hex.EncodeToString(b[:])
}

// relation is what a multi-Region key is to its related keys.
func (r *record) relation() kmsapi.MultiRegionKeyType {
	if r.primary() {
		return kmsapi.MultiRegionKeyTypePrimary
	}
	return kmsapi.MultiRegionKeyTypeReplica
}

// relationsOf fills what the metadata of a multi-Region key tells of its
// related keys.
func relationsOf(r *record, m *kmsapi.KeyMetadata) {
	if r.Multi == nil {
		return
	}
	c := &kmsapi.MultiRegionConfiguration{MultiRegionKeyType: new(r.relation()), ReplicaKeys: []kmsapi.MultiRegionKey{}}
	for _, region := range r.Multi.Regions {
		k := kmsapi.MultiRegionKey{Arn: new(keyARN(region, r.Account, r.ID)), Region: &region}
		if region == r.Multi.Primary {
			c.PrimaryKey = &k
		} else {
			c.ReplicaKeys = append(c.ReplicaKeys, k)
		}
	}
	m.MultiRegionConfiguration = c
}

// regions lists the Regions of the key and of the keys related to it.
func (r *record) regions() []string {
	if r.Multi == nil {
		return []string{r.Region}
	}
	return r.Multi.Regions
}

// primary says that the key is no replica.
func (r *record) primary() bool { return r.Multi == nil || r.Multi.Primary == r.Region }

// spread does fn with the key and every key related to it, and stores those;
// the caller stores r.
func spread(tx storage.Tx, r *record, fn func(*record) error) error {
	for _, region := range r.regions() {
		if region == r.Region {
			continue
		}
		other, err := keys.Get(tx, storage.K(r.Account, region, r.ID))
		if err != nil {
			return err
		}
		if err := errors.Join(fn(&other), keys.Put(tx, other.place(), other)); err != nil {
			return err
		}
	}
	return fn(r)
}

// primaryOf reads the primary key of a key, which may be the key itself; nil
// if it is gone.
func (s *Service) primaryOf(ctx context.Context, r *record) (*record, error) {
	if r.primary() {
		return r, nil
	}
	var p record
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		p, err = keys.Get(tx, storage.K(r.Account, r.Multi.Primary, r.ID))
		p.seen = s.clock.Now()
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return &p, err
}

// inRegion is the caller's call, as it is authorized in another Region.
func inRegion(ctx context.Context, region string) context.Context {
	c := *api.CallerOf(ctx)
	c.Region = region
	return api.WithCaller(ctx, &c)
}

// ReplicateKey makes a replica of a primary key in another Region.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
func (s *Service) ReplicateKey(ctx context.Context, in *kmsapi.ReplicateKeyRequest) (*kmsapi.ReplicateKeyResponse, error) {
	tags, err := withTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	ask := on(ctx, "ReplicateKey").inAccount().requestTags(in.Tags).bypass(in.BypassPolicyLockoutSafetyCheck)
	ask.set("kms:replicaregion", in.ReplicaRegion)
	k, err := s.open(ctx, in.KeyId, keyForms, ask)
	if err != nil {
		return nil, err
	}
	r := &record{
		Account: k.Account, Region: in.ReplicaRegion, ID: k.ID, Spec: k.Spec, Usage: k.Usage, Origin: k.Origin,
		Description: value(in.Description), Tags: tags, Policy: newRevision(),
	}
	if err := s.mayReplicate(ctx, k, r, in.Tags); err != nil {
		return nil, err
	}
	there := inRegion(ctx, in.ReplicaRegion)
	document := defaultPolicy(r.Region, r.Account)
	if in.Policy != nil {
		if document, err = s.checkPolicy(there, r, *in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
	}
	if err := s.replicate(ctx, k, r, document); err != nil {
		return nil, err
	}
	return &kmsapi.ReplicateKeyResponse{
		ReplicaKeyMetadata: new(metadata(r)), ReplicaPolicy: new(layOut(document)), ReplicaTags: in.Tags,
	}, nil
}

// mayReplicate authorizes the creation of the replica r, and holds the key
// against it.
func (s *Service) mayReplicate(ctx context.Context, k *key, r *record, tags []kmsapi.Tag) error {
	if !arn.ValidRegion(r.Region) || arn.PartitionOf(r.Region) != arn.PartitionOf(k.Region) {
		return invalidRegion(r.Region)
	}
	there := inRegion(ctx, r.Region)
	if k.Multi == nil || !k.primary() {
		return notPrimary(k.arn())
	}
	r.Multi = &multiRegion{Primary: k.Region, Regions: k.Multi.Regions}
	if err := s.allowIAM(there, on(there, "CreateKey").kind(r).requestTags(tags), "*"); err != nil {
		return err
	}
	if len(tags) > 0 {
		if err := s.allowIAM(there, on(there, "TagResource").kind(r).requestTags(tags), r.arn()); err != nil {
			return err
		}
	}
	if err := require(k.arn(), k.state(), forReplication); err != nil {
		return err
	}
	return s.buryReplicas(ctx, &k.record)
}

// replicate stores the replica r of a primary key, with its material.
func (s *Service) replicate(ctx context.Context, k *key, r *record, document string) error {
	list, err := s.versionsNow(ctx, &k.record)
	if err != nil {
		return err
	}
	made, err := s.copyMaterials(ctx, &k.record, r, list)
	if err != nil {
		return fmt.Errorf("kms: replicate %s: %w", k.arn(), err)
	}
	r.Created = s.clock.Now()
	r.seen = r.Created
	r.Transient = &transient{State: kmsapi.KeyStateCreating, Until: r.Created.Add(settling)}
	err = s.change(ctx, k, forReplication, func(tx storage.Tx, p *record) error {
		if slices.Contains(p.regions(), r.Region) {
			return replicaExists()
		}
		now, err := versionsOf(tx, p)
		if err != nil || !slices.Equal(ids(now), ids(list)) {
			return errors.Join(err, rotationSoon()) // rotated meanwhile
		}
		if err := s.join(tx, p, r, now); err != nil {
			return err
		}
		for _, g := range made {
			if err := s.keep(tx, r, g); err != nil {
				return err
			}
		}
		return errors.Join(s.countKey(tx, r, 1), keys.Put(tx, r.place(), *r), policies.Put(tx, r.place(), policyRecord{Revision: r.Policy, Document: document}))
	})
	if err != nil {
		return errors.Join(err, s.discard(ctx, renewal{in: made}))
	}
	s.noteSynchronization(ctx, r)
	return nil
}

// versionsNow is versionsOf in a transaction of its own.
func (s *Service) versionsNow(ctx context.Context, r *record) (list []version, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list, err = versionsOf(tx, r)
		return err
	})
	return list, err
}

func ids(list []version) (ids []string) {
	for _, v := range list {
		ids = append(ids, v.ID)
	}
	return ids
}

// copyMaterials seals the materials of a key for its replica, by id. Imported
// ones are to be imported into the replica as well.
func (s *Service) copyMaterials(ctx context.Context, from, to *record, list []version) (map[string]*generated, error) {
	made := map[string]*generated{}
	if from.Origin == kmsapi.OriginTypeExternal {
		return made, nil
	}
	for _, v := range list {
		e, err := s.unseal(ctx, from, v.ID)
		if err == nil {
			made[v.ID], err = s.sealUp(ctx, to, e.m)
			e.release()
		}
		if err != nil {
			delete(made, v.ID)
			return nil, errors.Join(err, s.discard(ctx, renewal{in: made}))
		}
	}
	return made, nil
}

// join makes the replica r one of the keys related to the primary key p, with
// the properties that all share. The caller stores both.
func (s *Service) join(tx storage.Tx, p, r *record, list []version) error {
	regions := append(slices.Clone(p.regions()), r.Region)
	slices.Sort(regions)
	r.Multi = &multiRegion{Primary: p.Region, Regions: regions}
	if err := spread(tx, p, func(other *record) error { other.Multi = r.Multi; return nil }); err != nil {
		return err
	}
	r.Material, r.OnDemand, r.Rotation = p.Material, p.OnDemand, nil
	list = slices.Clone(list)
	if r.Origin == kmsapi.OriginTypeExternal {
		for i := range list {
			list[i].Absent, list[i].ValidTo = true, time.Time{}
		}
		return restate(tx, r, list)
	}
	return errors.Join(reschedule(tx, r, p.Rotation), versions.Put(tx, r.place(), list))
}

// leave takes a key that is destroyed from the keys related to it. When the
// last replica is gone, the waiting period of a primary key begins that was to
// be destroyed.
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-delete.html
func leave(tx storage.Tx, r *record) error {
	if r.Multi == nil {
		return nil
	}
	rest := &multiRegion{Primary: r.Multi.Primary, Regions: without(r.Multi.Regions, r.Region)}
	return spread(tx, r, func(other *record) error {
		if other == r {
			return nil
		}
		other.Multi = rest
		if other.Window != 0 && len(rest.Regions) == 1 {
			return other.doom(tx, r.Deletion.Add(days(other.Window)))
		}
		return nil
	})
}

// buryReplicas destroys the replicas of a primary key whose waiting period is
// over, so that it does not matter whether a sweep has come by.
func (s *Service) buryReplicas(ctx context.Context, r *record) error {
	if r.Multi == nil || !r.primary() {
		return nil
	}
	var gone []storage.Key
	now := s.clock.Now()
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		gone = nil
		return spreadRead(tx, r, func(other *record) {
			if other.gone(now) {
				gone = append(gone, deletionAt(other))
			}
		})
	})
	failed := []error{err}
	for _, at := range gone {
		failed = append(failed, s.destroy(ctx, at))
	}
	return errors.Join(failed...)
}

// spreadRead is spread for a look at the keys related to r, without r.
func spreadRead(tx storage.Tx, r *record, fn func(*record)) error {
	for _, region := range without(r.regions(), r.Region) {
		other, err := keys.Get(tx, storage.K(r.Account, region, r.ID))
		if errors.Is(err, storage.ErrNotFound) {
			continue // destroyed since r was read
		}
		if err != nil {
			return err
		}
		fn(&other)
	}
	return nil
}

// UpdatePrimaryRegion makes a replica the primary key, and the primary key a
// replica.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html
func (s *Service) UpdatePrimaryRegion(ctx context.Context, in *kmsapi.UpdatePrimaryRegionRequest) (*api.None, error) {
	ask := func(ctx context.Context) *request {
		r := on(ctx, "UpdatePrimaryRegion").inAccount()
		r.set("kms:primaryregion", in.PrimaryRegion)
		return r
	}
	k, err := s.open(ctx, in.KeyId, keyForms, ask(ctx))
	if err != nil {
		return nil, err
	}
	if k.Multi == nil || !k.primary() || in.PrimaryRegion == k.Region {
		return nil, notPrimary(k.arn())
	}
	there := inRegion(ctx, in.PrimaryRegion)
	n := name{account: k.Account, region: in.PrimaryRegion, id: k.ID}
	replica, err := s.find(there, n)
	if err != nil {
		return nil, err
	}
	if replica == nil {
		return nil, n.notFound()
	}
	if err := s.allow(there, ask(there), replica, n); err != nil {
		return nil, err
	}
	if err := require(replica.arn(), replica.state(), forUse); err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, forUse, func(tx storage.Tx, r *record) error {
		return s.crown(tx, r, in.PrimaryRegion)
	}))
}

// crown makes the key of another Region the primary one.
//
// Unverified: that only the two keys are Updating, not the other replicas.
func (s *Service) crown(tx storage.Tx, r *record, region string) error {
	if !r.primary() || !slices.Contains(r.regions(), region) {
		return notPrimary(r.arn()) // changed meanwhile
	}
	was := r.Region
	now := &multiRegion{Primary: region, Regions: r.Multi.Regions}
	updating := &transient{State: kmsapi.KeyStateUpdating, Until: s.clock.Now().Add(settling)}
	return spread(tx, r, func(r *record) error {
		r.Multi = now
		if r.Region == was || r.Region == region {
			r.Transient = updating
		}
		return nil
	})
}
