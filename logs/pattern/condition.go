package pattern

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// operator compares a value of a message with one of the pattern.
type operator int

const (
	equal operator = iota + 1
	notEqual
	less
	lessEqual
	greater
	greaterEqual
)

// In this order: an operator stands before those that it begins with.
var operators = []struct {
	token string
	op    operator
}{
	{"!=", notEqual}, {"<=", lessEqual}, {">=", greaterEqual}, {"=", equal}, {"<", less}, {">", greater},
}

func (s *scanner) operator() (operator, bool) {
	for _, o := range operators {
		if s.takeToken(o.token) {
			return o.op, true
		}
	}
	return 0, false
}

// condition holds for some values of a message. Its value is a regular
// expression, a number (only where written without quotes) or a glob.
type condition struct {
	op      operator
	re      *regexp.Regexp
	number  number
	numeric bool
	glob    glob
}

// parseCondition takes an operator and its value. An order needs a number.
func parseCondition(s *scanner) (condition, error) {
	op, ok := s.operator()
	if !ok {
		return condition{}, s.unexpected()
	}
	c := condition{op: op}
	if err := c.parseValue(s); err != nil {
		return condition{}, err
	}
	if op != equal && op != notEqual && !c.numeric {
		return condition{}, invalid("an order of something that is no number")
	}
	return c, nil
}

func (c *condition) parseValue(s *scanner) (err error) {
	switch s.peek() {
	case '%':
		c.re, err = s.regex()
		return err
	case '"':
		text, err := s.quoted('"')
		c.glob = newGlob(text)
		return err
	}
	word := s.run(isValue)
	if word == "" {
		return s.unexpected()
	}
	c.number, c.numeric = parseNumber(word, true)
	c.glob = newGlob(word)
	return nil
}

// isValue tells what a value without quotes may hold.
//
// Unverified: AWS documents letters, digits and the underscore, but its own
// examples have dots and asterisks, numbers have signs, and paths and times
// are in wide use.
func isValue(c byte) bool {
	return isWord(c) || strings.IndexByte(".*+-/:@#", c) >= 0
}

// holds compares a value that stands in the message as text. Only JSON numbers
// may be in scientific notation there.
func (c *condition) holds(text string, scientific bool) bool {
	switch c.op {
	case equal:
		return c.same(text, scientific)
	case notEqual:
		return !c.same(text, scientific)
	}
	n, ok := parseNumber(text, scientific)
	if !ok {
		return false
	}
	order := n.compare(c.number)
	switch c.op {
	case less:
		return order < 0
	case lessEqual:
		return order <= 0
	case greater:
		return order > 0
	default:
		return order >= 0
	}
}

func (c *condition) same(text string, scientific bool) bool {
	if c.re != nil {
		return c.re.MatchString(text)
	}
	if c.glob.match(text) {
		return true
	}
	if !c.numeric {
		return false
	}
	n, ok := parseNumber(text, scientific)
	return ok && n.compare(c.number) == 0
}

// glob is a text with an asterisk before it, behind it, both or neither. One
// in the middle is an ordinary character: Ev*ent finds only "Ev*ent".
type glob struct {
	text          string
	before, after bool
}

func newGlob(text string) glob {
	var g glob
	text, g.before = strings.CutPrefix(text, "*")
	g.text, g.after = strings.CutSuffix(text, "*")
	if g.before && text == "" { // the asterisk alone
		g.after = true
	}
	return g
}

func (g glob) match(text string) bool {
	switch {
	case g.before && g.after:
		return strings.Contains(text, g.text)
	case g.before:
		return strings.HasSuffix(text, g.text)
	case g.after:
		return strings.HasPrefix(text, g.text)
	}
	return text == g.text
}

// number keeps integers exact, so that account numbers and the like beyond
// 2^53 are not taken for their neighbours.
type number struct {
	integer int64
	float   float64
	exact   bool
}

// parseNumber reads an integer or a decimal with an optional sign, and if
// scientific with an optional exponent.
func parseNumber(text string, scientific bool) (number, bool) {
	mantissa := strings.TrimLeft(text, "+-")
	if len(text)-len(mantissa) > 1 {
		return number{}, false
	}
	whole, rest := digits(mantissa)
	integer := rest == ""
	fraction := "0"
	if strings.HasPrefix(rest, ".") {
		fraction, rest = digits(rest[1:])
	}
	if whole == "" || fraction == "" || rest != "" && !(scientific && isExponent(rest)) {
		return number{}, false
	}
	n := number{}
	if i, err := strconv.ParseInt(text, 10, 64); integer && err == nil {
		n.integer, n.exact = i, true
	}
	f, err := strconv.ParseFloat(text, 64)
	n.float = f
	return n, err == nil || f != 0 // out of range is infinite, still in order
}

func digits(s string) (taken, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	return s[:len(s)-len(rest)], rest
}

func isExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	power, rest := digits(s)
	return power != "" && rest == ""
}

func (n number) compare(other number) int {
	if n.exact && other.exact {
		return cmp.Compare(n.integer, other.integer)
	}
	return cmp.Compare(n.float, other.float)
}
