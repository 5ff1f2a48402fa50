package cloudtrail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// ListObjectsV2 lists two objects a page.
func (f *fakeS3) ListObjectsV2(ctx context.Context, in *s3api.ListObjectsV2Request) (*s3api.ListObjectsV2Output, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.callers = append(f.callers, api.CallerOf(ctx))
	out := &s3api.ListObjectsV2Output{IsTruncated: new(false)}
	for _, k := range slices.Sorted(maps.Keys(f.objects)) {
		name, ours := strings.CutPrefix(k, in.Bucket+"/"+deref(in.Prefix))
		name = deref(in.Prefix) + name
		if !ours || name <= deref(in.StartAfter) {
			continue
		}
		if len(out.Contents) == 2 {
			*out.IsTruncated = true
			break
		}
		out.Contents = append(out.Contents, s3api.Object{Key: &name})
	}
	return out, nil
}

func (f *fakeS3) GetObject(_ context.Context, in *s3api.GetObjectRequest) (*s3api.GetObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.get != nil {
		if err := f.get(in.Key); err != nil {
			return nil, err
		}
	}
	o := f.objects[in.Bucket+"/"+in.Key]
	if o == nil {
		return nil, s3api.NoSuchKey("The specified key does not exist.")
	}
	return &s3api.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(o.body))}, nil
}

// doorman is STS: it lets CloudTrail into every role but one.
type doorman struct{ sources []string }

const shutRole = "arn:aws:iam::111122223333:role/shut"

func (d *doorman) AssumeRole(ctx context.Context, in *stsapi.AssumeRoleRequest) (*stsapi.AssumeRoleResponse, error) {
	d.sources = append(d.sources, api.CallerOf(ctx).SourceARN)
	if in.RoleArn == shutRole {
		return nil, stsapi.Service.AccessDenied("no")
	}
	return &stsapi.AssumeRoleResponse{
		AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: "AROA:s", Arn: "arn:aws:sts::111122223333:assumed-role/importer/s"},
		Credentials:     &stsapi.Credentials{AccessKeyId: "ASIA", Expiration: start.Add(time.Hour)},
	}, nil
}

const importRole = "arn:aws:iam::111122223333:role/importer"

func newImportBench(t *testing.T) (*lakeBench, *doorman) {
	d := &doorman{}
	k := newLakeKeys()
	return &lakeBench{newBench(t, func(c *Config) { c.Keys, c.DataKeyLifetime, c.STS = k, 5*time.Minute, d }), k}, d
}

