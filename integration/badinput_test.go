package integration

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestBadBodiesAreRefusedInAWSsWords(t *testing.T) {
	s := startSite(t)
	encrypt := func(body string) request { return kmsCall("Encrypt", body) }
	deep := strings.Repeat("[", 100_000)
	serialization := func(name string, q request, message string) row {
		return row{name, q, 400, "SerializationException", message}
	}
	var rows []row
	for name, body := range map[string]string{
		"half an object":          `{"KeyId":`,
		"half a string":           `{"KeyId":"a`,
		"two objects":             `{} {}`,
		"a comma too many":        `{"KeyId":"a",}`,
		"single quotes":           `{'KeyId':'a'}`,
		"a comment":               `{/**/}`,
		"a bare word":             `KeyId`,
		"NaN":                     `{"GrantTokens":NaN}`,
		"a leading zero":          `{"Unknown":01}`,
		"a raw line break":        "{\"KeyId\":\"a\nb\"}",
		"a bad escape":            `{"KeyId":"\x"}`,
		"half an escape":          `{"KeyId":"\u00"}`,
		"a byte order mark":       "\ufeff{}",
		"a form":                  `KeyId=a&Plaintext=b`,
		"deep arrays":             `{"Unknown":` + deep + strings.Repeat("]", 100_000) + `}`,
		"deep arrays, never shut": `{"Unknown":` + deep,
		"deep objects":            strings.Repeat(`{"Unknown":`, 50_000),
		"deep context":            `{"EncryptionContext":` + deep,
	} {
		rows = append(rows, serialization(name, encrypt(body), "*"))
	}
	rows = append(rows,
		serialization("invalid UTF-8", encrypt("{\"KeyId\":\"\xff\"}"), "Invalid UTF-8"),
		serialization("invalid UTF-8 in a member that is not read", encrypt("{\"Unknown\":\"\xc3\x28\"}"), "Invalid UTF-8"),
		serialization("a surrogate in UTF-8", encrypt("{\"KeyId\":\"\xed\xa0\x80\"}"), "Invalid UTF-8"),
		serialization("a list for the input", encrypt(`[]`), "*"),
		serialization("a string for the input", encrypt(`"a"`), "*"),
		serialization("invalid UTF-8 for Logs", logsCall("PutLogEvents", "{\"logGroupName\":\"\x80\"}"), "Invalid UTF-8"),
		serialization("half an object for Logs", logsCall("CreateLogGroup", `{"logGroupName":"new"`), "*"),
		row{"null for the input", encrypt(`null`), 400, "ValidationException",
			"2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; Value null at 'plaintext' failed to satisfy constraint: Member must not be null"},
	)
	s.try(rows)
}

