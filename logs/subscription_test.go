package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

const (
	function = "arn:aws:lambda:us-west-2:111122223333:function:f"
	kinesis  = "arn:aws:kinesis:us-west-2:111122223333:stream/s"
	firehose = "arn:aws:firehose:us-west-2:111122223333:deliverystream/d"
	roleARN  = "arn:aws:iam::111122223333:role/r"
)

// receiver is where all streams and functions of a test are.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	status   int
	messages []message
	bodies   []map[string]any
}

// messageText tells what arrived, a line for each message.
func (r *receiver) text() (text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.messages {
		text += fmt.Sprintf("%s %s %s/%s %v:", m.Type, m.Owner, m.Group, m.Stream, m.Names)
		for _, e := range m.Events {
			text += " " + e.Message
		}
		text += "\n"
	}
	r.messages = nil
	return text
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	var body struct {
		AWSLogs struct{ Data []byte } `json:"awslogs"`
		Data    []byte
		Record  struct{ Data []byte }
	}
	var raw bytes.Buffer
	_, err := raw.ReadFrom(in.Body)
	whole := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw.Bytes(), &whole)
	}
	if err == nil {
		err = json.Unmarshal(raw.Bytes(), &body)
	}
	data := append(append(body.AWSLogs.Data, body.Data...), body.Record.Data...)
	z, bad := gzip.NewReader(bytes.NewReader(data))
	if err != nil || bad != nil {
		w.WriteHeader(400)
		return
	}
	var m message
	if json.NewDecoder(z).Decode(&m) != nil {
		w.WriteHeader(400)
		return
	}
	r.messages, r.bodies = append(r.messages, m), append(r.bodies, whole)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// openSessions stands for STS: it lets CloudWatch Logs have any role but one.
type openSessions struct{}

func (openSessions) AssumeRole(ctx context.Context, in *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
	if strings.HasSuffix(in.RoleArn, "/closed") || api.CallerOf(ctx).Type != api.AWSService {
		return nil, stsapi.Service.AccessDenied("no")
	}
	return &stsapi.AssumeRoleResponse{
		Credentials: &stsapi.Credentials{AccessKeyId: "ASIA"}, AssumedRoleUser: &stsapi.AssumedRoleUser{Arn: in.RoleArn, AssumedRoleId: "AROA:x"},
	}, nil
}

// subscribed returns a bench with a group, a stream, and all destinations at a
// receiver.
func subscribed(t *testing.T, key string) (*bench, *receiver) {
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	b := newBench(t, func(c *Config) { c.STS, c.DataKeyLifetime = openSessions{}, 0 })
	t.Cleanup(b.Settle)
	b.createGroup("g", key)
	b.createStream("g", "s")
	for _, name := range []string{function, kinesis, firehose} {
		b.ok(b.SetAddress(b.ctx, Address{name, r.URL}))
	}
	return b, r
}

func filterTo(destination, pattern string) *logsapi.PutSubscriptionFilterRequest {
	in := &logsapi.PutSubscriptionFilterRequest{LogGroupName: "g", FilterName: "f", FilterPattern: pattern, DestinationArn: destination}
	if destination != function {
		in.RoleArn = ptr(roleARN)
	}
	return in
}

func (b *bench) subscribe(in *logsapi.PutSubscriptionFilterRequest) {
	b.t.Helper()
	_, err := b.PutSubscriptionFilter(b.ctx, in)
	b.ok(err)
}

