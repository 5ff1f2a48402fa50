package xks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
)

// Fault says why a proxy did not do what it was asked for.
type Fault string

// The faults: those that the API names, and those of a conversation that did
// not come about.
const (
	Validation       Fault = "ValidationException"
	InvalidState     Fault = "InvalidStateException"
	InvalidCipher    Fault = "InvalidCiphertextException"
	InvalidKeyUsage  Fault = "InvalidKeyUsageException"
	Unauthenticated  Fault = "AuthenticationFailedException"
	AccessDenied     Fault = "AccessDeniedException"
	KeyNotFound      Fault = "KeyNotFoundException"
	InvalidPath      Fault = "InvalidUriPathException"
	Throttled        Fault = "ThrottlingException"
	Unsupported      Fault = "UnsupportedOperationException"
	DependencyTime   Fault = "DependencyTimeoutException"
	Internal         Fault = "InternalException"
	Malformed        Fault = "a response that is none of the API's"
	Unreachable      Fault = "no connection"
	InvalidTLS       Fault = "no TLS connection"
	TimedOut         Fault = "no response in time"
	ManagersAreGone  Fault = "no key manager is available"
	maxFaultMessage        = 512
	maxResponseBytes       = 64 << 10
)

// statuses are the HTTP status codes that the API's faults come with.
var statuses = map[Fault]int{
	Validation: 400, InvalidState: 400, InvalidCipher: 400, InvalidKeyUsage: 400, Unauthenticated: 401,
	AccessDenied: 403, KeyNotFound: 404, InvalidPath: 404, Throttled: 429, Unsupported: 501,
	DependencyTime: 503, Internal: 500,
}

// Status is the HTTP status code of a fault that the API names, else 0.
func (f Fault) Status() int { return statuses[f] }

// Error is a fault with what is known of it.
type Error struct {
	Fault  Fault
	Detail string // of the proxy, or of the network; not for callers of KMS
}

// Error implements error.
func (e *Error) Error() string { return "xks: " + string(e.Fault) + ": " + e.Detail }

// network tells the faults of a connection apart.
func network(err error) *Error {
	e := &Error{Unreachable, err.Error()}
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Fault = TimedOut
	case isTLS(err):
		e.Fault = InvalidTLS
	}
	return e
}

func isTLS(err error) bool {
	if errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.HostnameError](err)
	return ok
}
