package logs

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// A delivery brings the logs of another service from a delivery source to a
// delivery destination.

// delivery is kept under (account, Region, id).
type delivery struct {
	ID          string
	Source      string // name
	Destination string // ARN
	Kind        logsapi.DeliveryDestinationType
	Tags        map[string]string
	Fields      []string
	Delimiter   *string
	S3          *logsapi.S3DeliveryConfiguration
}

var deliveries = storage.NewTable[delivery]("logs.delivery")

// CreateDelivery connects a source with a destination, which may be another
// account's if its policy allows that.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateDelivery.html
func (s *Service) CreateDelivery(ctx context.Context, in *logsapi.CreateDeliveryRequest) (*logsapi.CreateDeliveryResponse, error) {
	d := delivery{
		ID: rand.Text()[:16], Source: in.DeliverySourceName, Destination: in.DeliveryDestinationArn, Tags: in.Tags,
		Fields: in.RecordFields, Delimiter: in.FieldDelimiter, S3: in.S3DeliveryConfiguration,
	}
	if err := s.authorize(ctx, "CreateDelivery", placeOf(ctx).arn("delivery:"+d.ID), auth.RequestTags(in.Tags)); err != nil {
		return nil, err
	}
	src, err := s.deliverySource(ctx, "CreateDelivery", in.DeliverySourceName)
	if err != nil {
		return nil, err
	}
	dst, err := s.deliverTo(ctx, in.DeliveryDestinationArn)
	if err != nil {
		return nil, err
	}
	d.Kind = dst.Type
	if err := d.fits(&src, &dst); err != nil {
		return nil, err
	}
	if err := s.connect(ctx, &d); err != nil {
		return nil, err
	}
	out := d.describe(placeOf(ctx))
	return &logsapi.CreateDeliveryResponse{Delivery: &out}, nil
}

// deliverTo returns a destination to which the caller may deliver: one of
// another account must say so in its policy.
func (s *Service) deliverTo(ctx context.Context, text string) (deliveryDestination, error) {
	p, none := placeOf(ctx), deliveryDestination{}
	a, err := arn.Parse(text)
	name, found := strings.CutPrefix(a.Resource, "delivery-destination:")
	if err != nil || a.Service != "logs" || !found {
		return none, validation("Invalid Delivery Destination ARN: " + text) // Unverified: AWS's sentence
	}
	d, missing := lookup(ctx, s, deliveryDestinations, storage.K(a.Account, a.Region, name), noSuchDeliveryDestination)
	r := auth.Request{Service: logsapi.Service, Action: "logs:CreateDelivery", Resource: text, Account: a.Account, Keys: auth.ResourceTags(d.Tags)}
	if a.Account != p.account {
		r.Policy = &policy.Policy{Version: policy.OldVersion}
	}
	if d.Policy != "" {
		if r.Policy, err = policy.Parse(policy.Resource, []byte(d.Policy)); err != nil {
			return none, err
		}
	}
	if err := s.auth.Authorize(ctx, &r); err != nil {
		return none, err
	}
	return d, missing
}

// connect stores a delivery, if its source and destination are still there
// and not connected.
func (s *Service) connect(ctx context.Context, d *delivery) error {
	p := placeOf(ctx)
	a, _ := arn.Parse(d.Destination)
	there := storage.K(a.Account, a.Region, strings.TrimPrefix(a.Resource, "delivery-destination:"))
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if ok, err := deliverySources.Has(tx, p.key(d.Source)); !ok || err != nil {
			return either(err, noSuchSource)
		}
		if ok, err := deliveryDestinations.Has(tx, there); !ok || err != nil {
			return either(err, noSuchDeliveryDestination)
		}
		same := func(old *delivery) bool { return old.Source == d.Source && old.Destination == d.Destination }
		if err := unused(tx, p.key(), same, deliveryExists); err != nil {
			return err
		}
		return deliveries.Put(tx, p.key(d.ID), *d)
	})
}

// unused fails as otherwise says if a delivery under the prefix is one of
// those asked for.
func unused(tx storage.Tx, prefix storage.Key, one func(*delivery) bool, otherwise func() error) error {
	for e, err := range deliveries.Scan(tx, storage.Range{Prefix: prefix}) {
		if err != nil {
			return err
		}
		if one(&e.Value) {
			return otherwise()
		}
	}
	return nil
}

// fits checks what is to be delivered against what its source sends and its
// destination takes.
//
// Unverified: AWS's sentences.
func (d *delivery) fits(src *deliverySource, dst *deliveryDestination) error {
	a, err := arn.Parse(src.Resource)
	if err != nil {
		return err
	}
	v, err := vendorOf(a, src.LogType)
	if err != nil {
		return err
	}
	if !slices.Contains(v.kinds(), dst.Type) {
		return validation("Delivery Destination type " + string(dst.Type) + " is not supported for log type " + src.LogType + ".")
	}
	l := layoutOf(src.Service)
	if l == nil {
		return d.configured(nil)
	}
	if f := dst.Format; f != nil && !slices.Contains(l.formats[dst.Type], *f) {
		return validation("Output format " + string(*f) + " is not supported for Delivery Destination type " + string(dst.Type) + ".")
	}
	for _, field := range d.Fields {
		if !l.takes(field) {
			return validation("Record field " + field + " is not allowed.")
		}
	}
	return d.configured(l)
}

