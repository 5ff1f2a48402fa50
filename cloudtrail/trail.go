package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/storage"
)

// trail is a trail as it is stored, in its home Region.
type trail struct {
	ID        string    `cbor:"1,keyasint"` // unique for ever: a trail of the same name is another one
	Account   string    `cbor:"2,keyasint"`
	Partition string    `cbor:"3,keyasint"`
	Region    string    `cbor:"4,keyasint"` // home Region
	Name      string    `cbor:"5,keyasint"`
	Created   time.Time `cbor:"6,keyasint"`

	Bucket       string `cbor:"7,keyasint"`
	BucketRegion string `cbor:"8,keyasint"`
	Prefix       string `cbor:"9,keyasint,omitempty"`
	Key          string `cbor:"10,keyasint,omitempty"` // ARN of the KMS key
	Group        string `cbor:"11,keyasint,omitempty"` // ARN of the log group
	Role         string `cbor:"12,keyasint,omitempty"`

	Global      bool  `cbor:"13,keyasint,omitempty"` // events of services without Regions
	MultiRegion bool  `cbor:"14,keyasint,omitempty"`
	Validation  bool  `cbor:"15,keyasint,omitempty"`
	Recursive   *bool `cbor:"16,keyasint,omitempty"`

	Tags     []tag                                 `cbor:"17,keyasint,omitempty"`
	Basic    []cloudtrailapi.EventSelector         `cbor:"18,keyasint,omitempty"`
	Advanced []cloudtrailapi.AdvancedEventSelector `cbor:"19,keyasint,omitempty"`

	Logging bool      `cbor:"21,keyasint,omitempty"`
	Started time.Time `cbor:"22,keyasint,omitzero"`
	Stopped time.Time `cbor:"23,keyasint,omitzero"`
	Session int       `cbor:"24,keyasint,omitempty"` // how often it was started
	// Closing is the request that stopped the trail: its record is the last.
	Closing string    `cbor:"25,keyasint,omitempty"`
	Grouped time.Time `cbor:"20,keyasint,omitzero"` // since when events go to Group
	// Validated is since when log files are digested.
	Validated time.Time `cbor:"26,keyasint,omitzero"`
	Deleted   time.Time `cbor:"27,keyasint,omitzero"`

	store bool // it is an event data store, as the recorder knows one

	Topic     string `cbor:"28,keyasint,omitempty"` // ARN of the topic that is told of log files
	TopicName string `cbor:"29,keyasint,omitempty"` // as it was given

	Insights []string `cbor:"31,keyasint,omitempty"` // types

	Organization string `cbor:"30,keyasint,omitempty"` // id, of an organization trail
	For          string `cbor:"-"`                     // account of a share: see shares
	Away         bool   `cbor:"-"`                     // that account is none of the organization any more
}

type tag struct {
	Key   string  `cbor:"1,keyasint"`
	Value *string `cbor:"2,keyasint,omitempty"`
}

var (
	// trails: account, home Region, name.
	trails = storage.NewTable[trail]("cloudtrail.trail")
	// leaving: trail id. A trail that was deleted stays here until its last
	// files are delivered.
	leaving = storage.NewTable[trail]("cloudtrail.leaving")
)

// maxTrails is how many trails an account can have in a Region, those of
// other Regions that log here among them.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const maxTrails = 5

func (t *trail) place() storage.Key { return storage.K(t.Account, t.Region, t.Name) }

func (t *trail) arn() string {
	if t.store {
		return storeARN(t.Partition, t.Region, t.Account, t.ID)
	}
	return trailARN(t.Partition, t.Region, t.Account, t.Name)
}

func trailARN(partition, region, account, name string) string {
	return arn.ARN{Partition: partition, Service: "cloudtrail", Region: region, Account: account, Resource: "trail/" + name}.String()
}

// in says whether the trail is there in a Region, as itself or as a shadow.
func (t *trail) in(region string) bool { return t.MultiRegion || t.Region == region }

// asTrail returns a context in which CloudTrail calls for the trail.
func (t *trail) asTrail(ctx context.Context, region string) context.Context {
	ctx = api.WithCaller(ctx, &api.Caller{Partition: t.Partition, Region: region, RequestID: newID()})
	return api.AsService(ctx, principal, t.arn(), t.Account)
}

