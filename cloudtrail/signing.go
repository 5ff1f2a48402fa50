package cloudtrail

import (
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

const (
	keyBits = 2048
	// keyLife is how long a signing key is used.
	//
	// Unverified: AWS does not say; the keys in its examples hold for about a
	// month.
	keyLife = 30 * 24 * time.Hour
)

// signingKey is a pair of keys with which CloudTrail signs digest files in a
// Region.
type signingKey struct {
	Fingerprint string    `cbor:"1,keyasint"`
	Public      []byte    `cbor:"2,keyasint"`           // PKCS #1, DER
	Private     []byte    `cbor:"3,keyasint,omitempty"` // PKCS #1, DER, sealed under the root key
	Start       time.Time `cbor:"4,keyasint"`
	End         time.Time `cbor:"5,keyasint"`
}

// signingKeys: Region, start of validity.
var signingKeys = storage.NewTable[signingKey]("cloudtrail.signingkey")

// label binds a sealed private key to its place.
func (k *signingKey) label(region string) string {
	return "cloudtrail.signingkey/" + region + "/" + k.Fingerprint
}

// keysOf lists the keys of a Region, the oldest first.
func (s *Service) keysOf(ctx context.Context, region string) (list []signingKey, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = list[:0]
		for row, err := range signingKeys.Scan(tx, storage.Range{Prefix: storage.K(region)}) {
			if err != nil {
				return err
			}
			list = append(list, row.Value)
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("cloudtrail: signing keys of %s: %w", region, err)
	}
	return list, err
}

// signingKey returns the key of a Region that is valid at an instant, a new
// one if there is none.
func (s *Service) signingKey(ctx context.Context, region string, at time.Time) (*signingKey, error) {
	list, err := s.keysOf(ctx, region)
	if err != nil {
		return nil, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if k := &list[i]; !at.Before(k.Start) && at.Before(k.End) {
			return k, nil
		}
	}
	return s.newSigningKey(ctx, region, at)
}

// newSigningKey makes a key. Another that was made meanwhile is used instead.
func (s *Service) newSigningKey(ctx context.Context, region string, now time.Time) (*signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: make a signing key: %w", err)
	}
	k := signingKey{Public: x509.MarshalPKCS1PublicKey(&private.PublicKey), Start: now.Truncate(24 * time.Hour)}
	k.End = k.Start.Add(keyLife)
	k.Fingerprint = fingerprint(k.Public)
	plain := x509.MarshalPKCS1PrivateKey(private)
	k.Private = s.root.Seal(k.label(region), plain)
	clear(plain)
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		at := storage.K(region, k.Start)
		if has, err := signingKeys.Get(tx, at); err == nil {
			k = has
			return nil
		}
		return signingKeys.Put(tx, at, k)
	})
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: store a signing key: %w", err)
	}
	return &k, nil
}

// fingerprint names a public key to clients, who compare it alone.
//
// Unverified: AWS does not say how it is made; it is as long as an MD5.
func fingerprint(public []byte) string {
	sum := md5.Sum(public)
	return hex.EncodeToString(sum[:])
}

// signature signs a digest: over its end, its place, its hash and the
// signature before.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
func (s *Service) signature(region string, k *signingKey, c *digestFile, hash string) (string, error) {
	before := "null"
	if c.PreviousSignature != nil {
		before = *c.PreviousSignature
	}
	return s.signText(region, k, c.End+"\n"+c.Bucket+"/"+c.Key+"\n"+hash+"\n"+before)
}

// signText signs with RSA PKCS #1 v1.5 and SHA-256, in hexadecimal.
func (s *Service) signText(region string, k *signingKey, text string) (string, error) {
	plain, err := s.root.Open(k.label(region), k.Private)
	if err != nil {
		return "", fmt.Errorf("cloudtrail: signing key %s: %w", k.Fingerprint, err)
	}
	private, err := x509.ParsePKCS1PrivateKey(plain)
	clear(plain)
	if err != nil {
		return "", fmt.Errorf("cloudtrail: signing key %s: %w", k.Fingerprint, err)
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("cloudtrail: sign: %w", err)
	}
	return hex.EncodeToString(sig), nil
}

// ListPublicKeys returns the keys that signed digests in a range of time, in
// the Region of the call.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
func (s *Service) ListPublicKeys(ctx context.Context, in *cloudtrailapi.ListPublicKeysRequest) (*cloudtrailapi.ListPublicKeysResponse, error) {
	if err := s.authorize(ctx, "ListPublicKeys", "*", nil); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, badToken()
	}
	now := s.clock.Now()
	from, to := now, now
	set(&from, in.StartTime)
	set(&to, in.EndTime)
	if from.After(to) {
		return nil, badTimeRange()
	}
	region := api.CallerOf(ctx).Region
	if _, err := s.signingKey(ctx, region, now); err != nil { // AWS has one at all times
		return nil, err
	}
	list, err := s.keysOf(ctx, region)
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.ListPublicKeysResponse{PublicKeyList: []cloudtrailapi.PublicKey{}}
	for _, k := range list {
		if !k.Start.After(to) && !k.End.Before(from) {
			out.PublicKeyList = append(out.PublicKeyList, cloudtrailapi.PublicKey{
				Value: k.Public, ValidityStartTime: &k.Start, ValidityEndTime: &k.End, Fingerprint: &k.Fingerprint,
			})
		}
	}
	return out, nil
}
