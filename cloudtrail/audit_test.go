package cloudtrail

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/cloudtraildataapi"
)

func TestTheEventsOfARequestHoldOneMegabyteTogether(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("audit", audits)
	ch := b.channel("app", store)
	sized := func(total int) *cloudtraildataapi.PutAuditEventsRequest {
		in := &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: ch}
		for i := range 4 {
			e := audit(fmt.Sprint(i), "x")
			e.EventData += strings.Repeat(" ", total/4-len(e.EventData))
			in.AuditEvents = append(in.AuditEvents, e)
		}
		in.AuditEvents[0].EventData += strings.Repeat(" ", total%4)
		return in
	}
	_, err := b.PutAuditEvents(b.ctx, sized(1<<20+1))
	b.fails(err, "ValidationException", "")
	if got := b.ask("SELECT count(*) FROM " + idOf(store)); got != "0" {
		t.Errorf("%s events of a request that is refused are stored", got)
	}
	out, err := b.PutAuditEvents(b.ctx, sized(1<<20))
	b.ok(err)
	if len(out.Successful) != 4 {
		t.Errorf("the answer is %+v", out)
	}
}

func TestSelectorsFindThePutAuditEventsOfAChannel(t *testing.T) {
	call := api.Call{
		Service: cloudtraildataapi.Service, Operation: cloudtraildataapi.OpPutAuditEvents.Operation,
		In: &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: channelARN},
	}
	r := describe(userOf(account, "Alice"), &call, kindOf(call.Service, call.Operation), nil)
	field := func(name, value string) cloudtrailapi.AdvancedFieldSelector {
		return cloudtrailapi.AdvancedFieldSelector{Field: name, Equals: []string{value}}
	}
	for name, test := range map[string]struct {
		fields []cloudtrailapi.AdvancedFieldSelector
		taken  bool
	}{
		"all data events of channels": {[]cloudtrailapi.AdvancedFieldSelector{field("resources.type", "AWS::CloudTrail::Channel")}, true},
		"this channel":                {[]cloudtrailapi.AdvancedFieldSelector{field("resources.type", "AWS::CloudTrail::Channel"), field("resources.ARN", channelARN)}, true},
		"another channel":             {[]cloudtrailapi.AdvancedFieldSelector{field("resources.type", "AWS::CloudTrail::Channel"), field("resources.ARN", channelARN+"0")}, false},
		"objects":                     {[]cloudtrailapi.AdvancedFieldSelector{field("resources.type", "AWS::S3::Object")}, false},
	} {
		sel := advanced{&cloudtrailapi.AdvancedEventSelector{FieldSelectors: append(test.fields, field("eventCategory", "Data"))}}
		if sel.takes(r) != test.taken {
			t.Errorf("%s: taken is %t", name, !test.taken)
		}
	}
}

func TestARecordOfACallWithoutAChannelHasNoResources(t *testing.T) {
	for _, text := range []string{"x", "arn:aws:cloudtrail:us-east-1:111122223333:trail/x"} {
		var r record
		describeAudit(&r, &api.Call{In: &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: text}})
		if r.Resources != nil {
			t.Errorf("%s: resources are %v", text, r.Resources)
		}
	}
}

func TestWhatIsStoredOfAnEventIsAsDocumented(t *testing.T) {
	b := newLakeBench(t)
	ch, e := channel{Account: account, Partition: "aws", Region: region, ID: newID()}, audit("1", "SignIn")
	v, id, fault := ch.read(&e, start)
	if fault != nil {
		t.Fatalf("refused: %+v", fault)
	}
	var got map[string]any
	b.ok(json.Unmarshal(v.Text, &got))
	for name, want := range map[string]string{
		"eventCategory": "ActivityAuditLog", "eventType": "ActivityLog", "eventID": id, "eventTime": "2026-03-01T11:00:00Z", "awsRegion": region,
		"recipientAccountId": account,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %s", name, got[name], want)
		}
	}
}
