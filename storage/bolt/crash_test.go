package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sealstack/storage"
	"sealstack/storage/bolt"
)

// The test binary runs itself as the process to be killed when this names a
// data directory.
const victimDir = "STORAGE_TEST_VICTIM_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		if err := victim(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// A worker of the victim adds steps 1, 2, ... and keeps the last few: each has
// a row, a blob and a slot, and goes in the Update that adds another.
const (
	crashWorkers = 4
	crashWindow  = 6
)

type crashStep struct {
	Blob storage.BlobID
	Slot storage.SlotID
}

var crashSteps = storage.NewTable[crashStep]("steps")

func crashKey(worker, n int) storage.Key { return storage.K(worker, n) }

func crashBlob(worker, n int) []byte {
	var seed [32]byte
	copy(seed[:], fmt.Sprint("blob ", worker, " ", n))
	b := make([]byte, (n*7919)%90_000)
	_, _ = rand.NewChaCha8(seed).Read(b)
	return b
}

func crashSecret(worker, n int) (s storage.Secret) {
	copy(s[:], fmt.Sprint("secret ", worker, " "))
	var seed [32]byte
	copy(seed[:], fmt.Sprint("secret ", worker, " ", n))
	_, _ = rand.NewChaCha8(seed).Read(s[12:])
	return s
}

var crashOptions = bolt.Options{PackSize: 1 << 20, PackWriters: 2}

// victim works until it is killed and says on standard output what has been
// acknowledged.
func victim(dir string) error {
	opts := crashOptions
	if os.Getenv(victimDir+"_FULL") != "" {
		opts.Durability = bolt.Full
	}
	s, err := bolt.Open(dir, opts)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range crashWorkers {
		go func() { failed <- crashWorker(s, w) }()
	}
	go func() {
		for {
			if err := s.Blobs().Sweep(context.Background()); err != nil {
				failed <- err
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return <-failed
}

func crashWorker(s *bolt.Store, w int) error {
	ctx := context.Background()
	var steps map[int]crashStep
	if err := s.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		steps, err = stepsOf(tx, w)
		return err
	}); err != nil {
		return err
	}
	n := 0
	for have := range steps {
		n = max(n, have)
	}
	for {
		n++
		blob, err := s.Blobs().Append(ctx, crashBlob(w, n))
		if err != nil {
			return err
		}
		slot, err := s.Slots().Put(ctx, crashSecret(w, n))
		if err != nil {
			return err
		}
		if err := s.Update(ctx, func(_ context.Context, tx storage.Tx) error {
			return crashUpdate(tx, w, n, crashStep{blob, slot})
		}); err != nil {
			return err
		}
		fmt.Printf("%d %d %d\n", w, n, slot)
	}
}

func stepsOf(tx storage.Tx, w int) (map[int]crashStep, error) {
	out := map[int]crashStep{}
	for e, err := range crashSteps.Scan(tx, storage.Range{Prefix: storage.K(w)}) {
		if err != nil {
			return nil, err
		}
		out[int(e.Key.Parts()[1].(int64))] = e.Value
	}
	return out, nil
}

func crashUpdate(tx storage.Tx, w, n int, step crashStep) error {
	if err := errors.Join(
		tx.KeepBlob(step.Blob), tx.KeepSlot(step.Slot), crashSteps.Put(tx, crashKey(w, n), step),
	); err != nil {
		return err
	}
	old, err := crashSteps.Get(tx, crashKey(w, n-crashWindow))
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return errors.Join(err,
		tx.DropBlob(old.Blob), tx.DropSlot(old.Slot), crashSteps.Delete(tx, crashKey(w, n-crashWindow)))
}

func TestAcknowledgedWritesSurviveKill9(t *testing.T) {
	for _, tt := range []struct {
		name  string
		full  bool
		kills int
	}{{"Process", false, 24}, {"Full", true, 6}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			acks := acknowledged{slots: map[[2]int]storage.SlotID{}}
			for round := range tt.kills {
				acks.killVictim(t, dir, tt.full)
				acks.verify(t, dir)
				if t.Failed() {
					t.Fatalf("after kill %d; acknowledged %v", round+1, acks.last)
				}
			}
			if acks.total < tt.kills*crashWorkers {
				t.Errorf("only %d acknowledged writes: nothing was tested", acks.total)
			}
			t.Logf("%d acknowledged writes, %d kills", acks.total, tt.kills)
		})
	}
}

