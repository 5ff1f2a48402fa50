package integration

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// unprefixed keeps the SDK from asking for stream-127.0.0.1.
var unprefixed = []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("unprefixed",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}}

// stretch is a range of a group's time that a path reads: one era, or all.
type stretch struct {
	group    era
	from, to time.Time // inclusive
	messages []string  // that lie in it
}

// path is a way to a log group's data. It gives the messages, or what was
// answered in their place.
type path struct {
	name string
	read func(*estateOfLogs, stretch) string
	// lost is what it gives where the key cannot be used.
	lost func(group era) string
	// ends tells that it opens what lies around the ends of a stretch only.
	ends bool
}

// keyRefused is what a caller hears where CloudWatch Logs may not use the key.
func keyRefused(g era) string {
	return "AccessDeniedException: The specified KMS key does not exist or is not allowed to be used with Arn '" + g.arn() + "'"
}

var readPaths = []path{
	{"GetLogEvents", (*estateOfLogs).getLogEvents, keyRefused, false},
	{"FilterLogEvents", func(e *estateOfLogs, r stretch) string { return e.filterLogEvents(r, nil) }, keyRefused, false},
	{"FilterLogEvents with a pattern", func(e *estateOfLogs, r stretch) string { return e.filterLogEvents(r, aws.String("text")) }, keyRefused, false},
	{"GetLogRecord", (*estateOfLogs).getLogRecord, keyRefused, false},
	{"GetLogObject", (*estateOfLogs).getLogObject, keyRefused, false},
	{"GetLogGroupFields", (*estateOfLogs).getLogGroupFields, keyRefused, true},
	{"StartQuery and GetQueryResults", (*estateOfLogs).startQuery, func(era) string { return "Failed" }, false},
	{"CreateExportTask", (*estateOfLogs).createExportTask, func(g era) string {
		_, sentence, _ := strings.Cut(keyRefused(g), ": ")
		return "FAILED: " + sentence
	}, false},
}

// outcomeOf is what an error says, or the messages.
func outcomeOf(err error, messages ...string) string {
	if err != nil {
		code, sentence := codeOf(err)
		return code + ": " + sentence
	}
	slices.Sort(messages)
	return strings.Join(messages, "|")
}

func (e *estateOfLogs) getLogEvents(r stretch) string {
	out, err := e.logs.GetLogEvents(e.Context(), &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(r.group.group()), LogStreamName: aws.String("s"), StartFromHead: aws.Bool(true),
		StartTime: aws.Int64(r.from.UnixMilli()), EndTime: aws.Int64(r.to.UnixMilli() + 1),
	})
	if err != nil {
		return outcomeOf(err)
	}
	var got []string
	for _, m := range out.Events {
		got = append(got, *m.Message)
	}
	return outcomeOf(nil, got...)
}

func (e *estateOfLogs) filterLogEvents(r stretch, pattern *string) string {
	out, err := e.logs.FilterLogEvents(e.Context(), &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String(r.group.group()), FilterPattern: pattern,
		StartTime: aws.Int64(r.from.UnixMilli()), EndTime: aws.Int64(r.to.UnixMilli()),
	})
	if err != nil {
		return outcomeOf(err)
	}
	var got []string
	for _, m := range out.Events {
		got = append(got, *m.Message)
	}
	return outcomeOf(nil, got...)
}

func (e *estateOfLogs) getLogRecord(r stretch) string {
	var got []string
	for _, m := range r.messages {
		out, err := e.logs.GetLogRecord(e.Context(), &cloudwatchlogs.GetLogRecordInput{LogRecordPointer: aws.String(e.pointers[m])})
		if err != nil {
			return outcomeOf(err)
		}
		got = append(got, out.LogRecord["@message"])
	}
	return outcomeOf(nil, got...)
}

func (e *estateOfLogs) getLogObject(r stretch) string {
	var got []string
	for _, m := range r.messages {
		out, err := e.logs.GetLogObject(e.Context(), &cloudwatchlogs.GetLogObjectInput{LogObjectPointer: aws.String(e.pointers[m])})
		if err != nil {
			return outcomeOf(err)
		}
		text := ""
		stream := out.GetStream()
		for event := range stream.Events() {
			if f, ok := event.(*logstypes.GetLogObjectResponseStreamMemberFields); ok {
				text += string(f.Value.Data)
			}
		}
		e.ok(stream.Err())
		e.ok(stream.Close())
		got = append(got, text)
	}
	return outcomeOf(nil, got...)
}

// getLogGroupFields tells no messages: where it tells fields at all, the
// messages were read.
func (e *estateOfLogs) getLogGroupFields(r stretch) string {
	for _, at := range []time.Time{r.from, r.to} {
		out, err := e.logs.GetLogGroupFields(e.Context(), &cloudwatchlogs.GetLogGroupFieldsInput{
			LogGroupName: aws.String(r.group.group()), Time: aws.Int64(at.Unix()),
		})
		if err != nil {
			return outcomeOf(err)
		}
		if len(out.LogGroupFields) != 5 {
			return fmt.Sprintf("%d fields", len(out.LogGroupFields))
		}
	}
	return outcomeOf(nil, r.messages...)
}

func (e *estateOfLogs) startQuery(r stretch) string {
	_, status, rows := e.query(r.group, r.from, r.to)
	if status != logstypes.QueryStatusComplete {
		if len(rows) > 0 {
			return fmt.Sprintf("%s with %d rows", status, len(rows))
		}
		return string(status)
	}
	var got []string
	for _, row := range rows {
		got = append(got, row["@message"])
	}
	return outcomeOf(nil, got...)
}

