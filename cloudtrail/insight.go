package cloudtrail

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

// Insights: what happens more often in a minute than it used to. Two events
// tell when that begins and when it ends.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
//
// Unverified: what counts as unusual. AWS does not say; here it is ten times
// the average of the seven days before, or of the time since the selectors
// were put, and ten calls at least.

const (
	insightEvent  = "AwsCloudTrailInsight"
	insight       = "Insight"
	learning      = 36 * time.Hour // before the first insight, as AWS says
	unusualFactor = 10
	unusualLeast  = 10
)

// insightEvents: account, Region, nanoseconds of the time, event id.
var insightEvents = storage.NewTable[event]("cloudtrail.insight")

// insights is what a lane knows of rates.
type insights struct {
	Cursor  uint64             `cbor:"1,keyasint,omitempty"` // the events up to it are counted
	Since   time.Time          `cbor:"2,keyasint,omitzero"`
	Series  map[string]*series `cbor:"3,keyasint,omitempty"` // by type, source, name and error
	Pending []event            `cbor:"4,keyasint,omitempty"` // not delivered
	Intent  *insightFile       `cbor:"5,keyasint,omitempty"` // file of the first of them
	attempts

	points []point // of the minutes that were closed, to be stored
}

type insightFile struct {
	Path  string    `cbor:"1,keyasint"`
	Count int       `cbor:"2,keyasint"`
	Time  time.Time `cbor:"3,keyasint"`
}

// series counts one call, or one error of a call.
type series struct {
	Hours  map[int64]*hour `cbor:"5,keyasint,omitempty"` // the usual minutes of the last seven days
	Minute int64           `cbor:"2,keyasint"`           // that is being counted, since 1970
	Count  int             `cbor:"3,keyasint"`           // in it
	Who    tally           `cbor:"6,keyasint,omitempty"` // made them
	Open   *unusually      `cbor:"4,keyasint,omitempty"`
}

// unusually is an insight that has not ended.
type unusually struct {
	Shared  string  `cbor:"1,keyasint"`
	Minutes int     `cbor:"2,keyasint"`
	Calls   int     `cbor:"3,keyasint"`
	Usual   float64 `cbor:"4,keyasint"`
	Span    int64   `cbor:"5,keyasint"`           // of the baseline, in minutes
	Who     tally   `cbor:"6,keyasint,omitempty"` // called meanwhile
	Before  tally   `cbor:"7,keyasint,omitempty"` // called in the baseline
}

// analyze counts what has been recorded up to the minute that runs.
func (s *Service) analyze(ctx context.Context, t *trail, region string, l *lane, now time.Time) error {
	if len(t.Insights) == 0 {
		return nil
	}
	i := &l.Insights
	fresh, before := i.Since.IsZero(), i.Cursor
	if fresh {
		*i = insights{Since: now.Truncate(time.Minute), Cursor: l.Cursor}
	}
	if i.Series == nil {
		i.Series = map[string]*series{}
	}
	was := len(i.Pending)
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		return s.eachEvent(tx, t, region, i.Cursor, ^uint64(0), func(e *event) bool {
			if e.at().Truncate(time.Minute).Before(now.Truncate(time.Minute)) {
				i.count(t, region, e)
				i.Cursor = e.Sequence
				return true
			}
			return false
		})
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: insights of %s in %s: %w", t.arn(), region, err)
	}
	for _, key := range slices.Sorted(maps.Keys(i.Series)) {
		i.until(t, region, key, now.Unix()/60)
	}
	found, points := i.Pending[was:], i.points
	i.points = nil
	if !fresh && i.Cursor == before && len(found) == 0 && len(points) == 0 {
		return nil // the minutes that were closed are closed again
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, e := range found {
			if t.store {
				break // those of a store go to another store alone
			}
			if err := insightEvents.Put(tx, storage.K(t.logged(), region, e.Sequence, e.ID), e); err != nil {
				return err
			}
		}
		if err := keepPoints(tx, t, region, points, now); err != nil {
			return err
		}
		return lanes.Put(tx, t.laneKey(region), *l)
	})
}

// count adds an event to its series.
func (i *insights) count(t *trail, region string, e *event) {
	var r struct {
		ErrorCode string `json:"errorCode"`
	}
	if e.Data || json.Unmarshal(e.Text, &r) != nil {
		return
	}
	for _, kind := range t.Insights {
		key := strings.Join([]string{kind, e.Source, e.Name, ""}, " ")
		switch {
		case kind == string(cloudtrailapi.InsightTypeApiErrorRateInsight) && r.ErrorCode == "",
			kind == string(cloudtrailapi.InsightTypeApiCallRateInsight) && e.ReadOnly:
			continue
		case kind == string(cloudtrailapi.InsightTypeApiErrorRateInsight):
			key += r.ErrorCode
		}
		minute := int64(e.Sequence / uint64(time.Minute))
		if i.Series[key] == nil {
			i.Series[key] = &series{Minute: minute}
		}
		i.until(t, region, key, minute)
		i.Series[key].Count++
		i.Series[key].attribute(e.Text)
	}
}

