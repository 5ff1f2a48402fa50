package material

import (
	"bytes"
	"compress/gzip"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/kem/mlkem/mlkem512"
)

// acvp are NIST's vectors; see testdata/README.md.
type acvp struct {
	MLKEMKeyGen []struct {
		TCID         int
		ParameterSet string
		D, Z, EK     hexBytes
	}
	MLKEMEncap []struct {
		TCID         int
		ParameterSet string
		EK, M, C, K  hexBytes
	}
	MLDSAKeyGen []struct {
		TCID         int
		ParameterSet string
		Seed, PK     hexBytes
	}
}

func loadACVP(t *testing.T) (v acvp) {
	t.Helper()
	f, err := os.Open("testdata/acvp.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err == nil {
		err = json.NewDecoder(z).Decode(&v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// specOf is the key spec of a parameter set: ML_KEM_512 of ML-KEM-512.
func specOf(parameterSet string) string { return strings.ReplaceAll(parameterSet, "-", "_") }

func TestMLKEMKeysAgreeWithNIST(t *testing.T) {
	seen := map[string]int{}
	for _, c := range loadACVP(t).MLKEMKeyGen {
		seen[c.ParameterSet]++
		m, err := newMLKEM(specOf(c.ParameterSet), slices.Concat(c.D, c.Z), "")
		if err != nil {
			t.Fatalf("test %d: %v", c.TCID, err)
		}
		if !bytes.HasSuffix(m.PublicKey(), c.EK) {
			t.Errorf("%s, test %d: another public key", c.ParameterSet, c.TCID)
		}
		again, err := Import(m.Spec(), m.PKCS8(), "")
		if err != nil || !bytes.Equal(again.(KeyPair).PublicKey(), m.PublicKey()) {
			t.Errorf("%s, test %d: its PKCS #8 makes another key: %v", c.ParameterSet, c.TCID, err)
		}
	}
	if len(seen) != len(mlkems) {
		t.Errorf("parameter sets %v", seen)
	}
}

// The libraries encapsulate as NIST does if they are given NIST's randomness.
func TestMLKEMEncapsulationAgreesWithNIST(t *testing.T) {
	encapsulate := map[string]func(ek, m []byte) (k, c []byte, err error){
		"ML-KEM-512": func(ek, m []byte) (k, c []byte, err error) {
			var pk mlkem512.PublicKey
			k, c = make([]byte, mlkem512.SharedKeySize), make([]byte, mlkem512.CiphertextSize)
			if err = pk.Unpack(ek); err == nil {
				pk.EncapsulateTo(c, k, m)
			}
			return k, c, err
		},
		"ML-KEM-768": func(ek, m []byte) (k, c []byte, err error) {
			pk, err := mlkem.NewEncapsulationKey768(ek)
			if err != nil {
				return nil, nil, err
			}
			return mlkemtest.Encapsulate768(pk, m)
		},
		"ML-KEM-1024": func(ek, m []byte) (k, c []byte, err error) {
			pk, err := mlkem.NewEncapsulationKey1024(ek)
			if err != nil {
				return nil, nil, err
			}
			return mlkemtest.Encapsulate1024(pk, m)
		},
	}
	seen := map[string]int{}
	for _, v := range loadACVP(t).MLKEMEncap {
		seen[v.ParameterSet]++
		k, c, err := encapsulate[v.ParameterSet](v.EK, v.M)
		if err != nil || !bytes.Equal(k, v.K) || !bytes.Equal(c, v.C) {
			t.Errorf("%s, test %d: secret %x, %v", v.ParameterSet, v.TCID, k, err)
		}
	}
	if len(seen) != len(mlkems) {
		t.Errorf("parameter sets %v", seen)
	}
}

func TestMLDSAKeysAgreeWithNIST(t *testing.T) {
	seen := map[string]int{}
	for _, c := range loadACVP(t).MLDSAKeyGen {
		seen[c.ParameterSet]++
		key, err := mldsa.NewPrivateKey(mldsas[specOf(c.ParameterSet)], c.Seed)
		if err != nil {
			t.Fatalf("test %d: %v", c.TCID, err)
		}
		m, err := newMLDSA(key, "")
		if err != nil || m.Spec() != specOf(c.ParameterSet) || !bytes.HasSuffix(m.PublicKey(), c.PK) {
			t.Errorf("%s, test %d: another public key, or spec %s, %v", c.ParameterSet, c.TCID, m.Spec(), err)
		}
	}
	if len(seen) != len(mldsas) {
		t.Errorf("parameter sets %v", seen)
	}
}
