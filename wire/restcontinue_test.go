package wire

import (
	"io"
	"net/http"
	"testing"
)

func TestAnEmptyUploadIsContinuedWhereTheClientAsks(t *testing.T) {
	for name, tt := range map[string]struct {
		head     string
		statuses []int
	}{
		"it asks":         {"PUT /b/k HTTP/1.1\nHost: localhost\nContent-Length: 0\nExpect: 100-continue\n\n", []int{100, 200}},
		"it does not ask": {"PUT /b/k HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n", []int{200}},
		"refused": {"PUT /b/k HTTP/1.1\nHost: localhost\nContent-Length: 0\nExpect: 100-continue\nx-amz-content-sha256: UNSIGNED-PAYLOAD\n" +
			"x-amz-date: 20200101T000000Z\nAuthorization: " + signed("s3") + "\n\n", []int{100, 403}},
	} {
		t.Run(name, func(t *testing.T) {
			_, answers := raw(t, newS3World().server(t), tt.head)
			for _, want := range tt.statuses {
				answer, err := http.ReadResponse(answers, nil)
				if err != nil || answer.StatusCode != want {
					t.Fatal(answer, err, want)
				}
				if ids := len(answer.Header["X-Amz-Request-Id"]); (want == 100) != (ids == 0) || want == 100 && len(answer.Header) > 0 {
					t.Fatal(want, answer.Header)
				}
				if _, err := io.Copy(io.Discard, answer.Body); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
