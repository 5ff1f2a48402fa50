package drift

import (
	"maps"
	"slices"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// names lists places, with their kinds and a question mark on optional ones.
func names(found map[string]place) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		p := found[name]
		line := name
		if p.kind != "" {
			line += " " + p.kind
		}
		if p.optional {
			line += " ?"
		}
		all = append(all, line)
	}
	return all
}

func expectNames(t *testing.T, found map[string]place, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got := names(found); !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
}

func TestJSONIsReadAsPlaces(t *testing.T) {
	found, err := jsonPlaces([]byte(`{"A":"x","B":{"C":[1,2],"D":{}},"E":[{"F":true},{"F":false}]}`))
	expectNames(t, found, err, "body/A string", "body/B/C[] number", "body/B/D empty", "body/E[]/F bool")
	if _, err := jsonPlaces([]byte(`{`)); err == nil {
		t.Error("broken JSON is read")
	}
}

func TestFormsAreReadAsPlaces(t *testing.T) {
	found, err := formPlaces([]byte("Action=X&Version=1&Name=a&Tags.member.1.Key=k&Tags.member.2.Key=k&M.entry.1.key=a&M.entry.1.value=b"))
	expectNames(t, found, err, "body/M/entry/key", "body/M/entry/value", "body/Name", "body/Tags/member/Key")
	if _, err := formPlaces([]byte("a=%zz")); err == nil {
		t.Error("a broken form is read")
	}
}

func TestS3RequestsAreReadAsPlaces(t *testing.T) {
	op := s3api.Service.Operation("UpdateObjectEncryption")
	found, err := httpPlaces(op, snapshot{
		target: "/__Key__?encryption=&versionId=v&x-id=X",
		header: map[string][]string{"X-Amz-Request-Payer": {"requester"}},
		body:   []byte(`<R xmlns="http://s3/"><L><I>1</I><I>2</I></L><G xmlns:xsi="http://xsi/" xsi:type="T"><E/></G></R>`),
	})
	expectNames(t, found, err, "body/R/G/E", "body/R/G@xsi:type", "body/R/L/I",
		"header x-amz-request-payer", "label Bucket", "label Key", "parameter versionId")
	found, err = httpPlaces(op, snapshot{target: "/", body: []byte("plain")})
	expectNames(t, found, err, "body", "label Bucket")
	if _, err := httpPlaces(op, snapshot{target: "/", body: []byte("<R><")}); err == nil {
		t.Error("broken XML is read")
	}
}

func TestGeneratedTypesAreReadAsPlaces(t *testing.T) {
	for _, c := range []struct {
		service   *api.Service
		operation string
		want      []string
	}{
		{kmsapi.Service, "TagResource", []string{"body/KeyId string", "body/Tags[]/TagKey string", "body/Tags[]/TagValue string"}},
		{kmsapi.Service, "EnableKey", []string{"body/KeyId string"}},
		{stsapi.Service, "GetCallerIdentity", nil},
		{stsapi.Service, "GetFederationToken", []string{"body/DurationSeconds", "body/MinimumSessionTokenSize", "body/Name", "body/Policy",
			"body/PolicyArns/member/arn", "body/Tags/member/Key", "body/Tags/member/Value"}},
		{s3api.Service, "PutObjectTagging", []string{"body/Tagging/TagSet/Tag/Key", "body/Tagging/TagSet/Tag/Value",
			"header content-md5", "header x-amz-expected-bucket-owner", "header x-amz-request-payer", "header x-amz-sdk-checksum-algorithm",
			"label Bucket", "label Key", "parameter versionId"}},
		{s3api.Service, "UpdateObjectEncryption", []string{
			"body/ObjectEncryption/SSE-KMS/BucketKeyEnabled ?", "body/ObjectEncryption/SSE-KMS/KMSKeyArn ?",
			"header content-md5", "header x-amz-expected-bucket-owner", "header x-amz-request-payer", "header x-amz-sdk-checksum-algorithm",
			"label Bucket", "label Key", "parameter versionId"}},
	} {
		t.Run(c.operation, func(t *testing.T) {
			op := c.service.Operation(c.operation)
			expectNames(t, places(c.service, op.Input), nil, c.want...)
		})
	}
}
