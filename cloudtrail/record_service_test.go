package cloudtrail

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/cloudtraildataapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/organizationsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// row is a call and what its record holds beside what every record does. Parts
// that are "" are null or absent.
type row struct {
	caller    *api.Caller
	service   *api.Service
	op        *api.Operation
	in, out   any
	err       error
	user      string // userIdentity; "": not looked at
	event     string // "": the operation's name
	is        string // of "read", "write", "data read", "data write"
	request   string
	response  string
	resources string
	extra     string // additionalEventData
	code      string // errorCode
}

const (
	sessionToken = "session-token"
	provider     = "arn:aws:iam::111122223333:saml-provider/Idp"
	group        = "arn:aws:logs:us-east-1:111122223333:log-group:g"
)

func credentials() stsapi.Credentials {
	return stsapi.Credentials{AccessKeyId: "ASIAEXAMPLE", SecretAccessKey: hush, SessionToken: sessionToken, Expiration: start}
}

func nobody(region string) *api.Caller {
	return &api.Caller{Partition: "aws", Region: region, SourceIP: "192.0.2.1", UserAgent: "curl", RequestID: "request-1"}
}

// signedS3 is a user at Amazon S3.
func signedS3() *api.Caller {
	c := userOf(account, "Alice")
	c.SignatureVersion, c.AuthType, c.HostID = "AWS4-HMAC-SHA256", "REST-HEADER", "host-id"
	return c
}

func presigned() *api.Caller {
	c := signedS3()
	c.AuthType = "REST-QUERY-STRING"
	return c
}

const (
	shownCredentials = `"credentials":{"accessKeyId":"ASIAEXAMPLE","sessionToken":"session-token","expiration":"Mar 1, 2026, 12:00:00 PM"}`
	regional         = `{"RequestDetails":{"awsServingRegion":"us-east-1","endpointType":"regional"}}`
	transfer         = `"SignatureVersion":"SigV4","AuthenticationMethod":"AuthHeader","x-amz-id-2":"host-id"`
	bucketResource   = `{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b"}`
	channelARN       = "arn:aws:cloudtrail:us-east-1:111122223333:channel/11111111-2222-3333-4444-555555555555"
	objectResource   = `{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/k"}`
)

