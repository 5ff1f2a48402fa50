package cloudtrail

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/arn"
)

// check tries, as CloudTrail, whether the trail can deliver: AWS does so
// whenever a trail is made or changed. It sets the Region of the bucket and
// the ARN of the key.
func (s *Service) check(ctx context.Context, t *trail, key string) error {
	if err := s.checkBucket(ctx, t); err != nil {
		return err
	}
	if err := s.checkKey(ctx, t, key); err != nil {
		return err
	}
	if err := s.checkPut(ctx, t); err != nil {
		return err
	}
	return s.checkLogs(ctx, t)
}

// checkBucket needs s3:GetBucketAcl, and tells the bucket's Region.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func (s *Service) checkBucket(ctx context.Context, t *trail) error {
	as := t.asTrail(ctx, t.Region)
	_, err := s.config.S3.GetBucketAcl(as, &s3api.GetBucketAclRequest{Bucket: t.Bucket})
	if e, ok := refusal(err); ok {
		if e.Code == "NoSuchBucket" {
			return noBucket(t.Bucket)
		}
		return bucketPolicy(t.Bucket)
	}
	if err != nil {
		return err
	}
	t.BucketRegion = s.bucketRegion(as, t)
	return nil
}

// refusal returns an error of AWS that is no fault of the service.
func refusal(err error) (*api.Error, bool) {
	e, ok := errors.AsType[*api.Error](err)
	return e, ok && !e.Fault()
}

// bucketRegion asks for the Region of the bucket. AWS knows it; here it may be
// hidden from CloudTrail, and the trail's own Region stands for it.
func (s *Service) bucketRegion(as context.Context, t *trail) string {
	if s.config.Bucket != nil {
		if _, region := s.config.Bucket(t.Partition, t.Bucket); region != "" {
			return region
		}
	}
	out, err := s.config.S3.GetBucketLocation(as, &s3api.GetBucketLocationRequest{Bucket: t.Bucket})
	switch {
	case err != nil:
		return t.Region
	case out.LocationConstraint == nil || *out.LocationConstraint == "":
		return "us-east-1"
	}
	return string(*out.LocationConstraint)
}

// The encryption context of what CloudTrail delivers.
// https://docs.aws.amazon.com/kms/latest/developerguide/services-cloudtrail.html
const (
	trailContext  = "aws:cloudtrail:arn"
	objectContext = "aws:s3:arn"
)

// checkKey finds the key and makes a data key that nobody uses.
func (s *Service) checkKey(ctx context.Context, t *trail, text string) error {
	t.Key = ""
	if text == "" {
		return nil
	}
	if s.config.Keys == nil {
		return noKey(text)
	}
	name, err := t.keyName(text)
	if err != nil {
		return err
	}
	as := t.asTrail(ctx, t.BucketRegion)
	if t.Key, err = s.resolveKey(as, t, name); err != nil {
		return s.orMissing(ctx, t, name, err)
	}
	_, err = s.config.Keys.GenerateDataKey(as, &kmsapi.GenerateDataKeyRequest{
		KeyId: t.Key, KeySpec: new(kmsapi.DataKeySpecAes256), EncryptionContext: map[string]string{
			trailContext: t.arn(), objectContext: t.objectARN(t.folder()),
		},
	})
	if refused := keyRefused(err, t, t.Key); refused != nil {
		return s.orMissing(ctx, t, t.Key, refused)
	}
	return nil
}

// keyName is a key identifier as the ARN of a key or of an alias, in the
// bucket's Region.
func (t *trail) keyName(text string) (string, error) {
	resource := "key/" + text
	switch {
	case strings.HasPrefix(text, "arn:"):
		a, err := arn.Parse(text)
		if err != nil || a.Service != "kms" || a.Kind() != "key" && a.Kind() != "alias" {
			return "", badKeyID(text)
		}
		if a.Region != t.BucketRegion {
			return "", noKey(text)
		}
		return text, nil
	case strings.HasPrefix(text, "alias/"):
		resource = text
	case strings.Contains(text, "/"):
		return "", badKeyID(text)
	}
	return arn.ARN{Partition: t.Partition, Service: "kms", Region: t.BucketRegion, Account: t.Account, Resource: resource}.String(), nil
}

