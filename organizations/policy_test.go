package organizations

import (
	"fmt"
	"strings"
	"testing"

	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

const (
	noPolicyYet = "PolicyNotFoundException: You specified a policy that doesn't exist."
	immutable   = "InvalidInputException: You specified a policy that is managed by AWS and can't be modified. [IMMUTABLE_POLICY]"
	taken       = "A policy with the specified name and type already exists."
	badDocument = "MalformedPolicyDocumentException: The provided policy document does not meet the requirements of the specified policy type."
)

func TestPoliciesAreMadeChangedAndDeleted(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	text := doc(allow("kms:*"))
	create := func(kind org.PolicyType, name, text string) func() error {
		return func() error {
			return errorOf(w.CreatePolicy(w.admin, &org.CreatePolicyRequest{Name: name, Description: "d", Type: kind, Content: text}))
		}
	}
	made := must(w.CreatePolicy(w.admin, &org.CreatePolicyRequest{Name: "a", Description: "d", Type: scp, Content: text}))(t).Policy
	id := *made.PolicySummary.Id
	if s := made.PolicySummary; *s.Arn != "arn:aws:organizations::111122223333:policy/"+*o.Id+"/service_control_policy/"+id ||
		*s.AwsManaged || *s.Description != "d" || *made.Content != text {
		t.Errorf("made %+v", s)
	}
	b := w.policy(t, scp, "b", text)
	update := func(in org.UpdatePolicyRequest) func() error {
		return func() error { return errorOf(w.UpdatePolicy(w.admin, &in)) }
	}
	del := func(id string) func() error {
		return func() error { return errorOf(w.DeletePolicy(w.admin, &org.DeletePolicyRequest{PolicyId: id})) }
	}
	describe := func(id string) func() error {
		return func() error { return errorOf(w.DescribePolicy(w.admin, &org.DescribePolicyRequest{PolicyId: id})) }
	}
	attach := func(id, target string) func() error {
		return func() error {
			return errorOf(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: id, TargetId: target}))
		}
	}
	run(t, []step{
		{"same name", create(scp, "a", text), "DuplicatePolicyException: " + taken},
		{"AWS's name", create(scp, "FullAWSAccess", text), "DuplicatePolicyException: " + taken},
		{"same name, other type", create(rcp, "a", doc(guard("kms:*", ""))), ""},
		{"no policy", create(scp, "c", "{}"), badDocument},
		{"another type", create(org.PolicyTypeBackupPolicy, "c", "{}"), "NotImplemented: organizations:CreatePolicy of BACKUP_POLICY is not implemented by Sealstack."},
		{"update none", update(org.UpdatePolicyRequest{PolicyId: "p-00000000"}), noPolicyYet},
		{"update AWS's", update(org.UpdatePolicyRequest{PolicyId: "p-FullAWSAccess"}), immutable},
		{"to another's name", update(org.UpdatePolicyRequest{PolicyId: id, Name: new("b")}), "DuplicatePolicyException: " + taken},
		{"to no policy", update(org.UpdatePolicyRequest{PolicyId: id, Content: new("no")}), badDocument},
		{"update", update(org.UpdatePolicyRequest{PolicyId: id, Name: new("n"), Description: new("e"), Content: new(doc(deny("s3:*")))}), ""},
		{"attach while the type is off", attach(id, root), "PolicyTypeNotEnabledException: This operation can be performed only for enabled policy types."},
		{"enable", func() error { w.enable(t, root, scp); return nil }, ""},
		{"attach", attach(id, root), ""},
		{"delete while attached", del(id), "PolicyInUseException: This policy is attached to one or more organizational units, accounts or roots."},
		{"delete none", del("p-00000000"), noPolicyYet},
		{"delete AWS's", del("p-FullAWSAccess"), immutable},
		{"delete", del(b), ""},
		{"describe none", describe(b), noPolicyYet},
		{"describe AWS's", describe("p-RCPFullAWSAccess"), ""},
	})
	got := must(w.DescribePolicy(w.admin, &org.DescribePolicyRequest{PolicyId: id}))(t).Policy
	if *got.PolicySummary.Name != "n" || *got.PolicySummary.Description != "e" || *got.Content != doc(deny("s3:*")) {
		t.Errorf("updated to %+v, %s", got.PolicySummary, *got.Content)
	}
	names := ""
	for _, p := range must(w.ListPolicies(w.admin, &org.ListPoliciesRequest{Filter: rcp}))(t).Policies {
		names += fmt.Sprint(*p.Name, " ", *p.AwsManaged, ";")
	}
	if !strings.Contains(names, "RCPFullAWSAccess true;") || !strings.Contains(names, "a false;") || strings.Count(names, ";") != 2 {
		t.Errorf("resource control policies: %s", names)
	}
	if all := must(w.ListPolicies(w.admin, &org.ListPoliciesRequest{Filter: org.PolicyTypeTagPolicy}))(t).Policies; len(all) != 0 {
		t.Errorf("tag policies %+v", all)
	}
}

