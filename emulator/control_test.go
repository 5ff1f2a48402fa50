package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// control calls a control route.
func control(t *testing.T, s *emulatortest.Server, method, path, body string, headers ...string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/_emulator/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(b))
}

func TestHealthIsToldToAnybody(t *testing.T) {
	s := emulatortest.Start(t)
	if status, body := control(t, s, "GET", "health", ""); status != 200 || body != `{"status":"ok"}` {
		t.Errorf("health: %d %s", status, body)
	}
}

func TestUnknownControlRoutesAreNotFound(t *testing.T) {
	s := emulatortest.Start(t)
	for route, want := range map[string]int{
		"GET ": 404, "GET nothing": 404, "GET health/": 404, "POST health": 405, "GET clock/advance": 405,
		"DELETE reset": 405, "GET reset": 405, "HEAD reset": 405, "PUT clock": 405, "POST log-groups": 405,
	} {
		method, path, _ := strings.Cut(route, " ")
		if status, body := control(t, s, method, path, ""); status != want {
			t.Errorf("%s: %d %s, want %d", route, status, body, want)
		}
	}
}

// offset returns how far the clock is ahead, as the route tells it.
func offset(t *testing.T, s *emulatortest.Server) string {
	t.Helper()
	status, body := control(t, s, "GET", "clock", "")
	var c struct {
		Now    time.Time
		Offset string
	}
	if err := json.Unmarshal([]byte(body), &c); err != nil || status != 200 {
		t.Fatalf("clock: %d %s", status, body)
	}
	if d := s.Now().Sub(c.Now); d < 0 || d > time.Minute {
		t.Errorf("the route tells %s, the emulator %s", c.Now, s.Now())
	}
	return c.Offset
}

func TestTheClockAdvances(t *testing.T) {
	s := emulatortest.Start(t)
	if got := offset(t, s); got != "0s" {
		t.Errorf("a new clock is %s ahead", got)
	}
	for _, step := range []struct{ by, want string }{
		{"90s", "1m30s"}, {"0s", "1m30s"}, {"1d12h", "36h1m30s"}, {"30d", "756h1m30s"},
	} {
		status, body := control(t, s, "POST", "clock/advance", `{"duration":"`+step.by+`"}`)
		if status != 200 || !strings.Contains(body, `"offset":"`+step.want+`"`) || offset(t, s) != step.want {
			t.Errorf("by %s: %d %s, want %s", step.by, status, body, step.want)
		}
	}
}

func TestTheClockDoesNotAdvanceByNonsense(t *testing.T) {
	s := emulatortest.Start(t)
	for _, body := range []string{
		``, `{}`, `{`, `null`, `[]`, `"5m"`, `{"duration":null}`, `{"duration":5}`, `{"duration":""}`, `{"duration":"soon"}`,
		`{"duration":"-5m"}`, `{"duration":"-1ns"}`, `{"duration":"1d-2d"}`, `{"Duration":"5m","by":"5m"}`,
		`{"duration":"2540401h"}`, `{"duration":"36501d"}`, `{"duration":"5m"} {"duration":"5m"}`,
		`{"duration":"` + strings.Repeat("9", 1<<20) + `s"}`, strings.Repeat(`{"duration":`, 10_000),
	} {
		short := body[:min(len(body), 80)]
		status, answer := control(t, s, "POST", "clock/advance", body)
		var refusal struct{ Error string }
		if err := json.Unmarshal([]byte(answer), &refusal); err != nil || refusal.Error == "" {
			t.Errorf("%s: answer %s", short, answer)
		}
		if status != 400 {
			t.Errorf("%s: %d %s", short, status, answer)
		}
	}
	if got := offset(t, s); got != "0s" {
		t.Errorf("the clock is %s ahead", got)
	}
}

func TestTheOffsetOfTheClockOutlivesARestart(t *testing.T) {
	s := emulatortest.Start(t, emulatortest.WithDataDir(t.TempDir()))
	s.Advance(36 * time.Hour)
	s.Restart()
	if got := offset(t, s); got != "36h0m0s" {
		t.Errorf("after a restart the clock is %s ahead", got)
	}
	if status, body := control(t, s, "POST", "reset", ""); status != 200 {
		t.Errorf("reset: %d %s", status, body)
	}
	s.Restart()
	if got := offset(t, s); got != "0s" {
		t.Errorf("after a reset and a restart the clock is %s ahead", got)
	}
}

func TestAResetEmptiesEverything(t *testing.T) {
	for name, option := range map[string]emulatortest.Option{
		"in memory": emulatortest.WithTiming(emulator.AWS), "on disk": emulatortest.WithDataDir(t.TempDir()),
	} {
		t.Run(name, func(t *testing.T) {
			s := emulatortest.Start(t, option)
			keyARN, user := furnish(t, s)
			s.Advance(time.Hour)
			out, err := kmsOf(s, root).Encrypt(t.Context(), &kms.EncryptInput{KeyId: &keyARN, Plaintext: []byte("text")})
			ok(t, err)
			start := time.Now()
			if status, body := control(t, s, "POST", "reset", ""); status != 200 || body != "{}" {
				t.Fatalf("reset: %d %s", status, body)
			}
			if took := time.Since(start); took > 500*time.Millisecond {
				t.Errorf("a reset takes %s", took)
			}
			empty(t, s)
			if _, err := kmsOf(s, root).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob}); err == nil {
				t.Error("a ciphertext from before decrypts")
			}
			if got := offset(t, s); got != "0s" {
				t.Errorf("the clock is %s ahead", got)
			}
			again, _ := furnish(t, s) // every name is free again
			if again == keyARN {
				t.Error("the same key once more")
			}
			if got := fmt.Sprint(messages(t, s)); got != "[one]" {
				t.Errorf("the new group holds %s", got)
			}
			// In the mode lenient, a key that nobody issued is the root user's.
			if list, err := kmsOf(s, user).ListKeys(t.Context(), &kms.ListKeysInput{}); err != nil || len(list.Keys) != 1 {
				t.Errorf("the access key of the user who is gone: %v", err)
			}
		})
	}
}

