package cloudtrail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"sealstack/arn"
	"sealstack/storage"
)

// Notifications of log files, as Amazon SNS sends them to an HTTP endpoint.
// There is no Amazon SNS here: a topic stands for the URL that it was given,
// if any, and one without is a topic that nobody has subscribed to.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html

// topics: topic ARN to URL.
var topics = storage.NewTable[string]("cloudtrail.topic")

// notices are the log files that a lane has not told of.
type notices struct {
	Files []notice `cbor:"1,keyasint,omitempty"`
	attempts
	Attempted time.Time `cbor:"2,keyasint,omitzero"`
}

type notice struct {
	Bucket string `cbor:"1,keyasint"`
	Key    string `cbor:"2,keyasint"`
	ID     string `cbor:"3,keyasint"` // of the message, the same at each attempt
}

const (
	maxTopic      = 256             // characters of a topic's name or ARN
	noticeTimeout = 2 * time.Second // of real time: a sweep waits for it
)

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.fifo)?$`)

// topicARN reads the name or the ARN of a topic. InvalidSnsTopicNameException.
func (t *trail) topicARN(text string) (string, error) {
	if len(text) > maxTopic {
		return "", badTopic(text)
	}
	if !arn.Is(text) {
		if !topicName.MatchString(text) {
			return "", badTopic(text)
		}
		return arn.ARN{Partition: t.Partition, Service: "sns", Region: t.Region, Account: t.Account, Resource: text}.String(), nil
	}
	a, err := arn.Parse(text)
	if err != nil || a.Service != "sns" || a.Region != t.Region || !topicName.MatchString(a.Resource) {
		return "", badTopic(text)
	}
	return text, nil
}

// setTopic takes a topic over from a request; empty text removes it.
func (t *trail) setTopic(text *string) (err error) {
	switch {
	case text == nil:
	case *text == "":
		t.Topic, t.TopicName = "", ""
	default:
		t.TopicName = *text
		t.Topic, err = t.topicARN(*text)
	}
	return err
}

// tell notes that a log file is to be told of.
func (l *lane) tell(t *trail, f *file) {
	if t.Topic != "" {
		l.Notices.Files = append(l.Notices.Files, notice{f.Bucket, f.Folder + f.Path, newID()})
	}
}

// notify sends what a lane has to tell, in order. A failure is in the trail's
// status and tried again later; it keeps nothing else back.
func (s *Service) notify(ctx context.Context, t *trail, region string, l *lane, now time.Time) error {
	n := &l.Notices
	if len(n.Files) == 0 || now.Before(n.Retry) {
		return nil
	}
	url, err := s.topicURL(ctx, t.Topic)
	for err == nil && len(n.Files) > 0 {
		n.Attempted = now
		if url != "" && t.Topic != "" {
			if failed := s.post(ctx, url, t, &n.Files[0], now); failed != nil {
				n.fail(failed, s.config.DeliveryInterval, now)
				break
			}
			n.succeed(now)
		}
		n.Files = n.Files[1:]
	}
	return errors.Join(err, s.saveLane(ctx, t, region, l))
}

// message is a notification as Amazon SNS posts it. Its signature is left
// out: it could only be AWS's.
// https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
type message struct {
	Type      string `json:"Type"`
	ID        string `json:"MessageId"`
	Topic     string `json:"TopicArn"`
	Message   string `json:"Message"`
	Timestamp string `json:"Timestamp"`
}

// delivered is what CloudTrail says in it.
type delivered struct {
	Bucket string   `json:"s3Bucket"`
	Keys   []string `json:"s3ObjectKey"`
}

// noticeOf is the body of a notification.
func noticeOf(topic string, n *notice, now time.Time) ([]byte, error) {
	text, err := json.Marshal(delivered{n.Bucket, []string{n.Key}})
	if err != nil {
		return nil, err
	}
	return json.Marshal(message{"Notification", n.ID, topic, string(text), now.UTC().Format("2006-01-02T15:04:05.000Z")})
}

var errUndelivered = errors.New("cloudtrail: the subscriber did not take the notification")

// post posts one notification.
func (s *Service) post(ctx context.Context, url string, t *trail, n *notice, now time.Time) error {
	body, err := noticeOf(t.Topic, n, now)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent",
		"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": n.ID, "x-amz-sns-topic-arn": t.Topic,
	} {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return errUndelivered
	}
	return nil
}

// topicURL is where a topic's messages go, "" for nowhere.
func (s *Service) topicURL(ctx context.Context, topic string) (url string, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		url, err = topics.Get(tx, storage.K(topic))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return url, err
}

// Topics returns where the messages of topics go: topic ARN to URL.
func (s *Service) Topics(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		clear(found)
		for row, err := range topics.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			found[row.Key.Strings()[0]] = row.Value
		}
		return nil
	})
	return found, err
}

// ErrTopic refuses a subscription.
var ErrTopic = errors.New("the topic must be an ARN of Amazon SNS, and the URL an http or https one, or empty")

// Subscribe sends the messages of a topic to a URL from now on; an empty URL
// ends that. [ErrTopic] says that either is none.
func (s *Service) Subscribe(ctx context.Context, topic, url string) error {
	a, err := arn.Parse(topic)
	if err != nil || a.Service != "sns" || url != "" && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return ErrTopic
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if url == "" {
			return topics.Delete(tx, storage.K(topic))
		}
		return topics.Put(tx, storage.K(topic), url)
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: subscribe to %s: %w", topic, err)
	}
	return nil
}
