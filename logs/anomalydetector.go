package logs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/logs/pattern"
	"sealstack/storage"
)

// anomalyDetector watches a log group. It is kept under (account, Region,
// id); what it has learned and found is in its box, and so sealed.
type anomalyDetector struct {
	ID         string
	Partition  string
	Name       *string
	Group      string
	GroupID    string
	Frequency  logsapi.EvaluationFrequency
	Pattern    *string
	Visibility int64 // days
	Tags       map[string]string
	Created    int64
	Modified   int64
	Paused     bool
	Failed     bool  // the last evaluation could not read or seal
	Evaluated  int64 // end of the last window; 0 before the first
	Box        box
}

var anomalyDetectors = storage.NewTable[anomalyDetector]("logs.anomalydetector")

// maxDetectors is how many detectors an account has in a Region:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const maxDetectors = 500

// defaultVisibility is for how many days an anomaly is shown.
//
// Unverified: the default.
const defaultVisibility = 21

// frequencies are the windows of evaluation in milliseconds.
var frequencies = map[logsapi.EvaluationFrequency]int64{
	logsapi.EvaluationFrequencyOneMin: minute, logsapi.EvaluationFrequencyFiveMin: 5 * minute, logsapi.EvaluationFrequencyTenMin: 10 * minute,
	logsapi.EvaluationFrequencyFifteenMin: 15 * minute, logsapi.EvaluationFrequencyThirtyMin: 30 * minute, logsapi.EvaluationFrequencyOneHour: 60 * minute,
}

func detectorResource(id string) string { return "anomaly-detector:" + id }

// CreateLogAnomalyDetector begins to watch a log group.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogAnomalyDetector.html
func (s *Service) CreateLogAnomalyDetector(ctx context.Context, in *logsapi.CreateLogAnomalyDetectorRequest) (*logsapi.CreateLogAnomalyDetectorResponse, error) {
	p := placeOf(ctx)
	if err := s.authorize(ctx, "CreateLogAnomalyDetector", p.arn(detectorResource("")), auth.RequestTags(in.Tags)); err != nil {
		return nil, err
	}
	d := anomalyDetector{
		ID: uuid(), Partition: p.partition, Name: in.DetectorName, Frequency: logsapi.EvaluationFrequencyFiveMin, Pattern: in.FilterPattern,
		Visibility: defaultVisibility, Tags: in.Tags, Created: s.now(), Modified: s.now(),
	}
	if in.EvaluationFrequency != nil {
		d.Frequency = *in.EvaluationFrequency
	}
	if in.AnomalyVisibilityTime != nil {
		d.Visibility = *in.AnomalyVisibilityTime
	}
	if err := s.aimDetector(ctx, &d, in.LogGroupArnList); err != nil {
		return nil, err
	}
	if err := namesKey(in.KmsKeyId, detectorResource(d.ID)); err != nil {
		return nil, err
	}
	b, key, err := s.newBox(ctx, detectorResource(d.ID), d.ID, value(in.KmsKeyId))
	if err != nil {
		return nil, err
	}
	d.Box = b
	if err := s.fillNew(ctx, &d.Box, key, []byte("{}")); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if err := keepBox(tx, &d.Box, key); err != nil {
			return err
		}
		return putLimited(tx, anomalyDetectors, p.key(), p.key(d.ID), d, maxDetectors)
	})
	if err != nil {
		return nil, errors.Join(err, s.store.Blobs().Discard(context.WithoutCancel(ctx), d.Box.Blob))
	}
	name := p.arn(detectorResource(d.ID))
	return &logsapi.CreateLogAnomalyDetectorResponse{AnomalyDetectorArn: &name}, nil
}

// aimDetector sets the group that a detector watches.
//
// Unverified: AWS's sentences.
func (s *Service) aimDetector(ctx context.Context, d *anomalyDetector, groups []string) error {
	if len(groups) != 1 {
		return logsapi.InvalidParameterException("Exactly one log group ARN must be specified.")
	}
	if !strings.HasPrefix(groups[0], "arn:") {
		return badIdentifier(groups[0])
	}
	name, err := groupName(ctx, groups[0])
	if err != nil {
		return err
	}
	g, err := s.group(ctx, name)
	if err != nil {
		return err
	}
	if g.Class != logsapi.LogGroupClassStandard {
		return logsapi.InvalidParameterException("Anomaly detection is not supported for log groups of class %s.", g.Class)
	}
	if _, err := pattern.Parse(value(d.Pattern)); err != nil {
		return badPattern(err, pattern.InvalidPattern)
	}
	d.Group, d.GroupID = g.Name, g.ID
	return nil
}

