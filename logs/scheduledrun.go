package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/arn"
	"sealstack/logs/insights"
	"sealstack/storage"
)

// maxCaughtUp is how far back runs are made up for that were due while the
// program was not running or the clock was moved on.
const maxCaughtUp = day

// runScheduled begins the scheduled queries that have become due.
func (s *Service) runScheduled(ctx context.Context, now int64) error {
	all := []storage.Entry[scheduledQuery]{}
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		all = all[:0]
		for e, err := range scheduledQueries.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if *e.Value.Config.State == logsapi.ScheduledQueryStateEnabled && now/minute > e.Value.Checked/minute {
				all = append(all, e)
			}
		}
		return nil
	})
	for _, e := range all {
		parts := e.Key.Parts()
		here := api.WithCaller(ctx, &api.Caller{
			Principal: api.Principal{Account: parts[0].(string)}, Partition: e.Value.Partition, Region: parts[1].(string),
		})
		err = errors.Join(err, s.runDue(here, e.Value, now))
	}
	return err
}

// runDue records and begins the runs of a query that have become due.
func (s *Service) runDue(ctx context.Context, q scheduledQuery, now int64) error {
	due := q.due(now)
	err := s.editScheduled(ctx, q.Name, func(stored *scheduledQuery) {
		stored.Checked = now
		if len(due) > 0 {
			stored.Triggered = due[len(due)-1]
		}
	})
	if err != nil {
		return ignoreFault(err)
	}
	for _, at := range due {
		s.tasks.begin(ctx, uuid(), func(ctx context.Context) { _ = s.execute(ctx, &q, at) })
	}
	return nil
}

// due returns the instants since the last check at which a query is due.
func (q *scheduledQuery) due(now int64) (list []int64) {
	c, ok := parseCron(q.Config.ScheduleExpression)
	zone, err := time.LoadLocation(value(q.Config.Timezone))
	if !ok || err != nil {
		return nil
	}
	first := max(q.Checked, now-maxCaughtUp)
	for at := first - first%minute + minute; at <= now; at += minute {
		before := q.Config.ScheduleStartTime != nil && at < millis(*q.Config.ScheduleStartTime)
		behind := q.Config.ScheduleEndTime != nil && at > millis(*q.Config.ScheduleEndTime)
		if !before && !behind && c.due(time.UnixMilli(at).In(zone)) {
			list = append(list, at)
		}
	}
	return list
}

// execute runs a query in the session of its role, delivers the results and
// writes how it went.
func (s *Service) execute(ctx context.Context, q *scheduledQuery, at int64) error {
	e := execution{Triggered: at, Status: logsapi.ExecutionStatusComplete}
	rows, err := s.resultsOf(ctx, q, &e)
	if err != nil {
		e.Status, e.Error = logsapi.ExecutionStatusFailed, "The query failed."
		if refusal, ok := errors.AsType[*api.Error](err); ok {
			e.Error = refusal.Message
		}
		if refusal, ok := errors.AsType[*api.Error](err); ok && refusal.Code == "MalformedQueryException" {
			e.Status = logsapi.ExecutionStatusInvalidQuery
		}
	} else if err := s.deliverResults(ctx, q, &e, rows); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		k := placeOf(ctx).key(q.Name)
		now, err := scheduledQueries.Get(tx, k)
		if err != nil {
			return ignoreNotFound(err) // it was deleted meanwhile
		}
		now.Status = &e.Status
		return errors.Join(scheduledQueries.Put(tx, k, now), executions.Put(tx, k.With(at), e))
	})
}

// resultsOf runs the query, as StartQuery would, in the session of its role.
func (s *Service) resultsOf(ctx context.Context, q *scheduledQuery, e *execution) ([][]insights.Field, error) {
	as, err := s.session(ctx, q.Config.ExecutionRoleArn, q.Name)
	if err != nil {
		return nil, err
	}
	seconds := e.Triggered / 1000
	in := &logsapi.StartQueryRequest{
		QueryString: q.Config.QueryString, QueryLanguage: &q.Config.QueryLanguage, LogGroupIdentifiers: q.Config.LogGroupIdentifiers,
		StartTime: seconds - value(q.Config.StartTimeOffset), EndTime: seconds - value(q.Config.EndTimeOffset),
	}
	record, work, err := s.prepare(as, in)
	if err != nil {
		return nil, err
	}
	e.QueryID = record.ID
	s.run(as, record, work)
	record, status, err := s.current(as, record.ID)
	if err != nil {
		return nil, err
	}
	if status != logsapi.QueryStatusComplete {
		return nil, errQueryFailed
	}
	rows, _, err := s.results(as, &record)
	return rows, err
}

var errQueryFailed = errors.New("logs: the query of a schedule failed")

// sessionName is how the sessions of CloudWatch Logs are named.
//
// Unverified: AWS's name.
const sessionName = "CloudWatchLogsScheduledQuery"

