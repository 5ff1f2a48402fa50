package integration

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestRotationsAndDeletionsOfKeysAreServiceEvents(t *testing.T) {
	x := startTrailed(t)
	c := kmsClient(x.server.URL, keys(ours, "test"))
	made, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{})
	x.ok(err)
	id, arn := *made.KeyMetadata.KeyId, *made.KeyMetadata.Arn
	_, err = c.EnableKeyRotation(t.Context(), &kms.EnableKeyRotationInput{KeyId: &id})
	x.ok(err)
	x.server.Advance(year)
	rotated := x.named(ours, region, "RotateKey")
	x.is(rotated, map[string]string{
		"eventType": `"AwsServiceEvent"`, "userIdentity": `{"accountId":"111122223333","invokedBy":"AWS Internal"}`,
		"sourceIPAddress": `"AWS Internal"`, "userAgent": `"AWS Internal"`, "requestParameters": `null`, "responseElements": `null`,
		"readOnly": `false`, "managementEvent": `true`, "eventSource": `"kms.amazonaws.com"`,
		"resources": `[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"` + arn + `"}]`,
	})
	if rotated.at("serviceEventDetails", "keyId") != id || rotated.at("serviceEventDetails", "rotationType") != "AUTOMATIC" ||
		rotated.at("serviceEventDetails", "previousKeyMaterialId") == rotated.at("serviceEventDetails", "currentKeyMaterialId") {
		t.Errorf("details of the rotation: %v", rotated["serviceEventDetails"])
	}
	_, err = c.RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &id})
	x.ok(err)
	if how := x.named(ours, region, "RotateKey").at("serviceEventDetails", "rotationType"); how != "ON_DEMAND" {
		t.Errorf("a rotation on demand is %v", how)
	}
	_, err = c.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: aws.Int32(7)})
	x.ok(err)
	x.server.Advance(year / 12)
	x.is(x.named(ours, region, "DeleteKey"), map[string]string{"serviceEventDetails": `{"keyId":"` + id + `"}`, "eventType": `"AwsServiceEvent"`})
}

func TestReplicationOfAKeyIsRecordedWithItsPrimaryKey(t *testing.T) {
	x := startTrailed(t)
	c := kmsClient(x.server.URL, keys(ours, "test"))
	made, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	x.ok(err)
	_, err = c.ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: made.KeyMetadata.KeyId, ReplicaRegion: aws.String("eu-west-1")})
	x.ok(err)
	x.is(x.named(ours, region, "SynchronizeMultiRegionKey"), map[string]string{
		"eventType": `"AwsApiCall"`, "responseElements": `{"keyId":"` + *made.KeyMetadata.Arn + `"}`, "serviceEventDetails": `null`,
		"resources": `[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"` + *made.KeyMetadata.Arn + `"}]`,
	})
}

// overTLS serves the emulator over TLS.
func (t *trailed) overTLS() *httptest.Server {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.server.Emulator().Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestRecordsTellHowTheConnectionWasProtected(t *testing.T) {
	x := startTrailed(t)
	s := x.overTLS()
	client := s.Client()
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.MaxVersion = tls.VersionTLS12
	transport.TLSClientConfig.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	list := func(url string, with func(*kms.Options)) {
		_, err := kmsClient(url, keys(ours, "test")).ListKeys(t.Context(), &kms.ListKeysInput{}, with)
		x.ok(err)
	}
	list(s.URL, func(o *kms.Options) { o.HTTPClient = client })
	host := s.Listener.Addr().String()
	x.is(x.named(ours, region, "ListKeys"), map[string]string{"tlsDetails": `{"tlsVersion":"TLSv1.2",
		"cipherSuite":"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256","clientProvidedHostHeader":"` + host + `"}`})
	list(x.server.URL, func(*kms.Options) {})
	x.is(x.named(ours, region, "ListKeys"), map[string]string{"tlsDetails": `null`})
}

func TestTheBucketsOwnerHearsOfCallsFromOtherAccounts(t *testing.T) {
	x := startTrailed(t)
	mine, other := s3Client(x.server.URL, keys(ours, "test")), s3Client(x.server.URL, keys(theirs, "test"))
	x.bucket(ours, "shared", "")
	_, err := mine.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("shared"), Policy: aws.String(
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + theirs + `"},"Action":"s3:*","Resource":["arn:aws:s3:::shared","arn:aws:s3:::shared/*"]}]}`)})
	x.ok(err)
	_, err = other.GetBucketAcl(t.Context(), &s3.GetBucketAclInput{Bucket: aws.String("shared")})
	x.ok(err)
	a, b := x.named(theirs, region, "GetBucketAcl"), x.named(ours, region, "GetBucketAcl")
	if a["sharedEventID"] == nil || a["sharedEventID"] != b["sharedEventID"] || a["eventID"] == b["eventID"] {
		t.Errorf("the shared ids are %v and %v", a["sharedEventID"], b["sharedEventID"])
	}
	x.is(b, map[string]string{"recipientAccountId": `"` + ours + `"`, "userIdentity": `{"type":"AWSAccount","principalId":"` + theirs + `","accountId":"` + theirs + `"}`})
	_, err = other.GetBucketAcl(t.Context(), &s3.GetBucketAclInput{Bucket: aws.String("nowhere-to-be")})
	if err == nil {
		t.Error("a bucket that is not there has a list")
	}
	x.is(x.named(theirs, region, "GetBucketAcl"), map[string]string{"errorCode": `"NoSuchBucket"`, "sharedEventID": `null`})
}
