package organizations

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// handshake is an invitation to join an organization.
type handshake struct {
	ID         string             `cbor:"1,keyasint"`
	Org        string             `cbor:"2,keyasint"`
	Partition  string             `cbor:"3,keyasint"`
	Management string             `cbor:"4,keyasint"` // account that invited
	Account    string             `cbor:"5,keyasint"` // that is invited
	Notes      string             `cbor:"6,keyasint,omitempty"`
	Tags       []tag              `cbor:"7,keyasint,omitempty"` // of the account, once it joins
	Asked      time.Time          `cbor:"8,keyasint"`
	State      org.HandshakeState `cbor:"9,keyasint"` // as answered; see stateAt
	Answered   time.Time          `cbor:"10,keyasint"`
}

var handshakes = storage.NewTable[handshake]("organizations.handshake") // by id

func (h *handshake) arn() string {
	return "arn:" + h.Partition + ":organizations::" + h.Management + ":handshake/" + h.Org + "/invite/" + h.ID
}

func (h *handshake) expires() time.Time { return h.Asked.AddDate(0, 0, inviteDays) }

// stateAt is the state at an instant: what is not answered expires.
func (h *handshake) stateAt(now time.Time) org.HandshakeState {
	if h.State == org.HandshakeStateOpen && !now.Before(h.expires()) {
		return org.HandshakeStateExpired
	}
	return h.State
}

// gone reports whether a completed handshake is shown no more.
func (h *handshake) gone(now time.Time) bool {
	completed := h.Answered
	switch h.stateAt(now) {
	case org.HandshakeStateOpen:
		return false
	case org.HandshakeStateExpired:
		completed = h.expires()
	}
	return !now.Before(completed.AddDate(0, 0, keptDays))
}

// show shows an invitation.
//
// Unverified: ORGANIZATION_FEATURE_SET has the value of FeatureSet, and the
// inviting account's name and e-mail address may be missing.
func (h *handshake) show(now time.Time, allFeatures bool) *org.Handshake {
	features := org.OrganizationFeatureSetConsolidatedBilling
	if allFeatures {
		features = org.OrganizationFeatureSetAll
	}
	fact := func(t org.HandshakeResourceType, v string, inner ...org.HandshakeResource) org.HandshakeResource {
		return org.HandshakeResource{Type: &t, Value: &v, Resources: inner}
	}
	resources := []org.HandshakeResource{
		fact(org.HandshakeResourceTypeOrganization, h.Org, fact(org.HandshakeResourceTypeOrganizationFeatureSet, string(features))),
		fact(org.HandshakeResourceTypeAccount, h.Account),
	}
	if h.Notes != "" {
		resources = append(resources, fact(org.HandshakeResourceTypeNotes, h.Notes))
	}
	return &org.Handshake{
		Id: &h.ID, Arn: new(h.arn()), State: new(h.stateAt(now)), Action: new(org.ActionTypeInvite),
		RequestedTimestamp: &h.Asked, ExpirationTimestamp: new(h.expires()), Resources: resources,
		Parties: []org.HandshakeParty{
			{Id: strings.TrimPrefix(h.Org, "o-"), Type: org.HandshakePartyTypeOrganization},
			{Id: h.Account, Type: org.HandshakePartyTypeAccount},
		},
	}
}

// withdraw deletes the handshakes of the organization.
func (o *organization) withdraw(tx storage.Tx) error {
	all, err := collect(tx, handshakes, nil)
	for _, h := range all {
		if h.Org == o.ID {
			err = errors.Join(err, handshakes.Delete(tx, storage.K(h.ID)))
		}
	}
	return err
}

// InviteAccountToOrganization invites an account, by its number, to join.
func (s *Service) InviteAccountToOrganization(ctx context.Context, in *org.InviteAccountToOrganizationRequest) (*org.InviteAccountToOrganizationResponse, error) {
	target := in.Target.Id
	r := request{action: "InviteAccountToOrganization", tags: in.Tags}
	if in.Target.Type == org.HandshakePartyTypeAccount {
		r.on = []string{target}
	}
	o, err := s.enter(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := checkParty(in.Target); err != nil {
		return nil, err
	}
	now := s.clock.Now()
	h := &handshake{
		ID: newHandshakeID(), Org: o.ID, Partition: o.Partition, Management: o.Management, Account: target,
		Notes: deref(in.Notes), Asked: now, State: org.HandshakeStateOpen,
	}
	if h.Tags, err = setTags(nil, in.Tags); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx storage.Tx) error {
		if err := s.mayInvite(tx, h, now); err != nil {
			return err
		}
		return handshakes.Put(tx, storage.K(h.ID), *h)
	})
	if err != nil {
		return nil, err
	}
	return &org.InviteAccountToOrganizationResponse{Handshake: h.show(now, o.AllFeatures)}, nil
}

