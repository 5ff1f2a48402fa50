package logs

import (
	"context"
	"strings"
	"testing"

	"sealstack/api/logsapi"
)

const distribution = "arn:aws:cloudfront::111122223333:distribution/E1ABCDEFGHIJKL"

func (b *bench) putSource(name, resource, logType string) error {
	_, err := b.PutDeliverySource(b.ctx, &logsapi.PutDeliverySourceRequest{Name: name, ResourceArn: resource, LogType: logType})
	return err
}

// deliverable makes a source "s" and a destination "d" in S3, whose ARN it
// returns.
func (b *bench) deliverable() string {
	b.t.Helper()
	b.ok(b.putSource("s", distribution, "ACCESS_LOGS"))
	out, err := b.PutDeliveryDestination(b.ctx, destinationTo("arn:aws:s3:::bucket"))
	b.ok(err)
	return *out.DeliveryDestination.Arn
}

func (b *bench) deliver(to string, change ...func(*logsapi.CreateDeliveryRequest)) (*logsapi.Delivery, error) {
	in := &logsapi.CreateDeliveryRequest{DeliverySourceName: "s", DeliveryDestinationArn: to}
	for _, fn := range change {
		fn(in)
	}
	out, err := b.CreateDelivery(b.ctx, in)
	if err != nil {
		return nil, err
	}
	return out.Delivery, nil
}

func TestADeliveryIsMadeShownChangedAndDeleted(t *testing.T) {
	b := newBench(t)
	to := b.deliverable()
	d, err := b.deliver(to, func(in *logsapi.CreateDeliveryRequest) {
		in.RecordFields, in.FieldDelimiter, in.Tags = []string{"date", "c-ip"}, ptr(","), map[string]string{"k": "v"}
		in.S3DeliveryConfiguration = &logsapi.S3DeliveryConfiguration{SuffixPath: ptr("x/{DistributionId}/{yyyy}"), EnableHiveCompatiblePath: ptr(true)}
	})
	b.ok(err)
	if len(*d.Id) != 16 || *d.Arn != "arn:aws:logs:us-west-2:111122223333:delivery:"+*d.Id || *d.DeliverySourceName != "s" || *d.DeliveryDestinationArn != to || *d.DeliveryDestinationType != logsapi.DeliveryDestinationTypeS3 {
		t.Errorf("create answers %+v", d)
	}
	_, err = b.UpdateDeliveryConfiguration(b.ctx, &logsapi.UpdateDeliveryConfigurationRequest{Id: *d.Id, RecordFields: []string{"time"}})
	b.ok(err)
	got, err := b.GetDelivery(b.ctx, &logsapi.GetDeliveryRequest{Id: *d.Id})
	b.ok(err)
	if d = got.Delivery; len(d.RecordFields) != 1 || d.RecordFields[0] != "time" || *d.FieldDelimiter != "," || *d.S3DeliveryConfiguration.SuffixPath != "x/{DistributionId}/{yyyy}" || d.Tags["k"] != "v" {
		t.Errorf("get answers %+v", d)
	}
	_, err = b.DeleteDelivery(b.ctx, &logsapi.DeleteDeliveryRequest{Id: *d.Id})
	b.ok(err)
	for _, err := range []error{
		second(b.GetDelivery(b.ctx, &logsapi.GetDeliveryRequest{Id: *d.Id})),
		second(b.DeleteDelivery(b.ctx, &logsapi.DeleteDeliveryRequest{Id: *d.Id})),
		second(b.UpdateDeliveryConfiguration(b.ctx, &logsapi.UpdateDeliveryConfigurationRequest{Id: *d.Id})),
	} {
		b.fails(err, "ResourceNotFoundException", "Requested Delivery does not exist in this account.")
	}
}

func TestWhatADeliveryConnectsCannotBeDeletedBeforeIt(t *testing.T) {
	b := newBench(t)
	to := b.deliverable()
	d, err := b.deliver(to)
	b.ok(err)
	if _, err := b.deliver(to); codeOf(err) != "ConflictException" {
		t.Errorf("the same delivery again: %v", err)
	}
	if _, err := b.DeleteDeliverySource(b.ctx, &logsapi.DeleteDeliverySourceRequest{Name: "s"}); codeOf(err) != "ConflictException" {
		t.Errorf("its source: %v", err)
	}
	if _, err := b.DeleteDeliveryDestination(b.ctx, &logsapi.DeleteDeliveryDestinationRequest{Name: "d"}); codeOf(err) != "ConflictException" {
		t.Errorf("its destination: %v", err)
	}
	_, err = b.DeleteDelivery(b.ctx, &logsapi.DeleteDeliveryRequest{Id: *d.Id})
	b.ok(err)
	_, err = b.DeleteDeliverySource(b.ctx, &logsapi.DeleteDeliverySourceRequest{Name: "s"})
	b.ok(err)
	_, err = b.DeleteDeliveryDestination(b.ctx, &logsapi.DeleteDeliveryDestinationRequest{Name: "d"})
	b.ok(err)
	_, err = b.DeleteDeliverySource(b.ctx, &logsapi.DeleteDeliverySourceRequest{Name: "s"})
	b.fails(err, "ResourceNotFoundException", "Requested Delivery Source does not exist in this account.")
}

