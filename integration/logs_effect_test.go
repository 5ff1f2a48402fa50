package integration

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// TestWhatFiltersSeeDependsOnTheKeyThatSealedIt holds the effects of metric
// and subscription filters against the rule of what is readable. What was put
// has been counted, whatever becomes of the key later; what is delivered is
// read from the group, so that what cannot be read is held back, with all that
// follows it in its stream, until it can be, for up to a day.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
func TestWhatFiltersSeeDependsOnTheKeyThatSealedIt(t *testing.T) {
	t.Parallel()
	for _, c := range keyConditions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFilteredEstate(t, &c)
			f.live() // while the destination fails
			f.shows("while the destination fails", nil, f.wholly)
			before := f.server.Now()
			c.bring(f.estateOfLogs)
			f.givenUp = f.server.Now().Sub(before) >= 24*time.Hour
			f.buries() // what is given up, before the destination could take it
			f.putLater(&c)
			f.received.mend()
			f.holdsBack(&c, "afterwards")
			f.server.Restart()
			f.holdsBack(&c, "after a restart")
			if c.undo != nil {
				c.undo(f.estateOfLogs)
				f.holdsBack(&keyCondition{usable: true}, "when it is undone")
			}
			f.server.Restart() // no delivery is under way any more
			f.buries()
		})
	}
}

// filteredEstate is an estate whose groups have a metric filter and a
// subscription filter from the beginning.
type filteredEstate struct {
	*estateOfLogs
	metrics  *cloudwatch.Client
	received *brokenFunction
	later    map[era]string // messages that were put once the condition was there
	givenUp  bool           // a day has passed: what was held back is not delivered
}

const subscribedFunction = "arn:aws:lambda:" + region + ":000000000000:function:f"

func newFilteredEstate(t *testing.T, c *keyCondition) *filteredEstate {
	e := foundEstateOfLogs(t, c)
	f := &filteredEstate{estateOfLogs: e, metrics: cloudwatchClient(e.server.URL), received: newBrokenFunction(t), later: map[era]string{}}
	f.mapDestination()
	for _, g := range eras {
		_, err := e.logs.PutMetricFilter(t.Context(), &cloudwatchlogs.PutMetricFilterInput{
			LogGroupName: aws.String(g.group()), FilterName: aws.String("m"), FilterPattern: aws.String("text"),
			MetricTransformations: []logstypes.MetricTransformation{{
				MetricNamespace: aws.String("Outcome"), MetricName: aws.String(g.String()), MetricValue: aws.String("1"),
			}},
		})
		e.ok(err)
		_, err = e.logs.PutSubscriptionFilter(t.Context(), &cloudwatchlogs.PutSubscriptionFilterInput{
			LogGroupName: aws.String(g.group()), FilterName: aws.String("s"), FilterPattern: aws.String("text"), DestinationArn: aws.String(subscribedFunction),
		})
		e.ok(err)
	}
	return f
}

// mapDestination makes the function exist at the receiver's address.
func (f *filteredEstate) mapDestination() {
	body := fmt.Sprintf(`{"arn":%q,"url":%q}`, subscribedFunction, f.received.URL)
	r, err := http.NewRequestWithContext(f.Context(), http.MethodPut, f.server.URL+"/_emulator/log-destinations", strings.NewReader(body))
	f.ok(err)
	resp, err := http.DefaultClient.Do(r)
	f.ok(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		f.Fatalf("mapping the destination: %s", resp.Status)
	}
}

// putLater puts an event into every group, and expects the refusal where the
// key that is in effect cannot be used.
func (f *filteredEstate) putLater(c *keyCondition) {
	f.Helper()
	for _, g := range eras {
		text, want := "later text of "+g.String(), ""
		if c.lost(g) {
			want = keyRefused(g)
		} else {
			f.later[g] = text
		}
		if got := outcomeOf(f.put(g, f.server.Now(), text)); got != want {
			f.Errorf("PutLogEvents to %s: %q, want %q", g.group(), got, want)
		}
	}
}

// holdsBack has what is due delivered, and compares with the rule.
func (f *filteredEstate) holdsBack(c *keyCondition, when string) {
	f.Helper()
	for n := 0; n < 5 && !f.arrived(c); n++ { // a try that was under way may have failed and be repeated
		f.server.Advance(6 * time.Minute) // longer than between two tries
		for n := 0; n < 40 && !f.arrived(c); n++ {
			time.Sleep(50 * time.Millisecond)
		}
	}
	f.server.Advance(6 * time.Minute) // now too much could come
	f.shows(when, func(g era) []string { return f.deliverable(c, g) }, f.wholly)
}

