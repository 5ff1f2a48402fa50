package kms

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

// never are the errors that the model declares and that can't come from here,
// whatever the operation, and why.
var never = map[string]string{
	"KMSInternalException":       "a fault of AWS's own",
	"DependencyTimeoutException": "a fault of AWS's own",
	"KeyUnavailableException":    "a fault of AWS's own",
}

const (
	byRegion    = "an ARN that is none of a key here is answered NotFoundException, as AWS was seen to"
	byAnyState  = "no state is refused: see the matrix"
	byEmptyTags = "tags are checked when they are set; a key that the key has not is passed over"
)

// unreached are the declared errors of single operations that have no row, by
// operation and error, and why.
var unreached = map[string]string{
	"CreateAlias InvalidAliasNameException":      "AWS was seen to answer ValidationException",
	"CreateKey InvalidArnException":              byRegion,
	"DeleteAlias KMSInvalidStateException":       byAnyState,
	"DescribeKey InvalidArnException":            byRegion,
	"EnableKey LimitExceededException":           "AWS counts all keys, whatever their state",
	"GetKeyPolicy KMSInvalidStateException":      byAnyState,
	"GetPublicKey InvalidKeyUsageException":      "every usage of a key pair lets its public key be read",
	"GetPublicKey InvalidArnException":           byRegion,
	"ListGrants KMSInvalidStateException":        byAnyState,
	"ListKeyPolicies KMSInvalidStateException":   byAnyState,
	"ListKeyRotations KMSInvalidStateException":  byAnyState,
	"ListRetirableGrants NotFoundException":      "a principal that does not exist is answered InvalidArnException",
	"PutKeyPolicy KMSInvalidStateException":      byAnyState,
	"PutKeyPolicy UnsupportedOperationException": "the policy of an AWS managed key does not allow the call",
	"RetireGrant KMSInvalidStateException":       byAnyState,
	"RevokeGrant KMSInvalidStateException":       byAnyState,
	"TagResource LimitExceededException":         "AWS was seen to answer TagException: Too many tags",
	"UntagResource TagException":                 byEmptyTags,

	"GetKeyRotationStatus KMSInvalidStateException": byAnyState,
}

// ofStores are the errors of custom key stores and their keys.
var ofStores = []string{
	"CloudHsm", "CustomKeyStore", "Xks",
	"GenerateDataKeyPair UnsupportedOperationException", "GenerateDataKeyPairWithoutPlaintext UnsupportedOperationException",
	"GenerateRandom UnsupportedOperationException", "CreateKey UnsupportedOperationException",
}

