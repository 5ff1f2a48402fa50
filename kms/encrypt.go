package kms

import (
	"context"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

const symmetricDefault = kmsapi.EncryptionAlgorithmSpecSymmetricDefault

// Encrypt encrypts up to 4096 bytes.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
func (s *Service) Encrypt(ctx context.Context, in *kmsapi.EncryptRequest) (*kmsapi.EncryptResponse, error) {
	if err := checkContext(in.EncryptionContext); err != nil {
		return nil, err
	}
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	algorithm := or(in.EncryptionAlgorithm, symmetricDefault)
	k, err := s.open(ctx, in.KeyId, allForms, on(ctx, "Encrypt").crypto(in.EncryptionContext, algorithm).holding(tokens))
	if err != nil {
		return nil, err
	}
	if err := k.takes("Encrypt", algorithm, in.EncryptionContext); err != nil {
		return nil, err
	}
	if err := fits(len(in.Plaintext), algorithm, k.Spec); err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	blob, err := s.encipher(ctx, k, "Encrypt", algorithm, in.Plaintext, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationEncrypt)
	return &kmsapi.EncryptResponse{CiphertextBlob: blob, KeyId: new(k.arn()), EncryptionAlgorithm: &algorithm}, nil
}

// maxContext is how many bytes an encryption context may have.
// https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
const maxContext = 8192

func checkContext(context map[string]string) error {
	if material.ContextSize(context) > maxContext {
		return contextTooLarge()
	}
	return nil
}

// usable holds a key's state and usage against an operation that uses it.
//
// Unverified: that the state comes before the usage.
func (k *key) usable(operation string, usage kmsapi.KeyUsageType) error {
	if err := k.ready(); err != nil {
		return err
	}
	if k.Usage != usage {
		return wrongUsage(k.arn(), k.Usage, operation)
	}
	return nil
}

// ready holds a key's state against its use.
func (k *key) ready() error {
	state := k.state()
	if state == kmsapi.KeyStateUnavailable && k.XksKey != "" {
		return kmsapi.KMSInvalidStateException(notConnected)
	}
	return require(k.arn(), state, forUse)
}

// seal encrypts under the key's current material.
func (s *Service) seal(ctx context.Context, k *key, operation string, kind material.Kind, plaintext []byte, context map[string]string) ([]byte, error) {
	if err := s.inReach(ctx, k); err != nil {
		return nil, err
	}
	m, release, err := s.symmetric(ctx, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	blob, err := m.Encrypt(kind, plaintext, context)
	if err != nil || k.XksKey == "" {
		return blob, err
	}
	return s.sealOutside(ctx, k, operation, blob, context)
}

// Decrypt opens a ciphertext, which says itself by which key it was made.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
func (s *Service) Decrypt(ctx context.Context, in *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	document, err := s.attested(in.Recipient)
	if err != nil {
		return nil, err
	}
	c := ciphertext{
		blob: in.CiphertextBlob, keyID: in.KeyId, keyMember: "KeyId", context: in.EncryptionContext,
		algorithm: or(in.EncryptionAlgorithm, symmetricDefault), dryRun: value(in.DryRun), modifiers: in.DryRunModifiers,
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	use := on(ctx, "Decrypt").crypto(c.context, c.algorithm).holding(tokens).attest(document)
	k, n, err := s.maker(ctx, &c, use)
	if err != nil {
		return nil, err
	}
	if err := s.allow(ctx, use, k, n); err != nil {
		return nil, err
	}
	if err := c.opens(k, "Decrypt"); err != nil {
		return nil, err
	}
	plaintext, err := s.plaintext(ctx, k, "Decrypt", &c)
	if err != nil {
		return nil, err
	}
	if c.dryRun {
		clear(plaintext)
		return nil, dryRun()
	}
	out := &kmsapi.DecryptResponse{
		KeyId: new(k.arn()), EncryptionAlgorithm: &c.algorithm, KeyMaterialId: c.openedBy(k),
	}
	if out.Plaintext, out.CiphertextForRecipient, err = deliver(document, plaintext); err != nil {
		return nil, err
	}
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationDecrypt)
	return out, nil
}