// arrived reports whether as much has been delivered as can be.
func (f *filteredEstate) arrived(c *keyCondition) bool {
	for _, g := range eras {
		if len(f.received.of(g)) < len(f.deliverable(c, g)) {
			return false
		}
	}
	return true
}

// deliverable is what of a group the destination gets: all up to the first
// event whose key cannot be used.
func (f *filteredEstate) deliverable(c *keyCondition, g era) (list []string) {
	if !f.givenUp {
		for _, in := range g.history() {
			if c.lost(in) {
				return list
			}
			list = append(list, g.text(in))
		}
	}
	if text, ok := f.later[g]; ok {
		list = append(list, text)
	}
	return list
}

// wholly is how many events of a group have been put.
func (f *filteredEstate) wholly(g era) int {
	n := len(g.history())
	if f.later[g] != "" {
		n++
	}
	return n
}

// shows compares what was delivered and what was counted.
func (f *filteredEstate) shows(when string, delivered func(era) []string, counted func(era) int) {
	f.Helper()
	f.server.Advance(time.Second)
	for _, g := range eras {
		var want []string
		if delivered != nil {
			want = delivered(g)
		}
		if got := f.received.of(g); !slices.Equal(got, want) {
			f.Errorf("%s: delivered of %s:\n got %q\nwant %q", when, g.group(), got, want)
		}
		if got := f.count(g); got != counted(g) {
			f.Errorf("%s: counted of %s: %d, want %d", when, g.group(), got, counted(g))
		}
	}
}

// count is the sum of a group's metric over all time.
func (f *filteredEstate) count(g era) (n int) {
	from, to := f.at[unkeyed].Add(-time.Hour), f.server.Now().Add(time.Hour)
	out, err := f.metrics.GetMetricStatistics(f.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("Outcome"), MetricName: aws.String(g.String()), StartTime: &from, EndTime: &to, Period: aws.Int32(3600),
		Statistics: []cwtypes.Statistic{cwtypes.StatisticSum},
	})
	f.ok(err)
	for _, d := range out.Datapoints {
		n += int(*d.Sum)
	}
	return n
}

// buries compares the deliveries that were given up.
func (f *filteredEstate) buries() {
	f.Helper()
	want := 0
	for _, g := range eras {
		if f.givenUp {
			want += len(g.history())
		}
	}
	got := f.deadLetters()
	for n := 0; n < 100 && got < want; n++ {
		time.Sleep(50 * time.Millisecond)
		got = f.deadLetters()
	}
	if got != want {
		f.Errorf("%d deliveries were given up, want %d", got, want)
	}
}

func (f *filteredEstate) deadLetters() int {
	resp, err := http.Get(f.server.URL + "/_emulator/log-dead-letters?region=" + region)
	f.ok(err)
	defer resp.Body.Close()
	var letters []struct{ LogGroup string }
	f.ok(json.NewDecoder(resp.Body).Decode(&letters))
	return len(letters)
}

// brokenFunction stands for a Lambda function, which fails until it is mended.
type brokenFunction struct {
	*httptest.Server
	mu     sync.Mutex
	mended bool
	got    map[string][]string // messages by log group, as they came
}

func newBrokenFunction(t *testing.T) *brokenFunction {
	r := &brokenFunction{got: map[string][]string{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *brokenFunction) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mended = true
}

func (r *brokenFunction) of(g era) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got[g.group()])
}

func (r *brokenFunction) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.mended {
		http.Error(w, "broken", http.StatusServiceUnavailable)
		return
	}
	var event struct {
		AWSLogs struct{ Data []byte } `json:"awslogs"`
	}
	var message struct {
		LogGroup  string
		LogEvents []struct{ Message string }
	}
	err := json.NewDecoder(in.Body).Decode(&event)
	if err == nil {
		err = unzipInto(event.AWSLogs.Data, &message)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest) // and so lost, which the test sees
		return
	}
	for _, e := range message.LogEvents {
		r.got[message.LogGroup] = append(r.got[message.LogGroup], e.Message)
	}
}

func unzipInto(zipped []byte, v any) error {
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return err
	}
	return json.NewDecoder(z).Decode(v)
}
