package insights

import "slices"

// DefaultRows is how many rows a query gives that has no limit:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Limit.html
const DefaultRows = 10000

// Field is a field of a result. Rows name only fields that they have.
type Field struct{ Name, Value string }

// Run is a query at work over events. It is for one goroutine.
type Run struct {
	query      *Query
	options    Options
	first      stage
	before     stage // for the events of the period that is compared
	subqueries []*Rows
	tables     map[string]*Table
	sets       map[*foundIn]map[string]bool
	matched    int
	full       bool // the rows that were wanted are there
	results    [][]Field
	kept       Rows
}

// Options are what a run needs beside events.
type Options struct {
	Now        int64 // milliseconds
	Start, End int64 // the time range, in milliseconds
	Limit      int   // rows to give where the query has no limit; 0 stands for DefaultRows
	// Pointer makes the @ptr of an event.
	Pointer func(*Event) string
	// Tables are those that Query.Tables names.
	Tables map[string]*Table
	// Subqueries are what the queries of Query.Subqueries found.
	Subqueries []*Rows
	// Keep has Run.Rows give the rows, for the query around this one.
	Keep bool
}

// Start begins a run of the query.
func (q *Query) Start(o Options) *Run {
	r := &Run{query: q, options: o, subqueries: o.Subqueries, tables: o.Tables}
	if r.options.Pointer == nil {
		r.options.Pointer = func(*Event) string { return "" }
	}
	last := DefaultRows
	if o.Limit > 0 {
		last = o.Limit
	}
	if q.limited || o.Keep {
		last = MaxRows
	}
	r.assemble(last)
	return r
}

// assemble puts the stages together, from the last to the first. What stands
// before a comparison is there twice, for either period.
func (r *Run) assemble(rows int) {
	commands, end := r.query.commands, stage(&limiting{left: rows, next: &sink{r}, run: r})
	at := slices.IndexFunc(commands, func(c command) bool {
		found, ok := c.(*clustering)
		return ok && found.compare != nil
	})
	if at < 0 {
		r.first = r.chain(commands, end, rows, true)
		return
	}
	shared := commands[at].stage(r.chain(commands[at+1:], end, rows, false)).(*patterning)
	r.first = r.chain(commands[:at], shared, 0, true)
	r.before = r.chain(commands[:at], &earlier{shared}, 0, false)
}

// earlier gives the rows of the other period to a comparison.
type earlier struct{ shared *patterning }

func (s *earlier) push(r *row) {
	s.shared.before = true
	s.shared.push(r)
	s.shared.before = false
}

func (s *earlier) flush() {}

// chain puts stages before s. keep is how many rows are wanted of them, 0 if
// all are. Statistics count in front of the first command that is not rowwise.
func (r *Run) chain(commands []command, s stage, keep int, counts bool) stage {
	rows, counted := keep, len(commands)
	for i, c := range commands {
		if _, ok := c.(rowwise); !ok {
			counted = i
			break
		}
	}
	for i := len(commands) - 1; ; i-- {
		if counts && i+1 == counted {
			s = &counting{r, s}
		}
		if i < 0 {
			return s
		}
		switch c := commands[i].(type) {
		case *limit:
			keep = c.rows
			if rows > 0 {
				keep = min(c.rows, rows)
			}
			s = &limiting{left: c.rows, next: s, run: r}
		case *ordering:
			s = (&ordering{c.by, keep}).stage(s)
			keep = 0
		case *compute, *extract:
			s = c.stage(s)
		default: // it gives other rows than it takes
			s, keep = c.stage(s), 0
		}
	}
}

// Add gives an event to the query: the newest first.
func (r *Run) Add(e *Event) { r.first.push(&row{run: r, event: e}) }

// AddBefore gives an event of the period that the query compares with.
func (r *Run) AddBefore(e *Event) {
	if r.before != nil {
		r.before.push(&row{run: r, event: e})
	}
}

// Done reports whether no further event is wanted, because the first rows
// found are enough: limit any.
func (r *Run) Done() bool { return r.full && r.query.any }

// Rows ends a run with Options.Keep.
func (r *Run) Rows() *Rows {
	r.first.flush()
	r.kept.columns = r.query.columns
	return &r.kept
}

// Finish ends the run and returns the rows. With the fields of each row that
// is an event comes its @ptr.
func (r *Run) Finish() [][]Field {
	if r.before != nil {
		r.before.flush()
	}
	r.first.flush()
	return r.results
}

// Matched counts the events that passed the filters.
func (r *Run) Matched() int { return r.matched }

type counting struct {
	run  *Run
	next stage
}

func (s *counting) push(r *row) {
	s.run.matched++
	s.next.push(r)
}

func (s *counting) flush() { s.next.flush() }

// sink makes results of rows.
type sink struct{ run *Run }

func (s *sink) push(r *row) {
	if s.run.options.Keep {
		s.run.kept.rows = append(s.run.kept.rows, r)
		return
	}
	fields := make([]Field, 0, len(s.run.query.columns)+1)
	pointed := false
	for _, c := range s.run.query.columns {
		if v := r.field(c.name); v.kind != absent {
			fields = append(fields, Field{c.name, v.String()})
			pointed = pointed || c.name == "@ptr"
		}
	}
	if r.event != nil && !pointed {
		fields = append(fields, Field{"@ptr", r.system("@ptr").text})
	}
	s.run.results = append(s.run.results, fields)
}

func (s *sink) flush() {}
