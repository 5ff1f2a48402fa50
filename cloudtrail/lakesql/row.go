package lakesql

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// Within SQLite a map, a row or an array is its JSON behind a mark, so that
// text which happens to be JSON stays text.
const mark = "\x01"

// timeLayout is how timestamps are held and printed.
const timeLayout = "2006-01-02 15:04:05.000"

// members is a JSON object with its order kept.
type member struct {
	name  string
	value json.RawMessage
}

// split reads the members of a JSON object.
func split(object []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var list []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		text, _ := name.(string)
		m := member{name: text}
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// record makes the values of the wanted columns of an event.
func record(event []byte, wanted []column) ([]any, error) {
	list, err := split(event)
	if err != nil {
		return nil, err
	}
	by := make(map[string]json.RawMessage, len(list))
	for _, m := range list {
		by[strings.ToLower(m.name)] = m.value
	}
	out := make([]any, len(wanted))
	for i, c := range wanted {
		switch c.name {
		case "eventjson":
			out[i] = string(event)
		case "eventjsonchecksum":
			sum := sha256.Sum256(event)
			out[i] = base64.StdEncoding.EncodeToString(sum[:])
		default:
			out[i] = value(by[c.name], c.shape)
		}
	}
	return out, nil
}

// value is a JSON value as SQLite holds it.
func value(raw json.RawMessage, s shape) any {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	switch s.kind {
	case "boolean":
		return string(raw) == "true" || string(raw) == `"true"`
	case "timestamp":
		return moment(unquote(raw))
	case "map", "row", "array":
		return mark + string(fit(raw, s))
	}
	return unquote(raw)
}

// unquote is the text of a JSON string, and of any other value its JSON.
func unquote(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// moment is a timestamp in the layout that all have, or what it was.
func moment(s string) string {
	if t, ok := parseTime(s); ok {
		return t.Format(timeLayout)
	}
	return s
}

// fit makes JSON of the shape of its column: the names of a row's fields in
// lower case, the values of a map text.
func fit(raw json.RawMessage, s shape) json.RawMessage {
	switch {
	case string(raw) == "null":
		return raw
	case s.kind == "row" && raw[0] == '{', s.kind == "map" && raw[0] == '{':
		return fitObject(raw, s)
	case s.kind == "array" && raw[0] == '[':
		return fitList(raw, shape{"row", s.fields})
	case s.kind == "timestamp":
		return quote(moment(unquote(raw)))
	case s.kind == "map":
		return raw
	}
	return quote(unquote(raw))
}

func fitObject(raw json.RawMessage, s shape) json.RawMessage {
	list, err := split(raw)
	if err != nil {
		return raw
	}
	b := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			b = append(b, ',')
		}
		name, of := m.name, plain
		if s.kind == "row" {
			name = strings.ToLower(m.name)
			if f, ok := s.fields[name]; ok {
				of = f
			}
		}
		b = append(append(b, quote(name)...), ':')
		b = append(b, fit(m.value, of)...)
	}
	return append(b, '}')
}

func fitList(raw json.RawMessage, of shape) json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return raw
	}
	b := []byte{'['}
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, fit(v, of)...)
	}
	return append(b, ']')
}

func quote(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // text can always be written
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

var layouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999 UTC", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04", "2006-01-02",
}

// parseTime reads what Trino takes for a timestamp, or ISO 8601.
func parseTime(s string) (time.Time, bool) {
	for _, l := range layouts {
		if t, err := time.Parse(l, strings.TrimSpace(s)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
