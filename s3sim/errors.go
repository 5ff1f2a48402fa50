package s3sim

import (
	"net/http"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
)

// Each sentence of S3 stands here once.
//
// Unverified: sentences that no recording shows, among them those about bucket
// policies, tags, object lock, lifecycles, versioning and ranges of copies. The
// codes are of AWS's list:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

func fail(code string, status int, message string) *api.Error {
	return &api.Error{Shape: code, Code: code, Message: message, Status: status}
}

// badRequest returns one of the many errors with status 400.
func badRequest(code, message string) *api.Error { return fail(code, http.StatusBadRequest, message) }

func invalidRequest(message string) *api.Error { return badRequest("InvalidRequest", message) }

// invalidArgument refuses an argument by name; an empty value is not shown.
func invalidArgument(message, name, value string) *api.Error {
	e := badRequest("InvalidArgument", message).With("ArgumentName", name)
	if value != "" {
		e = e.With("ArgumentValue", value)
	}
	return e
}

// accessDenied is the refusal that says no more.
func accessDenied() *api.Error { return s3api.AccessDenied("Access Denied") }

func denied(message string) *api.Error { return s3api.AccessDenied("%s", message) }

// Buckets.

func noSuchBucket(name string) *api.Error {
	return s3api.NoSuchBucket("The specified bucket does not exist").With("BucketName", name)
}

func invalidBucketName(name string) *api.Error {
	return badRequest("InvalidBucketName", "The specified bucket is not valid.").With("BucketName", name)
}

func bucketOwnedByYou(name string) *api.Error {
	return s3api.BucketAlreadyOwnedByYou("Your previous request to create the named bucket succeeded and you already own it.").With("BucketName", name)
}

func bucketExists(name string) *api.Error {
	return s3api.BucketAlreadyExists("The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.").With("BucketName", name)
}

func bucketNotEmpty(name string, versioned bool) *api.Error {
	message := "The bucket you tried to delete is not empty"
	if versioned {
		message += ". You must delete all versions in the bucket."
	}
	return fail("BucketNotEmpty", http.StatusConflict, message).With("BucketName", name)
}

