package cloudtrail

import (
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
)

func TestLogFileIsNamedAndEncryptedAsAWSDoes(t *testing.T) {
	b := newBench(t)
	arn := b.trail("main", func(in *cloudtrailapi.CreateTrailRequest) {
		in.KmsKeyId, in.S3KeyPrefix = new(key), new("logs")
	})
	b.call(2)
	b.advance(5*time.Minute - time.Second)
	if n := len(b.s3.files("/CloudTrail/")); n != 0 {
		t.Fatalf("%d files before five minutes", n)
	}
	b.advance(time.Second)
	files := b.s3.files("/CloudTrail/")
	name := regexp.MustCompile(`^trail-bucket/logs/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/111122223333_CloudTrail_us-east-1_20260301T1205Z_[A-Za-z0-9]{16}\.json\.gz$`)
	if len(files) != 1 || !name.MatchString(files[0]) {
		t.Fatalf("files are %v", files)
	}
	in := b.s3.objects[files[0]].in
	pairs, err := base64.StdEncoding.DecodeString(*in.SSEKMSEncryptionContext)
	b.ok(err)
	if string(pairs) != `{"aws:cloudtrail:arn":"`+arn+`"}` || *in.SSEKMSKeyId != key || *in.ServerSideEncryption != "aws:kms" {
		t.Errorf("encryption is %s %s %s", *in.ServerSideEncryption, *in.SSEKMSKeyId, pairs)
	}
	if *in.ACL != "bucket-owner-full-control" || *in.ContentType != "application/json" || *in.ContentEncoding != "gzip" {
		t.Errorf("headers are %s %s %s", *in.ACL, *in.ContentType, *in.ContentEncoding)
	}
	c := b.s3.callers[len(b.s3.callers)-1]
	if c.Type != api.AWSService || c.ARN != "cloudtrail.amazonaws.com" || c.SourceARN != arn || c.SourceAccount != account {
		t.Errorf("the file is written by %+v", c)
	}
	if text := string(b.s3.plain(t, files[0])); !strings.HasPrefix(text, `{"Records":[{"eventVersion":"1.11"`) || !strings.HasSuffix(text, "}]}") {
		t.Errorf("the file holds %.60s ... %s", text, text[len(text)-20:])
	}
	if n := len(b.s3.records(t)); n != 2 {
		t.Errorf("the file holds %d records, want 2", n)
	}
}

func TestNoFileWithoutEvents(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	b.advance(time.Hour)
	if files := b.s3.files(""); len(files) != 0 {
		t.Errorf("files without events: %v", files)
	}
}

func TestWithoutAKeyTheBucketDecidesOnEncryption(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	b.call(1)
	b.advance(5 * time.Minute)
	in := b.s3.objects[b.s3.files("/CloudTrail/")[0]].in
	if in.ServerSideEncryption != nil || in.SSEKMSKeyId != nil || in.SSEKMSEncryptionContext != nil {
		t.Errorf("encryption headers without a key: %+v", in)
	}
}

