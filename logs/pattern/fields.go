package pattern

import (
	"strconv"
	"strings"
)

// fields matches a space-delimited message word by word. What stands in
// brackets or double quotes is one word, without them.
//
// The last field takes all that is left of the message, so that [w1=ERROR, w2]
// finds messages of any length that begin with ERROR. An ellipsis takes any
// number of words instead, and then the last field is the last word.
//
// Unverified: AWS does not say that the last field takes the rest, but its
// examples ask for it, and [timestamp=*Z, request_id="*-*", event] is how its
// console splits what a Lambda function logs.
type fields struct {
	before, after []field // around the ellipsis; all in before without one
	ellipsis      bool
}

// field has an empty name where the pattern gives none.
type field struct {
	name string
	// One of the groups must hold, and in it each condition; no group at all
	// holds for every word.
	anyOf [][]condition
}

func (f *field) holds(word string) bool {
	if len(f.anyOf) == 0 {
		return true
	}
	for _, group := range f.anyOf {
		if holdAll(group, word) {
			return true
		}
	}
	return false
}

func holdAll(group []condition, word string) bool {
	for i := range group {
		if !group[i].holds(word, false) {
			return false
		}
	}
	return true
}

func parseFields(s *scanner) (matcher, error) {
	if s.text[len(s.text)-1] != ']' || len(s.text) < 2 {
		return nil, notClosed("[", "]")
	}
	s.text, s.pos = s.text[:len(s.text)-1], 1
	if trim(s.rest()) == "" {
		return nil, invalid("no fields")
	}
	f := new(fields)
	for {
		s.skipBlanks()
		if err := f.parseField(s); err != nil {
			return nil, err
		}
		s.skipBlanks()
		if s.done() {
			return f, nil
		}
		if !s.take(",") {
			return nil, s.unexpected()
		}
	}
}

func (f *fields) parseField(s *scanner) error {
	if s.take("...") {
		if f.ellipsis {
			return invalid("two ellipses")
		}
		f.ellipsis = true
		return nil
	}
	field, err := parseNamedField(s)
	if err != nil {
		return err
	}
	if f.ellipsis {
		f.after = append(f.after, field)
	} else {
		f.before = append(f.before, field)
	}
	return nil
}

// parseNamedField takes a name and its conditions, which repeat the name:
// w1=ERROR || w1=WARN && w1!=x, where && binds closer.
func parseNamedField(s *scanner) (field, error) {
	f := field{name: s.run(isName)}
	s.skipBlanks()
	if f.name == "" || s.done() || s.peek() == ',' {
		return f, nil
	}
	for {
		group, err := parseGroup(s, f.name)
		if err != nil {
			return field{}, err
		}
		f.anyOf = append(f.anyOf, group)
		if !s.takeToken("||") {
			return f, nil
		}
		if err := f.repeat(s); err != nil {
			return field{}, err
		}
	}
}

func parseGroup(s *scanner, name string) ([]condition, error) {
	var group []condition
	f := field{name: name}
	for {
		c, err := parseCondition(s)
		if err != nil {
			return nil, err
		}
		group = append(group, c)
		if !s.takeToken("&&") {
			return group, nil
		}
		if err := f.repeat(s); err != nil {
			return nil, err
		}
	}
}

// repeat takes the name of the field once more.
//
// Unverified: whether AWS lets a condition speak of another field.
func (f *field) repeat(s *scanner) error {
	name := s.run(isName)
	if name == "" {
		return s.unexpected()
	}
	if name != f.name {
		return invalid("a condition on " + name + " at the field " + f.name)
	}
	return nil
}

func (f *fields) match(message string) bool {
	words := words{message: message}
	for i := range f.before {
		word, ok := words.next(i == len(f.before)-1 && !f.ellipsis)
		if !ok || !f.before[i].holds(word) {
			return false
		}
	}
	if !f.ellipsis {
		return true
	}
	return f.matchEnd(words)
}

// matchEnd skips the words that the ellipsis takes.
func (f *fields) matchEnd(words words) bool {
	for skip := words.count() - len(f.after); skip > 0; skip-- {
		words.next(false)
	}
	for i := range f.after {
		word, ok := words.next(false)
		if !ok || !f.after[i].holds(word) {
			return false
		}
	}
	return true
}

func (f *fields) extract(message string) map[string]string {
	values := map[string]string{}
	words := words{message: message}
	total := words.count()
	for position := 1; ; position++ {
		field := f.at(position, total)
		last := !f.ellipsis && position == len(f.before)
		word, ok := words.next(last)
		if !ok {
			return values
		}
		name := field.name
		if name == "" {
			name = strconv.Itoa(position)
		}
		values["$"+name] = word
	}
}

// at is the field for a word of a message of total words.
func (f *fields) at(position, total int) field {
	if position <= len(f.before) {
		return f.before[position-1]
	}
	if i := position - (total - len(f.after)) - 1; i >= 0 && i < len(f.after) {
		return f.after[i]
	}
	return field{} // one that the ellipsis takes
}

// words cuts a message into its words.
type words struct {
	message string
	pos     int
	// Where the next closing bracket was found, kept so that a message of
	// opening brackets is not searched to its end for each of them.
	bracket int
}

// next gives a word, or with all the rest of the message.
func (w *words) next(all bool) (string, bool) {
	for w.pos < len(w.message) && isBlank(w.message[w.pos]) {
		w.pos++
	}
	if w.pos == len(w.message) {
		return "", false
	}
	start := w.pos
	word := w.cut()
	if all && trim(w.message[w.pos:]) != "" {
		word, w.pos = trim(w.message[start:]), len(w.message)
	}
	return word, true
}

func (w words) count() int {
	n := 0
	for {
		if _, ok := w.next(false); !ok {
			return n
		}
		n++
	}
}

// cut takes the word at pos, which is not blank. A bracket or quote that is
// not closed, or closed within a word, is an ordinary character.
func (w *words) cut() string {
	start := w.pos
	end := w.closing()
	if end+1 == len(w.message) || end < len(w.message) && isBlank(w.message[end+1]) {
		w.pos = end + 1
		return w.message[start+1 : end]
	}
	for w.pos < len(w.message) && !isBlank(w.message[w.pos]) {
		w.pos++
	}
	return w.message[start:w.pos]
}

// closing finds the first character that closes what opens at pos, behind the
// message if there is none.
func (w *words) closing() int {
	switch w.message[w.pos] {
	case '"':
		return indexFrom(w.message, w.pos+1, '"')
	case '[':
		if w.bracket <= w.pos {
			w.bracket = indexFrom(w.message, w.pos+1, ']')
		}
		return w.bracket
	}
	return len(w.message)
}

// indexFrom is the length of the text where there is no such byte.
func indexFrom(text string, from int, b byte) int {
	if i := strings.IndexByte(text[from:], b); i >= 0 {
		return from + i
	}
	return len(text)
}
