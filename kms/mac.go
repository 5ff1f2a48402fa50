package kms

import (
	"context"
	"errors"
	"slices"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// GenerateMac makes the HMAC of a message of up to 4096 bytes.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html
func (s *Service) GenerateMac(ctx context.Context, in *kmsapi.GenerateMacRequest) (*kmsapi.GenerateMacResponse, error) {
	k, err := s.openMAC(ctx, "GenerateMac", in.KeyId, in.MacAlgorithm, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	m, release, err := unsealAs[*material.HMAC](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationGenerateMac)
	return &kmsapi.GenerateMacResponse{KeyId: new(k.arn()), Mac: m.Sum(in.Message), MacAlgorithm: &in.MacAlgorithm}, nil
}

// VerifyMac holds an HMAC against a message. One that is not right is an error.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_VerifyMac.html
func (s *Service) VerifyMac(ctx context.Context, in *kmsapi.VerifyMacRequest) (*kmsapi.VerifyMacResponse, error) {
	k, err := s.openMAC(ctx, "VerifyMac", in.KeyId, in.MacAlgorithm, in.GrantTokens)
	if err != nil {
		return nil, err
	}
	m, release, err := unsealAs[*material.HMAC](ctx, s, &k.record, k.Material)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := m.Verify(in.Message, in.Mac); errors.Is(err, material.ErrMAC) {
		return nil, invalidMAC()
	} else if err != nil {
		return nil, err
	}
	if value(in.DryRun) {
		return nil, dryRun()
	}
	s.used(ctx, k, kmsapi.KeyLastUsageTrackingOperationVerifyMac)
	return &kmsapi.VerifyMacResponse{KeyId: new(k.arn()), MacValid: new(true), MacAlgorithm: &in.MacAlgorithm}, nil
}

// openMAC finds and authorizes the key and holds it against the algorithm.
func (s *Service) openMAC(ctx context.Context, operation, keyID string, algorithm kmsapi.MacAlgorithmSpec, grantTokens []string) (*key, error) {
	tokens, err := s.redeem(ctx, grantTokens)
	if err != nil {
		return nil, err
	}
	use := on(ctx, operation).holding(tokens)
	use.set("kms:macalgorithm", string(algorithm))
	k, err := s.open(ctx, keyID, allForms, use)
	if err != nil {
		return nil, err
	}
	if err := k.usable(operation, generateMAC); err != nil {
		return nil, err
	}
	if !slices.Contains(algorithms[k.Spec].mac, algorithm) {
		return nil, wrongAlgorithm(algorithm, k.Spec)
	}
	return k, nil
}
