package wire

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// message is one message of a stream as the SDK reads it.
type message struct {
	kind, name, payload string
}

func messages(t *testing.T, r io.Reader) (out []message) {
	t.Helper()
	decoder := eventstream.NewDecoder()
	for {
		m, err := decoder.Decode(r, nil)
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		kind := m.Headers.Get(":message-type").String()
		name := ""
		for _, header := range []string{":event-type", ":exception-type", ":error-code"} {
			if v := m.Headers.Get(header); v != nil {
				name = v.String()
			}
		}
		out = append(out, message{kind, name, string(m.Payload)})
	}
}

func TestEventStreamsAreReadableByTheSDK(t *testing.T) {
	w := newWorld()
	start := message{"event", "sessionStart", `{"sessionId":"session"}`}
	update := message{"event", "sessionUpdate", `{"sessionResults":[{"message":"hello"}]}`}
	for body, last := range map[string]message{
		`{"logGroupIdentifiers":["arn:aws:logs:us-east-1:111122223333:log-group:g"]}`:                             {"exception", "SessionTimeoutException", `{"__type":"SessionTimeoutException","message":"over"}`},
		`{"logGroupIdentifiers":["arn:aws:logs:us-east-1:111122223333:log-group:g"],"logEventFilterPattern":"x"}`: {"error", "InternalFailure", ""},
	} {
		got := w.json("Logs_20140328.StartLiveTail", body)
		if got.Code != 200 || got.Header().Get("Content-Type") != "application/vnd.amazon.eventstream" || got.Header().Get("Content-Length") != "" {
			t.Fatal(got.Code, got.Header(), got.Body)
		}
		want := []message{{"event", "initial-response", "{}"}, start, update, last}
		if all := messages(t, got.Body); len(all) != 4 || all[0] != want[0] || all[1] != want[1] || all[2] != want[2] || all[3] != want[3] {
			t.Errorf("got  %v\nwant %v", all, want)
		}
	}
	if !strings.Contains(w.log.String(), "secret cause") {
		t.Error("the cause is not in the log")
	}
}

func TestEventsAreSentAtOnce(t *testing.T) {
	address := server(t, newWorld())
	r, err := http.NewRequest("POST", "http://"+address, strings.NewReader(`{"logGroupIdentifiers":["arn:aws:logs:us-east-1:111122223333:log-group:g"]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"X-Amz-Target": "Logs_20140328.StartLiveTail", "Content-Type": "application/x-amz-json-1.1", "Authorization": signed("logs")} {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if len(answer.TransferEncoding) != 1 || answer.TransferEncoding[0] != "chunked" {
		t.Error(answer.TransferEncoding)
	}
	if all := messages(t, bufio.NewReader(answer.Body)); len(all) != 4 {
		t.Error(all)
	}
}

func TestAFrameIsTheEncodingOfTheSDK(t *testing.T) {
	var want bytes.Buffer
	m := eventstream.Message{Payload: []byte("payload")}
	m.Headers.Set(":message-type", eventstream.StringValue("event"))
	m.Headers.Set("é", eventstream.StringValue(strings.Repeat("x", 300)))
	if err := eventstream.NewEncoder().Encode(&want, m); err != nil {
		t.Fatal(err)
	}
	if got := frame([]byte("payload"), ":message-type", "event", "é", strings.Repeat("x", 300)); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("got  %x\nwant %x", got, want.Bytes())
	}
}
