package logs

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/storage"
)

// CreateLogStream makes a log stream. One that exists is left as it is.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
func (s *Service) CreateLogStream(ctx context.Context, in *logsapi.CreateLogStreamRequest) (*api.None, error) {
	p := placeOf(ctx)
	if err := s.authorizeStream(ctx, "CreateLogStream", in.LogGroupName, in.LogStreamName); err != nil {
		return nil, err
	}
	st := stream{ID: rand.Text(), Name: in.LogStreamName, Created: s.now()}
	return nil, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		g, err := findGroup(tx, p, in.LogGroupName)
		if err != nil {
			return err
		}
		k := storage.K(g.ID, st.Name)
		if taken, err := streams.Has(tx, k); taken || err != nil {
			return either(err, streamExists)
		}
		return streams.Put(tx, k, st)
	})
}

// DeleteLogStream removes a stream with its events. It needs no key.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogStream.html
func (s *Service) DeleteLogStream(ctx context.Context, in *logsapi.DeleteLogStreamRequest) (*api.None, error) {
	p := placeOf(ctx)
	if err := s.authorizeStream(ctx, "DeleteLogStream", in.LogGroupName, in.LogStreamName); err != nil {
		return nil, err
	}
	return nil, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		g, err := findGroup(tx, p, in.LogGroupName)
		if err != nil {
			return err
		}
		st, err := findStream(tx, &g, in.LogStreamName)
		if err != nil {
			return err
		}
		if err := dropBefore(tx, &g, &st, nil); err != nil {
			return err
		}
		return streams.Delete(tx, storage.K(g.ID, st.Name))
	})
}

// dropBefore removes the segments of a stream that lie whole before the
// cutoff in milliseconds, or all of them if it is nil.
func dropBefore(tx storage.Tx, g *group, st *stream, cutoff *int64) error {
	u, err := findUsage(tx, g)
	if err != nil {
		return err
	}
	for e, err := range segments.Scan(tx, storage.Range{Prefix: storage.K(st.ID)}) {
		switch {
		case err != nil:
			return err
		case cutoff != nil && e.Value.First >= *cutoff:
			return usages.Put(tx, storage.K(g.ID), u)
		case cutoff != nil && e.Value.Last >= *cutoff:
			continue
		}
		if err := dropSegment(tx, g, &u, e); err != nil {
			return err
		}
	}
	return usages.Put(tx, storage.K(g.ID), u)
}

// dropSegment removes one segment and its share of the group's usage.
func dropSegment(tx storage.Tx, g *group, u *usage, e storage.Entry[segment]) error {
	h := &e.Value
	u.Bytes -= h.Size
	u.Events[h.Epoch] -= int64(h.Count)
	if err := tx.DropBlob(h.Blob); err != nil {
		return err
	}
	if err := moments.Delete(tx, storage.K(g.ID, h.First, h.Sequence)); err != nil {
		return err
	}
	return segments.Delete(tx, e.Key)
}

// authorizeStream asks whether the caller may perform the action on a stream.
func (s *Service) authorizeStream(ctx context.Context, action, group, stream string) error {
	g, err := s.group(ctx, group)
	if denied := s.authorize(ctx, action, placeOf(ctx).stream(group, stream), auth.ResourceTags(g.Tags)); denied != nil {
		return denied
	}
	return err
}

// DescribeLogStreams lists a group's streams by name, or by the time of their
// last event.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
func (s *Service) DescribeLogStreams(ctx context.Context, in *logsapi.DescribeLogStreamsRequest) (*logsapi.DescribeLogStreamsResponse, error) {
	name, err := named(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	byTime := value(in.OrderBy) == logsapi.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, logsapi.InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	g, err := s.authorizedGroup(ctx, "DescribeLogStreams", name)
	if err != nil {
		return nil, err
	}
	list, err := s.streamsOf(ctx, &g, value(in.LogStreamNamePrefix), byTime, value(in.Descending))
	if err != nil {
		return nil, err
	}
	page := pageOf(in.Limit)
	purpose := "DescribeLogStreams/" + g.ID
	list, next, err := cut(s.root, page, purpose, in.NextToken, list, func(st stream) storage.Key { return st.order(byTime) }, value(in.Descending))
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeLogStreamsResponse{LogStreams: []logsapi.LogStream{}, NextToken: next}
	for i := range list {
		out.LogStreams = append(out.LogStreams, s.describeStream(placeOf(ctx), &g, &list[i]))
	}
	return out, nil
}

// order returns the key by which streams are listed.
func (st *stream) order(byTime bool) storage.Key {
	if byTime {
		return storage.K(st.Last, st.Name)
	}
	return storage.K(st.Name)
}

// streamsOf returns the group's streams whose name begins with prefix.
func (s *Service) streamsOf(ctx context.Context, g *group, prefix string, byTime, descending bool) ([]stream, error) {
	var list []stream
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = list[:0]
		for e, err := range streams.Scan(tx, storage.Range{Prefix: storage.K(g.ID), From: storage.K(g.ID, prefix)}) {
			if err != nil {
				return err
			}
			if !strings.HasPrefix(e.Value.Name, prefix) {
				break
			}
			list = append(list, e.Value)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b stream) int {
		c := a.order(byTime).Compare(b.order(byTime))
		if descending {
			return -c
		}
		return c
	})
	return list, err
}

func (s *Service) describeStream(p place, g *group, st *stream) logsapi.LogStream {
	zero, groupStream := int64(0), p.stream(g.Name, st.Name)
	out := logsapi.LogStream{LogStreamName: &st.Name, CreationTime: &st.Created, Arn: &groupStream, StoredBytes: &zero}
	if st.Sequence != 0 {
		token := s.uploadToken(st)
		out.FirstEventTimestamp, out.LastEventTimestamp, out.LastIngestionTime = &st.First, &st.Last, &st.Ingested
		out.UploadSequenceToken = &token
	}
	return out
}
