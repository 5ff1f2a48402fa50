package iam

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
)

// step is one call with the error that it must have, "" for none.
type step struct {
	what string
	call func() error
	want string
}

func run(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		wantError(t, s.what, s.call(), s.want)
	}
}

// errorOf drops the value of a call.
func errorOf[T any](_ T, err error) error { return err }

func TestUsersAreMadeOnceAndFoundAgain(t *testing.T) {
	w := newWorld(t)
	create := func(in iamapi.CreateUserRequest) func() error {
		return func() error { return errorOf(w.iam.CreateUser(w.root, &in)) }
	}
	get := func(name string) func() error {
		return func() error { return errorOf(w.iam.GetUser(w.root, &iamapi.GetUserRequest{UserName: &name})) }
	}
	run(t, []step{
		{"create", create(iamapi.CreateUserRequest{UserName: "Ada"}), ""},
		{"again", create(iamapi.CreateUserRequest{UserName: "Ada"}), "EntityAlreadyExists: User with name Ada already exists."},
		{"in another case", create(iamapi.CreateUserRequest{UserName: "aDA"}), "EntityAlreadyExists: User with name aDA already exists."},
		{"two tags of one key", create(iamapi.CreateUserRequest{UserName: "Bob", Tags: []iamapi.Tag{{Key: "a"}, {Key: "A"}}}),
			"InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"a reserved tag", create(iamapi.CreateUserRequest{UserName: "Bob", Tags: []iamapi.Tag{{Key: "aws:x"}}}),
			"InvalidInput: Tag keys beginning with 'aws:' are reserved for system use."},
		{"a boundary that does not exist", create(iamapi.CreateUserRequest{UserName: "Bob", PermissionsBoundary: new("arn:aws:iam::111122223333:policy/none")}),
			"NoSuchEntity: Policy arn:aws:iam::111122223333:policy/none does not exist or is not attachable."},
		{"a boundary that is no ARN", create(iamapi.CreateUserRequest{UserName: "Bob", PermissionsBoundary: new("nonsense-of-some-length")}),
			"ValidationError: Invalid ARN:  Could not be parsed!"},
		{"a boundary that is a role", create(iamapi.CreateUserRequest{UserName: "Bob", PermissionsBoundary: new("arn:aws:iam::111122223333:role/none")}),
			"ValidationError: ARN arn:aws:iam::111122223333:role/none is not valid."},
		{"get", get("Ada"), ""},
		{"get another", get("Bob"), "NoSuchEntity: The user with name Bob cannot be found."},
	})
}

func TestAUserHasWhatItWasMadeWith(t *testing.T) {
	w := newWorld(t)
	made := must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{
		UserName: "Ada", Path: new("/eng/math/"), Tags: []iamapi.Tag{{Key: "Team", Value: "x"}},
		PermissionsBoundary: new("arn:aws:iam::aws:policy/PowerUserAccess"),
	}))(t).User
	if made.Arn != "arn:aws:iam::111122223333:user/eng/math/Ada" || made.Path != "/eng/math/" || made.UserName != "Ada" {
		t.Errorf("made %+v", made)
	}
	if !strings.HasPrefix(made.UserId, "AIDA") || made.CreateDate.Nanosecond() != 0 {
		t.Errorf("id %s, created %v", made.UserId, made.CreateDate)
	}
	got := must(w.iam.GetUser(w.root, &iamapi.GetUserRequest{UserName: new("ada")}))(t).User
	if got.UserId != made.UserId || !got.CreateDate.Equal(made.CreateDate) || len(got.Tags) != 1 || got.Tags[0].Value != "x" {
		t.Errorf("got %+v, made %+v", got, made)
	}
	if b := got.PermissionsBoundary; b == nil || *b.PermissionsBoundaryArn != "arn:aws:iam::aws:policy/PowerUserAccess" || *b.PermissionsBoundaryType != "Policy" {
		t.Errorf("boundary %+v", b)
	}
}

