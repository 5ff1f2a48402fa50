package s3sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// firstRegion is the Region whose endpoint creates buckets in any other, has
// no location constraint and takes the creation of one's own bucket again.
const firstRegion = "us-east-1"

// CreateBucket makes a bucket: with object ownership by the bucket owner, no
// public access and S3's encryption.
//
// Unverified: general purpose buckets show their ARN here, in HeadBucket and in
// ListBuckets; the reference speaks of directory buckets.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func (s *Service) CreateBucket(ctx context.Context, in *s3api.CreateBucketRequest) (*s3api.CreateBucketOutput, error) {
	if !validBucketName(in.Bucket) {
		return nil, invalidBucketName(in.Bucket)
	}
	if err := s.mayCreate(ctx, in); err != nil {
		return nil, err
	}
	r, err := s.newBucket(ctx, in)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx storage.Tx) error {
		at := bucketAt(r.Partition, r.Name)
		switch old, err := buckets.Get(tx, at); {
		case errors.Is(err, storage.ErrNotFound):
			return buckets.Put(tx, at, r)
		case err != nil:
			return err
		default:
			return taken(ctx, &old, &r)
		}
	})
	if err != nil {
		return nil, err
	}
	out := &s3api.CreateBucketOutput{Location: new("/" + r.Name), BucketArn: new((&bucket{bucketRecord: r}).arn(""))}
	if r.Region != firstRegion {
		out.Location = new("http://" + r.Name + ".s3." + arn.DNSSuffix(r.Partition) + "/")
	}
	return out, nil
}

// taken is the answer to a name that a bucket has already.
func taken(ctx context.Context, old, asked *bucketRecord) error {
	switch {
	case old.Account != asked.Account:
		return bucketExists(old.Name)
	case old.Region == firstRegion && regionOf(ctx) == firstRegion && asked.Region == firstRegion:
		return nil
	}
	return bucketOwnedByYou(old.Name)
}

func regionOf(ctx context.Context) string { return cmp.Or(api.CallerOf(ctx).Region, firstRegion) }

// newBucket is the record of a bucket to be created.
func (s *Service) newBucket(ctx context.Context, in *s3api.CreateBucketRequest) (bucketRecord, error) {
	region, err := location(regionOf(ctx), in.CreateBucketConfiguration)
	if err != nil {
		return bucketRecord{}, err
	}
	r := bucketRecord{
		ID: rand.Text(), Name: in.Bucket, Account: accountOf(ctx), Partition: partitionOf(ctx), Region: region, Created: s.now(),
		Ownership: s3api.ObjectOwnershipBucketOwnerEnforced, Block: fullBlock(), Lock: value(in.ObjectLockEnabledForBucket),
	}
	if err := r.checkNamespace(in.BucketNamespace); err != nil {
		return r, err
	}
	if s.block {
		r.Encryption = blockedRule()
	}
	if in.ObjectOwnership != nil {
		r.Ownership = *in.ObjectOwnership
	}
	if r.Lock {
		r.Versioning = s3api.BucketVersioningStatusEnabled
	}
	if c := in.CreateBucketConfiguration; c != nil && len(c.Tags) > 0 {
		if r.Tags, err = tagsOf(c.Tags, maxBucketTags); err != nil {
			return r, err
		}
	}
	r.ACL, err = newBucketACL(&r, in)
	return r, err
}

// location is the Region of a new bucket.
func location(region string, c *s3api.CreateBucketConfiguration) (string, error) {
	constraint := ""
	if c != nil {
		constraint = string(value(c.LocationConstraint))
	}
	asked := constraint
	if asked == "EU" {
		asked = "eu-west-1"
	}
	switch {
	case asked == "" && region == firstRegion:
		return region, nil
	case asked == "":
		return "", illegalLocation("")
	case asked == firstRegion || !arn.ValidRegion(asked):
		return "", invalidLocation(constraint)
	case region != firstRegion && asked != region:
		return "", illegalLocation(constraint)
	}
	return asked, nil
}

// mayCreate authorizes CreateBucket and what its headers set besides.
func (s *Service) mayCreate(ctx context.Context, in *s3api.CreateBucketRequest) error {
	actions := []string{"CreateBucket"}
	if in.ACL != nil || in.GrantFullControl != nil || in.GrantRead != nil || in.GrantReadACP != nil || in.GrantWrite != nil || in.GrantWriteACP != nil {
		actions = append(actions, "PutBucketAcl")
	}
	if in.ObjectOwnership != nil {
		actions = append(actions, "PutBucketOwnershipControls")
	}
	if value(in.ObjectLockEnabledForBucket) {
		actions = append(actions, "PutBucketObjectLockConfiguration", "PutBucketVersioning")
	}
	keys := grantKeys(grantHeaders{string(value(in.ACL)), in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP})
	keys = with(keys, "s3:x-amz-bucket-namespace", string(value(in.BucketNamespace)))
	keys = with(keys, "s3:x-amz-object-ownership", string(value(in.ObjectOwnership)))
	if c := in.CreateBucketConfiguration; c != nil {
		keys = with(keys, "s3:locationconstraint", string(value(c.LocationConstraint)))
	}
	return s.allowOwn(ctx, "arn:"+partitionOf(ctx)+":s3:::"+in.Bucket, keys, actions...)
}

