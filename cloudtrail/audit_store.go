package cloudtrail

import (
	"context"

	"sealstack/api"
	"sealstack/api/cloudtraildataapi"
	"sealstack/arn"
	"sealstack/storage"
)

// maxAuditSize bounds what the events of a request hold together, in bytes.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
//
// Unverified: that 1 MB is 1,048,576 bytes, and that eventData alone counts.
const maxAuditSize = 1 << 20

func auditSize(events []cloudtraildataapi.AuditEvent) (n int) {
	for i := range events {
		n += len(events[i].EventData)
	}
	return n
}

// tooMuchAudit refuses a request whose events are too large together.
//
// Unverified: the error and the sentence.
func tooMuchAudit() *api.Error {
	return api.NewError("ValidationException", "ValidationException", 400, "The audit events of a request must not exceed 1 MB.")
}

// auditStores are the active stores behind a channel. They take events from
// outside of AWS alone: the category of a store never changes, so that no
// event is of a schema which a channel does not support.
func (s *Service) auditStores(ctx context.Context, ch *channel) (list []eventStore, err error) {
	owner := &api.Caller{Principal: api.Principal{Account: ch.Account}, Partition: ch.Partition, Region: ch.Region}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		for _, d := range ch.To {
			n, err := storeNameOf(owner, d.Location, "")
			if err != nil {
				return err
			}
			e, err := findStore(tx, owner, n, s.clock.Now())
			if err != nil {
				return err
			}
			if e.Deleted.IsZero() {
				list = append(list, e)
			}
		}
		return nil
	})
	return list, err
}

// channelType is the resource type of the data events of a channel.
const channelType = "AWS::CloudTrail::Channel"

// describeAudit names the channel that events were put into.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
//
// Unverified: that accountId is there, and is the owner of the channel.
func describeAudit(r *record, call *api.Call) {
	text := textMember(call.In, "ChannelArn")
	if a, err := arn.Parse(text); err == nil && a.Kind() == "channel" {
		r.Resources = []resource{{Account: a.Account, Type: channelType, ARN: text}}
	}
}
