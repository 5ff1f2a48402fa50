//go:build walk

package integration

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	encryption "github.com/aws/amazon-s3-encryption-client-go/v3/client"
	"github.com/aws/amazon-s3-encryption-client-go/v3/materials"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	transfertypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// refuses fails the walk unless err has a code of AWS's and a text.
func (y *yard) refuses(err error, code, text string) {
	y.Helper()
	if got, message := codeOf(err); got != code || !strings.Contains(message, text) {
		y.Fatalf("got %v, want %s: %s", err, code, text)
	}
}

// read returns an object's bytes.
func (y *yard) read(in *s3.GetObjectInput) (*s3.GetObjectOutput, string) {
	y.Helper()
	out, err := y.s3.GetObject(y.Context(), in)
	y.ok(err)
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	y.ok(err)
	return out, string(b)
}

func TestWalkS3WithTheSDKForGo(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	y.bucket("gosdk")
	key := y.key()
	y.checksums(key)
	y.transfers(key)
	y.customerKeys()
	y.presigned(key)
}

// checksums shows that what the SDK counts by itself, also behind a stream whose
// end it does not know, comes back.
func (y *yard) checksums(key string) {
	known := map[s3types.ChecksumAlgorithm]string{"": "CRC32 y/Q5Jg==", "CRC32": "CRC32 y/Q5Jg==", "CRC32C": "CRC32C 4waSgw==", "CRC64NVME": "CRC64NVME rosUhgp5mIg=",
		"SHA1": "SHA1 98O8HYCOBHMq32eZZczDTKeuNEE=", "SHA256": "SHA256 FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="}
	for algorithm, want := range known {
		in := &s3.PutObjectInput{Bucket: new("gosdk"), Key: new("sum"), Body: strings.NewReader("123456789"), ChecksumAlgorithm: algorithm, SSEKMSKeyId: &key,
			ServerSideEncryption: s3types.ServerSideEncryptionAwsKms}
		_, err := y.s3.PutObject(y.Context(), in)
		y.ok(err)
		got, text := y.read(&s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, ChecksumMode: s3types.ChecksumModeEnabled})
		y.same("the object", text, "123456789")
		y.same("its key", aws.ToString(got.SSEKMSKeyId), key)
		name, value, _ := strings.Cut(want, " ")
		all := map[string]*string{"CRC32": got.ChecksumCRC32, "CRC32C": got.ChecksumCRC32C, "CRC64NVME": got.ChecksumCRC64NVME, "SHA1": got.ChecksumSHA1, "SHA256": got.ChecksumSHA256}
		y.same(name, aws.ToString(all[name]), value)
	}
	_, err := y.s3.PutObject(y.Context(), &s3.PutObjectInput{Bucket: new("gosdk"), Key: new("sum"), Body: strings.NewReader("x"), ChecksumCRC32: new("AAAAAA==")})
	y.refuses(err, "BadDigest", "CRC32")
}

func (y *yard) transfers(key string) {
	file := y.noise("file", 20<<20)
	f, err := os.Open(file)
	y.ok(err)
	defer f.Close()
	m := transfermanager.New(y.s3, func(o *transfermanager.Options) { o.PartSizeBytes = 5 << 20 })
	up, err := m.UploadObject(y.Context(), &transfermanager.UploadObjectInput{Bucket: new("gosdk"), Key: new("big"), Body: f,
		ServerSideEncryption: transfertypes.ServerSideEncryptionAwsKms, SSEKMSKeyID: &key})
	y.ok(err)
	if !strings.HasSuffix(aws.ToString(up.ETag), `-4"`) {
		y.Fatal(aws.ToString(up.ETag))
	}
	y.underKey("gosdk", "big", key)
	back, err := os.Create(filepath.Join(y.home, "back"))
	y.ok(err)
	defer back.Close()
	_, err = m.DownloadObject(y.Context(), &transfermanager.DownloadObjectInput{Bucket: new("gosdk"), Key: new("big"), WriterAt: back})
	y.ok(err)
	y.same("the big object", y.sum(back.Name()), y.sum(file))
}

