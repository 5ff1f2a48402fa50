package cloudtrail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/cloudtrail/lakesql"
	"sealstack/storage"
)

// Insights of event data stores: one store collects management events, and
// another, of the category Insight, takes what is unusual about them.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-event-data-store-insights.html

// insightful says whether the store takes Insights events.
func (e *eventStore) insightful() bool { return categoryOf(&e.Selectors[0]) == insight }

// schema is what queries can ask of the store's events.
func (e *eventStore) schema() *lakesql.Schema {
	switch {
	case e.audits():
		return lakesql.Audit
	case e.insightful():
		return lakesql.Insights
	}
	return lakesql.Events
}

// manages says whether the store collects management events.
func (e *eventStore) manages() bool {
	for i := range e.Selectors {
		if categoryOf(&e.Selectors[i]) == management {
			return true
		}
	}
	return false
}

// putStoreInsights is PutInsightSelectors for an event data store.
//
// Unverified: the sentences, and which error a store of the wrong kind has.
func (s *Service) putStoreInsights(ctx context.Context, in *cloudtrailapi.PutInsightSelectorsRequest) (*cloudtrailapi.PutInsightSelectorsResponse, error) {
	if in.TrailName != nil {
		return nil, cloudtrailapi.InvalidParameterCombinationException("TrailName cannot be specified together with EventDataStore or InsightsDestination.")
	}
	if in.EventDataStore == nil || in.InsightsDestination == nil && len(in.InsightSelectors) > 0 {
		return nil, cloudtrailapi.InvalidParameterCombinationException("EventDataStore and InsightsDestination must be specified together.")
	}
	e, err := s.activeStore(ctx, *in.EventDataStore, "", "PutInsightSelectors")
	if err != nil {
		return nil, err
	}
	kinds, err := insightKinds(in.InsightSelectors)
	if err != nil {
		return nil, err
	}
	to := ""
	if len(kinds) > 0 {
		if to, err = s.insightDestination(ctx, &e, *in.InsightsDestination); err != nil {
			return nil, err
		}
	}
	changed, err := s.editStore(ctx, e, func(_ storage.Tx, e *eventStore) error {
		e.Insights, e.Insightful, e.Updated = kinds, to, s.clock.Now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.PutInsightSelectorsResponse{
		EventDataStoreArn: new(changed.arn()), InsightsDestination: some(changed.Insightful), InsightSelectors: shownInsights(changed.Insights),
	}, nil
}

// insightDestination finds the store that is to take the Insights of another.
func (s *Service) insightDestination(ctx context.Context, e *eventStore, text string) (string, error) {
	to, err := s.activeStore(ctx, text, "", "PutInsightSelectors")
	switch {
	case err != nil:
		return "", err
	case !e.manages():
		return "", badParameter("The event data store does not collect management events.")
	case !to.insightful() || to.Account != e.Account:
		return "", badParameter("The destination is not an event data store of this account for Insights events.")
	}
	return to.arn(), nil
}

// getStoreInsights is GetInsightSelectors for an event data store.
func (s *Service) getStoreInsights(ctx context.Context, in *cloudtrailapi.GetInsightSelectorsRequest) (*cloudtrailapi.GetInsightSelectorsResponse, error) {
	if in.TrailName != nil {
		return nil, cloudtrailapi.InvalidParameterCombinationException("TrailName and EventDataStore cannot be specified together.") // Unverified: the sentence
	}
	e, err := s.openStore(ctx, *in.EventDataStore, "", "GetInsightSelectors")
	if err == nil && len(e.Insights) == 0 {
		err = noInsights(e.arn())
	}
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.GetInsightSelectorsResponse{
		EventDataStoreArn: new(e.arn()), InsightsDestination: some(e.Insightful), InsightSelectors: shownInsights(e.Insights),
	}, nil
}

// seekInsights searches what a store collects of an account in a Region, and
// brings what it finds to the store for it. A KMS key that refuses leaves it
// until it does not.
func (s *Service) seekInsights(ctx context.Context, e *eventStore, t *trail, region string, now time.Time) error {
	if len(t.Insights) == 0 {
		return nil
	}
	l, err := s.laneOf(ctx, t, region)
	if err != nil {
		return err
	}
	if err := s.analyze(ctx, t, region, &l, now); err != nil || len(l.Insights.Pending) == 0 {
		return err
	}
	var list []lakeEvent
	for i := range l.Insights.Pending {
		v, err := insightOf(&l.Insights.Pending[i], e.arn())
		if err != nil {
			return err
		}
		list = append(list, v)
	}
	to, err := s.storeOfARN(ctx, e.Insightful)
	l.Insights.Pending = nil
	if errors.Is(err, storage.ErrNotFound) || err == nil && !to.Deleted.IsZero() {
		return s.saveLane(ctx, t, region, &l) // nobody takes them
	}
	if err != nil {
		return err
	}
	err = s.addSegment(ctx, &to, list, func(tx storage.Tx) error { return lanes.Put(tx, t.laneKey(region), l) })
	if _, refused := refusal(err); refused {
		return nil
	}
	return err
}

// storeOfARN reads a store whatever the caller; storage.ErrNotFound.
func (s *Service) storeOfARN(ctx context.Context, text string) (e eventStore, err error) {
	a, err := arn.Parse(text)
	if err != nil {
		return e, fmt.Errorf("cloudtrail: event data store %q: %w", text, err)
	}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		e, err = eventStores.Get(tx, storage.K(a.Account, a.Region, a.ID()))
		return err
	})
	return e, err
}

