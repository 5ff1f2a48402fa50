package iam

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/policy"
	"sealstack/storage"
)

// naive is what IAM should hold, kept in the simplest way: who has which
// policies, where policy N allows the action "test:N" alone.
type naive struct {
	users, groups map[string]map[string]bool // policies by holder
	members       map[string]map[string]bool // groups by user
}

// allowed lists the actions of a user.
func (n *naive) allowed(user string) []string {
	all := maps.Clone(n.users[user])
	for group := range n.members[user] {
		maps.Copy(all, n.groups[group])
	}
	return slices.Sorted(maps.Keys(all))
}

const (
	modelUsers    = 3
	modelGroups   = 2
	modelPolicies = 4
)

func testPolicy(i int) string { return document(allow(fmt.Sprintf("test:%d", i), "*")) }

// newModel makes the users, groups and managed policies of the model.
func newModel(t *testing.T, w *world) *naive {
	n := &naive{map[string]map[string]bool{}, map[string]map[string]bool{}, map[string]map[string]bool{}}
	for i := range modelUsers {
		name := fmt.Sprintf("u%d", i)
		must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: name}))(t)
		n.users[name], n.members[name] = map[string]bool{}, map[string]bool{}
	}
	for i := range modelGroups {
		name := fmt.Sprintf("g%d", i)
		must(w.iam.CreateGroup(w.root, &iamapi.CreateGroupRequest{GroupName: name}))(t)
		n.groups[name] = map[string]bool{}
	}
	for i := modelPolicies / 2; i < modelPolicies; i++ {
		must(w.iam.CreatePolicy(w.root, &iamapi.CreatePolicyRequest{PolicyName: fmt.Sprint(i), PolicyDocument: testPolicy(i)}))(t)
	}
	return n
}

// step changes the service and the model alike. Policies of the lower half are
// inline, the others managed. What is not there can't be taken away.
func (n *naive) step(w *world, r *rand.Rand) (what string, err error) {
	user, group, i := fmt.Sprintf("u%d", r.IntN(modelUsers)), fmt.Sprintf("g%d", r.IntN(modelGroups)), r.IntN(modelPolicies)
	action, name, arn := fmt.Sprintf("test:%d", i), fmt.Sprint(i), fmt.Sprintf("arn:aws:iam::111122223333:policy/%d", i)
	inline := i < modelPolicies/2
	switch give := r.IntN(2) == 0; r.IntN(3) {
	case 0:
		what = fmt.Sprintf("user %s %s %v", user, action, give)
		err = giveUser(w, user, name, arn, i, inline, give)
		return what, settle(n.users[user], action, give, err)
	case 1:
		what = fmt.Sprintf("group %s %s %v", group, action, give)
		err = giveGroup(w, group, name, arn, i, inline, give)
		return what, settle(n.groups[group], action, give, err)
	default:
		what = fmt.Sprintf("member %s %s %v", user, group, give)
		if give {
			err = errorOf(w.iam.AddUserToGroup(w.root, &iamapi.AddUserToGroupRequest{GroupName: group, UserName: user}))
		} else {
			err = errorOf(w.iam.RemoveUserFromGroup(w.root, &iamapi.RemoveUserFromGroupRequest{GroupName: group, UserName: user}))
		}
		if give {
			n.members[user][group] = true
		} else {
			delete(n.members[user], group)
		}
		return what, err
	}
}

func giveUser(w *world, user, name, arn string, i int, inline, give bool) error {
	switch {
	case inline && give:
		return errorOf(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: user, PolicyName: name, PolicyDocument: testPolicy(i)}))
	case inline:
		return errorOf(w.iam.DeleteUserPolicy(w.root, &iamapi.DeleteUserPolicyRequest{UserName: user, PolicyName: name}))
	case give:
		return errorOf(w.iam.AttachUserPolicy(w.root, &iamapi.AttachUserPolicyRequest{UserName: user, PolicyArn: arn}))
	}
	return errorOf(w.iam.DetachUserPolicy(w.root, &iamapi.DetachUserPolicyRequest{UserName: user, PolicyArn: arn}))
}

