package api

import "fmt"

// Error is an error that AWS defines. The edge writes it in the shape of the
// service's protocol. Any other error that a service returns is logged and
// answered as an internal failure.
type Error struct {
	// Shape is the name of the error in the service's model, such as
	// NoSuchEntityException; for errors outside the model it equals Code.
	Shape string
	// Code is what clients read: __type in JSON, Code in XML.
	Code string
	// Message is empty where AWS sends none; it is then left out.
	Message string
	// Status is the HTTP status.
	Status int
	// Decision names the decision behind a denial, for whoever asks why:
	// auth.Decisions. It goes out in a header and not in the body.
	Decision string
	// Fields are further members of the error in the model, by wire name.
	Fields map[string]any
}

// Error returns code and message.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Fault reports whether the error is the server's and not the caller's.
func (e *Error) Fault() bool { return e.Status >= 500 }

// With returns e with a further member of its shape set.
func (e *Error) With(member string, value any) *Error {
	if e.Fields == nil {
		e.Fields = map[string]any{}
	}
	e.Fields[member] = value
	return e
}

// NewError returns an error of the model; generated constructors call it. An
// empty format stands for an error without message.
func NewError(shape, code string, status int, format string, args ...any) *Error {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	return &Error{Shape: shape, Code: code, Message: message, Status: status}
}

// AccessDenied returns the error with which s refuses an unauthorized call:
// AccessDeniedException with status 400 over JSON and 403 over RESTJSON,
// AccessDenied with status 403 elsewhere.
func (s *Service) AccessDenied(message string) *Error {
	if s.Protocol == JSON {
		return &Error{Shape: "AccessDeniedException", Code: "AccessDeniedException", Message: message, Status: 400}
	}
	if s.Protocol == RESTJSON {
		return &Error{Shape: "AccessDeniedException", Code: "AccessDeniedException", Message: message, Status: 403}
	}
	if s.QueryCompatible {
		return &Error{Shape: "AccessDeniedException", Code: "AccessDenied", Message: message, Status: 403}
	}
	return &Error{Shape: "AccessDenied", Code: "AccessDenied", Message: message, Status: 403}
}

// NotImplemented returns the error for an operation that AWS has and this
// program does not have yet: status 501, naming the operation.
func NotImplemented(service, operation string) *Error {
	return NewError("NotImplemented", "NotImplemented", 501, "%s:%s is not implemented by Sealstack.", service, operation)
}
