package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealstack/auth/sigv4"
	"sealstack/clock"
	"sealstack/emulator/emulatortest"
)

// request is an HTTP request that no SDK would send.
type request struct {
	method, path string // POST and / if empty
	service      string // whose name is in the credential scope
	target       string // X-Amz-Target
	kind         string // Content-Type
	body         string
	unsigned     bool
	change       func(*http.Request) // last of all
}

const jsonKind = "application/x-amz-json-1.1"

func kmsCall(op, body string) request {
	return request{service: "kms", target: "TrentService." + op, kind: jsonKind, body: body}
}

func logsCall(op, body string) request {
	return request{service: "logs", target: "Logs_20140328." + op, kind: jsonKind, body: body}
}

func trailCall(op, body string) request {
	return request{service: "cloudtrail", target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." + op, kind: jsonKind, body: body}
}

func queryCall(service, body string) request {
	return request{service: service, kind: "application/x-www-form-urlencoded", body: body}
}

// iamCall has the parameters of a query without Version.
func iamCall(form string) request { return queryCall("iam", form+"&Version=2010-05-08") }

// with returns the request with a change that is made after it was signed.
func (q request) with(change func(*http.Request)) request {
	q.change = change
	return q
}

func (q request) without() request {
	q.unsigned = true
	return q
}

// at returns the request for another method and path.
func (q request) at(method, path string) request {
	q.method, q.path = method, path
	return q
}

// build makes the HTTP request, signed with a key that nobody issued.
func (q request) build(endpoint string) (*http.Request, error) {
	method, path := q.method, q.path
	if method == "" {
		method, path = http.MethodPost, "/"
	}
	r, err := http.NewRequest(method, endpoint+path, strings.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Content-Type": q.kind, "X-Amz-Target": q.target} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if !q.unsigned {
		hash := sha256.Sum256([]byte(q.body))
		signer := sigv4.Signer{AccessKeyID: "test", Secret: "test", Region: region, Service: q.service}
		signer.Sign(r, hex.EncodeToString(hash[:]), clock.Real().Now())
	}
	if q.change != nil {
		q.change(r)
	}
	return r, nil
}

// reply is what came back.
type reply struct {
	status        int
	code, message string // of AWS's error, in whatever protocol
	body          string
	header        http.Header
	took          time.Duration
}

// send sends the request and reads the answer.
func (q request) send(endpoint string) (reply, error) {
	r, err := q.build(endpoint)
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	start := time.Now()
	resp, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return reply{}, err
	}
	a, err := read(resp)
	a.took = time.Since(start)
	return a, err
}

// limit is how long the answer to a bad request may take.
const limit = time.Second

// sendSoon is send for an answer that must come within the limit: once in
// three times, for the machine may have something else to do.
func (q request) sendSoon(endpoint string) (a reply, err error) {
	for range 3 {
		if a, err = q.send(endpoint); err != nil || a.took <= limit {
			return a, err
		}
	}
	return a, fmt.Errorf("the answer takes %s", a.took)
}

func read(resp *http.Response) (reply, error) {
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	a := reply{status: resp.StatusCode, body: string(b), header: resp.Header}
	a.code, a.message = failureIn(b)
	return a, err
}

// failureIn reads an error of AWS in JSON, in the XML of the query protocol or
// in that of S3.
func failureIn(body []byte) (code, message string) {
	var j struct {
		Type    string `json:"__type"`
		Message string `json:"message"` // in either case
	}
	if json.Unmarshal(body, &j) == nil {
		return j.Type, j.Message
	}
	var x struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
		Error   struct {
			Code    string `xml:"Code"`
			Message string `xml:"Message"`
		} `xml:"Error"`
	}
	if xml.Unmarshal(body, &x) != nil {
		return "", ""
	}
	return x.Code + x.Error.Code, x.Message + x.Error.Message
}

// row is a bad request and what AWS answers.
type row struct {
	name    string
	request request
	status  int
	code    string
	// message is the whole sentence; one that ends in "..." is its beginning,
	// and "*" says that AWS's words are not known.
	message string
}

// site is an emulator with something in it that a bad request could change.
type site struct {
	testing.TB
	server *emulatortest.Server
	key    string // id of an enabled key
	off    string // id of a disabled key
	doomed string // id of a key that is pending deletion
	dead   string // id of a key that was deleted
}

// must sends a request that has to succeed.
func (s *site) must(q request) string {
	s.Helper()
	a, err := q.send(s.server.URL)
	if err != nil || a.status != http.StatusOK {
		s.Fatalf("%s %s: %d %s, %v", q.target, q.body, a.status, a.body, err)
	}
	return a.body
}

func (s *site) newKey() string {
	s.Helper()
	var out struct{ KeyMetadata struct{ KeyId string } }
	if err := json.Unmarshal([]byte(s.must(kmsCall("CreateKey", `{"Tags":[{"TagKey":"a","TagValue":"b"}]}`))), &out); err != nil {
		s.Fatal(err)
	}
	return out.KeyMetadata.KeyId
}