func TestAttachmentsHaveLimits(t *testing.T) {
	for kind, text := range map[org.PolicyType]string{scp: doc(allow("*")), rcp: doc(guard("kms:*", ""))} {
		w := newWorld(t)
		_, root := w.organization(t)
		w.enable(t, root, kind)
		attach := func(id, target string) func() error {
			return func() error {
				return errorOf(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: id, TargetId: target}))
			}
		}
		detach := func(id, target string) func() error {
			return func() error {
				return errorOf(w.DetachPolicy(w.admin, &org.DetachPolicyRequest{PolicyId: id, TargetId: target}))
			}
		}
		var last string
		for i := 1; i < limitsOf[kind].attached; i++ {
			last = w.policy(t, kind, fmt.Sprint("p", i), text, management)
		}
		more := w.policy(t, kind, "more", text)
		run(t, []step{
			{"again", attach(last, management), "DuplicatePolicyAttachmentException: " + taken},
			{"one more", attach(more, management), "ConstraintViolationException: You have attached the maximum number of policies to the specified target. [MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED]"},
			{"elsewhere", attach(more, root), ""},
			{"no policy", attach("p-00000000", root), noPolicyYet},
			{"no target", attach(more, outsider), "TargetNotFoundException: You specified a target that doesn't exist."},
			{"detach what is not there", detach(last, root), "PolicyNotAttachedException: The policy is not attached to the specified target."},
			{"detach none", detach("p-00000000", root), noPolicyYet},
			{"detach from none", detach(more, outsider), "TargetNotFoundException: You specified a target that doesn't exist."},
			{"detach", detach(last, management), ""},
			{"then one more", attach(more, management), ""},
		})
		if kind == rcp {
			wantError(t, "AWS's stays", detach("p-RCPFullAWSAccess", root)(), "InvalidInputException: You can't detach this AWS Managed Policy. [NON_DETACHABLE_POLICY]")
			continue
		}
		run(t, []step{
			{"AWS's goes", detach("p-FullAWSAccess", root), ""},
			{"the last stays", detach(more, root), "ConstraintViolationException: You cannot remove the last policy attached to the specified target. You must have at least one attached at all times. [MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED]"},
		})
	}
}

func TestServiceControlPoliciesMayBeTenAndResourceControlPoliciesFive(t *testing.T) {
	if limitsOf[scp].attached != 10 || limitsOf[scp].size != 10_240 || limitsOf[rcp].attached != 5 || limitsOf[rcp].size != 5120 {
		t.Errorf("%+v", limitsOf)
	}
}

