package cloudtrail

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/auth"
	"sealstack/storage"
)

// CreateTrail makes a trail. It logs nothing before StartLogging.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
func (s *Service) CreateTrail(ctx context.Context, in *cloudtrailapi.CreateTrailRequest) (*cloudtrailapi.CreateTrailResponse, error) {
	t, err := s.newTrail(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := s.mayCreate(ctx, t, in.TagsList); err != nil {
		return nil, err
	}
	if err := s.roomFor(ctx, t); err != nil {
		return nil, err
	}
	if err := s.check(ctx, t, deref(in.KmsKeyId)); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if err := room(tx, t); err != nil {
			return err
		}
		return trails.Put(tx, t.place(), *t)
	})
	if err == nil {
		err = s.reload(ctx)
	}
	if err != nil {
		return nil, err
	}
	return created(t), nil
}

// newTrail reads a request, as far as it can be held against rules alone.
func (s *Service) newTrail(ctx context.Context, in *cloudtrailapi.CreateTrailRequest) (*trail, error) {
	c := api.CallerOf(ctx)
	t := &trail{
		ID: newID(), Account: c.Account, Partition: c.Partition, Region: c.Region, Name: in.Name, Created: s.clock.Now(),
		Bucket: in.S3BucketName, Prefix: trimPrefix(in.S3KeyPrefix), Group: deref(in.CloudWatchLogsLogGroupArn),
		Role: deref(in.CloudWatchLogsRoleArn), MultiRegion: deref(in.IsMultiRegionTrail), Recursive: in.RecursiveLogging,
		Global: in.IncludeGlobalServiceEvents == nil || *in.IncludeGlobalServiceEvents,
	}
	t.Grouped = t.Created
	t.validate(deref(in.EnableLogFileValidation), t.Created)
	if err := checkName(t.Name); err != nil {
		return nil, err
	}
	tags, err := withTags(nil, in.TagsList)
	if err != nil {
		return nil, err
	}
	t.Tags = tags
	if deref(in.IsOrganizationTrail) {
		if err := s.organize(ctx, t); err != nil {
			return nil, err
		}
	}
	if err := t.setTopic(in.SnsTopicName); err != nil {
		return nil, err
	}
	return t, t.sound()
}

// validate switches the validation of log files.
func (t *trail) validate(on bool, now time.Time) {
	if on && !t.Validation {
		t.Validated = now
	}
	t.Validation = on
}

// trimPrefix is a prefix as it stands before "/AWSLogs".
func trimPrefix(prefix *string) string { return strings.TrimSuffix(deref(prefix), "/") }

// sound holds the settings against each other.
func (t *trail) sound() error {
	if err := checkBucketName(t.Bucket); err != nil {
		return err
	}
	if err := checkPrefix(t.Prefix); err != nil {
		return err
	}
	if t.MultiRegion && !t.Global {
		return globalNeeded()
	}
	return checkGroup(t)
}

// mayCreate authorizes the making of a trail, and of its tags.
func (s *Service) mayCreate(ctx context.Context, t *trail, tags []cloudtrailapi.Tag) error {
	keys := auth.RequestTags(tagMap(t.Tags))
	if err := s.authorize(ctx, "CreateTrail", t.arn(), keys); err != nil {
		return err
	}
	if len(tags) == 0 {
		return nil
	}
	return s.authorize(ctx, "AddTags", t.arn(), maps.Clone(keys))
}

func (s *Service) roomFor(ctx context.Context, t *trail) error {
	return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return room(tx, t) })
}

// room refuses a name that is taken and a trail too many.
func room(tx storage.Tx, t *trail) error {
	list, err := listTrails(tx, t.Account)
	if err != nil {
		return err
	}
	n := 0
	for _, o := range list {
		if o.Name == t.Name && (o.in(t.Region) || t.MultiRegion) {
			return trailExists(t.Name, t.Account)
		}
		if o.in(t.Region) {
			n++
		}
	}
	if n >= maxTrails {
		return tooManyTrails(t.Account)
	}
	return nil
}

func created(t *trail) *cloudtrailapi.CreateTrailResponse {
	d := t.shown()
	return &cloudtrailapi.CreateTrailResponse{
		Name: d.Name, S3BucketName: d.S3BucketName, S3KeyPrefix: d.S3KeyPrefix, SnsTopicName: d.SnsTopicName, SnsTopicARN: d.SnsTopicARN,
		IncludeGlobalServiceEvents: d.IncludeGlobalServiceEvents, IsMultiRegionTrail: d.IsMultiRegionTrail,
		TrailARN: d.TrailARN, LogFileValidationEnabled: d.LogFileValidationEnabled,
		CloudWatchLogsLogGroupArn: d.CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn: d.CloudWatchLogsRoleArn,
		KmsKeyId: d.KmsKeyId, IsOrganizationTrail: d.IsOrganizationTrail, RecursiveLogging: d.RecursiveLogging,
	}
}

