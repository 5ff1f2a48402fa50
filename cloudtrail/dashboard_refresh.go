package cloudtrail

import (
	"context"
	"slices"
	"strconv"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

// StartDashboardRefresh runs the queries of a dashboard, as CloudTrail: the
// resource policies of the event data stores must let it.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartDashboardRefresh.html
func (s *Service) StartDashboardRefresh(ctx context.Context, in *cloudtrailapi.StartDashboardRefreshRequest) (*cloudtrailapi.StartDashboardRefreshResponse, error) {
	d, err := s.openDashboardWith(ctx, in.DashboardId, "StartDashboardRefresh", nil)
	if err != nil {
		return nil, err
	}
	for name := range in.QueryParameterValues {
		if !slices.Contains(variables, name) {
			return nil, badParameter("The query parameter " + name + " is not valid.")
		}
	}
	d, err = s.refresh(ctx, &d, in.QueryParameterValues)
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.StartDashboardRefreshResponse{RefreshId: &d.Refresh}, nil
}

// refresh starts the queries of all widgets and notes the first that could not
// be.
func (s *Service) refresh(ctx context.Context, d *dashboard, values map[string]string) (dashboard, error) {
	now := s.clock.Now()
	id, failure := d.refreshID(now), ""
	as := d.asRefresher(ctx)
	for _, w := range d.Widgets {
		q := s.newQuery(as, w.at(now, values))
		q.Alias, q.Refresh = w.Alias, id
		err := s.begin(as, q, d.Account)
		if e, refused := refusal(err); refused {
			failure = e.Message
			continue
		}
		if err != nil {
			return *d, err
		}
	}
	return s.editDashboard(ctx, d, func(_ storage.Tx, d *dashboard) error {
		d.Refresh, d.Failure, d.Refreshed = id, failure, now
		return nil
	})
}

// refreshID is a number that no other refresh of the dashboard has.
func (d *dashboard) refreshID(now time.Time) string {
	last, err := strconv.ParseInt(d.Refresh, 10, 64)
	if err != nil {
		last = 0 // the first refresh
	}
	return strconv.FormatInt(max(now.UnixNano(), last+1), 10)
}

// asRefresher returns a context in which CloudTrail acts for a dashboard.
func (d *dashboard) asRefresher(ctx context.Context) context.Context {
	ctx = api.WithCaller(ctx, &api.Caller{Partition: d.Partition, Region: d.Region, RequestID: newID()})
	return api.AsService(ctx, principal, d.arn(), d.Account)
}

// describedQuery is the id of the query that a request names, or the newest of
// an alias.
func (s *Service) describedQuery(ctx context.Context, in *cloudtrailapi.DescribeQueryRequest) (id string, err error) {
	if in.QueryId != nil {
		return *in.QueryId, nil
	}
	if in.QueryAlias == nil {
		return "", badParameter("QueryId or QueryAlias must be specified.")
	}
	c := api.CallerOf(ctx)
	var newest time.Time
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		for row, err := range lakeQueries.Scan(tx, storage.Range{Prefix: storage.K(c.Account, c.Region)}) {
			if err != nil {
				return err
			}
			q := &row.Value
			if q.Alias == *in.QueryAlias && (in.RefreshId == nil || q.Refresh == *in.RefreshId) && !q.Created.Before(newest) {
				id, newest = q.ID, q.Created
			}
		}
		return nil
	})
	if err == nil && id == "" {
		err = unknownQuery()
	}
	return id, err
}

// next is when the schedule refreshes a dashboard; false if it does not.
func (d *dashboard) next() (time.Time, bool) {
	r := d.Schedule
	if r == nil || r.Frequency == nil || deref(r.Status) == cloudtrailapi.RefreshScheduleStatusDisabled {
		return time.Time{}, false
	}
	if *r.Frequency.Unit == cloudtrailapi.RefreshScheduleFrequencyUnitHours {
		return d.Refreshed.Add(time.Duration(*r.Frequency.Value) * time.Hour), true
	}
	at, err := time.Parse("15:04", deref(r.TimeOfDay))
	if err != nil {
		return d.Refreshed.Add(day), true
	}
	due := d.Refreshed.UTC().Truncate(day).Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
	if !due.After(d.Refreshed) {
		due = due.Add(day)
	}
	return due, true
}

// refreshDue refreshes the dashboards whose schedule says so, if their policy
// lets CloudTrail.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-dashboard-refresh.html
func (s *Service) refreshDue(ctx context.Context, now time.Time) error {
	var due []dashboard
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due = nil
		for row, err := range dashboards.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if at, on := row.Value.next(); on && !now.Before(at) {
				due = append(due, row.Value)
			}
		}
		return nil
	})
	for i := range due {
		if err == nil {
			err = s.refreshScheduled(ctx, &due[i], now)
		}
	}
	return err
}

func (s *Service) refreshScheduled(ctx context.Context, d *dashboard, now time.Time) error {
	_, err := s.openDashboardWith(d.asRefresher(ctx), d.arn(), "StartDashboardRefresh", nil)
	if e, refused := refusal(err); refused {
		_, err = s.editDashboard(ctx, d, func(_ storage.Tx, d *dashboard) error {
			d.Failure, d.Refreshed = e.Message, now
			return nil
		})
		return err
	}
	if err == nil {
		_, err = s.refresh(ctx, d, nil)
	}
	return err
}
