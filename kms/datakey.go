package kms

import (
	"context"

	"sealstack/api/kmsapi"
	"sealstack/kms/attestation"
	"sealstack/kms/material"
)

// GenerateDataKey makes a random data key and returns it in the clear and
// encrypted.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
func (s *Service) GenerateDataKey(ctx context.Context, in *kmsapi.GenerateDataKeyRequest) (*kmsapi.GenerateDataKeyResponse, error) {
	document, err := s.attested(in.Recipient)
	if err != nil {
		return nil, err
	}
	d, err := s.dataKey(ctx, "GenerateDataKey", in, document)
	if err != nil {
		return nil, err
	}
	out := &kmsapi.GenerateDataKeyResponse{CiphertextBlob: d.blob, KeyId: new(d.key.arn())}
	if out.Plaintext, out.CiphertextForRecipient, err = deliver(document, d.plaintext.Bytes()); err != nil {
		return nil, err
	}
	if document == nil { // https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
		out.KeyMaterialId = d.key.sealedBy()
	}
	s.used(ctx, d.key, kmsapi.KeyLastUsageTrackingOperationGenerateDataKey)
	return out, nil
}

// GenerateDataKeyWithoutPlaintext makes a data key that only Decrypt shows.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyWithoutPlaintext.html
func (s *Service) GenerateDataKeyWithoutPlaintext(ctx context.Context, in *kmsapi.GenerateDataKeyWithoutPlaintextRequest) (*kmsapi.GenerateDataKeyWithoutPlaintextResponse, error) {
	d, err := s.dataKey(ctx, "GenerateDataKeyWithoutPlaintext", &kmsapi.GenerateDataKeyRequest{
		KeyId: in.KeyId, EncryptionContext: in.EncryptionContext, KeySpec: in.KeySpec, NumberOfBytes: in.NumberOfBytes,
		GrantTokens: in.GrantTokens, DryRun: in.DryRun,
	}, nil)
	if err != nil {
		return nil, err
	}
	d.plaintext.Wipe()
	s.used(ctx, d.key, kmsapi.KeyLastUsageTrackingOperationGenerateDataKeyWithoutPlaintext)
	return &kmsapi.GenerateDataKeyWithoutPlaintextResponse{
		CiphertextBlob: d.blob, KeyId: new(d.key.arn()), KeyMaterialId: d.key.sealedBy(),
	}, nil
}

// dataKey is a data key, its ciphertext and the key that made that.
type dataKey struct {
	key       *key
	plaintext material.Secret
	blob      []byte
}

func (s *Service) dataKey(ctx context.Context, operation string, in *kmsapi.GenerateDataKeyRequest, document *attestation.Document) (*dataKey, error) {
	size, err := sizeOf(in)
	if err == nil {
		err = checkContext(in.EncryptionContext)
	}
	if err != nil {
		return nil, err
	}
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	k, err := s.open(ctx, in.KeyId, allForms, on(ctx, operation).crypto(in.EncryptionContext, symmetricDefault).holding(tokens).attest(document))
	if err != nil {
		return nil, err
	}
	if err := k.usable(operation, encryptDecrypt); err != nil {
		return nil, err
	}
	if k.Spec != kmsapi.KeySpecSymmetricDefault {
		return nil, wrongAlgorithm(symmetricDefault, k.Spec)
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	d := &dataKey{key: k, plaintext: material.RandomSecret(size)}
	d.blob, err = s.seal(ctx, k, operation, material.KindDataKey, d.plaintext.Bytes(), in.EncryptionContext)
	return d, err
}

// sizeOf is the length of the data key in bytes, given in one of two ways.
func sizeOf(in *kmsapi.GenerateDataKeyRequest) (int, error) {
	switch {
	case (in.NumberOfBytes == nil) == (in.KeySpec == nil):
		return 0, dataKeySize()
	case in.NumberOfBytes != nil:
		return int(*in.NumberOfBytes), nil
	case *in.KeySpec == kmsapi.DataKeySpecAes128:
		return 16, nil
	}
	return 32, nil
}
