package seal

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// cheap is enough to see that the cost is kept in the file.
var cheap = cost{time: 1, memory: 64, threads: 1}

func TestTheRootKeyOutlivesItsProcess(t *testing.T) {
	for _, passphrase := range []string{"", "correct horse"} {
		dir := filepath.Join(t.TempDir(), "data")
		first, err := open(dir, []byte(passphrase), cheap)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Open(dir, []byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		if first.key != second.key {
			t.Errorf("passphrase %q: two keys", passphrase)
		}
		wantMode(t, dir, 0o700)
		wantMode(t, filepath.Join(dir, fileName), 0o600)
		if names, _ := os.ReadDir(dir); len(names) != 1 {
			t.Errorf("left behind: %v", names)
		}
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", filepath.Base(path), got, want)
	}
}

func TestTheWrongPassphraseIsRefused(t *testing.T) {
	with, without := t.TempDir(), t.TempDir()
	if _, err := open(with, []byte("right"), cheap); err != nil {
		t.Fatal(err)
	}
	if _, err := open(without, nil, cheap); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, dir, passphrase string
		want                  error
	}{
		{"right", with, "right", nil},
		{"wrong", with, "wrong", ErrWrongPassphrase},
		{"longer", with, "right ", ErrWrongPassphrase},
		{"none", with, "", ErrNoPassphrase},
		{"none needed", without, "", nil},
		{"needless", without, "right", ErrNotPassphrase},
	} {
		r, err := Open(tt.dir, []byte(tt.passphrase))
		if !errors.Is(err, tt.want) || (r == nil) != (tt.want != nil) {
			t.Errorf("%s: %v, %v, want %v", tt.name, r, err, tt.want)
		}
	}
}

func TestAPassphraseLeavesNoKeyOnDisk(t *testing.T) {
	dir := t.TempDir()
	if _, err := open(dir, []byte("right"), cheap); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), `"key"`) {
		t.Errorf("the file holds a key: %s", text)
	}
}

func TestADamagedFileIsRefused(t *testing.T) {
	good := newFile([]byte("right"), cheap)
	for name, damage := range map[string]func(*rootFile){
		"version":   func(f *rootFile) { f.Version = 2 },
		"kdf":       func(f *rootFile) { f.KDF = "md5" },
		"salt":      func(f *rootFile) { f.Salt = f.Salt[:8] },
		"no passes": func(f *rootFile) { f.Time = 0 },
		"passes":    func(f *rootFile) { f.Time = 1 << 30 },
		"memory":    func(f *rootFile) { f.Memory = 1 << 30 },
		"threads":   func(f *rootFile) { f.Threads = 0 },
		"short key": func(f *rootFile) { *f = rootFile{Version: 1, Key: make([]byte, 31)} },
	} {
		f := good
		damage(&f)
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := openText(t, text); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := openText(t, []byte("{")); !errors.Is(err, ErrFile) {
		t.Errorf("half a file: %v", err)
	}
	if err := openText(t, nil); !errors.Is(err, ErrFile) {
		t.Errorf("an empty file: %v", err)
	}
}

func openText(t *testing.T, text []byte) error {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, []byte("right"))
	return err
}

func TestAnAlteredCheckIsAWrongPassphrase(t *testing.T) {
	f := newFile([]byte("right"), cheap)
	f.Check[len(f.Check)-1] ^= 1
	if _, err := f.open([]byte("right")); !errors.Is(err, ErrWrongPassphrase) {
		t.Errorf("got %v", err)
	}
}

func TestFirstStartsAtOnceAgreeOnOneKey(t *testing.T) {
	dir := t.TempDir()
	var keys [8][KeySize]byte
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			r, err := open(dir, nil, cheap)
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = r.key
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] {
			t.Error("two keys for one directory")
		}
	}
}

func TestTheUsualCostIsThatOfTheRFC(t *testing.T) {
	f := newFile([]byte("right"), usualCost)
	if f.Time != 3 || f.Memory != 64<<10 || f.Threads != 4 || len(f.Salt) < 16 {
		t.Errorf("cost %d, %d KiB, %d threads, salt of %d bytes", f.Time, f.Memory, f.Threads, len(f.Salt))
	}
}
