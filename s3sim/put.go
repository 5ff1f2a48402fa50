package s3sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/s3sim/checksum"
)

// draft is a new object before its content: what the headers of PutObject,
// CopyObject and CreateMultipartUpload say of it.
type draft struct {
	bucket, key string
	headers     headers
	tags        map[string]string
	grants      grantHeaders
	crypt       encryptionHeaders
	lock        lockHeaders

	acl    []grant
	owner  string
	choice choice
	kept   lock
}

// actions are what the writer must be allowed to do.
//
// Unverified: a list that gives the bucket's owner what he has anyway, and one
// that a service sends, take no permission of their own. AWS's bucket policy
// for CloudTrail, which sends one, allows s3:PutObject alone:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func (d *draft) actions(b *bucket, c *api.Caller) []string {
	list := []string{"PutObject"}
	if d.grants.any() && c.Type != api.AWSService && !(b.enforced() && d.grants.ownersOnly(b.Account)) {
		list = append(list, "PutObjectAcl")
	}
	if len(d.tags) > 0 {
		list = append(list, "PutObjectTagging")
	}
	if d.lock.mode != nil || d.lock.until != nil {
		list = append(list, "PutObjectRetention")
	}
	if d.lock.hold != nil {
		list = append(list, "PutObjectLegalHold")
	}
	return list
}

// keys are the condition keys of the write.
func (d *draft) keys(more auth.Keys, now time.Time) auth.Keys {
	keys := tagKeys(d.crypt.keys(grantKeys(d.grants)), d.tags)
	keys = with(keys, "s3:x-amz-storage-class", string(cmp.Or(d.headers.StorageClass, s3api.StorageClassStandard)))
	keys = with(keys, "s3:x-amz-website-redirect-location", d.headers.Redirect)
	keys = d.lock.keys(keys, now)
	for k, v := range more {
		keys[k] = v
	}
	return keys
}

// admit finds the bucket, authorizes the write, and settles everything about
// the new object but its content.
func (s *Service) admit(ctx context.Context, d *draft, expected *string, more auth.Keys) (*bucket, error) {
	b, err := s.find(ctx, d.bucket, expected)
	if err != nil {
		return nil, err
	}
	if len(d.key) > maxKey {
		return nil, keyTooLong(len(d.key))
	}
	keys := d.keys(more, s.clock.Now())
	for _, action := range d.actions(b, api.CallerOf(ctx)) {
		if err := s.authorize(ctx, b, ask{action: action, key: d.key, keys: keys}); err != nil {
			return nil, err
		}
	}
	if err := d.headers.check(); err != nil {
		return nil, err
	}
	return b, s.settle(ctx, b, d)
}

// settle decides who owns the object, who may use it, how it is encrypted and
// for how long it is locked.
func (s *Service) settle(ctx context.Context, b *bucket, d *draft) (err error) {
	d.owner = b.ownerOfNew(accountOf(ctx), d.grants)
	if d.acl, err = b.settle(d.grants, d.owner); err != nil {
		return err
	}
	if d.kept, err = b.lockNew(d.lock, s.clock.Now()); err != nil {
		return err
	}
	d.choice, err = b.choose(d.crypt)
	return err
}

// ownerOfNew is the account that will own what the account writes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func (b *bucketRecord) ownerOfNew(account string, h grantHeaders) string {
	preferred := b.Ownership == s3api.ObjectOwnershipBucketOwnerPreferred && h.canned == "bucket-owner-full-control"
	if b.enforced() || preferred {
		return b.Account
	}
	return account
}

// version is the record of the object, without its content.
func (d *draft) version(e envelope, now time.Time) *version {
	return &version{
		Key: d.key, Modified: now, Owner: d.owner, Headers: d.headers, Tags: d.tags, ACL: d.acl, Crypt: e, Lock: d.kept,
	}
}

