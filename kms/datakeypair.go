package kms

import (
	"bytes"
	"context"
	"fmt"

	"sealstack/api/kmsapi"
	"sealstack/kms/attestation"
	"sealstack/kms/material"
)

// GenerateDataKeyPair makes a key pair for use outside of KMS and returns its
// private key in the clear and encrypted.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPair.html
func (s *Service) GenerateDataKeyPair(ctx context.Context, in *kmsapi.GenerateDataKeyPairRequest) (*kmsapi.GenerateDataKeyPairResponse, error) {
	document, err := s.attested(in.Recipient)
	if err != nil {
		return nil, err
	}
	d, err := s.dataKeyPair(ctx, "GenerateDataKeyPair", in, document)
	if err != nil {
		return nil, err
	}
	defer d.pair.Wipe()
	out := &kmsapi.GenerateDataKeyPairResponse{
		PrivateKeyCiphertextBlob: d.blob, PublicKey: d.pair.PublicKey(), KeyId: new(d.key.arn()), KeyPairSpec: &in.KeyPairSpec,
	}
	if out.PrivateKeyPlaintext, out.CiphertextForRecipient, err = deliver(document, bytes.Clone(d.pair.PKCS8().Bytes())); err != nil {
		return nil, err
	}
	if document == nil { // https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPair.html
		out.KeyMaterialId = d.key.sealedBy()
	}
	s.used(ctx, d.key, kmsapi.KeyLastUsageTrackingOperationGenerateDataKeyPair)
	return out, nil
}

// GenerateDataKeyPairWithoutPlaintext makes a key pair whose private key only
// Decrypt shows.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPairWithoutPlaintext.html
func (s *Service) GenerateDataKeyPairWithoutPlaintext(ctx context.Context, in *kmsapi.GenerateDataKeyPairWithoutPlaintextRequest) (*kmsapi.GenerateDataKeyPairWithoutPlaintextResponse, error) {
	d, err := s.dataKeyPair(ctx, "GenerateDataKeyPairWithoutPlaintext", &kmsapi.GenerateDataKeyPairRequest{
		KeyId: in.KeyId, EncryptionContext: in.EncryptionContext, KeyPairSpec: in.KeyPairSpec, GrantTokens: in.GrantTokens, DryRun: in.DryRun,
	}, nil)
	if err != nil {
		return nil, err
	}
	defer d.pair.Wipe()
	s.used(ctx, d.key, kmsapi.KeyLastUsageTrackingOperationGenerateDataKeyPairWithoutPlaintext)
	return &kmsapi.GenerateDataKeyPairWithoutPlaintextResponse{
		PrivateKeyCiphertextBlob: d.blob, PublicKey: d.pair.PublicKey(),
		KeyId: new(d.key.arn()), KeyPairSpec: &in.KeyPairSpec, KeyMaterialId: d.key.sealedBy(),
	}, nil
}

// dataKeyPair is a data key pair, its private key's ciphertext and the key that
// made that.
type dataKeyPair struct {
	key  *key
	pair material.KeyPair // to be wiped
	blob []byte
}

func (s *Service) dataKeyPair(ctx context.Context, operation string, in *kmsapi.GenerateDataKeyPairRequest, document *attestation.Document) (*dataKeyPair, error) {
	if err := checkContext(in.EncryptionContext); err != nil {
		return nil, err
	}
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	use := on(ctx, operation).crypto(in.EncryptionContext, symmetricDefault).holding(tokens).attest(document)
	use.set("kms:datakeypairspec", string(in.KeyPairSpec))
	k, err := s.open(ctx, in.KeyId, allForms, use)
	if err != nil {
		return nil, err
	}
	if err := k.takes(operation, symmetricDefault, in.EncryptionContext); err != nil {
		return nil, err
	}
	if k.stored() {
		return nil, wrongOrigin(k.arn(), k.Origin)
	}
	if in.KeyPairSpec == kmsapi.DataKeyPairSpecSm2 && !inChina(k.Region) {
		return nil, noSuchSpec(in.KeyPairSpec, "keyPairSpec", "DataKeyPairSpec")
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	d := &dataKeyPair{key: k}
	if d.pair, err = s.newPair(in.KeyPairSpec); err != nil {
		return nil, err
	}
	d.blob, err = s.seal(ctx, k, operation, material.KindDataKey, d.pair.PKCS8().Bytes(), in.EncryptionContext)
	return d, err
}

// newPair makes a key pair. RSA takes its time: no lock is held.
func (s *Service) newPair(spec kmsapi.DataKeyPairSpec) (material.KeyPair, error) {
	m, err := s.newMaterial(string(spec))
	if err != nil {
		return nil, err
	}
	pair, ok := m.(material.KeyPair)
	if !ok {
		return nil, fmt.Errorf("kms: %s makes no key pair", spec)
	}
	return pair, nil
}