func (y *yard) customerKeys() {
	y.allowCustomerKeys("gosdk")
	mine, sum := customerKey("1")
	other, otherSum := customerKey("2")
	_, err := y.s3.PutObject(y.Context(), &s3.PutObjectInput{Bucket: new("gosdk"), Key: new("customer"), Body: strings.NewReader("mine"), SSECustomerAlgorithm: new("AES256"), SSECustomerKey: mine, SSECustomerKeyMD5: sum})
	y.ok(err)
	get := &s3.GetObjectInput{Bucket: new("gosdk"), Key: new("customer")}
	_, err = y.s3.GetObject(y.Context(), get)
	y.refuses(err, "InvalidRequest", "The object was stored using a form of Server Side Encryption.")
	get.SSECustomerAlgorithm, get.SSECustomerKey, get.SSECustomerKeyMD5 = new("AES256"), other, otherSum
	_, err = y.s3.GetObject(y.Context(), get)
	y.refuses(err, "AccessDenied", "must provide the correct secret key.")
	get.SSECustomerKey, get.SSECustomerKeyMD5 = mine, sum
	out, text := y.read(get)
	y.same("under a key of the customer's", text, "mine")
	if out.ServerSideEncryption != "" || aws.ToString(out.SSECustomerAlgorithm) != "AES256" {
		y.Fatal(out.ServerSideEncryption, out.SSECustomerAlgorithm)
	}
}

// customerKey is a key of 32 bytes and its MD5, as they are sent: this SDK
// neither encodes the one nor counts the other.
func customerKey(digit string) (key, sum *string) {
	b := []byte(strings.Repeat(digit, 32))
	h := md5.Sum(b)
	return new(base64.StdEncoding.EncodeToString(b)), new(base64.StdEncoding.EncodeToString(h[:]))
}

func (y *yard) presigned(key string) {
	signer := s3.NewPresignClient(y.s3)
	put, err := signer.PresignPutObject(y.Context(), &s3.PutObjectInput{Bucket: new("gosdk"), Key: new("linked"), ServerSideEncryption: s3types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &key})
	y.ok(err)
	r, err := http.NewRequestWithContext(y.Context(), put.Method, put.URL, strings.NewReader("linked"))
	y.ok(err)
	for name, values := range put.SignedHeader {
		r.Header[name] = values
	}
	answer, err := http.DefaultClient.Do(r)
	y.ok(err)
	answer.Body.Close()
	if answer.StatusCode != 200 {
		y.Fatal(answer.Status)
	}
	y.underKey("gosdk", "linked", key)
	get, err := signer.PresignGetObject(y.Context(), &s3.GetObjectInput{Bucket: new("gosdk"), Key: new("linked")})
	y.ok(err)
	if status, body := y.fetch(get.URL); status != 200 || body != "linked" {
		y.Fatal(status, body)
	}
	if status, body := y.fetch(strings.Replace(get.URL, "linked", "sum", 1)); status != 403 || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
		y.Fatal(status, body)
	}
}

// TestWalkS3WithTheEncryptionClient seals in the client, under data keys of our
// KMS: the store, and S3, see ciphertext only.
func TestWalkS3WithTheEncryptionClient(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key := y.key()
	y.bucket("sealed")
	manager, err := materials.NewCryptographicMaterialsManager(materials.NewKmsKeyring(y.kms, key))
	y.ok(err)
	c, err := encryption.New(y.s3, manager)
	y.ok(err)
	const text = "sealed before it is sent"
	//lint:ignore SA1029 the key is the client's own
	ctx := context.WithValue(t.Context(), encryption.EncryptionContext, map[string]string{"tenant": "one"})
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: new("sealed"), Key: new("o"), Body: strings.NewReader(text)})
	y.ok(err)
	get := &s3.GetObjectInput{Bucket: new("sealed"), Key: new("o")}
	raw, stored := y.read(get)
	if stored == text || !strings.Contains(raw.Metadata["x-amz-matdesc"], "tenant") {
		t.Fatal(stored, raw.Metadata)
	}
	open := func(ctx context.Context) (string, error) {
		out, err := c.GetObject(ctx, get)
		if err != nil {
			return "", err
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(out.Body)
		return b.String(), err
	}
	got, err := open(ctx)
	y.ok(err)
	y.same("the object", got, text)
	//lint:ignore SA1029 the key is the client's own
	_, err = open(context.WithValue(t.Context(), encryption.EncryptionContext, map[string]string{"tenant": "two"}))
	if err == nil {
		t.Fatal("another tenant reads it")
	}
	y.disable(key)
	_, err = open(ctx)
	y.refuses(err, "DisabledException", "is disabled")
	y.enable(key)
	got, err = open(ctx)
	y.ok(err)
	y.same("the object", got, text)
}
