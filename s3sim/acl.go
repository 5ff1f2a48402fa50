package s3sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/auth"
	"sealstack/storage"
)

// grant is one line of an access control list: an account by its canonical
// user ID, or a group by its URI, and what it may do.
type grant struct {
	ID         string           `cbor:"1,keyasint,omitzero"`
	URI        string           `cbor:"2,keyasint,omitzero"`
	Permission s3api.Permission `cbor:"3,keyasint,omitzero"`
}

const (
	allUsers           = "http://acs.amazonaws.com/groups/global/AllUsers"
	authenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	logDelivery        = "http://acs.amazonaws.com/groups/s3/LogDelivery"

	// anonymousID owns what callers without a signature have written.
	anonymousID = "65a011a29cdf8ec533ec3d1ccaae921c"
)

// CanonicalID returns the canonical user ID of an account: 64 hexadecimal
// digits, always the same. AWS's are random; nothing can be told from either.
func CanonicalID(account string) string {
	if account == "" {
		return anonymousID
	}
	sum := sha256.Sum256([]byte("sealstack/s3/canonical/" + account))
	return hex.EncodeToString(sum[:])
}

// ownerOf shows an account as an owner. AWS gives no display names any more.
func ownerOf(account string) *s3api.Owner { return &s3api.Owner{ID: new(CanonicalID(account))} }

// enforced reports whether the bucket has switched access control lists off.
func (b *bucketRecord) enforced() bool {
	return b.Ownership == s3api.ObjectOwnershipBucketOwnerEnforced
}

// granted is what the lists give the caller. The bucket's owner gets nothing
// by them that IAM would not give.
func (b *bucket) granted(c *api.Caller, a ask) auth.Grant {
	if b.enforced() {
		return auth.NoGrant
	}
	list, wanted := b.ACL, bucketPermissions[a.action]
	if p, ok := objectPermissions[a.action]; ok && a.object != nil {
		list, wanted = a.object.ACL, p
	}
	if strings.HasPrefix(a.action, "DeleteObject") && a.object != nil && a.object.Owner != c.Account {
		return auth.NoGrant
	}
	best := auth.NoGrant
	for _, g := range list {
		if g.Permission == wanted || g.Permission == s3api.PermissionFullControl && wanted != "" {
			best = max(best, g.covers(b, c))
		}
	}
	return best
}

// covers tells how strongly a grant names the caller. An account's name leaves
// the decision to its IAM policies.
func (g grant) covers(b *bucket, c *api.Caller) auth.Grant {
	if g.public() && b.Block != nil && value(b.Block.IgnorePublicAcls) {
		return auth.NoGrant
	}
	switch {
	case g.URI == allUsers, g.URI == authenticatedUsers && c.Type != api.Anonymous:
		return auth.ToCaller
	case g.ID != "" && c.Account != "" && g.ID == CanonicalID(c.Account):
		return auth.ToAccount
	}
	return auth.NoGrant
}

func (g grant) public() bool { return g.URI == allUsers || g.URI == authenticatedUsers }

func anyPublic(list []grant) bool {
	for _, g := range list {
		if g.public() {
			return true
		}
	}
	return false
}

// What a permission allows:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
var bucketPermissions = map[string]s3api.Permission{
	"ListBucket": s3api.PermissionRead, "ListBucketVersions": s3api.PermissionRead, "ListBucketMultipartUploads": s3api.PermissionRead,
	"PutObject": s3api.PermissionWrite, "DeleteObject": s3api.PermissionWrite, "DeleteObjectVersion": s3api.PermissionWrite,
	"PutObjectAcl": s3api.PermissionWrite, // of an object that is being written
	"GetBucketAcl": s3api.PermissionReadAcp, "PutBucketAcl": s3api.PermissionWriteAcp,
}

var objectPermissions = map[string]s3api.Permission{
	"GetObject": s3api.PermissionRead, "GetObjectVersion": s3api.PermissionRead,
	"GetObjectAttributes": s3api.PermissionRead, "GetObjectVersionAttributes": s3api.PermissionRead,
	"GetObjectAcl": s3api.PermissionReadAcp, "GetObjectVersionAcl": s3api.PermissionReadAcp,
	"PutObjectAcl": s3api.PermissionWriteAcp, "PutObjectVersionAcl": s3api.PermissionWriteAcp,
}

// grantHeaders are the headers by which a list is set.
type grantHeaders struct {
	canned                                  string
	full, read, readACP, writeTo, writeACPs *string
}

func (h grantHeaders) explicit() map[s3api.Permission]*string {
	return map[s3api.Permission]*string{
		s3api.PermissionFullControl: h.full, s3api.PermissionRead: h.read, s3api.PermissionReadAcp: h.readACP,
		s3api.PermissionWrite: h.writeTo, s3api.PermissionWriteAcp: h.writeACPs,
	}
}

