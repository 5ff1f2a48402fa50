package kms

import (
	"time"

	"sealstack/api/kmsapi"
)

// states is a set of key states.
type states uint16

const (
	creating states = 1 << iota
	enabled
	disabled
	pendingDeletion
	pendingImport
	pendingReplicaDeletion
	unavailable
	updating
)

var stateBits = map[kmsapi.KeyState]states{
	kmsapi.KeyStateCreating:               creating,
	kmsapi.KeyStateEnabled:                enabled,
	kmsapi.KeyStateDisabled:               disabled,
	kmsapi.KeyStatePendingDeletion:        pendingDeletion,
	kmsapi.KeyStatePendingImport:          pendingImport,
	kmsapi.KeyStatePendingReplicaDeletion: pendingReplicaDeletion,
	kmsapi.KeyStateUnavailable:            unavailable,
	kmsapi.KeyStateUpdating:               updating,
}

// What operations need, by the table of
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html.
const (
	dying  = pendingDeletion | pendingReplicaDeletion
	living = creating | enabled | disabled | pendingImport | unavailable | updating

	// PutKeyPolicy, RevokeGrant and whatever else is not named.
	anyState = living | dying
	// Encrypt, Decrypt, ReEncrypt, GenerateDataKey and the like.
	forUse = enabled | updating
	// CreateGrant.
	forGrant = enabled | unavailable | updating
	// GetParametersForImport.
	forParameters = enabled | disabled | pendingImport
	// ImportKeyMaterial.
	forImport = forParameters | updating
	// DeleteImportedKeyMaterial.
	forRemoval = forParameters | dying
	// RotateKeyOnDemand.
	forRotation = enabled
	// ReplicateKey.
	forReplication = enabled
	// EnableKey, DisableKey.
	forSwitch = enabled | disabled | unavailable
	// ScheduleKeyDeletion.
	forDeletion = living &^ updating
	// CancelKeyDeletion.
	forCancel = dying
	// CreateAlias, UpdateKeyDescription, TagResource, UntagResource, and the
	// new target of UpdateAlias.
	forChange = living
)

// words says how AWS's errors name a state.
var words = map[kmsapi.KeyState]string{
	kmsapi.KeyStateCreating:               "creating",
	kmsapi.KeyStatePendingDeletion:        "pending deletion",
	kmsapi.KeyStatePendingImport:          "pending import",
	kmsapi.KeyStatePendingReplicaDeletion: "pending replica deletion",
	kmsapi.KeyStateUnavailable:            "unavailable",
	kmsapi.KeyStateUpdating:               "updating",
}

// require returns AWS's error if a key in this state is not in the set: for
// state Disabled DisabledException, else KMSInvalidStateException.
func require(key string, state kmsapi.KeyState, need states) error {
	switch {
	case need&stateBits[state] != 0:
		return nil
	case need == forCancel:
		return invalidState(key, "not pending deletion")
	case state == kmsapi.KeyStateDisabled:
		return keyDisabled(key)
	}
	return invalidState(key, words[state])
}

// state is the key's state at an instant. A key past its deletion date is in
// none: see gone.
func (r *record) state() kmsapi.KeyState {
	switch {
	case !r.Deletion.IsZero():
		return kmsapi.KeyStatePendingDeletion
	case r.Window != 0:
		return kmsapi.KeyStatePendingReplicaDeletion
	case r.Transient.lasts(r.seen):
		return r.Transient.State
	case r.detached():
		return kmsapi.KeyStateUnavailable
	case r.Material == "", r.Import.missing(r.seen):
		return kmsapi.KeyStatePendingImport
	case r.Disabled:
		return kmsapi.KeyStateDisabled
	}
	return kmsapi.KeyStateEnabled
}

// transient is a state of multi-Region keys in which they are for seconds.
type transient struct {
	State kmsapi.KeyState `cbor:"1,keyasint"` // Creating or Updating
	Until time.Time       `cbor:"2,keyasint"`
}

func (t *transient) lasts(now time.Time) bool { return t != nil && now.Before(t.Until) }

// gone says that the waiting period is over: the key no longer exists, even
// if no sweep has destroyed it yet.
func (r *record) gone(now time.Time) bool {
	return !r.Deletion.IsZero() && !now.Before(r.Deletion)
}
