package s3sim

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/storage"
)

const (
	maxKey      = 1024    // bytes of an object's key
	maxMetadata = 2 << 10 // bytes of names and values of the user's metadata
	maxUpload   = 5 << 30 // bytes of a single upload or part
	nullID      = "null"
)

// version places a version of an object among those of its key: the latest
// first.
func (b *bucketRecord) version(key string, order uint64) storage.Key { return b.at(key, ^order) }

// current returns the latest version of a key, nil without any. It may be a
// delete marker.
func (b *bucketRecord) current(tx storage.Tx, key string) (*version, error) {
	for e, err := range versions.Scan(tx, storage.Range{Prefix: b.at(key)}) {
		return &e.Value, err
	}
	return nil, nil
}

// null returns the null version of a key, nil without one.
func (b *bucketRecord) null(tx storage.Tx, key string) (*version, error) {
	for e, err := range versions.Scan(tx, storage.Range{Prefix: b.at(key)}) {
		if err != nil {
			return nil, err
		}
		if e.Value.ID == "" {
			return &e.Value, nil
		}
	}
	return nil, nil
}

// numbered returns a version by its id, nil without one.
func (b *bucketRecord) numbered(tx storage.Tx, key, id string) (*version, error) {
	if id == nullID {
		return b.null(tx, key)
	}
	order, err := versionOrders.Get(tx, b.at(key, id))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	v, err := versions.Get(tx, b.version(key, order))
	return &v, err
}

// target is what a call names: the current version, or one by its id.
type target struct {
	bucket, key string
	versionID   *string
	expected    *string
	source      bool // of a copy, which may come from another Region
}

// check refuses names that can't be.
func (t target) check() error {
	switch {
	case len(t.key) > maxKey:
		return keyTooLong(len(t.key))
	case t.versionID == nil:
		return nil
	case *t.versionID == "":
		return emptyVersion()
	case *t.versionID != nullID && !validVersionID(*t.versionID):
		return invalidVersion(*t.versionID)
	}
	return nil
}

// look finds the version, nil if there is none.
func (t target) look(tx storage.Tx, b *bucketRecord) (*version, error) {
	if t.versionID == nil {
		return b.current(tx, t.key)
	}
	return b.numbered(tx, t.key, *t.versionID)
}

const (
	versionIDLength  = 32
	versionIDLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"
)

// newVersionID returns an id of the form of AWS's: 32 characters.
func newVersionID() string {
	b := make([]byte, versionIDLength)
	rand.Read(b)
	for i := range b {
		b[i] = versionIDLetters[b[i]%64]
	}
	return string(b)
}

func validVersionID(id string) bool {
	return len(id) == versionIDLength && strings.Trim(id, versionIDLetters) == ""
}

// ofVersion names the action as it is called where a version is given.
func (t target) ofVersion(action string) string {
	if t.versionID == nil {
		return action
	}
	for _, verb := range []string{"GetObject", "PutObject", "DeleteObject"} {
		if rest, ok := strings.CutPrefix(action, verb); ok && versioned[rest] {
			return verb + "Version" + rest
		}
	}
	return action
}

// versioned are the ends of actions that have a twin for versions.
var versioned = map[string]bool{"": true, "Acl": true, "Tagging": true, "Attributes": true}

func (t target) keys(keys auth.Keys) auth.Keys {
	return with(keys, "s3:versionid", value(t.versionID))
}

// object finds an object that must be there, and authorizes actions on it. A
// delete marker is not there.
func (s *Service) object(ctx context.Context, t target, keys auth.Keys, actions ...string) (*bucket, *version, error) {
	b, v, err := s.peek(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	for _, action := range actions {
		a := ask{action: t.ofVersion(action), key: t.key, keys: t.keys(keys), object: v}
		if err := s.authorize(ctx, b, a); err != nil {
			return nil, nil, err
		}
	}
	if v == nil {
		return nil, nil, s.missing(ctx, b, t.absent())
	}
	if v.Marker {
		return nil, nil, s.marked(ctx, b, t, v, actions)
	}
	return b, v, nil
}

// peek finds a bucket and the version that is named, nil if there is none.
func (s *Service) peek(ctx context.Context, t target) (*bucket, *version, error) {
	find := s.find
	if t.source {
		find = s.findAnywhere
	}
	b, err := find(ctx, t.bucket, t.expected)
	if err != nil {
		return nil, nil, err
	}
	if err := t.check(); err != nil {
		return nil, nil, err
	}
	var v *version
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		v, err = t.look(tx, &b.bucketRecord)
		return err
	})
	return b, v, err
}

