package logs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

const resultsARN = "arn:aws:logs:us-west-2:111122223333:query-result:*"

// startQuery begins a query over the group g and the hour around the start.
func (b *bench) startQuery(text string) string {
	b.t.Helper()
	out, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{
		LogGroupName: ptr("g"), StartTime: start.Unix() - 3600, EndTime: start.Unix() + 3600, QueryString: text,
	})
	b.ok(err)
	return *out.QueryId
}

func (b *bench) resultsOf(id string) *logsapi.GetQueryResultsResponse {
	b.t.Helper()
	b.Settle()
	out, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: id})
	b.ok(err)
	return out
}

// rows gives results as "name=value name=value|...", pointers left out.
func rows(out *logsapi.GetQueryResultsResponse) string {
	var list []string
	for _, row := range out.Results {
		var fields []string
		for _, f := range row {
			if *f.Field != "@ptr" {
				fields = append(fields, *f.Field+"="+*f.Value)
			}
		}
		list = append(list, strings.Join(fields, " "))
	}
	return strings.Join(list, "|")
}

func (b *bench) answers(text, want string) {
	b.t.Helper()
	out := b.resultsOf(b.startQuery(text))
	if got := rows(out); *out.Status != logsapi.QueryStatusComplete || got != want {
		b.t.Errorf("%s is %s with %q, want %q", text, *out.Status, got, want)
	}
}

func TestAQueryReadsSealedEvents(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.createStream("g", "t")
	b.put("g", "s", `{"level":"INFO","ms":1}`, `{"level":"ERROR","ms":2}`)
	b.advance(time.Minute)
	b.put("g", "t", `{"level":"INFO","ms":3}`)
	b.answers(`fields ms, @logStream, @log | filter level = "INFO"`, "ms=3 @logStream=t @log=111122223333:g|ms=1 @logStream=s @log=111122223333:g")
	b.answers(`stats sum(ms) by bin(1m)`, "bin(1m)=2026-11-21 12:01:00.000 sum(ms)=3|bin(1m)=2026-11-21 12:00:00.000 sum(ms)=3")
	b.answers(`fields @timestamp | sort @timestamp asc | limit 1`, "@timestamp=2026-11-21 12:00:00.000")
}

func TestStatisticsTellWhatAQueryWentThrough(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "one", "two", "three")
	s := b.resultsOf(b.startQuery(`filter @message like /t/ | limit 1`)).Statistics
	if *s.RecordsMatched != 2 || *s.RecordsScanned != 3 || *s.BytesScanned != 11 || *s.LogGroupsScanned != 1 {
		t.Errorf("matched %v, scanned %v, bytes %v", *s.RecordsMatched, *s.RecordsScanned, *s.BytesScanned)
	}
}

func TestAQueryOverSeveralGroupsMergesThemByTime(t *testing.T) {
	b := streamBench(t)
	b.createGroup("h", "")
	b.createStream("h", "s")
	b.ok(b.putAt("g", "s", b.now(), "g0"))
	b.ok(b.putAt("h", "s", b.now()+1, "h1"))
	b.ok(b.putAt("g", "s", b.now()+2, "g2"))
	out, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{
		LogGroupIdentifiers: []string{"h", placeOf(b.ctx).group("g"), "g"}, StartTime: b.now(), EndTime: b.now() + 10, QueryString: "display @message",
	})
	b.ok(err)
	if got := rows(b.resultsOf(*out.QueryId)); got != "@message=g2|@message=h1|@message=g0" {
		t.Errorf("rows %s", got)
	}
	list, err := b.ListLogGroupsForQuery(b.ctx, &logsapi.ListLogGroupsForQueryRequest{QueryId: *out.QueryId})
	b.ok(err)
	if fmt.Sprint(list.LogGroupIdentifiers) != "[g h]" {
		t.Errorf("groups %v", list.LogGroupIdentifiers)
	}
}

