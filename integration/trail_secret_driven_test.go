package integration

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/emulator/emulatortest"
	"sealstack/iam/saml/samltest"
)

// bears says whether a value of the type has a member whose shape the model
// calls sensitive. Names of keys are not secret, whatever the model of Amazon
// S3 says.
func bears(s *api.Service, t reflect.Type, seen map[reflect.Type]bool) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] || t == reflect.TypeFor[time.Time]() {
		return false
	}
	seen[t] = true
	for i := range t.NumField() {
		tag, err := api.ParseTag(t.Field(i))
		if err != nil {
			continue
		}
		named := tag.Shape == "SSEKMSKeyId" || tag.Shape == "NonEmptyKmsKeyArnString"
		if s.Shapes[tag.Shape].Sensitive && !named || bears(s, t.Field(i).Type, seen) {
			return true
		}
	}
	return false
}

// secretBearing are the events of the operations that carry something secret.
// What AWS Organizations calls sensitive are names and e-mail addresses.
func secretBearing() (events []string) {
	for _, s := range []*api.Service{kmsapi.Service, logsapi.Service, s3api.Service, iamapi.Service, stsapi.Service} {
		for _, op := range s.Operations {
			if bears(s, op.Input, map[reflect.Type]bool{}) || bears(s, op.Output, map[reflect.Type]bool{}) {
				events = append(events, op.Name)
			}
		}
	}
	return events
}

// ignores drives a call that may be refused: it is recorded all the same.
func (h *hushed) ignores(_ any, _ error) {}

// keepsKeys drives what else of KMS carries a secret.
func (h *hushed) keepsKeys() {
	ctx := h.Context()
	password, raw := "RECOGNISABLE-PASS", "RECOGNISABLERAWSECRETACCESSKEY0123456789abcdEFGH"
	h.keep("password of a key store", []byte(password))
	h.keep("secret access key of a proxy", []byte(raw))
	credential := &kmstypes.XksProxyAuthenticationCredentialType{AccessKeyId: aws.String("RECOGNISABLEACCESSID00"), RawSecretAccessKey: &raw}
	h.keep("access key id of a proxy", []byte(*credential.AccessKeyId))
	h.ignores(h.kms.CreateCustomKeyStore(ctx, &kms.CreateCustomKeyStoreInput{
		CustomKeyStoreName: aws.String("hsm"), CloudHsmClusterId: aws.String("cluster-1a23b4cdefg"), KeyStorePassword: &password, TrustAnchorCertificate: aws.String("x"),
	}))
	h.ignores(h.kms.CreateCustomKeyStore(ctx, &kms.CreateCustomKeyStoreInput{
		CustomKeyStoreName: aws.String("xks"), CustomKeyStoreType: kmstypes.CustomKeyStoreTypeExternalKeyStore, XksProxyUriEndpoint: aws.String("https://xks.example.com"),
		XksProxyUriPath: aws.String("/kms/xks/v1"), XksProxyConnectivity: kmstypes.XksProxyConnectivityTypePublicEndpoint, XksProxyAuthenticationCredential: credential,
	}))
	h.ignores(h.kms.UpdateCustomKeyStore(ctx, &kms.UpdateCustomKeyStoreInput{
		CustomKeyStoreId: aws.String("cks-1234567890abcdef0"), KeyStorePassword: &password, XksProxyAuthenticationCredential: credential,
	}))
	h.ignores(h.kms.DescribeCustomKeyStores(ctx, &kms.DescribeCustomKeyStoresInput{}))
	h.signedJSON("kms", "TrentService.Encapsulate", `{"KeyId":"alias/none","EncapsulationAlgorithm":"ML_KEM_768"}`)
	h.keep("encapsulated secret", []byte("RECOGNISABLE-ENCAPSULATED-SECRET"))
	h.signedJSON("kms", "TrentService.Decapsulate", `{"KeyId":"alias/none","EncapsulationAlgorithm":"ML_KEM_768","SharedSecretCiphertextBlob":"`+
		base64.StdEncoding.EncodeToString([]byte("RECOGNISABLE-ENCAPSULATED-SECRET"))+`"}`)
}

