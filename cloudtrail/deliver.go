package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"sealstack/storage"
)

const (
	// quiet is how long the events that deliveries themselves cause wait for
	// others, where deliveries are made faster than on AWS: each delivery under
	// a KMS key causes the next.
	quiet = 5 * time.Minute
	// maxFile bounds the records of a file, in bytes before compression. AWS
	// bounds a file to 50 MB after it.
	maxFile = 64 << 20
	// maxSkip is how many chunks without an event of the trail a lane passes
	// before it notes that.
	maxSkip = 64
)

// deliver writes the log files that are due.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
func (s *Service) deliver(ctx context.Context, t *trail, region string, l *lane, now time.Time) error {
	for {
		if l.Intent == nil {
			chosen, err := s.choose(ctx, t, region, l, now)
			if err != nil || !chosen {
				return err
			}
		}
		if now.Before(l.Retry) {
			return nil
		}
		written, err := s.deliverFile(ctx, t, region, l, now)
		if err != nil || !written {
			return err
		}
	}
}

// backlog is what waits behind a cursor, chunk by chunk.
type backlog struct {
	to      uint64 // end of the last chunk looked at
	count   int    // events of the trail
	size    int
	first   uint64 // of the first chunk with one
	loud    uint64 // of the first chunk with one that is not of a delivery
	skipped int    // chunks without any
}

func (b *backlog) read(tx storage.Tx, t *trail, region string, after uint64) error {
	*b = backlog{to: after}
	p := place{t.logged(), region}
	for row, err := range chunks.Scan(tx, storage.Range{Prefix: p.key(), After: p.key(after)}) {
		if err != nil {
			return err
		}
		c := row.Value
		n := c.Trails[t.ID]
		if n == 0 {
			b.skipped++
		} else {
			b.count, b.size = b.count+n, b.size+c.Size
			if b.first == 0 {
				b.first = c.First
			}
			if b.loud == 0 && c.Loud[t.ID] > 0 {
				b.loud = c.First
			}
		}
		if b.to = c.Last; b.size >= maxFile {
			return nil
		}
	}
	return nil
}

// due says whether a file is to be written at now.
func (b *backlog) due(t *trail, interval time.Duration, now time.Time) bool {
	if b.count == 0 {
		return false
	}
	passed := func(since uint64, wait time.Duration) bool {
		at := (&event{Sequence: since}).at() // to the second: numbers that were made unique are no delay
		return since != 0 && now.Sub(at) >= wait
	}
	return !t.Logging || b.size >= maxFile || passed(b.loud, interval) || passed(b.first, max(interval, quiet))
}

// choose decides on the next file and stores that.
func (s *Service) choose(ctx context.Context, t *trail, region string, l *lane, now time.Time) (bool, error) {
	var b backlog
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return b.read(tx, t, region, l.Cursor) })
	if err != nil {
		return false, fmt.Errorf("cloudtrail: events of %s in %s: %w", t.arn(), region, err)
	}
	if b.due(t, s.config.DeliveryInterval, now) {
		l.Intent = &file{
			Bucket: t.Bucket, Folder: t.folder(), Path: t.logPath(region, now), From: l.Cursor, To: b.to, Time: now,
		}
		return true, s.saveLane(ctx, t, region, l)
	}
	if b.count == 0 && b.skipped >= maxSkip {
		l.Cursor = b.to
		return false, s.saveLane(ctx, t, region, l)
	}
	return false, nil
}

// logPath is the name of a log file behind the folder.
func (t *trail) logPath(region string, at time.Time) string {
	at = at.UTC()
	return fmt.Sprintf("CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz",
		region, at.Format("2006/01/02"), t.logged(), region, at.Format("20060102T1504Z"), uniqueText())
}

// uniqueText makes the names of files unique: sixteen letters and digits.
func uniqueText() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 16)
	rand.Read(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// deliverFile writes the file of the intent and notes the outcome. A file that
// has surely not been written goes where the trail points to now.
func (s *Service) deliverFile(ctx context.Context, t *trail, region string, l *lane, now time.Time) (bool, error) {
	f := l.Intent
	if f.Failed {
		f.Bucket, f.Folder = t.Bucket, t.folder()
	}
	c, err := s.contentOf(ctx, t, region, f)
	if err != nil {
		return false, err
	}
	if c.count > 0 {
		err = s.put(ctx, t, &object{Bucket: f.Bucket, Key: f.Folder + f.Path, body: squeeze(c.text), json: true, key: t.Key})
	}
	if ctx.Err() != nil {
		return false, ctx.Err() // whether the file was written is not known: it is written again
	}
	l.Attempted = now
	if err != nil {
		f.Failed = true
		l.fail(err, s.config.DeliveryInterval, now)
		return false, s.saveLane(ctx, t, region, l)
	}
	if c.count > 0 && t.Validation && l.Digest.Open {
		l.Digest.Files = append(l.Digest.Files, c.digested(f))
	}
	if c.count > 0 {
		l.tell(t, f)
	}
	l.Cursor, l.Intent = f.To, nil
	l.succeed(now)
	return true, s.saveLane(ctx, t, region, l)
}

// content is what a log file holds.
type content struct {
	count          int
	text           []byte
	oldest, newest time.Time
}

// contentOf collects the records of a file: the same ones each time, for
// chunks do not change.
func (s *Service) contentOf(ctx context.Context, t *trail, region string, f *file) (*content, error) {
	c := &content{}
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		*c = content{text: []byte(`{"Records":[`)}
		return s.eachEvent(tx, t, region, f.From, f.To, func(e *event) bool {
			c.add(e)
			return true
		})
	})
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: records of %s in %s: %w", t.arn(), region, err)
	}
	c.text = append(c.text, "]}"...)
	return c, nil
}

func (c *content) add(e *event) {
	if c.count > 0 {
		c.text = append(c.text, ',')
	}
	c.text = append(c.text, e.Text...)
	if c.count++; c.count == 1 {
		c.oldest = e.at()
	}
	c.newest = e.at()
}

// eachEvent calls fn with the events of a trail behind one number up to
// another, until fn says false.
func (s *Service) eachEvent(tx storage.Tx, t *trail, region string, after, to uint64, fn func(*event) bool) error {
	p := place{t.logged(), region}
	for row, err := range chunks.Scan(tx, storage.Range{Prefix: p.key(), After: p.key(after)}) {
		if err != nil {
			return err
		}
		if row.Value.First > to {
			return nil
		}
		if row.Value.Trails[t.ID] == 0 {
			continue
		}
		list, err := s.eventsAt(tx, row.Key)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].of(t.ID) && !fn(&list[i]) {
				return nil
			}
		}
	}
	return nil
}

// of says whether a trail takes the event.
func (e *event) of(id string) bool {
	for _, t := range e.Trails {
		if t == id {
			return true
		}
	}
	return false
}

// squeeze compresses as CloudTrail does: gzip.
func squeeze(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(text)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic("cloudtrail: gzip: " + err.Error()) // a buffer takes everything
	}
	return b.Bytes()
}

func hashOf(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}
