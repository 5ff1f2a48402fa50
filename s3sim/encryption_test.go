package s3sim

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
)

// bareID is the id of keyARN.
const bareID = "1234abcd-12ab-34cd-56ef-1234567890ab"

func (b *bench) encryption(name string, rule s3api.ServerSideEncryptionRule) error {
	_, err := b.PutBucketEncryption(b.ctx, &s3api.PutBucketEncryptionRequest{
		Bucket: name, ServerSideEncryptionConfiguration: s3api.ServerSideEncryptionConfiguration{Rules: []s3api.ServerSideEncryptionRule{rule}},
	})
	return err
}

func ruleOf(algorithm s3api.ServerSideEncryption, key *string, bucketKey *bool) s3api.ServerSideEncryptionRule {
	return s3api.ServerSideEncryptionRule{
		ApplyServerSideEncryptionByDefault: &s3api.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm, KMSMasterKeyID: key}, BucketKeyEnabled: bucketKey,
	}
}

func TestKMSIsCalledForTheUser(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	amy := b.user(account, "amy", allow("s3:*", "*"))
	in := func(in *s3api.PutObjectRequest) {
		in.ServerSideEncryption, in.SSEKMSKeyId = new(sseKMS), new(bareID)
		in.SSEKMSEncryptionContext = new(base64.StdEncoding.EncodeToString([]byte(`{"team":"blue"}`)))
	}
	out, err := b.tryPut(amy, "logs", "a/b", "text", in)
	b.ok(err)
	b.same("answer", []any{*out.ServerSideEncryption, *out.SSEKMSKeyId, *out.SSEKMSEncryptionContext, out.BucketKeyEnabled},
		[]any{"aws:kms", keyARN, "eyJ0ZWFtIjoiYmx1ZSJ9", (*bool)(nil)})
	_, text, err := b.tryGet(amy, "logs", "a/b")
	b.ok(err)
	b.same("text", text, "text")
	want := " as arn:aws:iam::111122223333:user/amy via s3.us-west-2.amazonaws.com map[aws:s3:arn:arn:aws:s3:::logs/a/b team:blue]"
	b.same("calls", b.keys.calls, []string{"GenerateDataKey " + keyARN + want, "Decrypt " + keyARN + want})
}

func TestTheBucketsRegionDecidesWhereKMSIsCalled(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	service := api.WithCaller(b.ctx, &api.Caller{Principal: api.CallerOf(b.ctx).Principal, Region: "us-east-1", Partition: "aws"})
	_, err := b.tryPut(service, "logs", "k", "text", withKMS(bareID))
	b.ok(err)
	b.same("region", b.keys.calls[0].region, region)
	b.same("key", *b.head("logs", "k").SSEKMSKeyId, keyARN)
}

