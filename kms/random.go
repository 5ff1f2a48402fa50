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
	document, err := s.attested(in.Recipient)
	if err != nil {
		return nil, err
	}
	if err := s.allowIAM(ctx, on(ctx, "GenerateRandom").attest(document), "*"); err != nil {
		return nil, err
	}
	if in.CustomKeyStoreId != nil {
		if err := s.randomFrom(ctx, *in.CustomKeyStoreId); err != nil {
			return nil, err
		}
	}
	random := make([]byte, *in.NumberOfBytes)
	rand.Read(random) // documented never to fail
	out := &kmsapi.GenerateRandomResponse{}
	if out.Plaintext, out.CiphertextForRecipient, err = deliver(document, random); err != nil {
		return nil, err
	}
	return out, nil
}
