package logs

import (
	"context"
	"maps"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// deliverySource stands for a resource that sends logs. It is kept under
// (account, Region, name). The services behind are not in this program, so
// nothing is ever sent.
type deliverySource struct {
	Name          string
	Resource      string // ARN
	Service       string
	LogType       string
	Tags          map[string]string
	Configuration map[string]string
}

var deliverySources = storage.NewTable[deliverySource]("logs.deliverysource")

// PutDeliverySource makes a source, or replaces all of the one of that name
// but its resource, which cannot change. The caller must be allowed to let
// the resource send its logs.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
func (s *Service) PutDeliverySource(ctx context.Context, in *logsapi.PutDeliverySourceRequest) (*logsapi.PutDeliverySourceResponse, error) {
	if err := s.authorizeSource(ctx, "PutDeliverySource", in.Name, auth.RequestTags(in.Tags)); err != nil {
		return nil, err
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		return nil, validation("Invalid resource ARN: " + in.ResourceArn) // Unverified: AWS's sentence
	}
	v, err := vendorOf(a, in.LogType)
	if err != nil {
		return nil, err
	}
	if err := s.mayVend(ctx, v.permission(), a, in.ResourceArn); err != nil {
		return nil, err
	}
	d := deliverySource{
		Name: in.Name, Resource: in.ResourceArn, Service: v.service, LogType: in.LogType, Tags: in.Tags, Configuration: in.DeliverySourceConfiguration,
	}
	if err := s.keepSource(ctx, &d); err != nil {
		return nil, err
	}
	out := d.describe(placeOf(ctx))
	out.Tags = nil // as AWS answers for destinations
	return &logsapi.PutDeliverySourceResponse{DeliverySource: &out}, nil
}

// mayVend asks whether the caller may let a resource of its account send logs.
func (s *Service) mayVend(ctx context.Context, action string, a arn.ARN, resource string) error {
	if account := placeOf(ctx).account; a.Account != "" && a.Account != account {
		return logsapi.Service.AccessDenied("User is not authorized to perform " + action + " on resource: " + resource) // Unverified: AWS's sentence
	}
	return s.auth.Authorize(ctx, &auth.Request{Service: logsapi.Service, Action: action, Resource: resource})
}

// keepSource stores a source unless another one has its resource for the log
// type.
func (s *Service) keepSource(ctx context.Context, d *deliverySource) error {
	p := placeOf(ctx)
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for e, err := range deliverySources.Scan(tx, storage.Range{Prefix: p.key()}) {
			if err != nil {
				return err
			}
			if err := d.besides(&e.Value); err != nil {
				return err
			}
		}
		return deliverySources.Put(tx, p.key(d.Name), *d)
	})
}

// besides checks d against a source that there is, and takes over the tags of
// the one it replaces.
//
// Unverified: that the first is a ValidationException, and that sources of
// one resource may differ in their log type, as services with several ask for.
func (d *deliverySource) besides(old *deliverySource) error {
	switch {
	case old.Name == d.Name && old.Resource != d.Resource:
		return validation("Update to existing Delivery Source with new ResourceId is not allowed. Please create a new Delivery Source instead.")
	case old.Name != d.Name && old.Resource == d.Resource && old.LogType == d.LogType:
		return logsapi.ConflictException("This ResourceId has already been used in another Delivery Source in this account.")
	}
	if old.Name == d.Name && d.Tags == nil {
		d.Tags = maps.Clone(old.Tags)
	}
	return nil
}

func (d *deliverySource) describe(p place) logsapi.DeliverySource {
	name := p.arn("delivery-source:" + d.Name)
	return logsapi.DeliverySource{
		Name: &d.Name, Arn: &name, ResourceArns: []string{d.Resource}, Service: &d.Service, LogType: &d.LogType,
		Tags: d.Tags, DeliverySourceConfiguration: d.Configuration,
	}
}

// deliverySource returns a source on which the caller may perform the action.
func (s *Service) deliverySource(ctx context.Context, action, name string) (deliverySource, error) {
	d, err := lookup(ctx, s, deliverySources, placeOf(ctx).key(name), noSuchSource)
	if denied := s.authorizeSource(ctx, action, name, auth.ResourceTags(d.Tags)); denied != nil {
		return d, denied
	}
	return d, err
}

// GetDeliverySource returns one source.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetDeliverySource.html
func (s *Service) GetDeliverySource(ctx context.Context, in *logsapi.GetDeliverySourceRequest) (*logsapi.GetDeliverySourceResponse, error) {
	d, err := s.deliverySource(ctx, "GetDeliverySource", in.Name)
	if err != nil {
		return nil, err
	}
	out := d.describe(placeOf(ctx))
	return &logsapi.GetDeliverySourceResponse{DeliverySource: &out}, nil
}

// DeleteDeliverySource removes a source that has no delivery.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDeliverySource.html
func (s *Service) DeleteDeliverySource(ctx context.Context, in *logsapi.DeleteDeliverySourceRequest) (*api.None, error) {
	if _, err := s.deliverySource(ctx, "DeleteDeliverySource", in.Name); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	return nil, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if there, err := deliverySources.Has(tx, p.key(in.Name)); !there || err != nil {
			return either(err, noSuchSource)
		}
		if err := unused(tx, p.key(), func(d *delivery) bool { return d.Source == in.Name }, sourceInUse); err != nil {
			return err
		}
		return deliverySources.Delete(tx, p.key(in.Name))
	})
}

// DescribeDeliverySources lists sources by name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDeliverySources.html
func (s *Service) DescribeDeliverySources(ctx context.Context, in *logsapi.DescribeDeliverySourcesRequest) (*logsapi.DescribeDeliverySourcesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeDeliverySources"); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	all, err := list(ctx, s, deliverySources, p.key())
	if err != nil {
		return nil, err
	}
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeDeliverySources"), in.NextToken, all,
		func(d deliverySource) storage.Key { return storage.K(d.Name) }, false)
	if err != nil {
		return nil, badDeliveryToken(err)
	}
	out := &logsapi.DescribeDeliverySourcesResponse{DeliverySources: []logsapi.DeliverySource{}, NextToken: next}
	for i := range page {
		out.DeliverySources = append(out.DeliverySources, page[i].describe(p))
	}
	return out, nil
}

func (s *Service) authorizeSource(ctx context.Context, action, name string, keys auth.Keys) error {
	return s.authorize(ctx, action, placeOf(ctx).arn("delivery-source:"+name), keys)
}

func noSuchSource() error {
	return logsapi.ResourceNotFoundException("Requested Delivery Source does not exist in this account.")
}

// Unverified: AWS's sentence.
func sourceInUse() error {
	return logsapi.ConflictException("Delivery Source is associated with one or more Deliveries. Delete the Deliveries first.")
}
