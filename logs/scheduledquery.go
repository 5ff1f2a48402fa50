package logs

import (
	"context"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/logs/insights"
	"sealstack/storage"
)

// scheduledQuery is a query that runs by the clock, under (account, Region,
// name). Its results are those of a query, sealed as such.
type scheduledQuery struct {
	Name      string
	Partition string
	Config    logsapi.UpdateScheduledQueryRequest
	Tags      map[string]string
	Created   int64
	Updated   int64
	Checked   int64 // up to here runs have been begun, milliseconds
	Triggered int64
	Status    *logsapi.ExecutionStatus
}

// execution is a run of a scheduled query, under (account, Region, name,
// instant).
type execution struct {
	QueryID      string
	Status       logsapi.ExecutionStatus
	Triggered    int64
	Error        string
	Destinations []logsapi.ScheduledQueryDestination
}

var (
	scheduledQueries = storage.NewTable[scheduledQuery]("logs.scheduledquery")
	executions       = storage.NewTable[execution]("logs.execution")
)

// maxScheduledQueries is how many there are in an account in a Region.
//
// Unverified: the figure.
const maxScheduledQueries = 1000

func scheduledResource(name string) string { return "scheduled-query:" + name }

// CreateScheduledQuery makes a query that runs by the clock.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateScheduledQuery.html
func (s *Service) CreateScheduledQuery(ctx context.Context, in *logsapi.CreateScheduledQueryRequest) (*logsapi.CreateScheduledQueryResponse, error) {
	p := placeOf(ctx)
	if err := s.authorize(ctx, "CreateScheduledQuery", p.arn(scheduledResource(in.Name)), auth.RequestTags(in.Tags)); err != nil {
		return nil, err
	}
	q := scheduledQuery{Name: in.Name, Partition: p.partition, Tags: in.Tags, Created: s.now(), Updated: s.now(), Checked: s.now()}
	q.Config = logsapi.UpdateScheduledQueryRequest{
		Identifier: in.Name, Description: in.Description, QueryLanguage: in.QueryLanguage, QueryString: in.QueryString,
		LogGroupIdentifiers: in.LogGroupIdentifiers, ScheduleExpression: in.ScheduleExpression, Timezone: in.Timezone,
		StartTimeOffset: in.StartTimeOffset, EndTimeOffset: in.EndTimeOffset, DestinationConfiguration: in.DestinationConfiguration,
		ScheduleStartTime: in.ScheduleStartTime, ScheduleEndTime: in.ScheduleEndTime, ExecutionRoleArn: in.ExecutionRoleArn, State: in.State,
	}
	if err := s.checkScheduled(ctx, &q.Config); err != nil {
		return nil, err
	}
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if there, err := scheduledQueries.Has(tx, p.key(q.Name)); there || err != nil {
			return either(err, func() error { return logsapi.ConflictException("The specified scheduled query already exists.") }) // Unverified: AWS's sentence
		}
		return putLimited(tx, scheduledQueries, p.key(), p.key(q.Name), q, maxScheduledQueries)
	})
	if err != nil {
		return nil, err
	}
	name := p.arn(scheduledResource(q.Name))
	return &logsapi.CreateScheduledQueryResponse{ScheduledQueryArn: &name, State: q.Config.State}, nil
}

// checkScheduled refuses what cannot run, and completes the rest. The caller
// must be allowed to pass the roles.
//
// Unverified: AWS's sentences.
func (s *Service) checkScheduled(ctx context.Context, c *logsapi.UpdateScheduledQueryRequest) error {
	if c.State == nil {
		c.State = new(logsapi.ScheduledQueryState)
		*c.State = logsapi.ScheduledQueryStateEnabled
	}
	if c.QueryLanguage != logsapi.QueryLanguageCwli {
		return api.NotImplemented("logs", "scheduled queries in the language "+string(c.QueryLanguage))
	}
	if _, err := insights.Parse(c.QueryString); err != nil {
		return validation("The query is not valid: " + err.Error())
	}
	if _, ok := parseCron(c.ScheduleExpression); !ok {
		return validation("The schedule expression is not valid.")
	}
	if _, err := time.LoadLocation(value(c.Timezone)); err != nil {
		return validation("The time zone does not exist.")
	}
	if len(c.LogGroupIdentifiers) == 0 {
		return validation("logGroupIdentifiers must name at least one log group.")
	}
	for _, role := range rolesOf(c) {
		if a, err := arn.Parse(role); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
			return validation("A role must be named by its ARN.")
		}
		if err := s.auth.Authorize(ctx, &auth.Request{Service: logsapi.Service, Action: "iam:PassRole", Resource: role}); err != nil {
			return err
		}
	}
	return nil
}

