package kms

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

// opensslDir is a directory in which openssl works.
type opensslDir struct {
	t   testing.TB
	dir string
}

func newOpenSSL(t testing.TB) *opensslDir { return &opensslDir{t, t.TempDir()} }

// write puts a file into the directory and returns its name.
func (b *opensslDir) write(name string, data []byte) string {
	b.t.Helper()
	must(b.t, os.WriteFile(filepath.Join(b.dir, name), data, 0o600))
	return name
}

// run runs openssl and returns its output. A missing openssl fails the test.
func (b *opensslDir) run(words ...string) []byte {
	b.t.Helper()
	out, err := b.try(words...)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *opensslDir) try(words ...string) ([]byte, error) {
	c := exec.Command("openssl", words...)
	c.Dir = b.dir
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New("openssl "+strings.Join(words, " ")+": "+said.String()))
	}
	return out, nil
}

// args are the arguments in a text, and more.
func args(text string, more ...string) []string { return append(strings.Fields(text), more...) }

// verifiers says how openssl verifies the signature s of the message m.
var verifiers = map[kmsapi.SigningAlgorithmSpec]string{
	"RSASSA_PKCS1_V1_5_SHA_256": "dgst -sha256 -signature s -verify",
	"RSASSA_PKCS1_V1_5_SHA_384": "dgst -sha384 -signature s -verify",
	"RSASSA_PKCS1_V1_5_SHA_512": "dgst -sha512 -signature s -verify",
	"RSASSA_PSS_SHA_256":        "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256 -signature s -verify",
	"RSASSA_PSS_SHA_384":        "dgst -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 -sigopt rsa_mgf1_md:sha384 -signature s -verify",
	"RSASSA_PSS_SHA_512":        "dgst -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64 -sigopt rsa_mgf1_md:sha512 -signature s -verify",
	"ECDSA_SHA_256":             "dgst -sha256 -signature s -verify",
	"ECDSA_SHA_384":             "dgst -sha384 -signature s -verify",
	"ECDSA_SHA_512":             "dgst -sha512 -signature s -verify",
	"ED25519_SHA_512":           "pkeyutl -verify -rawin -sigfile s -pubin -inkey",
}

// beyond are the algorithms that openssl 3.0 does not have.
var beyond = map[kmsapi.SigningAlgorithmSpec]bool{"ED25519_PH_SHA_512": true, "ML_DSA_SHAKE_256": true, "SM2DSA": true}

// verify has openssl verify the signature s of the message m.
func (b *opensslDir) verify(algorithm kmsapi.SigningAlgorithmSpec, public string) error {
	words := args(verifiers[algorithm], public)
	if algorithm == "ED25519_SHA_512" {
		words = append(words, "-in")
	}
	_, err := b.try(append(words, "m")...)
	return err
}

// signers are the specs of key pairs that sign, and openssl knows.
var signers = []kmsapi.KeySpec{
	"RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519",
}

func TestSignaturesVerifyWithOpenSSL(t *testing.T) {
	for algorithm := range verifiers {
		if beyond[algorithm] {
			t.Errorf("%s is beyond openssl", algorithm)
		}
	}
	tried := map[kmsapi.SigningAlgorithmSpec]bool{}
	for _, spec := range signers {
		t.Run(string(spec), func(t *testing.T) {
			h, b := newHarness(t), newOpenSSL(t)
			id := h.key(of(spec, signVerify)).KeyId
			b.write("der", h.publicKey(id))
			b.run(args("pkey -pubin -inform DER -in der -out pem")...)
			b.run(args("pkey -pubin -in pem -noout -text")...)
			b.write("m", []byte("a message"))
			for _, algorithm := range algorithms[spec].signing {
				if beyond[algorithm] {
					continue
				}
				tried[algorithm] = true
				out, err := h.Sign(h.ctx, &kmsapi.SignRequest{KeyId: id, Message: []byte("a message"), SigningAlgorithm: algorithm})
				must(t, err)
				b.write("s", out.Signature)
				if err := b.verify(algorithm, "pem"); err != nil {
					t.Errorf("%s: %v", algorithm, err)
				}
				b.write("m", []byte("another"))
				if b.verify(algorithm, "pem") == nil {
					t.Errorf("%s verifies for another message", algorithm)
				}
				b.write("m", []byte("a message"))
			}
		})
	}
	for _, text := range kmsapi.Service.Shapes["SigningAlgorithmSpec"].Enum {
		if a := kmsapi.SigningAlgorithmSpec(text); !tried[a] && !beyond[a] {
			t.Errorf("%s was not tried", a)
		}
	}
}

