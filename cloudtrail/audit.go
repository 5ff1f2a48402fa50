package cloudtrail

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtraildataapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// PutAuditEvents brings events from outside of AWS to the stores behind a
// channel. They are stored when it answers. An event that is not sound is
// named in the answer, and the others are stored.
//
// https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/API_PutAuditEvents.html
func (s *Service) PutAuditEvents(ctx context.Context, in *cloudtraildataapi.PutAuditEventsRequest) (*cloudtraildataapi.PutAuditEventsResponse, error) {
	ch, err := s.audited(ctx, in)
	if err != nil {
		return nil, err
	}
	if auditSize(in.AuditEvents) > maxAuditSize {
		return nil, tooMuchAudit()
	}
	to, err := s.auditStores(ctx, &ch)
	if err != nil {
		return nil, err
	}
	out := &cloudtraildataapi.PutAuditEventsResponse{
		Failed: []cloudtraildataapi.ResultErrorEntry{}, Successful: []cloudtraildataapi.AuditEventResultEntry{},
	}
	seen, now := map[string]bool{}, s.clock.Now()
	var list []lakeEvent
	for _, e := range in.AuditEvents {
		if seen[e.Id] {
			return nil, cloudtraildataapi.DuplicatedAuditEventId("Two or more entries in the request have the same event ID.")
		}
		seen[e.Id] = true
		v, id, fault := ch.read(&e, now)
		if fault != nil {
			out.Failed = append(out.Failed, *fault)
			continue
		}
		list = append(list, v)
		out.Successful = append(out.Successful, cloudtraildataapi.AuditEventResultEntry{EventID: id, Id: e.Id})
	}
	if failure := s.bring(ctx, to, list); failure != nil {
		return nil, failure
	}
	return out, s.noteAudit(ctx, &ch, out, now)
}

// audited finds the channel of a request and authorizes the call. The policy
// of the channel can ask for the external ID.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_resource-based-policy-examples.html
func (s *Service) audited(ctx context.Context, in *cloudtraildataapi.PutAuditEventsRequest) (channel, error) {
	c := api.CallerOf(ctx)
	a, err := arn.Parse(in.ChannelArn)
	if err != nil || a.Service != "cloudtrail" || a.Kind() != "channel" || !uuidText.MatchString(a.ID()) {
		return channel{}, cloudtraildataapi.InvalidChannelARN("The specified channel ARN is not a valid channel ARN.")
	}
	var ch channel
	missing := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		ch, err = channels.Get(tx, storage.K(a.Account, a.Region, a.ID()))
		return err
	})
	p, err := policyOf(ch.Policy)
	if err != nil {
		return ch, err
	}
	keys := auth.ResourceTags(tagMap(ch.Tags))
	if in.ExternalId != nil {
		keys["cloudtrail:externalid"] = []string{*in.ExternalId}
	}
	err = s.auth.Authorize(ctx, &auth.Request{
		Service: cloudtraildataapi.Service, Action: "cloudtrail-data:PutAuditEvents", Resource: in.ChannelArn, Account: a.Account,
		Policy: p, Keys: keys,
	})
	if _, refused := refusal(err); refused && a.Account != c.Account {
		return ch, cloudtraildataapi.ChannelInsufficientPermission("The caller's account ID must be the same as the channel owner's account ID.")
	}
	switch {
	case err != nil:
		return ch, err
	case errors.Is(missing, storage.ErrNotFound), missing == nil && ch.Region != c.Region:
		return ch, cloudtraildataapi.ChannelNotFound("The channel could not be found.")
	}
	return ch, missing
}

// auditEvent is the content of an event, as far as it is checked.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-integration-event-schema.html
type auditEvent struct {
	Version  *string `json:"version"`
	Identity *struct {
		Type        *string         `json:"type"`
		PrincipalID *string         `json:"principalId"`
		Details     json.RawMessage `json:"details"`
	} `json:"userIdentity"`
	Source    *string `json:"eventSource"`
	Name      *string `json:"eventName"`
	Time      *string `json:"eventTime"`
	UID       *string `json:"UID"`
	Recipient *string `json:"recipientAccountId"`
}