func TestADeliveryFitsItsSourceAndItsDestination(t *testing.T) {
	b := newBench(t)
	to := b.deliverable()
	inLogs := destinationTo("arn:aws:logs:us-west-2:111122223333:log-group:g")
	inLogs.Name, inLogs.OutputFormat = "l", ptr(logsapi.OutputFormatParquet)
	_, err := b.PutDeliveryDestination(b.ctx, inLogs)
	b.ok(err)
	_, err = b.PutDeliveryDestination(b.ctx, &logsapi.PutDeliveryDestinationRequest{Name: "x", DeliveryDestinationType: ptr(logsapi.DeliveryDestinationTypeXray)})
	b.ok(err)
	const here = "arn:aws:logs:us-west-2:111122223333:delivery-destination:"
	suffix := func(path string) func(*logsapi.CreateDeliveryRequest) {
		return func(in *logsapi.CreateDeliveryRequest) {
			in.S3DeliveryConfiguration = &logsapi.S3DeliveryConfiguration{SuffixPath: &path}
		}
	}
	for _, c := range []struct {
		name, to, code string
		change         func(*logsapi.CreateDeliveryRequest)
	}{
		{"an unknown field", to, "ValidationException", func(in *logsapi.CreateDeliveryRequest) { in.RecordFields = []string{"colour"} }},
		{"an unknown variable", to, "ValidationException", suffix("{colour}")},
		{"a variable without an end", to, "ValidationException", suffix("{yyyy")},
		{"an S3 path to a log group", here + "l", "ValidationException", suffix("a")},
		{"a format that CloudFront has for S3 only", here + "l", "ValidationException", func(*logsapi.CreateDeliveryRequest) {}},
		{"logs to X-Ray", here + "x", "ValidationException", func(*logsapi.CreateDeliveryRequest) {}},
		{"no destination", here + "none", "ResourceNotFoundException", func(*logsapi.CreateDeliveryRequest) {}},
		{"another ARN", "arn:aws:s3:::bucket", "ValidationException", func(*logsapi.CreateDeliveryRequest) {}},
		{"no source", to, "ResourceNotFoundException", func(in *logsapi.CreateDeliveryRequest) { in.DeliverySourceName = "none" }},
	} {
		if _, err := b.deliver(c.to, c.change); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
	list, err := b.DescribeDeliveries(b.ctx, &logsapi.DescribeDeliveriesRequest{})
	b.ok(err)
	if list.Deliveries == nil || len(list.Deliveries) != 0 {
		t.Errorf("refused deliveries are listed: %+v", list.Deliveries)
	}
}

func TestAChangedDeliveryMustFitToo(t *testing.T) {
	b := newBench(t)
	d, err := b.deliver(b.deliverable())
	b.ok(err)
	if _, err := b.UpdateDeliveryConfiguration(b.ctx, &logsapi.UpdateDeliveryConfigurationRequest{Id: *d.Id, RecordFields: []string{"colour"}}); codeOf(err) != "ValidationException" {
		t.Errorf("an unknown field: %v", err)
	}
	got, err := b.GetDelivery(b.ctx, &logsapi.GetDeliveryRequest{Id: *d.Id})
	b.ok(err)
	if got.Delivery.RecordFields != nil {
		t.Errorf("the refused change is kept: %v", got.Delivery.RecordFields)
	}
}

func TestADestinationOfAnotherAccountIsAskedWithItsPolicy(t *testing.T) {
	b := newBench(t)
	b.deliverable()
	other := callerIn("444455556666", "us-west-2")
	out, err := b.PutDeliveryDestination(other, destinationTo("arn:aws:s3:::theirs"))
	b.ok(err)
	document := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"logs:CreateDelivery","Resource":"*"}}`
	asked := func() int {
		b.auth.asked = nil
		_, err := b.deliver(*out.DeliveryDestination.Arn)
		b.ok(err)
		for _, r := range b.auth.asked {
			if r.Resource == *out.DeliveryDestination.Arn && r.Account == "444455556666" && r.Policy != nil {
				return len(r.Policy.Statements)
			}
		}
		return -1
	}
	if n := asked(); n != 0 {
		t.Errorf("without a policy: %d statements", n)
	}
	list, err := b.DescribeDeliveries(b.ctx, &logsapi.DescribeDeliveriesRequest{})
	b.ok(err)
	_, err = b.DeleteDelivery(b.ctx, &logsapi.DeleteDeliveryRequest{Id: *list.Deliveries[0].Id})
	b.ok(err)
	_, err = b.PutDeliveryDestinationPolicy(other, &logsapi.PutDeliveryDestinationPolicyRequest{DeliveryDestinationName: "d", DeliveryDestinationPolicy: document})
	b.ok(err)
	if n := asked(); n != 1 {
		t.Errorf("with a policy: %d statements", n)
	}
	if _, err := b.DeleteDeliveryDestination(other, &logsapi.DeleteDeliveryDestinationRequest{Name: "d"}); codeOf(err) != "ConflictException" {
		t.Errorf("another account's delivery does not hold its destination: %v", err)
	}
	_, err = b.PutDeliveryDestinationPolicy(other, &logsapi.PutDeliveryDestinationPolicyRequest{DeliveryDestinationName: "d", DeliveryDestinationPolicy: "{"})
	b.fails(err, "ValidationException", "Invalid Delivery Destination resource Policy is provided.")
}

func TestOperationsOnDeliveriesAskForPermission(t *testing.T) {
	b := newBench(t)
	to := b.deliverable()
	d, err := b.deliver(to)
	b.ok(err)
	for action, call := range map[string]func() error{
		"CreateDelivery": func() error { _, err := b.deliver(to); return err },
		"GetDelivery":    func() error { return second(b.GetDelivery(b.ctx, &logsapi.GetDeliveryRequest{Id: *d.Id})) },
		"DeleteDelivery": func() error { return second(b.DeleteDelivery(b.ctx, &logsapi.DeleteDeliveryRequest{Id: *d.Id})) },
		"UpdateDeliveryConfiguration": func() error {
			return second(b.UpdateDeliveryConfiguration(b.ctx, &logsapi.UpdateDeliveryConfigurationRequest{Id: *d.Id}))
		},
		"DescribeDeliveries": func() error {
			return second(b.DescribeDeliveries(b.ctx, &logsapi.DescribeDeliveriesRequest{}))
		},
		"DescribeConfigurationTemplates": func() error {
			return second(b.DescribeConfigurationTemplates(b.ctx, &logsapi.DescribeConfigurationTemplatesRequest{}))
		},
		"PutDeliverySource": func() error { return b.putSource("s", distribution, "ACCESS_LOGS") },
		"GetDeliverySource": func() error { return second(b.GetDeliverySource(b.ctx, &logsapi.GetDeliverySourceRequest{Name: "s"})) },
		"DeleteDeliverySource": func() error {
			return second(b.DeleteDeliverySource(b.ctx, &logsapi.DeleteDeliverySourceRequest{Name: "s"}))
		},
		"DescribeDeliverySources": func() error {
			return second(b.DescribeDeliverySources(b.ctx, &logsapi.DescribeDeliverySourcesRequest{}))
		},
	} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		if err := call(); codeOf(err) != "AccessDeniedException" {
			t.Errorf("%s: %v", action, err)
		}
	}
}

func TestDeliveriesAreListedByPages(t *testing.T) {
	b := newBench(t)
	to := b.deliverable()
	inLogs := destinationTo("arn:aws:logs:us-west-2:111122223333:log-group:g")
	inLogs.Name = "l"
	_, err := b.PutDeliveryDestination(b.ctx, inLogs)
	b.ok(err)
	for _, to := range []string{to, strings.TrimSuffix(to, "d") + "l"} {
		_, err := b.deliver(to)
		b.ok(err)
	}
	seen := map[string]bool{}
	in := &logsapi.DescribeDeliveriesRequest{Limit: ptr(int32(1))}
	for range 2 {
		page, err := b.DescribeDeliveries(b.ctx, in)
		b.ok(err)
		seen[*page.Deliveries[0].DeliveryDestinationArn] = true
		in.NextToken = page.NextToken
	}
	if len(seen) != 2 || in.NextToken != nil {
		t.Errorf("pages hold %v, then %v", seen, in.NextToken)
	}
	for name, call := range map[string]func(context.Context, string) error{
		"deliveries": func(ctx context.Context, token string) error {
			return second(b.DescribeDeliveries(ctx, &logsapi.DescribeDeliveriesRequest{NextToken: &token}))
		},
		"sources": func(ctx context.Context, token string) error {
			return second(b.DescribeDeliverySources(ctx, &logsapi.DescribeDeliverySourcesRequest{NextToken: &token}))
		},
		"destinations": func(ctx context.Context, token string) error {
			return second(b.DescribeDeliveryDestinations(ctx, &logsapi.DescribeDeliveryDestinationsRequest{NextToken: &token}))
		},
		"templates": func(ctx context.Context, token string) error {
			return second(b.DescribeConfigurationTemplates(ctx, &logsapi.DescribeConfigurationTemplatesRequest{NextToken: &token}))
		},
	} {
		if err := call(b.ctx, "made up"); codeOf(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
