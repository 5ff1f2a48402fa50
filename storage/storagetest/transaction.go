package storagetest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"sealstack/storage"
)

var transactionTests = []test{
	{"AWriteIsReadBack", writeIsReadBack},
	{"AnErrorUndoesAllWrites", errorUndoes},
	{"APanicUndoesAllWritesAndReachesItsCaller", panicUndoes},
	{"AGoexitUndoesAllWrites", goexitUndoes},
	{"AViewSeesOneInstant", viewSeesOneInstant},
	{"AViewRefusesWrites", viewRefusesWrites},
	{"ATransactionEndsWithItsClosure", endsWithClosure},
	{"TransactionsDoNotNest", doNotNest},
	{"AnEndedContextBeginsNothing", endedContext},
	{"WaitingForAWriterEndsWithTheContext", waitingEnds},
	{"FailuresAmongConcurrentUpdatesHurtNobodyElse", failuresAlone},
	{"LongKeysAreRefused", longKeys},
	{"ResetEmptiesTheTables", resetEmpties},
	{"AClosedStoreSaysSo", closedSaysSo},
}

func writeIsReadBack(t *testing.T, s storage.Store) {
	put(t, s, "a", "b")
	update(t, s, func(tx storage.Tx) error {
		if !tx.Writable() {
			t.Error("an update is not writable")
		}
		if err := notes.Put(tx, storage.K("a"), note{"changed", 2}); err != nil {
			return err
		}
		if v, err := notes.Get(tx, storage.K("a")); err != nil || v.Count != 2 {
			t.Errorf("own write: %v, %v", v, err)
		}
		return errors.Join(notes.Delete(tx, storage.K("b")), notes.Delete(tx, storage.K("none")))
	})
	view(t, s, func(tx storage.Tx) error {
		if tx.Writable() {
			t.Error("a view is writable")
		}
		if v, err := notes.Get(tx, storage.K("a")); err != nil || v != (note{"changed", 2}) {
			t.Errorf("a is %v, %v", v, err)
		}
		_, err := notes.Get(tx, storage.K("b"))
		wantErr(t, "a deleted key", err, storage.ErrNotFound)
		has, err := notes.Has(tx, storage.K("a"))
		hasNot, err2 := notes.Has(tx, storage.K("b"))
		if !has || hasNot || err != nil || err2 != nil {
			t.Errorf("has a: %v, %v; has b: %v, %v", has, err, hasNot, err2)
		}
		return nil
	})
}

// upset changes, adds and deletes.
func upset(tx storage.Tx) error {
	return errors.Join(
		notes.Put(tx, storage.K("a"), note{"changed", 1}),
		notes.Put(tx, storage.K("a"), note{"changed again", 2}),
		notes.Put(tx, storage.K("new"), note{}),
		notes.Delete(tx, storage.K("b")),
		notes.Put(tx, storage.K("b"), note{}),
		notes.Delete(tx, storage.K("b")),
		notes.Put(tx, storage.K("gone"), note{}),
		notes.Delete(tx, storage.K("gone")),
	)
}

// wantNotUpset expects what put(t, s, "a", "b") left.
func wantNotUpset(t *testing.T, s storage.Store) {
	t.Helper()
	view(t, s, func(tx storage.Tx) error {
		got, err := namesIn(tx, storage.Range{})
		if !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("keys are %q", got)
		}
		if v, _ := notes.Get(tx, storage.K("a")); v.Text != "a" {
			t.Errorf("a is %v", v)
		}
		return err
	})
}

func errorUndoes(t *testing.T, s storage.Store) {
	put(t, s, "a", "b")
	failure := errors.New("no")
	err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		if err := upset(tx); err != nil {
			t.Error(err)
		}
		return failure
	})
	if err != failure {
		t.Errorf("update returned %v, not the closure's own error", err)
	}
	wantNotUpset(t, s)
}

func panicUndoes(t *testing.T, s storage.Store) {
	put(t, s, "a", "b")
	for _, do := range []func(context.Context, func(context.Context, storage.Tx) error) error{s.Update, s.View} {
		func() {
			defer func() {
				if p := recover(); p != "no" {
					t.Errorf("recovered %v", p)
				}
			}()
			_ = do(t.Context(), func(_ context.Context, tx storage.Tx) error {
				if tx.Writable() {
					_ = upset(tx)
				}
				panic("no")
			})
		}()
	}
	wantNotUpset(t, s)
}

func goexitUndoes(t *testing.T, s storage.Store) {
	put(t, s, "a", "b")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Update(context.Background(), func(_ context.Context, tx storage.Tx) error {
			_ = upset(tx)
			runtime.Goexit() // as t.FailNow does
			return nil
		})
	}()
	<-done
	wantNotUpset(t, s)
}

