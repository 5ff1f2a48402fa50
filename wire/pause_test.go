package wire

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyLongAnswersToTheGoSDKWaitForTheEndOfTheRequest(t *testing.T) {
	const goSDK = "aws-sdk-go-v2/1.47.7 ua/2.1 os/linux lang/go#1.26.4 api/cloudwatchlogs#1.92.0"
	for _, c := range []struct {
		name, agent, body string
		answer            int
		waits             bool
	}{
		{"a long answer", goSDK, "{}", 4 << 10, true},
		{"a long answer to Terraform", "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 " + goSDK, "{}", 1 << 20, true},
		{"a stream of events", goSDK, "{}", endless, true},
		{"a short answer", goSDK, "{}", readBuffer, false},
		{"a request without a body", goSDK, "", 4 << 10, false},
		{"another SDK", "Boto3/1.44.5 md/Botocore#1.44.5", "{}", 4 << 10, false},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("User-Agent", c.agent)
		if got := pauseBefore(r, c.answer) > 0; got != c.waits {
			t.Errorf("%s: waits %t, want %t", c.name, got, c.waits)
		}
	}
}
