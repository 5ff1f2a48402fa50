package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
	"sealstack/arn"
	"sealstack/storage"
)

// Delivery to CloudWatch Logs: one log event a record, in the stream
// ACCOUNT_CloudTrail_REGION of the trail's log group, in a session of the
// trail's role. A crash may deliver a batch twice, as AWS may.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html

// stream is what a lane has delivered to CloudWatch Logs.
type stream struct {
	Group  string `cbor:"1,keyasint,omitempty"` // ARN: another one begins anew
	Cursor uint64 `cbor:"2,keyasint,omitempty"`
	attempts
}

// Limits of a PutLogEvents batch.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const (
	maxBatchEvents   = 10000
	maxBatchBytes    = 1 << 20
	eventOverhead    = 26
	maxBatchSpan     = 24 * time.Hour
	maxStreamedEvent = 256 << 10
)

// sessionName is that of the session in which events are delivered.
//
// Unverified: AWS's name.
const sessionName = "CLOUDWATCH_LOGS_DELIVERY_SESSION"

// checkGroup holds the log group and the role against each other.
func checkGroup(t *trail) error {
	if (t.Group == "") != (t.Role == "") {
		return groupAndRole()
	}
	if t.Group == "" {
		return nil
	}
	if a, err := arn.Parse(t.Group); err != nil || a.Service != "logs" || !strings.HasPrefix(a.Resource, "log-group:") || a.Account != t.Account {
		return badGroupARN()
	}
	if a, err := arn.Parse(t.Role); err != nil || a.Service != "iam" || a.Kind() != "role" {
		return badRoleARN()
	}
	return nil
}

// checkLogs tries whether the role lets CloudTrail write to the log group.
func (s *Service) checkLogs(ctx context.Context, t *trail) error {
	if t.Group == "" {
		return nil
	}
	if s.config.Logs == nil || s.config.STS == nil {
		return noLogs()
	}
	as, err := s.session(ctx, t)
	if _, refused := refusal(err); refused {
		return roleDenied()
	}
	if err != nil {
		return err
	}
	err = s.createStream(as, t, t.Region)
	if _, refused := refusal(err); refused {
		return groupDenied()
	}
	return err
}

// session assumes the trail's role and returns a context of the session.
func (s *Service) session(ctx context.Context, t *trail) (context.Context, error) {
	out, err := s.config.STS.AssumeRole(t.asTrail(ctx, t.Region), &stsapi.AssumeRoleRequest{
		RoleArn: t.Role, RoleSessionName: sessionName,
	})
	if err != nil {
		return nil, err
	}
	role, _, _ := strings.Cut(out.AssumedRoleUser.AssumedRoleId, ":")
	return api.WithCaller(ctx, &api.Caller{
		Principal: api.Principal{
			Type: api.AssumedRole, Account: accountOf(t.Role), ARN: out.AssumedRoleUser.Arn, ID: out.AssumedRoleUser.AssumedRoleId,
			Name: sessionName, Issuer: t.Role, IssuerID: role,
		},
		AccessKeyID: out.Credentials.AccessKeyId,
		Session:     &api.Session{Issued: s.clock.Now(), Expires: out.Credentials.Expiration},
		Partition:   t.Partition, Region: groupRegion(t), RequestID: newID(),
		SourceIP: principal, UserAgent: principal, Secure: true,
	}), nil
}

func groupRegion(t *trail) string {
	a, err := arn.Parse(t.Group)
	if err != nil {
		return t.Region
	}
	return a.Region
}

// groupName is the name in the ARN of a log group, which ends in ":*".
func groupName(group string) string {
	_, name, _ := strings.Cut(group, ":log-group:")
	return strings.TrimSuffix(name, ":*")
}

// streamName is the name of the log stream of a Region.
//
// Unverified: the name for an organization trail.
func (t *trail) streamName(region string) string {
	name := t.logged() + "_CloudTrail_" + region
	if t.Organization != "" {
		name = t.Organization + "_" + name
	}
	return name
}

// createStream makes the log stream; one that is there already is right.
func (s *Service) createStream(as context.Context, t *trail, region string) error {
	_, err := s.config.Logs.CreateLogStream(as, &logsapi.CreateLogStreamRequest{
		LogGroupName: groupName(t.Group), LogStreamName: t.streamName(region),
	})
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == "ResourceAlreadyExistsException" {
		return nil
	}
	return err
}