var serviceRows = map[string]row{
	// AWS STS
	"AssumeRole": {
		service: stsapi.Service, op: stsapi.OpAssumeRole.Operation, is: "read",
		in:        &stsapi.AssumeRoleRequest{RoleArn: roleARN, RoleSessionName: "run", SourceIdentity: new("Alice"), DurationSeconds: new(int32(900)), Tags: []stsapi.Tag{{Key: "Team", Value: "red"}}},
		out:       &stsapi.AssumeRoleResponse{Credentials: new(credentials()), AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: "AROA:run", Arn: "arn"}, SourceIdentity: new("Alice")},
		request:   `{"roleArn":"ROLE","roleSessionName":"run","sourceIdentity":"Alice","durationSeconds":900,"tags":[{"key":"Team","value":"red"}]}`,
		response:  `{` + shownCredentials + `,"assumedRoleUser":{"assumedRoleId":"AROA:run","arn":"arn"},"sourceIdentity":"Alice"}`,
		resources: `[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"ROLE"}]`, extra: regional,
	},
	"AssumeRole denied": {
		service: stsapi.Service, op: stsapi.OpAssumeRole.Operation, is: "read", in: &stsapi.AssumeRoleRequest{RoleArn: roleARN, RoleSessionName: "run"},
		err: stsapi.Service.AccessDenied("User: u is not authorized to perform: sts:AssumeRole on resource: r"), code: "AccessDenied",
		request: `{"roleArn":"ROLE","roleSessionName":"run"}`, resources: `[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"ROLE"}]`, extra: regional,
	},
	"AssumeRoleWithWebIdentity": {
		caller: nobody(region), service: stsapi.Service, op: stsapi.OpAssumeRoleWithWebIdentity.Operation, is: "read",
		user: `{"type":"WebIdentityUser","principalId":"accounts.google.com:app:sub","userName":"sub","identityProvider":"accounts.google.com"}`,
		in:   &stsapi.AssumeRoleWithWebIdentityRequest{RoleArn: roleARN, RoleSessionName: "run", WebIdentityToken: hush, DurationSeconds: new(int32(3600))},
		out: &stsapi.AssumeRoleWithWebIdentityResponse{
			Credentials: new(credentials()), SubjectFromWebIdentityToken: new("sub"), Provider: new("accounts.google.com"), Audience: new("app"),
			AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: "AROA:run", Arn: "arn"},
		},
		request:   `{"roleArn":"ROLE","roleSessionName":"run","durationSeconds":3600}`,
		response:  `{` + shownCredentials + `,"subjectFromWebIdentityToken":"sub","assumedRoleUser":{"assumedRoleId":"AROA:run","arn":"arn"},"provider":"accounts.google.com","audience":"app"}`,
		resources: `[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"ROLE"}]`, extra: regional,
	},
	"AssumeRoleWithSAML": {
		caller: nobody(region), service: stsapi.Service, op: stsapi.OpAssumeRoleWithSAML.Operation, is: "read",
		user: `{"type":"SAMLUser","principalId":"Qualifier=:Sample","userName":"Sample","identityProvider":"Qualifier="}`,
		in: &stsapi.AssumeRoleWithSAMLRequest{RoleArn: roleARN, PrincipalArn: provider, SAMLAssertion: base64.StdEncoding.EncodeToString(
			[]byte(`<samlp:Response xmlns:samlp="p" ID="outer"><saml:Assertion xmlns:saml="a" ID="_c0046c"><x>` + hush + `</x></saml:Assertion></samlp:Response>`))},
		out: &stsapi.AssumeRoleWithSAMLResponse{
			Credentials: new(credentials()), AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: "AROA:run", Arn: "arn"},
			Subject: new("Sample"), SubjectType: new("transient"), Issuer: new("https://idp"), Audience: new("https://signin.aws.amazon.com/saml"), NameQualifier: new("Qualifier="),
		},
		request: `{"roleArn":"ROLE","principalArn":"` + provider + `","sAMLAssertionID":"_c0046c"}`,
		response: `{` + shownCredentials + `,"assumedRoleUser":{"assumedRoleId":"AROA:run","arn":"arn"},"subject":"Sample","subjectType":"transient",
			"issuer":"https://idp","audience":"https://signin.aws.amazon.com/saml","nameQualifier":"Qualifier="}`,
		resources: `[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"ROLE"},{"accountId":"111122223333","type":"AWS::IAM::SAMLProvider","ARN":"` + provider + `"}]`, extra: regional,
	},
	"AssumeRoleWithSAML of what is no assertion": {
		caller: nobody(region), service: stsapi.Service, op: stsapi.OpAssumeRoleWithSAML.Operation, is: "read", user: `{"type":"Unknown"}`,
		in:  &stsapi.AssumeRoleWithSAMLRequest{RoleArn: roleARN, PrincipalArn: provider, SAMLAssertion: hush},
		err: stsapi.InvalidIdentityTokenException("no"), code: "InvalidIdentityToken", request: `{"roleArn":"ROLE","principalArn":"` + provider + `"}`,
		resources: `[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"ROLE"},{"accountId":"111122223333","type":"AWS::IAM::SAMLProvider","ARN":"` + provider + `"}]`, extra: regional,
	},
	"GetFederationToken": {
		service: stsapi.Service, op: stsapi.OpGetFederationToken.Operation, is: "read",
		in:       &stsapi.GetFederationTokenRequest{Name: "Jane", Policy: new(`{"Version":"2012-10-17"}`)},
		out:      &stsapi.GetFederationTokenResponse{Credentials: new(credentials()), FederatedUser: &stsapi.FederatedUser{FederatedUserId: "111122223333:Jane", Arn: "arn"}},
		request:  `{"name":"Jane","policy":"{\"Version\":\"2012-10-17\"}"}`,
		response: `{` + shownCredentials + `,"federatedUser":{"federatedUserId":"111122223333:Jane","arn":"arn"}}`, extra: regional,
	},
	"GetSessionToken": {
		service: stsapi.Service, op: stsapi.OpGetSessionToken.Operation, is: "read", in: &stsapi.GetSessionTokenRequest{DurationSeconds: new(int32(900))},
		out: &stsapi.GetSessionTokenResponse{Credentials: new(credentials())}, request: `{"durationSeconds":900}`, response: `{` + shownCredentials + `}`, extra: regional,
	},
	"GetCallerIdentity": {
		service: stsapi.Service, op: stsapi.OpGetCallerIdentity.Operation, is: "read", in: &stsapi.GetCallerIdentityRequest{},
		out: &stsapi.GetCallerIdentityResponse{Account: new(account)}, extra: regional,
	},
	"DecodeAuthorizationMessage": {
		service: stsapi.Service, op: stsapi.OpDecodeAuthorizationMessage.Operation, is: "read", in: &stsapi.DecodeAuthorizationMessageRequest{EncodedMessage: "e"},
		out: &stsapi.DecodeAuthorizationMessageResponse{DecodedMessage: new(hush)}, request: `{"encodedMessage":"e"}`, extra: regional,
	},

	// AWS IAM
	"CreateUser": {
		service: iamapi.Service, op: iamapi.OpCreateUser.Operation, is: "write", in: &iamapi.CreateUserRequest{UserName: "Bob", Path: new("/team/")},
		out:      &iamapi.CreateUserResponse{User: &iamapi.User{Path: "/team/", UserName: "Bob", UserId: "AIDA", Arn: "arn", CreateDate: start}},
		request:  `{"userName":"Bob","path":"/team/"}`,
		response: `{"user":{"path":"/team/","userName":"Bob","userId":"AIDA","arn":"arn","createDate":"Mar 1, 2026, 12:00:00 PM"}}`,
	},
	"CreateAccessKey": {
		service: iamapi.Service, op: iamapi.OpCreateAccessKey.Operation, is: "write", in: &iamapi.CreateAccessKeyRequest{UserName: new("Bob")},
		out:     &iamapi.CreateAccessKeyResponse{AccessKey: iamapi.AccessKey{UserName: "Bob", AccessKeyId: "AKIA", Status: "Active", SecretAccessKey: hush, CreateDate: new(start)}},
		request: `{"userName":"Bob"}`, response: `{"accessKey":{"userName":"Bob","accessKeyId":"AKIA","status":"Active","createDate":"Mar 1, 2026, 12:00:00 PM"}}`,
	},
	"PutUserPolicy keeps the policy": {
		service: iamapi.Service, op: iamapi.OpPutUserPolicy.Operation, is: "write", in: &iamapi.PutUserPolicyRequest{UserName: "Bob", PolicyName: "p", PolicyDocument: `{"a":1}`},
		out: (*api.None)(nil), request: `{"userName":"Bob","policyName":"p","policyDocument":"{\"a\":1}"}`,
	},
	"GetUser": {
		service: iamapi.Service, op: iamapi.OpGetUser.Operation, is: "read", in: &iamapi.GetUserRequest{UserName: new("Bob")},
		out: &iamapi.GetUserResponse{}, request: `{"userName":"Bob"}`,
	},
	"GetUser of nobody": {
		service: iamapi.Service, op: iamapi.OpGetUser.Operation, is: "read", in: &iamapi.GetUserRequest{UserName: new("Bob")},
		err: iamapi.NoSuchEntityException("The user with name Bob cannot be found."), code: "NoSuchEntity", request: `{"userName":"Bob"}`,
	},

	// Amazon CloudWatch Logs
	"CreateLogGroup": {
		service: logsapi.Service, op: logsapi.OpCreateLogGroup.Operation, is: "write", in: &logsapi.CreateLogGroupRequest{LogGroupName: "g", KmsKeyId: new(key)},
		out: (*api.None)(nil), request: `{"logGroupName":"g","kmsKeyId":"` + key + `"}`,
	},
	"DescribeLogGroups": {
		service: logsapi.Service, op: logsapi.OpDescribeLogGroups.Operation, is: "read", in: &logsapi.DescribeLogGroupsRequest{Limit: new(int32(5))},
		out: &logsapi.DescribeLogGroupsResponse{}, request: `{"limit":5}`,
	},
	"PutLogEvents": {
		service: logsapi.Service, op: logsapi.OpPutLogEvents.Operation, is: "data write",
		in:  &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: []logsapi.InputLogEvent{{Message: hush}}},
		out: &logsapi.PutLogEventsResponse{}, request: `{"logGroupName":"g","logStreamName":"s"}`,
		resources: `[{"accountId":"111122223333","type":"AWS::Logs::LogGroup","ARN":"` + group + `"}]`,
	},
	"FilterLogEvents": {
		service: logsapi.Service, op: logsapi.OpFilterLogEvents.Operation, is: "data read",
		in:  &logsapi.FilterLogEventsRequest{LogGroupIdentifier: new(group), FilterPattern: new("ERROR")},
		out: &logsapi.FilterLogEventsResponse{Events: []logsapi.FilteredLogEvent{{Message: new(hush)}}}, request: `{"logGroupIdentifier":"` + group + `","filterPattern":"ERROR"}`,
		resources: `[{"accountId":"111122223333","type":"AWS::Logs::LogGroup","ARN":"` + group + `"}]`,
	},
	"StartQuery": {
		service: logsapi.Service, op: logsapi.OpStartQuery.Operation, is: "read", in: &logsapi.StartQueryRequest{LogGroupName: new("g"), StartTime: 1, EndTime: 2, QueryString: "fields @message"},
		out: &logsapi.StartQueryResponse{QueryId: new("q")}, request: `{"logGroupName":"g","startTime":1,"endTime":2,"queryString":"fields @message"}`,
	},
	"GenerateDataKey by CloudWatch Logs": {
		caller: api.CallerOf(api.AsService(as(rootUser(account)), "logs.us-east-1.amazonaws.com", group, account)), service: kmsapi.Service, op: kmsapi.OpGenerateDataKey.Operation, is: "read",
		user:      `{"type":"AWSService","invokedBy":"logs.us-east-1.amazonaws.com"}`,
		in:        &kmsapi.GenerateDataKeyRequest{KeyId: key, KeySpec: new(kmsapi.DataKeySpecAes256), EncryptionContext: map[string]string{"aws:logs:arn": group}},
		out:       &kmsapi.GenerateDataKeyResponse{KeyId: new(key), Plaintext: []byte(hush), CiphertextBlob: []byte(hush)},
		request:   `{"keyId":"` + key + `","encryptionContext":{"aws:logs:arn":"` + group + `"},"keySpec":"AES_256"}`,
		resources: `[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"` + key + `"}]`,
	},

	// Amazon S3
	"CreateBucket": {
		caller: signedS3(), service: s3api.Service, op: s3api.OpCreateBucket.Operation, is: "write", in: &s3api.CreateBucketRequest{Bucket: "b"},
		out: &s3api.CreateBucketOutput{Location: new("/b")}, request: `{"Host":"HOST","bucketName":"b"}`, resources: `[` + bucketResource + `]`,
		extra: `{` + transfer + `,"bytesTransferredIn":0,"bytesTransferredOut":0}`,
	},
	"PutBucketPolicy": {
		caller: signedS3(), service: s3api.Service, op: s3api.OpPutBucketPolicy.Operation, is: "write", in: &s3api.PutBucketPolicyRequest{Bucket: "b", Policy: `{"Statement":[]}`},
		out: (*api.None)(nil), request: `{"Host":"HOST","bucketName":"b","policy":"","bucketPolicy":{"Statement":[]}}`, resources: `[` + bucketResource + `]`,
		extra: `{` + transfer + `,"bytesTransferredIn":0,"bytesTransferredOut":0}`,
	},
	"ListObjectsV2": {
		caller: signedS3(), service: s3api.Service, op: s3api.OpListObjectsV2.Operation, event: "ListObjects", is: "data read", in: &s3api.ListObjectsV2Request{Bucket: "b", Prefix: new("p/")},
		out: &s3api.ListObjectsV2Output{}, request: `{"Host":"HOST","bucketName":"b","prefix":"p/","list-type":"2"}`,
		resources: `[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::b/"},` + bucketResource + `]`, extra: `{` + transfer + `,"bytesTransferredIn":0}`,
	},
	"PutObject by the bucket's default": {
		caller: signedS3(), service: s3api.Service, op: s3api.OpPutObject.Operation, is: "data write", in: &s3api.PutObjectRequest{Bucket: "b", Key: "k", ContentLength: new(int64(7))},
		out:     &s3api.PutObjectOutput{ETag: new(`"e"`), ServerSideEncryption: new(s3api.ServerSideEncryptionAes256), VersionId: new("v1")},
		request: `{"Host":"HOST","bucketName":"b","key":"k"}`, response: `{"x-amz-server-side-encryption":"AES256","x-amz-version-id":"v1"}`,
		resources: `[` + objectResource + `,` + bucketResource + `]`,
		extra:     `{` + transfer + `,"bytesTransferredIn":7,"bytesTransferredOut":0,"SSEApplied":"Default_SSE_S3"}`,
	},
	"PutObject with a key": {
		caller: presigned(), service: s3api.Service, op: s3api.OpPutObject.Operation, is: "data write",
		in:       &s3api.PutObjectRequest{Bucket: "b", Key: "k", ServerSideEncryption: new(s3api.ServerSideEncryptionAwsKms), SSEKMSKeyId: new(key), SSEKMSEncryptionContext: new(hush)},
		out:      &s3api.PutObjectOutput{ServerSideEncryption: new(s3api.ServerSideEncryptionAwsKms), SSEKMSKeyId: new(key), SSEKMSEncryptionContext: new(hush)},
		request:  `{"Host":"HOST","bucketName":"b","key":"k","x-amz-server-side-encryption":"aws:kms","x-amz-server-side-encryption-aws-kms-key-id":"` + key + `"}`,
		response: `{"x-amz-server-side-encryption":"aws:kms","x-amz-server-side-encryption-aws-kms-key-id":"` + key + `"}`, resources: `[` + objectResource + `,` + bucketResource + `]`,
		extra: `{"SignatureVersion":"SigV4","AuthenticationMethod":"QueryString","x-amz-id-2":"host-id","bytesTransferredIn":0,"bytesTransferredOut":0,"SSEApplied":"SSE_KMS"}`,
	},
	"PutObject with the client's key": {
		caller: signedS3(), service: s3api.Service, op: s3api.OpPutObject.Operation, is: "data write",
		in:        &s3api.PutObjectRequest{Bucket: "b", Key: "k", SSECustomerAlgorithm: new("AES256"), SSECustomerKey: new(hush), SSECustomerKeyMD5: new("md5")},
		out:       &s3api.PutObjectOutput{SSECustomerAlgorithm: new("AES256"), SSECustomerKeyMD5: new("md5")},
		request:   `{"Host":"HOST","bucketName":"b","key":"k","x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-server-side-encryption-customer-key-MD5":"md5"}`,
		response:  `{"x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-server-side-encryption-customer-key-MD5":"md5"}`,
		resources: `[` + objectResource + `,` + bucketResource + `]`, extra: `{` + transfer + `,"bytesTransferredIn":0,"bytesTransferredOut":0,"SSEApplied":"SSE_C"}`,
	},
	"GetObject": {
		caller: signedS3(), service: s3api.Service, op: s3api.OpGetObject.Operation, is: "data read", in: &s3api.GetObjectRequest{Bucket: "b", Key: "k", VersionId: new("v1")},
		out: &s3api.GetObjectOutput{ContentLength: new(int64(39)), ServerSideEncryption: new(s3api.ServerSideEncryptionAes256)}, request: `{"Host":"HOST","bucketName":"b","key":"k","versionId":"v1"}`,
		resources: `[` + objectResource + `,` + bucketResource + `]`, extra: `{` + transfer + `,"bytesTransferredIn":0,"bytesTransferredOut":39}`,
	},
	"GetObject denied": {
		caller: signedS3(), service: s3api.Service, op: s3api.OpGetObject.Operation, is: "data read", in: &s3api.GetObjectRequest{Bucket: "b", Key: "k"},
		err: s3api.AccessDenied("Access Denied"), code: "AccessDenied", request: `{"Host":"HOST","bucketName":"b","key":"k"}`,
		resources: `[` + objectResource + `,` + bucketResource + `]`, extra: `{` + transfer + `,"bytesTransferredIn":0}`,
	},
	"GetObject of anybody": {
		caller: nobody(region), service: s3api.Service, op: s3api.OpGetObject.Operation, is: "data read", user: `{"type":"AWSAccount","accountId":"ANONYMOUS_PRINCIPAL"}`,
		in: &s3api.GetObjectRequest{Bucket: "b", Key: "k"}, out: &s3api.GetObjectOutput{ContentLength: new(int64(1))}, request: `{"Host":"HOST","bucketName":"b","key":"k"}`,
		resources: `[` + objectResource + `,{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b"}]`, extra: `{"bytesTransferredIn":0,"bytesTransferredOut":1}`,
	},

	// AWS CloudTrail and AWS Organizations
	"StartLogging": {
		service: cloudtrailapi.Service, op: cloudtrailapi.OpStartLogging.Operation, is: "write", in: &cloudtrailapi.StartLoggingRequest{Name: "main"},
		out: &cloudtrailapi.StartLoggingResponse{}, request: `{"name":"main"}`,
	},
	"CreateTrail": {
		service: cloudtrailapi.Service, op: cloudtrailapi.OpCreateTrail.Operation, is: "write", in: &cloudtrailapi.CreateTrailRequest{Name: "main", S3BucketName: "b"},
		out:     &cloudtrailapi.CreateTrailResponse{Name: new("main"), S3BucketName: new("b"), TrailARN: new("arn")},
		request: `{"name":"main","s3BucketName":"b"}`, response: `{"name":"main","s3BucketName":"b","trailARN":"arn"}`,
	},
	"LookupEvents": {
		service: cloudtrailapi.Service, op: cloudtrailapi.OpLookupEvents.Operation, is: "read", in: &cloudtrailapi.LookupEventsRequest{MaxResults: new(int32(1))},
		out: &cloudtrailapi.LookupEventsResponse{}, request: `{"maxResults":1}`,
	},
	"PutAuditEvents": {
		service: cloudtraildataapi.Service, op: cloudtraildataapi.OpPutAuditEvents.Operation, is: "data write",
		in:  &cloudtraildataapi.PutAuditEventsRequest{ChannelArn: channelARN, AuditEvents: []cloudtraildataapi.AuditEvent{{Id: "1", EventData: hush}}},
		out: &cloudtraildataapi.PutAuditEventsResponse{Successful: []cloudtraildataapi.AuditEventResultEntry{{EventID: "e", Id: "1"}}}, request: `{"channelArn":"` + channelARN + `"}`,
		response:  `{"successful":[{"eventID":"e","id":"1"}]}`,
		resources: `[{"accountId":"111122223333","type":"AWS::CloudTrail::Channel","ARN":"` + channelARN + `"}]`,
	},
	"CreateAccount": {
		service: organizationsapi.Service, op: organizationsapi.OpCreateAccount.Operation, is: "write", in: &organizationsapi.CreateAccountRequest{Email: hush, AccountName: hush},
		out:     &organizationsapi.CreateAccountResponse{CreateAccountStatus: &organizationsapi.CreateAccountStatus{Id: new("car-1"), AccountName: new(hush), State: new(organizationsapi.CreateAccountStateInProgress)}},
		request: `{"email":"****","accountName":"****"}`, response: `{"createAccountStatus":{"id":"car-1","accountName":"****","state":"IN_PROGRESS"}}`,
	},
	"a call whose parameters were refused": {
		service: kmsapi.Service, op: kmsapi.OpEncrypt.Operation, is: "read", err: api.NewError("ValidationException", "ValidationException", 400, "1 validation error detected"), code: "ValidationException",
	},
}