func TestBacklogArrivesAfterRepair(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	b.call(3)
	broken := s3api.AccessDenied("no")
	b.s3.put = func(string) error { return broken }
	b.advance(5 * time.Minute)
	status := func() *cloudtrailapi.GetTrailStatusResponse {
		out, err := b.GetTrailStatus(b.ctx, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
		b.ok(err)
		return out
	}
	s := status()
	if s.LatestDeliveryError == nil || *s.LatestDeliveryError != "AccessDenied" || s.LatestDeliveryTime != nil || !*s.IsLogging {
		t.Errorf("status while broken is %+v", s)
	}
	b.call(4)
	b.advance(time.Hour)
	broken = nil
	b.s3.put = nil
	b.advance(5 * time.Minute)
	if n := len(b.s3.records(t)); n != 7 {
		t.Errorf("%d records after repair, want 7", n)
	}
	s = status()
	if s.LatestDeliveryError != nil || !s.LatestDeliveryTime.Equal(b.clock.Now()) {
		t.Errorf("status after repair is %+v", s)
	}
	if *s.LatestDeliveryAttemptSucceeded != stamp(b.clock.Now()) || *s.TimeLoggingStopped != "" {
		t.Errorf("retired members are %q, %q", *s.LatestDeliveryAttemptSucceeded, *s.TimeLoggingStopped)
	}
}

func TestFailedFileGoesToTheBucketThatTheTrailHasNow(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	b.call(1)
	b.s3.put = func(string) error { return api.NewError("NoSuchBucket", "NoSuchBucket", 404, "gone") }
	b.advance(5 * time.Minute)
	b.s3.put = nil
	_, err := b.UpdateTrail(b.ctx, &cloudtrailapi.UpdateTrailRequest{Name: "main", S3BucketName: new("other-bucket")})
	b.ok(err)
	b.advance(5 * time.Minute)
	files := b.s3.files("/CloudTrail/")
	if len(files) == 0 || !strings.HasPrefix(files[0], "other-bucket/AWSLogs/") {
		t.Errorf("files are %v", files)
	}
}

var errCrash = errors.New("crash")

func TestCrashAfterTheWriteDeliversUnderOneName(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	b.call(5)
	ctx, cancel := context.WithCancel(context.Background())
	b.s3.crash = func(string) error { cancel(); return errCrash }
	b.ok(b.clock.Advance(5 * time.Minute))
	if err := b.Sweep(ctx, b.clock.Now()); !errors.Is(err, context.Canceled) {
		t.Fatalf("the sweep ends with %v", err)
	}
	b.s3.crash = nil
	b.restart()
	b.advance(time.Minute)
	if files, records := b.s3.files("/CloudTrail/"), b.s3.records(t); len(files) != 1 || len(records) != 5 {
		t.Errorf("after the crash there are %d files with %d records", len(files), len(records))
	}
}

func TestStoppedTrailDeliversUpToTheStop(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	client := cloudtrailapi.Client{Endpoint: &api.Endpoint[cloudtrailapi.API]{Service: cloudtrailapi.Service, Impl: b.Service, Recorder: b.Service}}
	b.call(1)
	c := rootUser(account)
	c.RequestID = "the-stop"
	_, err := client.StopLogging(as(c), &cloudtrailapi.StopLoggingRequest{Name: "main"})
	b.ok(err)
	b.call(1)
	b.advance(time.Second)
	r := b.s3.records(t)
	if len(r) != 2 || r[0]["eventName"] != "DescribeKey" || r[1]["eventName"] != "StopLogging" {
		t.Errorf("delivered are %v", r)
	}
}

func TestDeletedTrailDeliversItsLastEventsAndGoes(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.call(3)
	b.s3.put = func(string) error { return s3api.AccessDenied("no") }
	_, err := b.DeleteTrail(b.ctx, &cloudtrailapi.DeleteTrailRequest{Name: "main"})
	b.ok(err)
	b.advance(time.Minute)
	b.restart()
	b.s3.put = nil
	b.advance(time.Hour)
	if n := len(b.s3.records(t)); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
	if n := len(b.s3.files("/CloudTrail-Digest/")); n != 1 {
		t.Errorf("%d digests, want the final one", n)
	}
	if list, err := b.everyTrail(context.Background()); err != nil || len(list) != 0 {
		t.Errorf("left are %v, %v", list, err)
	}
}

func TestDeliveriesAloneCauseNoneBeforeFiveMinutes(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DeliveryInterval = 0 })
	b.trail("main")
	own := api.AsService(b.in(region), principal, "arn:aws:cloudtrail:us-east-1:111122223333:trail/main", account)
	_, err := b.kms.DescribeKey(own, &kmsapi.DescribeKeyRequest{KeyId: key})
	b.ok(err)
	b.advance(time.Second)
	if n := len(b.s3.files("/CloudTrail/")); n != 0 {
		t.Errorf("%d files for the events of a delivery alone", n)
	}
	b.advance(5 * time.Minute)
	if n := len(b.s3.files("/CloudTrail/")); n != 1 {
		t.Errorf("%d files after five minutes, want 1", n)
	}
	b.call(1)
	b.advance(0)
	if n := len(b.s3.files("/CloudTrail/")); n != 2 {
		t.Errorf("%d files, want one at each sweep", n)
	}
}

func TestTrailOfAllRegionsDeliversEachRegionsEvents(t *testing.T) {
	b := newBench(t)
	b.trail("single")
	b.trail("multi", everywhere)
	for _, r := range []string{"us-east-1", "eu-west-1"} {
		_, err := b.kms.DescribeKey(b.in(r), &kmsapi.DescribeKeyRequest{KeyId: keyID})
		b.ok(err)
	}
	b.advance(5 * time.Minute)
	if us, eu := b.s3.files("/CloudTrail/us-east-1/"), b.s3.files("/CloudTrail/eu-west-1/"); len(us) != 2 || len(eu) != 1 {
		t.Errorf("files are %v and %v", us, eu)
	}
}

// TestEveryEventIsDeliveredOnce holds whatever fails: puts before and after
// the write, sweeps that are cut off, restarts.
func TestEveryEventIsDeliveredOnce(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := newBench(t, func(c *Config) { c.DeliveryInterval = time.Minute; c.DigestInterval = 10 * time.Minute })
		b.trail("main", validated, everywhere)
		calls := 0
		for range 60 {
			n := r.IntN(8)
			for range n {
				_, err := b.kms.DescribeKey(b.in([]string{"us-east-1", "eu-west-1"}[r.IntN(2)]), &kmsapi.DescribeKeyRequest{KeyId: keyID})
				b.ok(err)
			}
			calls += n
			ctx, cancel := context.WithCancel(context.Background())
			b.s3.put, b.s3.crash = nil, nil
			switch r.IntN(5) {
			case 0:
				b.s3.put = func(string) error { return s3api.AccessDenied("no") }
			case 1:
				b.s3.crash = func(string) error { cancel(); return errCrash }
			case 2:
				b.restart()
			}
			b.ok(b.clock.Advance(time.Duration(r.IntN(180)) * time.Second))
			_ = b.Sweep(ctx, b.clock.Now()) // it may be cut off
			cancel()
		}
		b.s3.put, b.s3.crash = nil, nil
		b.advance(time.Hour)
		b.advance(time.Hour)
		seen := map[any]bool{}
		for _, rec := range b.s3.records(t) {
			if seen[rec["eventID"]] {
				t.Errorf("seed %d: %v is delivered twice", seed, rec["eventID"])
			}
			seen[rec["eventID"]] = true
		}
		if len(seen) != calls {
			t.Errorf("seed %d: %d of %d events are delivered", seed, len(seen), calls)
		}
		verifyDigests(t, b)
	}
}
