package cloudtrail

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
)

const (
	groupARN = "arn:aws:logs:us-east-1:111122223333:log-group:trail-group:*"
	roleARN  = "arn:aws:iam::111122223333:role/service/Deliver"
)

// fakeLogs holds the events of streams.
type fakeLogs struct {
	streams map[string][]logsapi.InputLogEvent // "group/stream"
	caller  *api.Caller
	refuse  error
	batches int
}

func (f *fakeLogs) CreateLogStream(ctx context.Context, in *logsapi.CreateLogStreamRequest) (*api.None, error) {
	f.caller = api.CallerOf(ctx)
	if f.refuse != nil {
		return nil, f.refuse
	}
	at := in.LogGroupName + "/" + in.LogStreamName
	if _, ok := f.streams[at]; ok {
		return nil, logsapi.ResourceAlreadyExistsException("The specified log stream already exists")
	}
	f.streams[at] = []logsapi.InputLogEvent{}
	return nil, nil
}

func (f *fakeLogs) PutLogEvents(_ context.Context, in *logsapi.PutLogEventsRequest) (*logsapi.PutLogEventsResponse, error) {
	if f.refuse != nil {
		return nil, f.refuse
	}
	at := in.LogGroupName + "/" + in.LogStreamName
	if _, ok := f.streams[at]; !ok {
		return nil, logsapi.ResourceNotFoundException("The specified log stream does not exist.")
	}
	size := 0
	for _, e := range in.LogEvents {
		size += len(e.Message) + eventOverhead
	}
	if size > maxBatchBytes || len(in.LogEvents) > maxBatchEvents {
		return nil, logsapi.InvalidParameterException("Upload too large: %d bytes", size)
	}
	f.streams[at] = append(f.streams[at], in.LogEvents...)
	f.batches++
	return &logsapi.PutLogEventsResponse{}, nil
}

// fakeSTS lets CloudTrail assume the role.
type fakeSTS struct {
	caller *api.Caller
	refuse error
}

func (f *fakeSTS) AssumeRole(ctx context.Context, in *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
	f.caller = api.CallerOf(ctx)
	if f.refuse != nil {
		return nil, f.refuse
	}
	return &stsapi.AssumeRoleResponse{
		Credentials:     &stsapi.Credentials{AccessKeyId: "ASIADELIVER", Expiration: start.Add(time.Hour)},
		AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: "AROADELIVER:" + in.RoleSessionName, Arn: "arn:aws:sts::111122223333:assumed-role/Deliver/" + in.RoleSessionName},
	}, nil
}

func newStreamBench(t *testing.T) (*bench, *fakeLogs, *fakeSTS) {
	logs, sts := &fakeLogs{streams: map[string][]logsapi.InputLogEvent{}}, &fakeSTS{}
	return newBench(t, func(c *Config) { c.Logs, c.STS = logs, sts }), logs, sts
}

func toGroup(in *cloudtrailapi.CreateTrailRequest) {
	in.CloudWatchLogsLogGroupArn, in.CloudWatchLogsRoleArn = new(groupARN), new(roleARN)
}

const streamAt = "trail-group/111122223333_CloudTrail_us-east-1"

func TestRecordsGoToTheLogGroupInASessionOfTheRole(t *testing.T) {
	b, logs, sts := newStreamBench(t)
	arn := b.trail("main", toGroup)
	b.call(3)
	b.advance(5 * time.Minute)
	events := logs.streams[streamAt]
	if len(events) != 3 || events[0].Timestamp != start.UnixMilli() || !json.Valid([]byte(events[0].Message)) || !strings.HasPrefix(events[0].Message, `{"eventVersion"`) {
		t.Fatalf("the stream has %+v", events)
	}
	if sts.caller.ARN != principal || sts.caller.SourceARN != arn {
		t.Errorf("the role is assumed by %+v", sts.caller)
	}
	c := logs.caller
	if c.Type != api.AssumedRole || c.Account != account || c.Issuer != roleARN || c.IssuerID != "AROADELIVER" || c.ID != "AROADELIVER:"+sessionName || c.Region != "us-east-1" {
		t.Errorf("the log group is written by %+v", c)
	}
	b.advance(time.Hour)
	if n := len(logs.streams[streamAt]); n != 3 {
		t.Errorf("the stream has %d events later", n)
	}
}

