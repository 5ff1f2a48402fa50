package s3sim

import (
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
)

func TestTheBucketIsToldOfBeforeADocument(t *testing.T) {
	b := newBench(t)
	b.bucket("bucket")
	op := s3api.Service.Operation("PutBucketEncryption")
	b.fails(b.service.CheckBucket(b.ctx, op, "none"), "NoSuchBucket", "The specified bucket does not exist")
	b.code(b.service.CheckBucket(b.user(account, "alice"), op, "bucket"), "AccessDenied")
	b.code(b.service.CheckBucket(rootOf(stranger), op, "bucket"), "AccessDenied")
	b.ok(b.service.CheckBucket(b.ctx, op, "bucket"))
	b.ok(b.service.CheckBucket(b.user(account, "bob", allow("s3:PutEncryptionConfiguration", "arn:aws:s3:::bucket")), op, "bucket"))
	b.ok(b.service.CheckBucket(b.user(account, "alice"), s3api.Service.Operation("PutObjectTagging"), "bucket"))
}

// An operation that takes a document and has no key must be in the table.
func TestEveryDocumentOfABucketHasItsAction(t *testing.T) {
	for name := range documentActions {
		if s3api.Service.Operation(name) == nil {
			t.Errorf("%s is no operation", name)
		}
	}
	for _, op := range s3api.Service.Operations {
		if op.HTTP.Method != "PUT" || !takesDocument(op) || op.Name == "CreateBucket" {
			continue
		}
		if _, ok := documentActions[op.Name]; !ok {
			t.Errorf("%s has no action", op.Name)
		}
	}
}

// takesDocument reports whether an operation has a bucket, no key, and a
// payload.
func takesDocument(op *api.Operation) bool {
	_, key := op.Input.FieldByName("Key")
	for i := range op.Input.NumField() {
		tag, err := api.ParseTag(op.Input.Field(i))
		if err == nil && tag.Place == api.Payload && !key {
			return true
		}
	}
	return false
}
