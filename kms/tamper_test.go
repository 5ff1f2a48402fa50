package kms

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"sealstack/api/kmsapi"
)

// spoiled are all texts that differ from b in one bit, in one byte that is
// missing or one too many, or in their length.
func spoiled(b []byte) func(yield func(what string, bad []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for i := range b {
			for bit := range 8 {
				bad := bytes.Clone(b)
				bad[i] ^= 1 << bit
				if !yield(fmt.Sprintf("bit %d of byte %d", bit, i), bad) {
					return
				}
			}
		}
		for i := range b {
			more := slices.Insert(bytes.Clone(b), i, b[i]^0x55)
			if !yield(fmt.Sprintf("cut at %d", i), bytes.Clone(b[:i])) || !yield(fmt.Sprintf("without its first %d", i+1), bytes.Clone(b[i+1:])) ||
				!yield(fmt.Sprintf("without byte %d", i), slices.Delete(bytes.Clone(b), i, i+1)) || !yield(fmt.Sprintf("one more at %d", i), more) {
				return
			}
		}
		for c := range 256 {
			if !yield(fmt.Sprintf("%#x at its end", c), append(bytes.Clone(b), byte(c))) {
				return
			}
		}
		yield("twice", append(bytes.Clone(b), b...))
	}
}

// refuses holds that no spoiled text is taken, each with the error without
// message. What is empty the edge refuses.
func refuses(t *testing.T, b []byte, code string, call func(bad []byte) error) {
	t.Helper()
	for what, bad := range spoiled(b) {
		if len(bad) == 0 || bytes.Equal(bad, b) {
			continue
		}
		err := call(bad)
		if err == nil {
			t.Fatalf("%s: it is taken", what)
		}
		wantError(t, err, code, "")
		if t.Failed() {
			t.Fatal(what)
		}
	}
}

func TestNoSpoiledCiphertextOpens(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	key, err := h.GenerateDataKey(h.ctx, &kmsapi.GenerateDataKeyRequest{KeyId: k.KeyId, NumberOfBytes: new(int32(32))})
	must(t, err)
	context := map[string]string{"a": "b"}
	for name, row := range map[string]struct {
		blob    []byte
		context map[string]string
	}{
		"of Encrypt": {h.encrypt(k.KeyId, "a secret", nil), nil}, "with a context": {h.encrypt(k.KeyId, "a secret", context), context},
		"of one byte": {h.encrypt(k.KeyId, "x", nil), nil}, "a data key": {key.CiphertextBlob, nil},
	} {
		t.Run(name, func(t *testing.T) {
			must(t, h.perform(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: row.blob, EncryptionContext: row.context}))
			for _, named := range []*string{nil, &k.KeyId} {
				refuses(t, row.blob, "InvalidCiphertextException", func(bad []byte) error {
					return h.perform(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: bad, EncryptionContext: row.context, KeyId: named})
				})
			}
			refuses(t, row.blob[:60], "InvalidCiphertextException", func(bad []byte) error {
				return h.perform(h.ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: append(bytes.Clone(bad), row.blob[60:len(row.blob)-1]...), DestinationKeyId: k.KeyId})
			})
		})
	}
}

// A half of one ciphertext and a half of another are no ciphertext, be they of
// one key or of two.
func TestSplicedCiphertextsDoNotOpen(t *testing.T) {
	h := newHarness(t)
	id, other := h.key().KeyId, h.key().KeyId
	for name, from := range map[string]string{"of one key": id, "of two keys": other} {
		a, b := h.encrypt(id, "a secret", nil), h.encrypt(from, "b secret", nil)
		if len(a) != len(b) {
			t.Fatalf("%d and %d bytes", len(a), len(b))
		}
		for at := range a {
			spliced := append(bytes.Clone(a[:at]), b[at:]...)
			if bytes.Equal(spliced, a) || bytes.Equal(spliced, b) {
				continue
			}
			if _, err := h.decrypt(spliced, nil); err == nil {
				t.Fatalf("%s: spliced at %d it opens", name, at)
			} else {
				wantError(t, err, "InvalidCiphertextException", "")
			}
		}
	}
}

