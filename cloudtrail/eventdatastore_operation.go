package cloudtrail

import (
	"context"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/auth"
	"sealstack/storage"
)

// retentions are AWS's limits of a store's retention by its way of payment, in
// days.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateEventDataStore.html
var retentions = map[cloudtrailapi.BillingMode]struct{ standard, longest int32 }{
	cloudtrailapi.BillingModeExtendableRetentionPricing: {366, 3653},
	cloudtrailapi.BillingModeFixedRetentionPricing:      {2557, 2557},
}

// CreateEventDataStore makes an event data store, which collects events at
// once unless it is told not to.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateEventDataStore.html
func (s *Service) CreateEventDataStore(ctx context.Context, in *cloudtrailapi.CreateEventDataStoreRequest) (*cloudtrailapi.CreateEventDataStoreResponse, error) {
	e, err := s.newStore(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := s.mayCreateLake(ctx, "CreateEventDataStore", e.arn(), e.Tags); err != nil {
		return nil, err
	}
	if err := s.organizeStore(ctx, e, in.OrganizationEnabled); err != nil {
		return nil, err
	}
	if err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return storeRoom(tx, e, s) }); err != nil {
		return nil, err
	}
	epoch, err := s.newEpoch(ctx, e, deref(in.KmsKeyId))
	if err != nil {
		return nil, err
	}
	e.Epochs = []storeEpoch{epoch}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if err := storeRoom(tx, e, s); err != nil {
			return err
		}
		return eventStores.Put(tx, e.place(), *e)
	})
	if err == nil {
		err = s.reload(ctx)
	}
	if err != nil {
		return nil, err
	}
	d := e.shown()
	return &cloudtrailapi.CreateEventDataStoreResponse{
		EventDataStoreArn: d.EventDataStoreArn, Name: d.Name, Status: new(cloudtrailapi.EventDataStoreStatusCreated),
		AdvancedEventSelectors: d.AdvancedEventSelectors, MultiRegionEnabled: d.MultiRegionEnabled,
		OrganizationEnabled: d.OrganizationEnabled, RetentionPeriod: d.RetentionPeriod,
		TerminationProtectionEnabled: d.TerminationProtectionEnabled, TagsList: shownTags(e.Tags), CreatedTimestamp: d.CreatedTimestamp,
		UpdatedTimestamp: d.UpdatedTimestamp, KmsKeyId: d.KmsKeyId, BillingMode: d.BillingMode,
	}, nil
}

// newStore reads a request, as far as it can be held against rules alone.
func (s *Service) newStore(ctx context.Context, in *cloudtrailapi.CreateEventDataStoreRequest) (*eventStore, error) {
	c, now := api.CallerOf(ctx), s.clock.Now()
	e := &eventStore{
		ID: newID(), Account: c.Account, Partition: c.Partition, Region: c.Region, Name: in.Name, Created: now, Updated: now,
		MultiRegion: yes(in.MultiRegionEnabled), Protected: yes(in.TerminationProtectionEnabled), Ingesting: yes(in.StartIngestion),
		Billing: cloudtrailapi.BillingModeExtendableRetentionPricing, Selectors: in.AdvancedEventSelectors,
	}
	set(&e.Billing, in.BillingMode)
	e.Retention = retentions[e.Billing].standard
	set(&e.Retention, in.RetentionPeriod)
	if len(e.Selectors) == 0 {
		e.Selectors = []cloudtrailapi.AdvancedEventSelector{{
			Name:           new("Default management events"),
			FieldSelectors: []cloudtrailapi.AdvancedFieldSelector{{Field: "eventCategory", Equals: []string{management}}},
		}}
	}
	tags, err := withTags(nil, in.TagsList)
	if err != nil {
		return nil, err
	}
	e.Tags = tags
	return e, e.sound()
}

// yes is what a switch says that is on unless it is switched off.
func yes(b *bool) bool { return b == nil || *b }

// sound holds the settings against each other.
func (e *eventStore) sound() error {
	if e.Retention > retentions[e.Billing].longest {
		return badParameter("The retention period is longer than the pricing option of the event data store allows.")
	}
	return checkStoreSelectors(e.Selectors)
}

// aloof are the categories of which a store takes one alone, and no events of
// AWS's services.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
var aloof = []string{"ActivityAuditLog", "ConfigurationItem", "Evidence", "Insight"}

