package kms

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// subject is the key that a specimen is about.
type subject struct {
	*harness
	id   string // plain id
	name string // how the request names it
}

// specimen is a request that succeeds with a key of its kind.
type specimen struct {
	kind    func(*kmsapi.CreateKeyRequest) // nil: it names no key
	request func(s *subject) any           // made while the key is Enabled
}

// The kinds of keys.
var (
	plain     = of(kmsapi.KeySpecSymmetricDefault, encryptDecrypt)
	signing_  = of(kmsapi.KeySpecEccNistP256, signVerify)
	mac       = of(kmsapi.KeySpecHmac256, generateMAC)
	agreement = of(kmsapi.KeySpecEccNistP256, keyAgreement)
	kem       = of(kmsapi.KeySpecMlKem512, encapsulate)
	imported  = external(kmsapi.KeySpecSymmetricDefault, encryptDecrypt)
)

// specimens has a request of every operation of the model. A second word tells
// several of one operation apart.
var specimens = map[string]specimen{
	"CancelKeyDeletion": {plain, func(s *subject) any {
		return &kmsapi.CancelKeyDeletionRequest{KeyId: s.name}
	}},
	"CreateAlias": {plain, func(s *subject) any {
		return &kmsapi.CreateAliasRequest{AliasName: "alias/new-" + s.id, TargetKeyId: s.name}
	}},
	"CreateGrant": {plain, func(s *subject) any { return to(s.name, bob.ARN, decrypt) }},
	"CreateKey":   {nil, func(*subject) any { return &kmsapi.CreateKeyRequest{} }},
	"Decapsulate": {kem, func(s *subject) any {
		out, err := s.Encapsulate(s.ctx, &kmsapi.EncapsulateRequest{KeyId: s.id, EncapsulationAlgorithm: "ML_KEM"})
		must(s.t, err)
		return &kmsapi.DecapsulateRequest{KeyId: s.name, SharedSecretCiphertextBlob: out.SharedSecretCiphertextBlob, EncapsulationAlgorithm: "ML_KEM"}
	}},
	"Decrypt": {plain, func(s *subject) any {
		return &kmsapi.DecryptRequest{KeyId: &s.name, CiphertextBlob: s.encrypt(s.id, "x", nil)}
	}},
	"Decrypt unnamed": {plain, func(s *subject) any {
		return &kmsapi.DecryptRequest{CiphertextBlob: s.encrypt(s.id, "x", nil)}
	}},
	"DeleteAlias": {plain, func(s *subject) any {
		s.alias("alias/of-"+s.id, s.id)
		return &kmsapi.DeleteAliasRequest{AliasName: "alias/of-" + s.id}
	}},
	"DeleteImportedKeyMaterial": {imported, func(s *subject) any {
		return &kmsapi.DeleteImportedKeyMaterialRequest{KeyId: s.name}
	}},
	"DeriveSharedSecret": {agreement, func(s *subject) any {
		return &kmsapi.DeriveSharedSecretRequest{KeyId: s.name, PublicKey: s.publicKey(s.id), KeyAgreementAlgorithm: "ECDH"}
	}},
	"DescribeKey":        {plain, func(s *subject) any { return &kmsapi.DescribeKeyRequest{KeyId: s.name} }},
	"DisableKey":         {plain, func(s *subject) any { return &kmsapi.DisableKeyRequest{KeyId: s.name} }},
	"DisableKeyRotation": {plain, func(s *subject) any { return &kmsapi.DisableKeyRotationRequest{KeyId: s.name} }},
	"EnableKey":          {plain, func(s *subject) any { return &kmsapi.EnableKeyRequest{KeyId: s.name} }},
	"EnableKeyRotation":  {plain, func(s *subject) any { return &kmsapi.EnableKeyRotationRequest{KeyId: s.name} }},
	"Encapsulate": {kem, func(s *subject) any {
		return &kmsapi.EncapsulateRequest{KeyId: s.name, EncapsulationAlgorithm: "ML_KEM"}
	}},
	"Encrypt": {plain, func(s *subject) any { return &kmsapi.EncryptRequest{KeyId: s.name, Plaintext: []byte("x")} }},
	"GenerateDataKey": {plain, func(s *subject) any {
		return &kmsapi.GenerateDataKeyRequest{KeyId: s.name, NumberOfBytes: new(int32(9))}
	}},
	"GenerateDataKeyPair": {plain, func(s *subject) any {
		return &kmsapi.GenerateDataKeyPairRequest{KeyId: s.name, KeyPairSpec: "ECC_NIST_P256"}
	}},
	"GenerateDataKeyPairWithoutPlaintext": {plain, func(s *subject) any {
		return &kmsapi.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: s.name, KeyPairSpec: "ECC_NIST_P256"}
	}},
	"GenerateDataKeyWithoutPlaintext": {plain, func(s *subject) any {
		return &kmsapi.GenerateDataKeyWithoutPlaintextRequest{KeyId: s.name, NumberOfBytes: new(int32(9))}
	}},
	"GenerateMac": {mac, func(s *subject) any {
		return &kmsapi.GenerateMacRequest{KeyId: s.name, Message: []byte("m"), MacAlgorithm: "HMAC_SHA_256"}
	}},
	"GenerateRandom":       {nil, func(*subject) any { return &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1))} }},
	"GetKeyLastUsage":      {plain, func(s *subject) any { return &kmsapi.GetKeyLastUsageRequest{KeyId: s.name} }},
	"GetKeyPolicy":         {plain, func(s *subject) any { return &kmsapi.GetKeyPolicyRequest{KeyId: s.name} }},
	"GetKeyRotationStatus": {plain, func(s *subject) any { return &kmsapi.GetKeyRotationStatusRequest{KeyId: s.name} }},
	"GetParametersForImport": {imported, func(s *subject) any {
		return &kmsapi.GetParametersForImportRequest{KeyId: s.name, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048"}
	}},
	"GetPublicKey": {signing_, func(s *subject) any { return &kmsapi.GetPublicKeyRequest{KeyId: s.name} }},
	"ImportKeyMaterial": {imported, func(s *subject) any {
		in := s.importing(s.id, material32)
		in.KeyId = s.name
		return in
	}},
	"ListAliases":         {plain, func(s *subject) any { return &kmsapi.ListAliasesRequest{KeyId: &s.name} }},
	"ListGrants":          {plain, func(s *subject) any { return &kmsapi.ListGrantsRequest{KeyId: s.name} }},
	"ListKeyPolicies":     {plain, func(s *subject) any { return &kmsapi.ListKeyPoliciesRequest{KeyId: s.name} }},
	"ListKeyRotations":    {plain, func(s *subject) any { return &kmsapi.ListKeyRotationsRequest{KeyId: s.name} }},
	"ListKeys":            {nil, func(*subject) any { return &kmsapi.ListKeysRequest{} }},
	"ListResourceTags":    {plain, func(s *subject) any { return &kmsapi.ListResourceTagsRequest{KeyId: s.name} }},
	"ListRetirableGrants": {nil, func(*subject) any { return &kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &bob.ARN} }},
	"PutKeyPolicy": {plain, func(s *subject) any {
		return &kmsapi.PutKeyPolicyRequest{KeyId: s.name, Policy: byAnyone}
	}},
	"ReEncrypt to": {plain, func(s *subject) any {
		return &kmsapi.ReEncryptRequest{CiphertextBlob: s.encrypt(s.key(with(byAnyone)).KeyId, "x", nil), DestinationKeyId: s.name}
	}},
	"ReEncrypt from": {plain, func(s *subject) any {
		return &kmsapi.ReEncryptRequest{
			CiphertextBlob: s.encrypt(s.id, "x", nil), SourceKeyId: &s.name, DestinationKeyId: *s.key(with(byAnyone)).Arn,
		}
	}},
	"ReplicateKey": {and(plain, multi), func(s *subject) any {
		return &kmsapi.ReplicateKeyRequest{KeyId: s.name, ReplicaRegion: "ap-south-1"}
	}},
	"RetireGrant": {plain, func(s *subject) any {
		grant, _ := s.issue(to(s.id, bob.ARN, decrypt))
		return &kmsapi.RetireGrantRequest{KeyId: &s.name, GrantId: &grant}
	}},
	"RetireGrant token": {plain, func(s *subject) any {
		_, token := s.issue(to(s.id, bob.ARN, decrypt))
		return &kmsapi.RetireGrantRequest{GrantToken: &token}
	}},
	"RevokeGrant": {plain, func(s *subject) any {
		grant, _ := s.issue(to(s.id, bob.ARN, decrypt))
		return &kmsapi.RevokeGrantRequest{KeyId: s.name, GrantId: grant}
	}},
	"RotateKeyOnDemand":   {plain, func(s *subject) any { return &kmsapi.RotateKeyOnDemandRequest{KeyId: s.name} }},
	"ScheduleKeyDeletion": {plain, func(s *subject) any { return &kmsapi.ScheduleKeyDeletionRequest{KeyId: s.name} }},
	"Sign": {signing_, func(s *subject) any {
		return &kmsapi.SignRequest{KeyId: s.name, Message: []byte("m"), SigningAlgorithm: "ECDSA_SHA_256"}
	}},
	"TagResource": {plain, func(s *subject) any {
		return &kmsapi.TagResourceRequest{KeyId: s.name, Tags: []kmsapi.Tag{{TagKey: "a"}}}
	}},
	"UntagResource": {plain, func(s *subject) any {
		return &kmsapi.UntagResourceRequest{KeyId: s.name, TagKeys: []string{"a"}}
	}},
	"UpdateAlias to": {plain, func(s *subject) any {
		s.alias("alias/to-"+s.id, s.key(with(byAnyone)).KeyId)
		return &kmsapi.UpdateAliasRequest{AliasName: "alias/to-" + s.id, TargetKeyId: s.name}
	}},
	"UpdateAlias from": {plain, func(s *subject) any {
		s.alias("alias/from-"+s.id, s.id)
		return &kmsapi.UpdateAliasRequest{AliasName: "alias/from-" + s.id, TargetKeyId: s.key(with(byAnyone)).KeyId}
	}},
	"UpdateKeyDescription": {plain, func(s *subject) any { return &kmsapi.UpdateKeyDescriptionRequest{KeyId: s.name} }},
	"UpdatePrimaryRegion": {and(plain, multi), func(s *subject) any {
		s.replicateTo(s.id, elsewhere)
		return &kmsapi.UpdatePrimaryRegionRequest{KeyId: s.name, PrimaryRegion: elsewhere}
	}},
	"Verify": {signing_, func(s *subject) any {
		out, err := s.Sign(s.ctx, &kmsapi.SignRequest{KeyId: s.id, Message: []byte("m"), SigningAlgorithm: "ECDSA_SHA_256"})
		must(s.t, err)
		return &kmsapi.VerifyRequest{KeyId: s.name, Message: []byte("m"), Signature: out.Signature, SigningAlgorithm: "ECDSA_SHA_256"}
	}},
	"VerifyMac": {mac, func(s *subject) any {
		out, err := s.GenerateMac(s.ctx, &kmsapi.GenerateMacRequest{KeyId: s.id, Message: []byte("m"), MacAlgorithm: "HMAC_SHA_256"})
		must(s.t, err)
		return &kmsapi.VerifyMacRequest{KeyId: s.name, Message: []byte("m"), Mac: out.Mac, MacAlgorithm: "HMAC_SHA_256"}
	}},
}

