package s3sim

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
	"sealstack/arn"
	"sealstack/s3sim/body"
)

// contextKey names the pair of the encryption context that S3 adds: the ARN of
// the object, or of the bucket under a bucket key.
const contextKey = "aws:s3:arn"

// envelope is how an object is encrypted, and its data key, wrapped. S3 makes
// the data key; what wraps it is chosen by the writer.
type envelope struct {
	Kind s3api.ServerSideEncryption `cbor:"1,keyasint,omitzero"`
	// KeyARN names the KMS key, Context the encryption context it is used
	// under, Blob the wrapping key that it generated, as KMS encrypted it.
	KeyARN    string            `cbor:"2,keyasint,omitzero"`
	Context   map[string]string `cbor:"3,keyasint,omitzero"`
	BucketKey bool              `cbor:"4,keyasint,omitzero"`
	Blob      []byte            `cbor:"5,keyasint,omitzero"`

	KeyMD5 string `cbor:"6,keyasint,omitzero"` // of the customer's key, in base64
	Salt   []byte `cbor:"7,keyasint,omitzero"` // with which the customer's key becomes the wrapping key

	Wrapped []byte `cbor:"8,keyasint,omitzero"` // the data key, under the wrapping key
	Outer   []byte `cbor:"9,keyasint,omitzero"` // the data key of the second layer, under S3's own key
}

// secrets are the data keys of an object in clear, one for each layer.
type secrets [][]byte

func (s secrets) body(id body.ID) *body.Key { return body.NewKey(id, s...) }

// seal makes the data keys of a new object and wraps them as was chosen. For
// KMS the caller must be allowed to generate a data key.
func (s *Service) seal(ctx context.Context, b *bucket, key string, c choice) (envelope, secrets, error) {
	e := envelope{Kind: c.kind, KeyMD5: c.keyMD5}
	plain := secrets{randomBytes(32)}
	if c.kind == sseDual {
		plain = append(plain, randomBytes(32))
	}
	return s.wrap(ctx, b, key, c, e, plain)
}

// wrap wraps data keys that are there already.
func (s *Service) wrap(ctx context.Context, b *bucket, key string, c choice, e envelope, plain secrets) (envelope, secrets, error) {
	label := b.label(key)
	if len(plain) > 1 {
		// Unverified: that S3's own key is behind the second layer, so that
		// KMS is called once.
		e.Outer = s.root.Seal("s3.datakey.outer/"+label, plain[1])
	}
	switch c.kind {
	case sseS3:
		e.Wrapped = s.root.Seal("s3.datakey/"+label, plain[0])
		return e, plain, nil
	case sseC:
		e.Salt = randomBytes(32)
		e.Wrapped = sealKey(customerWrapping(c.customer, e.Salt), label, plain[0])
		return e, plain, nil
	}
	wrapping, err := s.generate(ctx, b, key, c, &e)
	if err != nil {
		return e, nil, err
	}
	e.Wrapped = sealKey(wrapping, label, plain[0])
	return e, plain, nil
}

// label binds a wrapped data key to its object.
func (b *bucketRecord) label(key string) string { return b.ID + "/" + key }

// generate has KMS make a wrapping key, or takes the bucket key that it made
// for the requester a while ago.
func (s *Service) generate(ctx context.Context, b *bucket, key string, c choice, e *envelope) ([]byte, error) {
	if err := needVersion4(ctx); err != nil {
		return nil, err
	}
	e.BucketKey = c.bucketKey
	e.Context = map[string]string{contextKey: b.arn(key)}
	if c.bucketKey {
		e.Context[contextKey] = b.arn("")
	}
	maps.Copy(e.Context, c.context)
	id := ringID(ctx, c.keyID, e.Context)
	if c.bucketKey {
		if held, ok := s.ring.find(id); ok {
			e.KeyARN, e.Blob = held.keyARN, held.blob
			return held.plain, nil
		}
	}
	now := s.clock.Now()
	out, err := s.kms.GenerateDataKey(b.forward(ctx), &kmsapi.GenerateDataKeyRequest{
		KeyId: c.keyID, EncryptionContext: e.Context, KeySpec: new(kmsapi.DataKeySpecAes256),
	})
	if err != nil {
		return nil, kmsRefused(err)
	}
	e.KeyARN, e.Blob = value(out.KeyId), out.CiphertextBlob
	if c.bucketKey {
		held := bucketKey{keyARN: e.KeyARN, blob: e.Blob, plain: out.Plaintext}
		s.ring.hold(id, held, now)
		s.ring.hold(ringID(ctx, string(e.Blob), e.Context), held, now)
	}
	return out.Plaintext, nil
}