// categoryOf is the category of a selector, "" without one.
func categoryOf(a *cloudtrailapi.AdvancedEventSelector) string {
	for _, f := range a.FieldSelectors {
		if f.Field == "eventCategory" && len(f.Equals) == 1 {
			return f.Equals[0]
		}
	}
	return ""
}

func checkStoreSelectors(list []cloudtrailapi.AdvancedEventSelector) error {
	for i := range list {
		if slices.Contains(aloof, categoryOf(&list[i])) {
			if len(list) > 1 || len(list[i].FieldSelectors) > 1 {
				return badSelectors("An event data store for the event category " + categoryOf(&list[i]) + " takes that category alone.")
			}
			return nil
		}
	}
	return checkAdvanced(list)
}

// audits says whether the store takes events from outside of AWS.
func (e *eventStore) audits() bool { return categoryOf(&e.Selectors[0]) == "ActivityAuditLog" }

// collects says whether the store takes events of AWS's services.
func (e *eventStore) collects() bool { return !slices.Contains(aloof, categoryOf(&e.Selectors[0])) }

// mayCreateLake authorizes the making of something, and of its tags.
func (s *Service) mayCreateLake(ctx context.Context, action, resource string, tags []tag) error {
	keys := auth.RequestTags(tagMap(tags))
	if err := s.authorize(ctx, action, resource, keys); err != nil || len(tags) == 0 {
		return err
	}
	return s.authorize(ctx, "AddTags", resource, keys)
}

// storeRoom refuses a name that is taken and a store too many.
func storeRoom(tx storage.Tx, e *eventStore, s *Service) error {
	list, err := listStores(tx, e.Account, e.Region)
	if err != nil {
		return err
	}
	n := 0
	for _, o := range list {
		if o.ID == e.ID || o.gone(s.clock.Now()) {
			continue
		}
		if n++; o.Name == e.Name {
			return storeExists()
		}
	}
	if n >= maxEventStores {
		return tooManyStores()
	}
	return nil
}

func shownTags(list []tag) []cloudtrailapi.Tag {
	var out []cloudtrailapi.Tag
	for _, g := range list {
		out = append(out, cloudtrailapi.Tag{Key: g.Key, Value: g.Value})
	}
	return out
}

// shown is the store as GetEventDataStore describes it.
func (e *eventStore) shown() *cloudtrailapi.GetEventDataStoreResponse {
	out := &cloudtrailapi.GetEventDataStoreResponse{
		EventDataStoreArn: new(e.arn()), Name: new(e.Name), Status: e.status(), AdvancedEventSelectors: e.Selectors,
		MultiRegionEnabled: new(e.MultiRegion), OrganizationEnabled: new(e.Organization != ""), RetentionPeriod: new(e.Retention),
		TerminationProtectionEnabled: new(e.Protected), CreatedTimestamp: new(e.Created), UpdatedTimestamp: new(e.Updated),
		BillingMode: new(e.Billing), FederationStatus: new(cloudtrailapi.FederationStatusDisabled),
	}
	if len(e.Epochs) > 0 {
		out.KmsKeyId = some(e.key())
	}
	return out
}

// GetEventDataStore describes a store.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventDataStore.html
func (s *Service) GetEventDataStore(ctx context.Context, in *cloudtrailapi.GetEventDataStoreRequest) (*cloudtrailapi.GetEventDataStoreResponse, error) {
	e, err := s.openStore(ctx, in.EventDataStore, "", "GetEventDataStore")
	if err != nil {
		return nil, err
	}
	return e.shown(), nil
}