func TestTargetsOfAPolicy(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	unit := w.unit(t, root, "unit")
	w.enable(t, root, scp)
	id := w.policy(t, scp, "p", doc(allow("*")), root, unit, management)
	got := must(w.ListTargetsForPolicy(w.admin, &org.ListTargetsForPolicyRequest{PolicyId: id}))(t).Targets
	want := map[string]string{root: "ROOT root Root", unit: "ORGANIZATIONAL_UNIT ou unit", management: "ACCOUNT account "}
	for _, target := range got {
		text := want[*target.TargetId]
		delete(want, *target.TargetId)
		words := strings.SplitN(text, " ", 3)
		if string(*target.Type) != words[0] || deref(target.Name) != words[2] ||
			*target.Arn != "arn:aws:organizations::111122223333:"+words[1]+"/"+*o.Id+"/"+*target.TargetId {
			t.Errorf("%+v, expected %s", target, text)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing %v", want)
	}
	run(t, []step{
		{"no policy", func() error {
			return errorOf(w.ListTargetsForPolicy(w.admin, &org.ListTargetsForPolicyRequest{PolicyId: "p-00000000"}))
		}, noPolicyYet},
		{"no target", func() error {
			return errorOf(w.ListPoliciesForTarget(w.admin, &org.ListPoliciesForTargetRequest{TargetId: outsider, Filter: scp}))
		}, "TargetNotFoundException: You specified a target that doesn't exist."},
	})
}

func TestDocumentsKeepToTheirLanguage(t *testing.T) {
	const size = "ConstraintViolationException: You have exceeded the maximum policy size. [POLICY_CONTENT_LIMIT_EXCEEDED]"
	fill := func(text string, length int) string { return text + strings.Repeat("\n", length-len(text)) }
	deny := deny("kms:*")
	for _, tt := range []struct {
		name string
		kind org.PolicyType
		text string
		want string
	}{
		{"allow", scp, doc(allow("*")), ""},
		{"deny with a condition", scp, doc(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-central-1"}}}`), ""},
		{"allow with NotAction and NotResource", scp, doc(`{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::b/*"}`), ""},
		{"one statement without a list", scp, `{"Version":"2012-10-17","Statement":` + deny + `}`, ""},
		{"as long as may be", scp, fill(doc(deny), 10_240), ""},
		{"too long, by white space", scp, fill(doc(deny), 10_241), size},
		{"a principal", scp, doc(guard("kms:*", "")), badDocument},
		{"a NotPrincipal", scp, doc(`{"Effect":"Deny","NotPrincipal":"*","Action":"*","Resource":"*"}`), badDocument},
		{"no resource", scp, doc(`{"Effect":"Deny","Action":"*"}`), badDocument},
		{"no version", scp, `{"Statement":` + deny + `}`, badDocument},
		{"the old version", scp, `{"Version":"2008-10-17","Statement":` + deny + `}`, badDocument},
		{"no JSON", scp, "{", badDocument},

		{"deny", rcp, doc(guard("kms:*", "")), ""},
		{"several services", rcp, doc(`{"Effect":"Deny","Principal":"*","Action":["s3:Get*","kms:Decrypt"],"NotResource":"arn:aws:s3:::b"}`), ""},
		{"as long as may be", rcp, fill(doc(guard("kms:*", "")), 5120), ""},
		{"too long", rcp, fill(doc(guard("kms:*", "")), 5121), size},
		{"allow", rcp, doc(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`), badDocument},
		{"allow beside deny", rcp, doc(guard("kms:*", ""), `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`), badDocument},
		{"no principal", rcp, doc(deny), badDocument},
		{"an account", rcp, doc(`{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}`), badDocument},
		{"everyone in AWS", rcp, doc(`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}`), badDocument},
		{"NotPrincipal", rcp, doc(`{"Effect":"Deny","NotPrincipal":"*","Action":"kms:*","Resource":"*"}`), badDocument},
		{"NotAction", rcp, doc(`{"Effect":"Deny","Principal":"*","NotAction":"kms:*","Resource":"*"}`), badDocument},
		{"NotAction without a list", rcp, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","NotAction":"kms:*","Resource":"*"}}`, badDocument},
		{"all actions", rcp, doc(guard("*", "")), badDocument},
		{"all services", rcp, doc(guard("*:Decrypt", "")), badDocument},
		{"no resource", rcp, doc(`{"Effect":"Deny","Principal":"*","Action":"kms:*"}`), badDocument},
	} {
		wantError(t, string(tt.kind)+", "+tt.name, checkDocument(tt.kind, tt.text), tt.want)
	}
}

func TestPoliciesOfAWSAreWellFormed(t *testing.T) {
	for id, p := range awsPolicies {
		if _, err := compile(p.Type, p.Content); err != nil || p.ID != id || fullAccess[p.Type] != id {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestAnOrganizationHoldsSoManyPoliciesAndUnits(t *testing.T) {
	w := newWorld(t)
	made, root := w.organization(t)
	fill := func(tx storage.Tx) error {
		o, err := load(tx, *made.Id)
		for i := range maxUnits {
			id := newUnitID(o.Root)
			o.Nodes[id] = &node{ID: id, Parent: o.Root, Name: fmt.Sprint(i)}
		}
		for i := range limitsOf[rcp].policies {
			p := policyRecord{ID: newPolicyID(), Type: rcp, Name: fmt.Sprint(i)}
			err = firstError(err, policies.Put(tx, storage.K(o.ID, p.ID), p))
		}
		return firstError(err, o.save(tx))
	}
	if err := w.update(w.admin, fill); err != nil {
		t.Fatal(err)
	}
	create := func(kind org.PolicyType, text string) func() error {
		return func() error {
			return errorOf(w.CreatePolicy(w.admin, &org.CreatePolicyRequest{Name: "one more", Type: kind, Content: text}))
		}
	}
	run(t, []step{
		{"a policy", create(rcp, doc(guard("kms:*", ""))), "ConstraintViolationException: You have exceeded the number of policies that you can have in an organization. [POLICY_NUMBER_LIMIT_EXCEEDED]"},
		{"of the other type", create(scp, doc(deny("kms:*"))), ""},
		{"a unit", func() error {
			return errorOf(w.CreateOrganizationalUnit(w.admin, &org.CreateOrganizationalUnitRequest{ParentId: root, Name: "one more"}))
		}, "ConstraintViolationException: You have exceeded the number of OUs that you can have in an organization. [OU_NUMBER_LIMIT_EXCEEDED]"},
	})
}
