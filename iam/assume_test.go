package iam

import (
	"context"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
)

// assume assumes a role and returns the context of whoever holds the session.
func (w *world) assume(t testing.TB, ctx context.Context, in stsapi.AssumeRoleRequest) (context.Context, *stsapi.AssumeRoleResponse) {
	t.Helper()
	out := must(w.sts.AssumeRole(ctx, &in))(t)
	return w.holder(t, out.Credentials.AccessKeyId), out
}

func TestARoleIsAssumedByWhomItTrusts(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	bob := w.user(t, "Bob", allow("sts:AssumeRole", "*"))
	direct := w.role(t, "direct", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	byRoot := w.role(t, "byroot", `"AWS":"arn:aws:iam::111122223333:root"`)
	service := w.role(t, "service", `"Service":"ec2.amazonaws.com"`)
	assume := func(ctx context.Context, role string) func() error {
		return func() error {
			return errorOf(w.sts.AssumeRole(ctx, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s1"}))
		}
	}
	denied := func(user, role string) string {
		return "AccessDenied: User: arn:aws:iam::111122223333:user/" + user + " is not authorized to perform: sts:AssumeRole on resource: " + role
	}
	run(t, []step{
		{"named", assume(ada, direct), ""},
		{"not named", assume(bob, direct), denied("Bob", direct)},
		{"of the account, with the right", assume(bob, byRoot), ""},
		{"of the account, without", assume(ada, byRoot), denied("Ada", byRoot) + " because no identity-based policy allows the sts:AssumeRole action"},
		{"a service's", assume(bob, service), denied("Bob", service)},
		{"of another name", assume(bob, byRoot+"x"), denied("Bob", byRoot+"x")},
		{"of another path", assume(bob, "arn:aws:iam::111122223333:role/p/byroot"), denied("Bob", "arn:aws:iam::111122223333:role/p/byroot")},
		{"no ARN", assume(bob, "arn:aws:iam::role/nonsense"), "ValidationError: arn:aws:iam::role/nonsense is invalid"},
		{"a user's ARN", assume(bob, "arn:aws:iam::111122223333:user/Ada"), "ValidationError: arn:aws:iam::111122223333:user/Ada is invalid"},
		{"of another partition", assume(as(api.CallerOf(bob).Principal, nil, ""), strings.Replace(byRoot, "aws", "aws-cn", 1)), denied("Bob", strings.Replace(byRoot, "aws", "aws-cn", 1))},
		{"as root", assume(w.root, byRoot), "AccessDenied: Roles may not be assumed by root accounts."},
	})
}

func TestTheSessionOfARole(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	made := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{
		RoleName: "r", Path: new("/deep/"), AssumeRolePolicyDocument: trusting(`"AWS":"arn:aws:iam::111122223333:user/Ada"`),
	}))(t).Role
	must(w.iam.PutRolePolicy(w.root, &iamapi.PutRolePolicyRequest{RoleName: "r", PolicyName: "p", PolicyDocument: document(allow("iam:ListUsers", "*"))}))(t)
	session, out := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: made.Arn, RoleSessionName: "s1", DurationSeconds: new(int32(900))})
	c := out.Credentials
	if !strings.HasPrefix(c.AccessKeyId, "ASIA") || len(c.SecretAccessKey) != 40 || !c.Expiration.Equal(noon.Truncate(time.Second).Add(15*time.Minute)) {
		t.Errorf("credentials %+v", c)
	}
	if out.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/r/s1" || out.AssumedRoleUser.AssumedRoleId != made.RoleId+":s1" {
		t.Errorf("assumed %+v", out.AssumedRoleUser)
	}
	if out.PackedPolicySize != nil {
		t.Errorf("packed %d", *out.PackedPolicySize)
	}
	who := must(w.sts.GetCallerIdentity(session, &stsapi.GetCallerIdentityRequest{}))(t)
	if *who.Arn != out.AssumedRoleUser.Arn || *who.UserId != out.AssumedRoleUser.AssumedRoleId || *who.Account != account {
		t.Errorf("the session is %s %s", *who.Arn, *who.UserId)
	}
	got := must(w.Lookup(context.Background(), c.AccessKeyId))(t)
	if got.Token != c.SessionToken || got.Secret != c.SecretAccessKey || got.Principal.Issuer != made.Arn || !got.Session.Expires.Equal(c.Expiration) {
		t.Errorf("credential %+v", got.Principal)
	}
	run(t, []step{
		{"allowed", func() error { return errorOf(w.iam.ListUsers(session, &iamapi.ListUsersRequest{})) }, ""},
		{"not allowed", func() error { return errorOf(w.iam.ListRoles(session, &iamapi.ListRolesRequest{})) },
			"AccessDenied: User: arn:aws:sts::111122223333:assumed-role/r/s1 is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::111122223333:role/ because no identity-based policy allows the iam:ListRoles action"},
	})
}

