package organizations

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	org "sealstack/api/organizationsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/policy"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// The accounts of the tests.
const (
	management = "111122223333"
	member     = "444455556666"
	outsider   = "777788889999"
)

var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	testRoot = seal.NewEphemeral()
)

// identities gives each user, by ARN, one policy.
type identities map[string]*policy.Policy

func (i identities) Attached(_ context.Context, c *api.Caller) (auth.Attached, error) {
	if p := i[c.ARN]; p != nil {
		return auth.Attached{Policies: []*policy.Policy{p}}, nil
	}
	return auth.Attached{}, nil
}

// late is an authorizer that is made after the service.
type late struct{ *auth.Authorizer }

// builtRole is what the service asked IAM for.
type builtRole struct{ account, via, name, trust, policy string }

type roleBook struct {
	roles []builtRole
	fail  error
}

func (b *roleBook) CreateRole(ctx context.Context, in *iamapi.CreateRoleRequest) (*iamapi.CreateRoleResponse, error) {
	c := api.CallerOf(ctx)
	b.roles = append(b.roles, builtRole{account: c.Account, via: strings.Join(c.Via, ","), name: in.RoleName, trust: in.AssumeRolePolicyDocument})
	return &iamapi.CreateRoleResponse{}, b.fail
}

func (b *roleBook) AttachRolePolicy(_ context.Context, in *iamapi.AttachRolePolicyRequest) (*api.None, error) {
	b.roles[len(b.roles)-1].policy = in.PolicyArn
	return &api.None{}, nil
}

// world is a service with a real authorizer.
type world struct {
	*Service
	auth  *auth.Authorizer
	clock *clock.Movable
	store storage.Store
	users identities
	roles *roleBook
	admin context.Context // root user of the management account
}

func newWorld(t testing.TB) *world { return openWorld(t, memory.New()) }

func openWorld(_ testing.TB, store storage.Store) *world {
	w := &world{clock: clock.NewMovable(clock.Fixed(noon)), store: store, users: identities{}, roles: &roleBook{}}
	door := &late{}
	w.Service = New(Config{Store: store, Root: testRoot, Clock: w.clock, Authorizer: door, Roles: w.roles})
	door.Authorizer = auth.NewAuthorizer(w.users, w.clock, auth.WithOrganizations(w.Service))
	w.auth, w.admin = door.Authorizer, rootOf(management)
	return w
}

func as(p api.Principal) context.Context {
	return api.WithCaller(context.Background(), &api.Caller{Principal: p, Partition: "aws", Region: "us-east-1"})
}

