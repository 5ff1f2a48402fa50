package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/storage"
)

// errImportEnded: an import has been stopped, or has come to its end.
var errImportEnded = errors.New("cloudtrail: the import has ended")

// editImport changes an import that has not ended, with what else belongs to
// that in the same transaction.
func (s *Service) editImport(ctx context.Context, m *importing, also func(storage.Tx) error, fn func(*importing)) (now importing, err error) {
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err = changeImport(tx, m, s.clock.Now(), fn)
		if err == nil && also != nil {
			err = also(tx)
		}
		return err
	})
	return now, err
}

func changeImport(tx storage.Tx, m *importing, at time.Time, fn func(*importing)) (importing, error) {
	now, err := imports.Get(tx, m.place())
	if err != nil {
		return now, err
	}
	if !now.active() {
		return now, errImportEnded
	}
	fn(&now)
	now.Updated = at
	return now, imports.Put(tx, now.place(), now)
}

// asImporter returns a context in which CloudTrail reads the bucket: a session
// of the role that the import names. Its trust policy sees the event data
// store as the source.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake.html
func (s *Service) asImporter(ctx context.Context, m *importing) (context.Context, error) {
	if s.config.STS == nil {
		return nil, badImportSource("The role cannot be assumed.")
	}
	role := m.Source.S3.S3BucketAccessRoleArn
	service := api.AsService(api.WithCaller(ctx, &api.Caller{Partition: m.Partition, Region: m.Region, RequestID: newID()}), principal, m.Store, m.Account)
	out, err := s.config.STS.AssumeRole(service, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: sessionName})
	if _, refused := refusal(err); refused {
		return nil, badImportSource("CloudTrail cannot assume the role " + role + ".")
	}
	if err != nil {
		return nil, err
	}
	id, _, _ := strings.Cut(out.AssumedRoleUser.AssumedRoleId, ":")
	return api.WithCaller(ctx, &api.Caller{
		Principal: api.Principal{
			Type: api.AssumedRole, Account: accountOf(role), ARN: out.AssumedRoleUser.Arn, ID: out.AssumedRoleUser.AssumedRoleId,
			Name: sessionName, Issuer: role, IssuerID: id,
		},
		AccessKeyID: out.Credentials.AccessKeyId, Session: &api.Session{Issued: s.clock.Now(), Expires: out.Credentials.Expiration},
		Partition: m.Partition, Region: m.Source.S3.S3BucketRegion, RequestID: newID(), SourceIP: principal, UserAgent: principal, Secure: true,
	}), nil
}

// resumeImports takes up imports that were interrupted.
func (s *Service) resumeImports(ctx context.Context) error {
	var list []importing
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		for row, err := range imports.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			if row.Value.active() && !s.lake.runs(row.Value.ID) {
				list = append(list, row.Value)
			}
		}
		return nil
	})
	for _, m := range list {
		s.lake.run(ctx, m.ID, func(ctx context.Context) { s.runImport(ctx, m) })
	}
	return err
}

// runImport imports file after file. It goes on after a restart where it was.
//
// Unverified: that an import is FAILED as soon as one file of it could not be
// imported, and that a prefix which failed is not among those completed.
func (s *Service) runImport(ctx context.Context, m importing) {
	m, err := s.editImport(ctx, &m, nil, func(m *importing) { m.Status = cloudtrailapi.ImportStatusInProgress })
	if err == nil && m.Retry {
		err = s.retryFiles(ctx, &m)
	}
	if err == nil {
		err = s.importFiles(ctx, &m)
	}
	if ctx.Err() != nil || errors.Is(err, errImportEnded) {
		return // it was stopped, or the program ends
	}
	end := context.WithoutCancel(ctx)
	if err != nil {
		bucket, prefix := bucketAndPrefix(m.Source.S3.S3LocationUri)
		_ = s.failFile(end, &m, bucket, prefix, "", err)
	}
	_, _ = s.editImport(end, &m, nil, func(m *importing) {
		if m.Passed = m.Prefixes; m.Failed > 0 {
			m.Passed, m.Status = m.Prefixes-1, cloudtrailapi.ImportStatusFailed
			m.Passed = max(m.Passed, 0)
			return
		}
		m.Status = cloudtrailapi.ImportStatusCompleted
	}) // a sweep takes up what could not be written
}

