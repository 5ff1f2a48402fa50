package logs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

func TestCreateLogGroupTwiceLeavesTheFirst(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a")
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g"})
	b.fails(err, "ResourceAlreadyExistsException", "The specified log group already exists")
	if got := b.describe("g"); *got.KmsKeyId != keyARN {
		t.Errorf("the group's key is now %s", *got.KmsKeyId)
	}
	_, err = b.CreateLogStream(b.ctx, &logsapi.CreateLogStreamRequest{LogGroupName: "g", LogStreamName: "s"})
	b.fails(err, "ResourceAlreadyExistsException", "The specified log stream already exists")
	b.reads("g", "s", "a")
}

func TestConcurrentCreationsMakeOneGroup(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	made := make(chan error, 16)
	for range cap(made) {
		wg.Go(func() {
			_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g"})
			made <- err
		})
	}
	wg.Wait()
	close(made)
	succeeded := 0
	for err := range made {
		if err == nil {
			succeeded++
		} else if codeOf(err) != "ResourceAlreadyExistsException" {
			t.Error(err)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d creations succeeded, want 1", succeeded)
	}
}

func TestGroupNamesOfAWSAreReserved(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"aws/x", "AWS/x", "Aws/"} {
		_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: name})
		b.fails(err, "InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.")
	}
	b.createGroup("/aws/lambda/x", "")
}

func TestANewGroupShowsTheMembersThatAWSShows(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	g := b.describe("g")
	if *g.Arn != "arn:aws:logs:us-west-2:111122223333:log-group:g:*" || *g.LogGroupArn != "arn:aws:logs:us-west-2:111122223333:log-group:g" {
		t.Errorf("ARNs %s and %s", *g.Arn, *g.LogGroupArn)
	}
	if *g.CreationTime != start.UnixMilli() || *g.DeletionProtectionEnabled || *g.LogGroupClass != "STANDARD" || *g.MetricFilterCount != 0 || *g.StoredBytes != 0 {
		t.Errorf("%+v", g)
	}
	if g.RetentionInDays != nil || g.KmsKeyId != nil {
		t.Errorf("it shows a retention or a key: %+v", g)
	}
}

func TestDescribeLogGroupsPagesInOrderOfName(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.createGroup(fmt.Sprint("g", i), "")
	}
	b.createGroup("other", "")
	var names []string
	in := &logsapi.DescribeLogGroupsRequest{LogGroupNamePrefix: ptr("g"), Limit: ptr(int32(2))}
	for {
		out, err := b.DescribeLogGroups(b.ctx, in)
		b.ok(err)
		for _, g := range out.LogGroups {
			names = append(names, *g.LogGroupName)
		}
		if out.NextToken == nil {
			break
		}
		in.NextToken = out.NextToken
	}
	if got := strings.Join(names, " "); got != "g0 g1 g2 g3 g4" {
		t.Errorf("pages hold %s", got)
	}
	_, err := b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{NextToken: ptr("forged")})
	b.fails(err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestDescribeLogGroupsByPatternShowsFewerMembers(t *testing.T) {
	b := newBench(t)
	b.createGroup("shop-prod", "")
	b.createGroup("shop-test", "")
	out, err := b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{LogGroupNamePattern: ptr("PROD")})
	b.ok(err)
	if len(out.LogGroups) != 1 || *out.LogGroups[0].LogGroupName != "shop-prod" || out.LogGroups[0].StoredBytes != nil {
		t.Errorf("groups %+v", out.LogGroups)
	}
	_, err = b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{LogGroupNamePattern: ptr("a"), LogGroupNamePrefix: ptr("a")})
	b.fails(err, "InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
}

func TestListLogGroupsMatchesAlternativesAndAnchors(t *testing.T) {
	b := newBench(t)
	for _, n := range []string{"api-prod", "web-prod", "web-test"} {
		b.createGroup(n, "")
	}
	for pattern, want := range map[string]string{"": "api-prod web-prod web-test", "prod": "api-prod web-prod", "^web": "web-prod web-test", "^api|test": "api-prod web-test", "none": ""} {
		in := &logsapi.ListLogGroupsRequest{}
		if pattern != "" {
			in.LogGroupNamePattern = &pattern
		}
		out, err := b.ListLogGroups(b.ctx, in)
		b.ok(err)
		var names []string
		for _, g := range out.LogGroups {
			names = append(names, *g.LogGroupName)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("pattern %q gives %q, want %q", pattern, got, want)
		}
	}
}

