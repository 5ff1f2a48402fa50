//go:build walk

package integration

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// logCLI is an AWS CLI in a yard with a sealed log group.
type logCLI struct {
	*client
	group    *logYard
	stranger *client // has no right
	version2 bool
}

// TestWalkLogsWithTheAWSCLI reads, queries, follows and exports an encrypted
// group with each AWS CLI that SEALSTACK_AWS_CLI names, until its key is
// revoked.
func TestWalkLogsWithTheAWSCLI(t *testing.T) {
	t.Parallel()
	for _, path := range filepath.SplitList(tool(t, "SEALSTACK_AWS_CLI")) {
		t.Run(strings.ReplaceAll(strings.Trim(path, "/"), "/", "_"), func(t *testing.T) {
			t.Parallel()
			y := openYard(t, "--timing", "instant")
			command := []string{path, "--endpoint-url", y.url}
			// Live Tail's host prefix leads to no host beside an IP address.
			c := &logCLI{client: y.client(rootKeys, command...).with("AWS_DISABLE_HOST_PREFIX_INJECTION=true"), group: y.openLogs(),
				stranger: y.client(y.stranger(), command...)}
			c.version2 = strings.HasPrefix(c.run("--version"), "aws-cli/2")
			c.seed()
			c.filters()
			c.queries()
			c.follows()
			c.exports()
			c.losesItsKey()
		})
	}
}

// seed puts 30 events by the client itself, every third an error.
func (c *logCLI) seed() {
	var events []map[string]any
	at := c.now()
	for i := range 30 {
		level := []string{"error", "info", "debug"}[i%3]
		events = append(events, map[string]any{"timestamp": at - 60_000 + int64(i), "message": fmt.Sprintf(`{"level":%q,"n":%d,"text":"secret-text"}`, level, i)})
	}
	b, err := json.Marshal(events)
	c.ok(err)
	c.write("events.json", string(b))
	c.run("logs", "create-log-stream", "--log-group-name", yardGroup, "--log-stream-name", "s")
	put := []string{"logs", "put-log-events", "--log-group-name", yardGroup, "--log-stream-name", "s", "--log-events", "file://events.json"}
	c.run(put...)
	c.stranger.refused(put, "AccessDeniedException", "logs:PutLogEvents")
	c.sealed("secret-text")
}

// decode reads what a command prints as JSON.
func (c *logCLI) decode(into any, args ...string) {
	c.Helper()
	c.ok(json.Unmarshal([]byte(c.run(args...)), into))
}

func (c *logCLI) filters() {
	filter := []string{"logs", "filter-log-events", "--log-group-name", yardGroup}
	for pattern, want := range map[string]int{`{ $.level = "error" }`: 10, `{ $.n >= 20 && $.level != "info" }`: 7, `"secret-text"`: 30, `absent`: 0, `?error ?debug`: 20} {
		var out struct{ Events []struct{ Message string } }
		c.decode(&out, append(filter, "--filter-pattern", pattern)...)
		if len(out.Events) != want {
			c.Fatalf("%s finds %d events, want %d", pattern, len(out.Events), want)
		}
	}
	var all struct{ Events []struct{ Message string } }
	c.decode(&all, append(filter, "--page-size", "7")...)
	var part struct {
		Events    []struct{ Message string }
		NextToken string
	}
	c.decode(&part, append(filter, "--max-items", "11")...)
	got := slices.Clone(part.Events)
	c.decode(&part, append(filter, "--max-items", "100", "--starting-token", part.NextToken)...)
	if got = append(got, part.Events...); len(all.Events) != 30 || !slices.Equal(got, all.Events) {
		c.Fatalf("in pages: %v and %v", all.Events, got)
	}
	c.stranger.refused(filter, "AccessDeniedException", "logs:FilterLogEvents")
}

// query runs a query to its end.
func (c *logCLI) query(text string) (status string, rows [][]struct{ Field, Value string }) {
	c.Helper()
	var begun struct{ QueryID string }
	c.decode(&begun, "logs", "start-query", "--log-group-name", yardGroup, "--start-time", "0", "--end-time", strconv.FormatInt(c.now()/1000+60, 10), "--query-string", text)
	for {
		var out struct {
			Status  string
			Results [][]struct{ Field, Value string }
		}
		c.decode(&out, "logs", "get-query-results", "--query-id", begun.QueryID)
		if out.Status != "Running" && out.Status != "Scheduled" {
			return out.Status, out.Results
		}
	}
}

func (c *logCLI) queries() {
	status, rows := c.query("stats count(*) as found, max(n) as most by level | sort level")
	if got := fmt.Sprint(status, rows); got != "Complete[[{level debug} {found 10} {most 29}] [{level error} {found 10} {most 27}] [{level info} {found 10} {most 28}]]" {
		c.Fatal(got)
	}
	c.refused([]string{"logs", "start-query", "--log-group-name", yardGroup, "--start-time", "0", "--end-time", "1", "--query-string", "feilds x"}, "MalformedQueryException")
	c.stranger.refused([]string{"logs", "start-query", "--log-group-name", yardGroup, "--start-time", "0", "--end-time", "1", "--query-string", "fields @message"},
		"AccessDeniedException", "logs:StartQuery")
}

