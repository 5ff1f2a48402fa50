package kms

import (
	"slices"

	"sealstack/api/kmsapi"
)

// family is what KMS says of a key spec.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
type family struct {
	usages   []kmsapi.KeyUsageType
	external bool // its material may be imported
	store    bool // it may live in a custom key store
}

var (
	encryptDecrypt = kmsapi.KeyUsageTypeEncryptDecrypt
	signVerify     = kmsapi.KeyUsageTypeSignVerify
	keyAgreement   = kmsapi.KeyUsageTypeKeyAgreement
	generateMAC    = kmsapi.KeyUsageTypeGenerateVerifyMac
	encapsulate    = kmsapi.KeyUsageTypeEncapsulateDecapsulate

	symmetricFamily = family{usages: []kmsapi.KeyUsageType{encryptDecrypt}, external: true, store: true}
	rsaFamily       = family{usages: []kmsapi.KeyUsageType{encryptDecrypt, signVerify}, external: true}
	nistFamily      = family{usages: []kmsapi.KeyUsageType{signVerify, keyAgreement}, external: true}
	signFamily      = family{usages: []kmsapi.KeyUsageType{signVerify}, external: true}
	macFamily       = family{usages: []kmsapi.KeyUsageType{generateMAC}, external: true}
	sm2Family       = family{usages: []kmsapi.KeyUsageType{encryptDecrypt, signVerify, keyAgreement}, external: true}
	kemFamily       = family{usages: []kmsapi.KeyUsageType{encapsulate}, external: true}
)

// families has every key spec of the model.
var families = map[kmsapi.KeySpec]family{
	kmsapi.KeySpecSymmetricDefault:    symmetricFamily,
	kmsapi.KeySpecRsa2048:             rsaFamily,
	kmsapi.KeySpecRsa3072:             rsaFamily,
	kmsapi.KeySpecRsa4096:             rsaFamily,
	kmsapi.KeySpecEccNistP256:         nistFamily,
	kmsapi.KeySpecEccNistP384:         nistFamily,
	kmsapi.KeySpecEccNistP521:         nistFamily,
	kmsapi.KeySpecEccSecgP256k1:       signFamily,
	kmsapi.KeySpecEccNistEdwards25519: signFamily,
	kmsapi.KeySpecMlDsa44:             signFamily,
	kmsapi.KeySpecMlDsa65:             signFamily,
	kmsapi.KeySpecMlDsa87:             signFamily,
	kmsapi.KeySpecHmac224:             macFamily,
	kmsapi.KeySpecHmac256:             macFamily,
	kmsapi.KeySpecHmac384:             macFamily,
	kmsapi.KeySpecHmac512:             macFamily,
	kmsapi.KeySpecSm2:                 sm2Family,
	kmsapi.KeySpecMlKem512:            kemFamily,
	kmsapi.KeySpecMlKem768:            kemFamily,
	kmsapi.KeySpecMlKem1024:           kemFamily,
}

func (f family) has(usage kmsapi.KeyUsageType) bool { return slices.Contains(f.usages, usage) }

// from says whether a key of the family may have the origin.
func (f family) from(origin kmsapi.OriginType) bool {
	switch origin {
	case kmsapi.OriginTypeExternal:
		return f.external
	case kmsapi.OriginTypeAwsCloudhsm, kmsapi.OriginTypeExternalKeyStore:
		return f.store
	}
	return true
}

// algorithmsOf fills the lists of algorithms of a key's metadata. Lists that
// do not belong to the key's usage are absent.
func algorithmsOf(r *record, m *kmsapi.KeyMetadata) {
	a := algorithms[r.Spec]
	switch r.Usage {
	case encryptDecrypt:
		m.EncryptionAlgorithms = a.encryption
	case signVerify:
		m.SigningAlgorithms = a.signing
	case generateMAC:
		m.MacAlgorithms = a.mac
	case keyAgreement:
		m.KeyAgreementAlgorithms = a.agreement
	case encapsulate:
		m.EncapsulationAlgorithms = a.encapsulation
	}
}

// encrypts says whether a key of the spec knows the algorithm.
func encrypts(spec kmsapi.KeySpec, algorithm kmsapi.EncryptionAlgorithmSpec) bool {
	return slices.Contains(algorithms[spec].encryption, algorithm)
}
