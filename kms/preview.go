package kms

import (
	"context"
	"maps"

	"sealstack/auth"
)

// Question returns what KMS would ask the authorizer if the caller in ctx
// performed the action ("Decrypt") on the key, named in any of the four forms,
// with this encryption context, so that the decision can be explained without
// the call. given are further condition keys of the request. A key of the
// caller's account that is not there is a NotFoundException.
func (s *Service) Question(ctx context.Context, action, keyID string, context map[string]string, given auth.Keys) (*auth.Request, error) {
	r := on(ctx, action)
	if len(context) > 0 {
		r.contextual, r.pairs = true, context
		r.context(context)
	}
	maps.Copy(r.keys, given)
	k, n, err := s.resolve(ctx, keyID, allForms)
	if err != nil {
		return nil, err
	}
	ask, _ := s.question(ctx, r, k, n)
	return ask, nil
}
