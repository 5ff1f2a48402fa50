package logs

import (
	"testing"

	"sealstack/api/logsapi"
)

func destinationTo(target string) *logsapi.PutDeliveryDestinationRequest {
	return &logsapi.PutDeliveryDestinationRequest{Name: "d", DeliveryDestinationConfiguration: &logsapi.DeliveryDestinationConfiguration{DestinationResourceArn: target}}
}

func TestADeliveryDestinationIsAnsweredWithoutItsTags(t *testing.T) {
	b := newBench(t)
	in := destinationTo("arn:aws:s3:::bucket")
	in.Tags = map[string]string{"k": "v"}
	out, err := b.PutDeliveryDestination(b.ctx, in)
	b.ok(err)
	d := out.DeliveryDestination
	if *d.Name != "d" || *d.Arn != "arn:aws:logs:us-west-2:111122223333:delivery-destination:d" || *d.DeliveryDestinationType != logsapi.DeliveryDestinationTypeS3 || d.OutputFormat != nil || d.Tags != nil || d.DeliveryDestinationConfiguration.DestinationResourceArn != "arn:aws:s3:::bucket" {
		t.Errorf("put answers %+v", d)
	}
	again := destinationTo("arn:aws:logs:us-west-2:111122223333:log-group:g")
	again.OutputFormat = ptr(logsapi.OutputFormatJson)
	_, err = b.PutDeliveryDestination(b.ctx, again)
	b.ok(err)
	got, err := b.GetDeliveryDestination(b.ctx, &logsapi.GetDeliveryDestinationRequest{Name: "d"})
	b.ok(err)
	d = got.DeliveryDestination
	if *d.DeliveryDestinationType != logsapi.DeliveryDestinationTypeCwl || *d.OutputFormat != logsapi.OutputFormatJson || d.Tags["k"] != "v" {
		t.Errorf("get answers %+v", d)
	}
	list, err := b.DescribeDeliveryDestinations(b.ctx, &logsapi.DescribeDeliveryDestinationsRequest{Names: []string{"d", "x"}})
	b.ok(err)
	if len(list.DeliveryDestinations) != 1 || *list.DeliveryDestinations[0].Name != "d" {
		t.Errorf("describe answers %+v", list.DeliveryDestinations)
	}
	_, err = b.DeleteDeliveryDestination(b.ctx, &logsapi.DeleteDeliveryDestinationRequest{Name: "d"})
	b.ok(err)
	_, err = b.GetDeliveryDestination(b.ctx, &logsapi.GetDeliveryDestinationRequest{Name: "d"})
	b.fails(err, "ResourceNotFoundException", "Requested Delivery Destination does not exist in this account.")
}

func TestTheTypeOfADeliveryDestinationAgreesWithItsTarget(t *testing.T) {
	b := newBench(t)
	wrong := destinationTo("arn:aws:s3:::bucket")
	wrong.DeliveryDestinationType = ptr(logsapi.DeliveryDestinationTypeFh)
	for name, in := range map[string]*logsapi.PutDeliveryDestinationRequest{
		"another type": wrong, "a queue": destinationTo("arn:aws:sqs:us-west-2:111122223333:q"), "no ARN": destinationTo("x"), "nothing": {Name: "d"},
	} {
		if _, err := b.PutDeliveryDestination(b.ctx, in); codeOf(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	out, err := b.PutDeliveryDestination(b.ctx, &logsapi.PutDeliveryDestinationRequest{Name: "x", DeliveryDestinationType: ptr(logsapi.DeliveryDestinationTypeXray)})
	b.ok(err)
	if out.DeliveryDestination.DeliveryDestinationConfiguration != nil {
		t.Error("X-Ray has a target")
	}
}

func TestADeliveryDestinationHasAPolicy(t *testing.T) {
	b := newBench(t)
	_, err := b.PutDeliveryDestination(b.ctx, destinationTo("arn:aws:s3:::bucket"))
	b.ok(err)
	in := &logsapi.PutDeliveryDestinationPolicyRequest{DeliveryDestinationName: "d", DeliveryDestinationPolicy: `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"logs:CreateDelivery","Resource":"*"}]}`}
	put, err := b.PutDeliveryDestinationPolicy(b.ctx, in)
	b.ok(err)
	if *put.Policy.DeliveryDestinationPolicy != in.DeliveryDestinationPolicy {
		t.Errorf("put answers %s", *put.Policy.DeliveryDestinationPolicy)
	}
	_, err = b.PutDeliveryDestination(b.ctx, destinationTo("arn:aws:s3:::other"))
	b.ok(err)
	get := &logsapi.GetDeliveryDestinationPolicyRequest{DeliveryDestinationName: "d"}
	got, err := b.GetDeliveryDestinationPolicy(b.ctx, get)
	b.ok(err)
	if *got.Policy.DeliveryDestinationPolicy != in.DeliveryDestinationPolicy {
		t.Errorf("get answers %s", *got.Policy.DeliveryDestinationPolicy)
	}
	_, err = b.DeleteDeliveryDestinationPolicy(b.ctx, &logsapi.DeleteDeliveryDestinationPolicyRequest{DeliveryDestinationName: "d"})
	b.ok(err)
	got, err = b.GetDeliveryDestinationPolicy(b.ctx, get)
	b.ok(err)
	if got.Policy.DeliveryDestinationPolicy != nil {
		t.Errorf("still %s", *got.Policy.DeliveryDestinationPolicy)
	}
	in.DeliveryDestinationPolicy = "{"
	if _, err = b.PutDeliveryDestinationPolicy(b.ctx, in); codeOf(err) != "ValidationException" {
		t.Errorf("a broken document: %v", err)
	}
}

func TestWhatIsNotThereOfDeliveries(t *testing.T) {
	b := newBench(t)
	const destination = "Requested Delivery Destination does not exist in this account."
	_, err := b.DeleteDeliveryDestination(b.ctx, &logsapi.DeleteDeliveryDestinationRequest{Name: "d"})
	b.fails(err, "ResourceNotFoundException", destination)
	_, err = b.PutDeliveryDestinationPolicy(b.ctx, &logsapi.PutDeliveryDestinationPolicyRequest{DeliveryDestinationName: "d"})
	b.fails(err, "ResourceNotFoundException", destination)
	const source = "Requested Delivery Source does not exist in this account."
	_, err = b.GetDeliverySource(b.ctx, &logsapi.GetDeliverySourceRequest{Name: "s"})
	b.fails(err, "ResourceNotFoundException", source)
	_, err = b.DeleteDeliverySource(b.ctx, &logsapi.DeleteDeliverySourceRequest{Name: "s"})
	b.fails(err, "ResourceNotFoundException", source)
	sources, err := b.DescribeDeliverySources(b.ctx, &logsapi.DescribeDeliverySourcesRequest{})
	b.ok(err)
	deliveries, err := b.DescribeDeliveries(b.ctx, &logsapi.DescribeDeliveriesRequest{})
	b.ok(err)
	if sources.DeliverySources == nil || deliveries.Deliveries == nil || len(sources.DeliverySources)+len(deliveries.Deliveries) != 0 {
		t.Errorf("sources %v, deliveries %v", sources.DeliverySources, deliveries.Deliveries)
	}
	b.auth.deny = map[string]bool{"logs:PutDeliverySource": true}
	_, err = b.PutDeliverySource(b.ctx, &logsapi.PutDeliverySourceRequest{Name: "s"})
	b.fails(err, "AccessDeniedException", "denied logs:PutDeliverySource")
}
