package logs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/logs/insights"
)

// plan is a query with all that it reads: its log groups and lookup tables,
// and the queries that stand in it.
type plan struct {
	parsed  *insights.Query
	from    []group
	tables  map[string]*insights.Table
	inner   []*plan
	sourced bool // the text names the log groups
}

// Limits of the log groups of a query:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html
const (
	maxNamed    = 50
	maxSelected = 10000
)

// planned reads a query and finds what it reads, all of which the caller must
// be allowed to query.
func (s *Service) planned(ctx context.Context, in *logsapi.StartQueryRequest) (*plan, error) {
	named, err := queriedNames(ctx, in)
	if err != nil {
		return nil, err
	}
	from, err := s.queried(ctx, named)
	if err != nil {
		return nil, err
	}
	parsed, err := compiled(in)
	if err != nil {
		return nil, err
	}
	if (parsed.Source() == nil) == (named == nil) {
		return nil, logsapi.InvalidParameterException("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.") // Unverified: AWS's sentence
	}
	return s.planFor(ctx, parsed, from)
}

// planFor finds what a query reads. Without a source of its own it reads the
// groups given.
func (s *Service) planFor(ctx context.Context, parsed *insights.Query, from []group) (p *plan, err error) {
	p = &plan{parsed: parsed, from: from, sourced: parsed.Source() != nil, tables: map[string]*insights.Table{}}
	if p.sourced {
		if p.from, err = s.sourceOf(ctx, parsed.Source()); err != nil {
			return nil, err
		}
	}
	if err := s.suits(ctx, parsed, p.from); err != nil {
		return nil, err
	}
	for _, name := range parsed.Tables() {
		t, err := s.LookupTable(ctx, name)
		if err != nil {
			return nil, err
		}
		p.tables[name] = &insights.Table{Columns: t.Columns, Rows: t.Rows}
	}
	for _, q := range parsed.Subqueries() {
		one, err := s.planFor(ctx, q, p.from)
		if err != nil {
			return nil, err
		}
		p.inner = append(p.inner, one)
	}
	return p, nil
}

// suits holds a query against its groups: their class, and masked data.
func (s *Service) suits(ctx context.Context, parsed *insights.Query, from []group) error {
	for i := range from {
		g := &from[i]
		if word := parsed.Standard(); word != "" && g.Class == logsapi.LogGroupClassInfrequentAccess {
			return logsapi.InvalidParameterException("The command %s is not supported for log groups of class %s.", word, g.Class) // Unverified: AWS's sentence
		}
		if !parsed.Unmasks() {
			continue
		}
		if err := s.authorize(ctx, "Unmask", placeOf(ctx).stream(g.Name, ""), auth.ResourceTags(g.Tags)); err != nil {
			return err
		}
	}
	return nil
}

// compiled reads the query, or says what is wrong with it.
func compiled(in *logsapi.StartQueryRequest) (*insights.Query, error) {
	if in.EndTime < in.StartTime {
		return nil, logsapi.InvalidParameterException("The end time of a query must not be before its start time.") // Unverified: AWS's sentence
	}
	parsed, err := parsedIn(value(in.QueryLanguage), in.QueryString)
	if e, ok := errors.AsType[*insights.CompileError](err); ok {
		start, end := int32(e.Start), int32(e.End)
		return nil, logsapi.MalformedQueryException("%s", e.Message).With("queryCompileError", &logsapi.QueryCompileError{
			Message: &e.Message, Location: &logsapi.QueryCompileErrorLocation{StartCharOffset: &start, EndCharOffset: &end},
		})
	}
	if e, ok := errors.AsType[*insights.Unsupported](err); ok {
		return nil, api.NotImplemented("logs", "StartQuery with "+e.What)
	}
	return parsed, err
}

// parsedIn reads a query of a language; empty stands for CWLI.
func parsedIn(language logsapi.QueryLanguage, text string) (*insights.Query, error) {
	switch language {
	case "", logsapi.QueryLanguageCwli:
		return insights.Parse(text)
	case logsapi.QueryLanguagePpl:
		return insights.ParsePPL(text)
	}
	return nil, &insights.Unsupported{What: "the language " + string(language)}
}

// sourceOf returns the groups of a SOURCE command.
func (s *Service) sourceOf(ctx context.Context, source *insights.Source) ([]group, error) {
	if !source.Selected {
		names, err := namesOf(ctx, source.Names)
		if err != nil {
			return nil, err
		}
		return s.queried(ctx, names)
	}
	p := placeOf(ctx)
	if len(source.Accounts) > 0 && !slices.Contains(source.Accounts, p.account) {
		return nil, nil // there are no linked accounts
	}
	all, err := list(ctx, s, groups, p.key())
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range all {
		if g := &all[i]; string(g.Class) == source.Class && beginsWithOne(g.Name, source.Prefixes) {
			names = append(names, g.Name)
		}
	}
	if len(names) > maxSelected {
		return nil, logsapi.InvalidParameterException("The query selects %d log groups; the most is %d.", len(names), maxSelected) // Unverified: AWS's sentence
	}
	return s.queried(ctx, names)
}