func illegalLocation(constraint string) *api.Error {
	if constraint == "" {
		return badRequest("IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	return badRequest("IllegalLocationConstraintException", "The "+constraint+" location constraint is incompatible for the region specific endpoint this request was sent to.")
}

func invalidLocation(constraint string) *api.Error {
	return badRequest("InvalidLocationConstraint", "The specified location-constraint is not valid").With("LocationConstraint", constraint)
}

func malformedXML() *api.Error {
	return badRequest("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

// notConfigured is the 404 of a configuration that a bucket does not have.
func notConfigured(code, message, bucket string) *api.Error {
	return fail(code, http.StatusNotFound, message).With("BucketName", bucket)
}

func noPublicAccessBlock(bucket string) *api.Error {
	return notConfigured("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", bucket)
}

func noBucketPolicy(bucket string) *api.Error {
	return notConfigured("NoSuchBucketPolicy", "The bucket policy does not exist", bucket)
}

func noOwnershipControls(bucket string) *api.Error {
	return notConfigured("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", bucket)
}

func noObjectLockConfiguration(bucket string) *api.Error {
	return notConfigured("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", bucket)
}

// Unverified: the sentence.
func needsMFA() *api.Error {
	return denied("Mfa Authentication must be used for this request")
}

func publicPolicyBlocked(user, bucket string) *api.Error {
	return denied("User: " + user + " is not authorized to perform: s3:PutBucketPolicy on resource: \"" + bucket +
		"\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
}

func malformedPolicy(message string) *api.Error {
	return badRequest("MalformedPolicy", message)
}

func aclNotSupported() *api.Error {
	return badRequest("AccessControlListNotSupported", "The bucket does not allow ACLs")
}

func invalidTag(message, key string) *api.Error {
	return badRequest("InvalidTag", message).With("TagKey", key)
}

func tooManyTags() *api.Error {
	return badRequest("BadRequest", "Object tags cannot be greater than 10")
}

// Objects.

func noSuchKey(key string) *api.Error {
	return s3api.NoSuchKey("The specified key does not exist.").With("Key", key)
}

func noSuchVersion(key, version string) *api.Error {
	return fail("NoSuchVersion", http.StatusNotFound, "The specified version does not exist.").With("Key", key).With("VersionId", version)
}

func invalidVersion(version string) *api.Error {
	return invalidArgument("Invalid version id specified", "versionId", version)
}

func emptyVersion() *api.Error {
	return invalidArgument("Version id cannot be the empty string", "versionId", "")
}

// markerMethod is the method of the operation that asks for an action.
func markerMethod(action string) string {
	switch {
	case strings.HasPrefix(action, "Put"):
		return http.MethodPut
	case strings.HasPrefix(action, "Delete"):
		return http.MethodDelete
	}
	return http.MethodGet
}

// markerNotAllowed refuses to read a delete marker by its version.
func markerNotAllowed(method string) *api.Error {
	return fail("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource.").
		With("Method", method).With("ResourceType", "DeleteMarker")
}

func keyTooLong(size int) *api.Error {
	return badRequest("KeyTooLongError", "Your key is too long").With("Size", strconv.Itoa(size)).With("MaxSizeAllowed", strconv.Itoa(maxKey))
}

func metadataTooLarge(size int) *api.Error {
	return badRequest("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size").
		With("Size", strconv.Itoa(size)).With("MaxSizeAllowed", strconv.Itoa(maxMetadata))
}

func entityTooLarge(size int64) *api.Error {
	return badRequest("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size").
		With("ProposedSize", strconv.FormatInt(size, 10)).With("MaxSizeAllowed", strconv.FormatInt(maxUpload, 10))
}

func incompleteBody() *api.Error {
	return badRequest("IncompleteBody", "The request body terminated unexpectedly")
}

func invalidDigest(given string) *api.Error {
	return badRequest("InvalidDigest", "The Content-MD5 you specified was invalid.").With("Content-MD5", given)
}

func badMD5(expected, calculated string) *api.Error {
	return badRequest("BadDigest", "The Content-MD5 you specified did not match what we received.").
		With("ExpectedDigest", expected).With("CalculatedDigest", calculated)
}

func preconditionFailed(condition string) *api.Error {
	return fail("PreconditionFailed", http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold").With("Condition", condition)
}

// notModified is an answer without a body; the edge sends status and headers.
func notModified() *api.Error {
	return fail("NotModified", http.StatusNotModified, "Not Modified")
}

func notImplemented(header string) *api.Error {
	return fail("NotImplemented", http.StatusNotImplemented, "A header you provided implies functionality that is not implemented").With("Header", header)
}

func invalidRange(size int64, asked string) *api.Error {
	return fail("InvalidRange", http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable").
		With("ActualObjectSize", strconv.FormatInt(size, 10)).With("RangeRequested", asked)
}

func invalidPartNumber(count int, asked int32) *api.Error {
	return fail("InvalidPartNumber", http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable").
		With("ActualPartCount", strconv.Itoa(count)).With("PartNumberRequested", strconv.Itoa(int(asked)))
}

func rangeAndPart() *api.Error {
	return invalidRequest("Cannot specify both Range header and partNumber query parameter")
}

func copyToItself() *api.Error {
	return invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
}

// invalidStorageClass refuses the storage classes of other kinds of buckets.
func invalidStorageClass(class s3api.StorageClass) *api.Error {
	return badRequest("InvalidStorageClass", "The storage class you specified is not valid").With("StorageClassRequested", string(class))
}

func invalidExpectedOwner(id string) *api.Error {
	return badRequest("InvalidBucketOwnerAWSAccountID", "The value of the expected bucket owner parameter must be an AWS account ID").With("ExpectedBucketOwner", id)
}

func badCopySource(value string) *api.Error {
	return invalidArgument("Invalid copy source object key", "x-amz-copy-source", value)
}

// Checksums.

func checksumInvalid(header string) *api.Error {
	return invalidRequest("Value for " + header + " header is invalid.")
}

// Unverified: the sentence; the code is that of other bad checksum headers.
func checksumUnknown(header string) *api.Error {
	return invalidRequest("The algorithm type you specified in " + header + " is invalid.")
}

// Unverified: the list, which AWS may have made longer since.
func checksumUnsupported() *api.Error {
	return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
}

func checksumMismatch(name string) *api.Error {
	return badRequest("BadDigest", "The "+name+" you specified did not match the calculated checksum.")
}

func manyChecksums() *api.Error {
	return invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

func checksumTypeMismatch(expected, actual string) *api.Error {
	return invalidRequest("Checksum Type mismatch occurred, expected checksum Type: " + expected + ", actual checksum Type: " + actual)
}

func checksumTypeUnfit(kind, lower string) *api.Error {
	return invalidRequest("The " + kind + " checksum type cannot be used with the " + lower + " checksum algorithm.")
}

func checksumTypeAlone() *api.Error {
	return invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
}

func partChecksumMissing(lower string, part int32) *api.Error {
	return invalidRequest("The upload was created using a " + lower + " checksum. The complete request must include the checksum for each part. It was missing for part " +
		strconv.Itoa(int(part)) + " in the request.")
}

func checksumModeMismatch(kind string) *api.Error {
	return invalidRequest("The upload was created using the " + kind + " checksum mode. The complete request must use the same checksum mode.")
}

func wrongObjectSize(sent, computed int64) *api.Error {
	return invalidRequest("The provided 'x-amz-mp-object-size' header value " + strconv.FormatInt(sent, 10) +
		" does not match what was computed: " + strconv.FormatInt(computed, 10))
}

// Multipart uploads.

func noSuchUpload(id string) *api.Error {
	return s3api.NoSuchUpload("The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.").With("UploadId", id)
}

func invalidPart(upload string, number int32, etag string) *api.Error {
	return badRequest("InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.").
		With("UploadId", upload).With("PartNumber", strconv.Itoa(int(number))).With("ETag", etag)
}

func invalidPartOrder(upload string) *api.Error {
	return badRequest("InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.").With("UploadId", upload)
}

func entityTooSmall(size int64, number int32, etag string) *api.Error {
	return badRequest("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size").
		With("ETag", etag).With("MinSizeAllowed", strconv.FormatInt(minPart, 10)).
		With("PartNumber", strconv.Itoa(int(number))).With("ProposedSize", strconv.FormatInt(size, 10))
}

func badUploadPart(number int32) *api.Error {
	return invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", strconv.Itoa(int(number)))
}
