package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/auth/sigv4"
	"sealstack/clock"
)

var (
	kmsService = &api.Service{ID: "kms", SigningName: "kms", Endpoint: "kms", Protocol: api.JSON}
	stsService = &api.Service{ID: "sts", SigningName: "sts", Endpoint: "sts", Protocol: api.Query}
	iamService = &api.Service{ID: "iam", SigningName: "iam", Endpoint: "iam", Protocol: api.Query, Global: true}
	s3Service  = &api.Service{ID: "s3", SigningName: "s3", Endpoint: "s3", Protocol: api.RESTXML}

	noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
)

const (
	userKey   = "AKIAI44QH8DHBEXAMPLE"
	chinaKey  = "AKIACHINAEXAMPLEKEY0"
	idleKey   = "AKIAIDLEEXAMPLEKEY00"
	tempKey   = "ASIAI44QH8DHBEXAMPLE"
	tempToken = "AQoDYXdzEPT//////////wEXAMPLE+=="
	secret    = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
)

// issued are the credentials of the tests.
type issued map[string]Credential

func (i issued) Lookup(_ context.Context, id string) (Credential, error) {
	if id == "AKIABROKENSTORE00000" {
		return Credential{}, errors.New("disk on fire")
	}
	if c, ok := i[id]; ok {
		return c, nil
	}
	return Credential{}, ErrUnknownKey
}

func alice(partition string) api.Principal {
	return api.Principal{Type: api.User, Account: "111122223333", ARN: "arn:" + partition + ":iam::111122223333:user/alice", ID: "AIDAEXAMPLE", Name: "alice"}
}

var keys = issued{
	userKey:  {Secret: secret, Active: true, Principal: alice("aws")},
	chinaKey: {Secret: secret, Active: true, Principal: alice("aws-cn")},
	idleKey:  {Secret: secret, Principal: alice("aws")},
	tempKey: {Secret: secret, Token: tempToken, Active: true,
		Principal: api.Principal{Type: api.AssumedRole, Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/r/s"},
		Session:   &api.Session{Expires: noon.Add(time.Hour)}},
}

func authenticator(change ...func(*Options)) *Authenticator {
	o := Options{
		Credentials: keys, RealClock: clock.Fixed(noon), EmulatorClock: clock.Fixed(noon),
		RootAccessKey: "AKIAROOTEXAMPLEKEY00", RootSecretKey: "rootSecret",
	}
	for _, c := range change {
		c(&o)
	}
	return NewAuthenticator(o)
}

func strict(o *Options) { o.Mode = Strict }

// signer signs for the service with the key and the secret of the tests.
func signer(svc *api.Service, key string) *sigv4.Signer {
	s := &sigv4.Signer{AccessKeyID: key, Secret: secret, Region: "eu-west-1", Service: svc.SigningName, Rules: sigv4.Standard}
	if svc == s3Service {
		s.Rules = sigv4.S3
	}
	if key == tempKey {
		s.Token = tempToken
	}
	return s
}

const jsonBody = `{"KeyId":"alias/a","Plaintext":"aGVsbG8="}`

// post returns an unsigned request as the edge gets it.
func post(svc *api.Service, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Host = svc.Endpoint + ".eu-west-1.amazonaws.com"
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("User-Agent", "test/1")
	return r
}

// signed returns a request signed by the signer at noon.
func signed(svc *api.Service, s *sigv4.Signer) *http.Request {
	r := post(svc, jsonBody)
	s.Sign(r, sigv4.HashPayload([]byte(jsonBody)), noon)
	return r
}

func mustFail(t *testing.T, err error, kind FailureKind) *Failure {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("got error %v, want a Failure", err)
	}
	if f.Kind != kind {
		t.Fatalf("got %v, want %v", f, kind)
	}
	return f
}

