package bolt

import (
	"context"
	"errors"
	"maps"
	"slices"

	"sealstack/storage"
	"sealstack/storage/internal/pack"
)

// Sweep implements storage.Blobs. A pack of which less than half is needed is
// copied, what is needed of it, and removed when no View can refer to it.
func (b *blobs) Sweep(ctx context.Context) error {
	if err := enter(ctx); err != nil {
		return err
	}
	if err := b.store.usable(ctx); err != nil {
		return err
	}
	b.sweeping.Lock()
	defer b.sweeping.Unlock()
	var err error
	if b.untidy.Swap(false) {
		err = b.tidy(ctx)
	}
	return errors.Join(err, b.bury())
}

// kept is a row of the table of blobs.
type kept struct {
	id storage.BlobID
	at pack.Location
}

// tidy dooms packs. It takes them out of use, then looks who needs them: in
// this order nothing can come to them unseen.
func (b *blobs) tidy(ctx context.Context) error {
	wasteful, err := b.wasteful()
	if err != nil || len(wasteful) == 0 {
		return err
	}
	quiet := b.store.packs.Retire(wasteful)
	quiet = slices.DeleteFunc(quiet, b.pendingPacks())
	if len(quiet) < len(wasteful) {
		b.untidy.Store(true)
	}
	rows, err := b.rowsIn(quiet)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range quiet {
		if err := b.evacuate(ctx, rows[n]); err != nil {
			errs = append(errs, err)
			continue
		}
		b.doomed[n] = true
	}
	return errors.Join(errs...)
}

// wasteful lists the packs that are less than half needed.
func (b *blobs) wasteful() ([]uint32, error) {
	sizes := b.store.packs.Sizes()
	live := map[uint32]int64{}
	err := b.store.view(func(x *tx) error {
		return x.each(func(_ storage.BlobID, at pack.Location) error {
			live[at.Pack] += at.Size()
			return nil
		})
	})
	maps.DeleteFunc(sizes, func(n uint32, size int64) bool {
		return b.doomed[n] || size == 0 || 2*live[n] >= size
	})
	return slices.Sorted(maps.Keys(sizes)), err
}

// pendingPacks tells the packs of blobs that may still be kept.
func (b *blobs) pendingPacks() func(uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	packs := map[uint32]bool{}
	for _, at := range b.pending {
		packs[at.Pack] = true
	}
	return func(n uint32) bool { return packs[n] }
}

func (b *blobs) rowsIn(packs []uint32) (map[uint32][]kept, error) {
	rows := map[uint32][]kept{}
	err := b.store.view(func(x *tx) error {
		return x.each(func(id storage.BlobID, at pack.Location) error {
			if slices.Contains(packs, at.Pack) {
				rows[at.Pack] = append(rows[at.Pack], kept{id, at})
			}
			return nil
		})
	})
	return rows, err
}

// evacuate copies blobs to other packs and notes their new places in one
// transaction.
func (b *blobs) evacuate(ctx context.Context, rows []kept) error {
	if len(rows) == 0 {
		return nil
	}
	moved := make([]pack.Location, len(rows))
	for i, r := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := b.store.packs.Read(r.id, r.at)
		if err != nil {
			return err
		}
		err = b.store.packs.Append(r.id, data, func(at pack.Location) { moved[i] = at })
		if err != nil {
			return err
		}
	}
	return b.store.Update(ctx, func(_ context.Context, t storage.Tx) error {
		return t.(*tx).relocate(rows, moved)
	})
}

// relocate leaves alone what was dropped meanwhile. Nothing else can have
// happened: only Sweep moves blobs, and one at a time.
func (x *tx) relocate(rows []kept, moved []pack.Location) error {
	for i, r := range rows {
		k := storage.K(r.id)
		if _, err := x.Get(blobTable, k); errors.Is(err, storage.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		if err := x.Put(blobTable, k, moved[i].Encode()); err != nil {
			return err
		}
		x.packs = append(x.packs, moved[i].Pack)
	}
	return nil
}

// bury removes the doomed packs, if no View running can refer to them.
func (b *blobs) bury() error {
	if len(b.doomed) == 0 || !b.store.grace.passed() {
		return nil
	}
	doomed := slices.Collect(maps.Keys(b.doomed))
	clear(b.doomed)
	return b.store.packs.Remove(doomed)
}

// empty removes all packs. Blobs appended meanwhile are in others.
func (b *blobs) empty() error {
	b.store.grace.passed()
	numbers := b.store.packs.Numbers()
	err := b.store.packs.Remove(numbers)
	clear(b.doomed)
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.pending, func(_ storage.BlobID, at pack.Location) bool {
		return slices.Contains(numbers, at.Pack)
	})
	return err
}
