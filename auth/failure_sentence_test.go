package auth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sealstack/auth/sigv4"
)

const testScope = "test/20260504/eu-west-1/kms/aws4_request"

// header returns an Authorization header whose signature nobody can check.
func header(credential string) string {
	return "AWS4-HMAC-SHA256 Credential=" + credential + ", SignedHeaders=host;x-amz-date, Signature=0"
}

func TestTheFormOfASignatureIsCheckedInAnyMode(t *testing.T) {
	const date = "20260504T120000Z"
	for _, tt := range []struct {
		name, authorization, date string
		kind                      FailureKind
		detail                    string
	}{
		{"well formed", header(testScope), date, 0, ""},
		{"no spaces", strings.ReplaceAll(header(testScope), ", ", ","), date, 0, ""},
		{"upper-case names", strings.Replace(header(testScope), "host;x-amz", "Host;X-Amz", 1), date, 0, ""},
		{"only the algorithm", "AWS4-HMAC-SHA256", date, Incomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256"},
		{"nothing and no date", "AWS4-HMAC-SHA256 ", "", Incomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 "},
		{"no signature", strings.TrimSuffix(header(testScope), ", Signature=0"), date, Incomplete,
			"Authorization header requires 'Signature' parameter. Authorization=" + strings.TrimSuffix(header(testScope), ", Signature=0")},
		{"no date", header(testScope), "", Incomplete,
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=" + header(testScope)},
		{"space in credential", header("test /20260504"), date, Incomplete,
			"'/20260504' not a valid key=value pair (missing equal-sign) in Authorization header: '" + header("test /20260504") + "'."},
		{"bearer", "Bearer abc", date, Incomplete,
			"'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'."},
		{"another algorithm", strings.Replace(header(testScope), "SHA256", "SHA512", 1), date, Incomplete, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'."},
		{"date in words", header(testScope), "yesterday", Incomplete,
			"Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"four parts", header("test/20260504/eu-west-1/kms"), date, Incomplete,
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'test/20260504/eu-west-1/kms'"},
		{"six parts", header(testScope + "/x"), date, Incomplete,
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + testScope + "/x'"},
		{"no key", header("/20260504/eu-west-1/kms/aws4_request"), date, UnknownKey, ""},
		{"host not signed", strings.Replace(header(testScope), "host;", "", 1), date, HeadersNotSigned,
			"'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"absent header", strings.Replace(header(testScope), "host;", "accept;host;", 1), date, Incomplete,
			"'accept' is named as a SignedHeader, but it does not exist in the HTTP request."},
		{"no such Region", header("test/20260504/eu-west-9/kms/aws4_request"), date, WrongRegion, "Credential should be scoped to a valid region."},
		{"empty Region", header("test/20260504//kms/aws4_request"), date, WrongRegion, "Credential should be scoped to a valid region."},
		{"another service", header("test/20260504/eu-west-1/logs/aws4_request"), date, WrongService, "Credential should be scoped to correct service: 'kms'."},
		{"another end", header("test/20260504/eu-west-1/kms/aws5_request"), date, WrongTerminator,
			"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"another day", header("test/20260503/eu-west-1/kms/aws4_request"), date, WrongDate,
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260503' != '20260504', from '20260504T120000Z'."},
		{"no day", header("test/today/eu-west-1/kms/aws4_request"), date, WrongDate,
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'today' != '20260504', from '20260504T120000Z'."},
		{"all wrong", header("test/20260503/x/y/z"), date, WrongRegion,
			"Credential should be scoped to a valid region. Credential should be scoped to correct service: 'kms'. " +
				"Credential should be scoped with a valid terminator: 'aws4_request', not 'z'. " +
				"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260503' != '20260504', from '20260504T120000Z'."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := post(kmsService, "")
			r.Header.Set("Authorization", tt.authorization)
			if tt.date != "" {
				r.Header.Set("X-Amz-Date", tt.date)
			}
			_, err := authenticator().Authenticate(r, nil, kmsService)
			if tt.kind == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := mustFail(t, err, tt.kind); f.Detail != tt.detail {
				t.Errorf("got  %s\nwant %s", f.Detail, tt.detail)
			}
		})
	}
}

func TestTheDateHeaderStandsInForXAmzDate(t *testing.T) {
	for _, date := range []string{noon.Format(http.TimeFormat), "20260504T120000Z"} {
		r := post(kmsService, "")
		r.Header.Set("Date", date)
		r.Header.Set("Authorization", strings.Replace(header(testScope), "x-amz-date", "date", 1))
		if _, err := authenticator().Authenticate(r, nil, kmsService); err != nil {
			t.Errorf("%s: %v", date, err)
		}
	}
}

func TestIncompleteQueriesNameWhatIsMissing(t *testing.T) {
	r := httptest.NewRequest("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260504T120000Z&X-Amz-SignedHeaders=host", nil)
	_, err := authenticator().Authenticate(r, nil, stsService)
	const want = "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters."
	if f := mustFail(t, err, Incomplete); f.Detail != want {
		t.Errorf("got %s", f.Detail)
	}
}

func TestS3SaysItInItsOwnWordsInTheHeader(t *testing.T) {
	const date, malformed = "20260504T120000Z", "The authorization header is malformed; "
	for _, tt := range []struct {
		name, authorization, date string
		kind                      FailureKind
		detail                    string
	}{
		{"signature version 2 without a colon", "AWS test", date, OldHeader, "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature"},
		{"signature version 2 in words", "AWS test:signature", "yesterday", MissingDate, "AWS authentication requires a valid Date or x-amz-date header"},
		{"bearer", "Bearer abc", date, UnsupportedAlgorithm, "Bearer"},
		{"only the algorithm", "AWS4-HMAC-SHA256", date, Incomplete, malformed + "the authorization header requires three components: Credential, SignedHeaders, and Signature."},
		{"no date", header(testScope), "", MissingDate, "AWS authentication requires a valid Date or x-amz-date header"},
		{"date in words", header(testScope), "yesterday", MissingDate, "AWS authentication requires a valid Date or x-amz-date header"},
		{"four parts", header("test/20260504/s3/aws4_request"), date, Incomplete, malformed + `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`},
		{"no key", header("/20260504/eu-west-1/s3/aws4_request"), date, Incomplete, malformed + "a non-empty Access Key (AKID) must be provided in the credential."},
		{"no day", header("test/today/eu-west-1/s3/aws4_request"), date, Incomplete, malformed + `incorrect date format "today". This date in the credential must be in the format "yyyyMMdd".`},
		{"no such Region", header("test/20260504/eu-west-9/s3/aws4_request"), date, WrongRegion, malformed + "the region 'eu-west-9' is wrong; expecting 'us-east-1'"},
		{"another service", header(testScope), date, WrongService, malformed + `incorrect service "kms". This endpoint belongs to "s3".`},
		{"another end", header("test/20260504/eu-west-1/s3/x"), date, WrongTerminator, malformed + `incorrect terminal "x". This endpoint uses "aws4_request".`},
		{"another day", header("test/20260503/eu-west-1/s3/aws4_request"), date, WrongDate, malformed + `Invalid credential date "20260503". This date is not the same as X-Amz-Date: "20260504".`},
		{"too old", header("test/20260503/eu-west-1/s3/aws4_request"), "20260503T120000Z", Skewed,
			"Signature expired: 20260503T120000Z is now earlier than 20260504T114500Z (20260504T120000Z - 15 min.)"},
		{"no payload hash", header("test/20260504/eu-west-1/s3/aws4_request"), date, PayloadHashMissing, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := post(s3Service, "")
			r.Header.Set("Authorization", tt.authorization)
			if tt.date != "" {
				r.Header.Set("X-Amz-Date", tt.date)
			}
			_, err := authenticator().Authenticate(r, nil, s3Service)
			if f := mustFail(t, err, tt.kind); f.Detail != tt.detail || f.Presigned {
				t.Errorf("got  %s\nwant %s", f.Detail, tt.detail)
			}
		})
	}
}

func TestAWrongScopeNamesWhatWasExpected(t *testing.T) {
	for authorization, want := range map[string]Failure{
		header("test/20260504/eu-west-9/s3/aws4_request"):  {Region: "eu-west-9", Service: "s3", Expected: "us-west-2"},
		header("test/20260504/eu-west-1/kms/aws4_request"): {Region: "eu-west-1", Service: "kms", Expected: "s3"},
	} {
		r := post(s3Service, "")
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Amz-Date", "20260504T120000Z")
		_, err := authenticator(func(o *Options) { o.DefaultRegion = "us-west-2" }).Authenticate(r, nil, s3Service)
		f, ok := err.(*Failure)
		if !ok || f.Region != want.Region || f.Service != want.Service || f.Expected != want.Expected || f.AccessKeyID != "test" {
			t.Errorf("got %+v, want %+v", f, want)
		}
	}
}

func TestS3SaysItInItsOwnWordsInTheQuery(t *testing.T) {
	const parsing = "Error parsing the X-Amz-Credential parameter; "
	whole := map[string]string{
		"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": "test/20260504/eu-west-1/s3/aws4_request", "X-Amz-Date": "20260504T120000Z",
		"X-Amz-Expires": "60", "X-Amz-SignedHeaders": "host", "X-Amz-Signature": "0",
	}
	for _, tt := range []struct {
		name, parameter, value string
		kind                   FailureKind
		detail                 string
	}{
		{"whole", "x", "y", 0, ""},
		{"a week", "X-Amz-Expires", "604800", 0, ""},
		{"no algorithm", "X-Amz-Algorithm", "", PresignIncomplete, ""},
		{"no credential", "X-Amz-Credential", "", PresignIncomplete, ""},
		{"no date", "X-Amz-Date", "", PresignIncomplete, ""},
		{"no life", "X-Amz-Expires", "", PresignIncomplete, ""},
		{"no headers", "X-Amz-SignedHeaders", "", PresignIncomplete, ""},
		{"no signature", "X-Amz-Signature", "", PresignIncomplete, ""},
		{"another algorithm", "X-Amz-Algorithm", "AWS4", PresignInvalid, `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`},
		{"credential", "X-Amz-Credential", "test", PresignInvalid, parsing + `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`},
		{"no key", "X-Amz-Credential", "/20260504/eu-west-1/s3/aws4_request", PresignInvalid, parsing + "a non-empty Access Key (AKID) must be provided in the credential."},
		{"no day", "X-Amz-Credential", "test/x/eu-west-1/s3/aws4_request", PresignInvalid, parsing + `incorrect date format "x". This date in the credential must be in the format "yyyyMMdd".`},
		{"Region", "X-Amz-Credential", "test/20260504/x/s3/aws4_request", WrongRegion, parsing + "the region 'x' is wrong; expecting 'us-east-1'"},
		{"service", "X-Amz-Credential", testScope, WrongService, parsing + `incorrect service "kms". This endpoint belongs to "s3".`},
		{"date", "X-Amz-Date", "x", PresignInvalid, `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`},
		{"life in words", "X-Amz-Expires", "x", PresignInvalid, "X-Amz-Expires should be a number"},
		{"negative life", "X-Amz-Expires", "-1", PresignInvalid, "X-Amz-Expires must be non-negative"},
		{"long life", "X-Amz-Expires", "604801", PresignInvalid, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"},
		{"host not signed", "X-Amz-SignedHeaders", "range", HeadersNotSigned, hostNotSigned},
		{"hash", "X-Amz-Content-Sha256", "x", PayloadHashInvalid, "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/key", nil)
			query := r.URL.Query()
			for name, value := range whole {
				query.Set(name, value)
			}
			if query.Set(tt.parameter, tt.value); tt.value == "" {
				query.Del(tt.parameter)
			}
			r = httptest.NewRequest("GET", "/key?"+query.Encode(), nil)
			_, err := authenticator().Authenticate(r, nil, s3Service)
			if tt.kind == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := mustFail(t, err, tt.kind); f.Detail != tt.detail || !f.Presigned {
				t.Errorf("got %+v\nwant %s", f, tt.detail)
			}
		})
	}
}

func TestTwoSignaturesAreRefusedAndSignatureVersion2ButByS3(t *testing.T) {
	r := httptest.NewRequest("GET", "/key?X-Amz-Algorithm=AWS4-HMAC-SHA256", nil)
	r.Header.Set("Authorization", header(testScope))
	_, err := authenticator().Authenticate(r, nil, s3Service)
	if f := mustFail(t, err, TwoMechanisms); !strings.HasPrefix(f.Detail, "Only one auth mechanism allowed; ") {
		t.Errorf("got %s", f.Detail)
	}
	_, err = authenticator().Authenticate(r, nil, stsService)
	mustFail(t, err, Incomplete)

	r = httptest.NewRequest("GET", "/key?AWSAccessKeyId=test&Expires=1&Signature=x", nil)
	_, err = authenticator().Authenticate(r, nil, stsService)
	mustFail(t, err, MissingToken)
}

func TestRequestsPresignedForS3LiveAsLongAsTheySay(t *testing.T) {
	for _, tt := range []struct {
		at, expires time.Duration
		kind        FailureKind
	}{
		{0, time.Minute, 0}, {-time.Minute, time.Minute, 0}, {-time.Minute - time.Second, time.Minute, PresignExpired},
		{-6 * 24 * time.Hour, 7 * 24 * time.Hour, 0}, {-8 * 24 * time.Hour, 7 * 24 * time.Hour, PresignExpired},
		{15 * time.Minute, time.Minute, 0}, {16 * time.Minute, time.Minute, PresignNotYet},
	} {
		link := signer(s3Service, userKey).Presign(httptest.NewRequest("GET", "/a//b%20c/../d?x-id=GetObject", nil), sigv4.UnsignedPayload, noon.Add(tt.at), tt.expires)
		_, err := authenticator().Authenticate(httptest.NewRequest("GET", link, nil), nil, s3Service)
		if tt.kind == 0 {
			if err != nil {
				t.Errorf("%+v: %v", tt, err)
			}
			continue
		}
		f := mustFail(t, err, tt.kind)
		if !f.Expires.Equal(noon.Add(tt.at+tt.expires)) || f.Lifetime != tt.expires || !f.ServerTime.Equal(noon) {
			t.Errorf("got %+v", f)
		}
	}
}

func TestS3WantsEveryAmzHeaderSigned(t *testing.T) {
	r := signed(s3Service, signer(s3Service, userKey))
	r.Header.Set("X-Amz-Meta-Late", "1")
	r.Header.Set("X-Amz-Acl", "private")
	r.Header.Set("X-Amzn-Trace-Id", "1")
	_, err := authenticator().Authenticate(r, []byte(jsonBody), s3Service)
	if f := mustFail(t, err, HeadersNotSigned); strings.Join(f.Headers, ", ") != "x-amz-acl, x-amz-meta-late" {
		t.Errorf("got %v", f.Headers)
	}

	r = signed(kmsService, signer(kmsService, userKey))
	r.Header.Set("X-Amz-Late", "1")
	if _, err := authenticator().Authenticate(r, []byte(jsonBody), kmsService); err != nil {
		t.Error(err)
	}
}
