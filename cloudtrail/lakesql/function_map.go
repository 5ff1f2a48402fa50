package lakesql

import (
	"database/sql/driver"
	"encoding/json"
	"strings"
)

var mapFunctions = []scalar{
	{"lake_field", func(a []driver.Value) (driver.Value, error) { return find(str(a[0]), str(a[1]), true), nil }},
	{"lake_element", func(a []driver.Value) (driver.Value, error) { return element(a[0], a[1]), nil }},
	{"lake_subscript", subscript},
	{"lake_json", func(a []driver.Value) (driver.Value, error) { return strings.TrimPrefix(str(a[0]), mark), nil }},
	{"lake_list", func(a []driver.Value) (driver.Value, error) { return mark + str(a[0]), nil }},
	{"lake_wrap", func(a []driver.Value) (driver.Value, error) {
		if kind := str(a[1]); kind == "object" || kind == "array" {
			return mark + str(a[0]), nil
		}
		return a[0], nil
	}},
	{"lake_keys", func(a []driver.Value) (driver.Value, error) {
		return eachMember(a[0], func(m member) driver.Value { return m.name })
	}},
	{"lake_values", func(a []driver.Value) (driver.Value, error) {
		return eachMember(a[0], func(m member) driver.Value { return native(m.value) })
	}},
	{"lake_cardinality", func(a []driver.Value) (driver.Value, error) { return int64(len(elements(str(a[0])))), nil }},
	{"lake_contains", func(a []driver.Value) (driver.Value, error) {
		for _, e := range elements(str(a[0])) {
			if v := native(e); v != nil && str(v) == str(a[1]) {
				return truth(true), nil
			}
		}
		return truth(false), nil
	}},
	{"lake_join", func(a []driver.Value) (driver.Value, error) {
		var list []string
		for _, e := range elements(str(a[0])) {
			if v := native(e); v != nil {
				list = append(list, str(v))
			} else if len(a) == 3 {
				list = append(list, str(a[2]))
			}
		}
		return strings.Join(list, str(a[1])), nil
	}},
	{"lake_json_parse", func(a []driver.Value) (driver.Value, error) {
		s := strings.TrimPrefix(str(a[0]), mark)
		if !json.Valid([]byte(s)) {
			return failed("Cannot convert value to JSON: '%s'", s)
		}
		return s, nil
	}},
	{"lake_json_extract", func(a []driver.Value) (driver.Value, error) {
		raw := walk(str(a[0]), str(a[1]))
		if raw == nil {
			return nil, nil
		}
		return string(raw), nil
	}},
	{"lake_json_scalar", func(a []driver.Value) (driver.Value, error) {
		raw := walk(str(a[0]), str(a[1]))
		if raw == nil || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
			return nil, nil
		}
		return unquote(raw), nil
	}},
}

// native is a JSON value as SQLite holds it.
func native(raw json.RawMessage) driver.Value {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case raw[0] == '{' || raw[0] == '[':
		return mark + string(raw)
	case string(raw) == "true" || string(raw) == "false":
		return truth(string(raw) == "true")
	case raw[0] != '"':
		var n int64
		if json.Unmarshal(raw, &n) == nil {
			return n
		}
		var f float64
		if json.Unmarshal(raw, &f) == nil {
			return f
		}
	}
	return unquote(raw)
}

// find is a member of an object, by its name; of a row whatever the case.
func find(object, name string, fold bool) driver.Value {
	object = strings.TrimPrefix(object, mark)
	if !strings.HasPrefix(object, "{") {
		return nil
	}
	list, err := split([]byte(object))
	if err != nil {
		return nil
	}
	for _, m := range list {
		if m.name == name || fold && strings.EqualFold(m.name, name) {
			return native(m.value)
		}
	}
	return nil
}

// elements are those of an array; of a map, its values.
func elements(text string) []json.RawMessage {
	text = strings.TrimPrefix(text, mark)
	var list []json.RawMessage
	if strings.HasPrefix(text, "[") {
		_ = json.Unmarshal([]byte(text), &list) // what is no array has no elements
		return list
	}
	members, _ := split([]byte(text))
	for _, m := range members {
		list = append(list, m.value)
	}
	return list
}

// element is element_at: nil for what is not there. Arrays count from one,
// and from the end with a sign.
func element(of, key driver.Value) driver.Value {
	text := strings.TrimPrefix(str(of), mark)
	n, isIndex := key.(int64)
	if !isIndex || !strings.HasPrefix(text, "[") {
		return find(text, str(key), false)
	}
	list := elements(text)
	if n < 0 {
		n += int64(len(list)) + 1
	}
	if n < 1 || n > int64(len(list)) {
		return nil
	}
	return native(list[n-1])
}

// subscript is [key]: what is not there is an error.
func subscript(a []driver.Value) (driver.Value, error) {
	text := strings.TrimPrefix(str(a[0]), mark)
	if strings.HasPrefix(text, "[") {
		if n := whole(a[1]); n < 1 || n > int64(len(elements(text))) {
			return failed("Array subscript must be less than or equal to array length: %d > %d", n, len(elements(text)))
		}
		return element(a[0], whole(a[1])), nil
	}
	list, _ := split([]byte(text))
	for _, m := range list {
		if m.name == str(a[1]) {
			return native(m.value), nil
		}
	}
	return failed("Key not present in map: %s", str(a[1]))
}

func eachMember(of driver.Value, fn func(member) driver.Value) (driver.Value, error) {
	list, err := split([]byte(strings.TrimPrefix(str(of), mark)))
	if err != nil {
		return nil, nil
	}
	var out []driver.Value
	for _, m := range list {
		out = append(out, fn(m))
	}
	return arrayOf(out), nil
}

// arrayOf makes an array of values.
func arrayOf(list []driver.Value) driver.Value {
	b := []byte(mark + "[")
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		switch v := v.(type) {
		case nil:
			b = append(b, "null"...)
		case string:
			if strings.HasPrefix(v, mark) {
				b = append(b, v[1:]...)
			} else {
				b = append(b, quote(v)...)
			}
		default:
			b = append(b, str(v)...)
		}
	}
	return string(append(b, ']'))
}

// walk follows a JSON path of names and subscripts: $.a.b[0]["c"].
func walk(text, path string) json.RawMessage {
	at := json.RawMessage(strings.TrimPrefix(text, mark))
	if !json.Valid(at) {
		return nil
	}
	path = strings.TrimPrefix(path, "$")
	for path != "" && at != nil {
		var key string
		key, path = step(path)
		at = child(at, key)
	}
	return at
}

// step cuts the first step off a path.
func step(path string) (key, rest string) {
	if strings.HasPrefix(path, "[") {
		inner, rest, _ := strings.Cut(path[1:], "]")
		return strings.Trim(inner, `"'`), rest
	}
	path = strings.TrimPrefix(path, ".")
	if i := strings.IndexAny(path, ".["); i > 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

func child(of json.RawMessage, key string) json.RawMessage {
	if strings.HasPrefix(string(of), "[") {
		list := elements(string(of))
		var n int
		if json.Unmarshal([]byte(key), &n) != nil || n < 0 || n >= len(list) {
			return nil
		}
		return list[n]
	}
	if !strings.HasPrefix(string(of), "{") {
		return nil
	}
	list, _ := split(of)
	for _, m := range list {
		if m.name == key {
			return m.value
		}
	}
	return nil
}
