package logs

import (
	"context"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// destination is a name under which other accounts may subscribe to a stream
// of this one. It is kept under (account, Region, name).
type destination struct {
	Name    string
	Target  string
	Role    string
	Policy  string // empty: no other account may
	Created int64
	Tags    map[string]string
}

var destinations = storage.NewTable[destination]("logs.destination")

func (d *destination) arn(p place) string { return p.arn("destination:" + d.Name) }

func (d *destination) describe(p place) logsapi.Destination {
	name := d.arn(p)
	out := logsapi.Destination{DestinationName: &d.Name, TargetArn: &d.Target, RoleArn: &d.Role, Arn: &name, CreationTime: &d.Created}
	if d.Policy != "" {
		out.AccessPolicy = &d.Policy
	}
	return out
}

// PutDestination makes a destination, or gives the one of that name another
// target, which must take a test message. Its policy then stays, and its tags
// where the call has none.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDestination.html
func (s *Service) PutDestination(ctx context.Context, in *logsapi.PutDestinationRequest) (*logsapi.PutDestinationResponse, error) {
	p := placeOf(ctx)
	if err := s.authorize(ctx, "PutDestination", p.arn("destination:"+in.DestinationName), auth.RequestTags(in.Tags)); err != nil {
		return nil, err
	}
	a, err := arn.Parse(in.TargetArn)
	if err != nil || a.Service != "kinesis" && a.Service != "firehose" {
		return nil, badDestination(in.TargetArn)
	}
	if err := s.mayPass(ctx, in.RoleArn); err != nil {
		return nil, err
	}
	d := destination{Name: in.DestinationName, Target: in.TargetArn, Role: in.RoleArn, Created: s.now(), Tags: in.Tags}
	if err := s.try(ctx, target{vendor: a.Service, arn: in.TargetArn, role: &in.RoleArn, owner: p.account}); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		old, err := destinations.Get(tx, p.key(d.Name))
		if ignoreNotFound(err) != nil {
			return err
		}
		if err == nil {
			d.Policy, d.Created = old.Policy, old.Created
			if d.Tags == nil {
				d.Tags = old.Tags
			}
		}
		return destinations.Put(tx, p.key(d.Name), d)
	})
	if err != nil {
		return nil, err
	}
	out := d.describe(p)
	return &logsapi.PutDestinationResponse{Destination: &out}, nil
}

// PutDestinationPolicy sets who may subscribe to a destination.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDestinationPolicy.html
func (s *Service) PutDestinationPolicy(ctx context.Context, in *logsapi.PutDestinationPolicyRequest) (*api.None, error) {
	if err := s.authorizeDestination(ctx, "PutDestinationPolicy", in.DestinationName); err != nil {
		return nil, err
	}
	if len(in.AccessPolicy) > 5120 {
		return nil, logsapi.InvalidParameterException("The access policy must not be longer than 5120 bytes.") // Unverified: AWS's sentence
	}
	if _, err := policy.Parse(policy.Resource, []byte(in.AccessPolicy)); err != nil {
		return nil, badPolicyDocument(err)
	}
	k := placeOf(ctx).key(in.DestinationName)
	return nil, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		d, err := destinations.Get(tx, k)
		if err != nil {
			return either(ignoreNotFound(err), noSuchDestination)
		}
		d.Policy = in.AccessPolicy
		return destinations.Put(tx, k, d)
	})
}

// DeleteDestination removes a destination. Subscriptions to it find nothing
// from then on.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDestination.html
func (s *Service) DeleteDestination(ctx context.Context, in *logsapi.DeleteDestinationRequest) (*api.None, error) {
	if err := s.authorizeDestination(ctx, "DeleteDestination", in.DestinationName); err != nil {
		return nil, err
	}
	return nil, remove(ctx, s, destinations, placeOf(ctx).key(in.DestinationName), noSuchDestination)
}

// DescribeDestinations lists the account's destinations by name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDestinations.html
func (s *Service) DescribeDestinations(ctx context.Context, in *logsapi.DescribeDestinationsRequest) (*logsapi.DescribeDestinationsResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeDestinations"); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	all, err := list(ctx, s, destinations, p.key())
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeDestinationsResponse{Destinations: []logsapi.Destination{}}
	all, out.NextToken, err = cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeDestinations"), in.NextToken, all,
		func(d destination) storage.Key { return storage.K(d.Name) }, false)
	for i := range all {
		if strings.HasPrefix(all[i].Name, value(in.DestinationNamePrefix)) {
			out.Destinations = append(out.Destinations, all[i].describe(p))
		}
	}
	return out, err
}

func (s *Service) authorizeDestination(ctx context.Context, action, name string) error {
	return s.authorize(ctx, action, placeOf(ctx).arn("destination:"+name), nil)
}

// subscribeTo returns where a destination leads, if the caller may subscribe
// to it: callers of other accounts need its policy.
func (s *Service) subscribeTo(ctx context.Context, name arn.ARN, text string) (target, error) {
	t, d, err := s.follow(ctx, name)
	if err != nil || name.Account == placeOf(ctx).account {
		return t, err
	}
	allows := &policy.Policy{Version: policy.OldVersion}
	if d.Policy != "" {
		if allows, err = policy.Parse(policy.Resource, []byte(d.Policy)); err != nil {
			return t, err
		}
	}
	return t, s.auth.Authorize(ctx, &auth.Request{
		Service: logsapi.Service, Action: "logs:PutSubscriptionFilter", Resource: text, Account: name.Account, Policy: allows,
	})
}

// follow returns where a destination leads at present.
func (s *Service) follow(ctx context.Context, name arn.ARN) (target, destination, error) {
	p := placeOf(ctx)
	if name.Region != p.region || name.Partition != p.partition {
		return target{}, destination{}, noSuchDestination()
	}
	k := storage.K(name.Account, name.Region, strings.TrimPrefix(name.Resource, "destination:"))
	d, err := lookup(ctx, s, destinations, k, noSuchDestination)
	if err != nil {
		return target{}, d, err
	}
	a, err := arn.Parse(d.Target)
	return target{vendor: a.Service, arn: d.Target, role: &d.Role, owner: name.Account}, d, err
}

// Unverified: AWS's sentence for a destination of the wrong kind.
func badDestination(text string) error {
	return logsapi.InvalidParameterException("Invalid destination ARN: %s", text)
}

// Unverified: AWS's sentence, made after those for groups and streams.
func noSuchDestination() error {
	return logsapi.ResourceNotFoundException("The specified destination does not exist.")
}
