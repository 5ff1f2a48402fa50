package iam

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/storage/bolt"
)

func TestABoundaryLimitsUsersAndRoles(t *testing.T) {
	w := newWorld(t)
	w.policy(t) // allows iam:ListUsers
	ada := w.user(t, "Ada", allow("*", "*"))
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`, allow("*", "*"))
	session, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	may := func(ctx context.Context) string {
		return w.errorCode(errorOf(w.iam.ListUsers(ctx, &iamapi.ListUsersRequest{}))) + " " +
			w.errorCode(errorOf(w.iam.ListRoles(ctx, &iamapi.ListRolesRequest{})))
	}
	check := func(what, want string) {
		t.Helper()
		for name, ctx := range map[string]context.Context{"user": ada, "role": session} {
			if got := may(ctx); got != want {
				t.Errorf("%s, %s: %s, want %s", what, name, got, want)
			}
		}
	}
	check("unbounded", "ok ok")
	must(w.iam.PutUserPermissionsBoundary(w.root, &iamapi.PutUserPermissionsBoundaryRequest{UserName: "Ada", PermissionsBoundary: custom}))(t)
	must(w.iam.PutRolePermissionsBoundary(w.root, &iamapi.PutRolePermissionsBoundaryRequest{RoleName: "r", PermissionsBoundary: custom}))(t)
	check("bounded", "ok AccessDenied")
	wantError(t, "the sentence", errorOf(w.iam.ListRoles(ada, &iamapi.ListRolesRequest{})),
		"AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::111122223333:role/ because no permissions boundary allows the iam:ListRoles action")
	must(w.iam.DeleteUserPermissionsBoundary(w.root, &iamapi.DeleteUserPermissionsBoundaryRequest{UserName: "Ada"}))(t)
	must(w.iam.DeleteRolePermissionsBoundary(w.root, &iamapi.DeleteRolePermissionsBoundaryRequest{RoleName: "r"}))(t)
	check("unbounded again", "ok ok")
	run(t, []step{
		{"none to delete", func() error {
			return errorOf(w.iam.DeleteUserPermissionsBoundary(w.root, &iamapi.DeleteUserPermissionsBoundaryRequest{UserName: "Ada"}))
		}, "NoSuchEntity: The user with name Ada does not have a permissions boundary."},
		{"a policy not there", func() error {
			return errorOf(w.iam.PutRolePermissionsBoundary(w.root, &iamapi.PutRolePermissionsBoundaryRequest{RoleName: "r", PermissionsBoundary: custom + "x"}))
		}, "NoSuchEntity: Policy " + custom + "x does not exist or is not attachable."},
	})
}

func TestARightEndsWithTheWriteThatTakesIt(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("iam:ListUsers", "*"))
	list := func() string { return w.errorCode(errorOf(w.iam.ListUsers(ada, &iamapi.ListUsersRequest{}))) }
	if got := list(); got != "ok" {
		t.Fatalf("at first: %s", got)
	}
	must(w.iam.DeleteUserPolicy(w.root, &iamapi.DeleteUserPolicyRequest{UserName: "Ada", PolicyName: "p"}))(t)
	if got := list(); got != "AccessDenied" {
		t.Errorf("after the policy has gone: %s", got)
	}
	must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Ada", PolicyName: "p", PolicyDocument: document(allow("iam:*", "*"))}))(t)
	if got := list(); got != "ok" {
		t.Errorf("with another policy: %s", got)
	}
}

func TestResetForgets(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("*", "*"))
	w.holder(t, api.CallerOf(ada).AccessKeyID)
	must(0, w.store.Reset(context.Background()))(t)
	w.Reset()
	if _, err := w.Lookup(context.Background(), api.CallerOf(ada).AccessKeyID); err == nil {
		t.Error("the key is still known")
	}
	if a := must(w.Attached(context.Background(), api.CallerOf(ada)))(t); len(a.Policies) != 0 {
		t.Errorf("still attached: %+v", a)
	}
}

func TestPrincipalsWithoutPoliciesHaveNone(t *testing.T) {
	w := newWorld(t)
	for name, p := range map[string]api.Principal{
		"root":      {Type: api.Root, Account: account, ID: account},
		"anonymous": {},
		"service":   {Type: api.AWSService, ARN: "logs.us-east-1.amazonaws.com"},
		"nobody":    {Type: api.User, Account: account, ID: "AIDAABCDEFGHIJKLMNOPQ"},
		"no role":   {Type: api.AssumedRole, Account: account, ID: "AROAABCDEFGHIJKLMNOPQ:s"},
	} {
		a, err := w.Attached(context.Background(), &api.Caller{Principal: p, Partition: "aws"})
		if err != nil || len(a.Policies) != 0 || a.Boundary != nil || a.Session != nil {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestPrincipalsAreTranslatedToIdsAndBack(t *testing.T) {
	w := newWorld(t)
	ada := api.CallerOf(w.user(t, "Ada"))
	role := w.role(t, "r", `"Service":"ec2.amazonaws.com"`)
	for text, want := range map[string]bool{
		ada.ARN: true, ada.ID: true, role: true, "arn:aws:iam::111122223333:root": true, "111122223333": true, "*": true,
		"arn:aws:sts::111122223333:assumed-role/r/s": true,
		"arn:aws:iam::111122223333:user/Eve":         false, "arn:aws:iam::111122223333:role/p/r": false,
		"AIDAABCDEFGHIJKLMNOPQ": false, "arn:aws-cn:iam::111122223333:user/Ada": false,
	} {
		got, err := w.Exists(w.root, text)
		if err != nil || got != want {
			t.Errorf("%s exists: %v, %v", text, got, err)
		}
	}
	id := must(w.PrincipalID(w.root, role))(t)
	if back := must(w.PrincipalARN(w.root, id))(t); back != role || id[:4] != rolePrefix {
		t.Errorf("%s is %s is %s", role, id, back)
	}
	for _, same := range []string{"AIDAABCDEFGHIJKLMNOPQ", "arn:aws:iam::111122223333:root"} {
		if got := must(w.PrincipalARN(w.root, same))(t); got != same {
			t.Errorf("%s is shown as %s", same, got)
		}
	}
}

func TestEverythingSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	open := func() *bolt.Store {
		return must(bolt.Open(dir, bolt.Options{}))(t)
	}
	store := open()
	w := openWorld(t, store)
	ada := w.user(t, "Ada", allow("iam:ListUsers", "*"))
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`, allow("iam:ListRoles", "*"))
	_, out := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s", Tags: []stsapi.Tag{{Key: "a", Value: "b"}}})
	w.policy(t)
	before := must(w.iam.GetAccountAuthorizationDetails(w.root, &iamapi.GetAccountAuthorizationDetailsRequest{}))(t)
	must(0, store.Close())(t)

	store = open()
	defer store.Close()
	w = openWorld(t, store)
	after := must(w.iam.GetAccountAuthorizationDetails(w.root, &iamapi.GetAccountAuthorizationDetailsRequest{}))(t)
	for i, pair := range [][2]string{
		{*before.UserDetailList[0].UserId, *after.UserDetailList[0].UserId},
		{*before.RoleDetailList[0].AssumeRolePolicyDocument, *after.RoleDetailList[0].AssumeRolePolicyDocument},
		{before.RoleDetailList[0].CreateDate.String(), after.RoleDetailList[0].CreateDate.String()},
		{*before.Policies[0].PolicyVersionList[0].Document, *after.Policies[0].PolicyVersionList[0].Document},
	} {
		if pair[0] != pair[1] {
			t.Errorf("fact %d: %s, after the restart %s", i, pair[0], pair[1])
		}
	}
	session := w.holder(t, out.Credentials.AccessKeyId)
	if got := w.errorCode(errorOf(w.iam.ListRoles(session, &iamapi.ListRolesRequest{}))); got != "ok" {
		t.Errorf("the role's session: %s", got)
	}
	if a := must(w.Attached(context.Background(), api.CallerOf(session)))(t); a.Tags["a"] != "b" {
		t.Errorf("session tags %v", a.Tags)
	}
	if got := w.errorCode(errorOf(w.iam.ListUsers(w.holder(t, api.CallerOf(ada).AccessKeyID), &iamapi.ListUsersRequest{}))); got != "ok" {
		t.Errorf("the user: %s", got)
	}
}

