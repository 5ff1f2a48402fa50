package cloudtrail

import (
	"sealstack/api"
	"sealstack/api/cloudtrailapi"
)

// The sentences of CloudTrail Lake. Unverified: all that are not said to come
// from AWS's pages.

func badStoreARN(text string) *api.Error {
	return cloudtrailapi.EventDataStoreARNInvalidException("The specified event data store ARN is not valid: %s", text)
}

func unknownStore() *api.Error {
	return cloudtrailapi.EventDataStoreNotFoundException("The specified event data store was not found.")
}

func inactiveStore() *api.Error {
	return cloudtrailapi.InactiveEventDataStoreException("The event data store is inactive.")
}

func storeExists() *api.Error {
	return cloudtrailapi.EventDataStoreAlreadyExistsException("An event data store with that name already exists.")
}

func tooManyStores() *api.Error {
	return cloudtrailapi.EventDataStoreMaxLimitExceededException("Your account has used the maximum number of event data stores.")
}

func protectedStore() *api.Error {
	return cloudtrailapi.EventDataStoreTerminationProtectedException(
		"The event data store cannot be deleted because termination protection is enabled for it.")
}

func wrongStoreStatus(status cloudtrailapi.EventDataStoreStatus) *api.Error {
	return cloudtrailapi.InvalidEventDataStoreStatusException("The event data store has the status %s, which does not allow this.", status)
}

func wrongCategory() *api.Error {
	return cloudtrailapi.InvalidEventDataStoreCategoryException("The event category of the event data store does not allow this.")
}

func badParameter(why string) *api.Error { return cloudtrailapi.InvalidParameterException("%s", why) }

func fixedKey() *api.Error {
	return badParameter("The KMS key of an event data store cannot be changed or removed.")
}

// storeKeyDenied: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateEventDataStore.html
func storeKeyDenied(key string) *api.Error {
	return cloudtrailapi.InsufficientEncryptionPolicyException("Insufficient permissions to access KMS key %s.", key)
}

func badStoreToken() *api.Error { return badNextToken() }

func storeInUse() *api.Error {
	return cloudtrailapi.ChannelExistsForEDSException("The event data store is the destination of a channel.")
}

func noStoreKey(key string) *api.Error {
	return cloudtrailapi.KmsKeyNotFoundException("KMS key %s does not exist, or is not in the Region of the event data store.", key)
}