// status tells how a detector is doing.
//
// Unverified: when AWS calls a detector what; here it trains until its first
// window has ended.
func (d *anomalyDetector) status() logsapi.AnomalyDetectorStatus {
	switch {
	case d.Paused:
		return logsapi.AnomalyDetectorStatusPaused
	case d.Failed:
		return logsapi.AnomalyDetectorStatusFailed
	case d.Evaluated == 0:
		return logsapi.AnomalyDetectorStatusTraining
	}
	return logsapi.AnomalyDetectorStatusAnalyzing
}

// detector returns the detector of an ARN, if the caller may perform the
// action.
func (s *Service) detector(ctx context.Context, action, name string) (anomalyDetector, error) {
	p := placeOf(ctx)
	id, ok := strings.CutPrefix(name, p.arn(detectorResource("")))
	if !ok {
		return anomalyDetector{}, logsapi.InvalidParameterException("Invalid anomaly detector ARN '%s'.", name) // Unverified: AWS's sentence
	}
	d, err := lookup(ctx, s, anomalyDetectors, p.key(id), noSuchDetector)
	if denied := s.authorize(ctx, action, name, auth.ResourceTags(d.Tags)); denied != nil {
		return d, denied
	}
	return d, err
}

func noSuchDetector() error {
	return logsapi.ResourceNotFoundException("The specified anomaly detector does not exist.") // Unverified: AWS's sentence
}

// GetLogAnomalyDetector returns a detector.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogAnomalyDetector.html
func (s *Service) GetLogAnomalyDetector(ctx context.Context, in *logsapi.GetLogAnomalyDetectorRequest) (*logsapi.GetLogAnomalyDetectorResponse, error) {
	d, err := s.detector(ctx, "GetLogAnomalyDetector", in.AnomalyDetectorArn)
	if err != nil {
		return nil, err
	}
	shown := d.describe(placeOf(ctx))
	return &logsapi.GetLogAnomalyDetectorResponse{
		DetectorName: shown.DetectorName, LogGroupArnList: shown.LogGroupArnList, EvaluationFrequency: shown.EvaluationFrequency,
		FilterPattern: shown.FilterPattern, AnomalyDetectorStatus: shown.AnomalyDetectorStatus, KmsKeyId: shown.KmsKeyId,
		CreationTimeStamp: shown.CreationTimeStamp, LastModifiedTimeStamp: shown.LastModifiedTimeStamp, AnomalyVisibilityTime: shown.AnomalyVisibilityTime,
	}, nil
}

func (d *anomalyDetector) describe(p place) logsapi.AnomalyDetector {
	name, status := p.arn(detectorResource(d.ID)), d.status()
	return logsapi.AnomalyDetector{
		AnomalyDetectorArn: &name, DetectorName: d.Name, LogGroupArnList: []string{p.group(d.Group)}, EvaluationFrequency: &d.Frequency,
		FilterPattern: d.Pattern, AnomalyDetectorStatus: &status, KmsKeyId: d.Box.key(),
		CreationTimeStamp: &d.Created, LastModifiedTimeStamp: &d.Modified, AnomalyVisibilityTime: &d.Visibility,
	}
}

// ListLogAnomalyDetectors lists detectors, the oldest first.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListLogAnomalyDetectors.html
func (s *Service) ListLogAnomalyDetectors(ctx context.Context, in *logsapi.ListLogAnomalyDetectorsRequest) (*logsapi.ListLogAnomalyDetectorsResponse, error) {
	if err := s.authorizeAccount(ctx, "ListLogAnomalyDetectors"); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	all, err := list(ctx, s, anomalyDetectors, p.key())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d anomalyDetector) bool {
		return in.FilterLogGroupArn != nil && strings.TrimSuffix(*in.FilterLogGroupArn, ":*") != p.group(d.Group)
	})
	order := func(d anomalyDetector) storage.Key { return storage.K(d.Created, d.ID) }
	slices.SortFunc(all, func(a, b anomalyDetector) int { return order(a).Compare(order(b)) })
	page, next, err := cut(s.root, pageOf(in.Limit), s.listing(ctx, "ListLogAnomalyDetectors"), in.NextToken, all, order, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.ListLogAnomalyDetectorsResponse{AnomalyDetectors: []logsapi.AnomalyDetector{}, NextToken: next}
	for i := range page {
		out.AnomalyDetectors = append(out.AnomalyDetectors, page[i].describe(p))
	}
	return out, nil
}

