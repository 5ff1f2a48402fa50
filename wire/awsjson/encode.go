package awsjson

import (
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

// Append appends the JSON form of src, a t.Go or a pointer to one, to b.
// Absent members are left out, a list that is not nil is written even if it is
// empty, timestamps are seconds since the epoch with milliseconds.
func Append(b []byte, t *plan.Type, src any) []byte {
	v := reflect.ValueOf(src)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return appendValue(b, t, v)
}

func appendValue(b []byte, t *plan.Type, v reflect.Value) []byte {
	switch t.Kind {
	case plan.Struct:
		return appendStruct(b, t, v)
	case plan.List:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, t.Elem, v.Index(i))
		}
		return append(b, ']')
	case plan.Map:
		return appendMap(b, t, v)
	case plan.String:
		return AppendString(b, v.String())
	case plan.Blob:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case plan.Bool:
		return strconv.AppendBool(b, v.Bool())
	case plan.Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case plan.Float:
		return appendFloat(b, v.Float(), t.Go.Bits())
	case plan.Time:
		return appendTime(b, v.Interface().(time.Time))
	}
	return append(b, "null"...)
}

func appendStruct(b []byte, t *plan.Type, v reflect.Value) []byte {
	b = append(b, '{')
	first := true
	for i := range t.Members {
		m := &t.Members[i]
		field := v.Field(m.Field)
		if m.Absent(field) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		if m.Pointer {
			field = field.Elem()
		}
		b = append(b, m.JSON...)
		b = appendValue(b, m.Type, field)
	}
	return append(b, '}')
}

// appendMap writes a map by ascending keys, so that answers can be compared.
func appendMap(b []byte, t *plan.Type, v reflect.Value) []byte {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, key.String())
		b = append(b, ':')
		b = appendValue(b, t.Elem, v.MapIndex(key))
	}
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

// AppendString appends s quoted. Bytes that are not UTF-8 become U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[done:i]...), "\uFFFD"...)
				done = i + 1
			}
			i += n
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[done:i]...)
			b = appendEscape(b, c)
			done = i + 1
		}
		i++
	}
	b = append(b, s[done:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendFloat writes a float as Java does: 0.0, not 0.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) {
		format = 'E'
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, format, -1, bits)
	if format == 'f' && !slices.Contains(b[start:], '.') {
		b = append(b, ".0"...)
	}
	return b
}

// appendTime writes seconds since the epoch, with as many digits of
// milliseconds as are needed.
func appendTime(b []byte, t time.Time) []byte {
	ms := t.UnixMilli()
	if ms < 0 {
		b = append(b, '-')
		ms = -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if ms %= 1000; ms == 0 {
		return b
	}
	b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}
