package s3sim

import (
	"strings"
	"testing"

	"sealstack/api/s3api"
)

func FuzzRangesLieInTheContent(f *testing.F) {
	for _, seed := range []string{"bytes=0-8", "bytes=-5", "bytes=5-", "bytes=9-3", "bytes=-", "0-1", "bytes=0-1,2-3", "bytes=99999999999999999999-"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		size = max(size, 0)
		if s, ok, err := parseRange(header, size); ok && (err != nil || s.offset < 0 || s.length < 1 || s.offset+s.length > size) {
			t.Errorf("%q of %d is %+v, %v", header, size, s, err)
		}
		if s, err := copyRange(header, size); err == nil && (s.offset < 0 || s.length < 1 || s.offset+s.length > size) {
			t.Errorf("%q of %d copies %+v", header, size, s)
		}
	})
}

func FuzzNamesOfSources(f *testing.F) {
	for _, seed := range []string{"b/k", "/b/k", "b/k?versionId=x", "b/%C3%BC", "b", "?", "b/k?x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		from, err := parseSource(header, nil)
		if err == nil && (from.bucket == "" || from.key == "" || strings.Contains(from.bucket, "/")) {
			t.Errorf("%q is %+v", header, from)
		}
	})
}

func FuzzCommonPrefixes(f *testing.F) {
	f.Add("a/b/c", "a/", "/", "")
	f.Add("ab", "", "b", "a")
	f.Fuzz(func(t *testing.T, name, prefix, delimiter, after string) {
		if !strings.HasPrefix(name, prefix) {
			return
		}
		l := &listing{prefix: prefix, delimiter: delimiter, after: after, max: 1}
		group := l.group(name)
		if group != "" && (!strings.HasPrefix(name, group) || !strings.HasSuffix(group, delimiter) || !strings.HasPrefix(group, prefix)) {
			t.Errorf("%q belongs to %q", name, group)
		}
		at := (&bucketRecord{ID: "b"}).at()
		if next, full := l.roll(at, name); group != "" && !full && next.Compare(at.With(name)) <= 0 {
			t.Errorf("behind %q comes %v", name, next)
		}
	})
}

func FuzzCustomersKeys(f *testing.F) {
	f.Add("AES256", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "")
	f.Fuzz(func(t *testing.T, algorithm, key, sum string) {
		c := customerKey{&algorithm, &key, &sum}
		if raw, err := c.bytes(); err == nil && len(raw) != 32 {
			t.Errorf("a key of %d bytes", len(raw))
		}
		e := envelope{Kind: sseC, Salt: make([]byte, 32), Wrapped: make([]byte, 60)}
		if raw, err := e.customerOf(c); err == nil {
			if _, err := openKey(customerWrapping(raw, e.Salt), "l", e.Wrapped); err == nil {
				t.Error("zeros open")
			}
		}
	})
}

func FuzzContexts(f *testing.F) {
	f.Add("eyJhIjoiYiJ9")
	f.Add("e30=")
	f.Fuzz(func(t *testing.T, header string) {
		if pairs, err := parseContext(&header); err == nil {
			if _, ok := pairs[contextKey]; ok {
				t.Errorf("%q brings S3's own pair", header)
			}
		}
	})
}

func TestHeaderListsAreReadWhole(t *testing.T) {
	one, two := CanonicalID(account), CanonicalID(stranger)
	for text, want := range map[string]int{
		`id="` + one + `"`:                            1,
		`id=` + one + `, id="` + two + `"`:            2,
		`uri="` + allUsers + `",id="` + one + `"`:     2,
		`URI = "` + authenticatedUsers + `"`:          1,
		`uri="http://acs.amazonaws.com/groups/other"`: -1,
		`id`:         -1,
		``:           -1,
		`id="x",id=`: -1,
	} {
		list, err := parseGrantees(text, s3api.PermissionRead)
		if want < 0 && err == nil || want >= 0 && len(list) != want {
			t.Errorf("%q: %v, %v", text, list, err)
		}
	}
}