func (t target) absent() error {
	if t.versionID == nil {
		return noSuchKey(t.key)
	}
	return noSuchVersion(t.key, *t.versionID)
}

// marked is the answer where a delete marker stands.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
func (s *Service) marked(ctx context.Context, b *bucket, t target, v *version, actions []string) error {
	if t.versionID != nil {
		return v.markHeaders(markerNotAllowed(markerMethod(actions[0])).With("header:Allow", "DELETE").
			With("header:Last-Modified", v.Modified.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	}
	return s.missing(ctx, b, v.markHeaders(noSuchKey(t.key)))
}

func (v *version) markHeaders(e *api.Error) *api.Error {
	e = e.With("header:x-amz-delete-marker", "true")
	if v.ID != "" {
		return e.With("header:x-amz-version-id", v.ID)
	}
	return e.With("header:x-amz-version-id", nullID)
}

func (b *bucketRecord) keepsVersions() bool {
	return b.Versioning == s3api.BucketVersioningStatusEnabled
}

// shownID is the version id that answers show, nil where the bucket has never
// had versions.
func (b *bucketRecord) shownID(v *version) *string {
	switch {
	case v.ID != "":
		return &v.ID
	case b.Versioning == "":
		return nil
	}
	return new(nullID)
}

// commit makes a version the current one of its key, if the conditions hold.
// A version without an id takes the place of the null version.
func (s *Service) commit(ctx context.Context, b *bucket, v *version, c content, cond writeConditions) error {
	s.bind(&b.bucketRecord, v, &c)
	return s.update(ctx, func(tx storage.Tx) error {
		r, err := b.again(tx)
		if err != nil {
			return err
		}
		was, err := r.current(tx, v.Key)
		if err != nil {
			return err
		}
		if err := cond.check(v.Key, was); err != nil {
			return err
		}
		if err := keep(tx, c.Pieces); err != nil {
			return err
		}
		return r.insert(tx, v, was, c, s.clock.Now().UnixNano())
	})
}

// insert writes a version before was, the current one.
func (b *bucketRecord) insert(tx storage.Tx, v, was *version, c content, now int64) error {
	v.Order, v.ID = uint64(now), ""
	if was != nil {
		v.Order = max(v.Order, was.Order+1)
	}
	if b.keepsVersions() {
		v.ID = newVersionID()
		if err := versionOrders.Put(tx, b.at(v.Key, v.ID), v.Order); err != nil {
			return err
		}
	} else if old, err := b.null(tx, v.Key); err != nil {
		return err
	} else if old != nil {
		if err := b.remove(tx, old); err != nil {
			return err
		}
	}
	if !v.Marker {
		if err := contents.Put(tx, b.version(v.Key, v.Order), c); err != nil {
			return err
		}
	}
	return versions.Put(tx, b.version(v.Key, v.Order), *v)
}

// remove deletes a version for good, with its content.
func (b *bucketRecord) remove(tx storage.Tx, v *version) error {
	at := b.version(v.Key, v.Order)
	if !v.Marker {
		c, err := contents.Get(tx, at)
		if err != nil {
			return err
		}
		if err := drop(tx, c.Pieces); err != nil {
			return err
		}
		if err := contents.Delete(tx, at); err != nil {
			return err
		}
	}
	if v.ID != "" {
		if err := versionOrders.Delete(tx, b.at(v.Key, v.ID)); err != nil {
			return err
		}
	}
	return versions.Delete(tx, at)
}

// rewrite changes what stands beside the content of a version, which must
// still be there.
func (s *Service) rewrite(ctx context.Context, b *bucket, v *version, fn func(v *version) error) error {
	return s.update(ctx, func(tx storage.Tx) error {
		at := b.version(v.Key, v.Order)
		now, err := versions.Get(tx, at)
		if errors.Is(err, storage.ErrNotFound) {
			return noSuchKey(v.Key)
		} else if err != nil {
			return err
		}
		if err := fn(&now); err != nil {
			return err
		}
		return versions.Put(tx, at, now)
	})
}