// check refuses headers that are too large, and what they may not say.
func (h *headers) check() error {
	switch h.StorageClass {
	case s3api.StorageClassOutposts, s3api.StorageClassSnow, s3api.StorageClassExpressOnezone, s3api.StorageClassFsxOpenzfs, s3api.StorageClassFsxOntap:
		return invalidStorageClass(h.StorageClass)
	}
	if h.Redirect != "" && !slices.ContainsFunc([]string{"http://", "https://", "/"}, func(p string) bool { return strings.HasPrefix(h.Redirect, p) }) {
		return badRequest("InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
	}
	size := 0
	for k, v := range h.Metadata {
		size += len(k) + len(v)
	}
	if size > maxMetadata {
		return metadataTooLarge(size)
	}
	return nil
}

// plainTag reports whether the entity tag of an object is the MD5 of its
// content.
func (e *envelope) plainTag() bool { return e.Kind == sseS3 }

// etag is the entity tag of a content: its MD5, or nothing that could be told
// from it.
func (e *envelope) etag(d digests) string {
	if e.plainTag() {
		return hex.EncodeToString(d.sum(checksum.MD5))
	}
	random := make([]byte, 16)
	rand.Read(random)
	return hex.EncodeToString(random)
}

// PutObject stores an object. Its content is sealed as it comes; it is there,
// whole, when the answer comes, or not at all.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func (s *Service) PutObject(ctx context.Context, in *s3api.PutObjectRequest) (*s3api.PutObjectOutput, error) {
	cond := writeConditions{in.IfMatch, in.IfNoneMatch}
	if in.WriteOffsetBytes != nil {
		return nil, notImplemented("x-amz-write-offset-bytes")
	}
	if err := cond.valid(); err != nil {
		return nil, err
	}
	d, err := putDraft(in)
	if err != nil {
		return nil, err
	}
	claimed, err := claimOf(in, in.ContentMD5, in.ContentLength, in.Body)
	if err != nil {
		return nil, err
	}
	b, err := s.admit(ctx, d, in.ExpectedBucketOwner, cond.keys())
	if err != nil {
		return nil, err
	}
	if err := s.early(ctx, b, d.key, cond); err != nil {
		return nil, err
	}
	v, err := s.put(ctx, b, d, &claimed, cmp.Or(claimed.algorithm, checksum.CRC64NVME), cond)
	if err != nil {
		return nil, err
	}
	out := putAnswer(b, v, in.SSEKMSEncryptionContext)
	out.Expiration, err = s.expiration(ctx, b, v)
	return out, err
}

// keys are the condition keys of a conditional write.
func (c writeConditions) keys() auth.Keys {
	keys := with(with(auth.Keys{}, "s3:if-match", value(c.match)), "s3:if-none-match", value(c.noneMatch))
	return creation(keys, true)
}

// creation tells the calls that make an object of those that begin or feed a
// multipart upload, which have no such conditions.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
func creation(keys auth.Keys, makes bool) auth.Keys {
	return with(keys, "s3:objectcreationoperation", strconv.FormatBool(makes))
}

// early refuses a conditional write that must fail before its content is
// taken in. To compare entity tags takes the right to read.
func (s *Service) early(ctx context.Context, b *bucket, key string, cond writeConditions) error {
	if cond.match == nil && cond.noneMatch == nil {
		return nil
	}
	_, v, err := s.peek(ctx, target{bucket: b.Name, key: key})
	if err != nil {
		return err
	}
	if cond.match != nil {
		if err := s.authorize(ctx, b, ask{action: "GetObject", key: key, object: v}); err != nil {
			return err
		}
	}
	return cond.check(key, v)
}

// put takes in the content, with a checksum of the algorithm, and makes the
// object.
func (s *Service) put(ctx context.Context, b *bucket, d *draft, c *claim, algorithm checksum.Algorithm, cond writeConditions) (*version, error) {
	e, keys, err := s.seal(ctx, b, d.key, d.choice)
	if err != nil {
		return nil, err
	}
	counted := c.counts(e.plainTag(), algorithm)
	p, err := s.ingest(ctx, c.body, keys, counted)
	if err != nil {
		return nil, err
	}
	v := d.version(e, s.now())
	v.Size, v.ETag = p.Size, e.etag(counted)
	v.Checksum = sum{Algorithm: algorithm, Type: checksum.FullObject, Value: counted.text(algorithm)}
	err = c.verify(counted, p.Size)
	if err == nil {
		err = s.commit(ctx, b, v, content{Pieces: []piece{p}}, cond)
	}
	if err != nil {
		s.discard(ctx, p)
		return nil, err
	}
	return v, nil
}

