package policy

import "fmt"

// Reason says in one word what is wrong with a policy document. The services
// make their own sentences of it.
type Reason string

// The reasons of a [SyntaxError].
const (
	NotJSON             Reason = "NotJSON"             // not JSON text
	WrongType           Reason = "WrongType"           // a string where an object belongs, and the like
	DuplicateElement    Reason = "DuplicateElement"    // the same member twice in one object
	UnknownElement      Reason = "UnknownElement"      // a member the language does not have
	ProhibitedElement   Reason = "ProhibitedElement"   // not in this kind of policy, such as Principal in an identity policy
	ConflictingElements Reason = "ConflictingElements" // an element and its Not... twin in one statement
	BadVersion          Reason = "BadVersion"          // neither 2008-10-17 nor 2012-10-17
	MissingStatement    Reason = "MissingStatement"
	BadSid              Reason = "BadSid"       // a character that IAM does not take in a Sid
	DuplicateSid        Reason = "DuplicateSid" // two statements with one Sid
	MissingEffect       Reason = "MissingEffect"
	BadEffect           Reason = "BadEffect"        // neither Allow nor Deny
	MissingPrincipal    Reason = "MissingPrincipal" // no Principal, or an empty one
	BadPrincipal        Reason = "BadPrincipal"     // a principal of no known form, a group, a partial wildcard
	MissingAction       Reason = "MissingAction"
	BadAction           Reason = "BadAction" // neither * nor service:name
	MissingResource     Reason = "MissingResource"
	BadResource         Reason = "BadResource"       // neither * nor an ARN
	BadOperator         Reason = "BadOperator"       // a condition operator that does not exist
	BadConditionKey     Reason = "BadConditionKey"   // a condition key without a service prefix
	BadConditionValue   Reason = "BadConditionValue" // a value that its operator cannot compare
)

// SyntaxError says why a document is not a policy.
type SyntaxError struct {
	Reason Reason
	// Path leads to the fault, for example
	// "Statement[0].Condition.StringEquals"; empty for the document itself.
	Path string
	// Offset is the byte offset of the fault in the document.
	Offset int
	// Element is the last member name of the path, for example "AWS".
	Element string
	// Value is the offending text where there is one: the principal, the
	// action, the operator.
	Value string
}

func (e *SyntaxError) Error() string {
	where := e.Path
	if where == "" {
		where = "document"
	}
	if e.Value == "" {
		return fmt.Sprintf("policy: %s at %s (byte %d)", e.Reason, where, e.Offset)
	}
	return fmt.Sprintf("policy: %s %q at %s (byte %d)", e.Reason, e.Value, where, e.Offset)
}
