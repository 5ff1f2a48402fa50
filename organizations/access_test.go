package organizations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/auth"
)

// asked notes what it is asked, and allows all.
type asked []string

func (a *asked) Authorize(_ context.Context, r *auth.Request) error {
	*a = append(*a, r.Action+" "+r.Resource)
	return nil
}

func TestActionsAreAskedForTheirResources(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	unit := w.unit(t, root, "unit")
	w.join(t, member)
	w.enable(t, root, scp, rcp)
	own, guards := w.policy(t, scp, "own", doc(allow("*"))), w.policy(t, rcp, "guards", doc(guard("kms:*", "")))
	var notes asked
	w.authorizer = &notes
	base := "arn:aws:organizations::111122223333:"
	arn := func(kind, id string) string { return base + kind + "/" + *o.Id + "/" + id }
	aws := "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
	tags := []org.Tag{{Key: "a"}}

	for _, tt := range []struct {
		do   func() error
		want []string
	}{
		{func() error { return errorOf(w.DescribeOrganization(w.admin, &api.None{})) }, []string{"DescribeOrganization *"}},
		{func() error { return errorOf(w.ListAccounts(w.admin, &org.ListAccountsRequest{})) }, []string{"ListAccounts *"}},
		{func() error {
			return errorOf(w.DescribeAccount(w.admin, &org.DescribeAccountRequest{AccountId: member}))
		}, []string{"DescribeAccount " + arn("account", member)}},
		{func() error {
			return errorOf(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: own, TargetId: unit}))
		},
			[]string{"AttachPolicy " + arn("policy", "service_control_policy/"+own), "AttachPolicy " + arn("ou", unit)}},
		{func() error {
			return errorOf(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: guards, TargetId: root}))
		},
			[]string{"AttachPolicy " + strings.Replace(arn("policy", guards), guards, "resource_control_policy/"+guards, 1), "AttachPolicy " + arn("root", root)}},
		{func() error {
			return errorOf(w.DetachPolicy(w.admin, &org.DetachPolicyRequest{PolicyId: "p-FullAWSAccess", TargetId: unit}))
		},
			[]string{"DetachPolicy " + aws, "DetachPolicy " + arn("ou", unit)}},
		{func() error { return errorOf(w.DescribePolicy(w.admin, &org.DescribePolicyRequest{PolicyId: own})) },
			[]string{"DescribePolicy " + arn("policy", "service_control_policy/"+own)}},
		{func() error {
			return errorOf(w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: member, SourceParentId: root, DestinationParentId: unit}))
		}, []string{"MoveAccount " + arn("account", member), "MoveAccount " + arn("root", root), "MoveAccount " + arn("ou", unit)}},
		{func() error {
			return errorOf(w.CreateOrganizationalUnit(w.admin, &org.CreateOrganizationalUnitRequest{ParentId: root, Name: "x", Tags: tags}))
		}, []string{"CreateOrganizationalUnit " + arn("root", root), "TagResource " + arn("root", root)}},
		{func() error {
			return errorOf(w.CreatePolicy(w.admin, &org.CreatePolicyRequest{Name: "x", Type: scp, Content: doc(allow("*")), Tags: tags}))
		}, []string{"CreatePolicy *", "TagResource *"}},
		{func() error {
			return errorOf(w.TagResource(w.admin, &org.TagResourceRequest{ResourceId: unit, Tags: tags}))
		},
			[]string{"TagResource " + arn("ou", unit)}},
		{func() error { return errorOf(w.invite(outsider)) }, []string{"InviteAccountToOrganization " + arn("account", outsider)}},
	} {
		notes = nil
		wantError(t, tt.want[0], tt.do(), "")
		for i := range tt.want {
			tt.want[i] = "organizations:" + tt.want[i]
		}
		if !slices.Equal(notes, tt.want) {
			t.Errorf("asked %q\nexpected %q", notes, tt.want)
		}
	}
}

func TestConditionsSeePolicyTypeAndTags(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	unit := w.unit(t, root, "unit")
	must(w.TagResource(w.admin, &org.TagResourceRequest{ResourceId: unit, Tags: []org.Tag{{Key: "Team", Value: "red"}}}))(t)
	only := func(key, value string) string {
		return `{"Effect":"Allow","Action":"organizations:*","Resource":"*","Condition":{"StringEquals":{"` + key + `":"` + value + `"}}}`
	}
	byType := w.user(t, management, "type", only("organizations:PolicyType", "SERVICE_CONTROL_POLICY"))
	byTag := w.user(t, management, "tag", only("aws:ResourceTag/team", "red"))
	setter := w.user(t, management, "setter", only("aws:RequestTag/team", "blue"))
	describe := func(ctx context.Context, id string) error {
		return errorOf(w.DescribeOrganizationalUnit(ctx, &org.DescribeOrganizationalUnitRequest{OrganizationalUnitId: id}))
	}
	tag := func(value string) error {
		return errorOf(w.TagResource(setter, &org.TagResourceRequest{ResourceId: unit, Tags: []org.Tag{{Key: "team", Value: value}}}))
	}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"listing the type":       {errorOf(w.ListPolicies(byType, &org.ListPoliciesRequest{Filter: scp})), "no error of AWS"},
		"listing another":        {errorOf(w.ListPolicies(byType, &org.ListPoliciesRequest{Filter: rcp})), "AccessDeniedException"},
		"describing one":         {errorOf(w.DescribePolicy(byType, &org.DescribePolicyRequest{PolicyId: "p-FullAWSAccess"})), "no error of AWS"},
		"describing another":     {errorOf(w.DescribePolicy(byType, &org.DescribePolicyRequest{PolicyId: "p-RCPFullAWSAccess"})), "AccessDeniedException"},
		"a unit with the tag":    {describe(byTag, unit), "no error of AWS"},
		"one that is not there":  {describe(byTag, "ou-zzzz-zzzzzzzz"), "AccessDeniedException"},
		"setting the right tag":  {tag("blue"), "no error of AWS"},
		"setting a wrong tag":    {tag("green"), "AccessDeniedException"},
		"a resource without tag": {errorOf(w.ListParents(byTag, &org.ListParentsRequest{ChildId: management})), "AccessDeniedException"},
	} {
		if got := codeOf(tt.err); got != tt.want {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
}

func TestIdsTellWhatTheyName(t *testing.T) {
	for id, want := range map[string]kind{
		newRootID(): aRoot, newUnitID("r-ab12"): aUnit, newPolicyID(): aPolicy, newHandshakeID(): aHandshake, management: anAccount,
		"p-FullAWSAccess": aPolicy,
	} {
		if got := kindOf(id); got != want {
			t.Errorf("%s is a %s, expected %s", id, got, want)
		}
	}
	seen := map[string]bool{}
	for range 100 {
		id, err := newAccountID()
		if err != nil || len(id) != 12 || seen[id] {
			t.Fatal(id, err)
		}
		seen[id] = true
	}
	if a := fmt.Sprint(len(newCreationID()), len(newHandshakeID())); a != "36 34" {
		t.Errorf("lengths %s", a)
	}
}
