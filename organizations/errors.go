package organizations

import (
	"sealstack/api"
	org "sealstack/api/organizationsapi"
)

// Every sentence of Organizations stands here once.
//
// Unverified: all but those about the organization that is not in use or not
// empty, an account or policy that does not exist, names that are taken,
// permissions, documents, sizes and the numbers of attachments, which are known
// from AWS's answers in public reports.

// Quotas, see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
// The number of accounts is what AWS grants at most.
const (
	maxAccounts = 10_000
	maxUnits    = 2000
	maxDepth    = 5 // levels of organizational units
	maxTags     = 50
	minAgeDays  = 4  // of an account created here, before it may leave
	inviteDays  = 15 // until an invitation expires
	keptDays    = 30 // that a completed handshake is shown
)

// limits are the quotas of a type of policy.
type limits struct{ size, attached, policies int }

var limitsOf = map[org.PolicyType]limits{
	org.PolicyTypeServiceControlPolicy:  {size: 10_240, attached: 10, policies: 10_000},
	org.PolicyTypeResourceControlPolicy: {size: 5120, attached: 5, policies: 2000},
}

func notInUse() *api.Error {
	return org.AWSOrganizationsNotInUseException("Your account is not a member of an organization.")
}

func notManagement() *api.Error {
	return org.AccessDeniedException("You don't have permissions to access this resource.")
}

func alreadyMember() *api.Error {
	return org.AlreadyInOrganizationException("The AWS account is already a member of an organization.")
}

func notEmpty() *api.Error {
	return org.OrganizationNotEmptyException("To delete an organization you must first remove all member accounts (except the master).")
}

func unitNotEmpty() *api.Error {
	return org.OrganizationalUnitNotEmptyException("You must remove all accounts and organizational units from this organizational unit before deleting it.")
}

// missing says that something does not exist.
func missing(made func(string, ...any) *api.Error, what string) *api.Error {
	return made("You specified %s that doesn't exist.", what)
}

func noAccount() *api.Error { return missing(org.AccountNotFoundException, "an account") }
func noUnit() *api.Error {
	return missing(org.OrganizationalUnitNotFoundException, "an organizational unit")
}
func noRoot() *api.Error   { return missing(org.RootNotFoundException, "a root") }
func noParent() *api.Error { return missing(org.ParentNotFoundException, "a parent") }
func noChild() *api.Error  { return missing(org.ChildNotFoundException, "a child") }
func noSource() *api.Error { return missing(org.SourceParentNotFoundException, "a source parent") }
func noDestination() *api.Error {
	return missing(org.DestinationParentNotFoundException, "a destination parent")
}
func noPolicy() *api.Error    { return missing(org.PolicyNotFoundException, "a policy") }
func noTarget() *api.Error    { return missing(org.TargetNotFoundException, "a target") }
func noHandshake() *api.Error { return missing(org.HandshakeNotFoundException, "a handshake") }
func noCreation() *api.Error {
	return missing(org.CreateAccountStatusNotFoundException, "a create account request")
}

func duplicateUnit() *api.Error {
	return org.DuplicateOrganizationalUnitException("An OU with the same name already exists.")
}

func alreadyThere() *api.Error {
	return org.DuplicateAccountException("The account is already present in the specified destination.")
}

const nameTaken = "A policy with the specified name and type already exists."

func duplicatePolicy() *api.Error { return org.DuplicatePolicyException(nameTaken) }
func alreadyAttached() *api.Error { return org.DuplicatePolicyAttachmentException(nameTaken) }
func notAttached() *api.Error {
	return org.PolicyNotAttachedException("The policy is not attached to the specified target.")
}
func policyInUse() *api.Error {
	return org.PolicyInUseException("This policy is attached to one or more organizational units, accounts or roots.")
}
func alreadyEnabled() *api.Error {
	return org.PolicyTypeAlreadyEnabledException("The specified policy type is already enabled.")
}
func typeNotEnabled() *api.Error {
	return org.PolicyTypeNotEnabledException("This operation can be performed only for enabled policy types.")
}
func typeNotAvailable() *api.Error {
	return org.PolicyTypeNotAvailableForOrganizationException("You can't use the specified policy type with the feature set currently enabled for this organization.")
}

func malformed() *api.Error {
	return org.MalformedPolicyDocumentException("The provided policy document does not meet the requirements of the specified policy type.")
}

func managementStays() *api.Error {
	return org.MasterCannotLeaveOrganizationException("You can't remove the management account from the organization.")
}

// violates is a limit that is broken.
func violates(reason org.ConstraintViolationExceptionReason, sentence string) *api.Error {
	return org.ConstraintViolationException("%s", sentence).With("Reason", reason)
}

