package main

import (
	"bytes"
	"encoding/json"
	"slices"
)

// model is a service model: botocore's, or ours after trimming.
type model struct {
	Metadata   metadata              `json:"metadata"`
	Operations map[string]*operation `json:"operations"`
	Omitted    map[string]*operation `json:"omitted,omitempty"` // not carried: name and binding only
	Shapes     map[string]*shape     `json:"shapes"`

	Version             json.RawMessage `json:"version,omitempty"`
	ClientContextParams json.RawMessage `json:"clientContextParams,omitempty"`
	ignored
}

// ignored are the attributes of a model that carry no fact for a server. Any
// attribute that is neither here nor in a field is an error, so that a new
// fact in AWS's models is not lost in silence.
type ignored struct {
	Documentation       json.RawMessage `json:"documentation,omitempty"`
	Deprecated          json.RawMessage `json:"deprecated,omitempty"`
	DeprecatedMessage   json.RawMessage `json:"deprecatedMessage,omitempty"`
	DeprecatedSince     json.RawMessage `json:"deprecatedSince,omitempty"`
	Box                 json.RawMessage `json:"box,omitempty"`
	Synthetic           json.RawMessage `json:"synthetic,omitempty"`
	Idempotent          json.RawMessage `json:"idempotent,omitempty"`
	ContextParam        json.RawMessage `json:"contextParam,omitempty"`
	StaticContextParams json.RawMessage `json:"staticContextParams,omitempty"`
	HostLabel           json.RawMessage `json:"hostLabel,omitempty"`
	UnsignedPayload     json.RawMessage `json:"unsignedPayload,omitempty"`
	Auth                json.RawMessage `json:"auth,omitempty"`
	ReadOnly            json.RawMessage `json:"readonly,omitempty"`
	XMLOrder            json.RawMessage `json:"xmlOrder,omitempty"`
	RequestCompression  json.RawMessage `json:"requestcompression,omitempty"`
}

type metadata struct {
	APIVersion       string `json:"apiVersion"`
	EndpointPrefix   string `json:"endpointPrefix"`
	JSONVersion      string `json:"jsonVersion,omitempty"`
	Protocol         string `json:"protocol"`
	ServiceFullName  string `json:"serviceFullName"`
	ServiceID        string `json:"serviceId"`
	SignatureVersion string `json:"signatureVersion,omitempty"`
	SigningName      string `json:"signingName,omitempty"`
	TargetPrefix     string `json:"targetPrefix,omitempty"`
	XMLNamespace     string `json:"xmlNamespace,omitempty"`

	Protocols           []string        `json:"protocols,omitempty"` // where there are several, Protocol first
	AWSQueryCompatible  *struct{}       `json:"awsQueryCompatible,omitempty"`
	ChecksumFormat      json.RawMessage `json:"checksumFormat,omitempty"`
	GlobalEndpoint      json.RawMessage `json:"globalEndpoint,omitempty"`
	ServiceAbbreviation json.RawMessage `json:"serviceAbbreviation,omitempty"`
	UID                 json.RawMessage `json:"uid,omitempty"`
	ignored
}

type operation struct {
	Name         string    `json:"name,omitempty"`
	HTTP         binding   `json:"http"`
	Input        *body     `json:"input,omitempty"`
	Output       *body     `json:"output,omitempty"`
	Errors       []*ref    `json:"errors,omitempty"`
	AuthType     string    `json:"authtype,omitempty"`
	Endpoint     *endpoint `json:"endpoint,omitempty"`
	HTTPChecksum *checksum `json:"httpChecksum,omitempty"`
	ignored
}

type binding struct {
	Method       string `json:"method"`
	RequestURI   string `json:"requestUri"`
	ResponseCode int    `json:"responseCode,omitempty"`
}

type body struct {
	Shape         string     `json:"shape"`
	ResultWrapper string     `json:"resultWrapper,omitempty"`
	LocationName  string     `json:"locationName,omitempty"`
	XMLNamespace  *namespace `json:"xmlNamespace,omitempty"`
	ignored
}

type endpoint struct {
	HostPrefix string `json:"hostPrefix"`
}

type checksum struct {
	RequestChecksumRequired bool `json:"requestChecksumRequired,omitempty"`

	RequestAlgorithmMember      json.RawMessage `json:"requestAlgorithmMember,omitempty"`
	RequestValidationModeMember json.RawMessage `json:"requestValidationModeMember,omitempty"`
	ResponseAlgorithms          json.RawMessage `json:"responseAlgorithms,omitempty"`
}

type namespace struct {
	Prefix string `json:"prefix,omitempty"`
	URI    string `json:"uri"`
}

type shape struct {
	Type            string     `json:"type"`
	Required        []string   `json:"required,omitempty"`
	Members         members    `json:"members,omitempty"`
	Payload         string     `json:"payload,omitempty"`
	Member          *ref       `json:"member,omitempty"`
	Key             *ref       `json:"key,omitempty"`
	Value           *ref       `json:"value,omitempty"`
	Min             *int64     `json:"min,omitempty"`
	Max             *int64     `json:"max,omitempty"`
	Pattern         string     `json:"pattern,omitempty"`
	Enum            []string   `json:"enum,omitempty"`
	Sensitive       bool       `json:"sensitive,omitempty"`
	Flattened       bool       `json:"flattened,omitempty"`
	Union           bool       `json:"union,omitempty"`
	EventStream     bool       `json:"eventstream,omitempty"`
	Event           bool       `json:"event,omitempty"`
	Exception       bool       `json:"exception,omitempty"`
	Fault           bool       `json:"fault,omitempty"`
	Error           *errorInfo `json:"error,omitempty"`
	LocationName    string     `json:"locationName,omitempty"`
	TimestampFormat string     `json:"timestampFormat,omitempty"`
	XMLNamespace    *namespace `json:"xmlNamespace,omitempty"`
	Unwrapped       bool       `json:"unwrapped,omitempty"` // in patches only
	ignored
}

type errorInfo struct {
	Code           string `json:"code,omitempty"`
	HTTPStatusCode int    `json:"httpStatusCode,omitempty"`

	SenderFault json.RawMessage `json:"senderFault,omitempty"`
}

// ref is the use of a shape as a member, element, key, value or error.
type ref struct {
	Shape            string     `json:"shape"`
	Location         string     `json:"location,omitempty"`
	LocationName     string     `json:"locationName,omitempty"`
	Flattened        bool       `json:"flattened,omitempty"`
	Streaming        bool       `json:"streaming,omitempty"`
	XMLAttribute     bool       `json:"xmlAttribute,omitempty"`
	XMLNamespace     *namespace `json:"xmlNamespace,omitempty"`
	IdempotencyToken bool       `json:"idempotencyToken,omitempty"`
	EventPayload     bool       `json:"eventpayload,omitempty"`
	ignored
}

// refs lists every use of a shape in s.
func (s *shape) refs() []*ref {
	var all []*ref
	for i := range s.Members {
		all = append(all, &s.Members[i].ref)
	}
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil {
			all = append(all, r)
		}
	}
	return all
}

func (s *shape) requires(member string) bool { return slices.Contains(s.Required, member) }

// decodeStrict decodes JSON and fails on attributes that v does not have.
func decodeStrict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
