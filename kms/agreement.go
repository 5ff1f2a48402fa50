package kms

import (
	"context"
	"errors"

	"sealstack/api/kmsapi"
	"sealstack/kms/attestation"
	"sealstack/kms/material"
)

// agreeing is the material of keys that agree on secrets.
type agreeing interface {
	material.Material
	SharedSecret(peer []byte) (material.Secret, error)
}

// DeriveSharedSecret agrees on a secret with the owner of another key on the
// same curve.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DeriveSharedSecret.html
func (s *Service) DeriveSharedSecret(ctx context.Context, in *kmsapi.DeriveSharedSecretRequest) (*kmsapi.DeriveSharedSecretResponse, error) {
	document, err := s.attested(in.Recipient)
	if err != nil {
		return nil, err
	}
	k, err := s.openFor(ctx, "DeriveSharedSecret", keyAgreement, in.KeyId, in.GrantTokens,
		"kms:keyagreementalgorithm", string(in.KeyAgreementAlgorithm), document)
	if err != nil {
		return nil, err
	}
	m, release, err := unsealAs[agreeing](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	secret, err := m.SharedSecret(in.PublicKey)
	if errors.Is(err, material.ErrPeerKey) {
		return nil, invalidPeer()
	}
	if err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		secret.Wipe()
		return nil, dryRun()
	}
	out := &kmsapi.DeriveSharedSecretResponse{KeyId: new(k.arn()), KeyAgreementAlgorithm: &in.KeyAgreementAlgorithm, KeyOrigin: &k.Origin}
	if out.SharedSecret, out.CiphertextForRecipient, err = deliver(document, secret.Bytes()); err != nil {
		return nil, err
	}
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationDeriveSharedSecret)
	return out, nil
}

// openFor opens a key of a usage that has one algorithm only, whatever the
// spec. condition is the condition key of the algorithm.
func (s *Service) openFor(ctx context.Context, operation string, usage kmsapi.KeyUsageType, keyID string, grantTokens []string, condition, algorithm string, document *attestation.Document) (*key, error) {
	tokens, err := s.redeem(ctx, grantTokens)
	if err != nil {
		return nil, err
	}
	use := on(ctx, operation).holding(tokens).attest(document)
	use.set(condition, algorithm)
	k, err := s.open(ctx, keyID, allForms, use)
	if err != nil {
		return nil, err
	}
	return k, k.usable(operation, usage)
}

// encapsulationAlgorithm is a condition key.
//
// Unverified: that it is one, like those of the other algorithms.
const encapsulationAlgorithm = "kms:encapsulationalgorithm"

// Encapsulate makes a shared secret and its ciphertext for the key.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encapsulate.html
func (s *Service) Encapsulate(ctx context.Context, in *kmsapi.EncapsulateRequest) (*kmsapi.EncapsulateResponse, error) {
	k, err := s.openFor(ctx, "Encapsulate", encapsulate, in.KeyId, in.GrantTokens, encapsulationAlgorithm, string(in.EncapsulationAlgorithm), nil)
	if err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	m, release, err := unsealAs[*material.MLKEM](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	secret, ciphertext := m.Encapsulate()
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationEncapsulate)
	return &kmsapi.EncapsulateResponse{
		KeyId: new(k.arn()), SharedSecret: secret.Bytes(), SharedSecretCiphertextBlob: ciphertext, EncapsulationAlgorithm: &in.EncapsulationAlgorithm,
	}, nil
}

// Decapsulate returns the shared secret of a ciphertext. One that was changed
// gives another secret; only its length can be wrong.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Decapsulate.html
func (s *Service) Decapsulate(ctx context.Context, in *kmsapi.DecapsulateRequest) (*kmsapi.DecapsulateResponse, error) {
	k, err := s.openFor(ctx, "Decapsulate", encapsulate, in.KeyId, in.GrantTokens, encapsulationAlgorithm, string(in.EncapsulationAlgorithm), nil)
	if err != nil {
		return nil, err
	}
	m, release, err := unsealAs[*material.MLKEM](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	secret, err := m.Decapsulate(in.SharedSecretCiphertextBlob)
	if errors.Is(err, material.ErrCiphertextSize) {
		return nil, invalidCiphertext()
	}
	if err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		secret.Wipe()
		return nil, dryRun()
	}
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationDecapsulate)
	return &kmsapi.DecapsulateResponse{
		KeyId: new(k.arn()), SharedSecret: secret.Bytes(), EncapsulationAlgorithm: &in.EncapsulationAlgorithm,
	}, nil
}
