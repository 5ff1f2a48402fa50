package wire

import (
	"sealstack/api"
	"sealstack/auth"
)

// Services that once spoke awsQuery and whose clients still know errors by the
// codes of that time send them in a header of their own:
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait

// queryErrorHeader holds an error's code of awsQuery and who is at fault.
const queryErrorHeader = "x-amzn-query-error"

// markCompatible names an error in the headers.
func markCompatible(c *call, e *api.Error) {
	c.w.Header().Set("x-amzn-ErrorType", written(c, e))
	if c.service == nil || !c.service.QueryCompatible {
		return
	}
	fault := "Sender"
	if e.Fault() {
		fault = "Receiver"
	}
	c.w.Header().Set(queryErrorHeader, e.Code+";"+fault)
}

// written is the name of an error in the body of an answer.
func written(c *call, e *api.Error) string {
	if c.service != nil && c.service.QueryCompatible && e.Shape != "" {
		return e.Shape
	}
	return e.Code
}

// violated is the answer to an input that breaks constraints, over a protocol
// that is not awsQuery.
//
// Unverified: the codes of services that are compatible with awsQuery.
func violated(c *call, message string) *api.Error {
	if c.service.QueryCompatible {
		return api.NewError("ValidationException", "ValidationError", 400, "%s", message)
	}
	return frontEnd(400, validationCode(c.op.Operation), message)
}

// compatibleFailure is the answer to a request that could not be
// authenticated, over a protocol that is not awsQuery.
//
// Unverified: that services which are compatible with awsQuery answer with
// the status of that protocol.
func compatibleFailure(f *auth.Failure, s *api.Service) *api.Error {
	answer := failureOf(f, s)
	if s.QueryCompatible {
		return api.NewError(answer.json, answer.query, answer.status, "%s", answer.message)
	}
	return frontEnd(400, answer.json, answer.message)
}
