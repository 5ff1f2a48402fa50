package integration

import (
	"fmt"
	"slices"
	"strings"

	"sealstack/api/logsapi"
)

// compare checks a read against what must come of it.
func compare(what string, g int, err error, got, want []string, v verdict) error {
	if bad := v.ends(what, g, err); bad != nil || err != nil {
		return bad
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s: got %q, want %q", what, got, want)
	}
	return nil
}

// allStreams are those of a group.
func allStreams() (all []int) {
	for s := range modelStreams {
		all = append(all, s)
	}
	return all
}

// asking makes a question of a move's numbers: everything, a range, or a few.
func (w *logWorld) asking(m move) question {
	q := question{group: m.group(), streams: []int{m.stream()}, to: w.model.now + dayOfModel, newest: m.c&1 == 1}
	if m.c&2 != 0 {
		q.limit = 1 + m.c>>4%4
	}
	if batches := w.model.batches; m.c&4 != 0 && len(batches) > 0 {
		q.from = batches[m.c>>6%len(batches)].first() + int64(m.c>>3%3) - 1
		q.to = max(q.from, batches[m.c>>9%len(batches)].last()+int64(m.c>>5%3)-1)
	}
	return q
}

func (w *logWorld) doGetLogEvents(m move) error {
	q := w.asking(m)
	group, head := worldGroup(q.group), !q.newest
	in := &logsapi.GetLogEventsRequest{LogGroupName: &group, LogStreamName: worldStream(m.stream()), StartFromHead: &head, StartTime: &q.from}
	if q.limit > 0 {
		limit := int32(q.limit)
		in.Limit = &limit
	}
	end := q.to + 1
	in.EndTime = &end
	out, err := w.logs.GetLogEvents(w.ctx, in)
	if w.model.groups[q.group].streams[m.stream()] == 0 {
		return expect("GetLogEvents", err, missing)
	}
	var got []string
	if err == nil {
		for _, e := range out.Events {
			got = append(got, *e.Message)
		}
	}
	want, v := w.model.answer(q)
	return compare("GetLogEvents", q.group, err, got, want, v)
}

func (w *logWorld) doFilterLogEvents(m move) error {
	q := w.asking(m)
	q.newest, q.streams = false, allStreams()
	group := worldGroup(q.group)
	in := &logsapi.FilterLogEventsRequest{LogGroupName: &group, StartTime: &q.from, EndTime: &q.to}
	if q.limit > 0 {
		limit := int32(q.limit)
		in.Limit = &limit
	}
	if m.c&8 != 0 {
		pattern := "odd"
		in.FilterPattern, q.wants = &pattern, func(text string) bool { return strings.HasSuffix(text, "odd") }
	}
	out, err := w.logs.FilterLogEvents(w.ctx, in)
	if w.model.groups[q.group].birth == 0 {
		return expect("FilterLogEvents", err, missing)
	}
	var got []string
	if err == nil {
		for _, e := range out.Events {
			got = append(got, *e.Message)
		}
	}
	want, v := w.model.answer(q)
	return compare("FilterLogEvents", q.group, err, got, want, v)
}

// everything is the question for all that a group holds.
func (w *logWorld) everything(g int) question {
	return question{group: g, streams: allStreams(), to: w.model.now + dayOfModel}
}

func (w *logWorld) doQuery(m move) error {
	q := w.everything(m.group())
	group := worldGroup(q.group)
	out, err := w.logs.StartQuery(w.ctx, &logsapi.StartQueryRequest{
		LogGroupName: &group, QueryString: "fields @message | sort @timestamp asc | limit 10000", StartTime: 0, EndTime: q.to,
	})
	if w.model.groups[q.group].birth == 0 {
		return expect("StartQuery", err, missing)
	}
	if err != nil {
		return fmt.Errorf("StartQuery: %w", err)
	}
	w.logs.Settle()
	results, err := w.logs.GetQueryResults(w.ctx, &logsapi.GetQueryResultsRequest{QueryId: *out.QueryId})
	if err != nil {
		return fmt.Errorf("GetQueryResults: %w", err)
	}
	want, v := w.model.answer(q)
	if *results.Status == logsapi.QueryStatusFailed && v != readable && len(results.Results) == 0 {
		return nil
	}
	if *results.Status != logsapi.QueryStatusComplete || v == refused {
		return fmt.Errorf("a query ended %s with %d rows, want verdict %d", *results.Status, len(results.Results), v)
	}
	var got []string
	for _, row := range results.Results {
		got = append(got, w.row(q.group, row))
	}
	slices.Sort(got)
	slices.Sort(want)
	return compare("a query", q.group, nil, got, want, v)
}