func TestSessionsSurviveARestartAndAreForgottenInTheEnd(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	_, out := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s1"})
	again := openWorld(t, w.store)
	c := must(again.Lookup(context.Background(), out.Credentials.AccessKeyId))(t)
	if c.Token != out.Credentials.SessionToken || c.Principal.Type != api.AssumedRole {
		t.Errorf("after a restart %+v", c.Principal)
	}
	for _, step := range []struct {
		wait   time.Duration
		active bool
	}{{time.Hour, true}, {sessionMemory, false}} {
		must(0, again.clock.Advance(step.wait))(t)
		must(0, again.Sweep(context.Background()))(t)
		again.Reset()
		// Forgotten, but never taken for a stranger's.
		if c, err := again.Lookup(context.Background(), out.Credentials.AccessKeyId); err != nil || c.Active != step.active || c.Active == (c.Secret == "") {
			t.Errorf("after another %v: %+v, %v, want active %t", step.wait, c, err, step.active)
		}
	}
}

func TestConditionsOfATrustPolicy(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	trust := func(condition string) string {
		return document(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/Ada"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":` + condition + `}`)
	}
	base := stsapi.AssumeRoleRequest{RoleSessionName: "s1"}
	with := func(change func(*stsapi.AssumeRoleRequest)) stsapi.AssumeRoleRequest {
		in := base
		change(&in)
		return in
	}
	for name, c := range map[string]struct {
		condition string
		good, bad stsapi.AssumeRoleRequest
		action    string
	}{
		"external id": {`{"StringEquals":{"sts:ExternalId":"x1"}}`,
			with(func(in *stsapi.AssumeRoleRequest) { in.ExternalId = new("x1") }), base, "sts:AssumeRole"},
		"session name": {`{"StringLike":{"sts:RoleSessionName":"s?"}}`,
			base, with(func(in *stsapi.AssumeRoleRequest) { in.RoleSessionName = "other" }), "sts:AssumeRole"},
		"tag": {`{"StringEquals":{"aws:RequestTag/Team":"x"}}`,
			with(func(in *stsapi.AssumeRoleRequest) { in.Tags = []stsapi.Tag{{Key: "Team", Value: "x"}} }),
			with(func(in *stsapi.AssumeRoleRequest) { in.Tags = []stsapi.Tag{{Key: "Team", Value: "y"}} }), "sts:AssumeRole"},
		"source identity": {`{"StringEquals":{"sts:SourceIdentity":"Ada"}}`,
			with(func(in *stsapi.AssumeRoleRequest) { in.SourceIdentity = new("Ada") }),
			with(func(in *stsapi.AssumeRoleRequest) { in.SourceIdentity = new("Bob") }), "sts:AssumeRole"},
	} {
		role := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: strings.ReplaceAll(name, " ", "-"), AssumeRolePolicyDocument: trust(c.condition)}))(t).Role.Arn
		c.good.RoleArn, c.bad.RoleArn = role, role
		wantError(t, name, errorOf(w.sts.AssumeRole(ada, &c.good)), "")
		wantError(t, name, errorOf(w.sts.AssumeRole(ada, &c.bad)),
			"AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: "+c.action+" on resource: "+role)
	}
}

func TestTheRightToTagASessionIsApart(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{
		RoleName: "r", AssumeRolePolicyDocument: document(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/Ada"},"Action":"sts:AssumeRole"}`),
	}))(t).Role.Arn
	deny := "AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: "
	run(t, []step{
		{"bare", func() error {
			return errorOf(w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"}))
		}, ""},
		{"tags", func() error {
			return errorOf(w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s", Tags: []stsapi.Tag{{Key: "a"}}}))
		}, deny + "sts:TagSession on resource: " + role},
		{"source identity", func() error {
			return errorOf(w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s", SourceIdentity: new("me")}))
		}, deny + "sts:SetSourceIdentity on resource: " + role},
		{"a device", func() error {
			return errorOf(w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s", SerialNumber: new("GAHT12345678"), TokenCode: new("123456")}))
		}, "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code."},
	})
}

func TestTransitiveTagsPassOnFromRoleToRole(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	first := w.role(t, "first", `"AWS":"arn:aws:iam::111122223333:user/Ada"`, allow("sts:*", "*"))
	second := w.role(t, "second", `"AWS":"`+first+`"`, allow("iam:ListUsers", "*"))
	session, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{
		RoleArn: first, RoleSessionName: "one", SourceIdentity: new("Ada"),
		Tags: []stsapi.Tag{{Key: "Team", Value: "x"}, {Key: "Shift", Value: "late"}}, TransitiveTagKeys: []string{"team"},
	})
	chained, out := w.assume(t, session, stsapi.AssumeRoleRequest{RoleArn: second, RoleSessionName: "two", Tags: []stsapi.Tag{{Key: "Job", Value: "j"}}})
	if out.SourceIdentity == nil || *out.SourceIdentity != "Ada" {
		t.Errorf("source identity %v", out.SourceIdentity)
	}
	a := must(w.Attached(context.Background(), api.CallerOf(chained)))(t)
	if len(a.Tags) != 2 || a.Tags["Team"] != "x" || a.Tags["Job"] != "j" {
		t.Errorf("tags %v", a.Tags)
	}
	assume := func(ctx context.Context, in stsapi.AssumeRoleRequest) func() error {
		return func() error { return errorOf(w.sts.AssumeRole(ctx, &in)) }
	}
	run(t, []step{
		{"a transitive tag set again", assume(session, stsapi.AssumeRoleRequest{RoleArn: second, RoleSessionName: "s", Tags: []stsapi.Tag{{Key: "TEAM", Value: "y"}}}),
			"InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
		{"a transitive key without its tag", assume(ada, stsapi.AssumeRoleRequest{RoleArn: first, RoleSessionName: "s", TransitiveTagKeys: []string{"Team"}}),
			"InvalidParameterValue: The specified transitive tag key must be included in the requested tags."},
		{"a key twice", assume(ada, stsapi.AssumeRoleRequest{RoleArn: first, RoleSessionName: "s", Tags: []stsapi.Tag{{Key: "a"}, {Key: "A"}}}),
			"InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"another source identity", assume(session, stsapi.AssumeRoleRequest{RoleArn: second, RoleSessionName: "s", SourceIdentity: new("Bob")}),
			"AccessDenied: The source identity of the calling session cannot be changed."},
		{"a long chained session", assume(session, stsapi.AssumeRoleRequest{RoleArn: second, RoleSessionName: "s", DurationSeconds: new(int32(3601))}),
			"ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"},
		{"a long session", assume(ada, stsapi.AssumeRoleRequest{RoleArn: first, RoleSessionName: "s", DurationSeconds: new(int32(7200))}),
			"ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"let it be longer", func() error {
			return errorOf(w.iam.UpdateRole(w.root, &iamapi.UpdateRoleRequest{RoleName: "first", MaxSessionDuration: new(int32(43200))}))
		}, ""},
		{"a long session, allowed", assume(ada, stsapi.AssumeRoleRequest{RoleArn: first, RoleSessionName: "s", DurationSeconds: new(int32(43200))}), ""},
	})
}

func TestSessionPoliciesLimitASession(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`, allow("iam:*", "*"))
	session := func(in stsapi.AssumeRoleRequest) context.Context {
		in.RoleArn, in.RoleSessionName = role, "s"
		ctx, out := w.assume(t, ada, in)
		if out.PackedPolicySize == nil || *out.PackedPolicySize < 1 || *out.PackedPolicySize > 100 {
			t.Errorf("packed %v", out.PackedPolicySize)
		}
		return ctx
	}
	narrow := session(stsapi.AssumeRoleRequest{Policy: new(document(allow("iam:ListUsers", "*")))})
	managed := session(stsapi.AssumeRoleRequest{PolicyArns: []stsapi.PolicyDescriptorType{{Arn: new("arn:aws:iam::aws:policy/IAMReadOnlyAccess")}}})
	list := func(ctx context.Context) func() error {
		return func() error { return errorOf(w.iam.ListUsers(ctx, &iamapi.ListUsersRequest{})) }
	}
	create := func(ctx context.Context) func() error {
		return func() error { return errorOf(w.iam.CreateUser(ctx, &iamapi.CreateUserRequest{UserName: "Eve"})) }
	}
	denied := "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/r/s is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::111122223333:user/Eve because no session policy allows the iam:CreateUser action"
	assume := func(in stsapi.AssumeRoleRequest) func() error {
		in.RoleArn, in.RoleSessionName = role, "s"
		return func() error { return errorOf(w.sts.AssumeRole(ada, &in)) }
	}
	run(t, []step{
		{"inline, inside", list(narrow), ""}, {"inline, outside", create(narrow), denied},
		{"managed, inside", list(managed), ""}, {"managed, outside", create(managed), denied},
		{"no policy", assume(stsapi.AssumeRoleRequest{Policy: new("{")}), "MalformedPolicyDocument: This policy contains invalid Json"},
		{"an unknown policy", assume(stsapi.AssumeRoleRequest{PolicyArns: []stsapi.PolicyDescriptorType{{Arn: new("arn:aws:iam::aws:policy/None")}}}),
			"ValidationError: Policy arn:aws:iam::aws:policy/None does not exist or is not attachable."},
		{"too much", assume(stsapi.AssumeRoleRequest{Policy: new(document(allow("iam:*", "arn:aws:iam::1:user/"+strings.Repeat("x", 2048))))}),
			"PackedPolicyTooLarge: Packed policy consumes 106% of allotted space, please use smaller policy."},
	})
}

func TestARoleOfAnotherAccountNeedsBothSides(t *testing.T) {
	w := newWorld(t)
	other := rootOf("444455556666")
	ada := w.user(t, "Ada")
	wantError(t, "a user of another account who does not exist", errorOf(w.iam.CreateRole(other, &iamapi.CreateRoleRequest{
		RoleName: "guest", AssumeRolePolicyDocument: trusting(`"AWS":"arn:aws:iam::111122223333:user/Bob"`),
	})), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/Bob"`)
	bob := w.user(t, "Bob", allow("sts:AssumeRole", "*"))
	made := must(w.iam.CreateRole(other, &iamapi.CreateRoleRequest{
		RoleName: "guest", AssumeRolePolicyDocument: trusting(`"AWS":["arn:aws:iam::111122223333:user/Ada","arn:aws:iam::111122223333:user/Bob"]`),
	}))(t).Role
	wantError(t, "only trusted", errorOf(w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: made.Arn, RoleSessionName: "s"})),
		"AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: sts:AssumeRole on resource: "+made.Arn)
	_, out := w.assume(t, bob, stsapi.AssumeRoleRequest{RoleArn: made.Arn, RoleSessionName: "s"})
	if got := accountOfKey(out.Credentials.AccessKeyId); got != "444455556666" {
		t.Errorf("the session belongs to %s", got)
	}
}

