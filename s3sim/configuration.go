package s3sim

import (
	"context"
	"errors"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// configuration is a part of a bucket that is kept as it was put and looked at
// by few: a table with at most one row a bucket.
type configuration[T any] struct{ table storage.Table[T] }

func newConfiguration[T any](name string) configuration[T] {
	return configuration[T]{storage.NewTable[T]("s3.config." + name)}
}

var (
	corsRules       = newConfiguration[s3api.CORSConfiguration]("cors")
	lifecycles      = newConfiguration[lifecycle]("lifecycle")
	notifications   = newConfiguration[s3api.NotificationConfiguration]("notification")
	loggings        = newConfiguration[s3api.LoggingEnabled]("logging")
	websites        = newConfiguration[s3api.WebsiteConfiguration]("website")
	replications    = newConfiguration[s3api.ReplicationConfiguration]("replication")
	requestPayments = newConfiguration[s3api.RequestPaymentConfiguration]("requestpayment")
	accelerations   = newConfiguration[s3api.AccelerateConfiguration]("accelerate")
)

// configurations forgets each of them for a bucket that goes.
var configurations = []func(storage.Tx, storage.Key) error{
	corsRules.table.Delete, lifecycles.table.Delete, notifications.table.Delete, loggings.table.Delete, websites.table.Delete,
	replications.table.Delete, requestPayments.table.Delete, accelerations.table.Delete,
	inventories.forget, analyses.forget, metrics.forget, tierings.forget,
}

// get reads the configuration of a bucket; false if it has none.
func (c configuration[T]) get(ctx context.Context, s *Service, b *bucket) (v T, ok bool, err error) {
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		v, err = c.table.Get(tx, b.at())
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

// open authorizes an action on a bucket and reads the configuration.
func (c configuration[T]) open(ctx context.Context, s *Service, name string, expected *string, action string) (b *bucket, v T, ok bool, err error) {
	if b, err = s.open(ctx, name, expected, action); err != nil {
		return b, v, false, err
	}
	v, ok, err = c.get(ctx, s, b)
	return b, v, ok, err
}

func (c configuration[T]) put(ctx context.Context, s *Service, b *bucket, v T) error {
	return s.update(ctx, func(tx storage.Tx) error {
		if _, err := b.again(tx); err != nil {
			return err
		}
		return c.table.Put(tx, b.at(), v)
	})
}

// drop removes the configuration of a bucket, if it has one.
func (c configuration[T]) drop(ctx context.Context, s *Service, name string, expected *string, action string) (*api.None, error) {
	b, err := s.open(ctx, name, expected, action)
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx storage.Tx) error {
		if _, err := b.again(tx); err != nil {
			return err
		}
		return c.table.Delete(tx, b.at())
	})
}

// GetBucketNotificationConfiguration returns what PutBucketNotificationConfiguration
// put. Nothing is notified.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
func (s *Service) GetBucketNotificationConfiguration(ctx context.Context, in *s3api.GetBucketNotificationConfigurationRequest) (*s3api.NotificationConfiguration, error) {
	_, v, _, err := notifications.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetBucketNotification")
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// PutBucketNotificationConfiguration keeps a configuration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
func (s *Service) PutBucketNotificationConfiguration(ctx context.Context, in *s3api.PutBucketNotificationConfigurationRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketNotification")
	if err != nil {
		return nil, err
	}
	return nil, notifications.put(ctx, s, b, in.NotificationConfiguration)
}

// GetBucketLogging returns where access logs would go; nothing is logged.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html
func (s *Service) GetBucketLogging(ctx context.Context, in *s3api.GetBucketLoggingRequest) (*s3api.GetBucketLoggingOutput, error) {
	_, v, ok, err := loggings.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetBucketLogging")
	if err != nil || !ok {
		return &s3api.GetBucketLoggingOutput{}, err
	}
	return &s3api.GetBucketLoggingOutput{LoggingEnabled: &v}, nil
}

// PutBucketLogging keeps where access logs would go, in a bucket of the same
// account and Region; without LoggingEnabled it forgets it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
func (s *Service) PutBucketLogging(ctx context.Context, in *s3api.PutBucketLoggingRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketLogging")
	if err != nil {
		return nil, err
	}
	enabled := in.BucketLoggingStatus.LoggingEnabled
	if enabled == nil {
		return loggings.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, "PutBucketLogging")
	}
	target, err := s.findAnywhere(ctx, enabled.TargetBucket, nil)
	switch {
	case err != nil && !isError(err, "NoSuchBucket"):
		return nil, err
	case err != nil:
		return nil, badRequest("InvalidTargetBucketForLogging", "The target bucket for logging does not exist").With("TargetBucket", enabled.TargetBucket)
	case target.Account != b.Account:
		return nil, badRequest("InvalidTargetBucketForLogging", "The owner for the bucket to be logged and the target bucket must be the same.").With("TargetBucket", enabled.TargetBucket)
	}
	return nil, loggings.put(ctx, s, b, *enabled)
}

