package organizations

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
)

func TestAnOrganizationIsMadeOnce(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	if !regexp.MustCompile(`^o-[a-z0-9]{10}$`).MatchString(*o.Id) || !regexp.MustCompile(`^r-[a-z0-9]{4}$`).MatchString(root) {
		t.Errorf("ids %s, %s", *o.Id, root)
	}
	if *o.Arn != "arn:aws:organizations::111122223333:organization/"+*o.Id || *o.FeatureSet != "ALL" ||
		*o.MasterAccountArn != "arn:aws:organizations::111122223333:account/"+*o.Id+"/111122223333" ||
		len(o.AvailablePolicyTypes) != 1 || *o.AvailablePolicyTypes[0].Type != scp {
		t.Errorf("made %+v", o)
	}
	run(t, []step{
		{"again", func() error { return errorOf(w.CreateOrganization(w.admin, &org.CreateOrganizationRequest{})) },
			"AlreadyInOrganizationException: The AWS account is already a member of an organization."},
		{"by a member", func() error {
			w.join(t, member)
			return errorOf(w.CreateOrganization(rootOf(member), &org.CreateOrganizationRequest{}))
		}, "AlreadyInOrganizationException: The AWS account is already a member of an organization."},
		{"another's", func() error { return errorOf(w.CreateOrganization(rootOf(outsider), &org.CreateOrganizationRequest{})) }, ""},
	})
}

func TestConsolidatedBillingHasNoPolicies(t *testing.T) {
	w := newWorld(t)
	o := must(w.CreateOrganization(w.admin, &org.CreateOrganizationRequest{FeatureSet: new(org.OrganizationFeatureSetConsolidatedBilling)}))(t).Organization
	if *o.FeatureSet != "CONSOLIDATED_BILLING" || len(o.AvailablePolicyTypes) != 0 {
		t.Errorf("made %+v", o)
	}
	root := *must(w.ListRoots(w.admin, &org.ListRootsRequest{}))(t).Roots[0].Id
	const unavailable = "PolicyTypeNotAvailableForOrganizationException: You can't use the specified policy type with the feature set currently enabled for this organization."
	run(t, []step{
		{"enable", func() error {
			return errorOf(w.EnablePolicyType(w.admin, &org.EnablePolicyTypeRequest{RootId: root, PolicyType: scp}))
		}, unavailable},
		{"create", func() error {
			return errorOf(w.CreatePolicy(w.admin, &org.CreatePolicyRequest{Name: "a", Type: scp, Content: doc(allow("*"))}))
		}, unavailable},
		{"attach", func() error {
			return errorOf(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: "p-FullAWSAccess", TargetId: root}))
		},
			"PolicyTypeNotEnabledException: This operation can be performed only for enabled policy types."},
	})
	if all := must(w.ListPolicies(w.admin, &org.ListPoliciesRequest{Filter: scp}))(t).Policies; len(all) != 0 {
		t.Errorf("policies %+v", all)
	}
}

func TestAnOrganizationIsDeletedWithAllThatItHas(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.join(t, member)
	w.enable(t, root, scp)
	id := w.policy(t, scp, "a", doc(allow("*")), w.unit(t, root, "unit"))
	pending := *must(w.invite(outsider))(t).Handshake.Id
	del := func() error { return errorOf(w.DeleteOrganization(w.admin, &api.None{})) }
	run(t, []step{
		{"with a member", del, "OrganizationNotEmptyException: To delete an organization you must first remove all member accounts (except the master)."},
		{"the member leaves", func() error { return errorOf(w.LeaveOrganization(rootOf(member), &api.None{})) }, ""},
		{"alone", del, ""},
		{"again", del, "AWSOrganizationsNotInUseException: Your account is not a member of an organization."},
		{"its invitation", func() error {
			return errorOf(w.AcceptHandshake(rootOf(outsider), &org.AcceptHandshakeRequest{HandshakeId: pending}))
		},
			"HandshakeNotFoundException: You specified a handshake that doesn't exist."},
	})
	w.organization(t)
	wantError(t, "its policy", errorOf(w.DescribePolicy(w.admin, &org.DescribePolicyRequest{PolicyId: id})),
		"PolicyNotFoundException: You specified a policy that doesn't exist.")
}