// signedJSON sends what no client here has an operation for.
func (h *hushed) signedJSON(service, target, body string) {
	h.Helper()
	q := request{service: service, target: target, kind: jsonKind, body: body}
	_, err := q.with(func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Credential=test/", "Credential="+ours+"/", 1))
	}).send(h.server.URL)
	h.ok(err)
}

// federates drives the tokens of identity providers.
func (h *hushed) federates() {
	ctx := h.Context()
	i, s := iamClient(h.server.URL, keys(ours, "test")), stsClient(h.server.URL, keys(ours, "test"))
	p := samltest.New(h, "https://idp.example.com", h.server.Now())
	made, err := i.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("Idp"), SAMLMetadataDocument: aws.String(p.Metadata())})
	h.ok(err)
	h.keep("private key of a SAML provider", []byte("RECOGNISABLE-PRIVATE-KEY"))
	h.ignores(i.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: made.SAMLProviderArn, AddPrivateKey: aws.String("RECOGNISABLE-PRIVATE-KEY")}))
	h.ignores(i.ListVirtualMFADevices(ctx, &iam.ListVirtualMFADevicesInput{}))
	_, err = i.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("saml"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + *made.SAMLProviderArn + `"},"Action":"sts:AssumeRoleWithSAML"}]}`)})
	h.ok(err)
	role := "arn:aws:iam::" + ours + ":role/saml"
	said := p.Say(h, p.Claim(h.server.Now(), role, *made.SAMLProviderArn, "run"))
	h.keep("SAML assertion", []byte(said))
	r, err := s.AssumeRoleWithSAML(ctx, &sts.AssumeRoleWithSAMLInput{RoleArn: &role, PrincipalArn: made.SAMLProviderArn, SAMLAssertion: &said})
	h.ok(err)
	h.keep("secret of a SAML session", []byte(*r.Credentials.SecretAccessKey))
	h.ignores(s.GetWebIdentityToken(ctx, &sts.GetWebIdentityTokenInput{Audience: []string{"a"}, SigningAlgorithm: aws.String("RS256")}))
	h.ignores(s.GetDelegatedAccessToken(ctx, &sts.GetDelegatedAccessTokenInput{TradeInToken: aws.String("RECOGNISABLE-TRADE-IN-TOKEN")}))
	h.keep("trade-in token", []byte("RECOGNISABLE-TRADE-IN-TOKEN"))
	h.ignores(s.AssumeRoot(ctx, &sts.AssumeRootInput{TargetPrincipal: aws.String(theirs), TaskPolicyArn: nil}))
	h.signedQuery("sts", "Action=AssumeRoot&Version=2011-06-15&TargetPrincipal="+theirs+"&TaskPolicyArn.arn=arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials")
}

func (h *hushed) signedQuery(service, form string) {
	h.Helper()
	q := request{service: service, kind: "application/x-www-form-urlencoded", body: form}
	_, err := q.with(func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Credential=test/", "Credential="+ours+"/", 1))
	}).send(h.server.URL)
	h.ok(err)
}

