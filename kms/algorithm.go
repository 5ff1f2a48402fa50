package kms

import "sealstack/api/kmsapi"

// algorithmSet is what keys of a spec can do, by usage, in the order in which
// KMS lists it.
type algorithmSet struct {
	encryption    []kmsapi.EncryptionAlgorithmSpec
	signing       []kmsapi.SigningAlgorithmSpec
	mac           []kmsapi.MacAlgorithmSpec
	agreement     []kmsapi.KeyAgreementAlgorithmSpec
	encapsulation []kmsapi.EncapsulationAlgorithmSpec
}

var (
	rsaAlgorithms = algorithmSet{
		encryption: []kmsapi.EncryptionAlgorithmSpec{
			kmsapi.EncryptionAlgorithmSpecRsaesOaepSha1, kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256,
		},
		signing: []kmsapi.SigningAlgorithmSpec{
			kmsapi.SigningAlgorithmSpecRsassaPkcs1V15Sha256, kmsapi.SigningAlgorithmSpecRsassaPkcs1V15Sha384,
			kmsapi.SigningAlgorithmSpecRsassaPkcs1V15Sha512, kmsapi.SigningAlgorithmSpecRsassaPssSha256,
			kmsapi.SigningAlgorithmSpecRsassaPssSha384, kmsapi.SigningAlgorithmSpecRsassaPssSha512,
		},
	}
	mlDSAAlgorithms = signs(kmsapi.SigningAlgorithmSpecMlDsaShake256)
	mlKEMAlgorithms = algorithmSet{
		encapsulation: []kmsapi.EncapsulationAlgorithmSpec{kmsapi.EncapsulationAlgorithmSpecMlKem},
	}
)

// algorithms has every key spec.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
//
// Unverified: the order of Ed25519's.
var algorithms = map[kmsapi.KeySpec]algorithmSet{
	kmsapi.KeySpecSymmetricDefault: {
		encryption: []kmsapi.EncryptionAlgorithmSpec{kmsapi.EncryptionAlgorithmSpecSymmetricDefault},
	},
	kmsapi.KeySpecRsa2048:             rsaAlgorithms,
	kmsapi.KeySpecRsa3072:             rsaAlgorithms,
	kmsapi.KeySpecRsa4096:             rsaAlgorithms,
	kmsapi.KeySpecEccNistP256:         agrees(kmsapi.SigningAlgorithmSpecEcdsaSha256),
	kmsapi.KeySpecEccNistP384:         agrees(kmsapi.SigningAlgorithmSpecEcdsaSha384),
	kmsapi.KeySpecEccNistP521:         agrees(kmsapi.SigningAlgorithmSpecEcdsaSha512),
	kmsapi.KeySpecEccSecgP256k1:       signs(kmsapi.SigningAlgorithmSpecEcdsaSha256),
	kmsapi.KeySpecEccNistEdwards25519: signs(kmsapi.SigningAlgorithmSpecEd25519Sha512, kmsapi.SigningAlgorithmSpecEd25519PhSha512),
	kmsapi.KeySpecMlDsa44:             mlDSAAlgorithms,
	kmsapi.KeySpecMlDsa65:             mlDSAAlgorithms,
	kmsapi.KeySpecMlDsa87:             mlDSAAlgorithms,
	kmsapi.KeySpecHmac224:             macs(kmsapi.MacAlgorithmSpecHmacSha224),
	kmsapi.KeySpecHmac256:             macs(kmsapi.MacAlgorithmSpecHmacSha256),
	kmsapi.KeySpecHmac384:             macs(kmsapi.MacAlgorithmSpecHmacSha384),
	kmsapi.KeySpecHmac512:             macs(kmsapi.MacAlgorithmSpecHmacSha512),
	kmsapi.KeySpecSm2: {
		encryption: []kmsapi.EncryptionAlgorithmSpec{kmsapi.EncryptionAlgorithmSpecSm2pke},
		signing:    []kmsapi.SigningAlgorithmSpec{kmsapi.SigningAlgorithmSpecSm2dsa},
		agreement:  []kmsapi.KeyAgreementAlgorithmSpec{kmsapi.KeyAgreementAlgorithmSpecEcdh},
	},
	kmsapi.KeySpecMlKem512:  mlKEMAlgorithms,
	kmsapi.KeySpecMlKem768:  mlKEMAlgorithms,
	kmsapi.KeySpecMlKem1024: mlKEMAlgorithms,
}

func signs(with ...kmsapi.SigningAlgorithmSpec) algorithmSet { return algorithmSet{signing: with} }

// agrees is a spec whose keys sign or agree.
func agrees(with kmsapi.SigningAlgorithmSpec) algorithmSet {
	return algorithmSet{
		signing:   []kmsapi.SigningAlgorithmSpec{with},
		agreement: []kmsapi.KeyAgreementAlgorithmSpec{kmsapi.KeyAgreementAlgorithmSpecEcdh},
	}
}

func macs(with kmsapi.MacAlgorithmSpec) algorithmSet {
	return algorithmSet{mac: []kmsapi.MacAlgorithmSpec{with}}
}
