package logs

import (
	"context"
	"errors"
	"slices"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// Buckets is what CloudWatch Logs asks of Amazon S3.
type Buckets interface {
	GetBucketAcl(context.Context, *s3api.GetBucketAclRequest) (*s3api.GetBucketAclOutput, error)
	PutObject(context.Context, *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error)
}

// defaultExportPrefix begins the keys of exports that name no prefix.
const defaultExportPrefix = "exportedlogs"

// exportTask is one of CreateExportTask, under (account, Region, id).
type exportTask struct {
	ID        string
	Name      *string
	Group     string
	GroupID   string
	Streams   string // prefix of their names
	From, To  int64
	Bucket    string
	Prefix    string
	Status    logsapi.ExportTaskStatusCode
	Message   string
	Created   int64
	Completed int64
}

var exportTasks = storage.NewTable[exportTask]("logs.exporttask")

// CreateExportTask begins to write a group's events to a bucket. Before it
// answers, CloudWatch Logs tries as itself whether the bucket lets it.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateExportTask.html
func (s *Service) CreateExportTask(ctx context.Context, in *logsapi.CreateExportTaskRequest) (*logsapi.CreateExportTaskResponse, error) {
	g, err := s.authorizedGroup(ctx, "CreateExportTask", in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if err := readable(&g); err != nil {
		return nil, err
	}
	if in.From > in.To {
		return nil, logsapi.InvalidParameterException("The start of the range must not be after its end.") // Unverified: AWS's sentence
	}
	t := exportTask{
		ID: uuid(), Name: in.TaskName, Group: g.Name, GroupID: g.ID, Streams: value(in.LogStreamNamePrefix),
		From: in.From, To: in.To, Bucket: in.Destination, Prefix: defaultExportPrefix,
		Status: logsapi.ExportTaskStatusCodePending, Created: s.now(),
	}
	if in.DestinationPrefix != nil && *in.DestinationPrefix != "" {
		t.Prefix = *in.DestinationPrefix
	}
	if err := s.tryBucket(ctx, &t); err != nil {
		return nil, err
	}
	if err := s.addExport(ctx, t); err != nil {
		return nil, err
	}
	s.tasks.begin(ctx, t.ID, func(ctx context.Context) { s.export(ctx, &t, &g) })
	return &logsapi.CreateExportTaskResponse{TaskId: &t.ID}, nil
}

// addExport records a task, if the account has none that goes on.
func (s *Service) addExport(ctx context.Context, t exportTask) error {
	p := placeOf(ctx)
	active := s.tasks.list()
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for e, err := range exportTasks.Scan(tx, storage.Range{Prefix: p.key()}) {
			if err != nil {
				return err
			}
			if e.Value.open(active) {
				return limitExceeded()
			}
		}
		return exportTasks.Put(tx, p.key(t.ID), t)
	})
}

// status returns how a task stands, given the tasks that were active before
// its record was read. One that was at work when the program ended has failed.
func (t *exportTask) status(active map[string]bool) logsapi.ExportTaskStatusCode {
	running, isActive := active[t.ID]
	switch {
	case t.Status != logsapi.ExportTaskStatusCodePending:
		return t.Status
	case running:
		return logsapi.ExportTaskStatusCodeRunning
	case isActive:
		return logsapi.ExportTaskStatusCodePending
	}
	return logsapi.ExportTaskStatusCodeFailed
}

// open reports whether a task goes on.
func (t *exportTask) open(active map[string]bool) bool {
	status := t.status(active)
	return status == logsapi.ExportTaskStatusCodePending || status == logsapi.ExportTaskStatusCodeRunning
}

// DescribeExportTasks lists the account's export tasks, the newest first.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeExportTasks.html
func (s *Service) DescribeExportTasks(ctx context.Context, in *logsapi.DescribeExportTasksRequest) (*logsapi.DescribeExportTasksResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeExportTasks"); err != nil {
		return nil, err
	}
	active := s.tasks.list()
	all, err := list(ctx, s, exportTasks, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t exportTask) bool {
		return in.TaskId != nil && *in.TaskId != t.ID || in.StatusCode != nil && *in.StatusCode != t.status(active)
	})
	order := func(t exportTask) storage.Key { return storage.K(t.Created, t.ID) }
	slices.SortFunc(all, func(a, b exportTask) int { return order(b).Compare(order(a)) })
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "DescribeExportTasks"), in.NextToken, all, order, true)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeExportTasksResponse{ExportTasks: []logsapi.ExportTask{}, NextToken: next}
	for i := range page {
		out.ExportTasks = append(out.ExportTasks, describeExport(&page[i], page[i].status(active)))
	}
	return out, nil
}

func describeExport(t *exportTask, status logsapi.ExportTaskStatusCode) logsapi.ExportTask {
	out := logsapi.ExportTask{
		TaskId: &t.ID, TaskName: t.Name, LogGroupName: &t.Group, From: &t.From, To: &t.To,
		Destination: &t.Bucket, DestinationPrefix: &t.Prefix,
		Status: &logsapi.ExportTaskStatus{Code: &status}, ExecutionInfo: &logsapi.ExportTaskExecutionInfo{CreationTime: &t.Created},
	}
	if t.Message != "" {
		out.Status.Message = &t.Message
	}
	if t.Completed != 0 {
		out.ExecutionInfo.CompletionTime = &t.Completed
	}
	return out
}

// CancelExportTask ends a task that goes on. What it has written stays.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CancelExportTask.html
func (s *Service) CancelExportTask(ctx context.Context, in *logsapi.CancelExportTaskRequest) (*api.None, error) {
	if err := s.authorizeAccount(ctx, "CancelExportTask"); err != nil {
		return nil, err
	}
	if _, err := lookup(ctx, s, exportTasks, placeOf(ctx).key(in.TaskId), noSuchExport); err != nil {
		return nil, err
	}
	err := s.finishExport(ctx, in.TaskId, logsapi.ExportTaskStatusCodeCancelled, "")
	if errors.Is(err, errEnded) || err == nil && !s.tasks.stop(in.TaskId) {
		return nil, logsapi.InvalidOperationException("The specified export task has already ended.") // Unverified: AWS's sentence
	}
	return nil, err
}

// finishExport writes the end of a task, once.
func (s *Service) finishExport(ctx context.Context, id string, status logsapi.ExportTaskStatusCode, message string) error {
	k := placeOf(ctx).key(id)
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		t, err := exportTasks.Get(tx, k)
		if errors.Is(err, storage.ErrNotFound) || err == nil && t.Status != logsapi.ExportTaskStatusCodePending {
			return errEnded
		}
		if err != nil {
			return err
		}
		t.Status, t.Message, t.Completed = status, message, s.now()
		return exportTasks.Put(tx, k, t)
	})
}

func noSuchExport() error {
	return logsapi.ResourceNotFoundException("The specified export task does not exist.")
}

func noSuchBucket() error {
	return logsapi.InvalidParameterException("The given bucket does not exist. Please make sure the bucket is valid.")
}

// bucketRefused says which call on the bucket failed.
func bucketRefused(call string) error {
	return logsapi.InvalidParameterException("%s call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.", call)
}
