package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

// point is how often something happened in a minute.
type point struct {
	series string
	minute int64 // since 1970
	count  int
}

// insightPoints: trail, account and Region, series, minute.
var insightPoints = storage.NewTable[int]("cloudtrail.insightpoint")

// metricAge is how long the points of a period, in seconds, can be asked for.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsMetricData.html
var metricAge = map[int32]time.Duration{60: 15 * 24 * time.Hour, 300: 63 * 24 * time.Hour, 3600: history}

// maxPoints are on a page.
const maxPoints = 21600

func (t *trail) pointsKey(region, series string) storage.Key {
	return storage.K(t.ID, t.logged()+" "+region, series)
}

// keepPoints stores points, and drops those of their series that nobody can
// ask for any more.
func keepPoints(tx storage.Tx, t *trail, region string, points []point, now time.Time) error {
	for _, p := range points {
		key := t.pointsKey(region, p.series)
		if err := insightPoints.Put(tx, key.With(uint64(p.minute)), p.count); err != nil {
			return err
		}
		if err := dropPoints(tx, storage.Range{Prefix: key, To: key.With(uint64(now.Add(-history).Unix() / 60))}); err != nil {
			return err
		}
	}
	return nil
}

func dropPoints(tx storage.Tx, old storage.Range) error {
	var keys []storage.Key
	for row, err := range insightPoints.Scan(tx, old) {
		if err != nil {
			return err
		}
		keys = append(keys, row.Key)
	}
	for _, key := range keys {
		if err := insightPoints.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// ListInsightsMetricData tells how often a call was made, or failed, over
// time: what a trail's Insights are found in.
//
// Unverified: a value is the number of calls in its period, and the sentences.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsMetricData.html
func (s *Service) ListInsightsMetricData(ctx context.Context, in *cloudtrailapi.ListInsightsMetricDataRequest) (*cloudtrailapi.ListInsightsMetricDataResponse, error) {
	t, err := s.measured(ctx, in)
	if err != nil {
		return nil, err
	}
	m, err := s.metricOf(in)
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.ListInsightsMetricDataResponse{
		EventSource: &in.EventSource, EventName: &in.EventName, InsightType: &in.InsightType, ErrorCode: in.ErrorCode,
		Timestamps: []time.Time{}, Values: []float64{},
	}
	if t == nil {
		return out, nil
	}
	if in.TrailName != nil {
		out.TrailARN = new(t.arn())
	}
	c := api.CallerOf(ctx)
	purpose := fmt.Sprint("ListInsightsMetricData ", c.Account, c.Region, t.ID, in.EventSource, in.EventName, in.InsightType, deref(in.ErrorCode), m.period, m.fill)
	if in.NextToken != nil {
		at, err := s.tokens.Decode(purpose, *in.NextToken)
		if err != nil || len(at.Parts()) != 1 {
			return nil, badNextToken()
		}
		next, _ := at.Parts()[0].(uint64)
		m.from = int64(next)
	}
	share := t.share(c.Account)
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return m.read(tx, share.pointsKey(c.Region, m.series)) })
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: insights metric: %w", err)
	}
	if next := m.answer(out); next != 0 {
		out.NextToken = new(s.tokens.Encode(purpose, storage.K(uint64(next))))
	}
	return out, nil
}

// measured is the trail whose Insights are asked for: the one that is named,
// else any of the account that has them; nil without any.
func (s *Service) measured(ctx context.Context, in *cloudtrailapi.ListInsightsMetricDataRequest) (*trail, error) {
	if err := s.authorize(ctx, "LookupEvents", "*", nil); err != nil {
		return nil, err
	}
	if in.TrailName != nil {
		t, err := s.open(ctx, *in.TrailName, "ListInsightsData")
		if err == nil && len(t.Insights) == 0 {
			err = noInsights(t.arn())
		}
		if err != nil {
			return nil, err
		}
		return &t, nil
	}
	c, ro := api.CallerOf(ctx), s.roster.Load()
	if ro == nil {
		return nil, nil
	}
	for _, f := range ro.accounts[c.Account] {
		if slices.Contains(f.Insights, string(in.InsightType)) && f.in(c.Region) {
			return new(f.trail), nil
		}
	}
	return nil, nil
}

