//go:build walk

package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// logYard is a yard with a log group under a KMS key that CloudWatch Logs may
// use.
type logYard struct {
	*yard
	logs *cloudwatchlogs.Client
	key  string
}

const (
	yardGroup   = "/walk/sealed"
	keyRefusal  = "The specified KMS key does not exist or is not allowed to be used with Arn"
	rootMayKeys = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"}`
	logsMayKeys = `{"Effect":"Allow","Principal":{"Service":"logs.us-west-2.amazonaws.com"},` +
		`"Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*"}`
)

// openLogs makes the group; in a yard with --timing instant, a key that is
// revoked is revoked at once.
func (y *yard) openLogs() *logYard {
	y.Helper()
	l := &logYard{yard: y, logs: logsClient(y.url, keys(rootKeys.AccessKeyID, rootKeys.SecretAccessKey)), key: y.key()}
	l.allow(l.key)
	_, err := l.logs.CreateLogGroup(y.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(yardGroup), KmsKeyId: &l.key})
	y.ok(err)
	return l
}

// allow lets CloudWatch Logs use a key.
func (y *yard) allow(key string) { y.setKeyPolicy(key, rootMayKeys+","+logsMayKeys) }

// revoke takes the key from CloudWatch Logs.
func (y *yard) revoke(key string) { y.setKeyPolicy(key, rootMayKeys) }

func (y *yard) setKeyPolicy(key, statements string) {
	y.Helper()
	_, err := y.kms.PutKeyPolicy(y.Context(), &kms.PutKeyPolicyInput{KeyId: &key, Policy: aws.String(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)})
	y.ok(err)
}

// now is the program's time, in milliseconds.
func (y *yard) now() int64 {
	y.Helper()
	answer, err := y.control("GET", "/_emulator/clock", "")
	y.ok(err)
	var clock struct{ Now time.Time }
	y.ok(json.Unmarshal([]byte(answer), &clock))
	return clock.Now.UnixMilli()
}

func (l *logYard) stream(name string) {
	l.Helper()
	_, err := l.logs.CreateLogStream(l.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String(yardGroup), LogStreamName: &name})
	l.ok(err)
}

// put writes events of now, a millisecond between them.
func (l *logYard) put(stream string, messages ...string) {
	l.Helper()
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String(yardGroup), LogStreamName: &stream}
	at := l.now()
	for i, m := range messages {
		in.LogEvents = append(in.LogEvents, logstypes.InputLogEvent{Timestamp: aws.Int64(at + int64(i)), Message: &m})
	}
	_, err := l.logs.PutLogEvents(l.Context(), in)
	l.ok(err)
}

// messages are those of a stream, in its order.
func (l *logYard) messages(stream string) (all []string) {
	l.Helper()
	pages := cloudwatchlogs.NewGetLogEventsPaginator(l.logs, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(yardGroup), LogStreamName: &stream, StartFromHead: aws.Bool(true), Limit: aws.Int32(100),
	}, func(o *cloudwatchlogs.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(l.Context())
		l.ok(err)
		for _, e := range page.Events {
			all = append(all, *e.Message)
		}
	}
	return all
}

// arrived fails the walk unless a stream holds exactly the messages.
func (l *logYard) arrived(stream string, want []string) {
	l.Helper()
	got := l.messages(stream)
	if len(got) != len(want) {
		l.Fatalf("%d events arrived in %s, want %d: %.300q", len(got), stream, len(want), got)
	}
	for i := range want {
		l.same(fmt.Sprintf("event %d of %s", i, stream), got[i], want[i])
	}
}

// follow runs a client that prints events until it is interrupted, calls act
// as soon as it prints what begin puts, and ends it when it has printed all of
// the texts.
func (c *client) follow(args []string, begin, act func(), texts ...string) {
	c.Helper()
	cmd, _, stderr := c.with("PYTHONUNBUFFERED=1").prepare(args)
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	c.ok(err)
	c.ok(cmd.Start())
	seen := make(chan string)
	go func() {
		defer close(seen)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			seen <- lines.Text()
		}
	}()
	printed := c.first(seen, begin)
	act()
	for line := range seen {
		printed += line + "\n"
		if containsAll(printed, texts) {
			c.ok(cmd.Process.Signal(os.Interrupt))
			for range seen {
			}
			break
		}
	}
	_ = cmd.Wait() // by its interruption
	if !containsAll(printed, texts) {
		c.Fatalf("%s printed %s and %s, want %q", strings.Join(args, " "), printed, stderr, texts)
	}
}

// first calls begin again and again until a line is seen: nobody says when a
// client begins to listen.
func (c *client) first(seen chan string, begin func()) string {
	for {
		begin()
		select {
		case line := <-seen:
			return line + "\n"
		case <-time.After(300 * time.Millisecond):
		case <-c.Context().Done():
			return ""
		}
	}
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
