package integration

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// resultsPolicy lets CloudTrail deliver the results of queries of our stores.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/s3-bucket-policy-lake-query-results.html
const resultsPolicy = `{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["s3:PutObject*","s3:Abort*"],
  "Resource":["arn:aws:s3:::results","arn:aws:s3:::results/*"],"Condition":{"StringLike":{"aws:SourceAccount":"` + ours + `",
  "aws:SourceArn":"arn:aws:cloudtrail:` + region + `:` + ours + `:eventdatastore/*"}}},
 {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::results"}]}`

// deliverTo runs a query whose results are delivered to the bucket results.
func (t *trailed) deliverTo(c *cloudtrail.Client, statement string) (id string, status types.DeliveryStatus) {
	t.Helper()
	q, err := c.StartQuery(t.Context(), &cloudtrail.StartQueryInput{QueryStatement: &statement, DeliveryS3Uri: aws.String("s3://results/some")})
	t.ok(err)
	for range 500 {
		d, err := c.DescribeQuery(t.Context(), &cloudtrail.DescribeQueryInput{QueryId: q.QueryId})
		t.ok(err)
		if d.DeliveryStatus != types.DeliveryStatusPending {
			return *q.QueryId, d.DeliveryStatus
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the results are not delivered in time")
	return "", ""
}

// object reads an object of the bucket results.
func (t *trailed) object(c *s3.Client, key string) ([]byte, error) {
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("results"), Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

// bucketUnderKey makes the bucket results, encrypted under a key of its owner.
func (t *trailed) bucketUnderKey() (key string) {
	t.Helper()
	t.bucket(ours, "results", resultsPolicy)
	made, err := kmsClient(t.server.URL, keys(ours, "test")).CreateKey(t.Context(), &kms.CreateKeyInput{})
	t.ok(err)
	_, err = s3Client(t.server.URL, keys(ours, "test")).PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{
		Bucket: aws.String("results"), ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
			Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{
				SSEAlgorithm: s3types.ServerSideEncryptionAwsKms, KMSMasterKeyID: made.KeyMetadata.Arn,
			}}},
		},
	})
	t.ok(err)
	return *made.KeyMetadata.Arn
}

// letCloudTrail changes the policy of a key so that CloudTrail may encrypt.
func (t *trailed) letCloudTrail(key string) {
	t.Helper()
	_, err := kmsClient(t.server.URL, keys(ours, "test")).PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &key, Policy: aws.String(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + ours + `:root"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:Decrypt"],"Resource":"*"}]}`)})
	t.ok(err)
}

// reader is a user of our account who may read objects, and whose policy can
// be changed.
func (t *trailed) reader() (c *s3.Client, may func(action string)) {
	t.Helper()
	admin, name := iamClient(t.server.URL, keys(ours, "test")), aws.String("reader")
	_, err := admin.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name})
	t.ok(err)
	k, err := admin.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	t.ok(err)
	may = func(action string) {
		t.Helper()
		_, err := admin.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
			UserName: name, PolicyName: aws.String(strings.ReplaceAll(action, ":", "-")),
			PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`),
		})
		t.ok(err)
	}
	may("s3:GetObject")
	return s3Client(t.server.URL, keys(*k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey)), may
}

func TestResultsUnderTheKeyOfABucketAreReadByThoseWhoMayDecrypt(t *testing.T) {
	x := startTrailed(t)
	c := lakeClient(x.server.URL, keys(ours, "test"))
	_, store := x.eventStore(c, "lake", category("Management"))
	key := x.bucketUnderKey()
	x.server.Advance(10 * time.Minute)
	statement := "SELECT eventName FROM " + store + " WHERE eventName = 'CreateKey'"
	if _, status := x.deliverTo(c, statement); status != types.DeliveryStatusAccessDenied {
		t.Errorf("a key whose policy does not name CloudTrail: the delivery is %s", status)
	}
	x.letCloudTrail(key)
	id, status := x.deliverTo(c, statement)
	if status != types.DeliveryStatusSuccess {
		t.Fatalf("the delivery is %s", status)
	}
	folder := "some/AWSLogs/" + ours + "/CloudTrail-Lake/Query/" + x.server.Now().UTC().Format("2006/01/02") + "/" + id + "/"
	user, may := x.reader()
	_, err := x.object(user, folder+"result_1.csv.gz")
	if code, _ := codeOf(err); code != "AccessDenied" {
		t.Errorf("without kms:Decrypt: %v", err)
	}
	may("kms:Decrypt")
	file, err := x.object(user, folder+"result_1.csv.gz")
	x.ok(err)
	z, err := gzip.NewReader(bytes.NewReader(file))
	x.ok(err)
	if text, err := io.ReadAll(z); err != nil || string(text) != "eventName\nCreateKey\n" {
		t.Errorf("the results are %q, %v", text, err)
	}
	sign, err := x.object(user, folder+"result_sign.json")
	x.ok(err)
	x.validate(c, sign, map[string][]byte{"result_1.csv.gz": file})
}

// signFile is the file that signs results.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-results-file-validation-sign-file-structure.html
type signFile struct {
	Version   string `json:"version"`
	Region    string `json:"region"`
	Hash      string `json:"hashAlgorithm"`
	Algorithm string `json:"signatureAlgorithm"`
	Completed string `json:"queryCompleteTime"`
	Signature string `json:"hashSignature"`
	Key       string `json:"publicKeyFingerprint"`
	Files     []struct {
		Hash string `json:"fileHashValue"`
		Name string `json:"fileName"`
	} `json:"files"`
}

// validate holds the files against their hashes, and the hashes against the
// signature, with the public key of the Region.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-results-file-custom-validation.html
func (t *trailed) validate(c *cloudtrail.Client, text []byte, files map[string][]byte) {
	t.Helper()
	var f signFile
	t.ok(json.Unmarshal(text, &f))
	if f.Version != "1.0" || f.Region != region || f.Hash != "SHA-256" || f.Algorithm != "SHA256withRSA" || len(f.Files) != len(files) {
		t.Errorf("the sign file is %s", text)
	}
	var hashes []string
	for _, one := range f.Files {
		sum := sha256.Sum256(files[one.Name])
		if one.Hash != hex.EncodeToString(sum[:]) {
			t.Errorf("the hash of %s is %s", one.Name, one.Hash)
		}
		hashes = append(hashes, one.Hash)
	}
	at, err := time.Parse(time.RFC3339, f.Completed)
	t.ok(err)
	list, err := c.ListPublicKeys(t.Context(), &cloudtrail.ListPublicKeysInput{StartTime: &at, EndTime: aws.Time(at.Add(time.Second))})
	t.ok(err)
	signature, err := hex.DecodeString(f.Signature)
	t.ok(err)
	for _, k := range list.PublicKeyList {
		if *k.Fingerprint != f.Key {
			continue
		}
		public, err := x509.ParsePKCS1PublicKey(k.Value)
		t.ok(err)
		sum := sha256.Sum256([]byte(strings.Join(hashes, " ")))
		t.ok(rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature))
		sum = sha256.Sum256([]byte(strings.Repeat("0", 64)))
		if rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil {
			t.Error("the signature is good for other files")
		}
		return
	}
	t.Errorf("no public key has the fingerprint %s", f.Key)
}
