package cbor

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"

	"sealstack/wire/plan"
)

// SyntaxError says why a document can't be read as the input of an operation.
type SyntaxError struct{ Message string }

// Error returns the message.
func (e *SyntaxError) Error() string { return e.Message }

// decoding reads documents within bounds: nothing in a request is nested
// deeper or has longer lists.
var decoding = must(cbor.DecOptions{
	DefaultMapType: reflect.TypeFor[map[string]any](), DupMapKey: cbor.DupMapKeyEnforcedAPF,
	MaxNestedLevels: 32, MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 16,
}.DecMode())

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Decode fills dst, a pointer to t.Go, from a document and tells check what
// constraints the document breaks. No document stands for an empty structure.
// Its errors are [*SyntaxError]; dst is then half filled.
func Decode(t *plan.Type, document []byte, dst any, check *plan.Checker) error {
	var root any = map[string]any{}
	if len(document) > 0 {
		if err := decoding.Unmarshal(document, &root); err != nil {
			return &SyntaxError{err.Error()}
		}
	}
	d := decoder{check}
	return d.structure(t, reflect.ValueOf(dst).Elem(), root)
}

type decoder struct{ check *plan.Checker }

// value fills v from a value that is not null.
func (d *decoder) value(t *plan.Type, v reflect.Value, from any) error {
	switch t.Kind {
	case plan.Struct:
		return d.structure(t, v, from)
	case plan.List:
		return d.list(t, v, from)
	case plan.Map:
		return d.mapping(t, v, from)
	case plan.Opaque:
		return nil
	}
	if err := scalar(t, v, from); err != nil {
		return err
	}
	d.check.Value(t, v, false)
	return nil
}

// structure fills the members in the model's order; others are ignored.
func (d *decoder) structure(t *plan.Type, v reflect.Value, from any) error {
	members, ok := from.(map[string]any)
	if !ok {
		return mismatch(t, from)
	}
	set := 0
	for i := range t.Members {
		m := &t.Members[i]
		member := members[m.Wire]
		if member == nil {
			if m.Required && m.Type.Kind != plan.Opaque {
				d.check.Missing(m)
			}
			continue
		}
		set++
		field := v.Field(m.Field)
		if m.Pointer {
			field.Set(reflect.New(m.Type.Go))
			field = field.Elem()
		}
		d.check.Enter(m)
		if err := d.value(m.Type, field, member); err != nil {
			return err
		}
		d.check.Leave()
	}
	if t.Union && set != 1 {
		return &SyntaxError{"Union " + t.Shape + " must have exactly one member set"}
	}
	return nil
}

func (d *decoder) list(t *plan.Type, v reflect.Value, from any) error {
	items, ok := from.([]any)
	if !ok {
		return mismatch(t, from)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	hasNull := false
	for i, item := range items {
		if err := d.element(t.Elem, v.Index(i), i, item); err != nil {
			return err
		}
		hasNull = hasNull || item == nil && t.Elem.Scalar()
	}
	d.check.Value(t, v, hasNull)
	return nil
}

// element fills the i-th member of a list. The constraints of scalar ones are
// checked with their list.
func (d *decoder) element(t *plan.Type, v reflect.Value, i int, from any) error {
	if t.Scalar() {
		if from == nil {
			return nil
		}
		return scalar(t, v, from)
	}
	d.check.Index(i)
	defer d.check.Leave()
	if from == nil {
		d.check.Null()
		return nil
	}
	return d.value(t, v, from)
}

// mapping leaves null values out, as the JSON codec does.
func (d *decoder) mapping(t *plan.Type, v reflect.Value, from any) error {
	entries, ok := from.(map[string]any)
	if !ok {
		return mismatch(t, from)
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(entries)))
	for name, entry := range entries {
		if entry == nil {
			continue
		}
		value := reflect.New(t.Elem.Go).Elem()
		if err := d.entry(t, value, name, entry); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(t.Key.Go), value)
	}
	d.check.Value(t, v, false)
	return nil
}

func (d *decoder) entry(t *plan.Type, value reflect.Value, name string, from any) error {
	if t.Elem.Scalar() {
		return scalar(t.Elem, value, from)
	}
	d.check.Key(name)
	defer d.check.Leave()
	return d.value(t.Elem, value, from)
}

// scalar fills v from a value of its kind. Numbers may be written in any form
// that holds them exactly.
func scalar(t *plan.Type, v reflect.Value, from any) error {
	ok := false
	switch t.Kind {
	case plan.String:
		var text string
		if text, ok = from.(string); ok {
			v.SetString(text)
		}
	case plan.Blob:
		var data []byte
		if data, ok = from.([]byte); ok {
			v.SetBytes(data)
		}
	case plan.Bool:
		var truth bool
		if truth, ok = from.(bool); ok {
			v.SetBool(truth)
		}
	case plan.Int:
		var n int64
		if n, ok = integer(from); ok && !v.OverflowInt(n) {
			v.SetInt(n)
		} else {
			ok = false
		}
	case plan.Float:
		var f float64
		if f, ok = number(from); ok {
			v.SetFloat(f)
		}
	case plan.Time:
		var at time.Time
		if at, ok = instant(from); ok {
			v.Set(reflect.ValueOf(at))
		}
	}
	if !ok {
		return mismatch(t, from)
	}
	return nil
}

func integer(from any) (int64, bool) {
	switch n := from.(type) {
	case uint64:
		return int64(n), n <= math.MaxInt64
	case int64:
		return n, true
	case float64:
		return int64(n), n == math.Trunc(n) && math.Abs(n) < 1<<53
	}
	return 0, false
}

func number(from any) (float64, bool) {
	switch n := from.(type) {
	case float64:
		return n, true
	case uint64:
		return float64(n), true
	case int64:
		return float64(n), true
	case big.Int:
		f, _ := new(big.Float).SetInt(&n).Float64()
		return f, true
	}
	return 0, false
}

// instant takes a tagged time, and a number of seconds without the tag.
//
// Unverified: that AWS does not insist on the tag.
func instant(from any) (time.Time, bool) {
	if at, ok := from.(time.Time); ok {
		return at.Round(time.Millisecond).UTC(), true
	}
	seconds, ok := number(from)
	if !ok || math.IsNaN(seconds) || math.Abs(seconds) > 1e12 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), true
}

// Unverified: AWS's sentence for a value of the wrong type.
func mismatch(t *plan.Type, from any) error {
	return &SyntaxError{fmt.Sprintf("%T can not be converted to %s", from, t.Shape)}
}
