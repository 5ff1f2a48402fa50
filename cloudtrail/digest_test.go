package cloudtrail

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
	"sealstack/api/s3api"
)

// verifyDigests checks every digest with the public keys: signature, chain,
// hashes; and that each log file is in one digest. It returns the digests.
func verifyDigests(t *testing.T, b *bench) []digestFile {
	t.Helper()
	public := map[string]*rsa.PublicKey{}
	for _, r := range []string{"us-east-1", "eu-west-1"} {
		out, err := b.ListPublicKeys(b.in(r), &cloudtrailapi.ListPublicKeysRequest{StartTime: new(start), EndTime: new(b.clock.Now())})
		b.ok(err)
		for _, k := range out.PublicKeyList {
			p, err := x509.ParsePKCS1PublicKey(k.Value)
			b.ok(err)
			public[*k.Fingerprint] = p
		}
	}
	listed := map[string]bool{}
	var all []digestFile
	for _, at := range b.s3.files("/CloudTrail-Digest/") {
		var d digestFile
		text := b.s3.plain(t, at)
		b.ok(json.Unmarshal(text, &d))
		all = append(all, d)
		if d.Bucket+"/"+d.Key != at {
			t.Errorf("%s says that it is %s/%s", at, d.Bucket, d.Key)
		}
		before := "null"
		if d.PreviousSignature != nil {
			before = *d.PreviousSignature
			if hash := hashOf(b.s3.plain(t, *d.PreviousBucket+"/"+*d.PreviousKey)); hash != *d.PreviousHash {
				t.Errorf("%s has another hash of the digest before", at)
			}
		}
		sum := sha256.Sum256([]byte(d.End + "\n" + d.Bucket + "/" + d.Key + "\n" + hashOf(text) + "\n" + before))
		metadata := b.s3.objects[at].in.Metadata
		sig, err := hex.DecodeString(metadata["signature"])
		b.ok(err)
		if err := rsa.VerifyPKCS1v15(public[d.Fingerprint], crypto.SHA256, sum[:], sig); err != nil || metadata["signature-algorithm"] != "SHA256withRSA" {
			t.Errorf("%s: %v, %v", at, err, metadata)
		}
		for _, f := range d.Files {
			if listed[f.Key] {
				t.Errorf("%s is in two digests", f.Key)
			}
			listed[f.Key] = true
			if hashOf(b.s3.plain(t, f.Bucket+"/"+f.Key)) != f.Hash {
				t.Errorf("%s has another hash than %s", f.Key, f.Hash)
			}
		}
	}
	for _, at := range b.s3.files("/CloudTrail/") {
		if _, k, _ := strings.Cut(at, "/"); !listed[k] {
			t.Errorf("%s is in no digest", k)
		}
	}
	return all
}

func TestDigestEachHourFromTheStart(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.call(1)
	b.advance(5 * time.Minute)
	b.advance(55 * time.Minute)
	b.advance(2 * time.Hour)
	all := verifyDigests(t, b)
	if len(all) != 3 {
		t.Fatalf("%d digests after three hours", len(all))
	}
	first := all[0]
	want := "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/01/111122223333_CloudTrail-Digest_us-east-1_main_us-east-1_20260301T130000Z.json.gz"
	if first.Key != want || first.Start != "2026-03-01T12:00:00Z" || first.End != "2026-03-01T13:00:00Z" {
		t.Errorf("the first digest is %s from %s to %s", first.Key, first.Start, first.End)
	}
	if first.PreviousKey != nil || first.PreviousHash != nil || first.PreviousAlgorithm != nil || len(first.Files) != 1 || *first.Newest != "2026-03-01T12:00:00Z" {
		t.Errorf("the first digest is %+v", first)
	}
	for i, d := range all[1:] {
		if *d.PreviousKey != all[i].Key || d.Start != all[i].End || d.Newest != nil || d.Files == nil {
			t.Errorf("digest %d is %+v", i+1, d)
		}
	}
	for _, at := range b.s3.files("/CloudTrail-Digest/") {
		if in := b.s3.objects[at].in; *in.ServerSideEncryption != "AES256" || in.SSEKMSKeyId != nil || *in.ACL != "bucket-owner-full-control" {
			t.Errorf("%s is encrypted with %v", at, *in.ServerSideEncryption)
		}
	}
	s, err := b.GetTrailStatus(b.ctx, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
	b.ok(err)
	if !s.LatestDigestDeliveryTime.Equal(b.clock.Now()) || s.LatestDigestDeliveryError != nil {
		t.Errorf("status is %+v", s)
	}
}

func TestDigestsAreEncryptedAsConfigured(t *testing.T) {
	for name, test := range map[string]struct {
		mode DigestEncryption
		key  *string
		want s3api.ServerSideEncryption
	}{
		"Amazon S3's key although the trail has one": {DigestSSES3, new(key), "AES256"},
		"the trail's key":       {DigestSSEKMS, new(key), "aws:kms"},
		"a trail without a key": {DigestSSEKMS, nil, "AES256"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, func(c *Config) { c.DigestEncryption = test.mode })
			b.trail("main", validated, func(in *cloudtrailapi.CreateTrailRequest) { in.KmsKeyId = test.key })
			b.advance(time.Hour)
			in := b.s3.objects[b.s3.files("/CloudTrail-Digest/")[0]].in
			if got := in.ServerSideEncryption; got == nil || *got != test.want {
				t.Errorf("digests have %v, want %s", got, test.want)
			}
		})
	}
}

