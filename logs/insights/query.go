package insights

import "strings"

// MaxLength is the longest query, in characters.
const MaxLength = 10000

// Query is a query that has been read. It is never changed: any number of
// runs may go on at once.
type Query struct {
	commands []command
	columns  []column
	unmasks  bool
	limited  bool // by a limit command
}

// Unmasks reports whether the query asks for masked data in clear.
func (q *Query) Unmasks() bool { return q.unmasks }

// command is a command of a query. stage returns its part in a run, which
// gives rows on to next.
type command interface {
	stage(next stage) stage
}

// column is what results show.
type column struct{ name string }

// parser reads a query from left to right, one token ahead.
type parser struct {
	text  string
	next  token
	stop  int // behind the token taken last
	depth int

	query *Query
	// shown are the columns chosen by fields, display or stats; extracted
	// those that parse made before anything was chosen.
	shown     []column
	extracted []column
	chosen    bool
	columns   map[string]bool // names that stats has made
	sealed    string          // the command that only limit may follow
	// aggregates collects those of a stats command while it is read, and is
	// nil elsewhere.
	aggregates *[]aggregate
}

// Parse reads a query. Its errors are *CompileError and *Unsupported.
func Parse(query string) (*Query, error) {
	p := &parser{text: query, query: &Query{}, columns: map[string]bool{}}
	p.next = scan(query, 0)
	for p.next.kind != end {
		if err := p.command(); err != nil {
			return nil, err
		}
		if p.next.kind == end {
			break
		}
		if err := p.expect("|"); err != nil {
			return nil, err
		}
		if p.next.kind == end {
			return nil, p.unexpected(p.next)
		}
	}
	p.finish()
	return p.query, nil
}

// finish settles which columns are shown.
func (p *parser) finish() {
	q := p.query
	q.columns = p.shown
	if !p.chosen {
		q.columns = append([]column{{"@timestamp"}, {"@message"}}, p.extracted...)
	}
}

func (p *parser) advance() {
	p.stop = p.next.start + len(p.next.text)
	p.next = scan(p.text, p.stop)
}

// take takes the next token if it is the symbol or the word.
func (p *parser) take(word string) bool {
	if !p.next.is(word) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(word string) error {
	if !p.take(word) {
		return p.unexpected(p.next)
	}
	return nil
}

// commands by name in lower case; AWS's own examples write them in both.
var commands map[string]func(*parser) (command, error)

// beyond are the commands of AWS that this package does not have.
var beyond = map[string]bool{
	"anomaly": true, "diff": true, "filterindex": true, "join": true, "lookup": true, "opensearch": true,
	"pattern": true, "source": true, "subquery": true, "unnest": true, "addtotals": true,
}

func init() {
	commands = map[string]func(*parser) (command, error){
		"fields": (*parser).fields, "display": (*parser).display, "filter": (*parser).filter,
		"parse": (*parser).parse, "stats": (*parser).stats, "sort": (*parser).sort,
		"limit": (*parser).limit, "head": (*parser).limit, "dedup": (*parser).dedup,
	}
}

// command takes one command of the pipeline.
func (p *parser) command() error {
	t := p.next
	word := strings.ToLower(t.text)
	read := commands[word]
	switch {
	case t.kind == name && read == nil && beyond[word]:
		return &Unsupported{"the command " + word}
	case t.kind != name || read == nil, p.sealed != "" && word != "limit":
		return p.unexpected(t)
	}
	p.advance()
	c, err := read(p)
	if err != nil {
		return err
	}
	p.query.commands = append(p.query.commands, c)
	return nil
}
