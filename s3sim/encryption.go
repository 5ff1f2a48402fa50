package s3sim

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/storage"
)

const (
	sseS3   = s3api.ServerSideEncryptionAes256
	sseKMS  = s3api.ServerSideEncryptionAwsKms
	sseDual = s3api.ServerSideEncryptionAwsKmsDsse
	// sseC marks what is sealed under the customer's key; no header has it.
	sseC s3api.ServerSideEncryption = "SSE-C"

	// managedKey is the AWS managed key of S3 in the account of the requester.
	managedKey = "alias/aws/s3"
)

// customerKey are the headers with the key of the customer.
type customerKey struct{ algorithm, key, md5 *string }

func (c customerKey) any() bool { return c.algorithm != nil || c.key != nil || c.md5 != nil }

// bytes checks the headers of a write and returns the key.
func (c customerKey) bytes() ([]byte, error) {
	key, err := c.decode()
	switch {
	case err != nil:
		return nil, err
	case len(key) != 32:
		return nil, customerBadKey()
	}
	return key, nil
}

// decode checks all but the length, as reads do: a key that is too short is
// there just a wrong one.
func (c customerKey) decode() ([]byte, error) {
	switch {
	case c.algorithm == nil:
		return nil, customerNoAlgorithm()
	case *c.algorithm != "AES256":
		return nil, customerAlgorithm(*c.algorithm)
	case c.key == nil:
		return nil, customerNoKey()
	}
	key, err := base64.StdEncoding.DecodeString(*c.key)
	if err != nil || c.md5 == nil {
		return nil, customerBadKey()
	}
	sum := md5.Sum(key)
	if base64.StdEncoding.EncodeToString(sum[:]) != *c.md5 {
		return nil, customerBadMD5()
	}
	return key, nil
}

// encryptionHeaders are what a write says about the encryption of the new
// object.
type encryptionHeaders struct {
	algorithm *s3api.ServerSideEncryption
	keyID     *string
	context   *string // base64
	bucketKey *bool
	customer  customerKey
}

// keys are the condition keys of those headers; the bucket's default does not
// set them.
func (h encryptionHeaders) keys(keys auth.Keys) auth.Keys {
	keys = with(keys, "s3:x-amz-server-side-encryption", string(value(h.algorithm)))
	keys = with(keys, "s3:x-amz-server-side-encryption-aws-kms-key-id", value(h.keyID))
	return with(keys, "s3:x-amz-server-side-encryption-customer-algorithm", value(h.customer.algorithm))
}

// choice is the encryption of a new object.
type choice struct {
	kind      s3api.ServerSideEncryption
	keyID     string // as it was given; empty for none
	context   map[string]string
	bucketKey bool
	customer  []byte
	keyMD5    string
}

// choose settles the encryption of a new object: what the request says, or
// else the bucket's default.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
func (b *bucketRecord) choose(h encryptionHeaders) (choice, error) {
	if h.customer.any() {
		return b.chooseCustomer(h)
	}
	c, err := h.requested()
	if err != nil {
		return c, err
	}
	rule := b.defaultRule()
	if c.kind == "" {
		c.kind, c.keyID = rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm, value(rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID)
	}
	if c.kind == sseKMS {
		c.bucketKey = value(rule.BucketKeyEnabled)
		if h.bucketKey != nil {
			c.bucketKey = *h.bucketKey
		}
	}
	if c.keyID == "" && c.kind != sseS3 {
		c.keyID = managedKey
	}
	return c, nil
}

func (b *bucketRecord) chooseCustomer(h encryptionHeaders) (choice, error) {
	if h.algorithm != nil || h.keyID != nil {
		return choice{}, customerWithSSE()
	}
	key, err := h.customer.bytes()
	if err != nil {
		return choice{}, err
	}
	if b.blocksCustomerKeys() {
		return choice{}, customerBlocked()
	}
	return choice{kind: sseC, customer: key, keyMD5: *h.customer.md5}, nil
}

// requested is what the headers choose; an empty kind leaves it to the bucket.
func (h encryptionHeaders) requested() (choice, error) {
	c := choice{kind: value(h.algorithm), keyID: value(h.keyID)}
	switch c.kind {
	case sseKMS, sseDual:
	case "", sseS3:
		if h.keyID != nil || h.context != nil {
			return c, kmsKeyWithoutKMS(string(c.kind))
		}
		return c, nil
	default:
		return c, unknownEncryption(string(c.kind))
	}
	if c.kind == sseDual && value(h.bucketKey) {
		return c, bucketKeyUnfit(string(c.kind))
	}
	var err error
	c.context, err = parseContext(h.context)
	return c, err
}

