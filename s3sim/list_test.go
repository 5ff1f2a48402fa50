package s3sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sealstack/api/s3api"
)

// naive lists names as the documentation says, from a sorted slice.
func naive(names []string, prefix, delimiter, after string, max int) (keys, groups []string, truncated bool) {
	seen := map[string]bool{}
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) || after != "" && name <= after {
			continue
		}
		group := ""
		if delimiter != "" {
			if head, _, ok := strings.Cut(name[len(prefix):], delimiter); ok {
				group = prefix + head + delimiter
			}
		}
		if group != "" && (seen[group] || group == after) {
			continue
		}
		if len(keys)+len(groups) == max {
			return keys, groups, true
		}
		if group != "" {
			seen[group] = true
			groups = append(groups, group)
		} else {
			keys = append(keys, name)
		}
	}
	return keys, groups, false
}

// letters make names that share prefixes, and have bytes that keys escape.
var letters = []string{"a", "b", "/", "\x01", "\xff", "ü", "-", "/"}

func randomName(r *rand.Rand) string {
	var name strings.Builder
	for range 1 + r.IntN(5) {
		name.WriteString(letters[r.IntN(len(letters))])
	}
	return name.String()
}

func TestListsAreThoseOfASortedSlice(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	r := rand.New(rand.NewPCG(7, 8))
	all := map[string]bool{}
	for range 120 {
		name := randomName(r)
		b.put("logs", name, "x")
		all[name] = true
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for range 500 {
		prefix, delimiter, after := pick(r, ""), pick(r, "/"), pick(r, "")
		if r.IntN(2) == 0 {
			after = ""
		}
		most := r.IntN(12) + 1
		out, err := b.ListObjectsV2(b.ctx, &s3api.ListObjectsV2Request{
			Bucket: "logs", Prefix: given(prefix), Delimiter: given(delimiter), StartAfter: given(after), MaxKeys: new(int32(most)),
		})
		b.ok(err)
		keys, groups, truncated := naive(names, prefix, delimiter, after, most)
		if got := keysOf(out.Contents); !slices.Equal(got, keys) || !slices.Equal(groupsOf(out.CommonPrefixes), groups) || *out.IsTruncated != truncated {
			t.Fatalf("prefix %q delimiter %q after %q max %d:\n%q %q %t\n%q %q %t", prefix, delimiter, after, most,
				got, groupsOf(out.CommonPrefixes), *out.IsTruncated, keys, groups, truncated)
		}
		if *out.KeyCount != int32(len(keys)+len(groups)) {
			t.Errorf("count %d", *out.KeyCount)
		}
	}
	pages(t, b, names)
}

// pages walks lists of both versions page by page.
func pages(t *testing.T, b *bench, names []string) {
	for _, delimiter := range []string{"", "/", "a"} {
		keys, groups, _ := naive(names, "", delimiter, "", 1000)
		var got, gotGroups, old, oldGroups []string
		in := &s3api.ListObjectsV2Request{Bucket: "logs", Delimiter: given(delimiter), MaxKeys: new(int32(3))}
		for {
			out, err := b.ListObjectsV2(b.ctx, in)
			b.ok(err)
			got, gotGroups = append(got, keysOf(out.Contents)...), append(gotGroups, groupsOf(out.CommonPrefixes)...)
			if in.ContinuationToken = out.NextContinuationToken; !*out.IsTruncated {
				break
			}
		}
		first := &s3api.ListObjectsRequest{Bucket: "logs", Delimiter: given(delimiter), MaxKeys: new(int32(3))}
		for {
			out, err := b.ListObjects(b.ctx, first)
			b.ok(err)
			old, oldGroups = append(old, keysOf(out.Contents)...), append(oldGroups, groupsOf(out.CommonPrefixes)...)
			if !*out.IsTruncated {
				break
			}
			if first.Marker = out.NextMarker; delimiter == "" {
				first.Marker = out.Contents[len(out.Contents)-1].Key
			}
		}
		if !slices.Equal(got, keys) || !slices.Equal(gotGroups, groups) || !slices.Equal(old, keys) || !slices.Equal(oldGroups, groups) {
			t.Errorf("delimiter %q: %q %q, want %q %q", delimiter, got, gotGroups, keys, groups)
		}
	}
}

func pick(r *rand.Rand, usual string) string {
	if r.IntN(3) > 0 {
		return usual
	}
	return randomName(r)
}

func keysOf(list []s3api.Object) (keys []string) {
	for _, o := range list {
		keys = append(keys, *o.Key)
	}
	return keys
}

func groupsOf(list []s3api.CommonPrefix) (groups []string) {
	for _, p := range list {
		groups = append(groups, *p.Prefix)
	}
	return groups
}

func TestWhatAListShows(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "a b/ü+c", "text")
	out, err := b.ListObjectsV2(b.ctx, &s3api.ListObjectsV2Request{Bucket: "logs", EncodingType: new(s3api.EncodingTypeUrl), FetchOwner: new(true), StartAfter: new("a a")})
	b.ok(err)
	o := out.Contents[0]
	b.same("entry", []any{*o.Key, *o.ETag, *o.Size, *o.StorageClass, *o.Owner.ID, *o.LastModified, o.ChecksumAlgorithm, *o.ChecksumType, *out.StartAfter, *out.MaxKeys},
		[]any{"a+b/%C3%BC%2Bc", etagOf("text"), 4, "STANDARD", CanonicalID(account), start, "[CRC64NVME]", "FULL_OBJECT", "a+a", 1000})
	first, err := b.ListObjects(b.ctx, &s3api.ListObjectsRequest{Bucket: "logs", MaxKeys: new(int32(5000))})
	b.ok(err)
	b.same("V1", []any{*first.Contents[0].Key, first.Contents[0].Owner != nil, *first.MaxKeys, *first.Marker, first.NextMarker}, []any{"a b/ü+c", true, 1000, "", (*string)(nil)})
	none, err := b.ListObjectsV2(b.ctx, &s3api.ListObjectsV2Request{Bucket: "logs", MaxKeys: new(int32(0))})
	b.ok(err)
	b.same("no keys", []any{len(none.Contents), *none.IsTruncated}, []any{0, false})
	_, err = b.ListObjects(b.ctx, &s3api.ListObjectsRequest{Bucket: "logs", MaxKeys: new(int32(-1))})
	b.code(err, "InvalidArgument")
	_, err = b.ListObjectsV2(b.ctx, &s3api.ListObjectsV2Request{Bucket: "logs", ContinuationToken: new("x")})
	b.fails(err, "InvalidArgument", "The continuation token provided is incorrect")
	_, err = b.ListObjects(b.ctx, &s3api.ListObjectsRequest{Bucket: "logs", EncodingType: new(s3api.EncodingType("x"))})
	b.fails(err, "InvalidArgument", "Invalid Encoding Method specified in Request")
}