// CloudTrail assumes a role to write to CloudWatch Logs.
func TestAServiceAssumesTheRoleThatTrustsIt(t *testing.T) {
	w := newWorld(t)
	role := w.role(t, "trail", `"Service":"cloudtrail.amazonaws.com"`, allow("logs:PutLogEvents", "*"))
	assume := func(service string) func() error {
		ctx := api.AsService(w.root, service, "arn:aws:cloudtrail:us-east-1:111122223333:trail/t", account)
		return func() error {
			return errorOf(w.sts.AssumeRole(ctx, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "CLOUDTRAIL"}))
		}
	}
	run(t, []step{
		{"trusted", assume("cloudtrail.amazonaws.com"), ""},
		{"not trusted", assume("ec2.amazonaws.com"), "AccessDenied: User: ec2.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: " + role},
	})
}

func TestTheLastUseOfARoleIsTold(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	session, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	w.Record(session, api.Call{Service: iamapi.Service})
	used := func(w *world) *iamapi.RoleLastUsed {
		return must(w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: "r"}))(t).Role.RoleLastUsed
	}
	if u := used(w); u.LastUsedDate == nil || *u.Region != "us-east-1" {
		t.Errorf("used %+v", u)
	}
	must(0, w.Sweep(context.Background()))(t)
	if u := used(openWorld(t, w.store)); u.LastUsedDate == nil || !u.LastUsedDate.Equal(noon.Truncate(time.Second)) {
		t.Errorf("after a restart: %+v", u)
	}
	must(w.iam.DeleteRole(w.root, &iamapi.DeleteRoleRequest{RoleName: "r"}))(t)
	w.Record(session, api.Call{Service: iamapi.Service})
	must(0, w.Sweep(context.Background()))(t)
}

func TestASessionOfADeletedRoleMayDoNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	trust := `"AWS":"arn:aws:iam::111122223333:user/Ada"`
	role := w.role(t, "r", trust, allow("iam:*", "*"))
	session, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	list := func() error { return errorOf(w.iam.ListUsers(session, &iamapi.ListUsersRequest{})) }
	wantError(t, "while the role is there", list(), "")
	must(w.iam.DeleteRolePolicy(w.root, &iamapi.DeleteRolePolicyRequest{RoleName: "r", PolicyName: "p"}))(t)
	must(w.iam.DeleteRole(w.root, &iamapi.DeleteRoleRequest{RoleName: "r"}))(t)
	w.role(t, "r", trust, allow("iam:*", "*")) // another role of the same name
	if got := w.errorCode(list()); got != "AccessDenied" {
		t.Errorf("the old session: %s", got)
	}
	who := must(w.sts.GetCallerIdentity(session, &stsapi.GetCallerIdentityRequest{}))(t)
	if *who.Arn != "arn:aws:sts::111122223333:assumed-role/r/s" {
		t.Errorf("it is still %s", *who.Arn)
	}
}