func viewSeesOneInstant(t *testing.T, s storage.Store) {
	put(t, s, "a", "b")
	view(t, s, func(tx storage.Tx) error {
		done := make(chan struct{})
		go func() {
			defer close(done)
			put(t, s, "c")
			update(t, s, func(tx storage.Tx) error { return notes.Delete(tx, storage.K("a")) })
		}()
		<-done
		got, err := namesIn(tx, storage.Range{})
		if !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("the view sees %q", got)
		}
		return err
	})
	if got := names(t, s, storage.Range{}); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("a later view sees %q", got)
	}
}

func viewRefusesWrites(t *testing.T, s storage.Store) {
	put(t, s, "a")
	view(t, s, func(tx storage.Tx) error {
		wantErr(t, "put", notes.Put(tx, storage.K("a"), note{}), storage.ErrReadOnly)
		wantErr(t, "delete", notes.Delete(tx, storage.K("a")), storage.ErrReadOnly)
		_, err := notes.DeletePrefix(tx, nil)
		wantErr(t, "delete prefix", err, storage.ErrReadOnly)
		wantErr(t, "keep blob", tx.KeepBlob(1), storage.ErrReadOnly)
		wantErr(t, "drop blob", tx.DropBlob(1), storage.ErrReadOnly)
		wantErr(t, "keep slot", tx.KeepSlot(1), storage.ErrReadOnly)
		wantErr(t, "drop slot", tx.DropSlot(1), storage.ErrReadOnly)
		return nil
	})
}

func endsWithClosure(t *testing.T, s storage.Store) {
	put(t, s, "a", "b")
	for _, do := range []func(context.Context, func(context.Context, storage.Tx) error) error{s.Update, s.View} {
		var kept storage.Tx
		var cursor storage.Cursor
		var inner context.Context
		if err := do(t.Context(), func(ctx context.Context, tx storage.Tx) (err error) {
			kept, inner = tx, ctx
			cursor, err = tx.Cursor("notes")
			cursor.Seek(nil)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		_, err := notes.Get(kept, storage.K("a"))
		wantErr(t, "get", err, storage.ErrTxDone)
		wantErr(t, "put", notes.Put(kept, storage.K("a"), note{}), storage.ErrTxDone)
		wantErr(t, "delete", notes.Delete(kept, storage.K("a")), storage.ErrTxDone)
		_, err = namesIn(kept, storage.Range{})
		wantErr(t, "scan", err, storage.ErrTxDone)
		wantErr(t, "keep slot", kept.KeepSlot(1), storage.ErrTxDone)
		wantPanic(t, storage.ErrTxDone, func() { cursor.Next() })
		if storage.InWrite(inner) {
			t.Error("the context is still in a write")
		}
	}
}

func wantPanic(t *testing.T, want any, fn func()) {
	t.Helper()
	defer func() {
		if p := recover(); p != want {
			t.Errorf("recovered %v, want %v", p, want)
		}
	}()
	fn()
}

func doNotNest(t *testing.T, s storage.Store) {
	nothing := func(context.Context, storage.Tx) error { return nil }
	inside := func(write bool) func(ctx context.Context, tx storage.Tx) error {
		return func(ctx context.Context, tx storage.Tx) error {
			if storage.InWrite(ctx) != write {
				t.Errorf("InWrite is %v", !write)
			}
			if storage.Current(ctx) != tx {
				t.Error("the context does not know its transaction")
			}
			type any struct{}
			ctx = context.WithValue(ctx, any{}, "value")
			wantErr(t, "update", s.Update(ctx, nothing), storage.ErrNested)
			wantErr(t, "view", s.View(ctx, nothing), storage.ErrNested)
			wantErr(t, "sweep", s.Blobs().Sweep(ctx), storage.ErrNested)
			wantErr(t, "reset", s.Reset(ctx), storage.ErrNested)
			wantErr(t, "destroy", s.Slots().Destroy(ctx, 1), storage.ErrNested)
			if write {
				_, err := s.Blobs().Append(ctx, nil)
				wantErr(t, "append", err, storage.ErrNested)
				_, err = s.Slots().Put(ctx, storage.Secret{})
				wantErr(t, "put slot", err, storage.ErrNested)
			}
			return nil
		}
	}
	if err := errors.Join(s.Update(t.Context(), inside(true)), s.View(t.Context(), inside(false))); err != nil {
		t.Error(err)
	}
	if storage.InWrite(t.Context()) {
		t.Error("in a write outside of any")
	}
}

func endedContext(t *testing.T, s storage.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(context.Context, storage.Tx) error { t.Error("the closure ran"); return nil }
	wantErr(t, "update", s.Update(ctx, never), context.Canceled)
	wantErr(t, "view", s.View(ctx, never), context.Canceled)
	_, err := s.Blobs().Append(ctx, nil)
	wantErr(t, "append", err, context.Canceled)
}

func waitingEnds(t *testing.T, s storage.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	update(t, s, func(storage.Tx) error {
		result := make(chan error)
		go func() {
			result <- s.Update(ctx, func(context.Context, storage.Tx) error { t.Error("the closure ran"); return nil })
		}()
		cancel()
		wantErr(t, "waiting update", <-result, context.Canceled)
		return nil
	})
	put(t, s, "a") // the line is in order
}

func failuresAlone(t *testing.T, s storage.Store) {
	var wg sync.WaitGroup
	const writers, rounds = 8, 60
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				failing(t, s, w, i)
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx storage.Tx) error {
		total, err := notes.Get(tx, storage.K("total"))
		if want := writers * rounds / 3; total.Count != want {
			t.Errorf("%d updates counted, want %d", total.Count, want)
		}
		rows, err2 := namesIn(tx, storage.Range{Prefix: storage.K("row")})
		if len(rows) != total.Count {
			t.Errorf("%d rows, want %d", len(rows), total.Count)
		}
		return errors.Join(err, err2)
	})
}

