package pattern

import (
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// choices turns the bytes of a fuzz input into decisions; at its end all are 0.
type choices struct{ script []byte }

func (c *choices) of(n int) int {
	if len(c.script) == 0 {
		return 0
	}
	b := c.script[0]
	c.script = c.script[1:]
	return int(b) % n
}

func (c *choices) from(list ...string) string { return list[c.of(len(list))] }

// reference is a pattern, or a part of one, as text and as a plain function on
// what encoding/json makes of a message.
type reference struct {
	text  string
	holds func(doc any) bool
}

func (c *choices) expression(depth int) reference {
	if depth == 0 || c.of(2) == 0 {
		return c.test()
	}
	a, b := c.expression(depth-1), c.expression(depth-1)
	if c.of(2) == 0 {
		return reference{"(" + a.text + ") && (" + b.text + ")", func(doc any) bool { return a.holds(doc) && b.holds(doc) }}
	}
	return reference{"(" + a.text + ") || (" + b.text + ")", func(doc any) bool { return a.holds(doc) || b.holds(doc) }}
}

func (c *choices) test() reference {
	selector, find := c.selector()
	switch c.of(4) {
	case 0:
		return reference{selector + " NOT EXISTS", func(doc any) bool { _, ok := find(doc); return !ok }}
	case 1:
		return reference{selector + " IS NULL", func(doc any) bool { v, ok := find(doc); return ok && v == nil }}
	case 2:
		return reference{selector + " IS TRUE", func(doc any) bool { v, ok := find(doc); return ok && v == true }}
	}
	condition, compare := c.comparison()
	return reference{selector + " " + condition, func(doc any) bool {
		v, ok := find(doc)
		switch v := v.(type) {
		case string:
			return ok && compare(v)
		case json.Number:
			return ok && compare(v.String())
		case bool:
			return ok && compare(strconv.FormatBool(v))
		}
		return false
	}}
}

// selector has one to three steps without wildcards.
func (c *choices) selector() (string, func(doc any) (any, bool)) {
	text := "$"
	var steps []any
	for range 1 + c.of(3) {
		if text != "$" && c.of(2) == 0 {
			i := c.of(3)
			text += fmt.Sprintf("[%d]", i)
			steps = append(steps, i)
			continue
		}
		key := c.from("a", "b", "c")
		text += c.from("."+key, ".['"+key+"']")
		steps = append(steps, key)
	}
	return text, func(doc any) (any, bool) { return walk(doc, steps) }
}

func walk(doc any, steps []any) (any, bool) {
	for _, step := range steps {
		switch at := step.(type) {
		case string:
			object, ok := doc.(map[string]any)
			if doc, ok = object[at], ok && has(object, at); !ok {
				return nil, false
			}
		case int:
			array, ok := doc.([]any)
			if !ok || at >= len(array) {
				return nil, false
			}
			doc = array[at]
		}
	}
	return doc, true
}

func has(object map[string]any, key string) bool {
	_, ok := object[key]
	return ok
}

// comparison is of words without digits or of small whole numbers, where
// nothing is to be known about scientific notation and the like.
func (c *choices) comparison() (string, func(text string) bool) {
	if c.of(2) == 0 {
		word := c.from("x", "xy", "true", "", "*x", "y*", "*y*", "*")
		not := c.of(2) == 1
		operator := map[bool]string{false: "=", true: "!="}[not]
		return operator + ` "` + word + `"`, func(text string) bool { return naiveGlob(word, text) != not }
	}
	n := c.of(5) - 2
	operator := c.from("=", "!=", "<", "<=", ">", ">=")
	return operator + strconv.Itoa(n), func(text string) bool {
		v, err := strconv.Atoi(text)
		if err != nil {
			return operator == "!="
		}
		return map[string]bool{"=": v == n, "!=": v != n, "<": v < n, "<=": v <= n, ">": v > n, ">=": v >= n}[operator]
	}
}

func naiveGlob(word, text string) bool {
	inner := strings.Trim(word, "*")
	for at := 0; at+len(inner) <= len(text); at++ {
		if text[at:at+len(inner)] == inner &&
			(at == 0 || strings.HasPrefix(word, "*")) &&
			(at+len(inner) == len(text) || strings.HasSuffix(word, "*")) {
			return true
		}
	}
	return false
}

// document is a random message for such expressions.
func (c *choices) document(depth int) string {
	kind := c.of(8)
	if depth == 0 {
		kind = 2 + kind%6
	}
	switch kind {
	case 0:
		return fmt.Sprintf(`{"%s":%s, "%s" : %s}`, c.from("a", "b", "c"), c.document(depth-1), c.from("a", "\\u0062", "c"), c.document(depth-1))
	case 1:
		return fmt.Sprintf(`[%s ,%s]`, c.document(depth-1), c.document(depth-1))
	case 2:
		return strconv.Itoa(c.of(7) - 3)
	case 3:
		return c.from("true", "false", "null")
	case 4:
		return c.from("{}", "[]", `{"a":[]}`)
	}
	return c.from(`"x"`, `"xy"`, `""`, `"yx"`, `"\u0078"`, `"2"`, `"}\"]"`)
}

// FuzzExpressionsAgreeWithANaiveMatcher makes pattern and message from bytes.
func FuzzExpressionsAgreeWithANaiveMatcher(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07"), []byte("\x00\x01\x00\x02\x03"))
	f.Add([]byte("\x01\x00\x03\x01\x01\x05"), []byte("\x00\x00\x01\x02\x05\x05\x01"))
	f.Fuzz(func(t *testing.T, patternScript, messageScript []byte) {
		compareExpressions(t, patternScript, messageScript)
	})
}

func TestExpressionsAgreeWithANaiveMatcher(t *testing.T) {
	matched := 0
	for i := range 5000 {
		if compareExpressions(t, script(2*i), script(2*i+1)) {
			matched++
		}
	}
	if matched < 250 || matched > 4750 {
		t.Errorf("%d of 5000 matched: too few of one kind", matched)
	}
}

func compareExpressions(t *testing.T, patternScript, messageScript []byte) bool {
	t.Helper()
	want := (&choices{patternScript}).expression(3)
	c := &choices{messageScript}
	message := fmt.Sprintf(`{"a":%s,"b":%s,"c":%s}`, c.document(3), c.document(3), c.document(2))
	text := "{ " + want.text + " }"
	if len(text) > MaxLength {
		return false
	}
	decoder := json.NewDecoder(strings.NewReader(message))
	decoder.UseNumber()
	var doc any
	if err := decoder.Decode(&doc); err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	got := mustParse(t, text).Match(message)
	if got != want.holds(doc) {
		t.Errorf("%s on %s = %v, naively %v", text, message, got, !got)
	}
	return got
}

// script gives the bytes for one of many cases, the same in every run.
func script(n int) []byte {
	sum := sha512.Sum512([]byte(strconv.Itoa(n)))
	return sum[:]
}

// FuzzFieldsAgreeWithANaiveMatcher has messages of bare words only, for which
// strings.Fields is the reference.
func FuzzFieldsAgreeWithANaiveMatcher(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04"), []byte("\x03\x01\x02"))
	f.Add([]byte("\x03\x00\x01\x01\x02\x05\x06"), []byte("\x05\x01\x01\x02"))
	f.Fuzz(func(t *testing.T, patternScript, messageScript []byte) {
		compareFields(t, patternScript, messageScript)
	})
}

func TestFieldsAgreeWithANaiveMatcher(t *testing.T) {
	matched := 0
	for i := range 5000 {
		if compareFields(t, script(2*i), script(2*i+1)) {
			matched++
		}
	}
	if matched < 250 || matched > 4750 {
		t.Errorf("%d of 5000 matched: too few of one kind", matched)
	}
}

func compareFields(t *testing.T, patternScript, messageScript []byte) bool {
	t.Helper()
	c := &choices{messageScript}
	var words []string
	for range c.of(6) {
		words = append(words, c.from("x", "xy", "2", "-1", "yx"))
	}
	message := strings.Join(words, c.from(" ", "  ", "\t"))
	p := &choices{patternScript}
	var texts []string
	var tests []func(string) bool // nil is the ellipsis
	ellipsis := false
	for range 1 + p.of(4) {
		if !ellipsis && p.of(4) == 0 {
			ellipsis = true
			texts, tests = append(texts, "..."), append(tests, nil)
			continue
		}
		condition, test := p.comparison()
		texts, tests = append(texts, "f "+condition), append(tests, test)
	}
	text := "[" + strings.Join(texts, ", ") + "]"
	got, want := mustParse(t, text).Match(message), naiveFields(tests, words, message)
	if got != want {
		t.Errorf("%s on %q = %v, naively %v", text, message, got, want)
	}
	return got
}

// naiveFields tries every number of words for the ellipsis.
func naiveFields(tests []func(string) bool, words []string, message string) bool {
	if len(tests) == 0 {
		return len(words) == 0
	}
	if tests[0] == nil {
		for skip := 0; skip <= len(words); skip++ {
			if len(words)-skip == len(tests)-1 && naiveFields(tests[1:], words[skip:], "") {
				return true
			}
		}
		return len(tests) == 1
	}
	if len(words) == 0 {
		return false
	}
	if len(tests) == 1 && message != "" { // the last field, no ellipsis before it
		return tests[0](message)
	}
	rest := ""
	if message != "" {
		rest = strings.TrimLeft(message[len(words[0]):], " \t")
	}
	return tests[0](words[0]) && naiveFields(tests[1:], words[1:], rest)
}
