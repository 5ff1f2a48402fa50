package s3sim

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/storage"
)

// maxList is how many entries a page has at most.
const maxList = 1000

// listing is a page of a list of names, with those that have the delimiter
// behind the prefix rolled up into common prefixes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
type listing struct {
	prefix, delimiter string
	after             string // names up to this one are left out, and the common prefix of that name
	max               int

	groups    []string
	count     int
	last      string // name or common prefix
	truncated bool
}

// group returns the common prefix that a name belongs to, or nothing.
func (l *listing) group(name string) string {
	if l.delimiter == "" {
		return ""
	}
	at := strings.Index(name[len(l.prefix):], l.delimiter)
	if at < 0 {
		return ""
	}
	return name[:len(l.prefix)+at+len(l.delimiter)]
}

// room reports whether the page takes one more; if not, it is truncated.
func (l *listing) room() bool {
	if l.count < l.max {
		return true
	}
	l.truncated = l.max > 0
	return false
}

// took notes an entry.
func (l *listing) took(name string) {
	l.count++
	l.last = name
}

// begun is all keys of a table that begin with the parts and then with a text.
func begun(at storage.Key, text string) storage.Key {
	k := at.With(text)
	return k[:len(k)-1] // without the mark of the text's end
}

// roll adds the common prefix of a name to the page.
//
// Unverified: a common prefix is left out when the list goes on after that very
// prefix, and shown when it goes on after a name within it.
//
// next is where the scan
// goes on, behind all names with it; nil if the name has none.
func (l *listing) roll(at storage.Key, name string) (next storage.Key, full bool) {
	group := l.group(name)
	if group == "" {
		return nil, false
	}
	next = begun(at, group).End()
	if group == l.after {
		return next, false
	}
	if !l.room() {
		return nil, true
	}
	l.groups = append(l.groups, group)
	l.took(group)
	return next, false
}

// scan goes through the versions of a bucket from a place on, as long as fn
// says; a next that is not nil is where it goes on.
func (l *listing) scan(tx storage.Tx, b *bucketRecord, from storage.Key, fn func(v *version) (next storage.Key, stop bool)) error {
	r := storage.Range{Prefix: begun(b.at(), l.prefix), From: from}
	for again := true; again; {
		again = false
		for e, err := range versions.Scan(tx, r) {
			if err != nil {
				return err
			}
			next, stop := fn(&e.Value)
			if stop {
				return nil
			}
			if next != nil {
				r.From, again = next, true
				break
			}
		}
	}
	return nil
}

// objects fills the page with current versions.
func (l *listing) objects(tx storage.Tx, b *bucketRecord) (found []*version, err error) {
	l.groups, l.count, l.truncated, l.last = nil, 0, false, ""
	var from storage.Key
	if l.after != "" {
		from = b.at(l.after).End()
	}
	seen, any := "", false
	err = l.scan(tx, b, from, func(v *version) (storage.Key, bool) {
		if any && v.Key == seen {
			return nil, false
		}
		seen, any = v.Key, true
		if v.Marker {
			return nil, false
		}
		if next, full := l.roll(b.at(), v.Key); next != nil || full {
			return next, full
		}
		if !l.room() {
			return nil, true
		}
		found = append(found, v)
		l.took(v.Key)
		return nil, false
	})
	return found, err
}

// partMarker reads part-number-marker.
func partMarker(asked *int32) (int32, error) {
	n := value(asked)
	if n < 0 {
		return 0, invalidArgument("Argument part-number-marker must be an integer between 0 and 2147483647", "part-number-marker", strconv.Itoa(int(n)))
	}
	return n, nil
}

// pageSize reads max-keys and its like.
func pageSize(asked *int32, name string) (int, error) {
	if asked == nil {
		return maxList, nil
	}
	if *asked < 0 {
		return 0, invalidArgument("Argument "+name+" must be an integer between 0 and 2147483647", name, strconv.Itoa(int(*asked)))
	}
	return min(int(*asked), maxList), nil
}

// listKeys are the condition keys of a list.
func listKeys(prefix, delimiter *string, max *int32) auth.Keys {
	keys := auth.Keys{}
	if prefix != nil {
		keys["s3:prefix"] = []string{*prefix}
	}
	if delimiter != nil {
		keys["s3:delimiter"] = []string{*delimiter}
	}
	if max != nil {
		keys["s3:max-keys"] = []string{strconv.Itoa(int(*max))}
	}
	return keys
}

// encoder writes names as the caller asked for: URL-encoded or plain.
type encoder bool

func encoderOf(t *s3api.EncodingType) (encoder, error) {
	if t == nil {
		return false, nil
	}
	if *t != s3api.EncodingTypeUrl {
		return false, invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", string(*t))
	}
	return true, nil
}

func (e encoder) text(s string) string {
	if !e {
		return s
	}
	return escapeKey(s)
}

// optional encodes a member that may be absent.
func (e encoder) optional(s *string) *string {
	if s == nil {
		return nil
	}
	return new(e.text(*s))
}

// escapeKey URL-encodes a key; its slashes stay.
func escapeKey(s string) string {
	return strings.NewReplacer("%2F", "/", "%2A", "*").Replace(url.QueryEscape(s))
}

