package cloudtrail

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/storage"
)

func TestCrossAccountCallIsRecordedInBothAccounts(t *testing.T) {
	b := newBench(t)
	_, err := b.kms.Encrypt(as(userOf(foreign, "Eve")), &kmsapi.EncryptRequest{KeyId: key, Plaintext: []byte("x")})
	b.ok(err)
	theirs, ours := b.newestIn(as(rootUser(foreign))), b.newest()
	same(t, "the owner's identity", ours["userIdentity"], `{"type":"AWSAccount","principalId":"AIDAEXAMPLE","accountId":"444455556666"}`)
	same(t, "the caller's user name", theirs["userIdentity"].(map[string]any)["userName"], `"Eve"`)
	if ours["sharedEventID"] == nil || ours["sharedEventID"] != theirs["sharedEventID"] || ours["eventID"] == theirs["eventID"] {
		t.Errorf("shared ids are %v and %v", ours["sharedEventID"], theirs["sharedEventID"])
	}
	if ours["recipientAccountId"] != account || theirs["recipientAccountId"] != foreign {
		t.Errorf("recipients are %v and %v", ours["recipientAccountId"], theirs["recipientAccountId"])
	}
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	if out.Events[0].Username != nil || out.Events[0].AccessKeyId != nil {
		t.Error("the owner learns the caller's name")
	}
}

func TestRefusedCrossAccountCallIsTheCallersAlone(t *testing.T) {
	b := newBench(t)
	r := &record{ErrorCode: accessDenied, Region: region, Resources: []resource{{Account: account, ARN: key}}, Management: true}
	b.send(rootUser(foreign), r, item{roster: b.roster.Load()})
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	if len(out.Events) != 0 {
		t.Error("the owner hears of a call that was refused")
	}
	if r := b.newestIn(as(rootUser(foreign))); r["sharedEventID"] != nil {
		t.Errorf("it is shared as %v", r["sharedEventID"])
	}
}

func TestServiceCallIsRecordedWhereTheKeyIs(t *testing.T) {
	b := newBench(t)
	ctx := api.AsService(b.ctx, "logs.us-east-1.amazonaws.com", "arn:aws:logs:us-east-1:111122223333:log-group:g", account)
	_, err := b.kms.Decrypt(ctx, &kmsapi.DecryptRequest{CiphertextBlob: []byte("x"), EncryptionContext: map[string]string{"aws:logs:arn": "arn"}})
	b.ok(err)
	r := b.newest()
	same(t, "userIdentity", r["userIdentity"], `{"type":"AWSService","invokedBy":"logs.us-east-1.amazonaws.com"}`)
	same(t, "sourceIPAddress", r["sourceIPAddress"], `"logs.us-east-1.amazonaws.com"`)
	if r["sharedEventID"] == nil {
		t.Error("the record has no sharedEventID")
	}
}

func TestForwardedCallHidesTheClientsAddress(t *testing.T) {
	b := newBench(t)
	_, err := b.kms.Decrypt(api.Forward(as(userOf(account, "Alice")), "s3.us-east-1.amazonaws.com"), &kmsapi.DecryptRequest{CiphertextBlob: []byte("x")})
	b.ok(err)
	r := b.newest()
	same(t, "sourceIPAddress", r["sourceIPAddress"], `"AWS Internal"`)
	same(t, "userAgent", r["userAgent"], `"AWS Internal"`)
}

func TestCallWithoutAnyAccountIsNobodys(t *testing.T) {
	b := newBench(t)
	b.Record(as(&api.Caller{Partition: "aws", Region: region}), api.Call{Service: kmsapi.Service, Operation: kmsapi.OpListKeys.Operation, In: &kmsapi.ListKeysRequest{}})
	if err := b.queue.flush(b.ctx); err != nil || b.queue.last != 0 {
		t.Errorf("it is recorded: %d, %v", b.queue.last, err)
	}
}

