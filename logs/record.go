package logs

import (
	"errors"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

// group is a log group as it is stored, under (account, Region, name).
type group struct {
	ID        string // unique for ever: a group of the same name is another one
	Name      string
	Created   int64 // milliseconds
	Class     logsapi.LogGroupClass
	Retention int32 // days; 0 keeps events for ever
	Protected bool  // against deletion
	Tags      map[string]string
	Epochs    []epoch // in the order of From; never empty
	// Results tells that this is no log group but what the results of the
	// account's queries are sealed under.
	Results bool
	// Resource is set where this is no log group but what holds the key of
	// another resource, see [box].
	Resource string
	// MetricFilters are in the order of their names.
	MetricFilters []metricFilter
	// Subscriptions are in the order of their names.
	Subscriptions []subscription
	// Protection is the group's own data protection policy, nil without one.
	Protection *groupRule
	// Unprotected tells that it had one.
	Unprotected bool
	// Transformer is the group's own transformer, nil without one.
	Transformer *groupRule
	// Index is the group's own field index policy, nil without one.
	Index *groupRule
	// ResourcePolicy is the group's own, nil without one.
	ResourcePolicy *resourcePolicy
	// BearerTokens tells that events may be put with a bearer token.
	BearerTokens bool
}

// groupRule is a policy or a transformer of a single group.
type groupRule struct {
	Text    string
	Created int64
	Updated int64
}

// epoch is a period in which new events are sealed under one key.
type epoch struct {
	Number int
	Key    string // ARN of the KMS key; empty for the key that the service owns
	From   int64  // milliseconds; it ends where the next one begins
}

// arn returns the ARN under which keys are used for the group.
func (g *group) arn(p place) string {
	if g.Results {
		return p.arn(queryResults)
	}
	if g.Resource != "" {
		return p.arn(g.Resource)
	}
	return p.group(g.Name)
}

// at returns the epoch in which an event is sealed at the instant.
func (g *group) at(now int64) *epoch {
	for i := len(g.Epochs) - 1; i > 0; i-- {
		if g.Epochs[i].From <= now {
			return &g.Epochs[i]
		}
	}
	return &g.Epochs[0]
}

// latest returns the epoch that was asked for last, be it in effect or not.
func (g *group) latest() *epoch { return &g.Epochs[len(g.Epochs)-1] }

// cutoff returns the instant before which events have expired.
func (g *group) cutoff(now int64) int64 {
	if g.Retention == 0 {
		return 0
	}
	return now - int64(g.Retention)*day
}

const day = 24 * 60 * 60 * 1000 // milliseconds

// dataKey is a data key of an epoch, under (group id, epoch, number).
type dataKey struct {
	Wrapped []byte // by KMS, or sealed by the root key for the service-owned key
	Created int64
}

// stream is a log stream, under (group id, name).
type stream struct {
	ID       string
	Name     string
	Created  int64
	First    int64 // timestamp of the earliest event; 0 without events
	Last     int64 // timestamp of the latest event
	Ingested int64 // time of the last ingestion
	Sequence uint64
	Span     int64 // longest distance of first to last timestamp in a segment
}

// usage counts what a group holds, under (group id).
type usage struct {
	Bytes  int64
	Span   int64         // longest of any segment
	Events map[int]int64 // by epoch
}

// segment is a sealed batch, under (stream id, first timestamp, sequence).
type segment struct {
	header
	treatment
	StreamID string
	Blob     storage.BlobID
}

// moment places a segment in its group's time, under (group id, first
// timestamp, sequence).
type moment struct {
	StreamID string
	Stream   string
}

var (
	groups   = storage.NewTable[group]("logs.group")
	dataKeys = storage.NewTable[dataKey]("logs.datakey")
	streams  = storage.NewTable[stream]("logs.stream")
	usages   = storage.NewTable[usage]("logs.usage")
	segments = storage.NewTable[segment]("logs.segment")
	moments  = storage.NewTable[moment]("logs.moment")
)

// findGroup returns the group of that name, or AWS's ResourceNotFoundException.
func findGroup(tx storage.Tx, p place, name string) (group, error) {
	g, err := groups.Get(tx, p.key(name))
	if errors.Is(err, storage.ErrNotFound) {
		return g, noSuchGroup()
	}
	return g, err
}

// findStream returns the stream of that name, or AWS's
// ResourceNotFoundException.
func findStream(tx storage.Tx, g *group, name string) (stream, error) {
	st, err := streams.Get(tx, storage.K(g.ID, name))
	if errors.Is(err, storage.ErrNotFound) {
		return st, noSuchStream()
	}
	return st, err
}

// findUsage returns what the group holds; nothing yet is the zero usage.
func findUsage(tx storage.Tx, g *group) (usage, error) {
	u, err := usages.Get(tx, storage.K(g.ID))
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	if u.Events == nil {
		u.Events = map[int]int64{}
	}
	return u, err
}
