package integration

import (
	"net/http"
	"strings"
	"testing"
)

// TestCallsThatAreRefusedBeforeTheServiceHearsOfThem: CloudTrail hears of bad
// parameters, and not of callers who could not be authenticated, as Amazon
// S3's guide says of requests whose credentials are not valid.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html
func TestCallsThatAreRefusedBeforeTheServiceHearsOfThem(t *testing.T) {
	x := startTrailed(t)
	send := func(status int, body string, change func(*http.Request)) {
		t.Helper()
		q := request{service: "kms", target: "TrentService.DescribeKey", kind: jsonKind, body: body}
		a, err := q.with(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Credential=test/", "Credential="+ours+"/", 1))
			change(r)
		}).send(x.server.URL)
		x.ok(err)
		if a.status != status {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
	}
	same := func(*http.Request) {}
	send(400, `{"KeyId":""}`, same)
	send(400, `{"KeyId":`, same)
	send(400, `{"KeyId":"alias/none"}`, func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 nonsense") })
	send(400, `{"KeyId":"alias/none"}`, func(r *http.Request) { r.Header.Del("Authorization") })
	send(400, `{"KeyId":"alias/none"}`, same)
	var codes []string
	for _, e := range x.history(ours, region) {
		if e["eventName"] != "DescribeKey" {
			continue
		}
		code, _ := e["errorCode"].(string)
		codes = append(codes, code)
		if code != "NotFoundException" && (e["requestParameters"] != nil || e["responseElements"] != nil || e["resources"] != nil) {
			t.Errorf("%v shows what was refused", e)
		}
		if e["recipientAccountId"] != ours || e["errorMessage"] == "" || e["readOnly"] != true {
			t.Errorf("%v", e)
		}
	}
	if got := strings.Join(codes, " "); got != "NotFoundException SerializationException ValidationException" {
		t.Errorf("the history has %s", got)
	}
}