func TestLogGroupIsTriedWhenTheTrailIsMade(t *testing.T) {
	for name, test := range map[string]struct {
		change        func(*fakeLogs, *fakeSTS, *cloudtrailapi.CreateTrailRequest)
		code, message string
	}{
		"a role that may not be assumed": {func(_ *fakeLogs, s *fakeSTS, _ *cloudtrailapi.CreateTrailRequest) {
			s.refuse = stsapi.Service.AccessDenied("no")
		}, "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role."},
		"a role without permission": {func(l *fakeLogs, _ *fakeSTS, _ *cloudtrailapi.CreateTrailRequest) {
			l.refuse = logsapi.Service.AccessDenied("no")
		}, "InvalidCloudWatchLogsLogGroupArnException", "Access denied. Check the permissions for your role."},
		"a role that is none": {func(_ *fakeLogs, _ *fakeSTS, in *cloudtrailapi.CreateTrailRequest) {
			in.CloudWatchLogsRoleArn = new("role")
		},
			"InvalidCloudWatchLogsRoleArnException", ""},
		"a group that is none": {func(_ *fakeLogs, _ *fakeSTS, in *cloudtrailapi.CreateTrailRequest) {
			in.CloudWatchLogsLogGroupArn = new("group")
		},
			"InvalidCloudWatchLogsLogGroupArnException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, logs, sts := newStreamBench(t)
			in := &cloudtrailapi.CreateTrailRequest{Name: "main", S3BucketName: bucket}
			toGroup(in)
			test.change(logs, sts, in)
			_, err := b.CreateTrail(b.ctx, in)
			b.fails(err, test.code, test.message)
		})
	}
}

func TestStreamFailureIsInTheStatusAndTriedAgain(t *testing.T) {
	b, logs, _ := newStreamBench(t)
	b.trail("main", toGroup)
	b.call(2)
	logs.refuse = logsapi.Service.AccessDenied("no")
	b.advance(5 * time.Minute)
	s, err := b.GetTrailStatus(b.ctx, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
	b.ok(err)
	if s.LatestCloudWatchLogsDeliveryError == nil || *s.LatestCloudWatchLogsDeliveryError != "AccessDeniedException" || s.LatestDeliveryError != nil {
		t.Errorf("status is %+v", s)
	}
	logs.refuse = nil
	delete(logs.streams, streamAt) // it is made anew
	b.restart()
	b.advance(5 * time.Minute)
	if n := len(logs.streams[streamAt]); n != 2 {
		t.Errorf("the stream has %d events", n)
	}
	s, err = b.GetTrailStatus(b.ctx, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
	b.ok(err)
	if s.LatestCloudWatchLogsDeliveryError != nil || !s.LatestCloudWatchLogsDeliveryTime.Equal(b.clock.Now()) {
		t.Errorf("status is %+v", s)
	}
}

func TestLogGroupGetsWhatIsRecordedSinceItWasSet(t *testing.T) {
	b, logs, _ := newStreamBench(t)
	b.trail("main")
	b.call(2)
	b.ok(b.clock.Advance(time.Second))
	_, err := b.UpdateTrail(b.ctx, &cloudtrailapi.UpdateTrailRequest{Name: "main", CloudWatchLogsLogGroupArn: new(groupARN), CloudWatchLogsRoleArn: new(roleARN)})
	b.ok(err)
	b.call(3)
	b.advance(5 * time.Minute)
	if n := len(logs.streams[streamAt]); n != 3 {
		t.Errorf("the stream has %d events, want those since", n)
	}
}

func TestStreamBatchesStayWithinTheLimits(t *testing.T) {
	b, logs, _ := newStreamBench(t)
	b.trail("main", toGroup)
	large := strings.Repeat("x", 90<<10)
	for i := range 40 {
		b.Note(b.ctx, Event{Source: "kms.amazonaws.com", Name: fmt.Sprint("Event", i), Account: account, Region: region, Details: map[string]any{"text": large}})
	}
	b.advance(5 * time.Minute)
	events := logs.streams[streamAt]
	if len(events) != 40 || logs.batches < 4 {
		t.Fatalf("%d events in %d batches", len(events), logs.batches)
	}
	for i, e := range events {
		if !strings.Contains(e.Message, fmt.Sprintf(`"Event%d"`, i)) {
			t.Fatalf("event %d is out of order", i)
		}
	}
}
