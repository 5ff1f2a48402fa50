package kms

import (
	"bytes"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

func TestEncryptAndDecryptAnswerWithTheKeyARN(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	enc, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("hello")})
	must(t, err)
	if *enc.KeyId != *k.Arn || *enc.EncryptionAlgorithm != symmetricDefault {
		t.Errorf("Encrypt = %s, %s", *enc.KeyId, *enc.EncryptionAlgorithm)
	}
	dec, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: enc.CiphertextBlob})
	must(t, err)
	if string(dec.Plaintext) != "hello" || *dec.KeyId != *k.Arn || *dec.EncryptionAlgorithm != symmetricDefault ||
		*dec.KeyMaterialId != *k.CurrentKeyMaterialId || dec.CiphertextForRecipient != nil {
		t.Errorf("Decrypt = %+v", dec)
	}
}

func TestDecryptNeedsTheSameContext(t *testing.T) {
	h := newHarness(t)
	blob := h.encrypt(h.key().KeyId, "hello", map[string]string{"a": "b", "c": "d"})
	for name, row := range map[string]struct {
		context map[string]string
		opens   bool
	}{
		"the same":        {map[string]string{"c": "d", "a": "b"}, true},
		"none":            {nil, false},
		"a part":          {map[string]string{"a": "b"}, false},
		"more":            {map[string]string{"a": "b", "c": "d", "e": "f"}, false},
		"another value":   {map[string]string{"a": "b", "c": "D"}, false},
		"another name":    {map[string]string{"A": "b", "c": "d"}, false},
		"names as values": {map[string]string{"b": "a", "d": "c"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := h.decrypt(blob, row.context)
			if row.opens && (err != nil || got != "hello") {
				t.Errorf("Decrypt = %q, %v", got, err)
			}
			if !row.opens {
				wantError(t, err, "InvalidCiphertextException", "")
			}
		})
	}
}

func TestEmptyContextIsNone(t *testing.T) {
	h := newHarness(t)
	blob := h.encrypt(h.key().KeyId, "x", map[string]string{})
	if got, err := h.decrypt(blob, nil); err != nil || got != "x" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
}

func TestEveryChangedByteOfACiphertextFails(t *testing.T) {
	h := newHarness(t)
	blob := h.encrypt(h.key().KeyId, "hello", nil)
	for i := range blob {
		for _, mask := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(blob)
			bad[i] ^= mask
			if _, err := h.decrypt(bad, nil); err == nil {
				t.Fatalf("byte %d changed by %#x still decrypts", i, mask)
			} else {
				wantError(t, err, "InvalidCiphertextException", "")
			}
		}
	}
	for n := range blob {
		_, err := h.decrypt(blob[:n:n], nil)
		if n == 0 {
			wantCode(t, err, "InvalidCiphertextException")
			continue
		}
		wantError(t, err, "InvalidCiphertextException", "")
	}
}

func TestEncryptTakesEveryFormOfIdentifier(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.alias("alias/a", k.KeyId)
	for _, id := range []string{k.KeyId, *k.Arn, "alias/a", aliasArn("alias/a")} {
		out, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x")})
		must(t, err)
		if *out.KeyId != *k.Arn {
			t.Errorf("%s gives KeyId %s", id, *out.KeyId)
		}
	}
}

func TestEncryptRefuses(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	for name, row := range map[string]struct {
		in            kmsapi.EncryptRequest
		code, message string
	}{
		"an algorithm of other keys": {
			kmsapi.EncryptRequest{KeyId: k.KeyId, EncryptionAlgorithm: new(kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256)},
			"InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.",
		},
		"a dry run that would succeed": {
			kmsapi.EncryptRequest{KeyId: k.KeyId, DryRun: new(true)},
			"DryRunOperationException", "The request would have succeeded, but the DryRun option is set.",
		},
		"a dry run of a key that is not there": {
			kmsapi.EncryptRequest{KeyId: noKey, DryRun: new(true)},
			"NotFoundException", "Key '" + keyArn(noKey) + "' does not exist",
		},
		"a grant token": {
			kmsapi.EncryptRequest{KeyId: k.KeyId, GrantTokens: []string{"AQpA"}}, "InvalidGrantTokenException", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			row.in.Plaintext = []byte("x")
			_, err := h.Encrypt(h.ctx, &row.in)
			wantError(t, err, row.code, row.message)
		})
	}
}

func TestBlobsLookLikeAWSs(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	data, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: k.KeyId, KeySpec: new(kmsapi.DataKeySpecAes256)})
	must(t, err)
	if len(data.CiphertextBlob) != 184 || !bytes.HasPrefix(data.CiphertextBlob, []byte{1, 2, 3, 0, 0x78}) {
		t.Errorf("data key blob has %d bytes: %x", len(data.CiphertextBlob), data.CiphertextBlob[:5])
	}
	if blob := h.encrypt(k.KeyId, strings.Repeat("x", 4096), nil); len(blob) > 6144 {
		t.Errorf("the largest plaintext gives %d bytes", len(blob))
	}
}
