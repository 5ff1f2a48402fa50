package material

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

var rsaKeys = sync.OnceValue(func() map[string]Material {
	keys := map[string]Material{}
	for _, spec := range []string{"RSA_2048", "RSA_3072", "RSA_4096"} {
		keys[spec], _ = New(spec)
	}
	return keys
})

// newMaterial generates material, but RSA's only once in a run.
func newMaterial(t testing.TB, spec string) Material {
	t.Helper()
	if strings.HasPrefix(spec, "RSA_") {
		if m := rsaKeys()[spec]; m != nil {
			return m
		}
		t.Fatalf("no %s", spec)
	}
	m, err := New(spec)
	if err != nil {
		t.Fatalf("New(%s) err = %v", spec, err)
	}
	return m
}

func allSpecs() []string { return slices.Sorted(maps.Keys(specs)) }

// plain is what an import of the material would bring.
func plain(m Material) Secret {
	switch m := m.(type) {
	case *Symmetric:
		return m.key
	case *HMAC:
		return m.body
	}
	return m.(KeyPair).PKCS8()
}

func TestEverySpecGeneratesItsMaterial(t *testing.T) {
	for _, spec := range allSpecs() {
		a := newMaterial(t, spec)
		if a.Spec() != spec || a.Family() != specs[spec].family || len(a.ID()) != 64 {
			t.Errorf("%s: Spec = %s, Family = %d, ID = %s", spec, a.Spec(), a.Family(), a.ID())
		}
		if strings.HasPrefix(spec, "RSA_") {
			continue
		}
		if b := newMaterial(t, spec); a.ID() == b.ID() || a.Marshal().Equal(b.Marshal()) {
			t.Errorf("%s: two materials are one", spec)
		}
	}
	for _, spec := range []string{"", "SM3", "RSA_1024", "rsa_2048"} {
		if _, err := New(spec); err == nil {
			t.Errorf("New(%q) err = nil", spec)
		}
		if _, err := Import(spec, RandomSecret(32), ""); err == nil {
			t.Errorf("Import(%q) err = nil", spec)
		}
	}
}

func TestParseReadsTheMaterialOfEverySpec(t *testing.T) {
	for _, spec := range allSpecs() {
		for _, keyID := range []string{"", "mrk-0123", strings.Repeat("k", 255)} {
			m, err := Import(spec, plain(newMaterial(t, spec)), keyID)
			if err != nil {
				t.Fatalf("Import(%s) err = %v", spec, err)
			}
			stored := m.Marshal()
			back, err := Parse(stored)
			if err != nil {
				t.Fatalf("%s: Parse err = %v", spec, err)
			}
			if back.ID() != m.ID() || back.Spec() != spec || !back.Marshal().Equal(stored) {
				t.Errorf("%s: Parse gives another %s", spec, back.Spec())
			}
			if p, ok := m.(KeyPair); ok && !bytes.Equal(p.PublicKey(), back.(KeyPair).PublicKey()) {
				t.Errorf("%s: Parse gives another public key", spec)
			}
		}
	}
}

func TestParseRefusesEveryShorterAndLongerForm(t *testing.T) {
	for _, spec := range allSpecs() {
		good := newMaterial(t, spec).Marshal().Bytes()
		for _, bad := range [][]byte{
			good[:2], good[:3], good[:len(good)/2], good[:len(good)-1], append(bytes.Clone(good), 0),
			append([]byte{good[0], good[1], 200}, good[3:]...), append([]byte{good[0], 77}, good[2:]...),
		} {
			if _, err := Parse(NewSecret(bad)); !errors.Is(err, ErrStoredMalformed) {
				t.Errorf("%s, %d of %d bytes: Parse err = %v, want ErrStoredMalformed", spec, len(bad), len(good), err)
			}
		}
	}
}

func TestImportGivesAnIDOfKeyAndMaterial(t *testing.T) {
	for _, spec := range allSpecs() {
		key := plain(newMaterial(t, spec))
		ids := map[string]bool{}
		for _, keyID := range []string{"a", "b", "a"} {
			m, err := Import(spec, key, keyID)
			if err != nil {
				t.Fatalf("Import(%s) err = %v", spec, err)
			}
			ids[m.ID()] = true
		}
		if len(ids) != 2 {
			t.Errorf("%s: the same material for keys a, b and a has %d IDs", spec, len(ids))
		}
	}
	if _, err := HMACFrom(RandomSecret(32), strings.Repeat("k", 256)); err == nil {
		t.Error("a key ID of 256 bytes was taken")
	}
}

