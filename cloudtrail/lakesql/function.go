package lakesql

import "strings"

// function is one of Trino's as SQLite has it.
type function struct {
	sqlite      string
	least, most int // arguments; most < 0: any number
	write       func(arguments []string) string
}

// functions are those that are carried. What SQLite has under the same name
// and means by it alone stands with its name.
// https://trino.io/docs/current/functions.html
var functions = map[string]function{
	// aggregates and windows
	"count": {sqlite: "count", most: 1}, "sum": {sqlite: "sum", least: 1, most: 1}, "avg": {sqlite: "avg", least: 1, most: 1},
	"min": {sqlite: "min", least: 1, most: 1}, "max": {sqlite: "max", least: 1, most: 1},
	"count_if":        {least: 1, most: 1, write: func(a []string) string { return "count(*) FILTER (WHERE " + a[0] + ")" }},
	"approx_distinct": {least: 1, most: 2, write: func(a []string) string { return "count(DISTINCT " + a[0] + ")" }},
	"arbitrary":       {sqlite: "min", least: 1, most: 1}, "any_value": {sqlite: "min", least: 1, most: 1},
	"array_agg": {least: 1, most: 1, write: func(a []string) string { return "lake_list(json_group_array(" + a[0] + "))" }},
	"listagg":   {sqlite: "group_concat", least: 1, most: 2},
	"bool_and":  {sqlite: "min", least: 1, most: 1}, "bool_or": {sqlite: "max", least: 1, most: 1}, "every": {sqlite: "min", least: 1, most: 1},
	"row_number": {sqlite: "row_number"}, "rank": {sqlite: "rank"}, "dense_rank": {sqlite: "dense_rank"},
	"percent_rank": {sqlite: "percent_rank"}, "cume_dist": {sqlite: "cume_dist"}, "ntile": {sqlite: "ntile", least: 1, most: 1},
	"lag": {sqlite: "lag", least: 1, most: 3}, "lead": {sqlite: "lead", least: 1, most: 3},
	"first_value": {sqlite: "first_value", least: 1, most: 1}, "last_value": {sqlite: "last_value", least: 1, most: 1},
	"nth_value": {sqlite: "nth_value", least: 2, most: 2},
	// choices
	"coalesce": {sqlite: "coalesce", least: 2, most: -1}, "nullif": {sqlite: "nullif", least: 2, most: 2},
	"if":       {least: 2, most: 3, write: writeIf},
	"greatest": {sqlite: "max", least: 2, most: -1}, "least": {sqlite: "min", least: 2, most: -1},
	// numbers
	"abs": {sqlite: "abs", least: 1, most: 1}, "round": {sqlite: "round", least: 1, most: 2}, "ceil": {sqlite: "ceil", least: 1, most: 1},
	"ceiling": {sqlite: "ceil", least: 1, most: 1}, "floor": {sqlite: "floor", least: 1, most: 1}, "mod": {sqlite: "mod", least: 2, most: 2},
	"power": {sqlite: "power", least: 2, most: 2}, "pow": {sqlite: "power", least: 2, most: 2}, "sqrt": {sqlite: "sqrt", least: 1, most: 1},
	"sign": {sqlite: "sign", least: 1, most: 1},
	// text
	"lower": {sqlite: "lake_lower", least: 1, most: 1}, "upper": {sqlite: "lake_upper", least: 1, most: 1}, "length": {sqlite: "length", least: 1, most: 1},
	"trim": {sqlite: "trim", least: 1, most: 1}, "ltrim": {sqlite: "ltrim", least: 1, most: 1}, "rtrim": {sqlite: "rtrim", least: 1, most: 1},
	"substr": {sqlite: "substr", least: 2, most: 3}, "substring": {sqlite: "substr", least: 2, most: 3},
	"strpos": {sqlite: "instr", least: 2, most: 2}, "chr": {sqlite: "char", least: 1, most: 1},
	"replace":    {least: 2, most: 3, write: func(a []string) string { return "replace(" + strings.Join(append(a, "''")[:3], ", ") + ")" }},
	"concat":     {least: 2, most: -1, write: func(a []string) string { return "(" + strings.Join(a, " || ") + ")" }},
	"reverse":    {sqlite: "lake_reverse", least: 1, most: 1},
	"lpad":       {least: 3, most: 3, write: named("lake_pad", "-1")},
	"rpad":       {least: 3, most: 3, write: named("lake_pad", "1")},
	"split":      {sqlite: "lake_split", least: 2, most: 2},
	"to_utf8":    {least: 1, most: 1, write: func(a []string) string { return a[0] }},
	"from_utf8":  {least: 1, most: 1, write: func(a []string) string { return a[0] }},
	"split_part": {sqlite: "lake_split_part", least: 3, most: 3}, "starts_with": {sqlite: "lake_starts_with", least: 2, most: 2},
	"regexp_like": {sqlite: "lake_regexp_like", least: 2, most: 2}, "regexp_extract": {sqlite: "lake_regexp_extract", least: 2, most: 3},
	"regexp_replace": {sqlite: "lake_regexp_replace", least: 2, most: 3}, "regexp_count": {sqlite: "lake_regexp_count", least: 2, most: 2},
	"url_extract_host": {sqlite: "lake_url_host", least: 1, most: 1},
	// maps, arrays, JSON
	"element_at": {sqlite: "lake_element", least: 2, most: 2}, "map_keys": {sqlite: "lake_keys", least: 1, most: 1},
	"map_values": {sqlite: "lake_values", least: 1, most: 1}, "cardinality": {sqlite: "lake_cardinality", least: 1, most: 1},
	"contains": {sqlite: "lake_contains", least: 2, most: 2}, "array_join": {sqlite: "lake_join", least: 2, most: 3},
	"json_extract": {sqlite: "lake_json_extract", least: 2, most: 2}, "json_extract_scalar": {sqlite: "lake_json_scalar", least: 2, most: 2},
	"json_parse": {sqlite: "lake_json_parse", least: 1, most: 1}, "json_format": {sqlite: "lake_json", least: 1, most: 1},
	"json_array_length": {sqlite: "lake_cardinality", least: 1, most: 1},
	// times
	"now": {write: func([]string) string { return ":now" }}, "date": {least: 1, most: 1, write: named("lake_cast", "'date'")},
	"date_add": {sqlite: "lake_date_add", least: 3, most: 3}, "date_diff": {sqlite: "lake_date_diff", least: 3, most: 3},
	"date_trunc": {sqlite: "lake_date_trunc", least: 2, most: 2}, "date_format": {sqlite: "lake_date_format", least: 2, most: 2},
	"date_parse":             {sqlite: "lake_date_parse", least: 2, most: 2},
	"from_iso8601_timestamp": {least: 1, most: 1, write: named("lake_cast", "'timestamp'")},
	"from_iso8601_date":      {least: 1, most: 1, write: named("lake_cast", "'date'")},
	"to_iso8601":             {sqlite: "lake_to_iso8601", least: 1, most: 1},
	"from_unixtime":          {sqlite: "lake_from_unixtime", least: 1, most: 1}, "to_unixtime": {sqlite: "lake_to_unixtime", least: 1, most: 1},
	"year": part("year"), "quarter": part("quarter"), "month": part("month"), "day": part("day"), "hour": part("hour"),
	"minute": part("minute"), "second": part("second"), "day_of_week": part("dow"), "dow": part("dow"), "day_of_year": part("doy"),
	"doy": part("doy"), "day_of_month": part("day"), "week": part("week"),
}

// named writes a call with more arguments behind those that are given.
func named(name string, more ...string) func([]string) string {
	return func(a []string) string { return name + "(" + strings.Join(append(a, more...), ", ") + ")" }
}

func part(unit string) function {
	return function{sqlite: "lake_" + unit, least: 1, most: 1}
}

func writeIf(a []string) string {
	otherwise := "NULL"
	if len(a) == 3 {
		otherwise = a[2]
	}
	return "iif(" + a[0] + ", " + a[1] + ", " + otherwise + ")"
}

// functionNamed finds a function. It panics with an *Error without it.
func functionNamed(t token) function {
	f, ok := functions[strings.ToLower(t.text)]
	if !ok || t.kind != word {
		panic(unknownFunction(t))
	}
	return f
}
