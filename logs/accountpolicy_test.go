package logs

import (
	"context"
	"strings"
	"testing"

	"sealstack/api/logsapi"
)

func TestSelectionCriteriaSelectLogGroups(t *testing.T) {
	for _, c := range []struct {
		text     string
		selected string // names, blank between
		left     string
		bad      bool
	}{
		{text: `LogGroupName NOT IN ["a", "b"]`, selected: "c ab /a", left: "a b"},
		{text: `  LogGroupName  NOT  IN["a"]`, selected: "b", left: "a"},
		{text: `LogGroupName NOT IN []`, selected: "a b"},
		{text: `LogGroupNamePrefix IN ["/aws/", "my"]`, selected: "/aws/x my-log", left: "aws m"},
		{text: `LogGroupNamePrefix = "my-log"`, selected: "my-log my-logger", left: "my"},
		{text: `LogGroupName IN ["a"]`, bad: true},
		{text: `LogGroupName NOT IN ["a"`, bad: true},
		{text: `LogGroupName NOT IN [""]`, bad: true},
		{text: `LogGroupName NOT IN ["a"] x`, bad: true},
		{text: `LogGroupNamePrefix IN []`, bad: true},
		{text: `LogGroupNamePrefix = a`, bad: true},
		{text: ``, bad: true},
	} {
		s, err := parseSelection(c.text)
		if (err != nil) != c.bad {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		for _, name := range strings.Fields(c.selected) {
			if !s.selects(name) {
				t.Errorf("%q leaves out %s", c.text, name)
			}
		}
		for _, name := range strings.Fields(c.left) {
			if s.selects(name) {
				t.Errorf("%q selects %s", c.text, name)
			}
		}
	}
}

// withPolicyKind has a type of account policies implemented for one test: any
// document but "bad" is right.
func withPolicyKind(t *testing.T, kind logsapi.PolicyType) {
	old := accountPolicyKinds[kind].check
	accountPolicyKinds[kind].check = func(_ *Service, _ context.Context, document string) error {
		if document == "bad" {
			return logsapi.InvalidParameterException("bad")
		}
		return nil
	}
	t.Cleanup(func() { accountPolicyKinds[kind].check = old })
}

func putPolicy(kind logsapi.PolicyType, name, selection string) *logsapi.PutAccountPolicyRequest {
	in := &logsapi.PutAccountPolicyRequest{PolicyName: name, PolicyType: kind, PolicyDocument: "{}"}
	if selection != "" {
		in.SelectionCriteria = &selection
	}
	return in
}

func TestAccountPoliciesArePutListedReplacedAndDeleted(t *testing.T) {
	withPolicyKind(t, logsapi.PolicyTypeTransformerPolicy)
	b := newBench(t)
	kind := logsapi.PolicyTypeTransformerPolicy
	out, err := b.PutAccountPolicy(b.ctx, putPolicy(kind, "p", `LogGroupNamePrefix = "a"`))
	b.ok(err)
	a := out.AccountPolicy
	if *a.PolicyName != "p" || *a.Scope != logsapi.ScopeAll || *a.AccountId != "111122223333" || *a.SelectionCriteria != `LogGroupNamePrefix = "a"` || *a.LastUpdatedTime != b.now() {
		t.Errorf("answered %+v", a)
	}
	_, err = b.PutAccountPolicy(b.ctx, putPolicy(kind, "q", `LogGroupNamePrefix = "b"`))
	b.ok(err)
	_, err = b.PutAccountPolicy(b.ctx, putPolicy(kind, "p", `LogGroupNamePrefix = "c"`))
	b.ok(err)
	list, err := b.DescribeAccountPolicies(b.ctx, &logsapi.DescribeAccountPoliciesRequest{PolicyType: kind})
	b.ok(err)
	if len(list.AccountPolicies) != 2 || *list.AccountPolicies[0].SelectionCriteria != `LogGroupNamePrefix = "c"` {
		t.Errorf("listed %+v", list.AccountPolicies)
	}
	list, err = b.DescribeAccountPolicies(b.ctx, &logsapi.DescribeAccountPoliciesRequest{PolicyType: kind, PolicyName: ptr("q")})
	b.ok(err)
	if len(list.AccountPolicies) != 1 || *list.AccountPolicies[0].PolicyName != "q" {
		t.Errorf("listed by name %+v", list.AccountPolicies)
	}
	_, err = b.DeleteAccountPolicy(b.ctx, &logsapi.DeleteAccountPolicyRequest{PolicyName: "p", PolicyType: kind})
	b.ok(err)
	_, err = b.DeleteAccountPolicy(b.ctx, &logsapi.DeleteAccountPolicyRequest{PolicyName: "p", PolicyType: kind})
	b.fails(err, "ResourceNotFoundException", "Policy with name [p] does not exist.")
}

func TestAccountPoliciesAreRefused(t *testing.T) {
	transformer, protection := logsapi.PolicyTypeTransformerPolicy, logsapi.PolicyTypeDataProtectionPolicy
	withPolicyKind(t, transformer)
	withPolicyKind(t, protection)
	b := newBench(t)
	_, err := b.PutAccountPolicy(b.ctx, putPolicy(transformer, "first", `LogGroupNamePrefix = "app"`))
	b.ok(err)
	_, err = b.PutAccountPolicy(b.ctx, putPolicy(protection, "one", ""))
	b.ok(err)
	for name, c := range map[string]struct {
		in            *logsapi.PutAccountPolicyRequest
		code, message string
	}{
		"no name":              {putPolicy(transformer, "", ""), "InvalidParameterException", "The policy name must have between 1 and 256 characters."},
		"a reserved name":      {putPolicy(transformer, "AWS/x", ""), "InvalidParameterException", "The policy name must not start with aws/."},
		"no such criterion":    {putPolicy(protection, "one", `LogGroupNamePrefix = "a"`), "InvalidParameterException", "selectionCriteria is not valid for policies of type DATA_PROTECTION_POLICY."},
		"another's criterion":  {putPolicy(transformer, "x", `LogGroupName NOT IN ["a"]`), "InvalidParameterException", `Invalid selection criteria: LogGroupName NOT IN ["a"]`},
		"an overlapping one":   {putPolicy(transformer, "x", `LogGroupNamePrefix = "application"`), "InvalidParameterException", "The selection criteria overlap those of the policy first."},
		"a second one":         {putPolicy(protection, "two", ""), "LimitExceededException", "Resource limit exceeded."},
		"retention":            {putPolicy(logsapi.PolicyTypeRetentionPolicy, "r", ""), "NotImplemented", "logs:PutAccountPolicy of type RETENTION_POLICY is not implemented by Sealstack."},
		"a document too long":  {&logsapi.PutAccountPolicyRequest{PolicyName: "x", PolicyType: transformer, PolicyDocument: strings.Repeat("x", 30721)}, "InvalidParameterException", "The policy document must not be longer than 30720 bytes."},
		"a bad document":       {&logsapi.PutAccountPolicyRequest{PolicyName: "x", PolicyType: transformer, PolicyDocument: "bad"}, "InvalidParameterException", "bad"},
		"a dry run of another": {&logsapi.PutAccountPolicyRequest{PolicyName: "x", PolicyType: transformer, DryRun: ptr(true)}, "InvalidParameterException", "dryRun is valid for policies of type RETENTION_POLICY only."},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			_, err := b.PutAccountPolicy(b.ctx, c.in)
			b.fails(err, c.code, c.message)
		})
	}
}

