package cloudtrail

import (
	"context"
	"fmt"
	"slices"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

// PutInsightSelectors says which Insights a trail or an event data store has;
// an empty list ends them. Insights of data events are not carried.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
func (s *Service) PutInsightSelectors(ctx context.Context, in *cloudtrailapi.PutInsightSelectorsRequest) (*cloudtrailapi.PutInsightSelectorsResponse, error) {
	if in.EventDataStore != nil || in.InsightsDestination != nil {
		return s.putStoreInsights(ctx, in)
	}
	t, err := s.openHome(ctx, deref(in.TrailName), "PutInsightSelectors")
	if err != nil {
		return nil, err
	}
	kinds, err := insightKinds(in.InsightSelectors)
	if err != nil {
		return nil, err
	}
	changed, err := s.edit(ctx, t, func(t *trail) error {
		t.Insights = kinds
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.PutInsightSelectorsResponse{TrailARN: new(changed.arn()), InsightSelectors: changed.insightSelectors()}, nil
}

// insightKinds are the types that selectors name, each once.
func insightKinds(list []cloudtrailapi.InsightSelector) (kinds []string, err error) {
	for _, x := range list {
		if x.InsightType == nil || slices.Contains(kinds, string(*x.InsightType)) {
			return nil, badInsights()
		}
		if slices.Contains(x.EventCategories, cloudtrailapi.SourceEventCategoryData) {
			return nil, api.NotImplemented("cloudtrail", "PutInsightSelectors of data events")
		}
		kinds = append(kinds, string(*x.InsightType))
	}
	return kinds, nil
}

func (t *trail) insightSelectors() []cloudtrailapi.InsightSelector { return shownInsights(t.Insights) }

func shownInsights(kinds []string) []cloudtrailapi.InsightSelector {
	list := []cloudtrailapi.InsightSelector{}
	for _, kind := range kinds {
		list = append(list, cloudtrailapi.InsightSelector{InsightType: new(cloudtrailapi.InsightType(kind))})
	}
	return list
}

// GetInsightSelectors tells which Insights a trail has.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetInsightSelectors.html
func (s *Service) GetInsightSelectors(ctx context.Context, in *cloudtrailapi.GetInsightSelectorsRequest) (*cloudtrailapi.GetInsightSelectorsResponse, error) {
	if in.EventDataStore != nil {
		return s.getStoreInsights(ctx, in)
	}
	t, err := s.open(ctx, deref(in.TrailName), "GetInsightSelectors")
	if err != nil {
		return nil, err
	}
	if len(t.Insights) == 0 {
		return nil, noInsights(t.arn())
	}
	return &cloudtrailapi.GetInsightSelectorsResponse{TrailARN: new(t.arn()), InsightSelectors: t.insightSelectors()}, nil
}

// lookupInsights fills a search with Insights events, newest first.
func (s *Service) lookupInsights(ctx context.Context, q *search) error {
	r := storage.Range{Prefix: q.place.key(), To: q.before, Reverse: true}
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		q.found, q.next = q.found[:0], nil
		for row, err := range insightEvents.Scan(tx, r) {
			if err != nil {
				return err
			}
			e := row.Value
			if q.skip != 0 && e.Sequence >= q.skip || q.older(e.Sequence) || q.younger(e.Sequence) || !q.wants(&e) {
				continue
			}
			if len(q.found) == q.size {
				q.next = storage.K(e.Sequence, e.Sequence+1)
				return nil
			}
			q.found = append(q.found, e.shown())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: look up insights: %w", err)
	}
	return nil
}

// Unverified: the sentence.
func badInsights() *api.Error {
	return cloudtrailapi.InvalidInsightSelectorsException("Each insight selector must name another insight type.")
}
