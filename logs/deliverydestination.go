package logs

import (
	"context"
	"errors"
	"slices"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// deliveryDestination stands for where logs are delivered. It is kept under (account, Region, name).
type deliveryDestination struct {
	Name   string
	Type   logsapi.DeliveryDestinationType
	Target string // ARN; empty for X-Ray
	Format *logsapi.OutputFormat
	Role   *string
	Tags   map[string]string
	Policy string
}

var deliveryDestinations = storage.NewTable[deliveryDestination]("logs.deliverydestination")

// PutDeliveryDestination makes a destination, or gives the one of that name
// another target. Its policy and tags then stay.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliveryDestination.html
func (s *Service) PutDeliveryDestination(ctx context.Context, in *logsapi.PutDeliveryDestinationRequest) (*logsapi.PutDeliveryDestinationResponse, error) {
	p := placeOf(ctx)
	if err := s.authorizeDelivery(ctx, "PutDeliveryDestination", in.Name, auth.RequestTags(in.Tags)); err != nil {
		return nil, err
	}
	d := deliveryDestination{Name: in.Name, Format: in.OutputFormat, Role: in.RoleArn, Tags: in.Tags}
	if err := d.aim(in); err != nil {
		return nil, err
	}
	k := p.key(in.Name)
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		old, err := deliveryDestinations.Get(tx, k)
		if ignoreNotFound(err) != nil {
			return err
		}
		if err == nil {
			d.Policy = old.Policy
			if d.Tags == nil {
				d.Tags = old.Tags
			}
		}
		return deliveryDestinations.Put(tx, k, d)
	})
	if err != nil {
		return nil, err
	}
	out := d.describe(p)
	out.Tags = nil // as AWS answers here
	return &logsapi.PutDeliveryDestinationResponse{DeliveryDestination: &out}, nil
}

// aim sets type and target, which must agree.
//
// Unverified: AWS's sentences.
func (d *deliveryDestination) aim(in *logsapi.PutDeliveryDestinationRequest) error {
	asked := value(in.DeliveryDestinationType)
	if in.DeliveryDestinationConfiguration == nil {
		if asked != logsapi.DeliveryDestinationTypeXray {
			return validation("deliveryDestinationConfiguration is required.")
		}
		d.Type = asked
		return nil
	}
	d.Target = in.DeliveryDestinationConfiguration.DestinationResourceArn
	a, err := arn.Parse(d.Target)
	types := map[string]logsapi.DeliveryDestinationType{
		"s3": logsapi.DeliveryDestinationTypeS3, "logs": logsapi.DeliveryDestinationTypeCwl, "firehose": logsapi.DeliveryDestinationTypeFh,
	}
	if err != nil || types[a.Service] == "" {
		return validation("The destination resource is not supported.")
	}
	if d.Type = types[a.Service]; asked != "" && asked != d.Type {
		return validation("deliveryDestinationType does not agree with the destination resource.")
	}
	return nil
}

// describe returns what Get and Describe show.
//
// Unverified: that they show tags; PutDeliveryDestination does not.
func (d *deliveryDestination) describe(p place) logsapi.DeliveryDestination {
	name := p.arn("delivery-destination:" + d.Name)
	out := logsapi.DeliveryDestination{
		Name: &d.Name, Arn: &name, DeliveryDestinationType: &d.Type, OutputFormat: d.Format, RoleArn: d.Role, Tags: d.Tags,
	}
	if d.Target != "" {
		out.DeliveryDestinationConfiguration = &logsapi.DeliveryDestinationConfiguration{DestinationResourceArn: d.Target}
	}
	return out
}

// authorizeDelivery asks for an action on a delivery destination.
func (s *Service) authorizeDelivery(ctx context.Context, action, name string, keys auth.Keys) error {
	return s.authorize(ctx, action, placeOf(ctx).arn("delivery-destination:"+name), keys)
}

// deliveryDestination returns a destination on which the caller may perform
// the action.
func (s *Service) deliveryDestination(ctx context.Context, action, name string) (deliveryDestination, error) {
	d, err := lookup(ctx, s, deliveryDestinations, placeOf(ctx).key(name), noSuchDeliveryDestination)
	if denied := s.authorizeDelivery(ctx, action, name, auth.ResourceTags(d.Tags)); denied != nil {
		return d, denied
	}
	return d, err
}

// GetDeliveryDestination returns one destination.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetDeliveryDestination.html
func (s *Service) GetDeliveryDestination(ctx context.Context, in *logsapi.GetDeliveryDestinationRequest) (*logsapi.GetDeliveryDestinationResponse, error) {
	d, err := s.deliveryDestination(ctx, "GetDeliveryDestination", in.Name)
	if err != nil {
		return nil, err
	}
	out := d.describe(placeOf(ctx))
	return &logsapi.GetDeliveryDestinationResponse{DeliveryDestination: &out}, nil
}