func putDraft(in *s3api.PutObjectRequest) (*draft, error) {
	tags, err := parseTags(in.Tagging)
	if err != nil {
		return nil, err
	}
	if len(in.Bucket) == 0 || in.ContentLength != nil && *in.ContentLength > maxUpload {
		return nil, entityTooLarge(value(in.ContentLength))
	}
	return &draft{
		bucket: in.Bucket, key: in.Key, tags: tags,
		headers: headers{
			ContentType: value(in.ContentType), CacheControl: value(in.CacheControl), ContentDisposition: value(in.ContentDisposition),
			ContentEncoding: value(in.ContentEncoding), ContentLanguage: value(in.ContentLanguage), Expires: value(in.Expires),
			Redirect: value(in.WebsiteRedirectLocation), StorageClass: value(in.StorageClass), Metadata: in.Metadata,
		},
		grants: grantHeaders{string(value(in.ACL)), in.GrantFullControl, in.GrantRead, in.GrantReadACP, nil, in.GrantWriteACP},
		crypt: encryptionHeaders{in.ServerSideEncryption, in.SSEKMSKeyId, in.SSEKMSEncryptionContext, in.BucketKeyEnabled,
			customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}},
		lock: lockHeaders{in.ObjectLockMode, in.ObjectLockRetainUntilDate, in.ObjectLockLegalHoldStatus},
	}, nil
}

func putAnswer(b *bucket, v *version, kmsContext *string) *s3api.PutObjectOutput {
	out := &s3api.PutObjectOutput{ETag: new(quoted(v.ETag)), VersionId: b.shownID(v)}
	showSum(out, v.Checksum.Algorithm, v.Checksum.text(), v.Checksum.Type)
	h := v.Crypt.show()
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = h.kind, h.keyID, h.bucketKey
	out.SSECustomerAlgorithm, out.SSECustomerKeyMD5 = h.customerAlgorithm, h.customerMD5
	if h.keyID != nil {
		out.SSEKMSEncryptionContext = kmsContext
	}
	return out
}

// shownCrypt is how answers show an encryption.
type shownCrypt struct {
	kind                           *s3api.ServerSideEncryption
	keyID                          *string
	bucketKey                      *bool
	customerAlgorithm, customerMD5 *string
}

// show: KMS's key by its ARN, the bucket key only when there is one, and with
// the customer's key nothing else.
func (e *envelope) show() shownCrypt {
	if e.Kind == sseC {
		return shownCrypt{customerAlgorithm: new("AES256"), customerMD5: &e.KeyMD5}
	}
	return shownCrypt{kind: &e.Kind, keyID: given(e.KeyARN), bucketKey: given(e.BucketKey)}
}

// unsealFor returns the data keys of an object that is to be read with the
// headers of a request.
func (s *Service) unsealFor(ctx context.Context, b *bucket, v *version, c customerKey) (secrets, error) {
	key, err := v.Crypt.customerOf(c)
	if err != nil {
		return nil, err
	}
	return s.unseal(ctx, b, v.Key, &v.Crypt, key)
}

// customerOf returns the key that a read brings, which must be there for
// objects that were stored with one, and for no others.
func (e *envelope) customerOf(c customerKey) ([]byte, error) {
	switch {
	case e.Kind != sseC && c.any():
		if _, err := c.decode(); err != nil {
			return nil, err
		}
		return nil, customerNotApplicable()
	case e.Kind != sseC:
		return nil, nil
	case !c.any():
		return nil, customerNeeded()
	}
	return c.decode()
}
