package kms

import (
	"testing"

	"sealstack/api/kmsapi"
)

// Whoever names a CloudHSM cluster needs cloudhsm:DescribeClusters besides
// KMS's own permission; other key stores need none.
func TestACloudHSMKeyStoreNeedsToDescribeClusters(t *testing.T) {
	h := newHarness(t)
	h.cluster()
	const missing = "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: cloudhsm:DescribeClusters on resource: *" +
		" because no identity-based policy allows the cloudhsm:DescribeClusters action"
	kmsOnly := h.grant(eve, allowAll)
	_, err := h.CreateCustomKeyStore(kmsOnly, hsmStore())
	wantError(t, err, "AccessDeniedException", missing)
	both := h.grant(eve, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:*","cloudhsm:DescribeClusters"],"Resource":"*"}}`)
	made, err := h.CreateCustomKeyStore(both, hsmStore())
	must(t, err)

	kmsOnly = h.grant(eve, allowAll)
	rename := &kmsapi.UpdateCustomKeyStoreRequest{CustomKeyStoreId: *made.CustomKeyStoreId, NewCustomKeyStoreName: new("renamed")}
	must(t, second(h.UpdateCustomKeyStore(kmsOnly, rename)))
	move := &kmsapi.UpdateCustomKeyStoreRequest{CustomKeyStoreId: *made.CustomKeyStoreId, CloudHsmClusterId: new(clusterID)}
	wantError(t, second(h.UpdateCustomKeyStore(kmsOnly, move)), "AccessDeniedException", missing)
}
