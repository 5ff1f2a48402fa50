package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// protecting is a policy over e-mail addresses with a destination of findings.
func protecting(destination string) string {
	const list = `"DataIdentifier":["arn:aws:dataprotection::aws:data-identifier/EmailAddress"]`
	return fmt.Sprintf(`{"Name":"emails","Version":"2021-06-01","Statement":[
		{%s,"Operation":{"Audit":{"FindingsDestination":{%s}}}},{%s,"Operation":{"Deidentify":{"MaskConfig":{}}}}]}`, list, destination, list)
}

func (b *bench) protect(group, document string) {
	b.t.Helper()
	_, err := b.PutDataProtectionPolicy(b.ctx, &logsapi.PutDataProtectionPolicyRequest{LogGroupIdentifier: group, PolicyDocument: document})
	b.ok(err)
}

func (b *bench) protectAccount(document string) {
	b.t.Helper()
	_, err := b.PutAccountPolicy(b.ctx, &logsapi.PutAccountPolicyRequest{PolicyName: "p", PolicyDocument: document, PolicyType: logsapi.PolicyTypeDataProtectionPolicy})
	b.ok(err)
}

func TestWhatIsIngestedUnderAPolicyIsMaskedWhereverItIsRead(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "before a@example.com")
	b.protect("g", protecting(""))
	tail, err := b.newTail(b.ctx, &logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{tailedARN}})
	b.ok(err)
	b.tails.add(tail)
	if _, err := b.PutMetricFilter(b.ctx, &logsapi.PutMetricFilterRequest{FilterName: "f", LogGroupName: "g", FilterPattern: `"a@example.com"`,
		MetricTransformations: []logsapi.MetricTransformation{{MetricName: "m", MetricNamespace: "n", MetricValue: "1"}}}); err != nil {
		t.Fatal(err)
	}
	b.ok(b.putAt("g", "s", b.now()+1, "after a@example.com"))

	const masked = "before a@example.com|after *************"
	b.reads("g", "s", masked)
	filter := func(pattern string, unmask bool) string {
		out, err := b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), FilterPattern: &pattern, Unmask: &unmask})
		b.ok(err)
		var list []string
		for _, e := range out.Events {
			list = append(list, *e.Message)
		}
		return strings.Join(list, "|")
	}
	rows := b.query("g", "fields @message, unmask(@message) as clear | sort @timestamp desc | limit 1")
	hidden := b.query("g", `filter @message like /example/ | fields @message`)
	head, unmask := true, true
	out, err := b.GetLogEvents(b.ctx, &logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "s", StartFromHead: &head, Unmask: &unmask})
	b.ok(err)
	for _, c := range []struct{ what, got, want string }{
		{"FilterLogEvents", filter("", false), masked},
		{"FilterLogEvents by what is hidden", filter("example", false), "before a@example.com"},
		{"FilterLogEvents unmasked", filter("after", true), "after a@example.com"},
		{"GetLogEvents unmasked", texts(out.Events), "before a@example.com|after a@example.com"},
		{"live tail", *tail.events[0].Message, "after *************"},
		{"Insights", fmt.Sprint(rows), "[map[@message:after ************* clear:after a@example.com]]"},
		{"Insights by what is hidden", fmt.Sprint(len(hidden)), "1"},
		{"metrics", fmt.Sprint(strings.Count(b.told.text("AWS/Logs"), "AWS/Logs/LogEventsWithFindingsmap[LogGroupName:g")), "1"},
	} {
		if c.got != c.want {
			t.Errorf("%s gives %s, want %s", c.what, c.got, c.want)
		}
	}
}

