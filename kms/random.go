package kms

import (
	"context"
	"crypto/rand"

	"sealstack/api/kmsapi"
)

// GenerateRandom returns 1 to 1024 random bytes.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateRandom.html
func (s *Service) GenerateRandom(ctx context.Context, in *kmsapi.GenerateRandomRequest) (*kmsapi.GenerateRandomResponse, error) {
	if in.NumberOfBytes == nil {
		return nil, randomSize()
	}
	if err := s.allowIAM(ctx, on(ctx, "GenerateRandom"), "*"); err != nil {
		return nil, err
	}
	if in.CustomKeyStoreId != nil {
		if err := s.randomFrom(ctx, *in.CustomKeyStoreId); err != nil {
			return nil, err
		}
	}
	switch {
	case in.Recipient != nil:
		return nil, unimplemented("GenerateRandom", "Recipient")
	}
	random := make([]byte, *in.NumberOfBytes)
	rand.Read(random) // documented never to fail
	return &kmsapi.GenerateRandomResponse{Plaintext: random}, nil
}
