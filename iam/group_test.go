package iam

import (
	"fmt"
	"strings"
	"testing"

	"sealstack/api/iamapi"
)

func TestAUserHasTheRightsOfItsGroups(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "Admins", Path: new("/a/")}))(t)
	list := func() error { return errorOf(w.iam.ListUsers(ada, &iamapi.ListUsersRequest{})) }
	denied := "AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111122223333:user/ because no identity-based policy allows the iam:ListUsers action"
	run(t, []step{
		{"without", list, denied},
		{"join", func() error {
			return errorOf(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "Admins", UserName: "Ada"}))
		}, ""},
		{"join again", func() error {
			return errorOf(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "Admins", UserName: "Ada"}))
		}, ""},
		{"no policy yet", list, denied},
		{"a policy", func() error {
			return errorOf(w.iam.PutGroupPolicy(w.root, &iamapi.PutGroupPolicyRequest{GroupName: "Admins", PolicyName: "p", PolicyDocument: document(allow("iam:List*", "*"))}))
		}, ""},
		{"allowed", list, ""},
		{"another name", func() error {
			return errorOf(w.iam.UpdateGroup(w.root, &iamapi.UpdateGroupRequest{GroupName: "Admins", NewGroupName: new("Readers")}))
		}, ""},
		{"still allowed", list, ""},
		{"delete it", func() error {
			return errorOf(w.iam.DeleteGroup(w.root, &iamapi.DeleteGroupRequest{GroupName: "Readers"}))
		}, "DeleteConflict: Cannot delete entity, must remove users from group first."},
		{"a managed deny", func() error {
			return errorOf(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Ada", PolicyName: "d", PolicyDocument: document(`{"Effect":"Deny","Action":"iam:*","Resource":"*"}`)}))
		}, ""},
		{"denied", list, "AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111122223333:user/ with an explicit deny in an identity-based policy"},
		{"leave", func() error {
			return errorOf(w.iam.RemoveUserFromGroup(w.root, &iamapi.RemoveUserFromGroupRequest{GroupName: "Readers", UserName: "Ada"}))
		}, ""},
		{"delete it with its policy", func() error {
			return errorOf(w.iam.DeleteGroup(w.root, &iamapi.DeleteGroupRequest{GroupName: "Readers"}))
		}, "DeleteConflict: Cannot delete entity, must delete policies first."},
	})
}

func TestGroupsHaveTheirErrors(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "u"}))(t)
	none := "NoSuchEntity: The group with name none cannot be found."
	add := func(group, user string) func() error {
		return func() error {
			return errorOf(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: group, UserName: user}))
		}
	}
	for i := range 11 {
		must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: fmt.Sprintf("g%02d", i)}))(t)
		if i < 10 {
			wantError(t, "join", add(fmt.Sprintf("g%02d", i), "u")(), "")
		}
	}
	run(t, []step{
		{"the eleventh", add("g10", "u"), "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10"},
		{"none", add("none", "u"), none},
		{"nobody", add("g10", "x"), "NoSuchEntity: The user with name x cannot be found."},
		{"again", func() error { return errorOf(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "G00"})) },
			"EntityAlreadyExists: Group with name G00 already exists."},
		{"get none", func() error { return errorOf(w.iam.GetGroup(w.root, &iamapi.GetGroupRequest{GroupName: "none"})) }, none},
		{"delete none", func() error {
			return errorOf(w.iam.DeleteGroup(w.root, &iamapi.DeleteGroupRequest{GroupName: "none"}))
		}, none},
		{"groups of nobody", func() error {
			return errorOf(w.iam.ListGroupsForUser(w.root, &iamapi.ListGroupsForUserRequest{UserName: "x"}))
		}, "NoSuchEntity: The user with name x cannot be found."},
	})
	first := must(w.iam.ListGroupsForUser(w.root, &iamapi.ListGroupsForUserRequest{UserName: "u", MaxItems: new(int32(4))}))(t)
	rest := must(w.iam.ListGroupsForUser(w.root, &iamapi.ListGroupsForUserRequest{UserName: "u", Marker: first.Marker}))(t)
	if len(first.Groups) != 4 || len(rest.Groups) != 6 || rest.Groups[0].GroupName != "g04" {
		t.Errorf("pages %+v %+v", first.Groups, rest.Groups)
	}
	if all := must(w.iam.ListGroups(w.root, &iamapi.ListGroupsRequest{}))(t); len(all.Groups) != 11 {
		t.Errorf("groups %+v", all.Groups)
	}
}

func TestGetGroupListsItsUsers(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "g"}))(t)
	for _, name := range []string{"c", "a", "b", "x"} {
		must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: name}))(t)
		if name != "x" {
			must(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "g", UserName: name}))(t)
		}
	}
	var names []string
	in := iamapi.GetGroupRequest{GroupName: "g", MaxItems: new(int32(2))}
	for {
		out := must(w.iam.GetGroup(w.root, &in))(t)
		if !strings.HasPrefix(out.Group.GroupId, "AGPA") {
			t.Errorf("group %+v", out.Group)
		}
		for _, u := range out.Users {
			names = append(names, u.UserName)
		}
		if in.Marker = out.Marker; out.Marker == nil {
			break
		}
	}
	if got := strings.Join(names, ""); got != "abc" {
		t.Errorf("users %s", got)
	}
}