// s3Call is a call of Amazon S3 as the recorder hears of it.
func s3Call(op *api.Operation, in any) api.Call {
	return api.Call{Service: s3api.Service, Operation: op, In: in}
}

func TestObjectCallsAreDataEventsForTrailsThatWantThem(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Bucket = func(string, string) (string, string) { return account, region } })
	b.trail("main")
	get := func() {
		b.Record(b.ctx, s3Call(s3api.OpGetObject.Operation, &s3api.GetObjectRequest{Bucket: "b", Key: "a/b"}))
	}
	get()
	if err := b.queue.flush(b.ctx); err != nil || b.queue.last != 0 {
		t.Error("a data event that nobody takes is stored")
	}
	_, err := b.PutEventSelectors(b.ctx, &cloudtrailapi.PutEventSelectorsRequest{TrailName: "main", EventSelectors: []selectorIn{{
		IncludeManagementEvents: new(false), DataResources: []cloudtrailapi.DataResource{{Type: new(objectType), Values: []string{"arn:aws:s3:::b/"}}},
	}}})
	b.ok(err)
	get()
	b.advance(5 * time.Minute)
	list := b.s3.records(t)
	if len(list) != 1 {
		t.Fatalf("%d records are delivered", len(list))
	}
	r := list[0]
	same(t, "requestParameters", r["requestParameters"], `{"bucketName":"b","key":"a/b"}`)
	same(t, "resources", r["resources"], `[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/a/b"},{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b"}]`)
	same(t, "eventCategory", r["eventCategory"], `"Data"`)
	same(t, "managementEvent", r["managementEvent"], `false`)
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	if len(out.Events) != 0 {
		t.Error("a data event is in the history")
	}
}

func TestBucketOwnerHearsOfOtherAccountsCalls(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Bucket = func(string, string) (string, string) { return foreign, region } })
	b.Record(b.ctx, s3Call(s3api.OpGetBucketAcl.Operation, &s3api.GetBucketAclRequest{Bucket: "b"}))
	r := b.newestIn(as(rootUser(foreign)))
	same(t, "userIdentity", r["userIdentity"], `{"type":"AWSAccount","principalId":"111122223333","accountId":"111122223333"}`)
	same(t, "requestParameters", r["requestParameters"], `{"acl":"","bucketName":"b"}`)
}