// acknowledged is what the victims said.
type acknowledged struct {
	last  [crashWorkers]int
	slots map[[2]int]storage.SlotID
	total int
}

// killVictim runs a victim and kills it a random moment after a random number
// of acknowledgements.
func (a *acknowledged) killVictim(t *testing.T, dir string, full bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimDir+"="+dir)
	if full {
		cmd.Env = append(cmd.Env, victimDir+"_FULL=1")
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill sync.Once
	enough := 1 + rand.IntN(150)
	lines := bufio.NewReader(out)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line cut short was not acknowledged in full
		}
		a.note(t, line)
		if n >= enough {
			kill.Do(func() {
				time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			})
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the victim ended by itself: %v\n%s", err, complaint.String())
	}
}

func (a *acknowledged) note(t *testing.T, line string) {
	t.Helper()
	var w, n int
	var slot storage.SlotID
	if _, err := fmt.Sscan(line, &w, &n, &slot); err != nil {
		t.Fatalf("line %q: %v", line, err)
	}
	a.last[w] = n
	a.slots[[2]int{w, n}] = slot
	a.total++
}

// verify opens the store and compares. One Update more than was acknowledged
// may have been committed, by each worker.
func (a *acknowledged) verify(t *testing.T, dir string) {
	t.Helper()
	ctx := t.Context()
	s := open(t, dir, crashOptions)
	for w := range crashWorkers {
		var steps map[int]crashStep
		if err := s.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
			steps, err = stepsOf(tx, w)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, more := steps[a.last[w]+1]; more {
			a.last[w]++
			a.slots[[2]int{w, a.last[w]}] = steps[a.last[w]].Slot
		}
		a.verifyWorker(t, s, w, steps)
	}
	if err := errors.Join(s.Blobs().Sweep(ctx), s.Check(ctx), s.Close()); err != nil {
		t.Error(err)
	}
	a.verifyDestroyed(t, dir)
}

func (a *acknowledged) verifyWorker(t *testing.T, s *bolt.Store, w int, steps map[int]crashStep) {
	t.Helper()
	last := a.last[w]
	if want := min(last, crashWindow); len(steps) != want {
		t.Errorf("worker %d: %d steps, want the %d before %d", w, len(steps), want, last)
	}
	for n := max(1, last-crashWindow+1); n <= last; n++ {
		step, has := steps[n]
		if !has {
			t.Errorf("worker %d: step %d of %d is lost", w, n, last)
			continue
		}
		if b, err := s.Blobs().Read(t.Context(), step.Blob); err != nil || !bytes.Equal(b, crashBlob(w, n)) {
			t.Errorf("worker %d: blob of step %d: %d bytes, %v", w, n, len(b), err)
		}
		if secret, err := s.Slots().Get(t.Context(), step.Slot); err != nil || secret != crashSecret(w, n) {
			t.Errorf("worker %d: slot of step %d: %v", w, n, err)
		}
	}
	for n := max(1, last-3*crashWindow); n <= last-crashWindow; n++ {
		if slot, known := a.slots[[2]int{w, n}]; known {
			if _, err := s.Slots().Get(t.Context(), slot); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("worker %d: slot of dropped step %d: %v", w, n, err)
			}
		}
	}
}

// verifyDestroyed looks for the bytes of destroyed secrets in every file. All
// begin alike; those of the steps that are kept are the only ones allowed.
func (a *acknowledged) verifyDestroyed(t *testing.T, dir string) {
	t.Helper()
	allowed := map[storage.Secret]bool{}
	for w, last := range a.last {
		for n := max(1, last-crashWindow+1); n <= last; n++ {
			allowed[crashSecret(w, n)] = true
		}
	}
	found := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for {
			i := bytes.Index(b, []byte("secret "))
			if i < 0 || len(b) < i+32 {
				return err
			}
			if !allowed[storage.Secret(b[i:i+32])] {
				t.Errorf("%s holds the destroyed secret %q", d.Name(), b[i:i+32])
			}
			found++
			b = b[i+32:]
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(allowed) {
		t.Errorf("%d secrets in the files, want %d", found, len(allowed))
	}
}
