package memory_test

import (
	"context"
	"errors"
	"testing"

	"sealstack/storage"
	"sealstack/storage/memory"
)

type thing struct {
	Name string
	Tags map[string]string
}

var things = storage.NewTable[thing]("things")

func TestTransactionsOverTables(t *testing.T) {
	s := memory.New()
	ctx := context.Background()
	err := s.Update(ctx, func(ctx context.Context, tx storage.Tx) error {
		if err := s.Update(ctx, nil); !errors.Is(err, storage.ErrNested) {
			t.Errorf("nested: %v", err)
		}
		for _, n := range []string{"a", "ab", "b"} {
			if err := things.Put(tx, storage.K("acct", n, 7), thing{Name: n}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.View(ctx, func(ctx context.Context, tx storage.Tx) error {
		for e, err := range things.Scan(tx, storage.Range{Prefix: storage.K("acct"), Reverse: true}) {
			t.Log(e.Key, e.Value, err)
		}
		for e, err := range things.Scan(tx, storage.Range{Prefix: storage.K("acct", "a")}) {
			t.Log(e.Key, e.Value, err)
		}
		t.Log(things.Put(tx, storage.K("x"), thing{}))
		return nil
	})
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
}