func TestValuesOfTheWrongTypeAreNotConverted(t *testing.T) {
	s := startSite(t)
	integer := "STRING_VALUE can not be converted to an Integer"
	var rows []row
	for _, x := range []struct {
		op, body, message string
	}{
		{"kms:Encrypt", `{"KeyId":5}`, "NUMBER_VALUE can not be converted to a String"},
		{"kms:Encrypt", `{"KeyId":true}`, "TRUE_VALUE can not be converted to a String"},
		{"kms:Encrypt", `{"KeyId":{}}`, "Start of structure or map found where not expected."},
		{"kms:Encrypt", `{"KeyId":[]}`, "*"},
		{"kms:Encrypt", `{"Plaintext":5}`, "*"},
		{"kms:Encrypt", `{"Plaintext":"not base64!"}`, "*"},
		{"kms:Encrypt", `{"Plaintext":"YQ"}`, "*"},
		{"kms:Encrypt", `{"Plaintext":"_-8="}`, "*"},
		{"kms:Encrypt", `{"EncryptionContext":"a"}`, "*"},
		{"kms:Encrypt", `{"EncryptionContext":["a"]}`, "*"},
		{"kms:Encrypt", `{"EncryptionContext":{"a":1}}`, "*"},
		{"kms:Encrypt", `{"EncryptionContext":{"a":true}}`, "*"},
		{"kms:Encrypt", `{"EncryptionContext":{"a":{"b":"c"}}}`, "*"},
		{"kms:Encrypt", `{"EncryptionContext":{"a":["b"]}}`, "*"},
		{"kms:Encrypt", `{"EncryptionContext":{1:"b"}}`, "*"},
		{"kms:Encrypt", `{"GrantTokens":"a"}`, "*"},
		{"kms:Encrypt", `{"GrantTokens":[1]}`, "*"},
		{"kms:Encrypt", `{"DryRun":"true"}`, "*"},
		{"kms:Encrypt", `{"DryRun":1}`, "*"},
		{"kms:CreateKey", `{"Tags":{"a":"b"}}`, "*"},
		{"kms:CreateKey", `{"Tags":[["a","b"]]}`, "*"},
		{"kms:CreateKey", `{"Tags":["a"]}`, "*"},
		{"kms:CreateKey", `{"MultiRegion":"false"}`, "*"},
		{"kms:ListKeys", `{"Limit":"10"}`, integer},
		{"kms:ListKeys", `{"Limit":1.5}`, "*"},
		{"kms:ListKeys", `{"Limit":99999999999}`, "*"},
		{"kms:ListKeys", `{"Limit":1e400}`, "*"},
		{"kms:ListKeys", `{"Limit":` + strings.Repeat("9", 100_000) + `}`, "*"},
		{"logs:PutLogEvents", `{"logEvents":{}}`, "*"},
		{"logs:PutLogEvents", `{"logEvents":["a"]}`, "*"},
		{"logs:PutLogEvents", `{"logEvents":[{"timestamp":"1"}]}`, "*"},
		{"logs:PutLogEvents", `{"logEvents":[{"timestamp":1.5}]}`, "*"},
		{"logs:PutLogEvents", `{"logEvents":[{"timestamp":9223372036854775808}]}`, "*"},
		{"logs:PutLogEvents", `{"logEvents":[{"message":1}]}`, "*"},
		{"logs:GetLogEvents", `{"limit":"1"}`, integer},
		{"logs:GetLogEvents", `{"startFromHead":"true"}`, "*"},
		{"logs:CreateLogGroup", `{"logGroupName":"new","tags":[]}`, "*"},
		{"logs:CreateLogGroup", `{"logGroupName":"new","tags":{"a":1}}`, "*"},
		{"logs:PutRetentionPolicy", `{"logGroupName":"g","retentionInDays":"1"}`, integer},
	} {
		service, op, _ := strings.Cut(x.op, ":")
		q := kmsCall(op, x.body)
		if service == "logs" {
			q = logsCall(op, x.body)
		}
		rows = append(rows, row{x.op + " " + shortened(x.body), q, 400, "SerializationException", x.message})
	}
	s.try(rows)
}

func TestRequestsThatNameNoOperationAreRefused(t *testing.T) {
	s := startSite(t)
	call := kmsCall("ListKeys", `{}`)
	target := func(name string) request { q := call; q.target = name; return q }
	kind := func(name string) request { q := call; q.kind = name; return q }
	unknown := "UnknownOperationException"
	s.try([]row{
		{"no target", target(""), 404, unknown, ""},
		{"an operation that AWS does not have", target("TrentService.Frobnicate"), 400, unknown, ""},
		{"an operation in other letters", target("TrentService.listkeys"), 400, unknown, ""},
		{"no operation", target("TrentService."), 400, unknown, ""},
		{"a service that is not there", target("Nothing.ListKeys"), 404, unknown, ""},
		{"no service", target("ListKeys"), 404, unknown, ""},
		{"another service's operation", target("Logs_20140328.ListKeys"), 400, unknown, ""},
		{"text", kind("text/plain"), 404, unknown, ""},
		{"a form", kind("application/x-www-form-urlencoded"), 404, unknown, ""},
		{"no type", kind(""), 404, unknown, ""},
		{"GET", call.at("GET", "/"), 404, unknown, ""},
		{"PUT", call.at("PUT", "/"), 404, unknown, ""},
		{"DELETE", call.at("DELETE", "/"), 404, unknown, ""},
		{"OPTIONS", call.at("OPTIONS", "/"), 404, unknown, ""},
		{"a path", call.at("POST", "/ListKeys"), 404, unknown, ""},
		{"two slashes", call.at("POST", "//"), 404, unknown, ""},
		{"a path with dots", call.at("POST", "/../../etc/passwd"), 404, unknown, ""},
		{"an encoded path", call.at("POST", "/%2e%2e/%00"), 404, unknown, ""},
		{"an unknown action", iamCall("Action=Frobnicate"), 400, "InvalidAction", "Could not find operation Frobnicate for version 2010-05-08"},
		{"another version", queryCall("iam", "Action=ListUsers&Version=2011-06-15"), 400, "InvalidAction", "Could not find operation ListUsers for version 2011-06-15"},
		{"no version", queryCall("iam", "Action=ListUsers"), 400, "InvalidAction", "Could not find operation ListUsers for version NO_VERSION_SPECIFIED"},
		{"no action", queryCall("iam", "Version=2010-05-08"), 400, "MissingAction", "The request is missing an action or a required parameter."},
		{"an empty form", queryCall("sts", ""), 400, "MissingAction", "The request is missing an action or a required parameter."},
		{"a broken form", queryCall("sts", "Action=%zz"), 404, "MalformedQueryString", "The query string contains a syntax error."},
		{"JSON for IAM", request{service: "iam", kind: jsonKind, body: `{}`}, 400, "MissingAction", "*"},
		{"an action that is not implemented", iamCall("Action=GenerateCredentialReport"), 501, "NotImplemented", "*"},
		{"an operation that is not implemented", trailCall("GenerateQuery", `{"EventDataStores":["a-b-c"],"Prompt":"who?"}`), 501, "NotImplemented", "*"},
	})
}