// ListEventDataStores lists the stores of the account in this Region.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListEventDataStores.html
func (s *Service) ListEventDataStores(ctx context.Context, in *cloudtrailapi.ListEventDataStoresRequest) (*cloudtrailapi.ListEventDataStoresResponse, error) {
	if err := s.authorize(ctx, "ListEventDataStores", "*", nil); err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	st, err := s.standing(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	from := storage.K(c.Account, c.Region)
	if st != nil && st.Delegated {
		from = nil // those of the organization are in another place
	}
	out := &cloudtrailapi.ListEventDataStoresResponse{EventDataStores: []cloudtrailapi.EventDataStore{}}
	rows, next, err := listPage(ctx, s, eventStores, pageOf{"ListEventDataStores", from, in.NextToken, in.MaxResults, 1000},
		func(e *eventStore) bool {
			ours := e.Account == c.Account || st != nil && e.Organization == st.Organization
			return ours && e.Region == c.Region && !e.gone(s.clock.Now())
		})
	if err != nil {
		return nil, err
	}
	for _, e := range rows {
		// Only the ARN and the name: AWS no longer answers the other members.
		out.EventDataStores = append(out.EventDataStores, cloudtrailapi.EventDataStore{EventDataStoreArn: new(e.arn()), Name: new(e.Name)})
	}
	out.NextToken = next
	return out, nil
}

// UpdateEventDataStore changes settings of a store; those that are not given
// stay. A KMS key can be given to a store that has none, and to no other.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateEventDataStore.html
func (s *Service) UpdateEventDataStore(ctx context.Context, in *cloudtrailapi.UpdateEventDataStoreRequest) (*cloudtrailapi.UpdateEventDataStoreResponse, error) {
	e, err := s.activeStore(ctx, in.EventDataStore, "", "UpdateEventDataStore")
	if err != nil {
		return nil, err
	}
	next := e
	if err := next.take(in); err != nil {
		return nil, err
	}
	if err := s.mayChangeStore(ctx, &next, in.OrganizationEnabled); err != nil {
		return nil, err
	}
	var epoch *storeEpoch
	if in.KmsKeyId != nil {
		if epoch, err = s.rekey(ctx, &e, *in.KmsKeyId); err != nil {
			return nil, err
		}
	}
	changed, err := s.editStore(ctx, e, func(tx storage.Tx, now *eventStore) error {
		if err := now.take(in); err != nil {
			return err
		}
		if epoch != nil && now.key() == "" {
			now.Epochs = append(now.Epochs, *epoch)
		}
		now.Updated, now.Organization = s.clock.Now(), next.Organization
		return storeRoomForName(tx, now, s)
	})
	if err != nil {
		return nil, err
	}
	d := changed.shown()
	return &cloudtrailapi.UpdateEventDataStoreResponse{
		EventDataStoreArn: d.EventDataStoreArn, Name: d.Name, Status: d.Status, AdvancedEventSelectors: d.AdvancedEventSelectors,
		MultiRegionEnabled: d.MultiRegionEnabled, OrganizationEnabled: d.OrganizationEnabled, RetentionPeriod: d.RetentionPeriod,
		TerminationProtectionEnabled: d.TerminationProtectionEnabled, CreatedTimestamp: d.CreatedTimestamp,
		UpdatedTimestamp: d.UpdatedTimestamp, KmsKeyId: d.KmsKeyId, BillingMode: d.BillingMode, FederationStatus: d.FederationStatus,
	}, nil
}

// rekey makes the epoch of a KMS key that a store without one is given; nil
// if it is the key that the store has.
func (s *Service) rekey(ctx context.Context, e *eventStore, text string) (*storeEpoch, error) {
	if text == "" {
		if e.key() == "" {
			return nil, nil
		}
		return nil, fixedKey()
	}
	if has := e.key(); has != "" {
		if key, err := s.resolveStoreKey(ctx, e, text); err != nil || key != has {
			return nil, fixedKey()
		}
		return nil, nil
	}
	epoch, err := s.newEpoch(ctx, e, text)
	return &epoch, err
}

func (e *eventStore) take(in *cloudtrailapi.UpdateEventDataStoreRequest) error {
	if in.BillingMode != nil && *in.BillingMode != e.Billing && *in.BillingMode == cloudtrailapi.BillingModeFixedRetentionPricing {
		return badParameter("An event data store cannot be changed to fixed retention pricing.")
	}
	set(&e.Name, in.Name)
	set(&e.MultiRegion, in.MultiRegionEnabled)
	set(&e.Protected, in.TerminationProtectionEnabled)
	set(&e.Retention, in.RetentionPeriod)
	set(&e.Billing, in.BillingMode)
	if len(in.AdvancedEventSelectors) > 0 {
		was := categoryOf(&e.Selectors[0])
		e.Selectors = in.AdvancedEventSelectors
		if now := categoryOf(&e.Selectors[0]); now != was && (slices.Contains(aloof, now) || slices.Contains(aloof, was)) {
			return badSelectors("The event category of an event data store cannot be changed.")
		}
	}
	return e.sound()
}

// storeRoomForName refuses a name that another store has.
func storeRoomForName(tx storage.Tx, e *eventStore, s *Service) error {
	list, err := listStores(tx, e.Account, e.Region)
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.ID != e.ID && o.Name == e.Name && !o.gone(s.clock.Now()) {
			return storeExists()
		}
	}
	return nil
}

