package cloudtrail

import (
	"context"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

func TestRecordHasEveryMemberInAWSsOrder(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.TLS = func(context.Context) *TLSDetails {
			return &TLSDetails{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "kms.us-east-1.amazonaws.com"}
		}
	})
	c := userOf(account, "Alice")
	c.Secure = true
	_, err := b.kms.Encrypt(as(c), &kmsapi.EncryptRequest{
		KeyId: "alias/app", Plaintext: []byte("plaintext"), EncryptionContext: map[string]string{"Department": "IT<&>"},
		GrantTokens: []string{"secret-token"},
	})
	b.ok(err)
	out, err := b.LookupEvents(b.ctx, lookup())
	b.ok(err)
	text := *out.Events[0].CloudTrailEvent
	golden := `{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE",` +
		`"arn":"arn:aws:iam::111122223333:user/Alice","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"Alice"},` +
		`"eventTime":"2026-03-01T12:00:00Z","eventSource":"kms.amazonaws.com","eventName":"Encrypt","awsRegion":"us-east-1",` +
		`"sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2.0","requestParameters":{"keyId":"alias/app",` +
		`"encryptionContext":{"Department":"IT<&>"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"},"responseElements":null,` +
		`"requestID":"request-1","eventID":"` + *out.Events[0].EventId + `","readOnly":true,` +
		`"resources":[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"` + key + `"}],"eventType":"AwsApiCall",` +
		`"managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management",` +
		`"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"kms.us-east-1.amazonaws.com"}}`
	if text != golden {
		t.Errorf("the record is\n%s\nwant\n%s", text, golden)
	}
}

func TestRecordsOfKMSShowNoSecret(t *testing.T) {
	b := newBench(t)
	_, err := b.kms.Decrypt(b.ctx, &kmsapi.DecryptRequest{CiphertextBlob: []byte("ciphertext")})
	b.ok(err)
	r := b.newest()
	same(t, "requestParameters", r["requestParameters"], `{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","keyId":"`+key+`"}`)
	same(t, "responseElements", r["responseElements"], `null`)
	same(t, "additionalEventData", r["additionalEventData"], `{"keyMaterialId":"material"}`)

	_, err = b.kms.CreateGrant(b.ctx, &kmsapi.CreateGrantRequest{KeyId: keyID, GranteePrincipal: new("arn:aws:iam::111122223333:user/Bob"), Operations: []kmsapi.GrantOperation{"Decrypt"}})
	b.ok(err)
	r = b.newest()
	same(t, "responseElements", r["responseElements"], `{"grantId":"grant-1","keyId":"`+key+`"}`)
	same(t, "readOnly", r["readOnly"], `false`)
	same(t, "resources", r["resources"], `[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"`+key+`"}]`)
}

func TestRecordsOfKMSManagementNameTheKey(t *testing.T) {
	b := newBench(t)
	_, err := b.kms.CreateKey(b.ctx, &kmsapi.CreateKeyRequest{Description: new("mine")})
	b.ok(err)
	r := b.newest()
	same(t, "requestParameters", r["requestParameters"], `{"description":"mine"}`)
	meta := r["responseElements"].(map[string]any)["keyMetadata"].(map[string]any)
	for member, want := range map[string]string{
		"aWSAccountId": `"111122223333"`, "creationDate": `"Mar 1, 2026, 12:00:00 PM"`, "arn": `"` + key + `"`, "enabled": `true`,
	} {
		same(t, member, meta[member], want)
	}
	_, err = b.kms.DisableKey(b.ctx, &kmsapi.DisableKeyRequest{KeyId: keyID})
	b.ok(err)
	same(t, "responseElements", b.newest()["responseElements"], `{"keyId":"`+key+`"}`)
}

func TestRefusalIsAccessDeniedInRecords(t *testing.T) {
	b := newBench(t)
	_, err := b.kms.Decrypt(b.ctx, &kmsapi.DecryptRequest{KeyId: new("denied"), CiphertextBlob: []byte("x")})
	b.fails(err, "AccessDeniedException", "")
	r := b.newest()
	same(t, "errorCode", r["errorCode"], `"AccessDenied"`)
	same(t, "errorMessage", r["errorMessage"], `"User: x is not authorized to perform: kms:Decrypt"`)
	same(t, "responseElements", r["responseElements"], `null`)
}

