package logs

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// upper reads JSON and writes level in upper case.
var upper = []logsapi.Processor{
	{ParseJSON: &logsapi.ParseJSON{}},
	{UpperCaseString: &logsapi.UpperCaseString{WithKeys: []string{"level"}}},
	{CopyValue: &logsapi.CopyValue{Entries: []logsapi.CopyValueEntry{{Source: "@logGroupName", Target: "group", OverwriteIfExists: ptr(false)}}}},
}

func (b *bench) transform(group string, config []logsapi.Processor) {
	b.t.Helper()
	_, err := b.PutTransformer(b.ctx, &logsapi.PutTransformerRequest{LogGroupIdentifier: group, TransformerConfig: config})
	b.ok(err)
}

func TestTransformedEventsAreSeenByQueriesAndFiltersThatAskForThem(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", `{"level":"warn","n":1}`)
	b.transform("g", upper)
	for name, transformed := range map[string]bool{"raw": false, "shaped": true} {
		_, err := b.PutMetricFilter(b.ctx, &logsapi.PutMetricFilterRequest{FilterName: name, LogGroupName: "g", FilterPattern: `{ $.level = "WARN" }`, ApplyOnTransformedLogs: &transformed,
			MetricTransformations: []logsapi.MetricTransformation{{MetricName: name, MetricNamespace: "n", MetricValue: "1"}}})
		b.ok(err)
	}
	b.ok(b.putAt("g", "s", b.now()+1, `{"level":"warn","n":2}`, `level warn`))
	b.reads("g", "s", `{"level":"warn","n":1}|{"level":"warn","n":2}|level warn`)
	rows := b.query("g", `fields level, group, n | sort @timestamp asc`)
	if got := fmt.Sprint(rows); got != "[map[level:warn n:1] map[group:g level:WARN n:2] map[]]" {
		t.Errorf("the query gives %s", got)
	}
	if points := b.points(); !strings.Contains(points, "n/shapedmap[] n=1 sum=1") || strings.Count(points, "\n") != 1 {
		t.Errorf("data points %s", points)
	}
}

func TestATransformerIsKeptShownAndDeleted(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	t.Cleanup(func() { store.Close() })
	b := newBenchOver(t, store, root)
	b.createGroup("g", "")
	b.transform("g", upper[:1])
	b.ok(b.clock.Advance(1000000))
	b.transform("g", upper)
	b = newBenchOver(t, store, root) // restarted
	out, err := b.GetTransformer(b.ctx, &logsapi.GetTransformerRequest{LogGroupIdentifier: "g"})
	b.ok(err)
	if *out.LogGroupIdentifier != "arn:aws:logs:us-west-2:111122223333:log-group:g" || *out.CreationTime != start.UnixMilli() || *out.LastModifiedTime != start.UnixMilli()+1 {
		t.Errorf("transformer %+v", out)
	}
	if !reflect.DeepEqual(out.TransformerConfig, upper) {
		t.Errorf("configuration %+v", out.TransformerConfig)
	}
	_, err = b.DeleteTransformer(b.ctx, &logsapi.DeleteTransformerRequest{LogGroupIdentifier: "g"})
	b.ok(err)
	if out, err := b.GetTransformer(b.ctx, &logsapi.GetTransformerRequest{LogGroupIdentifier: "g"}); err != nil || out.TransformerConfig != nil {
		t.Errorf("after deletion %+v, %v", out, err)
	}
	_, err = b.DeleteTransformer(b.ctx, &logsapi.DeleteTransformerRequest{LogGroupIdentifier: "g"})
	b.fails(err, "ResourceNotFoundException", "The specified transformer does not exist.")
}

func TestTheGroupsTransformerStandsInPlaceOfTheAccounts(t *testing.T) {
	b := newBench(t)
	for _, g := range []string{"g", "h"} {
		b.createGroup(g, "")
		b.createStream(g, "s")
	}
	_, err := b.PutAccountPolicy(b.ctx, &logsapi.PutAccountPolicyRequest{PolicyName: "p", PolicyType: logsapi.PolicyTypeTransformerPolicy,
		PolicyDocument: `[{"parseJSON":{"destination":"account"}}]`})
	b.ok(err)
	b.transform("h", upper)
	for group, want := range map[string]string{"g": "[map[account.level:warn]]", "h": "[map[level:WARN]]"} {
		b.put(group, "s", `{"level":"warn"}`)
		if got := fmt.Sprint(b.query(group, "fields account.level, level")); got != want {
			t.Errorf("%s gives %s, want %s", group, got, want)
		}
	}
}

func TestATransformerIsTested(t *testing.T) {
	b := newBench(t)
	out, err := b.TestTransformer(b.ctx, &logsapi.TestTransformerRequest{TransformerConfig: upper[:2], LogEventMessages: []string{`{"level":"info"}`, "plain"}})
	b.ok(err)
	var got []string
	for _, r := range out.TransformedLogs {
		got = append(got, fmt.Sprint(*r.EventNumber, *r.EventMessage, " ", *r.TransformedEventMessage))
	}
	if want := `[1{"level":"info"} {"level":"INFO"} 2plain plain]`; fmt.Sprint(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestATransformerIsRefused(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "ia", LogGroupClass: ptr(logsapi.LogGroupClassInfrequentAccess)})
	b.ok(err)
	for _, c := range []struct {
		group  string
		config []logsapi.Processor
		code   string
	}{
		{"none", upper, "ResourceNotFoundException"},
		{"ia", upper, "InvalidOperationException"},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:g", upper, "InvalidParameterException"},
		{"g", upper[1:], "InvalidParameterException"},
		{"g", []logsapi.Processor{{}}, "InvalidParameterException"},
		{"g", []logsapi.Processor{{ParseToOCSF: &logsapi.ParseToOCSF{EventSource: "VPCFlow", OcsfVersion: "V1.1"}}}, "NotImplemented"},
	} {
		_, err := b.PutTransformer(b.ctx, &logsapi.PutTransformerRequest{LogGroupIdentifier: c.group, TransformerConfig: c.config})
		if codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", c.group, err, c.code)
		}
	}
	_, err = b.PutAccountPolicy(b.ctx, &logsapi.PutAccountPolicyRequest{PolicyName: "p", PolicyType: logsapi.PolicyTypeTransformerPolicy, PolicyDocument: `[]`})
	if codeOf(err) != "InvalidParameterException" {
		t.Errorf("an empty account policy: %v", err)
	}
	for action, call := range map[string]func() error{
		"PutTransformer": func() error {
			_, err := b.PutTransformer(b.ctx, &logsapi.PutTransformerRequest{LogGroupIdentifier: "g", TransformerConfig: upper})
			return err
		},
		"GetTransformer": func() error {
			_, err := b.GetTransformer(b.ctx, &logsapi.GetTransformerRequest{LogGroupIdentifier: "g"})
			return err
		},
		"DeleteTransformer": func() error {
			_, err := b.DeleteTransformer(b.ctx, &logsapi.DeleteTransformerRequest{LogGroupIdentifier: "g"})
			return err
		},
		"TestTransformer": func() error {
			_, err := b.TestTransformer(b.ctx, &logsapi.TestTransformerRequest{TransformerConfig: upper, LogEventMessages: []string{"{}"}})
			return err
		},
	} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		b.fails(call(), "AccessDeniedException", "denied logs:"+action)
	}
}
