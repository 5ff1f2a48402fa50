package logs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// fakeSessions is an STS that lets CloudWatch Logs assume the role r.
type fakeSessions struct{}

func (fakeSessions) AssumeRole(_ context.Context, in *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
	if in.RoleArn != scheduleRole {
		return nil, stsapi.Service.AccessDenied("no trust")
	}
	return &stsapi.AssumeRoleResponse{
		Credentials:     &stsapi.Credentials{AccessKeyId: "ASIA", Expiration: start.Add(time.Hour)},
		AssumedRoleUser: &stsapi.AssumedRoleUser{Arn: "arn:aws:sts::111122223333:assumed-role/r/s", AssumedRoleId: "AROA:s"},
	}, nil
}

const scheduleRole = "arn:aws:iam::111122223333:role/r"

func schedule() *logsapi.CreateScheduledQueryRequest {
	return &logsapi.CreateScheduledQueryRequest{
		Name: "q", QueryLanguage: logsapi.QueryLanguageCwli, QueryString: "fields @message | sort @timestamp asc", LogGroupIdentifiers: []string{"g"},
		ScheduleExpression: "cron(0/5 * * * ? *)", StartTimeOffset: ptr(int64(3600)), ExecutionRoleArn: scheduleRole,
		DestinationConfiguration: &logsapi.DestinationConfiguration{
			S3Configuration:          &logsapi.S3Configuration{DestinationIdentifier: "s3://bucket/results", RoleArn: scheduleRole},
			LookupTableConfiguration: &logsapi.LookupTableConfiguration{TableName: "found", RoleArn: scheduleRole},
		},
	}
}

func scheduleBench(t *testing.T) (*bench, *fakeBuckets) {
	f := &fakeBuckets{objects: map[string][]byte{}}
	store, root := memory.New(), seal.NewEphemeral()
	t.Cleanup(func() { store.Close() })
	b := newBenchOver(t, store, root, func(c *Config) { c.Buckets, c.STS, c.DataKeyLifetime = f, fakeSessions{}, 0 })
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "one", "two, three")
	return b, f
}

// history gives the runs of the scheduled query q, the newest first.
func (b *bench) history() []logsapi.TriggerHistoryRecord {
	b.t.Helper()
	b.Settle()
	out, err := b.GetScheduledQueryHistory(b.ctx, &logsapi.GetScheduledQueryHistoryRequest{Identifier: "q", StartTime: 0, EndTime: b.now()})
	b.ok(err)
	return out.TriggerHistory
}

func TestAScheduledQueryRunsByTheClockAndDelivers(t *testing.T) {
	b, f := scheduleBench(t)
	_, err := b.CreateScheduledQuery(b.ctx, schedule())
	b.ok(err)
	b.advance(4 * time.Minute)
	if got := b.history(); len(got) != 0 {
		t.Errorf("before it is due: %+v", got)
	}
	b.advance(time.Minute)
	runs := b.history()
	if len(runs) != 1 {
		t.Fatalf("%d runs", len(runs))
	}
	r := runs[0]
	if *r.ExecutionStatus != "Complete" || *r.TriggeredTimestamp != start.Add(5*time.Minute).UnixMilli() || r.ErrorMessage != nil {
		t.Errorf("run %+v", r)
	}
	keys := slices.Sorted(maps.Keys(f.objects))
	want := fmt.Sprintf("results/q/%d_%s.csv", *r.TriggeredTimestamp, *r.QueryId)
	if len(keys) != 1 || keys[0] != want || string(f.objects[keys[0]]) != "@message\none\n\"two, three\"\n" {
		t.Errorf("objects %v: %s", keys, f.objects)
	}
	if got := f.callers[0]; !strings.HasPrefix(got, "PutObject as arn:aws:sts::111122223333:assumed-role/r/s") {
		t.Errorf("S3 is called: %s", got)
	}
	for i, want := range []string{"S3 COMPLETE s3://bucket/" + want, "LOOKUP_TABLE COMPLETE arn:aws:logs:us-west-2:111122223333:lookup-table:found"} {
		d := r.Destinations[i]
		if got := fmt.Sprintf("%s %s %s", *d.DestinationType, *d.Status, *d.ProcessedIdentifier); got != want {
			t.Errorf("destination %s, want %s", got, want)
		}
	}
	table, err := b.LookupTable(b.ctx, "found")
	if err != nil || fmt.Sprint(table.Rows) != "[[one] [two, three]]" {
		t.Errorf("table %+v, %v", table, err)
	}
	out, err := b.GetScheduledQuery(b.ctx, &logsapi.GetScheduledQueryRequest{Identifier: "arn:aws:logs:us-west-2:111122223333:scheduled-query:q"})
	if err != nil || *out.LastTriggeredTime != *r.TriggeredTimestamp || *out.LastExecutionStatus != "Complete" || *out.State != "ENABLED" {
		t.Errorf("query %+v, %v", out, err)
	}
	b.advance(12 * time.Minute)
	if got := b.history(); len(got) != 3 {
		t.Errorf("two more were due, there are %d", len(got))
	}
}

