package kms

import (
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/kms/xks"
	"sealstack/kms/xks/xksproxy"
)

// inStores makes a key in each type of key store.
func (h *harness) inStores() (p *xksproxy.Proxy, hsm, out kmsapi.KeyMetadata) {
	h.t.Helper()
	p = h.outside()
	h.cluster()
	hsm = h.key(inKeyStore(h.connectedStore(hsmStore())))
	out = h.key(inKeyStore(h.connectedStore(xksStore()), "one"))
	return p, hsm, out
}

func TestKeysInCustomKeyStoresAreDescribedWithThem(t *testing.T) {
	h := newHarness(t)
	_, hsm, out := h.inStores()
	if *hsm.CloudHsmClusterId != clusterID || hsm.CustomKeyStoreId == nil || hsm.XksKeyConfiguration != nil || *hsm.Origin != "AWS_CLOUDHSM" || hsm.CurrentKeyMaterialId != nil {
		t.Errorf("%+v", hsm)
	}
	if out.CloudHsmClusterId != nil || *out.XksKeyConfiguration.Id != "one" || *out.Origin != "EXTERNAL_KEY_STORE" || *out.KeyState != "Enabled" {
		t.Errorf("%+v", out)
	}
}

func TestAKeyInACustomKeyStoreEncryptsWhileItIsConnected(t *testing.T) {
	h := newHarness(t)
	p, hsm, out := h.inStores()
	plain := h.key()
	for name, k := range map[string]kmsapi.KeyMetadata{"CloudHSM": hsm, "external": out} {
		t.Run(name, func(t *testing.T) {
			context := map[string]string{"a": "b"}
			blob := h.encrypt(k.KeyId, "text", context)
			if got, err := h.decrypt(blob, context); err != nil || got != "text" {
				t.Fatalf("Decrypt = %q, %v", got, err)
			}
			data, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: k.KeyId, KeySpec: new(kmsapi.DataKeySpecAes256)})
			must(t, err)
			if got, err := h.decrypt(data.CiphertextBlob, nil); err != nil || got != string(data.Plaintext) || data.KeyMaterialId != nil {
				t.Errorf("the data key is another, %v", err)
			}
			moved, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob, SourceEncryptionContext: context, DestinationKeyId: plain.KeyId})
			must(t, err)
			back, err := h.ReEncrypt(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: moved.CiphertextBlob, DestinationKeyId: k.KeyId})
			must(t, err)
			if got, err := h.decrypt(back.CiphertextBlob, nil); err != nil || got != "text" || moved.SourceKeyMaterialId != nil {
				t.Errorf("ReEncrypt there and back: %q, %v", got, err)
			}
			must(t, h.disconnect(*k.CustomKeyStoreId))
			if got := *h.describe(k.KeyId).KeyState; got != "Unavailable" {
				t.Errorf("the key is %s", got)
			}
			_, err = h.decrypt(blob, context)
			message := *k.Arn + " is unavailable."
			if name == "external" {
				message = notConnected
			}
			wantError(t, err, "KMSInvalidStateException", message)
			_, err = h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x")})
			wantError(t, err, "KMSInvalidStateException", message)
			h.advance(linking)
			must(t, h.connect(*k.CustomKeyStoreId))
			h.advance(linking)
			if got, err := h.decrypt(blob, context); err != nil || got != "text" {
				t.Errorf("connected again, Decrypt = %q, %v", got, err)
			}
		})
	}
	for _, r := range p.Requests() {
		m := r.Metadata
		if m.Operation == "Encrypt" && (m.Principal != rootUser(account).ARN || m.Key != *out.Arn || m.RequestID == "" || len(r.AAD) == 0) {
			t.Errorf("the proxy was told %+v", r)
		}
	}
}

// The outer layer is the proxy's: without the external key KMS's own material
// opens nothing.
func TestAnExternalKeyThatIsGoneLeavesNothingReadable(t *testing.T) {
	h := newHarness(t)
	p, _, out := h.inStores()
	blob := h.encrypt(out.KeyId, "text", nil)
	p.RemoveKey("one")
	_, err := h.decrypt(blob, nil)
	wantError(t, err, "KMSInvalidStateException", proxyFaults[xks.KeyNotFound].sentence)
	p.AddKey("one") // of the same name, and another
	_, err = h.decrypt(blob, nil)
	wantError(t, err, "KMSInvalidStateException", proxyFaults[xks.InvalidCipher].sentence)
}

