package insights

import (
	"regexp"
	"strings"
)

// extract is the parse command: it takes fields out of a text by a glob or
// by a regular expression. Where the text does not fit, it makes none.
type extract struct {
	from   expression
	names  []string
	groups []int // of the regular expression, for each name
	re     *regexp.Regexp
	pieces []string // of the glob: what stands between its asterisks
}

// parse takes a parse command. Without a field it reads @message.
//
// Unverified: that, and that what it extracts is shown behind the other
// columns where no display says otherwise.
func (p *parser) parse() (command, error) {
	x := &extract{from: fieldRef{"@message"}}
	if p.next.kind != text && !p.next.is("/") {
		f, err := p.sum0()
		if err != nil {
			return nil, err
		}
		x.from = f
	}
	var err error
	if p.next.is("/") {
		err = p.extractRegex(x)
	} else {
		err = p.extractGlob(x)
	}
	if err != nil {
		return nil, err
	}
	for _, n := range x.names {
		p.made(n)
	}
	return x, nil
}

// sum0 takes the field that is parsed: a field or a call, since a slash
// behind it begins a regular expression and divides nothing.
func (p *parser) sum0() (expression, error) { return p.primary() }

func (p *parser) extractGlob(x *extract) error {
	t := p.next
	if t.kind != text {
		return p.unexpected(t)
	}
	p.advance()
	x.pieces = strings.Split(t.value, "*")
	names, err := p.aliases()
	if err != nil {
		return err
	}
	if len(names) != len(x.pieces)-1 || len(names) == 0 {
		return p.wrong(t, "the number of wildcards and of fields differ in parse "+t.text)
	}
	x.names = names
	return nil
}

// extractRegex takes a regular expression whose named groups are the fields,
// or whose groups the aliases name.
func (p *parser) extractRegex(x *extract) error {
	t := p.next
	var err error
	if x.re, err = p.regex(); err != nil {
		return err
	}
	for i, n := range x.re.SubexpNames() {
		if n != "" {
			x.names, x.groups = append(x.names, n), append(x.groups, i)
		}
	}
	if len(x.names) == 0 && p.next.is("as") {
		if x.names, err = p.aliases(); err != nil {
			return err
		}
		for i := range x.names {
			x.groups = append(x.groups, i+1)
		}
	}
	if len(x.names) == 0 || x.groups[len(x.groups)-1] > x.re.NumSubexp() {
		return p.wrong(t, "parse needs a named group for each field")
	}
	return nil
}

// aliases takes "as" and names.
func (p *parser) aliases() (names []string, err error) {
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	for {
		n, err := p.fieldName()
		if err != nil {
			return nil, err
		}
		names = append(names, n)
		if !p.take(",") {
			return names, nil
		}
	}
}

func (x *extract) stage(next stage) stage { return &extracting{x, next} }

type extracting struct {
	*extract
	next stage
}

func (s *extracting) push(r *row) {
	if v := s.from.eval(r); v.kind != absent {
		if s.re != nil {
			s.byRegex(r, v.String())
		} else {
			s.byGlob(r, v.String())
		}
	}
	s.next.push(r)
}

func (s *extracting) flush() { s.next.flush() }

func (s *extracting) byRegex(r *row, text string) {
	at := s.re.FindStringSubmatchIndex(text)
	if at == nil {
		return
	}
	for i, n := range s.names {
		if g := 2 * s.groups[i]; at[g] >= 0 {
			r.bind(n, textOf(text[at[g]:at[g+1]]))
		}
	}
}

// byGlob takes for each asterisk the shortest text up to the next piece; an
// asterisk at the end takes all that is left.
func (s *extracting) byGlob(r *row, text string) {
	start := strings.Index(text, s.pieces[0])
	if start < 0 {
		return
	}
	rest := text[start+len(s.pieces[0]):]
	found := make([]string, 0, len(s.names))
	for i, piece := range s.pieces[1:] {
		stop := strings.Index(rest, piece)
		if piece == "" && i == len(s.names)-1 {
			stop = len(rest)
		}
		if stop < 0 {
			return
		}
		found = append(found, rest[:stop])
		rest = rest[stop+len(piece):]
	}
	for i, n := range s.names {
		r.bind(n, textOf(found[i]))
	}
}