// UpdateLogAnomalyDetector changes a detector, pauses it or lets it go on.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UpdateLogAnomalyDetector.html
func (s *Service) UpdateLogAnomalyDetector(ctx context.Context, in *logsapi.UpdateLogAnomalyDetectorRequest) (*api.None, error) {
	d, err := s.detector(ctx, "UpdateLogAnomalyDetector", in.AnomalyDetectorArn)
	if err != nil {
		return nil, err
	}
	if _, err := pattern.Parse(value(in.FilterPattern)); err != nil {
		return nil, badPattern(err, pattern.InvalidPattern)
	}
	return nil, s.editDetector(ctx, placeOf(ctx).key(d.ID), func(d *anomalyDetector) error {
		if in.EvaluationFrequency != nil {
			d.Frequency = *in.EvaluationFrequency
		}
		if in.FilterPattern != nil {
			d.Pattern = in.FilterPattern
		}
		if in.AnomalyVisibilityTime != nil {
			d.Visibility = *in.AnomalyVisibilityTime
		}
		if d.Paused && in.Enabled && d.Evaluated != 0 {
			d.Evaluated = s.now() // what happened meanwhile is left out
		}
		d.Paused, d.Modified = !in.Enabled, s.now()
		return nil
	})
}

// editDetector applies fn to a detector.
func (s *Service) editDetector(ctx context.Context, k storage.Key, fn func(*anomalyDetector) error) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		d, err := anomalyDetectors.Get(tx, k)
		if err != nil {
			return either(ignoreNotFound(err), noSuchDetector)
		}
		if err := fn(&d); err != nil {
			return err
		}
		return anomalyDetectors.Put(tx, k, d)
	})
}

// DeleteLogAnomalyDetector removes a detector with what it has found.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogAnomalyDetector.html
func (s *Service) DeleteLogAnomalyDetector(ctx context.Context, in *logsapi.DeleteLogAnomalyDetectorRequest) (*api.None, error) {
	d, err := s.detector(ctx, "DeleteLogAnomalyDetector", in.AnomalyDetectorArn)
	if err != nil {
		return nil, err
	}
	k := placeOf(ctx).key(d.ID)
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := anomalyDetectors.Get(tx, k)
		if err != nil {
			return either(ignoreNotFound(err), noSuchDetector)
		}
		return errors.Join(dropBox(tx, &now.Box), anomalyDetectors.Delete(tx, k))
	})
	s.ring.forget(d.Box.Holder.ID)
	return nil, err
}

// learned is what is in a detector's box.
func (s *Service) learned(ctx context.Context, d *anomalyDetector) (l learning, err error) {
	plain, err := s.open(ctx, &d.Box)
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(plain, &l)
}

// keepLearned seals what a detector knows, in the place of what it knew.
func (s *Service) keepLearned(ctx context.Context, d anomalyDetector, l *learning, fn func(*anomalyDetector)) error {
	plain, err := json.Marshal(l)
	if err != nil {
		return err
	}
	old := d.Box.Blob
	if err := s.fill(ctx, &d.Box, plain); err != nil {
		return err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := anomalyDetectors.Get(tx, placeOf(ctx).key(d.ID))
		if err != nil {
			return either(ignoreNotFound(err), noSuchDetector)
		}
		if now.Box.Blob != old {
			return conflicting()
		}
		now.Box = d.Box
		fn(&now)
		return errors.Join(tx.DropBlob(old), tx.KeepBlob(d.Box.Blob), anomalyDetectors.Put(tx, placeOf(ctx).key(d.ID), now))
	})
	if err != nil {
		return errors.Join(err, s.store.Blobs().Discard(context.WithoutCancel(ctx), d.Box.Blob))
	}
	return nil
}
