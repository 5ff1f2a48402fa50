package iam

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/policy"
)

// rights is a set of actions that policies allow and one that they deny, of
// "test:0" and so on.
type rights struct{ allow, deny uint8 }

const rightActions = 6

func randomRights(r *rand.Rand) rights {
	var n rights
	for i := range rightActions {
		if r.IntN(4) > 0 {
			n.allow |= 1 << i
		}
		if r.IntN(8) == 0 {
			n.deny |= 1 << i
		}
	}
	return n
}

// document is a policy with these rights.
func (n rights) document() string {
	list := func(set uint8) string {
		var all []string
		for i := range rightActions {
			if set>>i&1 == 1 {
				all = append(all, fmt.Sprintf(`"test:%d"`, i))
			}
		}
		return strings.Join(append(all, `"test:none"`), ",")
	}
	return document(`{"Effect":"Allow","Action":[`+list(n.allow)+`],"Resource":"*"}`, `{"Effect":"Deny","Action":[`+list(n.deny)+`],"Resource":"*"}`)
}

// within reports whether all of the sets allow the action and none denies it.
func within(i int, all ...rights) bool {
	return !slices.ContainsFunc(all, func(n rights) bool { return n.allow>>i&1 == 0 || n.deny>>i&1 == 1 })
}

// asks reports whether the authorizer lets the caller act, on something with a
// policy of its own if that is not nil.
func (w *world) asks(ctx context.Context, action string, own *policy.Policy) bool {
	q := &auth.Request{Service: stsapi.Service, Action: action, Resource: "arn:aws:test:us-east-1:111122223333:thing", Account: account, Policy: own}
	return w.authorizer.Authorize(ctx, q) == nil
}

// A session may do what the role, its boundary and each sort of session policy
// allow together.
func TestSessionsHaveWhatAllTheirPoliciesAllow(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		own, boundary, passed, managed, second := randomRights(r), randomRights(r), randomRights(r), randomRights(r), randomRights(r)
		name := fmt.Sprint("m", seed)
		arns := []string{"boundary" + name, name, "second" + name}
		for i, n := range []rights{boundary, managed, second} {
			arns[i] = *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: arns[i], PolicyDocument: n.document()}))(t).Policy.Arn
		}
		must(w.iam.PutRolePolicy(w.root, &iamapi.PutRolePolicyRequest{RoleName: "r", PolicyName: "p", PolicyDocument: own.document()}))(t)
		bounded := seed%2 == 0
		if bounded {
			must(w.iam.PutRolePermissionsBoundary(w.root, &iamapi.PutRolePermissionsBoundaryRequest{RoleName: "r", PermissionsBoundary: arns[0]}))(t)
		}
		session := func(in stsapi.AssumeRoleRequest) context.Context {
			in.RoleArn, in.RoleSessionName = role, "s"
			ctx, _ := w.assume(t, ada, in)
			return ctx
		}
		inline := session(stsapi.AssumeRoleRequest{Policy: new(passed.document())})
		byARN := session(stsapi.AssumeRoleRequest{PolicyArns: []stsapi.PolicyDescriptorType{{Arn: &arns[1]}}})
		plain := session(stsapi.AssumeRoleRequest{})
		both := session(stsapi.AssumeRoleRequest{Policy: new(passed.document()), PolicyArns: []stsapi.PolicyDescriptorType{{Arn: &arns[1]}, {Arn: &arns[2]}}})
		// Session policies allow together what one of them allows.
		union := rights{passed.allow | managed.allow | second.allow, passed.deny | managed.deny | second.deny}
		for i := range rightActions {
			base := []rights{own}
			if bounded {
				base = append(base, boundary)
			}
			for what, c := range map[string]struct {
				ctx  context.Context
				want bool
			}{
				"plain": {plain, within(i, base...)}, "inline": {inline, within(i, append(slices.Clone(base), passed)...)},
				"managed": {byARN, within(i, append(slices.Clone(base), managed)...)}, "both": {both, within(i, append(slices.Clone(base), union)...)},
			} {
				if got := w.asks(c.ctx, fmt.Sprintf("test:%d", i), nil); got != c.want {
					t.Errorf("seed %d, bounded %t, %s: test:%d allowed is %t", seed, bounded, what, i, got)
				}
			}
		}
		if bounded {
			must(w.iam.DeleteRolePermissionsBoundary(w.root, &iamapi.DeleteRolePermissionsBoundaryRequest{RoleName: "r"}))(t)
		}
	}
}

