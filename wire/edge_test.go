package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
)

func TestJSONCallsReachTheirService(t *testing.T) {
	w := newWorld()
	got := w.json("TrentService.Encrypt", `{"KeyId":"k","Plaintext":"aGk="}`)
	expect(t, got, 200, `{"CiphertextBlob":"c2VhbGVkOmhp","KeyId":"k"}`)
	for header, want := range map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amzn-Requestid": "id-1", "Content-Length": "43", "X-Amzn-Errortype": ""} {
		if header == "Content-Length" {
			want = strconv.Itoa(got.Body.Len())
		}
		if v := got.Header().Get(header); v != want {
			t.Errorf("%s: %q, want %q", header, v, want)
		}
	}
}

func TestOperationsWithoutOutputAnswerAnEmptyBody(t *testing.T) {
	w := newWorld()
	expect(t, w.json("TrentService.DisableKey", `{"KeyId":"k"}`), 200, "")
	expect(t, w.json("TrentService.ConnectCustomKeyStore", `{"CustomKeyStoreId":"cks"}`), 200, "{}")
	expect(t, w.query("iam", "Action=DeleteUser&Version=2010-05-08&UserName=u"), 200,
		`<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DeleteUserResponse>`)
}

func TestCloudTrailHasTwoTargetPrefixes(t *testing.T) {
	w := newWorld()
	for _, prefix := range []string{"CloudTrail_20131101", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"} {
		expect(t, w.json(prefix+".StartLogging", `{"Name":"trail"}`), 200, "{}")
	}
}

