package logs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/logs/anomaly"
	"sealstack/storage"
)

// learning is what a detector knows: what is usual, and what was not.
type learning struct {
	Baseline   anomaly.Baseline
	Found      []found
	Suppressed map[string]suppression // by pattern
}

// suppression hides an anomaly, or a pattern, until an instant; 0: for good.
type suppression struct{ Since, Until int64 }

func (p *suppression) holds(now int64) bool { return p != nil && (p.Until == 0 || now < p.Until) }

// found is an anomaly.
type found struct {
	ID         string
	Pattern    string
	First      int64
	Last       int64
	Windows    map[int64]int64 // occurrences by the window's end
	Samples    []sample
	Suppressed *suppression
	Baseline   bool
}

type sample struct {
	At      int64
	Message string
}

const maxSamples = 10

func patternID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// evaluateAnomalies lets the detectors that are due look at their windows.
func (s *Service) evaluateAnomalies(ctx context.Context, now int64) error {
	var due []storage.Entry[anomalyDetector]
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		due = due[:0]
		for e, err := range anomalyDetectors.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if d := &e.Value; !d.Paused && now >= max(d.Evaluated, d.Created)+frequencies[d.Frequency] {
				due = append(due, e)
			}
		}
		return nil
	})
	for _, e := range due {
		parts := e.Key.Parts()
		here := api.WithCaller(ctx, &api.Caller{
			Principal: api.Principal{Account: parts[0].(string)}, Partition: e.Value.Partition, Region: parts[1].(string),
		})
		if failed := s.evaluateDetector(here, e.Value, now); failed != nil {
			// It is tried again at the next window's end.
			err = ignoreFault(s.editDetector(here, e.Key, func(d *anomalyDetector) error { d.Failed, d.Evaluated = true, now; return nil }))
		}
	}
	return err
}

// ignoreFault leaves out AWS's errors: the detector was deleted meanwhile.
func ignoreFault(err error) error {
	if isRefusal(err) {
		return nil
	}
	return err
}

// evaluateDetector compares the events since the last evaluation, taken by
// their time, with what was before. The first time it learns from the two
// weeks before, as AWS does.
func (s *Service) evaluateDetector(ctx context.Context, d anomalyDetector, now int64) error {
	g, err := s.group(ctx, d.Group)
	if err != nil || g.ID != d.GroupID {
		return either(err, noSuchGroup)
	}
	l, err := s.learned(ctx, &d)
	if err != nil {
		return err
	}
	begin := d.Evaluated
	if begin == 0 {
		begin = d.Created
		if err := s.train(ctx, &d, &g, &l); err != nil {
			return err
		}
	}
	counts, samples, err := s.window(ctx, &d, &g, begin, now-1)
	if err != nil {
		return err
	}
	for _, p := range l.Baseline.Unusual(counts) {
		l.report(p, now, counts[p], samples[p])
	}
	l.age(now, d.Visibility*day)
	usual := maps.Clone(counts)
	for _, f := range l.Found {
		if !f.Baseline {
			delete(usual, f.Pattern)
		}
	}
	l.Baseline.Learn(usual)
	return s.keepLearned(ctx, d, &l, func(now2 *anomalyDetector) { now2.Evaluated, now2.Failed = now, false })
}

// train learns from the windows of the two weeks before a detector was made.
func (s *Service) train(ctx context.Context, d *anomalyDetector, g *group, l *learning) error {
	width := frequencies[d.Frequency]
	windows := map[int64]map[string]int{}
	parsed, err := s.patterns.get(value(d.Pattern))
	if err != nil {
		return err
	}
	err = s.eachEvent(ctx, g, d.Created-tooOld, d.Created-1, func(e *located) {
		if !parsed.Match(e.message) {
			return
		}
		at := e.timestamp / width
		if windows[at] == nil {
			windows[at] = map[string]int{}
		}
		windows[at][anomaly.PatternOf(e.message).Text]++
	})
	for _, w := range windows {
		l.Baseline.Learn(w)
	}
	return err
}

// window counts patterns in [from, to], with samples of each.
func (s *Service) window(ctx context.Context, d *anomalyDetector, g *group, from, to int64) (map[string]int, map[string][]sample, error) {
	counts, samples := map[string]int{}, map[string][]sample{}
	parsed, err := s.patterns.get(value(d.Pattern))
	if err != nil {
		return nil, nil, err
	}
	err = s.eachEvent(ctx, g, from, to, func(e *located) {
		if !parsed.Match(e.message) {
			return
		}
		p := anomaly.PatternOf(e.message).Text
		if counts[p]++; len(samples[p]) < maxSamples {
			samples[p] = append(samples[p], sample{e.timestamp, e.message})
		}
	})
	return counts, samples, err
}

