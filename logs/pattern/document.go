package pattern

import (
	"encoding/json"
	"strings"
)

// A document is the text of a JSON object or array that isDocument has
// accepted; everything else in this file relies on that. Values are found by
// walking the text, so that a message is matched without being decoded.

// maxDepth of nesting in a message, as in encoding/json.
const maxDepth = 10000

// isDocument tells whether text, without blanks around it, is a whole JSON
// object or array.
func isDocument(text string) bool {
	if text == "" || text[0] != '{' && text[0] != '[' {
		return false
	}
	c := checker{text: text}
	return c.value(0) && c.pos == len(text)
}

// checker walks text that may be anything. Each method takes one construct and
// tells whether it was there.
type checker struct {
	text string
	pos  int
}

func (c *checker) peek() byte {
	if c.pos == len(c.text) {
		return 0
	}
	return c.text[c.pos]
}

func (c *checker) blank() {
	for c.pos < len(c.text) && isBlank(c.text[c.pos]) {
		c.pos++
	}
}

func (c *checker) take(token string) bool {
	if !strings.HasPrefix(c.text[c.pos:], token) {
		return false
	}
	c.pos += len(token)
	return true
}

func (c *checker) value(depth int) bool {
	switch c.peek() {
	case '{':
		return depth < maxDepth && c.container('}', true, depth+1)
	case '[':
		return depth < maxDepth && c.container(']', false, depth+1)
	case '"':
		return c.string()
	case 't':
		return c.take("true")
	case 'f':
		return c.take("false")
	case 'n':
		return c.take("null")
	}
	return c.number()
}

func (c *checker) container(closing byte, named bool, depth int) bool {
	c.pos++
	c.blank()
	if c.peek() == closing {
		c.pos++
		return true
	}
	for {
		if named && !c.name() || !c.value(depth) {
			return false
		}
		c.blank()
		if c.peek() == closing {
			c.pos++
			return true
		}
		if !c.take(",") {
			return false
		}
		c.blank()
	}
}

func (c *checker) name() bool {
	if c.peek() != '"' || !c.string() {
		return false
	}
	c.blank()
	if !c.take(":") {
		return false
	}
	c.blank()
	return true
}

func (c *checker) string() bool {
	for c.pos++; ; c.pos++ {
		c.plain()
		switch c.peek() {
		case '"':
			c.pos++
			return true
		case '\\':
			if !c.escape() {
				return false
			}
		default: // a control character or the end
			return false
		}
	}
}

// plain takes what needs no further look in a string.
func (c *checker) plain() {
	text, pos := c.text, c.pos
	for pos < len(text) && text[pos] >= ' ' && text[pos] != '"' && text[pos] != '\\' {
		pos++
	}
	c.pos = pos
}

// escape leaves pos on the last byte of the escape.
func (c *checker) escape() bool {
	c.pos++
	switch c.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		for range 4 {
			c.pos++
			if c.pos >= len(c.text) || !isHex(c.text[c.pos]) {
				return false
			}
		}
		return true
	}
	return false
}

func (c *checker) number() bool {
	c.take("-")
	if !c.take("0") && !c.digits() {
		return false
	}
	if c.take(".") && !c.digits() {
		return false
	}
	if c.take("e") || c.take("E") {
		if !c.take("+") {
			c.take("-")
		}
		return c.digits()
	}
	return true
}

func (c *checker) digits() bool {
	start := c.pos
	for '0' <= c.peek() && c.peek() <= '9' {
		c.pos++
	}
	return c.pos > start
}

// members walks the elements of a container in a document.
type members struct {
	text string
	pos  int
}

func membersOf(container string) members { return members{text: container, pos: 1} }

// next gives the text of the next value, and in an object of its name, quotes
// included.
func (m *members) next(named bool) (name, value string, ok bool) {
	for isBlank(m.text[m.pos]) || m.text[m.pos] == ',' {
		m.pos++
	}
	if m.text[m.pos] == ']' || m.text[m.pos] == '}' {
		return "", "", false
	}
	if named {
		name = m.value()
		for isBlank(m.text[m.pos]) || m.text[m.pos] == ':' {
			m.pos++
		}
	}
	return name, m.value(), true
}

func (m *members) value() string {
	start := m.pos
	switch m.text[m.pos] {
	case '"':
		m.skipString()
	case '{', '[':
		m.skipContainer()
	default:
		for c := m.text[m.pos]; c != ',' && c != ']' && c != '}' && !isBlank(c); c = m.text[m.pos] {
			m.pos++
		}
	}
	return m.text[start:m.pos]
}

func (m *members) skipString() { m.pos = endOfString(m.text, m.pos) }

// endOfString is where the text goes on behind the string that begins at pos.
func endOfString(text string, pos int) int {
	for pos++; text[pos] != '"'; pos++ {
		if text[pos] == '\\' {
			pos++
		}
	}
	return pos + 1
}

func (m *members) skipContainer() {
	text, pos := m.text, m.pos
	for depth := 0; ; {
		switch text[pos] {
		case '"':
			pos = endOfString(text, pos)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		pos++
		if depth == 0 {
			m.pos = pos
			return
		}
	}
}

// scalar gives a string without quotes and escapes, or the text of a number or
// a boolean; null, objects and arrays have none. scientific tells that the
// value is a JSON number.
func scalar(value string) (text string, scientific, ok bool) {
	switch value[0] {
	case '"':
		return unquote(value), false, true
	case '{', '[', 'n':
		return "", false, false
	}
	return value, true, true
}

func unquote(value string) string {
	if strings.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	var text string
	if err := json.Unmarshal([]byte(value), &text); err != nil {
		panic("internal error: a string of a document does not decode: " + err.Error())
	}
	return text
}
