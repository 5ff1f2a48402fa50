package integration

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// The accounts of the tests of CloudTrail. Their ids are access keys of their
// root users.
const (
	ours   = "111122223333"
	theirs = "444455556666"
)

func trailClient(url string, c aws.CredentialsProvider) *cloudtrail.Client {
	return cloudtrail.New(cloudtrail.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}, HTTPClient: whole{}})
}

func s3Client(url string, c aws.CredentialsProvider) *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}, UsePathStyle: true, HTTPClient: whole{}})
}

// trailed is a test with an emulator whose records it looks at.
type trailed struct {
	*testing.T
	server *emulatortest.Server
}

func startTrailed(t *testing.T, options ...emulatortest.Option) *trailed {
	t.Helper()
	return &trailed{t, emulatortest.Start(t, append([]emulatortest.Option{emulatortest.WithTiming(emulator.AWS)}, options...)...)}
}

func (t *trailed) ok(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// event is a record.
type event map[string]any

// at returns what lies at a path of members, nil if there is nothing.
func (e event) at(path ...string) any {
	var v any = map[string]any(e)
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// history returns an account's event history in a Region, newest first.
func (t *trailed) history(account, region string) (list []event) {
	t.Helper()
	c := trailClient(t.server.URL, keys(account, "test"))
	pages := cloudtrail.NewLookupEventsPaginator(c, &cloudtrail.LookupEventsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context(), func(o *cloudtrail.Options) { o.Region = region })
		t.ok(err)
		for _, e := range page.Events {
			var one event
			t.ok(json.Unmarshal([]byte(*e.CloudTrailEvent), &one))
			list = append(list, one)
		}
	}
	return list
}

// named returns the newest event of that name.
func (t *trailed) named(account, region, name string) event {
	t.Helper()
	list := t.history(account, region)
	i := slices.IndexFunc(list, func(e event) bool { return e["eventName"] == name })
	if i < 0 {
		t.Fatalf("no event %s among %d of %s in %s", name, len(list), account, region)
	}
	return list[i]
}

// is holds what lies at paths against values as JSON.
func (t *trailed) is(e event, want map[string]string) {
	t.Helper()
	for name, value := range want {
		got, err := json.Marshal(e[name])
		t.ok(err)
		var v any
		t.ok(json.Unmarshal([]byte(value), &v))
		wanted, err := json.Marshal(v)
		t.ok(err)
		if string(got) != string(wanted) {
			t.Errorf("%s of %v is %s, want %s", name, e["eventName"], got, wanted)
		}
	}
}

// bucket makes a bucket of an account, with a policy if one is given.
func (t *trailed) bucket(account, name, policy string) {
	t.Helper()
	c := s3Client(t.server.URL, keys(account, "test"))
	_, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: &name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	t.ok(err)
	if policy != "" {
		_, err = c.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &name, Policy: &policy})
		t.ok(err)
	}
}

const year = 366 * 24 * time.Hour
