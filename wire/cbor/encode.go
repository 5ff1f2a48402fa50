package cbor

import (
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"

	"sealstack/wire/plan"
)

// encoding writes times under tag 1 and maps by ascending keys, so that
// answers can be compared.
var encoding = must(cbor.EncOptions{
	Sort: cbor.SortBytewiseLexical, Time: cbor.TimeUnixDynamic, TimeTag: cbor.EncTagRequired,
	ShortestFloat: cbor.ShortestFloatNone,
}.EncMode())

// Append appends the document of src, a t.Go or a pointer to one, to b. Absent
// members are left out; times have milliseconds.
func Append(b []byte, t *plan.Type, src any) []byte {
	v := reflect.ValueOf(src)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return AppendTree(b, Tree(t, v))
}

// AppendTree appends a document of plain values.
func AppendTree(b []byte, tree any) []byte {
	// Trees are made of maps, lists and scalars: that always has a form.
	return append(b, must(encoding.Marshal(tree))...)
}

// Tree returns a value as maps, lists and scalars.
func Tree(t *plan.Type, v reflect.Value) any {
	switch t.Kind {
	case plan.Struct:
		return structTree(t, v)
	case plan.List:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = Tree(t.Elem, v.Index(i))
		}
		return list
	case plan.Map:
		entries := make(map[string]any, v.Len())
		for e := v.MapRange(); e.Next(); {
			entries[e.Key().String()] = Tree(t.Elem, e.Value())
		}
		return entries
	case plan.String:
		return v.String()
	case plan.Blob:
		return v.Bytes()
	case plan.Bool:
		return v.Bool()
	case plan.Int:
		return v.Int()
	case plan.Float:
		return v.Float()
	case plan.Time:
		return v.Interface().(time.Time).Truncate(time.Millisecond)
	}
	return nil
}

func structTree(t *plan.Type, v reflect.Value) map[string]any {
	members := make(map[string]any, len(t.Members))
	for i := range t.Members {
		m := &t.Members[i]
		field := v.Field(m.Field)
		if m.Absent(field) {
			continue
		}
		if m.Pointer {
			field = field.Elem()
		}
		members[m.Wire] = Tree(m.Type, field)
	}
	return members
}
