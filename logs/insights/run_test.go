package insights

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC).UnixMilli()

// eventsOf makes an event of each message, a minute apart, the last one the
// newest and so the first one given to a run.
func eventsOf(messages ...string) []*Event {
	events := make([]*Event, len(messages))
	for i, m := range messages {
		at := start + int64(i)*60_000
		events[len(messages)-1-i] = &Event{Timestamp: at, Ingested: at + 5, Message: m, Stream: "s" + fmt.Sprint(i%2), Log: "111122223333:g", Place: Place{Index: i}}
	}
	return events
}

// run returns the rows as "name=value,name=value|...", without @ptr.
func run(t testing.TB, query string, limit int, messages ...string) string {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	r := q.Start(Options{Now: start, Limit: limit, Pointer: func(e *Event) string { return fmt.Sprint("p", e.Place.Index) }})
	for _, e := range eventsOf(messages...) {
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

var requests = []string{
	`{"level":"INFO","ms":10,"user":{"name":"ann","ip":"10.0.0.1"},"tags":["a","b"],"ok":true}`,
	`{"level":"ERROR","ms":30.5,"user":{"name":"bob","ip":"2001:db8::1"},"ok":false}`,
	`{"level":"INFO","ms":20,"user":{"name":"ann","ip":"10.0.1.9"}}`,
	`plain text of user=cy, method:GET, latency := 7`,
}

func TestQueriesGiveTheRowsThatTheDocumentationSays(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{``, `@timestamp=2026-11-21 12:03:00.000,@message=` + requests[3] + `|@timestamp=2026-11-21 12:02:00.000,@message=` + requests[2] + `|@timestamp=2026-11-21 12:01:00.000,@message=` + requests[1] + `|@timestamp=2026-11-21 12:00:00.000,@message=` + requests[0]},
		{`fields level, ms`, `|level=INFO,ms=20|level=ERROR,ms=30.5|level=INFO,ms=10`},
		{`fields @logStream | fields @log`, `@logStream=s1,@log=111122223333:g|@logStream=s0,@log=111122223333:g|@logStream=s1,@log=111122223333:g|@logStream=s0,@log=111122223333:g`},
		{`fields user.name as who | filter level = "INFO"`, `who=ann|who=ann`},
		{`filter level = 'ERROR' | fields @ingestionTime, ms*2 as twice, ms + 1`, `@ingestionTime=2026-11-21 12:01:00.005,twice=61,ms + 1=31.5`},
		{`filter level like "RR" | display ms`, `ms=30.5`},
		{`filter @message like /user=\w+, method:(GET|PUT)/ | display @logStream`, `@logStream=s1`},
		{`filter @message =~ /^plain/ | display @logStream`, `@logStream=s1`},
		{`filter level not like /INFO/ | display level`, `level=ERROR`},
		{`filter level in ["ERROR", "WARN"] | display level`, `level=ERROR`},
		{`filter level not in ["ERROR"] | display level`, `level=INFO|level=INFO`},
		{`filter level != "INFO" | display level`, `level=ERROR`},
		{`filter not (level = "INFO") and ispresent(level) | display level`, `level=ERROR`},
		{`filter ms >= 10 and ms < 30 or level = "ERROR" | display ms`, `ms=20|ms=30.5|ms=10`},
		{`filter tags.0 = "a" | display tags.1, tags[0]`, `tags.1=b,tags.0=a`},
		{`filter ok = 1 | display ok`, `ok=1`},
		{`filter ok = "false" | display ok`, `ok=0`},
		{`sort ms asc | display ms | limit 3`, `|ms=10|ms=20`},
		{`sort ms desc | limit 2 | display ms`, `ms=30.5|ms=20`},
		{`sort level desc, ms | display level, ms`, `level=INFO,ms=10|level=INFO,ms=20|level=ERROR,ms=30.5|`},
		{`fields level | dedup level | limit 2`, `|level=INFO`},
		{`parse @message "user=*, method:*, latency := *" as @user, @method, @latency | filter ispresent(@user) | display @user, @method, @latency`, `@user=cy,@method=GET,@latency=7`},
		{`parse "user=*," as u | filter u = "cy" | fields u`, `u=cy`},
		{`parse @message /latency := (?<ms2>\d+)/ | filter ms2 > 6 | fields ms2`, `ms2=7`},
		{`parse @message /(\w+) text of/ as kind | filter kind != "" | display kind`, `kind=plain`},
		{`fields @logStream | parse @message "method:*," as m | filter m = "GET"`, `@logStream=s1,m=GET`},
		{`stats count(*)`, `count(*)=4`},
		{`stats count(), count(level) as n`, `count()=4,n=3`},
		{`stats count(*) as n, sum(ms), avg(ms), min(ms), max(ms), stddev(ms) by level | filter ispresent(level)`, `level=INFO,n=2,sum(ms)=30,avg(ms)=15,min(ms)=10,max(ms)=20,stddev(ms)=5|level=ERROR,n=1,sum(ms)=30.5,avg(ms)=30.5,min(ms)=30.5,max(ms)=30.5,stddev(ms)=0`},
		{`stats pct(ms, 50), median(ms), count_distinct(user.name) as users`, `pct(ms, 50)=20,median(ms)=20,users=2`},
		{`stats earliest(ms), latest(ms), sortsFirst(level), sortsLast(level)`, `earliest(ms)=10,latest(ms)=20,sortsFirst(level)=ERROR,sortsLast(level)=INFO`},
		{`stats count(*) by bin(2m)`, `bin(2m)=2026-11-21 12:02:00.000,count(*)=2|bin(2m)=2026-11-21 12:00:00.000,count(*)=2`},
		{`stats sum(ms)/count(ms) as mean by user.name | filter mean > 0 | sort mean desc`, `user.name=bob,mean=30.5|user.name=ann,mean=15`},
		{`stats count(*) by level | sort count(*) desc, level | limit 1`, `level=INFO,count(*)=2`},
		{`stats count(*) as n by level | stats max(n)`, `max(n)=2`},
		{`stats avg(ms*2) as a`, `a=40.3333`},
		{`fields jsonParse(@message) as j | filter ispresent(j.user) | stats count() by j.user.name`, `j.user.name=ann,count()=2|j.user.name=bob,count()=1`},
		{"# the errors\nfields level # and no more\n| filter level = \"ERROR\"", `level=ERROR`},
		{"FIELDS `level` AS `the level` | FILTER level IN [\"ERROR\"] | LIMIT 1", `the level=ERROR`},
	} {
		if got := run(t, c.query, 0, requests...); got != c.want {
			t.Errorf("%s\n gives %s\n want  %s", c.query, got, c.want)
		}
	}
}

func TestFunctionsComputeWhatTheDocumentationSays(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{`2 ^ 3`, "8"}, {`10 % 3`, "1"}, {`1 + 2 * 3`, "7"}, {`(1 + 2) * 3`, "9"}, {`-2 + 1`, "-1"}, {`7 / 2`, "3.5"}, {`1 / 3`, "0.3333"}, {`1 / 0`, ""},
		{`abs(0 - 4)`, "4"}, {`ceil(1.2)`, "2"}, {`floor(1.8)`, "1"}, {`greatest(1, 5, 3)`, "5"}, {`least(4, 2, 3)`, "2"}, {`sqrt(16)`, "4"}, {`sqrt(-1)`, ""}, {`log(1)`, "0"},
		{`concat("a", 1, "b")`, "a1b"}, {`strlen("日本")`, "2"}, {`toupper("aB")`, "AB"}, {`tolower("aB")`, "ab"},
		{`trim("  x ")`, "x"}, {`ltrim("xxa", "x")`, "a"}, {`rtrim("a  ")`, "a"}, {`trim("xyax", "xy")`, "a"},
		{`substr("abcdef", 2)`, "cdef"}, {`substr("xyZfooxyZ", 3, 4)`, "foox"}, {`substr("abc", 9, 1)`, ""}, {`substr("abc", 0 - 5, 2)`, "ab"},
		{`replace("foo foo", "foo", "bar")`, "bar bar"}, {`strcontains("abc", "bc")`, "1"}, {`strcontains("abc", "x")`, "0"},
		{`isempty("")`, "1"}, {`isempty(none)`, "1"}, {`isblank("  ")`, "1"}, {`isblank("a")`, "0"}, {`ispresent(none)`, "0"}, {`coalesce(none, "b")`, "b"}, {`coalesce(none)`, ""},
		{`isValidIp("10.0.0.1")`, "1"}, {`isValidIpv4("::1")`, "0"}, {`isValidIpv6("::1")`, "1"}, {`isValidIp("x")`, "0"},
		{`isIpInSubnet("10.0.1.9", "10.0.0.0/16")`, "1"}, {`isIpv4InSubnet("10.1.0.1", "10.0.0.0/16")`, "0"}, {`isIpv6InSubnet("2001:db8::1", "2001:db8::/32")`, "1"}, {`isIpInSubnet("10.0.0.1", "x")`, "0"},
		{`bin(1h)`, "2026-11-21 12:00:00.000"}, {`bin(1w)`, "2026-11-19 00:00:00.000"}, {`bin(1mo)`, "2026-11-01 00:00:00.000"}, {`bin(1q)`, "2026-10-01 00:00:00.000"}, {`bin(2y)`, "2026-01-01 00:00:00.000"},
		{`datefloor(@timestamp, 1d)`, "2026-11-21 00:00:00.000"}, {`dateceil(@timestamp, 1d)`, "2026-11-22 00:00:00.000"}, {`dateceil(@timestamp, 1h)`, "2026-11-21 12:00:00.000"}, {`dateceil(@timestamp, 1mo)`, "2026-12-01 00:00:00.000"},
		{`fromMillis(0)`, "1970-01-01 00:00:00.000"}, {`toMillis(@timestamp)`, "1795262400000"}, {`now()`, "1795262400"}, {`toMillis(none)`, ""},
		{`jsonStringify(jsonParse("{\"a\":[1,2]}"))`, `{"a":[1,2]}`}, {`jsonParse("no")`, ""}, {`jsonStringify("a")`, `"a"`},
		{`"10" < "9"`, "0"}, {`"b" > "a"`, "1"}, {`none = none`, "0"}, {`not not 1`, "1"}, {`1 = 1 and 1 = 2`, "0"}, {`unmask("x")`, "x"}, {`"it's \"so\""`, `it's "so"`},
	} {
		want := "x=" + c.want
		got := run(t, "display "+c.expression+" as x", 0, "m")
		if c.want == "" && got == "" {
			continue
		}
		if got != want {
			t.Errorf("%s gives %q, want %q", c.expression, got, want)
		}
	}
}

