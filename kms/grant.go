package kms

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// grant is a grant as it is stored. Principals are as principalID gives them,
// or services.
type grant struct {
	ID              string                  `cbor:"1,keyasint"`
	Name            string                  `cbor:"2,keyasint,omitempty"`
	Created         time.Time               `cbor:"3,keyasint"`
	Issuer          string                  `cbor:"4,keyasint"` // account
	Grantee         string                  `cbor:"5,keyasint"`
	GranteeService  bool                    `cbor:"6,keyasint,omitempty"` // given as GranteeServicePrincipal
	Retiring        string                  `cbor:"7,keyasint,omitempty"`
	RetiringService bool                    `cbor:"8,keyasint,omitempty"` // given as RetiringServicePrincipal
	Operations      []kmsapi.GrantOperation `cbor:"9,keyasint"`           // as given, each once
	Constraints     constraints             `cbor:"10,keyasint"`
}

// CreateGrant lets a principal use a key for some operations. A grant with the
// name and all the properties of one that exists is that one.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
func (s *Service) CreateGrant(ctx context.Context, in *kmsapi.CreateGrantRequest) (*kmsapi.CreateGrantResponse, error) {
	g, err := draftGrant(in)
	if err != nil {
		return nil, err
	}
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	k, err := s.openGrants(ctx, in.KeyId, creation(ctx, in, g).holding(tokens))
	if err != nil {
		return nil, err
	}
	if err := require(k.arn(), k.state(), forGrant); err != nil {
		return nil, err
	}
	if err := g.fits(&k.record); err != nil {
		return nil, err
	}
	if err := s.bindGrant(ctx, g, in); err != nil {
		return nil, err
	}
	g.Created, g.Issuer = s.clock.Now(), issuer(api.CallerOf(ctx), k)
	if value(in.DryRun) {
		return nil, dryRun()
	}
	id, err := s.keepGrant(ctx, k, g)
	if err != nil {
		return nil, err
	}
	return &kmsapi.CreateGrantResponse{GrantId: &id, GrantToken: new(s.newToken(&k.record, id))}, nil
}

// draftGrant is the grant that the request asks for, its parameters held
// against each other, without its principals.
func draftGrant(in *kmsapi.CreateGrantRequest) (*grant, error) {
	if err := checkPrincipals(in); err != nil {
		return nil, err
	}
	g := &grant{ID: newGrantID(), Name: value(in.Name)}
	for _, o := range in.Operations {
		if !slices.Contains(g.Operations, o) {
			g.Operations = append(g.Operations, o)
		}
	}
	switch {
	case len(g.Operations) == 0:
		return nil, noOperations()
	case g.set() == opCreateGrant:
		return nil, onlyCreateGrant()
	}
	var err error
	g.Constraints, err = constraintsOf(in.Constraints)
	return g, err
}

// checkPrincipals: a grant is to a principal or to a service, and a service
// must be held to a resource and must not be left without one who retires.
func checkPrincipals(in *kmsapi.CreateGrantRequest) error {
	service := in.GranteeServicePrincipal != nil
	switch {
	case service == (in.GranteePrincipal != nil):
		return oneOf("GranteePrincipal", "GranteeServicePrincipal")
	case in.RetiringPrincipal != nil && in.RetiringServicePrincipal != nil:
		return notBoth("RetiringPrincipal", "RetiringServicePrincipal")
	case service && (in.Constraints == nil || in.Constraints.SourceArn == nil):
		return serviceNeeds("a SourceArn grant constraint")
	case service && in.RetiringPrincipal == nil && in.RetiringServicePrincipal == nil:
		return serviceNeeds("RetiringPrincipal or RetiringServicePrincipal")
	}
	return nil
}

// creation is the request for authorization, with the condition keys of grants.
// https://docs.aws.amazon.com/kms/latest/developerguide/grant-authorization.html
func creation(ctx context.Context, in *kmsapi.CreateGrantRequest, g *grant) *request {
	r := on(ctx, "CreateGrant").context(g.Constraints.Pairs).resourceOf(ctx)
	names := make([]string, len(g.Operations))
	for i, o := range g.Operations {
		names[i] = string(o)
	}
	r.set("kms:grantoperations", names...)
	r.set("kms:grantconstrainttype", g.Constraints.types()...)
	for key, v := range map[string]*string{
		"kms:granteeprincipal": in.GranteePrincipal, "kms:granteeserviceprincipal": in.GranteeServicePrincipal,
		"kms:retiringprincipal": in.RetiringPrincipal, "kms:retiringserviceprincipal": in.RetiringServicePrincipal,
	} {
		if v != nil {
			r.set(key, *v)
		}
	}
	if g.Constraints.Source != "" {
		r.set("kms:grantconstraintsourcearn", g.Constraints.Source)
	}
	r.child = g
	return r
}

// resourceOf says whether a service makes the call for a resource of its own.
func (r *request) resourceOf(ctx context.Context) *request {
	r.setBool("kms:grantisforawsresource", forAWSResource(api.CallerOf(ctx)))
	return r
}

// forAWSResource says that a service passes the user's request on, or calls
// for itself.
//
// Unverified: the latter.
func forAWSResource(c *api.Caller) bool { return len(c.Via) > 0 || c.Type == api.AWSService }

