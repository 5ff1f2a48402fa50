package organizations

import (
	"context"
	"testing"
	"time"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
)

const (
	noSuchHandshake = "HandshakeNotFoundException: You specified a handshake that doesn't exist."
	wrongState      = "InvalidHandshakeTransitionException: You can't perform the operation on the handshake in its current state."
	sameState       = "HandshakeAlreadyInStateException: The handshake is already in the requested state."
)

// answers are the three ways to answer a handshake.
func (w *world) answers(id string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"accept": func(c context.Context) error {
			return errorOf(w.AcceptHandshake(c, &org.AcceptHandshakeRequest{HandshakeId: id}))
		},
		"decline": func(c context.Context) error {
			return errorOf(w.DeclineHandshake(c, &org.DeclineHandshakeRequest{HandshakeId: id}))
		},
		"cancel": func(c context.Context) error {
			return errorOf(w.CancelHandshake(c, &org.CancelHandshakeRequest{HandshakeId: id}))
		},
		"describe": func(c context.Context) error {
			return errorOf(w.DescribeHandshake(c, &org.DescribeHandshakeRequest{HandshakeId: id}))
		},
	}
}

func TestInvitationsAreCheckedFirst(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.join(t, member)
	invite := func(id string, kind org.HandshakePartyType, tags ...org.Tag) func() error {
		return func() error {
			return errorOf(w.InviteAccountToOrganization(w.admin, &org.InviteAccountToOrganizationRequest{Target: org.HandshakeParty{Id: id, Type: kind}, Tags: tags}))
		}
	}
	run(t, []step{
		{"an organization", invite("o-aaaaaaaaaa", org.HandshakePartyTypeOrganization), "InvalidInputException: You specified the wrong type of entity as a party. [INVALID_PARTY_TYPE_TARGET]"},
		{"no number", invite("12345", org.HandshakePartyTypeAccount), "InvalidInputException: You specified a target ID that doesn't match the required pattern. [INVALID_PATTERN_TARGET_ID]"},
		{"by e-mail address", invite("a@example.com", org.HandshakePartyTypeEmail), "NotImplemented: organizations:InviteAccountToOrganization by e-mail address is not implemented by Sealstack."},
		{"a member", invite(member, org.HandshakePartyTypeAccount), "HandshakeConstraintViolationException: The invited account is already a member of an organization. [ALREADY_IN_AN_ORGANIZATION]"},
		{"a tag of AWS", invite(outsider, org.HandshakePartyTypeAccount, org.Tag{Key: "aws:a"}), "InvalidInputException: You specified a tag key that is a system tag. [INVALID_SYSTEM_TAGS_PARAMETER]"},
		{"an account", invite(outsider, org.HandshakePartyTypeAccount), ""},
		{"again", invite(outsider, org.HandshakePartyTypeAccount), "DuplicateHandshakeException: A handshake with the same action and target already exists."},
	})
}

func TestAnInvitationIsAnsweredOnce(t *testing.T) {
	for first, want := range map[string]map[string]string{
		"accept":  {"accept": sameState, "decline": wrongState, "cancel": wrongState, "describe": ""},
		"decline": {"accept": wrongState, "decline": sameState, "cancel": wrongState, "describe": ""},
		"cancel":  {"accept": wrongState, "decline": wrongState, "cancel": sameState, "describe": ""},
	} {
		w := newWorld(t)
		w.organization(t)
		answers := w.answers(*must(w.invite(member))(t).Handshake.Id)
		who := map[string]context.Context{"accept": rootOf(member), "decline": rootOf(member), "cancel": w.admin, "describe": w.admin}
		wantError(t, first, answers[first](who[first]), "")
		for then, sentence := range want {
			wantError(t, first+", then "+then, answers[then](who[then]), sentence)
		}
		m := must(w.Member(context.Background(), member))(t)
		if (m != nil) != (first == "accept") {
			t.Errorf("%s: member %+v", first, m)
		}
	}
}

func TestAHandshakeIsBetweenItsParties(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	answers := w.answers(*must(w.invite(member))(t).Handshake.Id)
	for name, do := range answers {
		wantError(t, "another's "+name, do(rootOf(outsider)), noSuchHandshake)
	}
	run(t, []step{
		{"accept by the sender", func() error { return answers["accept"](w.admin) }, noSuchHandshake},
		{"decline by the sender", func() error { return answers["decline"](w.admin) }, noSuchHandshake},
		{"cancel by the recipient", func() error { return answers["cancel"](rootOf(member)) }, noSuchHandshake},
		{"describe by the recipient", func() error { return answers["describe"](rootOf(member)) }, ""},
		{"one that is not there", func() error { return w.answers("h-00000000")["accept"](rootOf(member)) }, noSuchHandshake},
	})
}

