package cloudtrail

import (
	"context"
	"errors"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// channel brings events from outside of AWS to event data stores.
type channel struct {
	ID        string                      `cbor:"1,keyasint"`
	Account   string                      `cbor:"2,keyasint"`
	Partition string                      `cbor:"3,keyasint"`
	Region    string                      `cbor:"4,keyasint"`
	Name      string                      `cbor:"5,keyasint"`
	Source    string                      `cbor:"6,keyasint"`
	To        []cloudtrailapi.Destination `cbor:"7,keyasint"`
	Tags      []tag                       `cbor:"8,keyasint,omitempty"`
	Policy    string                      `cbor:"9,keyasint,omitempty"`

	// How the last event fared.
	Succeeded   time.Time `cbor:"10,keyasint,omitzero"`
	SucceededID string    `cbor:"11,keyasint,omitempty"`
	Attempted   time.Time `cbor:"12,keyasint,omitzero"`
	AttemptedID string    `cbor:"13,keyasint,omitempty"`
	Failure     string    `cbor:"14,keyasint,omitempty"`
}

// channels: account, Region, id.
var channels = storage.NewTable[channel]("cloudtrail.channel")

// maxChannels is how many channels an account can have in a Region.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const maxChannels = 25

// partners are the sources of integrations that AWS names; "Custom" is for
// everything else.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-event-data-store-integration.html
var partners = []string{
	"Custom", "CloudStorageSecurityConsole", "Clumio", "CrowdStrike", "CyberArk", "GitHub", "KongInc", "LaunchDarkly",
	"MontyCloud", "Netskope", "Nordcloud", "Okta", "OneLogin", "SnykUI", "SplunkCloud", "WizSecurity",
}

func (ch *channel) place() storage.Key { return storage.K(ch.Account, ch.Region, ch.ID) }

func (ch *channel) arn() string {
	return lakeARN(ch.Partition, ch.Region, ch.Account, "channel", ch.ID)
}

// Sentences of channels. Unverified: all of them.

func badChannelARN(text string) *api.Error {
	return cloudtrailapi.ChannelARNInvalidException("The specified channel ARN is not valid: %s", text)
}

func unknownChannel() *api.Error {
	return cloudtrailapi.ChannelNotFoundException("CloudTrail could not find the specified channel.")
}

func channelExists() *api.Error {
	return cloudtrailapi.ChannelAlreadyExistsException("A channel with that name already exists.")
}

// openChannel authorizes an action on the channel that a request names by its
// ARN or its id, and finds it.
func (s *Service) openChannel(ctx context.Context, text, action string) (channel, error) {
	return s.openChannelWith(ctx, text, action, nil)
}

// openChannelWith is openChannel with condition keys of the request.
func (s *Service) openChannelWith(ctx context.Context, text, action string, keys auth.Keys) (channel, error) {
	c := api.CallerOf(ctx)
	id, account, region := text, c.Account, c.Region
	if arn.Is(text) {
		a, err := arn.Parse(text)
		if err != nil || a.Service != "cloudtrail" || a.Kind() != "channel" {
			return channel{}, badChannelARN(text)
		}
		id, account, region = a.ID(), a.Account, a.Region
	}
	if !uuidText.MatchString(id) {
		return channel{}, badChannelARN(text)
	}
	var ch channel
	missing := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		ch, err = channels.Get(tx, storage.K(account, region, id))
		return err
	})
	err := s.authorizeLake(ctx, action, lakeResource{lakeARN(c.Partition, region, account, "channel", id), account, ch.Policy, ch.Tags}, keys)
	switch {
	case err != nil:
		return channel{}, err
	case errors.Is(missing, storage.ErrNotFound), missing == nil && region != c.Region:
		return channel{}, unknownChannel()
	}
	return ch, missing
}