// UpdateTrail changes settings of a trail; those that are not given stay.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
func (s *Service) UpdateTrail(ctx context.Context, in *cloudtrailapi.UpdateTrailRequest) (*cloudtrailapi.UpdateTrailResponse, error) {
	t, err := s.openHome(ctx, in.Name, "UpdateTrail")
	if err != nil {
		return nil, err
	}
	next := t
	if err := s.reorganize(ctx, &next, in.IsOrganizationTrail); err != nil {
		return nil, err
	}
	if err := next.take(in, s.clock.Now()); err != nil {
		return nil, err
	}
	key := next.Key
	if in.KmsKeyId != nil {
		key = *in.KmsKeyId
	}
	if err := s.check(ctx, &next, key); err != nil {
		return nil, err
	}
	changed, err := s.edit(ctx, t, func(now *trail) error {
		now.Key, now.BucketRegion, now.Organization = next.Key, next.BucketRegion, next.Organization
		return now.take(in, s.clock.Now())
	})
	if err != nil {
		return nil, err
	}
	out := cloudtrailapi.UpdateTrailResponse(*created(&changed))
	return &out, nil
}

// take sets what the request gives; empty text removes a setting.
func (t *trail) take(in *cloudtrailapi.UpdateTrailRequest, now time.Time) error {
	if err := t.setTopic(in.SnsTopicName); err != nil {
		return err
	}
	set(&t.Bucket, in.S3BucketName)
	if in.S3KeyPrefix != nil {
		t.Prefix = trimPrefix(in.S3KeyPrefix)
	}
	if in.CloudWatchLogsLogGroupArn != nil && *in.CloudWatchLogsLogGroupArn != t.Group {
		t.Group, t.Grouped = *in.CloudWatchLogsLogGroupArn, now
	}
	set(&t.Role, in.CloudWatchLogsRoleArn)
	set(&t.Global, in.IncludeGlobalServiceEvents)
	set(&t.MultiRegion, in.IsMultiRegionTrail)
	if in.RecursiveLogging != nil {
		t.Recursive = in.RecursiveLogging
	}
	if in.EnableLogFileValidation != nil {
		t.validate(*in.EnableLogFileValidation, now)
	}
	return t.sound()
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// DeleteTrail removes a trail. Its last files are delivered all the same.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
func (s *Service) DeleteTrail(ctx context.Context, in *cloudtrailapi.DeleteTrailRequest) (*cloudtrailapi.DeleteTrailResponse, error) {
	t, err := s.openHome(ctx, in.Name, "DeleteTrail")
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := trails.Get(tx, t.place())
		if errors.Is(err, storage.ErrNotFound) || err == nil && now.ID != t.ID {
			return unknownTrail(t.Name, t.Account)
		}
		if err != nil {
			return err
		}
		now.stop(s.clock.Now(), api.CallerOf(ctx).RequestID)
		now.Deleted = s.clock.Now()
		return errors.Join(trails.Delete(tx, t.place()), leaving.Put(tx, storage.K(t.ID), now))
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.DeleteTrailResponse{}, s.reload(ctx)
}

// StartLogging makes a trail record events from now on. One that does so
// already goes on.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
func (s *Service) StartLogging(ctx context.Context, in *cloudtrailapi.StartLoggingRequest) (*cloudtrailapi.StartLoggingResponse, error) {
	t, err := s.openHome(ctx, in.Name, "StartLogging")
	if err != nil {
		return nil, err
	}
	_, err = s.edit(ctx, t, func(t *trail) error {
		if t.Logging {
			return nil
		}
		t.Logging, t.Started, t.Closing = true, s.clock.Now(), ""
		t.Session++
		return nil
	})
	return &cloudtrailapi.StartLoggingResponse{}, err
}

// StopLogging makes a trail stop. What it recorded up to this call is
// delivered.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html
func (s *Service) StopLogging(ctx context.Context, in *cloudtrailapi.StopLoggingRequest) (*cloudtrailapi.StopLoggingResponse, error) {
	t, err := s.openHome(ctx, in.Name, "StopLogging")
	if err != nil {
		return nil, err
	}
	_, err = s.edit(ctx, t, func(t *trail) error {
		t.stop(s.clock.Now(), api.CallerOf(ctx).RequestID)
		return nil
	})
	return &cloudtrailapi.StopLoggingResponse{}, err
}

func (t *trail) stop(now time.Time, request string) {
	if t.Logging {
		t.Logging, t.Stopped, t.Closing = false, now, request
	}
}
