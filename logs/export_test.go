package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
)

// fakeBuckets is an S3 with one bucket, named bucket. Queries that became due
// together call it together.
type fakeBuckets struct {
	mu      sync.Mutex
	objects map[string][]byte
	callers []string
	refused map[string]bool // by call
	broken  error
}

func (f *fakeBuckets) answer(ctx context.Context, call, bucket string) error {
	c := api.CallerOf(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.callers = append(f.callers, call+" as "+c.ARN+" for "+c.SourceARN)
	switch {
	case f.broken != nil:
		return f.broken
	case bucket != "bucket":
		return api.NewError("NoSuchBucket", "NoSuchBucket", 404, "no")
	case f.refused[call]:
		return s3api.Service.AccessDenied("no")
	}
	return nil
}

func (f *fakeBuckets) GetBucketAcl(ctx context.Context, in *s3api.GetBucketAclRequest) (*s3api.GetBucketAclOutput, error) {
	return &s3api.GetBucketAclOutput{}, f.answer(ctx, "GetBucketAcl", in.Bucket)
}

func (f *fakeBuckets) PutObject(ctx context.Context, in *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error) {
	if err := f.answer(ctx, "PutObject", in.Bucket); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(in.Body)
	if err != nil || int64(len(body)) != *in.ContentLength || *in.ACL != "bucket-owner-full-control" {
		return nil, fmt.Errorf("a bad put of %s: %v", in.Key, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[in.Key] = body
	return &s3api.PutObjectOutput{}, nil
}

func exportBench(t *testing.T) (*bench, *fakeBuckets) {
	f := &fakeBuckets{objects: map[string][]byte{}, refused: map[string]bool{}}
	b := newBench(t, func(c *Config) { c.Buckets, c.DataKeyLifetime = f, 0 })
	b.createGroup("g", keyARN)
	for _, s := range []string{"a/1", "b"} {
		b.createStream("g", s)
	}
	b.put("g", "a/1", "one", "two")
	b.put("g", "b", "three")
	return b, f
}

func exportOf(bucket string) *logsapi.CreateExportTaskRequest {
	return &logsapi.CreateExportTaskRequest{LogGroupName: "g", From: start.UnixMilli(), To: start.UnixMilli() + 10, Destination: bucket}
}

func (b *bench) exported(in *logsapi.CreateExportTaskRequest) logsapi.ExportTask {
	b.t.Helper()
	out, err := b.CreateExportTask(b.ctx, in)
	b.ok(err)
	b.Settle()
	list, err := b.DescribeExportTasks(b.ctx, &logsapi.DescribeExportTasksRequest{TaskId: out.TaskId})
	b.ok(err)
	return list.ExportTasks[0]
}

func unzipped(t *testing.T, body []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnExportWritesOneObjectAStreamInTheClear(t *testing.T) {
	b, f := exportBench(t)
	task := b.exported(exportOf("bucket"))
	if *task.Status.Code != logsapi.ExportTaskStatusCodeCompleted || *task.DestinationPrefix != "exportedlogs" || *task.ExecutionInfo.CreationTime != b.now() || *task.LogGroupName != "g" {
		t.Errorf("task %+v", task)
	}
	prefix := "exportedlogs/" + *task.TaskId + "/"
	want := []string{prefix + "a-1/000000.gz", prefix + "b/000000.gz", "exportedlogs/aws-logs-write-test"}
	if got := slices.Sorted(maps.Keys(f.objects)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Fatalf("objects %q", got)
	}
	if got := string(f.objects[want[2]]); got != "Permission Check Successful" {
		t.Errorf("the test object holds %q", got)
	}
	if got := unzipped(t, f.objects[want[0]]); got != "2026-11-21T12:00:00.000Z one\n2026-11-21T12:00:00.001Z two\n" {
		t.Errorf("exported %q", got)
	}
	if got := f.callers[0]; got != "GetBucketAcl as logs.us-west-2.amazonaws.com for arn:aws:logs:us-west-2:111122223333:log-group:g:*" {
		t.Errorf("S3 was asked to %s", got)
	}
}

func TestAnExportTakesOnlyItsRangeAndItsStreams(t *testing.T) {
	b, f := exportBench(t)
	in := exportOf("bucket")
	in.From, in.LogStreamNamePrefix, in.DestinationPrefix = in.From+1, ptr("a"), ptr("mine")
	task := b.exported(in)
	key := "mine/" + *task.TaskId + "/a-1/000000.gz"
	if len(f.objects) != 2 || unzipped(t, f.objects[key]) != "2026-11-21T12:00:00.001Z two\n" {
		t.Errorf("objects %q", slices.Sorted(maps.Keys(f.objects)))
	}
}

func TestCreateExportTaskRefuses(t *testing.T) {
	b, f := exportBench(t)
	const noBucket = "The given bucket does not exist. Please make sure the bucket is valid."
	_, err := b.CreateExportTask(b.ctx, exportOf("none"))
	b.fails(err, "InvalidParameterException", noBucket)
	f.refused["PutObject"] = true
	_, err = b.CreateExportTask(b.ctx, exportOf("bucket"))
	b.fails(err, "InvalidParameterException", "PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.")
	f.refused["GetBucketAcl"] = true
	_, err = b.CreateExportTask(b.ctx, exportOf("bucket"))
	b.fails(err, "InvalidParameterException", "GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.")
	f.broken = errors.New("broken")
	if _, err = b.CreateExportTask(b.ctx, exportOf("bucket")); err != f.broken {
		t.Errorf("a broken S3: %v", err)
	}
	in := exportOf("bucket")
	in.LogGroupName = "none"
	_, err = b.CreateExportTask(b.ctx, in)
	b.fails(err, "ResourceNotFoundException", "The specified log group does not exist.")
	in = exportOf("bucket")
	in.To = in.From - 1
	if _, err = b.CreateExportTask(b.ctx, in); codeOf(err) != "InvalidParameterException" {
		t.Errorf("an empty range: %v", err)
	}
	without := streamBench(t)
	_, err = without.CreateExportTask(without.ctx, exportOf("bucket"))
	without.fails(err, "InvalidParameterException", noBucket)
}

func TestAnExportOfWhatCanNotBeReadFails(t *testing.T) {
	b, f := exportBench(t)
	b.keys.refuse(keyARN)
	task := b.exported(exportOf("bucket"))
	if *task.Status.Code != logsapi.ExportTaskStatusCodeFailed || len(f.objects) != 1 {
		t.Errorf("%s with %d objects", *task.Status.Code, len(f.objects))
	}
}

func TestOneExportGoesOnAtATimeAndCanBeCancelled(t *testing.T) {
	b, _ := exportBench(t)
	release := make(chan struct{})
	var held sync.WaitGroup // until then the export could have a slot before them
	held.Add(maxRunning)
	for i := range maxRunning {
		b.tasks.begin(b.ctx, fmt.Sprint("hold", i), func(context.Context) { held.Done(); <-release })
	}
	held.Wait()
	out, err := b.CreateExportTask(b.ctx, exportOf("bucket"))
	b.ok(err)
	pending, err := b.DescribeExportTasks(b.ctx, &logsapi.DescribeExportTasksRequest{StatusCode: ptr(logsapi.ExportTaskStatusCodePending)})
	b.ok(err)
	if len(pending.ExportTasks) != 1 || pending.ExportTasks[0].ExecutionInfo.CompletionTime != nil || pending.ExportTasks[0].Status.Message != nil {
		t.Errorf("pending %+v", pending.ExportTasks)
	}
	_, err = b.CreateExportTask(b.ctx, exportOf("bucket"))
	b.fails(err, "LimitExceededException", "Resource limit exceeded.")
	_, err = b.CancelExportTask(b.ctx, &logsapi.CancelExportTaskRequest{TaskId: *out.TaskId})
	b.ok(err)
	close(release)
	b.Settle()
	list, err := b.DescribeExportTasks(b.ctx, &logsapi.DescribeExportTasksRequest{})
	b.ok(err)
	if len(list.ExportTasks) != 1 || *list.ExportTasks[0].Status.Code != logsapi.ExportTaskStatusCodeCancelled {
		t.Errorf("tasks %+v", list.ExportTasks)
	}
	_, err = b.CancelExportTask(b.ctx, &logsapi.CancelExportTaskRequest{TaskId: *out.TaskId})
	if codeOf(err) != "InvalidOperationException" {
		t.Errorf("cancelled twice: %v", err)
	}
	b.advance(time.Second)
	if task := b.exported(exportOf("bucket")); *task.Status.Code != logsapi.ExportTaskStatusCodeCompleted {
		t.Errorf("the next export is %s", *task.Status.Code)
	}
}

func TestUnknownExportTasks(t *testing.T) {
	b := newBench(t)
	out, err := b.DescribeExportTasks(b.ctx, &logsapi.DescribeExportTasksRequest{TaskId: ptr("none")})
	b.ok(err)
	if out.ExportTasks == nil || len(out.ExportTasks) != 0 {
		t.Errorf("tasks %v", out.ExportTasks)
	}
	_, err = b.CancelExportTask(b.ctx, &logsapi.CancelExportTaskRequest{TaskId: "none"})
	b.fails(err, "ResourceNotFoundException", "The specified export task does not exist.")
}