// configured checks the part for S3. Without a layout every variable of the
// path is taken.
//
// Unverified: AWS's sentences.
func (d *delivery) configured(l *layout) error {
	if d.S3 == nil {
		return nil
	}
	if d.Kind != logsapi.DeliveryDestinationTypeS3 {
		return validation("s3DeliveryConfiguration is valid only when the Delivery Destination is an S3 bucket.")
	}
	rest := value(d.S3.SuffixPath)
	for {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return nil
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed || l != nil && !slices.Contains(l.variables, name) {
			return validation("Suffix path field " + name + " is not allowed.")
		}
		rest = after
	}
}

func (d *delivery) describe(p place) logsapi.Delivery {
	name := p.arn("delivery:" + d.ID)
	return logsapi.Delivery{
		Id: &d.ID, Arn: &name, DeliverySourceName: &d.Source, DeliveryDestinationArn: &d.Destination, DeliveryDestinationType: &d.Kind,
		RecordFields: d.Fields, FieldDelimiter: d.Delimiter, S3DeliveryConfiguration: d.S3, Tags: d.Tags,
	}
}

// delivery returns a delivery on which the caller may perform the action.
func (s *Service) delivery(ctx context.Context, action, id string) (delivery, error) {
	p := placeOf(ctx)
	d, err := lookup(ctx, s, deliveries, p.key(id), noSuchDelivery)
	if denied := s.authorize(ctx, action, p.arn("delivery:"+id), auth.ResourceTags(d.Tags)); denied != nil {
		return d, denied
	}
	return d, err
}

// GetDelivery returns one delivery.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetDelivery.html
func (s *Service) GetDelivery(ctx context.Context, in *logsapi.GetDeliveryRequest) (*logsapi.GetDeliveryResponse, error) {
	d, err := s.delivery(ctx, "GetDelivery", in.Id)
	if err != nil {
		return nil, err
	}
	out := d.describe(placeOf(ctx))
	return &logsapi.GetDeliveryResponse{Delivery: &out}, nil
}

// DeleteDelivery removes a delivery; its source and destination stay.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDelivery.html
func (s *Service) DeleteDelivery(ctx context.Context, in *logsapi.DeleteDeliveryRequest) (*api.None, error) {
	if _, err := s.delivery(ctx, "DeleteDelivery", in.Id); err != nil {
		return nil, err
	}
	return nil, remove(ctx, s, deliveries, placeOf(ctx).key(in.Id), noSuchDelivery)
}

// UpdateDeliveryConfiguration changes what is delivered and where in a
// bucket; what the call leaves out stays.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UpdateDeliveryConfiguration.html
func (s *Service) UpdateDeliveryConfiguration(ctx context.Context, in *logsapi.UpdateDeliveryConfigurationRequest) (*logsapi.UpdateDeliveryConfigurationResponse, error) {
	d, err := s.delivery(ctx, "UpdateDeliveryConfiguration", in.Id)
	if err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	src, err := lookup(ctx, s, deliverySources, p.key(d.Source), noSuchSource)
	if err != nil {
		return nil, err
	}
	return &logsapi.UpdateDeliveryConfigurationResponse{}, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		d, err := deliveries.Get(tx, p.key(in.Id))
		if err != nil {
			return either(ignoreNotFound(err), noSuchDelivery)
		}
		d.configure(in)
		if err := d.fits(&src, &deliveryDestination{Type: d.Kind}); err != nil {
			return err
		}
		return deliveries.Put(tx, p.key(d.ID), d)
	})
}

// configure takes over what a call names.
func (d *delivery) configure(in *logsapi.UpdateDeliveryConfigurationRequest) {
	if in.RecordFields != nil {
		d.Fields = in.RecordFields
	}
	if in.FieldDelimiter != nil {
		d.Delimiter = in.FieldDelimiter
	}
	if in.S3DeliveryConfiguration != nil {
		d.S3 = in.S3DeliveryConfiguration
	}
}

// DescribeDeliveries lists deliveries by their ids.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeDeliveries.html
func (s *Service) DescribeDeliveries(ctx context.Context, in *logsapi.DescribeDeliveriesRequest) (*logsapi.DescribeDeliveriesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeDeliveries"); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	all, err := list(ctx, s, deliveries, p.key())
	if err != nil {
		return nil, err
	}
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeDeliveries"), in.NextToken, all,
		func(d delivery) storage.Key { return storage.K(d.ID) }, false)
	if err != nil {
		return nil, badDeliveryToken(err)
	}
	out := &logsapi.DescribeDeliveriesResponse{Deliveries: []logsapi.Delivery{}, NextToken: next}
	for i := range page {
		out.Deliveries = append(out.Deliveries, page[i].describe(p))
	}
	return out, nil
}

// Unverified: AWS's sentence, made after those for sources and destinations.
func noSuchDelivery() error {
	return logsapi.ResourceNotFoundException("Requested Delivery does not exist in this account.")
}

// Unverified: AWS's sentence.
func deliveryExists() error {
	return logsapi.ConflictException("Delivery already exists with the same Delivery Source and Delivery Destination.")
}