func TestRecordsOfTheServices(t *testing.T) {
	null := func(text string) string {
		if text == "" {
			return "null"
		}
		return strings.NewReplacer("ROLE", roleARN, "HOST", "b.s3.amazonaws.com", "\n", "", "\t", "").Replace(text)
	}
	for name, row := range serviceRows {
		t.Run(name, func(t *testing.T) {
			if row.caller == nil {
				row.caller = userOf(account, "Alice")
			}
			call := api.Call{Service: row.service, Operation: row.op, In: row.in, Out: row.out, Err: row.err}
			r := describe(row.caller, &call, kindOf(row.service, row.op), &TLSDetails{Host: "b.s3.amazonaws.com"})
			if row.event == "" {
				row.event = row.op.Name
			}
			is := map[bool]string{true: "read", false: "write"}[r.ReadOnly]
			if !r.Management {
				is = "data " + is
			}
			if r.Name != row.event || is != row.is || r.ErrorCode != row.code || r.Source != row.service.Endpoint+".amazonaws.com" || r.Type != "AwsApiCall" || r.TLS != nil {
				t.Errorf("%s of %s is a %s event: %s", r.Name, r.Source, is, r.text())
			}
			if row.user != "" {
				same(t, "userIdentity", r.User, row.user)
			}
			same(t, "requestParameters", r.RequestParameters, null(row.request))
			same(t, "responseElements", r.ResponseElements, null(row.response))
			same(t, "resources", r.Resources, null(row.resources))
			same(t, "additionalEventData", r.AdditionalEventData, null(row.extra))
			if text := string(r.text()); strings.Contains(text, hush) || strings.Contains(text, "vpcEndpointId") || !json.Valid([]byte(text)) {
				t.Errorf("the record is %s", text)
			}
		})
	}
}

func TestAServicesOwnCallsComeFromTheService(t *testing.T) {
	c := api.CallerOf(api.AsService(as(rootUser(account)), "logs.us-east-1.amazonaws.com", group, account))
	b := newBench(t)
	_, err := b.kms.DescribeKey(api.WithCaller(context.Background(), c), &kmsapi.DescribeKeyRequest{KeyId: key})
	b.ok(err)
	r := b.newest()
	same(t, "sourceIPAddress", r["sourceIPAddress"], `"logs.us-east-1.amazonaws.com"`)
	same(t, "userAgent", r["userAgent"], `"logs.us-east-1.amazonaws.com"`)
	same(t, "recipientAccountId", r["recipientAccountId"], `"`+account+`"`)
	if id, _ := r["sharedEventID"].(string); len(id) != 36 {
		t.Errorf("sharedEventID is %q", id)
	}
}