func TestQueryCallsReachTheirService(t *testing.T) {
	w := newWorld()
	want := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
		`<UserId>id-1</UserId><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/u</Arn></GetCallerIdentityResult>` +
		`<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
	got := w.query("sts", "Action=GetCallerIdentity&Version=2011-06-15")
	expect(t, got, 200, want)
	if kind := got.Header().Get("Content-Type"); kind != "text/xml" {
		t.Error(kind)
	}
	// Presigned, as tokens for Kubernetes are.
	expect(t, w.send("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=AKIA%2F20200101%2Feu-west-1%2Fsts%2Faws4_request", ""), 200, want)
	// By the version alone, and with parameters in the query string of a POST.
	expect(t, w.send("POST", "/?Version=2011-06-15", "Action=GetCallerIdentity", "Content-Type", "application/x-www-form-urlencoded", "Authorization", "x"), 200, want)
}

func TestUnsignedCallsGoWhereAWSTakesThem(t *testing.T) {
	w := newWorld()
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	call := "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::111122223333:role/r&RoleSessionName=me&WebIdentityToken=0123456789"
	if got := w.send("POST", "/", call, form...); got.Code != 200 || !strings.Contains(got.Body.String(), "<Provider>anonymous</Provider>") {
		t.Error(got.Code, got.Body)
	}
	if got := w.query("sts", call); got.Code != 200 || !strings.Contains(got.Body.String(), "<Provider>signed</Provider>") {
		t.Error(got.Code, got.Body)
	}
	if got := w.send("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", form...); got.Code != 403 || !strings.Contains(got.Body.String(), "<Code>MissingAuthenticationToken</Code>") {
		t.Error(got.Code, got.Body)
	}
}

func TestErrorsAreWrittenInTheProtocol(t *testing.T) {
	w := newWorld()
	for key, want := range map[string]struct {
		status int
		body   string
	}{
		"missing": {400, `{"__type":"NotFoundException","message":"Key 'missing' does not exist"}`},
		"silent":  {400, `{"__type":"InvalidCiphertextException"}`},
		"denied":  {400, `{"__type":"AccessDeniedException","Message":"User: u is not authorized"}`},
		"wrapped": {400, `{"__type":"DisabledException","message":"k is disabled."}`},
		"fields":  {400, `{"__type":"NotFoundException","message":"m","names":["a"],"retryAfter":5}`},
		"broken":  {500, `{"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`},
		"panic":   {500, `{"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`},
	} {
		got := w.json("TrentService.Encrypt", `{"KeyId":"`+key+`","Plaintext":"aGk="}`)
		expect(t, got, want.status, want.body)
		var body struct {
			Type string `json:"__type"`
		}
		if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Header().Get("x-amzn-ErrorType") != body.Type {
			t.Error(key, err, got.Header())
		}
	}
	got := w.query("iam", "Action=GetUser&Version=2010-05-08&UserName=x")
	expect(t, got, 404, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>The user with name &lt;x&gt; cannot be found.</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`)
}

func TestWhatWentWrongInsideIsLoggedAndNotTold(t *testing.T) {
	w := newWorld()
	for key, cause := range map[string]string{"broken": "disk on fire", "panic": "oops: secret"} {
		got := w.json("TrentService.Encrypt", `{"KeyId":"`+key+`","Plaintext":"aGk="}`)
		if strings.Contains(got.Body.String(), cause) {
			t.Errorf("told the client: %s", got.Body)
		}
		if log := w.log.String(); !strings.Contains(log, cause) || !strings.Contains(log, "operation=Encrypt") || !strings.Contains(log, "request=id-1") {
			t.Errorf("log: %s", log)
		}
	}
}

func TestOperationsThatAreNotThereAreNamed(t *testing.T) {
	w := newWorld()
	got := w.json("TrentService.CancelKeyDeletion", `{"KeyId":"k"}`)
	expect(t, got, 501, `{"__type":"NotImplemented","message":"kms:CancelKeyDeletion is not implemented by Sealstack."}`)
	expect(t, w.json("TrentService.Frobnicate", `{}`), 400, `{"__type":"UnknownOperationException"}`)
	expect(t, w.json("NoService.Frobnicate", `{}`), 404, `{"__type":"UnknownOperationException"}`)
	expect(t, w.json("Frobnicate", `{}`), 404, `{"__type":"UnknownOperationException"}`)
}

func TestOmittedOperationsAreNotImplemented(t *testing.T) {
	w := newWorld()
	got := w.query("iam", "Action=GenerateCredentialReport&Version=2010-05-08")
	if got.Code != 501 || !strings.Contains(got.Body.String(), "iam:GenerateCredentialReport is not implemented") {
		t.Error(got.Code, got.Body)
	}
}

func TestWrongActionsAreRefusedAsAWSDoes(t *testing.T) {
	w := newWorld()
	fault := func(code, message string) string {
		return `<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>` + message + `</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`
	}
	for body, want := range map[string]string{
		"Action=Nope&Version=2011-06-15":              "Could not find operation Nope for version 2011-06-15",
		"Action=GetCallerIdentity&Version=2010-05-08": "Could not find operation GetCallerIdentity for version 2010-05-08",
		"Action=GetCallerIdentity":                    "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
	} {
		expect(t, w.query("sts", body), 400, fault("InvalidAction", want))
	}
	expect(t, w.query("sts", "Version=2011-06-15"), 400, fault("MissingAction", "The request is missing an action or a required parameter."))
	expect(t, w.query("sts", ""), 400, fault("MissingAction", "The request is missing an action or a required parameter."))
	expect(t, w.query("sts", "Action=%zz"), 404, fault("MalformedQueryString", "The query string contains a syntax error."))
	expect(t, w.query("sts", "Action=a;b"), 404, fault("MalformedQueryString", "The query string contains a syntax error."))
}

func TestRequestsOffThePathAreAnsweredSanely(t *testing.T) {
	w := newWorld()
	jsonType := []string{"Content-Type", "application/x-amz-json-1.1"}
	for name, test := range map[string]struct {
		method, target string
		headers        []string
		status         int
		contains       string
	}{
		"GET with a target":         {"GET", "/", append(jsonType, "X-Amz-Target", "TrentService.Encrypt"), 404, "UnknownOperationException"},
		"OPTIONS with a target":     {"OPTIONS", "/", append(jsonType, "X-Amz-Target", "TrentService.Encrypt"), 404, "UnknownOperationException"},
		"a path with a target":      {"POST", "/foo", append(jsonType, "X-Amz-Target", "TrentService.Encrypt"), 404, "UnknownOperationException"},
		"the wrong content type":    {"POST", "/", []string{"Content-Type", "text/plain", "X-Amz-Target", "TrentService.Encrypt"}, 404, "UnknownOperationException"},
		"no content type":           {"POST", "/", []string{"X-Amz-Target", "TrentService.Encrypt"}, 404, "UnknownOperationException"},
		"JSON without a target":     {"POST", "/", jsonType, 404, "UnknownOperationException"},
		"signed for KMS, no target": {"POST", "/", append(jsonType, "Authorization", signed("kms")), 404, "UnknownOperationException"},
		"KMS by its host":           {"GET", "/", []string{"Host", "kms.us-east-1.amazonaws.com"}, 404, "UnknownOperationException"},
		"Logs by its host":          {"GET", "/", []string{"Host", "logs.localhost:4566"}, 404, "UnknownOperationException"},
		"live tail by its host":     {"GET", "/", []string{"Host", "stream-logs.localhost"}, 404, "UnknownOperationException"},
		"STS by its host":           {"GET", "/", []string{"Host", "sts.amazonaws.com"}, 400, "MissingAction"},
		"DELETE at STS":             {"DELETE", "/", []string{"Host", "sts.amazonaws.com"}, 404, "UnknownOperationException"},
		"a path at STS":             {"GET", "/x", []string{"Host", "sts.amazonaws.com"}, 404, "UnknownOperationException"},
		"a bucket called kms":       {"GET", "/", []string{"Host", "kms.s3.localhost"}, 501, "S3"},
		"a bucket":                  {"GET", "/bucket/key", nil, 501, "<Code>NotImplemented</Code>"},
		"an odd path":               {"PUT", "/bucket//a/../b%2Fc", nil, 501, "<Code>NotImplemented</Code>"},
		"nothing":                   {"GET", "/", nil, 501, "<Code>NotImplemented</Code>"},
		"a form for a bucket":       {"POST", "/bucket?delete", []string{"Content-Type", "application/x-www-form-urlencoded"}, 501, "<Code>NotImplemented</Code>"},
		"signed for S3":             {"PUT", "/b/k", []string{"Authorization", signed("s3")}, 501, "<Code>NotImplemented</Code>"},
		"control":                   {"GET", "/_emulator/health", nil, 200, "control /_emulator/health"},
	} {
		got := w.send(test.method, test.target, "", test.headers...)
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.contains) {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if got := w.send("HEAD", "/bucket", ""); got.Code != 501 || got.Body.Len() != 0 {
		t.Error("HEAD has a body:", got.Body)
	}
}

func TestAuthenticationComesBeforeTheInput(t *testing.T) {
	w := newWorld()
	w.auth.failure = &auth.Failure{Kind: auth.UnknownKey}
	expect(t, w.json("TrentService.Encrypt", `{`), 400, `{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."}`)
	expect(t, w.json("TrentService.Nope", `{`), 400, `{"__type":"UnknownOperationException"}`)
	w.auth.failure = context.DeadlineExceeded
	if got := w.json("TrentService.Encrypt", `{}`); got.Code != 500 {
		t.Error(got.Code, got.Body)
	}
}

func TestAuthenticationFailuresSpeakEachProtocol(t *testing.T) {
	w := newWorld()
	for _, test := range []struct {
		failure     auth.Failure
		json, query string
		status      int
		message     string
	}{
		{auth.Failure{Kind: auth.MissingToken}, "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403, "issing Authentication Token"},
		{auth.Failure{Kind: auth.Incomplete, Detail: "Authorization header requires 'Credential' parameter."}, "IncompleteSignatureException", "IncompleteSignature", 400, "Authorization header requires"},
		{auth.Failure{Kind: auth.UnknownKey}, "UnrecognizedClientException", "InvalidClientTokenId", 403, "The security token included in the request is invalid."},
		{auth.Failure{Kind: auth.InvalidToken}, "UnrecognizedClientException", "InvalidClientTokenId", 403, "The security token included in the request is invalid."},
		{auth.Failure{Kind: auth.ExpiredToken}, "ExpiredTokenException", "ExpiredToken", 403, "The security token included in the request is expired"},
		{auth.Failure{Kind: auth.SignatureMismatch}, "InvalidSignatureException", "SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
		{auth.Failure{Kind: auth.Skewed, Detail: "Signature expired: 20150830T123600Z is now earlier"}, "InvalidSignatureException", "SignatureDoesNotMatch", 403, "Signature expired: 20150830T123600Z"},
		{auth.Failure{Kind: auth.WrongRegion}, "InvalidSignatureException", "SignatureDoesNotMatch", 403, "Credential should be scoped to a valid region."},
		{auth.Failure{Kind: auth.WrongService}, "InvalidSignatureException", "SignatureDoesNotMatch", 403, "Credential should be scoped to correct service: '"},
	} {
		w.auth.failure = &test.failure
		got := w.json("TrentService.DisableKey", `{}`)
		if got.Code != 400 || !strings.Contains(got.Body.String(), `"`+test.json+`"`) || !strings.Contains(got.Body.String(), test.message) {
			t.Errorf("%v: %d %s", test.failure.Kind, got.Code, got.Body)
		}
		got = w.query("sts", "Action=GetCallerIdentity&Version=2011-06-15")
		plain := strings.ReplaceAll(got.Body.String(), "&#39;", "'")
		if got.Code != test.status || !strings.Contains(plain, "<Code>"+test.query+"</Code>") || !strings.Contains(plain, test.message) {
			t.Errorf("%v: %d %s", test.failure.Kind, got.Code, got.Body)
		}
	}
}

func TestViolationsHaveTheServicesCode(t *testing.T) {
	w := newWorld()
	for _, test := range []struct {
		got    *httptest.ResponseRecorder
		status int
		want   string
	}{
		{w.json("TrentService.Encrypt", `{"KeyId":"k","Plaintext":""}`), 400, `{"__type":"ValidationException","message":"1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1"}`},
		{w.json("TrentService.Encrypt", `{}`), 400, `{"__type":"ValidationException","message":"2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; Value null at 'plaintext' failed to satisfy constraint: Member must not be null"}`},
		{w.json("Logs_20140328.GetLogEvents", `{"logGroupName":"g","logStreamName":"s","limit":10001}`), 400, `{"__type":"InvalidParameterException","message":"1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000"}`},
		{w.json("Logs_20140328.PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[{"message":"m"}]}`), 400, `{"__type":"InvalidParameterException","message":"1 validation error detected: Value null at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must not be null"}`},
		{w.json("Logs_20140328.PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[]}`), 400, `{"__type":"InvalidParameterException","message":"1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"}`},
		{w.json("Logs_20140328.GetDelivery", `{"id":""}`), 400, `{"__type":"ValidationException","message":"2 validation errors detected: Value '' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9A-Za-z]+$; Value '' at 'id' failed to satisfy constraint: Member must have length greater than or equal to 1"}`},
		{w.json("TrentService.TagResource", `{"KeyId":"k","Tags":[{"TagKey":"k","TagValue":"`+strings.Repeat("x", 257)+`"}]}`), 400, `{"__type":"ValidationException","message":"1 validation error detected: Value '` + strings.Repeat("x", 257) + `' at 'tags.1.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256"}`},
		{w.query("iam", "Action=UpdateAccessKey&Version=2010-05-08&AccessKeyId=AKIA0123456789ABCDEF&Status=On"), 400, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: [`},
		{w.query("sts", "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::111122223333:role/r&RoleSessionName=Session1:2"), 400, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*</Message>`},
		{w.query("sts", "Action=AssumeRole&Version=2011-06-15&DurationSeconds=x"), 400, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>MalformedInput</Code>`},
		{w.json("TrentService.Encrypt", `{"KeyId":5}`), 400, `{"__type":"SerializationException","Message":"NUMBER_VALUE can not be converted to a String"}`},
		{w.json("TrentService.Encrypt", `{"KeyId":`), 400, `{"__type":"SerializationException","Message":"Unexpected end-of-input"}`},
	} {
		if test.got.Code != test.status || !strings.HasPrefix(test.got.Body.String(), test.want) {
			t.Errorf("answer %d %s\n  want %d %s", test.got.Code, test.got.Body, test.status, test.want)
		}
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

func TestBodiesMayBeCompressed(t *testing.T) {
	w := newWorld()
	call := `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"héllo"}]}`
	put := func(body, encoding string) *httptest.ResponseRecorder {
		return w.send("POST", "/", body, "X-Amz-Target", "Logs_20140328.PutLogEvents", "Content-Type", "application/x-amz-json-1.1", "Authorization", signed("logs"), "Content-Encoding", encoding)
	}
	for _, got := range []*httptest.ResponseRecorder{put(gzipped(call), "gzip"), put(gzipped(call), "GZIP"), put(call, "identity"), put(call, "amz-1.0")} {
		expect(t, got, 200, "{}")
		if len(w.logs.put.LogEvents) != 1 || w.logs.put.LogEvents[0].Message != "héllo" {
			t.Errorf("%+v", w.logs.put)
		}
	}
	for name, got := range map[string]*httptest.ResponseRecorder{
		"not gzip": put(call, "gzip"), "cut off": put(gzipped(call)[:30], "gzip"), "unknown": put(call, "br"), "empty": put("", "gzip"),
	} {
		if got.Code != 400 || !strings.Contains(got.Body.String(), "MalformedHttpRequestException") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	w := newWorld()
	large := `{"KeyId":"` + strings.Repeat("x", 1<<17) + `"}`
	headers := []string{"X-Amz-Target", "TrentService.Encrypt", "Content-Type", "application/x-amz-json-1.1", "Authorization", signed("kms")}
	chunked := httptest.NewRequest("POST", "/", struct{ *strings.Reader }{strings.NewReader(large)})
	chunked.ContentLength = -1
	for i := 0; i < len(headers); i += 2 {
		chunked.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, chunked)
	for name, got := range map[string]*httptest.ResponseRecorder{
		"announced": w.json("TrentService.Encrypt", large),
		"chunked":   recorder,
		"inflated":  w.send("POST", "/", gzipped(large), append(headers, "Content-Encoding", "gzip")...),
		"form":      w.query("sts", "Action="+large),
	} {
		if got.Code != 413 || !strings.Contains(got.Body.String(), "RequestEntityTooLargeException") || got.Header().Get("Connection") != "close" {
			t.Errorf("%s: %d %s %v", name, got.Code, got.Body, got.Header())
		}
	}
}

// server serves w on a real port with short timeouts.
func server(t *testing.T, w *world) string {
	t.Helper()
	s := httptest.NewUnstartedServer(w)
	s.Config = NewServer(w, slog.New(slog.NewTextHandler(w.log, nil)))
	s.Config.ReadTimeout = 300 * time.Millisecond
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestSlowAndTruncatedBodiesAreAnErrorAndNoHang(t *testing.T) {
	address := server(t, newWorld())
	head := "POST / HTTP/1.1\r\nHost: kms\r\nX-Amz-Target: TrentService.Encrypt\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 100\r\n\r\n{\"KeyId\""
	for name, finish := range map[string]func(*net.TCPConn){
		"408 ": func(*net.TCPConn) {},
		"400 ": func(c *net.TCPConn) { c.CloseWrite() },
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(5 * time.Second))
		c.Write([]byte(head))
		finish(c.(*net.TCPConn))
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 "+name) {
			t.Errorf("want %s, got %v %s", name, err, answer[:n])
		}
		c.Close()
	}
}

func TestACallEndsWhenItsClientHasGone(t *testing.T) {
	w := newWorld()
	address := server(t, w)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "POST", "http://"+address, strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "TrentService.GenerateRandom")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", signed("kms"))
	if _, err := http.DefaultClient.Do(r); err == nil {
		t.Fatal("answered")
	}
	soon(t, "a clean end", func() bool { return !strings.Contains(w.log.String(), "call failed") })
}

func TestRequestIDsAreRandomUUIDs(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	a, b := newUUID(), newUUID()
	if !form.MatchString(a) || !form.MatchString(b) || a == b {
		t.Error(a, b)
	}
}

func TestAConfigurationThatCannotWorkPanics(t *testing.T) {
	for name, c := range map[string]Config{
		"no authenticator": {},
		"no codec":         {Auth: &fakeAuth{}, Doors: []api.Door{&api.Endpoint[s3api.API]{Service: &api.Service{Protocol: 99}}}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			New(c)
		}()
	}
}
