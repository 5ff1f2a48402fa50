package organizations

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

func (w *world) create(email, name string) (*org.CreateAccountResponse, error) {
	return w.CreateAccount(w.admin, &org.CreateAccountRequest{Email: email, AccountName: name})
}

func TestAnAccountIsCreatedWithItsRole(t *testing.T) {
	w := newWorld(t)
	o, root := w.organization(t)
	w.enable(t, root, scp)
	made := must(w.create("a@example.com", "first"))(t).CreateAccountStatus
	if !regexp.MustCompile(`^car-[a-z0-9]{32}$`).MatchString(*made.Id) || *made.State != "SUCCEEDED" || *made.AccountName != "first" ||
		!regexp.MustCompile(`^[1-9]\d{11}$`).MatchString(*made.AccountId) || !made.CompletedTimestamp.Equal(noon) {
		t.Errorf("made %+v", made)
	}
	want := builtRole{*made.AccountId, "organizations.amazonaws.com", "OrganizationAccountAccessRole",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`,
		"arn:aws:iam::aws:policy/AdministratorAccess"}
	if len(w.roles.roles) != 1 || w.roles.roles[0] != want {
		t.Errorf("roles %+v", w.roles.roles)
	}
	a := must(w.DescribeAccount(w.admin, &org.DescribeAccountRequest{AccountId: *made.AccountId}))(t).Account
	if *a.Name != "first" || *a.Email != "a@example.com" || *a.JoinedMethod != "CREATED" || *a.Status != "ACTIVE" || *a.State != "ACTIVE" ||
		*a.Arn != "arn:aws:organizations::111122223333:account/"+*o.Id+"/"+*made.AccountId || a.Paths[0] != *o.Id+"/"+root+"/"+*made.AccountId+"/" {
		t.Errorf("account %+v", a)
	}
	if got := w.attachedTo(t, *made.AccountId, scp); len(got) != 1 || got[0] != "p-FullAWSAccess" {
		t.Errorf("policies %v", got)
	}
}

func TestAnEmailAddressHasOneAccount(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	first := must(w.create("a@example.com", "first"))(t).CreateAccountStatus
	again := must(w.create("A@example.com", "again"))(t).CreateAccountStatus
	if *again.State != "FAILED" || *again.FailureReason != "EMAIL_ALREADY_EXISTS" || again.AccountId != nil || len(w.roles.roles) != 1 {
		t.Errorf("again %+v, roles %v", again, w.roles.roles)
	}
	got := must(w.DescribeCreateAccountStatus(w.admin, &org.DescribeCreateAccountStatusRequest{CreateAccountRequestId: *again.Id}))(t).CreateAccountStatus
	if *got.State != "FAILED" {
		t.Errorf("described %+v", got)
	}
	count := func(states ...org.CreateAccountState) int {
		return len(must(w.ListCreateAccountStatus(w.admin, &org.ListCreateAccountStatusRequest{States: states}))(t).CreateAccountStatuses)
	}
	if count() != 2 || count("SUCCEEDED") != 1 || count("FAILED", "SUCCEEDED") != 2 || count("IN_PROGRESS") != 0 {
		t.Errorf("%d, %d succeeded, %d in progress", count(), count("SUCCEEDED"), count("IN_PROGRESS"))
	}
	if n := len(must(w.ListAccounts(w.admin, &org.ListAccountsRequest{}))(t).Accounts); n != 2 {
		t.Errorf("%d accounts beside %s", n, *first.AccountId)
	}
}

func TestAccountsThatAreNotCreated(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	create := func(in org.CreateAccountRequest) func() error {
		in.Email, in.AccountName = "b@example.com", "b"
		return func() error { return errorOf(w.CreateAccount(w.admin, &in)) }
	}
	run(t, []step{
		{"a reserved role", create(org.CreateAccountRequest{RoleName: new("AWSServiceRoleForMe")}), "InvalidInputException: You provided a role name that isn't valid. [INVALID_ROLE_NAME]"},
		{"a tag of AWS", create(org.CreateAccountRequest{Tags: []org.Tag{{Key: "aws:a"}}}), "InvalidInputException: You specified a tag key that is a system tag. [INVALID_SYSTEM_TAGS_PARAMETER]"},
		{"a tag twice", create(org.CreateAccountRequest{Tags: []org.Tag{{Key: "a"}, {Key: "a"}}}), "InvalidInputException: Tag keys must be unique among the tags attached to the same entity. [DUPLICATE_TAG_KEY]"},
		{"no request", func() error {
			return errorOf(w.DescribeCreateAccountStatus(w.admin, &org.DescribeCreateAccountStatusRequest{CreateAccountRequestId: "car-00000000"}))
		}, "CreateAccountStatusNotFoundException: You specified a create account request that doesn't exist."},
		{"no account", func() error {
			return errorOf(w.DescribeAccount(w.admin, &org.DescribeAccountRequest{AccountId: outsider}))
		},
			"AccountNotFoundException: You specified an account that doesn't exist."},
		{"the root is none", func() error { return errorOf(w.DescribeAccount(w.admin, &org.DescribeAccountRequest{AccountId: root})) },
			"AccountNotFoundException: You specified an account that doesn't exist."},
	})
	w.roles.fail = errors.New("no role")
	if err := create(org.CreateAccountRequest{})(); !errors.Is(err, w.roles.fail) {
		t.Errorf("without its role: %v", err)
	}
	if n := len(must(w.ListAccounts(w.admin, &org.ListAccountsRequest{}))(t).Accounts); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

func TestAnOrganizationHoldsSoManyAccounts(t *testing.T) {
	w := newWorld(t)
	made, _ := w.organization(t)
	fill := func(tx storage.Tx) error {
		o, err := load(tx, *made.Id)
		for i := 1; err == nil && i < maxAccounts; i++ {
			id, _ := newAccountID()
			o.Nodes[id] = &node{ID: id, Parent: o.Root}
		}
		return firstError(err, o.save(tx))
	}
	if err := w.update(w.admin, fill); err != nil {
		t.Fatal(err)
	}
	run(t, []step{
		{"create", func() error { return errorOf(w.create("a@example.com", "a")) },
			"ConstraintViolationException: You have exceeded the allowed number of AWS accounts. [ACCOUNT_NUMBER_LIMIT_EXCEEDED]"},
		{"invite", func() error { return errorOf(w.invite(member)) },
			"HandshakeConstraintViolationException: You have exceeded the allowed number of AWS accounts. [ACCOUNT_NUMBER_LIMIT_EXCEEDED]"},
	})
}

func TestAccountsMove(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	a, b := w.unit(t, root, "a"), w.unit(t, root, "b")
	w.join(t, member)
	move := func(account, from, to string) func() error {
		return func() error {
			return errorOf(w.MoveAccount(w.admin, &org.MoveAccountRequest{AccountId: account, SourceParentId: from, DestinationParentId: to}))
		}
	}
	run(t, []step{
		{"no account", move(outsider, root, a), "AccountNotFoundException: You specified an account that doesn't exist."},
		{"no source", move(member, "r-zzzz", a), "SourceParentNotFoundException: You specified a source parent that doesn't exist."},
		{"another source", move(member, b, a), "SourceParentNotFoundException: You specified a source parent that doesn't exist."},
		{"no destination", move(member, root, "ou-zzzz-zzzzzzzz"), "DestinationParentNotFoundException: You specified a destination parent that doesn't exist."},
		{"nowhere", move(member, root, root), "DuplicateAccountException: The account is already present in the specified destination."},
		{"there", move(member, root, a), ""},
		{"on", move(member, a, b), ""},
		{"back", move(member, b, root), ""},
	})
}

func TestAccountsLeave(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.join(t, member)
	created := *must(w.create("a@example.com", "a"))(t).CreateAccountStatus.AccountId
	remove := func(account string) func() error {
		return func() error {
			return errorOf(w.RemoveAccountFromOrganization(w.admin, &org.RemoveAccountFromOrganizationRequest{AccountId: account}))
		}
	}
	leave := func(account string) func() error {
		return func() error { return errorOf(w.LeaveOrganization(rootOf(account), &api.None{})) }
	}
	const (
		stays = "MasterCannotLeaveOrganizationException: You can't remove the management account from the organization."
		waits = "ConstraintViolationException: This operation requires a wait period. Try again later. [WAIT_PERIOD_ACTIVE]"
	)
	run(t, []step{
		{"none", remove(outsider), "AccountNotFoundException: You specified an account that doesn't exist."},
		{"the management account", remove(management), stays},
		{"the management account by itself", leave(management), stays},
		{"a new one", remove(created), waits},
		{"a new one by itself", leave(created), waits},
		{"three days later", func() error { return firstError(w.clock.Advance(4*24*time.Hour-time.Second), remove(created)()) }, waits},
		{"four days later", func() error { return firstError(w.clock.Advance(time.Second), remove(created)()) }, ""},
		{"by itself", leave(member), ""},
		{"again", leave(member), "AWSOrganizationsNotInUseException: Your account is not a member of an organization."},
	})
	if all := must(w.ListAccounts(w.admin, &org.ListAccountsRequest{}))(t).Accounts; len(all) != 1 || *all[0].Id != management || all[0].Name != nil {
		t.Errorf("left %+v", all)
	}
}

func TestTagsOfEverything(t *testing.T) {
	w := newWorld(t)
	_, root := w.organization(t)
	unit := w.unit(t, root, "unit")
	id := w.policy(t, scp, "p", doc(allow("*")))
	tag := func(id string, tags ...org.Tag) func() error {
		return func() error {
			return errorOf(w.TagResource(w.admin, &org.TagResourceRequest{ResourceId: id, Tags: tags}))
		}
	}
	list := func(id string) (out []string) {
		for _, each := range must(w.ListTagsForResource(w.admin, &org.ListTagsForResourceRequest{ResourceId: id}))(t).Tags {
			out = append(out, each.Key+"="+each.Value)
		}
		return out
	}
	for _, id := range []string{root, unit, management, id} {
		run(t, []step{
			{"tag " + id, tag(id, org.Tag{Key: "b", Value: "1"}, org.Tag{Key: "a", Value: "2"}), ""},
			{"change " + id, tag(id, org.Tag{Key: "b", Value: "3"}), ""},
			{"untag " + id, func() error {
				return errorOf(w.UntagResource(w.admin, &org.UntagResourceRequest{ResourceId: id, TagKeys: []string{"a", "none"}}))
			}, ""},
		})
		if got := strings.Join(list(id), " "); got != "b=3" {
			t.Errorf("%s: %s", id, got)
		}
	}
	var many []org.Tag
	for i := range 51 {
		many = append(many, org.Tag{Key: string(rune('A' + i))})
	}
	const noTarget = "TargetNotFoundException: You specified a target that doesn't exist."
	run(t, []step{
		{"too many", tag(unit, many...), "ConstraintViolationException: You have exceeded the number of tags allowed on this resource. [MAX_TAG_LIMIT_EXCEEDED]"},
		{"AWS's", tag(unit, org.Tag{Key: "AWS:x"}), "InvalidInputException: You specified a tag key that is a system tag. [INVALID_SYSTEM_TAGS_PARAMETER]"},
		{"no account", tag(outsider), noTarget},
		{"no policy", tag("p-00000000"), noTarget},
		{"AWS's policy", tag("p-FullAWSAccess"), "InvalidInputException: You specified a policy that is managed by AWS and can't be modified. [IMMUTABLE_POLICY]"},
		{"untag none", func() error {
			return errorOf(w.UntagResource(w.admin, &org.UntagResourceRequest{ResourceId: "r-zzzz", TagKeys: []string{"a"}}))
		}, noTarget},
		{"list none", func() error {
			return errorOf(w.ListTagsForResource(w.admin, &org.ListTagsForResourceRequest{ResourceId: "p-00000000"}))
		}, noTarget},
	})
}
