package awsquery

import (
	"cmp"
	"encoding/base64"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealstack/wire/plan"
	"sealstack/wire/xmltext"
)

// Answer describes the answer to a call.
type Answer struct {
	Operation string
	Namespace string
	RequestID string
}

// Append appends the XML answer that holds out, a pointer to t.Go, to b. A nil
// t stands for an operation without output: the answer then has no result
// element.
func (a Answer) Append(b []byte, t *plan.Type, out any) []byte {
	b = append(b, '<')
	b = append(b, a.Operation...)
	b = append(b, `Response xmlns="`...)
	b = xmltext.Append(b, a.Namespace)
	b = append(b, `">`...)
	if t != nil {
		name := a.Operation + "Result"
		b = xmltext.Open(b, name)
		b = appendMembers(b, t, reflect.Indirect(reflect.ValueOf(out)))
		b = xmltext.Close(b, name)
	}
	b = append(b, `<ResponseMetadata>`...)
	b = xmltext.Element(b, "RequestId", a.RequestID)
	b = append(b, `</ResponseMetadata></`...)
	b = append(b, a.Operation...)
	return append(b, `Response>`...)
}

// AppendValue appends an element that holds the value src, a t.Go or a pointer
// to one: a member of an error beside its code and message.
func AppendValue(b []byte, name string, t *plan.Type, src any) []byte {
	v := reflect.ValueOf(src)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return appendNamed(b, name, t, v)
}

func appendMembers(b []byte, t *plan.Type, v reflect.Value) []byte {
	for i := range t.Members {
		m := &t.Members[i]
		field := v.Field(m.Field)
		if m.Absent(field) {
			continue
		}
		if m.Pointer {
			field = field.Elem()
		}
		b = appendNamed(b, m.Wire, m.Type, field)
	}
	return b
}

// appendNamed appends a value under an element, or under several if it is a
// flattened list or map.
func appendNamed(b []byte, name string, t *plan.Type, v reflect.Value) []byte {
	if t.Flattened && t.Kind == plan.List {
		return appendItems(b, name, t, v)
	}
	if t.Flattened && t.Kind == plan.Map {
		return appendEntries(b, name, t, v)
	}
	b = xmltext.Open(b, name)
	switch t.Kind {
	case plan.Struct:
		b = appendMembers(b, t, v)
	case plan.List:
		b = appendItems(b, cmp.Or(t.ItemName, "member"), t, v)
	case plan.Map:
		b = appendEntries(b, "entry", t, v)
	default:
		b = appendScalar(b, t, v)
	}
	return xmltext.Close(b, name)
}

func appendItems(b []byte, name string, t *plan.Type, v reflect.Value) []byte {
	for i := range v.Len() {
		b = appendNamed(b, name, t.Elem, v.Index(i))
	}
	return b
}

// appendEntries writes a map by ascending keys, so that answers can be
// compared.
func appendEntries(b []byte, name string, t *plan.Type, v reflect.Value) []byte {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	for _, key := range keys {
		b = xmltext.Open(b, name)
		b = xmltext.Element(b, cmp.Or(t.KeyName, "key"), key.String())
		b = appendNamed(b, cmp.Or(t.ValueName, "value"), t.Elem, v.MapIndex(key))
		b = xmltext.Close(b, name)
	}
	return b
}

func appendScalar(b []byte, t *plan.Type, v reflect.Value) []byte {
	switch t.Kind {
	case plan.String:
		return xmltext.Append(b, v.String())
	case plan.Blob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes())
	case plan.Bool:
		return strconv.AppendBool(b, v.Bool())
	case plan.Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case plan.Float:
		return xmltext.Float(b, v.Float(), t.Go.Bits())
	case plan.Time:
		return appendTime(b, v.Interface().(time.Time))
	}
	return b
}

// appendTime writes ISO 8601 in UTC: whole seconds as IAM does, and
// milliseconds where there are any, as STS does.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.AppendFormat(b, "2006-01-02T15:04:05Z")
	}
	return t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
}
