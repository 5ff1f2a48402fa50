package organizations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
	org "sealstack/api/organizationsapi"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
	"sealstack/storage/bolt"
)

// decrypt asks whether the caller may use a key of an account whose policy
// leaves the decision to that account and to another.
func (w *world) decrypt(t testing.TB, ctx context.Context, owner string, others ...string) error {
	t.Helper()
	principals := `"` + strings.Join(append(others, owner), `","`) + `"`
	key := must(policy.Parse(policy.KeyPolicy, []byte(doc(`{"Effect":"Allow","Principal":{"AWS":[`+principals+`]},"Action":"kms:*","Resource":"*"}`))))(t)
	return w.auth.Authorize(ctx, &auth.Request{
		Service: kmsapi.Service, Action: "kms:Decrypt", Resource: "arn:aws:kms:us-east-1:" + owner + ":key/k",
		Account: owner, Policy: key, Gate: true,
	})
}

const (
	noSCP     = "AccessDeniedException: User: %s is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:%s:key/k because no service control policy allows the kms:Decrypt action"
	deniedSCP = "AccessDeniedException: User: %s is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:%s:key/k with an explicit deny in a service control policy"
	deniedRCP = "AccessDeniedException: User: %s is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:%s:key/k with an explicit deny in a resource control policy"
)

func userARN(account, name string) string { return "arn:aws:iam::" + account + ":user/" + name }

func TestServiceControlPoliciesLimitMembersOnly(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.join(t, member)
	theirs, ours, alien := w.user(t, member, "a", allow("*")), w.user(t, management, "a", allow("*")), w.user(t, outsider, "a", allow("*"))
	wantError(t, "before", w.decrypt(t, theirs, member), "")

	w.enable(t, root, scp)
	wantError(t, "enabled, all is allowed", w.decrypt(t, theirs, member), "")
	id := w.policy(t, scp, "no-kms", doc(deny("kms:*")))
	wantError(t, "not attached", w.decrypt(t, theirs, member), "")
	must(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: id, TargetId: root}))(t)

	wantError(t, "an administrator of the member", w.decrypt(t, theirs, member), fmt.Sprintf(deniedSCP, userARN(member, "a"), member))
	wantError(t, "its root user", w.decrypt(t, rootOf(member), member), fmt.Sprintf(deniedSCP, "arn:aws:iam::"+member+":root", member))
	wantError(t, "at a key elsewhere", w.decrypt(t, theirs, outsider, member), fmt.Sprintf(deniedSCP, userARN(member, "a"), outsider))
	wantError(t, "the management account", w.decrypt(t, ours, management), "")
	wantError(t, "outside", w.decrypt(t, alien, outsider), "")
	wantError(t, "outside, at the member's key", w.decrypt(t, alien, member, outsider), "")

	must(w.UpdatePolicy(w.admin, &org.UpdatePolicyRequest{PolicyId: id, Content: new(doc(deny("s3:*")))}))(t)
	wantError(t, "after an update", w.decrypt(t, theirs, member), "")
	must(w.UpdatePolicy(w.admin, &org.UpdatePolicyRequest{PolicyId: id, Content: new(doc(deny("kms:Dec*")))}))(t)
	wantError(t, "after another", w.decrypt(t, theirs, member), fmt.Sprintf(deniedSCP, userARN(member, "a"), member))
	must(w.DisablePolicyType(w.admin, &org.DisablePolicyTypeRequest{RootId: root, PolicyType: scp}))(t)
	wantError(t, "disabled", w.decrypt(t, theirs, member), "")
}

func TestEveryLevelMustAllow(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.join(t, member)
	w.enable(t, root, scp)
	upper := w.unit(t, root, "upper")
	lower := w.unit(t, upper, "lower")
	must(w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: member, SourceParentId: root, DestinationParentId: lower}))(t)
	logs := w.policy(t, scp, "logs", doc(allow("logs:*")))
	user := w.user(t, member, "a", allow("*"))

	for _, level := range []string{root, upper, lower, member} {
		attach := &org.AttachPolicyRequest{PolicyId: logs, TargetId: level}
		must(w.AttachPolicy(w.admin, attach))(t)
		wantError(t, "more at "+level, w.decrypt(t, user, member), "")
		must(w.DetachPolicy(w.admin, &org.DetachPolicyRequest{PolicyId: "p-FullAWSAccess", TargetId: level}))(t)
		wantError(t, "less at "+level, w.decrypt(t, user, member), fmt.Sprintf(noSCP, userARN(member, "a"), member))
		must(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: "p-FullAWSAccess", TargetId: level}))(t)
		must(w.DetachPolicy(w.admin, &org.DetachPolicyRequest{PolicyId: logs, TargetId: level}))(t)
		wantError(t, "as before at "+level, w.decrypt(t, user, member), "")
	}
}

func TestAMoveChangesWhatLimits(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.join(t, member)
	w.enable(t, root, scp)
	closed := w.unit(t, root, "closed")
	w.policy(t, scp, "nothing", doc(deny("*")), closed)
	user := w.user(t, member, "a", allow("*"))
	wantError(t, "below the root", w.decrypt(t, user, member), "")
	must(w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: member, SourceParentId: root, DestinationParentId: closed}))(t)
	wantError(t, "moved", w.decrypt(t, user, member), fmt.Sprintf(deniedSCP, userARN(member, "a"), member))
	wantError(t, "leaving needs permission too", errorOf(w.LeaveOrganization(user, &api.None{})),
		"AccessDeniedException: User: arn:aws:iam::444455556666:user/a is not authorized to perform: organizations:LeaveOrganization on resource: * with an explicit deny in a service control policy")
	must(w.RemoveAccountFromOrganization(w.admin, &org.RemoveAccountFromOrganizationRequest{AccountId: member}))(t)
	wantError(t, "removed", w.decrypt(t, user, member), "")
}

