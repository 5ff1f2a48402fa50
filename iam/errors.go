package iam

import (
	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/policy"
)

// Every sentence of IAM and STS stands here once.

var nouns = map[kind]string{aUser: "user", aGroup: "group", aRole: "role"}

// noSuch says that the entity does not exist.
//
// Unverified: the sentences about SAML providers, here and in alreadyExists.
func noSuch(what kind, name string) *api.Error {
	switch what {
	case aProfile:
		return iamapi.NoSuchEntityException("Instance Profile %s cannot be found.", name)
	case aProvider:
		return iamapi.NoSuchEntityException("OpenIDConnect Provider not found for arn %s", name)
	case aSAML:
		return iamapi.NoSuchEntityException("Manifest not found for arn %s", name)
	}
	return iamapi.NoSuchEntityException("The %s with name %s cannot be found.", nouns[what], name)
}

var capitals = map[kind]string{aUser: "User with name ", aGroup: "Group with name ", aRole: "Role with name ", aProfile: "Instance Profile ", aProvider: "Provider with url https://", aSAML: "SAML provider with name "}

// alreadyExists says that the name is taken.
func alreadyExists(what kind, name string) *api.Error {
	return iamapi.EntityAlreadyExistsException("%s%s already exists.", capitals[what], name)
}

// Quotas that an account cannot raise here, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	keysPerUser        = 2
	attachedPerEntity  = 10
	groupsPerUser      = 10
	tagsPerEntity      = 50
	versionsPerPolicy  = 5
	policiesPerAccount = 1500
)

var perAccount = map[kind]int{aUser: 5000, aGroup: 300, aRole: 1000, aProfile: 1000, aProvider: 100, aSAML: 100, aRoot: 1}

var quotaNames = map[kind]string{
	aUser: "UsersPerAccount", aGroup: "GroupsPerAccount", aRole: "RolesPerAccount", aProfile: "InstanceProfilesPerAccount",
	aProvider: "OpenIdConnectProvidersPerAccount", aSAML: "SAMLProvidersPerAccount",
}

// inlineSize is how many characters all inline policies of an entity may have
// together, whitespace not counted.
var inlineSize = map[kind]int{
	aUser: policy.MaxUserInlineSize, aGroup: policy.MaxGroupInlineSize, aRole: policy.MaxRoleInlineSize,
}

// attachedQuota names the quota of managed policies.
var attachedQuota = map[kind]string{aUser: "PoliciesPerUser", aGroup: "PoliciesPerGroup", aRole: "PoliciesPerRole"}

func overQuota(quota string, limit int) *api.Error {
	return iamapi.LimitExceededException("Cannot exceed quota for %s: %d", quota, limit)
}

func overInlineSize(what kind, name string) *api.Error {
	return iamapi.LimitExceededException("Maximum policy size of %d bytes exceeded for %s %s", inlineSize[what], nouns[what], name)
}

// conflict says what stands in the way of a deletion.
func conflict(first string) *api.Error {
	return iamapi.DeleteConflictException("Cannot delete entity, must %s first.", first)
}

func noSuchInline(what kind, policy string) *api.Error {
	return iamapi.NoSuchEntityException("The %s policy with name %s cannot be found.", nouns[what], policy)
}

func noSuchKey(id string) *api.Error {
	return iamapi.NoSuchEntityException("The Access Key with id %s cannot be found.", id)
}

func noSuchPolicy(arn string) *api.Error {
	return iamapi.NoSuchEntityException("Policy %s was not found.", arn)
}

func notAttachable(arn string) *api.Error {
	return iamapi.NoSuchEntityException("Policy %s does not exist or is not attachable.", arn)
}

func noSuchVersion(arn, version string) *api.Error {
	return iamapi.NoSuchEntityException("Policy %s version %s does not exist or is not attachable.", arn, version)
}

// invalid is the error of a value that the model allows and IAM does not.
func invalid(format string, args ...any) *api.Error {
	return api.NewError("ValidationError", "ValidationError", 400, format, args...)
}

func invalidARN(arn string) *api.Error { return invalid("ARN %s is not valid.", arn) }

// notAUser answers callers without a user name who leave UserName out.
func notAUser() *api.Error {
	return invalid("Must specify userName when calling with non-User credentials")
}

func malformed(sentence string) *api.Error {
	return iamapi.MalformedPolicyDocumentException("%s", sentence)
}

// Sentences about policy documents.
const (
	badJSON   = "This policy contains invalid Json"
	badSyntax = "Syntax errors in policy."
)

func duplicateTags() *api.Error {
	return iamapi.InvalidInputException("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
}

func tooManyTags() *api.Error {
	return iamapi.LimitExceededException("The number of tags has reached the maximum limit.")
}

// Unverified: the sentence for reserved tag keys.
func reservedTag() *api.Error {
	return iamapi.InvalidInputException("Tag keys beginning with 'aws:' are reserved for system use.")
}

// Unverified: the sentence for a marker that was not handed out.
func badMarker() *api.Error { return invalid("Invalid Marker.") }

func unmodifiable(role string) *api.Error {
	return iamapi.UnmodifiableEntityException("Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", role)
}

// Sentences about SAML providers, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html

func badMetadata() *api.Error { return iamapi.InvalidInputException("Could not parse metadata.") }

func nothingToUpdate() *api.Error {
	return iamapi.InvalidInputException("Unable to update identity provider. No updates are defined for metadata or encryption assertion.")
}

func addAndRemoveKey() *api.Error {
	return iamapi.InvalidInputException("Unable to add and remove private keys in the same request. Set a value for only one of the two parameters.")
}

func noSuchPrivateKey() *api.Error {
	return iamapi.InvalidInputException("Failed to remove private key because the Key ID does not match a private key.")
}

func encryptionWithoutKey() *api.Error {
	return iamapi.InvalidInputException("Unable to set assertion encryption mode to Required because no private key is provided.")
}

// Unverified: the sentences about what users and accounts lack.
func noSuchLogin(r ref) *api.Error {
	return iamapi.NoSuchEntityException("Login Profile for User %s cannot be found.", r.Name)
}

func noSuchPasswordPolicy(account string) *api.Error {
	return iamapi.NoSuchEntityException("The Password Policy with domain name %s cannot be found.", account)
}

// badToken is the error of STS for an assertion that cannot be used.
func badToken(sentence string) *api.Error {
	return stsapi.InvalidIdentityTokenException("%s", sentence)
}

func notAuthorized(action string) *api.Error {
	return stsapi.Service.AccessDenied("Not authorized to perform " + action)
}