// issuer is the account that a grant is issued by.
//
// Unverified: a service that calls for itself issues for the key's account.
func issuer(c *api.Caller, k *key) string {
	if c.Account == "" {
		return k.Account
	}
	return c.Account
}

// openGrants is open for the operations on grants, which answer an alias in
// words of their own.
//
// Unverified: that they all do; CreateGrant was seen to.
func (s *Service) openGrants(ctx context.Context, keyID string, r *request) (*key, error) {
	if isAlias(keyID) {
		return nil, aliasOfGrant()
	}
	return s.open(ctx, keyID, keyForms, r)
}

// fits holds the grant against the kind of key. An encryption context can
// constrain only what has one, beside what manages the grant.
func (g *grant) fits(r *record) error {
	for _, o := range g.Operations {
		if !operationBits[o].within(r.grantable()) {
			return operationMismatch(o, r)
		}
	}
	contextual := opsOfAnyKey
	if r.Spec == kmsapi.KeySpecSymmetricDefault {
		contextual |= opsWithContext
	}
	if g.Constraints.Context != "" && !g.set().within(contextual) {
		return constraintMismatch(r)
	}
	return nil
}

// bindGrant fills in the principals. InvalidArnException if there is none.
func (s *Service) bindGrant(ctx context.Context, g *grant, in *kmsapi.CreateGrantRequest) (err error) {
	g.Grantee, g.GranteeService, err = s.bindOne(ctx, in.GranteePrincipal, in.GranteeServicePrincipal)
	if err == nil {
		g.Retiring, g.RetiringService, err = s.bindOne(ctx, in.RetiringPrincipal, in.RetiringServicePrincipal)
	}
	return err
}

// bindOne reads a principal or a service, whichever is given.
func (s *Service) bindOne(ctx context.Context, principal, service *string) (id string, isService bool, err error) {
	if service != nil || principal == nil {
		return value(service), service != nil, nil
	}
	id, err = s.principalID(ctx, *principal)
	return id, false, err
}

// keepGrant stores the grant unless it is a retry, and returns the id of the
// grant that there is now.
func (s *Service) keepGrant(ctx context.Context, k *key, g *grant) (id string, err error) {
	err = s.change(ctx, k, forGrant, func(tx storage.Tx, r *record) error {
		var err error
		if id, err = g.existing(tx, r); err != nil || id != "" {
			return err
		}
		if r.Grants >= s.quotas.Grants {
			return grantLimit(s.quotas.Grants, r.Grants)
		}
		id = g.ID
		r.Grants++
		return g.put(tx, r)
	})
	return id, err
}

// existing is the id of the grant with the same name and properties, "" if
// there is none.
func (g *grant) existing(tx storage.Tx, r *record) (string, error) {
	if g.Name == "" {
		return "", nil
	}
	id, err := retries.Get(tx, g.retryAt(r))
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return id, err
}

func (g *grant) put(tx storage.Tx, r *record) error {
	err := errors.Join(grants.Put(tx, g.place(r), *g), grantees.Put(tx, g.granteeAt(r), g.set()))
	if g.Retiring != "" {
		err = errors.Join(err, retirees.Put(tx, g.retireeAt(r), struct{}{}))
	}
	if g.Name != "" {
		err = errors.Join(err, retries.Put(tx, g.retryAt(r), g.ID))
	}
	return err
}

func (g *grant) drop(tx storage.Tx, r *record) error {
	return errors.Join(grants.Delete(tx, g.place(r)), grantees.Delete(tx, g.granteeAt(r)),
		retirees.Delete(tx, g.retireeAt(r)), retries.Delete(tx, g.retryAt(r)))
}

// dropGrants removes all grants on a key.
func dropGrants(tx storage.Tx, r *record) error {
	for row, err := range grants.Scan(tx, storage.Range{Prefix: r.place()}) {
		if err == nil {
			err = row.Value.drop(tx, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *grant) place(r *record) storage.Key { return r.place().With(g.ID) }

func (g *grant) granteeAt(r *record) storage.Key {
	return r.place().With(g.Grantee, g.Constraints.mark(), g.ID)
}

func (g *grant) retireeAt(r *record) storage.Key {
	return storage.K(r.Region, g.Retiring, r.Account, r.ID, g.ID)
}

// retryAt is the row by which a retry is found: all properties of the grant
// but id and date.
func (g *grant) retryAt(r *record) storage.Key {
	c := &g.Constraints
	all := storage.K(g.Name, g.Issuer, kind(g.GranteeService), g.Grantee, kind(g.RetiringService), g.Retiring,
		uint64(g.set()), c.Context, c.Source)
	for _, name := range slices.Sorted(maps.Keys(c.Pairs)) {
		all = all.With(name, c.Pairs[name])
	}
	digest := sha256.Sum256(all)
	return r.place().With(digest[:])
}

// kind tells services from other principals.
func kind(isService bool) string {
	if isService {
		return "service"
	}
	return "principal"
}

// set is the set of the operations.
func (g *grant) set() operations { return setOf(g.Operations) }

// narrow says whether the grant gives no more than its parent does.
func (g *grant) narrow(parent *grant) bool {
	return g.set().within(parent.set()) && g.Constraints.narrow(&parent.Constraints)
}

// newGrantID is 64 random hexadecimal digits.
func newGrantID() string {
	var b [32]byte
	rand.Read(b[:]) // documented never to fail
	return hex.EncodeToString(b[:])
}