// maxAuditText bounds the texts of an event, in characters.
//
// Unverified: AWS bounds each field by itself.
const maxAuditText = 1024

// read makes the record of an event, or says what is wrong with it.
func (ch *channel) read(in *cloudtraildataapi.AuditEvent, now time.Time) (lakeEvent, string, *cloudtraildataapi.ResultErrorEntry) {
	wrong := func(code, why string) (lakeEvent, string, *cloudtraildataapi.ResultErrorEntry) {
		return lakeEvent{}, "", &cloudtraildataapi.ResultErrorEntry{ErrorCode: code, ErrorMessage: why, Id: in.Id} // Unverified: the sentences
	}
	if sum := sha256.Sum256([]byte(in.EventData)); in.EventDataChecksum != nil && *in.EventDataChecksum != base64.StdEncoding.EncodeToString(sum[:]) {
		return wrong("InvalidChecksum", "The checksum does not match the event data.")
	}
	var e auditEvent
	if !strings.HasPrefix(strings.TrimSpace(in.EventData), "{") || json.Unmarshal([]byte(in.EventData), &e) != nil {
		return wrong("InvalidData", "The event data is not valid JSON.")
	}
	if missing, long := e.gaps(); missing != "" {
		return wrong("FieldNotFound", "The field "+missing+" is missing.")
	} else if long != "" {
		return wrong("FieldTooLong", "The field "+long+" is too long.")
	}
	at, err := time.Parse(time.RFC3339, *e.Time)
	switch {
	case err != nil:
		return wrong("InvalidData", "The eventTime is not valid.")
	case *e.Recipient != ch.Account:
		return wrong("InvalidRecipient", "The recipientAccountId is not the account of the channel.")
	}
	id := newID()
	text, err := json.Marshal(map[string]any{
		"eventVersion": "1.0", "eventCategory": "ActivityAuditLog", "eventType": "ActivityLog", "eventID": id, "eventTime": stamp(at),
		"awsRegion": ch.Region, "recipientAccountId": ch.Account, "eventData": json.RawMessage(in.EventData),
		"metadata": map[string]string{"ingestionTime": now.UTC().Format("2006-01-02 15:04:05.000"), "channelARN": ch.arn()},
	})
	if err != nil {
		return wrong("InvalidData", "The event data is not valid JSON.")
	}
	return lakeEvent{at.UTC(), text}, id, nil
}

// gaps names a field that is needed and missing, or one that is too long.
func (e *auditEvent) gaps() (missing, long string) {
	fields := []struct {
		name string
		text *string
	}{
		{"version", e.Version}, {"eventSource", e.Source}, {"eventName", e.Name}, {"eventTime", e.Time}, {"UID", e.UID},
		{"recipientAccountId", e.Recipient},
	}
	if e.Identity == nil {
		return "userIdentity", ""
	}
	fields = append(fields, struct {
		name string
		text *string
	}{"userIdentity.type", e.Identity.Type}, struct {
		name string
		text *string
	}{"userIdentity.principalId", e.Identity.PrincipalID})
	for _, f := range fields {
		if f.text == nil {
			return f.name, ""
		}
		if len([]rune(*f.text)) > maxAuditText {
			long = f.name
		}
	}
	return "", long
}

// bring stores events in the stores behind a channel.
func (s *Service) bring(ctx context.Context, to []eventStore, list []lakeEvent) error {
	if len(list) == 0 {
		return nil
	}
	for i := range to {
		if err := s.addSegment(ctx, &to[i], list, func(storage.Tx) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// noteAudit keeps how the events fared, for GetChannel.
func (s *Service) noteAudit(ctx context.Context, ch *channel, out *cloudtraildataapi.PutAuditEventsResponse, now time.Time) error {
	_, err := s.editChannel(ctx, ch, func(_ storage.Tx, ch *channel) error {
		ch.Attempted, ch.Failure = now, ""
		if n := len(out.Failed); n > 0 {
			ch.Failure = out.Failed[n-1].ErrorCode
		}
		if n := len(out.Successful); n > 0 {
			ch.Succeeded, ch.SucceededID = now, out.Successful[n-1].EventID
			ch.AttemptedID = ch.SucceededID
		}
		return nil
	})
	return err
}
