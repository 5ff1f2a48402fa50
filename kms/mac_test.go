package kms

import (
	"bytes"
	"testing"

	"sealstack/api/kmsapi"
)

func (h *harness) mac(id string, a kmsapi.MacAlgorithmSpec) []byte {
	h.t.Helper()
	out, err := h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: id, Message: []byte("m"), MacAlgorithm: a})
	must(h.t, err)
	if *out.KeyId != keyArn(id) || *out.MacAlgorithm != a {
		h.t.Errorf("GenerateMac = %s, %s", *out.KeyId, *out.MacAlgorithm)
	}
	return out.Mac
}

func TestMACsOfEverySpec(t *testing.T) {
	h := newHarness(t)
	for spec, row := range map[kmsapi.KeySpec]struct {
		a    kmsapi.MacAlgorithmSpec
		size int
	}{
		"HMAC_224": {"HMAC_SHA_224", 28}, "HMAC_256": {"HMAC_SHA_256", 32}, "HMAC_384": {"HMAC_SHA_384", 48}, "HMAC_512": {"HMAC_SHA_512", 64},
	} {
		t.Run(string(spec), func(t *testing.T) {
			k, other := h.key(of(spec, generateMAC)), h.key(of(spec, generateMAC))
			mac := h.mac(k.KeyId, row.a)
			if len(mac) != row.size || bytes.Equal(mac, h.mac(other.KeyId, row.a)) || !bytes.Equal(mac, h.mac(k.KeyId, row.a)) {
				t.Errorf("MAC of %d bytes, or not its own", len(mac))
			}
			in := kmsapi.VerifyMacRequest{KeyId: k.KeyId, Message: []byte("m"), Mac: mac, MacAlgorithm: row.a}
			out, err := h.VerifyMac(h.ctx, &in)
			must(t, err)
			if !*out.MacValid || *out.KeyId != *k.Arn || *out.MacAlgorithm != row.a {
				t.Errorf("VerifyMac = %+v", out)
			}
			for name, change := range map[string]func(in *kmsapi.VerifyMacRequest){
				"another message": func(in *kmsapi.VerifyMacRequest) { in.Message = []byte("n") },
				"another key":     func(in *kmsapi.VerifyMacRequest) { in.KeyId = other.KeyId },
				"a part of it":    func(in *kmsapi.VerifyMacRequest) { in.Mac = mac[:len(mac)-1] },
				"more":            func(in *kmsapi.VerifyMacRequest) { in.Mac = append(bytes.Clone(mac), 0) },
				"a dry run":       func(in *kmsapi.VerifyMacRequest) { in.Mac, in.DryRun = mac[1:], new(true) },
			} {
				bad := in
				change(&bad)
				t.Run(name, func(t *testing.T) {
					_, err := h.VerifyMac(h.ctx, &bad)
					wantError(t, err, "KMSInvalidMacException", "")
				})
			}
		})
	}
}

func TestMACsNeedTheAlgorithmOfTheKey(t *testing.T) {
	h := newHarness(t)
	k := h.key(of(kmsapi.KeySpecHmac256, generateMAC))
	const text = "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256."
	_, err := h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: k.KeyId, Message: []byte("m"), MacAlgorithm: "HMAC_SHA_512"})
	wantError(t, err, "InvalidKeyUsageException", text)
	_, err = h.VerifyMac(h.ctx, &kmsapi.VerifyMacRequest{KeyId: k.KeyId, Message: []byte("m"), Mac: []byte("x"), MacAlgorithm: "HMAC_SHA_512", DryRun: new(true)})
	wantError(t, err, "InvalidKeyUsageException", text)
	plain := h.key()
	_, err = h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: plain.KeyId, Message: []byte("m"), MacAlgorithm: "HMAC_SHA_512"})
	wantError(t, err, "InvalidKeyUsageException", *plain.Arn+" key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.")
}
