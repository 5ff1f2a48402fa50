package insights

// DefaultRows is how many rows a query gives that has no limit:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Limit.html
const DefaultRows = 10000

// Field is a field of a result. Rows name only fields that they have.
type Field struct{ Name, Value string }

// Run is a query at work over events. It is for one goroutine.
type Run struct {
	query   *Query
	now     int64
	pointer func(*Event) string
	first   stage
	matched int
	results [][]Field
}

// Options are what a run needs beside events.
type Options struct {
	Now   int64 // milliseconds
	Limit int   // rows to give where the query has no limit; 0 stands for DefaultRows
	// Pointer makes the @ptr of an event.
	Pointer func(*Event) string
}

// Start begins a run of the query.
func (q *Query) Start(o Options) *Run {
	r := &Run{query: q, now: o.Now, pointer: o.Pointer}
	if r.pointer == nil {
		r.pointer = func(*Event) string { return "" }
	}
	last := DefaultRows
	if o.Limit > 0 {
		last = o.Limit
	}
	if q.limited {
		last = MaxRows
	}
	r.first = r.assemble(last)
	return r
}

// assemble puts the stages together, from the last to the first. Statistics
// count in front of the first command that is not rowwise.
func (r *Run) assemble(rows int) stage {
	var s stage = &limiting{rows, &sink{r}}
	keep, counted := rows, len(r.query.commands)
	for i, c := range r.query.commands {
		if _, ok := c.(rowwise); !ok {
			counted = i
			break
		}
	}
	for i := len(r.query.commands) - 1; ; i-- {
		if i+1 == counted {
			s = &counting{r, s}
		}
		if i < 0 {
			return s
		}
		switch c := r.query.commands[i].(type) {
		case *limit:
			keep = min(c.rows, rows)
			s = c.stage(s)
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

// Finish ends the run and returns the rows. With the fields of each row that
// is an event comes its @ptr.
func (r *Run) Finish() [][]Field {
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