func TestMatchingEventsAreDeliveredToEachKindOfDestination(t *testing.T) {
	for destination, c := range map[string]struct{ control, member string }{
		function: {"", "awslogs"},
		kinesis:  {"CONTROL_MESSAGE CloudwatchLogs / []: CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.\n", "PartitionKey"},
		firehose: {"CONTROL_MESSAGE CloudwatchLogs / []: CWL CONTROL MESSAGE: Checking health of destination Firehose.\n", "DeliveryStreamName"},
	} {
		for _, key := range []string{"", keyARN} {
			b, r := subscribed(t, key)
			b.subscribe(filterTo(destination, "ERROR"))
			if got := r.text(); got != c.control {
				t.Errorf("%s gets at first %q", destination, got)
			}
			b.put("g", "s", "ERROR one", "fine", "ERROR two")
			b.put("g", "s", "fine")
			b.put("g", "s", "ERROR three")
			b.Settle()
			want := "DATA_MESSAGE 111122223333 g/s [f]: ERROR one ERROR two\nDATA_MESSAGE 111122223333 g/s [f]: ERROR three\n"
			if got := r.text(); got != want {
				t.Errorf("%s gets %q, want %q", destination, got, want)
			}
			if _, ok := r.bodies[len(r.bodies)-1][c.member]; !ok {
				t.Errorf("%s: body %v", destination, r.bodies)
			}
		}
	}
}

func TestAnEventIsDeliveredAsFilterLogEventsShowsIt(t *testing.T) {
	b, r := subscribed(t, "")
	in := filterTo(function, "[ip, status=5*, ...]")
	in.EmitSystemFields = []string{"@aws.account", "@aws.region"}
	b.subscribe(in)
	b.put("g", "s", "1.2.3.4 200 x", "1.2.3.4 503 y")
	b.Settle()
	e := r.messages[0].Events[0]
	shown, err := b.FilterLogEvents(b.ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), FilterPattern: ptr("503")})
	b.ok(err)
	if len(shown.Events) != 1 || *shown.Events[0].EventId != e.ID || *shown.Events[0].Timestamp != e.Timestamp {
		t.Errorf("delivered %+v, shown %+v", e, shown.Events)
	}
	if e.Fields["status"] != "503" || e.Fields["@aws.region"] != "us-west-2" || e.Fields["@aws.account"] != "111122223333" {
		t.Errorf("fields %v", e.Fields)
	}
}

func TestFailedDeliveriesAreRepeatedInOrderUntilADayIsOver(t *testing.T) {
	b, r := subscribed(t, "")
	b.subscribe(filterTo(function, ""))
	r.answer(503)
	b.put("g", "s", "one")
	b.put("g", "s", "two")
	b.Settle()
	b.advance(500 * time.Millisecond)
	b.Settle()
	r.answer(0)
	if got := r.text(); got != "" {
		t.Errorf("delivered %q", got)
	}
	b.advance(time.Minute)
	b.Settle()
	if got, want := r.text(), "DATA_MESSAGE 111122223333 g/s [f]: one\nDATA_MESSAGE 111122223333 g/s [f]: two\n"; got != want {
		t.Errorf("delivered %q, want %q", got, want)
	}
	r.answer(500)
	b.put("g", "s", "three")
	b.Settle()
	b.advance(25 * time.Hour)
	b.Settle()
	r.answer(0)
	b.advance(time.Hour)
	b.Settle()
	dead, err := b.DeadLetters(b.ctx)
	b.ok(err)
	if got := r.text(); got != "" || len(dead) != 1 || dead[0].Events != 1 || dead[0].Reason != "the destination answers 500 Internal Server Error" {
		t.Errorf("delivered %q, dead %+v", got, dead)
	}
}

func TestARefusalDisablesAFilterForTenMinutes(t *testing.T) {
	b, r := subscribed(t, "")
	b.subscribe(filterTo(function, ""))
	r.answer(403)
	b.put("g", "s", "one")
	b.Settle()
	r.answer(0)
	b.put("g", "s", "two")
	b.Settle()
	b.advance(10 * time.Minute)
	b.put("g", "s", "three")
	b.Settle()
	dead, err := b.DeadLetters(b.ctx)
	b.ok(err)
	if got, want := r.text(), "DATA_MESSAGE 111122223333 g/s [f]: three\n"; got != want || len(dead) != 2 {
		t.Errorf("delivered %q, dead %+v", got, dead)
	}
	b.ok(b.Sweep(b.ctx, b.clock.Now()))
	if told := b.told.text("AWS/Logs"); !strings.Contains(told, "ForwardedLogEventsmap[DestinationType:Lambda FilterName:f LogGroupName:g] n=1 sum=1") ||
		!strings.Contains(told, "DeliveryErrorsmap[DestinationType:Lambda FilterName:f LogGroupName:g] n=2 sum=2") {
		t.Errorf("told %s", told)
	}
}