// until closes the minutes of a series before the given one.
func (i *insights) until(t *trail, region, key string, minute int64) {
	x := i.Series[key]
	for first := true; x.Minute < minute; first = false {
		if !first && x.Open == nil {
			x.Minute = minute // nothing happens in minutes without calls
			return
		}
		total, before, span := x.usual(x.Minute, i.Since)
		usual := float64(total) / float64(span)
		at := time.Unix(x.Minute*60, 0)
		unusual := x.Count >= unusualLeast && float64(x.Count) > unusualFactor*usual && at.Sub(i.Since) >= learning
		if x.Count > 0 {
			i.points = append(i.points, point{key, x.Minute, x.Count})
		}
		switch {
		case unusual && x.Open == nil:
			x.Open = &unusually{Shared: newID(), Usual: usual, Calls: x.Count, Minutes: 1, Span: span, Who: x.Who, Before: before}
			i.Pending = append(i.Pending, x.Open.event(t, region, key, "Start", at))
		case unusual:
			x.Open.Calls, x.Open.Minutes = x.Open.Calls+x.Count, x.Open.Minutes+1
			x.Open.Who.merge(x.Who)
		case x.Open != nil:
			i.Pending = append(i.Pending, x.Open.event(t, region, key, "End", at))
			x.Open = nil
		}
		if !unusual {
			x.keep()
		}
		x.Minute, x.Count, x.Who = x.Minute+1, 0, nil
	}
}

// event is the record of the begin or the end of an insight.
func (u *unusually) event(t *trail, region, key, state string, at time.Time) event {
	part := strings.SplitN(key, " ", 4)
	id := newID()
	statistics := map[string]any{
		"baseline": map[string]any{"average": u.Usual}, "insight": map[string]any{"average": float64(u.Calls) / float64(u.Minutes)},
		"insightDuration": u.Minutes, "baselineDuration": u.Span,
	}
	about := map[string]any{"statistics": statistics, "attributions": u.attributions()}
	details := map[string]any{
		"state": state, "eventSource": part[1], "eventName": part[2], "insightType": part[0], "sourceEventCategory": management,
		"insightContext": about,
	}
	if part[3] != "" {
		details["errorCode"] = part[3]
	}
	text, err := json.Marshal(map[string]any{
		"eventVersion": eventVersion, "eventTime": stamp(at), "awsRegion": region, "eventID": id, "eventType": insightEvent,
		"recipientAccountId": t.logged(), "sharedEventID": u.Shared, "insightDetails": details, "eventCategory": insight,
	})
	if err != nil {
		panic("cloudtrail: " + err.Error()) // text and numbers can be marshalled
	}
	return event{Sequence: uint64(at.UnixNano()), ID: id, Name: part[2], Source: part[1], Text: text}
}

// deliverInsights writes the insights that wait as one file. Its name is
// stored before it is written.
func (s *Service) deliverInsights(ctx context.Context, t *trail, region string, l *lane, now time.Time) error {
	i := &l.Insights
	if len(i.Pending) == 0 || now.Before(i.Retry) {
		return nil
	}
	if i.Intent == nil {
		path := strings.ReplaceAll(t.logPath(region, now), "CloudTrail", "CloudTrail-Insight")
		i.Intent = &insightFile{Path: path, Count: len(i.Pending), Time: now}
		if err := s.saveLane(ctx, t, region, l); err != nil {
			return err
		}
	}
	c := content{text: []byte(`{"Records":[`)}
	for n := range i.Intent.Count {
		c.add(&i.Pending[n])
	}
	c.text = append(c.text, "]}"...)
	f := &file{Bucket: t.Bucket, Folder: t.folder(), Path: i.Intent.Path, Time: i.Intent.Time}
	err := s.put(ctx, t, &object{Bucket: f.Bucket, Key: f.Folder + f.Path, body: squeeze(c.text), json: true, key: t.Key})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		i.fail(err, s.config.DeliveryInterval, now)
		return s.saveLane(ctx, t, region, l)
	}
	if t.Validation && l.Digest.Open {
		l.Digest.Files = append(l.Digest.Files, c.digested(f))
	}
	i.Pending, i.Intent = i.Pending[i.Intent.Count:], nil
	i.succeed(now)
	return s.saveLane(ctx, t, region, l)
}
