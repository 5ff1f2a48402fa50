package logs

import (
	"testing"

	"sealstack/api/logsapi"
)

func TestADeliverySourceIsMadeReplacedAndListed(t *testing.T) {
	b := newBench(t)
	out, err := b.PutDeliverySource(b.ctx, &logsapi.PutDeliverySourceRequest{Name: "s", ResourceArn: distribution, LogType: "ACCESS_LOGS", Tags: map[string]string{"k": "v"}})
	b.ok(err)
	d := out.DeliverySource
	if *d.Name != "s" || *d.Arn != "arn:aws:logs:us-west-2:111122223333:delivery-source:s" || len(d.ResourceArns) != 1 || d.ResourceArns[0] != distribution || *d.Service != "cloudfront" || *d.LogType != "ACCESS_LOGS" {
		t.Errorf("put answers %+v", d)
	}
	_, err = b.PutDeliverySource(b.ctx, &logsapi.PutDeliverySourceRequest{Name: "s", ResourceArn: distribution, LogType: "ACCESS_LOGS", DeliverySourceConfiguration: map[string]string{"samplingRate": "50"}})
	b.ok(err)
	got, err := b.GetDeliverySource(b.ctx, &logsapi.GetDeliverySourceRequest{Name: "s"})
	b.ok(err)
	if got.DeliverySource.DeliverySourceConfiguration["samplingRate"] != "50" || got.DeliverySource.Tags["k"] != "v" {
		t.Errorf("get answers %+v", got.DeliverySource)
	}
	b.ok(b.putSource("a", "arn:aws:workmail:us-west-2:111122223333:organization/m-1", "AUTHENTICATION_LOGS"))
	first, err := b.DescribeDeliverySources(b.ctx, &logsapi.DescribeDeliverySourcesRequest{Limit: ptr(int32(1))})
	b.ok(err)
	rest, err := b.DescribeDeliverySources(b.ctx, &logsapi.DescribeDeliverySourcesRequest{NextToken: first.NextToken})
	b.ok(err)
	if *first.DeliverySources[0].Name != "a" || *rest.DeliverySources[0].Name != "s" || rest.NextToken != nil {
		t.Errorf("pages %+v and %+v", first, rest)
	}
}