// metric is a request for points; from and to are in seconds, to exclusive.
type metric struct {
	series         string
	period         int64
	from, to, size int64
	fill           bool
	sums           map[int64]float64
}

func (s *Service) metricOf(in *cloudtrailapi.ListInsightsMetricDataRequest) (*metric, error) {
	errors := in.InsightType == cloudtrailapi.InsightTypeApiErrorRateInsight
	if errors && in.ErrorCode == nil {
		return nil, cloudtrailapi.InvalidParameterCombinationException("ErrorCode is required when InsightType is ApiErrorRateInsight.")
	}
	period := int32(60)
	if in.Period != nil {
		period = *in.Period
	}
	age, ok := metricAge[period]
	if !ok {
		return nil, cloudtrailapi.InvalidParameterException("Period must be 60, 300 or 3600.")
	}
	now := s.clock.Now()
	m := &metric{
		series: fmt.Sprintf("%s %s %s %s", in.InsightType, in.EventSource, in.EventName, deref(in.ErrorCode)), period: int64(period),
		from: now.Add(-age).Unix(), to: now.Unix(), size: maxPoints, sums: map[int64]float64{},
		fill: in.DataType != nil && *in.DataType == cloudtrailapi.InsightsMetricDataTypeFillWithZeros,
	}
	if in.StartTime != nil {
		m.from = max(m.from, in.StartTime.Unix())
	}
	if in.EndTime != nil {
		m.to = min(m.to, in.EndTime.Unix())
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.After(*in.EndTime) {
		return nil, badTimeRange()
	}
	if in.MaxResults != nil {
		m.size = int64(*in.MaxResults)
	}
	m.from -= m.from % m.period
	return m, nil
}

func (m *metric) read(tx storage.Tx, key storage.Key) error {
	r := storage.Range{Prefix: key, From: key.With(uint64(m.from / 60)), To: key.With(uint64((m.to + 59) / 60))}
	for row, err := range insightPoints.Scan(tx, r) {
		if err != nil {
			return err
		}
		parts := row.Key.Parts()
		minute, _ := parts[len(parts)-1].(uint64)
		at := int64(minute) * 60
		m.sums[at-at%m.period] += float64(row.Value)
	}
	return nil
}

// answer fills a page and returns where the next one starts, 0 if there is
// none.
func (m *metric) answer(out *cloudtrailapi.ListInsightsMetricDataResponse) (next int64) {
	for at := m.from; at < m.to; at += m.period {
		value, there := m.sums[at]
		if !there && !m.fill {
			continue
		}
		if int64(len(out.Values)) == m.size {
			return at
		}
		out.Timestamps, out.Values = append(out.Timestamps, time.Unix(at, 0).UTC()), append(out.Values, value)
	}
	return 0
}

// ListInsightsData searches the Insights events of a trail, newest first.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListInsightsData.html
func (s *Service) ListInsightsData(ctx context.Context, in *cloudtrailapi.ListInsightsDataRequest) (*cloudtrailapi.ListInsightsDataResponse, error) {
	t, err := s.open(ctx, in.InsightSource, "ListInsightsData")
	if err != nil {
		return nil, err
	}
	if len(t.Insights) == 0 {
		return nil, noInsights(t.arn())
	}
	same := &cloudtrailapi.LookupEventsRequest{
		EventCategory: new(cloudtrailapi.EventCategoryInsight), StartTime: in.StartTime, EndTime: in.EndTime, MaxResults: in.MaxResults, NextToken: in.NextToken,
	}
	for key, value := range in.Dimensions { // one at most; the keys are those of LookupEvents
		same.LookupAttributes = append(same.LookupAttributes, cloudtrailapi.LookupAttribute{AttributeKey: cloudtrailapi.LookupAttributeKey(key), AttributeValue: value})
	}
	q, err := s.searchOf(ctx, same)
	if err != nil {
		return nil, err
	}
	if err := s.lookupInsights(ctx, q); err != nil {
		return nil, err
	}
	out := &cloudtrailapi.ListInsightsDataResponse{Events: q.found}
	if q.next != nil {
		out.NextToken = new(s.tokens.Encode(q.purpose, q.next))
	}
	return out, nil
}
