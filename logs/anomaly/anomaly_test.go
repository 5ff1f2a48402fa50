package anomaly

import (
	"fmt"
	"regexp"
	"testing"
)

func TestMessagesOfOneStructureShareAPattern(t *testing.T) {
	for _, c := range []struct{ message, want string }{
		{"user 17 logged in from 192.0.2.1", "user <*> logged in from <*>"},
		{"user 18 logged in from 192.0.2.77", "user <*> logged in from <*>"},
		{"2024-01-02T03:04:05.678Z ERROR request 6f1c9d2e-0000-4a6b-8888-123456789abc failed", "<*> ERROR request <*> failed"},
		{"no number", "no number"},
		{"", ""},
	} {
		p := PatternOf(c.message)
		whole := ""
		for _, token := range p.Tokens {
			whole += token.Text
		}
		if p.Text != c.want || whole != c.message {
			t.Errorf("%q is %q of %q, want %q", c.message, p.Text, whole, c.want)
		}
		if !regexp.MustCompile(Regex(p.Text)).MatchString(c.message) {
			t.Errorf("%s does not match %q", Regex(p.Text), c.message)
		}
	}
}

func TestWhatIsNewOrFarMoreThanBeforeIsUnusual(t *testing.T) {
	var b Baseline
	if got := b.Unusual(map[string]int{"a": 100}); got != nil {
		t.Errorf("without a baseline %v is unusual", got)
	}
	b.Learn(map[string]int{"a": 2, "b": 10})
	b.Learn(map[string]int{"a": 4})
	for _, c := range []struct {
		window map[string]int
		want   string
	}{
		{map[string]int{"a": 4, "b": 10}, "[]"}, {map[string]int{"a": 11, "b": 29}, "[]"},
		{map[string]int{"a": 12, "b": 30, "c": 1}, "[a b c]"}, {nil, "[]"},
	} {
		if got := fmt.Sprint(b.Unusual(c.window)); got != c.want {
			t.Errorf("%v: %s is unusual, want %s", c.window, got, c.want)
		}
	}
}

func TestThePriorityGoesByTheWords(t *testing.T) {
	for text, want := range map[string]string{"ERROR <*>": "HIGH", "Warning: disk": "MEDIUM", "hello": "LOW"} {
		if got := Priority(text); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
}
