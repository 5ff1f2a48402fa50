package iam

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
)

// chain makes roles "r0", "r1" and so on, each of which trusts the one before,
// the first a user.
func (w *world) chain(t *testing.T, n int) (ada context.Context, roles []string) {
	ada = w.user(t, "Ada")
	trusted := "arn:aws:iam::111122223333:user/Ada"
	for i := range n {
		trusted = w.role(t, fmt.Sprintf("r%d", i), `"AWS":"`+trusted+`"`)
		roles = append(roles, trusted)
	}
	return ada, roles
}

// tagsOf are the session tags of a caller.
func tagsOf(ctx context.Context) map[string]string { return api.CallerOf(ctx).Session.Tags }

func TestTransitiveTagsGoThroughTheWholeChain(t *testing.T) {
	w := newWorld(t)
	who, roles := w.chain(t, 5)
	want := map[string]string{"Team": "x"}
	for i, role := range roles {
		in := stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s", Tags: []stsapi.Tag{{Key: "Own", Value: fmt.Sprint(i)}}}
		switch i {
		case 0:
			in.Tags, in.TransitiveTagKeys = append(in.Tags, stsapi.Tag{Key: "Team", Value: "x"}), []string{"TEAM"}
		case 2: // one more joins on the way
			in.Tags, in.TransitiveTagKeys = append(in.Tags, stsapi.Tag{Key: "Late", Value: "y"}), []string{"Late"}
			want["Late"] = "y"
		}
		who, _ = w.assume(t, who, in)
		got := maps.Clone(tagsOf(who))
		if got["Own"] != fmt.Sprint(i) {
			t.Errorf("hop %d: its own tag is %q", i, got["Own"])
		}
		delete(got, "Own")
		if !maps.Equal(got, want) {
			t.Errorf("hop %d: %v, want %v", i, got, want)
		}
	}
}

func TestTheSourceIdentityStaysForTheWholeChain(t *testing.T) {
	w := newWorld(t)
	ada, roles := w.chain(t, 3)
	for name, set := range map[string]int{"from the first": 0, "from the second": 1} {
		who := ada
		for i, role := range roles {
			in := stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"}
			if i == set {
				in.SourceIdentity = new("Ada")
			}
			var out *stsapi.AssumeRoleResponse
			who, out = w.assume(t, who, in)
			want := ""
			if i >= set {
				want = "Ada"
			}
			if deref(out.SourceIdentity) != want || api.CallerOf(who).Session.SourceIdentity != want {
				t.Errorf("%s: at hop %d it is %v", name, i, out.SourceIdentity)
			}
		}
	}
	first, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: roles[0], RoleSessionName: "s", SourceIdentity: new("Ada")})
	if _, err := w.sts.AssumeRole(first, &stsapi.AssumeRoleRequest{RoleArn: roles[1], RoleSessionName: "s", SourceIdentity: new("Ada")}); err != nil {
		t.Errorf("the same one again: %v", err)
	}
}

// To pass on a source identity needs the right to set it, at each hop.
func TestPassingASourceIdentityOnNeedsTheRight(t *testing.T) {
	w := newWorld(t)
	ada, roles := w.chain(t, 1)
	last := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "last", AssumeRolePolicyDocument: document(
		`{"Effect":"Allow","Principal":{"AWS":"` + roles[0] + `"},"Action":"sts:AssumeRole"}`)}))(t).Role.Arn
	denied := "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/r0/s is not authorized to perform: "
	for name, c := range map[string]struct {
		in   stsapi.AssumeRoleRequest
		want string
	}{
		"neither":           {stsapi.AssumeRoleRequest{}, ""},
		"a source identity": {stsapi.AssumeRoleRequest{SourceIdentity: new("Ada")}, denied + "sts:SetSourceIdentity on resource: " + last},
		"a transitive tag":  {stsapi.AssumeRoleRequest{Tags: []stsapi.Tag{{Key: "a", Value: "b"}}, TransitiveTagKeys: []string{"a"}}, denied + "sts:TagSession on resource: " + last},
		"a tag that is not": {stsapi.AssumeRoleRequest{Tags: []stsapi.Tag{{Key: "a", Value: "b"}}}, ""},
	} {
		c.in.RoleArn, c.in.RoleSessionName = roles[0], "s"
		session, _ := w.assume(t, ada, c.in)
		wantError(t, name, errorOf(w.sts.AssumeRole(session, &stsapi.AssumeRoleRequest{RoleArn: last, RoleSessionName: "s"})), c.want)
	}
}

