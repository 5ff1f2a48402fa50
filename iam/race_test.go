package iam

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
)

// atOnce runs n calls at the same time and counts those that do not fail; the
// others must fail with that code.
func (w *world) atOnce(t *testing.T, n int, code string, call func(i int) error) (good int) {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	for _, err := range errs {
		switch got := w.errorCode(err); got {
		case "ok":
			good++
		case code:
		default:
			t.Errorf("%v, want %s", err, code)
		}
	}
	return good
}

func TestQuotasHoldHoweverManyAskAtOnce(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "Ada"}))(t)
	for i := range 20 {
		must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: fmt.Sprint("g", i)}))(t)
		must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: fmt.Sprint("m", i), PolicyDocument: testPolicy(0)}))(t)
	}
	arn := func(i int) string { return fmt.Sprint("arn:aws:iam::111122223333:policy/m", i) }
	for name, c := range map[string]struct {
		quota int
		call  func(i int) error
	}{
		"access keys": {keysPerUser, func(int) error {
			return errorOf(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{UserName: new("Ada")}))
		}},
		"attached policies": {attachedPerEntity, func(i int) error {
			return errorOf(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "Ada", PolicyArn: arn(i)}))
		}},
		"groups": {groupsPerUser, func(i int) error {
			return errorOf(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{UserName: "Ada", GroupName: fmt.Sprint("g", i)}))
		}},
		"versions": {versionsPerPolicy - 1, func(i int) error {
			return errorOf(w.iam.CreatePolicyVersion(w.root, &iamapi.CreatePolicyVersionRequest{PolicyArn: arn(0), PolicyDocument: testPolicy(i)}))
		}},
	} {
		if good := w.atOnce(t, 20, "LimitExceeded", c.call); good != c.quota {
			t.Errorf("%s: %d were made, the quota leaves %d", name, good, c.quota)
		}
	}
}

func TestNamesAreGivenOnceHoweverManyAskAtOnce(t *testing.T) {
	w := newWorld(t)
	alias := func(i int) error {
		return errorOf(w.iam.CreateAccountAlias(rootOf(fmt.Sprintf("%012d", i+1)), &iamapi.CreateAccountAliasRequest{AccountAlias: "sealed"}))
	}
	for name, call := range map[string]func(i int) error{
		"a role": func(int) error {
			return errorOf(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "r", AssumeRolePolicyDocument: trusting(`"AWS":"111122223333"`)}))
		},
		"a policy": func(int) error {
			return errorOf(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: "m", PolicyDocument: testPolicy(0)}))
		},
		"an alias": alias,
	} {
		if good := w.atOnce(t, 10, "EntityAlreadyExists", call); good != 1 {
			t.Errorf("%s was made %d times", name, good)
		}
	}
}

// A policy is not deleted while somebody attaches it: either comes first.
func TestAPolicyIsDeletedOrAttachedButNotBoth(t *testing.T) {
	w := newWorld(t)
	w.user(t, "Ada")
	for i := range 30 {
		name := fmt.Sprint("m", i)
		arn := *must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: name, PolicyDocument: testPolicy(0)}))(t).Policy.Arn
		var attached, deleted error
		var wg sync.WaitGroup
		wg.Go(func() {
			attached = errorOf(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: "Ada", PolicyArn: arn}))
		})
		wg.Go(func() {
			deleted = errorOf(w.iam.DeletePolicy(w.root, &iamapi.DeletePolicyRequest{PolicyArn: arn}))
		})
		wg.Wait()
		if (attached == nil) == (deleted == nil) {
			t.Fatalf("attached: %v, deleted: %v", attached, deleted)
		}
		if attached == nil {
			must(w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: "Ada", PolicyArn: arn}))(t)
		}
	}
}

func TestSessionsMadeAtOnceAreApart(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	made := make([]*stsapi.Credentials, 50)
	good := w.atOnce(t, len(made), "", func(i int) error {
		out, err := w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: fmt.Sprint("s", i)})
		if err == nil {
			made[i] = out.Credentials
		}
		return err
	})
	if good != len(made) {
		t.Fatalf("%d sessions", good)
	}
	var ids, secrets, tokens []string
	for i, c := range made {
		found := must(w.Lookup(context.Background(), c.AccessKeyId))(t)
		if found.Principal.Name != fmt.Sprint("s", i) || found.Secret != c.SecretAccessKey || found.Token != c.SessionToken {
			t.Errorf("session %d is %+v", i, found.Principal)
		}
		ids, secrets, tokens = append(ids, c.AccessKeyId), append(secrets, c.SecretAccessKey), append(tokens, c.SessionToken)
	}
	for _, all := range [][]string{ids, secrets, tokens} {
		slices.Sort(all)
		if n := len(slices.Compact(all)); n != len(made) {
			t.Errorf("%d different ones of %d", n, len(made))
		}
	}
}

// Whoever is denied after a write stays denied, while others read and write.
func TestARightThatWasTakenIsTakenForAll(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada")
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	session, _ := w.assume(t, ada, stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s"})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					w.asks(session, "test:x", nil)
					w.iam.TagUser(w.root, &iamapi.TagUserRequest{UserName: "Ada", Tags: []iamapi.Tag{{Key: fmt.Sprint(i), Value: fmt.Sprint(n)}}})
				}
			}
		})
	}
	for i := range 60 {
		must(w.iam.PutRolePolicy(w.root, &iamapi.PutRolePolicyRequest{RoleName: "r", PolicyName: "p", PolicyDocument: document(allow("test:x", "*"))}))(t)
		if !w.asks(session, "test:x", nil) {
			t.Fatalf("round %d: the right is not there", i)
		}
		must(w.iam.DeleteRolePolicy(w.root, &iamapi.DeleteRolePolicyRequest{RoleName: "r", PolicyName: "p"}))(t)
		if w.asks(session, "test:x", nil) {
			t.Fatalf("round %d: the right is still there", i)
		}
	}
	close(stop)
	wg.Wait()
	if c := api.CallerOf(session); c.Session == nil {
		t.Error("the session is gone")
	}
}