func TestWhichEncryptionANewObjectHas(t *testing.T) {
	kms, dual, plain := sseKMS, sseDual, sseS3
	for _, tt := range []struct {
		name      string
		rule      *s3api.ServerSideEncryptionRule
		change    putOption
		kind, key string
		bucketKey bool
	}{
		{"nothing said", nil, nil, "AES256", "", false},
		{"asked for S3's", nil, func(in *s3api.PutObjectRequest) { in.ServerSideEncryption = &plain }, "AES256", "", false},
		{"asked for KMS without a key", nil, withKMS(""), "aws:kms", s3Key, false},
		{"asked for a key", nil, withKMS(secondKey), "aws:kms", secondKey, false},
		{"asked for a bucket key", nil, func(in *s3api.PutObjectRequest) {
			in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = &kms, new(keyARN), new(true)
		}, "aws:kms", keyARN, true},
		{"asked for two layers", nil, func(in *s3api.PutObjectRequest) { in.ServerSideEncryption, in.SSEKMSKeyId = &dual, new(keyARN) }, "aws:kms:dsse", keyARN, false},
		{"the bucket's key", new(ruleOf(kms, new(bareID), new(true))), nil, "aws:kms", keyARN, true},
		{"the bucket's KMS without a key", new(ruleOf(kms, nil, nil)), nil, "aws:kms", s3Key, false},
		{"the bucket's two layers", new(ruleOf(dual, new(keyARN), new(true))), nil, "aws:kms:dsse", keyARN, false},
		{"S3's in a bucket with a key", new(ruleOf(kms, new(keyARN), nil)), func(in *s3api.PutObjectRequest) { in.ServerSideEncryption = &plain }, "AES256", "", false},
		{"KMS without a key in a bucket with one", new(ruleOf(kms, new(keyARN), new(true))), withKMS(""), "aws:kms", s3Key, true},
		{"no bucket key after all", new(ruleOf(kms, new(keyARN), new(true))), func(in *s3api.PutObjectRequest) { in.BucketKeyEnabled = new(false) }, "aws:kms", keyARN, false},
	} {
		b := newBench(t)
		b.bucket("logs")
		if tt.rule != nil {
			b.ok(b.encryption("logs", *tt.rule))
		}
		change := tt.change
		if change == nil {
			change = func(*s3api.PutObjectRequest) {}
		}
		out := b.put("logs", "k", "text", change)
		got := b.reads("logs", "k", "text")
		head := b.head("logs", "k")
		for _, seen := range []shownCrypt{
			{kind: out.ServerSideEncryption, keyID: out.SSEKMSKeyId, bucketKey: out.BucketKeyEnabled},
			{kind: got.ServerSideEncryption, keyID: got.SSEKMSKeyId, bucketKey: got.BucketKeyEnabled},
			{kind: head.ServerSideEncryption, keyID: head.SSEKMSKeyId, bucketKey: head.BucketKeyEnabled},
		} {
			if string(*seen.kind) != tt.kind || value(seen.keyID) != tt.key || (seen.bucketKey != nil) != tt.bucketKey {
				t.Errorf("%s: %s %s %v", tt.name, *seen.kind, value(seen.keyID), seen.bucketKey)
			}
		}
		if (*out.ETag == etagOf("text")) != (tt.kind == "AES256") {
			t.Errorf("%s: the ETag is %s", tt.name, *out.ETag)
		}
	}
}

func TestTheTagOfAKMSObjectTellsNothing(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	first, second := b.put("logs", "k", "text", withKMS(keyARN)), b.put("logs", "k", "text", withKMS(keyARN))
	if *first.ETag == *second.ETag || *first.ETag == etagOf("text") || len(*first.ETag) != 34 {
		t.Errorf("tags %s and %s", *first.ETag, *second.ETag)
	}
}

func TestRequestsOfEncryptionThatCantBe(t *testing.T) {
	for _, tt := range []struct {
		name          string
		change        putOption
		code, message string
	}{
		{"a key without KMS", func(in *s3api.PutObjectRequest) { in.SSEKMSKeyId = new(keyARN) }, "InvalidArgument",
			"Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"},
		{"a key beside S3's", func(in *s3api.PutObjectRequest) {
			in.ServerSideEncryption, in.SSEKMSKeyId = new(sseS3), new(keyARN)
		}, "InvalidArgument", "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"},
		{"an unknown method", func(in *s3api.PutObjectRequest) { in.ServerSideEncryption = new(s3api.ServerSideEncryption("rot13")) },
			"InvalidArgument", "The encryption method specified is not supported"},
		{"a context of another form", func(in *s3api.PutObjectRequest) {
			withKMS(keyARN)(in)
			in.SSEKMSEncryptionContext = new(base64.StdEncoding.EncodeToString([]byte(`["a"]`)))
		}, "InvalidArgument", badContext().Message},
		{"S3's own pair in the context", func(in *s3api.PutObjectRequest) {
			withKMS(keyARN)(in)
			in.SSEKMSEncryptionContext = new(base64.StdEncoding.EncodeToString([]byte(`{"aws:s3:arn":"x"}`)))
		}, "InvalidArgument", badContext().Message},
		{"an invalid key", withKMS("fake-key-id"), "KMS.NotFoundException", "Invalid keyId 'fake-key-id'"},
	} {
		b := newBench(t)
		b.bucket("logs")
		_, err := b.tryPut(b.ctx, "logs", "k", "text", tt.change)
		e := b.fails(err, tt.code, tt.message)
		if e.Status != 400 {
			t.Errorf("%s: status %d", tt.name, e.Status)
		}
	}
}