func TestChainedSessionsLastAnHourAtMost(t *testing.T) {
	w := newWorld(t)
	ada, roles := w.chain(t, 2)
	for _, name := range []string{"r0", "r1"} {
		must(w.iam.UpdateRole(w.root, &iamapi.UpdateRoleRequest{RoleName: name, MaxSessionDuration: new(int32(43200))}))(t)
	}
	first, out := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: roles[0], RoleSessionName: "s", DurationSeconds: new(int32(43200))})
	if got := out.Credentials.Expiration.Sub(noon.Truncate(time.Second)); got != 12*time.Hour {
		t.Errorf("the first session lasts %v", got)
	}
	for seconds, want := range map[int32]string{
		900: "", 3600: "", 3601: "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
		43200: "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
	} {
		out, err := w.sts.AssumeRole(first, &stsapi.AssumeRoleRequest{RoleArn: roles[1], RoleSessionName: "s", DurationSeconds: &seconds})
		wantError(t, fmt.Sprint(seconds), err, want)
		if err == nil && out.Credentials.Expiration.Sub(noon.Truncate(time.Second)) != time.Duration(seconds)*time.Second {
			t.Errorf("%d seconds last until %v", seconds, out.Credentials.Expiration)
		}
	}
	// Near its end a session makes one that outlives it.
	must(0, w.clock.Advance(12*time.Hour-time.Minute))(t)
	_, late := w.assume(t, first, stsapi.AssumeRoleRequest{RoleArn: roles[1], RoleSessionName: "s"})
	if !late.Credentials.Expiration.After(out.Credentials.Expiration) {
		t.Errorf("the later session ends %v", late.Credentials.Expiration)
	}
}

// A chain ends where a role does not trust the one before, whatever the first
// user may do.
func TestAChainHasNoShortCut(t *testing.T) {
	w := newWorld(t)
	ada, roles := w.chain(t, 3)
	first, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: roles[0], RoleSessionName: "s"})
	second, _ := w.assume(t, first, stsapi.AssumeRoleRequest{RoleArn: roles[1], RoleSessionName: "s"})
	names := map[string]context.Context{"user/Ada": ada, "assumed-role/r0/s": first, "assumed-role/r1/s": second}
	for i, name := range []string{"user/Ada", "assumed-role/r0/s", "assumed-role/r1/s"} {
		service := "sts"
		if i == 0 {
			service = "iam"
		}
		for j, role := range roles {
			want := "AccessDenied: User: arn:aws:" + service + "::111122223333:" + name + " is not authorized to perform: sts:AssumeRole on resource: " + role
			if i == j {
				want = ""
			}
			wantError(t, name+" "+role, errorOf(w.sts.AssumeRole(names[name], &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})), want)
		}
	}
}

// Sessions of users and federated users, and what each may ask of STS:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
func TestWhoMayAskSTSForWhat(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("*", "*"))
	role := w.role(t, "r", `"AWS":"111122223333"`, allow("*", "*"))
	user := w.holder(t, must(w.sts.GetSessionToken(ada, &stsapi.GetSessionTokenRequest{}))(t).Credentials.AccessKeyId)
	federated := w.holder(t, must(w.sts.GetFederationToken(ada, &stsapi.GetFederationTokenRequest{Name: "guest", Policy: new(document(allow("*", "*")))}))(t).Credentials.AccessKeyId)
	assumed, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	root := w.holder(t, must(w.sts.GetSessionToken(w.root, &stsapi.GetSessionTokenRequest{}))(t).Credentials.AccessKeyId)
	asks := map[string]func(context.Context) error{
		"AssumeRole": func(c context.Context) error {
			return errorOf(w.sts.AssumeRole(c, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"}))
		},
		"GetSessionToken": func(c context.Context) error {
			return errorOf(w.sts.GetSessionToken(c, &stsapi.GetSessionTokenRequest{}))
		},
		"GetFederationToken": func(c context.Context) error {
			return errorOf(w.sts.GetFederationToken(c, &stsapi.GetFederationTokenRequest{Name: "guest"}))
		},
		"GetCallerIdentity": func(c context.Context) error {
			return errorOf(w.sts.GetCallerIdentity(c, &stsapi.GetCallerIdentityRequest{}))
		},
	}
	for name, c := range map[string]struct {
		who context.Context
		may string
	}{
		"a user":           {ada, "AssumeRole GetCallerIdentity GetFederationToken GetSessionToken"},
		"a user's session": {user, "AssumeRole GetCallerIdentity"},
		"a role":           {assumed, "AssumeRole GetCallerIdentity"},
		"a federated user": {federated, "GetCallerIdentity"},
		"the root user":    {w.root, "GetCallerIdentity GetFederationToken GetSessionToken"},
		"its session":      {root, "GetCallerIdentity"},
	} {
		var may []string
		for what, ask := range asks {
			switch err := ask(c.who); w.errorCode(err) {
			case "ok":
				may = append(may, what)
			case "AccessDenied":
			default:
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		slices.Sort(may)
		if got := strings.Join(may, " "); got != c.may {
			t.Errorf("%s may %s, want %s", name, got, c.may)
		}
	}
}
