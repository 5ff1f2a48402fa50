package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

func TestFieldsAreCounted(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.ok(b.putAt("g", "s", b.now()-3*60000, `{"a":1,"b":{"c":2}}`, `{"a":1}`, `plain`))
	fields := func(at *int64) string {
		out, err := b.GetLogGroupFields(b.ctx, &logsapi.GetLogGroupFieldsRequest{LogGroupName: ptr("g"), Time: at})
		b.ok(err)
		var list []string
		for _, f := range out.LogGroupFields {
			list = append(list, fmt.Sprint(*f.Name, " ", *f.Percent))
		}
		return strings.Join(list, ",")
	}
	const all = "@ingestionTime 100,@log 100,@logStream 100,@message 100,@timestamp 100,a 67,b.c 33"
	for _, c := range []struct {
		at   *int64
		want string
	}{{nil, all}, {ptr(start.Unix()), all}, {ptr(start.Unix() - 3600), ""}} {
		if got := fields(c.at); got != c.want {
			t.Errorf("fields %s, want %s", got, c.want)
		}
	}
	b.advance(10 * time.Minute)
	b.keys.refuse(keyARN)
	_, err := b.GetLogGroupFields(b.ctx, &logsapi.GetLogGroupFieldsRequest{LogGroupIdentifier: ptr("g")})
	if codeOf(err) != "AccessDeniedException" {
		t.Errorf("without the key: %v", err)
	}
	_, err = b.GetLogFields(b.ctx, &logsapi.GetLogFieldsRequest{DataSourceName: "amazon_vpc", DataSourceType: "flow"})
	b.fails(err, "ResourceNotFoundException", "The specified data source does not exist.")
}

func TestAnObjectIsStreamed(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.protect("g", protecting(""))
	long := strings.Repeat("x", objectChunk) + " a@example.com"
	b.put("g", "s", long)
	q, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "fields @ptr", EndTime: b.now()/1000 + 1})
	b.ok(err)
	b.Settle()
	rows, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: *q.QueryId})
	b.ok(err)
	for unmask, want := range map[bool]string{true: long, false: strings.Replace(long, "a@example.com", "*************", 1)} {
		out, err := b.GetLogObject(b.ctx, &logsapi.GetLogObjectRequest{LogObjectPointer: *rows.Results[0][0].Value, Unmask: &unmask})
		b.ok(err)
		got, parts := "", 0
		for e, err := range out.FieldStream {
			b.ok(err)
			got += string(e.Fields.Data)
			parts++
		}
		if got != want || parts != 2 {
			t.Errorf("unmask %t: %d bytes in %d parts", unmask, len(got), parts)
		}
	}
	_, err = b.GetLogObject(b.ctx, &logsapi.GetLogObjectRequest{LogObjectPointer: "none"})
	b.fails(err, "InvalidParameterException", "The specified log record pointer is invalid.")
}

