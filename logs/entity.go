package logs

import "sealstack/api/logsapi"

// Limits of the entity that PutLogEvents may name:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Entity.html
const maxEntity = 4096 // Unverified: bytes of all its keys and values

// entityKeys are the key attributes that an entity can have.
var entityKeys = map[string]bool{"Type": true, "ResourceType": true, "Identifier": true, "Name": true, "Environment": true, "AwsAccountId": true}

// rejectedEntity says what is wrong with an entity, nil if nothing is. The
// events of the call are kept all the same.
func rejectedEntity(e *logsapi.Entity) *logsapi.RejectedEntityInfo {
	if e == nil {
		return nil
	}
	size := 0
	for _, m := range []map[string]string{e.KeyAttributes, e.Attributes} {
		for k, v := range m {
			size += len(k) + len(v)
		}
	}
	switch {
	case size > maxEntity:
		return &logsapi.RejectedEntityInfo{ErrorType: logsapi.EntityRejectionErrorTypeEntitySizeTooLarge}
	case len(e.KeyAttributes) == 0:
		return &logsapi.RejectedEntityInfo{ErrorType: logsapi.EntityRejectionErrorTypeMissingRequiredFields}
	case e.KeyAttributes["Type"] == "":
		return &logsapi.RejectedEntityInfo{ErrorType: logsapi.EntityRejectionErrorTypeInvalidTypeValue}
	}
	for k := range e.KeyAttributes {
		if !entityKeys[k] {
			return &logsapi.RejectedEntityInfo{ErrorType: logsapi.EntityRejectionErrorTypeInvalidKeyAttributes}
		}
	}
	return nil
}
