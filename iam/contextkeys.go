package iam

import (
	"context"
	"regexp"
	"slices"

	"sealstack/api/iamapi"
	"sealstack/policy"
	"sealstack/storage"
)

// variable finds policy variables: ${aws:username} and ${key, 'default'}.
var variable = regexp.MustCompile(`\$\{([^*?$,}\s]+)`)

// contextKeys lists the condition keys and variables of policies.
func contextKeys(documents []string) ([]string, error) {
	keys := map[string]bool{}
	for _, text := range documents {
		p, err := policy.Parse(policy.Identity, []byte(text))
		if err != nil {
			return nil, iamapi.InvalidInputException("%s", documentError(err).Error())
		}
		for i := range p.Statements {
			for _, c := range p.Statements[i].ConditionKeys() {
				keys[c.Key] = true
			}
		}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			keys[m[1]] = true
		}
	}
	return slices.Clip(sortedNames(keys)), nil
}

// GetContextKeysForCustomPolicy lists the condition keys of policies.
func (s identity) GetContextKeysForCustomPolicy(ctx context.Context, in *iamapi.GetContextKeysForCustomPolicyRequest) (*iamapi.GetContextKeysForPolicyResponse, error) {
	if err := s.permit(ctx, "iam:GetContextKeysForCustomPolicy", "*", nil); err != nil {
		return nil, err
	}
	keys, err := contextKeys(in.PolicyInputList)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetContextKeysForPolicyResponse{ContextKeyNames: keys}, nil
}

// GetContextKeysForPrincipalPolicy lists the condition keys of all policies of
// a user, group or role, and of more.
func (s identity) GetContextKeysForPrincipalPolicy(ctx context.Context, in *iamapi.GetContextKeysForPrincipalPolicyRequest) (*iamapi.GetContextKeysForPolicyResponse, error) {
	r, err := holderRef(ctx, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	e, err := s.find(ctx, "iam:GetContextKeysForPrincipalPolicy", r)
	if err != nil {
		return nil, err
	}
	var documents []string
	err = s.view(ctx, func(tx storage.Tx) error {
		documents, err = documentsOf(tx, r, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	keys, err := contextKeys(append(documents, in.PolicyInputList...))
	if err != nil {
		return nil, err
	}
	return &iamapi.GetContextKeysForPolicyResponse{ContextKeyNames: keys}, nil
}

// documentsOf returns the texts of all policies of an entity, a user's groups'
// among them.
func documentsOf(tx storage.Tx, r ref, e *entity) (all []string, err error) {
	holders := []*entity{e}
	if err := eachGroup(tx, r.Home, e, func(_ ref, g *entity) { holders = append(holders, g) }); err != nil {
		return nil, err
	}
	for _, h := range holders {
		for _, name := range sortedNames(h.Inline) {
			all = append(all, h.Inline[name])
		}
		for _, text := range h.Attached {
			m, err := findPolicy(tx, r.Home, text)
			if err != nil {
				return nil, err
			}
			if m != nil {
				all = append(all, m.document())
			}
		}
	}
	return all, nil
}