// writesLogs drives log events, and what reads them.
func (h *hushed) writesLogs() {
	ctx, group, stream := h.Context(), aws.String("hush"), aws.String("s")
	c := logsClient(h.server.URL, keys(ours, "test"))
	_, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group})
	h.ok(err)
	_, err = c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
	h.ok(err)
	h.keep("log event", []byte("RECOGNISABLE-LOG-EVENT"))
	_, err = c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: []logstypes.InputLogEvent{
		{Message: aws.String("RECOGNISABLE-LOG-EVENT"), Timestamp: aws.Int64(h.server.Now().UnixMilli())},
	}})
	h.ok(err)
	_, err = c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: stream})
	h.ok(err)
	_, err = c.TestMetricFilter(ctx, &cloudwatchlogs.TestMetricFilterInput{FilterPattern: aws.String("x"), LogEventMessages: []string{"RECOGNISABLE-LOG-EVENT"}})
	h.ok(err)
	h.keep("bearer token", []byte("RECOGNISABLE-BEARER-TOKEN"))
	q := request{service: "logs", target: "Logs_20140328.PutLogEvents", kind: jsonKind, body: `{"logGroupName":"hush","logStreamName":"s","logEvents":[]}`}
	_, err = q.with(func(r *http.Request) { r.Header.Set("Authorization", "Bearer RECOGNISABLE-BEARER-TOKEN") }).send(h.server.URL)
	h.ok(err)
}

// storesObjects drives the requests to Amazon S3 that bring a key.
func (h *hushed) storesObjects() {
	ctx, secret := h.Context(), []byte("RECOGNISABLE-CUSTOMERS-KEY-01234")
	h.keep("key of the customer", secret)
	h.bucket(ours, "hush-objects", "")
	sum := md5.Sum(secret)
	c, bucket, object := s3Client(h.server.URL, keys(ours, "test")), aws.String("hush-objects"), aws.String("k")
	algorithm, key, digest := aws.String("AES256"), aws.String(base64.StdEncoding.EncodeToString(secret)), aws.String(base64.StdEncoding.EncodeToString(sum[:]))
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: object, Body: strings.NewReader("x"), SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest})
	h.ok(err)
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: object, SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest})
	h.ok(err)
	_, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: object, SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest})
	h.ok(err)
	h.ignores(c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: bucket, Key: object, ObjectAttributes: []s3types.ObjectAttributes{s3types.ObjectAttributesEtag}, SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest}))
	_, err = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("hush-objects/k"), CopySourceSSECustomerAlgorithm: algorithm, CopySourceSSECustomerKey: key, CopySourceSSECustomerKeyMD5: digest})
	h.ok(err)
	u, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: object, SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest})
	h.ok(err)
	p, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: object, UploadId: u.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x"), SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest})
	h.ok(err)
	h.ignores(c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: object, UploadId: u.UploadId, PartNumber: aws.Int32(2), CopySource: aws.String("hush-objects/copy"), SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest}))
	h.ignores(c.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: object, UploadId: u.UploadId, SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest}))
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: object, UploadId: u.UploadId, SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: digest,
		MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{{PartNumber: aws.Int32(1), ETag: p.ETag}}}})
	h.ok(err)
}