// CreateChannel makes a channel for events from outside of AWS.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateChannel.html
func (s *Service) CreateChannel(ctx context.Context, in *cloudtrailapi.CreateChannelRequest) (*cloudtrailapi.CreateChannelResponse, error) {
	c := api.CallerOf(ctx)
	tags, err := withTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	ch := channel{
		ID: newID(), Account: c.Account, Partition: c.Partition, Region: c.Region, Name: in.Name, Source: in.Source, To: in.Destinations, Tags: tags,
	}
	if err := s.mayCreateLake(ctx, "CreateChannel", ch.arn(), tags); err != nil {
		return nil, err
	}
	if !slices.Contains(partners, ch.Source) {
		return nil, cloudtrailapi.InvalidSourceException("The source is not valid: %s", ch.Source) // Unverified: the sentence
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return errors.Join(s.soundChannel(tx, c, &ch), channels.Put(tx, ch.place(), ch))
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.CreateChannelResponse{
		ChannelArn: new(ch.arn()), Name: &ch.Name, Source: &ch.Source, Destinations: ch.To, Tags: shownTags(ch.Tags),
	}, nil
}

// soundChannel refuses a name that is taken, a channel too many, and
// destinations that are no stores for events from outside of AWS.
func (s *Service) soundChannel(tx storage.Tx, c *api.Caller, ch *channel) error {
	n := 0
	for row, err := range channels.Scan(tx, storage.Range{Prefix: storage.K(ch.Account, ch.Region)}) {
		if err != nil {
			return err
		}
		if row.Value.ID == ch.ID {
			continue
		}
		if n++; row.Value.Name == ch.Name {
			return channelExists()
		}
	}
	if n >= maxChannels {
		return cloudtrailapi.ChannelMaxLimitExceededException("The maximum number of channels is %d.", maxChannels) // Unverified: the sentence
	}
	for _, d := range ch.To {
		if err := s.soundDestination(tx, c, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) soundDestination(tx storage.Tx, c *api.Caller, d cloudtrailapi.Destination) error {
	if d.Type != cloudtrailapi.DestinationTypeEventDataStore {
		return badParameter("The destination of a channel must be an event data store.")
	}
	n, err := storeNameOf(c, d.Location, "")
	if err != nil {
		return err
	}
	e, err := findStore(tx, c, n, s.clock.Now())
	switch {
	case err == nil && e.Account != c.Account:
		return unknownStore()
	case err == nil && !e.Deleted.IsZero():
		return inactiveStore()
	case err == nil && !e.audits():
		return wrongCategory()
	}
	return err
}

// hasChannel says whether a store is the destination of a channel.
func hasChannel(tx storage.Tx, e *eventStore) (bool, error) {
	for row, err := range channels.Scan(tx, storage.Range{Prefix: storage.K(e.Account, e.Region)}) {
		if err != nil {
			return false, err
		}
		for _, d := range row.Value.To {
			if d.Location == e.arn() || d.Location == e.ID {
				return true, nil
			}
		}
	}
	return false, nil
}

// GetChannel describes a channel.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetChannel.html
func (s *Service) GetChannel(ctx context.Context, in *cloudtrailapi.GetChannelRequest) (*cloudtrailapi.GetChannelResponse, error) {
	ch, err := s.openChannel(ctx, in.Channel, "GetChannel")
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.GetChannelResponse{
		ChannelArn: new(ch.arn()), Name: &ch.Name, Source: &ch.Source, Destinations: ch.To,
		IngestionStatus: &cloudtrailapi.IngestionStatus{
			LatestIngestionSuccessTime: instant(ch.Succeeded), LatestIngestionSuccessEventID: some(ch.SucceededID),
			LatestIngestionErrorCode: some(ch.Failure), LatestIngestionAttemptTime: instant(ch.Attempted),
			LatestIngestionAttemptEventID: some(ch.AttemptedID),
		},
	}, nil
}

// ListChannels lists the channels of the account in this Region.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListChannels.html
func (s *Service) ListChannels(ctx context.Context, in *cloudtrailapi.ListChannelsRequest) (*cloudtrailapi.ListChannelsResponse, error) {
	if err := s.authorize(ctx, "ListChannels", "*", nil); err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	rows, next, err := listPage(ctx, s, channels, pageOf{"ListChannels", storage.K(c.Account, c.Region), in.NextToken, in.MaxResults, 1000},
		func(*channel) bool { return true })
	out := &cloudtrailapi.ListChannelsResponse{Channels: []cloudtrailapi.Channel{}, NextToken: next}
	for _, ch := range rows {
		out.Channels = append(out.Channels, cloudtrailapi.Channel{ChannelArn: new(ch.arn()), Name: new(ch.Name)})
	}
	return out, err
}

// UpdateChannel changes the name or the destinations of a channel.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateChannel.html
func (s *Service) UpdateChannel(ctx context.Context, in *cloudtrailapi.UpdateChannelRequest) (*cloudtrailapi.UpdateChannelResponse, error) {
	ch, err := s.openChannel(ctx, in.Channel, "UpdateChannel")
	if err != nil {
		return nil, err
	}
	ch, err = s.editChannel(ctx, &ch, func(tx storage.Tx, ch *channel) error {
		if set(&ch.Name, in.Name); in.Destinations != nil {
			ch.To = in.Destinations
		}
		return s.soundChannel(tx, api.CallerOf(ctx), ch)
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.UpdateChannelResponse{ChannelArn: new(ch.arn()), Name: &ch.Name, Source: &ch.Source, Destinations: ch.To}, nil
}

func (s *Service) editChannel(ctx context.Context, ch *channel, fn func(storage.Tx, *channel) error) (now channel, err error) {
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err = channels.Get(tx, ch.place())
		if errors.Is(err, storage.ErrNotFound) {
			return unknownChannel()
		}
		if err != nil {
			return err
		}
		if err := fn(tx, &now); err != nil {
			return err
		}
		return channels.Put(tx, now.place(), now)
	})
	return now, err
}

// DeleteChannel removes a channel.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteChannel.html
func (s *Service) DeleteChannel(ctx context.Context, in *cloudtrailapi.DeleteChannelRequest) (*cloudtrailapi.DeleteChannelResponse, error) {
	ch, err := s.openChannel(ctx, in.Channel, "DeleteChannel")
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return channels.Delete(tx, ch.place()) })
	return &cloudtrailapi.DeleteChannelResponse{}, err
}
