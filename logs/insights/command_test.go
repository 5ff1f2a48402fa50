package insights

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// runWith runs a query over messages, its subqueries over others, and those
// of the period before over earlier ones.
func runWith(t testing.TB, query string, o Options, others, before []string, messages ...string) string {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	o.Now = start
	for _, s := range q.Subqueries() {
		r := s.Start(Options{Keep: true})
		for _, e := range eventsOf(others...) {
			r.Add(e)
		}
		o.Subqueries = append(o.Subqueries, r.Rows())
	}
	r := q.Start(o)
	for _, e := range eventsOf(messages...) {
		r.Add(e)
	}
	for _, e := range eventsOf(before...) {
		r.AddBefore(e)
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

func TestPatternsAreNamedAsTheDocumentationNamesThem(t *testing.T) {
	samples := []string{
		"2023-01-01 19:00:01 [INFO] Calling DynamoDB to store for resource id 12342342k124-12345",
		"2023-01-01 19:00:02 [INFO] Calling DynamoDB to store for resource id 324892398123-12345",
		"2023-01-01 19:00:03 [INFO] Calling DynamoDB to store for resource id 3ff231242342-12345",
		"[ERROR] Failed to do: x after 327 ms",
	}
	for query, want := range map[string]string{
		`pattern @message`: "@pattern=<Time-1> [INFO] Calling DynamoDB to store for resource id <ID-2>,@ratio=0.75,@sampleCount=3,@severityLabel=INFO|@pattern=[ERROR] Failed to do: x after <Time-1> ms,@ratio=0.25,@sampleCount=1,@severityLabel=ERROR",
		`filter @message like /ERROR/ | pattern @message`:                                                                     "@pattern=[ERROR] Failed to do: x after <Time-1> ms,@ratio=1.00,@sampleCount=1,@severityLabel=ERROR",
		"filter @message like /ERROR/\n| parse @message 'Failed to do: *' as cause\n| pattern cause\n| sort @sampleCount asc": "@pattern=x after <Time-1> ms,@ratio=1.00,@sampleCount=1,@severityLabel=INFO",
		`pattern substr(@message, 0, 7) | sort @sampleCount asc | limit 1 | display @pattern`:                                 "@pattern=[ERROR]",
	} {
		if got := runWith(t, query, Options{}, nil, nil, samples...); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
}

func TestDiffComparesThePatternsOfTwoPeriods(t *testing.T) {
	now, before := []string{"a 1", "a 2", "a 3", "b 1", "WARN new"}, []string{"a 1", "b 1", "gone 2", "b 3"}
	want := "@sampleCount=3,@differenceEventCount=2,@differenceDescription=Increased by 200%" +
		"|@sampleCount=1,@differenceEventCount=1,@differenceDescription=New pattern" +
		"|@sampleCount=1,@differenceEventCount=-1,@differenceDescription=Decreased by 50%" +
		"|@sampleCount=0,@differenceEventCount=-1,@differenceDescription=No longer found"
	for _, query := range []string{`pattern @message | diff`, `diff previousWeek`, `logcompare timeshift 7d`} {
		query += ` | display @sampleCount, @differenceEventCount, @differenceDescription`
		if got := runWith(t, query, Options{}, nil, before, now...); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
	if got := runWith(t, `filter @message like "a" | diff | display @sampleCount, @differenceEventCount`, Options{}, nil, before, now...); got != "@sampleCount=3,@differenceEventCount=2" {
		t.Errorf("filtered in both periods: %s", got)
	}
}

func TestAComparisonTellsItsPeriod(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	for query, want := range map[string]string{
		`diff`:                    fmt.Sprint(start-1000, start-1),
		`diff previousDay`:        fmt.Sprint(start-day, start-day+999),
		`diff previousWeek`:       fmt.Sprint(start-7*day, start-7*day+999),
		`diff previousMonth`:      fmt.Sprint(start-31*day, start-31*day+999),
		`logcompare timeshift 2h`: fmt.Sprint(start-day/12, start-day/12+999),
	} {
		q, err := Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		from, to := q.Compared().Range(start, start+999)
		if got := fmt.Sprint(from, to); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestListsBecomeRows(t *testing.T) {
	const events = `{"events":[{"name":"exception"},{"name":"user action"}],"items":["apple","banana"],"host":"web-01","one":"x"}`
	for query, want := range map[string]string{
		"fields jsonParse(@message) as json_message\n| unnest json_message.events into event\n| display event.name": "event.name=exception|event.name=user action",
		`fields jsonParse(@message) as m | unnest m.events into e | filter e.name = "exception" | display e.name`:   "e.name=exception",
		`fields jsonParse(@message) as m | unnest m.events into e | stats count(*) as n by host`:                    "host=web-01,n=2",
		`unnest one into o | display o`:                       "o=x",
		"expand items\n| stats count(*) by items, host":       "items=apple,host=web-01,count(*)=1|items=banana,host=web-01,count(*)=1",
		`fields '[1,2]' as l | expand l | display l * 2 as d`: "d=2|d=4",
	} {
		if got := runWith(t, query, Options{}, nil, nil, events); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
}

func TestQueriesUseWhatOthersFind(t *testing.T) {
	api := []string{`{"requestId":"1","status":500,"latency":7}`, `{"requestId":"2","status":503,"latency":9}`, `{"requestId":"3","status":200}`}
	lambda := []string{`{"requestId":"1","duration":5,"status":"FAILED"}`, `{"requestId":"1","duration":6,"status":"FAILED"}`, `{"requestId":3,"duration":8}`}
	const joined = "\n| join type=%s left=api right=lambda\n where api.requestId=lambda.requestId\n (SOURCE '/aws/lambda/my-function')\n| fields api.requestId, api.status, lambda.duration\n"
	for query, want := range map[string]string{
		fmt.Sprintf("filter status >= 500"+joined+"| sort lambda.duration desc", "inner"):                                                                                                                                                 "api.requestId=1,api.status=500,lambda.duration=6|api.requestId=1,api.status=500,lambda.duration=5",
		fmt.Sprintf("filter status >= 500"+joined+"| sort api.latency desc", "left"):                                                                                                                                                      "api.requestId=2,api.status=503|api.requestId=1,api.status=500,lambda.duration=6|api.requestId=1,api.status=500,lambda.duration=5",
		`join left=a right=b where b.requestId=a.requestId (SOURCE lg | filter duration > 5) | stats sum(duration) as s by a.status`:                                                                                                      "a.status=200,s=8|a.status=500,s=6",
		"filter requestId in (\n SOURCE '/aws/lambda/payment-processor'\n | filter status = \"FAILED\"\n | stats count(*) as failureCount by requestId\n | filter failureCount > 1\n | fields requestId\n)\n| display requestId, latency": "requestId=1,latency=7",
		`filter requestId not in (SOURCE 'x' | fields requestId) | display requestId`:                                                                                                                                                     "requestId=2",
		`stats count(*) as cnt by status | appendcols override=true ( SOURCE lg | stats max(duration) as most )`:                                                                                                                          "status=200,cnt=1,most=8|status=503,cnt=1|status=500,cnt=1",
		`fields requestId as duration | appendcols max=1 (SOURCE lg | fields duration, status as st) | display duration, st`:                                                                                                              "duration=3|duration=2|duration=1",
	} {
		if got := runWith(t, query, Options{}, lambda, nil, api...); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
}

func TestLookupsAddFieldsOfTables(t *testing.T) {
	o := Options{Tables: map[string]*Table{
		"user-data": {Columns: []string{"id", "name", "team"}, Rows: [][]string{{"7", "Ann", "a"}, {"8", "Bob", ""}, {"7", "Second", "b"}}},
		"net_table": {Columns: []string{"cidr", "region", "owner"}, Rows: [][]string{{"10.0.0.0/8", "wide", "x"}, {"10.1.0.0/16", "near", "y"}, {"no network", "z", "z"}}},
	}}
	events := []string{`{"userId":7,"srcAddr":"10.1.2.3","name":"own"}`, `{"userId":"8","srcAddr":"10.9.9.9"}`, `{"userId":9,"srcAddr":"8.8.8.8"}`}
	for query, want := range map[string]string{
		`lookup user-data id as userId OUTPUT name, team as squad | display userId, name, squad`:                 "userId=9|userId=8,name=Bob,squad=|userId=7,name=Ann,squad=a",
		`lookup user-data id as userId OUTPUTNEW name | display name`:                                            "|name=Bob|name=own",
		`fields @timestamp, srcAddr | cidrlookup net_table srcAddr OUTPUT region, owner | display region, owner`: "|region=wide,owner=x|region=near,owner=y",
		`cidrlookup net_table srcAddr as cidr OUTPUT region as r | filter r = "near" | stats count(*) by r`:      "r=near,count(*)=1",
		`lookup nothing id as userId OUTPUT name as n | filter ispresent(n) | display n`:                         "",
		`lookup user-data none as userId OUTPUT name as n | filter ispresent(n) | display n`:                     "",
	} {
		if got := runWith(t, query, o, nil, nil, events...); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
}

func TestCommandsOverRowsGiveWhatTheDocumentationSays(t *testing.T) {
	rows := []string{
		`{"a":1,"b":2,"host":"h1","method":"GET","userId":"u"}`, `{"a":4,"host":"h2","method":"PUT","userId":"v"}`, `{"b":8,"method":"GET","userId":"u"}`,
	}
	for query, want := range map[string]string{
		`fields a, b | addtotals`:                                                       "b=8,Total=8|a=4,Total=4|a=1,b=2,Total=3",
		`fields a, b | addtotals a`:                                                     "b=8|a=4,Total=4|a=1,b=2,Total=1",
		`fields a | addtotals fieldname=RowSum`:                                         "|a=4,RowSum=4|a=1,RowSum=1",
		`fields a, b | addtotals row=false col=true`:                                    "b=8|a=4|a=1,b=2|a=5,b=10",
		`fields a | addtotals row=false col=true b | stats count(*)`:                    "count(*)=4",
		`fields b | accum b AS total`:                                                   "b=8,total=8||b=2,total=10",
		`fields a | autoregress a`:                                                      "|a=4|a=1,a_p1=4",
		`fields method | autoregress method p=1-2`:                                      "method=GET|method=PUT,method_p1=GET|method=GET,method_p1=PUT,method_p2=GET",
		`fields method | autoregress method as m p=2`:                                   "method=GET|method=PUT|method=GET,m=GET",
		`fields host, b | filldown host b*`:                                             "b=8|host=h2,b=8|host=h1,b=2",
		`fields a, b | filldown`:                                                        "b=8|a=4,b=8|a=1,b=2",
		`fields method | countFrequent method`:                                          "method=GET,_approxcount=2|method=PUT,_approxcount=1",
		`count_frequent method, host | limit 1`:                                         "method=GET,_approxcount=1",
		`fields userId | sessionize userId maxspan 1m as s`:                             "userId=u,s=3|userId=v,s=2|userId=u,s=1",
		`fields userId | sessionize userId`:                                             "userId=u,session_id=1|userId=v,session_id=2|userId=u,session_id=1",
		`where a = 4 | display a`:                                                       "a=4",
		`stats count(*) as n by bin(1m) | fillmissing`:                                  "bin(1m)=2026-11-21 12:02:00.000,n=1|bin(1m)=2026-11-21 12:01:00.000,n=1|bin(1m)=2026-11-21 12:00:00.000,n=1",
		`filter ispresent(b) | stats sum(b) as s by bin(1m) | fillmissing with 0 for s`: "bin(1m)=2026-11-21 12:02:00.000,s=8|bin(1m)=2026-11-21 12:01:00.000,s=0|bin(1m)=2026-11-21 12:00:00.000,s=2",
		`filter ispresent(b) | stats count(*) by bin(1m) | fillmissing with 0 for count(*) | display count(*)`: "count(*)=1|count(*)=0|count(*)=1",
		`stats count(*) as n by bin(5m) offset 1h`:                                                             "bin(5m)=2026-11-21 13:00:00.000,n=3",
		`stats rate(a, 1m) as r, countOverTime(a) as c, sumOverTime(a) as s by bin(5m)`:                        "bin(5m)=2026-11-21 12:00:00.000,r=3,c=2,s=5",
		`stats histogram(b, 2) as h`:                                                                           `h={"2-5":1,"5-8":1}`,
		`stats count(*) as n by bin(300s)`:                                                                     "bin(300s)=2026-11-21 12:02:00.000,n=1|bin(300s)=2026-11-21 12:01:00.000,n=1|bin(300s)=2026-11-21 12:00:00.000,n=1",
		`filterIndex method = "PUT" | display a`:                                                               "a=4",
		`filterIndex method in ["PUT", "X"] | display a`:                                                       "a=4",
		`display method | limit any 2`:                                                                         "method=GET|method=PUT",
		`SOURCE logGroups(namePrefix: ['n'], class: "STANDARD") START=-3600s END=0s | display a | limit 1`:     "",
	} {
		if got := runWith(t, query, Options{}, nil, nil, rows...); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
}

func TestOutliersAreBoundedMarkedOrRemoved(t *testing.T) {
	var rows []string
	for _, n := range []int{1, 10, 11, 12, 13, 14, 100} {
		rows = append(rows, fmt.Sprintf(`{"cpu":%d}`, n))
	}
	for query, want := range map[string]string{
		`fields cpu | outlier cpu`:                                                   "cpu=24|cpu=14|cpu=13|cpu=12|cpu=11|cpu=10|cpu=1",
		`fields cpu | outlier action=remove param=1.0 uselower=true cpu`:             "cpu=14|cpu=13|cpu=12|cpu=11|cpu=10",
		`fields cpu | outlier mark=true param=2.5 cpu | stats sum(cpu_outlier) as n`: "n=1",
	} {
		if got := runWith(t, query, Options{}, nil, nil, rows...); got != want {
			t.Errorf("%s\n gives %s\n want  %s", query, got, want)
		}
	}
}

func TestNewerFunctionsComputeWhatTheDocumentationSays(t *testing.T) {
	for expression, want := range map[string]string{
		`round(2.5)`: "3", `round(2.345, 2)`: "2.35", `round("x")`: "", `toNumber("12.5")`: "12.5", `toInt("12.9")`: "12", `toInt(3000000000)`: "", `toLong(3000000000)`: "3000000000", `toDouble("x")`: "",
		`haversine(52.52, 13.405, 48.8566, 2.3522) > 877 and haversine(52.52, 13.405, 48.8566, 2.3522) < 879`: "1",
		`parseDate("2026-11-21", "yyyy-MM-dd", "UTC")`:                                                        "1795219200000", `parseDate("21/Nov/2026 13:00", "dd/MMM/yyyy HH:mm", "Europe/Berlin")`: "1795262400000", `parseDate("x", "yyyy")`: "", `parseDate("2026", "QQQ")`: "",
		`formatDate(@timestamp, "%Y-%m-%d", "UTC")`: "2026-11-21", `strftime(@timestamp, "%H:%M %j %%", "Asia/Tokyo")`: "21:00 325 %", `formatDate(@timestamp, "%Y", "No/Where")`: "",
		`case(1 = 2, "a", 2 = 2, "b", "c")`: "b", `case(1 = 2, "a", "c")`: "c", `case(1 = 2, "a")`: "", `if(1 = 1, "y", "n")`: "y", `if(none = 1, "y", "n")`: "n",
		`isNumeric("1.5")`: "1", `isNumeric("x")`: "0", `messageSize("äb")`: "3",
		`queryStartTime()`: "1000", `queryEndTime()`: "3000", `queryTimeRange()`: "2000",
		`jsonArraySize("[1,2,3]")`: "3", `jsonArraySize("x")`: "", `jsonArrayContains("[\"admin\",\"x\"]", "admin")`: "1", `jsonArrayContains("[\"Admin\"]", "admin")`: "0", `jsonArrayContains("no", "admin")`: "0", `jsonArrayContains("[7]", "7")`: "1",
		`isValidIpV4("10.0.0.1")`: "1", `ipv4ToNumber("10.0.0.1")`: "167772161", `ipv4ToNumber("::1")`: "", `isPrivateIP("10.1.1.1")`: "1", `isPublicIP("8.8.8.8")`: "1", `isPublicIP("10.1.1.1")`: "0", `isReservedIP("127.0.0.1")`: "1", `isReservedIP("8.8.8.8")`: "0",
		`ltrim("xyZxyfooxyZ","xyZ")`: "fooxyZ", `rtrim("xyZfooxyxyZ","xyZ")`: "xyZfoo", `trim("xyZxyfooxyxyZ","xyZ")`: "foo", `substr("xyZfooxyZ",3, 3)`: "foo",
		`regexReplace("a1b22", "[0-9]+", "#")`: "a#b#", `regexReplace("ab", concat("(", "a)"), "$1$1")`: "aab", `regexReplace("ab", concat("(", ""), "")`: "",
		`strcontains("ABC", "bc", true)`: "1", `strcontains("ABC", "bc", false)`: "0", `startsWith("abc", "ab")`: "1", `endsWith("abc", "ab")`: "0",
		`urlencode("a b/c")`: "a+b%2Fc", `urldecode("a+b%2Fc")`: "a b/c", `urldecode("%zz")`: "", `base64encode("hi")`: "aGk=", `base64decode("aGk=")`: "hi", `base64decode("?")`: "",
		`split("a,b", ",")`: `["a","b"]`, `hexToAscii("48656c6c6f")`: "Hello", `hexToDec("0xff")`: "255", `hexToDec("zz")`: "", `decToHex(255)`: "0xff", `decToHex(-255.9)`: "-0xff",
		`md5("a")`: "0cc175b9c0f1b6a831c399e269772661", `sha256("")`: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		`toupper(jsonParse("{}"))`: "", `jsonParse("{}") = jsonParse("{}")`: "0", `bin(90m)`: "2026-11-21 12:00:00.000", `bin(5000ms)`: "2026-11-21 12:00:00.000",
	} {
		want := "x=" + want
		if got := runWith(t, "display "+expression+" as x", Options{Start: 1000, End: 3000}, nil, nil, "m"); got != want && (want != "x=" || got != "") {
			t.Errorf("%s gives %q, want %q", expression, got, want)
		}
	}
}

func TestCommandsThatAreWrongSayWhere(t *testing.T) {
	for query, want := range map[string]string{
		`sort @timestamp | pattern @message`:               "pattern must appear before sort at line 1 and position 19",
		`stats count(*) | stats count(*) | stats count(*)`: "a query can have a maximum of two stats commands at line 1 and position 35",
		`stats count(*) as n | sort n | stats max(n)`:      "sort must appear after the second stats command at line 1 and position 32",
		`diff | diff`:            "a query compares once at line 1 and position 12",
		`logcompare timeshift x`: "unexpected symbol found x at line 1 and position 22",
		`filter a in (SOURCE b | filter c in (SOURCE d))`:         "nested subqueries are not supported at line 1 and position 37",
		`filter a in (SOURCE b | fields c`:                        "unexpected symbol found end of query at line 1 and position 33",
		`join left=a where a.x=b.x (SOURCE c)`:                    "join needs the aliases left and right at line 1 and position 13",
		`join type=outer left=a right=b where a.x=b.x (SOURCE c)`: "unexpected symbol found outer at line 1 and position 11",
		`join left=a right=b where x=y (SOURCE c)`:                "a join compares a field of each source at line 1 and position 27",
		`unnest a b`:                        "unexpected symbol found b at line 1 and position 10",
		`lookup t a`:                        "unexpected symbol found end of query at line 1 and position 11",
		`filterIndex a > 1`:                 "filterIndex needs a field and = or in at line 1 and position 13",
		`stats count(*) by a | fillmissing`: "fillmissing needs stats by bin at line 1 and position 34",
		`autoregress a p=4-1`:               "invalid range of lags at line 1 and position 19",
		`outlier action=drop a`:             "unexpected symbol found drop at line 1 and position 16",
		`fields a | SOURCE b`:               "unexpected symbol found SOURCE at line 1 and position 12",
		`SOURCE logGroups(namePrefix: ['1','2','3','4','5','6'])`: "too many prefixes of log groups at line 1 and position 18",
		`SOURCE logGroups(class: ['X'])`:                          "unknown log group class at line 1 and position 18",
		`SOURCE a START=never`:                                    "unknown time at line 1 and position 16",
		`fields regexReplace(a, "(", "")`:                         "invalid regular expression regexReplace at line 1 and position 8",
		`stats histogram(a, 0)`:                                   "invalid arguments of function histogram at line 1 and position 7",
	} {
		_, err := Parse(query)
		if e, ok := errors.AsType[*CompileError](err); !ok || e.Message != want {
			t.Errorf("%s: %v\n want %s", query, err, want)
		}
	}
}

func TestASourceTellsItsGroupsAndTimes(t *testing.T) {
	for query, want := range map[string]string{
		`SOURCE "a" "b" START=1792000000000 END=1792000000999 | fields x`: "[a b] false [] STANDARD 1792000000000 1792000000999",
		`SOURCE '/aws/x-y', lg`: "[/aws/x-y lg] false [] STANDARD - -",
		`SOURCE logGroups(namePrefix: ['p', 'q'], class: ['INFREQUENT_ACCESS'])`: "[] true [p q] INFREQUENT_ACCESS - -",
		`source lg start=-1d end=now | logcompare timeshift 7d`:                  fmt.Sprintf("[lg] false [] STANDARD %d %d", start-24*60*60*1000, start),
		`SOURCE arn:aws:logs:us-west-2:1:log-group:g START=2026-11-21T12:00:00Z`: fmt.Sprintf("[arn:aws:logs:us-west-2:1:log-group:g] false [] STANDARD %d -", start),
	} {
		q, err := Parse(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		s, from, to := q.Source(), "-", "-"
		if s.Start != nil {
			from = fmt.Sprint(s.Start.At(start))
		}
		if s.End != nil {
			to = fmt.Sprint(s.End.At(start))
		}
		if got := strings.TrimSpace(fmt.Sprintln(s.Names, s.Selected, s.Prefixes, s.Class, from, to)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
