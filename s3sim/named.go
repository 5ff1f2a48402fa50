package s3sim

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// named is a kind of configuration of which a bucket has many, each under an
// id, kept as it was put. Nothing comes of it: nothing is exported, counted or
// moved.
type named[T any] struct {
	table storage.Table[T]
	noun  string // in the actions: "InventoryConfiguration"
	check func(*T) error
	id    func(*T) string
}

const (
	maxNamed     = 1000 // configurations of a kind in a bucket
	maxNamedPage = 100
	maxNamedID   = 64
)

var (
	inventories = named[s3api.InventoryConfiguration]{
		storage.NewTable[s3api.InventoryConfiguration]("s3.config.inventory"), "InventoryConfiguration", checkInventory,
		func(v *s3api.InventoryConfiguration) string { return v.Id },
	}
	analyses = named[s3api.AnalyticsConfiguration]{
		storage.NewTable[s3api.AnalyticsConfiguration]("s3.config.analytics"), "AnalyticsConfiguration", checkAnalytics,
		func(v *s3api.AnalyticsConfiguration) string { return v.Id },
	}
	metrics = named[s3api.MetricsConfiguration]{
		storage.NewTable[s3api.MetricsConfiguration]("s3.config.metrics"), "MetricsConfiguration", checkMetrics,
		func(v *s3api.MetricsConfiguration) string { return v.Id },
	}
	tierings = named[s3api.IntelligentTieringConfiguration]{
		storage.NewTable[s3api.IntelligentTieringConfiguration]("s3.config.tiering"), "IntelligentTieringConfiguration", checkTiering,
		func(v *s3api.IntelligentTieringConfiguration) string { return v.Id },
	}
)

// forget removes them all for a bucket that goes.
func (n named[T]) forget(tx storage.Tx, bucket storage.Key) error {
	_, err := n.table.DeletePrefix(tx, bucket)
	return err
}

func (n named[T]) put(ctx context.Context, s *Service, bucket string, expected *string, id string, v T) (*api.None, error) {
	b, err := s.open(ctx, bucket, expected, "Put"+n.noun)
	if err != nil {
		return nil, err
	}
	if id != n.id(&v) || id == "" || len(id) > maxNamedID || strings.Trim(id, versionIDLetters+"-") != "" {
		return nil, badConfigurationID(id)
	}
	if err := n.check(&v); err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx storage.Tx) error {
		if _, err := b.again(tx); err != nil {
			return err
		}
		count := 1
		for k, err := range n.table.Keys(tx, storage.Range{Prefix: b.at()}) {
			if err != nil {
				return err
			}
			if string(k) != string(b.at(id)) {
				count++
			}
		}
		if count > maxNamed {
			return tooManyConfigurations()
		}
		return n.table.Put(tx, b.at(id), v)
	})
}

func (n named[T]) get(ctx context.Context, s *Service, bucket string, expected *string, id string) (*T, error) {
	b, err := s.open(ctx, bucket, expected, "Get"+n.noun)
	if err != nil {
		return nil, err
	}
	var v T
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		v, err = n.table.Get(tx, b.at(id))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, noSuchConfiguration(bucket)
	}
	return &v, err
}

func (n named[T]) drop(ctx context.Context, s *Service, bucket string, expected *string, id string) (*api.None, error) {
	b, err := s.open(ctx, bucket, expected, "Put"+n.noun)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx storage.Tx) error {
		if _, err := n.table.Get(tx, b.at(id)); errors.Is(err, storage.ErrNotFound) {
			return noSuchConfiguration(bucket)
		} else if err != nil {
			return err
		}
		return n.table.Delete(tx, b.at(id))
	})
}

// namedPage is a page of configurations, by id.
type namedPage[T any] struct {
	list      []T
	truncated bool
	next      *string
}

func (n named[T]) list(ctx context.Context, s *Service, bucket string, expected, token *string) (p namedPage[T], err error) {
	b, err := s.open(ctx, bucket, expected, "Get"+n.noun)
	if err != nil {
		return p, err
	}
	purpose := "s3.List" + n.noun + "/" + b.ID
	r := storage.Range{Prefix: b.at()}
	if token != nil {
		if r.After, err = s.tokens.Decode(purpose, *token); err != nil {
			return p, invalidArgument("The continuation token provided is incorrect", "continuation-token", "")
		}
	}
	err = s.view(ctx, func(tx storage.Tx) error {
		p = namedPage[T]{}
		var last storage.Key
		for e, err := range n.table.Scan(tx, r) {
			if err != nil {
				return err
			}
			if len(p.list) == maxNamedPage {
				p.truncated, p.next = true, new(s.tokens.Encode(purpose, last))
				return nil
			}
			last, p.list = e.Key, append(p.list, e.Value)
		}
		return nil
	})
	return p, err
}

func noSuchConfiguration(bucket string) *api.Error {
	return notConfigured("NoSuchConfiguration", "The specified configuration does not exist.", bucket)
}

func tooManyConfigurations() *api.Error {
	return fail("TooManyConfigurations", http.StatusBadRequest, "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.")
}

// Unverified: the sentence.
func badDestination(bucket string) *api.Error {
	return invalidArgument("The destination bucket is not valid", "Bucket", bucket)
}

// Unverified: the sentence.
func badTieringDays(tier string) *api.Error {
	return invalidArgument("The days of the access tier are out of range", "Days", tier)
}

// Unverified: the sentence.
func badConfigurationID(id string) *api.Error {
	return invalidArgument("The configuration id is not valid, or not that of the document", "id", id)
}
