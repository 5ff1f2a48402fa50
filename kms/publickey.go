package kms

import (
	"bytes"
	"context"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// GetPublicKey returns the public key of a key pair as SubjectPublicKeyInfo in
// DER.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html
func (s *Service) GetPublicKey(ctx context.Context, in *kmsapi.GetPublicKeyRequest) (*kmsapi.GetPublicKeyResponse, error) {
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	k, err := s.open(ctx, in.KeyId, allForms, on(ctx, "GetPublicKey").holding(tokens))
	if err != nil {
		return nil, err
	}
	if err := require(k.arn(), k.state(), forUse); err != nil {
		return nil, err
	}
	if k.symmetric() || k.Usage == generateMAC {
		return nil, noPublicKey()
	}
	m, release, err := unsealAs[material.KeyPair](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	var like kmsapi.KeyMetadata
	algorithmsOf(&k.record, &like)
	return &kmsapi.GetPublicKeyResponse{
		KeyId: new(k.arn()), PublicKey: bytes.Clone(m.PublicKey()), KeyUsage: &k.Usage,
		KeySpec: &k.Spec, CustomerMasterKeySpec: new(kmsapi.CustomerMasterKeySpec(k.Spec)),
		EncryptionAlgorithms: like.EncryptionAlgorithms, SigningAlgorithms: like.SigningAlgorithms,
		KeyAgreementAlgorithms: like.KeyAgreementAlgorithms, EncapsulationAlgorithms: like.EncapsulationAlgorithms,
	}, nil
}