// report adds an anomaly, or what is new of one. What is suppressed stays as
// it is.
func (l *learning) report(pattern string, now int64, n int, samples []sample) {
	if p, ok := l.Suppressed[pattern]; ok && p.holds(now) {
		return
	}
	i := slices.IndexFunc(l.Found, func(f found) bool { return f.Pattern == pattern && !f.Baseline })
	if i < 0 {
		l.Found = append(l.Found, found{ID: uuid(), Pattern: pattern, First: samples[0].At, Windows: map[int64]int64{}})
		i = len(l.Found) - 1
	}
	f := &l.Found[i]
	if f.Suppressed.holds(now) {
		return
	}
	f.Last, f.Samples = samples[len(samples)-1].At, samples
	f.Windows[now] = int64(n)
}

// age makes what was an anomaly for longer than it is shown a part of what is
// usual.
func (l *learning) age(now, visibility int64) {
	for i := range l.Found {
		f := &l.Found[i]
		if !f.Baseline && now-f.First >= visibility {
			f.Baseline = true
			most := int64(0)
			for _, n := range f.Windows {
				most = max(most, n)
			}
			l.Baseline.Learn(map[string]int{f.Pattern: int(most)})
		}
	}
}

// ListAnomalies lists what detectors have found, the newest first.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListAnomalies.html
func (s *Service) ListAnomalies(ctx context.Context, in *logsapi.ListAnomaliesRequest) (*logsapi.ListAnomaliesResponse, error) {
	from, err := s.listed(ctx, in.AnomalyDetectorArn)
	if err != nil {
		return nil, err
	}
	all := []logsapi.Anomaly{}
	for i := range from {
		l, err := s.learned(ctx, &from[i])
		if err != nil {
			return nil, err
		}
		for j := range l.Found {
			a := l.describe(&l.Found[j], &from[i], placeOf(ctx), s.now())
			if in.SuppressionState == nil || (*in.SuppressionState == logsapi.SuppressionStateSuppressed) == *a.Suppressed {
				all = append(all, a)
			}
		}
	}
	order := func(a logsapi.Anomaly) storage.Key { return storage.K(a.FirstSeen, a.AnomalyId) }
	slices.SortFunc(all, func(a, b logsapi.Anomaly) int { return order(b).Compare(order(a)) })
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "ListAnomalies/"+value(in.AnomalyDetectorArn)), in.NextToken, all, order, true)
	return &logsapi.ListAnomaliesResponse{Anomalies: page, NextToken: next}, err
}

// listed returns the detector of an ARN, or all.
func (s *Service) listed(ctx context.Context, name *string) ([]anomalyDetector, error) {
	if name != nil {
		d, err := s.detector(ctx, "ListAnomalies", *name)
		return []anomalyDetector{d}, err
	}
	if err := s.authorize(ctx, "ListAnomalies", placeOf(ctx).arn(detectorResource("*")), nil); err != nil {
		return nil, err
	}
	return list(ctx, s, anomalyDetectors, placeOf(ctx).key())
}

// describe returns what is shown of an anomaly.
//
// Unverified: the words of the description, and that an anomaly is active
// while it was seen in the last window.
func (l *learning) describe(f *found, d *anomalyDetector, p place, now int64) logsapi.Anomaly {
	hidden, byPattern := f.Suppressed, false
	if of, ok := l.Suppressed[f.Pattern]; ok && of.holds(now) {
		hidden, byPattern = &of, true
	}
	suppressed := hidden.holds(now)
	regex, priority := anomaly.Regex(f.Pattern), anomaly.Priority(f.Pattern)
	_, recent := f.Windows[d.Evaluated]
	a := logsapi.Anomaly{
		AnomalyId: f.ID, PatternId: patternID(f.Pattern), AnomalyDetectorArn: p.arn(detectorResource(d.ID)),
		PatternString: f.Pattern, PatternRegex: &regex, Priority: &priority, FirstSeen: f.First, LastSeen: f.Last,
		Description: "Unusual number of occurrences of the pattern.", Active: recent && !f.Baseline && !suppressed, State: logsapi.StateActive,
		Histogram: map[string]int64{}, LogSamples: []logsapi.LogEvent{}, PatternTokens: tokens(f), LogGroupArnList: []string{p.group(d.Group)},
		Suppressed: &suppressed,
	}
	if suppressed {
		a.State, a.SuppressedDate, a.SuppressedUntil, a.IsPatternLevelSuppression = logsapi.StateSuppressed, &hidden.Since, &hidden.Until, &byPattern
	}
	if f.Baseline {
		a.State = logsapi.StateBaseline
	}
	for at, n := range f.Windows {
		a.Histogram[strconv.FormatInt(at, 10)] = n
	}
	for i := range f.Samples {
		a.LogSamples = append(a.LogSamples, logsapi.LogEvent{Timestamp: &f.Samples[i].At, Message: &f.Samples[i].Message})
	}
	return a
}

