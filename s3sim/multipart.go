package s3sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/s3sim/checksum"
	"sealstack/storage"
)

const (
	minPart  = 5 << 20 // bytes of a part that is not the last one
	maxParts = 10000
)

// CreateMultipartUpload begins an object that is sent in parts. Its data key
// is made now, so for KMS the caller must be allowed to generate one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
func (s *Service) CreateMultipartUpload(ctx context.Context, in *s3api.CreateMultipartUploadRequest) (*s3api.CreateMultipartUploadOutput, error) {
	d, err := uploadDraft(in)
	if err != nil {
		return nil, err
	}
	algorithm, kind, err := uploadChecksum(in.ChecksumAlgorithm, in.ChecksumType)
	if err != nil {
		return nil, err
	}
	b, err := s.admit(ctx, d, in.ExpectedBucketOwner, creation(nil, false))
	if err != nil {
		return nil, err
	}
	e, _, err := s.seal(ctx, b, d.key, d.choice)
	if err != nil {
		return nil, err
	}
	u := upload{
		ID: newUploadID(), Key: d.key, Initiated: s.now(), Owner: d.owner, Initiator: initiatorOf(ctx), Headers: d.headers, Tags: d.tags, ACL: d.acl,
		Crypt: e, Algorithm: string(algorithm), Type: kind, Lock: d.kept,
	}
	err = s.update(ctx, func(tx storage.Tx) error {
		r, err := b.again(tx)
		if err != nil {
			return err
		}
		if err := uploadPlaces.Put(tx, r.at(u.ID), r.upload(&u)); err != nil {
			return err
		}
		return uploads.Put(tx, r.upload(&u), u)
	})
	if err != nil {
		return nil, err
	}
	return s.createAnswer(ctx, b, &u, in.SSEKMSEncryptionContext)
}

// upload places an upload: by key, and by time under the same key.
func (b *bucketRecord) upload(u *upload) storage.Key { return b.at(u.Key, u.Initiated, u.ID) }

func newUploadID() string {
	return hex.EncodeToString(randomBytes(16)) + rand.Text()
}

func initiatorOf(ctx context.Context) initiator {
	c := api.CallerOf(ctx)
	if c.Type == api.Root || c.ARN == "" {
		return initiator{ID: CanonicalID(accountOf(ctx))}
	}
	return initiator{ID: c.ARN, Name: cmp.Or(c.Name, c.ARN)}
}

// uploadChecksum settles algorithm and type of the checksum of an upload; both
// empty where none is asked for.
func uploadChecksum(algorithm *s3api.ChecksumAlgorithm, kind *s3api.ChecksumType) (checksum.Algorithm, string, error) {
	if algorithm == nil {
		if kind != nil {
			return "", "", checksumTypeAlone()
		}
		return "", "", nil
	}
	a, k := checksum.Algorithm(*algorithm), string(value(kind))
	if !a.Known() {
		return "", "", checksumUnsupported()
	}
	if k == "" {
		if k = checksum.Composite; !a.Takes(k) {
			k = checksum.FullObject
		}
	}
	if !a.Takes(k) {
		return "", "", checksumTypeUnfit(k, a.Lower())
	}
	return a, k, nil
}

func uploadDraft(in *s3api.CreateMultipartUploadRequest) (*draft, error) {
	tags, err := parseTags(in.Tagging)
	if err != nil {
		return nil, err
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

func (s *Service) createAnswer(ctx context.Context, b *bucket, u *upload, kmsContext *string) (*s3api.CreateMultipartUploadOutput, error) {
	h := u.Crypt.show()
	out := &s3api.CreateMultipartUploadOutput{
		Bucket: &b.Name, Key: &u.Key, UploadId: &u.ID,
		ServerSideEncryption: h.kind, SSEKMSKeyId: h.keyID, BucketKeyEnabled: h.bucketKey,
		SSECustomerAlgorithm: h.customerAlgorithm, SSECustomerKeyMD5: h.customerMD5,
		ChecksumAlgorithm: given(s3api.ChecksumAlgorithm(u.Algorithm)), ChecksumType: given(s3api.ChecksumType(u.Type)),
	}
	if h.keyID != nil {
		out.SSEKMSEncryptionContext = kmsContext
	}
	var err error
	out.AbortDate, out.AbortRuleId, err = s.abortion(ctx, b, u)
	return out, err
}

// uploading is an upload that a call is about.
type uploading struct {
	bucket *bucket
	upload upload
}

// findUpload finds an upload and authorizes an action on its key.
func (s *Service) findUpload(ctx context.Context, t target, id, action string, keys auth.Keys) (*uploading, error) {
	b, err := s.openWith(ctx, t.bucket, t.expected, ask{action: action, key: t.key, keys: keys})
	if err != nil {
		return nil, err
	}
	u := &uploading{bucket: b}
	return u, s.view(ctx, func(tx storage.Tx) (err error) {
		u.upload, err = b.findUpload(tx, t.key, id)
		return err
	})
}

func (b *bucketRecord) findUpload(tx storage.Tx, key, id string) (upload, error) {
	at, err := uploadPlaces.Get(tx, b.at(id))
	if errors.Is(err, storage.ErrNotFound) {
		return upload{}, noSuchUpload(id)
	} else if err != nil {
		return upload{}, err
	}
	u, err := uploads.Get(tx, at)
	if err == nil && u.Key != key {
		err = noSuchUpload(id)
	}
	return u, err
}

// dropUpload removes an upload with its parts.
func dropUpload(tx storage.Tx, b *bucketRecord, u *upload) error {
	for e, err := range parts.Scan(tx, storage.Range{Prefix: storage.K(u.ID)}) {
		if err != nil {
			return err
		}
		if err := drop(tx, []piece{e.Value.Piece}); err != nil {
			return err
		}
		if err := parts.Delete(tx, e.Key); err != nil {
			return err
		}
	}
	return forgetUpload(tx, b, u)
}

// forgetUpload removes the record of an upload.
func forgetUpload(tx storage.Tx, b *bucketRecord, u *upload) error {
	if err := uploadPlaces.Delete(tx, b.at(u.ID)); err != nil {
		return err
	}
	return uploads.Delete(tx, b.upload(u))
}

// AbortMultipartUpload gives an upload up.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
func (s *Service) AbortMultipartUpload(ctx context.Context, in *s3api.AbortMultipartUploadRequest) (*s3api.AbortMultipartUploadOutput, error) {
	t := target{bucket: in.Bucket, key: in.Key, expected: in.ExpectedBucketOwner}
	u, err := s.findUpload(ctx, t, in.UploadId, "AbortMultipartUpload", nil)
	if err != nil {
		return nil, err
	}
	if in.IfMatchInitiatedTime != nil && !in.IfMatchInitiatedTime.Equal(u.upload.Initiated) {
		return nil, preconditionFailed("x-amz-if-match-initiated-time")
	}
	err = s.update(ctx, func(tx storage.Tx) error {
		now, err := u.bucket.findUpload(tx, in.Key, in.UploadId)
		if err != nil {
			return err
		}
		return dropUpload(tx, &u.bucket.bucketRecord, &now)
	})
	return &s3api.AbortMultipartUploadOutput{}, err
}
