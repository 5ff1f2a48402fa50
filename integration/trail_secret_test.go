package integration

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// hushed collects what must not be in any record.
type hushed struct {
	*trailed
	kms   *kms.Client
	bytes map[string][]byte // by what it is
}

func (h *hushed) keep(name string, secret []byte) {
	h.Helper()
	if len(secret) < 8 {
		h.Fatalf("%s is too short to be looked for", name)
	}
	h.bytes[name] = secret
}

func (h *hushed) key(spec kmstypes.KeySpec, usage kmstypes.KeyUsageType, origin kmstypes.OriginType) *string {
	h.Helper()
	out, err := h.kms.CreateKey(h.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage, Origin: origin})
	h.ok(err)
	return out.KeyMetadata.KeyId
}

const plain = "RECOGNISABLE-PLAINTEXT-0123456789"

// encrypts drives the operations of symmetric keys.
func (h *hushed) encrypts() {
	ctx := h.Context()
	key := h.key("", "", "")
	e, err := h.kms.Encrypt(ctx, &kms.EncryptInput{KeyId: key, Plaintext: []byte(plain), EncryptionContext: map[string]string{"shown": "yes"}})
	h.ok(err)
	h.keep("ciphertext", e.CiphertextBlob)
	_, err = h.kms.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: e.CiphertextBlob, EncryptionContext: map[string]string{"shown": "yes"}})
	h.ok(err)
	r, err := h.kms.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: e.CiphertextBlob, DestinationKeyId: key, SourceEncryptionContext: map[string]string{"shown": "yes"}})
	h.ok(err)
	h.keep("ciphertext of ReEncrypt", r.CiphertextBlob)
	d, err := h.kms.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: key, KeySpec: kmstypes.DataKeySpecAes256})
	h.ok(err)
	h.keep("data key", d.Plaintext)
	h.keep("wrapped data key", d.CiphertextBlob)
	w, err := h.kms.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: key, KeySpec: kmstypes.DataKeySpecAes256})
	h.ok(err)
	h.keep("wrapped data key alone", w.CiphertextBlob)
	p, err := h.kms.GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{KeyId: key, KeyPairSpec: kmstypes.DataKeyPairSpecEccNistP256})
	h.ok(err)
	h.keep("private key", p.PrivateKeyPlaintext)
	h.keep("wrapped private key", p.PrivateKeyCiphertextBlob)
	n, err := h.kms.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(32)})
	h.ok(err)
	h.keep("random bytes", n.Plaintext)
	g, err := h.kms.CreateGrant(ctx, &kms.CreateGrantInput{
		KeyId: key, GranteePrincipal: aws.String("arn:aws:iam::" + ours + ":root"), Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt},
	})
	h.ok(err)
	h.keep("grant token", []byte(*g.GrantToken))
	_, err = h.kms.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: g.GrantToken})
	h.ok(err)
}

// signs drives the operations of the other families.
func (h *hushed) signs() {
	ctx, message := h.Context(), []byte("RECOGNISABLE-MESSAGE-0123456789ab")
	h.keep("message", message)
	key := h.key(kmstypes.KeySpecEccNistP256, kmstypes.KeyUsageTypeSignVerify, "")
	s, err := h.kms.Sign(ctx, &kms.SignInput{KeyId: key, Message: message, SigningAlgorithm: kmstypes.SigningAlgorithmSpecEcdsaSha256})
	h.ok(err)
	h.keep("signature", s.Signature)
	_, err = h.kms.Verify(ctx, &kms.VerifyInput{KeyId: key, Message: message, Signature: s.Signature, SigningAlgorithm: kmstypes.SigningAlgorithmSpecEcdsaSha256})
	h.ok(err)
	key = h.key(kmstypes.KeySpecHmac256, kmstypes.KeyUsageTypeGenerateVerifyMac, "")
	m, err := h.kms.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: key, Message: message, MacAlgorithm: kmstypes.MacAlgorithmSpecHmacSha256})
	h.ok(err)
	h.keep("mac", m.Mac)
	_, err = h.kms.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: key, Message: message, Mac: m.Mac, MacAlgorithm: kmstypes.MacAlgorithmSpecHmacSha256})
	h.ok(err)
	key = h.key(kmstypes.KeySpecEccNistP256, kmstypes.KeyUsageTypeKeyAgreement, "")
	mine, err := ecdh.P256().GenerateKey(rand.Reader)
	h.ok(err)
	public, err := x509.MarshalPKIXPublicKey(mine.PublicKey())
	h.ok(err)
	a, err := h.kms.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: key, KeyAgreementAlgorithm: kmstypes.KeyAgreementAlgorithmSpecEcdh, PublicKey: public})
	h.ok(err)
	h.keep("shared secret", a.SharedSecret)
	key = h.key("", "", kmstypes.OriginTypeExternal)
	i, err := h.kms.GetParametersForImport(ctx, &kms.GetParametersForImportInput{
		KeyId: key, WrappingAlgorithm: kmstypes.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: kmstypes.WrappingKeySpecRsa2048,
	})
	h.ok(err)
	h.keep("import token", i.ImportToken)
	wrapped := bytes.Repeat([]byte("RECOGNISABLE-MAT"), 16)
	h.keep("wrapped key material", wrapped)
	if _, err = h.kms.ImportKeyMaterial(ctx, &kms.ImportKeyMaterialInput{
		KeyId: key, ImportToken: i.ImportToken, EncryptedKeyMaterial: wrapped, ExpirationModel: kmstypes.ExpirationModelTypeKeyMaterialDoesNotExpire,
	}); err == nil {
		h.Error("arbitrary bytes were imported")
	}
}