// startSite builds the site: keys in several states, an alias, a log group
// with two events, a user with a policy, and of each kind one that is gone.
func startSite(t testing.TB) *site {
	s := &site{TB: t, server: emulatortest.Start(t)}
	s.dead = s.newKey()
	s.must(kmsCall("ScheduleKeyDeletion", `{"KeyId":"`+s.dead+`","PendingWindowInDays":7}`))
	s.server.Advance(8 * 24 * time.Hour)
	s.key, s.off, s.doomed = s.newKey(), s.newKey(), s.newKey()
	s.must(kmsCall("DisableKey", `{"KeyId":"`+s.off+`"}`))
	s.must(kmsCall("ScheduleKeyDeletion", `{"KeyId":"`+s.doomed+`"}`))
	s.must(kmsCall("CreateAlias", `{"AliasName":"alias/a","TargetKeyId":"`+s.key+`"}`))
	s.must(kmsCall("CreateAlias", `{"AliasName":"alias/gone","TargetKeyId":"`+s.key+`"}`))
	s.must(kmsCall("DeleteAlias", `{"AliasName":"alias/gone"}`))
	for _, group := range []string{"g", "gone"} {
		s.must(logsCall("CreateLogGroup", `{"logGroupName":"`+group+`","tags":{"a":"b"}}`))
	}
	s.must(logsCall("DeleteLogGroup", `{"logGroupName":"gone"}`))
	for _, stream := range []string{"s", "gone"} {
		s.must(logsCall("CreateLogStream", `{"logGroupName":"g","logStreamName":"`+stream+`"}`))
	}
	s.must(logsCall("DeleteLogStream", `{"logGroupName":"g","logStreamName":"gone"}`))
	s.must(logsCall("PutLogEvents", fmt.Sprintf(`{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":%d,"message":"one"},{"timestamp":%[1]d,"message":"two"}]}`, s.now())))
	for _, user := range []string{"u", "ghost"} {
		s.must(iamCall("Action=CreateUser&UserName=" + user))
	}
	s.must(iamCall("Action=DeleteUser&UserName=ghost"))
	s.must(iamCall("Action=PutUserPolicy&UserName=u&PolicyName=p&PolicyDocument=" + url.QueryEscape(allow("kms:ListKeys"))))
	return s
}

// allow returns an identity-based policy that allows an action on everything.
func allow(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
}

// now is the emulator's time as CloudWatch Logs counts it.
func (s *site) now() int64 { return s.server.Now().UnixMilli() }

// keyARN is the ARN of a key of the site.
func (s *site) keyARN(id string) string { return "arn:aws:kms:" + region + ":000000000000:key/" + id }

// everything describes all that is stored and must not change.
func (s *site) everything() string {
	var b bytes.Buffer
	for _, q := range []request{
		kmsCall("ListKeys", `{}`), kmsCall("ListAliases", `{}`),
		logsCall("DescribeLogGroups", `{}`), logsCall("DescribeLogStreams", `{"logGroupName":"g"}`),
		logsCall("FilterLogEvents", `{"logGroupName":"g"}`), logsCall("ListTagsLogGroup", `{"logGroupName":"g"}`),
		iamCall("Action=ListUsers"), iamCall("Action=ListUserPolicies&UserName=u"), iamCall("Action=ListAccessKeys&UserName=u"),
		iamCall("Action=ListGroups"), iamCall("Action=ListRoles"), iamCall("Action=ListPolicies&Scope=Local"),
	} {
		b.WriteString(requestID(s.must(q)) + "\n")
	}
	for _, id := range []string{s.key, s.off, s.doomed} {
		for _, op := range []string{"DescribeKey", "ListResourceTags", "GetKeyPolicy"} {
			b.WriteString(s.must(kmsCall(op, `{"KeyId":"`+id+`"}`)) + "\n")
		}
	}
	return b.String()
}

// requestID cuts off the id that no two answers share.
func requestID(body string) string {
	before, _, _ := strings.Cut(body, "<ResponseMetadata>")
	return before
}

// try holds the answers to bad requests against AWS's, and the emulator
// against what it was before.
func (s *site) try(rows []row) {
	s.Helper()
	before := s.everything()
	for _, r := range rows {
		a, err := r.request.sendSoon(s.server.URL)
		if err != nil {
			s.Errorf("%s: %v", r.name, err)
			continue
		}
		if a.status != r.status || a.code != r.code || !says(a.message, r.message) {
			s.Errorf("%s:\n got %d %s: %s\nwant %d %s: %s", r.name, a.status, a.code, shortened(a.message), r.status, r.code, shortened(r.message))
		}
		if a.header.Get("X-Amzn-RequestId") == "" {
			s.Errorf("%s: the answer has no request id", r.name)
		}
	}
	if after := s.everything(); after != before {
		s.Errorf("bad requests changed what is stored, from\n%s\nto\n%s", before, after)
	}
}

// says holds a message against a wanted one, see [row].
func says(got, want string) bool {
	if beginning, ok := strings.CutSuffix(want, "..."); ok {
		return strings.HasPrefix(got, beginning)
	}
	return want == "*" && got != "" || got == want
}

func shortened(s string) string {
	if len(s) > 600 {
		return s[:300] + " [...] " + s[len(s)-300:]
	}
	return s
}
