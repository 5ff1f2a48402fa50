package logs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage"
)

// watch makes a detector of one-minute windows over the group g.
func (b *bench) watch(key *string) string {
	b.t.Helper()
	out, err := b.CreateLogAnomalyDetector(b.ctx, &logsapi.CreateLogAnomalyDetectorRequest{
		LogGroupArnList: []string{tailedARN}, DetectorName: ptr("d"), EvaluationFrequency: ptr(logsapi.EvaluationFrequencyOneMin), KmsKeyId: key,
	})
	b.ok(err)
	return *out.AnomalyDetectorArn
}

func (b *bench) anomalies(detector string) []logsapi.Anomaly {
	b.t.Helper()
	out, err := b.ListAnomalies(b.ctx, &logsapi.ListAnomaliesRequest{AnomalyDetectorArn: &detector})
	b.ok(err)
	return out.Anomalies
}

func (b *bench) detectorStatus(detector string) logsapi.AnomalyDetectorStatus {
	b.t.Helper()
	out, err := b.GetLogAnomalyDetector(b.ctx, &logsapi.GetLogAnomalyDetectorRequest{AnomalyDetectorArn: detector})
	b.ok(err)
	return *out.AnomalyDetectorStatus
}

func TestADetectorFindsWhatIsUnusual(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.ok(b.putAt("g", "s", b.now()-60000, "user 1 came", "user 2 came"))
	d := b.watch(ptr(secondKey))
	if got := b.detectorStatus(d); got != "TRAINING" {
		t.Errorf("a new detector is %s", got)
	}
	b.advance(time.Minute)
	if got := b.anomalies(d); b.detectorStatus(d) != "ANALYZING" || len(got) != 0 {
		t.Errorf("a quiet window has %+v", got)
	}
	b.ok(b.putAt("g", "s", b.now(), "user 3 came", "ERROR 500 of 10.0.0.1", "ERROR 500 of 10.0.0.2"))
	b.advance(time.Minute)
	found := b.anomalies(d)
	if len(found) != 1 {
		t.Fatalf("found %+v", found)
	}
	a := found[0]
	got := fmt.Sprint(a.PatternString, "|", *a.PatternRegex, "|", *a.Priority, a.Active, a.State, a.Histogram, len(a.LogSamples), *a.LogSamples[0].Message, a.LogGroupArnList, a.PatternTokens[3].Enumerations)
	if want := "ERROR <*> of <*>|^ERROR .* of .*$|HIGHtrueActivemap[1795262520000:2] 2ERROR 500 of 10.0.0.1[" + tailedARN + "] map[10.0.0.1:1 10.0.0.2:1]"; got != want {
		t.Errorf("found\n%s, want\n%s", got, want)
	}
	b.ok(b.store.View(b.ctx, func(_ context.Context, tx storage.Tx) error {
		for e, err := range anomalyDetectors.Scan(tx, storage.Range{}) {
			body, read := b.store.Blobs().Read(b.ctx, e.Value.Box.Blob)
			if err != nil || read != nil || strings.Contains(fmt.Sprintf("%s %+v", body, e.Value), "ERROR") {
				t.Errorf("in clear: %q, %+v, %v, %v", body, e.Value, err, read)
			}
		}
		return nil
	}))
	b.advance(time.Minute)
	if b.anomalies(d)[0].Active {
		t.Error("it is active without new events")
	}
	b.advance(22 * 24 * time.Hour)
	if got := b.anomalies(d)[0].State; got != "Baseline" {
		t.Errorf("after its visibility time it is %s", got)
	}
}

func TestADetectorFailsWhereAKeyIsRefused(t *testing.T) {
	for _, key := range []string{keyARN, secondKey} {
		b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
		b.createGroup("g", keyARN)
		b.createStream("g", "s")
		b.put("g", "s", "hello")
		d := b.watch(ptr(secondKey))
		b.keys.refuse(key)
		b.advance(time.Minute)
		if got := b.detectorStatus(d); got != "FAILED" {
			t.Errorf("it is %s", got)
		}
		b.keys.allow(key)
		b.advance(time.Minute)
		if got := b.detectorStatus(d); got != "ANALYZING" {
			t.Errorf("with the key again it is %s", got)
		}
	}
}

func TestAnomaliesAreSuppressed(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.ok(b.putAt("g", "s", b.now()-1000, "usual"))
	d := b.watch(nil)
	b.put("g", "s", "strange")
	b.advance(time.Minute)
	a := b.anomalies(d)[0]
	update := func(in logsapi.UpdateAnomalyRequest) error {
		in.AnomalyDetectorArn = d
		_, err := b.UpdateAnomaly(b.ctx, &in)
		return err
	}
	limited, infinite := logsapi.SuppressionTypeLimited, logsapi.SuppressionTypeInfinite
	hour := &logsapi.SuppressionPeriod{Value: ptr(int32(1)), SuppressionUnit: ptr(logsapi.SuppressionUnitHours)}
	for _, c := range []struct {
		in   logsapi.UpdateAnomalyRequest
		want string
	}{
		{logsapi.UpdateAnomalyRequest{AnomalyId: &a.AnomalyId, SuppressionType: &limited, SuppressionPeriod: hour}, "Suppressed true false 3600000"},
		{logsapi.UpdateAnomalyRequest{AnomalyId: &a.AnomalyId}, "Active false false 0"},
		{logsapi.UpdateAnomalyRequest{PatternId: &a.PatternId, SuppressionType: &infinite}, "Suppressed true true 0"},
		{logsapi.UpdateAnomalyRequest{PatternId: &a.PatternId}, "Active false false 0"},
		{logsapi.UpdateAnomalyRequest{AnomalyId: &a.AnomalyId, Baseline: ptr(true)}, "Baseline false false 0"},
	} {
		b.ok(update(c.in))
		a := b.anomalies(d)[0]
		until := value(a.SuppressedUntil)
		if until != 0 {
			until -= b.now()
		}
		if got := fmt.Sprint(a.State, " ", *a.Suppressed, value(a.IsPatternLevelSuppression), until); got != c.want {
			t.Errorf("it is %s, want %s", got, c.want)
		}
	}
	for _, c := range []struct {
		in   logsapi.UpdateAnomalyRequest
		code string
	}{
		{logsapi.UpdateAnomalyRequest{}, "InvalidParameterException"},
		{logsapi.UpdateAnomalyRequest{AnomalyId: &a.AnomalyId, PatternId: &a.PatternId}, "InvalidParameterException"},
		{logsapi.UpdateAnomalyRequest{AnomalyId: &a.AnomalyId, SuppressionType: &limited}, "InvalidParameterException"},
		{logsapi.UpdateAnomalyRequest{AnomalyId: ptr("none")}, "ResourceNotFoundException"},
	} {
		if err := update(c.in); codeOf(err) != c.code {
			t.Errorf("%v, want %s", err, c.code)
		}
	}
}

