package logs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sealstack/api/logsapi"
)

// asks begins a query without naming groups in the call.
func (b *bench) asks(text string) *logsapi.GetQueryResultsResponse {
	b.t.Helper()
	out, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{StartTime: start.Unix() - 3600, EndTime: start.Unix() + 3600, QueryString: text})
	b.ok(err)
	return b.resultsOf(*out.QueryId)
}

func planBench(t *testing.T) *bench {
	b := streamBench(t)
	for _, name := range []string{"app-1", "app-2", "other"} {
		b.createGroup(name, "")
		b.createStream(name, "s")
	}
	b.put("app-1", "s", `{"id":1,"status":"FAILED","user":"7"}`, `{"id":2,"status":"OK","user":"8"}`)
	b.put("app-2", "s", `{"id":1,"ms":5}`, `{"id":3,"ms":7}`)
	b.put("other", "s", `{"id":9}`)
	return b
}

func TestASourceSelectsTheGroupsOfAQuery(t *testing.T) {
	b := planBench(t)
	for text, want := range map[string]string{
		`SOURCE logGroups(namePrefix: ['app-']) | stats count(*) as n by @log`:     "@log=111122223333:app-2 n=2|@log=111122223333:app-1 n=2",
		`SOURCE 'app-2' | display id`:                                              "id=3|id=1",
		`SOURCE logGroups() | stats count(*) as n`:                                 "n=5",
		`SOURCE logGroups(class: ['INFREQUENT_ACCESS']) | stats count(*) as n`:     "",
		`SOURCE logGroups(accountIdentifiers: ['999988887777']) | fields @message`: "",
		`SOURCE 'app-2' START=1 END=2 | fields @message`:                           "",
	} {
		if got := rows(b.asks(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	list, err := b.DescribeQueries(b.ctx, &logsapi.DescribeQueriesRequest{LogGroupName: ptr("other")})
	b.ok(err)
	if len(list.Queries) != 1 || *list.Queries[0].QueryString != `SOURCE logGroups() | stats count(*) as n` {
		t.Errorf("queries over a selected group: %d", len(list.Queries))
	}
	if q := list.Queries[0]; *q.BytesScanned == 0 || q.QueryDuration == nil {
		t.Errorf("scanned %v in %v", *q.BytesScanned, q.QueryDuration)
	}
	b.auth.deny = map[string]bool{"logs:StartQuery": true}
	_, err = b.StartQuery(b.ctx, &logsapi.StartQueryRequest{QueryString: "SOURCE logGroups()"})
	if codeOf(err) != "AccessDeniedException" {
		t.Errorf("a selection without permission: %v", err)
	}
}

func TestQueriesWithinAQueryReadTheirOwnGroups(t *testing.T) {
	b := planBench(t)
	for text, want := range map[string]string{
		`SOURCE 'app-2' | filter id in (SOURCE 'app-1' | filter status = "FAILED" | fields id) | display ms`:                             "ms=5",
		`SOURCE 'app-1' | join type=left left=a right=b where a.id=b.id (SOURCE 'app-2') | sort a.id asc | display a.status, b.ms, @log`: "a.status=FAILED b.ms=5 @log=111122223333:app-1|a.status=OK @log=111122223333:app-1",
		`SOURCE 'app-1' | filter id in (fields id | limit 1) | display id`:                                                               "id=2",
	} {
		out := b.asks(text)
		if got := rows(out); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if *out.Statistics.RecordsScanned != 4 {
			t.Errorf("%s: scanned %v", text, *out.Statistics.RecordsScanned)
		}
	}
}

func TestALookupReadsItsTableAsTheCaller(t *testing.T) {
	b := planBench(t)
	_, err := b.CreateLookupTable(b.ctx, &logsapi.CreateLookupTableRequest{LookupTableName: "users", TableBody: ptr("id,name\n7,Ann\n")})
	b.ok(err)
	if got := rows(b.asks(`SOURCE 'app-1' | lookup users id as user OUTPUT name | display user, name`)); got != "user=8|user=7 name=Ann" {
		t.Errorf("rows %s", got)
	}
	b.auth.deny = map[string]bool{"logs:GetLookupTable": true}
	_, err = b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "lookup users id OUTPUT name"})
	if codeOf(err) != "AccessDeniedException" {
		t.Errorf("without permission: %v", err)
	}
}

func TestAComparisonReadsThePeriodBefore(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a 1", "a 2", "b 1")
	b.advance(24 * time.Hour)
	b.put("g", "s", "a 3")
	at := b.now() / 1000
	out, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{
		LogGroupName: ptr("g"), StartTime: at - 60, EndTime: at + 60,
		QueryString: "pattern @message | diff previousDay | sort @differenceEventCount asc | display @pattern, @sampleCount, @differenceEventCount",
	})
	b.ok(err)
	got := b.resultsOf(*out.QueryId)
	if want := "@pattern=a <Token-1> @sampleCount=1 @differenceEventCount=-1|@pattern=b <Token-1> @sampleCount=0 @differenceEventCount=-1"; rows(got) != want {
		t.Errorf("rows %s", rows(got))
	}
	if *got.Statistics.RecordsScanned != 4 || *got.Statistics.RecordsMatched != 1 {
		t.Errorf("scanned %v, matched %v", *got.Statistics.RecordsScanned, *got.Statistics.RecordsMatched)
	}
}