func rootOf(account string) context.Context {
	return as(api.Principal{Type: api.Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", ID: account})
}

// user returns a user with a policy of these statements, if any.
func (w *world) user(t testing.TB, account, name string, statements ...string) context.Context {
	t.Helper()
	arn := "arn:aws:iam::" + account + ":user/" + name
	if len(statements) > 0 {
		w.users[arn] = must(policy.Parse(policy.Identity, []byte(doc(statements...))))(t)
	}
	return as(api.Principal{Type: api.User, Account: account, ARN: arn, ID: "AIDA" + strings.ToUpper(name), Name: name})
}

func doc(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func allow(action string) string {
	return `{"Effect":"Allow","Action":"` + action + `","Resource":"*"}`
}

func deny(action string) string {
	return `{"Effect":"Deny","Action":"` + action + `","Resource":"*"}`
}

func guard(action, condition string) string {
	return `{"Effect":"Deny","Principal":"*","Action":"` + action + `","Resource":"*"` + condition + `}`
}

// must returns the value, or ends the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantError holds err against "Code: message", with " [Reason]" if there is
// one; "" wants none.
func wantError(t testing.TB, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if e, ok := err.(*api.Error); ok && e.Fields["Reason"] != nil {
		switch r := e.Fields["Reason"].(type) {
		case org.ConstraintViolationExceptionReason:
			got += " [" + string(r) + "]"
		case org.InvalidInputExceptionReason:
			got += " [" + string(r) + "]"
		case org.HandshakeConstraintViolationExceptionReason:
			got += " [" + string(r) + "]"
		}
	}
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func errorOf[T any](_ T, err error) error { return err }

// step is a call with the error that it ends in.
type step struct {
	name string
	do   func() error
	want string
}

func run(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		wantError(t, s.name, s.do(), s.want)
	}
}

// organization makes an organization with all features, and returns it with
// its root's id.
func (w *world) organization(t testing.TB) (*org.Organization, string) {
	t.Helper()
	o := must(w.CreateOrganization(w.admin, &org.CreateOrganizationRequest{}))(t).Organization
	return o, *must(w.ListRoots(w.admin, &org.ListRootsRequest{}))(t).Roots[0].Id
}

// join makes an account a member by invitation.
func (w *world) join(t testing.TB, account string) {
	t.Helper()
	h := must(w.invite(account))(t).Handshake
	must(w.AcceptHandshake(rootOf(account), &org.AcceptHandshakeRequest{HandshakeId: *h.Id}))(t)
}

func (w *world) invite(account string) (*org.InviteAccountToOrganizationResponse, error) {
	return w.InviteAccountToOrganization(w.admin, &org.InviteAccountToOrganizationRequest{
		Target: org.HandshakeParty{Id: account, Type: org.HandshakePartyTypeAccount},
	})
}

func (w *world) unit(t testing.TB, parent, name string) string {
	t.Helper()
	return *must(w.CreateOrganizationalUnit(w.admin, &org.CreateOrganizationalUnitRequest{ParentId: parent, Name: name}))(t).OrganizationalUnit.Id
}

func (w *world) enable(t testing.TB, root string, types ...org.PolicyType) {
	t.Helper()
	for _, each := range types {
		must(w.EnablePolicyType(w.admin, &org.EnablePolicyTypeRequest{RootId: root, PolicyType: each}))(t)
	}
}

const (
	scp = org.PolicyTypeServiceControlPolicy
	rcp = org.PolicyTypeResourceControlPolicy
)

// policy makes a policy and attaches it to the targets.
func (w *world) policy(t testing.TB, kind org.PolicyType, name, content string, targets ...string) string {
	t.Helper()
	id := *must(w.CreatePolicy(w.admin, &org.CreatePolicyRequest{Name: name, Type: kind, Content: content}))(t).Policy.PolicySummary.Id
	for _, target := range targets {
		must(w.AttachPolicy(w.admin, &org.AttachPolicyRequest{PolicyId: id, TargetId: target}))(t)
	}
	return id
}

// call sends an empty input to each operation, with a few exceptions.
func (w *world) call(t *testing.T, ctx context.Context, check func(op *api.Operation, err error), except ...string) {
	t.Helper()
	door := &api.Endpoint[org.API]{Service: org.Service, Impl: w.Service}
	for _, op := range org.Service.Operations {
		if slices.Contains(except, op.Name) {
			continue
		}
		_, err := door.Call(ctx, op, reflect.New(op.Input).Interface())
		check(op, err)
	}
}

func codeOf(err error) string {
	if e, ok := err.(*api.Error); ok {
		return e.Code
	}
	return "no error of AWS"
}

// forAnyone are the operations that need no organization, and forMembers those
// that members may call.
var (
	forAnyone  = []string{"CreateOrganization", "ListHandshakesForAccount", "AcceptHandshake", "DeclineHandshake", "CancelHandshake", "DescribeHandshake"}
	forMembers = []string{"DescribeOrganization", "LeaveOrganization"}
)

func TestEveryCarriedOperationIsThere(t *testing.T) {
	w := newWorld(t)
	w.call(t, w.admin, func(op *api.Operation, err error) {
		if codeOf(err) == "NotImplemented" {
			t.Errorf("%s: %v", op.Name, err)
		}
	}, "CreateOrganization")
}

func TestOperationsNeedAnOrganization(t *testing.T) {
	w := newWorld(t)
	w.call(t, w.admin, func(op *api.Operation, err error) {
		wantError(t, op.Name, err, "AWSOrganizationsNotInUseException: Your account is not a member of an organization.")
	}, forAnyone...)
}

func TestOperationsAreForTheManagementAccount(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.join(t, member)
	w.call(t, rootOf(member), func(op *api.Operation, err error) {
		wantError(t, op.Name, err, "AccessDeniedException: You don't have permissions to access this resource.")
	}, slices.Concat(forAnyone, forMembers)...)
	o := must(w.DescribeOrganization(rootOf(member), &api.None{}))(t).Organization
	if *o.MasterAccountId != management {
		t.Errorf("the member sees %+v", o)
	}
}

func TestOperationsNeedPermission(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	nobody := w.user(t, management, "nobody")
	w.call(t, nobody, func(op *api.Operation, err error) {
		if err == nil || !strings.HasPrefix(err.Error(), "AccessDeniedException: User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: organizations:"+op.Name+" on resource: ") {
			t.Errorf("%s: %v", op.Name, err)
		}
	})
	w.call(t, as(api.Principal{}), func(op *api.Operation, err error) {
		if codeOf(err) != "AccessDeniedException" {
			t.Errorf("%s, anonymous: %v", op.Name, err)
		}
	})
}

func TestErrorsAreDeclaredByTheirOperations(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.call(t, w.admin, func(op *api.Operation, err error) {
		if e, ok := err.(*api.Error); ok && e.Code != "NotImplemented" && !op.Declares(e.Code) {
			t.Errorf("%s does not declare %v", op.Name, err)
		}
	}, "DeleteOrganization", "CreateAccount", "InviteAccountToOrganization")
}

func TestAResetForgetsMembers(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	if m := must(w.Member(w.admin, management))(t); m == nil {
		t.Fatal("not a member")
	}
	if err := w.store.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.Reset()
	if m := must(w.Member(w.admin, management))(t); m != nil {
		t.Errorf("still a member: %+v", m)
	}
}
