package arn

import (
	"errors"
	"testing"
)

func TestParseTakesAnARNApartAndStringPutsItTogether(t *testing.T) {
	tests := []struct {
		in     string
		want   ARN
		reason string // of the *SyntaxError; empty when the ARN is good
	}{
		{in: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
			want: ARN{"aws", "kms", "us-east-1", "111122223333", "key/1234abcd-12ab-34cd-56ef-1234567890ab"}},
		{in: "arn:aws:iam::111122223333:root",
			want: ARN{"aws", "iam", "", "111122223333", "root"}},
		{in: "arn:aws:s3:::bucket/a/b:c",
			want: ARN{"aws", "s3", "", "", "bucket/a/b:c"}},
		{in: "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/g:log-stream:s",
			want: ARN{"aws-cn", "logs", "cn-north-1", "111122223333", "log-group:/g:log-stream:s"}},
		{in: "", reason: "does not begin with arn:"},
		{in: "*", reason: "does not begin with arn:"},
		{in: "ARN:aws:s3:::bucket", reason: "does not begin with arn:"},
		{in: "urn:aws:s3:::bucket", reason: "does not begin with arn:"},
		{in: "arn", reason: "has fewer than six parts"},
		{in: "arn:aws:s3", reason: "has fewer than six parts"},
		{in: "arn:aws:iam::111122223333", reason: "has fewer than six parts"},
		{in: "arn::s3:::bucket", reason: "has no partition"},
		{in: "arn:aws::::bucket", reason: "has no service"},
		{in: "arn:aws:s3:::", reason: "has no resource"},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			got, err := Parse(test.in)
			if Is(test.in) != (err == nil) {
				t.Errorf("Is = %v, Parse error = %v", Is(test.in), err)
			}
			if test.reason != "" {
				wantSyntaxError(t, err, test.in, test.reason)
				return
			}
			if err != nil || got != test.want {
				t.Fatalf("Parse = %+v, %v; want %+v", got, err, test.want)
			}
			if got.String() != test.in {
				t.Errorf("String = %q", got.String())
			}
		})
	}
}

func wantSyntaxError(t *testing.T, err error, value, reason string) {
	t.Helper()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("error = %v, want a *SyntaxError", err)
	}
	if *syntax != (SyntaxError{value, reason}) {
		t.Errorf("error = %+v, want reason %q", syntax, reason)
	}
	if want := `arn: "` + value + `": ` + reason; err.Error() != want {
		t.Errorf("text = %s, want %s", err, want)
	}
}

func TestValidAsksForPartsThatExist(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{"arn:aws:kms:us-east-1:111122223333:key/k", true},
		{"arn:aws:iam::111122223333:user/Ada", true},
		{"arn:aws:iam::aws:policy/ReadOnlyAccess", true},
		{"arn:aws:s3:::bucket", true},
		{"arn:aws-cn:kms:cn-north-1:111122223333:key/k", true},
		{"arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/k", true},
		{"arn:aws-mars:kms:us-east-1:111122223333:key/k", false},
		{"arn:aws:kms:us-east-9:111122223333:key/k", false},
		{"arn:aws:kms:cn-north-1:111122223333:key/k", false},
		{"arn:aws-cn:kms:us-east-1:111122223333:key/k", false},
		{"arn:aws:kms:us-east-1:11112222333:key/k", false},
		{"arn:aws:kms:us-east-1:11112222333x:key/k", false},
		{"arn:aws:kms:us-east-1:1111222233 3:key/k", false},
	}
	for _, test := range tests {
		a, err := Parse(test.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Valid(); got != test.want {
			t.Errorf("%s: Valid = %v", test.in, got)
		}
	}
	if (ARN{}).Valid() {
		t.Error("the zero ARN is valid")
	}
}

func TestSplitResourceCutsAtTheFirstSeparator(t *testing.T) {
	tests := []struct{ in, kind, id string }{
		{"key/1234", "key", "1234"},
		{"alias/aws/s3", "alias", "aws/s3"},
		{"log-group:/aws/lambda/f:*", "log-group", "/aws/lambda/f:*"},
		{"user/division/Ada", "user", "division/Ada"},
		{"root", "root", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		kind, id := SplitResource(test.in)
		if kind != test.kind || id != test.id {
			t.Errorf("SplitResource(%q) = %q, %q", test.in, kind, id)
		}
		a := ARN{Resource: test.in}
		if a.Kind() != test.kind || a.ID() != test.id {
			t.Errorf("%q: Kind, ID = %q, %q", test.in, a.Kind(), a.ID())
		}
	}
}

func TestSplitPathGivesThePathAsIAMReportsIt(t *testing.T) {
	tests := []struct{ in, path, name string }{
		{"Ada", "/", "Ada"},
		{"division/Ada", "/division/", "Ada"},
		{"a/b/Ada", "/a/b/", "Ada"},
		{"", "/", ""},
	}
	for _, test := range tests {
		if path, name := SplitPath(test.in); path != test.path || name != test.name {
			t.Errorf("SplitPath(%q) = %q, %q", test.in, path, name)
		}
	}
}