func TestEveryFaultOfAProxyHasItsErrors(t *testing.T) {
	h := newHarness(t)
	p, _, out := h.inStores()
	id := *out.CustomKeyStoreId
	blob := h.encrypt(out.KeyId, "text", nil)
	p.AddKey("two")
	for fault, want := range proxyFaults {
		if fault.Status() == 0 {
			continue // a conversation that did not come about: kms/xks tests these
		}
		t.Run(string(fault), func(t *testing.T) {
			for _, operation := range []string{"health", "metadata", "encrypt", "decrypt"} {
				p.Fail(operation, xksproxy.Failure{Fault: fault})
				defer p.Fail(operation, xksproxy.Failure{})
			}
			_, err := h.decrypt(blob, nil)
			wantError(t, err, "KMSInvalidStateException", want.sentence)
			_, err = h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: out.KeyId, Plaintext: []byte("x")})
			wantError(t, err, "KMSInvalidStateException", want.sentence)
			in := &kmsapi.CreateKeyRequest{}
			inKeyStore(id, "two")(in)
			_, err = h.CreateKey(h.ctx, in)
			wantError(t, err, code(want.creation("")), want.sentence)
			_, err = h.CreateCustomKeyStore(h.ctx, xksStore(func(in *kmsapi.CreateCustomKeyStoreRequest) {
				in.CustomKeyStoreName, in.XksProxyUriPath = "other", new("/other/kms/xks/v1")
				in.XksProxyUriEndpoint = new("https://private.example.com")
			}))
			if fault != xks.InvalidPath { // that path is none of the proxy's
				wantCode(t, err, "XksProxyInvalidConfigurationException")
			}
			must(t, h.disconnect(id))
			h.advance(linking)
			must(t, h.connect(id))
			h.advance(linking)
			h.wantLink(id, "FAILED", *want.connection)
			must(t, h.disconnect(id))
			h.advance(linking)
			p.Fail("health", xksproxy.Failure{})
			must(t, h.connect(id))
			h.advance(linking)
		})
	}
}

