package kms

import (
	"context"
	"crypto/rand"

	"sealstack/api"
	"sealstack/storage"
)

// A grant token carries the place of its grant and something of its own,
// authenticated. It says which grant, not who bears it: a grant works for its
// grantee alone.
// https://docs.aws.amazon.com/kms/latest/developerguide/using-grant-token.html

const tokenPurpose = "GrantToken"

// newToken makes one more token of a grant on the key.
func (s *Service) newToken(r *record, id string) string {
	return s.tokens.Encode(tokenPurpose, r.place().With(id, rand.Text()))
}

// holder is the key and the grant that a token is of.
type holder struct{ account, region, key, grant string }

func (h holder) place() storage.Key { return storage.K(h.account, h.region, h.key, h.grant) }

// readToken reads a token that was given out in the Region of the call.
// InvalidGrantTokenException for any other text.
func (s *Service) readToken(ctx context.Context, token string) (h holder, err error) {
	at, err := s.tokens.Decode(tokenPurpose, token)
	if err != nil {
		return h, invalidGrantToken()
	}
	part := at.Strings()
	if len(part) != 5 || part[1] != api.CallerOf(ctx).Region {
		return h, invalidGrantToken()
	}
	return holder{part[0], part[1], part[2], part[3]}, nil
}

// redeem returns the ids of the grants that the tokens are of.
// InvalidGrantTokenException if one is none, or its grant is gone.
//
// Unverified: that a token is refused when its grant was retired or revoked.
func (s *Service) redeem(ctx context.Context, tokens []string) ([]string, error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	holders := make([]holder, len(tokens))
	ids := make([]string, len(tokens))
	for i, token := range tokens {
		h, err := s.readToken(ctx, token)
		if err != nil {
			return nil, err
		}
		holders[i], ids[i] = h, h.grant
	}
	return ids, s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, h := range holders {
			there, err := grants.Has(tx, h.place())
			if err != nil {
				return err
			}
			if !there {
				return invalidGrantToken()
			}
		}
		return nil
	})
}
