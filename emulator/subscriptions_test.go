package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealstack/emulator/emulatortest"
)

// control sends a control request and returns status and body.
func controlled(t *testing.T, s *emulatortest.Server, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(answer))
}

func TestLogDestinationsAreSetOverTheControlRoutes(t *testing.T) {
	s := emulatortest.Start(t)
	receiver := httptest.NewServer(http.NotFoundHandler())
	defer receiver.Close()
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
	address := `{"arn":"` + arn + `","url":"` + receiver.URL + `"}`
	const path = "/_emulator/log-destinations"
	for _, c := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"PUT", path, address, 200, address},
		{"GET", path, "", 200, "[" + address + "]"},
		{"PUT", path, `{"arn":"x","url":"http://a"}`, 400, ""},
		{"PUT", path, `{`, 400, ""},
		{"DELETE", path, "", 400, ""},
		{"DELETE", path + "?arn=" + arn, "", 200, "{}"},
		{"GET", path, "", 200, "[]"},
		{"GET", "/_emulator/log-dead-letters", "", 200, "[]"},
		{"GET", "/_emulator/log-dead-letters?account=1", "", 400, ""},
	} {
		status, answer := controlled(t, s, c.method, c.path, c.body)
		if status != c.status || c.answer != "" && answer != c.answer || !json.Valid([]byte(answer)) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, status, answer)
		}
	}
}