// session returns a context of the role's session. The service assumes it for
// the scheduled query.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/ScheduledQueries.html
func (s *Service) session(ctx context.Context, role, query string) (context.Context, error) {
	if s.sts == nil {
		return nil, logsapi.Service.AccessDenied("The role cannot be assumed.")
	}
	p := placeOf(ctx)
	as := api.AsService(ctx, "logs."+arn.DNSSuffix(p.partition), p.arn(scheduledResource(query)), p.account)
	out, err := s.sts.AssumeRole(as, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: sessionName})
	if err != nil {
		return nil, err
	}
	a, err := arn.Parse(role)
	if err != nil {
		return nil, err
	}
	id, _, _ := strings.Cut(out.AssumedRoleUser.AssumedRoleId, ":")
	return api.WithCaller(ctx, &api.Caller{
		Principal: api.Principal{
			Type: api.AssumedRole, Account: a.Account, ARN: out.AssumedRoleUser.Arn, ID: out.AssumedRoleUser.AssumedRoleId,
			Name: sessionName, Issuer: role, IssuerID: id,
		},
		AccessKeyID: out.Credentials.AccessKeyId,
		Session:     &api.Session{Issued: s.clock.Now(), Expires: out.Credentials.Expiration},
		Partition:   p.partition, Region: p.region, RequestID: uuid(),
		SourceIP: api.CallerOf(as).ARN, UserAgent: api.CallerOf(as).ARN, Secure: true,
	}), nil
}

// deliverResults brings the results to the query's destinations, as CSV.
func (s *Service) deliverResults(ctx context.Context, q *scheduledQuery, e *execution, rows [][]insights.Field) error {
	d := q.Config.DestinationConfiguration
	if d == nil {
		return nil
	}
	body, err := csvOf(rows)
	if err != nil {
		return err
	}
	if c := d.S3Configuration; c != nil {
		kind, key := logsapi.ScheduledQueryDestinationTypeS3, ""
		key, err := s.resultsToBucket(ctx, q, e, c, body)
		e.Destinations = append(e.Destinations, delivered(kind, c.DestinationIdentifier, key, err))
	}
	if c := d.LookupTableConfiguration; c != nil && len(rows) > 0 {
		kind := logsapi.ScheduledQueryDestinationTypeLookupTable
		name := placeOf(ctx).arn(lookupResource(c.TableName))
		e.Destinations = append(e.Destinations, delivered(kind, name, name, s.resultsToTable(ctx, q, c, name, body)))
	}
	return nil
}

func delivered(kind logsapi.ScheduledQueryDestinationType, to, made string, err error) logsapi.ScheduledQueryDestination {
	status := logsapi.ActionStatusComplete
	out := logsapi.ScheduledQueryDestination{DestinationType: &kind, DestinationIdentifier: &to, Status: &status}
	if err == nil {
		out.ProcessedIdentifier = &made
		return out
	}
	status = logsapi.ActionStatusFailed
	message := "The delivery failed."
	if e, ok := errors.AsType[*api.Error](err); ok {
		message = e.Message
		if !e.Fault() {
			status = logsapi.ActionStatusClientError
		}
	}
	out.ErrorMessage = &message
	return out
}

// resultsToBucket writes the results as an object in the session of the
// destination's role.
//
// Unverified: the object's name and form.
func (s *Service) resultsToBucket(ctx context.Context, q *scheduledQuery, e *execution, c *logsapi.S3Configuration, body string) (string, error) {
	as, err := s.session(ctx, c.RoleArn, q.Name)
	if err != nil {
		return "", err
	}
	if s.buckets == nil {
		return "", noSuchBucket()
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(c.DestinationIdentifier, "s3://"), "/")
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	key := prefix + q.Name + "/" + strconv.FormatInt(e.Triggered, 10) + "_" + e.QueryID + ".csv"
	acl, size := s3api.ObjectCannedACLBucketOwnerFullControl, int64(len(body))
	in := &s3api.PutObjectRequest{
		Bucket: bucket, Key: key, ACL: &acl, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: &size,
		ExpectedBucketOwner: c.OwnerAccountId,
	}
	if c.KmsKeyId != nil {
		sse := s3api.ServerSideEncryptionAwsKms
		in.ServerSideEncryption, in.SSEKMSKeyId = &sse, c.KmsKeyId
	}
	_, err = s.buckets.PutObject(as, in)
	return "s3://" + bucket + "/" + key, err
}

// resultsToTable makes the lookup table of the results, or replaces it.
func (s *Service) resultsToTable(ctx context.Context, q *scheduledQuery, c *logsapi.LookupTableConfiguration, name, body string) error {
	as, err := s.session(ctx, c.RoleArn, q.Name)
	if err != nil {
		return err
	}
	_, err = s.UpdateLookupTable(as, &logsapi.UpdateLookupTableRequest{LookupTableArn: name, TableBody: &body, Description: c.Description, KmsKeyId: c.KmsKeyId})
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == "ResourceNotFoundException" {
		_, err = s.CreateLookupTable(as, &logsapi.CreateLookupTableRequest{
			LookupTableName: c.TableName, TableBody: &body, Description: c.Description, KmsKeyId: c.KmsKeyId, Tags: c.Tags,
		})
	}
	return err
}