// allowOwn authorizes actions on what belongs to the caller's own account and
// has no policy.
func (s *Service) allowOwn(ctx context.Context, resource string, keys auth.Keys, actions ...string) error {
	c := api.CallerOf(ctx)
	if c.Account == "" {
		return accessDenied()
	}
	for _, action := range actions {
		r := &auth.Request{
			Service: s3api.Service, Action: "s3:" + action, Resource: resource, Keys: keys, Shown: `resource: "` + resource + `"`,
		}
		if err := s.auth.Authorize(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// validBucketName checks the rules of
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func validBucketName(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return false
	}
	if strings.Trim(name[:1]+name[len(name)-1:], ".-") != name[:1]+name[len(name)-1:] || strings.Contains(name, "..") {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	return true
}

// HeadBucket tells whether a bucket exists and may be listed, and where it is.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (s *Service) HeadBucket(ctx context.Context, in *s3api.HeadBucketRequest) (*s3api.HeadBucketOutput, error) {
	b, err := s.findAnywhere(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := b.inRegion(api.CallerOf(ctx)); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, b, ask{action: "ListBucket"}); err != nil {
		return nil, b.tellRegion(err)
	}
	return &s3api.HeadBucketOutput{BucketRegion: &b.Region, BucketArn: new(b.arn("")), AccessPointAlias: new(false)}, nil
}

// GetBucketLocation returns the Region of a bucket; that of us-east-1 is
// empty. It is asked in any Region.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
func (s *Service) GetBucketLocation(ctx context.Context, in *s3api.GetBucketLocationRequest) (*s3api.GetBucketLocationOutput, error) {
	b, err := s.findAnywhere(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, b, ask{action: "GetBucketLocation"}); err != nil {
		return nil, err
	}
	out := &s3api.GetBucketLocationOutput{}
	if b.Region != firstRegion {
		out.LocationConstraint = new(s3api.BucketLocationConstraint(b.Region))
	}
	return out, nil
}

const maxBuckets = 10000 // on a page of ListBuckets

// ListBuckets lists the buckets of the caller's account.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
func (s *Service) ListBuckets(ctx context.Context, in *s3api.ListBucketsRequest) (*s3api.ListBucketsOutput, error) {
	if err := s.allowOwn(ctx, "arn:"+partitionOf(ctx)+":s3:::*", nil, "ListAllMyBuckets"); err != nil {
		return nil, err
	}
	most := maxBuckets
	if in.MaxBuckets != nil {
		most = int(*in.MaxBuckets)
	}
	if most < 1 || most > maxBuckets {
		return nil, invalidArgument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets", strconv.Itoa(most))
	}
	purpose := "s3.ListBuckets/" + accountOf(ctx)
	r := storage.Range{Prefix: storage.K(partitionOf(ctx))}
	if in.ContinuationToken != nil {
		at, err := s.tokens.Decode(purpose, *in.ContinuationToken)
		if err != nil {
			return nil, invalidArgument("The continuation token provided is incorrect", "continuation-token", "")
		}
		r.After = at
	}
	out := &s3api.ListBucketsOutput{Owner: ownerOf(accountOf(ctx)), Prefix: in.Prefix}
	var last storage.Key
	err := s.view(ctx, func(tx storage.Tx) (err error) {
		out.Buckets, last, err = bucketPage(ctx, tx, r, most, in)
		return err
	})
	if last != nil {
		out.ContinuationToken = new(s.tokens.Encode(purpose, last))
	}
	return out, err
}

// bucketPage reads a page of the caller's buckets; last is where the next one
// goes on, nil on the last.
func bucketPage(ctx context.Context, tx storage.Tx, r storage.Range, most int, in *s3api.ListBucketsRequest) (page []s3api.Bucket, last storage.Key, err error) {
	for e, err := range buckets.Scan(tx, r) {
		if err != nil {
			return nil, nil, err
		}
		if !listed(&e.Value, accountOf(ctx), in) {
			continue
		}
		if len(page) == most {
			return page, last, nil
		}
		last, page = e.Key, append(page, bucketEntry(&e.Value, in))
	}
	return page, nil, nil
}

// listed reports whether a bucket belongs on the list that was asked for.
func listed(r *bucketRecord, account string, in *s3api.ListBucketsRequest) bool {
	return r.Account == account && strings.HasPrefix(r.Name, value(in.Prefix)) && (in.BucketRegion == nil || *in.BucketRegion == r.Region)
}

// bucketEntry shows a bucket in a list; its Region only when a parameter of
// paging or filtering was sent.
func bucketEntry(r *bucketRecord, in *s3api.ListBucketsRequest) s3api.Bucket {
	e := s3api.Bucket{Name: &r.Name, CreationDate: &r.Created, BucketArn: new((&bucket{bucketRecord: *r}).arn(""))}
	if in.MaxBuckets != nil || in.Prefix != nil || in.BucketRegion != nil || in.ContinuationToken != nil {
		e.BucketRegion = &r.Region
	}
	return e
}

// DeleteBucket removes a bucket that holds no version of anything. Uploads in
// progress go with it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
func (s *Service) DeleteBucket(ctx context.Context, in *s3api.DeleteBucketRequest) (*api.None, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "DeleteBucket")
	if err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx storage.Tx) error {
		r, err := b.again(tx)
		if err != nil {
			return err
		}
		for _, err := range versions.Keys(tx, storage.Range{Prefix: r.at()}) {
			if err == nil {
				err = bucketNotEmpty(r.Name, r.Versioning != "")
			}
			return err
		}
		return dropBucket(tx, &r)
	})
}

// dropBucket removes the record of an empty bucket and all that belongs to it.
func dropBucket(tx storage.Tx, r *bucketRecord) error {
	for e, err := range uploads.Scan(tx, storage.Range{Prefix: r.at()}) {
		if err != nil {
			return err
		}
		if err := dropUpload(tx, r, &e.Value); err != nil {
			return err
		}
	}
	if err := policies.Delete(tx, r.at()); err != nil {
		return err
	}
	for _, forget := range configurations {
		if err := forget(tx, r.at()); err != nil {
			return err
		}
	}
	return buckets.Delete(tx, bucketAt(r.Partition, r.Name))
}