// parseContext reads the caller's encryption context.
func parseContext(header *string) (map[string]string, error) {
	if header == nil {
		return nil, nil
	}
	text, err := base64.StdEncoding.DecodeString(*header)
	var pairs map[string]string
	if err != nil || json.Unmarshal(text, &pairs) != nil {
		return nil, badContext()
	}
	if _, taken := pairs[contextKey]; taken {
		return nil, badContext()
	}
	return pairs, nil
}

// defaultRule is the encryption of objects that name none: S3's own, unless
// the bucket says otherwise.
func (b *bucketRecord) defaultRule() s3api.ServerSideEncryptionRule {
	if b.Encryption != nil {
		return *b.Encryption
	}
	return s3api.ServerSideEncryptionRule{
		ApplyServerSideEncryptionByDefault: &s3api.ServerSideEncryptionByDefault{SSEAlgorithm: sseS3},
		BucketKeyEnabled:                   new(false),
	}
}

// blocksCustomerKeys reports whether writes with SSE-C are refused.
func (b *bucketRecord) blocksCustomerKeys() bool {
	if b.Encryption == nil || b.Encryption.BlockedEncryptionTypes == nil {
		return false
	}
	for _, t := range b.Encryption.BlockedEncryptionTypes.EncryptionType {
		if t == s3api.EncryptionTypeSseC {
			return true
		}
	}
	return false
}

// blockedRule is the encryption of new buckets that block SSE-C.
//
// Unverified: how GetBucketEncryption shows it; no recording is of such a
// bucket.
func blockedRule() *s3api.ServerSideEncryptionRule {
	rule := (&bucketRecord{}).defaultRule()
	rule.BlockedEncryptionTypes = &s3api.BlockedEncryptionTypes{EncryptionType: []s3api.EncryptionType{s3api.EncryptionTypeSseC}}
	return &rule
}

// GetBucketEncryption returns the default encryption of a bucket, the key as it
// was sent.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
func (s *Service) GetBucketEncryption(ctx context.Context, in *s3api.GetBucketEncryptionRequest) (*s3api.GetBucketEncryptionOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetEncryptionConfiguration")
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &s3api.ServerSideEncryptionConfiguration{
		Rules: []s3api.ServerSideEncryptionRule{b.defaultRule()},
	}}, nil
}

// PutBucketEncryption sets the encryption of objects to come that name none.
// The key is not looked at until it is used.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
func (s *Service) PutBucketEncryption(ctx context.Context, in *s3api.PutBucketEncryptionRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutEncryptionConfiguration")
	if err != nil {
		return nil, err
	}
	rule, err := checkRule(in.ServerSideEncryptionConfiguration.Rules)
	if err != nil {
		return nil, err
	}
	return nil, s.setEncryption(ctx, b, &rule)
}

// checkRule returns the one rule, whole.
func checkRule(rules []s3api.ServerSideEncryptionRule) (s3api.ServerSideEncryptionRule, error) {
	if len(rules) != 1 {
		return s3api.ServerSideEncryptionRule{}, malformedXML()
	}
	rule := rules[0]
	if rule.ApplyServerSideEncryptionByDefault == nil {
		if rule.BlockedEncryptionTypes == nil && rule.BucketKeyEnabled == nil {
			return rule, malformedXML()
		}
		rule.ApplyServerSideEncryptionByDefault = &s3api.ServerSideEncryptionByDefault{SSEAlgorithm: sseS3}
	}
	by := rule.ApplyServerSideEncryptionByDefault
	switch {
	case by.SSEAlgorithm != sseS3 && by.SSEAlgorithm != sseKMS && by.SSEAlgorithm != sseDual:
		return rule, malformedXML()
	case by.SSEAlgorithm == sseS3 && by.KMSMasterKeyID != nil:
		return rule, kmsKeyNotApplicable()
	}
	rule.BucketKeyEnabled = new(value(rule.BucketKeyEnabled))
	return rule, nil
}

// DeleteBucketEncryption goes back to S3's own keys.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
func (s *Service) DeleteBucketEncryption(ctx context.Context, in *s3api.DeleteBucketEncryptionRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "PutEncryptionConfiguration")
	if err != nil {
		return nil, err
	}
	return nil, s.setEncryption(ctx, b, nil)
}

func (s *Service) setEncryption(ctx context.Context, b *bucket, rule *s3api.ServerSideEncryptionRule) error {
	return s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		if rule != nil && rule.BlockedEncryptionTypes == nil && r.Encryption != nil {
			// Unverified: what is not mentioned stays blocked.
			rule.BlockedEncryptionTypes = r.Encryption.BlockedEncryptionTypes
		}
		r.Encryption, r.Chosen = rule, rule != nil
		return nil
	})
}