func TestStartQueryRefuses(t *testing.T) {
	b := streamBench(t)
	for _, c := range []struct {
		name string
		in   logsapi.StartQueryRequest
		code string
	}{
		{"no group", logsapi.StartQueryRequest{}, "InvalidParameterException"},
		{"two ways to name groups", logsapi.StartQueryRequest{LogGroupName: ptr("g"), LogGroupNames: []string{"g"}}, "InvalidParameterException"},
		{"an empty list", logsapi.StartQueryRequest{LogGroupNames: []string{}}, "InvalidParameterException"},
		{"an end before the start", logsapi.StartQueryRequest{LogGroupName: ptr("g"), StartTime: 2, EndTime: 1}, "InvalidParameterException"},
		{"another language", logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryLanguage: ptr(logsapi.QueryLanguageSql)}, "NotImplemented"},
		{"a command that is not there yet", logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "pattern @message | anomaly"}, "NotImplemented"},
		{"groups named twice", logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "SOURCE 'g' | fields a"}, "InvalidParameterException"},
		{"a source that is missing", logsapi.StartQueryRequest{QueryString: "SOURCE 'none'"}, "ResourceNotFoundException"},
		{"a source within that is missing", logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "filter a in (SOURCE 'none' | fields a)"}, "ResourceNotFoundException"},
		{"a lookup table that is missing", logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "lookup none a OUTPUT b"}, "ResourceNotFoundException"},
		{"too many groups", logsapi.StartQueryRequest{LogGroupNames: strings.Fields(manyNames(51))}, "InvalidParameterException"},
		{"a group of another Region", logsapi.StartQueryRequest{LogGroupIdentifiers: []string{"arn:aws:logs:eu-west-1:111122223333:log-group:g"}}, "InvalidParameterException"},
	} {
		if _, err := b.StartQuery(b.ctx, &c.in); codeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	_, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("none"), QueryString: "fields a"})
	const before, after = "Log group 'none' does not exist for account ID '111122223333' (Service: AWSLogs; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: ", "; Proxy: null)"
	e := err.(*api.Error)
	if e.Code != "ResourceNotFoundException" || !strings.HasPrefix(e.Message, before) || !strings.HasSuffix(e.Message, after) || len(e.Message) != len(before)+36+len(after) {
		t.Errorf("a missing group: %v", err)
	}
	b.auth.deny = map[string]bool{"logs:StartQuery": true}
	if _, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("none")}); codeOf(err) != "AccessDeniedException" {
		t.Errorf("without permission: %v", err)
	}
	b.auth.deny = map[string]bool{"logs:Unmask": true}
	if _, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "fields unmask(a)"}); codeOf(err) != "AccessDeniedException" {
		t.Errorf("unmask without permission: %v", err)
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "g%d ", i)
	}
	return b.String()
}

func TestAQueryThatDoesNotCompileSaysWhere(t *testing.T) {
	b := streamBench(t)
	_, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "filter ="})
	b.fails(err, "MalformedQueryException", "unexpected symbol found = at line 1 and position 8")
	c := err.(*api.Error).Fields["queryCompileError"].(*logsapi.QueryCompileError)
	if *c.Location.StartCharOffset != 7 || *c.Location.EndCharOffset != 8 || *c.Message != "unexpected symbol found = at line 1 and position 8" {
		t.Errorf("compile error %+v", c)
	}
}

func TestDescribeQueriesShowsTheSourceOfAQuery(t *testing.T) {
	b := streamBench(t)
	id := b.startQuery("fields @message | limit 1")
	b.Settle()
	out, err := b.DescribeQueries(b.ctx, &logsapi.DescribeQueriesRequest{LogGroupName: ptr("g"), Status: ptr(logsapi.QueryStatusComplete)})
	b.ok(err)
	q := out.Queries[0]
	want := fmt.Sprintf(`SOURCE "g" START=%d000 END=%d999 | fields @message | limit 1`, start.Unix()-3600, start.Unix()+3600)
	if *q.QueryId != id || *q.QueryString != want || *q.QueryLanguage != logsapi.QueryLanguageCwli || *q.LogGroupName != "g" || *q.CreateTime != b.now() {
		t.Errorf("%s is listed as %s", *q.QueryId, *q.QueryString)
	}
	out, err = b.DescribeQueries(b.ctx, &logsapi.DescribeQueriesRequest{Status: ptr(logsapi.QueryStatusFailed)})
	b.ok(err)
	if out.Queries == nil || len(out.Queries) != 0 {
		t.Errorf("failed queries %v", out.Queries)
	}
}

func TestAQueryOverWhatCanNotBeReadFails(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "a")
	b.keys.refuse(keyARN)
	out := b.resultsOf(b.startQuery("fields @message"))
	if *out.Status != logsapi.QueryStatusFailed || len(out.Results) != 0 {
		t.Errorf("%s with %s", *out.Status, rows(out))
	}
	b.keys.allow(keyARN)
	b.answers("display @message", "@message=a")
}

