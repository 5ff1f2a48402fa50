package kms

import (
	"errors"
	"net/http"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/policy"
)

// Every text that KMS answers stands here, once. Each constructor says when
// AWS gives the error.

// validation is KMS's error for parameters that contradict each other. The
// models do not list it.
func validation(format string, args ...any) *api.Error {
	return api.NewError("ValidationException", "ValidationException", http.StatusBadRequest, format, args...)
}

// constraint is the sentence that the edge writes for a violated constraint of
// the model, for those that the models leave out.
func constraint(value any, member, rule string) *api.Error {
	return validation("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

func missing(member string) *api.Error {
	return validation("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// unimplemented names what AWS can do with an operation and Sealstack can't yet.
func unimplemented(operation, with string) *api.Error {
	return api.NewError("NotImplemented", "NotImplemented", http.StatusNotImplemented,
		"kms:%s with %s is not implemented by Sealstack.", operation, with)
}

// throttled: a request quota is exceeded.
func throttled() *api.Error {
	return api.NewError("ThrottlingException", "ThrottlingException", http.StatusBadRequest,
		"You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")
}

// Finding keys and aliases.

// invalidKeyID: the text is no key identifier that the operation takes.
func invalidKeyID(text string) *api.Error {
	return kmsapi.NotFoundException("Invalid keyId '%s'", text)
}

// invalidARN: the ARN is one of another Region; only the Region is told.
func invalidARN(region string) *api.Error {
	return kmsapi.NotFoundException("Invalid arn %s", region)
}

func keyNotFound(key string) *api.Error {
	return kmsapi.NotFoundException("Key '%s' does not exist", key)
}

func aliasNotFound(alias string) *api.Error {
	return kmsapi.NotFoundException("Alias %s is not found.", alias)
}

func policyNotFound() *api.Error {
	return kmsapi.NotFoundException("No such policy exists")
}

// States.

func keyDisabled(key string) *api.Error {
	return kmsapi.DisabledException("%s is disabled.", key)
}

// invalidState: what is the state in words ("pending deletion").
func invalidState(key, what string) *api.Error {
	return kmsapi.KMSInvalidStateException("%s is %s.", key, what)
}

// Usage and cryptography.

func wrongUsage(key string, usage kmsapi.KeyUsageType, operation string) *api.Error {
	return kmsapi.InvalidKeyUsageException("%s key usage is %s which is not valid for %s.", key, usage, operation)
}

// wrongAlgorithm is for algorithms of every kind.
func wrongAlgorithm[A ~string](algorithm A, spec kmsapi.KeySpec) *api.Error {
	return kmsapi.InvalidKeyUsageException("Algorithm %s is incompatible with key spec %s.", algorithm, spec)
}

func tooLong(algorithm kmsapi.EncryptionAlgorithmSpec, spec kmsapi.KeySpec, limit int) *api.Error {
	return validation("Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", algorithm, spec, limit)
}

// contextNotAllowed: only symmetric encryption keys have encryption contexts.
// Unverified: the text.
func contextNotAllowed(spec kmsapi.KeySpec) *api.Error {
	return validation("EncryptionContext is not supported for key spec %s.", spec)
}

// contextTooLarge: an encryption context beyond maxContext.
// Unverified: the text, and that names and values count with four bytes each.
func contextTooLarge() *api.Error {
	return validation("The encryption context exceeds the maximum size of %d bytes.", maxContext)
}

// digestSize: a digest, or an ML-DSA μ, of another length than the algorithm's.
// Unverified: that μ has the same text.
func digestSize(algorithm kmsapi.SigningAlgorithmSpec) *api.Error {
	return validation("Digest is invalid length for algorithm %s.", algorithm)
}

// Unverified: the text.
func wrongMessageType(kind kmsapi.MessageType, algorithm kmsapi.SigningAlgorithmSpec) *api.Error {
	return validation("MessageType %s is not compatible with algorithm %s.", kind, algorithm)
}

// AWS tells no more of a signature, a MAC or a peer's public key that is wrong.
func invalidSignature() *api.Error { return kmsapi.KMSInvalidSignatureException("") }

func invalidMAC() *api.Error { return kmsapi.KMSInvalidMacException("") }

func invalidPeer() *api.Error { return validation("") }

// noPublicKey: GetPublicKey of a symmetric or HMAC key.
// Unverified: the text; sent without message.
func noPublicKey() *api.Error { return kmsapi.UnsupportedOperationException("") }

// incorrectKey: the ciphertext was made by another key than the request names.
func incorrectKey() *api.Error {
	return kmsapi.IncorrectKeyException("The key ID in the request does not identify a CMK that can perform this operation.")
}

// invalidCiphertext: not a ciphertext, a changed one, or another encryption
// context. AWS does not say which, and sends no message.
func invalidCiphertext() *api.Error { return kmsapi.InvalidCiphertextException("") }

// hiddenKey: the key that made the ciphertext does not exist in this Region,
// whatever the caller may do.
func hiddenKey(who, action string) *api.Error {
	return kmsapi.Service.AccessDenied("User: " + who + " is not authorized to perform: " + action + " on " + associated +
		" because the resource does not exist in this Region, no resource-based policies allow access, " +
		"or a resource-based policy explicitly denies access")
}

func dryRun() *api.Error {
	return kmsapi.DryRunOperationException("The request would have succeeded, but the DryRun option is set.")
}

// Unverified: the text for a token of no grant; sent without message.
func invalidGrantToken() *api.Error { return kmsapi.InvalidGrantTokenException("") }

func dataKeySize() *api.Error {
	return validation("Please specify either number of bytes or key spec.")
}

func randomSize() *api.Error { return validation("NumberOfBytes is required.") }

// Unverified: the text.
func keyIDNeeded(algorithm kmsapi.EncryptionAlgorithmSpec) *api.Error {
	return validation("KeyId is required for algorithm %s.", algorithm)
}

// Unverified: the texts for DryRunModifiers without what they need.
func modifierNeedsDryRun() *api.Error {
	return validation("DryRunModifiers can only be specified when DryRun is true.")
}

func modifierNeedsKey(member string) *api.Error {
	return validation("%s is required when DryRunModifiers contains IGNORE_CIPHERTEXT.", member)
}

// CreateKey.

func usageNeeded() *api.Error {
	return validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
}

func usageMismatch(usage kmsapi.KeyUsageType, spec kmsapi.KeySpec) *api.Error {
	return validation("KeyUsage %s is not compatible with KeySpec %s", usage, spec)
}

func originMismatch(spec kmsapi.KeySpec, origin kmsapi.OriginType) *api.Error {
	return validation("KeySpec %s is not supported for Origin %s", spec, origin)
}

// Unverified: the text.
func twoSpecs() *api.Error {
	return validation("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
}

// keyLimit: the account has as many customer managed keys in the Region as the
// quota allows.
// Unverified: the text.
func keyLimit(quota, usage int) *api.Error {
	return kmsapi.LimitExceededException("Customer master keys quota for this account in this region is %d, current usage is %d.", quota, usage)
}

// Key policies.

// malformedPolicy is AWS's answer to a document that the policy language does
// not have. What is no JSON at all is answered without a message.
//
// Unverified: the texts for faults that are not about principals.
func malformedPolicy(fault error) *api.Error {
	bad, ok := errors.AsType[*policy.SyntaxError](fault)
	switch {
	case !ok || bad.Reason == policy.NotJSON:
		return kmsapi.MalformedPolicyDocumentException("")
	case bad.Reason == policy.BadPrincipal:
		return invalidPrincipals()
	}
	return kmsapi.MalformedPolicyDocumentException("%s", bad.Error())
}

func lockedOut() *api.Error {
	return kmsapi.MalformedPolicyDocumentException("The new key policy will not allow you to update the key policy in the future.")
}

func invalidPrincipals() *api.Error {
	return kmsapi.MalformedPolicyDocumentException("Policy contains a statement with one or more invalid principals.")
}

// overlyPermissive: ForAllValues on a condition key of one value.
//
// Unverified: that the sentence comes in a MalformedPolicyDocumentException.
func overlyPermissive(key string) *api.Error {
	subject := "tag"
	if strings.HasPrefix(strings.ToLower(key), "kms:") {
		subject = "encryption context"
	}
	return kmsapi.MalformedPolicyDocumentException("OverlyPermissiveCondition: Using the ForAllValues set operator with a "+
		"single-valued condition key matches requests without the specified %s or with an unspecified %s. "+
		"To fix, remove ForAllValues.", subject, subject)
}

// Unverified: the text.
func policyTooLarge(quota int) *api.Error {
	return kmsapi.LimitExceededException("The key policy exceeds the maximum size of %d bytes.", quota)
}

// Rotation, imported material and multi-Region keys.

// unsupported: the operation is none for keys of this type. AWS sends no
// message.
func unsupported() *api.Error { return kmsapi.UnsupportedOperationException("") }

func wrongOrigin(key string, origin kmsapi.OriginType) *api.Error {
	return kmsapi.UnsupportedOperationException("%s origin is %s which is not valid for this operation.", key, origin)
}

// Unverified: that rotation has the text that replication has.
func notPrimary(key string) *api.Error {
	return kmsapi.UnsupportedOperationException("%s is not a multi-region primary key.", key)
}

// replicaExists: the key is in the Region already.
// Unverified: the text; sent without message.
func replicaExists() *api.Error { return kmsapi.AlreadyExistsException("") }

// Unverified: the text.
func invalidRegion(region string) *api.Error { return validation("Invalid Region: %s", region) }

func onDemandLimit(key string) *api.Error {
	return kmsapi.LimitExceededException("The on-demand rotations limit has been reached for the given keyId. "+
		"No more on-demand rotations can be performed for this key: %s", key)
}

func nothingPending(key string) *api.Error {
	return kmsapi.KMSInvalidStateException("No available key material pending rotation for the key: %s.", key)
}

func otherPending(key, id, waiting string) *api.Error {
	return kmsapi.KMSInvalidStateException("New key material (id: %s) cannot be imported into KMS key %s, "+
		"because another key material (id: %s) is pending rotation.", id, key, waiting)
}

func validToNeeded() *api.Error {
	return validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
}

func validToPast() *api.Error { return validation("ValidTo must be in the future") }

// Unverified: the texts of the next four.
func validToFar() *api.Error { return validation("ValidTo must be at most 365 days in the future") }

func validToNotAllowed() *api.Error {
	return validation("A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE")
}

func newMaterialHasNoID() *api.Error {
	return validation("KeyMaterialId cannot be specified with ImportType NEW_KEY_MATERIAL")
}

func symmetricOnly() *api.Error {
	return validation("ImportType, KeyMaterialId and KeyMaterialDescription are only supported for symmetric encryption keys")
}

// invalidImportToken: of another key, changed, or not made here.
// Unverified: the texts of the next four; three are sent without message.
func invalidImportToken() *api.Error { return kmsapi.InvalidImportTokenException("") }

func expiredImportToken() *api.Error { return kmsapi.ExpiredImportTokenException("") }

// incorrectMaterial: not the key's own, or not material of its spec.
func incorrectMaterial() *api.Error { return kmsapi.IncorrectKeyMaterialException("") }

func materialNotFound(id string) *api.Error {
	return kmsapi.NotFoundException("Key material '%s' does not exist", id)
}

// rotationSoon: an automatic rotation is near.
// Unverified: the text; sent without message.
func rotationSoon() *api.Error { return kmsapi.ConflictException("") }

// Aliases.

func aliasPrefix() *api.Error {
	return validation(`Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
}

func aliasIdentifier() *api.Error { return validation("Invalid identifier") }

func aliasCharacters(name string) *api.Error {
	return validation("%s contains invalid characters for an alias", name)
}

// aliasReserved: alias/aws/ belongs to AWS. The models do not list the error,
// and it has no message.
func aliasReserved() *api.Error {
	return api.NewError("NotAuthorizedException", "NotAuthorizedException", http.StatusBadRequest, "")
}

func aliasExists(alias string) *api.Error {
	return kmsapi.AlreadyExistsException("An alias with the name %s already exists", alias)
}

func aliasOfAlias() *api.Error { return validation("Aliases must refer to keys. Not aliases") }

func aliasOtherUsage(name string, was, will kmsapi.KeyUsageType) *api.Error {
	return validation("Alias %s cannot be changed from a CMK with key usage %s to a CMK with key usage %s. "+
		"The key usage of the current CMK and the new CMK must be the same.", name, was, will)
}

func aliasLimit(quota, usage int) *api.Error {
	return kmsapi.LimitExceededException("Aliases per key quota for this account in this region is %d, current usage is %d.", quota, usage)
}

// Tags.

func duplicateTags() *api.Error { return kmsapi.TagException("Duplicate tag keys") }

func tooManyTags() *api.Error { return kmsapi.TagException("Too many tags") }

func reservedTag() *api.Error { return kmsapi.TagException("Tags beginning with aws: are reserved") }

// Grants.

// invalidPrincipal: no account, user, role, session or federated user, or one
// that does not exist.
//
// Unverified: the text.
func invalidPrincipal(principal string) *api.Error {
	return kmsapi.InvalidArnException("ARN does not refer to a valid principal: %s", principal)
}

func aliasOfGrant() *api.Error {
	return kmsapi.InvalidArnException("Key Aliases are not supported for this operation.")
}

func onlyCreateGrant() *api.Error {
	return validation("Grants must not contain only the CreateGrant operation.")
}

func twoConstraints() *api.Error { return validation("More than one constraint supplied") }

// Unverified: the texts from here to the end of the grants.
func noOperations() *api.Error { return validation("Grants must contain at least one operation.") }

func oneOf(this, that string) *api.Error {
	return validation("You must specify either %s or %s, but not both.", this, that)
}

func notBoth(this, that string) *api.Error {
	return validation("You can specify either %s or %s, but not both.", this, that)
}

func serviceNeeds(what string) *api.Error {
	return validation("A grant to a GranteeServicePrincipal must have %s.", what)
}

func servicesOnly(member string) *api.Error {
	return validation("%s can be used only by callers that are this service principal.", member)
}

func tooManyPairs() *api.Error {
	return validation("A grant constraint can have at most %d encryption context pairs.", maxPairs)
}

func pairTooLong() *api.Error {
	return validation("The encryption context value in a grant constraint cannot exceed %d characters.", maxPairValue)
}

func operationMismatch(o kmsapi.GrantOperation, r *record) *api.Error {
	return validation("Operation %s is not supported for %s, whose key spec is %s and key usage is %s.", o, r.arn(), r.Spec, r.Usage)
}

func constraintMismatch(r *record) *api.Error {
	return validation("Encryption context grant constraints are not supported for the operations of %s, whose key spec is %s.", r.arn(), r.Spec)
}

func whichGrant() *api.Error {
	return validation("You must specify either GrantToken, or both KeyId and GrantId.")
}

func invalidGrantID() *api.Error { return kmsapi.InvalidGrantIdException("Invalid grant ID") }

func grantNotFound(id string) *api.Error {
	return kmsapi.NotFoundException("Grant '%s' does not exist", id)
}

func grantLimit(quota, usage int) *api.Error {
	return kmsapi.LimitExceededException("Grants per key quota for this account in this region is %d, current usage is %d.", quota, usage)
}

// Lists.

// invalidMarker: a marker that this program did not give for this list.
// Unverified: the text; sent without message.
func invalidMarker() *api.Error { return kmsapi.InvalidMarkerException("") }
