package s3sim

import (
	"context"

	"sealstack/api/s3api"
	"sealstack/storage"
)

// versionList is a page of versions and delete markers.
type versionList struct {
	listing
	afterID string // with after: versions up to this one are left out

	found    []*version
	latest   []bool // of found
	lastID   string
	lastSeen string
}

// ListObjectVersions lists versions and delete markers, the latest of a key
// first.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (s *Service) ListObjectVersions(ctx context.Context, in *s3api.ListObjectVersionsRequest) (*s3api.ListObjectVersionsOutput, error) {
	e, err := encoderOf(in.EncodingType)
	if err != nil {
		return nil, err
	}
	l := &versionList{afterID: value(in.VersionIdMarker)}
	l.listing = listing{prefix: value(in.Prefix), delimiter: value(in.Delimiter), after: value(in.KeyMarker)}
	if l.max, err = pageSize(in.MaxKeys, "max-keys"); err != nil {
		return nil, err
	}
	switch {
	case in.VersionIdMarker != nil && l.after == "":
		return nil, invalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", l.afterID)
	case in.VersionIdMarker != nil && l.afterID == "":
		return nil, invalidArgument("A version-id marker cannot be empty.", "version-id-marker", "")
	case l.afterID != "" && l.afterID != nullID && !validVersionID(l.afterID):
		return nil, invalidArgument("Invalid version id specified", "version-id-marker", l.afterID)
	}
	b, err := s.openWith(ctx, in.Bucket, in.ExpectedBucketOwner, ask{action: "ListBucketVersions", keys: listKeys(in.Prefix, in.Delimiter, in.MaxKeys)})
	if err != nil {
		return nil, err
	}
	if err := s.view(ctx, func(tx storage.Tx) error { return l.fill(tx, &b.bucketRecord) }); err != nil {
		return nil, err
	}
	out := &s3api.ListObjectVersionsOutput{
		Name: &in.Bucket, Prefix: new(e.text(l.prefix)), KeyMarker: new(e.text(l.after)), VersionIdMarker: new(l.afterID),
		Delimiter: e.optional(given(l.delimiter)), MaxKeys: new(int32(l.max)), IsTruncated: &l.truncated, EncodingType: in.EncodingType,
		CommonPrefixes: e.prefixes(l.groups),
	}
	if l.truncated {
		out.NextKeyMarker, out.NextVersionIdMarker = new(e.text(l.last)), given(l.lastID)
	}
	l.show(e, out)
	return out, nil
}

// start is where the page begins.
func (l *versionList) start(tx storage.Tx, b *bucketRecord) (storage.Key, error) {
	if l.after == "" {
		return nil, nil
	}
	if l.afterID != "" {
		v, err := b.numbered(tx, l.after, l.afterID)
		if err != nil {
			return nil, err
		}
		if v != nil {
			return b.version(v.Key, v.Order).End(), nil
		}
	}
	return b.at(l.after).End(), nil
}

func (l *versionList) fill(tx storage.Tx, b *bucketRecord) error {
	l.groups, l.count, l.truncated, l.last, l.lastID = nil, 0, false, "", ""
	l.found, l.latest, l.lastSeen = nil, nil, l.after
	from, err := l.start(tx, b)
	if err != nil {
		return err
	}
	return l.scan(tx, b, from, func(v *version) (storage.Key, bool) {
		if next, full := l.roll(b.at(), v.Key); next != nil || full {
			l.lastID = ""
			return next, full
		}
		if !l.room() {
			return nil, true
		}
		first := v.Key != l.lastSeen || l.count == 0 && l.afterID == ""
		l.found, l.latest = append(l.found, v), append(l.latest, first)
		l.took(v.Key)
		l.lastSeen, l.lastID = v.Key, v.shown()
		return nil, false
	})
}

// shown is the version id as lists have it.
func (v *version) shown() string {
	if v.ID == "" {
		return nullID
	}
	return v.ID
}

func (l *versionList) show(e encoder, out *s3api.ListObjectVersionsOutput) {
	for i, v := range l.found {
		if v.Marker {
			out.DeleteMarkers = append(out.DeleteMarkers, s3api.DeleteMarkerEntry{
				Owner: ownerOf(v.Owner), Key: new(e.text(v.Key)), VersionId: new(v.shown()), IsLatest: &l.latest[i], LastModified: &v.Modified,
			})
			continue
		}
		out.Versions = append(out.Versions, s3api.ObjectVersion{
			Key: new(e.text(v.Key)), VersionId: new(v.shown()), IsLatest: &l.latest[i], LastModified: &v.Modified, ETag: new(quoted(v.ETag)),
			Size: &v.Size, StorageClass: new(s3api.ObjectVersionStorageClass(v.storageClass())), Owner: ownerOf(v.Owner),
			ChecksumAlgorithm: v.checksumAlgorithms(), ChecksumType: new(s3api.ChecksumType(v.Checksum.Type)),
		})
	}
}