func TestAccountsAndRegionsSeeNothingOfEachOther(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "a")
	here := b.ctx
	for _, elsewhere := range []struct{ account, region string }{{"111122223333", "eu-west-1"}, {"444455556666", "us-west-2"}} {
		b.ctx = callerIn(elsewhere.account, elsewhere.region)
		out, err := b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{})
		b.ok(err)
		if len(out.LogGroups) != 0 {
			t.Errorf("%v sees %d groups", elsewhere, len(out.LogGroups))
		}
		_, err = b.read("g", "s")
		b.fails(err, "ResourceNotFoundException", "The specified log group does not exist.")
		b.createGroup("g", "")
	}
	b.ctx = here
	b.reads("g", "s", "a")
}

func TestDeletedGroupsAndStreamsLeaveNothing(t *testing.T) {
	b := streamBench(t)
	b.createStream("g", "t")
	b.put("g", "s", "a")
	b.put("g", "t", "b")
	_, err := b.DeleteLogStream(b.ctx, &logsapi.DeleteLogStreamRequest{LogGroupName: "g", LogStreamName: "s"})
	b.ok(err)
	_, err = b.read("g", "s")
	b.fails(err, "ResourceNotFoundException", "The specified log stream does not exist.")
	if got := b.filtered(&logsapi.FilterLogEventsRequest{}); got != "t:b" {
		t.Errorf("the group still gives %q", got)
	}
	b.createStream("g", "s")
	b.reads("g", "s", "")
	_, err = b.DeleteLogGroup(b.ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: "g"})
	b.ok(err)
	b.empty()
	_, err = b.DeleteLogGroup(b.ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: "g"})
	b.fails(err, "ResourceNotFoundException", "The specified log group does not exist.")
}

// empty checks that no table and no blob holds anything.
func (b *bench) empty() {
	b.t.Helper()
	b.ok(b.store.Blobs().Sweep(b.ctx))
	u, err := b.store.Blobs().Usage(b.ctx)
	b.ok(err)
	if u.Live != 0 {
		b.t.Errorf("%d blobs are left", u.Live)
	}
	b.ok(b.store.View(b.ctx, func(_ context.Context, tx storage.Tx) error {
		for name, keys := range map[string]func(storage.Tx, storage.Range) iter.Seq2[storage.Key, error]{
			"groups": groups.Keys, "datakeys": dataKeys.Keys, "streams": streams.Keys, "usages": usages.Keys, "segments": segments.Keys, "moments": moments.Keys,
		} {
			for k := range keys(tx, storage.Range{}) {
				b.t.Errorf("%s still holds %v", name, k)
			}
		}
		return nil
	}))
}

func TestAProtectedGroupIsNotDeleted(t *testing.T) {
	b := newBench(t)
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g", DeletionProtectionEnabled: ptr(true)})
	b.ok(err)
	_, err = b.DeleteLogGroup(b.ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: "g"})
	if codeOf(err) != "ValidationException" {
		t.Fatalf("DeleteLogGroup = %v", err)
	}
	_, err = b.PutLogGroupDeletionProtection(b.ctx, &logsapi.PutLogGroupDeletionProtectionRequest{LogGroupIdentifier: "arn:aws:logs:us-west-2:111122223333:log-group:g", DeletionProtectionEnabled: false})
	b.ok(err)
	_, err = b.DeleteLogGroup(b.ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: "g"})
	b.ok(err)
}

func TestRetentionTakesTheDocumentedDaysOnly(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	for _, days := range retentions {
		_, err := b.PutRetentionPolicy(b.ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: "g", RetentionInDays: days})
		b.ok(err)
		if got := b.describe("g"); *got.RetentionInDays != days {
			t.Errorf("retentionInDays = %d, want %d", *got.RetentionInDays, days)
		}
	}
	for _, days := range []int32{0, -1, 2, 4, 3654} {
		_, err := b.PutRetentionPolicy(b.ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: "g", RetentionInDays: days})
		if codeOf(err) != "InvalidParameterException" {
			t.Errorf("%d days: %v", days, err)
		}
	}
	_, err := b.DeleteRetentionPolicy(b.ctx, &logsapi.DeleteRetentionPolicyRequest{LogGroupName: "g"})
	b.ok(err)
	if got := b.describe("g"); got.RetentionInDays != nil {
		t.Error("the retention is still there")
	}
}

