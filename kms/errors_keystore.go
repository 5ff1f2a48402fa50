package kms

import (
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// The texts of what concerns custom key stores, once.

func storeNotFound() *api.Error { return kmsapi.CustomKeyStoreNotFoundException("") }

// Unverified: the texts from here to the external keys.
func storeNameInUse() *api.Error { return kmsapi.CustomKeyStoreNameInUseException("") }

func storeHasKeys() *api.Error { return kmsapi.CustomKeyStoreHasCMKsException("") }

// storeState: the connection state does not allow the operation.
func storeState(id string, state kmsapi.ConnectionStateType) *api.Error {
	return kmsapi.CustomKeyStoreInvalidStateException("Custom key store %s is in the connection state %s, which is not valid for this operation.", id, state)
}

func storeLimit(quota, usage int) *api.Error {
	return kmsapi.LimitExceededException("Custom key stores quota for this account in this region is %d, current usage is %d.", quota, usage)
}

func storeNeeded(origin kmsapi.OriginType) *api.Error {
	return validation("CustomKeyStoreId is required for Origin %s.", origin)
}

func storeNotAllowed(origin kmsapi.OriginType) *api.Error {
	return validation("CustomKeyStoreId is not supported for Origin %s.", origin)
}

func xksKeyNeeded() *api.Error {
	return validation("XksKeyId is required for Origin %s.", kmsapi.OriginTypeExternalKeyStore)
}

func xksKeyNotAllowed(origin kmsapi.OriginType) *api.Error {
	return validation("XksKeyId is not supported for Origin %s.", origin)
}

// multiRegionStore: keys in custom key stores are single-Region keys.
func multiRegionStore() *api.Error { return kmsapi.UnsupportedOperationException("") }

// otherOrigin: a key of one type of key store in one of the other.
func otherOrigin(kind kmsapi.CustomKeyStoreType, origin kmsapi.OriginType) *api.Error {
	return kmsapi.UnsupportedOperationException("Origin %s is not valid for a custom key store of type %s.", origin, kind)
}

// otherKind: parameters of the other type of key store.
func otherKind(kind kmsapi.CustomKeyStoreType) *api.Error {
	return validation("The request has parameters that are not valid for a custom key store of type %s.", kind)
}

func clusterNotFound(id string) *api.Error {
	return kmsapi.CloudHsmClusterNotFoundException("CloudHSM cluster %s was not found.", id)
}

func clusterNotActive(id string) *api.Error {
	return kmsapi.CloudHsmClusterNotActiveException("CloudHSM cluster %s is not active.", id)
}

func clusterMisconfigured(why string) *api.Error {
	return kmsapi.CloudHsmClusterInvalidConfigurationException("%s", why)
}

func tooFewHSMs(need, there int) *api.Error {
	return kmsapi.CloudHsmClusterInvalidConfigurationException("The CloudHSM cluster must contain at least %d active HSMs. It contains %d.", need, there)
}

func clusterInUse(id string) *api.Error {
	return kmsapi.CloudHsmClusterInUseException("CloudHSM cluster %s, or one that shares its backup history, is already associated with a custom key store.", id)
}

func clusterNotRelated(id string) *api.Error {
	return kmsapi.CloudHsmClusterNotRelatedException("CloudHSM cluster %s does not share a backup history with the original cluster.", id)
}

func incorrectTrustAnchor() *api.Error { return kmsapi.IncorrectTrustAnchorException("") }

func clusterOutOfReach(key string) *api.Error {
	return kmsapi.KMSInvalidStateException("%s is in a custom key store whose CloudHSM cluster can't be used.", key)
}

func uriInUse() *api.Error { return kmsapi.XksProxyUriInUseException("") }

func endpointInUse() *api.Error { return kmsapi.XksProxyUriEndpointInUseException("") }

func endpointServiceInUse(name string) *api.Error {
	return kmsapi.XksProxyVpcEndpointServiceInUseException("VPC endpoint service %s is already associated with an external key store.", name)
}

func endpointServiceNotFound(name string) *api.Error {
	return kmsapi.XksProxyVpcEndpointServiceNotFoundException("VPC endpoint service %s was not found.", name)
}

func endpointServiceInvalid(why string) *api.Error {
	return kmsapi.XksProxyVpcEndpointServiceInvalidConfigurationException("%s", why)
}

func serviceNotAllowed() *api.Error {
	return validation("XksProxyVpcEndpointServiceName is not valid with the XksProxyConnectivity PUBLIC_ENDPOINT.")
}

func externalKeyInUse() *api.Error { return kmsapi.XksKeyAlreadyInUseException("") }

// The requirements of external keys, in the words of
// https://docs.aws.amazon.com/kms/latest/developerguide/xks-troubleshooting.html#fix-external-key-create

func externalKeySpec(spec string) *api.Error {
	return kmsapi.XksKeyInvalidConfigurationException("The key spec of the external key must be AES_256. The key spec of specified external key is %s.", spec)
}

func externalKeyStatus(status string) *api.Error {
	return kmsapi.XksKeyInvalidConfigurationException("The status of the external key must be ENABLED. The status of specified external key is %s.", status)
}

func externalKeyUsage(usage []string) *api.Error {
	return kmsapi.XksKeyInvalidConfigurationException("The key usage of the external key must include ENCRYPT and DECRYPT. "+
		"The key use of specified external key is %s.", strings.Join(usage, ", "))
}
