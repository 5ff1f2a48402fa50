package s3sim

import (
	"context"
	"strconv"
	"time"

	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/storage"
)

// lockHeaders are what a write says about object lock.
type lockHeaders struct {
	mode  *s3api.ObjectLockMode
	until *time.Time
	hold  *s3api.ObjectLockLegalHoldStatus
}

func (h lockHeaders) any() bool { return h.mode != nil || h.until != nil || h.hold != nil }

// keys are the condition keys of the headers. The days that remain count from
// now, one begun as a whole one.
//
// Unverified: that a day begun counts.
func (h lockHeaders) keys(keys auth.Keys, now time.Time) auth.Keys {
	keys = with(keys, "s3:object-lock-mode", string(value(h.mode)))
	if h.until != nil {
		keys = with(keys, "s3:object-lock-retain-until-date", h.until.UTC().Format(time.RFC3339))
		days := (h.until.Sub(now) + 24*time.Hour - 1) / (24 * time.Hour)
		keys = with(keys, "s3:object-lock-remaining-retention-days", strconv.FormatInt(int64(days), 10))
	}
	return with(keys, "s3:object-lock-legal-hold", string(value(h.hold)))
}

// lockNew is the lock of a new object: as the headers say, or else the
// bucket's default retention.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
func (b *bucketRecord) lockNew(h lockHeaders, now time.Time) (lock, error) {
	switch {
	case h.any() && !b.Lock:
		return lock{}, invalidRequest("Bucket is missing Object Lock Configuration")
	case (h.mode == nil) != (h.until == nil):
		return lock{}, invalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied", "x-amz-object-lock-mode", "")
	case h.mode != nil:
		mode := s3api.ObjectLockRetentionMode(*h.mode)
		return lock{mode, *h.until, isOn(h.hold), h.hold != nil}, checkRetention(mode, *h.until, now)
	}
	l := lock{Hold: isOn(h.hold), Said: h.hold != nil}
	if d := b.Retention; d != nil && d.Mode != nil {
		l.Mode, l.Until = *d.Mode, now.AddDate(int(value(d.Years)), 0, int(value(d.Days)))
	}
	return l, nil
}

func isOn(h *s3api.ObjectLockLegalHoldStatus) bool {
	return value(h) == s3api.ObjectLockLegalHoldStatusOn
}

func checkRetention(mode s3api.ObjectLockRetentionMode, until, now time.Time) error {
	switch {
	case mode != s3api.ObjectLockRetentionModeGovernance && mode != s3api.ObjectLockRetentionModeCompliance:
		return invalidArgument("Unknown wormMode directive.", "x-amz-object-lock-mode", string(mode))
	case !until.After(now):
		return invalidArgument("The retain until date must be in the future!", "x-amz-object-lock-retain-until-date", until.UTC().Format(time.RFC3339))
	}
	return nil
}

// holds reports whether a version may not be deleted; governance gives way to
// those who may bypass it and say so.
func (l lock) holds(now time.Time, bypass bool) bool {
	if l.Hold {
		return true
	}
	if l.Mode == "" || !l.Until.After(now) {
		return false
	}
	return l.Mode == s3api.ObjectLockRetentionModeCompliance || !bypass
}

func (l lock) holding() s3api.ObjectLockLegalHoldStatus {
	if l.Hold {
		return s3api.ObjectLockLegalHoldStatusOn
	}
	return s3api.ObjectLockLegalHoldStatusOff
}

func lockedObject() error { return denied("Access Denied because object protected by object lock.") }

// GetObjectLockConfiguration returns the default retention of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html
func (s *Service) GetObjectLockConfiguration(ctx context.Context, in *s3api.GetObjectLockConfigurationRequest) (*s3api.GetObjectLockConfigurationOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketObjectLockConfiguration")
	if err != nil {
		return nil, err
	}
	if !b.Lock {
		return nil, noObjectLockConfiguration(b.Name)
	}
	c := &s3api.ObjectLockConfiguration{ObjectLockEnabled: new(s3api.ObjectLockEnabledEnabled)}
	if b.Retention != nil {
		c.Rule = &s3api.ObjectLockRule{DefaultRetention: b.Retention}
	}
	return &s3api.GetObjectLockConfigurationOutput{ObjectLockConfiguration: c}, nil
}

// PutObjectLockConfiguration enables object lock in a bucket that keeps
// versions, and sets how long new objects are retained.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
func (s *Service) PutObjectLockConfiguration(ctx context.Context, in *s3api.PutObjectLockConfigurationRequest) (*s3api.PutObjectLockConfigurationOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketObjectLockConfiguration")
	if err != nil {
		return nil, err
	}
	c := in.ObjectLockConfiguration
	if c == nil || value(c.ObjectLockEnabled) != s3api.ObjectLockEnabledEnabled {
		return nil, malformedXML()
	}
	if !b.keepsVersions() {
		return nil, fail("InvalidBucketState", 409, "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
	}
	retention, err := defaultRetention(c.Rule)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		r.Lock, r.Retention = true, retention
		return nil
	})
	return &s3api.PutObjectLockConfigurationOutput{}, err
}

