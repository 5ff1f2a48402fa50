// Package disk owns what the file-based parts of storage share: private
// directories and files, and syncing that concurrent callers share. Only
// packages under storage import it.
package disk

import (
	"fmt"
	"os"
	"sync"
)

// Modes of what is created: nobody but the owner reads a store.
const (
	DirMode  os.FileMode = 0o700
	FileMode os.FileMode = 0o600
)

// SyncDir makes the names in a directory as durable as its files.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// Syncer counts the writes to one file, so that one fsync serves all callers
// whose writes came before it.
type Syncer struct {
	mu      sync.Mutex
	written uint64
	synced  uint64

	syncing sync.Mutex
}

// Wrote notes that a write has returned.
func (s *Syncer) Wrote() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written++
}

func (s *Syncer) counts() (written, synced uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written, s.synced
}

// Durable says whether a Sync has covered every write noted.
func (s *Syncer) Durable() bool {
	written, synced := s.counts()
	return synced >= written
}

// Sync returns when everything noted before the call is on the disk. sync is
// the file's Sync; it is left out when somebody else's has done it.
func (s *Syncer) Sync(sync func() error) error {
	mine, _ := s.counts()
	s.syncing.Lock()
	defer s.syncing.Unlock()
	all, synced := s.counts()
	if synced >= mine {
		return nil
	}
	if err := sync(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = all
	return nil
}
