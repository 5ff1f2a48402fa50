package wire

import (
	"strings"
	"testing"
)

func TestSomeDocumentsNeedNoChecksum(t *testing.T) {
	const missing = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
	for target, needs := range map[string]bool{
		"/b?acl": false, "/b/k?acl": false, "/b?logging": false, "/b?policy": false, "/b?requestPayment": false, "/b?website": false,
		"/b?cors": true, "/b?lifecycle": true, "/b?tagging": true, "/b?encryption": true,
	} {
		got := newS3World().send("PUT", target, "<X/>").Body.String()
		if strings.Contains(got, missing) != needs {
			t.Errorf("%s: %s", target, got)
		}
	}
	if got := newS3World().send("POST", "/b?delete", "<X/>").Body.String(); !strings.Contains(got, missing) {
		t.Error(got)
	}
}
