package logs

import (
	"testing"

	"sealstack/api/logsapi"
)

func TestSubscriptionFiltersAreRefusedAsAWSDoesAndNeverPretended(t *testing.T) {
	b := streamBench(t)
	const kinesis = "arn:aws:kinesis:us-west-2:111122223333:stream/s"
	role := ptr("arn:aws:iam::111122223333:role/r")
	for _, c := range []struct {
		name          string
		in            logsapi.PutSubscriptionFilterRequest
		code, message string
	}{
		{"a missing group", logsapi.PutSubscriptionFilterRequest{LogGroupName: "none", DestinationArn: kinesis}, "ResourceNotFoundException", "The specified log group does not exist."},
		{"Kinesis without a role", logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", DestinationArn: kinesis}, "InvalidParameterException", "destinationArn for vendor kinesis cannot be used without roleArn"},
		{"Kinesis", logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", DestinationArn: kinesis, RoleArn: role}, "NotImplemented", "logs:PutSubscriptionFilter to kinesis is not implemented by Sealstack."},
		{"Lambda", logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", DestinationArn: "arn:aws:lambda:us-west-2:111122223333:function:f"}, "NotImplemented", "logs:PutSubscriptionFilter to lambda is not implemented by Sealstack."},
		{"a missing destination", logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", DestinationArn: "arn:aws:logs:us-west-2:111122223333:destination:d"}, "ResourceNotFoundException", "The specified destination does not exist."},
		{"no ARN", logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", DestinationArn: "x"}, "InvalidParameterException", "Invalid destination ARN: x"},
		{"a queue", logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", DestinationArn: "arn:aws:sqs:us-west-2:111122223333:q"}, "InvalidParameterException", "Invalid destination ARN: arn:aws:sqs:us-west-2:111122223333:q"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.t = t
			_, err := b.PutSubscriptionFilter(b.ctx, &c.in)
			b.fails(err, c.code, c.message)
		})
	}
	b.t = t
	_, err := b.PutSubscriptionFilter(b.ctx, &logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", FilterPattern: "{", DestinationArn: kinesis, RoleArn: role})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("a broken pattern: %v", err)
	}
}

func TestThereAreNoSubscriptionFilters(t *testing.T) {
	b := streamBench(t)
	out, err := b.DescribeSubscriptionFilters(b.ctx, &logsapi.DescribeSubscriptionFiltersRequest{LogGroupName: "g"})
	b.ok(err)
	if out.SubscriptionFilters == nil || len(out.SubscriptionFilters) != 0 {
		t.Errorf("filters %v", out.SubscriptionFilters)
	}
	_, err = b.DescribeSubscriptionFilters(b.ctx, &logsapi.DescribeSubscriptionFiltersRequest{LogGroupName: "none"})
	b.fails(err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = b.DeleteSubscriptionFilter(b.ctx, &logsapi.DeleteSubscriptionFilterRequest{LogGroupName: "none", FilterName: "f"})
	b.fails(err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = b.DeleteSubscriptionFilter(b.ctx, &logsapi.DeleteSubscriptionFilterRequest{LogGroupName: "g", FilterName: "f"})
	b.fails(err, "ResourceNotFoundException", "The specified subscription filter does not exist.")
}

func TestThereAreNoDestinations(t *testing.T) {
	b := newBench(t)
	out, err := b.DescribeDestinations(b.ctx, &logsapi.DescribeDestinationsRequest{DestinationNamePrefix: ptr("none")})
	b.ok(err)
	if out.Destinations == nil || len(out.Destinations) != 0 {
		t.Errorf("destinations %v", out.Destinations)
	}
	_, err = b.PutDestination(b.ctx, &logsapi.PutDestinationRequest{DestinationName: "d", TargetArn: "arn:aws:kinesis:us-west-2:111122223333:stream/s"})
	b.fails(err, "NotImplemented", "logs:PutDestination to kinesis is not implemented by Sealstack.")
	_, err = b.PutDestination(b.ctx, &logsapi.PutDestinationRequest{DestinationName: "d", TargetArn: "arn:aws:s3:::b"})
	b.fails(err, "InvalidParameterException", "Invalid destination ARN: arn:aws:s3:::b")
	_, err = b.PutDestinationPolicy(b.ctx, &logsapi.PutDestinationPolicyRequest{DestinationName: "d"})
	b.fails(err, "ResourceNotFoundException", "The specified destination does not exist.")
	_, err = b.DeleteDestination(b.ctx, &logsapi.DeleteDestinationRequest{DestinationName: "d"})
	b.fails(err, "ResourceNotFoundException", "The specified destination does not exist.")
	if got := b.auth.asked[len(b.auth.asked)-1].Resource; got != "arn:aws:logs:us-west-2:111122223333:destination:d" {
		t.Errorf("authorized on %s", got)
	}
}
