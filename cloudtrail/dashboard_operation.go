package cloudtrail

import (
	"context"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

// CreateDashboard makes a custom dashboard. Its queries must be sound, and the
// caller must be allowed to run them.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateDashboard.html
func (s *Service) CreateDashboard(ctx context.Context, in *cloudtrailapi.CreateDashboardRequest) (*cloudtrailapi.CreateDashboardResponse, error) {
	c, now := api.CallerOf(ctx), s.clock.Now()
	tags, err := withTags(nil, in.TagsList)
	if err != nil {
		return nil, err
	}
	d := dashboard{
		Account: c.Account, Partition: c.Partition, Region: c.Region, Name: in.Name, Created: now, Updated: now, Refreshed: now,
		Tags: tags, Protected: deref(in.TerminationProtectionEnabled), Schedule: in.RefreshSchedule,
	}
	if err := s.mayCreateLake(ctx, "CreateDashboard", d.arn(), tags); err != nil {
		return nil, err
	}
	if err := checkSchedule(d.Schedule); err != nil {
		return nil, err
	}
	if d.Widgets, err = s.widgets(ctx, nil, in.Widgets); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return errors.Join(dashboardRoom(tx, &d), dashboards.Put(tx, d.place(), d))
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.CreateDashboardResponse{
		DashboardArn: new(d.arn()), Name: &d.Name, Type: new(cloudtrailapi.DashboardTypeCustom), Widgets: d.shownWidgets(),
		TagsList: shownTags(d.Tags), RefreshSchedule: d.Schedule, TerminationProtectionEnabled: &d.Protected,
	}, nil
}

// dashboardRoom refuses a name that is taken and a dashboard too many.
func dashboardRoom(tx storage.Tx, d *dashboard) error {
	if strings.HasPrefix(d.Name, managed) {
		return dashboardExists()
	}
	n := 0
	for row, err := range dashboards.Scan(tx, storage.Range{Prefix: storage.K(d.Account, d.Region)}) {
		if err != nil {
			return err
		}
		if n++; row.Value.Name == d.Name {
			return dashboardExists()
		}
	}
	if n >= maxDashboards {
		return cloudtrailapi.ServiceQuotaExceededException("The maximum number of custom dashboards is %d.", maxDashboards) // Unverified: the sentence
	}
	return nil
}

func (d *dashboard) shownWidgets() []cloudtrailapi.Widget {
	list := []cloudtrailapi.Widget{}
	for _, w := range d.Widgets {
		list = append(list, cloudtrailapi.Widget{
			QueryAlias: &w.Alias, QueryStatement: &w.Statement, QueryParameters: w.Parameters, ViewProperties: w.View,
		})
	}
	return list
}

// GetDashboard describes a dashboard and its last refresh.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetDashboard.html
func (s *Service) GetDashboard(ctx context.Context, in *cloudtrailapi.GetDashboardRequest) (*cloudtrailapi.GetDashboardResponse, error) {
	d, err := s.openDashboardWith(ctx, in.DashboardId, "GetDashboard", nil)
	if err != nil {
		return nil, err
	}
	status := cloudtrailapi.DashboardStatusCreated
	if d.Updated.After(d.Created) {
		status = cloudtrailapi.DashboardStatusUpdated
	}
	return &cloudtrailapi.GetDashboardResponse{
		DashboardArn: new(d.arn()), Type: new(cloudtrailapi.DashboardTypeCustom), Status: &status, Widgets: d.shownWidgets(),
		RefreshSchedule: d.Schedule, CreatedTimestamp: &d.Created, UpdatedTimestamp: &d.Updated, LastRefreshId: some(d.Refresh),
		LastRefreshFailureReason: some(d.Failure), TerminationProtectionEnabled: &d.Protected,
	}, nil
}

// UpdateDashboard changes settings of a dashboard; those that are not given
// stay. Widgets are all replaced.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateDashboard.html
func (s *Service) UpdateDashboard(ctx context.Context, in *cloudtrailapi.UpdateDashboardRequest) (*cloudtrailapi.UpdateDashboardResponse, error) {
	d, err := s.openDashboardWith(ctx, in.DashboardId, "UpdateDashboard", nil)
	if err != nil {
		return nil, err
	}
	if err := checkSchedule(in.RefreshSchedule); err != nil {
		return nil, err
	}
	next := d.Widgets
	if in.Widgets != nil {
		if next, err = s.widgets(ctx, d.Widgets, in.Widgets); err != nil {
			return nil, err
		}
	}
	d, err = s.editDashboard(ctx, &d, func(_ storage.Tx, d *dashboard) error {
		if in.RefreshSchedule != nil {
			d.Schedule, d.Refreshed = in.RefreshSchedule, s.clock.Now()
		}
		set(&d.Protected, in.TerminationProtectionEnabled)
		d.Widgets, d.Updated = next, s.clock.Now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.UpdateDashboardResponse{
		DashboardArn: new(d.arn()), Name: &d.Name, Type: new(cloudtrailapi.DashboardTypeCustom), Widgets: d.shownWidgets(),
		RefreshSchedule: d.Schedule, TerminationProtectionEnabled: &d.Protected, CreatedTimestamp: &d.Created, UpdatedTimestamp: &d.Updated,
	}, nil
}

// DeleteDashboard removes a dashboard that is not protected.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteDashboard.html
func (s *Service) DeleteDashboard(ctx context.Context, in *cloudtrailapi.DeleteDashboardRequest) (*cloudtrailapi.DeleteDashboardResponse, error) {
	d, err := s.openDashboardWith(ctx, in.DashboardId, "DeleteDashboard", nil)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := dashboards.Get(tx, d.place())
		switch {
		case errors.Is(err, storage.ErrNotFound):
			return unknownDashboard(in.DashboardId)
		case err == nil && now.Protected:
			return protectedDashboard()
		}
		return errors.Join(err, dashboards.Delete(tx, d.place()))
	})
	return &cloudtrailapi.DeleteDashboardResponse{}, err
}

// ListDashboards lists the custom dashboards of the account in this Region.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListDashboards.html
func (s *Service) ListDashboards(ctx context.Context, in *cloudtrailapi.ListDashboardsRequest) (*cloudtrailapi.ListDashboardsResponse, error) {
	if err := s.authorize(ctx, "ListDashboards", "*", nil); err != nil {
		return nil, err
	}
	if deref(in.Type) == cloudtrailapi.DashboardTypeManaged {
		return nil, api.NotImplemented("cloudtrail", "ListDashboards of managed dashboards")
	}
	c := api.CallerOf(ctx)
	rows, next, err := listPage(ctx, s, dashboards, pageOf{"ListDashboards", storage.K(c.Account, c.Region), in.NextToken, in.MaxResults, 1000},
		func(d *dashboard) bool { return strings.HasPrefix(d.Name, deref(in.NamePrefix)) })
	out := &cloudtrailapi.ListDashboardsResponse{Dashboards: []cloudtrailapi.DashboardDetail{}, NextToken: next}
	for _, d := range rows {
		out.Dashboards = append(out.Dashboards, cloudtrailapi.DashboardDetail{DashboardArn: new(d.arn()), Type: new(cloudtrailapi.DashboardTypeCustom)})
	}
	return out, err
}
