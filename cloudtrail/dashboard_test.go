package cloudtrail

import (
	"strings"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
)

func counting(store string) cloudtrailapi.RequestWidget {
	return cloudtrailapi.RequestWidget{
		QueryStatement:  "SELECT count(*) FROM " + idOf(store) + " WHERE eventName = 'DescribeKey' AND eventTime > '?' AND eventTime < ?",
		QueryParameters: []string{"$StartTime$", "$EndTime$"}, ViewProperties: map[string]string{"Height": "2"},
	}
}

func (b *lakeBench) dashboard(name string, change func(*cloudtrailapi.CreateDashboardRequest), widgets ...cloudtrailapi.RequestWidget) string {
	b.t.Helper()
	in := &cloudtrailapi.CreateDashboardRequest{Name: name, Widgets: widgets}
	if change != nil {
		change(in)
	}
	out, err := b.CreateDashboard(b.ctx, in)
	b.ok(err)
	return *out.DashboardArn
}

func (b *lakeBench) described(id string) *cloudtrailapi.GetDashboardResponse {
	b.t.Helper()
	out, err := b.GetDashboard(b.ctx, &cloudtrailapi.GetDashboardRequest{DashboardId: id})
	b.ok(err)
	return out
}

func TestARefreshRunsTheQueriesOfADashboard(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("main")
	b.call(3)
	b.advance(10 * time.Minute)
	id := b.dashboard("board", nil, counting(store))
	b.advance(time.Minute)
	out, err := b.StartDashboardRefresh(b.ctx, &cloudtrailapi.StartDashboardRefreshRequest{DashboardId: "board"})
	b.ok(err)
	d := b.described(id)
	if deref(d.LastRefreshId) != *out.RefreshId || d.LastRefreshFailureReason != nil {
		t.Fatalf("the dashboard's last refresh is %v, %v", deref(d.LastRefreshId), deref(d.LastRefreshFailureReason))
	}
	b.lake.done.Wait()
	q, err := b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryAlias: d.Widgets[0].QueryAlias, RefreshId: out.RefreshId})
	b.ok(err)
	if got := b.rows(*q.QueryId); got != "3" {
		t.Errorf("the widget shows %s", got)
	}
	b.advance(time.Second)
	_, err = b.StartDashboardRefresh(b.ctx, &cloudtrailapi.StartDashboardRefreshRequest{DashboardId: id, QueryParameterValues: map[string]string{
		"$StartTime$": "2026-03-02 00:00:00", "$EndTime$": "2026-03-03 00:00:00",
	}})
	b.ok(err)
	b.lake.done.Wait()
	q, err = b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryAlias: d.Widgets[0].QueryAlias})
	b.ok(err)
	if got := b.rows(*q.QueryId); got != "0" {
		t.Errorf("the widget of another day shows %s", got)
	}
	by, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{
		QueryAlias: d.Widgets[0].QueryAlias, QueryParameters: []string{"2026-03-01 00:00:00", "2026-03-02 00:00:00"},
	})
	b.ok(err)
	if got := b.rows(*by.QueryId); got != "3" {
		t.Errorf("the query by its alias shows %s", got)
	}
	_, err = b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryAlias: d.Widgets[0].QueryAlias, RefreshId: new("1234567890")})
	b.fails(err, "QueryIdNotFoundException", "")
}

func TestARefreshIsCloudTrailsAndCanBeRefused(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("main", underKey)
	id := b.dashboard("board", nil, counting(store))
	b.keys.banned["cloudtrail.amazonaws.com"] = true
	_, err := b.StartDashboardRefresh(b.ctx, &cloudtrailapi.StartDashboardRefreshRequest{DashboardId: id})
	b.ok(err)
	if why := deref(b.described(id).LastRefreshFailureReason); !strings.Contains(why, key) {
		t.Errorf("the last refresh failed with %q", why)
	}
	delete(b.keys.banned, "cloudtrail.amazonaws.com")
	_, err = b.StartDashboardRefresh(b.ctx, &cloudtrailapi.StartDashboardRefreshRequest{DashboardId: id})
	b.ok(err)
	if why := b.described(id).LastRefreshFailureReason; why != nil {
		t.Errorf("the refresh still fails: %s", *why)
	}
	b.lake.done.Wait()
}

func TestASchedulesRefreshesComeWhenTheyAreDue(t *testing.T) {
	for _, test := range []struct {
		unit  cloudtrailapi.RefreshScheduleFrequencyUnit
		value int32
		at    *string
		early time.Duration
		late  time.Duration
	}{
		{cloudtrailapi.RefreshScheduleFrequencyUnitHours, 6, nil, 5*time.Hour + 59*time.Minute, time.Minute},
		{cloudtrailapi.RefreshScheduleFrequencyUnitDays, 1, new("13:30"), 89 * time.Minute, time.Minute},
		{cloudtrailapi.RefreshScheduleFrequencyUnitDays, 1, new("11:00"), 22*time.Hour + 59*time.Minute, time.Minute},
	} {
		b := newLakeBench(t)
		store := b.eventStore("main")
		id := b.dashboard("board", func(in *cloudtrailapi.CreateDashboardRequest) {
			in.RefreshSchedule = &cloudtrailapi.RefreshSchedule{
				Frequency: &cloudtrailapi.RefreshScheduleFrequency{Unit: &test.unit, Value: &test.value}, TimeOfDay: test.at,
				Status: new(cloudtrailapi.RefreshScheduleStatusEnabled),
			}
		}, counting(store))
		b.advance(test.early)
		if b.described(id).LastRefreshId != nil {
			t.Errorf("%s %d: it is refreshed too early", test.unit, test.value)
		}
		b.advance(test.late)
		if b.described(id).LastRefreshId == nil {
			t.Errorf("%s %d: it is not refreshed", test.unit, test.value)
		}
		b.auth.deny = map[string]bool{"cloudtrail:StartDashboardRefresh": true}
		b.advance(25 * time.Hour)
		b.auth.deny = nil
		if deref(b.described(id).LastRefreshFailureReason) == "" {
			t.Errorf("%s %d: a refresh that the policy refuses leaves no reason", test.unit, test.value)
		}
		b.lake.done.Wait()
	}
}