func TestCreateKeyInACustomKeyStoreRefuses(t *testing.T) {
	h := newHarness(t)
	p, hsm, out := h.inStores()
	one := 1
	p.AddKey("spec")
	p.Alter("spec", func(k *xksproxy.Key) { k.Spec = "AES_128" })
	p.AddKey("status")
	p.Alter("status", func(k *xksproxy.Key) { k.Status = "DISABLED" })
	p.AddKey("usage")
	p.Alter("usage", func(k *xksproxy.Key) { k.Usage = []string{"ENCRYPT", "SIGN"} })
	for name, tt := range map[string]struct {
		in            func(*kmsapi.CreateKeyRequest)
		code, message string
	}{
		"a key store that is not there":  {inKeyStore("cks-0"), "CustomKeyStoreNotFoundException", ""},
		"an external key that is in use": {inKeyStore(*out.CustomKeyStoreId, "one"), "XksKeyAlreadyInUseException", ""},
		"an external key that is not":    {inKeyStore(*out.CustomKeyStoreId, "none"), "XksKeyNotFoundException", proxyFaults[xks.KeyNotFound].sentence},
		"an external key of 128 bits":    {inKeyStore(*out.CustomKeyStoreId, "spec"), "XksKeyInvalidConfigurationException", "The key spec of the external key must be AES_256. The key spec of specified external key is AES_128."},
		"an external key that is off":    {inKeyStore(*out.CustomKeyStoreId, "status"), "XksKeyInvalidConfigurationException", "The status of the external key must be ENABLED. The status of specified external key is DISABLED."},
		"an external key that signs":     {inKeyStore(*out.CustomKeyStoreId, "usage"), "XksKeyInvalidConfigurationException", "The key usage of the external key must include ENCRYPT and DECRYPT. The key use of specified external key is ENCRYPT, SIGN."},
		"a key of the other type":        {inKeyStore(*out.CustomKeyStoreId), "UnsupportedOperationException", "Origin AWS_CLOUDHSM is not valid for a custom key store of type EXTERNAL_KEY_STORE."},
		"an external key without its id": {func(in *kmsapi.CreateKeyRequest) { inKeyStore(*out.CustomKeyStoreId, "x")(in); in.XksKeyId = nil }, "ValidationException", "XksKeyId is required for Origin EXTERNAL_KEY_STORE."},
		"an external key in CloudHSM":    {inKeyStore(*hsm.CustomKeyStoreId, "two"), "UnsupportedOperationException", "Origin EXTERNAL_KEY_STORE is not valid for a custom key store of type AWS_CLOUDHSM."},
		"a multi-Region key":             {func(in *kmsapi.CreateKeyRequest) { inKeyStore(*hsm.CustomKeyStoreId)(in); in.MultiRegion = new(true) }, "UnsupportedOperationException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := &kmsapi.CreateKeyRequest{}
			tt.in(in)
			_, err := h.CreateKey(h.ctx, in)
			wantError(t, err, tt.code, tt.message)
		})
	}
	create := func(option func(*kmsapi.CreateKeyRequest)) error {
		in := &kmsapi.CreateKeyRequest{}
		option(in)
		_, err := h.CreateKey(h.ctx, in)
		return err
	}
	h.cluster(func(c *Cluster) { c.HSMs = &one })
	wantCode(t, create(inKeyStore(*hsm.CustomKeyStoreId)), "CloudHsmClusterInvalidConfigurationException")
	must(t, h.disconnect(*hsm.CustomKeyStoreId))
	must(t, h.disconnect(*out.CustomKeyStoreId))
	wantCode(t, create(inKeyStore(*hsm.CustomKeyStoreId)), "CustomKeyStoreInvalidStateException")
	wantError(t, create(inKeyStore(*out.CustomKeyStoreId, "two")), "CustomKeyStoreInvalidStateException", notConnected)
}

func TestKeysInCustomKeyStoresDoNotDoEverything(t *testing.T) {
	h := newHarness(t)
	_, hsm, out := h.inStores()
	for _, k := range []kmsapi.KeyMetadata{hsm, out} {
		refused := *k.Arn + " origin is " + string(*k.Origin) + " which is not valid for this operation."
		for name, call := range map[string]func() error{
			"EnableKeyRotation": func() error {
				_, err := h.EnableKeyRotation(h.ctx, &kmsapi.EnableKeyRotationRequest{KeyId: k.KeyId})
				return err
			},
			"DisableKeyRotation": func() error {
				_, err := h.DisableKeyRotation(h.ctx, &kmsapi.DisableKeyRotationRequest{KeyId: k.KeyId})
				return err
			},
			"GetKeyRotationStatus": func() error {
				_, err := h.GetKeyRotationStatus(h.ctx, &kmsapi.GetKeyRotationStatusRequest{KeyId: k.KeyId})
				return err
			},
			"RotateKeyOnDemand": func() error {
				_, err := h.RotateKeyOnDemand(h.ctx, &kmsapi.RotateKeyOnDemandRequest{KeyId: k.KeyId})
				return err
			},
			"ListKeyRotations": func() error {
				_, err := h.ListKeyRotations(h.ctx, &kmsapi.ListKeyRotationsRequest{KeyId: k.KeyId})
				return err
			},
			"GenerateDataKeyPair": func() error {
				_, err := h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: k.KeyId, KeyPairSpec: "ECC_NIST_P256"})
				return err
			},
			"GetParametersForImport": func() error {
				_, err := h.GetParametersForImport(h.ctx, &kmsapi.GetParametersForImportRequest{KeyId: k.KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048"})
				return err
			},
		} {
			t.Run(string(*k.Origin)+" "+name, func(t *testing.T) { wantError(t, call(), "UnsupportedOperationException", refused) })
		}
	}
	random := func(store string) error {
		_, err := h.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(8)), CustomKeyStoreId: &store})
		return err
	}
	must(t, random(*hsm.CustomKeyStoreId))
	wantError(t, random(*out.CustomKeyStoreId), "UnsupportedOperationException", "")
	must(t, h.disconnect(*hsm.CustomKeyStoreId))
	wantCode(t, random(*hsm.CustomKeyStoreId), "CustomKeyStoreInvalidStateException")
}