func TestAnUnusableKeyStopsDelivery(t *testing.T) {
	b, r := subscribed(t, keyARN)
	b.subscribe(filterTo(function, ""))
	r.answer(503)
	b.put("g", "s", "secret")
	b.Settle()
	r.answer(0)
	b.keys.refuse(keyARN)
	b.advance(time.Minute)
	b.Settle()
	if got := r.text(); got != "" {
		t.Errorf("delivered %q without the key", got)
	}
	b.keys.allow(keyARN)
	b.advance(time.Minute)
	b.Settle()
	if got := r.text(); !strings.HasSuffix(got, ": secret\n") {
		t.Errorf("delivered %q with the key", got)
	}
}

func TestWhatIsDueIsDeliveredAfterARestart(t *testing.T) {
	r := &receiver{status: 503}
	r.Server = httptest.NewServer(r)
	defer r.Close()
	store, root := memory.New(), seal.NewEphemeral()
	defer store.Close()
	b := newBenchOver(t, store, root)
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.ok(b.SetAddress(b.ctx, Address{function, r.URL}))
	b.subscribe(filterTo(function, ""))
	b.put("g", "s", "kept")
	b.Settle()
	r.answer(0)
	again := newBenchOver(t, store, root)
	again.advance(time.Minute)
	again.Settle()
	if got := r.text(); !strings.HasSuffix(got, ": kept\n") {
		t.Errorf("delivered %q", got)
	}
}