func TestHeadAndOptionsAreAnsweredWithoutHarm(t *testing.T) {
	s := startSite(t)
	for _, method := range []string{"HEAD", "OPTIONS", "TRACE", "PATCH", "FOO"} {
		for _, path := range []string{"/", "/bucket", "/_emulator/health", "/_emulator/reset", "/_emulator/nothing", "*"} {
			a, err := kmsCall("ListKeys", `{}`).at(method, path).send(s.server.URL)
			if path == "*" {
				continue // what a client makes of it is its own affair
			}
			if err != nil || a.status < 200 || a.status == 500 {
				t.Errorf("%s %s: %d %v", method, path, a.status, err)
			}
			if method == "HEAD" && a.body != "" {
				t.Errorf("HEAD %s has a body: %q", path, a.body)
			}
		}
	}
	if !strings.Contains(s.everything(), s.key) {
		t.Error("the key is gone: one of the methods emptied the emulator")
	}
}

func TestRequestsThatCannotBeAuthenticatedAreRefused(t *testing.T) {
	s := startSite(t)
	call, identity := kmsCall("ListKeys", `{}`), queryCall("sts", "Action=GetCallerIdentity&Version=2011-06-15")
	authorization := func(q request, edit func(string) string) request {
		return q.with(func(r *http.Request) { r.Header.Set("Authorization", edit(r.Header.Get("Authorization"))) })
	}
	replace := func(old, new string) request {
		return authorization(call, func(a string) string { return strings.ReplaceAll(a, old, new) })
	}
	whole := func(a string) request { return authorization(call, func(string) string { return a }) }
	day := s.server.Now().Add(-8 * 24 * time.Hour).Format("20060102")
	dated := func(q request, at time.Time) request {
		return q.with(func(r *http.Request) {
			r.Header.Set("X-Amz-Date", at.UTC().Format("20060102T150405Z"))
			r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), day, at.UTC().Format("20060102")))
		})
	}
	real := s.server.Now().Add(-8 * 24 * time.Hour)
	incomplete, invalid := "IncompleteSignatureException", "InvalidSignatureException"
	s.try([]row{
		{"KMS unsigned", call.without(), 400, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		{"Logs unsigned", logsCall("DescribeLogGroups", `{}`).without(), 400, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		{"STS unsigned", identity.without(), 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"IAM unsigned", iamCall("Action=CreateUser&UserName=new").without(), 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"unsigned and broken", kmsCall("Encrypt", `{`).without(), 400, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		{"no scheme", whole("test"), 400, incomplete, "Authorization header requires 'Credential' parameter. ..."},
		{"a password", whole("Basic dGVzdDp0ZXN0"), 400, incomplete, "'dGVzdDp0ZXN0' not a valid key=value pair (missing equal-sign) in Authorization header: 'Basic dGVzdDp0ZXN0'."},
		{"only the scheme", whole("AWS4-HMAC-SHA256"), 400, incomplete, "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. ..."},
		{"no credential", replace("Credential=", "Cred="), 400, incomplete, "Authorization header requires 'Credential' parameter. Authorization=AWS4-HMAC-SHA256 Cred=..."},
		{"no signature", replace("Signature=", "Sig="), 400, incomplete, "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 Credential=..."},
		{"no signed headers", replace("SignedHeaders=", "Headers="), 400, incomplete, "Authorization header requires 'SignedHeaders' parameter. Authorization=..."},
		{"a short scope", replace("/aws4_request", ""), 400, incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '..."},
		{"another end of the scope", replace("aws4_request", "aws5_request"), 400, invalid, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"another Region", replace(region, "mars-north-1"), 400, invalid, "Credential should be scoped to a valid region."},
		{"no Region", replace("/"+region+"/", "//"), 400, invalid, "Credential should be scoped to a valid region."},
		{"another service", replace("/kms/", "/logs/"), 400, invalid, "Credential should be scoped to correct service: 'kms'."},
		{"another service over query", authorization(iamCall("Action=ListUsers"), func(a string) string { return strings.ReplaceAll(a, "/iam/", "/ec2/") }), 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'iam'."},
		{"signed an hour ago", dated(call, real.Add(-time.Hour)), 400, invalid, "Signature expired: ..."},
		{"signed in an hour", dated(call, real.Add(time.Hour)), 400, invalid, "Signature not yet current: ..."},
		{"signed an hour ago over query", dated(identity, real.Add(-time.Hour)), 403, "SignatureDoesNotMatch", "Signature expired: ..."},
		{"another day in the scope", replace("/"+day+"/", "/20200101/"), 400, invalid, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20200101' != '..."},
		{"no date", call.with(func(r *http.Request) { r.Header.Del("X-Amz-Date") }), 400, incomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=..."},
		{"a date in words", call.with(func(r *http.Request) { r.Header.Set("X-Amz-Date", "yesterday") }), 400, incomplete, "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"a huge header", whole("AWS4-HMAC-SHA256 Credential=" + strings.Repeat("a", 32<<10)), 400, incomplete, "*"},
	})
}

func TestBodiesOverTheLimitAreRefused(t *testing.T) {
	s := startSite(t)
	large := `{"Unknown":"` + strings.Repeat("a", 10<<20) + `"}`
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	s.try([]row{
		{"announced", kmsCall("CreateKey", large), 413, "RequestEntityTooLargeException", "*"},
		{"in chunks", kmsCall("CreateKey", large).with(chunked), 413, "RequestEntityTooLargeException", "*"},
		{"for Logs", logsCall("CreateLogGroup", large), 413, "RequestEntityTooLargeException", "*"},
		{"a form", iamCall("Action=CreateUser&UserName=new&Path=" + large), 413, "RequestEntityTooLargeException", "*"},
		{"not gzip", kmsCall("CreateKey", "{}").with(func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }), 400, "MalformedHttpRequestException", "*"},
		{"an unknown encoding", kmsCall("CreateKey", "{}").with(func(r *http.Request) { r.Header.Set("Content-Encoding", "br") }), 400, "MalformedHttpRequestException", "*"},
	})
}

// rawCall opens a connection, writes the head of a CreateKey with the further
// header lines and the body, and leaves the connection open.
func rawCall(t *testing.T, url, lines, body string) net.Conn {
	t.Helper()
	r, err := kmsCall("CreateKey", "").build(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\n", r.Host)
	r.Header.Write(conn)
	fmt.Fprintf(conn, "%s\r\n\r\n%s", lines, body)
	return conn
}

// answerOn reads the answer from a connection.
func answerOn(t *testing.T, conn net.Conn) reply {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := read(resp)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestABodyThatEndsEarlyIsNotTakenForWhole(t *testing.T) {
	s := startSite(t)
	before := s.everything()
	for name, call := range map[string]struct{ lines, body string }{
		"shorter than announced":        {"Content-Length: 100", `{}`},
		"nothing of what was announced": {"Content-Length: 2", ``},
		"chunks without an end":         {"Transfer-Encoding: chunked", "2\r\n{}\r\n"},
		"half a chunk":                  {"Transfer-Encoding: chunked", "9\r\n{}"},
		"a chunk of no size":            {"Transfer-Encoding: chunked", "zz\r\n{}\r\n"},
	} {
		conn := rawCall(t, s.server.URL, call.lines, call.body)
		conn.(*net.TCPConn).CloseWrite()
		if a := answerOn(t, conn); a.status != 400 || a.code != "RequestAbortedException" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	conn := rawCall(t, s.server.URL, "Content-Length: 100", `{}`)
	conn.Close() // nobody waits for the answer
	if after := s.everything(); after != before {
		t.Errorf("half a request was performed: %s", after)
	}
}

func TestABodyThatStallsHoldsUpNobody(t *testing.T) {
	s := startSite(t)
	before := s.everything()
	server := httptest.NewUnstartedServer(s.server.Emulator().Handler())
	server.Config.ReadTimeout = time.Second
	server.Start()
	defer server.Close()
	var stalled []net.Conn
	for range 50 {
		stalled = append(stalled, rawCall(t, server.URL, "Content-Length: 2", `{`))
	}
	if _, err := kmsCall("ListKeys", `{}`).sendSoon(server.URL); err != nil {
		t.Errorf("beside %d that stall: %v", len(stalled), err)
	}
	for _, conn := range stalled {
		if a := answerOn(t, conn); a.status != 408 || a.code != "RequestTimeoutException" {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if after := s.everything(); after != before {
		t.Errorf("half a request was performed: %s", after)
	}
}
