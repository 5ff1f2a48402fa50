package kms

import (
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// The request quotas of an account in a Region, per second. What is shared by
// the cryptographic operations is counted by the type of the KMS key; all
// else is called as its operation.
// https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
const (
	symmetricRate = "symmetric"
	rsaRate       = "rsa"
	eccRate       = "ecc" // and SM2
	mldsaRate     = "ml-dsa"
	mlkemRate     = "ml-kem"

	pairRate = "GenerateDataKeyPair-" // and the spec of the pair
)

// rates are AWS's default request quotas where a Region has no other.
//
// Unverified: those of ML-KEM, which the page does not list.
var rates = map[string]float64{
	symmetricRate: 10_000, rsaRate: 1000, eccRate: 1000, mldsaRate: 1000, mlkemRate: 1000,
	pairRate + "RSA_2048": 20, pairRate + "RSA_3072": 4, pairRate + "RSA_4096": 1, pairRate + "SM2": 25,
	pairRate + "ECC_NIST_P256": 100, pairRate + "ECC_NIST_P384": 100, pairRate + "ECC_NIST_P521": 100,
	pairRate + "ECC_SECG_P256K1": 100, pairRate + "ECC_NIST_EDWARDS25519": 100,
	pairRate + "ML_KEM_512": 100, pairRate + "ML_KEM_768": 100, pairRate + "ML_KEM_1024": 100,

	"CancelKeyDeletion": 5, "ConnectCustomKeyStore": 5, "CreateAlias": 5, "CreateCustomKeyStore": 5, "CreateGrant": 50, "CreateKey": 5,
	"DeleteAlias": 15, "DeleteCustomKeyStore": 5, "DeleteImportedKeyMaterial": 15, "DescribeCustomKeyStores": 5, "DescribeKey": 2000,
	"DisableKey": 5, "DisableKeyRotation": 5, "DisconnectCustomKeyStore": 5, "EnableKey": 5, "EnableKeyRotation": 15, "GetKeyLastUsage": 5,
	"GetKeyPolicy": 1000, "GetKeyRotationStatus": 1000, "GetParametersForImport": 1, "GetPublicKey": 2000, "ImportKeyMaterial": 15,
	"ListAliases": 500, "ListGrants": 100, "ListKeyPolicies": 100, "ListKeyRotations": 100, "ListKeys": 500, "ListResourceTags": 2000,
	"ListRetirableGrants": 100, "PutKeyPolicy": 15, "ReplicateKey": 5, "RetireGrant": 50, "RevokeGrant": 50, "RotateKeyOnDemand": 5,
	"ScheduleKeyDeletion": 15, "TagResource": 10, "UntagResource": 5, "UpdateAlias": 5, "UpdateCustomKeyStore": 5,
	"UpdateKeyDescription": 5, "UpdatePrimaryRegion": 5,
}

// regionalRates are the Regions' own quotas, by Region and name.
var regionalRates = map[string]map[string]float64{
	"us-east-1": busiest, "us-west-2": busiest, "eu-west-1": busiest,
	"us-east-2": busy, "ap-southeast-1": busy, "ap-southeast-2": busy, "ap-northeast-1": busy, "eu-central-1": busy, "eu-west-2": busy,
	"cn-north-1": slow, "cn-northwest-1": slow,
}

var (
	busiest = map[string]float64{symmetricRate: 100_000}
	busy    = map[string]float64{symmetricRate: 20_000}
	slow    = map[string]float64{pairRate + "RSA_2048": 1, pairRate + "RSA_3072": 0.5, pairRate + "RSA_4096": 0.1}
)

// RateNames are the names of the request quotas, in no order: of an operation,
// "CreateKey"; of a data key pair, "GenerateDataKeyPair-RSA_2048"; of what
// cryptographic operations share, "symmetric", "rsa", "ecc", "ml-dsa" and
// "ml-kem".
func RateNames() []string {
	names := make([]string, 0, len(rates))
	for name := range rates {
		names = append(names, name)
	}
	return names
}

// rateOf is AWS's default in a Region.
func rateOf(region, name string) float64 {
	if r, ok := regionalRates[region][name]; ok {
		return r
	}
	return rates[name]
}

// charge is what a request takes of a quota.
type charge struct {
	region, name string
	requests     float64
}

// charges are what a request takes. Replicating a key counts as two CreateKey
// in the other Region, and changing the primary one in both.
//
// Unverified: that re-encryption from one type of key to another counts for
// both.
func charges(c *api.Caller, operation string, in any) []charge {
	one := func(name string) charge { return charge{c.Region, name, 1} }
	switch in := in.(type) {
	case *kmsapi.ReplicateKeyRequest:
		return []charge{one(operation), {in.ReplicaRegion, "CreateKey", 2}}
	case *kmsapi.UpdatePrimaryRegionRequest:
		return []charge{one(operation), {in.PrimaryRegion, operation, 1}}
	case *kmsapi.GenerateDataKeyPairRequest:
		return []charge{one(pairRate + string(in.KeyPairSpec))}
	case *kmsapi.GenerateDataKeyPairWithoutPlaintextRequest:
		return []charge{one(pairRate + string(in.KeyPairSpec))}
	case *kmsapi.ReEncryptRequest:
		from, to := rateFor(value(in.SourceEncryptionAlgorithm)), rateFor(value(in.DestinationEncryptionAlgorithm))
		if from != to {
			return []charge{one(from), one(to)}
		}
		return []charge{one(from)}
	}
	if shared := sharedRate(in); shared != "" {
		return []charge{one(shared)}
	}
	return []charge{one(operation)}
}

// sharedRate is the quota that a cryptographic operation shares with others,
// "" for any other operation. The algorithm tells the type of the key.
func sharedRate(in any) string {
	switch in := in.(type) {
	case *kmsapi.EncryptRequest:
		return rateFor(value(in.EncryptionAlgorithm))
	case *kmsapi.DecryptRequest:
		return rateFor(value(in.EncryptionAlgorithm))
	case *kmsapi.SignRequest:
		return rateFor(in.SigningAlgorithm)
	case *kmsapi.VerifyRequest:
		return rateFor(in.SigningAlgorithm)
	case *kmsapi.DeriveSharedSecretRequest:
		return eccRate
	case *kmsapi.EncapsulateRequest, *kmsapi.DecapsulateRequest:
		return mlkemRate
	case *kmsapi.GenerateDataKeyRequest, *kmsapi.GenerateDataKeyWithoutPlaintextRequest, *kmsapi.GenerateMacRequest,
		*kmsapi.GenerateRandomRequest, *kmsapi.VerifyMacRequest:
		return symmetricRate
	}
	return ""
}

// rateFor is the quota of the keys that have an algorithm.
func rateFor[T ~string](algorithm T) string {
	switch a := string(algorithm); {
	case strings.HasPrefix(a, "RSA"):
		return rsaRate
	case strings.HasPrefix(a, "ML_DSA"):
		return mldsaRate
	case strings.HasPrefix(a, "EC"), strings.HasPrefix(a, "ED"), strings.HasPrefix(a, "SM2"):
		return eccRate
	}
	return symmetricRate
}