// failing counts and adds a row, and then fails or panics two times of three.
func failing(t *testing.T, s storage.Store, w, i int) {
	defer func() { _ = recover() }()
	err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		total, _ := notes.Get(tx, storage.K("total"))
		total.Count++
		if err := errors.Join(
			notes.Put(tx, storage.K("total"), total),
			notes.Put(tx, storage.K("row", w, i), note{}),
		); err != nil {
			return err
		}
		switch i % 3 {
		case 0:
			return context.DeadlineExceeded
		case 1:
			panic("no")
		}
		return nil
	})
	if want := []error{context.DeadlineExceeded, nil, nil}[i%3]; err != want {
		t.Errorf("update returned %v, want %v", err, want)
	}
}

func longKeys(t *testing.T, s storage.Store) {
	update(t, s, func(tx storage.Tx) error {
		long := storage.K(strings.Repeat("k", storage.MaxKey-len("notes")-3))
		wantErr(t, "the longest key", notes.Put(tx, long, note{}), nil)
		wantErr(t, "one byte more", notes.Put(tx, append(long, 1), note{}), storage.ErrTooLarge)
		_, err := notes.Get(tx, append(long, 1))
		wantErr(t, "get of it", err, storage.ErrNotFound)
		return nil
	})
}

func resetEmpties(t *testing.T, s storage.Store) {
	put(t, s, "a", "b")
	view(t, s, func(tx storage.Tx) error {
		done := make(chan error)
		go func() { done <- s.Reset(context.Background()) }()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got, err := namesIn(tx, storage.Range{}); len(got) != 2 || err != nil {
			t.Errorf("a view from before sees %q, %v", got, err)
		}
		return nil
	})
	if got := names(t, s, storage.Range{}); len(got) != 0 {
		t.Errorf("after reset: %q", got)
	}
	put(t, s, "c")
	if got := names(t, s, storage.Range{Reverse: true}); !slices.Equal(got, []string{"c"}) {
		t.Errorf("after reset and put: %q", got)
	}
}

func closedSaysSo(t *testing.T, s storage.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	never := func(context.Context, storage.Tx) error { t.Error("the closure ran"); return nil }
	wantErr(t, "view", s.View(ctx, never), storage.ErrClosed)
	wantErr(t, "update", s.Update(ctx, never), storage.ErrClosed)
	wantErr(t, "reset", s.Reset(ctx), storage.ErrClosed)
	wantErr(t, "check", s.Check(ctx), storage.ErrClosed)
	wantErr(t, "sweep", s.Blobs().Sweep(ctx), storage.ErrClosed)
	_, err := s.Blobs().Append(ctx, []byte("x"))
	wantErr(t, "append", err, storage.ErrClosed)
	_, err = s.Blobs().Read(ctx, 1)
	wantErr(t, "read", err, storage.ErrClosed)
	_, err = s.Slots().Put(ctx, storage.Secret{})
	wantErr(t, "put slot", err, storage.ErrClosed)
	_, err = s.Slots().Get(ctx, 1)
	wantErr(t, "get slot", err, storage.ErrClosed)
	wantErr(t, "second close", s.Close(), nil)
}
