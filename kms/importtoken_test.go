package kms

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// Wycheproof's vectors for AES key wrap with padding (RFC 5649). Keys of
// 192 bits are refused.
func TestUnwrapAgreesWithWycheproof(t *testing.T) {
	text, err := fs.ReadFile(wycheproof.TestVectors, "aes_kwp_test.json")
	must(t, err)
	var file struct {
		NumberOfTests int
		TestGroups    []struct {
			KeySize int
			Tests   []struct {
				TCID            int
				Comment, Result string
				Key, Msg, CT    string
			}
		}
	}
	must(t, json.Unmarshal(text, &file))
	opened, refused := 0, 0
	for _, group := range file.TestGroups {
		for _, c := range group.Tests {
			got, err := unwrapAES(unhex(t, c.Key), unhex(t, c.CT))
			if c.Result == "valid" && len(c.Msg) <= 2*8 { // one block: no key material is as short
				continue
			}
			if c.Result == "valid" && group.KeySize != 192 {
				opened++
				if err != nil || !bytes.Equal(got.Bytes(), unhex(t, c.Msg)) {
					t.Errorf("test %d (%s): %v", c.TCID, c.Comment, err)
				}
				continue
			}
			refused++
			if err == nil {
				t.Errorf("test %d (%s) is taken", c.TCID, c.Comment)
			}
		}
	}
	if opened < 20 || refused < 20 {
		t.Errorf("%d of %d opened, %d refused", opened, file.NumberOfTests, refused)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	must(t, err)
	return b
}

// A token opens for its key alone, and not when a byte was changed.
func TestAnImportTokenIsAuthentic(t *testing.T) {
	h := newHarness(t)
	a, b := h.emptyKey(), h.emptyKey()
	r := func(id string) *record { return &record{Account: account, Region: region, ID: id} }
	_, token, err := h.newParameters(r(a.KeyId), "RSAES_OAEP_SHA_256", "RSA_2048", start.Add(day))
	must(t, err)
	opened, err := h.openToken(r(a.KeyId), token)
	must(t, err)
	if opened.Algorithm != "RSAES_OAEP_SHA_256" || !opened.Until.Equal(start.Add(day)) {
		t.Errorf("token = %s until %s", opened.Algorithm, opened.Until)
	}
	_, err = h.openToken(r(b.KeyId), token)
	wantCode(t, err, "InvalidImportTokenException")
	elsewhereKey := r(a.KeyId)
	elsewhereKey.Region = elsewhere
	_, err = h.openToken(elsewhereKey, token)
	wantCode(t, err, "InvalidImportTokenException")
	for i := range token {
		bad := bytes.Clone(token)
		bad[i] ^= 1
		if _, err := h.openToken(r(a.KeyId), bad); err == nil {
			t.Fatalf("byte %d changed: the token opens", i)
		}
	}
}