// importFiles lists the bucket and imports what is behind the last file.
func (s *Service) importFiles(ctx context.Context, m *importing) error {
	bucket, prefix := bucketAndPrefix(m.Source.S3.S3LocationUri)
	for {
		as, err := s.asImporter(ctx, m)
		if err != nil {
			return err
		}
		out, err := s.config.S3.ListObjectsV2(as, &s3api.ListObjectsV2Request{Bucket: bucket, Prefix: some(prefix), StartAfter: some(m.After)})
		if err != nil {
			return err
		}
		for _, o := range out.Contents {
			if err := s.importFile(as, m, bucket, *o.Key); err != nil {
				return err
			}
		}
		if !deref(out.IsTruncated) {
			return nil
		}
	}
}

// importFile imports one file, or notes why it could not be.
func (s *Service) importFile(ctx context.Context, m *importing, bucket, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !m.wants(key) {
		m.After = key
		return nil
	}
	step := func(now *importing) {
		now.After = key
		if folder := path.Dir(key); folder != now.Folder {
			now.Passed, now.Folder, now.Prefixes = now.Prefixes, folder, now.Prefixes+1
		}
	}
	list, err := s.readFile(ctx, m, bucket, key)
	if err == nil {
		err = s.takeFile(ctx, m, list, nil, step)
	}
	if _, refused := refusal(err); refused || errors.Is(err, errBadLogFile) {
		if err := s.failFile(ctx, m, bucket, key, key, err); err != nil {
			return err
		}
		*m, err = s.editImport(ctx, m, nil, step)
	}
	return err
}

// takeFile stores events and the progress that they are, together.
func (s *Service) takeFile(ctx context.Context, m *importing, list []lakeEvent, also func(storage.Tx) error, step func(*importing)) error {
	var now importing
	write := func(tx storage.Tx) (err error) {
		now, err = changeImport(tx, m, s.clock.Now(), func(now *importing) {
			now.Files, now.Events = now.Files+1, now.Events+int64(len(list))
			step(now)
		})
		if err == nil && also != nil {
			err = also(tx)
		}
		return err
	}
	e, err := s.storeOfARN(ctx, m.Store)
	switch {
	case err == nil && len(list) > 0:
		err = s.addSegment(ctx, &e, list, write)
	case err == nil:
		err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return write(tx) })
	}
	if err == nil {
		*m = now
	}
	return err
}

// errBadLogFile: an object is no log file of CloudTrail.
var errBadLogFile = errors.New("the file is not a CloudTrail log file")

// maxLogFile bounds a log file that is read, uncompressed.
const maxLogFile = 1 << 30

// readFile reads the events of a file that the store collects.
func (s *Service) readFile(ctx context.Context, m *importing, bucket, key string) ([]lakeEvent, error) {
	out, err := s.config.S3.GetObject(ctx, &s3api.GetObjectRequest{Bucket: bucket, Key: key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	packed, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadLogFile, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxLogFile))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadLogFile, err)
	}
	var file struct {
		Records []json.RawMessage `json:"Records"`
	}
	if err := json.Unmarshal(text, &file); err != nil || file.Records == nil {
		return nil, errors.Join(errBadLogFile, err)
	}
	e, err := s.storeOfARN(ctx, m.Store)
	if err != nil {
		return nil, err
	}
	return e.imported(file.Records, m, s.clock.Now())
}

