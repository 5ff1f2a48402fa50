package slotfile

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sealstack/storage"
)

func openFile(t *testing.T, path string) *File {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func newSecret() (s storage.Secret) {
	rand.Read(s[:])
	return s
}

func put(t *testing.T, s *File, secret storage.Secret) storage.SlotID {
	t.Helper()
	id, err := s.Put(secret)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func wantSecret(t *testing.T, s *File, id storage.SlotID, want storage.Secret) {
	t.Helper()
	if got, err := s.Get(id); err != nil || got != want {
		t.Errorf("slot %x: %v", uint64(id), err)
	}
}

func wantErr(t *testing.T, s *File, id storage.SlotID, want error) {
	t.Helper()
	got, err := s.Get(id)
	if !errors.Is(err, want) || got != (storage.Secret{}) {
		t.Errorf("slot %x: %v, want %v", uint64(id), err, want)
	}
}

func contains(t *testing.T, path string, secret storage.Secret) bool {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(b, secret[:8]) || bytes.Contains(b, secret[24:])
}

func TestASlotIsAPlaceInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slots")
	s := openFile(t, path)
	a, b := newSecret(), newSecret()
	idA, idB := put(t, s, a), put(t, s, b)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) != 3*slotSize || !bytes.Equal(file[slotSize+16:slotSize+48], a[:]) {
		t.Errorf("the file is %x", file)
	}
	if err := s.Destroy(idA); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(after[slotSize+16:slotSize+48], make([]byte, 32)) {
		t.Error("the place is not overwritten")
	}
	if len(after) != len(file) || !bytes.Equal(after[2*slotSize:], file[2*slotSize:]) {
		t.Error("the other slot has changed")
	}
	wantErr(t, s, idA, storage.ErrNotFound)
	wantSecret(t, s, idB, b)
}

func TestSlotsSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slots")
	s := openFile(t, path)
	secrets := map[storage.SlotID]storage.Secret{}
	for range 100 {
		secret := newSecret()
		secrets[put(t, s, secret)] = secret
	}
	gone := put(t, s, newSecret())
	if err := s.Destroy(gone); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = openFile(t, path)
	for id, secret := range secrets {
		wantSecret(t, s, id, secret)
	}
	wantErr(t, s, gone, storage.ErrNotFound)
	if !s.Destroyed(gone) || s.Has(gone) {
		t.Error("the note of the destruction is lost")
	}
}

func TestReclaimOverwritesWhatIsNotKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slots")
	s := openFile(t, path)
	kept, orphan, damaged := newSecret(), newSecret(), newSecret()
	idKept, idOrphan, idDamaged := put(t, s, kept), put(t, s, orphan), put(t, s, damaged)
	destroyed := put(t, s, newSecret())
	if err := s.Destroy(destroyed); err != nil {
		t.Fatal(err)
	}
	s.Close()
	damage(t, path, slotSize*3+30)
	s = openFile(t, path)
	wantErr(t, s, idDamaged, storage.ErrCorrupt)
	if err := s.Reclaim([]storage.SlotID{idKept}); err != nil {
		t.Fatal(err)
	}
	wantSecret(t, s, idKept, kept)
	for _, id := range []storage.SlotID{idOrphan, idDamaged, destroyed} {
		wantErr(t, s, id, storage.ErrNotFound)
	}
	if contains(t, path, orphan) || contains(t, path, damaged) {
		t.Error("the file holds a secret that was reclaimed")
	}
	for range 3 { // the places are used again, the ids are not
		if id := put(t, s, newSecret()); indexOf(id) > indexOf(destroyed) || id == idOrphan || id == destroyed {
			t.Errorf("id %x", uint64(id))
		}
	}
}

func damage(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0xaa, 0xbb}, at); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedSlotThatIsKeptStaysDamaged(t *testing.T) {
	for _, at := range []int64{0, 8, 16, 47, 48} {
		path := filepath.Join(t.TempDir(), "slots")
		s := openFile(t, path)
		id := put(t, s, newSecret())
		damage(t, path, slotSize+at)
		wantErr(t, s, id, storage.ErrCorrupt)
		s.Close()
		s = openFile(t, path)
		if err := s.Reclaim([]storage.SlotID{id}); err != nil {
			t.Fatal(err)
		}
		wantErr(t, s, id, storage.ErrCorrupt)
		if other := put(t, s, newSecret()); indexOf(other) == indexOf(id) {
			t.Error("its place was used again")
		}
		if err := s.Destroy(id); err != nil {
			t.Fatal(err)
		}
		wantErr(t, s, id, storage.ErrNotFound)
	}
}

func TestAFileCutShortIsCorrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slots")
	s := openFile(t, path)
	id := put(t, s, newSecret())
	if err := os.Truncate(path, slotSize+10); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s, id, storage.ErrCorrupt)
}

func TestDestroyMayBeRepeated(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "slots"))
	id := put(t, s, newSecret())
	for range 3 {
		if err := s.Destroy(id, 0, 1, id, 1<<63); err != nil {
			t.Fatal(err)
		}
	}
	wantErr(t, s, id, storage.ErrNotFound)
}

func TestAnotherFileIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"short":   {"SEALSLOT", storage.ErrCorrupt},
		"foreign": {string(bytes.Repeat([]byte("x"), 200)), storage.ErrCorrupt},
		"newer":   {magic + "\x00\x00\x00\x00\x00\x00\x00\x02" + string(make([]byte, 48)), storage.ErrFormatNewer},
	} {
		path := filepath.Join(t.TempDir(), "slots")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slots")
	s := openFile(t, path)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				secret := newSecret()
				id, err := s.Put(secret)
				if err != nil {
					t.Error(err)
					return
				}
				wantSecret(t, s, id, secret)
				if err := s.Destroy(id); err != nil {
					t.Error(err)
				}
				if contains(t, path, secret) {
					t.Error("the file holds a destroyed secret")
				}
			}
		})
	}
	wg.Wait()
}
