package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"sealstack/api/logsapi"
	"sealstack/arn"
)

// subscriptionDocument is an account policy that subscribes log groups.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
type subscriptionDocument struct {
	DestinationArn string
	RoleArn        *string
	FilterPattern  string
	Distribution   *logsapi.Distribution
}

func init() {
	accountPolicyKinds[logsapi.PolicyTypeSubscriptionFilterPolicy].check = (*Service).checkSubscriptionPolicy
}

// checkSubscriptionPolicy checks a document as PutSubscriptionFilter checks its
// members, and tries the destination.
func (s *Service) checkSubscriptionPolicy(ctx context.Context, document string) error {
	f, err := parseSubscription(document)
	if err != nil {
		return logsapi.InvalidParameterException("Invalid subscription filter policy: %s", err) // Unverified: AWS's sentence
	}
	return s.subscribable(ctx, &f)
}

func parseSubscription(document string) (subscription, error) {
	var in subscriptionDocument
	d := json.NewDecoder(bytes.NewReader([]byte(document)))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return subscription{}, err
	}
	f := subscription{
		Pattern: in.FilterPattern, Destination: in.DestinationArn, Role: in.RoleArn, Distribution: logsapi.DistributionByLogStream, Policy: true,
	}
	if in.Distribution != nil {
		f.Distribution = *in.Distribution
	}
	return f, nil
}

// subscriptions returns the group's subscriptions and the account's that
// cover it.
func (s *Service) subscriptions(ctx context.Context, g *group) (list []subscription, err error) {
	in, err := s.ingestPolicies(ctx)
	if err != nil {
		return nil, err
	}
	policies := in.subscription
	list = g.Subscriptions
	for i := range policies {
		f, bad := parseSubscription(policies[i].Document)
		if bad != nil || g.Class == logsapi.LogGroupClassDelivery || !policies[i].covers(g.Name) {
			continue
		}
		f.Name = policies[i].Name
		list = append(list[:len(list):len(list)], f)
	}
	return list, err
}

// present returns what a subscription leads to now.
func (s *Service) present(ctx context.Context, f *subscription) (target, error) {
	a, err := arn.Parse(f.Destination)
	if err != nil {
		return target{}, refusal{err}
	}
	if a.Service != "logs" {
		return target{vendor: a.Service, arn: f.Destination, role: f.Role, owner: placeOf(ctx).account}, nil
	}
	if !strings.HasPrefix(a.Resource, "destination:") {
		return target{}, refusal{badDestination(f.Destination)}
	}
	t, _, err := s.follow(ctx, a)
	if err != nil {
		return t, refusal{err}
	}
	return t, nil
}

// destinationTypes are the names of vendors in metrics.
//
// Unverified: AWS's names.
var destinationTypes = map[string]string{"lambda": "Lambda", "kinesis": "Kinesis", "firehose": "Firehose"}

// countForwarded counts a delivery.
func (s *Service) countForwarded(f *forward, vendor string, events, size int) {
	if s.metrics == nil {
		return
	}
	k := trafficKey{scope: f.Where, group: f.Group, destination: destinationTypes[vendor], filter: f.Subscription.Name, metric: forwardedEvents}
	s.traffic.count(k, s.now(), float64(events))
	k.metric = forwardedBytes
	s.traffic.count(k, s.now(), float64(size))
}

// countFailed counts the events of a delivery that failed.
func (s *Service) countFailed(f *forward) {
	if s.metrics == nil {
		return
	}
	vendor := ""
	if a, err := arn.Parse(f.Subscription.Destination); err == nil {
		vendor = destinationTypes[a.Service]
	}
	s.traffic.count(trafficKey{
		scope: f.Where, group: f.Group, destination: vendor, filter: f.Subscription.Name, metric: deliveryErrors,
	}, s.now(), float64(len(f.Events)))
}
