package insights

import (
	"cmp"
	"encoding/json"
	"strings"
)

// maxPeeks is for how many fields of a row its message is gone through before
// it is decoded whole.
const maxPeeks = 4

// peek returns a member of the event's message without decoding the rest: most
// queries look at a few fields of many events. It reports whether it could
// tell; what is not plain is left to decode.
func (r *row) peek(name string) (v value, ok bool) {
	if r.decoded || r.peeks == maxPeeks {
		return value{}, false
	}
	r.peeks++
	return peek(cmp.Or(r.event.Transformed, r.event.Message), name)
}

// peek finds the member of that name in a message that is a JSON object.
func peek(message, name string) (found value, ok bool) {
	if name == "" || strings.IndexByte(name, '.') >= 0 {
		return value{}, false
	}
	p := peeker{text: strings.TrimSpace(message)}
	if !p.take('{') {
		return value{}, false
	}
	if p.take('}') {
		return value{}, p.at == len(p.text)
	}
	for {
		key, plain := p.key()
		if !plain {
			return value{}, false
		}
		begin := p.at
		if !p.skip(0) {
			return value{}, false
		}
		if key == name {
			if found, plain = scalar(p.text[begin:p.at]); !plain {
				return value{}, false
			}
		}
		if p.take('}') {
			return found, p.at == len(p.text)
		}
		if !p.take(',') {
			return value{}, false
		}
	}
}

// scalar reads a valid JSON value that needs no decoding. What it returns
// keeps no message in memory.
func scalar(text string) (v value, plain bool) {
	switch text[0] {
	case '"':
		for i := range len(text) {
			if text[i] == '\\' || text[i] >= 0x80 {
				return value{}, false
			}
		}
		return textOf(strings.Clone(text[1 : len(text)-1])), true
	case 't', 'f':
		return boolOf(text[0] == 't'), true
	case 'n', '{', '[':
		return value{}, true
	}
	return fromJSON(json.Number(strings.Clone(text)), false), true
}

// peeker goes through a JSON text. It takes nothing that encoding/json
// refuses; blanks in front of a token belong to it.
type peeker struct {
	text string
	at   int
}

// take takes the byte, if it comes next.
func (p *peeker) take(c byte) bool {
	p.blanks()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *peeker) blanks() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// key takes the name of a member, if it is plain, with its colon.
func (p *peeker) key() (name string, plain bool) {
	p.blanks()
	begin := p.at
	if !p.quoted() {
		return "", false
	}
	name = p.text[begin+1 : p.at-1]
	for i := range len(name) {
		if name[i] == '\\' || name[i] >= 0x80 {
			return "", false
		}
	}
	if !p.take(':') {
		return "", false
	}
	p.blanks()
	return name, true
}

// skip takes a value.
func (p *peeker) skip(depth int) bool {
	p.blanks()
	if p.at == len(p.text) || depth > 100 {
		return false
	}
	switch c := p.text[p.at]; c {
	case '"':
		return p.quoted()
	case '{', '[':
		return p.nested(c+2, depth) // '{'+2 is '}', '['+2 is ']'
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return p.number()
}

// nested takes an object or an array.
func (p *peeker) nested(end byte, depth int) bool {
	p.at++
	if p.take(end) {
		return true
	}
	for {
		if end == '}' {
			if p.blanks(); !p.quoted() || !p.take(':') {
				return false
			}
		}
		if !p.skip(depth + 1) {
			return false
		}
		if p.take(end) {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

func (p *peeker) word(w string) bool {
	if strings.HasPrefix(p.text[p.at:], w) {
		p.at += len(w)
		return true
	}
	return false
}

// quoted takes a string without escapes of code points, which are rare.
func (p *peeker) quoted() bool {
	if p.at == len(p.text) || p.text[p.at] != '"' {
		return false
	}
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			i++
			if i == len(p.text) || strings.IndexByte(`"\/bfnrt`, p.text[i]) < 0 {
				return false
			}
		}
	}
	return false
}

// number takes a number.
func (p *peeker) number() bool {
	if p.at < len(p.text) && p.text[p.at] == '-' {
		p.at++
	}
	zero := p.at < len(p.text) && p.text[p.at] == '0'
	if n := p.digits(); n == 0 || zero && n > 1 {
		return false
	}
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		if p.digits() == 0 {
			return false
		}
	}
	if p.at < len(p.text) && p.text[p.at]|0x20 == 'e' {
		p.at++
		if p.at < len(p.text) && (p.text[p.at] == '+' || p.text[p.at] == '-') {
			p.at++
		}
		return p.digits() > 0
	}
	return true
}

func (p *peeker) digits() (n int) {
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
		n++
	}
	return n
}
