package cloudtrail

import (
	"fmt"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
	"sealstack/api/cloudtraildataapi"
)

func audits(in *cloudtrailapi.CreateEventDataStoreRequest) {
	in.AdvancedEventSelectors = []cloudtrailapi.AdvancedEventSelector{{FieldSelectors: []cloudtrailapi.AdvancedFieldSelector{
		{Field: "eventCategory", Equals: []string{"ActivityAuditLog"}},
	}}}
}

func to(store string) []cloudtrailapi.Destination {
	return []cloudtrailapi.Destination{{Type: cloudtrailapi.DestinationTypeEventDataStore, Location: store}}
}

func (b *lakeBench) channel(name, store string) string {
	b.t.Helper()
	out, err := b.CreateChannel(b.ctx, &cloudtrailapi.CreateChannelRequest{Name: name, Source: "Custom", Destinations: to(store)})
	b.ok(err)
	return *out.ChannelArn
}

func audit(id, name string) cloudtraildataapi.AuditEvent {
	return cloudtraildataapi.AuditEvent{Id: id, EventData: fmt.Sprintf(
		`{"version":"1","userIdentity":{"type":"Person","principalId":"ann"},"eventSource":"app","eventName":%q,"eventTime":"2026-03-01T11:00:00Z","UID":"u-%s","recipientAccountId":%q}`,
		name, id, account)}
}

func TestEventsFromOutsideReachTheStoreBehindTheChannel(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("audit", audits, underKey)
	ch := b.channel("app", store)
	bad := audit("3", "x")
	bad.EventDataChecksum = new("none")
	other := audit("5", "x")
	other.EventData = `{"version":"1","userIdentity":{"type":"P","principalId":"a"},"eventSource":"a","eventName":"b","eventTime":"2026-03-01T11:00:00Z","UID":"u","recipientAccountId":"999999999999"}`
	out, err := b.PutAuditEvents(b.ctx, &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: ch, AuditEvents: []cloudtraildataapi.AuditEvent{
		audit("1", "SignIn"), audit("2", "SignOut"), bad, {Id: "4", EventData: "no"}, other, {Id: "6", EventData: `{"version":"1"}`},
	}})
	b.ok(err)
	codes := ""
	for _, f := range out.Failed {
		codes += f.Id + "=" + f.ErrorCode + " "
	}
	if codes != "3=InvalidChecksum 4=InvalidData 5=InvalidRecipient 6=FieldNotFound " || len(out.Successful) != 2 {
		t.Errorf("failed are %s, %d succeeded", codes, len(out.Successful))
	}
	got := b.ask("SELECT eventData.eventName, eventData.userIdentity.principalId, metadata.channelArn FROM " + idOf(store) + " ORDER BY 1")
	if want := "SignIn|ann|" + ch + ";SignOut|ann|" + ch; got != want {
		t.Errorf("rows are %s, want %s", got, want)
	}
	d, err := b.GetChannel(b.ctx, &cloudtrailapi.GetChannelRequest{Channel: ch})
	b.ok(err)
	if *d.IngestionStatus.LatestIngestionSuccessEventID != out.Successful[1].EventID {
		t.Errorf("the status is %+v", d.IngestionStatus)
	}
}