// material32 is the material of imported specimens.
var material32 = []byte("0123456789abcdef0123456789abcdef")

// and makes a key with the properties of both.
func and(a, b func(*kmsapi.CreateKeyRequest)) func(*kmsapi.CreateKeyRequest) {
	return func(in *kmsapi.CreateKeyRequest) { a(in); b(in) }
}

// aboutStores are the operations on custom key stores, which are no keys and
// have tests of their own.
func aboutStores(operation string) bool { return strings.Contains(operation, "CustomKeyStore") }

// subjectOf makes the key of a specimen, usable.
func (h *harness) subjectOf(sp specimen, options ...func(*kmsapi.CreateKeyRequest)) *subject {
	h.t.Helper()
	s := &subject{harness: h}
	if sp.kind == nil {
		return s
	}
	k := h.key(append([]func(*kmsapi.CreateKeyRequest){sp.kind}, options...)...)
	s.id, s.name = k.KeyId, k.KeyId
	if *k.KeyState == kmsapi.KeyStatePendingImport {
		h.mustImport(s.id, material32)
	}
	return s
}

// perform makes a call of the operation that the input belongs to.
func (h *harness) perform(ctx context.Context, in any) error {
	h.t.Helper()
	_, err := h.client.Endpoint.Call(ctx, operationOf(h.t, in), in)
	return err
}