// checkParty takes accounts by number alone: nobody knows here whose an e-mail
// address is.
func checkParty(p org.HandshakeParty) error {
	switch {
	case p.Type == org.HandshakePartyTypeEmail:
		return api.NotImplemented("organizations", "InviteAccountToOrganization by e-mail address")
	case p.Type != org.HandshakePartyTypeAccount:
		return badPartyType()
	case len(p.Id) != 12 || strings.Trim(p.Id, "0123456789") != "":
		return badTarget()
	}
	return nil
}

// mayInvite checks an invitation against the members and the invitations that
// there are.
func (s *Service) mayInvite(tx storage.Tx, h *handshake, now time.Time) error {
	o, err := s.reload(tx, h.Org)
	if err != nil {
		return err
	}
	all, err := collect(tx, handshakes, nil)
	if err != nil {
		return err
	}
	waiting := 0
	for _, other := range all {
		if other.Org != h.Org || other.stateAt(now) != org.HandshakeStateOpen {
			continue
		}
		if other.Account == h.Account {
			return duplicateHandshake()
		}
		waiting++
	}
	switch {
	case o.find(h.Account, anAccount) != nil:
		return inviteeIsMember()
	case len(o.each(anAccount))+waiting >= maxAccounts:
		return handshakeFull()
	}
	return nil
}

// party says which side of a handshake a caller is on.
type party func(h *handshake, account string) bool

func sender(h *handshake, account string) bool    { return h.Management == account }
func recipient(h *handshake, account string) bool { return h.Account == account }
func either(h *handshake, account string) bool {
	return sender(h, account) || recipient(h, account)
}

// handshake authorizes an action on a handshake to which the caller is a party.
//
// Unverified: to others it does not exist.
func (s *Service) handshake(ctx context.Context, action, id string, of party) (*handshake, error) {
	var h handshake
	err := s.view(ctx, func(tx storage.Tx) (err error) {
		h, err = handshakes.Get(tx, storage.K(id))
		return err
	})
	account := api.CallerOf(ctx).Account
	there := err == nil && of(&h, account) && !h.gone(s.clock.Now())
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	arn := h.arn()
	if !there {
		arn = "arn:" + partitionOf(ctx) + ":organizations::" + account + ":handshake/*/invite/" + id
	}
	if err := s.authorize(ctx, action, arn, nil); err != nil {
		return nil, err
	}
	if !there {
		return nil, noHandshake()
	}
	return &h, nil
}

// answer authorizes an answer to a handshake and records it, after what then
// does.
func (s *Service) answer(ctx context.Context, action, id string, of party, state org.HandshakeState,
	then func(tx storage.Tx, h *handshake) error) (*org.Handshake, error) {
	if _, err := s.handshake(ctx, action, id, of); err != nil {
		return nil, err
	}
	now := s.clock.Now()
	var shown *org.Handshake
	err := s.update(ctx, func(tx storage.Tx) error {
		h, err := handshakes.Get(tx, storage.K(id))
		if errors.Is(err, storage.ErrNotFound) { // deleted since it was authorized
			return noHandshake()
		}
		if err != nil {
			return err
		}
		switch h.stateAt(now) {
		case org.HandshakeStateOpen:
		case state:
			return alreadyInState()
		default:
			return badTransition()
		}
		h.State, h.Answered = state, now
		o, err := s.reload(tx, h.Org)
		if err != nil {
			return err
		}
		shown = h.show(now, o.AllFeatures)
		if err := then(tx, &h); err != nil {
			return err
		}
		return handshakes.Put(tx, storage.K(id), h)
	})
	return shown, err
}

func noMore(storage.Tx, *handshake) error { return nil }

// AcceptHandshake makes the caller's account a member of the organization that
// invited it. It leaves the one that it was in.
func (s *Service) AcceptHandshake(ctx context.Context, in *org.AcceptHandshakeRequest) (*org.AcceptHandshakeResponse, error) {
	h, err := s.answer(ctx, "AcceptHandshake", in.HandshakeId, recipient, org.HandshakeStateAccepted, s.accept)
	if err != nil {
		return nil, err
	}
	return &org.AcceptHandshakeResponse{Handshake: h}, nil
}