func TestAKeyStoreWithKeysIsNotDeleted(t *testing.T) {
	h := newHarness(t)
	p, hsm, out := h.inStores()
	remove := func(id string) error {
		_, err := h.DeleteCustomKeyStore(h.ctx, &kmsapi.DeleteCustomKeyStoreRequest{CustomKeyStoreId: id})
		return err
	}
	for _, k := range []kmsapi.KeyMetadata{hsm, out} {
		wantError(t, remove(*k.CustomKeyStoreId), "CustomKeyStoreHasCMKsException", "")
		_, err := h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: k.KeyId, PendingWindowInDays: new(int32(7))})
		must(t, err)
		must(t, h.disconnect(*k.CustomKeyStoreId))
		if got := *h.describe(k.KeyId).KeyState; got != "PendingDeletion" {
			t.Errorf("the key of a key store that is not connected is %s", got)
		}
		h.advance(7 * day)
		wantError(t, remove(*k.CustomKeyStoreId), "CustomKeyStoreHasCMKsException", "")
		must(t, h.Sweep(h.ctx, h.clock.Now()))
	}
	must(t, remove(*hsm.CustomKeyStoreId))
	must(t, h.connect(*out.CustomKeyStoreId))
	h.advance(linking)
	p.Requests()
	h.key(inKeyStore(*out.CustomKeyStoreId, "one")) // the external key is free again
	wantCode(t, remove(*out.CustomKeyStoreId), "CustomKeyStoreHasCMKsException")
}

func TestADisabledKeyOfACustomKeyStoreStaysSo(t *testing.T) {
	h := newHarness(t)
	_, hsm, _ := h.inStores()
	must(t, h.disconnect(*hsm.CustomKeyStoreId))
	_, err := h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: hsm.KeyId})
	must(t, err)
	if got := *h.describe(hsm.KeyId).KeyState; got != "Unavailable" {
		t.Errorf("the key is %s", got)
	}
	h.advance(linking)
	must(t, h.connect(*hsm.CustomKeyStoreId))
	h.advance(linking)
	if got := *h.describe(hsm.KeyId).KeyState; got != "Disabled" {
		t.Errorf("the key is %s", got)
	}
	_, err = h.EnableKey(h.ctx, &kmsapi.EnableKeyRequest{KeyId: hsm.KeyId})
	must(t, err)
	must(t, h.DeleteCluster(h.ctx, account, region, clusterID))
	_, err = h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: hsm.KeyId, Plaintext: []byte("x")})
	wantCode(t, err, "KMSInvalidStateException")
}

func TestCiphertextsOfOneKindAreNotOpenedAsTheOther(t *testing.T) {
	h := newHarness(t)
	p, _, out := h.inStores()
	blob := h.encrypt(out.KeyId, "text", map[string]string{"a": "b"})
	_, err := h.decrypt(blob, nil)
	wantError(t, err, "KMSInvalidStateException", proxyFaults[xks.InvalidCipher].sentence)
	p.Fail("decrypt", xksproxy.Failure{Change: func(m map[string]any) { m["plaintext"] = make([]byte, len(m["plaintext"].([]byte))) }})
	_, err = h.decrypt(blob, map[string]string{"a": "b"})
	wantError(t, err, "KMSInvalidStateException", corruptInside)
	var inner []byte
	p.Fail("decrypt", xksproxy.Failure{Change: func(m map[string]any) { inner = append(inner, m["plaintext"].([]byte)...) }})
	_, err = h.decrypt(blob, map[string]string{"a": "b"})
	must(t, err)
	_, err = h.decrypt(inner, map[string]string{"a": "b"}) // what the proxy has seen is of no use
	wantError(t, err, "InvalidCiphertextException", "")
}
