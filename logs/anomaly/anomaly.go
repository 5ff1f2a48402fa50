// Package anomaly is the detection of anomalies in log events: it reduces
// messages to patterns and compares how often a pattern occurs in a window of
// time with how often it did before. It is pure, and simpler than what AWS
// does by machine learning. Only package logs may import it.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/LogsAnomalyDetection.html
package anomaly

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Dynamic stands in a pattern for a token that varies.
const Dynamic = "<*>"

// Pattern is the structure that messages share.
type Pattern struct {
	Text   string // with Dynamic for tokens that vary
	Tokens []Token
}

// Token is a piece of a message: what varies, or what stands between.
type Token struct {
	Text    string // as it is in the message
	Dynamic bool
}

// varying are timestamps, UUIDs, addresses, numbers and words with digits.
var varying = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|[0-9A-Za-z]*\d[0-9A-Za-z]*(?:[-.:][0-9A-Za-z]+)*`)

// PatternOf reduces a message to its pattern.
func PatternOf(message string) Pattern {
	var p Pattern
	var b strings.Builder
	at := 0
	add := func(text string, dynamic bool) {
		if text == "" {
			return
		}
		p.Tokens = append(p.Tokens, Token{text, dynamic})
		if dynamic {
			text = Dynamic
		}
		b.WriteString(text)
	}
	for _, m := range varying.FindAllStringIndex(message, -1) {
		add(message[at:m[0]], false)
		add(message[m[0]:m[1]], true)
		at = m[1]
	}
	add(message[at:], false)
	p.Text = b.String()
	return p
}

// Regex returns an expression that matches the messages of a pattern.
func Regex(pattern string) string {
	parts := strings.Split(pattern, Dynamic)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return "^" + strings.Join(parts, ".*") + "$"
}

// Baseline is what is usual: for each pattern the most occurrences in a
// window. The zero value knows nothing.
type Baseline struct{ Most map[string]int }

// A pattern occurs unusually often from so many times the most of before on,
// and not below so many occurrences.
const (
	factor = 3
	least  = 10
)

// Unusual returns the patterns of a window that are new or that occur far
// more often than before, sorted. Without a baseline nothing is unusual.
func (b *Baseline) Unusual(window map[string]int) (found []string) {
	if len(b.Most) == 0 {
		return nil
	}
	for _, p := range slices.Sorted(maps.Keys(window)) {
		most, known := b.Most[p]
		if !known || window[p] >= least && window[p] >= factor*most {
			found = append(found, p)
		}
	}
	return found
}

// maxPatterns bounds what a baseline keeps.
const maxPatterns = 10000

// Learn takes a window into the baseline.
func (b *Baseline) Learn(window map[string]int) {
	if b.Most == nil {
		b.Most = map[string]int{}
	}
	for p, n := range window {
		if _, known := b.Most[p]; known || len(b.Most) < maxPatterns {
			b.Most[p] = max(b.Most[p], n)
		}
	}
}

// Priority is HIGH for patterns that speak of errors, MEDIUM for warnings and
// LOW for others.
func Priority(pattern string) string {
	text := strings.ToLower(pattern)
	for _, level := range []struct{ words, priority string }{
		{"fatal error exception critical panic fail", "HIGH"}, {"warn denied timeout", "MEDIUM"},
	} {
		for word := range strings.FieldsSeq(level.words) {
			if strings.Contains(text, word) {
				return level.priority
			}
		}
	}
	return "LOW"
}
