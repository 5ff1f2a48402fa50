package cloudtrail

import (
	"context"
	"encoding/json"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/arn"
)

// principal is CloudTrail's own service principal.
const principal = "cloudtrail.amazonaws.com"

// Record implements [api.Recorder]: it makes the record of a call that has
// been answered, and its copy for the owner of a resource in another account.
// It waits only when the queue is full, for records are not given up.
func (s *Service) Record(ctx context.Context, call api.Call) {
	k := kindOf(call.Service, call.Operation)
	ro := s.roster.Load()
	if k.data && ro != nil && !ro.data {
		return // data events are in no history: without a trail nobody sees them
	}
	c := api.CallerOf(ctx)
	r := describe(c, &call, k, s.tlsOf(ctx, c))
	if call.Service == s3api.Service {
		s.attribute(r)
	}
	s.send(c, r, item{roster: ro, global: global(call.Service)})
}

func (s *Service) tlsOf(ctx context.Context, c *api.Caller) *TLSDetails {
	if s.config.TLS == nil || len(c.Via) > 0 || c.Type == api.AWSService {
		return nil
	}
	return s.config.TLS(ctx)
}

// attribute gives a record of Amazon S3 the account of the bucket.
func (s *Service) attribute(r *record) {
	if s.config.Bucket == nil {
		return
	}
	for i := range r.Resources {
		a, err := arn.Parse(r.Resources[i].ARN)
		if err != nil || r.Resources[i].Type == objectType {
			continue
		}
		if owner, _ := s.config.Bucket(a.Partition, a.Resource); owner != "" {
			r.Resources[i].Account = owner
		}
	}
}

// owner is the account of the resources, "" without any.
func (r *record) owner() string {
	for _, x := range r.Resources {
		if x.Account != "" {
			return x.Account
		}
	}
	return ""
}

// send queues a record for the account of the caller, and one for the owner
// of the resource. The owner does not hear of a call that was refused.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/shared-event-ID.html
//
// Calls without credentials are the owner's, as AWS says of Amazon S3 and of
// the calls with an identity provider's token.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
//
// Unverified: that those on nothing that has an owner are logged nowhere.
func (s *Service) send(c *api.Caller, r *record, with item) {
	owner := r.owner()
	mine := c.Account
	if mine == "" {
		mine = owner
	}
	if mine == "" {
		mine = c.SourceAccount
	}
	if mine == "" {
		return // nobody's: a call without signature on nothing that has an owner
	}
	r.mine = c.SourceIP == principal
	shared := owner != "" && owner != mine && r.ErrorCode != accessDenied
	if shared || c.Type == api.AWSService {
		r.SharedEventID = newID()
	}
	s.queue.put(with.of(r, mine, username(c), c.AccessKeyID))
	if shared {
		copied := *r
		copied.User = stranger(c)
		s.queue.put(with.of(&copied, owner, "", ""))
	}
}

// of completes an item: each copy of a record has an event id of its own.
func (i item) of(r *record, account, user, key string) item {
	r.EventID, r.Recipient = newID(), account
	i.record, i.user, i.key = r, user, key
	return i
}

// Event is something that a service of AWS did of its own accord.
type Event struct {
	Source   string // "kms.amazonaws.com"
	Name     string // "DeleteKey"
	Account  string
	Region   string
	ReadOnly bool
	// Resource is the ARN of the resource and its type; both may be empty.
	Resource, ResourceType string
	Details                map[string]any // serviceEventDetails
	// Answer are responseElements of what AWS records as a call of its own,
	// such as KMS's SynchronizeMultiRegionKey; nil for service events.
	Answer map[string]string
}

// Note records a service event, such as KMS's RotateKey and DeleteKey. Like
// [Service.Record] it takes what it needs and does no I/O.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html
func (s *Service) Note(_ context.Context, e Event) {
	r := &record{
		Version: eventVersion, User: identity{Account: e.Account, InvokedBy: awsInternal}, Source: e.Source, Name: e.Name,
		Region: e.Region, SourceIP: awsInternal, UserAgent: awsInternal, ReadOnly: e.ReadOnly, Type: serviceEvent,
		Management: true, Category: management, ServiceEventDetails: e.Details,
	}
	if e.Resource != "" {
		r.Resources = []resource{{Account: e.Account, Type: e.ResourceType, ARN: e.Resource}}
		r.named = []named{{e.ResourceType, e.Resource}}
	}
	if e.Answer != nil {
		r.Type, r.RequestID, r.ResponseElements = apiCall, newID(), answered(e.Answer)
	}
	s.queue.put(item{roster: s.roster.Load()}.of(r, e.Account, "", ""))
}

func answered(members map[string]string) json.RawMessage {
	b, err := json.Marshal(members)
	if err != nil {
		panic("cloudtrail: " + err.Error()) // strings can be marshalled
	}
	return b
}
