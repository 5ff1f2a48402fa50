package s3sim

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
)

// ask is what a caller wants to do, in the words of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
type ask struct {
	action string // without "s3:"
	key    string // of the object; empty for the bucket
	keys   auth.Keys
	// object is what is there to be read or changed; nil for a write of a new
	// one and for actions on the bucket.
	object *version
}

// with adds a condition key that has a value.
func with(keys auth.Keys, name, value string) auth.Keys {
	if value == "" {
		return keys
	}
	if keys == nil {
		keys = auth.Keys{}
	}
	keys[name] = []string{value}
	return keys
}

// authorize asks whether the caller may do it. The bucket policy is the
// resource's policy, and an access control list gives what its grants say,
// unless the bucket has switched them off. The object of another account than
// the bucket's is that account's, and the bucket policy gives nothing there:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-alternatives-guidelines.html
//
// Unverified: a deny in the bucket policy does not reach such an object either,
// unless it is to be deleted.
func (s *Service) authorize(ctx context.Context, b *bucket, a ask) error {
	c := api.CallerOf(ctx)
	resource := b.arn(a.key)
	r := &auth.Request{
		Service: s3api.Service, Action: "s3:" + a.action, Resource: resource, Account: b.Account, Policy: b.policy,
		Keys: b.keys(c, a), Shown: `resource: "` + resource + `"`,
		Granted: func() auth.Grant { return b.granted(c, a) },
	}
	if a.object != nil && a.object.foreign(b) && !strings.HasPrefix(a.action, "DeleteObject") {
		r.Account, r.Policy = cmp.Or(a.object.Owner, "anonymous"), nil
	}
	if r.Policy != nil && c.Account != "" {
		r.CanonicalID = CanonicalID(c.Account)
	}
	if b.restricted(c) {
		return accessDenied()
	}
	return discreet(s.auth.Authorize(ctx, r), c, b.Account)
}

// foreign reports whether the object belongs to another account than the
// bucket.
func (v *version) foreign(b *bucket) bool { return !b.enforced() && v.Owner != b.Account }

// restricted reports whether the public access block keeps the caller out of a
// bucket with a public policy: only services and the owner's account remain.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (b *bucket) restricted(c *api.Caller) bool {
	return b.Public && b.Block != nil && value(b.Block.RestrictPublicBuckets) && c.Type != api.AWSService && c.Account != b.Account
}

// discreet makes a denial say no more than "Access Denied" to those outside
// the account.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
func discreet(err error, c *api.Caller, account string) error {
	e, ok := errors.AsType[*api.Error](err)
	if ok && e.Code == "AccessDenied" && c.Account != account {
		return accessDenied()
	}
	return err
}

// keys are the condition keys of the call:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
func (b *bucket) keys(c *api.Caller, a ask) auth.Keys {
	keys := auth.Keys{"s3:resourceaccount": {b.Account}}
	with(keys, "s3:signatureversion", c.SignatureVersion)
	with(keys, "s3:authtype", c.AuthType)
	with(keys, "s3:tlsversion", c.TLSVersion)
	with(keys, "s3:x-amz-content-sha256", c.ContentSHA256)
	if c.SignatureVersion != "" {
		keys["s3:signatureage"] = []string{strconv.FormatInt(c.SignatureAge.Milliseconds(), 10)}
	}
	if b.Abac {
		for name, v := range b.Tags {
			keys["aws:resourcetag/"+strings.ToLower(name)] = []string{v}
			keys["s3:buckettag/"+strings.ToLower(name)] = []string{v}
		}
	}
	maps.Copy(keys, a.keys)
	if a.object != nil {
		for name, v := range a.object.Tags {
			keys["s3:existingobjecttag/"+strings.ToLower(name)] = []string{v}
		}
	}
	return keys
}

// open finds a bucket and authorizes an action on it.
func (s *Service) open(ctx context.Context, name string, expected *string, action string) (*bucket, error) {
	return s.openWith(ctx, name, expected, ask{action: action})
}

func (s *Service) openWith(ctx context.Context, name string, expected *string, a ask) (*bucket, error) {
	b, err := s.find(ctx, name, expected)
	if err != nil {
		return nil, err
	}
	return b, s.authorize(ctx, b, a)
}

// missing is the answer for an object that is not there: only those who may
// list the bucket are told so.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (s *Service) missing(ctx context.Context, b *bucket, absent error) error {
	if err := s.authorize(ctx, b, ask{action: "ListBucket"}); err != nil {
		return err
	}
	return absent
}
