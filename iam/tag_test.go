package iam

import (
	"fmt"
	"testing"

	"sealstack/api/iamapi"
)

func TestTagsOfEverythingThatHasTags(t *testing.T) {
	w := newWorld(t)
	w.policy(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "x"}))(t)
	w.role(t, "x", `"Service":"ec2.amazonaws.com"`)
	must(w.iam.CreateInstanceProfile(w.root, &iamapi.CreateInstanceProfileRequest{InstanceProfileName: "x"}))(t)
	type ops struct {
		tag   func(name string, tags []iamapi.Tag) error
		untag func(name string, keys []string) error
		list  func(name string, max *int32) ([]iamapi.Tag, error)
	}
	for name, o := range map[string]ops{
		"x": {
			func(n string, tags []iamapi.Tag) error {
				return errorOf(w.iam.TagUser(w.root, &iamapi.TagUserRequest{UserName: n, Tags: tags}))
			},
			func(n string, keys []string) error {
				return errorOf(w.iam.UntagUser(w.root, &iamapi.UntagUserRequest{UserName: n, TagKeys: keys}))
			},
			func(n string, max *int32) ([]iamapi.Tag, error) {
				out, err := w.iam.ListUserTags(w.root, &iamapi.ListUserTagsRequest{UserName: n, MaxItems: max})
				return tagsOr(out, err, func() []iamapi.Tag { return out.Tags })
			},
		},
		"X": {
			func(n string, tags []iamapi.Tag) error {
				return errorOf(w.iam.TagRole(w.root, &iamapi.TagRoleRequest{RoleName: n, Tags: tags}))
			},
			func(n string, keys []string) error {
				return errorOf(w.iam.UntagRole(w.root, &iamapi.UntagRoleRequest{RoleName: n, TagKeys: keys}))
			},
			func(n string, max *int32) ([]iamapi.Tag, error) {
				out, err := w.iam.ListRoleTags(w.root, &iamapi.ListRoleTagsRequest{RoleName: n, MaxItems: max})
				return tagsOr(out, err, func() []iamapi.Tag { return out.Tags })
			},
		},
		"x ": {
			func(n string, tags []iamapi.Tag) error {
				return errorOf(w.iam.TagInstanceProfile(w.root, &iamapi.TagInstanceProfileRequest{InstanceProfileName: n[:1], Tags: tags}))
			},
			func(n string, keys []string) error {
				return errorOf(w.iam.UntagInstanceProfile(w.root, &iamapi.UntagInstanceProfileRequest{InstanceProfileName: n[:1], TagKeys: keys}))
			},
			func(n string, max *int32) ([]iamapi.Tag, error) {
				out, err := w.iam.ListInstanceProfileTags(w.root, &iamapi.ListInstanceProfileTagsRequest{InstanceProfileName: n[:1], MaxItems: max})
				return tagsOr(out, err, func() []iamapi.Tag { return out.Tags })
			},
		},
		custom: {
			func(n string, tags []iamapi.Tag) error {
				return errorOf(w.iam.TagPolicy(w.root, &iamapi.TagPolicyRequest{PolicyArn: n, Tags: tags}))
			},
			func(n string, keys []string) error {
				return errorOf(w.iam.UntagPolicy(w.root, &iamapi.UntagPolicyRequest{PolicyArn: n, TagKeys: keys}))
			},
			func(n string, max *int32) ([]iamapi.Tag, error) {
				out, err := w.iam.ListPolicyTags(w.root, &iamapi.ListPolicyTagsRequest{PolicyArn: n, MaxItems: max})
				return tagsOr(out, err, func() []iamapi.Tag { return out.Tags })
			},
		},
	} {
		run(t, []step{
			{"two", func() error { return o.tag(name, []iamapi.Tag{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}}) }, ""},
			{"one of them in another case", func() error { return o.tag(name, []iamapi.Tag{{Key: "B", Value: "3"}}) }, ""},
			{"a key twice", func() error { return o.tag(name, []iamapi.Tag{{Key: "c"}, {Key: "C"}}) }, "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
			{"fifty more", func() error { return o.tag(name, manyTags(50)) }, "LimitExceeded: The number of tags has reached the maximum limit."},
		})
		tags := must(o.list(name, nil))(t)
		if len(tags) != 2 || tags[0] != (iamapi.Tag{Key: "B", Value: "3"}) || tags[1] != (iamapi.Tag{Key: "a", Value: "2"}) {
			t.Errorf("%s: tags %v", name, tags)
		}
		if one := must(o.list(name, new(int32(1))))(t); len(one) != 1 {
			t.Errorf("%s: a page of one has %v", name, one)
		}
		wantError(t, name, o.untag(name, []string{"A", "zzz"}), "")
		if tags := must(o.list(name, nil))(t); len(tags) != 1 || tags[0].Key != "B" {
			t.Errorf("%s: tags left %v", name, tags)
		}
	}
	wantError(t, "nobody", errorOf(w.iam.TagUser(w.root, &iamapi.TagUserRequest{UserName: "y"})), "NoSuchEntity: The user with name y cannot be found.")
	wantError(t, "AWS's policy", errorOf(w.iam.TagPolicy(w.root, &iamapi.TagPolicyRequest{PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess"})),
		"InvalidInput: Cannot perform the operation on the AWS managed policy ReadOnlyAccess.")
}

func tagsOr[T any](out *T, err error, tags func() []iamapi.Tag) ([]iamapi.Tag, error) {
	if err != nil {
		return nil, err
	}
	return tags(), nil
}

func manyTags(n int) []iamapi.Tag {
	tags := make([]iamapi.Tag, n)
	for i := range tags {
		tags[i].Key = fmt.Sprintf("key%d", i)
	}
	return tags
}

func TestPoliciesSeeTagsOfRequestAndResource(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada",
		`{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"x"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team"]}}}`,
		`{"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/Team}"}}}`)
	create := func(name string, tags ...iamapi.Tag) string {
		return w.errorCode(errorOf(w.iam.CreateUser(ada, &iamapi.CreateUserRequest{UserName: name, Tags: tags})))
	}
	del := func(name string) string {
		return w.errorCode(errorOf(w.iam.DeleteUser(ada, &iamapi.DeleteUserRequest{UserName: name})))
	}
	for _, c := range []struct{ what, got, want string }{
		{"untagged", create("a"), "AccessDenied"},
		{"wrongly tagged", create("a", iamapi.Tag{Key: "Team", Value: "y"}), "AccessDenied"},
		{"tagged too much", create("a", iamapi.Tag{Key: "Team", Value: "x"}, iamapi.Tag{Key: "More"}), "AccessDenied"},
		{"tagged", create("a", iamapi.Tag{Key: "Team", Value: "x"}), "ok"},
		{"without a tag of one's own", del("a"), "AccessDenied"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
	must(w.iam.TagUser(w.root, &iamapi.TagUserRequest{UserName: "Ada", Tags: []iamapi.Tag{{Key: "Team", Value: "x"}}}))(t)
	if got := del("a"); got != "ok" {
		t.Errorf("with a tag of one's own: %s", got)
	}
}
