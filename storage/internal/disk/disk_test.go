package disk

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOneSyncServesAllWritesBefore(t *testing.T) {
	var s Syncer
	calls := 0
	sync := func() error { calls++; return nil }
	for _, tt := range []struct{ writes, want int }{{0, 0}, {1, 1}, {0, 1}, {5, 2}, {0, 2}} {
		for range tt.writes {
			s.Wrote()
		}
		if s.Durable() != (tt.writes == 0) {
			t.Errorf("after %d writes durable is %v", tt.writes, s.Durable())
		}
		if err := s.Sync(sync); err != nil || calls != tt.want || !s.Durable() {
			t.Errorf("after %d writes: %d syncs, %v, want %d", tt.writes, calls, err, tt.want)
		}
	}
}

func TestAFailedSyncIsTriedAgain(t *testing.T) {
	var s Syncer
	s.Wrote()
	failure := errors.New("disk on fire")
	if err := s.Sync(func() error { return failure }); err != failure {
		t.Errorf("got %v", err)
	}
	calls := 0
	if err := s.Sync(func() error { calls++; return nil }); err != nil || calls != 1 {
		t.Errorf("%d syncs, %v", calls, err)
	}
}

func TestAWriteDuringASyncNeedsAnother(t *testing.T) {
	var s Syncer
	s.Wrote()
	if err := s.Sync(func() error { s.Wrote(); return nil }); err != nil {
		t.Fatal(err)
	}
	calls := 0
	if err := s.Sync(func() error { calls++; return nil }); err != nil || calls != 1 {
		t.Errorf("%d syncs, %v", calls, err)
	}
}

func TestConcurrentWritersAreAllSynced(t *testing.T) {
	var s Syncer
	var written, durable atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				mine := written.Add(1)
				s.Wrote()
				err := s.Sync(func() error { durable.Store(written.Load()); return nil })
				if err != nil || durable.Load() < mine {
					t.Errorf("write %d is not durable: %d, %v", mine, durable.Load(), err)
				}
			}
		})
	}
	wg.Wait()
}

func TestADirectoryThatIsNotThereCannotBeSynced(t *testing.T) {
	dir := t.TempDir()
	if err := SyncDir(dir); err != nil {
		t.Error(err)
	}
	if err := SyncDir(filepath.Join(dir, "none")); err == nil {
		t.Error("synced")
	}
}
