package metrics

import (
	"context"
	"slices"
	"time"

	"sealstack/api/cloudwatchapi"
	"sealstack/storage"
)

// question is what is asked of one metric.
type question struct {
	metric   metric
	from, to time.Time // to is not included
	period   time.Duration
	unit     *cloudwatchapi.StandardUnit
	perUnit  bool // points of different units stay apart
}

// aligned returns the question as CloudWatch answers it: with a period that
// there are points for, and a start at a full period.
//
// Unverified: that a period which is too short for the age of the points is
// lengthened; AWS says which periods to use and not what others make.
func (q question) aligned(now time.Time) question {
	if c := coarseness(q.from, now); q.period < c {
		q.period = c
	} else if rest := q.period % c; rest != 0 {
		q.period += c - rest
	}
	q.from = q.from.Truncate(min(q.period, max(coarseness(q.from, now), time.Minute)))
	return q
}

// ask returns the points of a metric, one for each period that has data,
// oldest first.
//
// Unverified: that periods begin at multiples of the period since 1970 for
// any start.
func (s *Service) ask(ctx context.Context, q question) (answer []point, err error) {
	if now := s.now(); q.from.Before(now.Add(-maxAge)) {
		q.from = now.Add(-maxAge)
	}
	k := q.metric.key(placeOf(ctx))
	err = s.config.Store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		answer = answer[:0]
		window := storage.Range{Prefix: k, From: k.With(q.from.UnixMilli()), To: k.With(q.to.UnixMilli())}
		for e, err := range points.Scan(tx, window) {
			if err != nil {
				return err
			}
			if q.unit == nil || *q.unit == e.Value.Unit {
				answer = q.add(answer, e.Value)
			}
		}
		return nil
	})
	return answer, err
}

// add merges a point into its period.
func (q *question) add(answer []point, p point) []point {
	period := q.period.Milliseconds()
	at := p.At - p.At%period
	for i := len(answer) - 1; i >= 0 && answer[i].At == at; i-- {
		if !q.perUnit || answer[i].Unit == p.Unit {
			answer[i].merge(&p)
			return answer
		}
	}
	p.At, p.Span, p.Values = at, period, slices.Clone(p.Values)
	return append(answer, p)
}

// timeOf returns a point's instant.
func timeOf(q *point) time.Time { return time.UnixMilli(q.At).UTC() }
