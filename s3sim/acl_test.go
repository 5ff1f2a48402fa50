package s3sim

import (
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
)

func TestListsAreOffUntilTheyAreSwitchedOn(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for _, tt := range []struct {
		acl  s3api.ObjectCannedACL
		full string
		ok   bool
	}{
		{"bucket-owner-full-control", "", true}, {"private", "", false}, {"public-read", "", false},
		{"", `id="` + CanonicalID(account) + `"`, true}, {"", `id="` + CanonicalID(stranger) + `"`, false},
	} {
		_, err := b.tryPut(b.ctx, "logs", "k", "x", func(in *s3api.PutObjectRequest) {
			in.ACL, in.GrantFullControl = given(tt.acl), given(tt.full)
		})
		if tt.ok {
			b.ok(err)
			continue
		}
		e := b.fails(err, "AccessControlListNotSupported", "The bucket does not allow ACLs")
		if e.Status != 400 {
			t.Errorf("status %d", e.Status)
		}
	}
	_, err := b.PutBucketAcl(b.ctx, &s3api.PutBucketAclRequest{Bucket: "logs", ACL: new(s3api.BucketCannedACLPrivate)})
	b.code(err, "AccessControlListNotSupported")
}

func TestListsOfNewBuckets(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct {
		acl       s3api.BucketCannedACL
		ownership s3api.ObjectOwnership
		code      string
	}{
		{"private", "", ""}, {"public-read", "", "InvalidBucketAclWithObjectOwnership"},
		{"public-read", "ObjectWriter", "InvalidBucketAclWithBlockPublicAccessError"}, {"private", "ObjectWriter", ""}, {"nonsense", "ObjectWriter", "InvalidArgument"},
	} {
		r := &bucketRecord{Account: account, Ownership: s3api.ObjectOwnershipBucketOwnerEnforced}
		if tt.ownership != "" {
			r.Ownership = tt.ownership
		}
		_, err := newBucketACL(r, &s3api.CreateBucketRequest{ACL: &tt.acl})
		if tt.code == "" {
			b.ok(err)
		} else {
			b.code(err, tt.code)
		}
	}
}

func TestAListLetsOthersIn(t *testing.T) {
	b := newBench(t)
	b.openBucket("logs")
	amy, sam := b.user(account, "amy"), b.user(stranger, "sam", allow("s3:*", "*"))
	for _, tt := range []struct {
		acl                  s3api.ObjectCannedACL
		nobody, amy, sam, me bool
	}{
		{"private", false, false, false, true},
		{"public-read", true, true, true, true},
		{"authenticated-read", false, true, true, true},
	} {
		b.put("logs", "k", "x", func(in *s3api.PutObjectRequest) { in.ACL = &tt.acl })
		_, _, none := b.tryGet(nobody(), "logs", "k")
		_, _, other := b.tryGet(amy, "logs", "k")
		_, _, foreign := b.tryGet(sam, "logs", "k")
		_, _, owner := b.tryGet(b.ctx, "logs", "k")
		got := []bool{none == nil, other == nil, foreign == nil, owner == nil}
		b.same(string(tt.acl), got, []bool{tt.nobody, tt.amy, tt.sam, tt.me})
	}
	b.put("logs", "k", "x", func(in *s3api.PutObjectRequest) { in.GrantRead = new(`id="` + CanonicalID(stranger) + `"`) })
	_, _, err := b.tryGet(sam, "logs", "k")
	b.ok(err)
	_, _, err = b.tryGet(b.user(stranger, "poor"), "logs", "k")
	b.code(err, "AccessDenied")
	_, err = b.PutPublicAccessBlock(b.ctx, &s3api.PutPublicAccessBlockRequest{Bucket: "logs", PublicAccessBlockConfiguration: s3api.PublicAccessBlockConfiguration{IgnorePublicAcls: new(true)}})
	b.ok(err)
	b.put("logs", "k", "x", func(in *s3api.PutObjectRequest) { in.ACL = new(s3api.ObjectCannedACLPublicRead) })
	_, _, err = b.tryGet(nobody(), "logs", "k")
	b.code(err, "AccessDenied")
	_, err = b.PutPublicAccessBlock(b.ctx, &s3api.PutPublicAccessBlockRequest{Bucket: "logs", PublicAccessBlockConfiguration: s3api.PublicAccessBlockConfiguration{BlockPublicAcls: new(true)}})
	b.ok(err)
	_, err = b.tryPut(b.ctx, "logs", "k", "x", func(in *s3api.PutObjectRequest) { in.ACL = new(s3api.ObjectCannedACLPublicRead) })
	b.code(err, "AccessDenied")
}