func TestExpiredEventsAreGoneFromReadsAtOnceAndFromDiskAtTheSweep(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "old")
	b.ok(b.clock.Advance(36 * time.Hour))
	b.put("g", "s", "new")
	_, err := b.PutRetentionPolicy(b.ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: "g", RetentionInDays: 1})
	b.ok(err)
	b.reads("g", "s", "new")
	if got := b.filtered(&logsapi.FilterLogEventsRequest{}); got != "s:new" {
		t.Errorf("filter gives %q", got)
	}
	b.advance(0)
	if u, err := b.store.Blobs().Usage(b.ctx); err != nil || u.Live != 1 {
		t.Errorf("%d segments are left, %v, want 1", u.Live, err)
	}
	if got := b.describe("g"); *got.StoredBytes != int64(len("new")+eventOverhead) {
		t.Errorf("storedBytes = %d", *got.StoredBytes)
	}
	b.reads("g", "s", "new")
}

func TestEventsExpireAlsoWhenCloudWatchTakesNoMetrics(t *testing.T) {
	b := streamBench(t)
	b.put("g", "s", "old")
	_, err := b.PutRetentionPolicy(b.ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: "g", RetentionInDays: 1})
	b.ok(err)
	b.ok(b.clock.Advance(36 * time.Hour))
	b.told.fail = errors.New("no metrics today")
	if err := b.Sweep(b.ctx, b.clock.Now()); !errors.Is(err, b.told.fail) {
		t.Errorf("the sweep tells %v", err)
	}
	if u, err := b.store.Blobs().Usage(b.ctx); err != nil || u.Live != 0 {
		t.Errorf("%d segments are left, %v, want none", u.Live, err)
	}
}

func TestDescribeLogStreamsOrders(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	for i, n := range []string{"a", "b", "ab"} {
		b.createStream("g", n)
		b.ok(b.putAt("g", n, b.now()-int64(i), "x"))
	}
	for _, c := range []struct {
		in   logsapi.DescribeLogStreamsRequest
		want string
	}{
		{logsapi.DescribeLogStreamsRequest{}, "a ab b"},
		{logsapi.DescribeLogStreamsRequest{Descending: ptr(true)}, "b ab a"},
		{logsapi.DescribeLogStreamsRequest{LogStreamNamePrefix: ptr("a")}, "a ab"},
		{logsapi.DescribeLogStreamsRequest{OrderBy: ptr(logsapi.OrderByLastEventTime)}, "ab b a"},
		{logsapi.DescribeLogStreamsRequest{OrderBy: ptr(logsapi.OrderByLastEventTime), Descending: ptr(true)}, "a b ab"},
	} {
		c.in.LogGroupName, c.in.Limit = ptr("g"), ptr(int32(2))
		if got := b.allStreams(c.in); got != c.want {
			t.Errorf("%+v gives %q, want %q", c.in, got, c.want)
		}
	}
	_, err := b.DescribeLogStreams(b.ctx, &logsapi.DescribeLogStreamsRequest{LogGroupName: ptr("g"), OrderBy: ptr(logsapi.OrderByLastEventTime), LogStreamNamePrefix: ptr("a")})
	b.fails(err, "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
	_, err = b.DescribeLogStreams(b.ctx, &logsapi.DescribeLogStreamsRequest{LogGroupName: ptr("g"), LogGroupIdentifier: ptr("g")})
	b.fails(err, "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
}

func (b *bench) allStreams(in logsapi.DescribeLogStreamsRequest) string {
	b.t.Helper()
	var names []string
	for {
		out, err := b.DescribeLogStreams(b.ctx, &in)
		b.ok(err)
		for _, s := range out.LogStreams {
			names = append(names, *s.LogStreamName)
		}
		if out.NextToken == nil {
			return strings.Join(names, " ")
		}
		in.NextToken = out.NextToken
	}
}
