package kms

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// policyName is the only name that a key policy has.
const policyName = "default"

// GetKeyPolicy returns a key's policy, laid out anew.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
func (s *Service) GetKeyPolicy(ctx context.Context, in *kmsapi.GetKeyPolicyRequest) (*kmsapi.GetKeyPolicyResponse, error) {
	k, err := s.openOwn(ctx, in.KeyId, "GetKeyPolicy")
	if err != nil {
		return nil, err
	}
	if or(in.PolicyName, policyName) != policyName {
		return nil, policyNotFound()
	}
	document, err := s.document(ctx, k)
	if err != nil {
		return nil, err
	}
	return &kmsapi.GetKeyPolicyResponse{Policy: new(layOut(document)), PolicyName: new(policyName)}, nil
}

// document is the text of a key's policy as it is now, with the names that its
// principals have now.
func (s *Service) document(ctx context.Context, k *key) (string, error) {
	var text string
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		r, err := s.current(tx, k.Account, k.Region, k.ID)
		if err != nil {
			return err
		}
		text, err = documentOf(tx, &r)
		return err
	})
	if err != nil {
		return "", err
	}
	p, err := policy.Parse(policy.KeyPolicy, []byte(text))
	if err != nil {
		return "", fmt.Errorf("kms: stored key policy: %w", err)
	}
	return s.unbind(ctx, p, text)
}

// PutKeyPolicy replaces a key's policy.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
func (s *Service) PutKeyPolicy(ctx context.Context, in *kmsapi.PutKeyPolicyRequest) (*api.None, error) {
	k, err := s.open(ctx, in.KeyId, keyForms, on(ctx, "PutKeyPolicy").inAccount().bypass(in.BypassPolicyLockoutSafetyCheck))
	if err != nil {
		return nil, err
	}
	if or(in.PolicyName, policyName) != policyName {
		return nil, policyNotFound()
	}
	document, err := s.checkPolicy(ctx, &k.record, in.Policy, in.BypassPolicyLockoutSafetyCheck)
	if err != nil {
		return nil, err
	}
	was, revision := k.Policy, newRevision()
	err = s.change(ctx, k, anyState, func(tx storage.Tx, r *record) error {
		was, r.Policy = r.Policy, revision
		return policies.Put(tx, r.place(), policyRecord{Revision: revision, Document: document})
	})
	if err == nil {
		s.compiled.drop(was)
	}
	return done(err)
}

// ListKeyPolicies lists the names of a key's policies, of which there is one.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyPolicies.html
func (s *Service) ListKeyPolicies(ctx context.Context, in *kmsapi.ListKeyPoliciesRequest) (*kmsapi.ListKeyPoliciesResponse, error) {
	if _, err := s.openOwn(ctx, in.KeyId, "ListKeyPolicies"); err != nil {
		return nil, err
	}
	if in.Marker != nil { // a list of one has no second page
		return nil, invalidMarker()
	}
	return &kmsapi.ListKeyPoliciesResponse{PolicyNames: []string{policyName}, Truncated: new(false)}, nil
}

// documentOf reads the policy of a key that exists.
func documentOf(tx storage.Tx, r *record) (string, error) {
	p, err := policies.Get(tx, r.place())
	if errors.Is(err, storage.ErrNotFound) || err == nil && p.Revision != r.Policy {
		return "", fmt.Errorf("kms: policy of %s: %w", r.arn(), storage.ErrCorrupt)
	}
	return p.Document, err
}

// compile parses a stored policy and keeps it for the next call.
func (s *Service) compile(revision, document string) (*policy.Policy, error) {
	p, err := policy.Parse(policy.KeyPolicy, []byte(document))
	if err != nil {
		return nil, fmt.Errorf("kms: stored key policy: %w", err)
	}
	s.compiled.put(revision, p)
	return p, nil
}

// newRevision names a version of a policy, for ever.
func newRevision() string { return rand.Text() }

// checkPolicy refuses a policy that AWS would not store: too long, malformed,
// with principals that do not exist, with conditions that hold more often than
// they seem to, or one that would lock the caller out. It returns the text to
// store.
func (s *Service) checkPolicy(ctx context.Context, r *record, document string, bypass *bool) (string, error) {
	if len(document) > s.quotas.PolicyBytes {
		return "", policyTooLarge(s.quotas.PolicyBytes)
	}
	p, err := policy.Parse(policy.KeyPolicy, []byte(document))
	if err != nil {
		return "", malformedPolicy(err)
	}
	if found := policy.OverlyPermissive(p); len(found) > 0 {
		return "", overlyPermissive(found[0].Condition.Key)
	}
	bound, err := s.bind(ctx, p, document)
	if err != nil {
		return "", err
	}
	if value(bypass) {
		return bound, nil
	}
	return bound, s.checkLockout(ctx, r, p, bypass)
}

// checkLockout makes sure that the caller can put the next policy: that the
// new one allows it, or trusts the caller's account, whose IAM policies allow
// it.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
func (s *Service) checkLockout(ctx context.Context, r *record, p *policy.Policy, bypass *bool) error {
	d, err := s.authorizer.Decide(ctx, putAgain(ctx, r, p, bypass))
	if err != nil {
		return fmt.Errorf("kms: lockout check: %w", err)
	}
	if !d.Allowed {
		return lockedOut()
	}
	return nil
}

// putAgain is the same policy put once more, with the same parameters.
func putAgain(ctx context.Context, r *record, p *policy.Policy, bypass *bool) *auth.Request {
	again := on(ctx, "PutKeyPolicy").bypass(bypass)
	again.property(&key{record: *r})
	return &auth.Request{
		Service: kmsapi.Service, Action: again.action, Resource: r.arn(), Account: r.Account,
		Policy: p, Gate: true, Local: true, Keys: again.keys,
	}
}
