package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/arn"
	"sealstack/logs/protect"
	"sealstack/storage"
)

// report is what is written of an event with findings. It tells where they
// are and not what they are.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data-audit-findings.html
type report struct {
	AuditTimestamp  string            `json:"auditTimestamp"`
	ResourceArn     string            `json:"resourceArn"`
	DataIdentifiers []protect.Finding `json:"dataIdentifiers"`
}

// audited are the reports of one policy.
type audited struct {
	policy  *protect.Policy
	reports []string
}

// audit looks for what the policies audit in events that are ingested.
func (t *treating) audit(p place, g *group, now time.Time, events []logsapi.InputLogEvent) (all []audited, err error) {
	for _, policy := range t.policies {
		a := audited{policy: policy}
		for i := range events {
			found := policy.Audit(events[i].Message)
			if len(found) == 0 {
				continue
			}
			text, err := json.Marshal(report{now.UTC().Format(time.RFC3339), p.group(g.Name) + ":*", found})
			if err != nil {
				return nil, err
			}
			a.reports = append(a.reports, string(text))
		}
		if a.reports != nil {
			all = append(all, a)
		}
	}
	return all, nil
}

// withFindings adds the data points of events with findings.
//
// Unverified: the dimension; AWS documents the metric and its namespace.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
func (m *measured) withFindings(g *group, now int64, all []audited) *measured {
	if len(all) == 0 {
		return m
	}
	if m == nil {
		m = newMeasured()
	}
	unit := logsapi.StandardUnitCount
	for _, a := range all {
		d := &dataPoint{
			Minute: now - now%minute, Namespace: "AWS/Logs", Metric: "LogEventsWithFindings", Unit: &unit,
			Dimensions: map[string]string{"LogGroupName": g.Name, "PolicyName": a.policy.Name},
			Values:     map[float64]float64{float64(len(a.reports)): 1},
		}
		m.points[d.key()] = d
	}
	return m
}

// deliverFindings brings reports to where the policies say, behind the call
// that ingested the events. What cannot be delivered is lost.
func (s *Service) deliverFindings(ctx context.Context, g *group, all []audited) {
	for _, a := range all {
		d := a.policy.Destinations
		if d.LogGroup != "" && d.LogGroup != g.Name {
			s.tasks.begin(ctx, uuid(), func(ctx context.Context) { _ = s.findingsToGroup(ctx, g, d.LogGroup, a.reports) })
		}
		if d.Bucket != "" {
			s.tasks.begin(ctx, uuid(), func(ctx context.Context) { _ = s.findingsToBucket(ctx, g, d.Bucket, a.reports) })
		}
	}
}

// findingsToGroup puts reports into a stream named after the group that they
// are about. They are neither audited nor transformed.
//
// Unverified: the stream's name.
func (s *Service) findingsToGroup(ctx context.Context, about *group, name string, reports []string) error {
	for chunk := range slices.Chunk(reports, maxPage/10) {
		if err := s.putOwn(ctx, name, about.Name, chunk); err != nil {
			return err
		}
	}
	return nil
}

// putOwn puts messages of the service's own into a stream, which it makes.
func (s *Service) putOwn(ctx context.Context, name, streamName string, messages []string) error {
	g, err := s.group(ctx, name)
	if err != nil {
		return err
	}
	st, err := s.ownStream(ctx, &g, streamName)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	events := make([]logsapi.InputLogEvent, len(messages))
	for i, m := range messages {
		events[i] = logsapi.InputLogEvent{Timestamp: now.UnixMilli(), Message: m}
	}
	h := header{Stream: st.Name, Ingested: now.UnixMilli()}
	if h.Sequence, err = s.number(ctx, now); err != nil {
		return err
	}
	b := batch{kept: events, treating: &treating{}, out: outgoing{events, events}}
	if err := s.ingest(ctx, &g, &st, h, b); err != nil {
		return err
	}
	s.tails.show(&g, &h, events)
	return nil
}

// findingsToBucket writes reports as one compressed object.
//
// Unverified: the object's name.
func (s *Service) findingsToBucket(ctx context.Context, about *group, bucket string, reports []string) error {
	var body bytes.Buffer
	zip := gzip.NewWriter(&body)
	if _, err := io.WriteString(zip, strings.Join(reports, "\n")+"\n"); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	p := placeOf(ctx)
	key := "AWSLogs/" + p.account + "/DataProtection/" + p.region + s.clock.Now().UTC().Format("/2006/01/02/15/") +
		strings.ReplaceAll(strings.Trim(about.Name, "/"), "/", "-") + "_" + uuid() + ".log.gz"
	acl, size := s3api.ObjectCannedACLBucketOwnerFullControl, int64(body.Len())
	_, err := s.buckets.PutObject(asDelivery(ctx), &s3api.PutObjectRequest{
		Bucket: bucket, Key: key, ACL: &acl, Body: io.NopCloser(&body), ContentLength: &size,
	})
	return err
}

// asDelivery returns a context in which the service that delivers logs calls.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
func asDelivery(ctx context.Context) context.Context {
	p := placeOf(ctx)
	return api.AsService(ctx, "delivery.logs."+arn.DNSSuffix(p.partition), p.arn("*"), p.account)
}

// ownStream returns a stream of the group, made if it is not there.
func (s *Service) ownStream(ctx context.Context, g *group, name string) (st stream, err error) {
	fresh := stream{ID: rand.Text(), Name: name, Created: s.now()}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := findGroup(tx, placeOf(ctx), g.Name)
		if err != nil {
			return err
		}
		if now.ID != g.ID {
			return noSuchGroup()
		}
		if st, err = streams.Get(tx, storage.K(g.ID, name)); !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		st = fresh
		return streams.Put(tx, storage.K(g.ID, name), st)
	})
	return st, err
}