// query runs a query over all of a group's events, without @ptr.
func (b *bench) query(group, text string) (rows []map[string]string) {
	b.t.Helper()
	q, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: &group, QueryString: text, StartTime: 0, EndTime: b.now()/1000 + 100})
	b.ok(err)
	b.Settle()
	out, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: *q.QueryId})
	b.ok(err)
	if *out.Status != logsapi.QueryStatusComplete {
		b.t.Fatalf("%s: %s", text, *out.Status)
	}
	for _, r := range out.Results {
		row := map[string]string{}
		for _, f := range r {
			if *f.Field != "@ptr" {
				row[*f.Field] = *f.Value
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func TestARecordIsMaskedUnlessItIsUnmasked(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.protect("g", protecting(""))
	b.put("g", "s", `{"mail":"a@example.com"}`)
	q, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "fields @ptr", EndTime: b.now()/1000 + 1})
	b.ok(err)
	b.Settle()
	out, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: *q.QueryId})
	b.ok(err)
	pointer := *out.Results[0][0].Value
	for unmask, want := range map[bool]string{false: "*************", true: "a@example.com"} {
		r, err := b.GetLogRecord(b.ctx, &logsapi.GetLogRecordRequest{LogRecordPointer: pointer, Unmask: &unmask})
		b.ok(err)
		if r.LogRecord["mail"] != want {
			t.Errorf("unmask %t: %v", unmask, r.LogRecord)
		}
	}
	b.auth.deny = map[string]bool{"logs:Unmask": true}
	_, err = b.GetLogRecord(b.ctx, &logsapi.GetLogRecordRequest{LogRecordPointer: pointer, Unmask: ptr(true)})
	if codeOf(err) != "AccessDeniedException" {
		t.Errorf("without logs:Unmask: %v", err)
	}
}

func TestThePoliciesOfAccountAndGroupAddUp(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.protect("g", strings.ReplaceAll(protecting(""), "EmailAddress", "IpAddress"))
	b.protectAccount(protecting(""))
	b.put("g", "s", "a@example.com at 192.0.2.1")
	b.reads("g", "s", "************* at *********")
	b.protect("g", protecting(""))
	_, err := b.DeleteAccountPolicy(b.ctx, &logsapi.DeleteAccountPolicyRequest{PolicyName: "p", PolicyType: logsapi.PolicyTypeDataProtectionPolicy})
	b.ok(err)
	_, err = b.DeleteDataProtectionPolicy(b.ctx, &logsapi.DeleteDataProtectionPolicyRequest{LogGroupIdentifier: "g"})
	b.ok(err)
	b.ok(b.putAt("g", "s", b.now()+5, "b@example.com"))
	b.reads("g", "s", "************* at *********|b@example.com")
}

func TestAPolicyIsKeptShownAndDeleted(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	t.Cleanup(func() { store.Close() })
	b := newBenchOver(t, store, root)
	b.createGroup("g", "")
	b.createStream("g", "s")
	get := func() *logsapi.GetDataProtectionPolicyResponse {
		out, err := b.GetDataProtectionPolicy(b.ctx, &logsapi.GetDataProtectionPolicyRequest{LogGroupIdentifier: "arn:aws:logs:us-west-2:111122223333:log-group:g"})
		b.ok(err)
		return out
	}
	status := func() string {
		out, err := b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{})
		b.ok(err)
		g := out.LogGroups[0]
		return fmt.Sprint(value(g.DataProtectionStatus), g.InheritedProperties)
	}
	if out := get(); out.PolicyDocument != nil || *out.LogGroupIdentifier != "arn:aws:logs:us-west-2:111122223333:log-group:g" {
		t.Errorf("without policy: %+v", out)
	}
	if got := status(); got != "[]" {
		t.Errorf("status %s", got)
	}
	b.protect("g", protecting(""))
	b.put("g", "s", "a@example.com")
	b = newBenchOver(t, store, root) // restarted
	if out := get(); *out.PolicyDocument != protecting("") || *out.LastUpdatedTime != start.UnixMilli() {
		t.Errorf("after a restart: %+v", out)
	}
	b.reads("g", "s", "*************")
	b.protectAccount(protecting(""))
	if got := status(); got != "ACTIVATED[ACCOUNT_DATA_PROTECTION]" {
		t.Errorf("status %s", got)
	}
	_, err := b.DeleteDataProtectionPolicy(b.ctx, &logsapi.DeleteDataProtectionPolicyRequest{LogGroupIdentifier: "g"})
	b.ok(err)
	if got := status(); got != "DELETED[ACCOUNT_DATA_PROTECTION]" {
		t.Errorf("status %s", got)
	}
	_, err = b.DeleteDataProtectionPolicy(b.ctx, &logsapi.DeleteDataProtectionPolicyRequest{LogGroupIdentifier: "g"})
	b.fails(err, "ResourceNotFoundException", "The specified data protection policy does not exist.")
}