func TestParametersByService(t *testing.T) {
	policyText := `{"Version":"2012-10-17","Statement":[]}`
	for name, test := range map[string]struct {
		call              api.Call
		event             string
		readOnly          bool
		request, response string
	}{
		"AssumeRole shows the credentials without the secret": {api.Call{
			Service: stsapi.Service, Operation: stsapi.OpAssumeRole.Operation,
			In: &stsapi.AssumeRoleRequest{RoleArn: roleARN, RoleSessionName: "run"},
			Out: &stsapi.AssumeRoleResponse{
				Credentials:     &stsapi.Credentials{AccessKeyId: "ASIA", SecretAccessKey: "SECRET", SessionToken: "token", Expiration: start},
				AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: "AROA:run", Arn: "arn"},
			},
		}, "AssumeRole", true, `{"roleArn":"` + roleARN + `","roleSessionName":"run"}`,
			`{"credentials":{"accessKeyId":"ASIA","sessionToken":"token","expiration":"Mar 1, 2026, 12:00:00 PM"},"assumedRoleUser":{"assumedRoleId":"AROA:run","arn":"arn"}}`},
		"CreateAccessKey hides the secret": {api.Call{
			Service: iamapi.Service, Operation: iamapi.OpCreateAccessKey.Operation, In: &iamapi.CreateAccessKeyRequest{UserName: new("Alice")},
			Out: &iamapi.CreateAccessKeyResponse{AccessKey: iamapi.AccessKey{UserName: "Alice", AccessKeyId: "AKIA", Status: "Active", SecretAccessKey: "SECRET"}},
		}, "CreateAccessKey", false, `{"userName":"Alice"}`, `{"accessKey":{"userName":"Alice","accessKeyId":"AKIA","status":"Active"}}`},
		"PutLogEvents shows no events": {api.Call{
			Service: logsapi.Service, Operation: logsapi.OpPutLogEvents.Operation,
			In:  &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: []logsapi.InputLogEvent{{Message: "SECRET"}}},
			Out: &logsapi.PutLogEventsResponse{NextSequenceToken: new("SECRET")},
		}, "PutLogEvents", false, `{"logGroupName":"g","logStreamName":"s"}`, `null`},
		"CreateLogGroup answers nothing": {api.Call{
			Service: logsapi.Service, Operation: logsapi.OpCreateLogGroup.Operation,
			In: &logsapi.CreateLogGroupRequest{LogGroupName: "g", KmsKeyId: new(key), Tags: map[string]string{"b": "2", "a": "1"}}, Out: (*api.None)(nil),
		}, "CreateLogGroup", false, `{"logGroupName":"g","kmsKeyId":"` + key + `","tags":{"a":"1","b":"2"}}`, `null`},
		"DescribeKey answers nothing": {api.Call{
			Service: kmsapi.Service, Operation: kmsapi.OpDescribeKey.Operation, In: &kmsapi.DescribeKeyRequest{KeyId: keyID},
			Out: &kmsapi.DescribeKeyResponse{KeyMetadata: &kmsapi.KeyMetadata{KeyId: keyID, Arn: new(key)}},
		}, "DescribeKey", true, `{"keyId":"` + keyID + `"}`, `null`},
		"GenerateRandom shows nothing": {api.Call{
			Service: kmsapi.Service, Operation: kmsapi.OpGenerateRandom.Operation, In: &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(8))},
			Out: &kmsapi.GenerateRandomResponse{Plaintext: []byte("SECRET")},
		}, "GenerateRandom", true, `null`, `null`},
		"PutObject shows headers": {s3Call(s3api.OpPutObject.Operation, &s3api.PutObjectRequest{
			Bucket: "b", Key: "k", ServerSideEncryption: new(s3api.ServerSideEncryptionAwsKms), SSEKMSKeyId: new(key), BucketKeyEnabled: new(true),
			SSECustomerKey: new("SECRET"), SSEKMSEncryptionContext: new("SECRET"), ContentType: new("text/plain"), Metadata: map[string]string{"a": "SECRET"},
		}), "PutObject", false, `{"bucketName":"b","key":"k","x-amz-server-side-encryption":"aws:kms",
			"x-amz-server-side-encryption-aws-kms-key-id":"` + key + `","x-amz-server-side-encryption-bucket-key-enabled":"true"}`, `null`},
		"PutBucketPolicy shows the policy": {s3Call(s3api.OpPutBucketPolicy.Operation, &s3api.PutBucketPolicyRequest{Bucket: "b", Policy: policyText}),
			"PutBucketPolicy", false, `{"bucketName":"b","policy":"","bucketPolicy":` + policyText + `}`, `null`},
		"ListObjectsV2 is ListObjects": {s3Call(s3api.OpListObjectsV2.Operation, &s3api.ListObjectsV2Request{Bucket: "b", Prefix: new("p/")}),
			"ListObjects", true, `{"bucketName":"b","list-type":"2","prefix":"p/"}`, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			k := kindOf(test.call.Service, test.call.Operation)
			r := describe(rootUser(account), &test.call, k, nil)
			if r.Name != test.event || r.ReadOnly != test.readOnly {
				t.Errorf("the event is %s, readOnly %v", r.Name, r.ReadOnly)
			}
			same(t, "requestParameters", r.RequestParameters, test.request)
			same(t, "responseElements", r.ResponseElements, test.response)
		})
	}
}