func TestWhatKMSRefusesS3Refuses(t *testing.T) {
	for _, tt := range []struct {
		refusal       error
		status        int
		code, message string
	}{
		{kmsapi.DisabledException("%s is disabled.", keyARN), 400, "KMS.DisabledException", keyARN + " is disabled."},
		{kmsapi.KMSInvalidStateException("%s is pending deletion.", keyARN), 400, "KMS.KMSInvalidStateException", keyARN + " is pending deletion."},
		{kmsapi.NotFoundException("Key '%s' does not exist", keyARN), 400, "KMS.NotFoundException", "Key '" + keyARN + "' does not exist"},
		{kmsapi.Service.AccessDenied("User: u is not authorized to perform: kms:Decrypt"), 403, "AccessDenied", "User: u is not authorized to perform: kms:Decrypt"},
	} {
		b := newBench(t)
		b.bucket("logs")
		b.put("logs", "k", "text", withKMS(keyARN))
		b.keys.refused[keyARN] = tt.refusal
		_, err := b.tryPut(b.ctx, "logs", "l", "text", withKMS(keyARN))
		b.fails(err, tt.code, tt.message)
		_, _, err = b.tryGet(b.ctx, "logs", "k")
		if e := b.fails(err, tt.code, tt.message); e.Status != tt.status {
			t.Errorf("status %d", e.Status)
		}
		_, err = b.HeadObject(b.ctx, &s3api.HeadObjectRequest{Bucket: "logs", Key: "k"})
		b.ok(err)
		b.same("listed", b.names("logs"), "k")
		_, err = b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "k"})
		b.ok(err)
		delete(b.keys.refused, keyARN)
	}
}

func TestAFaultOfKMSStaysOne(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.keys.refused[keyARN] = &api.Error{Code: "KMSInternalException", Status: 500}
	_, err := b.tryPut(b.ctx, "logs", "l", "text", withKMS(keyARN))
	if e := b.code(err, "KMSInternalException"); !e.Fault() {
		t.Error("a fault became a refusal")
	}
}

func TestWhoMayNotDecryptMayNotRead(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "kms", "text", withKMS(keyARN))
	b.put("logs", "s3", "text")
	b.keys.refused[keyARN] = kmsapi.Service.AccessDenied("no")
	_, _, err := b.tryGet(b.ctx, "logs", "kms")
	b.fails(err, "AccessDenied", "no")
	b.reads("logs", "s3", "text")
	_, err = b.HeadObject(b.ctx, &s3api.HeadObjectRequest{Bucket: "logs", Key: "kms", ChecksumMode: new(s3api.ChecksumModeEnabled)})
	b.fails(err, "AccessDenied", "no")
}

func TestABucketKeySparesKMS(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.ok(b.encryption("logs", ruleOf(sseKMS, new(keyARN), new(true))))
	b.put("logs", "a", "1")
	b.put("logs", "b", "2")
	b.reads("logs", "a", "1")
	b.same("one call for all", b.keys.calls, []string{"GenerateDataKey " + keyARN + " as arn:aws:iam::111122223333:root via s3.us-west-2.amazonaws.com map[aws:s3:arn:arn:aws:s3:::logs]"})
	b.keys.took()
	amy := b.user(account, "amy", allow("s3:*", "*"))
	for range 2 {
		_, _, err := b.tryGet(amy, "logs", "b")
		b.ok(err)
	}
	b.same("another requester asks once", b.keys.took(), "Decrypt")
	b.keys.refused[keyARN] = kmsapi.DisabledException("off")
	b.reads("logs", "a", "1")
	b.advance(5 * time.Minute)
	_, _, err := b.tryGet(b.ctx, "logs", "a")
	b.fails(err, "KMS.DisabledException", "off")
	_, err = b.tryPut(b.ctx, "logs", "c", "3")
	b.fails(err, "KMS.DisabledException", "off")
}