func TestNoSpoiledRSACiphertextOpens(t *testing.T) {
	h := newHarness(t)
	k, other := h.key(of(kmsapi.KeySpecRsa2048, encryptDecrypt)), h.key(of(kmsapi.KeySpecRsa2048, encryptDecrypt))
	const algorithm = kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256
	out, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x"), EncryptionAlgorithm: new(algorithm)})
	must(t, err)
	open := func(id string, blob []byte, with kmsapi.EncryptionAlgorithmSpec) error {
		return h.perform(h.ctx, &kmsapi.DecryptRequest{KeyId: &id, CiphertextBlob: blob, EncryptionAlgorithm: &with})
	}
	must(t, open(k.KeyId, out.CiphertextBlob, algorithm))
	for i := range out.CiphertextBlob {
		bad := bytes.Clone(out.CiphertextBlob)
		bad[i] ^= 1 << (i % 8)
		wantError(t, open(k.KeyId, bad, algorithm), "InvalidCiphertextException", "")
	}
	for n := range len(out.CiphertextBlob) - 1 {
		wantError(t, open(k.KeyId, out.CiphertextBlob[:n+1], algorithm), "InvalidCiphertextException", "")
	}
	wantError(t, open(k.KeyId, append(out.CiphertextBlob, 0), algorithm), "InvalidCiphertextException", "")
	wantError(t, open(other.KeyId, out.CiphertextBlob, algorithm), "InvalidCiphertextException", "")
	wantError(t, open(k.KeyId, out.CiphertextBlob, kmsapi.EncryptionAlgorithmSpecRsaesOaepSha1), "InvalidCiphertextException", "")
}

func TestNoSpoiledImportTokenIsTaken(t *testing.T) {
	h := newHarness(t)
	in := h.importing(h.emptyKey().KeyId, material32)
	good := in.ImportToken
	try := func(token []byte) error {
		in.ImportToken = token
		return h.perform(h.ctx, in)
	}
	refuses(t, good, "InvalidImportTokenException", try)
	must(t, try(good))
}

// A token is good for its key in its account and Region, and with what was
// wrapped under its own public key.
func TestImportTokensAreNotExchanged(t *testing.T) {
	h := newHarness(t)
	h.wrappingKey = newWrappingKey // no two may be the same
	h.grant(userOf(account, "bob"), allowAll)
	id := h.key(multi, imported).KeyId
	in := h.importing(id, material32)
	must(t, h.perform(h.ctx, in))
	h.replicateTo(id, elsewhere)
	h.in(elsewhere, func() {
		wantError(t, h.perform(h.ctx, in), "InvalidImportTokenException", "")
		must(t, h.perform(h.ctx, h.importing(id, material32)))
	})
	other := h.importing(h.emptyKey().KeyId, material32)
	wantError(t, h.perform(h.ctx, &kmsapi.ImportKeyMaterialRequest{
		KeyId: other.KeyId, ImportToken: in.ImportToken, EncryptedKeyMaterial: in.EncryptedKeyMaterial, ExpirationModel: in.ExpirationModel,
	}), "InvalidImportTokenException", "")
	wantError(t, h.perform(h.ctx, &kmsapi.ImportKeyMaterialRequest{
		KeyId: other.KeyId, ImportToken: other.ImportToken, EncryptedKeyMaterial: in.EncryptedKeyMaterial, ExpirationModel: in.ExpirationModel,
	}), "InvalidCiphertextException", "")
	refuses(t, other.EncryptedKeyMaterial[:4], "InvalidCiphertextException", func(bad []byte) error {
		return h.perform(h.ctx, &kmsapi.ImportKeyMaterialRequest{
			KeyId: other.KeyId, ImportToken: other.ImportToken, ExpirationModel: other.ExpirationModel,
			EncryptedKeyMaterial: append(bytes.Clone(bad), other.EncryptedKeyMaterial[4:]...),
		})
	})
	// Whoever may import may use a token that somebody else was given.
	must(t, h.perform(as(bob), other))
}

func TestNoSpoiledGrantTokenIsTaken(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	_, token := h.issue(to(k.KeyId, bob.ARN, describe))
	refuses(t, []byte(token), "InvalidGrantTokenException", func(bad []byte) error {
		return h.perform(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId, GrantTokens: []string{string(bad)}})
	})
	refuses(t, []byte(token), "InvalidGrantTokenException", func(bad []byte) error {
		return h.perform(h.ctx, &kmsapi.RetireGrantRequest{GrantToken: new(string(bad))})
	})
	// A token is somebody's grant: to others, and on other keys, it gives nothing.
	h.grantDelay = day
	_, token = h.issue(to(k.KeyId, bob.ARN, decrypt))
	blob := h.encrypt(k.KeyId, "x", nil)
	for who, ctx := range map[string]context.Context{"eve": as(eve), "mallory": as(mallory)} {
		if err := h.perform(ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob, GrantTokens: []string{token}}); err == nil {
			t.Errorf("%s decrypts with bob's token", who)
		} else {
			wantCode(t, err, "AccessDeniedException")
		}
	}
	other := h.key(with(gated))
	wantCode(t, h.perform(as(bob), &kmsapi.DecryptRequest{CiphertextBlob: h.encrypt(other.KeyId, "x", nil), GrantTokens: []string{token}}), "AccessDeniedException")
	must(t, h.perform(as(bob), &kmsapi.DecryptRequest{CiphertextBlob: blob, GrantTokens: []string{token}}))
}