func TestQueriesThatAreWrongSayWhere(t *testing.T) {
	for _, c := range []struct {
		query      string
		start, end int
		message    string
	}{
		{`fields`, 6, 6, "unexpected symbol found end of query at line 1 and position 7"},
		{`fields @message |`, 17, 17, "unexpected symbol found end of query at line 1 and position 18"},
		{`nonsense x`, 0, 8, "unexpected symbol found nonsense at line 1 and position 1"},
		{"fields a\n| filter a ==", 21, 22, "unexpected symbol found = at line 2 and position 13"},
		{`filter a = `, 11, 11, "unexpected symbol found end of query at line 1 and position 12"},
		{`filter (a = 1`, 13, 13, "unexpected symbol found end of query at line 1 and position 14"},
		{`filter a like /[/`, 14, 17, "invalid regular expression /[/ at line 1 and position 15"},
		{`filter a like /x`, 14, 16, "unexpected symbol found / at line 1 and position 15"},
		{`filter a not = 1`, 13, 14, "unexpected symbol found = at line 1 and position 14"},
		{`filter a in ["x"`, 16, 16, "unexpected symbol found end of query at line 1 and position 17"},
		{`fields "open`, 7, 12, `unexpected symbol found "open at line 1 and position 8`},
		{`fields a ; b`, 9, 10, "unexpected symbol found ; at line 1 and position 10"},
		{`fields nofun(a)`, 7, 12, "unknown function nofun at line 1 and position 8"},
		{`fields strlen()`, 7, 13, "invalid arguments of function strlen at line 1 and position 8"},
		{`fields bin(a)`, 7, 10, "invalid arguments of function bin at line 1 and position 8"},
		{`fields now(1)`, 7, 10, "invalid arguments of function now at line 1 and position 8"},
		{`fields bin(5parsecs)`, 11, 19, "unknown period 5parsecs at line 1 and position 12"},
		{`stats a`, 6, 7, "stats needs an aggregation function at line 1 and position 7"},
		{`stats pct(a)`, 6, 9, "invalid arguments of function pct at line 1 and position 7"},
		{`stats pct(a, 101)`, 6, 9, "invalid arguments of function pct at line 1 and position 7"},
		{`stats sum(sum(a))`, 10, 13, "unknown function sum at line 1 and position 11"},
		{`filter count(*) > 1`, 7, 12, "unknown function count at line 1 and position 8"},
		{`limit x`, 6, 7, "unexpected symbol found x at line 1 and position 7"},
		{`limit 0`, 6, 7, "invalid limit 0 at line 1 and position 7"},
		{`limit 100001`, 6, 12, "invalid limit 100001 at line 1 and position 7"},
		{`dedup a | sort b`, 10, 14, "unexpected symbol found sort at line 1 and position 11"},
		{`parse @message "* *" as a`, 15, 20, `the number of wildcards and of fields differ in parse "* *" at line 1 and position 16`},
		{`parse @message "x" as a`, 15, 18, `the number of wildcards and of fields differ in parse "x" at line 1 and position 16`},
		{`parse @message /x/`, 15, 16, "parse needs a named group for each field at line 1 and position 16"},
		{`parse @message /(x)/ as a, b`, 15, 16, "parse needs a named group for each field at line 1 and position 16"},
		{`fields a b`, 9, 10, "unexpected symbol found b at line 1 and position 10"},
		{`fields and`, 7, 10, "unexpected symbol found and at line 1 and position 8"},
		{`fields a. b`, 10, 11, "unexpected symbol found b at line 1 and position 11"},
		{`filter ` + strings.Repeat("(", 300) + `1`, 207, 208, "too many nested expressions at line 1 and position 208"},
	} {
		_, err := Parse(c.query)
		e, ok := errors.AsType[*CompileError](err)
		if !ok || e.Start != c.start || e.End != c.end || e.Message != c.message {
			t.Errorf("%s\n fails with %+v\n want %d-%d %s", c.query, e, c.start, c.end, c.message)
		}
	}
}