func TestDeliverySourcesRefuse(t *testing.T) {
	b := newBench(t)
	b.ok(b.putSource("s", distribution, "ACCESS_LOGS"))
	b.fails(b.putSource("x", "arn:aws:s3:::bucket", "ACCESS_LOGS"), "ResourceNotFoundException", "Cannot access provided service.")
	b.fails(b.putSource("t", distribution, "ACCESS_LOGS"), "ConflictException", "This ResourceId has already been used in another Delivery Source in this account.")
	b.fails(b.putSource("s", distribution+"2", "ACCESS_LOGS"), "ValidationException", "Update to existing Delivery Source with new ResourceId is not allowed. Please create a new Delivery Source instead.")
	for name, c := range map[string]struct{ resource, logType, code string }{
		"no ARN":                     {"x", "ACCESS_LOGS", "ValidationException"},
		"another log type":           {distribution + "2", "EVENT_LOGS", "ValidationException"},
		"another resource":           {"arn:aws:cloudfront::111122223333:function/f", "ACCESS_LOGS", "ValidationException"},
		"a resource only begun with": {"arn:aws:cloudfront::111122223333:distributions/f", "ACCESS_LOGS", "ValidationException"},
		"another account's":          {"arn:aws:cloudfront::444455556666:distribution/E2", "ACCESS_LOGS", "AccessDeniedException"},
	} {
		if err := b.putSource("x", c.resource, c.logType); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	_, err := b.GetDeliverySource(b.ctx, &logsapi.GetDeliverySourceRequest{Name: "x"})
	b.fails(err, "ResourceNotFoundException", "Requested Delivery Source does not exist in this account.")
}

func TestAResourceWithSeveralLogTypesHasASourceForEach(t *testing.T) {
	b := newBench(t)
	const agent = "arn:aws:bedrock:us-west-2:111122223333:agent-alias/A/B"
	b.ok(b.putSource("a", agent, "APPLICATION_LOGS"))
	b.ok(b.putSource("e", agent, "EVENT_LOGS"))
}

func TestASourceNeedsThePermissionToVendLogsOfItsResource(t *testing.T) {
	b := newBench(t)
	b.auth.deny = map[string]bool{"cloudfront:AllowVendedLogDeliveryForResource": true}
	if err := b.putSource("s", distribution, "ACCESS_LOGS"); codeOf(err) != "AccessDeniedException" {
		t.Errorf("without the permission: %v", err)
	}
	b.auth.deny = nil
	b.ok(b.putSource("s", distribution, "ACCESS_LOGS"))
	if r := b.auth.asked[len(b.auth.asked)-1]; r.Resource != distribution {
		t.Errorf("asked about %s", r.Resource)
	}
}

func TestTemplatesAreFilteredByEveryMember(t *testing.T) {
	b := newBench(t)
	list := func(in *logsapi.DescribeConfigurationTemplatesRequest) []logsapi.ConfigurationTemplate {
		t.Helper()
		out, err := b.DescribeConfigurationTemplates(b.ctx, in)
		b.ok(err)
		return out.ConfigurationTemplates
	}
	all := list(&logsapi.DescribeConfigurationTemplatesRequest{Service: ptr("cloudfront")})
	if len(all) != 3 || *all[0].ResourceType != "distribution" || *all[0].LogType != "ACCESS_LOGS" || *all[0].AllowedActionForAllowVendedLogsDeliveryForResource != "cloudfront:AllowVendedLogDeliveryForResource" {
		t.Errorf("CloudFront's templates are %+v", all)
	}
	s3 := list(&logsapi.DescribeConfigurationTemplatesRequest{Service: ptr("cloudfront"), DeliveryDestinationTypes: []logsapi.DeliveryDestinationType{logsapi.DeliveryDestinationTypeS3}})
	if len(s3) != 1 || len(s3[0].AllowedSuffixPathFields) == 0 || len(s3[0].AllowedOutputFormats) != 5 || *s3[0].AllowedFields[0].Name != "date" || len(s3[0].DefaultDeliveryConfigValues.RecordFields) != 33 {
		t.Errorf("its template for S3 is %+v", s3)
	}
	traces := list(&logsapi.DescribeConfigurationTemplatesRequest{LogTypes: []string{"TRACES"}, ResourceTypes: []string{"memory"}})
	if len(traces) != 1 || *traces[0].DeliveryDestinationType != logsapi.DeliveryDestinationTypeXray || *traces[0].Service != "bedrock-agentcore" {
		t.Errorf("traces of memory are %+v", traces)
	}
	_, err := b.DescribeConfigurationTemplates(b.ctx, &logsapi.DescribeConfigurationTemplatesRequest{Service: ptr("lambda2")})
	if codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("an unknown service: %v", err)
	}
}

func TestAllTemplatesComeOverPages(t *testing.T) {
	b := newBench(t)
	in := &logsapi.DescribeConfigurationTemplatesRequest{Limit: ptr(int32(7))}
	seen := map[string]bool{}
	for {
		page, err := b.DescribeConfigurationTemplates(b.ctx, in)
		b.ok(err)
		for _, x := range page.ConfigurationTemplates {
			k := *x.Service + value(x.ResourceType) + *x.LogType + string(*x.DeliveryDestinationType)
			if seen[k] {
				t.Errorf("%s comes twice", k)
			}
			seen[k] = true
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	if len(seen) != len(templates(&logsapi.DescribeConfigurationTemplatesRequest{})) {
		t.Errorf("%d templates over pages", len(seen))
	}
}
