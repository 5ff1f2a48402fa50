package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
)

const sampleDocument = `{"Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":["es.amazonaws.com"]},"Action":["logs:PutLogEvents"],"Resource":"*"}]}`

func (b *bench) putPolicy(name, document string) (*logsapi.PutResourcePolicyResponse, error) {
	return b.PutResourcePolicy(b.ctx, &logsapi.PutResourcePolicyRequest{PolicyName: &name, PolicyDocument: &document})
}

func TestAResourcePolicyIsAnsweredAsSentAndDescribedNormalized(t *testing.T) {
	b := newBench(t)
	out, err := b.putPolicy("p", sampleDocument)
	b.ok(err)
	r := out.ResourcePolicy
	if *r.PolicyDocument != sampleDocument || *r.PolicyScope != logsapi.PolicyScopeAccount || *r.LastUpdatedTime != b.now() || r.ResourceArn != nil {
		t.Errorf("put answers %+v", r)
	}
	list, err := b.DescribeResourcePolicies(b.ctx, &logsapi.DescribeResourcePoliciesRequest{})
	b.ok(err)
	want := `{"Version":"2008-10-17","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},"Action":["logs:PutLogEvents"],"Resource":"*"}]}`
	if len(list.ResourcePolicies) != 1 || *list.ResourcePolicies[0].PolicyDocument != want {
		t.Errorf("describe answers %s", *list.ResourcePolicies[0].PolicyDocument)
	}
}

func TestNormalizedDocumentsKeepWhatIsNotAPrincipalOfOne(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"Version":"2012-10-17","Statement":[]}`, `{"Version":"2012-10-17","Statement":[]}`},
		{`{"Statement":{"Principal":{"Service":["a","b"],"AWS":["x"]}},"Id":"<&>"}`, `{"Version":"2008-10-17","Statement":{"Principal":{"Service":["a","b"],"AWS":"x"}},"Id":"<&>"}`},
		{`{"Statement":[{"Principal":"*","Action":["a"],"Condition":{"NumericEquals":{"k":[1.50]}}}]}`, `{"Version":"2008-10-17","Statement":[{"Principal":"*","Action":["a"],"Condition":{"NumericEquals":{"k":[1.50]}}}]}`},
		{`no document`, `no document`},
		{`{"Statement":[`, `{"Statement":[`},
		{`[]`, `[]`},
	} {
		if got := normalizePolicy(c.in); got != c.want {
			t.Errorf("%s becomes %s, want %s", c.in, got, c.want)
		}
	}
}

func TestTheEleventhResourcePolicyIsRefusedAndReplacingIsNot(t *testing.T) {
	b := newBench(t)
	for i := range 10 {
		_, err := b.putPolicy(fmt.Sprint("p", i), sampleDocument)
		b.ok(err)
	}
	_, err := b.putPolicy("p10", sampleDocument)
	b.fails(err, "LimitExceededException", "Resource limit exceeded.")
	b.advance(time.Minute)
	out, err := b.putPolicy("p3", sampleDocument)
	b.ok(err)
	if *out.ResourcePolicy.LastUpdatedTime != start.UnixMilli()+60000 {
		t.Error("replacing does not move lastUpdatedTime")
	}
	page, err := b.DescribeResourcePolicies(b.ctx, &logsapi.DescribeResourcePoliciesRequest{Limit: ptr(int32(7))})
	b.ok(err)
	rest, err := b.DescribeResourcePolicies(b.ctx, &logsapi.DescribeResourcePoliciesRequest{NextToken: page.NextToken})
	b.ok(err)
	if len(page.ResourcePolicies) != 7 || len(rest.ResourcePolicies) != 3 || rest.NextToken != nil {
		t.Errorf("pages of %d and %d", len(page.ResourcePolicies), len(rest.ResourcePolicies))
	}
}

func TestResourcePoliciesRefuse(t *testing.T) {
	b := newBench(t)
	_, err := b.DeleteResourcePolicy(b.ctx, &logsapi.DeleteResourcePolicyRequest{PolicyName: ptr("x")})
	b.fails(err, "ResourceNotFoundException", "Policy with name [x] does not exist.")
	_, err = b.putPolicy("p", "{")
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("a broken document: %v", err)
	}
	_, err = b.PutResourcePolicy(b.ctx, &logsapi.PutResourcePolicyRequest{PolicyDocument: ptr(sampleDocument)})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("no name: %v", err)
	}
	_, err = b.PutResourcePolicy(b.ctx, &logsapi.PutResourcePolicyRequest{PolicyName: ptr("p"), PolicyDocument: ptr(sampleDocument), ExpectedRevisionId: ptr("r")})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("a revision of an account's policy: %v", err)
	}
	_, err = b.putPolicy("p", strings.Replace(sampleDocument, `"s"`, `"`+strings.Repeat("s", maxAccountDocument)+`"`, 1))
	b.fails(err, "LimitExceededException", "Resource limit exceeded.")
	b.auth.deny = map[string]bool{"logs:PutResourcePolicy": true}
	if _, err = b.putPolicy("p", sampleDocument); codeOf(err) != "AccessDeniedException" {
		t.Errorf("without permission: %v", err)
	}
}

func TestADeletedResourcePolicyIsGone(t *testing.T) {
	b := newBench(t)
	_, err := b.putPolicy("p", sampleDocument)
	b.ok(err)
	_, err = b.DeleteResourcePolicy(b.ctx, &logsapi.DeleteResourcePolicyRequest{PolicyName: ptr("p")})
	b.ok(err)
	out, err := b.DescribeResourcePolicies(b.ctx, &logsapi.DescribeResourcePoliciesRequest{})
	b.ok(err)
	if out.ResourcePolicies == nil || len(out.ResourcePolicies) != 0 {
		t.Errorf("still there: %v", out.ResourcePolicies)
	}
}

func TestResourcePoliciesSpeakForServicePrincipalsOnly(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	_, err := b.putPolicy("p", sampleDocument)
	b.ok(err)
	b.auth.asked = nil
	b.put("g", "s", "a")
	if b.auth.asked[0].Policy != nil {
		t.Error("a user's call is judged by the resource policies")
	}
	b.auth.asked = nil
	service := api.AsService(b.ctx, "es.amazonaws.com", "arn:aws:es:us-west-2:111122223333:domain/d", "111122223333")
	_, err = b.PutLogEvents(service, &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: inputs(b.now(), "b")})
	b.ok(err)
	if p := b.auth.asked[0].Policy; p == nil || len(p.Statements) != 1 {
		t.Errorf("a service's call is judged by %+v", p)
	}
}
