package pattern

import (
	"maps"
	"strings"
	"testing"
)

const accessLine = `127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`

func TestFieldsMatchAsAWSDocuments(t *testing.T) {
	checkRows(t, []string{
		accessLine,
		`127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5324`,
		`127.0.0.10 - frank [10/Oct/2000:13:50:35 -0700] "GET /a.html HTTP/1.0" 410 900`,
	}, []row{
		{`[ip, user, username, timestamp, request, status_code, bytes]`, []int{0, 1, 2}},
		{`[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]`, []int{0, 2}},
		{`[ip=%127\.0\.0\.[1-9]$%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]`, []int{0}},
		{`[..., request =*.html*, status_code = 4*, bytes]`, []int{0, 2}},
		{`[..., request=*.html*, status_code=4*,]`, []int{0, 2}},
		{`[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]`, []int{0, 2}},
		{`[ip, user, username, timestamp, request, status_code, bytes > 1000]`, []int{0, 1}},
		{`[ip, user, username, timestamp, request, status_code = 500, bytes]`, []int{1}},
		{`[ip, user, username, timestamp, request = *html*, status_code = 4* && status_code != 404, bytes]`, []int{2}},
		{`[ip, user, ..., status_code = 5*, bytes]`, []int{1}},
		{`[..., status_code, bytes]`, []int{0, 1, 2}},
		{`[ip, user, ...]`, []int{0, 1, 2}},
		{`[ip, user=Prod, ...]`, []int{0}},
	})
}

func TestFieldsMatchLinesByTheirFirstWord(t *testing.T) {
	checkRows(t, []string{
		"INFO 09/25/2014 12:00:00 GET /service/resource/67 1200",
		"INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310",
		"WARNING 09/25/2014 12:00:02 Invalid user request",
		"ERROR 09/25/2014 12:00:02 Failed to process request",
	}, []row{
		{`[w1=ERROR, w2]`, []int{3}},
		{`[w1=ERROR || w1=WARNING, w2]`, []int{2, 3}},
		{`[w1!=ERROR && w1!=WARNING, w2]`, []int{0, 1}},
		{`[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]`, []int{0}},
		{`[logLevel, date, time, method, url=%/service/resource/[0-9]+/part/[0-9]+$%, response_time]`, []int{1}},
	})
}

func TestTheLastFieldTakesTheRest(t *testing.T) {
	messages := []string{
		"one", "one two", "one two three", "  one   two  three  ",
		`2015-01-01T00:00:00Z 1b-2c {"a": 1, "b": "x y"}`, "",
	}
	checkRows(t, messages, []row{
		{`[a]`, []int{0, 1, 2, 3, 4}},
		{`[a, b]`, []int{1, 2, 3, 4}},
		{`[a, b, c]`, []int{2, 3, 4}},
		{`[a, b, c, d]`, []int{4}},
		{`[a, b=two]`, []int{1}},
		{`[a, b="two  three"]`, []int{3}},
		{`[a, b=two*]`, []int{1, 2, 3}},
		{`[w1="*two*" && w1!="*three*"]`, []int{1}},
		{`[timestamp=*Z, request_id="*-*", event="{*"]`, []int{4}},
		{`[...]`, []int{0, 1, 2, 3, 4, 5}},
		{`[a, ...]`, []int{0, 1, 2, 3, 4}},
		{`[a, ..., b]`, []int{1, 2, 3, 4}},
		{`[..., b=three]`, []int{2, 3}},
	})
}

func TestConditionsOfFields(t *testing.T) {
	for _, c := range []struct {
		condition string
		matches   string
		others    string
	}{
		{`=200`, `200 200.0 +200 "200" [200]`, `2000 20 x200 2e2`},
		{`="200"`, `200`, `200.0 +200`},
		{`!=200`, `201 x 2e2`, `200 200.0`},
		{`>1000`, `1001 1000.5 "5000"`, `1000 999 -5000 x 1e9 NaN Inf 0x7d0`},
		{`>=1e3`, `1000 1001`, `999`},
		{`<10e-3`, `0.009 -1 0`, `0.01 1`},
		{`<=-1.5`, `-1.5 -2`, `-1 0 1.5`},
		{`<+5`, `4`, `5`},
		{`=4*`, `4 404 4xx`, `14 x4`},
		{`=*4`, `4 404`, `40`},
		{`=*4*`, `4 141`, `55`},
		{`=*`, `x "" 5`, ``},
		{`=**`, `x`, ``},
		{`!=*`, ``, `x 5`},
		{`=Ev*ent`, `Ev*ent`, `Event Evxent`},
		{`="Ev*"`, `Ev Event`, `xEv`},
		{`="a\"b"`, `a"b`, `a\"b`},
		{`=%^a.c$%`, `abc`, `ac abcd`},
		{`!=%b%`, `ac`, `abc`},
		{`=error`, `error`, `ERROR errors`},
		{`=9007199254740993`, `9007199254740993`, `9007199254740992`},
		{`=/a/b-c.d:80`, `/a/b-c.d:80`, `/a`},
	} {
		p := mustParse(t, "[x"+c.condition+", end]")
		for _, word := range wordsOf(c.matches) {
			if !p.Match(word + " end") {
				t.Errorf("x%s does not match %s", c.condition, word)
			}
		}
		for _, word := range wordsOf(c.others) {
			if p.Match(word + " end") {
				t.Errorf("x%s matches %s", c.condition, word)
			}
		}
	}
}

