package cloudtrail

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Digest files tell which log files were delivered in a period, with their
// hashes; each is signed and refers to the one before.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html

// digests is the chain of digest files of a lane.
type digests struct {
	Open    bool       `cbor:"1,keyasint,omitempty"`
	Session int        `cbor:"2,keyasint,omitempty"` // of the trail
	Start   time.Time  `cbor:"3,keyasint,omitzero"`  // of the period that runs
	Files   []digested `cbor:"4,keyasint,omitempty"` // delivered, in no digest yet
	Covered time.Time  `cbor:"5,keyasint,omitzero"`  // end of the last digest
	Last    *link      `cbor:"6,keyasint,omitempty"`
	Late    *link      `cbor:"7,keyasint,omitempty"` // last backfill digest
	Intent  *signed    `cbor:"8,keyasint,omitempty"`
	Away    bool       `cbor:"9,keyasint,omitempty"` // the account has left the organization
	Joined  time.Time  `cbor:"20,keyasint,omitzero"` // when it came back
	attempts
}

// digested is a log file as a digest tells of it.
type digested struct {
	Bucket string    `cbor:"1,keyasint"`
	Key    string    `cbor:"2,keyasint"`
	Hash   string    `cbor:"3,keyasint"`
	Newest time.Time `cbor:"4,keyasint"`
	Oldest time.Time `cbor:"5,keyasint"`
	Time   time.Time `cbor:"6,keyasint"` // that its name tells
}

func (c *content) digested(f *file) digested {
	return digested{f.Bucket, f.Folder + f.Path, hashOf(c.text), c.newest, c.oldest, f.Time}
}

// link is what a digest says of the one before.
type link struct {
	Bucket    string `cbor:"1,keyasint"`
	Key       string `cbor:"2,keyasint"`
	Hash      string `cbor:"3,keyasint"`
	Signature string `cbor:"4,keyasint"`
}

// signed is a digest that is being delivered. It is stored before it is
// written: once it is signed it does not change.
type signed struct {
	link
	Text  []byte    `cbor:"10,keyasint"`
	End   time.Time `cbor:"11,keyasint"`
	Files int       `cbor:"12,keyasint"`           // of those in Files, the first ones
	Final bool      `cbor:"13,keyasint,omitempty"` // the chain ends
	Made  time.Time `cbor:"14,keyasint,omitzero"`  // set for a backfill digest
}

// digestFile is the content of a digest file.
type digestFile struct {
	Account           string    `json:"awsAccountId"`
	Start             string    `json:"digestStartTime"`
	End               string    `json:"digestEndTime"`
	Bucket            string    `json:"digestS3Bucket"`
	Key               string    `json:"digestS3Object"`
	Fingerprint       string    `json:"digestPublicKeyFingerprint"`
	Algorithm         string    `json:"digestSignatureAlgorithm"`
	Newest            *string   `json:"newestEventTime"`
	Oldest            *string   `json:"oldestEventTime"`
	PreviousBucket    *string   `json:"previousDigestS3Bucket"`
	PreviousKey       *string   `json:"previousDigestS3Object"`
	PreviousHash      *string   `json:"previousDigestHashValue"`
	PreviousAlgorithm *string   `json:"previousDigestHashAlgorithm"`
	PreviousSignature *string   `json:"previousDigestSignature"`
	Files             []logFile `json:"logFiles"`
}

type logFile struct {
	Bucket    string `json:"s3Bucket"`
	Key       string `json:"s3Object"`
	Hash      string `json:"hashValue"`
	Algorithm string `json:"hashAlgorithm"`
	Newest    string `json:"newestEventTime"`
	Oldest    string `json:"oldestEventTime"`
}

const (
	signatureAlgorithm = "SHA256withRSA"
	hashAlgorithm      = "SHA-256"
)

// digest writes the digest files that are due.
func (s *Service) digest(ctx context.Context, t *trail, region string, l *lane, now time.Time) error {
	for {
		d := &l.Digest
		if d.Intent == nil {
			p := d.next(t, s.config.DigestInterval, now)
			if p == nil || p.final && l.Intent != nil { // the last digest waits for the last file
				return nil
			}
			if err := s.sign(ctx, t, region, d, p, now); err != nil {
				return err
			}
			if err := s.saveLane(ctx, t, region, l); err != nil {
				return err
			}
		}
		if now.Before(d.Retry) {
			return nil
		}
		written, err := s.deliverDigest(ctx, t, region, l, now)
		if err != nil || !written {
			return err
		}
	}
}

// period is what a digest is about.
type period struct {
	start, end time.Time
	files      []digested
	final      bool
	late       bool // a backfill digest
}

// next decides on the digest that is due at now, nil if none is.
func (d *digests) next(t *trail, interval time.Duration, now time.Time) *period {
	if d.begin(t); !d.Open {
		return nil
	}
	if p := d.overdue(interval); p != nil {
		return p
	}
	end := d.Start.Add(interval)
	switch {
	case !now.Before(end) && (t.Session == d.Session && t.Logging || !end.After(t.Stopped)):
		return &period{d.Start, end, d.until(end), !t.Validation, false}
	case t.Session != d.Session || !t.Logging:
		end = later(t.Stopped.Truncate(time.Second), d.Start.Add(time.Second))
		if t.Session == d.Session {
			end = later(end, now.Truncate(time.Second))
		}
		return &period{d.Start, end, d.Files, true, false}
	}
	return nil
}