// empty checks that no list shows anything.
func empty(t *testing.T, s *emulatortest.Server) {
	t.Helper()
	keys, err := kmsOf(s, root).ListKeys(t.Context(), &kms.ListKeysInput{})
	ok(t, err)
	groups, err := logsOf(s).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	ok(t, err)
	users, err := iamOf(s).ListUsers(t.Context(), &iam.ListUsersInput{})
	ok(t, err)
	if len(keys.Keys)+len(groups.LogGroups)+len(users.Users) != 0 {
		t.Errorf("left: %d keys, %d groups, %d users", len(keys.Keys), len(groups.LogGroups), len(users.Users))
	}
}

// inspection is what the route log-groups answers.
type inspection struct {
	Name, ARN string
	Epochs    []struct {
		KmsKeyID           string
		From               time.Time
		Until              *time.Time
		InEffect, Readable bool
		Events             int
		Reason             string
	}
}

func inspect(t *testing.T, s *emulatortest.Server) (i inspection) {
	t.Helper()
	status, body := control(t, s, "GET", "log-groups?name=g&region="+region, "")
	if err := json.Unmarshal([]byte(body), &i); err != nil || status != 200 {
		t.Fatalf("log-groups: %d %s", status, body)
	}
	return i
}

func TestTheEpochsOfALogGroupAreTold(t *testing.T) {
	s := emulatortest.Start(t, emulatortest.WithTiming(emulator.AWS))
	keyARN, _ := furnish(t, s)
	_, err := logsOf(s).DisassociateKmsKey(t.Context(), &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String("g")})
	ok(t, err)
	i := inspect(t, s)
	if i.Name != "g" || i.ARN != "arn:aws:logs:"+region+":000000000000:log-group:g" || len(i.Epochs) != 2 {
		t.Fatalf("%+v", i)
	}
	under, free := i.Epochs[0], i.Epochs[1]
	if under.KmsKeyID != keyARN || !under.InEffect || !under.Readable || under.Events != 1 || under.Until == nil || !under.Until.Equal(free.From) {
		t.Errorf("the epoch under the key: %+v", under)
	}
	if free.KmsKeyID != "" || free.InEffect || !free.Readable || free.Events != 0 || free.Until != nil || free.From.Sub(s.Now()) < 4*time.Minute {
		t.Errorf("the epoch after it: %+v", free)
	}
	s.Advance(5 * time.Minute)
	put(t, s, "two")
	_, err = kmsOf(s, root).DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &keyARN})
	ok(t, err)
	s.Advance(5 * time.Minute)
	i = inspect(t, s)
	under, free = i.Epochs[0], i.Epochs[1]
	if under.InEffect || under.Readable || !strings.Contains(under.Reason, "The specified KMS key does not exist or is not allowed to be used") {
		t.Errorf("the epoch under the disabled key: %+v", under)
	}
	if !free.InEffect || !free.Readable || free.Events != 1 {
		t.Errorf("the epoch in effect: %+v", free)
	}
}

func TestLogGroupsThatAreNotThereAreNotInspected(t *testing.T) {
	s := emulatortest.Start(t)
	furnish(t, s)
	for query, want := range map[string]int{
		"name=g&region=" + region:                200,
		"name=g":                                 400, // not in the default Region
		"name=none&region=" + region:             400,
		"region=" + region:                       400,
		"":                                       400,
		"name=g&region=mars":                     400,
		"name=g&region=" + region + "&account=1": 400,
		"name=g&region=" + region + "&account=111122223333":       400,
		"name=%ff%00&region=" + region:                            400,
		"name=" + strings.Repeat("a", 5000) + "&region=" + region: 400,
	} {
		if status, body := control(t, s, "GET", "log-groups?"+query, ""); status != want {
			t.Errorf("%s: %d %s, want %d", query[:min(len(query), 80)], status, body, want)
		}
	}
}

// A page in a browser may not empty the emulator of whoever looks at it.
func TestPagesOfOtherOriginsMayNotUseTheControlRoutes(t *testing.T) {
	s := emulatortest.Start(t)
	furnish(t, s)
	for name, headers := range map[string][]string{
		"fetch metadata": {"Sec-Fetch-Site", "cross-site"},
		"another site":   {"Sec-Fetch-Site", "same-site"},
		"an origin":      {"Origin", "https://example.com"},
		"no origin":      {"Origin", "null"},
	} {
		for _, path := range []string{"reset", "clock/advance"} {
			status, body := control(t, s, "POST", path, `{"duration":"5m"}`, headers...)
			if status != 403 {
				t.Errorf("%s: POST %s: %d %s", name, path, status, body)
			}
		}
	}
	if got := offset(t, s); got != "0s" {
		t.Errorf("the clock is %s ahead", got)
	}
	if got := fmt.Sprint(messages(t, s)); got != "[one]" {
		t.Errorf("the group holds %s", got)
	}
	if status, body := control(t, s, "POST", "reset", "", "Origin", s.URL); status != 200 {
		t.Errorf("the emulator's own origin: %d %s", status, body)
	}
}