// follows shows events as they come: with tail, that version 2 has, or with
// start-live-tail, that version 1 has.
func (c *logCLI) follows() {
	c.group.stream("live")
	ping := func() { c.group.put("live", "ping") }
	act := func() { c.group.put("live", "live-one", "live-two") }
	if !c.version2 {
		group := "arn:aws:logs:us-west-2:000000000000:log-group:" + yardGroup
		live := []string{"logs", "start-live-tail", "--log-group-identifiers", group}
		c.follow(append(live, "--log-event-filter-pattern", "?ping ?live"), ping, act, "live-one", "live-two")
		return
	}
	tail := []string{"logs", "tail", yardGroup, "--since", "1h", "--format", "short"}
	if n := strings.Count(c.run(tail...), "secret-text"); n != 30 {
		c.Fatalf("tail shows %d events, want 30", n)
	}
	if n := strings.Count(c.run(append(tail, "--filter-pattern", "{ $.n < 4 }", "--log-stream-names", "s")...), "secret-text"); n != 4 {
		c.Fatalf("tail with a pattern shows %d events, want 4", n)
	}
	c.follow(append(tail, "--follow", "--filter-pattern", "?ping ?live"), ping, act, "live-one", "live-two")
	c.stranger.refused(tail, "AccessDeniedException")
}

// exports moves the events to a bucket, as "Export log data to Amazon S3 using
// the AWS CLI" says, and to one whose objects are under a KMS key.
func (c *logCLI) exports() {
	c.bucket("exports")
	c.refused(c.exportTo("exports"), "InvalidParameterException", "GetBucketAcl call on the given bucket failed")
	c.letLogsWrite("exports")
	c.exported("exports", "")
	other := c.yard.key()
	c.sealedBucket("sealed-exports", other)
	c.letLogsWrite("sealed-exports")
	c.refused(c.exportTo("sealed-exports"), "InvalidParameterException", "PutObject call on the given bucket failed")
	c.allow(other)
	c.exported("sealed-exports", other)
	c.refused(c.exportTo("no-such-bucket"), "InvalidParameterException", "The given bucket does not exist")
}

func (c *logCLI) exportTo(bucket string) []string {
	return []string{"logs", "create-export-task", "--task-name", "walk", "--log-group-name", yardGroup, "--log-stream-name-prefix", "s", "--from", "0",
		"--to", strconv.FormatInt(c.now(), 10), "--destination", bucket, "--destination-prefix", "out"}
}

func (c *logCLI) letLogsWrite(bucket string) {
	c.Helper()
	const which = `"StringEquals":{"aws:SourceAccount":["000000000000"]},"ArnLike":{"aws:SourceArn":["arn:aws:logs:us-west-2:000000000000:log-group:*"]}`
	c.write("bucket.json", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"logs.us-west-2.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::`+bucket+`","Condition":{`+which+`}},
		{"Effect":"Allow","Principal":{"Service":"logs.us-west-2.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::`+bucket+`/*",
		 "Condition":{`+strings.Replace(which, `"StringEquals":{`, `"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control",`, 1)+`}}]}`)
	c.run("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", "file://bucket.json")
}

// exported exports to a bucket and holds its object against the stream.
func (c *logCLI) exported(bucket, key string) {
	c.Helper()
	status, task := c.export(bucket)
	c.same("the export", status, "COMPLETED")
	name := "out/" + task + "/s/000000.gz"
	c.underKey(bucket, name, key)
	var lines []string
	for line := range strings.Lines(c.gunzip(bucket, name)) {
		_, message, _ := strings.Cut(strings.TrimSpace(line), " ")
		lines = append(lines, message)
	}
	if want := c.group.messages("s"); !slices.Equal(lines, want) {
		c.Fatalf("exported %q, want %q", lines, want)
	}
}

// export runs an export task to its end.
func (c *logCLI) export(bucket string) (status, task string) {
	c.Helper()
	var begun struct{ TaskID string }
	c.decode(&begun, c.exportTo(bucket)...)
	for {
		var out struct {
			ExportTasks []struct{ Status struct{ Code string } }
		}
		c.decode(&out, "logs", "describe-export-tasks", "--task-id", begun.TaskID)
		if code := out.ExportTasks[0].Status.Code; code != "PENDING" && code != "RUNNING" {
			return code, begun.TaskID
		}
	}
}

func (c *logCLI) gunzip(bucket, name string) string {
	c.Helper()
	out, err := c.s3.GetObject(c.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &name})
	c.ok(err)
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	c.ok(err)
	z, err := gzip.NewReader(bytes.NewReader(b))
	c.ok(err)
	text, err := io.ReadAll(z)
	c.ok(err)
	return string(text)
}

// losesItsKey shows that nothing of the group can be had without its key, and
// everything again with it.
func (c *logCLI) losesItsKey() {
	c.revoke(c.group.key)
	group := []string{"--log-group-name", yardGroup}
	refusals := [][]string{
		append([]string{"logs", "filter-log-events"}, group...),
		append([]string{"logs", "get-log-events", "--log-stream-name", "s"}, group...),
		append([]string{"logs", "put-log-events", "--log-stream-name", "s", "--log-events", "timestamp=" + strconv.FormatInt(c.now(), 10) + ",message=lost"}, group...),
	}
	if c.version2 {
		refusals = append(refusals, []string{"logs", "tail", yardGroup, "--since", "1h"}, []string{"logs", "tail", yardGroup, "--since", "1h", "--follow"})
	} else {
		refusals = append(refusals, []string{"logs", "start-live-tail", "--log-group-identifiers", "arn:aws:logs:us-west-2:000000000000:log-group:" + yardGroup})
	}
	for _, args := range refusals {
		c.refused(args, "AccessDeniedException", keyRefusal)
	}
	status, rows := c.query("fields @message")
	c.same("the query", fmt.Sprint(status, rows), "Failed[]")
	status, task := c.export("exports")
	c.same("the export", status, "FAILED")
	c.refused([]string{"s3api", "head-object", "--bucket", "exports", "--key", "out/" + task + "/s/000000.gz"}, "404")
	c.allow(c.group.key)
	status, rows = c.query("fields @message | filter level = 'error'")
	c.same("the query", fmt.Sprint(status, len(rows)), "Complete10")
}
