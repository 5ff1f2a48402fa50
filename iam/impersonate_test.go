package iam

import (
	"errors"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
)

func TestImpersonateMakesTheCallerThatAPrincipalWouldBe(t *testing.T) {
	w := newWorld(t)
	user, err := w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "ann", Path: new("/team/")})
	if err != nil {
		t.Fatal(err)
	}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:AssumeRole"}]}`
	role, err := w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "app", Path: new("/team/"), AssumeRolePolicyDocument: trust})
	if err != nil {
		t.Fatal(err)
	}
	rootARN := "arn:aws:iam::" + account + ":root"
	session := "arn:aws:sts::" + account + ":assumed-role/app/"
	for _, c := range []struct {
		principal string
		want      api.Principal
	}{
		{rootARN, api.Principal{Type: api.Root, Account: account, ARN: rootARN, ID: account}},
		{user.User.Arn, api.Principal{Type: api.User, Account: account, ARN: user.User.Arn, ID: user.User.UserId, Name: "ann"}},
		{role.Role.Arn, api.Principal{Type: api.AssumedRole, Account: account, ARN: session + "preview", ID: role.Role.RoleId + ":preview", Name: "preview", Issuer: role.Role.Arn, IssuerID: role.Role.RoleId}},
		{session + "job", api.Principal{Type: api.AssumedRole, Account: account, ARN: session + "job", ID: role.Role.RoleId + ":job", Name: "job", Issuer: role.Role.Arn, IssuerID: role.Role.RoleId}},
		{"logs.eu-west-1.amazonaws.com", api.Principal{Type: api.AWSService, ARN: "logs.eu-west-1.amazonaws.com", Name: "logs.eu-west-1.amazonaws.com"}},
	} {
		got, err := w.Impersonate(w.root, c.principal, "eu-west-1")
		if err != nil || got.Principal != c.want || got.Region != "eu-west-1" || got.Partition != "aws" {
			t.Errorf("Impersonate(%s) = %+v, %v, want %+v", c.principal, got, err, c.want)
		}
	}
	for _, none := range []string{"", "ann", "arn:", "arn:aws:iam::" + account + ":user/bob", "arn:aws:iam::" + account + ":group/g", session[:len(session)-4] + "none/s"} {
		if _, err := w.Impersonate(w.root, none, "eu-west-1"); !errors.Is(err, ErrNoPrincipal) {
			t.Errorf("Impersonate(%q) = %v, want ErrNoPrincipal", none, err)
		}
	}
}