func TestAnIssuedKeyIsItsOwnerInBothModes(t *testing.T) {
	for _, a := range []*Authenticator{authenticator(), authenticator(strict)} {
		for _, svc := range []*api.Service{kmsService, stsService, s3Service} {
			c, err := a.Authenticate(signed(svc, signer(svc, userKey)), []byte(jsonBody), svc)
			if err != nil {
				t.Fatal(err)
			}
			if c.Principal != alice("aws") || c.AccessKeyID != userKey || c.Session != nil {
				t.Errorf("got %+v", c)
			}
			if c.Partition != "aws" || c.Region != "eu-west-1" || c.SourceIP != "192.0.2.1" || c.UserAgent != "test/1" || c.Secure {
				t.Errorf("got %+v", c)
			}
		}
	}
}

func TestAWrongSecretIsRefusedInBothModes(t *testing.T) {
	for _, a := range []*Authenticator{authenticator(), authenticator(strict)} {
		for _, svc := range []*api.Service{kmsService, stsService, s3Service} {
			s := signer(svc, userKey)
			s.Secret = "another"
			r := signed(svc, s)
			_, err := a.Authenticate(r, []byte(jsonBody), svc)
			f := mustFail(t, err, SignatureMismatch)
			if f.AccessKeyID != userKey || !strings.HasSuffix(r.Header.Get("Authorization"), "Signature="+f.SignatureProvided) {
				t.Errorf("got %+v", f)
			}
			if !strings.HasPrefix(f.StringToSign, "AWS4-HMAC-SHA256\n20260504T120000Z\n20260504/eu-west-1/"+svc.ID+"/aws4_request\n") {
				t.Errorf("string to sign:\n%s", f.StringToSign)
			}
			if !strings.HasPrefix(f.CanonicalRequest, "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:"+svc.ID+".eu-west-1.amazonaws.com\n") {
				t.Errorf("canonical request:\n%s", f.CanonicalRequest)
			}
		}
	}
}

func TestAnotherBodyThanTheSignedOneIsRefused(t *testing.T) {
	_, err := authenticator().Authenticate(signed(kmsService, signer(kmsService, userKey)), []byte("{}"), kmsService)
	mustFail(t, err, SignatureMismatch)
}

func TestLenientMakesUnknownIDsRoot(t *testing.T) {
	for id, account := range map[string]string{
		"123456789012":         "123456789012",
		"000000000000":         "000000000000",
		"12345678901":          "999999999999",
		"1234567890123":        "999999999999",
		"12345678901a":         "999999999999",
		"test":                 "999999999999",
		"AKIAIOSFODNN7EXAMPLE": "999999999999",
		"AKIAROOTEXAMPLEKEY00": "999999999999",
	} {
		a := authenticator(func(o *Options) { o.DefaultAccount = "999999999999" })
		c, err := a.Authenticate(signed(kmsService, signer(kmsService, id)), []byte(jsonBody), kmsService)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		want := api.Principal{Type: api.Root, Account: account, ARN: "arn:aws:iam::" + account + ":root", ID: account}
		if c.Principal != want || c.AccessKeyID != id {
			t.Errorf("%s: got %+v, want %+v", id, c.Principal, want)
		}
	}
}