// DeleteEventDataStore disables a store, which is gone seven days later.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteEventDataStore.html
func (s *Service) DeleteEventDataStore(ctx context.Context, in *cloudtrailapi.DeleteEventDataStoreRequest) (*cloudtrailapi.DeleteEventDataStoreResponse, error) {
	e, err := s.activeStore(ctx, in.EventDataStore, "", "DeleteEventDataStore")
	if err != nil {
		return nil, err
	}
	_, err = s.editStore(ctx, e, func(tx storage.Tx, e *eventStore) error {
		if e.Protected {
			return protectedStore()
		}
		if used, err := hasChannel(tx, e); err != nil || used {
			return orElse(err, storeInUse())
		}
		if busy, err := hasImport(tx, e.Account, e.arn()); err != nil || busy {
			return orElse(err, cloudtrailapi.EventDataStoreHasOngoingImportException("The event data store is the destination of an import that is in progress.")) // Unverified: the sentence
		}
		e.Deleted, e.Closing = s.clock.Now(), api.CallerOf(ctx).RequestID
		return nil
	})
	return &cloudtrailapi.DeleteEventDataStoreResponse{}, err
}

func orElse(err error, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// RestoreEventDataStore takes back a deletion within its seven days. The store
// collects events again.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RestoreEventDataStore.html
func (s *Service) RestoreEventDataStore(ctx context.Context, in *cloudtrailapi.RestoreEventDataStoreRequest) (*cloudtrailapi.RestoreEventDataStoreResponse, error) {
	e, err := s.openStore(ctx, in.EventDataStore, "", "RestoreEventDataStore")
	if err != nil {
		return nil, err
	}
	changed, err := s.editStore(ctx, e, func(_ storage.Tx, e *eventStore) error {
		if e.Deleted.IsZero() {
			return wrongStoreStatus(*e.status())
		}
		e.Deleted, e.Closing, e.Ingesting, e.Updated = time.Time{}, "", true, s.clock.Now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	d := changed.shown()
	return &cloudtrailapi.RestoreEventDataStoreResponse{
		EventDataStoreArn: d.EventDataStoreArn, Name: d.Name, Status: d.Status, AdvancedEventSelectors: d.AdvancedEventSelectors,
		MultiRegionEnabled: d.MultiRegionEnabled, OrganizationEnabled: d.OrganizationEnabled, RetentionPeriod: d.RetentionPeriod,
		TerminationProtectionEnabled: d.TerminationProtectionEnabled, CreatedTimestamp: d.CreatedTimestamp,
		UpdatedTimestamp: d.UpdatedTimestamp, KmsKeyId: d.KmsKeyId, BillingMode: d.BillingMode,
	}, nil
}

// StartEventDataStoreIngestion makes a store collect events from now on.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartEventDataStoreIngestion.html
func (s *Service) StartEventDataStoreIngestion(ctx context.Context, in *cloudtrailapi.StartEventDataStoreIngestionRequest) (*cloudtrailapi.StartEventDataStoreIngestionResponse, error) {
	return &cloudtrailapi.StartEventDataStoreIngestionResponse{}, s.switchIngestion(ctx, in.EventDataStore, "StartEventDataStoreIngestion", true)
}

// StopEventDataStoreIngestion makes a store collect no more events.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopEventDataStoreIngestion.html
func (s *Service) StopEventDataStoreIngestion(ctx context.Context, in *cloudtrailapi.StopEventDataStoreIngestionRequest) (*cloudtrailapi.StopEventDataStoreIngestionResponse, error) {
	return &cloudtrailapi.StopEventDataStoreIngestionResponse{}, s.switchIngestion(ctx, in.EventDataStore, "StopEventDataStoreIngestion", false)
}

func (s *Service) switchIngestion(ctx context.Context, text, action string, on bool) error {
	e, err := s.openStore(ctx, text, "", action)
	if err != nil {
		return err
	}
	_, err = s.editStore(ctx, e, func(_ storage.Tx, e *eventStore) error {
		if !e.collects() {
			return wrongCategory()
		}
		if e.Ingesting == on || !e.Deleted.IsZero() {
			return wrongStoreStatus(*e.status())
		}
		e.Ingesting, e.Closing = on, ""
		if !on {
			e.Closing = api.CallerOf(ctx).RequestID
		}
		return nil
	})
	return err
}
