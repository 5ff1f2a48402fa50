package lakesql

import (
	"database/sql/driver"
	"encoding/json"
	"strconv"
	"strings"
)

var castFunctions = []scalar{
	{"lake_cast", func(a []driver.Value) (driver.Value, error) { return cast(a[0], str(a[1])) }},
	{"lake_try_cast", func(a []driver.Value) (driver.Value, error) {
		v, err := cast(a[0], str(a[1]))
		if err != nil {
			return nil, nil //nolint:nilerr // that is what TRY_CAST is for
		}
		return v, nil
	}},
}

func cast(v driver.Value, to string) (driver.Value, error) {
	s := strings.TrimSpace(str(v))
	switch to {
	case "varchar":
		return strings.TrimPrefix(str(v), mark), nil
	case "json":
		if strings.HasPrefix(s, mark) {
			return s[1:], nil
		}
		b, err := json.Marshal(v)
		return string(b), err
	case "bigint":
		if f, ok := v.(float64); ok {
			return int64(f + 0.5), nil
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
	case "double":
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f, nil
		}
	case "boolean":
		switch strings.ToLower(s) {
		case "true", "t", "1":
			return truth(true), nil
		case "false", "f", "0":
			return truth(false), nil
		}
	case "timestamp", "date":
		if t, ok := parseTime(s); ok {
			if to == "date" {
				return t.Format("2006-01-02"), nil
			}
			return t.Format(timeLayout), nil
		}
	}
	return failed("Cannot cast '%s' to %s", s, strings.ToUpper(to))
}