// imported are the events of a file that the store takes: that its selectors
// want, of the time that is asked for, and not older than it retains.
func (e *eventStore) imported(records []json.RawMessage, m *importing, now time.Time) (list []lakeEvent, err error) {
	t, oldest := e.asTrail(), e.oldest(now)
	selectors := selectorsOf(&t)
	for _, text := range records {
		var r record
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("%w: %w", errBadLogFile, err)
		}
		at, err := time.Parse(time.RFC3339, r.Time)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBadLogFile, err)
		}
		if at.Before(oldest) || !m.covers(at, at) {
			continue
		}
		for _, sel := range selectors {
			if sel.takes(&r) {
				list = append(list, lakeEvent{at, text})
				break
			}
		}
	}
	return list, nil
}

// covers says whether a span of time meets the one that is asked for.
func (m *importing) covers(from, to time.Time) bool {
	return (m.From.IsZero() || !to.Before(m.From)) && (m.To.IsZero() || !from.After(m.To))
}

var logFileDay = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/(\d{4}/\d{2}/\d{2})/[^/]+\.json\.gz$`) })

// wants says whether an object is a log file of the days that are asked for.
// A log file of a day may have events of the day before.
//
// Unverified: which keys AWS takes for those of log files. Here they have a
// folder CloudTrail, end in a day's folders, and are compressed JSON.
func (m *importing) wants(key string) bool {
	found := logFileDay().FindStringSubmatch("/" + key)
	if found == nil || !strings.Contains("/"+key, "/CloudTrail/") {
		return false
	}
	on, err := time.Parse("2006/01/02", found[1])
	return err == nil && m.covers(on.Add(-day), on.Add(day))
}

// failFile notes that a file, or all of the source, could not be imported.
//
// Unverified: the error types, which here are the codes of the service's
// errors.
func (s *Service) failFile(ctx context.Context, m *importing, bucket, location, key string, cause error) error {
	f := importFailure{cloudtrailapi.ImportFailureStatusFailed, "InternalError", "An internal error occurred.", s.clock.Now(), location}
	if e, refused := refusal(cause); refused {
		f.Type, f.Message = e.Code, e.Message
	} else if errors.Is(cause, errBadLogFile) {
		f.Type, f.Message = "InvalidFile", "The file s3://"+bucket+"/"+key+" is not a CloudTrail log file."
	}
	now, err := s.editImport(ctx, m, func(tx storage.Tx) error { return importFailures.Put(tx, storage.K(m.ID, location), f) },
		func(m *importing) { m.Failed++ })
	if err == nil {
		*m = now
	}
	return err
}

// retryFiles tries the files again that failed.
func (s *Service) retryFiles(ctx context.Context, m *importing) error {
	var list []importFailure
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		for row, err := range importFailures.Scan(tx, storage.Range{Prefix: storage.K(m.ID)}) {
			if err != nil {
				return err
			}
			if row.Value.Status != cloudtrailapi.ImportFailureStatusSucceeded {
				list = append(list, row.Value)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	as, err := s.asImporter(ctx, m)
	for i := range list {
		if err == nil {
			err = s.retryFile(as, m, &list[i])
		}
	}
	return err
}

func (s *Service) retryFile(ctx context.Context, m *importing, f *importFailure) error {
	bucket, _ := bucketAndPrefix(m.Source.S3.S3LocationUri)
	at := storage.K(m.ID, f.Key)
	done := func(tx storage.Tx) error {
		f.Status, f.Updated = cloudtrailapi.ImportFailureStatusSucceeded, s.clock.Now()
		return importFailures.Put(tx, at, *f)
	}
	fewer := func(m *importing) { m.Failed-- }
	if !m.wants(f.Key) { // the source as a whole: it is listed again
		now, err := s.editImport(ctx, m, done, fewer)
		*m = now
		return err
	}
	list, err := s.readFile(ctx, m, bucket, f.Key)
	if err == nil {
		err = s.takeFile(ctx, m, list, done, fewer)
	}
	if _, refused := refusal(err); refused || errors.Is(err, errBadLogFile) {
		if _, err := s.editImport(ctx, m, nil, fewer); err != nil {
			return err
		}
		return s.failFile(ctx, m, bucket, f.Key, f.Key, err)
	}
	return err
}
