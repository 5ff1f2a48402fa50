package wire

import (
	"math"
	"net/http"
	"strings"
	"time"
)

// The AWS SDK for Go v2 closes a request's body as soon as it has the answer's
// headers, and net/http, if it has not yet looked for the end of that body,
// takes this for a failed write and closes the connection: what it has not yet
// read of the answer is lost ("use of closed network connection"), and the SDK
// tries again after a pause of up to seconds. Over a network the end of the
// body is found long before an answer can be there; here one in ten long
// answers was lost on a busy machine. So a long answer to that SDK waits for a
// moment. See docs/decisions/2026-11-22-pause-for-the-go-sdk.md.
const (
	bodyEndPause = 500 * time.Microsecond
	// A shorter answer is in the client's read buffer together with its headers.
	readBuffer = 3 << 10
	// A stream of events is as long as its reader listens.
	endless = math.MaxInt
)

// pauseBefore tells how long an answer of so many bytes waits for the client
// to find the end of its own request.
func pauseBefore(r *http.Request, answer int) time.Duration {
	if answer <= readBuffer || r.ContentLength == 0 || !strings.Contains(r.UserAgent(), "aws-sdk-go-v2/") {
		return 0
	}
	return bodyEndPause
}

// pause waits before the headers of an answer of so many bytes.
func (c *call) pause(answer int) { time.Sleep(pauseBefore(c.r, answer)) }
