package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// eventStore is an event data store of CloudTrail Lake, in its home Region.
type eventStore struct {
	ID        string    `cbor:"1,keyasint"`
	Account   string    `cbor:"2,keyasint"`
	Partition string    `cbor:"3,keyasint"`
	Region    string    `cbor:"4,keyasint"`
	Name      string    `cbor:"5,keyasint"`
	Created   time.Time `cbor:"6,keyasint"`
	Updated   time.Time `cbor:"7,keyasint"`

	Selectors   []cloudtrailapi.AdvancedEventSelector `cbor:"8,keyasint"`
	MultiRegion bool                                  `cbor:"9,keyasint,omitempty"`
	Protected   bool                                  `cbor:"10,keyasint,omitempty"`
	Retention   int32                                 `cbor:"11,keyasint"` // days
	Billing     cloudtrailapi.BillingMode             `cbor:"12,keyasint"`
	Tags        []tag                                 `cbor:"13,keyasint,omitempty"`

	// Epochs are the periods of encryption, the last one in effect: a store
	// without a KMS key can be given one, once.
	Epochs []storeEpoch `cbor:"14,keyasint"`

	Ingesting bool `cbor:"15,keyasint,omitempty"`
	// Closing is the request that stopped ingestion: its record is the last.
	Closing string    `cbor:"16,keyasint,omitempty"`
	Deleted time.Time `cbor:"17,keyasint,omitzero"` // it is gone a week later
	Policy  string    `cbor:"18,keyasint,omitempty"`

	// Organization is whose accounts' events it takes, "" for the account's.
	Organization string `cbor:"19,keyasint,omitempty"`
	// Insights are the insight types that it is searched for, and Insightful
	// the ARN of the store that takes what is found.
	Insights   []string `cbor:"20,keyasint,omitempty"`
	Insightful string   `cbor:"21,keyasint,omitempty"`
	// Large: events of up to 1 MB, not 256 KB, see PutEventConfiguration.
	Large bool `cbor:"22,keyasint,omitempty"`
}

// storeEpoch is a data key, wrapped by a KMS key or under the root key.
type storeEpoch struct {
	Key     string `cbor:"1,keyasint,omitempty"` // ARN of the KMS key, "" for CloudTrail's own
	Wrapped []byte `cbor:"2,keyasint"`
}

// eventStores: account, home Region, id.
var eventStores = storage.NewTable[eventStore]("cloudtrail.eventdatastore")

// Limits and periods of event data stores.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const (
	maxEventStores = 10 // in a Region; those that wait for deletion count. Unverified: that they do
	storeFarewell  = 7 * 24 * time.Hour
	day            = 24 * time.Hour
)

var uuidText = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (e *eventStore) place() storage.Key { return storage.K(e.Account, e.Region, e.ID) }

func (e *eventStore) arn() string { return storeARN(e.Partition, e.Region, e.Account, e.ID) }

func storeARN(partition, region, account, id string) string {
	return lakeARN(partition, region, account, "eventdatastore", id)
}

func lakeARN(partition, region, account, kind, id string) string {
	return arn.ARN{Partition: partition, Service: "cloudtrail", Region: region, Account: account, Resource: kind + "/" + id}.String()
}

// key is the ARN of the KMS key, "" without one.
func (e *eventStore) key() string { return e.Epochs[len(e.Epochs)-1].Key }

// gone says whether the week behind DeleteEventDataStore has passed.
func (e *eventStore) gone(now time.Time) bool {
	return !e.Deleted.IsZero() && now.Sub(e.Deleted) >= storeFarewell
}

// oldest is the time before which events are retained no more.
func (e *eventStore) oldest(now time.Time) time.Time {
	return now.Add(-time.Duration(e.Retention) * day)
}

func (e *eventStore) status() *cloudtrailapi.EventDataStoreStatus {
	switch {
	case !e.Deleted.IsZero():
		return new(cloudtrailapi.EventDataStoreStatusPendingDeletion)
	case e.Ingesting:
		return new(cloudtrailapi.EventDataStoreStatusEnabled)
	}
	return new(cloudtrailapi.EventDataStoreStatusStoppedIngestion)
}

// asTrail is the store as the recorder and the chunks know it: what takes
// events, by id.
func (e *eventStore) asTrail() trail {
	return trail{
		ID: e.ID, Account: e.Account, Partition: e.Partition, Region: e.Region, Created: e.Created, Global: true,
		Organization: e.Organization, Insights: e.Insights, MultiRegion: e.MultiRegion, Advanced: e.Selectors, store: true, Logging: e.Ingesting && e.Deleted.IsZero(), Closing: e.Closing,
	}
}

// collecting are the stores that take events of AWS.
func collecting(tx storage.Tx) (list []trail, err error) {
	for row, err := range eventStores.Scan(tx, storage.Range{}) {
		if err != nil {
			return nil, err
		}
		list = append(list, row.Value.asTrail())
	}
	return list, nil
}

// storeName names an event data store as a request does.
type storeName struct{ region, account, id string }

