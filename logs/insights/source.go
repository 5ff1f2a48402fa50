package insights

import (
	"strconv"
	"strings"
	"time"
)

// Source is the SOURCE command: the log groups of a query, which are either
// named or selected.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html
type Source struct {
	Names []string // of log groups, or their ARNs
	// Selected: the groups are those of the class whose names begin with one
	// of the prefixes, if there are any.
	Selected bool
	Prefixes []string
	Accounts []string // empty: the caller's
	Class    string   // STANDARD or INFREQUENT_ACCESS
	// Start and End are the time range where the source has one.
	Start, End *Bound
}

// Bound is a time: Millis since the epoch, or from when the query began.
type Bound struct {
	Relative bool
	Millis   int64
}

// At returns the time, in milliseconds, for a query that began at now.
func (b *Bound) At(now int64) int64 {
	if b.Relative {
		return now + b.Millis
	}
	return b.Millis
}

// Limits of a selection.
const (
	maxPrefixes = 5
	maxAccounts = 20
)

func (p *parser) source() error {
	p.advance()
	s := &Source{Class: "STANDARD"}
	p.query.source = s
	switch {
	case p.next.is("datasource"):
		return &Unsupported{"data sources"}
	case p.next.is("loggroups") && scan(p.text, p.next.start+len(p.next.text)).is("("):
		p.advance()
		if err := p.selection(s); err != nil {
			return err
		}
	default:
		if err := p.groupNames(s); err != nil {
			return err
		}
	}
	return p.bounds(s)
}

// groupNames takes the names of log groups, quoted or bare.
func (p *parser) groupNames(s *Source) error {
	for {
		n, err := p.groupName()
		if err != nil {
			return err
		}
		s.Names = append(s.Names, n)
		if !p.take(",") && p.next.kind != text {
			return nil
		}
	}
}

func (p *parser) groupName() (string, error) {
	t := p.next
	switch t.kind {
	case text, quotedName:
		p.advance()
		return t.value, nil
	case end, broken:
		return "", p.unexpected(t)
	}
	word := p.bareWord()
	if word == "" {
		return "", p.unexpected(t)
	}
	return word, nil
}

// bareWord takes all up to a blank or a symbol that ends a source.
func (p *parser) bareWord() string {
	from := p.next.start
	stop := from
	for stop < len(p.text) && !strings.ContainsRune(" \t\r\n|(),", rune(p.text[stop])) {
		stop++
	}
	p.stop = stop
	p.next = scan(p.text, stop)
	return p.text[from:stop]
}

// selection takes the arguments of logGroups.
func (p *parser) selection(s *Source) error {
	p.advance()
	s.Selected = true
	for !p.take(")") {
		t := p.next
		p.advance()
		if err := p.expect(":"); err != nil {
			return err
		}
		list, err := p.texts()
		if err != nil {
			return err
		}
		if err := p.choose(s, t, list); err != nil {
			return err
		}
		if !p.take(",") && !p.next.is(")") {
			return p.unexpected(p.next)
		}
	}
	return nil
}

func (p *parser) choose(s *Source, key token, list []string) error {
	switch strings.ToLower(key.text) {
	case "nameprefix":
		if len(list) > maxPrefixes {
			return p.wrong(key, "too many prefixes of log groups")
		}
		s.Prefixes = list
	case "accountidentifiers", "accountidentifier":
		if len(list) > maxAccounts {
			return p.wrong(key, "too many accounts")
		}
		s.Accounts = list
	case "class", "loggroupclass":
		if len(list) != 1 || list[0] != "STANDARD" && list[0] != "INFREQUENT_ACCESS" {
			return p.wrong(key, "unknown log group class")
		}
		s.Class = list[0]
	case "tags", "tag":
		return &Unsupported{"the selection of log groups by tags"}
	default:
		return p.unexpected(key)
	}
	return nil
}

// texts takes a list of texts in brackets, or one text.
func (p *parser) texts() (list []string, err error) {
	if p.next.kind == text {
		list = []string{p.next.value}
		p.advance()
		return list, nil
	}
	if err := p.expect("["); err != nil {
		return nil, err
	}
	for !p.take("]") {
		if p.next.kind != text {
			return nil, p.unexpected(p.next)
		}
		list = append(list, p.next.value)
		p.advance()
		if !p.take(",") && !p.next.is("]") {
			return nil, p.unexpected(p.next)
		}
	}
	return list, nil
}

// bounds takes START= and END=, the form in which AWS lists queries.
//
// Unverified: that they stand above the time range of the call.
func (p *parser) bounds(s *Source) error {
	for _, b := range []struct {
		word string
		at   **Bound
	}{{"start", &s.Start}, {"end", &s.End}} {
		if !p.next.is(b.word) {
			continue
		}
		p.advance()
		if err := p.expect("="); err != nil {
			return err
		}
		t := p.next
		bound, ok := readBound(strings.Trim(p.bareWord(), `"'`))
		if !ok {
			return p.wrong(t, "unknown time")
		}
		*b.at = &bound
	}
	return nil
}

// readBound reads -3600s, now, 2026-01-23T00:00:00Z and a time in
// milliseconds.
func readBound(s string) (Bound, bool) {
	if strings.EqualFold(s, "now") || s == "0" {
		return Bound{Relative: true}, true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		return Bound{Millis: n}, true
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return Bound{Millis: t.UnixMilli()}, true
	}
	digits := strings.TrimLeft(s, "-+")
	if strings.HasPrefix(digits, "0") && strings.TrimLeft(digits, "0") != digits {
		return Bound{Relative: true}, true
	}
	d, ok := readSpan(digits)
	if !ok || d.months != 0 {
		return Bound{}, false
	}
	if strings.HasPrefix(s, "-") {
		d.millis = -d.millis
	}
	return Bound{true, d.millis}, true
}
