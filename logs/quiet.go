package logs

import (
	"context"
	"errors"

	"sealstack/api"
	"sealstack/storage"
)

// A metric filter's default value stands for a minute in which events were
// put and none matched. Which minutes those are is known when they are over.

// quiet is a minute in which a filter with a default value saw events, under
// (group id, filter, minute).
type quiet struct {
	Caller  scope // where the value goes
	Source  string
	Point   dataPoint // with the default value
	Matched bool
	Since   int64 // when events were put first, in milliseconds
	Emitted bool
}

// scope names a place for work that goes on behind a call.
type scope struct{ Partition, Region, Account string }

var quietMinutes = storage.NewTable[quiet]("logs.quietminute")

// quietKept is how long a minute is known to have got its value, so that late
// events do not bring the default value again.
const quietKept = 3 * 60 * minute

// scopeOf returns the place of the caller in ctx.
func scopeOf(ctx context.Context) scope {
	p := placeOf(ctx)
	return scope{p.partition, p.region, p.account}
}

// within returns a context in which the account's own resources are served,
// for work that goes on behind a call.
func (c scope) within(ctx context.Context) context.Context {
	return api.WithCaller(ctx, &api.Caller{
		Principal: api.Principal{Account: c.Account}, Partition: c.Partition, Region: c.Region,
	})
}

// note records the minutes that filters with a default value saw.
func (m *measured) note(ctx context.Context, tx storage.Tx, g *group, now int64) error {
	if m == nil {
		return nil
	}
	for at, matched := range m.quiet {
		k := storage.K(g.ID, at.filter, at.minute)
		q, err := quietMinutes.Get(tx, k)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			q = quiet{Caller: scopeOf(ctx), Source: placeOf(ctx).group(g.Name), Since: now, Point: g.defaultPoint(placeOf(ctx), at)}
		case err != nil:
			return err
		case q.Matched || !matched:
			continue
		}
		q.Matched = matched
		if err := quietMinutes.Put(tx, k, q); err != nil {
			return err
		}
	}
	return nil
}

// defaultPoint is the default value of a filter in a minute.
func (g *group) defaultPoint(p place, at quietMinute) dataPoint {
	for i := range g.MetricFilters {
		if f := &g.MetricFilters[i]; f.Name == at.filter {
			d := dataPoint{Minute: at.minute, Namespace: f.Namespace, Metric: f.Metric, Unit: f.Unit, Values: map[float64]float64{*f.Default: 1}}
			d.place(p, f.System)
			return d
		}
	}
	return dataPoint{}
}

// over reports whether no more events can be put into the minute while they
// are new.
func (q *quiet) over(now int64) bool { return now >= max(q.Point.Minute, q.Since)+minute }

// emitDefaults emits the default values of the minutes that are over.
func (s *Service) emitDefaults(ctx context.Context, now int64) error {
	type found struct {
		key storage.Key
		quiet
	}
	var due, old []found
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due, old = due[:0], old[:0]
		for e, err := range quietMinutes.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			one := found{append(storage.Key{}, e.Key...), e.Value}
			switch {
			case one.over(now) && !one.Matched && !one.Emitted:
				due = append(due, one)
			case now >= one.Since+quietKept:
				old = append(old, one)
			}
		}
		return nil
	})
	if err != nil || len(due)+len(old) == 0 {
		return err
	}
	var failures []error
	for i := range due {
		failures = append(failures, s.emit(due[i].Caller.within(ctx), due[i].Source, []*dataPoint{&due[i].Point}))
	}
	failures = append(failures, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for i := range due {
			due[i].Emitted = true
			if err := quietMinutes.Put(tx, due[i].key, due[i].quiet); err != nil {
				return err
			}
		}
		for i := range old {
			if err := quietMinutes.Delete(tx, old[i].key); err != nil {
				return err
			}
		}
		return nil
	}))
	return errors.Join(failures...)
}