func (s *Service) accept(tx storage.Tx, h *handshake) error {
	was, err := loadOf(tx, h.Account)
	if err != nil {
		return err
	}
	if was != nil {
		if err := was.mayLeave(h.Account, h.Answered); err != nil {
			return err
		}
		if err := was.part(tx, h.Account); err != nil {
			return err
		}
	}
	o, err := load(tx, h.Org)
	if err != nil {
		return err
	}
	if len(o.each(anAccount)) >= maxAccounts {
		return handshakeFull()
	}
	return o.join(tx, &node{ID: h.Account, Joined: h.Answered, Tags: h.Tags})
}

// DeclineHandshake turns an invitation down.
func (s *Service) DeclineHandshake(ctx context.Context, in *org.DeclineHandshakeRequest) (*org.DeclineHandshakeResponse, error) {
	h, err := s.answer(ctx, "DeclineHandshake", in.HandshakeId, recipient, org.HandshakeStateDeclined, noMore)
	if err != nil {
		return nil, err
	}
	return &org.DeclineHandshakeResponse{Handshake: h}, nil
}

// CancelHandshake takes an invitation back.
func (s *Service) CancelHandshake(ctx context.Context, in *org.CancelHandshakeRequest) (*org.CancelHandshakeResponse, error) {
	h, err := s.answer(ctx, "CancelHandshake", in.HandshakeId, sender, org.HandshakeStateCanceled, noMore)
	if err != nil {
		return nil, err
	}
	return &org.CancelHandshakeResponse{Handshake: h}, nil
}

// DescribeHandshake returns a handshake to either party.
func (s *Service) DescribeHandshake(ctx context.Context, in *org.DescribeHandshakeRequest) (*org.DescribeHandshakeResponse, error) {
	h, err := s.handshake(ctx, "DescribeHandshake", in.HandshakeId, either)
	if err != nil {
		return nil, err
	}
	shown, err := s.showAll(ctx, []handshake{*h})
	if err != nil {
		return nil, err
	}
	return &org.DescribeHandshakeResponse{Handshake: &shown[0]}, nil
}

// showAll shows handshakes.
func (s *Service) showAll(ctx context.Context, all []handshake) (shown []org.Handshake, err error) {
	now := s.clock.Now()
	err = s.view(ctx, func(tx storage.Tx) error {
		for _, h := range all {
			o, err := s.reload(tx, h.Org)
			if err != nil {
				return err
			}
			shown = append(shown, *h.show(now, o.AllFeatures))
		}
		return nil
	})
	return shown, err
}

// ListHandshakesForAccount lists the invitations that the caller's account
// received.
func (s *Service) ListHandshakesForAccount(ctx context.Context, in *org.ListHandshakesForAccountRequest) (*org.ListHandshakesForAccountResponse, error) {
	if err := s.authorize(ctx, "ListHandshakesForAccount", "*", nil); err != nil {
		return nil, err
	}
	shown, next, err := s.listHandshakes(ctx, "ListHandshakesForAccount", in.Filter, in.NextToken, in.MaxResults, recipient)
	if err != nil {
		return nil, err
	}
	return &org.ListHandshakesForAccountResponse{Handshakes: shown, NextToken: next}, nil
}

// ListHandshakesForOrganization lists the invitations that the organization
// sent.
func (s *Service) ListHandshakesForOrganization(ctx context.Context, in *org.ListHandshakesForOrganizationRequest) (*org.ListHandshakesForOrganizationResponse, error) {
	if _, err := s.enter(ctx, request{action: "ListHandshakesForOrganization"}); err != nil {
		return nil, err
	}
	shown, next, err := s.listHandshakes(ctx, "ListHandshakesForOrganization", in.Filter, in.NextToken, in.MaxResults, sender)
	if err != nil {
		return nil, err
	}
	return &org.ListHandshakesForOrganizationResponse{Handshakes: shown, NextToken: next}, nil
}

// listHandshakes lists the handshakes to which the caller is a party. All are
// invitations, and none has a parent.
func (s *Service) listHandshakes(ctx context.Context, list string, filter *org.HandshakeFilter, token *string, max *int32, of party) ([]org.Handshake, *string, error) {
	account, now := api.CallerOf(ctx).Account, s.clock.Now()
	p, err := s.newPage(account+"/"+list, token, max)
	if err != nil {
		return nil, nil, err
	}
	var all []handshake
	err = s.view(ctx, func(tx storage.Tx) error {
		all, err = collect(tx, handshakes, nil)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	none := filter != nil && (filter.ParentHandshakeId != nil || filter.ActionType != nil && *filter.ActionType != org.ActionTypeInvite)
	all = slices.DeleteFunc(all, func(h handshake) bool { return none || !of(&h, account) || h.gone(now) || !p.take(h.ID) })
	shown, err := s.showAll(ctx, all)
	if err != nil {
		return nil, nil, err
	}
	return shown, p.next(), nil
}