func TestWhatOpenSSLEncryptsIsDecrypted(t *testing.T) {
	for _, spec := range []kmsapi.KeySpec{"RSA_2048", "RSA_3072", "RSA_4096"} {
		h, b := newHarness(t), newOpenSSL(t)
		id := h.key(of(spec, encryptDecrypt)).KeyId
		b.write("der", h.publicKey(id))
		b.write("m", []byte("a secret"))
		for algorithm, hash := range map[kmsapi.EncryptionAlgorithmSpec]string{"RSAES_OAEP_SHA_1": "sha1", "RSAES_OAEP_SHA_256": "sha256"} {
			blob := b.run(args("pkeyutl -encrypt -pubin -keyform DER -inkey der -in m -pkeyopt rsa_padding_mode:oaep -pkeyopt", "rsa_oaep_md:"+hash, "-pkeyopt", "rsa_mgf1_md:"+hash)...)
			out, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{KeyId: &id, CiphertextBlob: blob, EncryptionAlgorithm: &algorithm})
			must(t, err)
			if string(out.Plaintext) != "a secret" {
				t.Errorf("%s with %s: %q", spec, algorithm, out.Plaintext)
			}
		}
	}
}

func TestOpenSSLDerivesTheSameSecret(t *testing.T) {
	for spec, curve := range map[kmsapi.KeySpec]string{"ECC_NIST_P256": "P-256", "ECC_NIST_P384": "P-384", "ECC_NIST_P521": "P-521"} {
		h, b := newHarness(t), newOpenSSL(t)
		id := h.key(of(spec, keyAgreement)).KeyId
		b.write("peer", h.publicKey(id))
		b.write("pem", b.run(args("genpkey -algorithm EC -pkeyopt", "ec_paramgen_curve:"+curve)...))
		out, err := h.DeriveSharedSecret(h.ctx, &kmsapi.DeriveSharedSecretRequest{
			KeyId: id, KeyAgreementAlgorithm: "ECDH", PublicKey: b.run(args("pkey -in pem -pubout -outform DER")...),
		})
		must(t, err)
		if want := b.run(args("pkeyutl -derive -inkey pem -peerkey peer -peerform DER")...); !bytes.Equal(out.SharedSecret, want) {
			t.Errorf("%s: secret = %x, openssl derives %x", spec, out.SharedSecret, want)
		}
	}
}

func TestDataKeyPairsOpenInOpenSSL(t *testing.T) {
	for _, spec := range signers {
		h, b := newHarness(t), newOpenSSL(t)
		out, err := h.GenerateDataKeyPair(h.ctx, &kmsapi.GenerateDataKeyPairRequest{KeyId: h.key().KeyId, KeyPairSpec: kmsapi.DataKeyPairSpec(spec)})
		must(t, err)
		b.write("der", out.PrivateKeyPlaintext)
		if got := b.run(args("pkey -inform DER -in der -pubout -outform DER")...); !bytes.Equal(got, out.PublicKey) {
			t.Errorf("%s: openssl makes the public key %x, not %x", spec, got, out.PublicKey)
		}
	}
}

// generators say how openssl makes the material of a spec: 32 random bytes for
// the symmetric ones.
var generators = map[kmsapi.KeySpec]string{
	"SYMMETRIC_DEFAULT": "rand 32", "HMAC_224": "rand 28", "HMAC_256": "rand 32", "HMAC_384": "rand 48", "HMAC_512": "rand 64",
	"RSA_2048":              "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
	"RSA_3072":              "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
	"RSA_4096":              "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096",
	"ECC_NIST_P256":         "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
	"ECC_NIST_P384":         "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
	"ECC_NIST_P521":         "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521",
	"ECC_SECG_P256K1":       "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
	"ECC_NIST_EDWARDS25519": "genpkey -algorithm ED25519",
}

