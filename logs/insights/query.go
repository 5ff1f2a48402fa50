package insights

import (
	"cmp"
	"slices"
	"strings"
)

// MaxLength is the longest query, in characters.
const MaxLength = 10000

// Query is a query that has been read. It is never changed: any number of
// runs may go on at once.
type Query struct {
	commands   []command
	columns    []column
	source     *Source
	subqueries []*Query
	tables     []string // of lookup commands
	indexed    []string // fields of filterIndex commands
	standard   string   // a command that only the Standard class has
	unmasks    bool
	limited    bool // by a limit command
	any        bool // the first rows found are enough
}

// Unmasks reports whether the query, or one in it, asks for masked data in
// clear.
func (q *Query) Unmasks() bool {
	return q.unmasks || slices.ContainsFunc(q.subqueries, (*Query).Unmasks)
}

// Source tells which log groups the query is over; nil if it does not say.
func (q *Query) Source() *Source { return q.source }

// Subqueries are the queries that stand in this one. They are run first, each
// with Options.Keep, and Options.Subqueries takes what they found.
func (q *Query) Subqueries() []*Query { return q.subqueries }

// Tables names the lookup tables that the query uses, for Options.Tables.
func (q *Query) Tables() []string { return q.tables }

// Indexed names the fields that a log group must have an index of to be read:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-FilterIndex.html
func (q *Query) Indexed() []string { return q.indexed }

// Standard names a command of the query that log groups of the Infrequent
// Access class do not have; empty if there is none:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_Classes.html
func (q *Query) Standard() string {
	if q.standard == "" && q.unmasks {
		return "unmask"
	}
	return q.standard
}

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
	scope
}

// scope is what is known of the query that is read: of the whole one, or of
// one within it.
type scope struct {
	query *Query
	// shown are the columns chosen by fields, display or stats; extracted
	// those that parse made before anything was chosen.
	shown     []column
	extracted []column
	chosen    bool
	columns   map[string]bool // names that stats has made
	sealed    string          // the command that only limit may follow
	inner     bool            // this query stands in another
	ppl       bool            // it is written in PPL
	stats     int             // stats commands so far
	ordered   string          // the first sort or limit
	// collected takes the aggregates of a stats command while it is read, and
	// is nil elsewhere.
	collected *[]aggregate
}

// Parse reads a query. Its errors are *CompileError and *Unsupported.
func Parse(query string) (*Query, error) {
	p := &parser{text: query, scope: newScope()}
	p.next = scan(query, 0)
	err := p.pipeline("")
	return p.query, err
}

func newScope() scope { return scope{query: &Query{}, columns: map[string]bool{}} }

// pipeline takes commands up to the end of the query or a closing symbol.
func (p *parser) pipeline(closing string) error {
	first := true
	for p.next.kind != end && !(closing != "" && p.next.is(closing)) {
		read := p.command
		switch {
		case first && p.ppl && (p.next.is("source") || p.next.is("search")):
			read = p.sourcePPL
		case first && p.next.is("source"):
			read = p.source
		}
		if err := read(); err != nil {
			return err
		}
		first = false
		if p.next.kind == end || closing != "" && p.next.is(closing) {
			break
		}
		if err := p.expect("|"); err != nil {
			return err
		}
		if p.next.kind == end {
			return p.unexpected(p.next)
		}
	}
	p.finish()
	return nil
}

// made adds a column that a command makes, behind the others.
func (p *parser) made(name string) {
	if p.chosen {
		p.show(name)
	} else {
		p.extracted = append(p.extracted, column{name})
	}
}

// restart makes columns the only ones that results have.
func (p *parser) restart(names ...string) {
	p.chosen, p.shown = true, nil
	clear(p.columns)
	for _, n := range names {
		p.show(n)
		p.columns[n] = true
	}
}

// shownNow are the columns shown as things stand.
func (p *parser) shownNow() []column {
	if p.chosen {
		return slices.Clone(p.shown)
	}
	return append([]column{{"@timestamp"}, {"@message"}}, p.extracted...)
}

// finish settles which columns are shown.
func (p *parser) finish() {
	p.query.columns = p.shownNow()
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
var beyond = map[string]bool{"anomaly": true, "relevantfields": true, "opensearch": true}

func init() {
	commands = map[string]func(*parser) (command, error){
		"fields": (*parser).fields, "display": (*parser).display, "filter": (*parser).filter, "where": (*parser).filter,
		"filterindex": (*parser).filterIndex, "parse": (*parser).parse, "stats": (*parser).statistics, "sort": (*parser).sort,
		"limit": (*parser).limit, "head": (*parser).limit, "dedup": (*parser).dedup,
		"pattern": (*parser).pattern, "diff": (*parser).diff, "logcompare": (*parser).compareLogs,
		"unnest": (*parser).unnest, "expand": (*parser).expand, "lookup": (*parser).lookup, "cidrlookup": (*parser).cidrLookup,
		"join": (*parser).join, "appendcols": (*parser).appendColumns, "addtotals": (*parser).addTotals, "accum": (*parser).accumulate,
		"autoregress": (*parser).autoregress, "filldown": (*parser).fillDown, "fillmissing": (*parser).fillMissing,
		"sessionize": (*parser).sessionize, "outlier": (*parser).outlier,
		"countfrequent": (*parser).countFrequent, "count_frequent": (*parser).countFrequent,
	}
}

// command takes one command of the pipeline.
func (p *parser) command() error {
	t := p.next
	word := strings.ToLower(t.text)
	known, lacking := commands, beyond
	if p.ppl {
		known, lacking = pplCommands, pplBeyond
	}
	read := known[word]
	switch {
	case t.kind == name && read == nil && lacking[word]:
		return &Unsupported{"the command " + word}
	case t.kind != name || read == nil, p.sealed != "" && word != "limit":
		return p.unexpected(t)
	}
	p.advance()
	c, err := read(p)
	if err != nil {
		return err
	}
	return p.put(c, t)
}

// put adds a command to the query, where it may stand there.
func (p *parser) put(c command, t token) error {
	switch c.(type) {
	case *ordering, *limit:
		p.ordered = cmp.Or(p.ordered, strings.ToLower(t.text))
	case *grouping:
		if p.stats++; p.stats > maxStats && !p.ppl {
			return p.wrong(t, "a query can have a maximum of two stats commands")
		}
		if p.stats == maxStats && p.ordered != "" && !p.ppl {
			return p.wrong(t, p.ordered+" must appear after the second stats command")
		}
	case *clustering:
		if p.ordered == "sort" {
			return p.wrong(t, "pattern must appear before sort")
		}
	}
	if c != nil {
		p.query.commands = append(p.query.commands, c)
	}
	return nil
}

// maxStats is how many stats commands a query has:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
const maxStats = 2