func TestPolicyTypesAreSwitched(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.join(t, member)
	unit := w.unit(t, root, "unit")
	enable := func(root string, kind org.PolicyType) func() error {
		return func() error {
			return errorOf(w.EnablePolicyType(w.admin, &org.EnablePolicyTypeRequest{RootId: root, PolicyType: kind}))
		}
	}
	disable := func(root string, kind org.PolicyType) func() error {
		return func() error {
			return errorOf(w.DisablePolicyType(w.admin, &org.DisablePolicyTypeRequest{RootId: root, PolicyType: kind}))
		}
	}
	run(t, []step{
		{"disable first", disable(root, scp), "PolicyTypeNotEnabledException: This operation can be performed only for enabled policy types."},
		{"no root", enable("r-zzzz", scp), "RootNotFoundException: You specified a root that doesn't exist."},
		{"a unit", enable(unit, scp), "RootNotFoundException: You specified a root that doesn't exist."},
		{"enable", enable(root, scp), ""},
		{"again", enable(root, scp), "PolicyTypeAlreadyEnabledException: The specified policy type is already enabled."},
		{"the other", enable(root, rcp), ""},
		{"one that decides nothing", enable(root, org.PolicyTypeTagPolicy), "NotImplemented: organizations:EnablePolicyType of TAG_POLICY is not implemented by Sealstack."},
	})
	shown := must(w.ListRoots(w.admin, &org.ListRootsRequest{}))(t).Roots[0]
	if *shown.Name != "Root" || len(shown.PolicyTypes) != 2 || *shown.PolicyTypes[1].Type != rcp || *shown.PolicyTypes[1].Status != "ENABLED" {
		t.Errorf("root %+v", shown)
	}
	own := w.policy(t, scp, "own", doc(allow("*")), unit)
	for _, target := range []string{root, unit, member, management} {
		if got := w.attachedTo(t, target, rcp); !slices.Equal(got, []string{"p-RCPFullAWSAccess"}) {
			t.Errorf("%s has %v", target, got)
		}
	}
	run(t, []step{{"disable", disable(root, scp), ""}})
	for _, target := range []string{root, unit, member} {
		if got := w.attachedTo(t, target, scp); len(got) != 0 {
			t.Errorf("%s still has %v", target, got)
		}
	}
	run(t, []step{{"enable anew", enable(root, scp), ""}})
	if got := w.attachedTo(t, unit, scp); !slices.Equal(got, []string{"p-FullAWSAccess"}) {
		t.Errorf("anew: %v", got)
	}
	must(w.DescribePolicy(w.admin, &org.DescribePolicyRequest{PolicyId: own}))(t)
}

func (w *world) attachedTo(t testing.TB, target string, kind org.PolicyType) (ids []string) {
	t.Helper()
	for _, p := range must(w.ListPoliciesForTarget(w.admin, &org.ListPoliciesForTargetRequest{TargetId: target, Filter: kind}))(t).Policies {
		ids = append(ids, *p.Id)
	}
	return ids
}