// rolesOf returns the roles that a scheduled query acts in.
func rolesOf(c *logsapi.UpdateScheduledQueryRequest) []string {
	roles := []string{c.ExecutionRoleArn}
	if d := c.DestinationConfiguration; d != nil {
		if d.S3Configuration != nil {
			roles = append(roles, d.S3Configuration.RoleArn)
		}
		if d.LookupTableConfiguration != nil {
			roles = append(roles, d.LookupTableConfiguration.RoleArn)
		}
	}
	return roles
}

// scheduled returns the scheduled query of a name or an ARN, if the caller
// may perform the action.
func (s *Service) scheduled(ctx context.Context, action, identifier string) (scheduledQuery, error) {
	p := placeOf(ctx)
	name := strings.TrimPrefix(identifier, p.arn(scheduledResource("")))
	q, err := lookup(ctx, s, scheduledQueries, p.key(name), noSuchScheduled)
	if denied := s.authorize(ctx, action, p.arn(scheduledResource(name)), auth.ResourceTags(q.Tags)); denied != nil {
		return q, denied
	}
	return q, err
}

func noSuchScheduled() error {
	return logsapi.ResourceNotFoundException("The specified scheduled query does not exist.") // Unverified: AWS's sentence
}

// GetScheduledQuery returns a scheduled query.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetScheduledQuery.html
func (s *Service) GetScheduledQuery(ctx context.Context, in *logsapi.GetScheduledQueryRequest) (*logsapi.GetScheduledQueryResponse, error) {
	q, err := s.scheduled(ctx, "GetScheduledQuery", in.Identifier)
	if err != nil {
		return nil, err
	}
	out := q.describe(placeOf(ctx))
	return (*logsapi.GetScheduledQueryResponse)(&out), nil
}

func (q *scheduledQuery) describe(p place) logsapi.UpdateScheduledQueryResponse {
	name, c := p.arn(scheduledResource(q.Name)), &q.Config
	out := logsapi.UpdateScheduledQueryResponse{
		ScheduledQueryArn: &name, Name: &q.Name, Description: c.Description, QueryLanguage: &c.QueryLanguage, QueryString: &c.QueryString,
		LogGroupIdentifiers: c.LogGroupIdentifiers, ScheduleExpression: &c.ScheduleExpression, Timezone: c.Timezone,
		StartTimeOffset: c.StartTimeOffset, EndTimeOffset: c.EndTimeOffset, DestinationConfiguration: c.DestinationConfiguration, State: c.State,
		LastExecutionStatus: q.Status, ScheduleStartTime: c.ScheduleStartTime, ScheduleEndTime: c.ScheduleEndTime,
		ExecutionRoleArn: &c.ExecutionRoleArn, CreationTime: &q.Created, LastUpdatedTime: &q.Updated,
	}
	if q.Triggered != 0 {
		out.LastTriggeredTime = &q.Triggered
	}
	return out
}

// ListScheduledQueries lists scheduled queries by name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListScheduledQueries.html
func (s *Service) ListScheduledQueries(ctx context.Context, in *logsapi.ListScheduledQueriesRequest) (*logsapi.ListScheduledQueriesResponse, error) {
	p := placeOf(ctx)
	if err := s.authorize(ctx, "ListScheduledQueries", p.arn(scheduledResource("*")), nil); err != nil {
		return nil, err
	}
	all, err := list(ctx, s, scheduledQueries, p.key())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(q scheduledQuery) bool { return in.State != nil && *in.State != *q.Config.State })
	page, next, err := cut(s.root, pageOf(in.MaxResults), s.listing(ctx, "ListScheduledQueries"), in.NextToken, all,
		func(q scheduledQuery) storage.Key { return storage.K(q.Name) }, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.ListScheduledQueriesResponse{ScheduledQueries: []logsapi.ScheduledQuerySummary{}, NextToken: next}
	for i := range page {
		q := page[i].describe(p)
		out.ScheduledQueries = append(out.ScheduledQueries, logsapi.ScheduledQuerySummary{
			ScheduledQueryArn: q.ScheduledQueryArn, Name: q.Name, State: q.State, LastTriggeredTime: q.LastTriggeredTime,
			LastExecutionStatus: q.LastExecutionStatus, ScheduleExpression: q.ScheduleExpression, Timezone: q.Timezone,
			DestinationConfiguration: q.DestinationConfiguration, CreationTime: q.CreationTime, LastUpdatedTime: q.LastUpdatedTime,
		})
	}
	return out, nil
}

