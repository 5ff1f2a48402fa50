package insights

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func runPPL(t *testing.T, query string) string {
	t.Helper()
	q, err := ParsePPL(query)
	if err != nil {
		return err.Error()
	}
	r := q.Start(Options{Now: start})
	for _, e := range eventsOf(requests[:3]...) {
		r.Add(e)
	}
	var rows []string
	for _, row := range r.Finish() {
		var fields []string
		for _, f := range row {
			if f.Name != "@ptr" {
				fields = append(fields, f.Name+"="+f.Value)
			}
		}
		rows = append(rows, strings.Join(fields, ","))
	}
	return strings.Join(rows, "|")
}

func TestPPLRunsOnTheSameCommands(t *testing.T) {
	for query, want := range map[string]string{
		`where level = "INFO" | fields level, ms | head 1`:                          "level=INFO,ms=20",
		"source = [lg:`a`, lg:`b`] | where ms > 15 and level != 'INFO' | fields ms": "ms=30.5",
		`where level in ("ERROR", "X") | fields ms`:                                 "ms=30.5",
		`where level like "IN%" | fields ms`:                                        "ms=20|ms=10",
		`stats count() as n, max(ms) by level | sort -n`:                            "level=INFO,n=2,max(ms)=20|level=ERROR,n=1,max(ms)=30.5",
		`stats distinct_count(level) as d`:                                          "d=2",
		`stats count() by span(@timestamp, 5m) as s`:                                "s=2026-11-21 12:00:00.000,count()=3",
		`eval twice = ms * 2 | fields twice | head 2`:                               "twice=40|twice=61",
		`fields ms, level | rename level as l | head 1`:                             "ms=20,l=INFO",
		`fields ms, level | fields - level | head 1`:                                "ms=20",
		`parse level "(?<first>.)" | dedup first | fields first`:                    "first=I|first=E",
		`dedup 2 level | stats count() as n`:                                        "n=3",
		`top 1 level`:                                                               "level=INFO,count=2",
		`rare level`:                                                                "level=ERROR,count=1|level=INFO,count=2",
		`fields level, none | fillnull using none = "x" | head 1`:                   "level=INFO,none=x",
		`fields none | fillnull with 0 in none | head 1`:                            "none=0",
		`fields level | eventstats count() as n by level`:                           "level=INFO,n=2|level=ERROR,n=1|level=INFO,n=2",
		`fields ms | trendline sma(2, ms) as t`:                                     "ms=20|ms=30.5,t=25.25|ms=10,t=20.25",
		`where cidrmatch(` + "`user.ip`" + `, '10.0.0.0/16') | fields ms`:           "ms=20|ms=10",
		`eval n = LENGTH(level), s = substring(level, 1, 2) | fields n, s | head 1`: "n=4,s=IN",
		`expand tags as tag | where tag = "b" | fields tag`:                         "tag=b",
		`where isnull(tags.0) | fields ms`:                                          "ms=20|ms=30.5",
		`bogus x`:                                                                   "unexpected symbol found bogus at line 1 and position 1",
	} {
		if got := runPPL(t, query); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
	for query, want := range map[string]string{`grok a "b"`: "the command grok", "source=[ds:`a.b`]": "data sources"} {
		_, err := ParsePPL(query)
		if e, ok := errors.AsType[*Unsupported](err); !ok || e.What != want {
			t.Errorf("%s: %v", query, err)
		}
	}
	q, err := ParsePPL("source = [`aws:fieldIndex` IN (\"status\", \"region\"), `status` = 200] | LEFT JOIN left=l, right=r on l.id = r.id `other` | fields l.x")
	if err != nil || fmt.Sprint(q.Indexed()) != "[status region]" || len(q.Subqueries()) != 1 || q.Standard() != "PPL" {
		t.Errorf("%v: %+v", err, q)
	}
}

// FuzzPPL: no query makes the room panic.
func FuzzPPL(f *testing.F) {
	for _, query := range []string{"source=[lg:`a`, `aws:fieldIndex`=\"b\", `b` = 1] | where a like 'x%' | stats dc(a) by span(b, 1m)", `eventstats avg(a) by b | trendline sma(2, a) | dedup 3 a keepempty=true | top 2 a by b | rename a as c | sort - c`} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := ParsePPL(query)
		if err != nil {
			return
		}
		r := q.Start(Options{Limit: 3})
		for _, e := range eventsOf(requests...) {
			r.Add(e)
		}
		r.Finish()
	})
}