func TestResultsAreSealedUnderTheKeyAssociatedForThem(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.put("g", "s", "a")
	before := b.startQuery("display @message")
	b.Settle()
	_, err := b.AssociateKmsKey(b.ctx, &logsapi.AssociateKmsKeyRequest{ResourceIdentifier: ptr(resultsARN), KmsKeyId: keyARN})
	b.ok(err)
	b.advance(5 * time.Minute)
	after := b.startQuery("display @message")
	if out := b.resultsOf(after); rows(out) != "@message=a" || value(out.EncryptionKey) != keyARN {
		t.Errorf("%s under %v", rows(out), out.EncryptionKey)
	}
	if out := b.resultsOf(before); rows(out) != "@message=a" || out.EncryptionKey != nil {
		t.Errorf("%s under %v", rows(out), out.EncryptionKey)
	}
	if got, want := b.keys.calls[0], "GenerateDataKey as logs.us-west-2.amazonaws.com for "+resultsARN; got != want {
		t.Errorf("KMS was asked to %s", got)
	}
	b.keys.refuse(keyARN)
	_, err = b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: after})
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '"+resultsARN+"'")
	if out := b.resultsOf(b.startQuery("display @message")); *out.Status != logsapi.QueryStatusFailed {
		t.Errorf("a query whose results cannot be sealed is %s", *out.Status)
	}
	if out := b.resultsOf(before); rows(out) != "@message=a" {
		t.Error("results from before the association are gone")
	}
	_, err = b.DisassociateKmsKey(b.ctx, &logsapi.DisassociateKmsKeyRequest{ResourceIdentifier: ptr(resultsARN)})
	b.ok(err)
	b.advance(5 * time.Minute)
	b.answers("display @message", "@message=a")
}

func TestAnAssociationOfResultsThatKMSRefusesChangesNothing(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.keys.refuse(keyARN)
	_, err := b.AssociateKmsKey(b.ctx, &logsapi.AssociateKmsKeyRequest{ResourceIdentifier: ptr(resultsARN), KmsKeyId: keyARN})
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '"+resultsARN+"'")
	b.advance(5 * time.Minute)
	b.put("g", "s", "a")
	if out := b.resultsOf(b.startQuery("display @message")); out.EncryptionKey != nil || rows(out) != "@message=a" {
		t.Errorf("results under %v", out.EncryptionKey)
	}
}

func TestResultsOpenOnlyForTheirQuery(t *testing.T) {
	key := newAEAD(t)
	body, err := sealResults(key, "g", "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openResults(key, "g", "q", body); err != nil {
		t.Error(err)
	}
	for name, open := range map[string]func() error{
		"another query": func() error { _, err := openResults(key, "g", "r", body); return err },
		"another group": func() error { _, err := openResults(key, "h", "q", body); return err },
		"cut short":     func() error { _, err := openResults(key, "g", "q", body[:5]); return err },
		"another key":   func() error { _, err := openResults(newAEAD(t), "g", "q", body); return err },
	} {
		if open() == nil {
			t.Errorf("%s opens", name)
		}
	}
}

func TestGetQueryResultsGoesOnBehindItsToken(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a", "b", "c")
	id := b.startQuery("display @message")
	b.Settle()
	page, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: id, MaxItems: ptr(int32(2))})
	b.ok(err)
	rest, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: id, MaxItems: ptr(int32(2)), NextToken: page.NextToken})
	b.ok(err)
	if rows(page) != "@message=c|@message=b" || rows(rest) != "@message=a" || rest.NextToken != nil {
		t.Errorf("pages %s and %s", rows(page), rows(rest))
	}
	_, err = b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: id, NextToken: ptr("x")})
	b.fails(err, "InvalidParameterException", "The specified nextToken is invalid.")
	_, err = b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: "none"})
	if codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("an unknown query: %v", err)
	}
}

