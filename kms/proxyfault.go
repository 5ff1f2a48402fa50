package kms

import (
	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/kms/xks"
)

// constructor makes an error of one of AWS's codes.
type constructor = func(format string, args ...any) *api.Error

// proxyFault is what KMS makes of a fault of an external key store proxy: one
// sentence, under a code that depends on the operation. Cryptographic
// operations have KMSInvalidStateException for all.
type proxyFault struct {
	sentence   string
	management constructor // CreateCustomKeyStore, UpdateCustomKeyStore
	creation   constructor // CreateKey
	connection *kmsapi.ConnectionErrorCodeType
}

// The sentences are those of the specification's table of error codes.
// https://github.com/aws/aws-kms-xksproxy-api-spec/blob/main/xks_proxy_api_spec.md#error-codes
const (
	uninterpretable = "AWS KMS cannot interpret the response from the external key store proxy. " +
		"If you see this error repeatedly, report it to your external key store proxy administrator."
	notInTime = "AWS KMS rejected the request because the external key store proxy did not respond in time. " +
		"Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator."
	notReachable = "AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue. " +
		"If you see this error repeatedly, verify that your external key store proxy is active and is connected to the network, " +
		"and that its endpoint URI is correct in your external key store."
	corruptInside = "The ciphertext that the external key store proxy submitted for decryption, or the encryption context, " +
		"is corrupted, missing, or otherwise invalid."
	notConnected = "This KMS key is in a custom key store that is not connected to its external key store proxy. " +
		"Connect the external key store and try the request again."
)

// proxyFaults has every fault.
//
// Unverified: the codes of the management operations and of connections where
// the specification has none (InvalidState, InvalidKeyUsage, AccessDenied,
// KeyNotFound, Unsupported, Throttled).
var proxyFaults = map[xks.Fault]proxyFault{
	xks.Validation: {uninterpretable, kmsapi.XksProxyInvalidResponseException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidResponse)},
	xks.Malformed: {uninterpretable, kmsapi.XksProxyInvalidResponseException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidResponse)},
	xks.InvalidState: {"The external key associated with this KMS key in an external key store is not enabled in the external key manager. " +
		"Enable the external key in the external key manager and retry the request.",
		kmsapi.XksProxyInvalidConfigurationException, kmsapi.XksKeyInvalidConfigurationException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidConfiguration)},
	xks.InvalidCipher: {"The external key store proxy rejected the request because the specified ciphertext or additional authenticated data " +
		"is corrupted, missing, or otherwise invalid.",
		kmsapi.XksProxyInvalidResponseException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidResponse)},
	xks.InvalidKeyUsage: {"The external key associated with this KMS key in an external key store does not support the requested operation. " +
		"Enable the operation on the key in your external key manager, and try the request again.",
		kmsapi.XksProxyInvalidConfigurationException, kmsapi.XksKeyInvalidConfigurationException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidConfiguration)},
	xks.Unauthenticated: {"The external key store proxy rejected the request because it could not authenticate AWS KMS. " +
		"Verify the XKS proxy authentication credentials for your external key store and update if necessary.",
		kmsapi.XksProxyIncorrectAuthenticationCredentialException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeInvalidCredentials)},
	xks.AccessDenied: {"The external key store proxy denied access to the operation. " +
		"Verify that the user and the external key are both authorized for this operation, and try the request again.",
		kmsapi.XksProxyInvalidConfigurationException, kmsapi.KMSInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyAccessDenied)},
	xks.KeyNotFound: {"The external key store proxy rejected the request because it could not find the external key.",
		kmsapi.XksProxyInvalidResponseException, kmsapi.XksKeyNotFoundException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidResponse)},
	xks.InvalidPath: {"The external key store proxy rejected the request because of an invalid URI path. " +
		"Verify the URI path for your external key store and update if necessary.",
		kmsapi.XksProxyInvalidConfigurationException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidConfiguration)},
	xks.Unsupported: {"The external key store proxy rejected the request because it does not support the requested operation. " +
		"If you see this error repeatedly, report it to your external key store proxy administrator.",
		kmsapi.XksProxyInvalidResponseException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidResponse)},
	xks.DependencyTime: {"The external key store proxy did not respond to the request in the time allotted. Retry the request. " +
		"If you see this error repeatedly, report it to your external key store proxy administrator.",
		kmsapi.XksProxyUriUnreachableException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyTimedOut)},
	xks.Throttled: {"The external key store proxy rejected the request due to a very high request rate. " +
		"Reduce the frequency of your calls using KMS keys in this external key store.",
		kmsapi.XksProxyUriUnreachableException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyNotReachable)},
	xks.Internal: {"The external key store proxy rejected the request because it cannot communicate with the external key manager. " +
		"Verify that the external key store proxy configuration is correct and that the external key manager is available.",
		kmsapi.XksProxyInvalidResponseException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidResponse)},
	xks.Unreachable: {notReachable, kmsapi.XksProxyUriUnreachableException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyNotReachable)},
	xks.ManagersAreGone: {notReachable, kmsapi.XksProxyUriUnreachableException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyNotReachable)},
	xks.InvalidTLS: {"AWS KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration, including its certificate.",
		kmsapi.XksProxyUriUnreachableException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyInvalidTlsConfiguration)},
	xks.TimedOut: {notInTime, kmsapi.XksProxyUriUnreachableException, kmsapi.CustomKeyStoreInvalidStateException,
		new(kmsapi.ConnectionErrorCodeTypeXksProxyTimedOut)},
}

// managementFault is AWS's error for a fault of a proxy while its key store
// is made or changed. What is no fault of a proxy stays as it is.
func managementFault(err error) error {
	if f, ok := proxyFaults[xks.FaultOf(err)]; ok {
		return f.management("%s", f.sentence)
	}
	return err
}

// creationFault is the same while a key is made.
func creationFault(err error) error {
	if f, ok := proxyFaults[xks.FaultOf(err)]; ok {
		return f.creation("%s", f.sentence)
	}
	return err
}

// useFault is the same while a key is used.
func useFault(err error) error {
	if f, ok := proxyFaults[xks.FaultOf(err)]; ok {
		return kmsapi.KMSInvalidStateException("%s", f.sentence)
	}
	return err
}