func TestAPolicyIsRefused(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Buckets = &fakeBuckets{} })
	b.createGroup("g", "")
	for _, c := range []struct{ group, document, code string }{
		{"none", protecting(""), "ResourceNotFoundException"},
		{"g", "{", "InvalidParameterException"},
		{"g", strings.ReplaceAll(protecting(""), "EmailAddress", "Address"), "NotImplemented"},
		{"g", protecting(`"Firehose":{"DeliveryStream":"d"}`), "NotImplemented"},
		{"g", protecting(`"CloudWatchLogs":{"LogGroup":"none"}`), "ResourceNotFoundException"},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:g", protecting(""), "InvalidParameterException"},
	} {
		_, err := b.PutDataProtectionPolicy(b.ctx, &logsapi.PutDataProtectionPolicyRequest{LogGroupIdentifier: c.group, PolicyDocument: c.document})
		if codeOf(err) != c.code {
			t.Errorf("%s %s: %v, want %s", c.group, c.document, err, c.code)
		}
	}
	for action, call := range map[string]func() error{
		"PutDataProtectionPolicy": func() error {
			_, err := b.PutDataProtectionPolicy(b.ctx, &logsapi.PutDataProtectionPolicyRequest{LogGroupIdentifier: "g", PolicyDocument: protecting("")})
			return err
		},
		"CreateLogDelivery": func() error {
			_, err := b.PutDataProtectionPolicy(b.ctx, &logsapi.PutDataProtectionPolicyRequest{LogGroupIdentifier: "g", PolicyDocument: protecting(`"CloudWatchLogs":{"LogGroup":"g"}`)})
			return err
		},
		"GetDataProtectionPolicy": func() error {
			_, err := b.GetDataProtectionPolicy(b.ctx, &logsapi.GetDataProtectionPolicyRequest{LogGroupIdentifier: "g"})
			return err
		},
		"DeleteDataProtectionPolicy": func() error {
			_, err := b.DeleteDataProtectionPolicy(b.ctx, &logsapi.DeleteDataProtectionPolicyRequest{LogGroupIdentifier: "g"})
			return err
		},
	} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		b.fails(call(), "AccessDeniedException", "denied logs:"+action)
	}
}

func TestFindingsAreDelivered(t *testing.T) {
	buckets := &fakeBuckets{objects: map[string][]byte{}}
	b := newBench(t, func(c *Config) { c.Buckets = buckets })
	b.createGroup("/app", keyARN)
	b.createStream("/app", "s")
	b.createGroup("findings", secondKey)
	b.protect("/app", protecting(`"CloudWatchLogs":{"LogGroup":"findings"},"S3":{"Bucket":"bucket"}`))
	b.put("/app", "s", "nothing", "by a@example.com")
	b.Settle()
	const want = `{"auditTimestamp":"2026-11-21T12:00:00Z","resourceArn":"arn:aws:logs:us-west-2:111122223333:log-group:/app:*","dataIdentifiers":[{"name":"EmailAddress","count":1,"detections":[{"start":4,"end":16}]}]}`
	b.reads("findings", "/app", want)
	keys := slices.Sorted(maps.Keys(buckets.objects))
	if len(keys) != 1 || !strings.HasPrefix(keys[0], "AWSLogs/111122223333/DataProtection/us-west-2/2026/11/21/12/app_") {
		t.Fatalf("objects %v", keys)
	}
	zip, err := gzip.NewReader(bytes.NewReader(buckets.objects[keys[0]]))
	b.ok(err)
	if got, err := io.ReadAll(zip); err != nil || string(got) != want+"\n" {
		t.Errorf("the object holds %s, %v", got, err)
	}
	b.advance(10 * time.Minute)
	b.keys.refuse(secondKey)
	b.refuses("findings", "/app")
}

func TestNothingOfAnEventIsStoredBesideItsSegment(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.protect("g", protecting(""))
	b.put("g", "s", "by jane@example.com")
	b.ok(b.store.View(b.ctx, func(_ context.Context, tx storage.Tx) error {
		for e, err := range segments.Scan(tx, storage.Range{}) {
			if err != nil || strings.Contains(fmt.Sprint(e.Value), "jane") || len(e.Value.Protection) != 1 {
				t.Errorf("segment %+v, %v", e.Value, err)
			}
		}
		return nil
	}))
}