// title names a trail as a request does.
type title struct{ region, account, name string }

// titleOf reads a trail's name or ARN. InvalidTrailNameException,
// CloudTrailARNInvalidException.
func titleOf(c *api.Caller, text string) (title, error) {
	if !arn.Is(text) {
		return title{c.Region, c.Account, text}, checkName(text)
	}
	a, err := arn.Parse(text)
	if err != nil || a.Service != "cloudtrail" || a.Kind() != "trail" {
		return title{}, badTrailARN(text)
	}
	return title{a.Region, a.Account, a.ID()}, checkName(a.ID())
}

func (n title) arn(c *api.Caller) string { return trailARN(c.Partition, n.region, n.account, n.name) }

// find returns the trail that a request names. A trail of another account is
// not found.
func (s *Service) find(ctx context.Context, n title) (t trail, err error) {
	c := api.CallerOf(ctx)
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		t, err = findTrail(tx, c, n)
		return err
	})
	if err == nil && !s.visible(ctx, &t, c.Account) {
		err = unknownTrail(n.name, c.Account)
	}
	return t, err
}

func findTrail(tx storage.Tx, c *api.Caller, n title) (trail, error) {
	t, err := trails.Get(tx, storage.K(n.account, n.region, n.name))
	if errors.Is(err, storage.ErrNotFound) || err == nil && !t.in(c.Region) {
		return trail{}, unknownTrail(n.name, c.Account)
	}
	return t, err
}

// open authorizes an action on the trail that a request names, and finds it.
func (s *Service) open(ctx context.Context, name, action string) (trail, error) {
	c := api.CallerOf(ctx)
	n, err := titleOf(c, name)
	if err != nil {
		return trail{}, err
	}
	if err := s.authorize(ctx, action, n.arn(c), nil); err != nil {
		return trail{}, err
	}
	return s.find(ctx, n)
}

// openHome is open for what can be done in the trail's home Region alone. A
// name that is a shadow's in this Region is refused as one.
func (s *Service) openHome(ctx context.Context, name, action string) (trail, error) {
	t, err := s.open(ctx, name, action)
	c := api.CallerOf(ctx)
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == "TrailNotFoundException" {
		if shadow := s.shadow(c, name); shadow != nil {
			return trail{}, notHome(shadow.Name, shadow.Region)
		}
	}
	if err == nil && t.Region != c.Region {
		err = notHome(t.Name, t.Region)
	}
	if err == nil {
		err = s.mayChange(ctx, &t)
	}
	return t, err
}

// shadow returns the trail of another Region that is here under that name.
func (s *Service) shadow(c *api.Caller, name string) *trail {
	ro := s.roster.Load()
	if ro == nil {
		return nil
	}
	lists := slices.Collect(maps.Values(ro.organizations))
	for _, f := range slices.Concat(append(lists, ro.accounts[c.Account])...) {
		if f.Account == c.Account && f.Name == name && f.MultiRegion && f.Deleted.IsZero() {
			return &f.trail
		}
	}
	return nil
}

// edit changes a trail and tells the recorder.
func (s *Service) edit(ctx context.Context, t trail, fn func(*trail) error) (changed trail, err error) {
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := trails.Get(tx, t.place())
		if errors.Is(err, storage.ErrNotFound) || err == nil && now.ID != t.ID {
			return unknownTrail(t.Name, t.Account)
		}
		if err != nil {
			return err
		}
		if err := fn(&now); err != nil {
			return err
		}
		changed = now
		return trails.Put(tx, now.place(), now)
	})
	if err != nil {
		return changed, err
	}
	return changed, s.reload(ctx)
}

// listTrails returns the trails of an account, all Regions, by Region and
// name; with an empty account all trails.
func listTrails(tx storage.Tx, account string) ([]trail, error) {
	var r storage.Range
	if account != "" {
		r.Prefix = storage.K(account)
	}
	var list []trail
	for row, err := range trails.Scan(tx, r) {
		if err != nil {
			return nil, fmt.Errorf("cloudtrail: list trails: %w", err)
		}
		list = append(list, row.Value)
	}
	return list, nil
}
