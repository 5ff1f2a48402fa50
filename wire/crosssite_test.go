package wire

import (
	"net/http"
	"strings"
	"testing"
)

// An image's address is enough for a browser to send such a request.
func TestAPageOfAnotherSiteCallsNoQueryService(t *testing.T) {
	w := newWorld()
	const path = "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=AKIA%2F20200101%2Feu-west-1%2Fsts%2Faws4_request"
	for site, want := range map[string]int{"cross-site": http.StatusForbidden, "same-site": 200, "same-origin": 200, "none": 200} {
		got := w.send("GET", path, "", "Sec-Fetch-Site", site)
		if got.Code != want || (want == 200) == strings.Contains(got.Body.String(), "<Code>AccessDenied</Code>") {
			t.Errorf("Sec-Fetch-Site %s: %d %s, want %d", site, got.Code, got.Body, want)
		}
	}
}