// logFile puts a log file of DescribeKey events of a day into the bucket.
func (b *lakeBench) logFile(at time.Time, name string, n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"eventVersion":"1.11","eventTime":%q,"eventSource":"kms.amazonaws.com","eventName":"DescribeKey",`+
			`"eventID":"%s-%d","managementEvent":true,"eventCategory":"Management","readOnly":true,"recipientAccountId":%q}`, stamp(at), name, i, account))
	}
	key := "AWSLogs/" + account + "/CloudTrail/us-east-1/" + at.Format("2006/01/02") + "/" + name + ".json.gz"
	b.object(key, squeeze([]byte(`{"Records":[`+strings.Join(list, ",")+"]}")))
	return key
}

func (b *lakeBench) object(key string, body []byte) {
	b.s3.mu.Lock()
	defer b.s3.mu.Unlock()
	b.s3.objects[bucket+"/"+key] = &stored{body: body}
}

func importFrom(store string) *cloudtrailapi.StartImportRequest {
	return &cloudtrailapi.StartImportRequest{
		Destinations: []string{store}, ImportSource: &cloudtrailapi.ImportSource{S3: cloudtrailapi.S3ImportSource{
			S3LocationUri: "s3://" + bucket + "/AWSLogs/", S3BucketRegion: region, S3BucketAccessRoleArn: importRole,
		}},
	}
}

// imported runs an import to its end.
func (b *lakeBench) imported(in *cloudtrailapi.StartImportRequest) *cloudtrailapi.GetImportResponse {
	b.t.Helper()
	out, err := b.StartImport(b.ctx, in)
	b.ok(err)
	b.lake.done.Wait()
	got, err := b.GetImport(b.ctx, &cloudtrailapi.GetImportRequest{ImportId: *out.ImportId})
	b.ok(err)
	return got
}

func TestAnImportBringsTheFilesOfATrail(t *testing.T) {
	b, sts := newImportBench(t)
	store := b.eventStore("main")
	for i := range 5 {
		b.logFile(start.Add(-time.Duration(i)*day), fmt.Sprint("f", i), 2)
	}
	b.logFile(start.Add(-3000*day), "ancient", 1)
	b.object("AWSLogs/"+account+"/CloudTrail-Digest/us-east-1/2026/03/01/d.json.gz", []byte("a digest"))
	b.object("AWSLogs/"+account+"/elasticloadbalancing/x.log", []byte("another service"))
	got := b.imported(importFrom(store))
	if *got.ImportStatus != cloudtrailapi.ImportStatusCompleted {
		t.Fatalf("the import is %s", *got.ImportStatus)
	}
	same(t, "statistics", got.ImportStatistics, `{"PrefixesFound":6,"PrefixesCompleted":6,"FilesCompleted":6,"EventsCompleted":10,"FailedEntries":0}`)
	b.counts(store, "10")
	if sts.sources[0] != store {
		t.Errorf("the role's trust policy sees the source %s", sts.sources[0])
	}
	if c := b.s3.callers[0]; c.Type != api.AssumedRole || c.Issuer != importRole {
		t.Errorf("the bucket is read by %+v", c.Principal)
	}
	list, err := b.ListImports(b.ctx, &cloudtrailapi.ListImportsRequest{Destination: &store})
	b.ok(err)
	if len(list.Imports) != 1 {
		t.Errorf("%d imports are listed", len(list.Imports))
	}
}

func TestAnImportKeepsToItsTimeAndTheSelectors(t *testing.T) {
	b, _ := newImportBench(t)
	store := b.eventStore("main")
	for i := range 6 {
		b.logFile(start.Add(-time.Duration(i)*day), fmt.Sprint("f", i), 1)
	}
	in := importFrom(store)
	in.StartEventTime, in.EndEventTime = new(start.Add(-4*day)), new(start.Add(-2*day))
	if got := b.imported(in); *got.ImportStatistics.EventsCompleted != 3 {
		t.Errorf("%d events are imported", *got.ImportStatistics.EventsCompleted)
	}
	others := b.eventStore("others", func(in *cloudtrailapi.CreateEventDataStoreRequest) {
		in.AdvancedEventSelectors = []cloudtrailapi.AdvancedEventSelector{{FieldSelectors: []cloudtrailapi.AdvancedFieldSelector{
			{Field: "eventCategory", Equals: []string{management}}, {Field: "eventSource", NotEquals: []string{"kms.amazonaws.com"}},
		}}}
	})
	if got := b.imported(importFrom(others)); *got.ImportStatistics.EventsCompleted != 0 || *got.ImportStatistics.FilesCompleted != 6 {
		t.Errorf("the selectors let through %d events", *got.ImportStatistics.EventsCompleted)
	}
}

func TestFilesThatFailAreListedAndTriedAgain(t *testing.T) {
	b, _ := newImportBench(t)
	store := b.eventStore("main")
	b.logFile(start, "good", 2)
	hidden := b.logFile(start, "hidden", 3)
	b.object("AWSLogs/"+account+"/CloudTrail/us-east-1/2026/03/01/zz.json.gz", []byte("not gzip"))
	b.s3.get = func(key string) error {
		if key == hidden {
			return s3api.AccessDenied("Access Denied")
		}
		return nil
	}
	got := b.imported(importFrom(store))
	if *got.ImportStatus != cloudtrailapi.ImportStatusFailed || *got.ImportStatistics.FailedEntries != 2 {
		t.Fatalf("the import is %s with %d failures", *got.ImportStatus, *got.ImportStatistics.FailedEntries)
	}
	failures := func() string {
		out, err := b.ListImportFailures(b.ctx, &cloudtrailapi.ListImportFailuresRequest{ImportId: *got.ImportId})
		b.ok(err)
		var s []string
		for _, f := range out.Failures {
			s = append(s, (*f.Location)[strings.LastIndexByte(*f.Location, '/')+1:]+" "+*f.ErrorType+" "+string(*f.Status))
		}
		return strings.Join(s, ", ")
	}
	if text := failures(); text != "hidden.json.gz AccessDenied FAILED, zz.json.gz InvalidFile FAILED" {
		t.Errorf("failures are %s", text)
	}
	b.counts(store, "2")
	b.s3.get = nil
	again := b.imported(&cloudtrailapi.StartImportRequest{ImportId: got.ImportId})
	if *again.ImportStatus != cloudtrailapi.ImportStatusFailed || *again.ImportStatistics.FailedEntries != 1 {
		t.Errorf("the import is %s with %d failures", *again.ImportStatus, *again.ImportStatistics.FailedEntries)
	}
	if text := failures(); text != "hidden.json.gz AccessDenied SUCCEEDED, zz.json.gz InvalidFile FAILED" {
		t.Errorf("failures are %s", text)
	}
	b.counts(store, "5")
}

func TestAnImportIsStoppedAndTakenUpAfterARestart(t *testing.T) {
	b, _ := newImportBench(t)
	store := b.eventStore("main")
	for i := range 6 {
		b.logFile(start.Add(-time.Duration(i)*day), fmt.Sprint("f", i), 1)
	}
	reached, release := make(chan string, 10), make(chan error)
	b.s3.get = func(key string) error { reached <- key; return <-release }
	out, err := b.StartImport(b.ctx, importFrom(store))
	b.ok(err)
	<-reached
	release <- nil
	<-reached
	_, err = b.StartImport(b.ctx, importFrom(store))
	b.fails(err, "AccountHasOngoingImportException", "")
	_, err = b.DeleteEventDataStore(b.ctx, &cloudtrailapi.DeleteEventDataStoreRequest{EventDataStore: store})
	b.fails(err, "EventDataStoreHasOngoingImportException", "")
	go func() { release <- context.Canceled }()
	b.restart()
	b.s3.get = nil
	b.ok(b.Sweep(context.Background(), b.clock.Now()))
	b.lake.done.Wait()
	got, err := b.GetImport(b.ctx, &cloudtrailapi.GetImportRequest{ImportId: *out.ImportId})
	b.ok(err)
	if *got.ImportStatus != cloudtrailapi.ImportStatusCompleted || *got.ImportStatistics.EventsCompleted != 6 {
		t.Errorf("after the restart it is %s with %d events", *got.ImportStatus, *got.ImportStatistics.EventsCompleted)
	}
	b.counts(store, "6")

	b.s3.get = func(key string) error { reached <- key; return <-release }
	out, err = b.StartImport(b.ctx, importFrom(store))
	b.ok(err)
	<-reached
	stopped, err := b.StopImport(b.ctx, &cloudtrailapi.StopImportRequest{ImportId: *out.ImportId})
	b.ok(err)
	release <- nil
	b.lake.done.Wait()
	if *stopped.ImportStatus != cloudtrailapi.ImportStatusStopped {
		t.Errorf("the import is %s", *stopped.ImportStatus)
	}
	b.counts(store, "6")
	_, err = b.StopImport(b.ctx, &cloudtrailapi.StopImportRequest{ImportId: *out.ImportId})
	b.fails(err, "InvalidParameterException", "")
}

func TestImportsAreRefusedAsAWSRefusesThem(t *testing.T) {
	b, _ := newImportBench(t)
	store, outside := b.eventStore("main"), b.eventStore("outside", audits)
	change := func(fn func(*cloudtrailapi.StartImportRequest)) *cloudtrailapi.StartImportRequest {
		in := importFrom(store)
		fn(in)
		return in
	}
	unknown := storeARN("aws", region, account, "11111111-2222-3333-4444-555555555555")
	for code, in := range map[string]*cloudtrailapi.StartImportRequest{
		"InvalidImportSourceException":           change(func(in *cloudtrailapi.StartImportRequest) { in.ImportSource.S3.S3LocationUri = "bucket" }),
		"InvalidEventDataStoreCategoryException": change(func(in *cloudtrailapi.StartImportRequest) { in.Destinations = []string{outside} }),
		"EventDataStoreNotFoundException":        change(func(in *cloudtrailapi.StartImportRequest) { in.Destinations = []string{unknown} }),
		"EventDataStoreARNInvalidException":      change(func(in *cloudtrailapi.StartImportRequest) { in.Destinations = []string{"arn:aws:s3:::x"} }),
		"ImportNotFoundException":                {ImportId: new("11111111-2222-3333-4444-555555555555")},
		"InvalidParameterException":              {Destinations: []string{store}},
	} {
		_, err := b.StartImport(b.ctx, in)
		b.fails(err, code, "")
	}
	_, err := b.StartImport(b.ctx, change(func(in *cloudtrailapi.StartImportRequest) { in.ImportSource.S3.S3BucketAccessRoleArn = shutRole }))
	b.fails(err, "InvalidImportSourceException", "")
	_, err = b.StartImport(b.ctx, change(func(in *cloudtrailapi.StartImportRequest) {
		in.StartEventTime, in.EndEventTime = new(start), new(start.Add(-day))
	}))
	b.fails(err, "InvalidParameterException", "")
	b.auth.deny = map[string]bool{"iam:PassRole": true}
	_, err = b.StartImport(b.ctx, importFrom(store))
	b.fails(err, "AccessDeniedException", "denied iam:PassRole")
}