// unseal returns the data keys of an object. customer is the key that the
// request brings, nil without one. For KMS the caller must be allowed to
// decrypt.
func (s *Service) unseal(ctx context.Context, b *bucket, key string, e *envelope, customer []byte) (secrets, error) {
	first, err := s.unwrap(ctx, b, key, e, customer)
	if err != nil || e.Kind != sseDual {
		return secrets{first}, err
	}
	second, err := s.root.Open("s3.datakey.outer/"+b.label(key), e.Outer)
	if err != nil {
		return nil, fmt.Errorf("s3: outer data key of %s: %w", b.arn(key), err)
	}
	return secrets{first, second}, nil
}

func (s *Service) unwrap(ctx context.Context, b *bucket, key string, e *envelope, customer []byte) ([]byte, error) {
	label := b.label(key)
	switch e.Kind {
	case sseS3:
		plain, err := s.root.Open("s3.datakey/"+label, e.Wrapped)
		if err != nil {
			return nil, fmt.Errorf("s3: data key of %s: %w", b.arn(key), err)
		}
		return plain, nil
	case sseC:
		plain, err := openKey(customerWrapping(customer, e.Salt), label, e.Wrapped)
		if err != nil {
			return nil, customerWrongKey()
		}
		return plain, nil
	}
	wrapping, err := s.decrypt(ctx, b, e)
	if err != nil {
		return nil, err
	}
	plain, err := openKey(wrapping, label, e.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("s3: data key of %s: %w", b.arn(key), err)
	}
	return plain, nil
}

// decrypt has KMS decrypt the wrapping key, or finds the bucket key in memory.
func (s *Service) decrypt(ctx context.Context, b *bucket, e *envelope) ([]byte, error) {
	if err := needVersion4(ctx); err != nil {
		return nil, err
	}
	id := ringID(ctx, string(e.Blob), e.Context)
	if e.BucketKey {
		if held, ok := s.ring.find(id); ok {
			return held.plain, nil
		}
	}
	now := s.clock.Now()
	out, err := s.kms.Decrypt(b.forward(ctx), &kmsapi.DecryptRequest{
		CiphertextBlob: e.Blob, EncryptionContext: e.Context, KeyId: &e.KeyARN,
	})
	if err != nil {
		return nil, kmsRefused(err)
	}
	if e.BucketKey {
		s.ring.hold(id, bucketKey{keyARN: e.KeyARN, blob: e.Blob, plain: out.Plaintext}, now)
	}
	return out.Plaintext, nil
}

// forward returns the context in which S3 calls KMS for the caller, in the
// bucket's Region.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
func (b *bucket) forward(ctx context.Context) context.Context {
	ctx = api.Forward(ctx, "s3."+b.Region+"."+arn.DNSSuffix(b.Partition))
	c := *api.CallerOf(ctx)
	c.Region, c.Partition = b.Region, b.Partition
	return api.WithCaller(ctx, &c)
}

// customerWrapping derives a wrapping key of the customer's key. A key of
// another length gives one too, which opens nothing.
func customerWrapping(customer, salt []byte) []byte {
	key, err := hkdf.Key(sha256.New, customer, salt, "sealstack/s3/customer/1", 32)
	if err != nil {
		panic(fmt.Sprintf("s3: hkdf: %v", err)) // only for lengths not asked for
	}
	return key
}

var errWrapped = errors.New("s3: a wrapped key does not open")

func wrapper(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("s3: wrapping key: %v", err))
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(fmt.Sprintf("s3: wrapping key: %v", err))
	}
	return aead
}

func sealKey(wrapping []byte, label string, plain []byte) []byte {
	return wrapper(wrapping).Seal(nil, nil, plain, []byte(label))
}

func openKey(wrapping []byte, label string, wrapped []byte) ([]byte, error) {
	plain, err := wrapper(wrapping).Open(nil, nil, wrapped, []byte(label))
	if err != nil {
		return nil, errWrapped
	}
	return plain, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
