package insights

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealstack/logs/anomaly"
)

// clustering is the pattern command, with diff if it compares two periods.
type clustering struct {
	of      expression
	compare *Shift // nil: nothing is compared
}

// Shift is how far back the period begins that a query compares its own with.
type Shift struct {
	millis int64
	months int
	length bool // by as much as the period is long
}

// Range returns the period that is compared with [from, to], all in
// milliseconds.
func (s *Shift) Range(from, to int64) (int64, int64) {
	switch {
	case s.length:
		return from - (to - from + 1), from - 1
	case s.months != 0:
		back := time.UnixMilli(from).UTC().AddDate(0, -s.months, 0).UnixMilli()
		return back, back + (to - from)
	}
	return from - s.millis, to - s.millis
}

// Compared tells the period that the query compares its own with; nil if it
// does not. Its events go to Run.AddBefore.
func (q *Query) Compared() *Shift {
	for _, c := range q.commands {
		if c, ok := c.(*clustering); ok && c.compare != nil {
			return c.compare
		}
	}
	return nil
}

// The columns of patterns.
//
// Unverified: the names of what diff adds, which AWS describes and does not
// name.
var (
	patternColumns = []string{"@pattern", "@ratio", "@sampleCount", "@severityLabel"}
	diffColumns    = []string{"@differenceEventCount", "@differenceDescription"}
)

// pattern takes what is to be sorted into patterns.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Pattern.html
func (p *parser) pattern() (command, error) {
	e, _, err := p.expression()
	p.query.standard = "pattern"
	p.restart(patternColumns...)
	return &clustering{of: e}, err
}

// diff compares the patterns of the command before it, or those of messages.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Diff.html
func (p *parser) diff() (command, error) {
	s := &Shift{}
	switch {
	case p.take("previousday"):
		s.millis = 24 * 60 * 60 * 1000
	case p.take("previousweek"):
		s.millis = 7 * 24 * 60 * 60 * 1000
	case p.take("previousmonth"):
		s.months = 1
	default:
		s.length = true
	}
	return p.compared(s)
}

// compareLogs takes how far the other period is back.
//
// Unverified: that its results are those of diff.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Logcompare.html
func (p *parser) compareLogs() (command, error) {
	if err := p.expect("timeshift"); err != nil {
		return nil, err
	}
	d, err := p.span()
	if err != nil {
		return nil, err
	}
	return p.compared(&Shift{millis: d.millis, months: d.months})
}

func (p *parser) compared(s *Shift) (command, error) {
	if p.query.Compared() != nil || p.inner {
		return nil, p.wrong(p.next, "a query compares once")
	}
	c := &clustering{of: fieldRef{"@message"}}
	if n := len(p.query.commands); n > 0 {
		if last, ok := p.query.commands[n-1].(*clustering); ok {
			c, p.query.commands = last, p.query.commands[:n-1]
		}
	}
	c.compare = s
	p.query.standard = "diff"
	p.restart(slices.Concat(patternColumns, diffColumns)...)
	return c, nil
}

// span takes a period of time.
func (p *parser) span() (span, error) {
	t := p.next
	d, ok := readSpan(t.value)
	if t.kind != period {
		return d, p.unexpected(t)
	}
	if !ok {
		return d, p.wrong(t, "unknown period "+t.text)
	}
	p.advance()
	return d, nil
}

func (c *clustering) stage(next stage) stage {
	return &patterning{clustering: c, found: map[string]*cluster{}, next: next}
}

// maxClusters bounds the patterns of a query; rows of others only count.
const maxClusters = 10000

type patterning struct {
	*clustering
	found  map[string]*cluster
	total  int
	run    *Run
	next   stage
	before bool // rows come of the other period
}

type cluster struct {
	text        string // with its tokens named
	now, before int
}

func (s *patterning) push(r *row) {
	s.run = r.run
	v := s.of.eval(r)
	if v.kind == absent || v.kind == structure {
		return
	}
	if !s.before {
		s.total++
	}
	p := anomaly.PatternOf(v.String())
	c := s.found[p.Text]
	if c == nil {
		if len(s.found) == maxClusters {
			return
		}
		c = &cluster{text: nameTokens(p)}
		s.found[p.Text] = c
	}
	if s.before {
		c.before++
	} else {
		c.now++
	}
}

// flush gives the patterns, the most frequent first.
func (s *patterning) flush() {
	list := make([]*cluster, 0, len(s.found))
	for _, c := range s.found {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *cluster) int {
		if a.now != b.now {
			return b.now - a.now
		}
		return strings.Compare(a.text, b.text)
	})
	for _, c := range list {
		if c.now > 0 || s.compare != nil {
			s.next.push(s.rowOf(c))
		}
	}
	s.next.flush()
}

func (s *patterning) rowOf(c *cluster) *row {
	r := &row{run: s.run}
	r.bind("@pattern", textOf(c.text))
	r.bind("@ratio", textOf(strconv.FormatFloat(float64(c.now)/float64(max(s.total, 1)), 'f', 2, 64)))
	r.bind("@sampleCount", numberOf(float64(c.now)))
	r.bind("@severityLabel", textOf(severity(c.text)))
	if s.compare != nil {
		r.bind("@differenceEventCount", numberOf(float64(c.now-c.before)))
		r.bind("@differenceDescription", textOf(describe(c)))
	}
	return r
}

// describe says how a pattern's count has changed.
//
// Unverified: AWS's words.
func describe(c *cluster) string {
	switch {
	case c.before == 0:
		return "New pattern"
	case c.now == 0:
		return "No longer found"
	case c.now == c.before:
		return "No change"
	}
	change := (c.now - c.before) * 100 / c.before
	if change > 0 {
		return "Increased by " + strconv.Itoa(change) + "%"
	}
	return "Decreased by " + strconv.Itoa(-change) + "%"
}

// severity is told by words of the pattern:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_Patterns.html
func severity(pattern string) string {
	lower := strings.ToLower(pattern)
	switch {
	case strings.Contains(lower, "error"):
		return "ERROR"
	case strings.Contains(lower, "warn"):
		return "WARN"
	}
	return "INFO"
}

// nameTokens writes a pattern with a name and a number for what varies.
func nameTokens(p anomaly.Pattern) string {
	var b strings.Builder
	n := 0
	for i, t := range p.Tokens {
		if !t.Dynamic {
			b.WriteString(t.Text)
			continue
		}
		n++
		after := ""
		if i+1 < len(p.Tokens) {
			after = p.Tokens[i+1].Text
		}
		b.WriteString("<" + tokenName(t.Text, after) + "-" + strconv.Itoa(n) + ">")
	}
	return b.String()
}

var (
	timestampToken = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d`)
	unitOfTime     = regexp.MustCompile(`^ ?(?:ms|msec|seconds?|secs?|milliseconds?|minutes?)\b`)
)

// tokenName describes what varies by the sample that was met first.
//
// Unverified: AWS's names beyond Time, ID and Token.
func tokenName(text, after string) string {
	switch _, err := netip.ParseAddr(text); {
	case err == nil:
		return "IPAddress"
	case timestampToken.MatchString(text), unitOfTime.MatchString(after):
		return "Time"
	case strings.Trim(text, "0123456789") != "" && len(text) >= 8:
		return "ID"
	}
	return "Token"
}
