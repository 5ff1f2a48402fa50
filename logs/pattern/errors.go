package pattern

// InvalidPattern is the reason where AWS names none. PutMetricFilter says
// "Invalid metric filter pattern" and PutSubscriptionFilter "Invalid
// subscription filter pattern" instead.
const InvalidPattern = "Invalid filter pattern"

// Error says why a pattern was refused.
type Error struct {
	// Reason is AWS's text: InvalidPattern or something more specific.
	Reason string

	// Detail is ours, for a log; empty when Reason says it all.
	Detail string
}

// Error is the reason, with our detail in parentheses where there is one.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Reason
	}
	return e.Reason + " (" + e.Detail + ")"
}

func invalid(detail string) error {
	return &Error{Reason: InvalidPattern, Detail: detail}
}

// badTerm is the commonest refusal; term is what AWS prints in the quotes.
//
// Unverified: AWS is seen to print the offending character, for a selector
// also what stands before it; whether always, is not known.
func badTerm(term string) error {
	return &Error{Reason: "Invalid character(s) in term '" + term + "'"}
}

func notClosed(first, last string) error {
	return &Error{Reason: "If a filter pattern starts with '" + first + "' it must end with '" + last + "'"}
}
