package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// importer makes the role with which CloudTrail reads the bucket trail-logs
// for a store.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake.html
func (t *trailed) importer(store string) (arn string, mayRead func()) {
	t.Helper()
	admin, name := iamClient(t.server.URL, keys(ours, "test")), aws.String("importer")
	role, err := admin.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole",` +
			`"Condition":{"StringEquals":{"aws:SourceAccount":"` + ours + `","aws:SourceArn":"` + store + `"}}}]}`)})
	t.ok(err)
	return *role.Role.Arn, func() {
		t.Helper()
		_, err := admin.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("read"), PolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::trail-logs","arn:aws:s3:::trail-logs/*"]}]}`)})
		t.ok(err)
	}
}

// ended waits for an import.
func (t *trailed) ended(c *cloudtrail.Client, id *string) *cloudtrail.GetImportOutput {
	t.Helper()
	for range 500 {
		out, err := c.GetImport(t.Context(), &cloudtrail.GetImportInput{ImportId: id})
		t.ok(err)
		if out.ImportStatus != types.ImportStatusInitializing && out.ImportStatus != types.ImportStatusInProgress {
			return out
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the import does not end")
	return nil
}

// stillStore makes a store that collects nothing by itself.
func (t *trailed) stillStore(c *cloudtrail.Client) (arn, id string) {
	t.Helper()
	out, err := c.CreateEventDataStore(t.Context(), &cloudtrail.CreateEventDataStoreInput{Name: aws.String("copy"), StartIngestion: aws.Bool(false)})
	t.ok(err)
	return *out.EventDataStoreArn, lastOf(*out.EventDataStoreArn)
}

func TestATrailsFilesAreImportedAndADashboardShowsThem(t *testing.T) {
	x := startTrailed(t)
	x.trail(ours)
	for range 3 {
		_, err := kmsClient(x.server.URL, keys(ours, "test")).ListAliases(t.Context(), &kms.ListAliasesInput{})
		x.ok(err)
	}
	x.server.Advance(20 * time.Minute)
	c := lakeClient(x.server.URL, keys(ours, "test"))
	arn, id := x.stillStore(c)
	counting := "SELECT count(*) AS n FROM " + id + " WHERE eventName = 'ListAliases'"
	if rows := strings.Join(answer(x, c, counting), "; "); rows != "FINISHED; n=0" {
		t.Fatalf("before the import the rows are %s", rows)
	}
	role, mayRead := x.importer(arn)
	in := &cloudtrail.StartImportInput{Destinations: []string{arn}, ImportSource: &types.ImportSource{S3: &types.S3ImportSource{
		S3LocationUri: aws.String("s3://trail-logs/AWSLogs/"), S3BucketRegion: aws.String(region), S3BucketAccessRoleArn: &role,
	}}}
	refused, err := c.StartImport(t.Context(), in)
	x.ok(err)
	if got := x.ended(c, refused.ImportId); got.ImportStatus != types.ImportStatusFailed {
		t.Errorf("an import whose role may not read is %s", got.ImportStatus)
	}
	mayRead()
	started, err := c.StartImport(t.Context(), in)
	x.ok(err)
	if got := x.ended(c, started.ImportId); got.ImportStatus != types.ImportStatusCompleted || *got.ImportStatistics.FilesCompleted == 0 {
		t.Fatalf("the import is %s: %+v", got.ImportStatus, *got.ImportStatistics)
	}
	if rows := strings.Join(answer(x, c, counting), "; "); rows != "FINISHED; n=3" {
		t.Errorf("the rows are %s", rows)
	}
	x.refreshes(c, arn, counting, "3")
}

// refreshes makes a dashboard of one query and refreshes it, which CloudTrail
// may do when the policy of the store says so.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/lake-dashboard-refresh.html
func (t *trailed) refreshes(c *cloudtrail.Client, store, statement, want string) {
	t.Helper()
	made, err := c.CreateDashboard(t.Context(), &cloudtrail.CreateDashboardInput{Name: aws.String("board"), Widgets: []types.RequestWidget{{
		QueryStatement: &statement, ViewProperties: map[string]string{"Height": "2"},
	}}})
	t.ok(err)
	refresh := func() (*string, *cloudtrail.GetDashboardOutput) {
		t.Helper()
		out, err := c.StartDashboardRefresh(t.Context(), &cloudtrail.StartDashboardRefreshInput{DashboardId: made.DashboardArn})
		t.ok(err)
		d, err := c.GetDashboard(t.Context(), &cloudtrail.GetDashboardInput{DashboardId: made.DashboardArn})
		t.ok(err)
		return out.RefreshId, d
	}
	if _, d := refresh(); d.LastRefreshFailureReason == nil {
		t.Error("a store without a policy is queried by CloudTrail")
	}
	_, err = c.PutResourcePolicy(t.Context(), &cloudtrail.PutResourcePolicyInput{ResourceArn: &store, ResourcePolicy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"cloudtrail:StartQuery","Resource":"` + store + `",` +
			`"Condition":{"StringEquals":{"aws:SourceAccount":"` + ours + `","aws:SourceArn":"` + *made.DashboardArn + `"}}}]}`)})
	t.ok(err)
	id, d := refresh()
	if d.LastRefreshFailureReason != nil {
		t.Fatalf("the refresh fails: %s", *d.LastRefreshFailureReason)
	}
	q, err := c.DescribeQuery(t.Context(), &cloudtrail.DescribeQueryInput{QueryAlias: d.Widgets[0].QueryAlias, RefreshId: id})
	t.ok(err)
	for range 500 {
		out, err := c.GetQueryResults(t.Context(), &cloudtrail.GetQueryResultsInput{QueryId: q.QueryId})
		t.ok(err)
		if out.QueryStatus == types.QueryStatusFinished {
			if got := out.QueryResultRows[0][0]["n"]; got != want {
				t.Errorf("the widget shows %s, want %s", got, want)
			}
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("the widget's query does not end")
}
