package iam

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"sealstack/api/iamapi"
)

func TestInlinePoliciesAreCheckedAndKept(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "Ada"}))(t)
	put := func(name, text string) func() error {
		return func() error {
			return errorOf(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Ada", PolicyName: name, PolicyDocument: text}))
		}
	}
	long := document(allow("kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/"+strings.Repeat("x", 1500)))
	run(t, []step{
		{"good", put("p", document(allow("kms:*", "*"))), ""},
		{"good, old version", put("p", `{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`), ""},
		{"no JSON", put("p", `{"Version":`), "MalformedPolicyDocument: This policy contains invalid Json"},
		{"no statement", put("p", `{"Version":"2012-10-17"}`), "MalformedPolicyDocument: Syntax errors in policy."},
		{"a strange element", put("p", `{"Version":"2012-10-17","Extra":1,"Statement":[]}`), "MalformedPolicyDocument: Syntax errors in policy."},
		{"no resource", put("p", document(`{"Effect":"Allow","Action":"kms:*"}`)), "MalformedPolicyDocument: Policy statement must contain resources."},
		{"no action", put("p", document(`{"Effect":"Allow","Resource":"*"}`)), "MalformedPolicyDocument: Policy statement must contain actions."},
		{"no vendor", put("p", document(allow("Decrypt", "*"))), "MalformedPolicyDocument: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"no ARN", put("p", document(allow("kms:Decrypt", "key"))), `MalformedPolicyDocument: Resource key must be in ARN format or "*".`},
		{"a principal", put("p", document(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`)), "MalformedPolicyDocument: Policy document should not specify a principal."},
		{"a condition type", put("p", document(`{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{"Foo":{"aws:x":"y"}}}`)), "MalformedPolicyDocument: Invalid Condition type : Foo."},
		{"one long", put("long", long), ""},
		{"two long", put("longer", long), "LimitExceeded: Maximum policy size of 2048 bytes exceeded for user Ada"},
		{"the first one again", put("long", long+strings.Repeat(" ", 4000)), ""},
	})
	list := must(w.iam.ListUserPolicies(w.root, &iamapi.ListUserPoliciesRequest{UserName: "Ada"}))(t)
	if strings.Join(list.PolicyNames, " ") != "long p" || *list.IsTruncated {
		t.Errorf("listed %+v", list)
	}
}

func TestDocumentsComeBackURLEncoded(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "Ada"}))(t)
	text := "{\n \"Version\": \"2012-10-17\", \"Statement\": [" + allow("kms:*", "*") + "] }"
	must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Ada", PolicyName: "p", PolicyDocument: text}))(t)
	got := must(w.iam.GetUserPolicy(w.root, &iamapi.GetUserPolicyRequest{UserName: "Ada", PolicyName: "p"}))(t)
	if strings.ContainsAny(got.PolicyDocument, "+{\"* ") || !strings.HasPrefix(got.PolicyDocument, "%7B%0A%20%22Version%22%3A%20%222012-10-17%22%2C") {
		t.Errorf("document %s", got.PolicyDocument)
	}
	if plain := must(url.PathUnescape(got.PolicyDocument))(t); plain != text {
		t.Errorf("decoded %s, want %s", plain, text)
	}
}

func TestInlinePoliciesOfEachKind(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "x"}))(t)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "x"}))(t)
	w.role(t, "x", `"Service":"ec2.amazonaws.com"`)
	doc := document(allow("kms:*", "*"))
	type ops struct {
		put, get, list, del func(ctx context.Context, entity, policy string) error
	}
	for kind, o := range map[string]ops{
		"user": {
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.PutUserPolicy(ctx, &iamapi.PutUserPolicyRequest{UserName: e, PolicyName: p, PolicyDocument: doc}))
			},
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.GetUserPolicy(ctx, &iamapi.GetUserPolicyRequest{UserName: e, PolicyName: p}))
			},
			func(ctx context.Context, e, _ string) error {
				return errorOf(w.iam.ListUserPolicies(ctx, &iamapi.ListUserPoliciesRequest{UserName: e}))
			},
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.DeleteUserPolicy(ctx, &iamapi.DeleteUserPolicyRequest{UserName: e, PolicyName: p}))
			},
		},
		"group": {
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.PutGroupPolicy(ctx, &iamapi.PutGroupPolicyRequest{GroupName: e, PolicyName: p, PolicyDocument: doc}))
			},
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.GetGroupPolicy(ctx, &iamapi.GetGroupPolicyRequest{GroupName: e, PolicyName: p}))
			},
			func(ctx context.Context, e, _ string) error {
				return errorOf(w.iam.ListGroupPolicies(ctx, &iamapi.ListGroupPoliciesRequest{GroupName: e}))
			},
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.DeleteGroupPolicy(ctx, &iamapi.DeleteGroupPolicyRequest{GroupName: e, PolicyName: p}))
			},
		},
		"role": {
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.PutRolePolicy(ctx, &iamapi.PutRolePolicyRequest{RoleName: e, PolicyName: p, PolicyDocument: doc}))
			},
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.GetRolePolicy(ctx, &iamapi.GetRolePolicyRequest{RoleName: e, PolicyName: p}))
			},
			func(ctx context.Context, e, _ string) error {
				return errorOf(w.iam.ListRolePolicies(ctx, &iamapi.ListRolePoliciesRequest{RoleName: e}))
			},
			func(ctx context.Context, e, p string) error {
				return errorOf(w.iam.DeleteRolePolicy(ctx, &iamapi.DeleteRolePolicyRequest{RoleName: e, PolicyName: p}))
			},
		},
	} {
		none := "NoSuchEntity: The " + kind + " with name y cannot be found."
		noPolicy := "NoSuchEntity: The " + kind + " policy with name q cannot be found."
		for _, s := range []struct {
			what         string
			call         func(context.Context, string, string) error
			entity, name string
			want         string
		}{
			{"put", o.put, "x", "p", ""}, {"get", o.get, "x", "p", ""}, {"list", o.list, "x", "p", ""},
			{"put on none", o.put, "y", "p", none}, {"get of none", o.get, "y", "p", none},
			{"list of none", o.list, "y", "p", none}, {"delete of none", o.del, "y", "p", none},
			{"get another", o.get, "x", "q", noPolicy}, {"delete another", o.del, "x", "q", noPolicy},
			{"delete", o.del, "x", "p", ""},
		} {
			wantError(t, kind+": "+s.what, s.call(w.root, s.entity, s.name), s.want)
		}
	}
}