func TestWhoMayListAPrefixSeesNoMore(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	amy := b.user(account, "amy", `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::logs","Condition":{"StringLike":{"s3:prefix":"home/amy/*"},"NumericLessThanEquals":{"s3:max-keys":"10"}}}`)
	list := func(prefix *string, most int32) error {
		_, err := b.ListObjectsV2(amy, &s3api.ListObjectsV2Request{Bucket: "logs", Prefix: prefix, MaxKeys: &most})
		return err
	}
	b.ok(list(new("home/amy/"), 10))
	b.code(list(new("home/amy/"), 11), "AccessDenied")
	b.code(list(new("home/bob/"), 10), "AccessDenied")
	b.code(list(nil, 10), "AccessDenied")
}

func TestVersionsAreListedTheLatestFirst(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.put("logs", "a", "null")
	b.versioning("logs", "Enabled")
	var want []string
	for _, key := range []string{"a", "a/1", "b", "a", "a/2"} {
		b.put("logs", key, "x")
	}
	_, err := b.DeleteObject(b.ctx, &s3api.DeleteObjectRequest{Bucket: "logs", Key: "b"})
	b.ok(err)
	all, err := b.ListObjectVersions(b.ctx, &s3api.ListObjectVersionsRequest{Bucket: "logs"})
	b.ok(err)
	for _, v := range all.Versions {
		want = append(want, fmt.Sprintf("%s %t %t", *v.Key, *v.VersionId == nullID, *v.IsLatest))
	}
	b.same("versions", want, []string{"a false true", "a false false", "a true false", "a/1 false true", "a/2 false true", "b false false"})
	b.same("markers", []any{len(all.DeleteMarkers), *all.DeleteMarkers[0].Key, *all.DeleteMarkers[0].IsLatest}, []any{1, "b", true})
	for _, delimiter := range []string{"", "/"} {
		var got []string
		in := &s3api.ListObjectVersionsRequest{Bucket: "logs", MaxKeys: new(int32(1)), Delimiter: given(delimiter)}
		for {
			out, err := b.ListObjectVersions(b.ctx, in)
			b.ok(err)
			for _, v := range out.Versions {
				got = append(got, *v.Key+fmt.Sprint(*v.IsLatest))
			}
			for _, m := range out.DeleteMarkers {
				got = append(got, "marker "+*m.Key+fmt.Sprint(*m.IsLatest))
			}
			got = append(got, groupsOf(out.CommonPrefixes)...)
			if !*out.IsTruncated {
				break
			}
			in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
		}
		want := []string{"atrue", "afalse", "afalse", "a/1true", "a/2true", "marker btrue", "bfalse"}
		if delimiter != "" {
			want = []string{"atrue", "afalse", "afalse", "a/", "marker btrue", "bfalse"}
		}
		b.same("pages", got, want)
	}
	_, err = b.ListObjectVersions(b.ctx, &s3api.ListObjectVersionsRequest{Bucket: "logs", VersionIdMarker: new("null")})
	b.fails(err, "InvalidArgument", "A version-id marker cannot be specified without a key marker.")
	b.same("objects", b.names("logs"), "a a/1 a/2")
}
