package wire

import (
	"reflect"

	"sealstack/api"
	"sealstack/auth"
)

// protocol is one way to write calls and answers on the wire.
type protocol interface {
	// decode reads and validates the input of a call. Its errors are
	// *api.Error.
	decode(c *call) (any, error)
	// answer sends the answer that holds out.
	answer(c *call, out any)
	// mark sets the headers that the answer to an error has.
	mark(c *call, e *api.Error)
	// refuse appends the body of the answer that holds e to b. The call may
	// have no operation and no service yet.
	refuse(b []byte, c *call, e *api.Error) []byte
	// contentType is that of answers.
	contentType() string
	// failure turns a request that could not be authenticated into an error.
	failure(f *auth.Failure, s *api.Service) *api.Error
}

// protocols are those that the edge speaks.
var protocols = map[api.Protocol]protocol{
	api.JSON:    jsonProtocol{},
	api.Query:   queryProtocol{},
	api.RESTXML: restProtocol{}, api.RESTJSON: restJSONProtocol{},
	api.CBOR: cborProtocol{},
}

var noneType = reflect.TypeFor[api.None]()

// frontEnd returns an error that no model has: AWS's front end answers it for
// every service. The page "Common Errors" of the API references lists most.
func frontEnd(status int, code, message string) *api.Error {
	return &api.Error{Shape: code, Code: code, Message: message, Status: status}
}

// mark names an error in the header that the services other than S3 send.
func mark(c *call, e *api.Error) { c.w.Header().Set("x-amzn-ErrorType", e.Code) }

// internalFailure tells the client nothing of what went wrong; the log does.
func internalFailure() *api.Error {
	return frontEnd(500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.")
}
