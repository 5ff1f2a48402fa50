package insights

import (
	"fmt"
	"strings"
)

// CompileError says where a query is wrong. AWS's MalformedQueryException
// carries the same as queryCompileError.
type CompileError struct {
	// Start and End are offsets in the query: the first character of what is
	// wrong, and the first behind it.
	Start, End int
	// Message names it, with line and position counted from 1.
	Message string
}

func (e *CompileError) Error() string { return e.Message }

// Unsupported says that a query uses something that AWS has and this package
// does not.
type Unsupported struct{ What string }

func (e *Unsupported) Error() string { return "insights: not supported: " + e.What }

// unexpected refuses the token.
//
// Unverified: AWS is seen to say "unexpected symbol found ... at line ... and
// position ..."; whether it says so of everything is not known.
func (p *parser) unexpected(t token) error {
	what := t.text
	if t.kind == end {
		what = "end of query"
	}
	return p.wrong(t, "unexpected symbol found "+what)
}

// wrong refuses the token for a reason.
func (p *parser) wrong(t token, reason string) error {
	before := p.text[:t.start]
	line := 1 + strings.Count(before, "\n")
	position := t.start - strings.LastIndexByte(before, '\n')
	return &CompileError{t.start, t.start + len(t.text), fmt.Sprintf("%s at line %d and position %d", reason, line, position)}
}
