package s3sim

import (
	"context"
	"errors"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/storage"
)

// removal is a DeleteObject, alone or one of many.
type removal struct {
	target   target
	bypass   bool
	match    *string
	modified *time.Time
	size     *int64
}

// removed is what came of it.
type removed struct {
	marker    bool    // a delete marker was made or deleted
	versionID *string // of what was deleted or made
}

// DeleteObject deletes a version for good, or, without a version in a bucket
// that keeps them, puts a delete marker before them. What is not there is no
// error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
func (s *Service) DeleteObject(ctx context.Context, in *s3api.DeleteObjectRequest) (*s3api.DeleteObjectOutput, error) {
	r := removal{
		target: target{bucket: in.Bucket, key: in.Key, versionID: in.VersionId, expected: in.ExpectedBucketOwner}, bypass: value(in.BypassGovernanceRetention),
		match: in.IfMatch, modified: in.IfMatchLastModifiedTime, size: in.IfMatchSize,
	}
	b, err := s.find(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	done, err := s.delete(ctx, b, r)
	if err != nil {
		return nil, err
	}
	return &s3api.DeleteObjectOutput{DeleteMarker: given(done.marker), VersionId: done.versionID}, nil
}

func (s *Service) delete(ctx context.Context, b *bucket, r removal) (removed, error) {
	if err := r.target.check(); err != nil {
		return removed{}, err
	}
	if err := s.mayDelete(ctx, b, r); err != nil {
		return removed{}, err
	}
	if err := b.canBypass(r.bypass); err != nil {
		return removed{}, err
	}
	var done removed
	err := s.update(ctx, func(tx storage.Tx) error {
		now, err := b.again(tx)
		if err != nil {
			return err
		}
		v, err := r.target.look(tx, &now)
		if err != nil {
			return err
		}
		if err := r.check(v); err != nil {
			return err
		}
		done, err = s.deleteVersion(tx, &now, r, v)
		return err
	})
	return done, err
}

// mayDelete authorizes the deletion, which is the bucket's to allow whoever
// owns the object; the list of the bucket lets the owner delete alone.
func (s *Service) mayDelete(ctx context.Context, b *bucket, r removal) error {
	_, v, err := s.peek(ctx, target{bucket: b.Name, key: r.target.key, versionID: r.target.versionID})
	if err != nil {
		return err
	}
	actions := []string{r.target.ofVersion("DeleteObject")}
	if r.bypass {
		actions = append(actions, "BypassGovernanceRetention")
	}
	for _, action := range actions {
		if err := s.authorize(ctx, b, ask{action: action, key: r.target.key, keys: r.target.keys(nil), object: v}); err != nil {
			return err
		}
	}
	return nil
}

// check holds the conditions against the version, nil for none.
func (r removal) check(v *version) error {
	there := v != nil && !v.Marker
	switch {
	case r.match == nil && r.modified == nil && r.size == nil:
		return nil
	case !there:
		return noSuchKey(r.target.key)
	case r.match != nil && !tagListed(*r.match, v.ETag):
		return preconditionFailed("If-Match")
	case r.modified != nil && !r.modified.Equal(v.Modified):
		return preconditionFailed("x-amz-if-match-last-modified-time")
	case r.size != nil && *r.size != v.Size:
		return preconditionFailed("x-amz-if-match-size")
	}
	return nil
}

// deleteVersion does what the bucket's versioning asks for.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
func (s *Service) deleteVersion(tx storage.Tx, b *bucketRecord, r removal, v *version) (removed, error) {
	if r.target.versionID != nil || b.Versioning == "" {
		return s.deleteForGood(tx, b, r, v)
	}
	was, err := b.current(tx, r.target.key)
	if err != nil {
		return removed{}, err
	}
	if old, err := b.null(tx, r.target.key); err != nil {
		return removed{}, err
	} else if old != nil && !b.keepsVersions() && old.Lock.holds(s.clock.Now(), r.bypass) {
		return removed{}, lockedObject()
	}
	marker := &version{Key: r.target.key, Modified: s.now(), Marker: true, Owner: b.Account}
	if err := b.insert(tx, marker, was, content{}, s.clock.Now().UnixNano()); err != nil {
		return removed{}, err
	}
	return removed{marker: true, versionID: b.shownID(marker)}, nil
}

func (s *Service) deleteForGood(tx storage.Tx, b *bucketRecord, r removal, v *version) (removed, error) {
	done := removed{versionID: r.target.versionID}
	if v == nil {
		return done, nil
	}
	if v.Lock.holds(s.clock.Now(), r.bypass) {
		return removed{}, lockedObject()
	}
	done.marker = v.Marker
	return done, b.remove(tx, v)
}

const maxDelete = 1000 // objects in one DeleteObjects

// DeleteObjects deletes many objects, each as DeleteObject would; what fails
// is listed beside what was deleted.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func (s *Service) DeleteObjects(ctx context.Context, in *s3api.DeleteObjectsRequest) (*s3api.DeleteObjectsOutput, error) {
	b, err := s.find(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if n := len(in.Delete.Objects); n == 0 || n > maxDelete {
		return nil, malformedXML()
	}
	if err := b.canBypass(value(in.BypassGovernanceRetention)); err != nil {
		return nil, err
	}
	out := &s3api.DeleteObjectsOutput{}
	for _, o := range in.Delete.Objects {
		r := removal{
			target: target{bucket: in.Bucket, key: o.Key, versionID: o.VersionId}, bypass: value(in.BypassGovernanceRetention),
			match: o.ETag, modified: o.LastModifiedTime, size: o.Size,
		}
		done, err := s.delete(ctx, b, r)
		if isError(err, "InvalidArgument") { // of a version's id, the only argument that there is
			err = noSuchVersion(o.Key, *o.VersionId)
		}
		e, known := errors.AsType[*api.Error](err)
		switch {
		case err != nil && (!known || e.Fault()):
			return nil, err
		case err != nil:
			out.Errors = append(out.Errors, s3api.Error{Key: &o.Key, VersionId: o.VersionId, Code: &e.Code, Message: &e.Message})
		case !value(in.Delete.Quiet):
			out.Deleted = append(out.Deleted, deletedEntry(o, done))
		}
	}
	return out, nil
}

// deletedEntry tells of one object that was deleted.
func deletedEntry(o s3api.ObjectIdentifier, done removed) s3api.DeletedObject {
	e := s3api.DeletedObject{Key: &o.Key, VersionId: o.VersionId}
	if done.marker {
		e.DeleteMarker, e.DeleteMarkerVersionId = new(true), done.versionID
	}
	return e
}
