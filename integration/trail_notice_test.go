package integration

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"sealstack/emulator/emulatortest"
)

const topic = "arn:aws:sns:us-west-2:" + ours + ":files"

// subscriber takes notifications, unless it is told to refuse them.
type subscriber struct {
	mu     sync.Mutex
	refuse bool
	got    []map[string]any
	header http.Header
}

func (s *subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		http.Error(w, "later", http.StatusServiceUnavailable)
		return
	}
	b, _ := io.ReadAll(r.Body)
	var m map[string]any
	if json.Unmarshal(b, &m) == nil {
		s.got, s.header = append(s.got, m), r.Header
	}
}

// take returns what has come since the last time.
func (s *subscriber) take() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

func (s *subscriber) set(refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

func (t *trailed) control(method, path, body string) error {
	_, err := (&program{url: t.server.URL}).control(method, path, body)
	return err
}

func TestALogFileIsToldOfAsSNSDoes(t *testing.T) {
	x := startTrailed(t, emulatortest.WithDataDir(t.TempDir()))
	s := &subscriber{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	x.ok(x.control("PUT", "/_emulator/topics", `{"topic":"`+topic+`","url":"`+server.URL+`"}`))
	c := x.trail(ours, func(in *cloudtrail.CreateTrailInput) { in.SnsTopicName = aws.String("files") })
	trail, err := c.GetTrail(t.Context(), &cloudtrail.GetTrailInput{Name: aws.String("main")})
	x.ok(err)
	//lint:ignore SA1019 CloudTrail still answers it
	if *trail.Trail.SnsTopicARN != topic || *trail.Trail.SnsTopicName != "files" {
		//lint:ignore SA1019 as above
		t.Errorf("the topic is %s, %s", *trail.Trail.SnsTopicARN, *trail.Trail.SnsTopicName)
	}
	x.server.Advance(6 * time.Minute)
	got := s.take()
	if len(got) != 1 || got[0]["Type"] != "Notification" || got[0]["TopicArn"] != topic || s.header.Get("x-amz-sns-message-type") != "Notification" {
		t.Fatalf("notified of %v", got)
	}
	var said struct {
		S3Bucket    string
		S3ObjectKey []string
	}
	x.ok(json.Unmarshal([]byte(got[0]["Message"].(string)), &said))
	if said.S3Bucket != "trail-logs" || len(said.S3ObjectKey) != 1 || x.files(ours, "trail-logs")[said.S3ObjectKey[0]] == "" {
		t.Errorf("the message says %+v", said)
	}

	// A subscriber that refuses keeps nothing back, and hears of it later.
	s.set(true)
	x.history(ours, region)
	x.server.Advance(6 * time.Minute)
	status, err := c.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: aws.String("main")})
	x.ok(err)
	if status.LatestNotificationError == nil || status.LatestDeliveryError != nil {
		t.Errorf("errors: %v and %v", status.LatestNotificationError, status.LatestDeliveryError)
	}
	x.server.Restart()
	s.set(false)
	x.server.Advance(12 * time.Minute)
	if len(s.take()) == 0 {
		t.Error("the subscriber does not hear of what it refused")
	}
	status, err = c.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: aws.String("main")})
	x.ok(err)
	if status.LatestNotificationError != nil || status.LatestNotificationTime == nil {
		t.Errorf("afterwards: %v at %v", status.LatestNotificationError, status.LatestNotificationTime)
	}
}

func TestTopicsOfTrailsAreHeldAgainstRules(t *testing.T) {
	x := startTrailed(t)
	x.bucket(ours, "trail-logs", trailPolicy)
	c := trailClient(x.server.URL, keys(ours, "test"))
	for name, ok := range map[string]bool{
		"files": true, topic: true, "no topic": false, "arn:aws:sqs:us-west-2:" + ours + ":q": false,
		"arn:aws:sns:eu-west-1:" + ours + ":files": false, string(slices.Repeat([]byte("a"), 257)): false,
	} {
		_, err := c.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("main"), S3BucketName: aws.String("trail-logs"), SnsTopicName: &name})
		if code, _ := codeOf(err); ok && err != nil || !ok && code != "InvalidSnsTopicNameException" {
			t.Errorf("%.60s: %v", name, err)
		}
		if ok {
			out, err := c.UpdateTrail(t.Context(), &cloudtrail.UpdateTrailInput{Name: aws.String("main"), SnsTopicName: aws.String("")})
			x.ok(err)
			if out.SnsTopicARN != nil {
				t.Errorf("the topic stays: %s", *out.SnsTopicARN)
			}
			_, err = c.DeleteTrail(t.Context(), &cloudtrail.DeleteTrailInput{Name: aws.String("main")})
			x.ok(err)
		}
	}
	for _, body := range []string{`{}`, `{"topic":"x","url":"http://a"}`, `{"topic":"` + topic + `","url":"file:///etc"}`, `[]`} {
		if x.control("PUT", "/_emulator/topics", body) == nil {
			t.Errorf("%s is taken", body)
		}
	}
}
