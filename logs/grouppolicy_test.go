package logs

import (
	"testing"

	"sealstack/api"
	"sealstack/api/logsapi"
)

func (b *bench) putGroupPolicy(name string, revision *string) (*logsapi.PutResourcePolicyResponse, error) {
	return b.PutResourcePolicy(b.ctx, &logsapi.PutResourcePolicyRequest{
		PolicyName: &name, PolicyDocument: ptr(sampleDocument), ResourceArn: ptr(groupARN), ExpectedRevisionId: revision,
	})
}

func TestAGroupsPolicyHasARevisionThatItsChangesName(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	out, err := b.putGroupPolicy("p", nil)
	b.ok(err)
	r := out.ResourcePolicy
	if *r.PolicyScope != logsapi.PolicyScopeResource || *r.ResourceArn != groupARN || *r.RevisionId != *out.RevisionId || *r.PolicyDocument != sampleDocument {
		t.Errorf("put answers %+v", r)
	}
	for name, revision := range map[string]*string{"none": nil, "another": ptr("x")} {
		if _, err := b.putGroupPolicy("p", revision); codeOf(err) != "OperationAbortedException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = b.putGroupPolicy("q", nil)
	b.fails(err, "LimitExceededException", "Resource limit exceeded.")
	again, err := b.putGroupPolicy("p", out.RevisionId)
	b.ok(err)
	if *again.RevisionId == *out.RevisionId {
		t.Error("a change keeps the revision")
	}
	del := &logsapi.DeleteResourcePolicyRequest{PolicyName: ptr("p"), ResourceArn: ptr(groupARN), ExpectedRevisionId: out.RevisionId}
	if _, err := b.DeleteResourcePolicy(b.ctx, del); codeOf(err) != "OperationAbortedException" {
		t.Errorf("deleting an older revision: %v", err)
	}
	del.ExpectedRevisionId = again.RevisionId
	_, err = b.DeleteResourcePolicy(b.ctx, del)
	b.ok(err)
	_, err = b.DeleteResourcePolicy(b.ctx, del)
	b.fails(err, "ResourceNotFoundException", "Policy with name [p] does not exist.")
}

func TestPoliciesAreListedByTheirScope(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createGroup("h", "")
	_, err := b.putPolicy("a", sampleDocument)
	b.ok(err)
	_, err = b.putGroupPolicy("p", nil)
	b.ok(err)
	for _, c := range []struct {
		in   logsapi.DescribeResourcePoliciesRequest
		want string
	}{
		{logsapi.DescribeResourcePoliciesRequest{}, "a"},
		{logsapi.DescribeResourcePoliciesRequest{PolicyScope: ptr(logsapi.PolicyScopeAccount)}, "a"},
		{logsapi.DescribeResourcePoliciesRequest{PolicyScope: ptr(logsapi.PolicyScopeResource)}, "p"},
		{logsapi.DescribeResourcePoliciesRequest{ResourceArn: ptr(groupARN)}, "p"},
		{logsapi.DescribeResourcePoliciesRequest{ResourceArn: ptr(groupARN + ":*")}, "p"},
		{logsapi.DescribeResourcePoliciesRequest{ResourceArn: ptr("arn:aws:logs:us-west-2:111122223333:log-group:h")}, ""},
	} {
		out, err := b.DescribeResourcePolicies(b.ctx, &c.in)
		b.ok(err)
		got := ""
		for _, r := range out.ResourcePolicies {
			got += *r.PolicyName
		}
		if got != c.want {
			t.Errorf("%+v lists %q, want %q", c.in, got, c.want)
		}
	}
	_, err = b.DescribeResourcePolicies(b.ctx, &logsapi.DescribeResourcePoliciesRequest{ResourceArn: ptr(groupARN + "x")})
	b.fails(err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = b.PutResourcePolicy(b.ctx, &logsapi.PutResourcePolicyRequest{PolicyName: ptr("p"), PolicyDocument: ptr(sampleDocument), ResourceArn: ptr("arn:aws:s3:::b")})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("the policy of a bucket: %v", err)
	}
}

func TestAGroupsPolicySpeaksForServicesThatPutIntoThatGroup(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"g", "h"} {
		b.createGroup(name, "")
		b.createStream(name, "s")
	}
	_, err := b.putGroupPolicy("p", nil)
	b.ok(err)
	service := api.AsService(b.ctx, "es.amazonaws.com", "arn:aws:es:us-west-2:111122223333:domain/d", "111122223333")
	statements := func() int {
		p := b.auth.asked[len(b.auth.asked)-1].Policy
		b.auth.asked = nil
		if p == nil {
			return 0
		}
		return len(p.Statements)
	}
	for group, want := range map[string]int{"g": 1, "h": 0} {
		b.auth.asked = nil
		_, err = b.PutLogEvents(service, &logsapi.PutLogEventsRequest{LogGroupName: group, LogStreamName: "s", LogEvents: inputs(b.now(), "b")})
		b.ok(err)
		if n := statements(); n != want {
			t.Errorf("putting into %s is judged by %d statements, want %d", group, n, want)
		}
	}
	_, err = b.DescribeLogStreams(service, &logsapi.DescribeLogStreamsRequest{LogGroupName: ptr("g")})
	b.ok(err)
	if n := statements(); n != 0 {
		t.Errorf("reading is judged by %d statements", n)
	}
}

func TestAGroupsPolicyGoesWithTheGroup(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	_, err := b.putGroupPolicy("p", nil)
	b.ok(err)
	_, err = b.DeleteLogGroup(b.ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: "g"})
	b.ok(err)
	b.createGroup("g", "")
	out, err := b.DescribeResourcePolicies(b.ctx, &logsapi.DescribeResourcePoliciesRequest{ResourceArn: ptr(groupARN)})
	b.ok(err)
	if len(out.ResourcePolicies) != 0 {
		t.Errorf("the new group has %+v", out.ResourcePolicies)
	}
}