func TestAHandshakeIsShown(t *testing.T) {
	w := newWorld(t)
	o, _ := w.organization(t)
	h := must(w.InviteAccountToOrganization(w.admin, &org.InviteAccountToOrganizationRequest{
		Target: org.HandshakeParty{Id: member, Type: org.HandshakePartyTypeAccount}, Notes: new("hello"), Tags: []org.Tag{{Key: "a", Value: "b"}},
	}))(t).Handshake
	if *h.Arn != "arn:aws:organizations::111122223333:handshake/"+*o.Id+"/invite/"+*h.Id || *h.State != "OPEN" || *h.Action != "INVITE" ||
		!h.RequestedTimestamp.Equal(noon) || !h.ExpirationTimestamp.Equal(noon.AddDate(0, 0, 15)) || len(h.Parties) != 2 || h.Parties[1].Id != member ||
		len(h.Resources) != 3 || *h.Resources[0].Value != *o.Id || *h.Resources[0].Resources[0].Value != "ALL" || *h.Resources[2].Value != "hello" {
		t.Errorf("handshake %+v", h)
	}
	must(w.AcceptHandshake(rootOf(member), &org.AcceptHandshakeRequest{HandshakeId: *h.Id}))(t)
	a := must(w.DescribeAccount(w.admin, &org.DescribeAccountRequest{AccountId: member}))(t).Account
	tags := must(w.ListTagsForResource(w.admin, &org.ListTagsForResourceRequest{ResourceId: member}))(t).Tags
	if *a.JoinedMethod != "INVITED" || a.Name != nil || a.Email != nil || len(tags) != 1 || tags[0].Value != "b" {
		t.Errorf("account %+v, tags %v", a, tags)
	}
}

func TestHandshakesExpireAndVanish(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	id := *must(w.invite(member))(t).Handshake.Id
	state := func() string {
		out, err := w.DescribeHandshake(w.admin, &org.DescribeHandshakeRequest{HandshakeId: id})
		if err != nil {
			return codeOf(err)
		}
		return string(*out.Handshake.State)
	}
	for _, tt := range []struct {
		after time.Duration
		want  string
		sent  int
	}{
		{0, "OPEN", 1},
		{15*24*time.Hour - 1, "OPEN", 1},
		{1, "EXPIRED", 1},
		{30*24*time.Hour - 1, "EXPIRED", 1},
		{1, "HandshakeNotFoundException", 0},
	} {
		if err := w.clock.Advance(tt.after); err != nil {
			t.Fatal(err)
		}
		sent := must(w.ListHandshakesForOrganization(w.admin, &org.ListHandshakesForOrganizationRequest{}))(t).Handshakes
		if got := state(); got != tt.want || len(sent) != tt.sent {
			t.Errorf("%v later: %s, %d listed, expected %s", tt.after, got, len(sent), tt.want)
		}
		if tt.want == "EXPIRED" {
			wantError(t, "accept", w.answers(id)["accept"](rootOf(member)), wrongState)
		}
	}
	wantError(t, "invite again", errorOf(w.invite(member)), "")
}

func TestHandshakesAreListedToTheirParties(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	must(w.invite(member))(t)
	must(w.invite(outsider))(t)
	received := func(account string, filter *org.HandshakeFilter) int {
		return len(must(w.ListHandshakesForAccount(rootOf(account), &org.ListHandshakesForAccountRequest{Filter: filter}))(t).Handshakes)
	}
	sent := func(filter *org.HandshakeFilter) int {
		return len(must(w.ListHandshakesForOrganization(w.admin, &org.ListHandshakesForOrganizationRequest{Filter: filter}))(t).Handshakes)
	}
	invites, others := &org.HandshakeFilter{ActionType: new(org.ActionTypeInvite)}, &org.HandshakeFilter{ActionType: new(org.ActionTypeEnableAllFeatures)}
	for name, tt := range map[string]struct{ got, want int }{
		"member":             {received(member, nil), 1},
		"member, invites":    {received(member, invites), 1},
		"member, others":     {received(member, others), 0},
		"member, children":   {received(member, &org.HandshakeFilter{ParentHandshakeId: new("h-00000000")}), 0},
		"management account": {received(management, nil), 0},
		"sent":               {sent(nil), 2},
		"sent, others":       {sent(others), 0},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, expected %d", name, tt.got, tt.want)
		}
	}
	page := must(w.ListHandshakesForOrganization(w.admin, &org.ListHandshakesForOrganizationRequest{MaxResults: new(int32(1))}))(t)
	rest := must(w.ListHandshakesForOrganization(w.admin, &org.ListHandshakesForOrganizationRequest{NextToken: page.NextToken}))(t)
	if len(page.Handshakes) != 1 || len(rest.Handshakes) != 1 || *page.Handshakes[0].Id == *rest.Handshakes[0].Id || rest.NextToken != nil {
		t.Errorf("pages %+v and %+v", page, rest)
	}
}

func TestAMemberMovesToAnotherOrganization(t *testing.T) {
	w := newWorld(t)
	w.organization(t)
	w.join(t, member)
	theirs := must(w.CreateOrganization(rootOf(outsider), &org.CreateOrganizationRequest{}))(t).Organization
	invite := func(account string) string {
		return *must(w.InviteAccountToOrganization(rootOf(outsider), &org.InviteAccountToOrganizationRequest{
			Target: org.HandshakeParty{Id: account, Type: org.HandshakePartyTypeAccount},
		}))(t).Handshake.Id
	}
	wantError(t, "a management account", w.answers(invite(management))["accept"](w.admin),
		"MasterCannotLeaveOrganizationException: You can't remove the management account from the organization.")
	wantError(t, "a member", w.answers(invite(member))["accept"](rootOf(member)), "")
	if m := must(w.Member(context.Background(), member))(t); m.Organization != *theirs.Id {
		t.Errorf("in %s, expected %s", m.Organization, *theirs.Id)
	}
	wantError(t, "the first organization is empty", errorOf(w.DeleteOrganization(w.admin, &api.None{})), "")
}
