package cloudtrail

import (
	"sealstack/api"
	"sealstack/api/cloudtrailapi"
)

// Each sentence of CloudTrail stands here once.

// Names.

func nameTooShort(n int) *api.Error {
	return cloudtrailapi.InvalidTrailNameException(
		"Trail name too short. Minimum allowed length: 3 characters. Specified name length: %d characters.", n)
}

func nameTooLong(n int) *api.Error {
	return cloudtrailapi.InvalidTrailNameException(
		"Trail name too long. Maximum allowed length: 128 characters. Specified name length: %d characters.", n)
}

func nameStart() *api.Error {
	return cloudtrailapi.InvalidTrailNameException("Trail name must starts with a letter or number.")
}

func nameEnd() *api.Error {
	return cloudtrailapi.InvalidTrailNameException("Trail name must ends with a letter or number.")
}

func nameCharacters() *api.Error {
	return cloudtrailapi.InvalidTrailNameException("Trail name or ARN can only contain uppercase letters, " +
		"lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).")
}

// Unverified: the sentences for adjacent separators and for IP addresses.
func nameAdjacent() *api.Error {
	return cloudtrailapi.InvalidTrailNameException("Trail name cannot have adjacent periods, hyphens, or underscores.")
}

func nameAddress() *api.Error {
	return cloudtrailapi.InvalidTrailNameException("Trail name must not be in IP address format.")
}

// Unverified: the sentence.
func badTrailARN(text string) *api.Error {
	return cloudtrailapi.CloudTrailARNInvalidException("Invalid trail ARN: %s", text)
}

// Trails.

func unknownTrail(name, account string) *api.Error {
	return cloudtrailapi.TrailNotFoundException("Unknown trail: %s for the user: %s", name, account)
}

func trailExists(name, account string) *api.Error {
	return cloudtrailapi.TrailAlreadyExistsException("Trail %s already exists for customer: %s", name, account)
}

func tooManyTrails(account string) *api.Error {
	return cloudtrailapi.MaximumNumberOfTrailsExceededException("User: %s already has %d trails in this region", account, maxTrails)
}

// Unverified: the sentence.
func notHome(name, home string) *api.Error {
	return cloudtrailapi.InvalidHomeRegionException("Trail %s can only be changed in its home Region %s.", name, home)
}

// Unverified: the sentence.
func globalNeeded() *api.Error {
	return cloudtrailapi.InvalidParameterCombinationException("Multi-Region trail must include global service events.")
}

// Where a trail delivers to.

// Unverified: the sentences for a bucket name and for a prefix.
func badBucketName(name string) *api.Error {
	return cloudtrailapi.InvalidS3BucketNameException("Bucket name is invalid: %s", name)
}

func badPrefix() *api.Error {
	return cloudtrailapi.InvalidS3PrefixException("S3 prefix is longer than maximum length: %d", maxPrefix)
}

func noBucket(name string) *api.Error {
	return cloudtrailapi.S3BucketDoesNotExistException("S3 bucket %s does not exist!", name)
}

func bucketPolicy(name string) *api.Error {
	return cloudtrailapi.InsufficientS3BucketPolicyException("Incorrect S3 bucket policy is detected for bucket: %s", name)
}

func encryptionPolicy(bucket, key string) *api.Error {
	return cloudtrailapi.InsufficientEncryptionPolicyException(
		"Insufficient permissions to access S3 bucket %s or KMS key %s.", bucket, key)
}

// Unverified: the sentences for keys that are not usable.
func badKeyID(text string) *api.Error {
	return cloudtrailapi.InvalidKmsKeyIdException("KMS key ID is invalid: %s", text)
}

func noKey(key string) *api.Error {
	return cloudtrailapi.KmsKeyNotFoundException("KMS key %s does not exist, or is not in the Region of the S3 bucket.", key)
}

// keyFault passes on what AWS KMS says of a key in the wrong state.
func keyFault(err *api.Error) *api.Error { return cloudtrailapi.KmsException("%s", err.Message) }

// Unverified: the sentence.
func badTopic(name string) *api.Error {
	return cloudtrailapi.InvalidSnsTopicNameException("SNS topic name is invalid: %s", name)
}

func groupAndRole() *api.Error {
	return cloudtrailapi.InvalidParameterCombinationException(
		"Both CloudWatch Logs log group ARN and role ARN must be specified, or neither.") // Unverified: the sentence
}

// Unverified: the sentences for ARNs that are none.
func badGroupARN() *api.Error {
	return cloudtrailapi.InvalidCloudWatchLogsLogGroupArnException("The CloudWatch Logs log group ARN is not valid.")
}

func badRoleARN() *api.Error {
	return cloudtrailapi.InvalidCloudWatchLogsRoleArnException("The CloudWatch Logs role ARN is not valid.")
}

func groupDenied() *api.Error {
	return cloudtrailapi.InvalidCloudWatchLogsLogGroupArnException("Access denied. Check the permissions for your role.")
}

func roleDenied() *api.Error {
	return cloudtrailapi.InvalidCloudWatchLogsRoleArnException("Access denied. Check the trust relationships for your role.")
}

func noLogs() *api.Error {
	return cloudtrailapi.CloudWatchLogsDeliveryUnavailableException("Cannot set a CloudWatch Logs delivery for this Region.")
}

// Selectors. Unverified: the sentences.

func badSelectors(why string) *api.Error {
	return cloudtrailapi.InvalidEventSelectorsException("%s", why)
}

func noInsights(trail string) *api.Error {
	return cloudtrailapi.InsightNotEnabledException("Insights is not enabled for trail %s.", trail)
}

// Tags. Unverified: the sentences.

func duplicateTag(key string) *api.Error {
	return cloudtrailapi.InvalidTagParameterException("Duplicate tag key: %s", key)
}

func reservedTag() *api.Error {
	return cloudtrailapi.InvalidTagParameterException("Tag keys that begin with aws: are reserved.")
}

func tooManyTags() *api.Error {
	return cloudtrailapi.TagsLimitExceededException("The number of tags has exceeded the limit of %d.", maxTags)
}

func noResource(arn string) *api.Error {
	return cloudtrailapi.ResourceNotFoundException("The resource %s does not exist.", arn)
}

// Event history. Unverified: the sentences.

func badLookupAttributes(why string) *api.Error {
	return cloudtrailapi.InvalidLookupAttributesException("%s", why)
}

func badTimeRange() *api.Error {
	return cloudtrailapi.InvalidTimeRangeException("The end time must be later than the start time.")
}

func badMaxResults() *api.Error {
	return cloudtrailapi.InvalidMaxResultsException("MaxResults must be between 1 and %d.", maxLookup)
}

func badNextToken() *api.Error {
	return cloudtrailapi.InvalidNextTokenException("The NextToken is not valid, or was used with different parameters.")
}

func badToken() *api.Error { return cloudtrailapi.InvalidTokenException("The NextToken is not valid.") }
