package logs

import (
	"context"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
)

// PutDeliverySource refuses S3 as AWS does; the services that AWS takes here
// do not send logs in this program.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
func (s *Service) PutDeliverySource(ctx context.Context, in *logsapi.PutDeliverySourceRequest) (*logsapi.PutDeliverySourceResponse, error) {
	if err := s.authorizeSource(ctx, "PutDeliverySource", in.Name); err != nil {
		return nil, err
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		return nil, validation("Invalid resource ARN: " + in.ResourceArn) // Unverified: AWS's sentence
	}
	if a.Service == "s3" {
		return nil, logsapi.ResourceNotFoundException("Cannot access provided service.")
	}
	return nil, api.NotImplemented("logs", "PutDeliverySource of "+a.Service)
}

// GetDeliverySource finds no source.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetDeliverySource.html
func (s *Service) GetDeliverySource(ctx context.Context, in *logsapi.GetDeliverySourceRequest) (*logsapi.GetDeliverySourceResponse, error) {
	if err := s.authorizeSource(ctx, "GetDeliverySource", in.Name); err != nil {
		return nil, err
	}
	return nil, noSuchSource()
}

// DeleteDeliverySource finds no source.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliverySource.html
func (s *Service) DeleteDeliverySource(ctx context.Context, in *logsapi.DeleteDeliverySourceRequest) (*api.None, error) {
	if err := s.authorizeSource(ctx, "DeleteDeliverySource", in.Name); err != nil {
		return nil, err
	}
	return nil, noSuchSource()
}

// DescribeDeliverySources lists no source.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDeliverySources.html
func (s *Service) DescribeDeliverySources(ctx context.Context, in *logsapi.DescribeDeliverySourcesRequest) (*logsapi.DescribeDeliverySourcesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeDeliverySources"); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, badToken()
	}
	return &logsapi.DescribeDeliverySourcesResponse{DeliverySources: []logsapi.DeliverySource{}}, nil
}

// DescribeDeliveries lists no delivery, since each would need a source.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDeliveries.html
func (s *Service) DescribeDeliveries(ctx context.Context, in *logsapi.DescribeDeliveriesRequest) (*logsapi.DescribeDeliveriesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeDeliveries"); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, badToken()
	}
	return &logsapi.DescribeDeliveriesResponse{Deliveries: []logsapi.Delivery{}}, nil
}

func (s *Service) authorizeSource(ctx context.Context, action, name string) error {
	return s.authorize(ctx, action, placeOf(ctx).arn("delivery-source:"+name), nil)
}

func noSuchSource() error {
	return logsapi.ResourceNotFoundException("Requested Delivery Source does not exist in this account.")
}
