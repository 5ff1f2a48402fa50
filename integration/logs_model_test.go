package integration

import (
	"math"
	"slices"
	"time"
)

// verdict says what must come of a read.
type verdict int

const (
	readable verdict = iota
	refused
	either // a data key may still be held in memory, or a header alone did not tell that nothing is there
)

// with is the verdict on a read that also touches what v is about.
func (v verdict) with(o verdict) verdict {
	switch {
	case v == refused || o == refused:
		return refused
	case v == either || o == either:
		return either
	}
	return readable
}

// brushing is the verdict on a read that may touch what o is about.
func (v verdict) brushing(o verdict) verdict {
	if v == readable && o != readable {
		return either
	}
	return v
}

const (
	modelGroups  = 2
	modelStreams = 2
	modelKeys    = 2
	noKey        = -1
	forever      = int64(math.MaxInt64)
	delayOfKeys  = 5 * time.Minute
	dayOfModel   = int64(24 * time.Hour / time.Millisecond)
)

// logModel is what the documentation says of log groups and keys, told as
// plainly as it can be: lists that are gone through from end to end.
type logModel struct {
	now      int64 // milliseconds
	lifetime int64 // of plaintext data keys
	keys     [modelKeys]modelKey
	groups   [modelGroups]modelGroup
	batches  []*modelBatch
	births   int
}

type modelKey struct {
	external bool
	disabled bool
	deletion int64              // 0: none is scheduled
	until    int64              // of the material; 0: there is none
	allowed  [modelGroups]bool  // by the key policy
	lost     [modelGroups]int64 // since when a group's data keys can't be unwrapped; 0: they can
	rotated  int
}

type modelGroup struct {
	birth     int // 0: there is none
	streams   [modelStreams]int
	retention int64 // days
	periods   []modelPeriod
}

// modelPeriod is a time from which on new events are sealed under a key.
type modelPeriod struct {
	from int64
	key  int
}

type modelBatch struct {
	group, birth   int // of the group
	stream, within int // and birth of the stream
	key            int
	events         []modelEvent
	gone           bool
}

type modelEvent struct {
	at   int64
	text string
}

func (b *modelBatch) first() int64 { return b.events[0].at }
func (b *modelBatch) last() int64  { return b.events[len(b.events)-1].at }

// deleted reports whether a key is gone for good.
func (k *modelKey) deleted(now int64) bool { return k.deletion != 0 && now >= k.deletion }

// working reports whether the state of a key lets it be used.
func (k *modelKey) working(now int64) bool {
	return !k.disabled && k.deletion == 0 && now < k.until
}

// refusal is the code that an association of the key with a group gets.
func (k *modelKey) refusal(now int64, g int) string {
	switch {
	case k.deleted(now), !k.allowed[g]:
		return "AccessDeniedException"
	case !k.working(now):
		return "InvalidParameterException"
	}
	return ""
}

// observe notes since when keys can't be used. What a key's own clock brings
// about has happened at its instant and not when somebody looked.
func (m *logModel) observe() {
	for i := range m.keys {
		k := &m.keys[i]
		for g := range k.lost {
			switch {
			case k.refusal(m.now, g) == "":
				k.lost[g] = 0
			case k.lost[g] == 0 && k.allowed[g] && !k.disabled && k.deletion == 0 && k.until > 0:
				k.lost[g] = k.until
			case k.lost[g] == 0:
				k.lost[g] = m.now
			}
		}
	}
}

// restart: nothing that was held in memory is held any more.
func (m *logModel) restart() {
	for i := range m.keys {
		for g := range m.keys[i].lost {
			if m.keys[i].lost[g] != 0 {
				m.keys[i].lost[g] = 1
			}
		}
	}
}

// advance moves the time; what has expired whole is gone for good.
func (m *logModel) advance(by int64) {
	m.now += by
	m.observe()
	for _, b := range m.batches {
		g := &m.groups[b.group]
		if m.alive(b) && g.retention > 0 && b.last() < m.cutoff(b.group) {
			b.gone = true
		}
	}
}

func (m *logModel) cutoff(g int) int64 {
	if m.groups[g].retention == 0 {
		return 0
	}
	return m.now - m.groups[g].retention*dayOfModel
}

// alive reports whether a batch's group and stream are still those that it
// was put into.
func (m *logModel) alive(b *modelBatch) bool {
	g := &m.groups[b.group]
	return !b.gone && g.birth == b.birth && g.streams[b.stream] == b.within
}

// sealing is the key under which a group seals now.
func (m *logModel) sealing(g int) int {
	key := m.groups[g].periods[0].key
	for _, p := range m.groups[g].periods {
		if p.from <= m.now {
			key = p.key
		}
	}
	return key
}

// use is the verdict on what is sealed under a key for a group.
func (m *logModel) use(g, key int) verdict {
	if key == noKey {
		return readable
	}
	lost := m.keys[key].lost[g]
	switch {
	case lost == 0:
		return readable
	case m.now-lost >= m.lifetime:
		return refused
	}
	return either
}

func (m *logModel) of(b *modelBatch) verdict { return m.use(b.group, b.key) }

// put adds a batch.
func (m *logModel) put(g, stream int, events []modelEvent) {
	m.batches = append(m.batches, &modelBatch{
		group: g, birth: m.groups[g].birth, stream: stream, within: m.groups[g].streams[stream], key: m.sealing(g), events: events,
	})
}

// question is a read: of some of a group's events, in order.
type question struct {
	group    int
	streams  []int
	from, to int64 // inclusive
	newest   bool  // from the newest on
	limit    int   // 0: none
	wants    func(text string) bool
}

// found is an event and the batch that it is in.
type found struct {
	*modelBatch
	modelEvent
}

// answer is what a read must give, the oldest first, and the verdict.
func (m *logModel) answer(q question) (texts []string, v verdict) {
	q.from = max(q.from, m.cutoff(q.group))
	all, brushed := m.within(q)
	if q.newest {
		slices.Reverse(all)
	}
	for _, e := range all {
		if q.limit > 0 && len(texts) == q.limit {
			v = v.brushing(m.of(e.modelBatch)) // a page may look ahead
			continue
		}
		v = v.with(m.of(e.modelBatch))
		if q.wants == nil || q.wants(e.text) {
			texts = append(texts, e.text)
		}
	}
	for _, b := range brushed {
		v = v.brushing(m.of(b))
	}
	if q.newest {
		slices.Reverse(texts)
	}
	return texts, v
}

// within returns the events of the range in their order, and the batches that
// span some of the range.
func (m *logModel) within(q question) (all []found, brushed []*modelBatch) {
	for _, b := range m.batches {
		if b.group != q.group || !m.alive(b) || !slices.Contains(q.streams, b.stream) || q.from > q.to {
			continue
		}
		if b.first() <= q.to && b.last() >= q.from {
			brushed = append(brushed, b)
		}
		for _, e := range b.events {
			if e.at >= q.from && e.at <= q.to {
				all = append(all, found{b, e})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y found) int { return int(x.at - y.at) })
	return all, brushed
}