func giveGroup(w *world, group, name, arn string, i int, inline, give bool) error {
	switch {
	case inline && give:
		return errorOf(w.iam.PutGroupPolicy(w.root, &iamapi.PutGroupPolicyRequest{GroupName: group, PolicyName: name, PolicyDocument: testPolicy(i)}))
	case inline:
		return errorOf(w.iam.DeleteGroupPolicy(w.root, &iamapi.DeleteGroupPolicyRequest{GroupName: group, PolicyName: name}))
	case give:
		return errorOf(w.iam.AttachGroupPolicy(w.root, &iamapi.AttachGroupPolicyRequest{GroupName: group, PolicyArn: arn}))
	}
	return errorOf(w.iam.DetachGroupPolicy(w.root, &iamapi.DetachGroupPolicyRequest{GroupName: group, PolicyArn: arn}))
}

// settle changes the model's holder and holds the service's error against it:
// taking away what is not there is the only thing that fails.
func settle(holder map[string]bool, action string, give bool, err error) error {
	had := holder[action]
	if give {
		holder[action] = true
		return err
	}
	delete(holder, action)
	missing := err != nil && strings.HasPrefix(err.Error(), "NoSuchEntity: ")
	switch {
	case had:
		return err
	case !missing:
		return fmt.Errorf("taking away what is not there: %w", err)
	}
	return nil
}

// actions lists what a user may do by the service.
func (w *world) actions(t *testing.T, user string) []string {
	t.Helper()
	id := must(w.PrincipalID(w.root, "arn:aws:iam::111122223333:user/"+user))(t)
	a := must(w.Attached(context.Background(), &api.Caller{Principal: api.Principal{Type: api.User, ID: id, Account: account}}))(t)
	var all []string
	for i := range modelPolicies {
		q := &policy.Request{Action: fmt.Sprintf("test:%d", i), Resource: "*"}
		if slices.ContainsFunc(a.Policies, func(p *policy.Policy) bool { return p.Evaluate(q).Allowed != policy.NoMatch }) {
			all = append(all, q.Action)
		}
	}
	return all
}

func TestWhateverTheOrderOfWritesTheRightsAreThoseOfAModel(t *testing.T) {
	for seed := range uint64(5) {
		w := newWorld(t)
		n := newModel(t, w)
		r := rand.New(rand.NewPCG(seed, 1))
		var history []string
		for range 150 {
			what, err := n.step(w, r)
			history = append(history, what)
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, what, err)
			}
			for user := range n.users {
				if got, want := w.actions(t, user), n.allowed(user); !slices.Equal(got, want) {
					t.Fatalf("seed %d: %s may %v, want %v, after\n%s", seed, user, got, want, strings.Join(history, "\n"))
				}
			}
		}
	}
}

func TestNoSecretReachesTheStoreInClear(t *testing.T) {
	w := newWorld(t)
	must(w.iam.CreateUser(w.root, &iamapi.CreateUserRequest{UserName: "Ada"}))(t)
	key := must(w.iam.CreateAccessKey(w.root, &iamapi.CreateAccessKeyRequest{UserName: new("Ada")}))(t).AccessKey
	session := must(w.sts.GetSessionToken(w.holder(t, key.AccessKeyId), &stsapi.GetSessionTokenRequest{}))(t).Credentials
	rows := 0
	err := w.store.View(context.Background(), func(_ context.Context, tx storage.Tx) error {
		for _, table := range []string{accessKeys.Name(), sessions.Name(), bySessionEnd.Name(), entities.Name(), byID.Name()} {
			c, err := tx.Cursor(table)
			if err != nil {
				return err
			}
			for k, v, ok := c.Seek(nil); ok; k, v, ok = c.Next() {
				rows++
				for name, secret := range map[string]string{
					"secret": key.SecretAccessKey, "session's secret": session.SecretAccessKey, "token": session.SessionToken[20:60],
				} {
					if bytes.Contains(v, []byte(secret)) || bytes.Contains(k, []byte(secret)) {
						t.Errorf("the %s stands in %s", name, table)
					}
				}
			}
		}
		return nil
	})
	if err != nil || rows < 5 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
