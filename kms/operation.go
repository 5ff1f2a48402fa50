package kms

import "sealstack/api/kmsapi"

// operations is a set of grant operations.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations
type operations uint32

// The grant operations. Their places in the set are part of the stored data.
const (
	opDecrypt operations = 1 << iota
	opEncrypt
	opGenerateDataKey
	opGenerateDataKeyWithoutPlaintext
	opReEncryptFrom
	opReEncryptTo
	opSign
	opVerify
	opGetPublicKey
	opCreateGrant
	opRetireGrant
	opDescribeKey
	opGenerateDataKeyPair
	opGenerateDataKeyPairWithoutPlaintext
	opGenerateMac
	opVerifyMac
	opDeriveSharedSecret
	opEncapsulate
	opDecapsulate

	// What a grant may hold whatever the key.
	opsOfAnyKey = opCreateGrant | opRetireGrant | opDescribeKey
	// What encrypts and decrypts with any key.
	opsOfEncryption = opEncrypt | opDecrypt | opReEncryptFrom | opReEncryptTo
	// What a symmetric encryption key does, always with an encryption context.
	opsWithContext = opsOfEncryption | opGenerateDataKey | opGenerateDataKeyWithoutPlaintext |
		opGenerateDataKeyPair | opGenerateDataKeyPairWithoutPlaintext
)

var operationBits = map[kmsapi.GrantOperation]operations{
	kmsapi.GrantOperationDecrypt:                             opDecrypt,
	kmsapi.GrantOperationEncrypt:                             opEncrypt,
	kmsapi.GrantOperationGenerateDataKey:                     opGenerateDataKey,
	kmsapi.GrantOperationGenerateDataKeyWithoutPlaintext:     opGenerateDataKeyWithoutPlaintext,
	kmsapi.GrantOperationReEncryptFrom:                       opReEncryptFrom,
	kmsapi.GrantOperationReEncryptTo:                         opReEncryptTo,
	kmsapi.GrantOperationSign:                                opSign,
	kmsapi.GrantOperationVerify:                              opVerify,
	kmsapi.GrantOperationGetPublicKey:                        opGetPublicKey,
	kmsapi.GrantOperationCreateGrant:                         opCreateGrant,
	kmsapi.GrantOperationRetireGrant:                         opRetireGrant,
	kmsapi.GrantOperationDescribeKey:                         opDescribeKey,
	kmsapi.GrantOperationGenerateDataKeyPair:                 opGenerateDataKeyPair,
	kmsapi.GrantOperationGenerateDataKeyPairWithoutPlaintext: opGenerateDataKeyPairWithoutPlaintext,
	kmsapi.GrantOperationGenerateMac:                         opGenerateMac,
	kmsapi.GrantOperationVerifyMac:                           opVerifyMac,
	kmsapi.GrantOperationDeriveSharedSecret:                  opDeriveSharedSecret,
	kmsapi.GrantOperationEncapsulate:                         opEncapsulate,
	kmsapi.GrantOperationDecapsulate:                         opDecapsulate,
}

// setOf is the set of the listed operations.
func setOf(list []kmsapi.GrantOperation) (set operations) {
	for _, o := range list {
		set |= operationBits[o]
	}
	return set
}

// within says that every operation of the set is in the other.
func (o operations) within(other operations) bool { return o&^other == 0 }

// asymmetricOps is what keys other than symmetric encryption keys do.
var asymmetricOps = map[kmsapi.KeyUsageType]operations{
	encryptDecrypt: opsOfEncryption | opGetPublicKey,
	signVerify:     opSign | opVerify | opGetPublicKey,
	keyAgreement:   opDeriveSharedSecret | opGetPublicKey,
	generateMAC:    opGenerateMac | opVerifyMac,
	encapsulate:    opEncapsulate | opDecapsulate | opGetPublicKey,
}

// grantable is the set of operations that a grant on the key may hold.
func (r *record) grantable() operations {
	if r.Spec == kmsapi.KeySpecSymmetricDefault {
		return opsOfAnyKey | opsWithContext
	}
	return opsOfAnyKey | asymmetricOps[r.Usage]
}