func TestGetUserWithoutANameIsTheCaller(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("iam:GetUser", "arn:aws:iam::111122223333:user/${aws:username}"))
	bob := w.user(t, "Bob")
	if got := must(w.iam.GetUser(ada, &iamapi.GetUserRequest{}))(t); got.User.UserName != "Ada" {
		t.Errorf("Ada is %+v", got.User)
	}
	got := must(w.iam.GetUser(w.root, &iamapi.GetUserRequest{}))(t)
	if got.User.Arn != "arn:aws:iam::111122223333:root" || got.User.UserId != account {
		t.Errorf("root is %+v", got.User)
	}
	session := as(api.Principal{Type: api.AssumedRole, Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/r/s", ID: "AROAX:s"}, &api.Session{}, "")
	run(t, []step{
		{"without the right", func() error { return errorOf(w.iam.GetUser(bob, &iamapi.GetUserRequest{})) },
			"AccessDenied: User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: iam:GetUser on resource: arn:aws:iam::111122223333:user/Bob because no identity-based policy allows the iam:GetUser action"},
		{"of another, unknown", func() error { return errorOf(w.iam.GetUser(ada, &iamapi.GetUserRequest{UserName: new("Eve")})) },
			"AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: iam:GetUser on resource: arn:aws:iam::111122223333:user/Eve because no identity-based policy allows the iam:GetUser action"},
		{"as a role", func() error { return errorOf(w.iam.GetUser(session, &iamapi.GetUserRequest{})) },
			"ValidationError: Must specify userName when calling with non-User credentials"},
	})
}

func TestAccountsAndPartitionsAreApart(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada")
	china := api.WithCaller(context.Background(), &api.Caller{
		Principal: api.Principal{Type: api.Root, Account: account, ARN: "arn:aws-cn:iam::111122223333:root", ID: account}, Partition: "aws-cn",
	})
	for name, ctx := range map[string]context.Context{"account": rootOf("444455556666"), "partition": china} {
		err := errorOf(w.iam.GetUser(ctx, &iamapi.GetUserRequest{UserName: new("Ada")}))
		wantError(t, name, err, "NoSuchEntity: The user with name Ada cannot be found.")
	}
	made := must(w.iam.CreateUser(china, &iamapi.CreateUserRequest{UserName: "Ada"}))(t)
	if made.User.Arn != "arn:aws-cn:iam::111122223333:user/Ada" {
		t.Errorf("made %s", made.User.Arn)
	}
}

func TestListUsersPagesByName(t *testing.T) {
	w := newWorld(t)
	for i := range 7 {
		path := "/"
		if i%2 == 1 {
			path = "/odd/"
		}
		must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: fmt.Sprintf("u%d", 6-i), Path: &path}))(t)
	}
	for _, c := range []struct {
		prefix *string
		max    int32
		pages  string
	}{
		{nil, 3, "u0u1u2 u3u4u5 u6"},
		{nil, 7, "u0u1u2u3u4u5u6"},
		{new("/odd/"), 2, "u1u3 u5"},
		{new("/even/"), 2, ""},
	} {
		var pages []string
		var marker *string
		for {
			out := must(w.iam.ListUsers(w.root, &iamapi.ListUsersRequest{PathPrefix: c.prefix, MaxItems: &c.max, Marker: marker}))(t)
			names := ""
			for _, u := range out.Users {
				names += u.UserName
			}
			pages = append(pages, names)
			if *out.IsTruncated != (out.Marker != nil) {
				t.Fatalf("truncated %v with marker %v", *out.IsTruncated, out.Marker)
			}
			if marker = out.Marker; marker == nil {
				break
			}
		}
		if got := strings.Join(pages, " "); got != c.pages {
			t.Errorf("pages of %d: %q, want %q", c.max, got, c.pages)
		}
	}
	for _, marker := range []string{"nonsense", "!!", "TGlzdFJvbGVzAHgA"} {
		err := errorOf(w.iam.ListUsers(w.root, &iamapi.ListUsersRequest{Marker: &marker}))
		wantError(t, marker, err, "ValidationError: Invalid Marker.")
	}
}

func TestAUserWhoHoldsSomethingCannotBeDeleted(t *testing.T) {
	w := newWorld(t)
	ada := "Ada"
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: ada}))(t)
	must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: "g"}))(t)
	must(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: "g", UserName: ada}))(t)
	must(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: ada, PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess"}))(t)
	must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: ada, PolicyName: "p", PolicyDocument: document(allow("*", "*"))}))(t)
	key := must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{UserName: &ada}))(t).AccessKey.AccessKeyId
	del := func() error { return errorOf(w.iam.DeleteUser(w.root, &iamapi.DeleteUserRequest{UserName: ada})) }
	run(t, []step{
		{"in a group", del, "DeleteConflict: Cannot delete entity, must remove users from group first."},
		{"leave it", func() error {
			return errorOf(w.iam.RemoveUserFromGroup(w.root, &iamapi.RemoveUserFromGroupRequest{GroupName: "g", UserName: ada}))
		}, ""},
		{"with a managed policy", del, "DeleteConflict: Cannot delete entity, must detach all policies first."},
		{"detach", func() error {
			return errorOf(w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: ada, PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess"}))
		}, ""},
		{"with an inline policy", del, "DeleteConflict: Cannot delete entity, must delete policies first."},
		{"delete it", func() error {
			return errorOf(w.iam.DeleteUserPolicy(w.root, &iamapi.DeleteUserPolicyRequest{UserName: ada, PolicyName: "p"}))
		}, ""},
		{"with a key", del, "DeleteConflict: Cannot delete entity, must delete access keys first."},
		{"delete it", func() error {
			return errorOf(w.iam.DeleteAccessKey(w.root, &iamapi.DeleteAccessKeyRequest{UserName: &ada, AccessKeyId: key}))
		}, ""},
		{"with nothing", del, ""},
		{"again", del, "NoSuchEntity: The user with name Ada cannot be found."},
	})
}

func TestARenamedUserKeepsItsIdentity(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("iam:GetUser", "*"))
	w.user(t, "Bob")
	key := api.CallerOf(ada).AccessKeyID
	before := must(w.iam.GetUser(w.root, &iamapi.GetUserRequest{UserName: new("Ada")}))(t).User
	update := func(in iamapi.UpdateUserRequest) func() error {
		return func() error { return errorOf(w.iam.UpdateUser(w.root, &in)) }
	}
	run(t, []step{
		{"to a name that is taken", update(iamapi.UpdateUserRequest{UserName: "Ada", NewUserName: new("bob")}), "EntityAlreadyExists: User with name bob already exists."},
		{"someone else", update(iamapi.UpdateUserRequest{UserName: "Eve", NewUserName: new("Eva")}), "NoSuchEntity: The user with name Eve cannot be found."},
		{"to another case", update(iamapi.UpdateUserRequest{UserName: "Ada", NewUserName: new("ADA")}), ""},
		{"to another name and path", update(iamapi.UpdateUserRequest{UserName: "Ada", NewUserName: new("Lovelace"), NewPath: new("/m/")}), ""},
		{"the old name", update(iamapi.UpdateUserRequest{UserName: "Ada"}), "NoSuchEntity: The user with name Ada cannot be found."},
	})
	after := must(w.iam.GetUser(w.holder(t, key), &iamapi.GetUserRequest{}))(t).User
	if after.UserId != before.UserId || after.Arn != "arn:aws:iam::111122223333:user/m/Lovelace" {
		t.Errorf("after %+v, before %+v", after, before)
	}
}
