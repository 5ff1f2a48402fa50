package cloudtrail

import (
	"encoding/json"
	"reflect"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
)

// s3Answer shows of an answer of Amazon S3 the headers that are its own.
//
// Unverified: that all of them are shown; AWS's records are known to have
// those of encryption and x-amz-version-id.
func s3Answer(c *api.Call) json.RawMessage {
	v := reflect.ValueOf(c.Out)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	out := map[string]json.RawMessage{}
	for i := range v.Elem().NumField() {
		f := v.Elem().Type().Field(i)
		tag, err := api.ParseTag(f)
		if err == nil && tag.Place == api.Header && strings.HasPrefix(tag.Name, "x-amz-") {
			s3Member(out, c.Service, f, v.Elem().Field(i))
		}
	}
	return bounded(s3Object(out))
}

// describeTransfer tells how a request to Amazon S3 was signed and protected,
// how much was transferred, and how what it wrote is encrypted.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
//
// Unverified: that bytesTransferredOut is left out where the answer is a
// document.
func describeTransfer(r *record, c *api.Caller, call *api.Call) {
	if c.Type == api.AWSService && c.HostID == "" && c.SignatureVersion == "" {
		return // a service of AWS that delivers: no request of a client
	}
	d := map[string]any{"bytesTransferredIn": int64(0)}
	if n, ok := transferred(call.In); ok {
		d["bytesTransferredIn"] = n
	}
	if call.Err == nil && !listed(call) {
		n, _ := transferred(call.Out)
		d["bytesTransferredOut"] = n
	}
	for member, value := range map[string]string{
		"SignatureVersion": signatures[c.SignatureVersion], "AuthenticationMethod": authentications[c.AuthType],
		"x-amz-id-2": c.HostID, "SSEApplied": encryptionApplied(call),
	} {
		if value != "" {
			d[member] = value
		}
	}
	if r.TLS != nil && r.TLS.CipherSuite != "" {
		d["CipherSuite"] = r.TLS.CipherSuite
	}
	r.AdditionalEventData = d
}

// signatures and authentications are the records' words.
var (
	signatures      = map[string]string{"AWS4-HMAC-SHA256": "SigV4", "AWS4-ECDSA-P256-SHA256": "SigV4A", "AWS": "SigV2"}
	authentications = map[string]string{"REST-HEADER": "AuthHeader", "REST-QUERY-STRING": "QueryString"}
)

// transferred is the length of the body that a request brings or an answer
// has.
func transferred(message any) (int64, bool) {
	switch m := message.(type) {
	case *s3api.PutObjectRequest:
		return deref(m.ContentLength), m.ContentLength != nil
	case *s3api.UploadPartRequest:
		return deref(m.ContentLength), m.ContentLength != nil
	case *s3api.GetObjectOutput:
		if m != nil {
			return deref(m.ContentLength), true
		}
	}
	return 0, false
}

// listed says that the answer is a document, whose length is not known before
// it is written.
func listed(call *api.Call) bool {
	out := call.Operation.Output
	for i := range out.NumField() {
		tag, err := api.ParseTag(out.Field(i))
		if err == nil && (tag.Place == api.Body || tag.Place == api.Payload) && out != reflect.TypeFor[s3api.GetObjectOutput]() {
			return true
		}
	}
	return false
}

// encryptionApplied tells how an object that was written is encrypted, and
// whether the request asked for it or the bucket's default made it so.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption-tracking.html
//
// Unverified: the words for DSSE-KMS; that records of parts and of
// CompleteMultipartUpload have the member (of an upload's beginning AWS says
// so), and that those of reads have not.
func encryptionApplied(call *api.Call) string {
	if call.Err != nil || textMember(call.Out, "ServerSideEncryption") == "" && textMember(call.Out, "SSECustomerAlgorithm") == "" {
		return ""
	}
	switch call.Operation.Name {
	case "PutObject", "CopyObject", "CreateMultipartUpload", "CompleteMultipartUpload", "UploadPart", "UploadPartCopy":
	default:
		return ""
	}
	if textMember(call.Out, "SSECustomerAlgorithm") != "" {
		return "SSE_C"
	}
	applied := map[string]string{"AES256": "SSE_S3", "aws:kms": "SSE_KMS", "aws:kms:dsse": "DSSE_KMS"}[textMember(call.Out, "ServerSideEncryption")]
	asked := textMember(call.In, "ServerSideEncryption") != ""
	if applied != "" && !asked && (call.Operation.Name == "PutObject" || call.Operation.Name == "CopyObject" || call.Operation.Name == "CreateMultipartUpload") {
		return "Default_" + applied
	}
	return applied
}
