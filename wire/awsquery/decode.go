package awsquery

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sealstack/wire/plan"
)

// InputError says why the parameters can't be read as the input: a value has
// the wrong type. AWS answers it with the code MalformedInput.
type InputError struct{ Message string }

// Error returns the message.
func (e *InputError) Error() string { return e.Message }

// malformed returns an InputError.
// Unverified: the sentences; the code alone is known.
func malformed(format string, args ...any) error {
	return &InputError{Message: fmt.Sprintf(format, args...)}
}

// Decode fills dst, a pointer to t.Go, from the parameters and tells check
// what constraints they break. Parameters that the input does not have
// (Action, Version, those of a signature) are skipped. Its errors are
// [*InputError]; dst is then half filled.
func Decode(t *plan.Type, form url.Values, dst any, check *plan.Checker) error {
	all, err := sorted(form)
	if err != nil {
		return err
	}
	return decoder{check}.structure(t, all.at, reflect.ValueOf(dst).Elem())
}

type decoder struct{ check *plan.Checker }

// structure decodes the members that child finds.
func (d decoder) structure(t *plan.Type, child func(string) *node, v reflect.Value) error {
	for i := range t.Members {
		m := &t.Members[i]
		at := child(m.Wire)
		if at == nil {
			if m.Required && m.Type.Kind != plan.Opaque {
				d.check.Missing(m)
			}
			continue
		}
		field := v.Field(m.Field)
		if m.Pointer {
			field.Set(reflect.New(m.Type.Go))
			field = field.Elem()
		}
		d.check.Enter(m)
		err := d.value(m.Type, at, field)
		d.check.Leave()
		if err != nil {
			return err
		}
	}
	return nil
}

func (d decoder) value(t *plan.Type, n *node, v reflect.Value) error {
	switch t.Kind {
	case plan.Struct:
		return d.structure(t, n.child, v)
	case plan.List:
		return d.list(t, n, v)
	case plan.Map:
		return d.mapping(t, n, v)
	}
	if err := scalar(t, n, v); err != nil {
		return err
	}
	d.check.Value(t, v, false)
	return nil
}

// list decodes Name.member.N, or Name.N where the list is flattened. A
// parameter Name without a value stands for the empty list.
func (d decoder) list(t *plan.Type, n *node, v reflect.Value) error {
	if !t.Flattened {
		n = n.child(cmp.Or(t.ItemName, "member"))
	}
	var items []*node
	if n != nil {
		items = n.items()
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := d.item(t.Elem, item, v.Index(i), i); err != nil {
			return err
		}
	}
	d.check.Value(t, v, false)
	return nil
}

// item decodes the i-th member of a list. Scalar ones are checked with their
// list.
func (d decoder) item(t *plan.Type, n *node, v reflect.Value, i int) error {
	if t.Scalar() {
		return scalar(t, n, v)
	}
	d.check.Index(i)
	defer d.check.Leave()
	return d.value(t, n, v)
}

// mapping decodes Name.entry.N.key and Name.entry.N.value, without "entry"
// where the map is flattened.
func (d decoder) mapping(t *plan.Type, n *node, v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	if !t.Flattened {
		n = n.child("entry")
	}
	if n != nil {
		for _, entry := range n.items() {
			if err := d.entry(t, entry, v); err != nil {
				return err
			}
		}
	}
	d.check.Value(t, v, false)
	return nil
}

func (d decoder) entry(t *plan.Type, n *node, v reflect.Value) error {
	keyNode, valueNode := n.child(cmp.Or(t.KeyName, "key")), n.child(cmp.Or(t.ValueName, "value"))
	if keyNode == nil || valueNode == nil {
		return malformed("Map entry without key or value")
	}
	key, value := reflect.New(t.Key.Go).Elem(), reflect.New(t.Elem.Go).Elem()
	if err := scalar(t.Key, keyNode, key); err != nil {
		return err
	}
	var err error
	if t.Elem.Scalar() {
		err = scalar(t.Elem, valueNode, value)
	} else {
		d.check.Key(key.String())
		err = d.value(t.Elem, valueNode, value)
		d.check.Leave()
	}
	v.SetMapIndex(key, value)
	return err
}

// scalar decodes a string, blob, number, boolean or timestamp.
func scalar(t *plan.Type, n *node, v reflect.Value) error {
	if !n.set {
		return malformed("Unexpected complex element termination")
	}
	s := n.value
	switch t.Kind {
	case plan.String:
		if !utf8.ValidString(s) {
			return malformed("Invalid UTF-8")
		}
		v.SetString(s)
		return nil
	case plan.Blob:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return malformed("Invalid base64 value")
		}
		v.SetBytes(b)
		return nil
	case plan.Bool:
		return boolean(s, v)
	case plan.Int:
		i, err := strconv.ParseInt(s, 10, t.Go.Bits())
		if err != nil {
			return malformed("%q is not a valid %s", s, "integer")
		}
		v.SetInt(i)
		return nil
	case plan.Float:
		f, err := strconv.ParseFloat(s, t.Go.Bits())
		if err != nil {
			return malformed("%q is not a valid %s", s, "number")
		}
		v.SetFloat(f)
		return nil
	case plan.Time:
		return timestamp(s, v)
	}
	return nil
}

func boolean(s string, v reflect.Value) error {
	switch {
	case strings.EqualFold(s, "true"):
		v.SetBool(true)
	case strings.EqualFold(s, "false"):
		v.SetBool(false)
	default:
		return malformed("%q is not a valid %s", s, "boolean")
	}
	return nil
}

// timestamp decodes ISO 8601 in UTC or with an offset.
func timestamp(s string, v reflect.Value) error {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return malformed("%q is not a valid %s", s, "timestamp")
	}
	*v.Addr().Interface().(*time.Time) = t.UTC()
	return nil
}