func TestWhoWritesOwns(t *testing.T) {
	b := newBench(t)
	b.openBucket("logs")
	_, err := b.PutBucketAcl(b.ctx, &s3api.PutBucketAclRequest{Bucket: "logs", GrantWrite: new(`id="` + CanonicalID(stranger) + `"`), GrantFullControl: new(`id="` + CanonicalID(account) + `"`)})
	b.ok(err)
	sam := b.user(stranger, "sam", allow("s3:*", "*"))
	_, err = b.tryPut(sam, "logs", "theirs", "x")
	b.ok(err)
	_, _, err = b.tryGet(b.ctx, "logs", "theirs")
	b.code(err, "AccessDenied")
	full := func(in *s3api.PutObjectRequest) { in.ACL = new(s3api.ObjectCannedACLBucketOwnerFullControl) }
	_, err = b.tryPut(sam, "logs", "shared", "x", full)
	b.ok(err)
	b.reads("logs", "shared", "x")
	list, err := b.GetObjectAcl(b.ctx, &s3api.GetObjectAclRequest{Bucket: "logs", Key: "shared"})
	b.ok(err)
	b.same("list", []any{*list.Owner.ID, len(list.Grants)}, []any{CanonicalID(stranger), 2})
	_, err = b.PutBucketOwnershipControls(b.ctx, &s3api.PutBucketOwnershipControlsRequest{
		Bucket: "logs", OwnershipControls: s3api.OwnershipControls{Rules: []s3api.OwnershipControlsRule{{ObjectOwnership: "BucketOwnerEnforced"}}},
	})
	b.code(err, "InvalidBucketAclWithObjectOwnership")
	_, err = b.PutBucketAcl(b.ctx, &s3api.PutBucketAclRequest{Bucket: "logs", ACL: new(s3api.BucketCannedACLPrivate)})
	b.ok(err)
	_, err = b.PutBucketOwnershipControls(b.ctx, &s3api.PutBucketOwnershipControlsRequest{
		Bucket: "logs", OwnershipControls: s3api.OwnershipControls{Rules: []s3api.OwnershipControlsRule{{ObjectOwnership: "BucketOwnerEnforced"}}},
	})
	b.ok(err)
	b.reads("logs", "theirs", "x")
	_, err = b.DeleteBucketOwnershipControls(b.ctx, &s3api.DeleteBucketOwnershipControlsRequest{Bucket: "logs"})
	b.ok(err)
	_, err = b.GetBucketOwnershipControls(b.ctx, &s3api.GetBucketOwnershipControlsRequest{Bucket: "logs"})
	b.code(err, "OwnershipControlsNotFoundError")
}

func TestTheOwnerMayPreferToOwn(t *testing.T) {
	r := &bucketRecord{Account: account, Ownership: s3api.ObjectOwnershipBucketOwnerPreferred}
	for canned, want := range map[string]string{"": stranger, "private": stranger, "bucket-owner-full-control": account} {
		if got := r.ownerOfNew(stranger, grantHeaders{canned: canned}); got != want {
			t.Errorf("%q: %s owns", canned, got)
		}
	}
}

func TestAnonymousCallersDeleteWhatTheyMade(t *testing.T) {
	b := newBench(t)
	b.openBucket("logs")
	_, err := b.PutBucketAcl(b.ctx, &s3api.PutBucketAclRequest{Bucket: "logs", ACL: new(s3api.BucketCannedACLPublicReadWrite)})
	b.ok(err)
	b.put("logs", "mine", "x")
	_, err = b.tryPut(nobody(), "logs", "theirs", "x")
	b.ok(err)
	in := &s3api.DeleteObjectsRequest{Bucket: "logs", Delete: s3api.Delete{Objects: []s3api.ObjectIdentifier{{Key: "mine"}, {Key: "theirs"}}}}
	out, err := b.DeleteObjects(nobody(), in)
	b.ok(err)
	b.same("answer", []any{*out.Deleted[0].Key, *out.Errors[0].Key, *out.Errors[0].Code}, []any{"theirs", "mine", "AccessDenied"})
	b.same("left", b.names("logs"), "mine")
}