// storeNameOf reads the ARN of a store, or the id that is its end.
func storeNameOf(c *api.Caller, text, owner string) (storeName, error) {
	n := storeName{c.Region, c.Account, text}
	if owner != "" {
		n.account = owner
	}
	if arn.Is(text) {
		a, err := arn.Parse(text)
		if err != nil || a.Service != "cloudtrail" || a.Kind() != "eventdatastore" {
			return n, badStoreARN(text)
		}
		n = storeName{a.Region, a.Account, a.ID()}
	}
	if !uuidText.MatchString(n.id) {
		return n, badStoreARN(text)
	}
	return n, nil
}

// findStore returns the store; one of another Region is not found.
func findStore(tx storage.Tx, c *api.Caller, n storeName, now time.Time) (eventStore, error) {
	e, err := eventStores.Get(tx, storage.K(n.account, n.region, n.id))
	if errors.Is(err, storage.ErrNotFound) || err == nil && (e.Region != c.Region || e.gone(now)) {
		return eventStore{}, unknownStore()
	}
	return e, err
}

// openStore authorizes an action on the store that a request names, and finds
// it. A store of another account is found only if its policy lets the caller,
// or the caller administers the organization that it is for.
func (s *Service) openStore(ctx context.Context, text, owner, action string) (eventStore, error) {
	return s.openStoreWith(ctx, text, owner, action, nil)
}

// openStoreWith is openStore with condition keys of the request.
func (s *Service) openStoreWith(ctx context.Context, text, owner, action string, keys auth.Keys) (eventStore, error) {
	c := api.CallerOf(ctx)
	n, err := storeNameOf(c, text, owner)
	if err != nil {
		return eventStore{}, err
	}
	e, missing := s.storeNamed(ctx, n)
	if _, refused := refusal(missing); missing != nil && !refused {
		return e, missing
	}
	resource := lakeResource{storeARN(c.Partition, n.region, n.account, n.id), n.account, e.Policy, e.Tags}
	if missing != nil || e.Account != c.Account {
		if err := s.asDelegate(ctx, n, &e, &missing, &resource); err != nil {
			return eventStore{}, err
		}
	}
	if err := s.authorizeLake(ctx, action, resource, keys); err != nil {
		return eventStore{}, err
	}
	return e, missing
}

// storeNamed reads a store.
func (s *Service) storeNamed(ctx context.Context, n storeName) (e eventStore, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		e, err = findStore(tx, api.CallerOf(ctx), n, s.clock.Now())
		return err
	})
	return e, err
}

// asDelegate lets a delegated administrator at the stores of the organization
// as at its own: by their ARN, or by their id.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-organizations.html
func (s *Service) asDelegate(ctx context.Context, n storeName, e *eventStore, missing *error, r *lakeResource) error {
	c := api.CallerOf(ctx)
	st, err := s.standing(ctx, c.Account)
	if err != nil || st == nil || !st.Delegated {
		return err
	}
	if *missing != nil && n.account == c.Account {
		n.account = st.Management
		found, err := s.storeNamed(ctx, n)
		if _, refused := refusal(err); refused || err == nil && found.Organization == "" {
			return nil
		}
		if err != nil {
			return err
		}
		*e, *missing = found, nil
	}
	if *missing == nil && e.Organization == st.Organization {
		*r = lakeResource{e.arn(), c.Account, e.Policy, e.Tags}
	}
	return nil
}

// activeStore is openStore for what a store that waits for deletion refuses.
func (s *Service) activeStore(ctx context.Context, text, owner, action string) (eventStore, error) {
	e, err := s.openStore(ctx, text, owner, action)
	if err == nil && !e.Deleted.IsZero() {
		err = inactiveStore()
	}
	return e, err
}

// lakeResource is what an action of CloudTrail Lake is on.
type lakeResource struct {
	arn, account, policy string
	tags                 []tag
}

func (s *Service) authorizeLake(ctx context.Context, action string, r lakeResource, keys auth.Keys) error {
	p, err := policyOf(r.policy)
	if err != nil {
		return err
	}
	all := auth.ResourceTags(tagMap(r.tags))
	for k, v := range keys {
		all[k] = v
	}
	return s.auth.Authorize(ctx, &auth.Request{
		Service: cloudtrailapi.Service, Action: "cloudtrail:" + action, Resource: r.arn, Account: r.account, Policy: p, Keys: all,
	})
}

// editStore changes a store and tells the recorder.
func (s *Service) editStore(ctx context.Context, e eventStore, fn func(storage.Tx, *eventStore) error) (changed eventStore, err error) {
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := eventStores.Get(tx, e.place())
		if errors.Is(err, storage.ErrNotFound) {
			return unknownStore()
		}
		if err != nil {
			return err
		}
		if err := fn(tx, &now); err != nil {
			return err
		}
		changed = now
		return eventStores.Put(tx, now.place(), now)
	})
	if err != nil {
		return changed, err
	}
	return changed, s.reload(ctx)
}

// listStores returns the stores of an account in a Region, by id; with an
// empty account all stores.
func listStores(tx storage.Tx, account, region string) ([]eventStore, error) {
	var r storage.Range
	if account != "" {
		r.Prefix = storage.K(account, region)
	}
	var list []eventStore
	for row, err := range eventStores.Scan(tx, r) {
		if err != nil {
			return nil, fmt.Errorf("cloudtrail: list event data stores: %w", err)
		}
		list = append(list, row.Value)
	}
	return list, nil
}