func TestWithoutALifetimeABucketKeyIsAskedForEachTime(t *testing.T) {
	b := newBench(t, func(c *Config) { c.BucketKeyLifetime = 0 })
	b.bucket("logs")
	b.ok(b.encryption("logs", ruleOf(sseKMS, new(keyARN), new(true))))
	b.put("logs", "a", "1")
	b.put("logs", "b", "2")
	b.reads("logs", "a", "1")
	b.same("calls", b.keys.took(), "GenerateDataKey GenerateDataKey Decrypt")
}

func TestAnEncryptedObjectIsBoundToItsName(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, change := range []putOption{func(*s3api.PutObjectRequest) {}, withKMS(keyARN), putWith("a")} {
		b.put("logs", "a", "text", change)
		b.put("logs", "b", "other", change)
		bucket, err := b.service.find(b.ctx, "logs", nil)
		b.ok(err)
		_, from, err := b.service.peek(b.ctx, target{bucket: "logs", key: "a"})
		b.ok(err)
		_, to, err := b.service.peek(b.ctx, target{bucket: "logs", key: "b"})
		b.ok(err)
		b.ok(b.service.rewrite(b.ctx, bucket, to, func(v *version) error { v.Crypt = from.Crypt; return nil }))
		if _, text, err := b.tryGet(b.ctx, "logs", "b"); err == nil {
			t.Errorf("an object opens under the envelope of another: %q", text)
		}
		if from.Crypt.Kind == sseC {
			_, text, err := b.tryGet(b.ctx, "logs", "b", getWith("a"))
			if err == nil {
				t.Errorf("an object opens under the envelope of another: %q", text)
			}
		}
	}
}

