package cloudtrail

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/cloudtrail/lakesql"
	"sealstack/storage"
)

// dashboard is a custom dashboard of CloudTrail Lake.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-dashboard.html
type dashboard struct {
	Account   string    `cbor:"1,keyasint"`
	Partition string    `cbor:"2,keyasint"`
	Region    string    `cbor:"3,keyasint"`
	Name      string    `cbor:"4,keyasint"`
	Created   time.Time `cbor:"5,keyasint"`
	Updated   time.Time `cbor:"6,keyasint"`
	Widgets   []widget  `cbor:"7,keyasint,omitempty"`
	Tags      []tag     `cbor:"8,keyasint,omitempty"`
	Protected bool      `cbor:"9,keyasint,omitempty"`
	Policy    string    `cbor:"10,keyasint,omitempty"`

	Schedule *cloudtrailapi.RefreshSchedule `cbor:"11,keyasint,omitempty"`
	// Refreshed is the last refresh by the schedule, or when that began.
	Refreshed time.Time `cbor:"12,keyasint,omitzero"`
	Refresh   string    `cbor:"13,keyasint,omitempty"` // id of the last refresh
	Failure   string    `cbor:"14,keyasint,omitempty"` // of the last refresh
}

// widget is a query of a dashboard. Its alias stays as long as its statement.
type widget struct {
	Alias      string            `cbor:"1,keyasint"`
	Statement  string            `cbor:"2,keyasint"`
	Parameters []string          `cbor:"3,keyasint,omitempty"`
	View       map[string]string `cbor:"4,keyasint,omitempty"`
}

// dashboards: account, Region, name.
var dashboards = storage.NewTable[dashboard]("cloudtrail.dashboard")

// Limits of dashboards.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const (
	maxDashboards = 100
	maxWidgets    = 10
)

func (d *dashboard) place() storage.Key { return storage.K(d.Account, d.Region, d.Name) }

func (d *dashboard) arn() string {
	return lakeARN(d.Partition, d.Region, d.Account, "dashboard", d.Name)
}

// Sentences of dashboards. Unverified: all of them.

func unknownDashboard(text string) *api.Error {
	return cloudtrailapi.ResourceNotFoundException("The specified dashboard was not found: %s", text)
}

func dashboardExists() *api.Error {
	return cloudtrailapi.ConflictException("A dashboard with that name already exists.")
}

func protectedDashboard() *api.Error {
	return cloudtrailapi.ConflictException("The dashboard cannot be deleted because termination protection is enabled for it.")
}

func badSchedule(why string) *api.Error { return badParameter(why) }

// managed is how the names of AWS's own dashboards begin.
const managed = "AWSCloudTrail-"

// openDashboardWith authorizes an action on the dashboard that a request names
// by its name or ARN, and finds it.
func (s *Service) openDashboardWith(ctx context.Context, text, action string, keys auth.Keys) (dashboard, error) {
	c := api.CallerOf(ctx)
	name, account, region := text, c.Account, c.Region
	if arn.Is(text) {
		a, err := arn.Parse(text)
		if err != nil || a.Service != "cloudtrail" || a.Kind() != "dashboard" {
			return dashboard{}, unknownDashboard(text)
		}
		name, account, region = a.ID(), a.Account, a.Region
	}
	var d dashboard
	missing := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		d, err = dashboards.Get(tx, storage.K(account, region, name))
		return err
	})
	err := s.authorizeLake(ctx, action, lakeResource{lakeARN(c.Partition, region, account, "dashboard", name), account, d.Policy, d.Tags}, keys)
	switch {
	case err != nil:
		return dashboard{}, err
	case strings.HasPrefix(name, managed):
		return dashboard{}, api.NotImplemented("cloudtrail", action+" of managed dashboards")
	case errors.Is(missing, storage.ErrNotFound), missing == nil && region != c.Region:
		return dashboard{}, unknownDashboard(text)
	}
	return d, missing
}