// stream delivers the events that are due to CloudWatch Logs.
func (s *Service) stream(ctx context.Context, t *trail, region string, l *lane, now time.Time) error {
	st := &l.Stream
	if t.Group == "" || s.config.Logs == nil || s.config.STS == nil || now.Before(st.Retry) {
		return nil
	}
	if st.Group != t.Group {
		begin, err := s.groupStart(ctx, t, region)
		if err != nil {
			return err
		}
		*st = stream{Group: t.Group, Cursor: begin}
	}
	for {
		delivered := st.Delivered
		batch, err := s.batchOf(ctx, t, region, st.Cursor, now)
		if err != nil || batch.to == 0 {
			return err
		}
		if len(batch.events) > 0 {
			err = s.putEvents(ctx, t, region, batch.events)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			st.fail(err, s.config.DeliveryInterval, now)
			return s.saveLane(ctx, t, region, l)
		}
		st.Cursor = batch.to
		if st.succeed(now); len(batch.events) == 0 {
			st.Delivered = delivered
		}
		if err := s.saveLane(ctx, t, region, l); err != nil {
			return err
		}
	}
}

// groupStart is the number behind which events go to the log group.
func (s *Service) groupStart(ctx context.Context, t *trail, region string) (uint64, error) {
	var l lane
	since := *t
	since.Created = t.Grouped
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		l, err = newLane(tx, &since, region)
		return err
	})
	return l.Cursor, err
}

// logBatch is what one call of PutLogEvents takes.
type logBatch struct {
	events []logsapi.InputLogEvent
	size   int
	to     uint64 // number of the last event, or of the last that was looked at
}

// add appends an event; false says that it is for the next batch.
func (b *logBatch) add(e *event) bool {
	at, size := e.at().UnixMilli(), len(e.Text)+eventOverhead
	n := len(b.events)
	if n > 0 && (at-b.events[0].Timestamp >= maxBatchSpan.Milliseconds() || n == maxBatchEvents || b.size+size > maxBatchBytes) {
		return false
	}
	b.events = append(b.events, logsapi.InputLogEvent{Timestamp: at, Message: string(e.Text)})
	b.size, b.to = b.size+size, e.Sequence
	return true
}

// batchOf collects the next events that are due.
func (s *Service) batchOf(ctx context.Context, t *trail, region string, after uint64, now time.Time) (batch logBatch, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		batch = logBatch{}
		from, err := chunkBefore(tx, place{t.Account, region}, after)
		if err != nil {
			return err
		}
		var b backlog
		if err := b.read(tx, t, region, from); err != nil || !b.due(t, s.config.DeliveryInterval, now) {
			return err
		}
		whole := true
		err = s.eachEvent(tx, t, region, from, b.to, func(e *event) bool {
			if e.Sequence <= after || e.Sequence < uint64(t.Grouped.UnixNano()) || len(e.Text) > maxStreamedEvent {
				return true
			}
			whole = batch.add(e)
			return whole
		})
		if whole {
			batch.to = b.to
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("cloudtrail: events of %s in %s: %w", t.arn(), region, err)
	}
	return batch, err
}

// chunkBefore is the number behind which the chunks begin that hold events
// behind after: a batch can end within a chunk.
func chunkBefore(tx storage.Tx, p place, after uint64) (uint64, error) {
	for row, err := range chunks.Scan(tx, storage.Range{Prefix: p.key(), To: p.key(after + 1), Reverse: true}) {
		if err != nil {
			return 0, err
		}
		if row.Value.Last > after {
			return row.Value.First - 1, nil
		}
		break
	}
	return after, nil
}

// putEvents writes a batch; a stream that is missing is made.
func (s *Service) putEvents(ctx context.Context, t *trail, region string, batch []logsapi.InputLogEvent) error {
	as, err := s.session(ctx, t)
	if err != nil {
		return err
	}
	in := &logsapi.PutLogEventsRequest{LogGroupName: groupName(t.Group), LogStreamName: t.streamName(region), LogEvents: batch}
	_, err = s.config.Logs.PutLogEvents(as, in)
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == "ResourceNotFoundException" {
		if err := s.createStream(as, t, region); err != nil {
			return err
		}
		_, err = s.config.Logs.PutLogEvents(as, in)
	}
	return err
}