func TestFilterIndexReadsOnlyGroupsWithTheIndex(t *testing.T) {
	b := planBench(t)
	_, err := b.PutIndexPolicy(b.ctx, &logsapi.PutIndexPolicyRequest{LogGroupIdentifier: "app-2", PolicyDocument: `{"Fields":["id"]}`})
	b.ok(err)
	out := b.asks(`SOURCE logGroups() | filterIndex id = 1 | display @log`)
	if rows(out) != "@log=111122223333:app-2" || *out.Statistics.LogGroupsScanned != 1 || *out.Statistics.RecordsScanned != 2 {
		t.Errorf("rows %s of %v groups", rows(out), *out.Statistics.LogGroupsScanned)
	}
	if out := b.asks(`SOURCE logGroups() | filterIndex @logStream = "s" | stats count(*) as n`); rows(out) != "n=5" {
		t.Errorf("a default index: %s", rows(out))
	}
}

func TestACommandOfTheStandardClassIsRefusedForInfrequentAccess(t *testing.T) {
	b := newBench(t)
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "ia", LogGroupClass: ptr(logsapi.LogGroupClassInfrequentAccess)})
	b.ok(err)
	for _, text := range []string{"pattern @message", "diff", "fields unmask(@message)", `filterIndex a = 1`} {
		_, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("ia"), QueryString: text})
		if codeOf(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("ia"), QueryString: "fields a"}); err != nil {
		t.Error(err)
	}
}

func TestLimitAnyScansNoMoreThanItNeeds(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a", "b", "c", "d")
	if out := b.resultsOf(b.startQuery("display @message | limit any 2")); rows(out) != "@message=d|@message=c" || *out.Statistics.RecordsScanned != 2 {
		t.Errorf("%s of %v", rows(out), *out.Statistics.RecordsScanned)
	}
}

func TestTheEndOfAQueryTellsItsStatus(t *testing.T) {
	for err, want := range map[error]logsapi.QueryStatus{
		nil: logsapi.QueryStatusComplete, errors.New("x"): logsapi.QueryStatusFailed,
		fmt.Errorf("read: %w", context.DeadlineExceeded): logsapi.QueryStatusTimeout, context.Canceled: logsapi.QueryStatusFailed,
	} {
		if got := endOf(err); got != want {
			t.Errorf("%v ends as %s, want %s", err, got, want)
		}
	}
}
