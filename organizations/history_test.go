package organizations

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/auth"
)

// asListed tells an account's levels by walking up with the operations that
// list: "root: policies; unit: policies; account: policies".
func (w *world) asListed(t *testing.T, account string, kind org.PolicyType) string {
	t.Helper()
	var levels []string
	for id := account; ; {
		policies := w.attachedTo(t, id, kind)
		slices.Sort(policies)
		levels = append(levels, id+": "+strings.Join(policies, " "))
		if kindOf(id) == aRoot {
			break
		}
		id = *must(w.ListParents(w.admin, &org.ListParentsRequest{ChildId: id}))(t).Parents[0].Id
	}
	slices.Reverse(levels)
	return strings.Join(levels, "; ")
}

// asEnforced tells the same of what package auth is given.
func asEnforced(levels []auth.Level) string {
	var out []string
	for _, l := range levels {
		var policies []string
		for _, o := range l.Origins {
			policies = append(policies, o.ARN[strings.LastIndex(o.ARN, "/")+1:])
		}
		slices.Sort(policies)
		out = append(out, l.Target+": "+strings.Join(policies, " "))
	}
	return strings.Join(out, "; ")
}

// Whatever is done to an organization, in whatever order, what is enforced is
// what its operations show.
func TestWhatIsEnforcedIsWhatIsListed(t *testing.T) {
	for seed := range int64(8) {
		r := rand.New(rand.NewSource(seed))
		w := newWorld(t)
		_, root := w.organization(t)
		w.enable(t, root, scp, rcp)
		accounts := []string{management, member, outsider}
		w.join(t, member)
		w.join(t, outsider)
		parents, policies := []string{root}, []string{"p-FullAWSAccess", "p-RCPFullAWSAccess"}
		for i := range 4 {
			policies = append(policies,
				w.policy(t, scp, fmt.Sprint("s", i), doc(allow(fmt.Sprintf("kms:A%d", i)))),
				w.policy(t, rcp, fmt.Sprint("r", i), doc(guard(fmt.Sprintf("kms:A%d", i), ""))))
		}
		pick := func(of []string) string { return of[r.Intn(len(of))] }
		for range 150 {
			w.step(r, pick, root, &parents, accounts, policies)
			account := pick(accounts)
			m := must(w.Member(context.Background(), account))(t)
			for kind, levels := range map[org.PolicyType][]auth.Level{scp: m.ServiceControl, rcp: m.ResourceControl} {
				if levels == nil {
					continue
				}
				if got, want := asEnforced(levels), w.asListed(t, account, kind); got != want {
					t.Fatalf("seed %d, %s of %s:\n got %s\nwant %s", seed, kind, account, got, want)
				}
			}
		}
	}
}

// step does something to an organization; that it may be refused is no matter.
func (w *world) step(r *rand.Rand, pick func([]string) string, root string, parents *[]string, accounts, policies []string) {
	targets := slices.Concat(*parents, accounts)
	switch r.Intn(7) {
	case 0:
		out, err := w.CreateOrganizationalUnit(w.admin, &org.CreateOrganizationalUnitRequest{ParentId: pick(*parents), Name: fmt.Sprint(r.Intn(5))})
		if err == nil {
			*parents = append(*parents, *out.OrganizationalUnit.Id)
		}
	case 1:
		id := pick(*parents)
		if errorOf(w.DeleteOrganizationalUnit(w.admin, &org.DeleteOrganizationalUnitRequest{OrganizationalUnitId: id})) == nil {
			*parents = slices.DeleteFunc(*parents, func(p string) bool { return p == id })
		}
	case 2:
		id := pick(accounts)
		from, err := w.ListParents(w.admin, &org.ListParentsRequest{ChildId: id})
		if err == nil {
			_, _ = w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: id, SourceParentId: *from.Parents[0].Id, DestinationParentId: pick(*parents)})
		}
	case 3, 4:
		_, _ = w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: pick(policies), TargetId: pick(targets)})
	case 5:
		_, _ = w.DetachPolicy(w.admin, &org.DetachPolicyRequest{PolicyId: pick(policies), TargetId: pick(targets)})
	case 6:
		if kind := []org.PolicyType{scp, rcp}[r.Intn(2)]; r.Intn(4) == 0 {
			_, _ = w.DisablePolicyType(w.admin, &org.DisablePolicyTypeRequest{RootId: root, PolicyType: kind})
			_, _ = w.EnablePolicyType(w.admin, &org.EnablePolicyTypeRequest{RootId: root, PolicyType: kind})
		}
	}
}

func TestConcurrentCallsKeepTheTreeWhole(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.enable(t, root, scp)
	w.Service.roles = nil // the book of roles is for one call at a time
	failures := make(chan error, 24)
	for i := range 8 {
		go func() { failures <- errorOf(w.create(fmt.Sprintf("a%d@example.com", i/2), fmt.Sprint("a", i))) }()
		go func() {
			failures <- errorOf(w.CreateOrganizationalUnit(w.admin, &org.CreateOrganizationalUnitRequest{ParentId: root, Name: fmt.Sprint("u", i)}))
		}()
		go func() { failures <- errorOf(w.DescribeOrganization(w.admin, &api.None{})) }()
	}
	for range 24 {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	accounts := must(w.ListAccounts(w.admin, &org.ListAccountsRequest{}))(t).Accounts
	units := must(w.ListOrganizationalUnitsForParent(w.admin, &org.ListOrganizationalUnitsForParentRequest{ParentId: root}))(t).OrganizationalUnits
	if len(accounts) != 5 || len(units) != 8 { // each address is used twice
		t.Errorf("%d accounts, %d units", len(accounts), len(units))
	}
}
