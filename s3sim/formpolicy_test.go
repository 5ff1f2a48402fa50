package s3sim

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestThePolicyOfAFormIsKept(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	key := pairs{{"key", "user/eric/a.jpg"}}
	for name, tt := range map[string]struct {
		fields     pairs
		conditions []any
		message    string // of AccessDenied, after "Invalid according to Policy: "
	}{
		"equal":                   {key, []any{[]any{"eq", "$key", "user/eric/a.jpg"}}, ""},
		"in capitals":             {append(pairs{{"CACHE-Control", "x"}}, key...), []any{[]any{"EQ", "$Key", "user/eric/a.jpg"}, map[string]string{"Cache-control": "x"}}, ""},
		"not equal":               {key, []any{[]any{"eq", "$key", "user/eric/b.jpg"}}, `Policy Condition failed: ["eq", "$key", "user/eric/b.jpg"]`},
		"not equal, short form":   {key, []any{map[string]string{"key": "b"}}, `Policy Condition failed: ["eq", "$key", "b"]`},
		"begins so":               {key, []any{[]any{"starts-with", "$key", "user/eric/"}}, ""},
		"begins anyhow":           {key, []any{[]any{"starts-with", "$key", ""}}, ""},
		"begins otherwise":        {key, []any{[]any{"starts-with", "$key", "user/betty/"}}, `Policy Condition failed: ["starts-with", "$key", "user/betty/"]`},
		"field that is not there": {key, []any{[]any{"eq", "$acl", "private"}}, `Policy Condition failed: ["eq", "$acl", "private"]`},
		"another bucket":          {key, []any{map[string]string{"bucket": "other"}}, `Policy Condition failed: ["eq", "$bucket", "other"]`},
		"type of a list":          {append(pairs{{"Content-Type", "image/jpg, image/png"}}, key...), []any{[]any{"starts-with", "$Content-Type", "image/"}}, ""},
		"type of a mixed list":    {append(pairs{{"Content-Type", "image/jpg,text/html"}}, key...), []any{[]any{"starts-with", "$Content-Type", "image/"}}, `Policy Condition failed: ["starts-with", "$Content-Type", "image/"]`},
		"field without condition": {append(pairs{{"Content-Type", "text/html"}}, key...), nil, "Extra input fields: content-type"},
		"bucket as a field":       {append(pairs{{"bucket", "bucket"}}, key...), nil, "Extra input fields: bucket"},
		"ignored field":           {append(pairs{{"x-ignore-it", "x"}}, key...), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			conditions := append(tt.conditions, []any{"starts-with", "$key", ""})
			fields := append(tt.fields[:len(tt.fields):len(tt.fields)], pairs{{"AWSAccessKeyId", "id"}, {"policy", document(conditions...)}, {"signature", "s"}}...)
			_, err := b.post(fields, "text")
			if tt.message == "" {
				b.ok(err)
			} else {
				b.fails(err, "AccessDenied", "Invalid according to Policy: "+tt.message)
			}
		})
	}
}

func TestAFormsFileHasTheSizeOfItsPolicy(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	for _, tt := range []struct {
		size           int
		code, proposed string
	}{
		{2, "EntityTooSmall", "2"}, {0, "EntityTooSmall", "0"}, {3, "", ""}, {70000, "", ""}, {70001, "EntityTooLarge", "70001"}, {300000, "EntityTooLarge", "300000"},
	} {
		before := b.blobs()
		_, err := b.post(signedFields(pairs{{"key", "k"}}, []any{"content-length-range", 3, 70000}), strings.Repeat("x", tt.size))
		if tt.code == "" {
			b.ok(err)
			continue
		}
		e := b.code(err, tt.code)
		b.field(e, "ProposedSize", tt.proposed)
		if e.Code == "EntityTooLarge" {
			b.field(e, "MaxSizeAllowed", "70000")
		} else {
			b.field(e, "MinSizeAllowed", "3")
		}
		b.same("blobs left", b.blobs(), before)
	}
}

func TestAPolicyOutOfFormIsRefused(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	const until = `"expiration":"2026-11-21T13:00:00Z"`
	for name, tt := range map[string]struct{ document, code, message string }{
		"no JSON":             {`{`, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON."},
		"a list":              {`[]`, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON."},
		"no expiration":       {`{"conditions":[]}`, "InvalidPolicyDocument", "Invalid Policy: Policy missing expiration."},
		"expiration in words": {`{"expiration":"soon","conditions":[]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid 'expiration' value: 'soon'"},
		"no conditions":       {`{` + until + `}`, "InvalidPolicyDocument", "Invalid Policy: Policy missing conditions."},
		"two in one":          {`{` + until + `,"conditions":[{"a":"b","c":"d"}]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."},
		"a number":            {`{` + until + `,"conditions":[{"a":1}]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid Simple-Condition: value must be a string."},
		"a word":              {`{` + until + `,"conditions":["a"]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid Condition: must be an object or a list of three items."},
		"four items":          {`{` + until + `,"conditions":[["eq","$a","b","c"]]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid Condition: must be an object or a list of three items."},
		"unknown operation":   {`{` + until + `,"conditions":[["in","$a","b"]]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid Condition: unknown operation or value that is no string."},
		"no dollar":           {`{` + until + `,"conditions":[["eq","a","b"]]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid Condition: unknown operation or value that is no string."},
		"range of words":      {`{` + until + `,"conditions":[["content-length-range","1","2"]]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid content-length-range: must be two numbers of bytes."},
		"range upside down":   {`{` + until + `,"conditions":[["content-length-range",2,1]]}`, "InvalidPolicyDocument", "Invalid Policy: Invalid content-length-range: must be two numbers of bytes."},
		"expired":             {`{"expiration":"2026-11-21T12:00:00Z","conditions":[["eq","$key","k"]]}`, "AccessDenied", "Invalid according to Policy: Policy expired."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.post(pairs{{"key", "k"}, {"AWSAccessKeyId", "id"}, {"signature", "s"}, {"policy", base64.StdEncoding.EncodeToString([]byte(tt.document))}}, "text")
			b.fails(err, tt.code, tt.message)
		})
	}
	_, err := b.post(pairs{{"key", "k"}, {"AWSAccessKeyId", "id"}, {"signature", "s"}, {"policy", "!"}}, "text")
	b.fails(err, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.")
}
