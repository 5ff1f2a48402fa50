package integration

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"sealstack/emulator/emulatortest"
)

func cloudwatchClient(url string) *cloudwatch.Client {
	return cloudwatch.New(cloudwatch.Options{BaseEndpoint: &url, Region: region, Credentials: root, Retryer: aws.NopRetryer{}, HTTPClient: whole{}})
}

// filtered makes a log group with a metric filter and puts two events that
// match.
func filtered(t *testing.T, s *emulatortest.Server) {
	t.Helper()
	logs := logsClient(s.URL, root)
	ctx := t.Context()
	group, stream := aws.String("app"), aws.String("s")
	_, err := logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group})
	if err == nil {
		_, err = logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
	}
	if err == nil {
		_, err = logs.PutMetricFilter(ctx, &cloudwatchlogs.PutMetricFilterInput{
			LogGroupName: group, FilterName: aws.String("f"), FilterPattern: aws.String("ERROR"),
			MetricTransformations: []logstypes.MetricTransformation{{MetricNamespace: aws.String("App"), MetricName: aws.String("Errors"), MetricValue: aws.String("1")}},
		})
	}
	if err == nil {
		now := aws.Int64(s.Now().UnixMilli())
		_, err = logs.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: []logstypes.InputLogEvent{
			{Timestamp: now, Message: aws.String("ERROR one")}, {Timestamp: now, Message: aws.String("fine")}, {Timestamp: now, Message: aws.String("ERROR two")},
		}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheSDKReadsWhatMetricFiltersCount(t *testing.T) {
	s := emulatortest.Start(t)
	filtered(t, s)
	c := cloudwatchClient(s.URL)
	from, to := s.Now().Add(-time.Hour), s.Now().Add(time.Hour)
	stats, err := c.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("App"), MetricName: aws.String("Errors"), StartTime: &from, EndTime: &to, Period: aws.Int32(3600),
		Statistics: []types.Statistic{types.StatisticSum},
	})
	if err != nil || len(stats.Datapoints) != 1 || *stats.Datapoints[0].Sum != 2 || stats.Datapoints[0].Timestamp.Year() < 2020 {
		t.Fatalf("statistics %+v, %v", stats, err)
	}
	data, err := c.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{StartTime: &from, EndTime: &to, MetricDataQueries: []types.MetricDataQuery{{
		Id: aws.String("a"), MetricStat: &types.MetricStat{Metric: &types.Metric{Namespace: aws.String("App"), MetricName: aws.String("Errors")}, Period: aws.Int32(60), Stat: aws.String("p50")},
	}}})
	if err != nil || len(data.MetricDataResults) != 1 || data.MetricDataResults[0].Values[0] != 1 {
		t.Fatalf("data %+v, %v", data, err)
	}
	list, err := c.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{Namespace: aws.String("App")})
	if err != nil || len(list.Metrics) != 1 || *list.Metrics[0].MetricName != "Errors" {
		t.Fatalf("metrics %+v, %v", list, err)
	}
}

func TestTheSDKPutsMetricDataAndReadsErrors(t *testing.T) {
	s := emulatortest.Start(t)
	c := cloudwatchClient(s.URL)
	now := s.Now()
	var many []types.MetricDatum
	for i := range 500 { // so many that the SDK compresses them
		many = append(many, types.MetricDatum{MetricName: aws.String("m"), Timestamp: &now, Value: aws.Float64(float64(i)), Unit: types.StandardUnitCount,
			Dimensions: []types.Dimension{{Name: aws.String("host"), Value: aws.String(fmt.Sprint("host-", i%3))}}})
	}
	if _, err := c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("n"), MetricData: many}); err != nil {
		t.Fatal(err)
	}
	list, err := c.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{})
	if err != nil || len(list.Metrics) != 3 {
		t.Errorf("metrics %+v, %v", list, err)
	}
	_, err = c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/x"), MetricData: many[:1]})
	if code, message := codeOf(err); code != "InvalidParameterValue" && code != "InvalidParameterValueException" || message != "The value AWS/x for parameter Namespace is invalid." {
		t.Errorf("%v", err)
	}
	_, err = c.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	if code, message := codeOf(err); code != "NotImplemented" || message != "cloudwatch:DescribeAlarms is not implemented by Sealstack." {
		t.Errorf("%v", err)
	}
}

func metricsRequest(t *testing.T, s *emulatortest.Server, kind, target, body string) reply {
	t.Helper()
	r, err := request{kind: kind, target: target, body: body, service: "monitoring"}.send(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOlderClientsReadMetricsOverQueryAndJSON(t *testing.T) {
	s := emulatortest.Start(t)
	filtered(t, s)
	form := url.Values{
		"Action": {"GetMetricStatistics"}, "Version": {"2010-08-01"}, "Namespace": {"App"}, "MetricName": {"Errors"}, "Period": {"3600"},
		"StartTime": {s.Now().Add(-time.Hour).Format(time.RFC3339)}, "EndTime": {s.Now().Add(time.Hour).Format(time.RFC3339)}, "Statistics.member.1": {"Sum"},
	}
	r := metricsRequest(t, s, "application/x-www-form-urlencoded", "", form.Encode())
	if r.status != 200 || !strings.Contains(r.body, "<Sum>2</Sum>") && !strings.Contains(r.body, "<Sum>2.0</Sum>") || !strings.Contains(r.body, "<GetMetricStatisticsResult>") {
		t.Errorf("query: %d %s", r.status, r.body)
	}
	r = metricsRequest(t, s, "application/x-amz-json-1.0", "GraniteServiceVersion20100801.ListMetrics", `{"Namespace":"App"}`)
	var list struct{ Metrics []struct{ MetricName string } }
	if err := json.Unmarshal([]byte(r.body), &list); err != nil || r.status != 200 || len(list.Metrics) != 1 || r.header.Get("Content-Type") != "application/x-amz-json-1.0" {
		t.Errorf("JSON: %d %s %v", r.status, r.body, r.header)
	}
	r = metricsRequest(t, s, "application/x-amz-json-1.0", "GraniteServiceVersion20100801.PutMetricData", `{"Namespace":"AWS/x","MetricData":[{"MetricName":"m","Value":1}]}`)
	if r.status != 400 || !strings.Contains(r.body, `"__type":"InvalidParameterValueException"`) || r.header.Get("x-amzn-query-error") != "InvalidParameterValue;Sender" {
		t.Errorf("error over JSON: %d %s %v", r.status, r.body, r.header)
	}
	form = url.Values{"Action": {"PutMetricAlarm"}, "Version": {"2010-08-01"}}
	if r = metricsRequest(t, s, "application/x-www-form-urlencoded", "", form.Encode()); r.status != 501 || !strings.Contains(r.body, "cloudwatch:PutMetricAlarm") {
		t.Errorf("an alarm: %d %s", r.status, r.body)
	}
}