func TestAQueryIsStoppedOnlyWhileItGoesOn(t *testing.T) {
	b := streamBench(t)
	id := b.startQuery("fields a")
	b.Settle()
	_, err := b.StopQuery(b.ctx, &logsapi.StopQueryRequest{QueryId: id})
	b.fails(err, "InvalidParameterException", "The specified query is not running.")
	_, err = b.StopQuery(b.ctx, &logsapi.StopQueryRequest{QueryId: "none"})
	if codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("an unknown query: %v", err)
	}

	// Others hold all slots, so that the next query waits.
	release := make(chan struct{})
	for i := range maxRunning {
		b.tasks.begin(b.ctx, fmt.Sprint("hold", i), func(context.Context) { <-release })
	}
	id = b.startQuery("fields a")
	out, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: id})
	b.ok(err)
	if *out.Status != logsapi.QueryStatusScheduled {
		t.Errorf("a waiting query is %s", *out.Status)
	}
	stopped, err := b.StopQuery(b.ctx, &logsapi.StopQueryRequest{QueryId: id})
	b.ok(err)
	close(release)
	if out := b.resultsOf(id); !*stopped.Success || *out.Status != logsapi.QueryStatusCancelled {
		t.Errorf("a stopped query is %s", *out.Status)
	}
}

func TestAQueryThatTheProgramsEndInterruptedHasFailed(t *testing.T) {
	b := streamBench(t)
	release := make(chan struct{})
	for i := range maxRunning {
		b.tasks.begin(b.ctx, fmt.Sprint("hold", i), func(context.Context) { <-release })
	}
	id := b.startQuery("fields a")
	b.Reset()
	close(release)
	if out := b.resultsOf(id); *out.Status != logsapi.QueryStatusFailed {
		t.Errorf("an interrupted query is %s", *out.Status)
	}
}

func TestResultsOutliveARestartAndGoAfterSevenDays(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	defer store.Close()
	b := newBenchOver(t, store, root)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "a")
	id := b.startQuery("display @message")
	b.Settle()
	again := newBenchOver(t, store, root)
	again.keys = b.keys
	if got := rows(again.resultsOf(id)); got != "@message=a" {
		t.Errorf("after a restart: %s", got)
	}
	again.advance(7*24*time.Hour + time.Minute)
	_, err := again.GetQueryResults(again.ctx, &logsapi.GetQueryResultsRequest{QueryId: id})
	if codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("after seven days: %v", err)
	}
	again.ok(store.Check(again.ctx))
}

func TestGetLogRecordFindsTheEventOfAPointer(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "x", `{"a":{"b":1}}`, "y")
	out := b.resultsOf(b.startQuery("filter a.b = 1"))
	row := out.Results[0]
	pointer := row[len(row)-1]
	if *pointer.Field != "@ptr" {
		t.Fatalf("the last field is %s", *pointer.Field)
	}
	in := &logsapi.GetLogRecordRequest{LogRecordPointer: *pointer.Value}
	record, err := b.GetLogRecord(b.ctx, in)
	b.ok(err)
	r := record.LogRecord
	if r["@message"] != `{"a":{"b":1}}` || r["a.b"] != "1" || r["@timestamp"] != fmt.Sprint(start.UnixMilli()+1) || r["@logStream"] != "s" || r["@log"] != "111122223333:g" {
		t.Errorf("record %v", r)
	}
	b.keys.refuse(keyARN)
	_, err = b.GetLogRecord(b.ctx, in)
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:111122223333:log-group:g'")
	_, err = b.GetLogRecord(b.ctx, &logsapi.GetLogRecordRequest{LogRecordPointer: "x"})
	b.fails(err, "InvalidParameterException", "The specified log record pointer is invalid.")
	_, err = b.GetLogRecord(callerIn("444455556666", "us-west-2"), in)
	b.fails(err, "InvalidParameterException", "The specified log record pointer is invalid.")
	_, err = b.DeleteLogStream(b.ctx, &logsapi.DeleteLogStreamRequest{LogGroupName: "g", LogStreamName: "s"})
	b.ok(err)
	_, err = b.GetLogRecord(b.ctx, in)
	b.fails(err, "ResourceNotFoundException", "The specified log record does not exist.")
}

func BenchmarkQuery(b *testing.B) {
	s := filled(b)
	b.SetBytes(int64(10000 * len(line)))
	for b.Loop() {
		out, err := s.StartQuery(s.ctx, &logsapi.StartQueryRequest{
			LogGroupName: ptr("g"), StartTime: start.Unix() - 3600, EndTime: start.Unix() + 3600, QueryString: `parse @message "status=* " as status | stats count(*) by status`,
		})
		if err != nil {
			b.Fatal(err)
		}
		if got := rows(s.resultsOf(*out.QueryId)); got != "status=200 count(*)=10000" {
			b.Fatal(got)
		}
		s.auth.asked = s.auth.asked[:0]
	}
}