// wrap wraps the file key as AWS's guide shows with openssl.
// https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-encrypt-key-material.html
func (b *opensslDir) wrap(algorithm kmsapi.AlgorithmSpec, public []byte) []byte {
	b.write("wrapping", public)
	hash := "sha256"
	if strings.HasSuffix(string(algorithm), "SHA_1") {
		hash = "sha1"
	}
	oaep := func(file string) []byte {
		return b.run(args("pkeyutl -encrypt -pubin -keyform DER -inkey wrapping -pkeyopt rsa_padding_mode:oaep -in", file, "-pkeyopt", "rsa_oaep_md:"+hash, "-pkeyopt", "rsa_mgf1_md:"+hash)...)
	}
	if !strings.HasPrefix(string(algorithm), "RSA_AES") {
		return oaep("key")
	}
	aes := b.run(args("rand 32")...)
	b.write("aes", aes)
	return append(oaep("aes"), b.run(args("enc -id-aes256-wrap-pad -iv A65959A6 -in key -K", hex.EncodeToString(aes))...)...)
}

func TestMaterialOfOpenSSLIsImported(t *testing.T) {
	for spec, generator := range generators {
		usage := signVerify
		switch {
		case spec == "SYMMETRIC_DEFAULT":
			usage = encryptDecrypt
		case strings.HasPrefix(string(spec), "HMAC"):
			usage = generateMAC
		}
		h, b := newHarness(t), newOpenSSL(t)
		b.write("key", b.run(args(generator)...))
		if usage == signVerify { // KMS takes PKCS #8 alone
			b.write("key", b.run(args("pkcs8 -topk8 -nocrypt -outform DER -in key")...))
		}
		wrapping := kmsapi.WrappingKeySpecRsa2048
		if spec == "ECC_NIST_P521" { // too long for OAEP with 2048 bits
			wrapping = kmsapi.WrappingKeySpecRsa3072
		}
		for _, algorithm := range []kmsapi.AlgorithmSpec{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"} {
			if strings.HasPrefix(string(spec), "RSA") && !strings.HasPrefix(string(algorithm), "RSA_AES") {
				continue // too long for OAEP
			}
			t.Run(string(spec)+" "+string(algorithm), func(t *testing.T) {
				h.t, b.t = t, t
				id := h.key(external(spec, usage)).KeyId
				p := h.parameters(id, algorithm, wrapping)
				must(t, h.perform(h.ctx, &kmsapi.ImportKeyMaterialRequest{
					KeyId: id, ImportToken: p.ImportToken, EncryptedKeyMaterial: b.wrap(algorithm, p.PublicKey),
					ExpirationModel: new(kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire),
				}))
				h.wantImported(b, id, spec, usage)
			})
		}
	}
}

// wantImported holds what the key does against what openssl does with the
// file key.
func (h *harness) wantImported(b *opensslDir, id string, spec kmsapi.KeySpec, usage kmsapi.KeyUsageType) {
	h.t.Helper()
	b.write("m", []byte("a message"))
	switch usage {
	case signVerify:
		if want := b.run(args("pkey -inform DER -in key -pubout -outform DER")...); !bytes.Equal(h.publicKey(id), want) {
			h.t.Errorf("the public key is %x, not %x", h.publicKey(id), want)
		}
	case generateMAC:
		key, err := os.ReadFile(filepath.Join(b.dir, "key"))
		must(h.t, err)
		digits := strings.TrimPrefix(string(spec), "HMAC_")
		out, err := h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: id, Message: []byte("a message"), MacAlgorithm: kmsapi.MacAlgorithmSpec("HMAC_SHA_" + digits)})
		must(h.t, err)
		want := b.run(args("dgst -binary -mac HMAC -macopt", "hexkey:"+hex.EncodeToString(key), "-sha"+digits, "m")...)
		if !bytes.Equal(out.Mac, want) {
			h.t.Errorf("MAC = %x, openssl's %x", out.Mac, want)
		}
	default:
		if got, err := h.decrypt(h.encrypt(id, "x", nil), nil); err != nil || got != "x" {
			h.t.Errorf("Decrypt = %q, %v", got, err)
		}
	}
}
