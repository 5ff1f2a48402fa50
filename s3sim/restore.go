package s3sim

import (
	"context"
	"net/http"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
)

// restored is the copy of an archived object that RestoreObject asked for.
// Whether it is there is a matter of the clock.
type restored struct {
	Ready time.Time  `cbor:"1,keyasint,omitzero"` // when the copy is complete; zero without a request
	Until time.Time  `cbor:"2,keyasint,omitzero"` // when it goes again
	Days  int32      `cbor:"3,keyasint,omitzero"`
	Tier  s3api.Tier `cbor:"4,keyasint,omitzero"`
}

// ongoing reports whether the copy is being made.
func (r restored) ongoing(now time.Time) bool { return now.Before(r.Ready) }

// there reports whether there is a copy to be read.
func (r restored) there(now time.Time) bool {
	return !r.Ready.IsZero() && !r.ongoing(now) && now.Before(r.Until)
}

// header is x-amz-restore, nil without a copy.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (r restored) header(now time.Time) *string {
	switch {
	case r.ongoing(now):
		return new(`ongoing-request="true"`)
	case r.there(now):
		return new(`ongoing-request="false", expiry-date="` + r.Until.UTC().Format(http.TimeFormat) + `"`)
	}
	return nil
}

// status is what lists show if asked; nil for what was never archived.
func (v *version) restoreStatus(now time.Time) *s3api.RestoreStatus {
	switch r := v.Restored; {
	case r.ongoing(now):
		return &s3api.RestoreStatus{IsRestoreInProgress: new(true)}
	case r.there(now):
		return &s3api.RestoreStatus{IsRestoreInProgress: new(false), RestoreExpiryDate: &r.Until}
	}
	return nil
}

// retrieval is how long the tiers of a storage class take at most.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
var retrieval = map[s3api.StorageClass]map[s3api.Tier]time.Duration{
	s3api.StorageClassGlacier: {
		s3api.TierExpedited: 5 * time.Minute, s3api.TierStandard: 5 * time.Hour, s3api.TierBulk: 12 * time.Hour,
	},
	s3api.StorageClassDeepArchive: {s3api.TierStandard: 12 * time.Hour, s3api.TierBulk: 48 * time.Hour},
}

// inArchive reports whether the class takes a RestoreObject before it can be
// read.
func (v *version) inArchive() bool { return retrieval[v.Headers.StorageClass] != nil }

// archived reports whether the content can't be read now.
func (v *version) archived(now time.Time) bool { return v.inArchive() && !v.Restored.there(now) }

// RestoreObject makes a copy of an archived object that can be read for some
// days, or changes how long one is kept. Of a copy that is being made only the
// tier can be changed, for a faster one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
func (s *Service) RestoreObject(ctx context.Context, in *s3api.RestoreObjectRequest) (*s3api.RestoreObjectOutput, error) {
	b, v, err := s.object(ctx, target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, nil, "RestoreObject")
	if err != nil {
		return nil, err
	}
	if !v.inArchive() {
		return nil, archivedObject(v.Headers.StorageClass, "Restore is not allowed for the object's current storage class")
	}
	ask, err := restoreAsked(v.Headers.StorageClass, in.RestoreRequest)
	if err != nil {
		return nil, err
	}
	out := &s3api.RestoreObjectOutput{StatusCode: new(int32(http.StatusAccepted))}
	err = s.rewrite(ctx, b, v, func(v *version) error {
		now := s.clock.Now()
		if v.Restored.there(now) {
			out.StatusCode = new(int32(http.StatusOK))
		}
		return v.restore(ask, now, s.thaws)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// restoreAsked reads the document of a RestoreObject.
func restoreAsked(class s3api.StorageClass, in *s3api.RestoreRequest) (restored, error) {
	if in == nil || in.Days == nil && in.Type == nil {
		return restored{}, malformedXML()
	}
	if in.Type != nil || in.SelectParameters != nil || in.OutputLocation != nil {
		return restored{}, selectClosed()
	}
	if *in.Days < 1 {
		return restored{}, restoreDays(*in.Days)
	}
	r := restored{Days: *in.Days, Tier: s3api.TierStandard}
	if in.Tier != nil {
		r.Tier = *in.Tier
	} else if in.GlacierJobParameters != nil {
		r.Tier = in.GlacierJobParameters.Tier
	}
	if _, ok := retrieval[class][r.Tier]; !ok {
		return restored{}, restoreTier(string(r.Tier))
	}
	return r, nil
}

// restore begins a copy, hastens it, or keeps it for longer or shorter.
func (v *version) restore(ask restored, now time.Time, atOnce bool) error {
	takes := retrieval[v.Headers.StorageClass]
	switch {
	case v.Restored.there(now):
		v.Restored.Days, v.Restored.Until = ask.Days, keptUntil(now, ask.Days)
		return nil
	case v.Restored.ongoing(now):
		if takes[ask.Tier] >= takes[v.Restored.Tier] {
			return restoreInProgress()
		}
		ask.Days = v.Restored.Days
	}
	ask.Ready = now.Add(takes[ask.Tier])
	if atOnce {
		ask.Ready = now
	}
	ask.Until = keptUntil(ask.Ready, ask.Days)
	v.Restored = ask
	return nil
}

// keptUntil is when a copy goes that is kept for so many days from an instant
// on: at the next midnight, UTC.
//
// Unverified: the days of a first copy count from when it is there.
func keptUntil(from time.Time, days int32) time.Time {
	return from.UTC().AddDate(0, 0, int(days)).Truncate(24*time.Hour).AddDate(0, 0, 1)
}

// RenameObject is for directory buckets only, of which there are none here:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_RenameObject.html
//
// Unverified: what a general purpose bucket answers; this is S3's answer to the
// other headers that only directory buckets know.
func (s *Service) RenameObject(ctx context.Context, in *s3api.RenameObjectRequest) (*s3api.RenameObjectOutput, error) {
	if _, err := s.find(ctx, in.Bucket, nil); err != nil {
		return nil, err
	}
	return nil, notImplemented("x-amz-rename-source")
}

// archivedObject refuses what the storage class of an object does not take.
func archivedObject(class s3api.StorageClass, message string) *api.Error {
	if class == "" {
		class = s3api.StorageClassStandard
	}
	return fail("InvalidObjectState", http.StatusForbidden, message).With("StorageClass", string(class))
}

func restoreInProgress() *api.Error {
	return fail("RestoreAlreadyInProgress", http.StatusConflict, "Object restore is already in progress")
}

// Unverified: the sentence.
func restoreDays(days int32) *api.Error {
	return invalidArgument("Restoration days should be at least 1", "Days", "")
}

// Unverified: the sentence.
func restoreTier(tier string) *api.Error {
	return invalidArgument("Retrieval option is not supported by this storage class", "Tier", tier)
}

// selectClosed: S3 Select is not open to new customers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html
//
// Unverified: code and sentence.
func selectClosed() *api.Error {
	return fail("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource.")
}