func beginsWithOne(name string, prefixes []string) bool {
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// queried returns groups, if the caller may query them all.
func (s *Service) queried(ctx context.Context, names []string) ([]group, error) {
	from := make([]group, len(names))
	for i, name := range names {
		var err error
		from[i], err = s.authorizedGroup(ctx, "StartQuery", name)
		if e, ok := errors.AsType[*api.Error](err); ok && e.Code == "ResourceNotFoundException" {
			return nil, noGroupToQuery(name, placeOf(ctx).account)
		}
		if err != nil {
			return nil, err
		}
		if from[i].Class == logsapi.LogGroupClassDelivery {
			return nil, readable(&from[i])
		}
	}
	return from, nil
}

// queriedNames returns the names of the groups that a call gives, each once;
// nil if it gives none.
func queriedNames(ctx context.Context, in *logsapi.StartQueryRequest) ([]string, error) {
	given := 0
	for _, list := range [][]string{in.LogGroupNames, in.LogGroupIdentifiers} {
		if list != nil {
			given++
		}
	}
	if in.LogGroupName != nil {
		given++
	}
	switch {
	case given == 0:
		return nil, nil
	case given > 1:
		return nil, logsapi.InvalidParameterException("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.") // Unverified: AWS's sentence
	}
	names := slices.Concat(in.LogGroupNames, in.LogGroupIdentifiers)
	if in.LogGroupName != nil {
		names = []string{*in.LogGroupName}
	}
	return namesOf(ctx, names)
}

// namesOf returns the names of groups that are given by name or ARN.
func namesOf(ctx context.Context, identifiers []string) (names []string, err error) {
	if len(identifiers) == 0 {
		return nil, noName()
	}
	for _, id := range identifiers {
		name, err := groupName(ctx, id)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxNamed {
		return nil, logsapi.InvalidParameterException("A query can be over up to %d log groups.", maxNamed) // Unverified: AWS's sentence
	}
	return names, nil
}

// names are those of the log groups.
func (p *plan) names() (names []string) {
	for i := range p.from {
		names = append(names, p.from[i].Name)
	}
	return names
}

func (p *plan) unmasks() bool { return p.parsed.Unmasks() }

// indexOf is the place of a group among those of the query.
func (p *plan) indexOf(name string) int {
	return slices.IndexFunc(p.from, func(g group) bool { return g.Name == name })
}

// period is the time range of the query in milliseconds.
func (p *plan) period(q *query) (from, to int64) {
	from, to = millis(q.Start), lastMillis(q.End)
	if source := p.parsed.Source(); source != nil {
		if source.Start != nil {
			from = source.Start.At(q.Created)
		}
		if source.End != nil {
			to = source.End.At(q.Created)
		}
	}
	return from, to
}

// start begins the run of the query.
func (p *plan) start(ctx context.Context, s *Service, q *query, o insights.Options) *insights.Run {
	here := placeOf(ctx)
	o.Now, o.Tables = q.Created, p.tables
	o.Start, o.End = p.period(q)
	o.Pointer = func(e *insights.Event) string {
		return s.pointer(here, &p.from[e.Place.Group], position{e.Timestamp, e.Place.Sequence, e.Place.Index})
	}
	return p.parsed.Start(o)
}

// defaultIndexes are the fields that all groups of the Standard class have an
// index of:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-FilterIndex.html
var defaultIndexes = []string{
	"@logStream", "@aws.region", "@aws.account", "@source.log", "@data_source_name", "@data_source_type", "@data_format",
	"traceId", "severityText", "attributes.session.id",
}

// indexed returns those groups of a query that have indexes of all fields
// which its filterIndex commands name.
func (s *Service) indexed(ctx context.Context, p *plan) (read []group, err error) {
	wanted := slices.DeleteFunc(slices.Clone(p.parsed.Indexed()), func(f string) bool { return slices.Contains(defaultIndexes, f) })
	if len(wanted) == 0 {
		return p.from, nil
	}
	for i := range p.from {
		policy, _, err := s.indexOf(ctx, &p.from[i])
		if err != nil {
			return nil, err
		}
		if policy == nil {
			continue
		}
		fields, err := parseIndex(value(policy.PolicyDocument))
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(wanted, func(f string) bool { return fields[f] == "" }) {
			read = append(read, p.from[i])
		}
	}
	return read, nil
}