// resolveKey returns the key's ARN. kms:DescribeKey is needed for that, unless
// the trail's owner has named the key by its ARN.
func (s *Service) resolveKey(as context.Context, t *trail, name string) (string, error) {
	out, err := s.config.Keys.DescribeKey(as, &kmsapi.DescribeKeyRequest{KeyId: name})
	if e, ok := refusal(err); ok && e.Code == "AccessDeniedException" && strings.Contains(name, ":key/") {
		return name, nil
	}
	if err != nil {
		return "", keyRefused(err, t, name)
	}
	return deref(out.KeyMetadata.Arn), nil
}

// orMissing tells a key that does not exist from one that CloudTrail may not
// use: KMS tells that only who may ask, so the caller is asked for. Other
// refusals are what they are.
//
// Unverified: how AWS finds out.
func (s *Service) orMissing(ctx context.Context, t *trail, name string, refused error) error {
	if e, ok := refusal(refused); !ok || e.Code != "InsufficientEncryptionPolicyException" {
		return refused
	}
	c := *api.CallerOf(ctx)
	c.Region = t.BucketRegion
	as := api.Forward(api.WithCaller(ctx, &c), principal)
	_, err := s.config.Keys.DescribeKey(as, &kmsapi.DescribeKeyRequest{KeyId: name})
	if e, ok := refusal(err); ok && e.Code == "NotFoundException" {
		return noKey(name)
	}
	return refused
}

// keyRefused turns a refusal of AWS KMS into CloudTrail's.
//
// Unverified: which error a disabled key and one of the wrong kind have today.
func keyRefused(err error, t *trail, key string) error {
	e, ok := refusal(err)
	if !ok {
		return err
	}
	switch e.Code {
	case "AccessDeniedException":
		return encryptionPolicy(t.Bucket, key)
	case "NotFoundException":
		return noKey(key)
	}
	return keyFault(e)
}

// checkPut writes the folder of the trail's files.
//
// Unverified: AWS leaves an empty object there; so it is in buckets of trails.
func (s *Service) checkPut(ctx context.Context, t *trail) error {
	err := s.put(ctx, t, &object{Bucket: t.Bucket, Key: t.folder(), key: t.Key})
	e, ok := refusal(err)
	switch {
	case !ok:
		return err
	case e.Code == "NoSuchBucket":
		return noBucket(t.Bucket)
	case t.Key != "" && (strings.HasPrefix(e.Code, "KMS.") || strings.Contains(e.Message, "kms:")):
		return encryptionPolicy(t.Bucket, t.Key)
	}
	return bucketPolicy(t.Bucket)
}

// object is what CloudTrail puts into a bucket.
type object struct {
	Bucket, Key string
	body        []byte
	json        bool // gzip-compressed JSON
	metadata    map[string]string
	key         string // ARN of the KMS key; "" leaves encryption to the bucket
	sse         bool   // encrypt with Amazon S3's key
}

// put writes an object as CloudTrail, for the bucket's owner.
func (s *Service) put(ctx context.Context, t *trail, o *object) error {
	in := &s3api.PutObjectRequest{
		Bucket: o.Bucket, Key: o.Key, Body: io.NopCloser(bytes.NewReader(o.body)), ContentLength: new(int64(len(o.body))),
		ACL: new(s3api.ObjectCannedACLBucketOwnerFullControl), Metadata: o.metadata,
	}
	if o.json {
		in.ContentType, in.ContentEncoding = new("application/json"), new("gzip")
	}
	switch {
	case o.key != "":
		in.ServerSideEncryption, in.SSEKMSKeyId = new(s3api.ServerSideEncryptionAwsKms), &o.key
		in.SSEKMSEncryptionContext = new(contextHeader(t))
	case o.sse:
		in.ServerSideEncryption = new(s3api.ServerSideEncryptionAes256)
	}
	_, err := s.config.S3.PutObject(t.asTrail(ctx, t.BucketRegion), in)
	return err
}

// contextHeader is the pair that CloudTrail adds to Amazon S3's own.
func contextHeader(t *trail) string {
	pairs, err := json.Marshal(map[string]string{trailContext: t.arn()})
	if err != nil {
		panic("cloudtrail: " + err.Error()) // strings can be marshalled
	}
	return base64.StdEncoding.EncodeToString(pairs)
}

// folder is where the files of the trail's account are.
func (t *trail) folder() string {
	folder := "AWSLogs/" + t.logged() + "/"
	if t.Organization != "" {
		folder = "AWSLogs/" + t.Organization + "/" + t.logged() + "/"
	}
	if t.Prefix != "" {
		folder = t.Prefix + "/" + folder
	}
	return folder
}

func (t *trail) objectARN(key string) string {
	return "arn:" + t.Partition + ":s3:::" + t.Bucket + "/" + key
}
