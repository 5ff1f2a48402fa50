package cloudtrail

import (
	"context"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

// Event configurations: how large events may be, what they are enriched with
// and how they are aggregated.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-context-events.html

// PutEventConfiguration sets the largest size of the events of an event data
// store. Enriching events, and aggregating those of trails, is not carried.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventConfiguration.html
func (s *Service) PutEventConfiguration(ctx context.Context, in *cloudtrailapi.PutEventConfigurationRequest) (*cloudtrailapi.PutEventConfigurationResponse, error) {
	if err := oneOf(in.TrailName, in.EventDataStore); err != nil {
		return nil, err
	}
	if in.TrailName != nil {
		return s.putTrailConfiguration(ctx, in)
	}
	e, err := s.activeStore(ctx, *in.EventDataStore, "", "PutEventConfiguration")
	if err != nil {
		return nil, err
	}
	if err := notLarge(&e); err != nil {
		return nil, err
	}
	switch {
	case in.AggregationConfigurations != nil:
		return nil, badParameter("AggregationConfigurations cannot be specified for an event data store.") // Unverified: the sentence
	case len(in.ContextKeySelectors) > 0 && (in.MaxEventSize == nil || *in.MaxEventSize != cloudtrailapi.MaxEventSizeLarge):
		return nil, badParameter("ContextKeySelectors need a MaxEventSize of Large.") // Unverified: the sentence
	case len(in.ContextKeySelectors) > 0:
		return nil, api.NotImplemented("cloudtrail", "PutEventConfiguration with ContextKeySelectors")
	}
	e, err = s.editStore(ctx, e, func(_ storage.Tx, e *eventStore) error {
		if in.MaxEventSize != nil {
			e.Large = *in.MaxEventSize == cloudtrailapi.MaxEventSizeLarge
		}
		e.Updated = s.clock.Now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := cloudtrailapi.PutEventConfigurationResponse(*e.configuration())
	return &out, nil
}

// putTrailConfiguration is PutEventConfiguration for a trail, whose events can
// only be aggregated.
func (s *Service) putTrailConfiguration(ctx context.Context, in *cloudtrailapi.PutEventConfigurationRequest) (*cloudtrailapi.PutEventConfigurationResponse, error) {
	t, err := s.openHome(ctx, *in.TrailName, "PutEventConfiguration")
	switch {
	case err != nil:
		return nil, err
	case in.MaxEventSize != nil || in.ContextKeySelectors != nil:
		return nil, badParameter("MaxEventSize and ContextKeySelectors cannot be specified for a trail.") // Unverified: the sentence
	case len(in.AggregationConfigurations) > 0:
		return nil, api.NotImplemented("cloudtrail", "PutEventConfiguration with AggregationConfigurations")
	}
	return &cloudtrailapi.PutEventConfigurationResponse{TrailARN: new(t.arn()), AggregationConfigurations: []cloudtrailapi.AggregationConfiguration{}}, nil
}

// GetEventConfiguration tells the event configuration of a trail or an event
// data store.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventConfiguration.html
func (s *Service) GetEventConfiguration(ctx context.Context, in *cloudtrailapi.GetEventConfigurationRequest) (*cloudtrailapi.GetEventConfigurationResponse, error) {
	if err := oneOf(in.TrailName, in.EventDataStore); err != nil {
		return nil, err
	}
	if in.TrailName != nil {
		t, err := s.open(ctx, *in.TrailName, "GetEventConfiguration")
		if err != nil {
			return nil, err
		}
		return &cloudtrailapi.GetEventConfigurationResponse{TrailARN: new(t.arn()), AggregationConfigurations: []cloudtrailapi.AggregationConfiguration{}}, nil
	}
	e, err := s.openStore(ctx, *in.EventDataStore, "", "GetEventConfiguration")
	if err != nil {
		return nil, err
	}
	if err := notLarge(&e); err != nil {
		return nil, err
	}
	return e.configuration(), nil
}

func (e *eventStore) configuration() *cloudtrailapi.GetEventConfigurationResponse {
	size := cloudtrailapi.MaxEventSizeStandard
	if e.Large {
		size = cloudtrailapi.MaxEventSizeLarge
	}
	return &cloudtrailapi.GetEventConfigurationResponse{
		EventDataStoreArn: new(e.arn()), MaxEventSize: &size, ContextKeySelectors: []cloudtrailapi.ContextKeySelector{},
	}
}

// Unverified: the sentence.
func oneOf(trail, store *string) error {
	if (trail == nil) == (store == nil) {
		return cloudtrailapi.InvalidParameterCombinationException("Either TrailName or EventDataStore must be specified, and not both.")
	}
	return nil
}