func TestTheDefaultAccountIsAllZeros(t *testing.T) {
	c, err := authenticator().Authenticate(signed(kmsService, signer(kmsService, "test")), []byte(jsonBody), kmsService)
	if err != nil || c.Account != "000000000000" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestStrictRefusesUnknownIDs(t *testing.T) {
	for _, id := range []string{"123456789012", "test", "AKIAIOSFODNN7EXAMPLE"} {
		_, err := authenticator(strict).Authenticate(signed(kmsService, signer(kmsService, id)), []byte(jsonBody), kmsService)
		if f := mustFail(t, err, UnknownKey); f.AccessKeyID != id {
			t.Errorf("got %q, want %q", f.AccessKeyID, id)
		}
	}
}

func TestStrictVerifiesTheRootKeyPair(t *testing.T) {
	s := signer(kmsService, "AKIAROOTEXAMPLEKEY00")
	_, err := authenticator(strict).Authenticate(signed(kmsService, s), []byte(jsonBody), kmsService)
	mustFail(t, err, SignatureMismatch)

	s.Secret = "rootSecret"
	c, err := authenticator(strict).Authenticate(signed(kmsService, s), []byte(jsonBody), kmsService)
	if err != nil || c.Type != api.Root || c.ARN != "arn:aws:iam::000000000000:root" {
		t.Errorf("got %+v, %v", c, err)
	}

	s.Token = "token"
	_, err = authenticator(strict).Authenticate(signed(kmsService, s), []byte(jsonBody), kmsService)
	mustFail(t, err, InvalidToken)
}

func TestStrictWithoutARootKeyPairHasNoRoot(t *testing.T) {
	a := authenticator(strict, func(o *Options) { o.RootSecretKey = "" })
	s := signer(kmsService, "AKIAROOTEXAMPLEKEY00")
	s.Secret = ""
	_, err := a.Authenticate(signed(kmsService, s), []byte(jsonBody), kmsService)
	mustFail(t, err, UnknownKey)
}

func TestInactiveKeysAreUnknownInBothModes(t *testing.T) {
	for _, a := range []*Authenticator{authenticator(), authenticator(strict)} {
		_, err := a.Authenticate(signed(kmsService, signer(kmsService, idleKey)), []byte(jsonBody), kmsService)
		mustFail(t, err, UnknownKey)
	}
}

func TestAFailingStoreIsNoFailureOfTheRequest(t *testing.T) {
	_, err := authenticator().Authenticate(signed(kmsService, signer(kmsService, "AKIABROKENSTORE00000")), []byte(jsonBody), kmsService)
	if f := (*Failure)(nil); err == nil || errors.As(err, &f) {
		t.Errorf("got %v", err)
	}
}

func TestTheRegionOfTheScopeGivesThePartition(t *testing.T) {
	for region, partition := range map[string]string{
		"us-east-1": "aws", "eu-central-2": "aws", "ap-southeast-2": "aws",
		"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn",
		"us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov",
	} {
		s := signer(kmsService, "123456789012")
		s.Region = region
		c, err := authenticator().Authenticate(signed(kmsService, s), []byte(jsonBody), kmsService)
		if err != nil {
			t.Errorf("%s: %v", region, err)
			continue
		}
		if c.Region != region || c.Partition != partition || c.ARN != "arn:"+partition+":iam::123456789012:root" {
			t.Errorf("%s: got %+v", region, c)
		}
	}
}

func TestAGlobalServiceAnswersFromTheHomeRegion(t *testing.T) {
	for region, home := range map[string]string{
		"us-east-1": "us-east-1", "eu-west-1": "us-east-1",
		"cn-northwest-1": "cn-north-1", "us-gov-east-1": "us-gov-west-1",
	} {
		s := signer(iamService, "123456789012")
		s.Region = region
		c, err := authenticator().Authenticate(signed(iamService, s), []byte(jsonBody), iamService)
		if err != nil || c.Region != home {
			t.Errorf("%s: got %+v, %v, want Region %s", region, c, err, home)
		}
	}
}

func TestAKeyIsUnknownInAnotherPartition(t *testing.T) {
	for _, tt := range []struct {
		key, region string
		kind        FailureKind
	}{
		{userKey, "eu-west-1", 0}, {chinaKey, "cn-north-1", 0},
		{userKey, "cn-north-1", UnknownKey}, {chinaKey, "eu-west-1", UnknownKey}, {userKey, "us-gov-west-1", UnknownKey},
	} {
		s := signer(kmsService, tt.key)
		s.Region = tt.region
		_, err := authenticator().Authenticate(signed(kmsService, s), []byte(jsonBody), kmsService)
		if tt.kind != 0 {
			mustFail(t, err, tt.kind)
		} else if err != nil {
			t.Errorf("%s in %s: %v", tt.key, tt.region, err)
		}
	}
}

func TestTemporaryCredentialsNeedTheirToken(t *testing.T) {
	for _, tt := range []struct {
		key, token string
		kind       FailureKind
	}{
		{tempKey, tempToken, 0}, {userKey, "", 0},
		{tempKey, "", InvalidToken}, {tempKey, tempToken + "x", InvalidToken}, {tempKey, "x", InvalidToken},
		{userKey, tempToken, InvalidToken},
	} {
		for _, svc := range []*api.Service{kmsService, stsService, s3Service} {
			s := signer(svc, tt.key)
			s.Token = tt.token
			c, err := authenticator().Authenticate(signed(svc, s), []byte(jsonBody), svc)
			switch {
			case tt.kind != 0:
				mustFail(t, err, tt.kind)
			case err != nil:
				t.Errorf("%s: %v", tt.key, err)
			case tt.key == tempKey && (c.Session == nil || c.Type != api.AssumedRole):
				t.Errorf("got %+v", c)
			}
		}
	}
}

func TestATokenThatIsNotSignedPassesButNotWithS3(t *testing.T) {
	for _, svc := range []*api.Service{kmsService, s3Service} {
		s := signer(svc, tempKey)
		s.Token = ""
		r := signed(svc, s)
		r.Header.Set("X-Amz-Security-Token", tempToken)
		_, err := authenticator().Authenticate(r, []byte(jsonBody), svc)
		if svc == kmsService && err != nil {
			t.Error(err)
		}
		if svc == s3Service {
			mustFail(t, err, HeadersNotSigned)
		}
	}
}

func TestTemporaryCredentialsExpireByTheEmulatorsClock(t *testing.T) {
	for after, kind := range map[time.Duration]FailureKind{
		0: 0, time.Hour - 1: 0, time.Hour: ExpiredToken, 24 * time.Hour: ExpiredToken,
	} {
		a := authenticator(func(o *Options) { o.EmulatorClock = clock.Fixed(noon.Add(after)) })
		_, err := a.Authenticate(signed(kmsService, signer(kmsService, tempKey)), []byte(jsonBody), kmsService)
		if kind != 0 {
			mustFail(t, err, kind)
		} else if err != nil {
			t.Errorf("after %v: %v", after, err)
		}
	}
}

func TestTheSkewIsMeasuredInRealTime(t *testing.T) {
	for _, tt := range []struct {
		real   time.Duration
		detail string
	}{
		{0, ""}, {15 * time.Minute, ""}, {-15 * time.Minute, ""},
		{16 * time.Minute, "Signature expired: 20260504T120000Z is now earlier than 20260504T120100Z (20260504T121600Z - 15 min.)"},
		{-16 * time.Minute, "Signature not yet current: 20260504T120000Z is still later than 20260504T115900Z (20260504T114400Z + 15 min.)"},
	} {
		a := authenticator(func(o *Options) {
			o.RealClock, o.EmulatorClock = clock.Fixed(noon.Add(tt.real)), clock.Fixed(noon.AddDate(10, 0, 0))
		})
		for _, key := range []string{userKey, "test"} {
			_, err := a.Authenticate(signed(kmsService, signer(kmsService, key)), []byte(jsonBody), kmsService)
			if tt.detail == "" {
				if err != nil {
					t.Errorf("%v: %v", tt.real, err)
				}
				continue
			}
			f := mustFail(t, err, Skewed)
			if f.Detail != tt.detail || !f.RequestTime.Equal(noon) || !f.ServerTime.Equal(noon.Add(tt.real)) || f.MaxSkew != 15*time.Minute {
				t.Errorf("got %+v", f)
			}
		}
	}
}

func TestUnsignedRequestsAreRefusedButByS3(t *testing.T) {
	for _, svc := range []*api.Service{kmsService, stsService, iamService} {
		_, err := authenticator().Authenticate(post(svc, jsonBody), []byte(jsonBody), svc)
		mustFail(t, err, MissingToken)
	}
	c, err := authenticator().Authenticate(post(s3Service, "x"), nil, s3Service)
	if err != nil || c.Type != api.Anonymous || c.ARN != "" || c.Account != "" || c.Region != "eu-west-1" || c.SourceIP != "192.0.2.1" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestTheAnonymousCallersRegionIsThatOfScopeOrHost(t *testing.T) {
	for host, region := range map[string]string{
		"sts.eu-west-1.amazonaws.com": "eu-west-1", "sts.amazonaws.com": "us-west-2", "localhost:4566": "us-west-2",
		"sts.cn-north-1.amazonaws.com.cn": "cn-north-1", "sts.nowhere-1.amazonaws.com": "us-west-2", "sts.": "us-west-2",
	} {
		a := authenticator(func(o *Options) { o.DefaultRegion = "us-west-2" })
		r := post(stsService, "")
		r.Host = host
		c := a.Anonymous(r, stsService)
		if c.Type != api.Anonymous || c.Region != region || strings.HasPrefix(region, "cn-") != (c.Partition == "aws-cn") {
			t.Errorf("%s: got %+v, want %s", host, c, region)
		}
		s := signer(stsService, "test")
		s.Region = "us-gov-east-1"
		s.Sign(r, sigv4.EmptyPayload, noon)
		if c := a.Anonymous(r, stsService); c.Type != api.Anonymous || c.Region != "us-gov-east-1" {
			t.Errorf("%s, signed: got %+v", host, c)
		}
	}
}

func TestRequestsPresignedForSTSLiveAsLongAsSignedOnes(t *testing.T) {
	for _, tt := range []struct {
		expires, age time.Duration
		kind         FailureKind
	}{
		{time.Minute, 0, 0}, {time.Minute, 14 * time.Minute, 0}, {time.Hour, 16 * time.Minute, Skewed}, {30 * 24 * time.Hour, 0, 0},
	} {
		r := httptest.NewRequest("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", nil)
		r.Header.Set("X-K8s-Aws-Id", "cluster")
		link := signer(stsService, tempKey).Presign(r, sigv4.EmptyPayload, noon.Add(-tt.age), tt.expires)
		r = httptest.NewRequest("GET", link, nil)
		r.Header.Set("X-K8s-Aws-Id", "cluster")
		c, err := authenticator().Authenticate(r, nil, stsService)
		switch {
		case tt.kind != 0:
			mustFail(t, err, tt.kind)
		case err != nil:
			t.Errorf("%+v: %v", tt, err)
		case c.Type != api.AssumedRole:
			t.Errorf("got %+v", c)
		}
	}
}

func TestATokenMayFollowThePresignedQueryButNotWithS3(t *testing.T) {
	for _, svc := range []*api.Service{stsService, s3Service} {
		s := signer(svc, tempKey)
		s.Token = ""
		payload := sigv4.EmptyPayload
		if svc == s3Service {
			payload = sigv4.UnsignedPayload
		}
		link := s.Presign(httptest.NewRequest("GET", "/x?a=b", nil), payload, noon, time.Minute)
		r := httptest.NewRequest("GET", link+"&X-Amz-Security-Token="+sigv4.Encode(tempToken), nil)
		_, err := authenticator().Authenticate(r, nil, svc)
		if svc == stsService && err != nil {
			t.Error(err)
		}
		if svc == s3Service {
			mustFail(t, err, SignatureMismatch)
		}
	}
}

func TestReadingABodyOfAnotherServiceIsLeftToTheEdge(t *testing.T) {
	r := signed(kmsService, signer(kmsService, userKey))
	if _, err := authenticator().Authenticate(r, []byte(jsonBody), kmsService); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != jsonBody {
		t.Errorf("got %q, %v", b, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	a, r, body := authenticator(), signed(kmsService, signer(kmsService, userKey)), []byte(jsonBody)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(r, body, kmsService); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLenient(b *testing.B) {
	a, r, body := authenticator(), signed(kmsService, signer(kmsService, "test")), []byte(jsonBody)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(r, body, kmsService); err != nil {
			b.Fatal(err)
		}
	}
}
