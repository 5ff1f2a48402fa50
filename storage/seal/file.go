package seal

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"
)

// The file that holds the root key, or what makes it of the passphrase.
const fileName = "root.json"

// Errors of Open.
var (
	// ErrWrongPassphrase: the directory was sealed with another passphrase.
	ErrWrongPassphrase = errors.New("seal: wrong passphrase")
	// ErrNoPassphrase: the directory was sealed with a passphrase, and none
	// was given.
	ErrNoPassphrase = errors.New("seal: the data directory needs a passphrase")
	// ErrNotPassphrase: a passphrase was given for a directory that was
	// sealed without one. It would protect nothing, so it is refused.
	ErrNotPassphrase = errors.New("seal: the data directory was made without a passphrase")
	// ErrFile: the file cannot be what was written.
	ErrFile = errors.New("seal: " + fileName + " is damaged")
)

// rootFile holds either Key, or Salt, the cost and Check: a text sealed under
// the root key, which only the right passphrase opens.
type rootFile struct {
	Version int    `json:"version"`
	Key     []byte `json:"key,omitempty"`

	KDF     string `json:"kdf,omitempty"`
	Salt    []byte `json:"salt,omitempty"`
	Time    uint32 `json:"time,omitempty"`
	Memory  uint32 `json:"memoryKiB,omitempty"`
	Threads uint8  `json:"threads,omitempty"`
	Check   []byte `json:"check,omitempty"`
}

// cost of argon2id: the second recommendation of RFC 9106 section 4.
type cost struct {
	time, memory uint32 // passes, KiB
	threads      uint8
}

var usualCost = cost{time: 3, memory: 64 << 10, threads: 4}

// A file may ask for no more than this: it is read before it is trusted.
const (
	maxTime   = 64
	maxMemory = 4 << 20 // KiB
)

const checkLabel = "root check"

// Open returns the root key of a data directory. At first start it makes one:
// with a passphrase the key is argon2id of it and a random salt, and no file
// holds it; without, a file that only the owner reads holds a random key.
// Later starts need the same passphrase. ErrWrongPassphrase, ErrNoPassphrase,
// ErrNotPassphrase, ErrFile.
func Open(dir string, passphrase []byte) (*Root, error) {
	return open(dir, passphrase, usualCost)
}

func open(dir string, passphrase []byte, c cost) (*Root, error) {
	path := filepath.Join(dir, fileName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(dir, path, passphrase, c); err != nil {
			return nil, fmt.Errorf("seal: make the root key: %w", err)
		}
		// Another process may have been first: what the file says counts.
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	var f rootFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return f.open(passphrase)
}

func (f *rootFile) open(passphrase []byte) (*Root, error) {
	switch {
	case f.Version != version:
		return nil, fmt.Errorf("%w: version %d", ErrFile, f.Version)
	case len(f.Key) == KeySize && len(passphrase) > 0:
		return nil, ErrNotPassphrase
	case len(f.Key) == KeySize:
		return newRoot([KeySize]byte(f.Key)), nil
	case f.KDF != "argon2id", len(f.Salt) < 16, f.Time < 1, f.Time > maxTime,
		f.Memory > maxMemory, f.Threads < 1:
		return nil, ErrFile
	case len(passphrase) == 0:
		return nil, ErrNoPassphrase
	}
	r := f.stretch(passphrase)
	if _, err := r.Open(checkLabel, f.Check); err != nil {
		return nil, ErrWrongPassphrase
	}
	return r, nil
}

func (f *rootFile) stretch(passphrase []byte) *Root {
	key := argon2.IDKey(passphrase, f.Salt, f.Time, f.Memory, f.Threads, KeySize)
	defer clear(key)
	return newRoot([KeySize]byte(key))
}

func newFile(passphrase []byte, c cost) rootFile {
	secret := make([]byte, KeySize)
	rand.Read(secret)
	if len(passphrase) == 0 {
		return rootFile{Version: version, Key: secret}
	}
	f := rootFile{Version: version, KDF: "argon2id", Salt: secret, Time: c.time, Memory: c.memory, Threads: c.threads}
	f.Check = f.stretch(passphrase).Seal(checkLabel, nil)
	return f
}

// create writes a whole file or none, and leaves alone one that is there.
func create(dir, path string, passphrase []byte, c cost) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(newFile(passphrase, c), "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, fileName+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(text, '\n'))
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name durable: a root key that a power cut takes away
// takes everything sealed with it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
