package sigv4

import (
	"strings"
	"testing"
)

func TestPathsAreCanonicalByTheRulesOfTheService(t *testing.T) {
	for _, tt := range []struct{ path, standard, s3 string }{
		{"", "/", "/"},
		{"/", "/", "/"},
		{"/a/b", "/a/b", "/a/b"},
		{"/a%20b", "/a%2520b", "/a%20b"},
		{"/a b", "/a%20b", "/a%20b"},
		{"/a+b", "/a%2Bb", "/a%2Bb"},
		{"/%e1%88%b4", "/%25e1%2588%25b4", "/%E1%88%B4"},
		{"/(1)!", "/%281%29%21", "/%281%29%21"},
		{"/%28", "/%2528", "/%28"},
		{"/100%", "/100%25", "/100%25"},
		{"/%zz%4", "/%25zz%254", "/%25zz%254"},
		{"//a//b//", "/a/b/", "//a//b//"},
		{"/a/../b", "/b", "/a/../b"},
		{"/../..", "/", "/../.."},
		{"/a/b/..", "/a/", "/a/b/.."},
		{"/a/.", "/a/", "/a/."},
		{"/a/.hidden/...", "/a/.hidden/...", "/a/.hidden/..."},
		{"/~a-b_c.d", "/~a-b_c.d", "/~a-b_c.d"},
	} {
		if got := string(Standard.appendPath(nil, tt.path)); got != tt.standard {
			t.Errorf("%q: got %q, want %q", tt.path, got, tt.standard)
		}
		if got := string(S3.appendPath(nil, tt.path)); got != tt.s3 {
			t.Errorf("%q in S3: got %q, want %q", tt.path, got, tt.s3)
		}
	}
}

func TestQueriesAreEncodedAndSorted(t *testing.T) {
	for query, want := range map[string]string{
		"":                           "",
		"b=2&a=1":                    "a=1&b=2",
		"a=2&a=1&a":                  "a=&a=1&a=2",
		"acl":                        "acl=",
		"&&a=1&":                     "a=1",
		"a=b=c":                      "a=b%3Dc",
		"a=b+c&d=%2b":                "a=b%20c&d=%2B",
		"a=%2f/":                     "a=%2F%2F",
		"a=%":                        "a=%25",
		"A=1&a=1&B=1":                "A=1&B=1&a=1",
		"a-b=1&a=1":                  "a=1&a-b=1",
		"x=ü":                        "x=%C3%BC",
		"X-Amz-Signature=s&a=1":      "X-Amz-Signature=s&a=1",
		strings.Repeat("k=v&", 40):   strings.TrimSuffix(strings.Repeat("k=v&", 40), "&"),
		"list-type=2&prefix=a%2Fb+c": "list-type=2&prefix=a%2Fb%20c",
	} {
		if got := string(appendQuery(nil, query, false)); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
	if got := string(appendQuery(nil, "X-Amz-Signature=s&a=1", true)); got != "a=1" {
		t.Errorf("presigned: got %q", got)
	}
}

func TestHeaderValuesAreTrimmedAndTheirBlanksJoined(t *testing.T) {
	for value, want := range map[string]string{
		"": "", " ": "", "a": "a", " a ": "a", "\ta\t": "a", "a b": "a b", "a  b": "a b", "  a    b  c ": "a b c", `"a   b"`: `"a b"`, "a,b": "a,b",
	} {
		if got := string(appendTrimmed(nil, value)); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestSignedHeaderNamesAreLowerCaseAndSorted(t *testing.T) {
	for names, want := range map[string]string{
		"": "", "host": "host", "a;b;c": "a;b;c", "c;a;b": "a;b;c", "Host;X-Amz-Date": "host;x-amz-date", "b;a;b": "a;b;b", "a;": ";a",
	} {
		if got := canonicalNames(names); got != want {
			t.Errorf("%q: got %q, want %q", names, got, want)
		}
	}
}

func TestEncodeLeavesOnlyUnreservedBytes(t *testing.T) {
	for s, want := range map[string]string{"": "", "aZ09-._~": "aZ09-._~", "a/b c+d=é": "a%2Fb%20c%2Bd%3D%C3%A9"} {
		if got := Encode(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
