package cloudtrail

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
)

// callIn makes a call that is recorded in a Region.
func (b *bench) callIn(region string) {
	b.t.Helper()
	_, err := b.kms.DescribeKey(b.in(region), &kmsapi.DescribeKeyRequest{KeyId: key})
	b.ok(err)
}

// broken refuses log files, as a disabled key does; digests have another.
func broken(k string) error {
	if strings.Contains(k, "/CloudTrail/") {
		return api400("KMS.DisabledException")
	}
	return nil
}

// listedIn are the log files of a Region that digests tell of whose names
// have that end.
func listedIn(all []digestFile, region, suffix string) (files []string) {
	for _, d := range all {
		if strings.Contains(d.Key, "/CloudTrail-Digest/"+region+"/") && strings.HasSuffix(d.Key, suffix) {
			for _, f := range d.Files {
				files = append(files, f.Key)
			}
		}
	}
	return files
}

func TestLateFilesOfEachRegionAreInItsBackfillDigests(t *testing.T) {
	for name, regions := range map[string][]string{"one Region": {"us-east-1"}, "two Regions": {"us-east-1", "eu-west-1"}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.trail("main", validated, everywhere)
			b.s3.put = broken
			for range 3 {
				for _, r := range regions {
					b.callIn(r)
				}
				b.advance(10 * time.Minute)
				b.advance(50 * time.Minute)
			}
			b.restart()
			b.s3.put = nil
			b.advance(time.Hour)
			all := verifyDigests(t, b)
			for _, r := range regions {
				late := listedIn(all, r, "_backfill.json.gz")
				in := func(k string) bool { return strings.Contains(k, "/CloudTrail/"+r+"/") }
				if len(late) == 0 || slices.ContainsFunc(late, func(k string) bool { return !in(k) }) {
					t.Errorf("%s is told late of %v", r, late)
				}
			}
			if n := len(b.s3.records(t)); n != 3*len(regions) {
				t.Errorf("%d records arrived, want %d", n, 3*len(regions))
			}
		})
	}
}

func TestBackfillDigestsAreAChainOfTheirOwn(t *testing.T) {
	b := newBench(t)
	b.trail("main", validated)
	for range 2 {
		b.s3.put = broken
		b.call(1)
		b.advance(5 * time.Minute)
		b.advance(2 * time.Hour)
		b.s3.put = nil
		b.advance(2 * time.Hour)
	}
	verifyDigests(t, b)
	var last string
	late := b.s3.files("_backfill.json.gz")
	if len(late) != 2 {
		t.Fatalf("backfill digests are %v", late)
	}
	for _, at := range late {
		var d digestFile
		b.ok(json.Unmarshal(b.s3.plain(t, at), &d))
		if (last == "") != (d.PreviousKey == nil) || d.PreviousKey != nil && *d.PreviousKey != last {
			t.Errorf("%s does not follow %q", d.Key, last)
		}
		last = d.Key
	}
	for _, at := range b.s3.files("/CloudTrail-Digest/") {
		var d digestFile
		b.ok(json.Unmarshal(b.s3.plain(t, at), &d))
		if !strings.HasSuffix(d.Key, "_backfill.json.gz") && d.PreviousKey != nil && strings.HasSuffix(*d.PreviousKey, "_backfill.json.gz") {
			t.Errorf("%s follows a backfill digest", d.Key)
		}
	}
}

func TestSelectorsOfDataAndNetworkEventsNameWhatTheyNeed(t *testing.T) {
	b := newBench(t)
	b.trail("main")
	field := func(name string, equals ...string) cloudtrailapi.AdvancedFieldSelector {
		return cloudtrailapi.AdvancedFieldSelector{Field: name, Equals: equals}
	}
	for name, test := range map[string]struct {
		fields  []cloudtrailapi.AdvancedFieldSelector
		message string
	}{
		"one type":                 {[]cloudtrailapi.AdvancedFieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object")}, ""},
		"a type of another kind":   {[]cloudtrailapi.AdvancedFieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::Lambda::Function")}, ""},
		"two types":                {[]cloudtrailapi.AdvancedFieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object", "AWS::Lambda::Function")}, "resources.type must equal one resource type."},
		"what is no type":          {[]cloudtrailapi.AdvancedFieldSelector{field("eventCategory", "Data"), field("resources.type", "Foo")}, "resources.type must equal one resource type."},
		"a network without source": {[]cloudtrailapi.AdvancedFieldSelector{field("eventCategory", "NetworkActivity")}, "eventSource is required for network activity events."},
		"a network":                {[]cloudtrailapi.AdvancedFieldSelector{field("eventCategory", "NetworkActivity"), field("eventSource", "kms.amazonaws.com")}, ""},
	} {
		_, err := b.PutEventSelectors(b.ctx, &cloudtrailapi.PutEventSelectorsRequest{
			TrailName: "main", AdvancedEventSelectors: []cloudtrailapi.AdvancedEventSelector{{FieldSelectors: test.fields}},
		})
		if test.message == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.message != "" {
			b.fails(err, "InvalidEventSelectorsException", test.message)
		}
	}
}

func TestAttributionsTellOfRolesNotOfSessions(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sts::111122223333:assumed-role/Deploy/i-1":  "arn:aws:sts::111122223333:assumed-role/Deploy",
		"arn:aws:iam::111122223333:user/path/assumed-role/x": "arn:aws:iam::111122223333:user/path/assumed-role/x",
		"arn:aws:iam::111122223333:root":                     "arn:aws:iam::111122223333:root",
		"":                                                   "",
	} {
		if got := roleOf(arn); got != want {
			t.Errorf("%s is %s, want %s", arn, got, want)
		}
	}
}
