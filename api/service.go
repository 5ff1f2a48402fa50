// Package api is the contract between the edge, the services and the callers
// inside the process. It owns the description of a service as AWS's models
// give it ([Service], [Shape], [Operation]), the one door through which every
// call passes ([Endpoint], [Invoke]), who is calling ([Caller]) and the error
// that AWS defines ([Error]). It does no I/O and imports no other room; every
// room may import it.
//
// The packages below it (kmsapi, logsapi, ...) are generated from AWS's
// published service models by `go generate ./...`.
//
// # Types
//
// A structure of a model is a Go struct with one field a member, in the
// model's order. Required scalars and structures are plain values, optional
// ones pointers; lists, maps and blobs are nil when absent; timestamps are
// [time.Time]; streaming blobs are [io.ReadCloser]; an event stream is a
// [Stream] of a union struct. Lower-case names of the model start with a
// capital in Go.
//
// # Tags
//
// Each field has the tag `aws:"Shape,option,..."`. The name of the member's
// shape stands first, always; it is the key to [Service].Shapes. Options:
//
//	required      the caller must set the member
//	name=N        name on the wire, where it is not the field's name
//	header=N      in the HTTP header N
//	headers=P     a map: one header for each key, its name prefixed with P
//	uri=N         in the label {N} or {N+} of the request's path
//	query=N       in the query parameter N
//	status        the HTTP status of the answer
//	payload       the member is the whole body
//	attr          an XML attribute of the enclosing element
//	ns=URI        XML namespace that the member's element declares
//	flattened     a list or map without a wrapping element, by the member alone
//	token         idempotency token: clients make one up if the caller gives none
//
// Only RESTXML and RESTJSON have header, headers, uri, query, status, payload, attr and ns.
// Members without such a place are in the body. [ParseTag] reads a tag.
package api

import "reflect"

// Protocol is how a service's requests and answers are written on the wire.
type Protocol uint8

// The protocols that AWS's models name for the services here.
const (
	JSON     Protocol = iota + 1 // awsJson1.1: POST /, X-Amz-Target
	Query                        // awsQuery: form in, XML out
	RESTXML                      // rest-xml: S3
	RESTJSON                     // rest-json: CloudTrail's data service
	CBOR                         // Smithy RPC v2 CBOR: POST /service/PREFIX/operation/NAME
)

// Service describes one AWS service: what the edge needs to find, decode,
// validate and answer its operations.
type Service struct {
	ID          string     // short name here, and the prefix of its IAM actions: "kms"
	Name        string     // AWS's name of the service: "AWS Key Management Service"
	SigningName string     // service in a SigV4 credential scope: "kms"
	Endpoint    string     // first label of its host names: "kms", "logs", "s3"
	Protocol    Protocol   // the one that its clients prefer
	Also        []Protocol // the others that it speaks
	OldJSON     bool       // its JSON is awsJson1.0
	// QueryCompatible says that clients know its errors by the codes that they
	// had over awsQuery: other protocols send them in a header, beside the
	// name of the error's shape.
	QueryCompatible bool
	Version         string // API version: "2014-11-01"
	TargetPrefix    string // X-Amz-Target before the dot (JSON), the service in the path (CBOR): "TrentService"
	XMLNamespace    string // xmlns of answers (Query, RESTXML)
	Global          bool   // one endpoint for the partition (IAM); the Region of a call is then its partition's home Region

	Operations []*Operation     // by name, ascending
	Omitted    []Omission       // operations that AWS has and this program does not carry, by name, ascending
	Shapes     map[string]Shape // every shape that carries a fact a Go type can't carry, by its name in the model
}

// Speaks reports whether the service speaks the protocol.
func (s *Service) Speaks(p Protocol) bool {
	for _, also := range s.Also {
		if also == p {
			return true
		}
	}
	return s.Protocol == p
}

// Operation returns the operation called name, or nil.
func (s *Service) Operation(name string) *Operation {
	lo, hi := 0, len(s.Operations)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if s.Operations[mid].Name < name {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(s.Operations) && s.Operations[lo].Name == name {
		return s.Operations[lo]
	}
	return nil
}

// Shape holds what a model says of a shape beyond its Go type. A member's
// shape is named first in its `aws` tag.
type Shape struct {
	Min, Max   *int64   // length (strings in UTF-16 units, blobs in bytes, lists and maps in entries) or value
	Pattern    string   // regular expression that the whole string must match, as the model writes it
	Enum       []string // values, in the model's order
	Sensitive  bool     // its value is never echoed or recorded
	Flattened  bool     // list or map without a wrapping element (Query, RESTXML)
	Elem       string   // shape of a list's members or a map's values
	Key        string   // shape of a map's keys
	ItemName   string   // wire name of a list's members, if not "member" (Query, RESTXML)
	KeyName    string   // wire name of a map's keys, if not "key"
	ValueName  string   // wire name of a map's values, if not "value"
	TimeFormat string   // "iso8601", "rfc822" or "unixTimestamp" where the protocol's default does not hold
	Union      bool     // exactly one member may be set
	Element    string   // name of the element when the shape is the root of a body, if not the shape's own (RESTXML)
	Unwrapped  bool     // its element holds the text of its only member (RESTXML: GetBucketLocation)
	Namespace  string   // XML namespace that the shape's element declares, under Prefix (RESTXML)
	Prefix     string   // prefix of Namespace: "xsi"
}

// Operation is an [Op] with its types erased, as the edge dispatches it.
type Operation struct {
	Name   string
	Input  reflect.Type // struct type of the input
	Output reflect.Type // struct type of the output; [None] where the model has no output
	Errors []string     // names of the error shapes that the model declares
	HTTP   HTTP

	call func(d Door, c *invocation) (any, error)
}

// HTTP is an operation's binding to a request line (RESTXML; elsewhere POST /).
type HTTP struct {
	Method string // "POST"
	URI    string // "/{Bucket}/{Key+}?acl"
	Status int    // of a success; 0 stands for 200

	HostPrefix       string // what clients put before the endpoint's host name: "stream-" makes stream-logs.REGION...
	Unsigned         bool   // the call needs no signature (AssumeRoleWithWebIdentity)
	ChecksumRequired bool   // the request must bring Content-MD5 or a checksum header (RESTXML)
}

// Omission names an operation that AWS has and this program does not carry:
// the edge answers it with [NotImplemented]. Deprecated operations of S3 share
// the binding of their successors (GetBucketLifecycle): the carried one wins.
type Omission struct {
	Name string
	HTTP HTTP
}

// None is the output of an operation whose model has none, and the input of
// one that takes none. Its answer has an empty body.
type None struct{}

// Declares reports whether the model lists the error shape among op's errors.
func (op *Operation) Declares(shape string) bool {
	for _, e := range op.Errors {
		if e == shape {
			return true
		}
	}
	return false
}

// At returns a bound for a [Shape].
func At(n int64) *int64 { return &n }
