package logs

import (
	"context"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/logs/pattern"
)

// What subscription filters and destinations deliver to (Kinesis streams,
// Firehose and Lambda functions) is not in this program, so none can be made:
// PutSubscriptionFilter and PutDestination check what AWS checks before it
// sends its test message, and then say that they are not implemented. All
// listings are truly empty, and nothing is there to be deleted.

// PutSubscriptionFilter refuses what AWS refuses, and ends where AWS would
// try the destination.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
func (s *Service) PutSubscriptionFilter(ctx context.Context, in *logsapi.PutSubscriptionFilterRequest) (*api.None, error) {
	g, err := s.authorizedGroup(ctx, "PutSubscriptionFilter", in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if err := readable(&g); err != nil {
		return nil, err
	}
	if _, err := pattern.Parse(in.FilterPattern); err != nil {
		return nil, badPattern(err, "Invalid subscription filter pattern")
	}
	a, err := arn.Parse(in.DestinationArn)
	if err != nil {
		return nil, badDestination(in.DestinationArn)
	}
	switch a.Service {
	case "kinesis", "firehose":
		if in.RoleArn == nil {
			return nil, logsapi.InvalidParameterException("destinationArn for vendor %s cannot be used without roleArn", a.Service)
		}
	case "logs":
		if strings.HasPrefix(a.Resource, "destination:") {
			return nil, noSuchDestination()
		}
		return nil, badDestination(in.DestinationArn)
	case "lambda":
	default:
		return nil, badDestination(in.DestinationArn)
	}
	return nil, api.NotImplemented("logs", "PutSubscriptionFilter to "+a.Service)
}

// DescribeSubscriptionFilters lists a group's subscription filters.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeSubscriptionFilters.html
func (s *Service) DescribeSubscriptionFilters(ctx context.Context, in *logsapi.DescribeSubscriptionFiltersRequest) (*logsapi.DescribeSubscriptionFiltersResponse, error) {
	if _, err := s.authorizedGroup(ctx, "DescribeSubscriptionFilters", in.LogGroupName); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, badToken()
	}
	return &logsapi.DescribeSubscriptionFiltersResponse{SubscriptionFilters: []logsapi.SubscriptionFilter{}}, nil
}

// DeleteSubscriptionFilter removes a subscription filter of a group.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteSubscriptionFilter.html
func (s *Service) DeleteSubscriptionFilter(ctx context.Context, in *logsapi.DeleteSubscriptionFilterRequest) (*api.None, error) {
	if _, err := s.authorizedGroup(ctx, "DeleteSubscriptionFilter", in.LogGroupName); err != nil {
		return nil, err
	}
	return nil, logsapi.ResourceNotFoundException("The specified subscription filter does not exist.")
}

// PutDestination refuses what AWS refuses, and ends where AWS would try the
// Kinesis stream or Firehose.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDestination.html
func (s *Service) PutDestination(ctx context.Context, in *logsapi.PutDestinationRequest) (*logsapi.PutDestinationResponse, error) {
	if err := s.authorizeDestination(ctx, "PutDestination", in.DestinationName); err != nil {
		return nil, err
	}
	a, err := arn.Parse(in.TargetArn)
	if err != nil || a.Service != "kinesis" && a.Service != "firehose" {
		return nil, badDestination(in.TargetArn)
	}
	return nil, api.NotImplemented("logs", "PutDestination to "+a.Service)
}

// PutDestinationPolicy sets who may subscribe to a destination.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDestinationPolicy.html
func (s *Service) PutDestinationPolicy(ctx context.Context, in *logsapi.PutDestinationPolicyRequest) (*api.None, error) {
	return s.onDestination(ctx, "PutDestinationPolicy", in.DestinationName)
}

// DeleteDestination removes a destination.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDestination.html
func (s *Service) DeleteDestination(ctx context.Context, in *logsapi.DeleteDestinationRequest) (*api.None, error) {
	return s.onDestination(ctx, "DeleteDestination", in.DestinationName)
}

// onDestination answers a call on a destination that must exist.
func (s *Service) onDestination(ctx context.Context, action, name string) (*api.None, error) {
	if err := s.authorizeDestination(ctx, action, name); err != nil {
		return nil, err
	}
	return nil, noSuchDestination()
}

// DescribeDestinations lists the account's destinations.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDestinations.html
func (s *Service) DescribeDestinations(ctx context.Context, in *logsapi.DescribeDestinationsRequest) (*logsapi.DescribeDestinationsResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeDestinations"); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, badToken()
	}
	return &logsapi.DescribeDestinationsResponse{Destinations: []logsapi.Destination{}}, nil
}

func (s *Service) authorizeDestination(ctx context.Context, action, name string) error {
	return s.authorize(ctx, action, placeOf(ctx).arn("destination:"+name), nil)
}

// Unverified: AWS's sentence for a destination of the wrong kind.
func badDestination(text string) error {
	return logsapi.InvalidParameterException("Invalid destination ARN: %s", text)
}

// Unverified: AWS's sentence, made after those for groups and streams.
func noSuchDestination() error {
	return logsapi.ResourceNotFoundException("The specified destination does not exist.")
}