// begin starts a chain if one is to be: at the instant when the trail began to
// log, or to validate. It does so for a trail that has stopped since.
func (d *digests) begin(t *trail) {
	if d.Open || !t.Validation || !t.Logging && t.Session == d.Session {
		return
	}
	*d = digests{Open: true, Session: t.Session, Files: d.Files, Joined: d.Joined, attempts: d.attempts}
	d.Start = later(later(t.Started, t.Validated), d.Joined).Truncate(time.Second)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// until are the files, the first of Files, that were due by then.
func (d *digests) until(end time.Time) []digested {
	n := slices.IndexFunc(d.Files, func(f digested) bool { return f.Time.After(end) })
	if n < 0 {
		n = len(d.Files)
	}
	return d.Files[:n]
}

// overdue returns the backfill digest for files whose period has been
// digested without them: their delivery had failed.
//
// Unverified: how AWS cuts the periods of backfill digests.
func (d *digests) overdue(interval time.Duration) *period {
	if d.Covered.IsZero() || len(d.Files) == 0 || d.Files[0].Time.After(d.Covered) {
		return nil
	}
	end := d.Covered
	for !end.Add(-interval).Before(d.Files[0].Time) {
		end = end.Add(-interval)
	}
	return &period{end.Add(-interval), end, d.until(end), false, true}
}

// sign makes the digest file of a period and leaves it as the intent.
func (s *Service) sign(ctx context.Context, t *trail, region string, d *digests, p *period, now time.Time) error {
	before, at := d.Last, p.end
	if p.late {
		before, at = d.Late, now
	}
	key, err := s.signingKey(ctx, region, at) // clients ask for the keys of that time
	if err != nil {
		return err
	}
	c := digestFile{
		Account: t.logged(), Start: stamp(p.start), End: stamp(p.end), Bucket: t.Bucket, Key: t.digestKey(region, p),
		Fingerprint: key.Fingerprint, Algorithm: signatureAlgorithm, Files: []logFile{},
	}
	c.follow(before)
	c.list(p.files)
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("cloudtrail: write digest: %w", err)
	}
	made := &signed{link: link{c.Bucket, c.Key, hashOf(text), ""}, Text: text, End: p.end, Files: len(p.files), Final: p.final}
	if p.late {
		made.Made = now
	}
	if made.Signature, err = s.signature(region, key, &c, made.Hash); err != nil {
		return err
	}
	d.Intent = made
	return nil
}

// follow refers to the digest before, if there is one.
func (c *digestFile) follow(before *link) {
	if before == nil {
		return
	}
	c.PreviousBucket, c.PreviousKey = &before.Bucket, &before.Key
	c.PreviousHash, c.PreviousAlgorithm = &before.Hash, new(hashAlgorithm)
	c.PreviousSignature = &before.Signature
}

func (c *digestFile) list(files []digested) {
	var oldest, newest time.Time
	for i, f := range files {
		c.Files = append(c.Files, logFile{f.Bucket, f.Key, f.Hash, hashAlgorithm, stamp(f.Newest), stamp(f.Oldest)})
		if i == 0 || f.Oldest.Before(oldest) {
			oldest = f.Oldest
		}
		newest = later(newest, f.Newest)
	}
	if len(files) > 0 {
		c.Newest, c.Oldest = new(stamp(newest)), new(stamp(oldest))
	}
}

// digestKey is the name of a digest file.
func (t *trail) digestKey(region string, p *period) string {
	end := p.end.UTC()
	suffix := ""
	if p.late {
		suffix = "_backfill"
	}
	return fmt.Sprintf("%sCloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s%s.json.gz", t.folder(), region,
		end.Format("2006/01/02"), t.logged(), region, t.Name, t.Region, end.Format("20060102T150405Z"), suffix)
}

// deliverDigest writes the digest of the intent and goes on to the next
// period when it has succeeded.
func (s *Service) deliverDigest(ctx context.Context, t *trail, region string, l *lane, now time.Time) (bool, error) {
	d := &l.Digest
	o := &object{Bucket: d.Intent.Bucket, Key: d.Intent.Key, body: squeeze(d.Intent.Text), json: true, sse: true}
	o.metadata = map[string]string{"signature": d.Intent.Signature, "signature-algorithm": signatureAlgorithm}
	if !d.Intent.Made.IsZero() {
		o.metadata["backfill-generation-timestamp"] = stamp(d.Intent.Made)
	}
	if s.config.DigestEncryption == DigestSSEKMS && t.Key != "" {
		o.key, o.sse = t.Key, false
	}
	err := s.put(ctx, t, o)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		d.fail(err, s.config.DeliveryInterval, now)
		if t.Bucket != o.Bucket {
			d.Intent = nil // the trail has another bucket now: the digest is made anew for it
		}
		return false, s.saveLane(ctx, t, region, l)
	}
	d.advance()
	d.succeed(now)
	return true, s.saveLane(ctx, t, region, l)
}

// advance moves the chain behind a digest that was written.
func (d *digests) advance() {
	i := d.Intent
	d.Files = slices.Delete(d.Files, 0, i.Files)
	d.Intent = nil
	if !i.Made.IsZero() {
		d.Late = &i.link
		return
	}
	d.Last, d.Start, d.Covered, d.Open = &i.link, i.End, i.End, !i.Final
}
