package lakesql

import (
	"strconv"
	"strings"
)

// Print is a value as CloudTrail Lake answers it: maps and rows as {a=b},
// arrays as [a, b], nothing as "null".
//
// Unverified: how AWS answers what is null.
func Print(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if strings.HasPrefix(v, mark) {
			return composite([]byte(v[1:]))
		}
		return v
	case []byte:
		return Print(string(v))
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return double(v)
	}
	return ""
}

func composite(raw []byte) string {
	switch {
	case string(raw) == "null":
		return "null"
	case raw[0] == '[':
		var list []string
		for _, e := range elements(string(raw)) {
			list = append(list, composite(e))
		}
		return "[" + strings.Join(list, ", ") + "]"
	case raw[0] == '{':
		members, _ := split(raw)
		var list []string
		for _, m := range members {
			list = append(list, m.name+"="+composite(m.value))
		}
		return "{" + strings.Join(list, ", ") + "}"
	}
	return unquote(raw)
}