func (e encoder) prefixes(groups []string) []s3api.CommonPrefix {
	var list []s3api.CommonPrefix
	for _, g := range groups {
		list = append(list, s3api.CommonPrefix{Prefix: new(e.text(g))})
	}
	return list
}

// entry shows an object in a list.
func (e encoder) entry(v *version, owner bool) s3api.Object {
	o := s3api.Object{
		Key: new(e.text(v.Key)), LastModified: &v.Modified, ETag: new(quoted(v.ETag)), Size: &v.Size,
		StorageClass: new(s3api.ObjectStorageClass(v.storageClass())), ChecksumAlgorithm: v.checksumAlgorithms(),
		ChecksumType: new(s3api.ChecksumType(v.Checksum.Type)),
	}
	if owner {
		o.Owner = ownerOf(v.Owner)
	}
	return o
}

// shown adds to an entry what the request asks for besides.
func (s *Service) shown(o s3api.Object, v *version, optional []s3api.OptionalObjectAttributes) s3api.Object {
	if slices.Contains(optional, s3api.OptionalObjectAttributesRestoreStatus) {
		o.RestoreStatus = v.restoreStatus(s.clock.Now())
	}
	return o
}

func (v *version) storageClass() s3api.StorageClass {
	if v.Headers.StorageClass == "" {
		return s3api.StorageClassStandard
	}
	return v.Headers.StorageClass
}

func (v *version) checksumAlgorithms() []s3api.ChecksumAlgorithm {
	return []s3api.ChecksumAlgorithm{s3api.ChecksumAlgorithm(v.Checksum.Algorithm)}
}

// ListObjects lists the objects of a bucket, from a name on.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
func (s *Service) ListObjects(ctx context.Context, in *s3api.ListObjectsRequest) (*s3api.ListObjectsOutput, error) {
	e, err := encoderOf(in.EncodingType)
	if err != nil {
		return nil, err
	}
	l := &listing{prefix: value(in.Prefix), delimiter: value(in.Delimiter), after: value(in.Marker)}
	if l.max, err = pageSize(in.MaxKeys, "maxKeys"); err != nil {
		return nil, err
	}
	_, found, err := s.list(ctx, in.Bucket, in.ExpectedBucketOwner, l, listKeys(in.Prefix, in.Delimiter, in.MaxKeys))
	if err != nil {
		return nil, err
	}
	out := &s3api.ListObjectsOutput{
		Name: &in.Bucket, Prefix: new(e.text(l.prefix)), Marker: new(e.text(l.after)), Delimiter: e.optional(given(l.delimiter)),
		MaxKeys: new(int32(l.max)), IsTruncated: &l.truncated, EncodingType: in.EncodingType, CommonPrefixes: e.prefixes(l.groups),
	}
	if l.truncated && l.delimiter != "" {
		out.NextMarker = new(e.text(l.last))
	}
	for _, v := range found {
		out.Contents = append(out.Contents, s.shown(e.entry(v, true), v, in.OptionalObjectAttributes))
	}
	return out, nil
}

func (s *Service) list(ctx context.Context, bucket string, expected *string, l *listing, keys auth.Keys) (b *bucket, found []*version, err error) {
	b, err = s.openWith(ctx, bucket, expected, ask{action: "ListBucket", keys: keys})
	if err != nil {
		return nil, nil, err
	}
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		found, err = l.objects(tx, &b.bucketRecord)
		return err
	})
	return b, found, err
}

// ListObjectsV2 lists the objects of a bucket, page by page.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (s *Service) ListObjectsV2(ctx context.Context, in *s3api.ListObjectsV2Request) (*s3api.ListObjectsV2Output, error) {
	e, err := encoderOf(in.EncodingType)
	if err != nil {
		return nil, err
	}
	l := &listing{prefix: value(in.Prefix), delimiter: value(in.Delimiter), after: value(in.StartAfter)}
	if l.max, err = pageSize(in.MaxKeys, "max-keys"); err != nil {
		return nil, err
	}
	purpose := "s3.ListObjectsV2/" + in.Bucket
	if in.ContinuationToken != nil {
		at, err := s.tokens.Decode(purpose, *in.ContinuationToken)
		if err != nil || len(at.Strings()) != 1 {
			return nil, invalidArgument("The continuation token provided is incorrect", "continuation-token", "")
		}
		l.after = at.Strings()[0]
	}
	_, found, err := s.list(ctx, in.Bucket, in.ExpectedBucketOwner, l, listKeys(in.Prefix, in.Delimiter, in.MaxKeys))
	if err != nil {
		return nil, err
	}
	out := &s3api.ListObjectsV2Output{
		Name: &in.Bucket, Prefix: new(e.text(l.prefix)), Delimiter: e.optional(given(l.delimiter)), StartAfter: e.optional(in.StartAfter),
		MaxKeys: new(int32(l.max)), KeyCount: new(int32(l.count)), IsTruncated: &l.truncated, EncodingType: in.EncodingType,
		ContinuationToken: in.ContinuationToken, CommonPrefixes: e.prefixes(l.groups),
	}
	if l.truncated {
		out.NextContinuationToken = new(s.tokens.Encode(purpose, storage.K(l.last)))
	}
	for _, v := range found {
		out.Contents = append(out.Contents, s.shown(e.entry(v, value(in.FetchOwner)), v, in.OptionalObjectAttributes))
	}
	return out, nil
}