func TestSubscriptionFiltersAreRefused(t *testing.T) {
	b, r := subscribed(t, "")
	const invalid = "InvalidParameterException"
	noKinesis := "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state."
	closed := filterTo(kinesis, "")
	closed.RoleArn = ptr("arn:aws:iam::111122223333:role/closed")
	roleless, missing, system := filterTo(kinesis, ""), filterTo(function, ""), filterTo(function, "")
	roleless.RoleArn, missing.LogGroupName, system.EmitSystemFields = nil, "none", []string{"@x"}
	for name, c := range map[string]struct {
		in            *logsapi.PutSubscriptionFilterRequest
		code, message string
	}{
		"a missing group":          {missing, "ResourceNotFoundException", "The specified log group does not exist."},
		"Kinesis without a role":   {roleless, invalid, "destinationArn for vendor kinesis cannot be used without roleArn"},
		"a stream that is not":     {filterTo(kinesis+"2", ""), invalid, noKinesis},
		"a role that is closed":    {closed, invalid, noKinesis},
		"a delivery stream":        {filterTo(firehose+"2", ""), invalid, "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state."},
		"a function that is not":   {filterTo("arn:aws:lambda:us-west-2:111122223333:function:g", ""), invalid, "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."},
		"a missing destination":    {filterTo("arn:aws:logs:us-west-2:111122223333:destination:d", ""), "ResourceNotFoundException", "The specified destination does not exist."},
		"no ARN":                   {filterTo("x", ""), invalid, "Invalid destination ARN: x"},
		"a queue":                  {filterTo("arn:aws:sqs:us-west-2:111122223333:q", ""), invalid, "Invalid destination ARN: arn:aws:sqs:us-west-2:111122223333:q"},
		"another Region":           {filterTo("arn:aws:lambda:us-east-1:111122223333:function:f", ""), invalid, "Invalid destination ARN: arn:aws:lambda:us-east-1:111122223333:function:f is not in this account and Region."},
		"an unknown system field":  {system, invalid, "Invalid system field: @x"},
		"a pattern that is broken": {filterTo(function, "{"), invalid, ""},
	} {
		_, err := b.PutSubscriptionFilter(b.ctx, c.in)
		if c.message == "" {
			if codeOf(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		b.fails(err, c.code, c.message)
	}
	for _, action := range []string{"logs:PutSubscriptionFilter", "iam:PassRole"} {
		b.auth.deny = map[string]bool{action: true}
		_, err := b.PutSubscriptionFilter(b.ctx, filterTo(kinesis, ""))
		b.fails(err, "AccessDeniedException", "denied "+action)
	}
	b.auth.deny = map[string]bool{"kinesis:PutRecord": true}
	_, err := b.PutSubscriptionFilter(b.ctx, filterTo(kinesis, ""))
	b.fails(err, invalid, noKinesis)
	if got := r.text(); got != "" {
		t.Errorf("something was sent: %q", got)
	}
}

func TestAGroupHasTwoSubscriptionFilters(t *testing.T) {
	b, _ := subscribed(t, "")
	for _, name := range []string{"b", "a", "a"} {
		in := filterTo(function, "")
		in.FilterName = name
		b.subscribe(in)
	}
	_, err := b.PutSubscriptionFilter(b.ctx, filterTo(function, ""))
	b.fails(err, "LimitExceededException", "Resource limit exceeded.")
	out, err := b.DescribeSubscriptionFilters(b.ctx, &logsapi.DescribeSubscriptionFiltersRequest{LogGroupName: "g"})
	b.ok(err)
	if len(out.SubscriptionFilters) != 2 || *out.SubscriptionFilters[0].FilterName != "a" || *out.SubscriptionFilters[0].Distribution != logsapi.DistributionByLogStream {
		t.Errorf("filters %+v", out.SubscriptionFilters)
	}
	_, err = b.DeleteSubscriptionFilter(b.ctx, &logsapi.DeleteSubscriptionFilterRequest{LogGroupName: "g", FilterName: "a"})
	b.ok(err)
	_, err = b.DeleteSubscriptionFilter(b.ctx, &logsapi.DeleteSubscriptionFilterRequest{LogGroupName: "g", FilterName: "a"})
	b.fails(err, "ResourceNotFoundException", "The specified subscription filter does not exist.")
	for _, call := range []func() error{
		func() error {
			_, err := b.DescribeSubscriptionFilters(b.ctx, &logsapi.DescribeSubscriptionFiltersRequest{LogGroupName: "none"})
			return err
		},
		func() error {
			_, err := b.DeleteSubscriptionFilter(b.ctx, &logsapi.DeleteSubscriptionFilterRequest{LogGroupName: "none", FilterName: "f"})
			return err
		},
	} {
		b.fails(call(), "ResourceNotFoundException", "The specified log group does not exist.")
	}
}

func TestADestinationTakesWhatItsPolicyLetsIn(t *testing.T) {
	b, r := subscribed(t, "")
	out, err := b.PutDestination(b.ctx, &logsapi.PutDestinationRequest{DestinationName: "d", TargetArn: kinesis, RoleArn: roleARN})
	b.ok(err)
	const name = "arn:aws:logs:us-west-2:111122223333:destination:d"
	if *out.Destination.Arn != name || out.Destination.AccessPolicy != nil || r.text() == "" {
		t.Errorf("answered %+v", out.Destination)
	}
	document := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"logs:PutSubscriptionFilter","Resource":"` + name + `"}]}`
	_, err = b.PutDestinationPolicy(b.ctx, &logsapi.PutDestinationPolicyRequest{DestinationName: "d", AccessPolicy: document})
	b.ok(err)
	list, err := b.DescribeDestinations(b.ctx, &logsapi.DescribeDestinationsRequest{DestinationNamePrefix: ptr("d")})
	b.ok(err)
	if len(list.Destinations) != 1 || *list.Destinations[0].AccessPolicy != document {
		t.Errorf("listed %+v", list.Destinations)
	}
	other := *b
	other.ctx = callerIn("444455556666", "us-west-2")
	other.createGroup("g", "")
	other.createStream("g", "s")
	in := filterTo(name, "")
	in.RoleArn = nil
	other.subscribe(in)
	if asked := b.auth.asked[len(b.auth.asked)-1]; asked.Account != "111122223333" && asked.Action != "kinesis:PutRecord" {
		t.Errorf("asked %+v", asked)
	}
	r.text()
	other.put("g", "s", "hello")
	b.Settle()
	if got, want := r.text(), "DATA_MESSAGE 444455556666 g/s [f]: hello\n"; got != want {
		t.Errorf("delivered %q, want %q", got, want)
	}
	_, err = b.DeleteDestination(b.ctx, &logsapi.DeleteDestinationRequest{DestinationName: "d"})
	b.ok(err)
	for _, err := range []error{
		only(b.DeleteDestination(b.ctx, &logsapi.DeleteDestinationRequest{DestinationName: "d"})),
		only(b.PutDestinationPolicy(b.ctx, &logsapi.PutDestinationPolicyRequest{DestinationName: "d", AccessPolicy: document})),
	} {
		b.fails(err, "ResourceNotFoundException", "The specified destination does not exist.")
	}
	_, err = b.PutDestination(b.ctx, &logsapi.PutDestinationRequest{DestinationName: "d", TargetArn: "arn:aws:s3:::b", RoleArn: roleARN})
	b.fails(err, "InvalidParameterException", "Invalid destination ARN: arn:aws:s3:::b")
}

func TestAnAccountPolicySubscribesAllButTheGroupsThatItNames(t *testing.T) {
	b, r := subscribed(t, "")
	b.createGroup("left", "")
	b.createStream("left", "s")
	selection := `LogGroupName NOT IN ["left"]`
	_, err := b.PutAccountPolicy(b.ctx, &logsapi.PutAccountPolicyRequest{
		PolicyName: "p", PolicyType: logsapi.PolicyTypeSubscriptionFilterPolicy, SelectionCriteria: &selection,
		PolicyDocument: `{"DestinationArn":"` + function + `","FilterPattern":"ERROR","Distribution":"Random"}`,
	})
	b.ok(err)
	b.put("g", "s", "ERROR here", "fine")
	b.put("left", "s", "ERROR there")
	b.Settle()
	if got, want := r.text(), "DATA_MESSAGE 111122223333 g/s [p]: ERROR here\n"; got != want {
		t.Errorf("delivered %q, want %q", got, want)
	}
	for _, document := range []string{`{`, `{"Other":1}`, `{"DestinationArn":"x"}`} {
		_, err := b.PutAccountPolicy(b.ctx, &logsapi.PutAccountPolicyRequest{PolicyName: "p", PolicyType: logsapi.PolicyTypeSubscriptionFilterPolicy, PolicyDocument: document})
		if codeOf(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", document, err)
		}
	}
}

func TestAddressesAreSetListedAndDropped(t *testing.T) {
	b := newBench(t)
	for _, bad := range []Address{{"x", "http://a"}, {"arn:aws:s3:::b", "http://a"}, {function, "a"}, {function, "ftp://a"}, {function, ""}} {
		if err := b.SetAddress(b.ctx, bad); err != ErrBadAddress {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	b.ok(b.SetAddress(b.ctx, Address{function, "http://127.0.0.1:1/x"}))
	all, err := b.Addresses(b.ctx)
	b.ok(err)
	if len(all) != 1 || all[0].URL != "http://127.0.0.1:1/x" {
		t.Errorf("listed %+v", all)
	}
	b.ok(b.DropAddress(b.ctx, function))
	if all, err = b.Addresses(b.ctx); err != nil || len(all) != 0 {
		t.Errorf("listed %+v, %v", all, err)
	}
}

// only returns the error of a call.
func only[T any](_ T, err error) error { return err }
