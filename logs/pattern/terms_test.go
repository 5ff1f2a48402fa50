package pattern

import (
	"strings"
	"testing"
)

func mustParse(t testing.TB, text string) *Pattern {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q) err = %v", text, err)
	}
	return p
}

// row says which of a test's messages a pattern matches, by index.
type row struct {
	pattern string
	matches []int
}

func checkRows(t *testing.T, messages []string, rows []row) {
	t.Helper()
	for _, r := range rows {
		p := mustParse(t, r.pattern)
		want := map[int]bool{}
		for _, i := range r.matches {
			want[i] = true
		}
		for i, message := range messages {
			if got := p.Match(message); got != want[i] {
				t.Errorf("%s on %q = %v, want %v", r.pattern, message, got, want[i])
			}
			if got := p.Extract(message) != nil; got != want[i] {
				t.Errorf("Extract of %s on %q gives values: %v, want %v", r.pattern, message, got, want[i])
			}
		}
	}
}

func TestTermsMatchAsAWSDocuments(t *testing.T) {
	checkRows(t, []string{
		"[ERROR 400] BAD REQUEST",
		"[ERROR 401] UNAUTHORIZED REQUEST",
		"[ERROR 419] MISSING ARGUMENTS",
		"[ERROR 420] INVALID ARGUMENTS",
		"[ERROR 500] INTERNAL SERVER ERROR",
		"[INFO] REQUEST FAILED",
		"[SUCCESS 200] AUTHORIZED REQUEST",
	}, []row{
		{`ERROR`, []int{0, 1, 2, 3, 4}},
		{`ERROR ARGUMENTS`, []int{2, 3}},
		{`ARGUMENTS ERROR`, []int{2, 3}},
		{`?ERROR ?ARGUMENTS`, []int{0, 1, 2, 3, 4}},
		{`?FAILED ?MISSING`, []int{2, 5}},
		{`?ERROR ?ARGUMENTS REQUEST`, []int{0, 1, 5, 6}},
		{`"INTERNAL SERVER ERROR"`, []int{4}},
		{`"SERVER INTERNAL"`, nil},
		{`ERROR -ARGUMENTS`, []int{0, 1, 4}},
		{`-ERROR`, []int{5, 6}},
		{`-ERROR -FAILED`, []int{6}},
		{`%AUTHORIZED%`, []int{1, 6}},
		{`" "`, []int{0, 1, 2, 3, 4, 5, 6}},
		{`error`, nil},
		{`"[ERROR 4"`, []int{0, 1, 2, 3}},
	})
}

func TestTermsMatchWithinWords(t *testing.T) {
	checkRows(t, []string{
		"[ERROR] A fatal exception has occurred",
		"Exiting with ERRORCODE: -1",
		"[ERROR] Caught IllegalArgumentException",
		"[WARN] Failed to process the request",
		"[ERROR] Unable to continue: Failed to process the request",
	}, []row{
		{`"ERROR"`, []int{0, 1, 2, 4}},
		{`"ERROR" -"Exiting"`, []int{0, 2, 4}},
		{`"ERROR" - "Exiting"`, []int{0, 2, 4}},
		{`ERROR Exception`, []int{2}},
		{`"Failed to process the request"`, []int{3, 4}},
		{`?"Unable to" ?fatal`, []int{0, 4}},
		{`ERRORCODE`, []int{1}},
	})
}

func TestEdgesOfTerms(t *testing.T) {
	checkRows(t, []string{
		"",
		"a",
		"a b",
		`say "hi" \now`,
		"Größe 日本",
		"50% off",
	}, []row{
		{``, []int{0, 1, 2, 3, 4, 5}},
		{" \t\n", []int{0, 1, 2, 3, 4, 5}},
		{`"   "`, []int{0, 1, 2, 3, 4, 5}},
		{`-" "`, nil},
		{` a  b `, []int{2}},
		{"a\tb", []int{2}},
		{`"a b"`, []int{2}},
		{`"say \"hi\" \\now"`, []int{3}},
		{`"\now"`, []int{3}},
		{`"日本" "Größe"`, []int{4}},
		{`"%"`, []int{5}},
		{`?x ?"0%"`, []int{5}},
		{`-a -o`, []int{0, 4}},
	})
}

func TestTermsAllocateNothing(t *testing.T) {
	p := mustParse(t, `ERROR "not found" -DEBUG -"health check"`)
	optional := mustParse(t, `?WARN ?ERROR`)
	message := strings.Repeat("x ", 500) + "ERROR: key not found"
	n := testing.AllocsPerRun(100, func() {
		if !p.Match(message) || !optional.Match(message) {
			t.Fatal("no match")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// naive matches patterns of plain words by their description alone.
func naive(pattern, message string) bool {
	var include, exclude, optional []string
	for _, word := range strings.Fields(pattern) {
		switch word[0] {
		case '-':
			exclude = append(exclude, word[1:])
		case '?':
			optional = append(optional, word[1:])
		default:
			include = append(include, word)
		}
	}
	holds := func(words []string) (n int) {
		for _, word := range words {
			if strings.Contains(message, word) {
				n++
			}
		}
		return n
	}
	if len(include)+len(exclude) == 0 && len(optional) > 0 {
		return holds(optional) > 0
	}
	return holds(include) == len(include) && holds(exclude) == 0
}

// FuzzTermsAgreeWithANaiveMatcher builds its patterns from a script of bytes:
// each gives a word of one or two letters and its prefix.
func FuzzTermsAgreeWithANaiveMatcher(f *testing.F) {
	f.Add([]byte("\x00\x41\x82"), "abc")
	f.Add([]byte("\xc1\xc2\x43"), "b a")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, script []byte, message string) {
		if len(script) > 50 {
			return
		}
		var words []string
		for _, b := range script {
			word := string('a' + rune(b&3))
			if b&4 != 0 {
				word += string('a' + rune(b>>3&3))
			}
			words = append(words, []string{"", "", "-", "?"}[b>>6]+word)
		}
		text := strings.Join(words, " ")
		if got, want := mustParse(t, text).Match(message), naive(text, message); got != want {
			t.Errorf("%q on %q = %v, naively %v", text, message, got, want)
		}
	})
}

func BenchmarkTerms(b *testing.B) {
	message := "2026-01-02T03:04:05Z 4f1c INFO request served path=/orders/17 status=200 duration=12ms bytes=5120"
	for _, text := range []string{`ERROR`, `status "duration=12ms"`, `?ERROR ?WARN`, `served -DEBUG`, `%status=[45]\d\d%`} {
		b.Run(text, func(b *testing.B) {
			p := mustParse(b, text)
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				p.Match(message)
			}
		})
	}
}
