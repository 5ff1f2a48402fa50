package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// echo returns a value as a sentence shows it, with its blank and quotes. A
// binary or sensitive value, or one that holds such a value, is not shown.
func echo(t *Type, v reflect.Value) string {
	if t.hidden(map[*Type]bool{}) {
		return ""
	}
	var b strings.Builder
	b.WriteString(" '")
	printJava(&b, t, v)
	b.WriteByte('\'')
	return b.String()
}

func (t *Type) hidden(seen map[*Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	if t.Sensitive || t.Kind == Blob || t.Elem.hidden(seen) || t.Key.hidden(seen) {
		return true
	}
	return slices.ContainsFunc(t.Members, func(m Member) bool { return m.Type.hidden(seen) })
}

// printJava prints a value as the services' Java does: [a, b] for a list,
// {k=v} for a map, Name(member=value) for a structure.
// Unverified: the form of structures and the order of a map's entries.
func printJava(b *strings.Builder, t *Type, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			b.WriteString("null")
			return
		}
		v = v.Elem()
	}
	switch t.Kind {
	case List:
		printList(b, t, v)
	case Map:
		printMap(b, t, v)
	case Struct:
		printStruct(b, t, v)
	case Time:
		b.WriteString(v.Interface().(time.Time).UTC().Format(time.RFC3339Nano))
	case Float:
		b.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	default:
		fmt.Fprint(b, v.Interface())
	}
}

func printList(b *strings.Builder, t *Type, v reflect.Value) {
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		printJava(b, t.Elem, v.Index(i))
	}
	b.WriteByte(']')
}

func printMap(b *strings.Builder, t *Type, v reflect.Value) {
	entries := map[string]reflect.Value{}
	for entry := v.MapRange(); entry.Next(); {
		entries[entry.Key().String()] = entry.Value()
	}
	b.WriteByte('{')
	for i, key := range slices.Sorted(maps.Keys(entries)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(key)
		b.WriteByte('=')
		printJava(b, t.Elem, entries[key])
	}
	b.WriteByte('}')
}

func printStruct(b *strings.Builder, t *Type, v reflect.Value) {
	b.WriteString(t.Shape)
	b.WriteByte('(')
	for i := range t.Members {
		m := &t.Members[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.Name)
		b.WriteByte('=')
		if field := v.Field(m.Field); m.Absent(field) {
			b.WriteString("null")
		} else {
			printJava(b, m.Type, field)
		}
	}
	b.WriteByte(')')
}