func TestAccountPoliciesNeedBothPermissions(t *testing.T) {
	withPolicyKind(t, logsapi.PolicyTypeTransformerPolicy)
	b := newBench(t)
	_, err := b.PutAccountPolicy(b.ctx, putPolicy(logsapi.PolicyTypeTransformerPolicy, "p", ""))
	b.ok(err)
	for _, action := range []string{"PutAccountPolicy", "PutTransformer", "DeleteAccountPolicy", "DeleteTransformer", "DescribeAccountPolicies"} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		var err error
		switch {
		case strings.HasPrefix(action, "Put"):
			_, err = b.PutAccountPolicy(b.ctx, putPolicy(logsapi.PolicyTypeTransformerPolicy, "p", ""))
		case strings.HasPrefix(action, "Delete"):
			_, err = b.DeleteAccountPolicy(b.ctx, &logsapi.DeleteAccountPolicyRequest{PolicyName: "p", PolicyType: logsapi.PolicyTypeTransformerPolicy})
		default:
			_, err = b.DescribeAccountPolicies(b.ctx, &logsapi.DescribeAccountPoliciesRequest{PolicyType: logsapi.PolicyTypeTransformerPolicy})
		}
		b.fails(err, "AccessDeniedException", "denied logs:"+action)
	}
}

func TestAnAccountPolicyIsInForceForWhatItSelects(t *testing.T) {
	for _, c := range []struct {
		selection *string
		group     string
		want      bool
	}{
		{nil, "g", true},
		{ptr(`LogGroupName NOT IN ["g"]`), "g", false},
		{ptr(`LogGroupName NOT IN ["g"]`), "h", true},
		{ptr(`broken`), "g", false},
	} {
		if got := (&accountPolicy{Selection: c.selection}).covers(c.group); got != c.want {
			t.Errorf("%v on %s: %v", c.selection, c.group, got)
		}
	}
}
