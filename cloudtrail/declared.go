package cloudtrail

import (
	"slices"

	"sealstack/api"
)

// What a record shows of an operation follows from AWS's models: every member
// of the request, and of the answer if the operation changes something, in
// CloudTrail's spelling. Never shown are members whose shape the model calls
// sensitive, blobs and streams. What differs from that is declared here, one
// entry a service, and nowhere else. A member that is secret although its
// shape is not called sensitive is named in hidden or secret.

// service declares the records of a service.
type service struct {
	version string   // apiVersion, of the services whose records have one
	hidden  []string // members of requests, by wire name, that are not shown
	secret  []string // members of answers that are not shown
	shown   []string // shapes that the model calls sensitive and records show
	mask    string   // stands for what is sensitive; "": the member is left out
	data    bool     // all operations are data events
	objects bool     // operations on a key of a bucket are data events
	silent  bool     // no answer is shown
	// operations are those of which the models don't tell enough.
	operations map[string]declaration
}

// declaration is what one operation's records have of their own.
type declaration struct {
	is    trait
	event string // eventName, if it is not the operation's
}

// trait says what an operation's name does not tell.
type trait uint8

const (
	reads     trait = 1 << iota // it changes nothing, whatever its name says
	answers                     // its answer is shown although it reads
	silent                      // its answer is not shown although it changes something
	dataEvent                   // it is a data event
	bare                        // its requestParameters are null
)

// declared are the services, by id. Of IAM nothing need be declared.
//
// All that there is of CloudWatch are data events:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/logging_cw_api_calls.html
//
// Unverified: that in records of Organizations whatever the model calls
// sensitive is masked, as e-mail addresses and names of accounts are.
var declared = map[string]*service{
	"kms":             kmsRecords,
	"logs":            logsRecords,
	"s3":              s3Records,
	"sts":             stsRecords,
	"iam":             {},
	"organizations":   {mask: "****"},
	"cloudtrail":      {operations: map[string]declaration{"StartQuery": {is: reads}, "CancelQuery": {is: reads}}},
	"cloudtrail-data": {data: true, hidden: []string{"auditEvents"}},
	"cloudwatch":      {data: true, silent: true},
}

func declaredOf(s *api.Service) *service {
	if d, ok := declared[s.ID]; ok {
		return d
	}
	return &service{}
}

// sensitive says whether values of a shape are kept out of records.
func sensitive(s *api.Service, shape string) bool {
	return s.Shapes[shape].Sensitive && !slices.Contains(declaredOf(s).shown, shape)
}

// kmsRecords hides grant tokens, which are no blobs and secret all the same.
// https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
var kmsRecords = &service{
	hidden: []string{"GrantToken", "GrantTokens"},
	secret: []string{"GrantToken"},
	operations: map[string]declaration{
		"Decapsulate":                         {is: reads},
		"Decrypt":                             {is: reads},
		"DeriveSharedSecret":                  {is: reads},
		"Encapsulate":                         {is: reads},
		"Encrypt":                             {is: reads},
		"GenerateDataKey":                     {is: reads},
		"GenerateDataKeyPair":                 {is: reads},
		"GenerateDataKeyPairWithoutPlaintext": {is: reads},
		"GenerateDataKeyWithoutPlaintext":     {is: reads},
		"GenerateMac":                         {is: reads},
		"GenerateRandom":                      {is: reads | bare},
		"ReEncrypt":                           {is: reads},
		"Sign":                                {is: reads},
		"Verify":                              {is: reads},
		"VerifyMac":                           {is: reads},
	},
}

// logsRecords tells data events, and hides log events. Query strings and
// filter patterns are shown.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/logging_cw_api_calls_cwl.html
//
// Unverified: the resource type of data events of CloudWatch Logs, which calls
// beside PutLogEvents are data events, AWS's readOnly for queries, and that
// query strings are shown in full.
var logsRecords = &service{
	version: "20140328",
	hidden:  []string{"logEvents", "logEventMessages"},
	operations: map[string]declaration{
		"FilterLogEvents": {is: dataEvent | silent},
		"GetLogEvents":    {is: dataEvent | silent},
		"GetLogObject":    {is: dataEvent | silent},
		"PutLogEvents":    {is: dataEvent | silent},
		"StartLiveTail":   {is: dataEvent | reads},
		"StartQuery":      {is: reads},
		"StopQuery":       {is: reads},
	},
}

// stsRecords show the credentials that were given, without their secret.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
var stsRecords = &service{
	operations: map[string]declaration{
		"AssumeRole":                {is: reads | answers},
		"AssumeRoleWithSAML":        {is: reads | answers},
		"AssumeRoleWithWebIdentity": {is: reads | answers},
		"AssumeRoot":                {is: reads | answers},
		"GetDelegatedAccessToken":   {is: answers},
		"GetFederationToken":        {is: answers},
		"GetSessionToken":           {is: answers},
		"GetWebIdentityToken":       {is: answers},
	},
}

// s3Records name events as Amazon S3 does. Of answers they show headers, see
// s3Answer.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
var s3Records = &service{
	objects: true,
	shown:   []string{"SSEKMSKeyId", "NonEmptyKmsKeyArnString"},
	operations: map[string]declaration{
		"DeletePublicAccessBlock":            {event: "DeleteBucketPublicAccessBlock"},
		"GetBucketAccelerateConfiguration":   {event: "GetAccelerateConfiguration"},
		"GetBucketLifecycleConfiguration":    {event: "GetBucketLifecycle"},
		"GetBucketNotificationConfiguration": {event: "GetBucketNotification"},
		"GetObjectLockConfiguration":         {event: "GetBucketObjectLockConfiguration"},
		"GetPublicAccessBlock":               {event: "GetBucketPublicAccessBlock"},
		"PutBucketAccelerateConfiguration":   {event: "PutAccelerateConfiguration"},
		"PutBucketLifecycleConfiguration":    {event: "PutBucketLifecycle"},
		"PutBucketNotificationConfiguration": {event: "PutBucketNotification"},
		"PutObjectLockConfiguration":         {event: "PutBucketObjectLockConfiguration"},
		"PutPublicAccessBlock":               {event: "PutBucketPublicAccessBlock"},

		"DeleteObjects":        {is: dataEvent},
		"HeadBucket":           {is: dataEvent},
		"ListMultipartUploads": {is: dataEvent},
		"ListObjectVersions":   {is: dataEvent},
		"ListObjects":          {is: dataEvent},
		"ListObjectsV2":        {is: dataEvent, event: "ListObjects"},
	},
}