// What a resource's policy gives to a session itself is not limited by
// boundary and session policies; what it gives to the role is:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-eval-logic
func TestBoundariesAndWhatResourcesGive(t *testing.T) {
	w := newWorld(t)
	boundary := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "b", PolicyDocument: document(allow("test:bounded", "*"))}))(t).Policy.Arn
	ada := w.user(t, "Ada", allow("test:own", "*"), allow("test:bounded", "*"))
	must(w.iam.PutUserPermissionsBoundary(w.root, &iamapi.PutUserPermissionsBoundaryRequest{UserName: "Ada", PermissionsBoundary: boundary}))(t)
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`, allow("test:own", "*"), allow("test:bounded", "*"))
	must(w.iam.PutRolePermissionsBoundary(w.root, &iamapi.PutRolePermissionsBoundaryRequest{RoleName: "r", PermissionsBoundary: boundary}))(t)
	plain, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	narrow, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s", Policy: new(document(allow("test:other", "*")))})
	given := func(effect, principal string) *policy.Policy {
		p, err := policy.Parse(policy.Resource, []byte(document(`{"Effect":"`+effect+`","Principal":`+principal+`,"Action":"test:*","Resource":"*"}`)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	toAda, toRole := given("Allow", `{"AWS":"arn:aws:iam::111122223333:user/Ada"}`), given("Allow", `{"AWS":"`+role+`"}`)
	toSession := given("Allow", `{"AWS":"arn:aws:sts::111122223333:assumed-role/r/s"}`)
	toAccount, toNobody := given("Allow", `{"AWS":"111122223333"}`), given("Deny", `"*"`)
	for name, c := range map[string]struct {
		who    context.Context
		action string
		own    *policy.Policy
		want   bool
	}{
		"within the boundary":                    {ada, "test:bounded", nil, true},
		"outside the boundary":                   {ada, "test:own", nil, false},
		"given to the user":                      {ada, "test:given", toAda, true},
		"given to the user's account":            {ada, "test:given", toAccount, false},
		"denied to all":                          {ada, "test:bounded", toNobody, false},
		"a role within its boundary":             {plain, "test:bounded", nil, true},
		"a role outside its boundary":            {plain, "test:own", nil, false},
		"given to the role":                      {plain, "test:given", toRole, false},
		"given to the role, within":              {plain, "test:bounded", toRole, true},
		"given to the session":                   {plain, "test:given", toSession, true},
		"a narrow session":                       {narrow, "test:bounded", nil, false},
		"a narrow session, given to the role":    {narrow, "test:bounded", toRole, false},
		"a narrow session, given to itself":      {narrow, "test:given", toSession, true},
		"a narrow session of a given user":       {narrow, "test:given", toAda, false},
		"a narrow session, denied to all":        {narrow, "test:bounded", toNobody, false},
		"the root user, of whom nothing is said": {w.root, "test:given", nil, true},
	} {
		if got := w.asks(c.who, c.action, c.own); got != c.want {
			t.Errorf("%s: allowed is %t", name, got)
		}
	}
}

func TestABoundaryFollowsItsPolicy(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("iam:*", "*"))
	arn := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "b", PolicyDocument: document(allow("iam:ListUsers", "*"))}))(t).Policy.Arn
	users := func() error { return errorOf(w.iam.ListUsers(ada, &iamapi.ListUsersRequest{})) }
	roles := func() error { return errorOf(w.iam.ListRoles(ada, &iamapi.ListRolesRequest{})) }
	denied := func(action, resource string) string {
		return "AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:" + action + " on resource: arn:aws:iam::111122223333:" + resource + "/ because no permissions boundary allows the iam:" + action + " action"
	}
	run(t, []step{
		{"without one", users, ""}, {"without one", roles, ""},
		{"an unknown one", func() error {
			return errorOf(w.iam.PutUserPermissionsBoundary(w.root, &iamapi.PutUserPermissionsBoundaryRequest{UserName: "Ada", PermissionsBoundary: arn + "x"}))
		}, "NoSuchEntity: Policy " + arn + "x does not exist or is not attachable."},
		{"set", func() error {
			return errorOf(w.iam.PutUserPermissionsBoundary(w.root, &iamapi.PutUserPermissionsBoundaryRequest{UserName: "Ada", PermissionsBoundary: arn}))
		}, ""},
		{"within", users, ""}, {"outside", roles, denied("ListRoles", "role")},
		{"another version", func() error {
			return errorOf(w.iam.CreatePolicyVersion(w.root, &iamapi.CreatePolicyVersionRequest{PolicyArn: arn, PolicyDocument: document(allow("iam:ListRoles", "*")), SetAsDefault: new(true)}))
		}, ""},
		{"within the other", roles, ""}, {"outside the other", users, denied("ListUsers", "user")},
		{"the first version", func() error {
			return errorOf(w.iam.SetDefaultPolicyVersion(w.root, &iamapi.SetDefaultPolicyVersionRequest{PolicyArn: arn, VersionId: "v1"}))
		}, ""},
		{"within again", users, ""},
		{"not deleted", func() error {
			return errorOf(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: arn}))
		}, "DeleteConflict: Cannot delete a policy attached to entities."},
		{"taken off", func() error {
			return errorOf(w.iam.DeleteUserPermissionsBoundary(w.root, &iamapi.DeleteUserPermissionsBoundaryRequest{UserName: "Ada"}))
		}, ""},
		{"free", roles, ""},
		{"taken off again", func() error {
			return errorOf(w.iam.DeleteUserPermissionsBoundary(w.root, &iamapi.DeleteUserPermissionsBoundaryRequest{UserName: "Ada"}))
		}, "NoSuchEntity: The user with name Ada does not have a permissions boundary."},
	})
}

// A manager who may make users only with a boundary, and not take it off.
func TestADelegatedManagerCannotLiftTheBoundary(t *testing.T) {
	w := newWorld(t)
	arn := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "b", PolicyDocument: document(allow("kms:*", "*"))}))(t).Policy.Arn
	manager := w.user(t, "Manager",
		`{"Effect":"Allow","Action":["iam:CreateUser","iam:PutUserPolicy","iam:PutUserPermissionsBoundary"],"Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"`+arn+`"}}}`,
		`{"Effect":"Deny","Action":"iam:DeleteUserPermissionsBoundary","Resource":"*"}`)
	w.user(t, "Free")
	code := func(err error) string { return w.errorCode(err) }
	for name, c := range map[string]struct{ got, want string }{
		"without":       {code(errorOf(w.iam.CreateUser(manager, &iamapi.CreateUserRequest{UserName: "u"}))), "AccessDenied"},
		"with another":  {code(errorOf(w.iam.CreateUser(manager, &iamapi.CreateUserRequest{UserName: "u", PermissionsBoundary: new("arn:aws:iam::aws:policy/AdministratorAccess")}))), "AccessDenied"},
		"with it":       {code(errorOf(w.iam.CreateUser(manager, &iamapi.CreateUserRequest{UserName: "u", PermissionsBoundary: &arn}))), "ok"},
		"rights of it":  {code(errorOf(w.iam.PutUserPolicy(manager, &iamapi.PutUserPolicyRequest{UserName: "u", PolicyName: "p", PolicyDocument: document(allow("*", "*"))}))), "ok"},
		"rights of one": {code(errorOf(w.iam.PutUserPolicy(manager, &iamapi.PutUserPolicyRequest{UserName: "Free", PolicyName: "p", PolicyDocument: document(allow("*", "*"))}))), "AccessDenied"},
		"taking it off": {code(errorOf(w.iam.DeleteUserPermissionsBoundary(manager, &iamapi.DeleteUserPermissionsBoundaryRequest{UserName: "u"}))), "AccessDenied"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
	key := must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{UserName: new("u")}))(t)
	made := w.holder(t, key.AccessKey.AccessKeyId)
	if !w.asks(made, "kms:Decrypt", nil) || w.asks(made, "iam:CreateUser", nil) {
		t.Error("the new user has other rights than its boundary leaves")
	}
}

// Nobody is authorized when a session's policies cannot be read.
func TestASessionPolicyThatIsNoneAllowsNothing(t *testing.T) {
	w := newWorld(t)
	c := &api.Caller{
		Principal:   api.Principal{Type: api.AssumedRole, Account: account, ID: "AROAABCDEFGHIJKLMNOPQ:s", ARN: "arn:aws:sts::111122223333:assumed-role/r/s"},
		AccessKeyID: "ASIAX", Session: &api.Session{Policies: []string{"{"}}, Partition: "aws", Region: "us-east-1",
	}
	_, err := w.Attached(context.Background(), c)
	var denied *api.Error
	if err == nil || errors.As(err, &denied) {
		t.Errorf("attached: %v", err)
	}
	if w.asks(api.WithCaller(context.Background(), c), "test:x", nil) {
		t.Error("allowed")
	}
}
