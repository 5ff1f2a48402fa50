package api

import (
	"regexp/syntax"
	"sort"
	"unicode/utf8"
)

// runeSet is a pattern of the commonest kind, "any number of these
// characters": it is tested without the regular expression engine, because
// names of log groups and streams are tested on every call.
type runeSet struct {
	ascii  [utf8.RuneSelf]bool
	ranges []rune // pairs: first and last
	empty  bool   // the empty string matches
}

// asRunes returns the set if the whole expression is one class with * or +.
func asRunes(expression string) (*runeSet, bool) {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, false
	}
	body := unanchored(parsed.Simplify())
	if body == nil || (body.Op != syntax.OpStar && body.Op != syntax.OpPlus) || body.Sub[0].Op != syntax.OpCharClass {
		return nil, false
	}
	set := &runeSet{ranges: body.Sub[0].Rune, empty: body.Op == syntax.OpStar}
	for r := range set.ascii {
		set.ascii[r] = set.search(rune(r))
	}
	return set, true
}

// unanchored returns the one thing between the anchors of r, or nil.
func unanchored(r *syntax.Regexp) *syntax.Regexp {
	var body *syntax.Regexp
	if r.Op == syntax.OpCapture {
		return unanchored(r.Sub[0])
	}
	if r.Op != syntax.OpConcat {
		return r
	}
	for _, sub := range r.Sub {
		if sub.Op == syntax.OpBeginText || sub.Op == syntax.OpEndText {
			continue
		}
		if body != nil {
			return nil
		}
		body = unanchored(sub)
	}
	return body
}

func (s *runeSet) match(text string) bool {
	for _, r := range text {
		if r < utf8.RuneSelf {
			if !s.ascii[r] {
				return false
			}
		} else if !s.search(r) {
			return false
		}
	}
	return text != "" || s.empty
}

// search looks r up in the ranges.
func (s *runeSet) search(r rune) bool {
	i := sort.Search(len(s.ranges)/2, func(i int) bool { return r <= s.ranges[2*i+1] })
	return 2*i < len(s.ranges) && s.ranges[2*i] <= r
}