func TestARunThatIsRefusedFails(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*bench, *fakeBuckets, *logsapi.CreateScheduledQueryRequest)
		want   string
	}{
		{"no trust", func(_ *bench, _ *fakeBuckets, in *logsapi.CreateScheduledQueryRequest) { in.ExecutionRoleArn += "2" }, "Failed no trust"},
		{"no key", func(b *bench, _ *fakeBuckets, _ *logsapi.CreateScheduledQueryRequest) { b.keys.refuse(keyARN) }, "Failed The query failed."},
		{"no bucket", func(_ *bench, _ *fakeBuckets, in *logsapi.CreateScheduledQueryRequest) {
			in.DestinationConfiguration.S3Configuration.DestinationIdentifier = "s3://other"
		}, "Complete  CLIENT_ERROR no"},
		{"not before its time", func(b *bench, _ *fakeBuckets, in *logsapi.CreateScheduledQueryRequest) {
			in.ScheduleStartTime = ptr(b.now() + 3600000)
		}, ""},
		{"disabled", func(_ *bench, _ *fakeBuckets, in *logsapi.CreateScheduledQueryRequest) {
			in.State = ptr(logsapi.ScheduledQueryStateDisabled)
		}, ""},
	} {
		b, f := scheduleBench(t)
		in := schedule()
		c.change(b, f, in)
		_, err := b.CreateScheduledQuery(b.ctx, in)
		b.ok(err)
		b.advance(5 * time.Minute)
		got := ""
		for _, r := range b.history() {
			got += fmt.Sprintf("%s %s", *r.ExecutionStatus, value(r.ErrorMessage))
			if len(r.Destinations) > 0 {
				got += fmt.Sprintf(" %s %s", *r.Destinations[0].Status, *r.Destinations[0].ErrorMessage)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestAScheduledQueryIsReplacedListedAndDeleted(t *testing.T) {
	b, _ := scheduleBench(t)
	_, err := b.CreateScheduledQuery(b.ctx, schedule())
	b.ok(err)
	_, err = b.CreateScheduledQuery(b.ctx, schedule())
	b.fails(err, "ConflictException", "The specified scheduled query already exists.")
	out, err := b.UpdateScheduledQuery(b.ctx, &logsapi.UpdateScheduledQueryRequest{
		Identifier: "q", QueryLanguage: logsapi.QueryLanguageCwli, QueryString: "stats count(*)", LogGroupIdentifiers: []string{"g"},
		ScheduleExpression: "cron(0 9 ? * MON-FRI *)", Timezone: ptr("Asia/Tokyo"), ExecutionRoleArn: scheduleRole, State: ptr(logsapi.ScheduledQueryStateDisabled),
	})
	if err != nil || *out.QueryString != "stats count(*)" || *out.State != "DISABLED" || out.DestinationConfiguration != nil {
		t.Errorf("updated %+v, %v", out, err)
	}
	for state, want := range map[logsapi.ScheduledQueryState]int{"ENABLED": 0, "DISABLED": 1} {
		list, err := b.ListScheduledQueries(b.ctx, &logsapi.ListScheduledQueriesRequest{State: &state})
		if err != nil || len(list.ScheduledQueries) != want {
			t.Errorf("%s: %+v, %v", state, list, err)
		}
	}
	_, err = b.DeleteScheduledQuery(b.ctx, &logsapi.DeleteScheduledQueryRequest{Identifier: "q"})
	b.ok(err)
	_, err = b.GetScheduledQuery(b.ctx, &logsapi.GetScheduledQueryRequest{Identifier: "q"})
	b.fails(err, "ResourceNotFoundException", "The specified scheduled query does not exist.")
}

func TestAScheduledQueryIsRefused(t *testing.T) {
	b, _ := scheduleBench(t)
	for _, c := range []struct {
		change func(*logsapi.CreateScheduledQueryRequest)
		code   string
	}{
		{func(in *logsapi.CreateScheduledQueryRequest) { in.QueryString = "nonsense |" }, "ValidationException"},
		{func(in *logsapi.CreateScheduledQueryRequest) { in.QueryLanguage = logsapi.QueryLanguageSql }, "NotImplemented"},
		{func(in *logsapi.CreateScheduledQueryRequest) { in.ScheduleExpression = "rate(5 minutes)" }, "ValidationException"},
		{func(in *logsapi.CreateScheduledQueryRequest) { in.Timezone = ptr("Mars/Olympus") }, "ValidationException"},
		{func(in *logsapi.CreateScheduledQueryRequest) { in.LogGroupIdentifiers = nil }, "ValidationException"},
		{func(in *logsapi.CreateScheduledQueryRequest) { in.ExecutionRoleArn = "r" }, "ValidationException"},
	} {
		in := schedule()
		c.change(in)
		if _, err := b.CreateScheduledQuery(b.ctx, in); codeOf(err) != c.code {
			t.Errorf("%+v: %v, want %s", in, err, c.code)
		}
	}
	_, err := b.CreateScheduledQuery(b.ctx, schedule())
	b.ok(err)
	other := schedule()
	other.Name = "other"
	for action, call := range map[string]func() error{
		"logs:CreateScheduledQuery": func() error { _, err := b.CreateScheduledQuery(b.ctx, other); return err },
		"iam:PassRole":              func() error { _, err := b.CreateScheduledQuery(b.ctx, other); return err },
		"logs:GetScheduledQuery": func() error {
			_, err := b.GetScheduledQuery(b.ctx, &logsapi.GetScheduledQueryRequest{Identifier: "q"})
			return err
		},
		"logs:ListScheduledQueries": func() error {
			_, err := b.ListScheduledQueries(b.ctx, &logsapi.ListScheduledQueriesRequest{})
			return err
		},
		"logs:UpdateScheduledQuery": func() error {
			_, err := b.UpdateScheduledQuery(b.ctx, &logsapi.UpdateScheduledQueryRequest{Identifier: "q"})
			return err
		},
		"logs:DeleteScheduledQuery": func() error {
			_, err := b.DeleteScheduledQuery(b.ctx, &logsapi.DeleteScheduledQueryRequest{Identifier: "q"})
			return err
		},
		"logs:GetScheduledQueryHistory": func() error {
			_, err := b.GetScheduledQueryHistory(b.ctx, &logsapi.GetScheduledQueryHistoryRequest{Identifier: "q"})
			return err
		},
	} {
		b.auth.deny = map[string]bool{action: true}
		b.fails(call(), "AccessDeniedException", "denied "+action)
	}
}

func TestASchedule(t *testing.T) {
	at := func(text string) time.Time { v, _ := time.Parse("2006-01-02 15:04", text); return v }
	for _, c := range []struct {
		cron, at string
		due      bool
	}{
		{"cron(* * * * ? *)", "2026-11-21 12:34", true}, {"cron(0/15 9-17 ? * MON-FRI *)", "2026-11-20 09:30", true},
		{"cron(0/15 9-17 ? * MON-FRI *)", "2026-11-21 09:30", false}, {"cron(0 0 1,15 JAN ? 2027)", "2027-01-15 00:00", true},
		{"cron(0 0 1,15 JAN ? 2027)", "2026-01-15 00:00", false}, {"cron(0 8 ? * 1 *)", "2026-11-22 08:00", true},
	} {
		parsed, ok := parseCron(c.cron)
		if !ok || parsed.due(at(c.at)) != c.due {
			t.Errorf("%s at %s: %t", c.cron, c.at, !c.due)
		}
	}
	for _, bad := range []string{"", "cron(* * * * * *)", "cron(* * ? * ? *)", "cron(60 * * * ? *)", "cron(* * L * ? *)", "cron(5-1 * * * ? *)", "cron(*/0 * * * ? *)", "cron(* * * * ?)", "* * * * ? *"} {
		if _, ok := parseCron(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}