func TestUnitsMakeATree(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	create := func(parent, name string) func() error {
		return func() error {
			return errorOf(w.CreateOrganizationalUnit(w.admin, &org.CreateOrganizationalUnitRequest{ParentId: parent, Name: name}))
		}
	}
	made := must(w.CreateOrganizationalUnit(w.admin, &org.CreateOrganizationalUnitRequest{ParentId: root, Name: "first"}))(t).OrganizationalUnit
	if !regexp.MustCompile(`^ou-`+strings.TrimPrefix(root, "r-")+`-[a-z0-9]{8}$`).MatchString(*made.Id) ||
		*made.Arn != "arn:aws:organizations::111122223333:ou/"+*o.Id+"/"+*made.Id || *made.Path != *o.Id+"/"+root+"/"+*made.Id+"/" {
		t.Errorf("made %+v", made)
	}
	deepest := *made.Id
	for i := range 4 {
		deepest = w.unit(t, deepest, fmt.Sprint("level", i))
	}
	update := func(id string, name *string) func() error {
		return func() error {
			return errorOf(w.UpdateOrganizationalUnit(w.admin, &org.UpdateOrganizationalUnitRequest{OrganizationalUnitId: id, Name: name}))
		}
	}
	del := func(id string) func() error {
		return func() error {
			return errorOf(w.DeleteOrganizationalUnit(w.admin, &org.DeleteOrganizationalUnitRequest{OrganizationalUnitId: id}))
		}
	}
	const noUnit = "OrganizationalUnitNotFoundException: You specified an organizational unit that doesn't exist."
	second := w.unit(t, root, "second")
	run(t, []step{
		{"same name", create(root, "first"), "DuplicateOrganizationalUnitException: An OU with the same name already exists."},
		{"same name elsewhere", create(second, "first"), ""},
		{"no parent", create("ou-zzzz-zzzzzzzz", "a"), "ParentNotFoundException: You specified a parent that doesn't exist."},
		{"an account as parent", create(management, "a"), "ParentNotFoundException: You specified a parent that doesn't exist."},
		{"too deep", create(deepest, "sixth"), "ConstraintViolationException: You have exceeded the maximum organizational unit depth. [OU_DEPTH_LIMIT_EXCEEDED]"},
		{"describe none", func() error {
			return errorOf(w.DescribeOrganizationalUnit(w.admin, &org.DescribeOrganizationalUnitRequest{OrganizationalUnitId: root}))
		}, noUnit},
		{"rename to a sibling's", update(second, new("first")), "DuplicateOrganizationalUnitException: An OU with the same name already exists."},
		{"rename to itself", update(second, new("second")), ""},
		{"rename nothing", update(second, nil), ""},
		{"rename none", update("ou-zzzz-zzzzzzzz", new("a")), noUnit},
		{"rename", update(second, new("other")), ""},
		{"delete one with units", del(*made.Id), "OrganizationalUnitNotEmptyException: You must remove all accounts and organizational units from this organizational unit before deleting it."},
		{"delete none", del("ou-zzzz-zzzzzzzz"), noUnit},
		{"delete", del(deepest), ""},
		{"delete again", del(deepest), noUnit},
		{"move an account in", func() error {
			return errorOf(w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: management, SourceParentId: root, DestinationParentId: second}))
		}, ""},
		{"delete one with an account", del(second), "OrganizationalUnitNotEmptyException: You must remove all accounts and organizational units from this organizational unit before deleting it."},
	})
	if got := must(w.DescribeOrganizationalUnit(w.admin, &org.DescribeOrganizationalUnitRequest{OrganizationalUnitId: second}))(t).OrganizationalUnit; *got.Name != "other" {
		t.Errorf("renamed to %s", *got.Name)
	}
}

