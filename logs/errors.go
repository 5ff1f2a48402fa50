package logs

import (
	"errors"

	"sealstack/api"
	"sealstack/api/logsapi"
)

// Each sentence of CloudWatch Logs stands here once.

func noSuchGroup() error {
	return logsapi.ResourceNotFoundException("The specified log group does not exist.")
}

func noSuchStream() error {
	return logsapi.ResourceNotFoundException("The specified log stream does not exist.")
}

func groupExists() error {
	return logsapi.ResourceAlreadyExistsException("The specified log group already exists")
}

func streamExists() error {
	return logsapi.ResourceAlreadyExistsException("The specified log stream already exists")
}

func reservedName() error {
	return logsapi.InvalidParameterException("Log groups starting with AWS/ are reserved for AWS.")
}

func badToken() error {
	return logsapi.InvalidParameterException("The specified nextToken is invalid.")
}

// keyNotFound refuses an association that names a key otherwise than by its ARN.
func keyNotFound(group string) error {
	return logsapi.InvalidParameterException("The specified KMS Key Id could not be found. '%s'", group)
}

// keyNotAllowed says that CloudWatch Logs may not use a key for a resource:
// at association, and whenever events under the key are asked for.
func keyNotAllowed(arn string) error {
	return logsapi.Service.AccessDenied("The specified KMS key does not exist or is not allowed to be used with Arn '" + arn + "'")
}

// keyNotUsable refuses an association with a key that is there and allowed
// but disabled or of the wrong kind.
//
// Unverified: the API reference names InvalidParameterException for a
// disabled key; the sentence is the one AWS used before 2023.
func keyNotUsable(arn string) error {
	return logsapi.InvalidParameterException("The specified KMS key does not exist or is not allowed to be used with LogGroup '%s'", arn)
}

// Unverified: AWS's sentence for a group that is protected from deletion.
func groupProtected() error {
	return logsapi.ValidationException("The specified log group has deletion protection enabled.")
}

func nameAndARN() error {
	return validation("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
}

// Unverified: AWS's sentence for a call that names no log group.
func noName() error {
	return logsapi.InvalidParameterException("Either LogGroup name or LogGroup ARN must be specified.")
}

// Unverified: AWS's sentence for a log group identifier that is neither a
// name nor the ARN of a log group in the Region of the call.
func badIdentifier(id string) error {
	return logsapi.InvalidParameterException("Invalid log group identifier '%s'.", id)
}

// validation returns the ValidationException of newer checks.
func validation(message string) error {
	return api.NewError("ValidationException", "ValidationException", 400, "%s", message)
}

func limitExceeded() error {
	return logsapi.LimitExceededException("Resource limit exceeded.")
}

func noSuchPolicy(name string) error {
	return logsapi.ResourceNotFoundException("Policy with name [%s] does not exist.", name)
}

// Unverified: AWS's sentence for a resource policy that does not parse.
func badPolicyDocument(err error) error {
	return logsapi.InvalidParameterException("Policy document is invalid: %s", err.Error())
}

// missing refuses a call without a member that the model leaves optional.
//
// Unverified: that AWS says it in the form of a constraint.
func missing(member string) error {
	return logsapi.InvalidParameterException("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// Unverified: AWS's sentence, made after the one for subscription filters.
func noSuchMetricFilter() error {
	return logsapi.ResourceNotFoundException("The specified metric filter does not exist.")
}

// isRefusal reports whether an error is one of AWS's that is no fault.
func isRefusal(err error) bool {
	e, ok := errors.AsType[*api.Error](err)
	return ok && !e.Fault()
}