// tokens returns the tokens of a pattern with the values that the samples
// have in them.
func tokens(f *found) []logsapi.PatternToken {
	list := []logsapi.PatternToken{}
	place := int32(0)
	for i, t := range anomaly.PatternOf(f.Samples[0].Message).Tokens {
		text, dynamic := t.Text, t.Dynamic
		token := logsapi.PatternToken{TokenString: &text, IsDynamic: &dynamic}
		if dynamic {
			place++
			at, name := place, "Token-"+strconv.Itoa(int(place))
			text = anomaly.Dynamic
			token.DynamicTokenPosition, token.InferredTokenName, token.Enumerations = &at, &name, map[string]int64{}
			for _, s := range f.Samples {
				// A message that holds the sign itself has other tokens.
				if list := anomaly.PatternOf(s.Message).Tokens; i < len(list) {
					token.Enumerations[list[i].Text]++
				}
			}
		}
		list = append(list, token)
	}
	return list
}

// UpdateAnomaly suppresses an anomaly or a pattern, ends that, or makes an
// anomaly a part of what is usual.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UpdateAnomaly.html
func (s *Service) UpdateAnomaly(ctx context.Context, in *logsapi.UpdateAnomalyRequest) (*api.None, error) {
	d, err := s.detector(ctx, "UpdateAnomaly", in.AnomalyDetectorArn)
	if err != nil {
		return nil, err
	}
	until, err := suppressed(in, s.now())
	if err != nil {
		return nil, err
	}
	l, err := s.learned(ctx, &d)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(l.Found, func(f found) bool {
		return in.AnomalyId != nil && f.ID == *in.AnomalyId || in.PatternId != nil && patternID(f.Pattern) == *in.PatternId
	})
	if i < 0 {
		return nil, logsapi.ResourceNotFoundException("The specified anomaly or pattern does not exist.") // Unverified: AWS's sentence
	}
	f := &l.Found[i]
	switch {
	case value(in.Baseline):
		f.Baseline = true
		l.Baseline.Learn(map[string]int{f.Pattern: len(f.Samples)})
	case in.AnomalyId != nil:
		f.Suppressed = until
	case until == nil:
		delete(l.Suppressed, f.Pattern)
	default:
		if l.Suppressed == nil {
			l.Suppressed = map[string]suppression{}
		}
		l.Suppressed[f.Pattern] = *until
	}
	return nil, s.keepLearned(ctx, d, &l, func(*anomalyDetector) {})
}

// suppressed returns the suppression that a call asks for, nil for none.
//
// Unverified: AWS's sentences.
func suppressed(in *logsapi.UpdateAnomalyRequest, now int64) (*suppression, error) {
	if (in.AnomalyId == nil) == (in.PatternId == nil) {
		return nil, logsapi.InvalidParameterException("Exactly one of anomalyId and patternId must be specified.")
	}
	switch p := in.SuppressionPeriod; {
	case in.SuppressionType == nil:
		return nil, nil
	case *in.SuppressionType == logsapi.SuppressionTypeInfinite:
		return &suppression{Since: now}, nil
	case p == nil || p.Value == nil || *p.Value <= 0 || p.SuppressionUnit == nil:
		return nil, logsapi.InvalidParameterException("suppressionPeriod is required if suppressionType is LIMITED.")
	default:
		unit := map[logsapi.SuppressionUnit]int64{
			logsapi.SuppressionUnitSeconds: 1000, logsapi.SuppressionUnitMinutes: minute, logsapi.SuppressionUnitHours: 60 * minute,
		}[*p.SuppressionUnit]
		return &suppression{Since: now, Until: now + int64(*p.Value)*unit}, nil
	}
}