// declared has a call for each declared error that neither the matrix nor the
// members which several operations share bring about.
var declared = map[string]func(h *harness) error{
	"CreateAlias AlreadyExistsException": func(h *harness) error {
		h.alias("alias/a", h.key().KeyId)
		return h.perform(h.ctx, &kmsapi.CreateAliasRequest{AliasName: "alias/a", TargetKeyId: h.key().KeyId})
	},
	"CreateAlias LimitExceededException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.CreateAliasRequest{AliasName: "alias/a", TargetKeyId: h.fullOfAliases()})
	},
	"CreateGrant LimitExceededException": func(h *harness) error {
		id := h.key().KeyId
		h.put(id, func(r *record) { r.Grants = defaultGrants })
		return h.perform(h.ctx, to(id, bob.ARN, decrypt))
	},
	"CreateKey MalformedPolicyDocumentException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.CreateKeyRequest{Policy: new("{")})
	},
	"CreateKey LimitExceededException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.CreateKeyRequest{Policy: new(strings.Repeat(" ", 32769))})
	},
	"CreateKey TagException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.CreateKeyRequest{Tags: []kmsapi.Tag{{TagKey: "a"}, {TagKey: "a"}}})
	},
	"Decapsulate InvalidCiphertextException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.DecapsulateRequest{KeyId: h.key(kem).KeyId, SharedSecretCiphertextBlob: []byte("x"), EncapsulationAlgorithm: "ML_KEM"})
	},
	"Decrypt InvalidCiphertextException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: []byte("x")})
	},
	"Decrypt IncorrectKeyException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.DecryptRequest{KeyId: new(h.key().KeyId), CiphertextBlob: h.encrypt(h.key().KeyId, "x", nil)})
	},
	"DeleteAlias NotFoundException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: "alias/none"})
	},
	"GetPublicKey UnsupportedOperationException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.GetPublicKeyRequest{KeyId: h.key().KeyId})
	},
	"ImportKeyMaterial InvalidCiphertextException": func(h *harness) error {
		in := h.importing(h.emptyKey().KeyId, material32)
		in.EncryptedKeyMaterial[9] ^= 1
		return h.perform(h.ctx, in)
	},
	"ImportKeyMaterial IncorrectKeyMaterialException": func(h *harness) error {
		return h.perform(h.ctx, h.importing(h.emptyKey().KeyId, material32[:31]))
	},
	"ImportKeyMaterial ExpiredImportTokenException": func(h *harness) error {
		in := h.importing(h.emptyKey().KeyId, material32)
		h.advance(day)
		return h.perform(h.ctx, in)
	},
	"ImportKeyMaterial InvalidImportTokenException": func(h *harness) error {
		in := h.importing(h.emptyKey().KeyId, material32)
		in.KeyId = h.emptyKey().KeyId
		return h.perform(h.ctx, in)
	},
	"ListGrants InvalidGrantIdException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ListGrantsRequest{KeyId: h.key().KeyId, GrantId: new("x")})
	},
	"ListKeyRotations UnsupportedOperationException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ListKeyRotationsRequest{KeyId: h.key(mac).KeyId})
	},
	"ListRetirableGrants InvalidArnException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: new("arn:aws:iam::" + account + ":group/g")})
	},
	"PutKeyPolicy LimitExceededException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: h.key().KeyId, Policy: strings.Repeat(" ", 32769)})
	},
	"PutKeyPolicy MalformedPolicyDocumentException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: h.key().KeyId, Policy: "{"})
	},
	"ReEncrypt InvalidCiphertextException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: []byte("x"), DestinationKeyId: h.key().KeyId})
	},
	"ReEncrypt IncorrectKeyException": func(h *harness) error {
		id := h.key().KeyId
		return h.perform(h.ctx, &kmsapi.ReEncryptRequest{SourceKeyId: new(h.key().KeyId), CiphertextBlob: h.encrypt(id, "x", nil), DestinationKeyId: id})
	},
	"ReplicateKey AlreadyExistsException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: h.pair(), ReplicaRegion: elsewhere})
	},
	"ReplicateKey LimitExceededException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: h.key(multi).KeyId, ReplicaRegion: elsewhere, Policy: new(strings.Repeat(" ", 32769))})
	},
	"ReplicateKey MalformedPolicyDocumentException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: h.key(multi).KeyId, ReplicaRegion: elsewhere, Policy: new("{")})
	},
	"ReplicateKey TagException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: h.key(multi).KeyId, ReplicaRegion: elsewhere, Tags: []kmsapi.Tag{{TagKey: "aws:x"}}})
	},
	"ReplicateKey UnsupportedOperationException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: h.key().KeyId, ReplicaRegion: elsewhere})
	},
	"RetireGrant InvalidGrantIdException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.RetireGrantRequest{KeyId: h.key().Arn, GrantId: new("x")})
	},
	"RetireGrant InvalidGrantTokenException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.RetireGrantRequest{GrantToken: new("x")})
	},
	"RevokeGrant InvalidGrantIdException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: h.key().KeyId, GrantId: "x"})
	},
	"RotateKeyOnDemand ConflictException": func(h *harness) error {
		id := h.key().KeyId
		must(h.t, h.perform(h.ctx, &kmsapi.EnableKeyRotationRequest{KeyId: id}))
		h.advance(365*day - beforeAutomatic + 1)
		return h.rotateOnDemand(id)
	},
	"RotateKeyOnDemand LimitExceededException": func(h *harness) error {
		id := h.key().KeyId
		for range maxOnDemand {
			must(h.t, h.rotateOnDemand(id))
		}
		return h.rotateOnDemand(id)
	},
	"RotateKeyOnDemand UnsupportedOperationException": func(h *harness) error { return h.rotateOnDemand(h.key(mac).KeyId) },
	"TagResource TagException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.TagResourceRequest{KeyId: h.key().KeyId, Tags: []kmsapi.Tag{{TagKey: "a"}, {TagKey: "a"}}})
	},
	"UpdateAlias LimitExceededException": func(h *harness) error {
		h.alias("alias/a", h.key().KeyId)
		return h.perform(h.ctx, &kmsapi.UpdateAliasRequest{AliasName: "alias/a", TargetKeyId: h.fullOfAliases()})
	},
	"UpdatePrimaryRegion UnsupportedOperationException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.UpdatePrimaryRegionRequest{KeyId: h.key().KeyId, PrimaryRegion: elsewhere})
	},
	"Verify KMSInvalidSignatureException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.VerifyRequest{KeyId: h.key(signing_).KeyId, Message: []byte("m"), Signature: []byte("s"), SigningAlgorithm: "ECDSA_SHA_256"})
	},
	"VerifyMac KMSInvalidMacException": func(h *harness) error {
		return h.perform(h.ctx, &kmsapi.VerifyMacRequest{KeyId: h.key(mac).KeyId, Message: []byte("m"), Mac: []byte("s"), MacAlgorithm: "HMAC_SHA_256"})
	},
}