func TestWhatAWSHasAndThisLanguageLacksIsNamed(t *testing.T) {
	for query, want := range map[string]string{
		`fields @message | pattern @message | anomaly`: "the command anomaly",
		`relevantfields where ms > 4`:                  "the command relevantfields",
		`SOURCE dataSource(['amazon_vpc.flow'])`:       "data sources",
		`SOURCE logGroups(tags: ['a'])`:                "the selection of log groups by tags",
		`filter @message like /(?!x)y/`:                "lookaround in regular expressions",
	} {
		_, err := Parse(query)
		if e, ok := errors.AsType[*Unsupported](err); !ok || e.What != want {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestAQueryUnmasksOnlyWhereItSaysSo(t *testing.T) {
	for query, want := range map[string]bool{`fields unmask(@message)`: true, `fields @message`: false, `filter x = 1 | display unmask(@message) as m`: true} {
		q, err := Parse(query)
		if err != nil || q.Unmasks() != want {
			t.Errorf("%s: %v, %v", query, q.Unmasks(), err)
		}
	}
}

func TestRowsOfEventsEndWithTheirPointerAndThoseOfStatsHaveNone(t *testing.T) {
	q, err := Parse(`fields @message`)
	if err != nil {
		t.Fatal(err)
	}
	r := q.Start(Options{Pointer: func(e *Event) string { return "here" }})
	r.Add(eventsOf("m")[0])
	if got := fmt.Sprint(r.Finish()); got != "[[{@message m} {@ptr here}]]" {
		t.Error(got)
	}
	if q, err = Parse(`stats count(*)`); err != nil {
		t.Fatal(err)
	}
	r = q.Start(Options{})
	r.Add(eventsOf("m")[0])
	if got := fmt.Sprint(r.Finish()); got != "[[{count(*) 1}]]" {
		t.Error(got)
	}
}

func TestTheLimitOfTheCallHoldsWhereTheQueryHasNone(t *testing.T) {
	messages := strings.Split(strings.Repeat("m ", 30), " ")[:30]
	for _, c := range []struct {
		query string
		limit int
		want  int
	}{{`display @logStream`, 0, 30}, {`display @logStream`, 7, 7}, {`display @logStream | limit 9`, 7, 9}, {`sort @timestamp asc | display @logStream`, 5, 5}} {
		if got := len(strings.Split(run(t, c.query, c.limit, messages...), "|")); got != c.want {
			t.Errorf("%s with limit %d gives %d rows, want %d", c.query, c.limit, got, c.want)
		}
	}
}

func TestMatchedCountsWhatPassesTheFilters(t *testing.T) {
	for query, want := range map[string]int{
		`filter level = "INFO" | limit 1`: 2, `fields ms`: 4, `stats count(*)`: 4, `filter ms > 15 | stats count(*) by level`: 2, `limit 1 | filter level = "x"`: 4,
	} {
		q, err := Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		r := q.Start(Options{})
		for _, e := range eventsOf(requests...) {
			r.Add(e)
		}
		r.Finish()
		if r.Matched() != want {
			t.Errorf("%s matched %d, want %d", query, r.Matched(), want)
		}
	}
}

func TestASortOfManyRowsKeepsTheFirstOnes(t *testing.T) {
	q, err := Parse(`sort n desc | limit 3 | display n`)
	if err != nil {
		t.Fatal(err)
	}
	r := q.Start(Options{})
	for i := range 20000 {
		r.Add(&Event{Message: fmt.Sprintf(`{"n":%d}`, (i*7919)%20000)})
	}
	if got := fmt.Sprint(r.Finish()); got != "[[{n 19999} {@ptr }] [{n 19998} {@ptr }] [{n 19997} {@ptr }]]" {
		t.Error(got)
	}
}