// DescribeDeliveryDestinations lists destinations by name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDeliveryDestinations.html
func (s *Service) DescribeDeliveryDestinations(ctx context.Context, in *logsapi.DescribeDeliveryDestinationsRequest) (*logsapi.DescribeDeliveryDestinationsResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeDeliveryDestinations"); err != nil {
		return nil, err
	}
	all, err := list(ctx, s, deliveryDestinations, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d deliveryDestination) bool {
		return len(in.Names) > 0 && !slices.Contains(in.Names, d.Name)
	})
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeDeliveryDestinations"), in.NextToken, all,
		func(d deliveryDestination) storage.Key { return storage.K(d.Name) }, false)
	if err != nil {
		return nil, badDeliveryToken(err)
	}
	out := &logsapi.DescribeDeliveryDestinationsResponse{DeliveryDestinations: []logsapi.DeliveryDestination{}, NextToken: next}
	for i := range page {
		out.DeliveryDestinations = append(out.DeliveryDestinations, page[i].describe(placeOf(ctx)))
	}
	return out, nil
}

// DeleteDeliveryDestination removes a destination with its policy, unless
// something is delivered to it, be it from another account.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliveryDestination.html
func (s *Service) DeleteDeliveryDestination(ctx context.Context, in *logsapi.DeleteDeliveryDestinationRequest) (*api.None, error) {
	if _, err := s.deliveryDestination(ctx, "DeleteDeliveryDestination", in.Name); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	name := p.arn("delivery-destination:" + in.Name)
	return nil, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if there, err := deliveryDestinations.Has(tx, p.key(in.Name)); !there || err != nil {
			return either(err, noSuchDeliveryDestination)
		}
		if err := unused(tx, nil, func(d *delivery) bool { return d.Destination == name }, deliveryDestinationInUse); err != nil {
			return err
		}
		return deliveryDestinations.Delete(tx, p.key(in.Name))
	})
}

// PutDeliveryDestinationPolicy sets which accounts may deliver to a
// destination.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliveryDestinationPolicy.html
func (s *Service) PutDeliveryDestinationPolicy(ctx context.Context, in *logsapi.PutDeliveryDestinationPolicyRequest) (*logsapi.PutDeliveryDestinationPolicyResponse, error) {
	if _, err := s.deliveryDestination(ctx, "PutDeliveryDestinationPolicy", in.DeliveryDestinationName); err != nil {
		return nil, err
	}
	if _, err := policy.Parse(policy.Resource, []byte(in.DeliveryDestinationPolicy)); err != nil {
		return nil, validation("Invalid Delivery Destination resource Policy is provided.")
	}
	if err := s.setDeliveryPolicy(ctx, in.DeliveryDestinationName, in.DeliveryDestinationPolicy); err != nil {
		return nil, err
	}
	return &logsapi.PutDeliveryDestinationPolicyResponse{Policy: &logsapi.Policy{DeliveryDestinationPolicy: &in.DeliveryDestinationPolicy}}, nil
}

// GetDeliveryDestinationPolicy returns the policy of a destination as text.
//
// Unverified: that a destination without policy has an empty one.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetDeliveryDestinationPolicy.html
func (s *Service) GetDeliveryDestinationPolicy(ctx context.Context, in *logsapi.GetDeliveryDestinationPolicyRequest) (*logsapi.GetDeliveryDestinationPolicyResponse, error) {
	d, err := s.deliveryDestination(ctx, "GetDeliveryDestinationPolicy", in.DeliveryDestinationName)
	if err != nil {
		return nil, err
	}
	out := &logsapi.GetDeliveryDestinationPolicyResponse{Policy: &logsapi.Policy{}}
	if d.Policy != "" {
		out.Policy.DeliveryDestinationPolicy = &d.Policy
	}
	return out, nil
}

// DeleteDeliveryDestinationPolicy removes the policy of a destination.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliveryDestinationPolicy.html
func (s *Service) DeleteDeliveryDestinationPolicy(ctx context.Context, in *logsapi.DeleteDeliveryDestinationPolicyRequest) (*api.None, error) {
	if _, err := s.deliveryDestination(ctx, "DeleteDeliveryDestinationPolicy", in.DeliveryDestinationName); err != nil {
		return nil, err
	}
	return nil, s.setDeliveryPolicy(ctx, in.DeliveryDestinationName, "")
}

func (s *Service) setDeliveryPolicy(ctx context.Context, name, document string) error {
	k := placeOf(ctx).key(name)
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		d, err := deliveryDestinations.Get(tx, k)
		if err != nil {
			return either(ignoreNotFound(err), noSuchDeliveryDestination)
		}
		d.Policy = document
		return deliveryDestinations.Put(tx, k, d)
	})
}

func noSuchDeliveryDestination() error {
	return logsapi.ResourceNotFoundException("Requested Delivery Destination does not exist in this account.")
}

// Unverified: AWS's sentence.
func deliveryDestinationInUse() error {
	return logsapi.ConflictException("Delivery Destination is associated with one or more Deliveries. Delete the Deliveries first.")
}

// badDeliveryToken gives the refusal of a page token the code that the
// operations on deliveries have for bad input.
func badDeliveryToken(err error) error {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return validation(e.Message)
	}
	return err
}
