package logs

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
)

// tasks are queries and exports, which go on behind the call that started
// them: a few at a time, the others wait.
type tasks struct {
	mu      sync.Mutex
	active  map[string]*task
	slots   chan struct{}
	waiting sync.WaitGroup
}

type task struct {
	stop    context.CancelFunc
	running bool // it has a slot
}

// maxRunning is how many tasks work at once.
const maxRunning = 4

// begin starts fn in the background, in a context that outlives the call and
// ends when the task is stopped.
func (t *tasks) begin(ctx context.Context, id string, fn func(context.Context)) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.mu.Lock()
	if t.active == nil {
		t.active, t.slots = map[string]*task{}, make(chan struct{}, maxRunning)
	}
	t.active[id] = &task{stop: stop}
	slots := t.slots
	t.waiting.Add(1)
	t.mu.Unlock()
	go func() {
		defer t.waiting.Done()
		defer t.end(id)
		defer stop()
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			t.started(id)
			fn(ctx)
		case <-ctx.Done():
		}
	}()
}

func (t *tasks) started(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active[id].running = true
}

func (t *tasks) end(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.active, id)
}

// list returns the tasks that have been begun and not ended, and whether each
// is at work. A task writes how it ended before it is gone from here.
func (t *tasks) list() map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	active := make(map[string]bool, len(t.active))
	for id, a := range t.active {
		active[id] = a.running
	}
	return active
}

// stop stops a task, and reports whether there was one.
func (t *tasks) stop(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.active[id]
	if a != nil {
		a.stop()
	}
	return a != nil
}

// cancel stops all tasks and does not wait for them.
func (t *tasks) cancel() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.active {
		a.stop()
	}
}

// Settle waits until no query, no export and no delivery is at work.
func (s *Service) Settle() {
	s.tasks.waiting.Wait()
	s.forwarder.waiting.Wait()
}

// uuid returns a random UUID.
func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
