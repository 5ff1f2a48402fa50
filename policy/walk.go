package policy

import (
	"strings"
	"unicode/utf8"
)

// walk compares a string with the pieces of a pattern.
type walk struct {
	pattern *pattern
	values  []string // of the variables
	s       string

	at place // where the comparison stands
}

// place is a point in the comparison, to which a star can return.
type place struct {
	piece, variable int
	pos             int // in s
	colons          int // of s passed, for byPart
}

// run compares. On a mismatch it only ever lets the last star take more: an
// earlier star never needs to, because the later one can take whatever the
// earlier could, and where a colon stops the later one, that same colon holds
// the earlier one in its place.
func (w *walk) run() bool {
	pieces := w.pattern.pieces
	var star place // behind the last star
	starred := false
	for w.at.piece < len(pieces) || w.at.pos < len(w.s) {
		if w.at.piece < len(pieces) && pieces[w.at.piece].kind == anyRun {
			w.at.piece++
			if w.at.piece == len(pieces) && !w.bounded() {
				return true
			}
			starred = true
		} else if !w.step() {
			if w.at = star; !starred || !w.one() {
				return false
			}
		} else {
			continue
		}
		if !w.skip() {
			return false
		}
		star = w.at
	}
	return !w.bounded()
}

// bounded reports whether wildcards stop at colons here.
func (w *walk) bounded() bool { return w.pattern.mode == byPart && w.at.colons < 5 }

// skip moves a star on to where the literal text behind it stands next; false
// if it does not, or only beyond a colon.
func (w *walk) skip() bool {
	if w.at.piece == len(w.pattern.pieces) || w.pattern.mode == folded {
		return true
	}
	next := &w.pattern.pieces[w.at.piece]
	if next.kind != literal {
		return true
	}
	rest := w.s[w.at.pos:]
	i := strings.Index(rest, next.text)
	if i < 0 || w.bounded() && strings.IndexByte(rest[:i], ':') >= 0 {
		return false
	}
	w.at.pos += i
	return true
}

// step takes the next piece, if it matches here.
func (w *walk) step() bool {
	if w.at.piece == len(w.pattern.pieces) {
		return false
	}
	next := &w.pattern.pieces[w.at.piece]
	ok := false
	switch next.kind {
	case anyOne:
		ok = w.one()
	case variable:
		ok = w.literal(w.values[w.at.variable])
		w.at.variable++
	case literal:
		ok = w.literal(next.text)
	}
	w.at.piece++
	return ok
}

// literal takes text.
func (w *walk) literal(text string) bool {
	rest := w.s[w.at.pos:]
	if len(rest) < len(text) || !w.pattern.equal(rest[:len(text)], text) {
		return false
	}
	w.at.pos += len(text)
	if w.pattern.mode == byPart {
		w.at.colons += strings.Count(text, ":")
	}
	return true
}

// one takes one character; comparing by part, not one of the first five colons.
func (w *walk) one() bool {
	rest := w.s[w.at.pos:]
	if rest == "" || rest[0] == ':' && w.bounded() {
		return false
	}
	_, width := utf8.DecodeRuneInString(rest)
	w.at.pos += width
	return true
}