func isError(err error, code string) bool {
	e, ok := errors.AsType[*api.Error](err)
	return ok && e.Code == code
}

// GetBucketWebsite returns what PutBucketWebsite put. There is no website
// endpoint.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html
func (s *Service) GetBucketWebsite(ctx context.Context, in *s3api.GetBucketWebsiteRequest) (*s3api.GetBucketWebsiteOutput, error) {
	b, v, ok, err := websites.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetBucketWebsite")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notConfigured("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", b.Name)
	}
	return &s3api.GetBucketWebsiteOutput{
		RedirectAllRequestsTo: v.RedirectAllRequestsTo, IndexDocument: v.IndexDocument, ErrorDocument: v.ErrorDocument, RoutingRules: v.RoutingRules,
	}, nil
}

// PutBucketWebsite keeps a configuration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
func (s *Service) PutBucketWebsite(ctx context.Context, in *s3api.PutBucketWebsiteRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketWebsite")
	if err != nil {
		return nil, err
	}
	c := in.WebsiteConfiguration
	if err := checkWebsite(&c); err != nil {
		return nil, err
	}
	return nil, websites.put(ctx, s, b, c)
}

// DeleteBucketWebsite forgets a configuration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html
func (s *Service) DeleteBucketWebsite(ctx context.Context, in *s3api.DeleteBucketWebsiteRequest) (*api.None, error) {
	return websites.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, "DeleteBucketWebsite")
}

// GetBucketReplication returns what PutBucketReplication put. Nothing is
// replicated.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html
func (s *Service) GetBucketReplication(ctx context.Context, in *s3api.GetBucketReplicationRequest) (*s3api.GetBucketReplicationOutput, error) {
	b, v, ok, err := replications.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetReplicationConfiguration")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notConfigured("ReplicationConfigurationNotFoundError", "The replication configuration was not found", b.Name)
	}
	return &s3api.GetBucketReplicationOutput{ReplicationConfiguration: &v}, nil
}

// PutBucketReplication keeps a configuration, for a bucket with versions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
func (s *Service) PutBucketReplication(ctx context.Context, in *s3api.PutBucketReplicationRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutReplicationConfiguration")
	if err != nil {
		return nil, err
	}
	if b.Versioning != s3api.BucketVersioningStatusEnabled {
		return nil, invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
	}
	return nil, replications.put(ctx, s, b, in.ReplicationConfiguration)
}

// DeleteBucketReplication forgets a configuration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketReplication.html
func (s *Service) DeleteBucketReplication(ctx context.Context, in *s3api.DeleteBucketReplicationRequest) (*api.None, error) {
	return replications.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, "PutReplicationConfiguration")
}

// GetBucketRequestPayment returns who would pay.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
func (s *Service) GetBucketRequestPayment(ctx context.Context, in *s3api.GetBucketRequestPaymentRequest) (*s3api.GetBucketRequestPaymentOutput, error) {
	_, v, ok, err := requestPayments.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetBucketRequestPayment")
	if err != nil {
		return nil, err
	}
	if !ok {
		v.Payer = s3api.PayerBucketOwner
	}
	return &s3api.GetBucketRequestPaymentOutput{Payer: &v.Payer}, nil
}

// PutBucketRequestPayment keeps who would pay.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html
func (s *Service) PutBucketRequestPayment(ctx context.Context, in *s3api.PutBucketRequestPaymentRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketRequestPayment")
	if err != nil {
		return nil, err
	}
	if p := in.RequestPaymentConfiguration.Payer; p != s3api.PayerBucketOwner && p != s3api.PayerRequester {
		return nil, malformedXML()
	}
	return nil, requestPayments.put(ctx, s, b, in.RequestPaymentConfiguration)
}

// GetBucketAccelerateConfiguration returns what was put; there is one endpoint
// only.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAccelerateConfiguration.html
func (s *Service) GetBucketAccelerateConfiguration(ctx context.Context, in *s3api.GetBucketAccelerateConfigurationRequest) (*s3api.GetBucketAccelerateConfigurationOutput, error) {
	_, v, _, err := accelerations.open(ctx, s, in.Bucket, in.ExpectedBucketOwner, "GetAccelerateConfiguration")
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketAccelerateConfigurationOutput{Status: v.Status}, nil
}

// PutBucketAccelerateConfiguration keeps a configuration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html
func (s *Service) PutBucketAccelerateConfiguration(ctx context.Context, in *s3api.PutBucketAccelerateConfigurationRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutAccelerateConfiguration")
	if err != nil {
		return nil, err
	}
	switch value(in.AccelerateConfiguration.Status) {
	case s3api.BucketAccelerateStatusEnabled, s3api.BucketAccelerateStatusSuspended:
		return nil, accelerations.put(ctx, s, b, in.AccelerateConfiguration)
	}
	return nil, malformedXML()
}
