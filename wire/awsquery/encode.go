package awsquery

import (
	"cmp"
	"encoding/base64"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sealstack/wire/plan"
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
	b = appendText(b, a.Namespace)
	b = append(b, `">`...)
	if t != nil {
		name := a.Operation + "Result"
		b = openTag(b, name)
		b = appendMembers(b, t, reflect.Indirect(reflect.ValueOf(out)))
		b = closeTag(b, name)
	}
	b = append(b, `<ResponseMetadata>`...)
	b = AppendElement(b, "RequestId", a.RequestID)
	b = append(b, `</ResponseMetadata></`...)
	b = append(b, a.Operation...)
	return append(b, `Response>`...)
}

// AppendElement appends an element that holds text.
func AppendElement(b []byte, name, text string) []byte {
	b = openTag(b, name)
	b = appendText(b, text)
	return closeTag(b, name)
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

func openTag(b []byte, name string) []byte {
	return append(append(append(b, '<'), name...), '>')
}

func closeTag(b []byte, name string) []byte {
	return append(append(append(b, '<', '/'), name...), '>')
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
	b = openTag(b, name)
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
	return closeTag(b, name)
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
		b = openTag(b, name)
		b = AppendElement(b, cmp.Or(t.KeyName, "key"), key.String())
		b = appendNamed(b, cmp.Or(t.ValueName, "value"), t.Elem, v.MapIndex(key))
		b = closeTag(b, name)
	}
	return b
}

func appendScalar(b []byte, t *plan.Type, v reflect.Value) []byte {
	switch t.Kind {
	case plan.String:
		return appendText(b, v.String())
	case plan.Blob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes())
	case plan.Bool:
		return strconv.AppendBool(b, v.Bool())
	case plan.Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case plan.Float:
		return appendFloat(b, v.Float(), t.Go.Bits())
	case plan.Time:
		return appendTime(b, v.Interface().(time.Time))
	}
	return b
}

func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
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

// appendText escapes text for XML 1.0. A carriage return is written as a
// reference, since parsers would turn it into a newline; what XML can't hold
// becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case r == '\r':
			b = append(b, "&#xD;"...)
		case r < ' ' && r != '\n' && r != '\t', r == 0xFFFE, r == 0xFFFF:
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
