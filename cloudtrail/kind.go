package cloudtrail

import (
	"slices"
	"strings"
	"sync"

	"sealstack/api"
	"sealstack/api/cloudtraildataapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
)

// kind is what CloudTrail knows of an operation.
type kind struct {
	source   string // "kms.amazonaws.com"
	name     string // of the event
	readOnly bool
	data     bool
	responds bool     // responseElements are shown
	hidden   []string // members of the request, by wire name, that are not shown
	secret   []string // members of the response that are not shown
	version  string   // apiVersion
	bare     bool     // requestParameters are null
}

var kinds sync.Map // *api.Operation to *kind

// kindOf returns the kind of a service's operation.
func kindOf(s *api.Service, op *api.Operation) *kind {
	if k, ok := kinds.Load(op); ok {
		return k.(*kind)
	}
	k := &kind{source: s.Endpoint + ".amazonaws.com", name: op.Name, readOnly: readsOnly(s, op.Name)}
	k.responds = !k.readOnly || s == stsapi.Service && op.Name != "GetCallerIdentity"
	switch s {
	case kmsapi.Service:
		k.asKMS(op.Name)
	case s3api.Service:
		k.asS3(op)
	case logsapi.Service:
		k.asLogs(op.Name)
	case cloudtraildataapi.Service:
		k.data, k.hidden = true, []string{"auditEvents"}
	}
	if s.ID == "cloudwatch" {
		// All that is here are data events, which nobody records by default:
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/logging_cw_api_calls.html
		k.data, k.responds = true, false
	}
	stored, _ := kinds.LoadOrStore(op, k)
	return stored.(*kind)
}

// readingVerbs start the names of operations that change nothing.
var readingVerbs = []string{
	"Get", "List", "Describe", "Head", "Lookup", "Filter", "Test", "Simulate", "Search", "Select", "BatchGet", "Decode",
}

// readers are operations that change nothing whatever their names.
var readers = map[string][]string{
	"kms": {
		"Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair",
		"GenerateDataKeyPairWithoutPlaintext", "GenerateRandom", "GenerateMac", "VerifyMac", "Sign", "Verify",
		"DeriveSharedSecret", "Encapsulate", "Decapsulate",
	},
	"sts":  {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot"},
	"logs": {"StartLiveTail", "StartQuery", "StopQuery"}, // Unverified: AWS's readOnly for queries
}

// readsOnly says whether an operation changes nothing, as a record's readOnly
// tells.
func readsOnly(s *api.Service, name string) bool {
	if slices.Contains(readers[s.ID], name) {
		return true
	}
	return slices.ContainsFunc(readingVerbs, func(verb string) bool { return strings.HasPrefix(name, verb) })
}

// asKMS hides grant tokens and what is in no blob but is secret all the same.
// https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
func (k *kind) asKMS(name string) {
	k.hidden = []string{"GrantToken", "GrantTokens"}
	k.secret = []string{"GrantToken"}
	k.bare = name == "GenerateRandom"
}

// asLogs tells data events, and hides log events.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/logging_cw_api_calls_cwl.html
//
// Unverified: the resource type of data events of CloudWatch Logs, and which
// calls beside PutLogEvents are data events.
func (k *kind) asLogs(name string) {
	k.version = "20140328"
	k.hidden = []string{"logEvents", "logEventMessages"}
	switch name {
	case "PutLogEvents", "GetLogEvents", "FilterLogEvents", "StartLiveTail", "GetLogObject":
		k.data, k.responds = true, false
	}
}

// s3Names are the events of Amazon S3 that do not bear their operation's name.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
var s3Names = map[string]string{
	"DeletePublicAccessBlock":            "DeleteBucketPublicAccessBlock",
	"GetBucketAccelerateConfiguration":   "GetAccelerateConfiguration",
	"GetBucketLifecycleConfiguration":    "GetBucketLifecycle",
	"GetBucketNotificationConfiguration": "GetBucketNotification",
	"GetObjectLockConfiguration":         "GetBucketObjectLockConfiguration",
	"GetPublicAccessBlock":               "GetBucketPublicAccessBlock",
	"ListObjectsV2":                      "ListObjects",
	"PutBucketAccelerateConfiguration":   "PutAccelerateConfiguration",
	"PutBucketLifecycleConfiguration":    "PutBucketLifecycle",
	"PutBucketNotificationConfiguration": "PutBucketNotification",
	"PutObjectLockConfiguration":         "PutBucketObjectLockConfiguration",
	"PutPublicAccessBlock":               "PutBucketPublicAccessBlock",
}

// bucketData are the data events of whole buckets.
var bucketData = []string{"DeleteObjects", "HeadBucket", "ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2"}

// asS3 tells data events: calls on objects, and those that list them.
func (k *kind) asS3(op *api.Operation) {
	if name, ok := s3Names[op.Name]; ok {
		k.name = name
	}
	k.data = strings.Contains(op.HTTP.URI, "{Key+}") || slices.Contains(bucketData, op.Name)
	k.responds = false // answers of S3 are headers and documents of its own
}

// global says that the events of a service are those of all Regions.
func global(s *api.Service) bool { return s.Global || s == iamapi.Service }
