package seal

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/memory"
)

type record struct {
	Name   string
	Secret Sealed
}

var records = storage.NewTable[record]("records")

func engines(t *testing.T) map[string]storage.Store {
	t.Helper()
	b, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]storage.Store{"memory": memory.New(), "bolt": b}
	t.Cleanup(func() {
		for name, s := range out {
			if err := errors.Join(s.Check(context.Background()), s.Close()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	return out
}

// keep stores a secret in a record, as a service does.
func keep(t *testing.T, s storage.Store, v *Vault, name string, secret []byte) Sealed {
	t.Helper()
	sealed, err := v.Put(t.Context(), name, secret)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error {
		return errors.Join(v.Keep(tx, sealed), records.Put(tx, storage.K(name), record{name, sealed}))
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func load(t *testing.T, s storage.Store, name string) (r record) {
	t.Helper()
	err := s.View(t.Context(), func(_ context.Context, tx storage.Tx) (err error) {
		r, err = records.Get(tx, storage.K(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAVaultGivesBackWhatItWasGiven(t *testing.T) {
	for engine, s := range engines(t) {
		v := NewVault(s, NewEphemeral())
		sealed := keep(t, s, v, "a", []byte("material"))
		other := keep(t, s, v, "b", []byte("other material"))
		if got := load(t, s, "a").Secret; got.Slot != sealed.Slot || !bytes.Equal(got.Box, sealed.Box) {
			t.Errorf("%s: stored %v, loaded %v", engine, sealed, got)
		}
		for _, tt := range []struct {
			name   string
			vault  *Vault
			label  string
			sealed Sealed
			want   error
		}{
			{"as put", v, "a", sealed, nil},
			{"another label", v, "b", sealed, ErrNotAuthentic},
			{"another root", NewVault(s, NewEphemeral()), "a", sealed, ErrNotAuthentic},
			{"another slot", v, "a", Sealed{other.Slot, sealed.Box}, ErrNotAuthentic},
			{"no slot", v, "a", Sealed{0, sealed.Box}, ErrDestroyed},
			{"no box", v, "a", Sealed{Slot: sealed.Slot}, ErrNotAuthentic},
		} {
			got, err := tt.vault.Open(t.Context(), tt.label, tt.sealed)
			if !errors.Is(err, tt.want) || tt.want == nil && string(got) != "material" {
				t.Errorf("%s: %s: %q, %v, want %v", engine, tt.name, got, err, tt.want)
			}
		}
	}
}

func TestADestroyedSecretStaysSo(t *testing.T) {
	for engine, s := range engines(t) {
		v := NewVault(s, NewEphemeral())
		destroyed, dropped := keep(t, s, v, "a", []byte("one")), keep(t, s, v, "b", []byte("two"))
		for range 2 {
			if err := v.Destroy(t.Context(), destroyed); err != nil {
				t.Fatal(err)
			}
		}
		err := s.Update(t.Context(), func(_ context.Context, tx storage.Tx) error { return v.Drop(tx, dropped) })
		if err != nil {
			t.Fatal(err)
		}
		for name, sealed := range map[string]Sealed{"a": destroyed, "b": dropped} {
			if got, err := v.Open(t.Context(), name, sealed); !errors.Is(err, ErrDestroyed) {
				t.Errorf("%s: %s: %q, %v", engine, name, got, err)
			}
		}
	}
}

// Whoever copies all files after the destruction, and has the root key, tries
// every 32 bytes of every file as the slot's secret.
func TestNoFileOpensADestroyedSecret(t *testing.T) {
	dir := t.TempDir()
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := NewVault(s, root)
	sealed := keep(t, s, v, "a", []byte("material"))
	if n := opening(t, dir, v, sealed); n != 1 {
		t.Fatalf("before: %d places open the secret, want 1: the slot", n)
	}
	if err := v.Destroy(t.Context(), sealed); err != nil {
		t.Fatal(err)
	}
	if n := opening(t, dir, v, sealed); n != 0 {
		t.Errorf("after: %d places open the secret", n)
	}
	if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	if n := opening(t, dir, v, sealed); n != 0 {
		t.Errorf("after closing: %d places open the secret", n)
	}
}

// opening counts the places in dir whose bytes open sealed.
func opening(t *testing.T, dir string, v *Vault, sealed Sealed) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for i := 0; i+32 <= len(b); i++ {
			secret := storage.Secret(b[i : i+32])
			if secret == (storage.Secret{}) {
				continue
			}
			if _, err := openWith(newAEAD(v.key(secret)), "a", sealed.Box); err == nil {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