func (h grantHeaders) any() bool {
	return h.canned != "" || h.full != nil || h.read != nil || h.readACP != nil || h.writeTo != nil || h.writeACPs != nil
}

// grantKeys are the condition keys of those headers.
func grantKeys(h grantHeaders) auth.Keys {
	keys := with(auth.Keys{}, "s3:x-amz-acl", h.canned)
	with(keys, "s3:x-amz-grant-full-control", value(h.full))
	with(keys, "s3:x-amz-grant-read", value(h.read))
	with(keys, "s3:x-amz-grant-read-acp", value(h.readACP))
	with(keys, "s3:x-amz-grant-write", value(h.writeTo))
	return with(keys, "s3:x-amz-grant-write-acp", value(h.writeACPs))
}

// list is the access control list that the headers set for a bucket or object
// of owner in the account's bucket. Without headers it is private.
func (h grantHeaders) list(owner, bucketOwner string) ([]grant, error) {
	if h.canned != "" && (h.full != nil || h.read != nil || h.readACP != nil || h.writeTo != nil || h.writeACPs != nil) {
		return nil, invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
	}
	var list []grant
	for _, p := range []s3api.Permission{s3api.PermissionFullControl, s3api.PermissionRead, s3api.PermissionReadAcp, s3api.PermissionWrite, s3api.PermissionWriteAcp} {
		text := h.explicit()[p]
		if text == nil {
			continue
		}
		more, err := parseGrantees(*text, p)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	if list != nil {
		return list, nil
	}
	return canned(h.canned, owner, bucketOwner)
}

// parseGrantees reads id="...", uri="..." pairs.
func parseGrantees(text string, p s3api.Permission) ([]grant, error) {
	var list []grant
	for pair := range strings.SplitSeq(text, ",") {
		name, v, ok := strings.Cut(strings.TrimSpace(pair), "=")
		v = strings.Trim(strings.TrimSpace(v), `"`)
		g := grant{Permission: p}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "id":
			g.ID = v
		case "uri":
			g.URI = v
		case "emailaddress":
			return nil, badRequest("UnresolvableGrantByEmailAddress", "The email address you provided does not match any account on record.").With("Email", v)
		default:
			ok = false
		}
		if !ok {
			return nil, invalidArgument("Argument format not recognized", "x-amz-grant-"+strings.ToLower(strings.ReplaceAll(string(p), "_", "-")), text)
		}
		if err := g.check(); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}

// check refuses grantees that can't be.
func (g grant) check() error {
	switch {
	case g.URI != "" && !g.public() && g.URI != logDelivery:
		return invalidArgument("Invalid group uri", "uri", g.URI)
	case g.URI == "" && g.ID != anonymousID && (len(g.ID) != 64 || strings.Trim(g.ID, "0123456789abcdef") != ""):
		return invalidArgument("Invalid id", "id", g.ID)
	}
	return nil
}

// canned writes a canned list out.
func canned(name, owner, bucketOwner string) ([]grant, error) {
	list := []grant{{ID: CanonicalID(owner), Permission: s3api.PermissionFullControl}}
	switch name {
	case "", "private":
	case "public-read":
		list = append(list, grant{URI: allUsers, Permission: s3api.PermissionRead})
	case "public-read-write":
		list = append(list, grant{URI: allUsers, Permission: s3api.PermissionRead}, grant{URI: allUsers, Permission: s3api.PermissionWrite})
	case "authenticated-read":
		list = append(list, grant{URI: authenticatedUsers, Permission: s3api.PermissionRead})
	case "bucket-owner-read":
		list = appendOther(list, owner, bucketOwner, s3api.PermissionRead)
	case "bucket-owner-full-control":
		list = appendOther(list, owner, bucketOwner, s3api.PermissionFullControl)
	case "log-delivery-write":
		list = append(list, grant{URI: logDelivery, Permission: s3api.PermissionWrite}, grant{URI: logDelivery, Permission: s3api.PermissionReadAcp})
	case "aws-exec-read":
	default:
		return nil, invalidArgument("", "x-amz-acl", name)
	}
	return list, nil
}

func appendOther(list []grant, owner, bucketOwner string, p s3api.Permission) []grant {
	if owner == bucketOwner {
		return list
	}
	return append(list, grant{ID: CanonicalID(bucketOwner), Permission: p})
}

// newBucketACL is the list of a bucket to be created.
func newBucketACL(r *bucketRecord, in *s3api.CreateBucketRequest) ([]grant, error) {
	h := grantHeaders{string(value(in.ACL)), in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP}
	list, err := h.list(r.Account, r.Account)
	switch {
	case err != nil:
		return nil, err
	case r.enforced() && h.any() && h.canned != "private":
		return nil, badRequest("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	case anyPublic(list):
		return nil, badRequest("InvalidBucketAclWithBlockPublicAccessError", "Bucket cannot have public ACLs set with BlockPublicAccess enabled")
	}
	return list, nil
}

// settle checks a list that is to be set on the bucket or an object in it.
func (b *bucketRecord) settle(h grantHeaders, owner string) ([]grant, error) {
	list, err := h.list(owner, b.Account)
	if err != nil {
		return nil, err
	}
	if b.enforced() && h.any() && !h.ownersOnly(b.Account) {
		return nil, aclNotSupported()
	}
	if b.blocks(list) {
		return nil, accessDenied()
	}
	return list, nil
}

// ownersOnly reports whether the headers say what is so anyway where lists are
// switched off: that the bucket's owner has full control.
func (h grantHeaders) ownersOnly(account string) bool {
	if h.canned != "" {
		return h.canned == "bucket-owner-full-control"
	}
	list, err := h.list(account, account)
	return err == nil && len(list) == 1 && list[0] == grant{ID: CanonicalID(account), Permission: s3api.PermissionFullControl}
}

func (b *bucketRecord) blocks(list []grant) bool {
	return b.Block != nil && value(b.Block.BlockPublicAcls) && anyPublic(list)
}

// parsePolicy reads a list that was sent as a document.
func parsePolicy(p *s3api.AccessControlPolicy, owner string) ([]grant, error) {
	if p.Owner == nil || value(p.Owner.ID) != CanonicalID(owner) {
		return nil, accessDenied()
	}
	list := []grant{}
	for _, g := range p.Grants {
		if g.Grantee == nil || g.Permission == nil {
			return nil, badRequest("MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		next := grant{ID: value(g.Grantee.ID), URI: value(g.Grantee.URI), Permission: *g.Permission}
		if err := next.check(); err != nil {
			return nil, err
		}
		list = append(list, next)
	}
	return list, nil
}

// show writes a list as S3 does.
func show(list []grant) []s3api.Grant {
	out := make([]s3api.Grant, 0, len(list))
	for _, g := range list {
		grantee := &s3api.Grantee{Type: s3api.TypeCanonicalUser, ID: given(g.ID)}
		if g.URI != "" {
			grantee = &s3api.Grantee{Type: s3api.TypeGroup, URI: &g.URI}
		}
		out = append(out, s3api.Grant{Grantee: grantee, Permission: &g.Permission})
	}
	return out
}

// GetBucketAcl returns the list of a bucket; where lists are switched off, its
// owner's full control.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
func (s *Service) GetBucketAcl(ctx context.Context, in *s3api.GetBucketAclRequest) (*s3api.GetBucketAclOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketAcl")
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketAclOutput{Owner: ownerOf(b.Account), Grants: show(b.list(b.ACL))}, nil
}

// list is an access control list as it shows.
func (b *bucketRecord) list(stored []grant) []grant {
	if b.enforced() {
		return []grant{{ID: CanonicalID(b.Account), Permission: s3api.PermissionFullControl}}
	}
	return stored
}

// PutBucketAcl replaces the list of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
func (s *Service) PutBucketAcl(ctx context.Context, in *s3api.PutBucketAclRequest) (*api.None, error) {
	h := grantHeaders{string(value(in.ACL)), in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP}
	b, err := s.openWith(ctx, in.Bucket, in.ExpectedBucketOwner, ask{action: "PutBucketAcl", keys: grantKeys(h)})
	if err != nil {
		return nil, err
	}
	list, err := b.newList(h, in.AccessControlPolicy, b.Account)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, b, func(_ storage.Tx, r *bucketRecord) error {
		r.ACL = list
		return nil
	})
}

// newList is the list that a request brings in headers or as a document.
func (b *bucketRecord) newList(h grantHeaders, document *s3api.AccessControlPolicy, owner string) ([]grant, error) {
	switch {
	case h.any() && document != nil:
		return nil, badRequest("UnexpectedContent", "This request does not support content")
	case h.any():
		return b.settle(h, owner)
	case document == nil:
		return nil, badRequest("MissingSecurityHeader", "Your request was missing a required header").With("MissingHeaderName", "x-amz-acl")
	}
	list, err := parsePolicy(document, owner)
	switch {
	case err != nil:
		return nil, err
	case b.enforced():
		return nil, aclNotSupported()
	case b.blocks(list):
		return nil, accessDenied()
	}
	return list, nil
}