// signsIn drives what makes credentials in IAM and STS.
func (h *hushed) signsIn() {
	ctx, user := h.Context(), aws.String("hush")
	i, s := iamClient(h.server.URL, keys(ours, "test")), stsClient(h.server.URL, keys(ours, "test"))
	_, err := i.CreateUser(ctx, &iam.CreateUserInput{UserName: user})
	h.ok(err)
	k, err := i.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	h.ok(err)
	h.keep("secret access key", []byte(*k.AccessKey.SecretAccessKey))
	t, err := s.GetSessionToken(ctx, &sts.GetSessionTokenInput{})
	h.ok(err)
	h.keep("secret of a session", []byte(*t.Credentials.SecretAccessKey))
	_, err = i.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + ours + `"},"Action":"sts:AssumeRole"}]}`)})
	h.ok(err)
	_, err = i.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: user, PolicyName: aws.String("p"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}`)})
	h.ok(err)
	as := stsClient(h.server.URL, keys(*k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey))
	r, err := as.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + ours + ":role/r"), RoleSessionName: aws.String("run")})
	h.ok(err)
	h.keep("secret of a role's session", []byte(*r.Credentials.SecretAccessKey))
	f, err := as.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("fed")})
	h.ok(err)
	h.keep("secret of a federated user", []byte(*f.Credentials.SecretAccessKey))
	h.keep("web identity token", []byte("eyJhbGciOiJub25lIn0.RECOGNISABLE-TOKEN.x"))
	if _, err = s.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::" + ours + ":role/r"), RoleSessionName: aws.String("run"), WebIdentityToken: aws.String("eyJhbGciOiJub25lIn0.RECOGNISABLE-TOKEN.x"),
	}); err == nil {
		h.Error("a made-up token was taken")
	}
}

// files returns what lies in the log files of a bucket.
func (t *trailed) files(account, bucket string) map[string]string {
	t.Helper()
	c, found := s3Client(t.server.URL, keys(account, "test")), map[string]string{}
	list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	t.ok(err)
	for _, o := range list.Contents {
		if !strings.HasSuffix(*o.Key, ".json.gz") {
			continue
		}
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: o.Key})
		t.ok(err)
		z, err := gzip.NewReader(out.Body)
		t.ok(err)
		text, err := io.ReadAll(z)
		t.ok(err)
		found[*o.Key] = string(text)
	}
	return found
}

const trailPolicy = `{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::trail-logs"},
 {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::trail-logs/*"}]}`

// trail makes a trail that logs into the bucket trail-logs.
func (t *trailed) trail(account string, change ...func(*cloudtrail.CreateTrailInput)) *cloudtrail.Client {
	t.Helper()
	t.bucket(account, "trail-logs", trailPolicy)
	c := trailClient(t.server.URL, keys(account, "test"))
	in := &cloudtrail.CreateTrailInput{Name: aws.String("main"), S3BucketName: aws.String("trail-logs"), EnableLogFileValidation: aws.Bool(true)}
	for _, fn := range change {
		fn(in)
	}
	_, err := c.CreateTrail(t.Context(), in)
	t.ok(err)
	_, err = c.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: in.Name})
	t.ok(err)
	return c
}

func everyRegion(in *cloudtrail.CreateTrailInput) { in.IsMultiRegionTrail = aws.Bool(true) }

func TestNoRecordHoldsWhatIsSecret(t *testing.T) {
	h := &hushed{trailed: startTrailed(t), bytes: map[string][]byte{"plaintext": []byte(plain)}}
	h.kms = kmsClient(h.server.URL, keys(ours, "test"))
	h.trail(ours, everyRegion)
	h.encrypts()
	h.signs()
	h.signsIn()
	h.server.Advance(time.Hour)
	texts := h.files(ours, "trail-logs")
	for _, where := range []string{region, "us-east-1"} {
		for _, e := range h.history(ours, where) {
			b, err := json.Marshal(e)
			h.ok(err)
			texts[where+" "+e["eventName"].(string)+" "+e["eventID"].(string)] = string(b)
		}
	}
	all := ""
	for _, text := range texts {
		all += text
	}
	for _, name := range []string{"Encrypt", "GenerateDataKeyPair", "Sign", "ImportKeyMaterial", "CreateAccessKey", "AssumeRoleWithWebIdentity", "GetFederationToken"} {
		if !strings.Contains(all, `"eventName":"`+name+`"`) {
			t.Errorf("%s was not recorded", name)
		}
	}
	for what, secret := range h.bytes {
		for form, needle := range map[string]string{
			"": string(secret), " in base64": base64.RawStdEncoding.EncodeToString(secret)[:len(secret)],
			" in URL-safe base64": base64.RawURLEncoding.EncodeToString(secret)[:len(secret)], " in hex": hex.EncodeToString(secret),
		} {
			for where, text := range texts {
				if strings.Contains(text, needle) || strings.Contains(text, strings.ToUpper(needle)) && form == " in hex" {
					t.Errorf("%s%s is in %s", what, form, where)
				}
			}
		}
	}
}