func (s *Service) editDashboard(ctx context.Context, d *dashboard, fn func(storage.Tx, *dashboard) error) (now dashboard, err error) {
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err = dashboards.Get(tx, d.place())
		if errors.Is(err, storage.ErrNotFound) {
			return unknownDashboard(d.Name)
		}
		if err != nil {
			return err
		}
		if err := fn(tx, &now); err != nil {
			return err
		}
		return dashboards.Put(tx, now.place(), now)
	})
	return now, err
}

// widgets reads those of a request. The ones that were there keep their alias.
//
// Unverified: the form of a query alias, and that it stays while the statement
// does; AWS documents that it begins with a letter.
func (s *Service) widgets(ctx context.Context, has []widget, list []cloudtrailapi.RequestWidget) ([]widget, error) {
	if len(list) > maxWidgets {
		return nil, cloudtrailapi.ServiceQuotaExceededException("A dashboard can have at most %d widgets.", maxWidgets) // Unverified: the sentence
	}
	var out []widget
	for _, in := range list {
		w := widget{"query-" + newID(), in.QueryStatement, in.QueryParameters, in.ViewProperties}
		at := slices.IndexFunc(has, func(h widget) bool {
			return h.Statement == w.Statement && !slices.ContainsFunc(out, func(o widget) bool { return o.Alias == h.Alias })
		})
		if at >= 0 {
			w.Alias = has[at].Alias
		}
		for _, p := range w.Parameters {
			if strings.HasPrefix(p, "$") && !slices.Contains(variables, p) {
				return nil, badStatement("The query parameter " + p + " is not valid.")
			}
		}
		if _, _, err := s.prepareQuery(ctx, w.at(s.clock.Now(), nil), ""); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// variables are the parameters that a refresh gives values.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartDashboardRefresh.html
var variables = []string{"$StartTime$", "$EndTime$", "$Period$"}

// at is the widget's statement with its parameters, as a refresh runs it.
//
// Unverified: the values without those of the request: the last day, by hours.
func (w widget) at(now time.Time, values map[string]string) string {
	const form = "2006-01-02 15:04:05"
	standard := map[string]string{
		"$StartTime$": now.UTC().Add(-day).Format(form), "$EndTime$": now.UTC().Format(form), "$Period$": "hour",
	}
	var list []string
	for _, p := range w.Parameters {
		if v, ok := values[p]; ok {
			p = v
		} else if v, ok := standard[p]; ok {
			p = v
		}
		list = append(list, p)
	}
	return w.filled(list)
}

// filled is the statement with values for its question marks, which may be in
// quotes.
func (w widget) filled(values []string) string {
	return lakesql.Fill(strings.ReplaceAll(w.Statement, "'?'", "?"), values)
}

// widgetOf finds the widget of an alias among the dashboards of the caller's
// account in the Region.
func (s *Service) widgetOf(ctx context.Context, alias string) (found widget, err error) {
	c := api.CallerOf(ctx)
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		for row, err := range dashboards.Scan(tx, storage.Range{Prefix: storage.K(c.Account, c.Region)}) {
			if err != nil {
				return err
			}
			for _, w := range row.Value.Widgets {
				if w.Alias == alias {
					found = w
					return nil
				}
			}
		}
		return badParameter("The query alias does not exist.") // Unverified: the sentence
	})
	return found, err
}

var timeOfDay = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`) })

// checkSchedule refuses frequencies that AWS does not have.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RefreshScheduleFrequency.html
func checkSchedule(r *cloudtrailapi.RefreshSchedule) error {
	if r == nil {
		return nil
	}
	if r.TimeOfDay != nil && !timeOfDay().MatchString(*r.TimeOfDay) {
		return badSchedule("TimeOfDay must be a time of the form HH:MM.")
	}
	f := r.Frequency
	if f == nil || f.Unit == nil || f.Value == nil {
		return badSchedule("The refresh schedule must have a frequency.")
	}
	hours := *f.Unit == cloudtrailapi.RefreshScheduleFrequencyUnitHours && slices.Contains([]int32{1, 6, 12, 24}, *f.Value)
	if !hours && !(*f.Unit == cloudtrailapi.RefreshScheduleFrequencyUnitDays && *f.Value == 1) {
		return badSchedule("The frequency of the refresh schedule must be 1, 6, 12 or 24 hours, or 1 day.")
	}
	return nil
}