func wordsOf(s string) []string { return strings.Fields(s) }

func TestAndBindsCloserThanOrInFields(t *testing.T) {
	p := mustParse(t, `[n=1 || n>5 && n<9, end]`)
	for word, want := range map[string]bool{"1": true, "5": false, "6": true, "8": true, "9": false} {
		if got := p.Match(word + " end"); got != want {
			t.Errorf("%s: Match = %v, want %v", word, got, want)
		}
	}
}

func TestFieldsAreExtractedByNameOrPosition(t *testing.T) {
	for _, c := range []struct {
		pattern, message string
		want             map[string]string
	}{
		{`[ip, identity, user_id, timestamp, request, status_code, size]`,
			`127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534`,
			map[string]string{
				"$ip": "127.0.0.1", "$identity": "-", "$user_id": "frank", "$timestamp": "10/Oct/2000:13:25:15 -0700",
				"$request": "GET /apache_pb.gif HTTP/1.0", "$status_code": "200", "$size": "1534",
			}},
		{`[..., size]`,
			`127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534`,
			map[string]string{
				"$1": "127.0.0.1", "$2": "-", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700",
				"$5": "GET /apache_pb.gif HTTP/1.0", "$6": "200", "$size": "1534",
			}},
		{`[..., request=*.html*, status_code=4*,]`, accessLine,
			map[string]string{
				"$1": "127.0.0.1", "$2": "Prod", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700",
				"$request": "GET /index.html HTTP/1.0", "$status_code": "404", "$7": "1534",
			}},
		{`[level, ..., last]`, "INFO x", map[string]string{"$level": "INFO", "$last": "x"}},
		{`[level, ...]`, "INFO x y", map[string]string{"$level": "INFO", "$2": "x", "$3": "y"}},
		{`[level, event]`, ` INFO  "a" b  `, map[string]string{"$level": "INFO", "$event": `"a" b`}},
		{`[level, event]`, `INFO "a b" `, map[string]string{"$level": "INFO", "$event": "a b"}},
		{`[level=ERROR, event]`, "INFO x", nil},
		{`[...]`, "", map[string]string{}},
	} {
		if got := mustParse(t, c.pattern).Extract(c.message); !maps.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s on %q: Extract = %q, want %q", c.pattern, c.message, got, c.want)
		}
	}
}

func TestWordsEndWhereTheirDelimiterDoes(t *testing.T) {
	for message, want := range map[string]string{
		`a b`:               `a|b`,
		"a\t b\nc":          `a|b|c`,
		`[a b] "c d" e`:     `a b|c d|e`,
		`[] ""`:             `|`,
		`["x"] "[y z]"`:     `"x"|[y z]`,
		`[open a`:           `[open|a`,
		`"open a`:           `"open|a`,
		`[main]INFO x`:      `[main]INFO|x`,
		`"a"b "c"`:          `"a"b|c`,
		`key="a b"`:         `key="a|b"`,
		`[a [b c] d`:        `a [b c|d`,
		`[`:                 `[`,
		`"`:                 `"`,
		`x [`:               `x|[`,
		`größe [日 本] "é ü"`: `größe|日 本|é ü`,
	} {
		var got []string
		for w := (words{message: message}); ; {
			word, ok := w.next(false)
			if !ok {
				break
			}
			got = append(got, word)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("words of %q = %q, want %q", message, got, want)
		}
	}
}

// Many opening brackets take as many steps as they have bytes, not their
// square: with those this test would run into the time limit of go test.
func TestManyOpenBracketsAreReadOnce(t *testing.T) {
	p := mustParse(t, `[..., last=x]`)
	for _, open := range []string{"[a ", `[a]b `, `"a`, `" `, "[a [a]b "} {
		message := strings.Repeat(open, 1<<20/len(open))
		if p.Match(message) {
			t.Errorf("%q repeated matches", open)
		}
	}
	if message := strings.Repeat("[a ", 8<<20/3) + " ]y x"; !p.Match(message) {
		t.Error("no match behind many brackets")
	}
}

func TestFieldsAllocateNothing(t *testing.T) {
	p := mustParse(t, `[ip, ..., request=*.html*, status=4* && status!=403, bytes>1000]`)
	if n := testing.AllocsPerRun(100, func() { p.Match(accessLine) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkFields(b *testing.B) {
	for _, text := range []string{`[ip, user, username, timestamp, request, status=4*, bytes>1000]`, `[..., status=4*, bytes]`} {
		b.Run(text, func(b *testing.B) {
			p := mustParse(b, text)
			b.ReportAllocs()
			b.SetBytes(int64(len(accessLine)))
			for b.Loop() {
				p.Match(accessLine)
			}
		})
	}
}
