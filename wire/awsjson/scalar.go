package awsjson

import (
	"encoding/base64"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"sealstack/wire/plan"
)

// scalar decodes a string, blob, number, boolean or timestamp.
func (d *decoder) scalar(t *plan.Type, v reflect.Value) error {
	c := d.peek()
	switch t.Kind {
	case plan.String:
		if c == '"' {
			return d.str(v)
		}
	case plan.Blob:
		if c == '"' {
			return d.blob(v)
		}
	case plan.Bool:
		if c == 't' || c == 'f' {
			v.SetBool(c == 't')
			return d.literal(strconv.FormatBool(c == 't'))
		}
	case plan.Int:
		if isNumber(c) {
			return d.integer(t, v)
		}
	case plan.Float:
		return d.float(c, t, v)
	case plan.Time:
		if isNumber(c) {
			return d.timestamp(v)
		}
	}
	return d.mismatch(t)
}

func isNumber(c byte) bool { return c == '-' || '0' <= c && c <= '9' }

func (d *decoder) str(v reflect.Value) error {
	s, err := d.text()
	if err != nil {
		return err
	}
	if d.share == 0 {
		s = strings.Clone(s)
	}
	v.SetString(s)
	return nil
}

func (d *decoder) blob(v reflect.Value) error {
	s, err := d.text()
	if err != nil {
		return err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		// Unverified: the sentence for what is not base64.
		return syntaxError("Invalid base64 value")
	}
	v.SetBytes(b)
	return nil
}

// integer decodes a whole number. One with a fraction of zero or an exponent
// counts as whole: some clients write large numbers so.
func (d *decoder) integer(t *plan.Type, v reflect.Value) error {
	text, integral, err := d.number()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if !integral {
		f, floatErr := strconv.ParseFloat(text, 64)
		if f != math.Trunc(f) {
			return syntaxError("DECIMAL_VALUE can not be converted to %s", typeNames(t))
		}
		if n, err = int64(f), floatErr; math.Abs(f) > 1<<53 {
			return outOfRange(text, t)
		}
	}
	if err != nil || v.OverflowInt(n) {
		return outOfRange(text, t)
	}
	v.SetInt(n)
	return nil
}

// outOfRange reports a number that its type can't hold.
// Unverified: the sentence.
func outOfRange(text string, t *plan.Type) error {
	if t.Go.Kind() == reflect.Int32 {
		return syntaxError("Numeric value (%s) out of range of int (%d - %d)", text, math.MinInt32, math.MaxInt32)
	}
	return syntaxError("Numeric value (%s) out of range of long (%d - %d)", text, math.MinInt64, math.MaxInt64)
}

// float decodes a number or one of the three strings that stand for what JSON
// has no number for.
func (d *decoder) float(c byte, t *plan.Type, v reflect.Value) error {
	if c == '"' {
		switch s, err := d.text(); {
		case err != nil:
			return err
		case s == "NaN":
			v.SetFloat(math.NaN())
		case s == "Infinity":
			v.SetFloat(math.Inf(1))
		case s == "-Infinity":
			v.SetFloat(math.Inf(-1))
		default:
			return mismatch("STRING_VALUE", t)
		}
		return nil
	}
	if !isNumber(c) {
		return d.mismatch(t)
	}
	text, _, err := d.number()
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(text, t.Go.Bits())
	if err != nil {
		// Unverified: the sentence.
		return syntaxError("Numeric value (%s) out of range of %s", text, strings.TrimPrefix(typeNames(t), "a "))
	}
	v.SetFloat(f)
	return nil
}

// maxSeconds bounds timestamps to the years that ISO 8601 can write.
const maxSeconds = 253402300799

// timestamp decodes seconds since the epoch, with a fraction or without; what
// is finer than a millisecond is cut off.
func (d *decoder) timestamp(v reflect.Value) error {
	text, _, err := d.number()
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > maxSeconds {
		return syntaxError("Numeric value (%s) out of range of a timestamp", text)
	}
	*v.Addr().Interface().(*time.Time) = time.UnixMilli(int64(math.Round(f * 1000))).UTC()
	return nil
}

// mismatch reports that the value which comes next has another type than t.
func (d *decoder) mismatch(t *plan.Type) error {
	var token string
	switch c := d.peek(); {
	case c == '"':
		token = "STRING_VALUE"
	case c == 't':
		token = "TRUE_VALUE"
	case c == 'f':
		token = "FALSE_VALUE"
	case c == '{':
		token = "{"
	case c == '[':
		token = "["
	case isNumber(c):
		token = "NUMBER_VALUE"
	default:
		return d.unexpected()
	}
	if err := d.skip(); err != nil {
		return err // a body that is no JSON at all says that first
	}
	return mismatch(token, t)
}

// mismatch returns AWS's sentence for a token where a value of type t belongs.
// Unverified: all but those for a string and an integer and the one for a
// structure in place of a scalar.
func mismatch(token string, t *plan.Type) error {
	switch t.Kind {
	case plan.Struct:
		return syntaxError("Unexpected field type")
	case plan.List:
		return syntaxError("Expected list or null")
	case plan.Map:
		return syntaxError("Expected map or null")
	}
	switch token {
	case "{":
		return syntaxError("Start of structure or map found where not expected.")
	case "[":
		return syntaxError("Start of list found where not expected.")
	}
	return syntaxError("%s can not be converted to %s", token, typeNames(t))
}

func typeNames(t *plan.Type) string {
	switch t.Kind {
	case plan.Blob:
		return "a Blob"
	case plan.Bool:
		return "a Boolean"
	case plan.Int:
		if t.Go.Kind() == reflect.Int32 {
			return "an Integer"
		}
		return "a Long"
	case plan.Float:
		if t.Go.Kind() == reflect.Float32 {
			return "a Float"
		}
		return "a Double"
	case plan.Time:
		return "milliseconds since epoch"
	}
	return "a String"
}