func TestChannelsAreRefusedAsAWSRefusesThem(t *testing.T) {
	b := newLakeBench(t)
	store, plainStore := b.eventStore("audit", audits), b.eventStore("events")
	ch := b.channel("app", store)
	create := func(name, source, store string) error {
		_, err := b.CreateChannel(b.ctx, &cloudtrailapi.CreateChannelRequest{Name: name, Source: source, Destinations: to(store)})
		return err
	}
	put := func(arn string, events ...cloudtraildataapi.AuditEvent) error {
		_, err := b.PutAuditEvents(b.ctx, &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: arn, AuditEvents: events})
		return err
	}
	_, unknown := b.GetChannel(b.ctx, &cloudtrailapi.GetChannelRequest{Channel: newID()})
	_, badARN := b.GetChannel(b.ctx, &cloudtrailapi.GetChannelRequest{Channel: "x"})
	_, inUse := b.DeleteEventDataStore(b.ctx, &cloudtrailapi.DeleteEventDataStoreRequest{EventDataStore: store})
	for _, c := range []struct {
		code string
		err  error
	}{
		{"ChannelAlreadyExistsException", create("app", "Custom", store)},
		{"InvalidSourceException", create("new", "Nobody", store)},
		{"InvalidEventDataStoreCategoryException", create("new", "Custom", plainStore)},
		{"EventDataStoreNotFoundException", create("new", "Custom", newID())},
		{"EventDataStoreARNInvalidException", create("new", "Custom", "x")},
		{"ChannelNotFoundException", unknown},
		{"ChannelARNInvalidException", badARN},
		{"ChannelExistsForEDSException", inUse},
		{"InvalidChannelARN", put("arn:aws:cloudtrail:us-east-1:111122223333:trail/x")},
		{"ChannelNotFound", put(ch[:len(ch)-36] + newID())},
		{"DuplicatedAuditEventId", put(ch, audit("1", "x"), audit("1", "x"))},
	} {
		b.fails(c.err, c.code, "")
	}
	b.auth.deny = map[string]bool{"cloudtrail-data:PutAuditEvents": true}
	_, err := b.PutAuditEvents(as(rootUser(foreign)), &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: ch})
	b.fails(err, "ChannelInsufficientPermission", "")
}

func TestChannelsAreUpdatedListedAndDeleted(t *testing.T) {
	b := newLakeBench(t)
	ch := b.channel("app", b.eventStore("audit", audits))
	_, err := b.UpdateChannel(b.ctx, &cloudtrailapi.UpdateChannelRequest{Channel: ch, Name: new("renamed")})
	b.ok(err)
	l, err := b.ListChannels(b.ctx, &cloudtrailapi.ListChannelsRequest{})
	b.ok(err)
	if len(l.Channels) != 1 || *l.Channels[0].Name != "renamed" {
		t.Errorf("channels are %v", l.Channels)
	}
	_, err = b.DeleteChannel(b.ctx, &cloudtrailapi.DeleteChannelRequest{Channel: ch})
	b.ok(err)
	_, err = b.DeleteChannel(b.ctx, &cloudtrailapi.DeleteChannelRequest{Channel: ch})
	b.fails(err, "ChannelNotFoundException", "")
}

func TestResourcePoliciesAreKeptAndChecked(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("audit", audits)
	ch := b.channel("app", store)
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"cloudtrail-data:PutAuditEvents","Resource":"*"}]}`
	for _, arn := range []string{store, ch} {
		get := func() error {
			_, err := b.GetResourcePolicy(b.ctx, &cloudtrailapi.GetResourcePolicyRequest{ResourceArn: arn})
			return err
		}
		b.fails(get(), "ResourcePolicyNotFoundException", "")
		_, err := b.PutResourcePolicy(b.ctx, &cloudtrailapi.PutResourcePolicyRequest{ResourceArn: arn, ResourcePolicy: "{}"})
		b.fails(err, "ResourcePolicyNotValidException", "")
		_, err = b.PutResourcePolicy(b.ctx, &cloudtrailapi.PutResourcePolicyRequest{ResourceArn: arn, ResourcePolicy: document})
		b.ok(err)
		b.ok(get())
		_, err = b.DeleteResourcePolicy(b.ctx, &cloudtrailapi.DeleteResourcePolicyRequest{ResourceArn: arn})
		b.ok(err)
		b.fails(get(), "ResourcePolicyNotFoundException", "")
	}
	for arn, code := range map[string]string{
		"x": "ResourceARNNotValidException", ch[:len(ch)-36] + newID(): "ResourceNotFoundException",
		"arn:aws:cloudtrail:us-east-1:111122223333:trail/x": "ResourceTypeNotSupportedException",
	} {
		_, err := b.GetResourcePolicy(b.ctx, &cloudtrailapi.GetResourcePolicyRequest{ResourceArn: arn})
		b.fails(err, code, "")
	}
}

func TestAuditEventsAreThereAfterARestart(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("audit", audits)
	ch := b.channel("app", store)
	_, err := b.PutAuditEvents(b.ctx, &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: ch, AuditEvents: []cloudtraildataapi.AuditEvent{audit("1", "x")}})
	b.ok(err)
	b.restart()
	b.advance(time.Hour)
	if got := b.ask("SELECT count(*) FROM " + idOf(store)); got != "1" {
		t.Errorf("the store holds %s events", got)
	}
}
