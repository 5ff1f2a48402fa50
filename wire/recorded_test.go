package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// recorded is one answer of AWS.
type recorded struct {
	service, operation string
	status             int
	code               string
	request            string
	message            string
	source             string
}

// fills stand for long values: #5 for xxxxx, @5 for five bytes in base64.
var fills = regexp.MustCompile(`[#@]\d+`)

func fill(s string) string {
	return fills.ReplaceAllStringFunc(s, func(f string) string {
		n, _ := strconv.Atoi(f[1:])
		if f[0] == '@' {
			return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, n))
		}
		return strings.Repeat("x", n)
	})
}

func readRecorded(t *testing.T) (out []recorded) {
	t.Helper()
	text, err := os.ReadFile("testdata/recorded/violations.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, cases, _ := strings.Cut(string(text), "\n\n")
	for block := range strings.SplitSeq(strings.TrimSpace(cases), "\n\n") {
		lines := strings.Split(block, "\n")
		if len(lines) != 4 || len(strings.Fields(lines[0])) != 4 {
			t.Fatalf("not a case: %s", block)
		}
		head := strings.Fields(lines[0])
		status, err := strconv.Atoi(head[2])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, recorded{head[0], head[1], status, head[3], fill(lines[1]), fill(lines[2]), lines[3]})
	}
	return out
}

var prefixes = map[string]string{"kms": "TrentService.", "logs": "Logs_20140328."}
var versions = map[string]string{"iam": "2010-05-08", "sts": "2011-06-15"}

// replay sends the request of a recording and returns code and message.
func replay(w *world, r recorded) (got *httptest.ResponseRecorder, code, message string) {
	if prefix, ok := prefixes[r.service]; ok {
		got = w.json(prefix+r.operation, r.request)
		var body struct {
			Type    string `json:"__type"`
			Message string
		}
		_ = json.Unmarshal(got.Body.Bytes(), &body) // what is no JSON has no code
		return got, body.Type, body.Message
	}
	got = w.query(r.service, "Action="+r.operation+"&Version="+versions[r.service]+"&"+r.request)
	var body struct {
		Error struct{ Code, Message string }
	}
	_ = xml.Unmarshal(got.Body.Bytes(), &body)
	return got, body.Error.Code, body.Error.Message
}

func TestViolationsAreAnsweredAsRecordedFromAWS(t *testing.T) {
	w := newWorld()
	for _, r := range readRecorded(t) {
		got, code, message := replay(w, r)
		want, cut := strings.CutSuffix(r.message, "...")
		if got.Code != r.status || code != r.code || message != want && !(cut && strings.HasPrefix(message, want)) {
			t.Errorf("%s %s (%s)\n got %d %s: %s\nwant %d %s: %s", r.service, r.operation, r.source, got.Code, code, message, r.status, r.code, r.message)
		}
	}
}
