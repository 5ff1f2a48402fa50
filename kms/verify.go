package kms

import (
	"context"
	"errors"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// Verify holds a signature against a message. One that is not right is an
// error: KMS never answers that a signature is invalid.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html
func (s *Service) Verify(ctx context.Context, in *kmsapi.VerifyRequest) (*kmsapi.VerifyResponse, error) {
	g := signing{"Verify", in.KeyId, in.Message, or(in.MessageType, kmsapi.MessageTypeRaw), in.SigningAlgorithm, in.GrantTokens}
	k, err := s.openSigner(ctx, &g)
	if err != nil {
		return nil, err
	}
	if err := s.verify(ctx, k, &g, in.Signature); err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationVerify)
	return &kmsapi.VerifyResponse{KeyId: new(k.arn()), SignatureValid: new(true), SigningAlgorithm: &g.algorithm}, nil
}

// verify turns the errors of the material into KMS's.
func (s *Service) verify(ctx context.Context, k *key, g *signing, signature []byte) error {
	m, release, err := unsealAs[material.Signer](ctx, s, &k.record, k.Material)
	if err != nil {
		return err
	}
	defer release()
	err = m.Verify(string(g.algorithm), g.form(), g.message, signature)
	switch {
	case errors.Is(err, material.ErrSignature):
		return invalidSignature()
	case errors.Is(err, material.ErrVerifyMu):
		return unimplemented("Verify", "MessageType "+string(g.kind))
	}
	return err
}