func TestListsThatCantBe(t *testing.T) {
	b := newBench(t)
	b.openBucket("logs")
	for _, tt := range []struct {
		in   s3api.PutBucketAclRequest
		code string
	}{
		{s3api.PutBucketAclRequest{}, "MissingSecurityHeader"},
		{s3api.PutBucketAclRequest{ACL: new(s3api.BucketCannedACL("x"))}, "InvalidArgument"},
		{s3api.PutBucketAclRequest{ACL: new(s3api.BucketCannedACLPrivate), GrantRead: new(`id="x"`)}, "InvalidRequest"},
		{s3api.PutBucketAclRequest{GrantRead: new(`id="short"`)}, "InvalidArgument"},
		{s3api.PutBucketAclRequest{GrantRead: new(`uri="http://example.com"`)}, "InvalidArgument"},
		{s3api.PutBucketAclRequest{GrantRead: new(`name="x"`)}, "InvalidArgument"},
		{s3api.PutBucketAclRequest{GrantRead: new(`emailAddress="a@b"`)}, "UnresolvableGrantByEmailAddress"},
		{s3api.PutBucketAclRequest{AccessControlPolicy: &s3api.AccessControlPolicy{}}, "AccessDenied"},
		{s3api.PutBucketAclRequest{AccessControlPolicy: &s3api.AccessControlPolicy{Owner: ownerOf(account), Grants: []s3api.Grant{{}}}}, "MalformedACLError"},
		{s3api.PutBucketAclRequest{ACL: new(s3api.BucketCannedACLPrivate), AccessControlPolicy: &s3api.AccessControlPolicy{}}, "UnexpectedContent"},
	} {
		tt.in.Bucket = "logs"
		_, err := b.PutBucketAcl(b.ctx, &tt.in)
		b.code(err, tt.code)
	}
	policy := &s3api.AccessControlPolicy{Owner: ownerOf(account), Grants: show([]grant{{URI: logDelivery, Permission: "WRITE"}, {ID: CanonicalID(account), Permission: "FULL_CONTROL"}})}
	_, err := b.PutBucketAcl(b.ctx, &s3api.PutBucketAclRequest{Bucket: "logs", AccessControlPolicy: policy})
	b.ok(err)
	out, err := b.GetBucketAcl(b.ctx, &s3api.GetBucketAclRequest{Bucket: "logs"})
	b.ok(err)
	b.same("grants", []any{*out.Grants[0].Grantee.URI, *out.Grants[0].Permission, out.Grants[0].Grantee.Type}, []any{logDelivery, "WRITE", "Group"})
	b.put("logs", "k", "x")
	_, err = b.PutObjectAcl(b.ctx, &s3api.PutObjectAclRequest{Bucket: "logs", Key: "k", ACL: new(s3api.ObjectCannedACLPublicRead)})
	b.ok(err)
	_, _, err = b.tryGet(nobody(), "logs", "k")
	b.ok(err)
}

func TestCannedLists(t *testing.T) {
	me, them := CanonicalID(account), CanonicalID(stranger)
	for name, want := range map[string][]grant{
		"":                          {{ID: me, Permission: "FULL_CONTROL"}},
		"public-read-write":         {{ID: me, Permission: "FULL_CONTROL"}, {URI: allUsers, Permission: "READ"}, {URI: allUsers, Permission: "WRITE"}},
		"bucket-owner-read":         {{ID: me, Permission: "FULL_CONTROL"}, {ID: them, Permission: "READ"}},
		"bucket-owner-full-control": {{ID: me, Permission: "FULL_CONTROL"}, {ID: them, Permission: "FULL_CONTROL"}},
		"log-delivery-write":        {{ID: me, Permission: "FULL_CONTROL"}, {URI: logDelivery, Permission: "WRITE"}, {URI: logDelivery, Permission: "READ_ACP"}},
	} {
		got, err := canned(name, account, stranger)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %v, %v", name, got, err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", name, got[i], want[i])
			}
		}
	}
	if CanonicalID(account) == CanonicalID(stranger) || len(CanonicalID(account)) != 64 || CanonicalID("") != anonymousID {
		t.Error("canonical ids")
	}
	if api.Anonymous != 0 {
		t.Error("a context without a caller is not anonymous")
	}
}
