package material

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// hexBytes is a string of hexadecimal digits in a vector file.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vectors is a Wycheproof file whose groups are of type G.
type vectors[G any] struct {
	NumberOfTests int
	TestGroups    []G
}

func loadVectors[G any](t *testing.T, file string) vectors[G] {
	t.Helper()
	text, err := fs.ReadFile(wycheproof.TestVectors, file)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors[G]
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return v
}

type aeadGroup struct {
	KeySize, IVSize, TagSize int
	Tests                    []struct {
		TCID                  int
		Comment, Result       string
		Key, IV, AAD, Msg, CT hexBytes
		Tag                   hexBytes
	}
}

func TestAESGCMAgreesWithWycheproof(t *testing.T) {
	ours, refused, total := 0, 0, 0
	file := loadVectors[aeadGroup](t, "aes_gcm_test.json")
	for _, group := range file.TestGroups {
		for _, c := range group.Tests {
			total++
			sealed := append(bytes.Clone(c.CT), c.Tag...)
			plaintext, err := open(c.Key, c.IV, sealed, c.AAD)
			again, sealErr := seal(nil, c.Key, c.IV, c.Msg, c.AAD)
			if group.KeySize != 256 || group.IVSize != 96 {
				refused++
				if err == nil || sealErr == nil {
					t.Errorf("test %d: key of %d bits and IV of %d were taken", c.TCID, group.KeySize, group.IVSize)
				}
				continue
			}
			ours++
			if c.Result == "invalid" {
				if err == nil {
					t.Errorf("test %d (%s): open succeeds", c.TCID, c.Comment)
				}
				continue
			}
			if err != nil || !bytes.Equal(plaintext, c.Msg) {
				t.Errorf("test %d (%s): open = %x, %v, want %x", c.TCID, c.Comment, plaintext, err, []byte(c.Msg))
			}
			if sealErr != nil || !bytes.Equal(again, sealed) {
				t.Errorf("test %d (%s): seal = %x, %v, want %x", c.TCID, c.Comment, again, sealErr, sealed)
			}
		}
	}
	if total != file.NumberOfTests || ours < 50 || refused < 50 {
		t.Errorf("ran %d of %d vectors, %d of our sizes, %d of others", total, file.NumberOfTests, ours, refused)
	}
}

type hkdfGroup struct {
	Tests []struct {
		TCID                 int
		Comment, Result      string
		IKM, Salt, Info, OKM hexBytes
		Size                 int
	}
}

// The same two calls, with the same hash, as SymmetricFrom and messageKey make.
func TestHKDFAgreesWithWycheproof(t *testing.T) {
	ran := 0
	for _, group := range loadVectors[hkdfGroup](t, "hkdf_sha256_test.json").TestGroups {
		for _, c := range group.Tests {
			ran++
			prk, err := hkdf.Extract(sha256.New, c.IKM, c.Salt)
			if err != nil {
				t.Fatal(err)
			}
			okm, err := hkdf.Expand(sha256.New, prk, string(c.Info), c.Size)
			if valid := err == nil && bytes.Equal(okm, c.OKM); valid != (c.Result != "invalid") {
				t.Errorf("test %d (%s, %s): Expand = %x, %v", c.TCID, c.Comment, c.Result, okm, err)
			}
		}
	}
	if ran < 50 {
		t.Errorf("ran %d vectors", ran)
	}
}