func TestAnIndexPolicyIsKeptAndInForce(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	t.Cleanup(func() { store.Close() })
	b := newBenchOver(t, store, root)
	b.createGroup("g", "")
	b.createStream("g", "s")
	_, err := b.PutAccountPolicy(b.ctx, &logsapi.PutAccountPolicyRequest{PolicyName: "all", PolicyType: logsapi.PolicyTypeFieldIndexPolicy, PolicyDocument: `{"Fields":["id"]}`})
	b.ok(err)
	describe := func() string {
		out, err := b.DescribeIndexPolicies(b.ctx, &logsapi.DescribeIndexPoliciesRequest{LogGroupIdentifiers: []string{"g"}})
		b.ok(err)
		p := out.IndexPolicies[0]
		return fmt.Sprint(*p.Source, " ", value(p.PolicyName), *p.PolicyDocument)
	}
	if got := describe(); got != `ACCOUNT all{"Fields":["id"]}` {
		t.Errorf("in force is %s", got)
	}
	const document = `{"Fields":["ID"],"FieldsV2":{"Api":{"type":"FACET"}}}`
	_, err = b.PutIndexPolicy(b.ctx, &logsapi.PutIndexPolicyRequest{LogGroupIdentifier: "g", PolicyDocument: document})
	b.ok(err)
	b.put("g", "s", `{"id":1}`, `{"x":1}`, `{"id":3}`)
	b = newBenchOver(t, store, root) // restarted
	if got := describe(); got != "LOG_GROUP "+document {
		t.Errorf("in force is %s", got)
	}
	out, err := b.DescribeFieldIndexes(b.ctx, &logsapi.DescribeFieldIndexesRequest{LogGroupIdentifiers: []string{"g"}})
	b.ok(err)
	var got []string
	for _, f := range out.FieldIndexes {
		got = append(got, fmt.Sprint(*f.FieldIndexName, " ", *f.Type, value(f.FirstEventTime), value(f.LastEventTime)))
	}
	if want := fmt.Sprintf("[Api FACET0 0 ID FIELD_INDEX%d %d]", start.UnixMilli(), start.UnixMilli()+2); fmt.Sprint(got) != want {
		t.Errorf("indexes %s, want %s", got, want)
	}
	_, err = b.DeleteIndexPolicy(b.ctx, &logsapi.DeleteIndexPolicyRequest{LogGroupIdentifier: "g"})
	b.ok(err)
	_, err = b.DeleteIndexPolicy(b.ctx, &logsapi.DeleteIndexPolicyRequest{LogGroupIdentifier: "g"})
	b.fails(err, "ResourceNotFoundException", "The specified field index policy does not exist.")
}

func TestAnIndexPolicyIsRefused(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	for _, c := range []struct{ group, document, code string }{
		{"none", `{"Fields":["a"]}`, "ResourceNotFoundException"}, {"g", `{`, "InvalidParameterException"}, {"g", `{"Fields":[]}`, "InvalidParameterException"},
		{"g", `{"Fields":["a"],"x":1}`, "InvalidParameterException"}, {"g", `{"FieldsV2":{"a":{"type":"X"}}}`, "InvalidParameterException"},
		{"g", `{"Fields":["` + strings.Repeat("a", 101) + `"]}`, "InvalidParameterException"}, {"g", `{"Fields":["a"]}{}`, "InvalidParameterException"},
	} {
		_, err := b.PutIndexPolicy(b.ctx, &logsapi.PutIndexPolicyRequest{LogGroupIdentifier: c.group, PolicyDocument: c.document})
		if codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", c.document, err, c.code)
		}
	}
	for action, call := range map[string]func() error{
		"PutIndexPolicy": func() error {
			_, err := b.PutIndexPolicy(b.ctx, &logsapi.PutIndexPolicyRequest{LogGroupIdentifier: "g", PolicyDocument: `{"Fields":["a"]}`})
			return err
		},
		"DescribeIndexPolicies": func() error {
			_, err := b.DescribeIndexPolicies(b.ctx, &logsapi.DescribeIndexPoliciesRequest{LogGroupIdentifiers: []string{"g"}})
			return err
		},
		"DescribeFieldIndexes": func() error {
			_, err := b.DescribeFieldIndexes(b.ctx, &logsapi.DescribeFieldIndexesRequest{LogGroupIdentifiers: []string{"g"}})
			return err
		},
		"DeleteIndexPolicy": func() error {
			_, err := b.DeleteIndexPolicy(b.ctx, &logsapi.DeleteIndexPolicyRequest{LogGroupIdentifier: "g"})
			return err
		},
		"GetLogGroupFields": func() error {
			_, err := b.GetLogGroupFields(b.ctx, &logsapi.GetLogGroupFieldsRequest{LogGroupName: ptr("g")})
			return err
		},
		"GetLogFields": func() error { _, err := b.GetLogFields(b.ctx, &logsapi.GetLogFieldsRequest{}); return err },
	} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		b.fails(call(), "AccessDeniedException", "denied logs:"+action)
	}
}