func TestImportRefusesTheMaterialOfOtherSpecs(t *testing.T) {
	for _, spec := range allSpecs() {
		for _, other := range allSpecs() {
			_, err := Import(spec, plain(newMaterial(t, other)), "k")
			same := spec == other || isBytes(spec) && plain(newMaterial(t, spec)).Len() == plain(newMaterial(t, other)).Len()
			if same != (err == nil) || err != nil && !errors.Is(err, ErrKeyFormat) && !errors.Is(err, ErrKeySize) {
				t.Errorf("Import(%s) of %s err = %v", spec, other, err)
			}
		}
	}
}

// isBytes says that any bytes of the right length are material of the spec.
func isBytes(spec string) bool {
	return spec == "SYMMETRIC_DEFAULT" || strings.HasPrefix(spec, "HMAC")
}

func TestImportRefusesWhatIsNoPrivateKey(t *testing.T) {
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	p224DER, _ := x509.MarshalPKCS8PrivateKey(p224)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	smallDER, _ := x509.MarshalPKCS8PrivateKey(small)
	sec1, _ := x509.MarshalECPrivateKey(p224)
	for _, spec := range allSpecs() {
		if isBytes(spec) {
			continue
		}
		public := newMaterial(t, spec).(KeyPair).PublicKey()
		private := newMaterial(t, spec).(KeyPair).PKCS8().Bytes()
		for name, bad := range map[string][]byte{
			"nothing": nil, "text": []byte("-----BEGIN PRIVATE KEY-----"), "a public key": public, "half of it": private[:len(private)/2],
			"P-224": p224DER, "RSA of 1024 bits": smallDER, "SEC 1": sec1, "one byte more": append(bytes.Clone(private), 0),
		} {
			if _, err := Import(spec, NewSecret(bad), ""); !errors.Is(err, ErrKeyFormat) {
				t.Errorf("Import(%s) of %s err = %v, want ErrKeyFormat", spec, name, err)
			}
		}
	}
	for _, size := range []int{0, 1, 27, 29, 31, 33, 47, 63, 65} {
		if _, err := Import("HMAC_256", RandomSecret(size), ""); !errors.Is(err, ErrKeySize) {
			t.Errorf("Import(HMAC_256) of %d bytes err = %v, want ErrKeySize", size, err)
		}
	}
}

func TestMaterialOfEverySpecPrintsNoKeyBytes(t *testing.T) {
	for _, spec := range allSpecs() {
		m := newMaterial(t, spec)
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s", "%d", "%q"} {
			text := strings.ToLower(fmt.Sprintf(verb, m))
			key := plain(m).Bytes()
			part := key[len(key)-20:]
			if spec == "SM2" || strings.HasPrefix(spec, "ECC") && spec != "ECC_NIST_EDWARDS25519" {
				part = key[40:60] // at the end stands the public key
			}
			for _, form := range []string{"%x", "%d"} {
				if strings.Contains(text, strings.Trim(fmt.Sprintf(form, part), "[]")) {
					t.Errorf("Sprintf(%q) of %s shows the key", verb, spec)
				}
			}
		}
	}
}

func TestWipeEmptiesTheStoredForm(t *testing.T) {
	for _, spec := range allSpecs() {
		m, err := Import(spec, plain(newMaterial(t, spec)), "")
		if err != nil {
			t.Fatal(err)
		}
		key := plain(m).Bytes()
		m.Wipe()
		if !bytes.Equal(key, make([]byte, len(key))) {
			t.Errorf("%s: key bytes are still in memory", spec)
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, spec := range []string{"ECC_NIST_P256", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519", "ML_DSA_44", "ML_KEM_512", "ML_KEM_768"} {
		f.Add(spec, plain(newMaterial(f, spec)).Bytes())
	}
	f.Fuzz(func(t *testing.T, spec string, key []byte) {
		m, err := Import(spec, NewSecret(key), "k")
		if err != nil {
			return
		}
		back, err := Parse(m.Marshal())
		if err != nil || back.ID() != m.ID() {
			t.Errorf("%s of %x does not parse again: %v", spec, key, err)
		}
	})
}
