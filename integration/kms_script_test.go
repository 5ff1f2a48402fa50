//go:build walk

package integration

import "testing"

func TestWalkKMSWithTheEncryptionSDKForJavaScript(t *testing.T) {
	t.Parallel()
	openYard(t).script("SEALSTACK_NODE", "node/encryptionsdk.mjs").run()
}

func TestWalkKMSWithBoto3(t *testing.T) {
	t.Parallel()
	openYard(t).script("SEALSTACK_PYTHON", "python/kms.py").run()
}

func TestWalkKMSWithTheEncryptionSDKForPython(t *testing.T) {
	t.Parallel()
	openYard(t).script("SEALSTACK_PYTHON", "python/encryptionsdk.py").run()
}
