package iam

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
)

// notCarried are the operations that answer that they are not implemented.
var notCarried = map[string]bool{
	"sts:AssumeRoot": true, "sts:GetDelegatedAccessToken": true, "sts:GetWebIdentityToken": true,
}

// samples are values for members of inputs, by name; other texts are "thing".
var samples = map[string]string{
	"PolicyArn": custom, "PolicySourceArn": "arn:aws:iam::111122223333:user/thing", "Arn": "arn:aws:iam::111122223333:user/thing",
	"SAMLProviderArn":          "arn:aws:iam::111122223333:saml-provider/thing",
	"OpenIDConnectProviderArn": "arn:aws:iam::111122223333:oidc-provider/example.com", "Url": "https://example.com",
	"PolicyDocument":           `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`,
	"AssumeRolePolicyDocument": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`,
	"RoleArn":                  "arn:aws:iam::111122223333:role/thing", "AWSServiceName": "cloudtrail.amazonaws.com", "Status": "Active",
}

// sample returns an input with its required texts and UserName filled.
func sample(op *api.Operation) any {
	in := reflect.New(op.Input)
	for i := range op.Input.NumField() {
		field, f := op.Input.Field(i), in.Elem().Field(i)
		text, ok := samples[field.Name]
		if !ok {
			text = "thing"
		}
		switch {
		case f.Kind() == reflect.String:
			f.SetString(text)
		case field.Name == "UserName":
			f.Set(reflect.ValueOf(&text))
		}
	}
	return in.Interface()
}

// call passes a sample input through the door of IAM.
func (w *world) call(ctx context.Context, op *api.Operation) error {
	door := &api.Endpoint[iamapi.API]{Service: iamapi.Service, Impl: w.iam}
	_, err := door.Call(ctx, op, sample(op))
	return err
}

func TestEveryOperationAsksForItsOwnRight(t *testing.T) {
	w := newWorld(t)
	nobody := w.user(t, "Bob")
	for _, op := range iamapi.Service.Operations {
		action := "iam:" + op.Name
		err := w.call(nobody, op)
		var e *api.Error
		switch {
		case !errors.As(err, &e):
			t.Errorf("%s: %v", action, err)
		case notCarried[action]:
			if e.Code != "NotImplemented" {
				t.Errorf("%s: %v", action, err)
			}
		case e.Code != "AccessDenied" || e.Status != 403 || !strings.Contains(e.Message, "User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: "+action+" on resource: "):
			t.Errorf("%s: %v", action, err)
		}
	}
}

func TestARightToOneOperationIsEnough(t *testing.T) {
	w := newWorld(t)
	bob := w.user(t, "Bob")
	for _, op := range iamapi.Service.Operations {
		action := "iam:" + op.Name
		if notCarried[action] {
			continue
		}
		must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Bob", PolicyName: "p", PolicyDocument: document(allow(action, "*"))}))(t)
		err := w.call(bob, op)
		var e *api.Error
		if errors.As(err, &e) && (e.Code == "AccessDenied" && op.Name != "GetAccessKeyLastUsed" && op.Name != "AddRoleToInstanceProfile") {
			t.Errorf("%s with the right to it: %v", action, err)
		}
		if err != nil && e == nil {
			t.Errorf("%s fails with %v, which is no error of AWS", action, err)
		}
	}
}

func TestErrorsAreThoseThatTheModelDeclares(t *testing.T) {
	w := newWorld(t)
	for _, op := range iamapi.Service.Operations {
		if notCarried["iam:"+op.Name] {
			continue
		}
		err := w.call(w.root, op)
		var e *api.Error
		if errors.As(err, &e) && e.Code != "ValidationError" && e.Code != "AccessDenied" && !op.Declares(e.Shape) {
			t.Errorf("%s answers %s, which its model does not declare: %v", op.Name, e.Shape, op.Errors)
		}
	}
}

func TestSTSCarriesAllButWhatIsNamed(t *testing.T) {
	w := newWorld(t)
	bob := w.user(t, "Bob")
	door := &api.Endpoint[stsapi.API]{Service: stsapi.Service, Impl: w.sts}
	for _, op := range stsapi.Service.Operations {
		_, err := door.Call(bob, op, sample(op))
		var e *api.Error
		carried := !errors.As(err, &e) || e.Code != "NotImplemented"
		if carried == notCarried["sts:"+op.Name] {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}

// asker remembers the last request and answers with err.
type asker struct {
	last *auth.Request
	all  []string
	err  error
}

func (a *asker) Authorize(_ context.Context, r *auth.Request) error {
	a.last = r
	a.all = append(a.all, r.Action+" "+r.Resource)
	return a.err
}

func TestResourcesAreNamedAsAWSDocuments(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "thing", Path: new("/p/")}))(t)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "thing", Path: new("/q/")}))(t)
	a := &asker{}
	w.authorizer = a
	for name, c := range map[string]struct {
		call func()
		want string
	}{
		"a new user":       {func() { w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "n", Path: new("/x/")}) }, "iam:CreateUser arn:aws:iam::111122223333:user/x/n"},
		"a user":           {func() { w.iam.ListUserTags(w.root, &iamapi.ListUserTagsRequest{UserName: "THING"}) }, "iam:ListUserTags arn:aws:iam::111122223333:user/p/thing"},
		"a user not there": {func() { w.iam.ListUserTags(w.root, &iamapi.ListUserTagsRequest{UserName: "none"}) }, "iam:ListUserTags arn:aws:iam::111122223333:user/none"},
		"a group": {func() {
			w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "thing", UserName: "thing"})
		}, "iam:AddUserToGroup arn:aws:iam::111122223333:group/q/thing"},
		"a role":   {func() { w.iam.GetRole(w.root, &iamapi.GetRoleRequest{RoleName: "r"}) }, "iam:GetRole arn:aws:iam::111122223333:role/r"},
		"a policy": {func() { w.iam.GetPolicy(w.root, &iamapi.GetPolicyRequest{PolicyArn: custom}) }, "iam:GetPolicy " + custom},
		"a profile": {func() {
			w.iam.GetInstanceProfile(w.root, &iamapi.GetInstanceProfileRequest{InstanceProfileName: "i"})
		}, "iam:GetInstanceProfile arn:aws:iam::111122223333:instance-profile/i"},
		"a list":      {func() { w.iam.ListUsers(w.root, &iamapi.ListUsersRequest{PathPrefix: new("/p/")}) }, "iam:ListUsers arn:aws:iam::111122223333:user/p/"},
		"the account": {func() { w.iam.GetAccountSummary(w.root, &api.None{}) }, "iam:GetAccountSummary *"},
	} {
		a.all = nil
		c.call()
		if got := strings.Join(a.all, ", "); got != c.want {
			t.Errorf("%s: asks for %s, want %s", name, got, c.want)
		}
	}
}

func TestConditionKeysOfIAM(t *testing.T) {
	w := newWorld(t)
	w.policy(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "u", PermissionsBoundary: new(custom), Tags: []iamapi.Tag{{Key: "Team", Value: "x"}}}))(t)
	w.role(t, "r", `"Service":"ec2.amazonaws.com"`)
	a := &asker{}
	w.authorizer = a
	for name, c := range map[string]struct {
		call      func()
		key, want string
	}{
		"the policy attached": {func() {
			w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "u", PolicyArn: custom})
		}, "iam:policyarn", custom},
		"the policy detached": {func() {
			w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: "u", PolicyArn: custom})
		}, "iam:policyarn", custom},
		"the boundary there": {func() { w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "u"}) }, "iam:permissionsboundary", custom},
		"the boundary asked for": {func() {
			w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "v", PermissionsBoundary: new("arn:aws:iam::aws:policy/ReadOnlyAccess")})
		}, "iam:permissionsboundary", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
		"the tag there": {func() { w.iam.GetUser(w.root, &iamapi.GetUserRequest{UserName: new("u")}) }, "iam:resourcetag/team", "x"},
		"the tag asked for": {func() {
			w.iam.TagUser(w.root, &iamapi.TagUserRequest{UserName: "u", Tags: []iamapi.Tag{{Key: "New", Value: "y"}}})
		}, "aws:requesttag/new", "y"},
		"the keys dropped": {func() {
			w.iam.UntagUser(w.root, &iamapi.UntagUserRequest{UserName: "u", TagKeys: []string{"z", "b"}})
		}, "aws:tagkeys", "z b"},
		"the service": {func() {
			w.iam.CreateServiceLinkedRole(w.root, &iamapi.CreateServiceLinkedRoleRequest{AWSServiceName: "rds.amazonaws.com"})
		}, "iam:awsservicename", "rds.amazonaws.com"},
	} {
		c.call()
		if got := strings.Join(a.last.Keys[c.key], " "); got != c.want {
			t.Errorf("%s: %s is %q, want %q", name, c.key, got, c.want)
		}
	}
}

func TestAFailureToDecideIsNotADenial(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("the store is gone")
	w.authorizer = &asker{err: broken}
	for _, op := range iamapi.Service.Operations {
		if err := w.call(w.root, op); !errors.Is(err, broken) && !notCarried["iam:"+op.Name] && op.Name != "GetAccessKeyLastUsed" {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}
