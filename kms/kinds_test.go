package kms

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// kindOfKey is a key spec with a usage.
type kindOfKey struct {
	spec  kmsapi.KeySpec
	usage kmsapi.KeyUsageType
}

// kindsOfKeys are all that there are outside China.
func kindsOfKeys() (kinds []kindOfKey) {
	for _, text := range kmsapi.Service.Shapes["KeySpec"].Enum {
		for _, usage := range kmsapi.Service.Shapes["KeyUsageType"].Enum {
			k := kindOfKey{kmsapi.KeySpec(text), kmsapi.KeyUsageType(usage)}
			if k.spec != kmsapi.KeySpecSm2 && families[k.spec].has(k.usage) {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds
}

// servedBy says which kinds of keys serve an operation: a usage, and whether
// it must be the symmetric spec. What is in no row serves every key.
var servedBy = map[string]func(k kindOfKey) bool{
	"Encrypt":                             func(k kindOfKey) bool { return k.usage == encryptDecrypt },
	"Decrypt":                             func(k kindOfKey) bool { return k.usage == encryptDecrypt },
	"ReEncrypt to":                        func(k kindOfKey) bool { return k.usage == encryptDecrypt },
	"GenerateDataKey":                     isSymmetric,
	"GenerateDataKeyWithoutPlaintext":     isSymmetric,
	"GenerateDataKeyPair":                 isSymmetric,
	"GenerateDataKeyPairWithoutPlaintext": isSymmetric,
	"Sign":                                func(k kindOfKey) bool { return k.usage == signVerify },
	"Verify":                              func(k kindOfKey) bool { return k.usage == signVerify },
	"GenerateMac":                         func(k kindOfKey) bool { return k.usage == generateMAC },
	"VerifyMac":                           func(k kindOfKey) bool { return k.usage == generateMAC },
	"DeriveSharedSecret":                  func(k kindOfKey) bool { return k.usage == keyAgreement },
	"Encapsulate":                         func(k kindOfKey) bool { return k.usage == encapsulate },
	"Decapsulate":                         func(k kindOfKey) bool { return k.usage == encapsulate },
	"GetPublicKey":                        func(k kindOfKey) bool { return !isSymmetric(k) && k.usage != generateMAC },
	"EnableKeyRotation":                   isSymmetric,
	"DisableKeyRotation":                  isSymmetric,
	"RotateKeyOnDemand":                   isSymmetric,
	"ListKeyRotations":                    isSymmetric,
}

func isSymmetric(k kindOfKey) bool { return k.spec == kmsapi.KeySpecSymmetricDefault }

// unservedCode is the error for a key of a kind that does not serve.
func unservedCode(operation string, k kindOfKey) string {
	switch operation {
	case "GetPublicKey", "EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand", "ListKeyRotations":
		return "UnsupportedOperationException"
	case "Decrypt":
		return "IncorrectKeyException" // the ciphertext is another key's
	}
	return "InvalidKeyUsageException"
}

// Every kind of key serves the operations of its usage with each of its
// algorithms, and no other.
func TestEveryKindOfKeyServesItsOperations(t *testing.T) {
	h := newHarness(t)
	foreign := h.subjectOf(specimens["Decrypt"])
	for _, k := range kindsOfKeys() {
		s := h.subjectOf(specimen{kind: of(k.spec, k.usage)})
		t.Run(string(k.spec)+" "+string(k.usage), func(t *testing.T) {
			s.t, h.t = t, t
			for name, serves := range servedBy {
				if serves(k) {
					s.serve(name, k)
					continue
				}
				foreign.name = s.id
				var in any
				switch name {
				case "Decrypt":
					in = specimens[name].request(foreign)
				case "Verify", "VerifyMac", "Decapsulate":
					other := h.subjectOf(specimens[name])
					other.name = s.id
					in = specimens[name].request(other)
				case "DeriveSharedSecret":
					in = &kmsapi.DeriveSharedSecretRequest{KeyId: s.id, PublicKey: []byte("x"), KeyAgreementAlgorithm: "ECDH"}
				default:
					in = specimens[name].request(s)
				}
				err := h.perform(h.ctx, in)
				if e, ok := errors.AsType[*api.Error](err); !ok || e.Code != unservedCode(name, k) {
					t.Errorf("%s: %v, want %s", name, err, unservedCode(name, k))
				} else if e.Code == "InvalidKeyUsageException" && k.usage != encryptDecrypt {
					wantError(t, err, e.Code, keyArn(s.id)+" key usage is "+string(k.usage)+" which is not valid for "+word(name)+".")
				}
			}
		})
	}
	for name := range servedBy {
		if _, ok := specimens[name]; !ok {
			t.Errorf("%s is no specimen", name)
		}
	}
}

// serve makes the calls of an operation that succeed with each algorithm of
// the key, and holds their answers against each other.
func (s *subject) serve(name string, k kindOfKey) {
	s.t.Helper()
	var err error
	switch name {
	case "Encrypt", "ReEncrypt to":
		for _, a := range algorithms[k.spec].encryption {
			err = errors.Join(err, s.roundTrip(a))
		}
	case "Sign":
		for _, a := range algorithms[k.spec].signing {
			err = errors.Join(err, s.signTrip(a))
		}
	case "GenerateMac":
		for _, a := range algorithms[k.spec].mac {
			err = errors.Join(err, s.macTrip(a))
		}
	case "Decrypt", "Verify", "VerifyMac": // above
	default:
		err = s.perform(s.ctx, specimens[name].request(s))
	}
	if err != nil {
		s.t.Errorf("%s: %v", name, err)
	}
}

// roundTrip encrypts, re-encrypts under another algorithm's key and back.
func (s *subject) roundTrip(a kmsapi.EncryptionAlgorithmSpec) error {
	plaintext := make([]byte, 60)
	rand.Read(plaintext)
	out, err := s.Encrypt(s.ctx, &kmsapi.EncryptRequest{KeyId: s.id, Plaintext: plaintext, EncryptionAlgorithm: &a})
	if err != nil {
		return err
	}
	again, err := s.ReEncrypt(s.ctx, &kmsapi.ReEncryptRequest{
		CiphertextBlob: out.CiphertextBlob, SourceKeyId: &s.id, SourceEncryptionAlgorithm: &a, DestinationKeyId: s.id, DestinationEncryptionAlgorithm: &a,
	})
	if err != nil {
		return err
	}
	got, err := s.Decrypt(s.ctx, &kmsapi.DecryptRequest{CiphertextBlob: again.CiphertextBlob, KeyId: &s.id, EncryptionAlgorithm: &a})
	if err == nil && !bytes.Equal(got.Plaintext, plaintext) {
		err = errors.New("another plaintext")
	}
	return err
}

// signTrip signs and verifies in every form that the algorithm has.
func (s *subject) signTrip(a kmsapi.SigningAlgorithmSpec) error {
	kind, message := kmsapi.MessageTypeRaw, []byte("a message")
	if strings.Contains(string(a), "_PH_") {
		kind, message = kmsapi.MessageTypeDigest, make([]byte, 64)
	}
	out, err := s.Sign(s.ctx, &kmsapi.SignRequest{KeyId: s.id, Message: message, MessageType: &kind, SigningAlgorithm: a})
	if err != nil {
		return err
	}
	return s.perform(s.ctx, &kmsapi.VerifyRequest{KeyId: s.id, Message: message, MessageType: &kind, Signature: out.Signature, SigningAlgorithm: a})
}

func (s *subject) macTrip(a kmsapi.MacAlgorithmSpec) error {
	out, err := s.GenerateMac(s.ctx, &kmsapi.GenerateMacRequest{KeyId: s.id, Message: []byte("m"), MacAlgorithm: a})
	if err != nil {
		return err
	}
	return s.perform(s.ctx, &kmsapi.VerifyMacRequest{KeyId: s.id, Message: []byte("m"), Mac: out.Mac, MacAlgorithm: a})
}

// An algorithm of another kind of key is refused by name.
func TestEveryKindOfKeyRefusesOtherAlgorithms(t *testing.T) {
	h := newHarness(t)
	for _, k := range kindsOfKeys() {
		id := h.key(of(k.spec, k.usage)).KeyId
		refuse := func(algorithm string, in any) {
			wantError(t, h.perform(h.ctx, in), "InvalidKeyUsageException", "Algorithm "+algorithm+" is incompatible with key spec "+string(k.spec)+".")
		}
		switch k.usage {
		case signVerify:
			for _, text := range kmsapi.Service.Shapes["SigningAlgorithmSpec"].Enum {
				if a := kmsapi.SigningAlgorithmSpec(text); !slices.Contains(algorithms[k.spec].signing, a) {
					refuse(text, &kmsapi.SignRequest{KeyId: id, Message: []byte("m"), SigningAlgorithm: a})
					refuse(text, &kmsapi.VerifyRequest{KeyId: id, Message: []byte("m"), Signature: []byte("s"), SigningAlgorithm: a})
				}
			}
		case generateMAC:
			for _, text := range kmsapi.Service.Shapes["MacAlgorithmSpec"].Enum {
				if a := kmsapi.MacAlgorithmSpec(text); !slices.Contains(algorithms[k.spec].mac, a) {
					refuse(text, &kmsapi.GenerateMacRequest{KeyId: id, Message: []byte("m"), MacAlgorithm: a})
					refuse(text, &kmsapi.VerifyMacRequest{KeyId: id, Message: []byte("m"), Mac: []byte("s"), MacAlgorithm: a})
				}
			}
		case encryptDecrypt:
			for _, text := range kmsapi.Service.Shapes["EncryptionAlgorithmSpec"].Enum {
				if a := kmsapi.EncryptionAlgorithmSpec(text); !slices.Contains(algorithms[k.spec].encryption, a) {
					refuse(text, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("m"), EncryptionAlgorithm: &a})
				}
			}
		}
	}
}