func TestADetectorIsChangedListedAndDeleted(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	d := b.watch(nil)
	_, err := b.UpdateLogAnomalyDetector(b.ctx, &logsapi.UpdateLogAnomalyDetectorRequest{AnomalyDetectorArn: d, EvaluationFrequency: ptr(logsapi.EvaluationFrequencyOneHour), AnomalyVisibilityTime: ptr(int64(7)), FilterPattern: ptr("x")})
	b.ok(err)
	list, err := b.ListLogAnomalyDetectors(b.ctx, &logsapi.ListLogAnomalyDetectorsRequest{FilterLogGroupArn: ptr(tailedARN)})
	b.ok(err)
	if n := len(list.AnomalyDetectors); n != 1 {
		t.Fatalf("%d detectors", n)
	}
	l := list.AnomalyDetectors[0]
	if got := fmt.Sprint(*l.DetectorName, " ", *l.AnomalyDetectorStatus, " ", *l.EvaluationFrequency, *l.AnomalyVisibilityTime, *l.FilterPattern); got != "d PAUSED ONE_HOUR7x" && got != "d PAUSED ONE_HOUR 7 x" && got != "d PAUSED ONE_HOUR7 x" {
		t.Errorf("listed as %s", got)
	}
	b.advance(2 * time.Hour)
	if got := b.detectorStatus(d); got != "PAUSED" {
		t.Errorf("it is %s", got)
	}
	if out, err := b.ListLogAnomalyDetectors(b.ctx, &logsapi.ListLogAnomalyDetectorsRequest{FilterLogGroupArn: ptr(tailedARN + "2")}); err != nil || len(out.AnomalyDetectors) != 0 {
		t.Errorf("of another group: %+v, %v", out, err)
	}
	_, err = b.DeleteLogAnomalyDetector(b.ctx, &logsapi.DeleteLogAnomalyDetectorRequest{AnomalyDetectorArn: d})
	b.ok(err)
	_, err = b.GetLogAnomalyDetector(b.ctx, &logsapi.GetLogAnomalyDetectorRequest{AnomalyDetectorArn: d})
	b.fails(err, "ResourceNotFoundException", "The specified anomaly detector does not exist.")
}

func TestADetectorIsRefused(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	d := b.watch(nil)
	for _, c := range []struct {
		groups  []string
		pattern string
		code    string
	}{
		{nil, "", "InvalidParameterException"}, {[]string{tailedARN, tailedARN}, "", "InvalidParameterException"}, {[]string{"g"}, "", "InvalidParameterException"},
		{[]string{tailedARN + "2"}, "", "ResourceNotFoundException"}, {[]string{tailedARN}, "{", "InvalidParameterException"},
	} {
		_, err := b.CreateLogAnomalyDetector(b.ctx, &logsapi.CreateLogAnomalyDetectorRequest{LogGroupArnList: c.groups, FilterPattern: &c.pattern})
		if codeOf(err) != c.code {
			t.Errorf("%v: %v, want %s", c.groups, err, c.code)
		}
	}
	for action, call := range map[string]func() error{
		"CreateLogAnomalyDetector": func() error {
			_, err := b.CreateLogAnomalyDetector(b.ctx, &logsapi.CreateLogAnomalyDetectorRequest{LogGroupArnList: []string{tailedARN}})
			return err
		},
		"UpdateLogAnomalyDetector": func() error {
			_, err := b.UpdateLogAnomalyDetector(b.ctx, &logsapi.UpdateLogAnomalyDetectorRequest{AnomalyDetectorArn: d})
			return err
		},
		"ListLogAnomalyDetectors": func() error {
			_, err := b.ListLogAnomalyDetectors(b.ctx, &logsapi.ListLogAnomalyDetectorsRequest{})
			return err
		},
		"ListAnomalies": func() error { _, err := b.ListAnomalies(b.ctx, &logsapi.ListAnomaliesRequest{}); return err },
		"UpdateAnomaly": func() error {
			_, err := b.UpdateAnomaly(b.ctx, &logsapi.UpdateAnomalyRequest{AnomalyDetectorArn: d, AnomalyId: ptr("a")})
			return err
		},
		"DeleteLogAnomalyDetector": func() error {
			_, err := b.DeleteLogAnomalyDetector(b.ctx, &logsapi.DeleteLogAnomalyDetectorRequest{AnomalyDetectorArn: d})
			return err
		},
	} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		b.fails(call(), "AccessDeniedException", "denied logs:"+action)
	}
}
