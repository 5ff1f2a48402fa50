package emulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealstack/clock"
	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// open opens the store and the root key.
func (e *Emulator) open() (err error) {
	if e.config.Ephemeral {
		e.store, e.root = memory.New(), seal.NewEphemeral()
		return nil
	}
	durability := bolt.Process
	if e.config.Durability == Full {
		durability = bolt.Full
	}
	if e.store, err = bolt.Open(e.config.DataDir, bolt.Options{Durability: durability}); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if e.root, err = seal.Open(e.config.DataDir, e.config.Passphrase); err != nil {
		return errors.Join(fmt.Errorf("emulator: %w", err), e.store.Close())
	}
	return nil
}

// offsets holds how far the emulator's clock is ahead of real time, so that a
// restart changes nothing.
var offsets = storage.NewTable[time.Duration]("emulator.clock")

var offsetKey = storage.K("offset")

func (e *Emulator) restoreClock(ctx context.Context) error {
	var offset time.Duration
	err := e.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		offset, err = offsets.Get(tx, offsetKey)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.clock.SetOffset(offset)
}

// ErrTooFar refuses to move the clock further than a time can say.
var ErrTooFar = errors.New("the clock would be more than 290 years ahead")

// maxOffset is how far the clock can be ahead of real time.
const maxOffset = 290 * 365 * 24 * time.Hour

// Advance moves the emulator's clock and returns when everything that became
// due has been done. The offset is stored first: a restart finds the same
// time. Time does not go backwards.
func (e *Emulator) Advance(ctx context.Context, by time.Duration) error {
	if err := e.move(ctx, by); err != nil {
		return err
	}
	e.sweeps.Run(ctx)
	return nil
}

func (e *Emulator) move(ctx context.Context, by time.Duration) error {
	e.moving.Lock()
	defer e.moving.Unlock()
	offset := e.clock.Offset()
	if by < 0 {
		return clock.ErrBackwards
	}
	if by > maxOffset-offset {
		return ErrTooFar
	}
	err := e.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return offsets.Put(tx, offsetKey, offset+by)
	})
	if err != nil {
		return err
	}
	return e.clock.SetOffset(offset + by)
}

// Reset empties everything: resources, data, credentials, and the distance of
// the clock from real time. Calls under way end first, others wait.
func (e *Emulator) Reset(ctx context.Context) error {
	e.moving.Lock()
	defer e.moving.Unlock()
	e.gate.Lock()
	defer e.gate.Unlock()
	if err := e.store.Reset(ctx); err != nil {
		return err
	}
	e.decisions.Clear()
	e.iam.Reset()
	e.orgs.Reset()
	e.kms.Reset()
	if e.throttle != nil {
		e.throttle.Reset()
	}
	e.logs.Reset()
	e.s3.Reset()
	e.trails.Reset()
	return e.clock.SetOffset(0)
}