func defaultRetention(rule *s3api.ObjectLockRule) (*s3api.DefaultRetention, error) {
	if rule == nil {
		return nil, nil
	}
	d := rule.DefaultRetention
	if d == nil || d.Mode == nil || (d.Days == nil) == (d.Years == nil) {
		return nil, malformedXML()
	}
	if n := value(d.Days) + value(d.Years); n <= 0 {
		return nil, invalidArgument("Default retention period must be a positive integer value.", "DefaultRetention", strconv.Itoa(int(n)))
	}
	if value(d.Days) > maxRetentionDays || value(d.Years) > maxRetentionYears {
		// Unverified: the sentence.
		return nil, invalidArgument("Default retention period is too large.", "DefaultRetention", strconv.Itoa(int(value(d.Days)+value(d.Years))))
	}
	return d, nil
}

// The longest default retention:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
const (
	maxRetentionDays  = 36500
	maxRetentionYears = 100
)

func noObjectLock(key string) error {
	return fail("NoSuchObjectLockConfiguration", 404, "The specified object does not have a ObjectLock configuration").With("Key", key)
}

// canBypass refuses to go past governance where there is none.
func (b *bucketRecord) canBypass(asked bool) error {
	if !asked || b.Lock {
		return nil
	}
	return invalidArgument("x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.", "x-amz-bypass-governance-retention", "")
}

// GetObjectLegalHold returns whether a version is held, if anybody ever said.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html
func (s *Service) GetObjectLegalHold(ctx context.Context, in *s3api.GetObjectLegalHoldRequest) (*s3api.GetObjectLegalHoldOutput, error) {
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, nil, "GetObjectLegalHold")
	if err != nil {
		return nil, err
	}
	switch {
	case !b.Lock:
		return nil, invalidRequest("Bucket is missing Object Lock Configuration")
	case !v.Lock.Said:
		return nil, noObjectLock(v.Key)
	}
	return &s3api.GetObjectLegalHoldOutput{LegalHold: &s3api.ObjectLockLegalHold{Status: new(v.Lock.holding())}}, nil
}

// PutObjectLegalHold holds a version, or lets it go.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html
func (s *Service) PutObjectLegalHold(ctx context.Context, in *s3api.PutObjectLegalHoldRequest) (*s3api.PutObjectLegalHoldOutput, error) {
	if in.LegalHold == nil || in.LegalHold.Status == nil {
		return nil, malformedXML()
	}
	keys := with(nil, "s3:object-lock-legal-hold", string(*in.LegalHold.Status))
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, keys, "PutObjectLegalHold")
	if err != nil {
		return nil, err
	}
	if !b.Lock {
		return nil, invalidRequest("Bucket is missing Object Lock Configuration")
	}
	err = s.rewrite(ctx, b, v, func(v *version) error {
		v.Lock.Hold, v.Lock.Said = isOn(in.LegalHold.Status), true
		return nil
	})
	return &s3api.PutObjectLegalHoldOutput{}, err
}

// GetObjectRetention returns until when a version is retained.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
func (s *Service) GetObjectRetention(ctx context.Context, in *s3api.GetObjectRetentionRequest) (*s3api.GetObjectRetentionOutput, error) {
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, nil, "GetObjectRetention")
	switch {
	case err != nil:
		return nil, err
	case !b.Lock:
		return nil, invalidRequest("Bucket is missing Object Lock Configuration")
	case v.Lock.Mode == "":
		return nil, noObjectLock(v.Key)
	}
	return &s3api.GetObjectRetentionOutput{Retention: &s3api.ObjectLockRetention{Mode: &v.Lock.Mode, RetainUntilDate: &v.Lock.Until}}, nil
}

// PutObjectRetention retains a version. A retention can be made longer; shorter
// only in governance mode by those who may bypass it and say so.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
func (s *Service) PutObjectRetention(ctx context.Context, in *s3api.PutObjectRetentionRequest) (*s3api.PutObjectRetentionOutput, error) {
	r := in.Retention
	if r == nil || (r.Mode == nil) != (r.RetainUntilDate == nil) {
		return nil, malformedXML()
	}
	keys := auth.Keys{}
	actions := []string{"PutObjectRetention"}
	if r.Mode != nil {
		keys = lockHeaders{new(s3api.ObjectLockMode(*r.Mode)), r.RetainUntilDate, nil}.keys(keys, s.clock.Now())
	}
	if value(in.BypassGovernanceRetention) {
		actions = append(actions, "BypassGovernanceRetention")
	}
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, keys, actions...)
	if err != nil {
		return nil, err
	}
	if !b.Lock {
		return nil, invalidRequest("Bucket is missing Object Lock Configuration")
	}
	asked := lock{Mode: value(r.Mode), Until: value(r.RetainUntilDate)}
	err = s.rewrite(ctx, b, v, func(v *version) error {
		return v.Lock.retain(asked, s.clock.Now(), value(in.BypassGovernanceRetention))
	})
	return &s3api.PutObjectRetentionOutput{}, err
}

// retain replaces the retention.
func (l *lock) retain(asked lock, now time.Time, bypass bool) error {
	if asked.Mode != "" {
		if err := checkRetention(asked.Mode, asked.Until, now); err != nil {
			return err
		}
	}
	running := lock{Mode: l.Mode, Until: l.Until}
	weaker := asked.Until.Before(l.Until) || asked.Mode != l.Mode && l.Mode == s3api.ObjectLockRetentionModeCompliance
	if weaker && running.holds(now, bypass) {
		return lockedObject()
	}
	l.Mode, l.Until = asked.Mode, asked.Until
	return nil
}
