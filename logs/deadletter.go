package logs

import (
	"context"
	"time"

	"sealstack/storage"
)

// DeadLetter tells of events that a subscription could not deliver. The events
// themselves are where they were: in their group.
type DeadLetter struct {
	Time        time.Time `json:"time"`
	Group       string    `json:"logGroup"`
	Stream      string    `json:"logStream"`
	Filter      string    `json:"subscriptionFilter"`
	Destination string    `json:"destinationArn"`
	Events      int       `json:"events"`
	Attempts    int       `json:"attempts"`
	Reason      string    `json:"reason"`
}

// deadLetters is kept under (account, Region, time, sequence).
var deadLetters = storage.NewTable[DeadLetter]("logs.deadletter")

// maxDeadLetters bounds those of an account in a Region; the oldest go first.
const maxDeadLetters = 1000

// bury records a delivery that is given up.
func bury(tx storage.Tx, f *forward, now int64, reason error) error {
	place := storage.K(f.Where.Account, f.Where.Region)
	var all []storage.Key
	for k, err := range deadLetters.Keys(tx, storage.Range{Prefix: place}) {
		if err != nil {
			return err
		}
		all = append(all, append(storage.Key{}, k...))
	}
	for len(all) >= maxDeadLetters {
		if err := deadLetters.Delete(tx, all[0]); err != nil {
			return err
		}
		all = all[1:]
	}
	return deadLetters.Put(tx, place.With(now, f.Sequence, f.Subscription.lane()), DeadLetter{
		Time: time.UnixMilli(now).UTC(), Group: f.Group, Stream: f.Stream, Filter: f.Subscription.Name,
		Destination: f.Subscription.Destination, Events: len(f.Events), Attempts: f.Attempts + 1, Reason: reason.Error(),
	})
}

// DeadLetters lists what subscriptions of the caller's account in its Region
// could not deliver, oldest first.
func (s *Service) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	all, err := list(ctx, s, deadLetters, placeOf(ctx).key())
	if all == nil {
		all = []DeadLetter{}
	}
	return all, err
}
