package cloudtrail

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"sealstack/api"
)

// Parameters are written from the shapes of the models: names in CloudTrail's
// spelling, and nothing that is secret. A blob is never written: in these
// services it is plaintext, ciphertext or a signature. Nor is a member whose
// shape the model calls sensitive.

// plan says how the values of one struct type are written.
type plan struct{ fields []planned }

type planned struct {
	index  int
	member string // wire name in the model
	label  string // as a record spells it, with quotes and colon
	write  writer
	omit   bool // a pointer, list or map that may be absent
}

// writer appends a value as JSON.
type writer func(b []byte, v reflect.Value) []byte

// planKey names a plan: shapes belong to a service.
type planKey struct {
	service *api.Service
	t       reflect.Type
}

var plans sync.Map // planKey to *plan

// planOf returns the plan of a struct type of the service.
func planOf(s *api.Service, t reflect.Type) *plan {
	if p, ok := plans.Load(planKey{s, t}); ok {
		return p.(*plan)
	}
	p := &plan{}
	for i := range t.NumField() {
		if f, ok := plannedOf(s, t.Field(i)); ok {
			f.index = i
			p.fields = append(p.fields, f)
		}
	}
	stored, _ := plans.LoadOrStore(planKey{s, t}, p)
	return stored.(*plan)
}

func plannedOf(s *api.Service, f reflect.StructField) (planned, bool) {
	tag, err := api.ParseTag(f)
	if err != nil {
		return planned{}, false
	}
	write := writerOf(s, f.Type)
	if sensitive(s, tag.Shape) {
		write = masking(declaredOf(s).mask)
	}
	if write == nil {
		return planned{}, false
	}
	k := f.Type.Kind()
	return planned{
		member: tag.Name, label: strconv.Quote(lowerFirst(tag.Name)) + ":", write: write,
		omit: k == reflect.Pointer || k == reflect.Slice || k == reflect.Map,
	}, true
}

// masking writes the mask for any value; without a mask nothing is written.
func masking(mask string) writer {
	if mask == "" {
		return nil
	}
	return func(b []byte, _ reflect.Value) []byte { return appendText(b, mask) }
}

// lowerFirst spells a member as records do: KeyId is keyId, AWSAccountId is
// aWSAccountId.
func lowerFirst(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:]
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	readerType = reflect.TypeFor[io.Reader]()
)

// writerOf returns what writes values of the type; nil for what is never
// written: blobs, bodies and event streams.
func writerOf(s *api.Service, t reflect.Type) writer {
	switch {
	case t == timeType:
		return appendTime
	case t.Implements(readerType) || t.Kind() == reflect.Func:
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return pointerWriter(writerOf(s, t.Elem()))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return nil
		}
		return listWriter(writerOf(s, t.Elem()))
	case reflect.Map:
		return mapWriter(writerOf(s, t.Elem()))
	case reflect.Struct:
		return func(b []byte, v reflect.Value) []byte { return planOf(s, t).append(b, v, nil) }
	}
	return appendScalar
}

func pointerWriter(elem writer) writer {
	if elem == nil {
		return nil
	}
	return func(b []byte, v reflect.Value) []byte { return elem(b, v.Elem()) }
}

func listWriter(elem writer) writer {
	if elem == nil {
		return nil
	}
	return func(b []byte, v reflect.Value) []byte {
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = elem(b, v.Index(i))
		}
		return append(b, ']')
	}
}

func mapWriter(elem writer) writer {
	if elem == nil {
		return nil
	}
	return func(b []byte, v reflect.Value) []byte {
		values := map[string]reflect.Value{}
		for it := v.MapRange(); it.Next(); {
			values[it.Key().String()] = it.Value()
		}
		b = append(b, '{')
		for i, k := range slices.Sorted(maps.Keys(values)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, k), ':')
			b = elem(b, values[k])
		}
		return append(b, '}')
	}
}

func appendScalar(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		return appendText(b, v.String())
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Float32, reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	}
	panic(fmt.Sprintf("cloudtrail: the models have no members of type %v", v.Type()))
}

// appendText appends a JSON string, without the escapes that HTML needs.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			q, _ := json.Marshal(s) // a string can be marshalled
			return append(b, q...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// recordTime is how records write an instant within parameters.
const recordTime = "Jan 2, 2006, 3:04:05 PM"

func appendTime(b []byte, v reflect.Value) []byte {
	return appendText(b, v.Interface().(time.Time).UTC().Format(recordTime))
}

// append writes a struct without the members that are hidden, by wire name.
func (p *plan) append(b []byte, v reflect.Value, hidden []string) []byte {
	b = append(b, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		value := v.Field(f.index)
		if f.omit && value.IsNil() || slices.Contains(hidden, f.member) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, f.label...)
		b = f.write(b, value)
	}
	return append(b, '}')
}

// parameters writes a request or a response: a pointer to a struct of the
// models. Nil stands for null, where nothing is left to show.
func parameters(s *api.Service, in any, hidden []string) json.RawMessage {
	v := reflect.ValueOf(in)
	if !v.IsValid() || v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	b := planOf(s, v.Elem().Type()).append(make([]byte, 0, 256), v.Elem(), hidden)
	return bounded(b)
}

// bounded is null for an empty object, and a note for one that is too large.
//
// Unverified: the members of the note.
func bounded(b []byte) json.RawMessage {
	if len(b) <= len("{}") {
		return nil
	}
	if len(b) > maxParameters {
		return fmt.Appendf(nil, `{"omitted":true,"originalSize":%d,"reason":"content too large"}`, len(b))
	}
	return b
}