// Whatever the order, a call after a write sees it: readers that began before
// the write must not leave what they read for those who come after.
func TestReadersAndWritersAtOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					w.Attached(context.Background(), api.CallerOf(ada))
					w.Lookup(context.Background(), api.CallerOf(ada).AccessKeyID)
					w.Record(ada, api.Call{Service: iamapi.Service})
				}
			}
		})
	}
	for i := range 200 {
		name := fmt.Sprintf("p%d", i)
		must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Ada", PolicyName: name, PolicyDocument: document(allow("kms:*", "*"))}))(t)
		if a := must(w.Attached(context.Background(), api.CallerOf(ada)))(t); len(a.Policies) != 1 {
			t.Fatalf("with one policy there are %d", len(a.Policies))
		}
		must(w.iam.DeleteUserPolicy(w.root, &iamapi.DeleteUserPolicyRequest{UserName: "Ada", PolicyName: name}))(t)
		if a := must(w.Attached(context.Background(), api.CallerOf(ada)))(t); len(a.Policies) != 0 {
			t.Fatalf("with no policy there are %d", len(a.Policies))
		}
	}
	close(stop)
	wg.Wait()
	must(0, w.Sweep(context.Background()))(t)
}

func TestManyUsersAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	made := make([]error, 40)
	for i := range made {
		wg.Go(func() {
			made[i] = errorOf(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: fmt.Sprintf("u%d", i/2)}))
		})
	}
	wg.Wait()
	for i := 0; i < len(made); i += 2 {
		if (made[i] == nil) == (made[i+1] == nil) {
			t.Errorf("u%d was made %v and %v", i/2, made[i], made[i+1])
		}
	}
	if n := len(must(w.iam.ListUsers(w.root, &iamapi.ListUsersRequest{}))(t).Users); n != 20 {
		t.Errorf("%d users", n)
	}
}

func BenchmarkLookupAndAttached(b *testing.B) {
	w := newWorld(b)
	ada := w.user(b, "Ada", allow("kms:*", "*"))
	role := w.role(b, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`, allow("kms:*", "*"))
	session, _ := w.assume(b, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	for name, ctx := range map[string]context.Context{"user": ada, "session": session} {
		c := api.CallerOf(ctx)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Lookup(ctx, c.AccessKeyID); err != nil {
					b.Fatal(err)
				}
				if _, err := w.Attached(ctx, c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("cold", func(b *testing.B) {
		c := api.CallerOf(ada)
		for b.Loop() {
			w.cache.clear()
			w.Lookup(ctx(c), c.AccessKeyID)
			w.Attached(ctx(c), c)
		}
	})
}

func ctx(c *api.Caller) context.Context { return api.WithCaller(context.Background(), c) }

func BenchmarkAssumeRole(b *testing.B) {
	w := newWorld(b)
	ada := w.user(b, "Ada")
	role := w.role(b, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"}); err != nil {
			b.Fatal(err)
		}
	}
}
