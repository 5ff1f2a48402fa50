package logs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"sealstack/logs/pattern"
)

// message is what is sent, compressed:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
type message struct {
	Type   string         `json:"messageType"`
	Owner  string         `json:"owner"`
	Group  string         `json:"logGroup"`
	Stream string         `json:"logStream"`
	Names  []string       `json:"subscriptionFilters"`
	Events []messageEvent `json:"logEvents"`
	Level  string         `json:"policyLevel,omitempty"`
}

type messageEvent struct {
	ID        string            `json:"id"`
	Timestamp int64             `json:"timestamp"`
	Message   string            `json:"message"`
	Fields    map[string]string `json:"extractedFields,omitempty"`
}

// zipped returns the message as JSON, compressed with gzip.
func (m *message) zipped() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	e := json.NewEncoder(z)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		panic("logs: a message that is no JSON: " + err.Error())
	}
	_ = z.Close() // into memory
	return b.Bytes()
}

// controlMessage is how CloudWatch Logs tries a stream.
//
// Unverified: the words for a Kinesis stream; those for Firehose are known.
func controlMessage(vendor string, now int64) []byte {
	name := "Firehose."
	if vendor == "kinesis" {
		name = "Kinesis stream."
	}
	m := message{Type: "CONTROL_MESSAGE", Owner: "CloudwatchLogs", Names: []string{}, Events: []messageEvent{
		{Timestamp: now, Message: "CWL CONTROL MESSAGE: Checking health of destination " + name},
	}}
	return m.zipped()
}

// message returns what is sent of a segment's events.
func (f *forward) message(parsed *pattern.Pattern, events []event) *message {
	m := &message{Type: "DATA_MESSAGE", Owner: f.Where.Account, Group: f.Group, Stream: f.Stream, Names: []string{f.Subscription.Name}}
	if f.Subscription.Policy {
		m.Level = "ACCOUNT_LEVEL_POLICY"
	}
	for _, i := range f.Events {
		e := &events[i]
		one := messageEvent{ID: eventID(position{e.timestamp, f.Sequence, i}), Timestamp: e.timestamp, Message: e.message}
		if parsed.Kind() == pattern.SpaceDelimited {
			one.Fields = extracted(parsed.Extract(e.message))
		}
		one.Fields = f.system(one.Fields)
		m.Events = append(m.Events, one)
	}
	return m
}

// extracted returns a pattern's fields by their names.
func extracted(values map[string]string) map[string]string {
	fields := make(map[string]string, len(values))
	for name, v := range values {
		fields[strings.TrimPrefix(name, "$")] = v
	}
	return fields
}

// system adds the system fields.
//
// Unverified: that they stand among the extracted fields.
func (f *forward) system(fields map[string]string) map[string]string {
	for _, name := range f.Subscription.System {
		if fields == nil {
			fields = map[string]string{}
		}
		switch name {
		case "@aws.account":
			fields[name] = f.Where.Account
		case "@aws.region":
			fields[name] = f.Where.Region
		case "@source.log":
			fields[name] = f.Group
		}
	}
	return fields
}

// request returns the request that the service would get: the invocation of a
// function, or PutRecord.
func (t *target) request(payload []byte, partition string) (body []byte, header http.Header, err error) {
	_, name, _ := strings.Cut(t.arn[strings.LastIndexByte(t.arn, ':')+1:], "/")
	header = http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Sealstack-Destination": {t.arn}}
	var in any
	switch t.vendor {
	case "lambda":
		header.Set("Content-Type", "application/json")
		in = map[string]any{"awslogs": map[string]any{"data": payload}}
	case "kinesis":
		header.Set("X-Amz-Target", "Kinesis_20131202.PutRecord")
		in = map[string]any{"StreamARN": t.arn, "StreamName": name, "PartitionKey": partition, "Data": payload}
	case "firehose":
		header.Set("X-Amz-Target", "Firehose_20150804.PutRecord")
		in = map[string]any{"DeliveryStreamName": name, "Record": map[string]any{"Data": payload}}
	default:
		return nil, nil, refusal{fmt.Errorf("%s takes no events", t.arn)}
	}
	body, err = json.Marshal(in)
	return body, header, err
}

// partition is the key by which a Kinesis stream spreads records: the same for
// all of a log stream, or random.
func (f *forward) partition() string {
	if f.Subscription.Distribution == "Random" {
		return uuid()
	}
	sum := sha256.Sum256([]byte(f.StreamID))
	return hex.EncodeToString(sum[:16])
}
