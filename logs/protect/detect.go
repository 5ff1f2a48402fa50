package protect

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// identifier finds one kind of sensitive data.
type identifier struct {
	name     string
	patterns []*regexp.Regexp
	keywords []string               // one has to be near; nil: none is needed
	valid    func(text string) bool // nil: whatever matches
	loose    bool                   // what matches may lie inside a word
}

// proximity is how many characters may lie between a keyword and the data.
//
// Unverified: AWS says "in proximity"; the figure is the one that Amazon
// Macie documents for the same identifiers.
const proximity = 30

// span is a stretch of text in bytes.
type span struct{ start, end int }

// find returns where the identifier's data is, in order.
func (id *identifier) find(t *text) (found []span) {
	for _, re := range id.patterns {
		for _, at := range re.FindAllStringIndex(t.plain, -1) {
			s := span{at[0], at[1]}
			if s.start < s.end && (id.loose || t.apart(s)) &&
				(id.valid == nil || id.valid(t.plain[s.start:s.end])) && t.near(s, id.keywords) {
				found = append(found, s)
			}
		}
	}
	return found
}

// text is a message that is looked through.
type text struct {
	plain  string
	folded string // in lower case, underscores and hyphens as blanks; as long as plain
}

func newText(plain string) *text {
	folded := []byte(plain)
	for i, c := range folded {
		switch {
		case 'A' <= c && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		case c == '_' || c == '-':
			folded[i] = ' '
		}
	}
	return &text{plain, string(folded)}
}

// apart reports whether neither a letter nor a digit touches the span.
func (t *text) apart(s span) bool {
	return !(s.start > 0 && isWord(t.plain[s.start-1]) && isWord(t.plain[s.start])) &&
		!(s.end < len(t.plain) && isWord(t.plain[s.end]) && isWord(t.plain[s.end-1]))
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// near reports whether one of the keywords is near the span.
func (t *text) near(s span, keywords []string) bool {
	if keywords == nil {
		return true
	}
	for _, k := range keywords {
		before := t.folded[max(0, s.start-proximity-len(k)):s.start]
		after := t.folded[s.end:min(len(t.folded), s.end+proximity+len(k))]
		if holds(before, k) || holds(after, k) {
			return true
		}
	}
	return false
}

// shortKeyword is up to how many characters a keyword must stand by itself:
// "pan" is not meant in "company".
const shortKeyword = 3

func holds(text, keyword string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], keyword)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(keyword)
		if len(keyword) > shortKeyword || (start == 0 || !isWord(text[start-1])) && (end == len(text) || !isWord(text[end])) {
			return true
		}
		from = start + 1
	}
}

// Mask returns the text with all that the policies find replaced by as many
// asterisks as it has characters.
func Mask(plain string, policies ...*Policy) string {
	t := newText(plain)
	var spans []span
	for _, p := range policies {
		for _, id := range p.mask {
			spans = append(spans, id.find(t)...)
		}
	}
	if len(spans) == 0 {
		return plain
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s.end <= at {
			continue
		}
		s.start = max(s.start, at)
		b.WriteString(plain[at:s.start])
		b.WriteString(strings.Repeat("*", utf8.RuneCountInString(plain[s.start:s.end])))
		at = s.end
	}
	b.WriteString(plain[at:])
	return b.String()
}

// Finding is what the audit found of one identifier in one event.
type Finding struct {
	Name       string      `json:"name"`
	Count      int         `json:"count"`
	Detections []Detection `json:"detections"`
}

// Detection is a place in a log event, in characters from 1.
//
// Unverified: that End is the place of the last character; AWS's example
// reads so.
type Detection struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Audit returns what the policy's audit finds, in the order of names.
func (p *Policy) Audit(plain string) (findings []Finding) {
	t := newText(plain)
	for _, id := range p.audit {
		spans := id.find(t)
		if len(spans) == 0 {
			continue
		}
		slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
		f := Finding{Name: id.name, Count: len(spans)}
		for _, s := range spans {
			before := utf8.RuneCountInString(plain[:s.start])
			f.Detections = append(f.Detections, Detection{before + 1, before + utf8.RuneCountInString(plain[s.start:s.end])})
		}
		findings = append(findings, f)
	}
	slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.Name, b.Name) })
	return findings
}