// query runs a query to its end.
func (e *estateOfLogs) query(g era, from, to time.Time) (id string, status logstypes.QueryStatus, rows []map[string]string) {
	e.Helper()
	out, err := e.logs.StartQuery(e.Context(), &cloudwatchlogs.StartQueryInput{
		LogGroupName: aws.String(g.group()), QueryString: aws.String("fields @message | limit 1000"),
		StartTime: aws.Int64(from.Unix()), EndTime: aws.Int64(to.Unix()),
	})
	e.ok(err)
	for {
		status, rows = e.results(*out.QueryId)
		if status != logstypes.QueryStatusScheduled && status != logstypes.QueryStatusRunning {
			return *out.QueryId, status, rows
		}
		time.Sleep(time.Millisecond)
	}
}

func (e *estateOfLogs) results(id string) (logstypes.QueryStatus, []map[string]string) {
	e.Helper()
	out, err := e.logs.GetQueryResults(e.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: &id})
	e.ok(err)
	var rows []map[string]string
	for _, row := range out.Results {
		fields := map[string]string{}
		for _, f := range row {
			fields[*f.Field] = *f.Value
		}
		rows = append(rows, fields)
	}
	return out.Status, rows
}

func (e *estateOfLogs) createExportTask(r stretch) string {
	out, err := e.logs.CreateExportTask(e.Context(), &cloudwatchlogs.CreateExportTaskInput{
		LogGroupName: aws.String(r.group.group()), From: aws.Int64(r.from.UnixMilli()), To: aws.Int64(r.to.UnixMilli()), Destination: aws.String("exports"),
	})
	if err != nil {
		return outcomeOf(err)
	}
	for {
		tasks, err := e.logs.DescribeExportTasks(e.Context(), &cloudwatchlogs.DescribeExportTasksInput{TaskId: out.TaskId})
		e.ok(err)
		switch s := tasks.ExportTasks[0].Status; s.Code {
		case logstypes.ExportTaskStatusCodePending, logstypes.ExportTaskStatusCodeRunning:
			time.Sleep(time.Millisecond)
		case logstypes.ExportTaskStatusCodeCompleted:
			return outcomeOf(nil, e.exported(*out.TaskId)...)
		default:
			if lines := e.exported(*out.TaskId); len(lines) > 0 {
				return fmt.Sprintf("%s with %q", s.Code, lines)
			}
			return string(s.Code) + ": " + *s.Message
		}
	}
}

// exported returns the messages in the objects of a task.
func (e *estateOfLogs) exported(task string) (messages []string) {
	list, err := e.s3.ListObjectsV2(e.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("exports"), Prefix: aws.String("exportedlogs/" + task)})
	e.ok(err)
	for _, o := range list.Contents {
		object, err := e.s3.GetObject(e.Context(), &s3.GetObjectInput{Bucket: aws.String("exports"), Key: o.Key})
		e.ok(err)
		unzipped, err := gzip.NewReader(object.Body)
		e.ok(err)
		text, err := io.ReadAll(unzipped)
		e.ok(err)
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			_, message, _ := strings.Cut(line, " ")
			messages = append(messages, message)
		}
	}
	return messages
}

// earlier reads the results of a query that ended while all was well: they
// are sealed under what holds for query results, not under the group's key.
func (e *estateOfLogs) earlier(g era) string {
	status, rows := e.results(e.asked[g])
	if status != logstypes.QueryStatusComplete {
		return string(status)
	}
	var got []string
	for _, row := range rows {
		got = append(got, row["@message"])
	}
	return outcomeOf(nil, got...)
}

// write puts an event now, and reads it back where that worked.
func (e *estateOfLogs) write(g era) string {
	e.puts++
	at, message := e.server.Now(), fmt.Sprint("later ", e.puts)
	if err := e.put(g, at, message); err != nil {
		return outcomeOf(err)
	}
	return strings.ReplaceAll(e.getLogEvents(stretch{group: g, from: at, to: at}), message, "written")
}

// tail follows a group and puts an event.
func (e *estateOfLogs) tail(g era) string {
	ctx, stop := context.WithCancel(e.Context())
	defer stop()
	out, err := e.logs.StartLiveTail(ctx, &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{g.arn()}})
	if err != nil {
		return outcomeOf(err)
	}
	stream := out.GetStream()
	defer stream.Close()
	for event := range stream.Events() {
		switch event := event.(type) {
		case *logstypes.StartLiveTailResponseStreamMemberSessionStart:
			e.ok(e.put(g, e.server.Now(), "tailed"))
			e.server.Advance(time.Second)
		case *logstypes.StartLiveTailResponseStreamMemberSessionUpdate:
			if len(event.Value.SessionResults) > 0 {
				return *event.Value.SessionResults[0].Message
			}
		}
	}
	return outcomeOf(stream.Err(), "the session ended")
}

// untouched are calls that need no key, whatever happened to it.
func (e *estateOfLogs) untouched(g era) string {
	name := aws.String(g.group())
	calls := map[string]func() error{
		"DescribeLogGroups": func() error {
			_, err := e.logs.DescribeLogGroups(e.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: name})
			return err
		},
		"DescribeLogStreams": func() error {
			_, err := e.logs.DescribeLogStreams(e.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: name})
			return err
		},
		"PutRetentionPolicy": func() error {
			_, err := e.logs.PutRetentionPolicy(e.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(365)})
			return err
		},
		"CreateLogStream and DeleteLogStream": func() error {
			_, err := e.logs.CreateLogStream(e.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: name, LogStreamName: aws.String("t")})
			if err != nil {
				return err
			}
			_, err = e.logs.DeleteLogStream(e.Context(), &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: name, LogStreamName: aws.String("t")})
			return err
		},
	}
	for _, call := range slices.Sorted(maps.Keys(calls)) {
		if err := calls[call](); err != nil {
			return call + ": " + outcomeOf(err)
		}
	}
	return "served"
}
