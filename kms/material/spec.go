package material

import "fmt"

// spec says how the material of a key spec is made and taken.
type spec struct {
	family   Family
	generate func() (Material, error)
}

// specs has every key spec of the KMS API.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
var specs = map[string]spec{
	"SYMMETRIC_DEFAULT":     {FamilySymmetric, func() (Material, error) { return made(NewSymmetric()) }},
	"RSA_2048":              {FamilyRSA, func() (Material, error) { return made(NewRSA(2048)) }},
	"RSA_3072":              {FamilyRSA, func() (Material, error) { return made(NewRSA(3072)) }},
	"RSA_4096":              {FamilyRSA, func() (Material, error) { return made(NewRSA(4096)) }},
	"ECC_NIST_P256":         {FamilyECC, func() (Material, error) { return made(NewECC("ECC_NIST_P256")) }},
	"ECC_NIST_P384":         {FamilyECC, func() (Material, error) { return made(NewECC("ECC_NIST_P384")) }},
	"ECC_NIST_P521":         {FamilyECC, func() (Material, error) { return made(NewECC("ECC_NIST_P521")) }},
	"ECC_SECG_P256K1":       {FamilySecp256k1, func() (Material, error) { return made(NewSecp256k1()) }},
	"ECC_NIST_EDWARDS25519": {FamilyEd25519, func() (Material, error) { return made(NewEd25519()) }},
	"HMAC_224":              {FamilyHMAC, func() (Material, error) { return made(NewHMAC(28)) }},
	"HMAC_256":              {FamilyHMAC, func() (Material, error) { return made(NewHMAC(32)) }},
	"HMAC_384":              {FamilyHMAC, func() (Material, error) { return made(NewHMAC(48)) }},
	"HMAC_512":              {FamilyHMAC, func() (Material, error) { return made(NewHMAC(64)) }},
	"ML_DSA_44":             {FamilyMLDSA, func() (Material, error) { return made(NewMLDSA("ML_DSA_44")) }},
	"ML_DSA_65":             {FamilyMLDSA, func() (Material, error) { return made(NewMLDSA("ML_DSA_65")) }},
	"ML_DSA_87":             {FamilyMLDSA, func() (Material, error) { return made(NewMLDSA("ML_DSA_87")) }},
	"ML_KEM_512":            {FamilyMLKEM, func() (Material, error) { return made(NewMLKEM("ML_KEM_512")) }},
	"ML_KEM_768":            {FamilyMLKEM, func() (Material, error) { return made(NewMLKEM("ML_KEM_768")) }},
	"SM2":                   {FamilySM2, func() (Material, error) { return made(NewSM2()) }},
	"ML_KEM_1024":           {FamilyMLKEM, func() (Material, error) { return made(NewMLKEM("ML_KEM_1024")) }},
}

// families takes material of each family.
var families map[Family]func(Secret, string) (Material, error)

func init() { // not in the declaration, where Parse would refer to itself
	families = map[Family]func(Secret, string) (Material, error){
		FamilySymmetric: func(s Secret, id string) (Material, error) { return made(SymmetricFrom(s, id)) },
		FamilyRSA:       func(s Secret, id string) (Material, error) { return made(RSAFrom(s, id)) },
		FamilyECC:       func(s Secret, id string) (Material, error) { return made(ECCFrom(s, id)) },
		FamilySecp256k1: func(s Secret, id string) (Material, error) { return made(Secp256k1From(s, id)) },
		FamilyEd25519:   func(s Secret, id string) (Material, error) { return made(Ed25519From(s, id)) },
		FamilyHMAC:      func(s Secret, id string) (Material, error) { return made(HMACFrom(s, id)) },
		FamilyMLDSA:     func(s Secret, id string) (Material, error) { return made(MLDSAFrom(s, id)) },
		FamilyMLKEM:     func(s Secret, id string) (Material, error) { return made(MLKEMFrom(s, id)) },
		FamilySM2:       func(s Secret, id string) (Material, error) { return made(SM2From(s, id)) },
	}
}

// made keeps a nil pointer from becoming a Material that is not nil.
func made[M Material](m M, err error) (Material, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// New generates material for a key spec of the KMS API. RSA takes from tenths
// of a second to seconds. An error for a spec that this package does not know.
func New(name string) (Material, error) {
	s, ok := specs[name]
	if !ok {
		return nil, fmt.Errorf("material: no key spec %q", name)
	}
	return s.generate()
}

// Import takes material for a key spec of the KMS API: the bytes of a
// symmetric or HMAC key, or a private key in PKCS #8 (DER). keyID is the ID of
// the KMS key, see SymmetricFrom. ErrKeySize for symmetric and HMAC keys of
// another length, ErrKeyFormat for what is no private key of the spec.
// https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html
func Import(name string, plain Secret, keyID string) (Material, error) {
	s, ok := specs[name]
	if !ok {
		return nil, fmt.Errorf("material: no key spec %q", name)
	}
	m, err := families[s.family](plain, keyID)
	if err != nil {
		return nil, err
	}
	if got := m.Spec(); got != name {
		m.Wipe()
		if s.family == FamilyHMAC {
			return nil, fmt.Errorf("%w: %s, not %s", ErrKeySize, got, name)
		}
		return nil, fmt.Errorf("%w: %s, not %s", ErrKeyFormat, got, name)
	}
	return m, nil
}