// insightOf is an Insights event of a trail in the form that it has in a store.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-lake.html
func insightOf(e *event, source string) (lakeEvent, error) {
	var r struct {
		Version   string `json:"eventVersion"`
		Time      string `json:"eventTime"`
		Region    string `json:"awsRegion"`
		ID        string `json:"eventID"`
		Recipient string `json:"recipientAccountId"`
		Shared    string `json:"sharedEventID"`
		Details   struct {
			State   string `json:"state"`
			Source  string `json:"eventSource"`
			Name    string `json:"eventName"`
			Type    string `json:"insightType"`
			Error   string `json:"errorCode"`
			Context struct {
				Statistics struct {
					Baseline         struct{ Average float64 } `json:"baseline"`
					Insight          struct{ Average float64 } `json:"insight"`
					Duration         int                       `json:"insightDuration"`
					BaselineDuration int                       `json:"baselineDuration"`
				} `json:"statistics"`
			} `json:"insightContext"`
		} `json:"insightDetails"`
	}
	if err := json.Unmarshal(e.Text, &r); err != nil {
		return lakeEvent{}, fmt.Errorf("cloudtrail: read an insight: %w", err)
	}
	d, n := &r.Details, &r.Details.Context.Statistics
	out := map[string]any{
		"eventVersion": r.Version, "eventCategory": insight, "eventType": insightEvent, "eventID": r.ID, "eventTime": r.Time,
		"awsRegion": r.Region, "recipientAccountId": r.Recipient, "sharedEventID": r.Shared, "insightSource": source,
		"insightState": d.State, "insightEventSource": d.Source, "insightEventName": d.Name, "insightType": d.Type,
		"insightContext": map[string]any{
			"baselineAverage": n.Baseline.Average, "insightAverage": n.Insight.Average,
			"baselineDuration": n.BaselineDuration, "insightDuration": n.Duration,
		},
	}
	if d.Error != "" {
		out["insightErrorCode"] = d.Error
	}
	text, err := json.Marshal(out)
	return lakeEvent{e.at(), text}, err
}

// notLarge refuses what only events of the category Management and Data have.
func notLarge(e *eventStore) *api.Error {
	if e.collects() {
		return nil
	}
	return wrongCategory()
}
