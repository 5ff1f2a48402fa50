package s3sim

import (
	"context"

	"sealstack/api"
	"sealstack/api/s3api"
)

// PutBucketInventoryConfiguration keeps an inventory. No list is ever written.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html
func (s *Service) PutBucketInventoryConfiguration(ctx context.Context, in *s3api.PutBucketInventoryConfigurationRequest) (*api.None, error) {
	return inventories.put(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id, in.InventoryConfiguration)
}

// GetBucketInventoryConfiguration returns an inventory by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketInventoryConfiguration.html
func (s *Service) GetBucketInventoryConfiguration(ctx context.Context, in *s3api.GetBucketInventoryConfigurationRequest) (*s3api.GetBucketInventoryConfigurationOutput, error) {
	v, err := inventories.get(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketInventoryConfigurationOutput{InventoryConfiguration: v}, nil
}

// ListBucketInventoryConfigurations lists them by id, 100 a page.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketInventoryConfigurations.html
func (s *Service) ListBucketInventoryConfigurations(ctx context.Context, in *s3api.ListBucketInventoryConfigurationsRequest) (*s3api.ListBucketInventoryConfigurationsOutput, error) {
	p, err := inventories.list(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	return &s3api.ListBucketInventoryConfigurationsOutput{
		InventoryConfigurationList: p.list, IsTruncated: &p.truncated, ContinuationToken: in.ContinuationToken, NextContinuationToken: p.next,
	}, nil
}

// DeleteBucketInventoryConfiguration removes one by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketInventoryConfiguration.html
func (s *Service) DeleteBucketInventoryConfiguration(ctx context.Context, in *s3api.DeleteBucketInventoryConfigurationRequest) (*api.None, error) {
	return inventories.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
}

// PutBucketAnalyticsConfiguration keeps a storage class analysis. Nothing is analysed.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAnalyticsConfiguration.html
func (s *Service) PutBucketAnalyticsConfiguration(ctx context.Context, in *s3api.PutBucketAnalyticsConfigurationRequest) (*api.None, error) {
	return analyses.put(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id, in.AnalyticsConfiguration)
}

// GetBucketAnalyticsConfiguration returns a storage class analysis by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAnalyticsConfiguration.html
func (s *Service) GetBucketAnalyticsConfiguration(ctx context.Context, in *s3api.GetBucketAnalyticsConfigurationRequest) (*s3api.GetBucketAnalyticsConfigurationOutput, error) {
	v, err := analyses.get(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketAnalyticsConfigurationOutput{AnalyticsConfiguration: v}, nil
}

// ListBucketAnalyticsConfigurations lists them by id, 100 a page.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketAnalyticsConfigurations.html
func (s *Service) ListBucketAnalyticsConfigurations(ctx context.Context, in *s3api.ListBucketAnalyticsConfigurationsRequest) (*s3api.ListBucketAnalyticsConfigurationsOutput, error) {
	p, err := analyses.list(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	return &s3api.ListBucketAnalyticsConfigurationsOutput{
		AnalyticsConfigurationList: p.list, IsTruncated: &p.truncated, ContinuationToken: in.ContinuationToken, NextContinuationToken: p.next,
	}, nil
}

// DeleteBucketAnalyticsConfiguration removes one by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketAnalyticsConfiguration.html
func (s *Service) DeleteBucketAnalyticsConfiguration(ctx context.Context, in *s3api.DeleteBucketAnalyticsConfigurationRequest) (*api.None, error) {
	return analyses.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
}

// PutBucketMetricsConfiguration keeps a metrics configuration. Nothing is counted.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketMetricsConfiguration.html
func (s *Service) PutBucketMetricsConfiguration(ctx context.Context, in *s3api.PutBucketMetricsConfigurationRequest) (*api.None, error) {
	return metrics.put(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id, in.MetricsConfiguration)
}

// GetBucketMetricsConfiguration returns a metrics configuration by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketMetricsConfiguration.html
func (s *Service) GetBucketMetricsConfiguration(ctx context.Context, in *s3api.GetBucketMetricsConfigurationRequest) (*s3api.GetBucketMetricsConfigurationOutput, error) {
	v, err := metrics.get(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketMetricsConfigurationOutput{MetricsConfiguration: v}, nil
}

// ListBucketMetricsConfigurations lists them by id, 100 a page.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketMetricsConfigurations.html
func (s *Service) ListBucketMetricsConfigurations(ctx context.Context, in *s3api.ListBucketMetricsConfigurationsRequest) (*s3api.ListBucketMetricsConfigurationsOutput, error) {
	p, err := metrics.list(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	return &s3api.ListBucketMetricsConfigurationsOutput{
		MetricsConfigurationList: p.list, IsTruncated: &p.truncated, ContinuationToken: in.ContinuationToken, NextContinuationToken: p.next,
	}, nil
}

// DeleteBucketMetricsConfiguration removes one by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketMetricsConfiguration.html
func (s *Service) DeleteBucketMetricsConfiguration(ctx context.Context, in *s3api.DeleteBucketMetricsConfigurationRequest) (*api.None, error) {
	return metrics.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
}

// PutBucketIntelligentTieringConfiguration keeps an archive configuration of Intelligent-Tiering. No object is moved.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketIntelligentTieringConfiguration.html
func (s *Service) PutBucketIntelligentTieringConfiguration(ctx context.Context, in *s3api.PutBucketIntelligentTieringConfigurationRequest) (*api.None, error) {
	return tierings.put(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id, in.IntelligentTieringConfiguration)
}

// GetBucketIntelligentTieringConfiguration returns an archive configuration of Intelligent-Tiering by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketIntelligentTieringConfiguration.html
func (s *Service) GetBucketIntelligentTieringConfiguration(ctx context.Context, in *s3api.GetBucketIntelligentTieringConfigurationRequest) (*s3api.GetBucketIntelligentTieringConfigurationOutput, error) {
	v, err := tierings.get(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketIntelligentTieringConfigurationOutput{IntelligentTieringConfiguration: v}, nil
}

// ListBucketIntelligentTieringConfigurations lists them by id, 100 a page.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketIntelligentTieringConfigurations.html
func (s *Service) ListBucketIntelligentTieringConfigurations(ctx context.Context, in *s3api.ListBucketIntelligentTieringConfigurationsRequest) (*s3api.ListBucketIntelligentTieringConfigurationsOutput, error) {
	p, err := tierings.list(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	return &s3api.ListBucketIntelligentTieringConfigurationsOutput{
		IntelligentTieringConfigurationList: p.list, IsTruncated: &p.truncated, ContinuationToken: in.ContinuationToken, NextContinuationToken: p.next,
	}, nil
}

// DeleteBucketIntelligentTieringConfiguration removes one by its id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketIntelligentTieringConfiguration.html
func (s *Service) DeleteBucketIntelligentTieringConfiguration(ctx context.Context, in *s3api.DeleteBucketIntelligentTieringConfigurationRequest) (*api.None, error) {
	return tierings.drop(ctx, s, in.Bucket, in.ExpectedBucketOwner, in.Id)
}
