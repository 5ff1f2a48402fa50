package lakesql

import (
	"database/sql/driver"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

var textFunctions = []scalar{
	{"lake_lower", func(a []driver.Value) (driver.Value, error) { return strings.ToLower(str(a[0])), nil }},
	{"lake_upper", func(a []driver.Value) (driver.Value, error) { return strings.ToUpper(str(a[0])), nil }},
	{"lake_reverse", func(a []driver.Value) (driver.Value, error) {
		r := []rune(str(a[0]))
		slices.Reverse(r)
		return string(r), nil
	}},
	{"lake_pad", func(a []driver.Value) (driver.Value, error) {
		return pad(str(a[0]), whole(a[1]), str(a[2]), whole(a[3]))
	}},
	{"lake_split", func(a []driver.Value) (driver.Value, error) {
		var list []driver.Value
		for _, p := range strings.Split(str(a[0]), str(a[1])) {
			list = append(list, p)
		}
		return arrayOf(list), nil
	}},
	{"lake_split_part", func(a []driver.Value) (driver.Value, error) {
		list, n := strings.Split(str(a[0]), str(a[1])), whole(a[2])
		if n < 1 {
			return failed("Index must be greater than zero")
		}
		if n > int64(len(list)) {
			return nil, nil
		}
		return list[n-1], nil
	}},
	{"lake_starts_with", func(a []driver.Value) (driver.Value, error) {
		return truth(strings.HasPrefix(str(a[0]), str(a[1]))), nil
	}},
	{"lake_regexp_like", func(a []driver.Value) (driver.Value, error) {
		r, err := pattern(str(a[1]))
		if err != nil {
			return nil, err
		}
		return truth(r.MatchString(str(a[0]))), nil
	}},
	{"lake_regexp_count", func(a []driver.Value) (driver.Value, error) {
		r, err := pattern(str(a[1]))
		if err != nil {
			return nil, err
		}
		return int64(len(r.FindAllStringIndex(str(a[0]), -1))), nil
	}},
	{"lake_regexp_extract", extract},
	{"lake_regexp_replace", func(a []driver.Value) (driver.Value, error) {
		r, err := pattern(str(a[1]))
		if err != nil {
			return nil, err
		}
		by := ""
		if len(a) == 3 {
			by = str(a[2])
		}
		return r.ReplaceAllString(str(a[0]), by), nil
	}},
	{"lake_url_host", func(a []driver.Value) (driver.Value, error) {
		u, err := url.Parse(str(a[0]))
		if err != nil || u.Hostname() == "" {
			return nil, nil
		}
		return u.Hostname(), nil
	}},
}

// patterns are those that were compiled: a query asks for one again and again.
var patterns sync.Map

const maxPatterns = 256 // kept; more make room by starting anew

func pattern(text string) (*regexp.Regexp, error) {
	if r, ok := patterns.Load(text); ok {
		return r.(*regexp.Regexp), nil
	}
	r, err := regexp.Compile(text)
	if err != nil {
		_, err = failed("Invalid regular expression: %s", text)
		return nil, err
	}
	n := 0
	patterns.Range(func(any, any) bool { n++; return n < maxPatterns })
	if n >= maxPatterns {
		patterns.Clear()
	}
	patterns.Store(text, r)
	return r, nil
}

func extract(a []driver.Value) (driver.Value, error) {
	r, err := pattern(str(a[1]))
	if err != nil {
		return nil, err
	}
	group := int64(0)
	if len(a) == 3 {
		group = whole(a[2])
	}
	m := r.FindStringSubmatch(str(a[0]))
	if group < 0 || group > int64(r.NumSubexp()) {
		return failed("Pattern has %d groups. Cannot access group %d", r.NumSubexp(), group)
	}
	if m == nil {
		return nil, nil
	}
	return m[group], nil
}

// maxPad bounds what padding makes, in characters.
const maxPad = 1 << 16

func pad(s string, size int64, by string, side int64) (driver.Value, error) {
	if size < 0 || size > maxPad || by == "" {
		return failed("Target length must be in the range [0..%d]", maxPad)
	}
	r := []rune(s)
	if int64(len(r)) >= size {
		return string(r[:size]), nil
	}
	fill := []rune(strings.Repeat(by, int(size)))[:size-int64(len(r))]
	if side < 0 {
		return string(fill) + s, nil
	}
	return s + string(fill), nil
}
