package insights

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// kind tells what a value is.
type kind uint8

const (
	absent kind = iota
	textual
	numeric
	boolean
	instant   // milliseconds since the epoch
	structure // what jsonParse made
)

// value is what an expression gives. A number that stood in a message keeps
// its text, so that it is shown as it was written.
type value struct {
	kind kind
	text string
	num  float64
	data any // of a structure
}

func textOf(s string) value    { return value{kind: textual, text: s} }
func numberOf(n float64) value { return value{kind: numeric, num: n} }
func timeOf(ms float64) value  { return value{kind: instant, num: ms} }

func boolOf(b bool) value {
	if b {
		return value{kind: boolean, num: 1}
	}
	return value{kind: boolean}
}

// layout is how Insights shows a time, in UTC.
const layout = "2006-01-02 15:04:05.000"

// String is the value as results show it: booleans are 1 and 0.
//
// Unverified: that booleans of JSON messages are shown so too.
func (v value) String() string {
	switch v.kind {
	case textual:
		return v.text
	case numeric:
		if v.text != "" {
			return v.text
		}
		return showNumber(v.num)
	case boolean:
		return strconv.Itoa(int(v.num))
	case instant:
		return time.UnixMilli(int64(v.num)).UTC().Format(layout)
	case structure:
		b, err := json.Marshal(v.data)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return ""
}

// showNumber gives at most four decimals.
//
// Unverified: that AWS rounds all computed numbers so.
func showNumber(n float64) string {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		return strconv.FormatFloat(n, 'g', -1, 64)
	}
	s := strconv.FormatFloat(n, 'f', 4, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// number returns the value as a number, also of text that is one.
func (v value) number() (float64, bool) {
	switch v.kind {
	case numeric, boolean, instant:
		return v.num, true
	case textual:
		return readNumber(v.text)
	}
	return 0, false
}

// readNumber reads a decimal; words for infinity and the like are none.
func readNumber(s string) (float64, bool) {
	if s == "" || !isDigit(s[len(s)-1]) && s[len(s)-1] != '.' || strings.ContainsAny(s, "xX_pP") {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// holds reports whether a filter keeps a row for the value.
func (v value) holds() bool {
	switch v.kind {
	case numeric, boolean, instant:
		return v.num != 0
	case textual:
		return strings.EqualFold(v.text, "true") || v.text == "1"
	}
	return false
}

// compare orders two values that are there: as numbers if both are or can be
// read as such, else as texts.
func compare(a, b value) int {
	if a.kind == boolean && b.kind == textual {
		b = truth(b)
	} else if b.kind == boolean && a.kind == textual {
		a = truth(a)
	}
	x, isX := a.number()
	y, isY := b.number()
	if isX && isY {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a.String(), b.String())
}

// truth reads the words true and false.
func truth(v value) value {
	switch {
	case strings.EqualFold(v.text, "true"):
		return boolOf(true)
	case strings.EqualFold(v.text, "false"):
		return boolOf(false)
	}
	return v
}

// natural orders values as the sort command does: what is no number comes
// before all numbers; in it, runs of digits are ordered by length and then by
// value, all else by code point. What is absent comes first.
func natural(a, b value) int {
	x, isX := a.number()
	y, isY := b.number()
	switch {
	case a.kind == absent || b.kind == absent:
		return cmp.Compare(min(a.kind, 1), min(b.kind, 1))
	case isX && isY:
		return cmp.Compare(x, y)
	case isX:
		return 1
	case isY:
		return -1
	}
	return naturalText(a.String(), b.String())
}

func naturalText(a, b string) int {
	for a != "" && b != "" {
		x, y := chunk(a), chunk(b)
		a, b = a[len(x):], b[len(y):]
		c := strings.Compare(x, y)
		if isDigit(x[0]) && isDigit(y[0]) && len(x) != len(y) {
			c = cmp.Compare(len(x), len(y))
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// chunk returns the run of digits, or of others, at the start of s.
func chunk(s string) string {
	digits := isDigit(s[0])
	i := 1
	for i < len(s) && isDigit(s[i]) == digits {
		i++
	}
	return s[:i]
}