// follow makes the trail take data events and write to a log group, and an
// event data store that takes them as well.
func (h *hushed) follow(c *cloudtrail.Client) (store string) {
	ctx := h.Context()
	l, i := logsClient(h.server.URL, keys(ours, "test")), iamClient(h.server.URL, keys(ours, "test"))
	_, err := l.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("trail")})
	h.ok(err)
	_, err = i.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("to-logs"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	h.ok(err)
	_, err = i.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("to-logs"), PolicyName: aws.String("p"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`)})
	h.ok(err)
	_, err = c.UpdateTrail(ctx, &cloudtrail.UpdateTrailInput{
		Name: aws.String("main"), CloudWatchLogsLogGroupArn: aws.String("arn:aws:logs:" + region + ":" + ours + ":log-group:trail:*"),
		CloudWatchLogsRoleArn: aws.String("arn:aws:iam::" + ours + ":role/to-logs"),
	})
	h.ok(err)
	all := []trailtypes.AdvancedEventSelector{
		{FieldSelectors: []trailtypes.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{"Management"}}}},
		{FieldSelectors: []trailtypes.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{"Data"}}, {Field: aws.String("resources.type"), Equals: []string{"AWS::S3::Object"}}}},
		{FieldSelectors: []trailtypes.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{"Data"}}, {Field: aws.String("resources.type"), Equals: []string{"AWS::Logs::LogGroup"}}}},
	}
	_, err = c.PutEventSelectors(ctx, &cloudtrail.PutEventSelectorsInput{TrailName: aws.String("main"), AdvancedEventSelectors: all})
	h.ok(err)
	made, err := c.CreateEventDataStore(ctx, &cloudtrail.CreateEventDataStoreInput{Name: aws.String("lake"), AdvancedEventSelectors: all})
	h.ok(err)
	return (*made.EventDataStoreArn)[strings.LastIndexByte(*made.EventDataStoreArn, '/')+1:]
}

// forms are the ways in which a secret could be written.
func forms(secret []byte) (list [][]byte) {
	list = append(list, secret, []byte(hex.EncodeToString(secret)), []byte(strings.ToUpper(hex.EncodeToString(secret))))
	for shift := range 3 { // wherever in a longer text it starts
		padded := append(make([]byte, shift), secret...)
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := e.EncodeToString(padded)
			list = append(list, []byte(text[(shift*8+5)/6:len(text)-2]))
		}
	}
	return list
}

// absent expects none of the secrets in a text.
func (h *hushed) absent(where string, text []byte, but ...string) {
	h.Helper()
	for what, secret := range h.bytes {
		if slices.Contains(but, what) {
			continue
		}
		for _, needle := range forms(secret) {
			if bytes.Contains(text, needle) {
				h.Errorf("the %s is in %s", what, where)
				break
			}
		}
	}
}

func TestNoSecretIsWrittenAnywhere(t *testing.T) {
	dir := t.TempDir()
	h := &hushed{trailed: startTrailed(t, emulatortest.WithDataDir(dir)), bytes: map[string][]byte{"plaintext": []byte(plain)}}
	h.kms = kmsClient(h.server.URL, keys(ours, "test"))
	c := h.trail(ours, everyRegion)
	store := h.follow(c)
	h.encrypts()
	h.signs()
	h.signsIn()
	h.keepsKeys()
	h.federates()
	h.writesLogs()
	h.storesObjects()
	h.server.Advance(time.Hour)

	delivered := ""
	for where, text := range h.files(ours, "trail-logs") {
		delivered += text
		h.absent(where, []byte(text))
	}
	for _, where := range []string{region, "us-east-1"} {
		for _, e := range h.history(ours, where) {
			b, err := json.Marshal(e)
			h.ok(err)
			h.absent("the history of "+where, b)
		}
	}
	for _, name := range secretBearing() {
		if !strings.Contains(delivered, `"eventName":"`+name+`"`) {
			t.Errorf("%s carries something secret, and this test does not drive it", name)
		}
	}
	h.lookInLogs()
	rows := answer(h.trailed, lakeClient(h.server.URL, keys(ours, "test")), "SELECT eventName, requestParameters, responseElements, additionalEventData FROM "+store)
	if len(rows) < 30 {
		t.Fatalf("the event data store has %d rows: %v", len(rows), rows)
	}
	h.absent("the event data store", []byte(strings.Join(rows, "\n")))
	h.lookOnDisk(dir)
}

// lookInLogs looks at what the trail wrote to its log group.
func (h *hushed) lookInLogs() {
	h.Helper()
	c, n := logsClient(h.server.URL, keys(ours, "test")), 0
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(c, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("trail")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(h.Context())
		h.ok(err)
		for _, e := range page.Events {
			h.absent("the trail's log group", []byte(*e.Message))
			n++
		}
	}
	if n < 30 {
		h.Fatalf("%d records are in the trail's log group", n)
	}
}

// lookOnDisk looks into every file of the data directory.
func (h *hushed) lookOnDisk(dir string) {
	h.Helper()
	n := 0
	h.ok(filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		h.absent(filepath.Base(path), text)
		n++
		return err
	}))
	if n == 0 {
		h.Fatal("the data directory is empty")
	}
}