// row returns the message of a row and keeps the pointer beside it.
func (w *logWorld) row(g int, row []logsapi.ResultField) (message string) {
	pointer := ""
	for _, f := range row {
		switch *f.Field {
		case "@message":
			message = *f.Value
		case "@ptr":
			pointer = *f.Value
		}
	}
	for _, b := range w.model.batches {
		for _, e := range b.events {
			if e.text == message && b.group == g {
				w.pointers = append(w.pointers, modelPointer{pointer, b, e})
			}
		}
	}
	return message
}

// doRecord follows a pointer. What lies beside the event does not matter.
func (w *logWorld) doRecord(m move) error {
	if len(w.pointers) == 0 {
		return nil
	}
	p := w.pointers[m.b%len(w.pointers)]
	got, err := w.follow(p.pointer, m.c&1 == 1)
	if !w.model.alive(p.batch) || p.event.at < w.model.cutoff(p.batch.group) {
		return expect("GetLogRecord", err, missing)
	}
	return compare("GetLogRecord", p.batch.group, err, []string{got}, []string{p.event.text}, w.model.of(p.batch))
}

func (w *logWorld) follow(pointer string, object bool) (message string, err error) {
	if !object {
		out, err := w.logs.GetLogRecord(w.ctx, &logsapi.GetLogRecordRequest{LogRecordPointer: pointer})
		if err != nil {
			return "", err
		}
		return out.LogRecord["@message"], nil
	}
	out, err := w.logs.GetLogObject(w.ctx, &logsapi.GetLogObjectRequest{LogObjectPointer: pointer})
	if err != nil {
		return "", err
	}
	for e, err := range out.FieldStream {
		if err != nil {
			return "", err
		}
		message += string(e.Fields.Data)
	}
	return message, nil
}

func (w *logWorld) doFields(m move) error {
	group := worldGroup(m.group())
	_, err := w.logs.GetLogGroupFields(w.ctx, &logsapi.GetLogGroupFieldsRequest{LogGroupName: &group})
	if w.model.groups[m.group()].birth == 0 {
		return expect("GetLogGroupFields", err, missing)
	}
	q := w.everything(m.group())
	q.from, q.to = w.model.now-15*60*1000, w.model.now
	_, v := w.model.answer(q)
	return v.ends("GetLogGroupFields", q.group, err)
}

func (w *logWorld) doTail(m move) error {
	g := m.group()
	_, err := w.logs.StartLiveTail(w.ctx, &logsapi.StartLiveTailRequest{LogGroupIdentifiers: []string{worldGroupARN(g)}})
	if w.model.groups[g].birth == 0 {
		return expect("StartLiveTail", err, missing)
	}
	return w.model.use(g, w.model.sealing(g)).ends("StartLiveTail", g, err)
}

func (w *logWorld) doExport(m move) error {
	q := w.everything(m.group())
	out, err := w.logs.CreateExportTask(w.ctx, &logsapi.CreateExportTaskRequest{LogGroupName: worldGroup(q.group), From: 0, To: q.to, Destination: "exports"})
	if w.model.groups[q.group].birth == 0 {
		return expect("CreateExportTask", err, missing)
	}
	if err != nil {
		return fmt.Errorf("CreateExportTask: %w", err)
	}
	w.logs.Settle()
	tasks, err := w.logs.DescribeExportTasks(w.ctx, &logsapi.DescribeExportTasksRequest{TaskId: out.TaskId})
	if err != nil {
		return err
	}
	got, err := w.bucket.take()
	if err != nil {
		return err
	}
	status := tasks.ExportTasks[0].Status
	want, v := w.model.answer(q)
	if *status.Code == logsapi.ExportTaskStatusCodeFailed && v != readable && strings.HasSuffix(notAllowed(q.group), *status.Message) {
		return nil // streams that could be read whole have been written
	}
	if *status.Code != logsapi.ExportTaskStatusCodeCompleted || v == refused {
		return fmt.Errorf("an export ended %s, want verdict %d", *status.Code, v)
	}
	slices.Sort(got)
	slices.Sort(want)
	return compare("an export", q.group, nil, got, want, v)
}