func TestErrorWithoutMessageHasNone(t *testing.T) {
	r := &record{}
	r.fail(kmsapi.InvalidCiphertextException(""))
	if strings.Contains(string(r.text()), "errorMessage") || r.ErrorCode != "InvalidCiphertextException" {
		t.Errorf("the record is %s", r.text())
	}
	r.fail(context.Canceled)
	if r.ErrorCode != "InternalFailure" || strings.Contains(string(r.text()), "canceled") {
		t.Errorf("an internal error shows: %s", r.text())
	}
}

func TestServiceEventsAreRecorded(t *testing.T) {
	b := newBench(t)
	b.Note(context.Background(), Event{
		Source: "kms.amazonaws.com", Name: "RotateKey", Account: account, Region: region, Resource: key, ResourceType: "AWS::KMS::Key",
		Details: map[string]any{"keyId": keyID},
	})
	r := b.newest()
	same(t, "userIdentity", r["userIdentity"], `{"accountId":"111122223333","invokedBy":"AWS Internal"}`)
	same(t, "eventType", r["eventType"], `"AwsServiceEvent"`)
	same(t, "requestParameters", r["requestParameters"], `null`)
	same(t, "serviceEventDetails", r["serviceEventDetails"], `{"keyId":"`+keyID+`"}`)
	same(t, "sourceIPAddress", r["sourceIPAddress"], `"AWS Internal"`)
}

func TestIdentities(t *testing.T) {
	session := &api.Session{Issued: start, Expires: start.Add(time.Hour)}
	role := &api.Caller{Principal: api.Principal{
		Type: api.AssumedRole, Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/App/run", ID: "AROAEXAMPLE:run", Name: "run",
		Issuer: "arn:aws:iam::111122223333:role/service/App", IssuerID: "AROAEXAMPLE",
	}, AccessKeyID: "ASIAEXAMPLE", Session: session}
	federated := &api.Caller{Principal: api.Principal{
		Type: api.FederatedUser, Account: account, ARN: "arn:aws:sts::111122223333:federated-user/Jane", ID: "111122223333:Jane", Name: "Jane",
		Issuer: "arn:aws:iam::111122223333:user/Alice", IssuerID: "AIDAEXAMPLE",
	}, AccessKeyID: "ASIAEXAMPLE", Session: session}
	withMFA := userOf(account, "Alice")
	withMFA.Session = &api.Session{Issued: start, MFA: true, SourceIdentity: "alice"}
	forwarded := userOf(account, "Alice")
	forwarded.Via = []string{"s3.us-east-1.amazonaws.com"}
	stack := userOf(account, "Alice")
	stack.Via = []string{"cloudformation.amazonaws.com"}
	attributes := `"attributes":{"creationDate":"2026-03-01T12:00:00Z","mfaAuthenticated":"false"}`
	for name, test := range map[string]struct {
		caller *api.Caller
		want   string
	}{
		"Root": {rootUser(account), `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":"AKIAROOT"}`},
		"IAMUser with MFA": {withMFA, `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/Alice","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"Alice",
			"sessionContext":{"attributes":{"creationDate":"2026-03-01T12:00:00Z","mfaAuthenticated":"true"},"sourceIdentity":"alice"}}`},
		"AssumedRole": {role, `{"type":"AssumedRole","principalId":"AROAEXAMPLE:run","arn":"arn:aws:sts::111122223333:assumed-role/App/run","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE",
			"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/service/App","accountId":"111122223333","userName":"App"},` + attributes + `}}`},
		"FederatedUser": {federated, `{"type":"FederatedUser","principalId":"111122223333:Jane","arn":"arn:aws:sts::111122223333:federated-user/Jane","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE",
			"sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/Alice","accountId":"111122223333","userName":"Alice"},` + attributes + `}}`},
		"AWSService":      {api.CallerOf(api.AsService(context.Background(), "logs.us-east-1.amazonaws.com", "", account)), `{"type":"AWSService","invokedBy":"logs.us-east-1.amazonaws.com"}`},
		"forwarded by S3": {forwarded, `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/Alice","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"Alice","invokedBy":"AWS Internal"}`},
		"forwarded":       {stack, `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/Alice","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"Alice","invokedBy":"cloudformation.amazonaws.com"}`},
		"Unknown":         {&api.Caller{}, `{"type":"Unknown"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := identify(test.caller, &api.Call{Service: kmsapi.Service})
			same(t, "userIdentity", got, strings.ReplaceAll(test.want, "\n", ""))
		})
	}
}
