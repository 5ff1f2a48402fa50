package restxml

import (
	"encoding/base64"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"sealstack/wire/plan"
	"sealstack/wire/xmltext"
)

// errNotOfType says that a text is not of the type it is wanted as.
var errNotOfType = errors.New("restxml: value has another type")

// parse reads a scalar from the text of a header, parameter, label, element or
// attribute.
func parse(t *plan.Type, text string, v reflect.Value) (err error) {
	switch t.Kind {
	case plan.String:
		if !utf8.ValidString(text) {
			return errNotOfType
		}
		v.SetString(text)
	case plan.Blob:
		var b []byte
		b, err = base64.StdEncoding.DecodeString(text)
		v.SetBytes(b)
	case plan.Bool:
		return parseBool(text, v)
	case plan.Int:
		var i int64
		i, err = strconv.ParseInt(text, 10, t.Go.Bits())
		v.SetInt(i)
	case plan.Float:
		var f float64
		f, err = strconv.ParseFloat(text, t.Go.Bits())
		v.SetFloat(f)
	case plan.Time:
		return parseTime(text, v)
	default:
		return errNotOfType
	}
	return err
}

func parseBool(text string, v reflect.Value) error {
	switch text {
	case "true", "True", "TRUE":
		v.SetBool(true)
	case "false", "False", "FALSE":
		v.SetBool(false)
	default:
		return errNotOfType
	}
	return nil
}

// parseTime reads a timestamp in any form that a client of S3 may send: an
// HTTP date or ISO 8601, wherever it stands.
func parseTime(text string, v reflect.Value) error {
	t, err := http.ParseTime(text)
	for _, layout := range [...]string{time.RFC3339Nano, "20060102T150405Z0700", time.DateOnly} {
		if err == nil {
			break
		}
		t, err = time.Parse(layout, text)
	}
	if err != nil {
		return err
	}
	*v.Addr().Interface().(*time.Time) = t.UTC()
	return nil
}

// The formats of timestamps, by the names that the models give them. S3 writes
// milliseconds always.
const (
	httpDate = "rfc822"
	iso8601  = "2006-01-02T15:04:05.000Z"
)

// appendScalar appends a scalar. standard is the format of timestamps where
// the shape has none of its own.
func appendScalar(b []byte, t *plan.Type, v reflect.Value, standard string) []byte {
	switch t.Kind {
	case plan.String:
		return append(b, v.String()...)
	case plan.Blob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes())
	case plan.Bool:
		return strconv.AppendBool(b, v.Bool())
	case plan.Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case plan.Float:
		return xmltext.Float(b, v.Float(), t.Go.Bits())
	case plan.Time:
		return appendTime(b, v.Interface().(time.Time).UTC(), t.TimeFormat, standard)
	}
	return b
}

func appendTime(b []byte, at time.Time, format, standard string) []byte {
	if format == "" {
		format = standard
	}
	switch format {
	case httpDate:
		return at.AppendFormat(b, http.TimeFormat)
	case "unixTimestamp":
		return strconv.AppendInt(b, at.Unix(), 10)
	}
	return at.AppendFormat(b, iso8601)
}