func TestBucketEncryptionHasItsErrors(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, n := range []int{0, 2} {
		rules := make([]s3api.ServerSideEncryptionRule, n)
		_, err := b.PutBucketEncryption(b.ctx, &s3api.PutBucketEncryptionRequest{Bucket: "logs", ServerSideEncryptionConfiguration: s3api.ServerSideEncryptionConfiguration{Rules: rules}})
		b.fails(err, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		_, err = b.PutBucketEncryption(b.ctx, &s3api.PutBucketEncryptionRequest{Bucket: "none", ServerSideEncryptionConfiguration: s3api.ServerSideEncryptionConfiguration{Rules: rules}})
		b.field(b.fails(err, "NoSuchBucket", "The specified bucket does not exist"), "BucketName", "none")
	}
	e := b.fails(b.encryption("logs", ruleOf(sseS3, new(keyARN), nil)), "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	b.field(e, "ArgumentName", "ApplyServerSideEncryptionByDefault")
	b.code(b.encryption("logs", ruleOf("rot13", nil, nil)), "MalformedXML")
	b.ok(b.encryption("logs", ruleOf(sseKMS, new(bareID), nil)))
	out, err := b.GetBucketEncryption(b.ctx, &s3api.GetBucketEncryptionRequest{Bucket: "logs"})
	b.ok(err)
	b.same("key as sent", *out.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.KMSMasterKeyID, bareID)
	for range 2 {
		_, err = b.DeleteBucketEncryption(b.ctx, &s3api.DeleteBucketEncryptionRequest{Bucket: "logs"})
		b.ok(err)
	}
	b.put("logs", "k", "x")
	b.same("after deleting", *b.head("logs", "k").ServerSideEncryption, "AES256")
}

func TestChangingTheBucketsEncryptionLeavesObjectsAlone(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "old", "x")
	b.ok(b.encryption("logs", ruleOf(sseKMS, new(keyARN), nil)))
	b.put("logs", "new", "x")
	b.same("old", *b.head("logs", "old").ServerSideEncryption, "AES256")
	b.same("new", *b.head("logs", "new").ServerSideEncryption, "aws:kms")
}

func TestABucketCanBlockTheCustomersKeys(t *testing.T) {
	blocked := func(kind s3api.EncryptionType) s3api.ServerSideEncryptionRule {
		rule := ruleOf(sseS3, nil, nil)
		rule.BlockedEncryptionTypes = &s3api.BlockedEncryptionTypes{EncryptionType: []s3api.EncryptionType{kind}}
		return rule
	}
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "k", "text", putWith("a"))
	b.ok(b.encryption("logs", blocked(s3api.EncryptionTypeSseC)))
	_, err := b.tryPut(b.ctx, "logs", "l", "text", putWith("a"))
	if e := b.code(err, "AccessDenied"); e.Status != 403 {
		t.Errorf("status %d", e.Status)
	}
	b.reads("logs", "k", "text", getWith("a"))
	b.ok(b.encryption("logs", blocked(s3api.EncryptionTypeNone)))
	b.put("logs", "l", "text", putWith("a"))

	fresh := newBench(t, func(c *Config) { c.BlockCustomerKeys = true })
	fresh.bucket("logs")
	_, err = fresh.tryPut(fresh.ctx, "logs", "l", "text", putWith("a"))
	fresh.code(err, "AccessDenied")
	fresh.put("logs", "l", "text")
}

func TestTheSameContentInTwoLayersTakesBothKeys(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	text := strings.Repeat("two layers ", 50000)
	b.put("logs", "k", text, func(in *s3api.PutObjectRequest) { in.ServerSideEncryption, in.SSEKMSKeyId = new(sseDual), new(keyARN) })
	b.same("one call", b.keys.took(), "GenerateDataKey")
	b.reads("logs", "k", text)
	_, v, err := b.service.peek(b.ctx, target{bucket: "logs", key: "k"})
	b.ok(err)
	if len(v.Crypt.Outer) == 0 || len(v.Crypt.Wrapped) == 0 {
		t.Error("a layer has no key")
	}
	b.keys.refused[keyARN] = kmsapi.DisabledException("off")
	_, _, err = b.tryGet(b.ctx, "logs", "k")
	b.code(err, "KMS.DisabledException")
}

func TestAnObjectCanBePutUnderAnotherKey(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	before := b.put("logs", "k", "text")
	to := func(key string) error {
		_, err := b.UpdateObjectEncryption(b.ctx, &s3api.UpdateObjectEncryptionRequest{
			Bucket: "logs", Key: "k", ObjectEncryption: s3api.ObjectEncryption{SSEKMS: &s3api.SSEKMSEncryption{KMSKeyArn: key}},
		})
		return err
	}
	b.ok(b.clock.Advance(time.Hour))
	b.ok(to(keyARN))
	b.ok(to(secondKey))
	b.same("calls", b.keys.took(), "GenerateDataKey Decrypt GenerateDataKey")
	b.keys.refused[keyARN] = kmsapi.DisabledException("off")
	got := b.reads("logs", "k", "text")
	b.same("what stays", []any{*got.ETag, *got.LastModified}, []any{*before.ETag, start})
	b.same("key", *got.SSEKMSKeyId, secondKey)
	b.code(to(bareID), "InvalidRequest")
	b.code(to(strings.Replace(keyARN, account, stranger, 1)), "AccessDenied")
	b.put("logs", "k", "text", putWith("a"))
	b.code(to(keyARN), "InvalidRequest")
}
