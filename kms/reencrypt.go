package kms

import (
	"context"

	"sealstack/api/kmsapi"
)

// ReEncrypt opens a ciphertext and encrypts what was in it under another key,
// or the same with another context. The plaintext does not leave KMS.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
func (s *Service) ReEncrypt(ctx context.Context, in *kmsapi.ReEncryptRequest) (*kmsapi.ReEncryptResponse, error) {
	algorithm := or(in.DestinationEncryptionAlgorithm, symmetricDefault)
	c := ciphertext{
		blob: in.CiphertextBlob, keyID: in.SourceKeyId, keyMember: "SourceKeyId", context: in.SourceEncryptionContext,
		algorithm: or(in.SourceEncryptionAlgorithm, symmetricDefault), dryRun: value(in.DryRun), modifiers: in.DryRunModifiers,
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := checkContext(in.DestinationEncryptionContext); err != nil {
		return nil, err
	}
	tokens, err := s.redeem(ctx, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	from := on(ctx, "ReEncryptFrom").crypto(c.context, c.algorithm).holding(tokens)
	to := on(ctx, "ReEncryptTo").crypto(in.DestinationEncryptionContext, algorithm).holding(tokens)
	src, dst, err := s.openBoth(ctx, &c, in.DestinationKeyId, from, to)
	if err != nil {
		return nil, err
	}
	if err := c.opens(src, "ReEncrypt"); err != nil {
		return nil, err
	}
	if err := dst.takes("ReEncrypt", algorithm, in.DestinationEncryptionContext); err != nil {
		return nil, err
	}
	plaintext, err := s.plaintext(ctx, src, "ReEncrypt", &c)
	if err != nil {
		return nil, err
	}
	defer clear(plaintext)
	if err := fits(len(plaintext), algorithm, dst.Spec); err != nil {
		return nil, err
	}
	if c.dryRun {
		return nil, dryRun()
	}
	blob, err := s.encipher(ctx, dst, "ReEncrypt", algorithm, plaintext, in.DestinationEncryptionContext)
	if err != nil {
		return nil, err
	}
	s.used(ctx, src, kmsapi.KeyLastUsageTrackingOperationReEncrypt)
	s.used(ctx, dst, kmsapi.KeyLastUsageTrackingOperationReEncrypt)
	return &kmsapi.ReEncryptResponse{
		CiphertextBlob: blob, SourceKeyId: new(src.arn()), KeyId: new(dst.arn()),
		SourceEncryptionAlgorithm: &c.algorithm, DestinationEncryptionAlgorithm: &algorithm,
		SourceKeyMaterialId: c.openedBy(src), DestinationKeyMaterialId: dst.sealedBy(),
	}, nil
}

// openBoth finds the source and the destination and authorizes from on the
// one, to on the other. Both must be known before either is authorized:
// kms:ReEncryptOnSameKey says whether they are one.
func (s *Service) openBoth(ctx context.Context, c *ciphertext, destination string, from, to *request) (src, dst *key, err error) {
	src, srcName, err := s.maker(ctx, c, from)
	if err != nil {
		return nil, nil, err
	}
	dst, dstName, err := s.resolve(ctx, destination, allForms)
	if err != nil {
		return nil, nil, err
	}
	same := src != nil && dst != nil && src.arn() == dst.arn()
	from.setBool("kms:reencryptonsamekey", same)
	to.setBool("kms:reencryptonsamekey", same)
	if err := s.allow(ctx, from, src, srcName); err != nil {
		return nil, nil, err
	}
	return src, dst, s.allow(ctx, to, dst, dstName)
}