func TestStopEndsTheChainAndStartBeginsAnother(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.call(1)
	b.ok(b.clock.Advance(10 * time.Minute))
	_, err := b.StopLogging(b.ctx, &cloudtrailapi.StopLoggingRequest{Name: "main"})
	b.ok(err)
	b.advance(time.Minute)
	all := verifyDigests(t, b)
	if len(all) != 1 || len(all[0].Files) != 1 || all[0].End != "2026-03-01T12:11:00Z" {
		t.Fatalf("after the stop there are %+v", all)
	}
	b.advance(3 * time.Hour)
	_, err = b.StartLogging(b.ctx, &cloudtrailapi.StartLoggingRequest{Name: "main"})
	b.ok(err)
	b.advance(time.Hour)
	all = verifyDigests(t, b)
	if len(all) != 2 || all[1].PreviousSignature != nil || all[1].Start != "2026-03-01T15:11:00Z" {
		t.Errorf("after the start there are %+v", all)
	}
}

func TestStopAndStartBetweenSweepsBreakTheChain(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.advance(time.Hour)
	b.ok(b.clock.Advance(10 * time.Minute))
	_, err := b.StopLogging(b.ctx, &cloudtrailapi.StopLoggingRequest{Name: "main"})
	b.ok(err)
	_, err = b.StartLogging(b.ctx, &cloudtrailapi.StartLoggingRequest{Name: "main"})
	b.ok(err)
	b.advance(time.Hour)
	all := verifyDigests(t, b)
	if len(all) != 3 || all[1].End != "2026-03-01T13:10:00Z" || all[2].PreviousKey != nil || all[2].Start != all[1].End {
		t.Errorf("digests are %+v", all)
	}
}

func TestDisabledValidationEndsTheChainWithItsHour(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.call(1)
	b.advance(10 * time.Minute)
	_, err := b.UpdateTrail(b.ctx, &cloudtrailapi.UpdateTrailRequest{Name: "main", EnableLogFileValidation: new(false)})
	b.ok(err)
	b.advance(5 * time.Hour)
	if n := len(verifyDigests(t, b)); n != 1 {
		t.Errorf("%d digests, want the one of the first hour", n)
	}
}

func TestLateFileHasABackfillDigest(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.call(1)
	b.s3.put = func(k string) error { // the key of log files is broken, digests have another
		if strings.Contains(k, "/CloudTrail/") {
			return api400("KMS.DisabledException")
		}
		return nil
	}
	b.advance(5 * time.Minute)
	b.advance(3 * time.Hour)
	b.s3.put = nil
	b.call(1)
	b.advance(5 * time.Minute)
	b.advance(55 * time.Minute)
	verifyDigests(t, b)
	late := b.s3.files("_backfill.json.gz")
	if len(late) != 1 || !strings.HasSuffix(late[0], "_main_us-east-1_20260301T130000Z_backfill.json.gz") {
		t.Fatalf("backfill digests are %v", late)
	}
	if at := b.s3.objects[late[0]].in.Metadata["backfill-generation-timestamp"]; at != "2026-03-01T15:10:00Z" {
		t.Errorf("it was generated at %q", at)
	}
}

func TestDigestThatFailsIsWrittenLater(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.s3.put = func(string) error { return s3api.AccessDenied("no") }
	b.advance(2 * time.Hour)
	s, err := b.GetTrailStatus(b.ctx, &cloudtrailapi.GetTrailStatusRequest{Name: "main"})
	b.ok(err)
	if s.LatestDigestDeliveryError == nil || *s.LatestDigestDeliveryError != "AccessDenied" {
		t.Errorf("status is %+v", s)
	}
	b.s3.put = nil
	b.restart()
	b.advance(time.Hour)
	if n := len(verifyDigests(t, b)); n != 3 {
		t.Errorf("%d digests after repair, want 3", n)
	}
}

func TestSigningKeysRotateAndStayListed(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	b.advance(time.Hour)
	b.restart()
	b.ok(b.clock.Advance(keyLife))
	b.advance(time.Hour)
	all := verifyDigests(t, b)
	if first, last := all[0].Fingerprint, all[len(all)-1].Fingerprint; first == last {
		t.Errorf("one key for %d digests", len(all))
	}
	list := func(from, to *time.Time) int {
		out, err := b.ListPublicKeys(b.ctx, &cloudtrailapi.ListPublicKeysRequest{StartTime: from, EndTime: to})
		b.ok(err)
		return len(out.PublicKeyList)
	}
	if n := list(nil, nil); n != 1 {
		t.Errorf("%d keys are valid now", n)
	}
	if n := list(new(start), new(b.clock.Now())); n != 2 {
		t.Errorf("%d keys have been valid", n)
	}
	if n := list(new(start), new(start.Add(time.Hour))); n != 1 {
		t.Errorf("%d keys were valid at first", n)
	}
	_, err := b.ListPublicKeys(b.ctx, &cloudtrailapi.ListPublicKeysRequest{StartTime: new(start), EndTime: new(start.Add(-1))})
	b.fails(err, "InvalidTimeRangeException", "")
	_, err = b.ListPublicKeys(b.ctx, &cloudtrailapi.ListPublicKeysRequest{NextToken: new("x")})
	b.fails(err, "InvalidTokenException", "")
}

func TestPrivateKeysAreSealed(t *testing.T) {
	b := newBench(t)
	k, err := b.signingKey(context.Background(), region, start)
	b.ok(err)
	if _, err := x509.ParsePKCS1PrivateKey(k.Private); err == nil {
		t.Error("the private key is stored in clear")
	}
	if _, err := b.root.Open(k.label("eu-west-1"), k.Private); err == nil {
		t.Error("the private key opens in another Region")
	}
}
