package kms

import (
	"crypto/rsa"
	"crypto/x509"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/kms/material"
)

// stock holds RSA keys of one size. To generate one takes up to seconds, and
// only kms/material needs to prove that new ones are new: here three in a
// row differ, and that is all.
type stock struct {
	sync.Mutex
	keys []*rsa.PrivateKey
	next int
}

const stockSize = 3

var stocks = map[int]*stock{2048: {}, 3072: {}, 4096: {}}

// pooled is a key of the stock.
func pooled(bits int) (*rsa.PrivateKey, error) {
	s := stocks[bits]
	s.Lock()
	defer s.Unlock()
	s.next++
	if len(s.keys) < stockSize {
		k, err := newWrappingKey(bits)
		s.keys = append(s.keys, k)
		return k, err
	}
	return s.keys[(s.next-1)%stockSize], nil
}

// stocked is material.New with RSA keys of the stock.
func stocked(spec string) (material.Material, error) {
	digits, ok := strings.CutPrefix(spec, "RSA_")
	bits, err := strconv.Atoi(digits)
	if !ok || err != nil || stocks[bits] == nil {
		return material.New(spec)
	}
	key, err := pooled(bits)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return material.RSAFrom(material.NewSecret(der), "")
}

// What the tests replace is what the service has: every RSA key is a new one.
func TestTheServiceGeneratesItsOwnRSAKeys(t *testing.T) {
	h := newHarness(t)
	fresh := New(Config{Store: h.store, Root: h.root, Clock: h.clock, Authorizer: h.authorizer})
	h.newMaterial, h.wrappingKey = fresh.newMaterial, fresh.wrappingKey
	seen := map[string]string{}
	see := func(what string, public []byte) {
		t.Helper()
		parsed, err := x509.ParsePKIXPublicKey(public)
		must(t, err)
		if n := parsed.(*rsa.PublicKey).N; n.BitLen() != 2048 || seen[n.String()] != "" {
			t.Errorf("%s has %d bits and is the key of %q", what, n.BitLen(), seen[n.String()])
		} else {
			seen[n.String()] = what
		}
	}
	for _, k := range stocks[2048].keys {
		seen[k.N.String()] = "the stock"
	}
	see("a KMS key", h.publicKey(h.key(of(kmsapi.KeySpecRsa2048, signVerify)).KeyId))
	see("another", h.publicKey(h.key(of(kmsapi.KeySpecRsa2048, signVerify)).KeyId))
	empty := h.emptyKey().KeyId
	for range 2 {
		see("a wrapping key", h.parameters(empty, kmsapi.AlgorithmSpecRsaesOaepSha256, kmsapi.WrappingKeySpecRsa2048).PublicKey)
	}
	pair, err := h.GenerateDataKeyPairWithoutPlaintext(h.ctx, &kmsapi.GenerateDataKeyPairWithoutPlaintextRequest{KeyId: h.key().KeyId, KeyPairSpec: "RSA_2048"})
	must(t, err)
	see("a data key pair", pair.PublicKey)
	if _, err = newWrappingKey(512); err == nil {
		t.Error("a wrapping key of 512 bits")
	}
}
