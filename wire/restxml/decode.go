package restxml

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"sealstack/api"
	"sealstack/wire/plan"
)

// Request is what an input is decoded from.
type Request struct {
	Address Address
	Query   url.Values
	Header  http.Header
	Length  int64         // of the content, in bytes; -1: unknown
	Stream  io.ReadCloser // the content, where the input has a stream
	Body    []byte        // the content, where it has not
}

// Streams reports whether the input t takes the body as a stream.
func Streams(t *plan.Type) bool {
	m := payload(t)
	return m != nil && m.Type.Kind == plan.Opaque
}

// TakesBody reports whether the input t takes a body at all.
func TakesBody(t *plan.Type) bool { return payload(t) != nil }

func payload(t *plan.Type) *plan.Member {
	for i := range t.Members {
		if t.Members[i].Place == api.Payload {
			return &t.Members[i]
		}
	}
	return nil
}

// Decode fills dst, a pointer to t.Go, and validates it. Its errors are S3's.
func Decode(t *plan.Type, r *Request, dst any) error {
	v := reflect.ValueOf(dst).Elem()
	for i := range t.Members {
		m := &t.Members[i]
		if err := r.member(m, v.Field(m.Field)); err != nil {
			return err
		}
	}
	return nil
}

// member decodes one member.
func (r *Request) member(m *plan.Member, field reflect.Value) error {
	switch m.Place {
	case api.Label:
		return set(m, r.label(m.Wire), field)
	case api.Parameter:
		if r.Query.Has(m.Wire) {
			return set(m, r.Query.Get(m.Wire), field)
		}
	case api.Header:
		return r.header(m, field)
	case api.HeaderPrefix:
		r.headers(m, field)
		return nil
	case api.Payload:
		return r.payload(m, field)
	}
	if m.Required {
		return missingMember(m)
	}
	return nil
}

func (r *Request) label(name string) string {
	if name == "Bucket" {
		return r.Address.Bucket
	}
	return r.Address.Key
}

// ignored are shapes whose values stand unchecked: S3 ignores what it does not
// know (the algorithm of a checksum, If-Modified-Since), or checks it in its
// own way later, which is the service's to do.
var ignored = map[string]bool{
	"ChecksumAlgorithm": true, "ChecksumMode": true, "RequestPayer": true, "OptionalObjectAttributes": true,
	"BucketLocationConstraint": true, "Event": true, "NonEmptyKmsKeyArnString": true,
	"IfModifiedSince": true, "IfUnmodifiedSince": true,
	"CopySourceIfModifiedSince": true, "CopySourceIfUnmodifiedSince": true,
}

// set decodes a scalar member from its text.
func set(m *plan.Member, text string, field reflect.Value) error {
	v := reflect.New(m.Type.Go).Elem()
	err := parse(m.Type, text, v)
	switch {
	case ignored[m.Type.Shape] && err != nil:
		return nil
	case ignored[m.Type.Shape]:
	case err != nil || !m.Type.Fits(v):
		return invalidArgument(m, text)
	}
	if m.Pointer {
		field.Set(v.Addr())
	} else {
		field.Set(v)
	}
	return nil
}

// header decodes a member from a header. An empty header counts as absent, but
// where it could be a text of its own.
func (r *Request) header(m *plan.Member, field reflect.Value) error {
	if m.Header == "Content-Length" {
		return r.length(m, field)
	}
	values := r.Header[m.Header]
	switch {
	case len(values) == 0 && m.Required:
		return missingMember(m)
	case len(values) == 0 || values[0] == "" && m.Type.Kind != plan.String:
		return nil
	case m.Type.Kind == plan.List:
		return list(m, values, field)
	}
	if values[0] == "" && m.Type.Enum() {
		return nil
	}
	return set(m, strings.Join(values, ","), field)
}

// length tells the length of the content, whatever was sent.
func (r *Request) length(m *plan.Member, field reflect.Value) error {
	if r.Length >= 0 && m.Pointer {
		field.Set(reflect.ValueOf(&r.Length))
	}
	return nil
}

// list decodes a header that lists values, separated by commas.
func list(m *plan.Member, values []string, field reflect.Value) error {
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		v := reflect.New(m.Type.Elem.Go).Elem()
		item = strings.TrimSpace(item)
		if err := parse(m.Type.Elem, item, v); err != nil || !ignored[m.Type.Elem.Shape] && !m.Type.Elem.Fits(v) {
			return invalidArgument(m, item)
		}
		field.Set(reflect.Append(field, v))
	}
	return nil
}

// headers decodes the headers with a prefix, whose names S3 turns into lower
// case. Text beyond ASCII may be written as RFC 2047 says:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html.
func (r *Request) headers(m *plan.Member, field reflect.Value) {
	var found map[string]string
	for name, values := range r.Header {
		if key, ok := strings.CutPrefix(name, m.Header); ok {
			if found == nil {
				found = map[string]string{}
			}
			found[strings.ToLower(key)] = decodeWords(strings.Join(values, ","))
		}
	}
	if found != nil {
		field.Set(reflect.ValueOf(found))
	}
}

// decodeWords undoes RFC 2047. What can't be decoded stands as it was sent.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	if plain, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		return plain
	}
	return s
}

// payload decodes the member that is the body.
func (r *Request) payload(m *plan.Member, field reflect.Value) error {
	switch m.Type.Kind {
	case plan.Opaque:
		if r.Stream != nil {
			field.Set(reflect.ValueOf(r.Stream))
		}
		return nil
	case plan.Struct:
		return r.document(m, field)
	}
	if len(r.Body) == 0 && m.Required {
		return missingBody()
	}
	return set(m, string(r.Body), field)
}

// document decodes the XML document in the body.
func (r *Request) document(m *plan.Member, field reflect.Value) error {
	switch {
	case len(r.Body) == 0 && m.Required:
		return missingBody()
	case len(r.Body) == 0:
		return nil
	}
	v := reflect.New(m.Type.Go)
	if err := decodeDocument(m, r.Body, v.Elem()); err != nil {
		if known, ok := errors.AsType[*api.Error](err); ok {
			return known
		}
		return malformedXML()
	}
	if m.Pointer {
		field.Set(v)
	} else {
		field.Set(v.Elem())
	}
	return nil
}