// paged are the lists that come in pages: a request for the first item of
// several.
func (h *harness) paged() map[string]any {
	h.t.Helper()
	k := h.key()
	for i := range 3 {
		h.key()
		h.alias(fmt.Sprintf("alias/%d", i), k.KeyId)
		must(h.t, h.tag(k.KeyId, kmsapi.Tag{TagKey: fmt.Sprint(i)}))
		must(h.t, h.rotateOnDemand(k.KeyId))
		in := to(k.KeyId, bob.ARN, decrypt)
		in.RetiringPrincipal = &bob.ARN
		h.issue(in)
	}
	one := new(int32(1))
	return map[string]any{
		"ListKeys":                &kmsapi.ListKeysRequest{Limit: one},
		"ListAliases":             &kmsapi.ListAliasesRequest{Limit: one},
		"ListAliases of a key":    &kmsapi.ListAliasesRequest{Limit: one, KeyId: &k.KeyId},
		"ListResourceTags":        &kmsapi.ListResourceTagsRequest{Limit: one, KeyId: k.KeyId},
		"ListKeyRotations":        &kmsapi.ListKeyRotationsRequest{Limit: one, KeyId: k.KeyId},
		"ListKeyRotations of all": &kmsapi.ListKeyRotationsRequest{Limit: one, KeyId: k.KeyId, IncludeKeyMaterial: new(kmsapi.IncludeKeyMaterialAllKeyMaterial)},
		"ListGrants":              &kmsapi.ListGrantsRequest{Limit: one, KeyId: k.KeyId},
		"ListGrants to bob":       &kmsapi.ListGrantsRequest{Limit: one, KeyId: k.KeyId, GranteePrincipal: &bob.ARN},
		"ListRetirableGrants":     &kmsapi.ListRetirableGrantsRequest{Limit: one, RetiringPrincipal: &bob.ARN},
	}
}

// nextMarker makes the call and returns the marker of the next page.
func (h *harness) nextMarker(in any) string {
	h.t.Helper()
	out, err := h.client.Endpoint.Call(h.ctx, operationOf(h.t, in), in)
	must(h.t, err)
	next := reflect.ValueOf(out).Elem().FieldByName("NextMarker")
	if next.IsNil() {
		h.t.Fatalf("%T has one page", in)
	}
	return next.Elem().String()
}

func TestNoSpoiledMarkerIsTaken(t *testing.T) {
	h := newHarness(t)
	for name, in := range h.paged() {
		t.Run(name, func(t *testing.T) {
			marker := h.nextMarker(in)
			refuses(t, []byte(marker), "InvalidMarkerException", func(bad []byte) error {
				set(in, "Marker", string(bad))
				return h.perform(h.ctx, in)
			})
			set(in, "Marker", marker)
			must(t, h.perform(h.ctx, in))
		})
	}
}

// A marker is good for the list that gave it, in its account and Region.
func TestMarkersAreNotExchanged(t *testing.T) {
	h := newHarness(t)
	paged := h.paged()
	markers := map[string]string{}
	for name, in := range paged {
		markers[name] = h.nextMarker(in)
	}
	h.wantMarkersAtHome(paged, markers)
	for name, in := range paged {
		for from, marker := range markers {
			if name != from {
				set(in, "Marker", marker)
				if err := h.perform(h.ctx, in); err == nil {
					t.Errorf("%s takes the marker of %s", name, from)
				} else {
					wantError(t, err, "InvalidMarkerException", "")
				}
			}
		}
	}
}

// wantMarkersAtHome holds the lists that are about no key against the other
// Region and the other account.
func (h *harness) wantMarkersAtHome(paged map[string]any, markers map[string]string) {
	h.t.Helper()
	for _, name := range []string{"ListKeys", "ListAliases", "ListRetirableGrants"} {
		set(paged[name], "Marker", markers[name])
		wantError(h.t, h.perform(in(elsewhere), paged[name]), "InvalidMarkerException", "")
		if name != "ListRetirableGrants" { // bob's are not for another account
			wantError(h.t, h.perform(as(rootUser(foreign)), paged[name]), "InvalidMarkerException", "")
		}
	}
}