func TestTheTreeIsWalked(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	unit := w.unit(t, root, "unit")
	inner := w.unit(t, unit, "inner")
	w.join(t, member)
	must(w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: member, SourceParentId: root, DestinationParentId: inner}))(t)

	children := func(parent string, kind org.ChildType) (ids []string) {
		for _, c := range must(w.ListChildren(w.admin, &org.ListChildrenRequest{ParentId: parent, ChildType: kind}))(t).Children {
			if *c.Type != kind {
				t.Errorf("%s below %s is a %s", *c.Id, parent, *c.Type)
			}
			ids = append(ids, *c.Id)
		}
		return ids
	}
	for _, tt := range []struct {
		parent string
		kind   org.ChildType
		want   []string
	}{
		{root, org.ChildTypeAccount, []string{management}},
		{root, org.ChildTypeOrganizationalUnit, []string{unit}},
		{unit, org.ChildTypeOrganizationalUnit, []string{inner}},
		{unit, org.ChildTypeAccount, nil},
		{inner, org.ChildTypeAccount, []string{member}},
	} {
		if got := children(tt.parent, tt.kind); !slices.Equal(got, tt.want) {
			t.Errorf("%s below %s: %v, expected %v", tt.kind, tt.parent, got, tt.want)
		}
	}
	for child, want := range map[string]string{member: inner + " ORGANIZATIONAL_UNIT", inner: unit + " ORGANIZATIONAL_UNIT", unit: root + " ROOT", management: root + " ROOT"} {
		got := must(w.ListParents(w.admin, &org.ListParentsRequest{ChildId: child}))(t).Parents
		if len(got) != 1 || *got[0].Id+" "+string(*got[0].Type) != want {
			t.Errorf("parent of %s: %+v, expected %s", child, got, want)
		}
	}
	if got := must(w.ListAccountsForParent(w.admin, &org.ListAccountsForParentRequest{ParentId: inner}))(t).Accounts; len(got) != 1 || *got[0].Id != member {
		t.Errorf("accounts %+v", got)
	}
	if got := must(w.ListOrganizationalUnitsForParent(w.admin, &org.ListOrganizationalUnitsForParentRequest{ParentId: unit}))(t).OrganizationalUnits; len(got) != 1 || *got[0].Name != "inner" {
		t.Errorf("units %+v", got)
	}
	const noParent = "ParentNotFoundException: You specified a parent that doesn't exist."
	run(t, []step{
		{"children of none", func() error {
			return errorOf(w.ListChildren(w.admin, &org.ListChildrenRequest{ParentId: "r-zzzz", ChildType: org.ChildTypeAccount}))
		}, noParent},
		{"accounts of none", func() error {
			return errorOf(w.ListAccountsForParent(w.admin, &org.ListAccountsForParentRequest{ParentId: "r-zzzz"}))
		}, noParent},
		{"units of none", func() error {
			return errorOf(w.ListOrganizationalUnitsForParent(w.admin, &org.ListOrganizationalUnitsForParentRequest{ParentId: "r-zzzz"}))
		}, noParent},
		{"parent of none", func() error { return errorOf(w.ListParents(w.admin, &org.ListParentsRequest{ChildId: outsider})) },
			"ChildNotFoundException: You specified a child that doesn't exist."},
		{"parent of the root", func() error { return errorOf(w.ListParents(w.admin, &org.ListParentsRequest{ChildId: root})) },
			"ChildNotFoundException: You specified a child that doesn't exist."},
	})
}

func TestListsComeInPages(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	var made, got []string
	for i := range 7 {
		made = append(made, w.unit(t, root, fmt.Sprint("unit", i)))
	}
	in := &org.ListOrganizationalUnitsForParentRequest{ParentId: root, MaxResults: new(int32(3))}
	pages := 0
	for ; ; pages++ {
		out := must(w.ListOrganizationalUnitsForParent(w.admin, in))(t)
		for _, u := range out.OrganizationalUnits {
			got = append(got, *u.Id)
		}
		if in.NextToken = out.NextToken; out.NextToken == nil {
			break
		}
		wantError(t, "the token elsewhere", errorOf(w.ListAccounts(w.admin, &org.ListAccountsRequest{NextToken: in.NextToken})),
			"InvalidInputException: You provided an invalid next token. [INVALID_NEXT_TOKEN]")
	}
	slices.Sort(made)
	if pages != 2 || !slices.Equal(got, made) {
		t.Errorf("%d pages more, %v, expected %v", pages, got, made)
	}
}