func TestResourceControlPoliciesGuardResources(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	w.join(t, member)
	w.enable(t, root, rcp)
	inside, ours, alien := w.user(t, member, "a", allow("*")), w.user(t, management, "a", allow("*")), w.user(t, outsider, "a", allow("*"))
	wantError(t, "before", w.decrypt(t, alien, member, outsider), "")
	w.policy(t, rcp, "perimeter", doc(guard("kms:*",
		`,"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"`+*o.Id+`"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`)), root)

	wantError(t, "another account's decrypt", w.decrypt(t, alien, member, outsider), fmt.Sprintf(deniedRCP, userARN(outsider, "a"), member))
	wantError(t, "the account itself", w.decrypt(t, inside, member), "")
	wantError(t, "the management account's user", w.decrypt(t, ours, member, management), "")
	wantError(t, "at the management account's key", w.decrypt(t, alien, management, outsider), "")
	wantError(t, "at a key elsewhere", w.decrypt(t, inside, outsider, member), "")
}

func TestMembersAreToldWithTheirPlace(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	w.join(t, member)
	unit := w.unit(t, root, "unit")
	must(w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: member, SourceParentId: root, DestinationParentId: unit}))(t)
	ctx := context.Background()

	m := must(w.Member(ctx, member))(t)
	if m.Organization != *o.Id || m.Path != *o.Id+"/"+root+"/"+unit+"/" || m.Management || m.ServiceControl != nil || m.ResourceControl != nil {
		t.Errorf("before policies: %+v", m)
	}
	w.enable(t, root, scp, rcp)
	own := w.policy(t, scp, "own", doc(allow("kms:*")), unit)
	m = must(w.Member(ctx, member))(t)
	var targets []string
	for _, l := range m.ServiceControl {
		targets = append(targets, l.Target)
	}
	if !slices.Equal(targets, []string{root, unit, member}) || len(m.ResourceControl) != 3 {
		t.Errorf("levels %v, %d of resource control", targets, len(m.ResourceControl))
	}
	at := m.ServiceControl[1]
	want := auth.Origin{Name: "own", ARN: "arn:aws:organizations::111122223333:policy/" + *o.Id + "/service_control_policy/" + own,
		Holder: "arn:aws:organizations::111122223333:ou/" + *o.Id + "/" + unit}
	if len(at.Policies) != 2 || len(at.Origins) != 2 || at.Origins[1] != want || at.Origins[0].ARN != "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess" {
		t.Errorf("origins %+v", at.Origins)
	}
	if boss := must(w.Member(ctx, management))(t); !boss.Management || boss.Path != *o.Id+"/"+root+"/" {
		t.Errorf("management account: %+v", boss)
	}
	if other := must(w.Member(ctx, outsider))(t); other != nil {
		t.Errorf("outsider: %+v", other)
	}
}

// counting counts the transactions of a store.
type counting struct {
	storage.Store
	views int
}

func (c *counting) View(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	c.views++
	return c.Store.View(ctx, fn)
}

func TestMembersAreReadOnceAfterEachWrite(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.enable(t, root, scp)
	count := &counting{Store: w.store}
	w.Service.store = count
	ctx := context.Background()
	first := must(w.Member(ctx, management))(t)
	for range 10 {
		must(w.Member(ctx, management))(t)
		must(w.Member(ctx, outsider))(t)
	}
	if count.views != 1 {
		t.Errorf("%d transactions, expected 1", count.views)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = w.Member(ctx, management) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	w.unit(t, root, "unit")
	second := must(w.Member(ctx, management))(t)
	if second == first || second.ServiceControl[0].Policies[0] != first.ServiceControl[0].Policies[0] {
		t.Error("expected another member with the same compiled policy")
	}
}

func TestAFailedReadIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.Reset()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if m, err := w.Member(ctx, management); err == nil || m != nil {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := w.Member(context.Background(), management); err != nil || m == nil {
		t.Errorf("%v, %v", m, err)
	}
}

func TestOrganizationsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	open := func() (*world, func()) {
		store, err := bolt.Open(dir, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return openWorld(t, store), func() { _ = store.Close() }
	}
	w, closeStore := open()
	o, root := w.organization(t)
	w.join(t, member)
	w.enable(t, root, scp, rcp)
	w.policy(t, scp, "no-kms", doc(deny("kms:*")), member)
	closeStore()

	w, closeStore = open()
	defer closeStore()
	user := w.user(t, member, "a", allow("*"))
	wantError(t, "after the restart", w.decrypt(t, user, member), fmt.Sprintf(deniedSCP, userARN(member, "a"), member))
	got := must(w.DescribeOrganization(w.admin, &api.None{}))(t).Organization
	if *got.Id != *o.Id {
		t.Errorf("organization %s, was %s", *got.Id, *o.Id)
	}
	if err := w.store.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestMembersUnderConcurrentWrites(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	w.enable(t, root, scp)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 20 {
				if m, err := w.Member(context.Background(), management); err != nil || m == nil {
					t.Errorf("member: %v, %v", m, err)
				}
			}
		})
		wg.Go(func() { w.unit(t, root, fmt.Sprint("unit", i)) })
	}
	wg.Wait()
	w.policy(t, scp, "last", doc(allow("kms:*")), root)
	if m := must(w.Member(context.Background(), management))(t); len(m.ServiceControl[0].Policies) != 2 {
		t.Errorf("a write was not seen: %+v", m.ServiceControl[0])
	}
}

func BenchmarkMember(b *testing.B) {
	w := newWorld(b)
	w.organization(b)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if m, err := w.Member(ctx, management); err != nil || m == nil {
			b.Fatal(m, err)
		}
	}
}