func TestLargeParametersAreLeftOut(t *testing.T) {
	large := make([]byte, maxParameters)
	for i := range large {
		large[i] = 'x'
	}
	got := parameters(kmsapi.Service, &kmsapi.CreateKeyRequest{Description: new(string(large))}, nil)
	same(t, "requestParameters", got, `{"omitted":true,"originalSize":102418,"reason":"content too large"}`)
	if got := cut("aé", 2); got != "a" {
		t.Errorf("a cut text is %q", got)
	}
}

// brokenStore fails writes until it is repaired.
type brokenStore struct {
	storage.Store
	broken atomic.Bool
}

var errBroken = errors.New("broken")

func (s *brokenStore) Update(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	if s.broken.Load() {
		return errBroken
	}
	return s.Store.Update(ctx, fn)
}

func TestRecordsOutliveAStoreThatFailsForAWhile(t *testing.T) {
	var store *brokenStore
	b := newBench(t, func(c *Config) { store = &brokenStore{Store: c.Store}; c.Store = store })
	store.broken.Store(true)
	b.call(3)
	if _, err := b.LookupEvents(b.ctx, lookup()); !errors.Is(err, errBroken) {
		t.Errorf("LookupEvents answers %v", err)
	}
	store.broken.Store(false)
	out, err := b.LookupEvents(b.ctx, lookup())
	for errors.Is(err, errBroken) { // the writer's last attempt
		out, err = b.LookupEvents(b.ctx, lookup())
	}
	b.ok(err)
	if len(out.Events) != 3 {
		t.Errorf("%d events are left", len(out.Events))
	}
}

func TestOrderlyShutdownLosesNothing(t *testing.T) {
	b := newBench(t)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() { b.call(500) })
	}
	calls.Wait()
	b.restart()
	n := 0
	in := lookup()
	for {
		out, err := b.LookupEvents(b.ctx, in)
		b.ok(err)
		n += len(out.Events)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if n != 2000 {
		t.Errorf("%d of 2000 events are there after a restart", n)
	}
}

func TestCloseTellsOfRecordsThatWereNotWritten(t *testing.T) {
	b := newBench(t)
	store := &brokenStore{Store: b.store}
	c := b.conf
	c.Store = store
	s := New(c)
	store.broken.Store(true)
	s.Note(b.ctx, Event{Account: account, Region: region})
	if err := s.Close(); !errors.Is(err, errBroken) {
		t.Errorf("Close answers %v", err)
	}
	s.Note(b.ctx, Event{Account: account, Region: region}) // dropped, and does not wait
}

func TestNumbersGoOnAfterARestart(t *testing.T) {
	b := newBench(t)
	b.call(5)
	b.ok(b.queue.flush(b.ctx))
	before := b.queue.last
	b.restart()
	b.call(1)
	if b.queue.last <= before {
		t.Errorf("after %d comes %d", before, b.queue.last)
	}
}

func TestResetForgetsEverything(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	b.call(3)
	b.ok(b.store.Reset(b.ctx))
	b.Reset()
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	if len(out.Events) != 0 {
		t.Errorf("%d events are left", len(out.Events))
	}
	b.call(1)
	b.advance(time.Hour)
	if n := len(b.s3.files("")); n != 0 {
		t.Errorf("a trail of before has delivered %d files", n)
	}
	b.trail("main")
}

func BenchmarkRecord(bench *testing.B) {
	b := newBench(bench)
	c := as(userOf(account, "Alice"))
	call := api.Call{
		Service: kmsapi.Service, Operation: kmsapi.OpEncrypt.Operation,
		In:  &kmsapi.EncryptRequest{KeyId: key, Plaintext: make([]byte, 64), EncryptionContext: map[string]string{"a": "b"}},
		Out: &kmsapi.EncryptResponse{KeyId: new(key), CiphertextBlob: make([]byte, 200)},
	}
	bench.ReportAllocs()
	for bench.Loop() {
		b.Record(c, call)
	}
	bench.StopTimer()
	b.ok(b.queue.flush(context.Background()))
}