func tooManyAccounts() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonAccountNumberLimitExceeded, "You have exceeded the allowed number of AWS accounts.")
}

func tooManyUnits() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonOuNumberLimitExceeded, "You have exceeded the number of OUs that you can have in an organization.")
}

func tooDeep() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonOuDepthLimitExceeded, "You have exceeded the maximum organizational unit depth.")
}

func tooManyPolicies() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonPolicyNumberLimitExceeded, "You have exceeded the number of policies that you can have in an organization.")
}

func tooLong() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonPolicyContentLimitExceeded, "You have exceeded the maximum policy size.")
}

func tooManyAttached() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonMaxPolicyTypeAttachmentLimitExceeded, "You have attached the maximum number of policies to the specified target.")
}

func lastAttached() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonMinPolicyTypeAttachmentLimitExceeded,
		"You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.")
}

func tooManyTags() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonMaxTagLimitExceeded, "You have exceeded the number of tags allowed on this resource.")
}

func tooYoung() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonWaitPeriodActive, "This operation requires a wait period. Try again later.")
}

// invalid is a value that the model allows and Organizations does not.
func invalid(reason org.InvalidInputExceptionReason, sentence string) *api.Error {
	return org.InvalidInputException("%s", sentence).With("Reason", reason)
}

func immutablePolicy() *api.Error {
	return invalid(org.InvalidInputExceptionReasonImmutablePolicy, "You specified a policy that is managed by AWS and can't be modified.")
}

func nonDetachable() *api.Error {
	return invalid(org.InvalidInputExceptionReasonNonDetachablePolicy, "You can't detach this AWS Managed Policy.")
}

func badToken() *api.Error {
	return invalid(org.InvalidInputExceptionReasonInvalidNextToken, "You provided an invalid next token.")
}

func badPartyType() *api.Error {
	return invalid(org.InvalidInputExceptionReasonInvalidPartyTypeTarget, "You specified the wrong type of entity as a party.")
}

func badTarget() *api.Error {
	return invalid(org.InvalidInputExceptionReasonInvalidPatternTargetId, "You specified a target ID that doesn't match the required pattern.")
}

func badRoleName() *api.Error {
	return invalid(org.InvalidInputExceptionReasonInvalidRoleName, "You provided a role name that isn't valid.")
}

func duplicateTag() *api.Error {
	return invalid(org.InvalidInputExceptionReasonDuplicateTagKey, "Tag keys must be unique among the tags attached to the same entity.")
}

func systemTag() *api.Error {
	return invalid(org.InvalidInputExceptionReasonInvalidSystemTagsParameter, "You specified a tag key that is a system tag.")
}

// handshakeViolates is a limit of the parties that a handshake would break.
func handshakeViolates(reason org.HandshakeConstraintViolationExceptionReason, sentence string) *api.Error {
	return org.HandshakeConstraintViolationException("%s", sentence).With("Reason", reason)
}

func inviteeIsMember() *api.Error {
	return handshakeViolates(org.HandshakeConstraintViolationExceptionReasonAlreadyInAnOrganization, "The invited account is already a member of an organization.")
}

func handshakeFull() *api.Error {
	return handshakeViolates(org.HandshakeConstraintViolationExceptionReasonAccountNumberLimitExceeded, "You have exceeded the allowed number of AWS accounts.")
}

func duplicateHandshake() *api.Error {
	return org.DuplicateHandshakeException("A handshake with the same action and target already exists.")
}

func alreadyInState() *api.Error {
	return org.HandshakeAlreadyInStateException("The handshake is already in the requested state.")
}

func badTransition() *api.Error {
	return org.InvalidHandshakeTransitionException("You can't perform the operation on the handshake in its current state.")
}

// Trusted access. Unverified: the sentences.

func notAllFeatures() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonOrganizationNotInAllFeaturesMode, "All features must be enabled in the organization.")
}

func delegated() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonDelegatedAdministratorExistsForThisService, "This operation can't be performed because there are delegated administrators for this service.")
}

func managementDelegated() *api.Error {
	return violates(org.ConstraintViolationExceptionReasonCannotRegisterMasterAsDelegatedAdministrator, "You cannot register master account/yourself as delegated administrator for your organization.")
}

func alreadyDelegated() *api.Error {
	return org.AccountAlreadyRegisteredException("The provided account is already a delegated administrator for your organization.")
}

func notDelegated() *api.Error {
	return org.AccountNotRegisteredException("The provided account is not a registered delegated administrator for your organization.")
}
