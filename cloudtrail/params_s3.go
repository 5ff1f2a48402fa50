package cloudtrail

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sealstack/api"
)

// s3Parameters writes a request to Amazon S3 as its records do: bucket and
// key, the sub-resource, headers by name, and the document of the body.
func s3Parameters(c *api.Call, host string) json.RawMessage {
	out := map[string]json.RawMessage{}
	if host != "" {
		out["Host"] = appendText(nil, host)
	}
	v := reflect.ValueOf(c.In)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	for i := range v.Elem().NumField() {
		s3Member(out, c.Service, v.Elem().Type().Field(i), v.Elem().Field(i))
	}
	for name, value := range subresources(c.Operation.HTTP.URI) {
		out[name] = appendText(nil, value)
	}
	return bounded(s3Object(out))
}

// subresources are the fixed parameters of a request's path, without the name
// of the operation that some clients send.
//
// Unverified: that list-type is among them.
func subresources(uri string) map[string]string {
	_, query, _ := strings.Cut(uri, "?")
	fixed := map[string]string{}
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" && name != "x-id" {
			fixed[name] = value
		}
	}
	return fixed
}

func s3Member(out map[string]json.RawMessage, s *api.Service, f reflect.StructField, v reflect.Value) {
	tag, err := api.ParseTag(f)
	if err != nil || sensitive(s, tag.Shape) || absent(v) {
		return
	}
	switch tag.Place {
	case api.Label:
		out[map[string]string{"Bucket": "bucketName", "Key": "key"}[tag.Name]] = scalar(v)
	case api.Header:
		if strings.HasPrefix(tag.Name, "x-amz-") {
			out[tag.Name] = scalar(v)
		}
	case api.Parameter:
		out[tag.Name] = scalar(v)
	case api.Payload, api.Body:
		s3Document(out, s, tag.Name, v)
	}
}

// s3Document shows the document of a body; a bucket policy as it reads.
func s3Document(out map[string]json.RawMessage, s *api.Service, name string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() == reflect.String && name == "Policy" {
		if text := []byte(v.String()); json.Valid(text) {
			out["bucketPolicy"] = text
		}
		return
	}
	if write := writerOf(s, v.Type()); write != nil {
		out[name] = write(nil, v)
	}
}

func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func:
		return v.IsNil()
	}
	return false
}

// scalar writes the value of a header or parameter, which is text.
func scalar(v reflect.Value) json.RawMessage {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return appendText(nil, fmt.Sprint(v.Interface()))
}

func s3Object(members map[string]json.RawMessage) []byte {
	b := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = append(b, members[name]...)
	}
	return append(b, '}')
}
