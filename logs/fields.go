package logs

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"sealstack/api/logsapi"
	"sealstack/logs/insights"
	"sealstack/storage"
)

// systemFields are those that CloudWatch Logs makes for every event.
var systemFields = []string{"@ingestionTime", "@log", "@logStream", "@message", "@timestamp"}

// GetLogGroupFields tells which fields the events of a group have, and how
// many of the events have them, in a quarter of an hour.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogGroupFields.html
func (s *Service) GetLogGroupFields(ctx context.Context, in *logsapi.GetLogGroupFieldsRequest) (*logsapi.GetLogGroupFieldsResponse, error) {
	name, err := named(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.authorizedGroup(ctx, "GetLogGroupFields", name)
	if err != nil {
		return nil, err
	}
	if g.Class == logsapi.LogGroupClassDelivery {
		return nil, logsapi.InvalidParameterException("The operation is not supported for log groups of class %s.", g.Class) // Unverified: AWS's sentence
	}
	from, to := s.now()-15*minute, s.now()
	if in.Time != nil {
		from, to = millis(*in.Time)-8*minute, millis(*in.Time)+8*minute
	}
	total, counts := 0, map[string]int{}
	err = s.eachEvent(ctx, &g, from, to, func(e *located) {
		total++
		for field := range insights.Discover(cmp.Or(e.shaped, e.message)) {
			counts[field]++
		}
	})
	if err != nil {
		return nil, err
	}
	if total > 0 {
		for _, f := range systemFields {
			counts[f] = total
		}
	}
	return &logsapi.GetLogGroupFieldsResponse{LogGroupFields: shares(counts, total)}, nil
}

// shares gives the fields with their percentages, the most frequent first.
func shares(counts map[string]int, total int) []logsapi.LogGroupField {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	list := make([]logsapi.LogGroupField, len(names))
	for i, name := range names {
		percent := int32(math.Round(100 * float64(counts[name]) / float64(total)))
		list[i] = logsapi.LogGroupField{Name: &names[i], Percent: &percent}
	}
	return list
}

// eachEvent calls fn for the events of [from, to] in milliseconds, oldest
// first, masked and with their transformed versions. It stops after as many
// bytes as a FilterLogEvents call goes through.
func (s *Service) eachEvent(ctx context.Context, g *group, from, to int64, fn func(*located)) error {
	var u usage
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		u, err = findUsage(tx, g)
		return err
	})
	if err != nil {
		return err
	}
	from = max(from, g.cutoff(s.now()))
	w := s.walkFrom(g, wholeGroup{id: g.ID}, head(from), to, u.Span, false)
	w.views.shaped = true
	for w.opened <= maxScan {
		e, ok, err := w.step(ctx)
		if err != nil {
			return err
		}
		if !ok || e.timestamp > to {
			return nil
		}
		if e.timestamp >= from {
			fn(&e)
		}
	}
	return nil
}

// GetLogFields describes the fields of a data source. Data sources come with
// the logs that other services vend; here there are none.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogFields.html
func (s *Service) GetLogFields(ctx context.Context, in *logsapi.GetLogFieldsRequest) (*logsapi.GetLogFieldsResponse, error) {
	if err := s.authorizeAccount(ctx, "GetLogFields"); err != nil {
		return nil, err
	}
	if in.DataSourceName == "" || in.DataSourceType == "" {
		return nil, logsapi.InvalidParameterException("dataSourceName and dataSourceType must not be empty.") // Unverified: AWS's sentence
	}
	return nil, logsapi.ResourceNotFoundException("The specified data source does not exist.") // Unverified: AWS's sentence
}

// objectChunk is how much of a log object an event of the stream brings.
const objectChunk = 64 << 10

// GetLogObject streams the message that a pointer of a query's result leads
// to. The large objects of PutOpenTelemetryLogs are not here.
//
// Unverified: that the pointer of an event is taken beside that of a field.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogObject.html
func (s *Service) GetLogObject(ctx context.Context, in *logsapi.GetLogObjectRequest) (*logsapi.GetLogObjectResponse, error) {
	unmask := value(in.Unmask)
	_, e, err := s.pointed(ctx, "GetLogObject", in.LogObjectPointer, unmask)
	if err != nil {
		return nil, err
	}
	return &logsapi.GetLogObjectResponse{FieldStream: func(yield func(*logsapi.GetLogObjectResponseStream, error) bool) {
		for chunk := range slices.Chunk([]byte(e.message), objectChunk) {
			if !yield(&logsapi.GetLogObjectResponseStream{Fields: &logsapi.FieldsData{Data: chunk}}, nil) {
				return
			}
		}
	}}, nil
}

// hasField reports whether an event has a field, by the name that index
// policies use: without regard to case.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Field-Indexing.html
func hasField(e *located, name string) bool {
	if slices.ContainsFunc(systemFields, func(f string) bool { return strings.EqualFold(f, name) }) {
		return true
	}
	for field := range insights.Discover(cmp.Or(e.shaped, e.message)) {
		if strings.EqualFold(field, name) {
			return true
		}
	}
	return false
}
