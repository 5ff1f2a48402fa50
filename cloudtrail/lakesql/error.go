package lakesql

import "fmt"

// Error says why a statement is refused, and where.
type Error struct {
	Line, Column int // from 1; a zero line: nowhere in particular
	Message      string
}

// Error writes the place before the sentence, as Trino does.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d:%d: %s", e.Line, e.Column, e.Message)
}

// Unverified: the sentences, which are those of Trino as far as AWS is known
// to pass them on.
func wrongAt(t token, format string, args ...any) *Error {
	return &Error{t.line, t.column, fmt.Sprintf(format, args...)}
}

func mismatched(t token) *Error {
	if t.kind == end {
		return wrongAt(t, "mismatched input '<EOF>'")
	}
	return wrongAt(t, "mismatched input '%s'", t.source)
}

func unresolved(t token, name string) *Error {
	return wrongAt(t, "Column '%s' cannot be resolved", name)
}

func unknownFunction(t token) *Error { return wrongAt(t, "Function '%s' not registered", t.text) }

func notCarried(t token, what string) *Error {
	return wrongAt(t, "%s is not implemented by Sealstack", what)
}