// fullOfAliases is a key that can have no more of them.
func (h *harness) fullOfAliases() string {
	id := h.key().KeyId
	h.put(id, func(r *record) {
		for i := range defaultAliases {
			r.Aliases = append(r.Aliases, "alias/full"+string(rune('A'+i)))
		}
	})
	return id
}

// notedIn says that a row of the matrix has the error.
func notedIn(operation, code string) bool {
	for _, row := range matrix {
		for _, cell := range strings.Fields(row.cells) {
			if word(row.specimen) == operation && footnotes[cell].code == code {
				return true
			}
		}
	}
	return false
}

// shared brings about the errors that come from members which several
// operations have, and from other kinds of keys; nil if this one does not.
func (h *harness) shared(operation, code string) error {
	in := h.anyRequest(operation)
	switch code {
	case "NotFoundException":
		return h.perform(h.ctx, h.other(operation, noKey))
	case "InvalidArnException":
		return h.perform(h.ctx, h.other(operation, "alias/x"))
	case "InvalidGrantTokenException":
		if set(in, "GrantTokens", []string{"x"}) {
			return h.perform(h.ctx, in)
		}
	case "InvalidMarkerException":
		if set(in, "Marker", "AAAA") {
			return h.perform(h.ctx, in)
		}
	case "DryRunOperationException":
		if set(in, "DryRun", true) {
			return h.perform(h.ctx, in)
		}
	case "InvalidKeyUsageException":
		wrong := h.key(mac).KeyId
		if operation == "GenerateMac" || operation == "VerifyMac" {
			wrong = h.key().KeyId
		}
		if operation == "Decrypt" { // the ciphertext of an RSA key opens under no signing key
			return h.perform(h.ctx, &kmsapi.DecryptRequest{
				KeyId: new(h.key(signing_).KeyId), CiphertextBlob: bytes.Repeat([]byte{1}, 256), EncryptionAlgorithm: new(kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256),
			})
		}
		return h.perform(h.ctx, h.other(operation, wrong))
	}
	return nil
}

// anyRequest is a request of one of the specimens of an operation.
func (h *harness) anyRequest(operation string) any {
	return specimenOf(operation).request(h.subjectOf(specimenOf(operation)))
}

// other is the request with another key.
func (h *harness) other(operation, text string) any {
	s := h.subjectOf(specimenOf(operation))
	s.name = text
	return specimenOf(operation).request(s)
}

func specimenOf(operation string) specimen {
	for _, suffix := range []string{"", " to", " token"} {
		if sp, ok := specimens[operation+suffix]; ok {
			return sp
		}
	}
	return specimen{}
}

func TestEveryDeclaredErrorIsAnswered(t *testing.T) {
	used := map[string]bool{}
	for _, op := range kmsapi.Service.Operations {
		if aboutStores(op.Name) {
			continue
		}
		for _, code := range op.Errors {
			pair := op.Name + " " + code
			t.Run(pair, func(t *testing.T) {
				call, row := declared[pair]
				_, reason := unreached[pair]
				_, impossible := never[code]
				used[pair] = row || reason
				switch {
				case impossible, slices.ContainsFunc(ofStores, func(part string) bool { return part == pair || strings.HasPrefix(code, part) }):
					return
				case row:
					wantCode(t, call(newHarness(t)), code)
				case notedIn(op.Name, code):
					return
				case reason, code == "InvalidArnException" && addressed[op.Name].alias == noAlias:
					return
				default:
					wantCode(t, newHarness(t).shared(op.Name, code), code)
				}
			})
		}
	}
	for pair := range declared {
		if !used[pair] {
			t.Errorf("%s has a row and is not declared", pair)
		}
	}
	for pair := range unreached {
		if !used[pair] {
			t.Errorf("%s has a reason and is not declared", pair)
		}
	}
}