func TestDashboardsAreUpdatedListedAndDeleted(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("main")
	id := b.dashboard("board", func(in *cloudtrailapi.CreateDashboardRequest) { in.TerminationProtectionEnabled = new(true) }, counting(store))
	alias := *b.described(id).Widgets[0].QueryAlias
	b.advance(time.Minute)
	other := cloudtrailapi.RequestWidget{QueryStatement: "SELECT eventName FROM " + idOf(store), ViewProperties: map[string]string{"a": "b"}}
	out, err := b.UpdateDashboard(b.ctx, &cloudtrailapi.UpdateDashboardRequest{DashboardId: id, Widgets: []cloudtrailapi.RequestWidget{other, counting(store)}})
	b.ok(err)
	if len(out.Widgets) != 2 || *out.Widgets[1].QueryAlias != alias || *out.Widgets[0].QueryAlias == alias {
		t.Errorf("widgets are %v", out.Widgets)
	}
	if got := *b.described("board").Status; got != cloudtrailapi.DashboardStatusUpdated {
		t.Errorf("the status is %s", got)
	}
	b.dashboard("bored", nil)
	list, err := b.ListDashboards(b.ctx, &cloudtrailapi.ListDashboardsRequest{NamePrefix: new("boa")})
	b.ok(err)
	if len(list.Dashboards) != 1 || *list.Dashboards[0].DashboardArn != id {
		t.Errorf("dashboards are %v", list.Dashboards)
	}
	_, err = b.DeleteDashboard(b.ctx, &cloudtrailapi.DeleteDashboardRequest{DashboardId: id})
	b.fails(err, "ConflictException", "")
	_, err = b.UpdateDashboard(b.ctx, &cloudtrailapi.UpdateDashboardRequest{DashboardId: id, TerminationProtectionEnabled: new(false)})
	b.ok(err)
	_, err = b.DeleteDashboard(b.ctx, &cloudtrailapi.DeleteDashboardRequest{DashboardId: id})
	b.ok(err)
	_, err = b.GetDashboard(b.ctx, &cloudtrailapi.GetDashboardRequest{DashboardId: id})
	b.fails(err, "ResourceNotFoundException", "")
}

func TestDashboardsAreRefusedAsAWSRefusesThem(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("main")
	b.dashboard("board", nil)
	bad := func(fn func(*cloudtrailapi.RequestWidget)) *cloudtrailapi.CreateDashboardRequest {
		w := counting(store)
		fn(&w)
		return &cloudtrailapi.CreateDashboardRequest{Name: "other", Widgets: []cloudtrailapi.RequestWidget{w}}
	}
	weekly := &cloudtrailapi.RefreshSchedule{Frequency: &cloudtrailapi.RefreshScheduleFrequency{
		Unit: new(cloudtrailapi.RefreshScheduleFrequencyUnitDays), Value: new(int32(7)),
	}}
	for _, test := range []struct {
		code string
		in   *cloudtrailapi.CreateDashboardRequest
	}{
		{"ConflictException", &cloudtrailapi.CreateDashboardRequest{Name: "board"}},
		{"InvalidQueryStatementException", bad(func(w *cloudtrailapi.RequestWidget) { w.QueryStatement = "DROP TABLE x" })},
		{"InvalidQueryStatementException", bad(func(w *cloudtrailapi.RequestWidget) { w.QueryParameters = []string{"$Nonsense$"} })},
		{"EventDataStoreNotFoundException", bad(func(w *cloudtrailapi.RequestWidget) {
			w.QueryStatement = strings.Replace(w.QueryStatement, idOf(store), "11111111-2222-3333-4444-555555555555", 1)
		})},
		{"ServiceQuotaExceededException", &cloudtrailapi.CreateDashboardRequest{Name: "other", Widgets: make([]cloudtrailapi.RequestWidget, 11)}},
		{"InvalidParameterException", &cloudtrailapi.CreateDashboardRequest{Name: "other", RefreshSchedule: weekly}},
		{"InvalidParameterException", &cloudtrailapi.CreateDashboardRequest{Name: "other", RefreshSchedule: &cloudtrailapi.RefreshSchedule{TimeOfDay: new("25:00")}}},
	} {
		_, err := b.CreateDashboard(b.ctx, test.in)
		b.fails(err, test.code, "")
	}
	_, err := b.StartDashboardRefresh(b.ctx, &cloudtrailapi.StartDashboardRefreshRequest{DashboardId: "board", QueryParameterValues: map[string]string{"$X$": "y"}})
	b.fails(err, "InvalidParameterException", "")
	_, err = b.StartDashboardRefresh(b.ctx, &cloudtrailapi.StartDashboardRefreshRequest{DashboardId: "AWSCloudTrail-Highlights"})
	b.fails(err, "NotImplemented", "")
	_, err = b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryAlias: new("nobody")})
	b.fails(err, "InvalidParameterException", "")
}
