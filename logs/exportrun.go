package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
)

// maxExported is how many bytes of events one exported object holds, before
// compression.
const maxExported = 64 << 20

// tryBucket finds out whether CloudWatch Logs may write to the bucket, by
// reading its ACL and writing the object that AWS writes too.
func (s *Service) tryBucket(ctx context.Context, t *exportTask) error {
	if s.buckets == nil {
		return noSuchBucket()
	}
	as := t.asLogs(ctx)
	_, err := s.buckets.GetBucketAcl(as, &s3api.GetBucketAclRequest{Bucket: t.Bucket})
	if err == nil {
		err = s.putObject(as, t.Bucket, t.Prefix+"/aws-logs-write-test", []byte("Permission Check Successful"))
		return refusedByBucket(err, "PutObject")
	}
	return refusedByBucket(err, "GetBucketAcl")
}

func refusedByBucket(err error, call string) error {
	e, ok := errors.AsType[*api.Error](err)
	switch {
	case !ok || e.Fault():
		return err
	case e.Code == "NoSuchBucket":
		return noSuchBucket()
	}
	return bucketRefused(call)
}

// asLogs returns a context in which CloudWatch Logs calls by itself for the
// group that is exported.
//
// Unverified: that the source ARN is the form of the group with an asterisk.
func (t *exportTask) asLogs(ctx context.Context) context.Context {
	return asLogs(ctx, placeOf(ctx).group(t.Group)+":*")
}

func (s *Service) putObject(ctx context.Context, bucket, key string, body []byte) error {
	acl, size := s3api.ObjectCannedACLBucketOwnerFullControl, int64(len(body))
	_, err := s.buckets.PutObject(ctx, &s3api.PutObjectRequest{
		Bucket: bucket, Key: key, ACL: &acl, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: &size,
	})
	return err
}

// export does the work of a task. Events that cannot be read make it fail.
//
// Unverified: that AWS fails so, and the messages beside the status.
func (s *Service) export(ctx context.Context, t *exportTask, g *group) {
	status, message := logsapi.ExportTaskStatusCodeCompleted, "Completed successfully"
	if err := s.exportStreams(ctx, t, g); err != nil {
		status, message = logsapi.ExportTaskStatusCodeFailed, "The export failed."
		if e, ok := errors.AsType[*api.Error](err); ok {
			message = e.Message
		}
	}
	// A task that was cancelled, or whose store is emptied, has its end already.
	_ = s.finishExport(context.WithoutCancel(ctx), t.ID, status, message)
}

func (s *Service) exportStreams(ctx context.Context, t *exportTask, g *group) error {
	all, err := s.streamsOf(ctx, g, t.Streams, false, false)
	if err != nil {
		return err
	}
	for i := range all {
		if err := s.exportStream(ctx, t, g, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// exportStream writes the events of one stream, oldest first, as compressed
// objects of lines.
func (s *Service) exportStream(ctx context.Context, t *exportTask, g *group, st *stream) error {
	o := exportObject{prefix: t.Prefix + "/" + t.ID + "/" + strings.ReplaceAll(st.Name, "/", "-") + "/"}
	from := max(t.From, g.cutoff(s.now()))
	w := s.walkFrom(g, oneStream{st.ID}, head(from), t.To, st.Span, false)
	for {
		e, ok, err := w.step(ctx)
		if err != nil {
			return err
		}
		if !ok || e.timestamp > t.To {
			return s.putExport(ctx, t, &o)
		}
		if e.timestamp < from {
			continue
		}
		o.add(&e)
		if o.size >= maxExported {
			if err := s.putExport(ctx, t, &o); err != nil {
				return err
			}
		}
	}
}

// putExport writes what has been collected, if there is any.
func (s *Service) putExport(ctx context.Context, t *exportTask, o *exportObject) error {
	if o.size == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	key, body, err := o.take()
	if err != nil {
		return err
	}
	return s.putObject(t.asLogs(ctx), t.Bucket, key, body)
}

// exportObject collects the lines of one object.
type exportObject struct {
	prefix string
	number int
	size   int
	body   bytes.Buffer
	zip    *gzip.Writer
}

// add writes an event as a line: its time in ISO 8601, a blank, its message.
func (o *exportObject) add(e *located) {
	if o.zip == nil {
		o.zip = gzip.NewWriter(&o.body)
	}
	n, _ := fmt.Fprintf(o.zip, "%s %s\n", time.UnixMilli(e.timestamp).UTC().Format("2006-01-02T15:04:05.000Z"), e.message) // into memory
	o.size += n
}

// take returns the object, and begins the next one.
func (o *exportObject) take() (key string, body []byte, err error) {
	if err := o.zip.Close(); err != nil {
		return "", nil, err
	}
	key = fmt.Sprintf("%s%06d.gz", o.prefix, o.number)
	body = bytes.Clone(o.body.Bytes())
	*o = exportObject{prefix: o.prefix, number: o.number + 1}
	return key, body, nil
}
