package kms

import (
	"context"
	"errors"
	"slices"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// signing is what Sign and Verify have in common.
type signing struct {
	operation string
	keyID     string
	message   []byte
	kind      kmsapi.MessageType
	algorithm kmsapi.SigningAlgorithmSpec
	tokens    []string
}

// messageForms are the message types as kms/material names them.
var messageForms = map[kmsapi.MessageType]material.Form{
	kmsapi.MessageTypeRaw:        material.Raw,
	kmsapi.MessageTypeDigest:     material.Digest,
	kmsapi.MessageTypeExternalMu: material.ExternalMu,
}

// Sign signs a message of up to 4096 bytes, or a digest of one of any length.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
func (s *Service) Sign(ctx context.Context, in *kmsapi.SignRequest) (*kmsapi.SignResponse, error) {
	g := signing{"Sign", in.KeyId, in.Message, or(in.MessageType, kmsapi.MessageTypeRaw), in.SigningAlgorithm, in.GrantTokens}
	k, err := s.openSigner(ctx, &g)
	if err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	m, release, err := unsealAs[material.Signer](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	signature, err := m.Sign(string(g.algorithm), g.form(), g.message)
	if err != nil {
		return nil, err
	}
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationSign)
	return &kmsapi.SignResponse{KeyId: new(k.arn()), Signature: signature, SigningAlgorithm: &g.algorithm}, nil
}

func (g *signing) form() material.Form { return messageForms[g.kind] }

// openSigner finds and authorizes the key, and holds it and the message
// against the algorithm.
func (s *Service) openSigner(ctx context.Context, g *signing) (*key, error) {
	tokens, err := s.redeem(ctx, g.tokens)
	if err != nil {
		return nil, err
	}
	use := on(ctx, g.operation).holding(tokens)
	use.set("kms:signingalgorithm", string(g.algorithm))
	use.set("kms:messagetype", string(g.kind))
	k, err := s.open(ctx, g.keyID, allForms, use)
	if err != nil {
		return nil, err
	}
	if err := k.usable(g.operation, signVerify); err != nil {
		return nil, err
	}
	if !slices.Contains(algorithms[k.Spec].signing, g.algorithm) {
		return nil, wrongAlgorithm(g.algorithm, k.Spec)
	}
	return k, g.check()
}

// check holds the message against the algorithm.
func (g *signing) check() error {
	err := material.CheckMessage(string(g.algorithm), g.form(), g.message)
	switch {
	case errors.Is(err, material.ErrMessageForm):
		return wrongMessageType(g.kind, g.algorithm)
	case errors.Is(err, material.ErrDigestSize):
		return digestSize(g.algorithm)
	}
	return err
}
