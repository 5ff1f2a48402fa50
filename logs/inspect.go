package logs

import (
	"context"
	"errors"
	"time"

	"sealstack/api"
	"sealstack/storage"
)

// Inspection tells of a log group what AWS does not show: its encryption
// epochs.
type Inspection struct {
	Name   string       `json:"name"`
	ARN    string       `json:"arn"`
	Epochs []EpochState `json:"epochs"`
}

// EpochState is a period in which events are sealed under one key.
type EpochState struct {
	KmsKeyID string     `json:"kmsKeyId,omitempty"` // ARN of the KMS key; empty: the key that the service owns
	From     time.Time  `json:"from"`               // the instant from which it is in effect
	Until    *time.Time `json:"until,omitempty"`    // where the next epoch begins
	InEffect bool       `json:"inEffect"`           // new events are sealed under it
	Events   int64      `json:"events"`             // events stored under it
	Readable bool       `json:"readable"`           // a read that touches it would succeed now
	Reason   string     `json:"reason,omitempty"`   // why it would not
}

// Inspect describes a log group of the account and Region of the caller in
// ctx. Whether an epoch is readable is found out as a read finds out: by
// asking KMS, unless the data key is still held in memory.
func (s *Service) Inspect(ctx context.Context, name string) (*Inspection, error) {
	var g group
	var u usage
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		if g, err = findGroup(tx, placeOf(ctx), name); err != nil {
			return err
		}
		u, err = findUsage(tx, &g)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &Inspection{Name: g.Name, ARN: placeOf(ctx).group(g.Name)}
	current := g.at(s.now()).Number
	for i, e := range g.Epochs {
		state := EpochState{
			KmsKeyID: e.Key, From: time.UnixMilli(e.From).UTC(), InEffect: e.Number == current, Events: u.Events[e.Number],
		}
		if i+1 < len(g.Epochs) {
			until := time.UnixMilli(g.Epochs[i+1].From).UTC()
			state.Until = &until
		}
		if state.Readable, state.Reason, err = s.readableNow(ctx, &g, e); err != nil {
			return nil, err
		}
		out.Epochs = append(out.Epochs, state)
	}
	return out, nil
}

// readableNow tries the data key of an epoch.
func (s *Service) readableNow(ctx context.Context, g *group, e epoch) (bool, string, error) {
	_, err := s.dataKey(ctx, g, &header{Epoch: e.Number})
	if refusal, ok := errors.AsType[*api.Error](err); ok && !refusal.Fault() {
		return false, refusal.Error(), nil
	}
	return err == nil, "", err
}