// operationOf finds the operation by the type of its input.
func operationOf(t testing.TB, in any) *api.Operation {
	t.Helper()
	for _, op := range kmsapi.Service.Operations {
		if reflect.PointerTo(op.Input) == reflect.TypeOf(in) {
			return op
		}
	}
	t.Fatalf("%T is the input of no operation", in)
	return nil
}

// set sets a member of an input, whether it is a value or a pointer; false if
// there is no such member.
func set(in any, member string, v any) bool {
	f := reflect.ValueOf(in).Elem().FieldByName(member)
	switch {
	case !f.IsValid():
		return false
	case f.Kind() == reflect.Pointer:
		p := reflect.New(f.Type().Elem())
		p.Elem().Set(reflect.ValueOf(v).Convert(f.Type().Elem()))
		f.Set(p)
	default:
		f.Set(reflect.ValueOf(v).Convert(f.Type()))
	}
	return true
}

// unset takes a member from an input.
func unset(in any, member string) { reflect.ValueOf(in).Elem().FieldByName(member).SetZero() }

func has(op *api.Operation, member string) bool {
	_, ok := op.Input.FieldByName(member)
	return ok
}

// word is the operation of a specimen.
func word(specimen string) string { name, _ := cutWord(specimen); return name }

func TestEveryOperationHasASpecimenThatSucceeds(t *testing.T) {
	h := newHarness(t)
	there := map[string]bool{}
	for name, sp := range specimens {
		there[word(name)] = true
		t.Run(name, func(t *testing.T) {
			s := h.subjectOf(sp)
			in := sp.request(s)
			if got := operationOf(t, in).Name; got != word(name) {
				t.Fatalf("the request is one of %s", got)
			}
			if name == "CancelKeyDeletion" {
				h.put(s.id, func(r *record) { r.Deletion = start.Add(30 * day) })
			}
			must(t, h.perform(h.ctx, in))
		})
	}
	for _, op := range kmsapi.Service.Operations {
		if !there[op.Name] && !aboutStores(op.Name) {
			t.Errorf("%s has no specimen", op.Name)
		}
	}
}