// UpdateScheduledQuery replaces all of a scheduled query but its name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UpdateScheduledQuery.html
func (s *Service) UpdateScheduledQuery(ctx context.Context, in *logsapi.UpdateScheduledQueryRequest) (*logsapi.UpdateScheduledQueryResponse, error) {
	q, err := s.scheduled(ctx, "UpdateScheduledQuery", in.Identifier)
	if err != nil {
		return nil, err
	}
	c := *in
	if err := s.checkScheduled(ctx, &c); err != nil {
		return nil, err
	}
	err = s.editScheduled(ctx, q.Name, func(now *scheduledQuery) {
		now.Config, now.Updated, now.Checked = c, s.now(), s.now()
		q = *now
	})
	if err != nil {
		return nil, err
	}
	out := q.describe(placeOf(ctx))
	return &out, nil
}

func (s *Service) editScheduled(ctx context.Context, name string, fn func(*scheduledQuery)) error {
	k := placeOf(ctx).key(name)
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		q, err := scheduledQueries.Get(tx, k)
		if err != nil {
			return either(ignoreNotFound(err), noSuchScheduled)
		}
		fn(&q)
		return scheduledQueries.Put(tx, k, q)
	})
}

// DeleteScheduledQuery removes a scheduled query with its history.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteScheduledQuery.html
func (s *Service) DeleteScheduledQuery(ctx context.Context, in *logsapi.DeleteScheduledQueryRequest) (*logsapi.DeleteScheduledQueryResponse, error) {
	q, err := s.scheduled(ctx, "DeleteScheduledQuery", in.Identifier)
	if err != nil {
		return nil, err
	}
	k := placeOf(ctx).key(q.Name)
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if _, err := executions.DeletePrefix(tx, k); err != nil {
			return err
		}
		return ignoreNotFound(scheduledQueries.Delete(tx, k))
	})
	if err != nil {
		return nil, err
	}
	return &logsapi.DeleteScheduledQueryResponse{}, nil
}

// GetScheduledQueryHistory lists the runs of a scheduled query in a range of
// time, the newest first.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetScheduledQueryHistory.html
func (s *Service) GetScheduledQueryHistory(ctx context.Context, in *logsapi.GetScheduledQueryHistoryRequest) (*logsapi.GetScheduledQueryHistoryResponse, error) {
	q, err := s.scheduled(ctx, "GetScheduledQueryHistory", in.Identifier)
	if err != nil {
		return nil, err
	}
	if in.EndTime < in.StartTime {
		return nil, validation("The end of the range must not be before its start.") // Unverified: AWS's sentence
	}
	all, err := list(ctx, s, executions, placeOf(ctx).key(q.Name))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e execution) bool {
		return e.Triggered < millis(in.StartTime) || e.Triggered > lastMillis(in.EndTime) ||
			len(in.ExecutionStatuses) > 0 && !slices.Contains(in.ExecutionStatuses, e.Status)
	})
	slices.Reverse(all)
	page, next, err := cut(s.root, pageOf(in.MaxResults), s.listing(ctx, "GetScheduledQueryHistory/"+q.Name), in.NextToken, all,
		func(e execution) storage.Key { return storage.K(e.Triggered) }, true)
	if err != nil {
		return nil, err
	}
	name := placeOf(ctx).arn(scheduledResource(q.Name))
	out := &logsapi.GetScheduledQueryHistoryResponse{Name: &q.Name, ScheduledQueryArn: &name, TriggerHistory: []logsapi.TriggerHistoryRecord{}, NextToken: next}
	for i := range page {
		e := &page[i]
		r := logsapi.TriggerHistoryRecord{ExecutionStatus: &e.Status, TriggeredTimestamp: &e.Triggered, Destinations: e.Destinations}
		if e.QueryID != "" {
			r.QueryId = &e.QueryID
		}
		if e.Error != "" {
			r.ErrorMessage = &e.Error
		}
		out.TriggerHistory = append(out.TriggerHistory, r)
	}
	return out, nil
}
