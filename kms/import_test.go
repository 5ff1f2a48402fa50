package kms

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/kwp/subtle"

	"sealstack/api/kmsapi"
)

func external(spec kmsapi.KeySpec, usage kmsapi.KeyUsageType) func(*kmsapi.CreateKeyRequest) {
	return func(in *kmsapi.CreateKeyRequest) {
		in.Origin, in.KeySpec, in.KeyUsage = new(kmsapi.OriginTypeExternal), &spec, &usage
	}
}

// empty makes a symmetric key that waits for its material.
func (h *harness) emptyKey() kmsapi.KeyMetadata {
	h.t.Helper()
	return h.key(external(kmsapi.KeySpecSymmetricDefault, encryptDecrypt))
}

func (h *harness) parameters(id string, algorithm kmsapi.AlgorithmSpec, spec kmsapi.WrappingKeySpec) *kmsapi.GetParametersForImportResponse {
	h.t.Helper()
	out, err := h.GetParametersForImport(h.ctx, &kmsapi.GetParametersForImportRequest{KeyId: id, WrappingAlgorithm: algorithm, WrappingKeySpec: spec})
	must(h.t, err)
	return out
}

// wrap encrypts material as a client does.
func wrap(t testing.TB, public []byte, algorithm kmsapi.AlgorithmSpec, plain []byte) []byte {
	t.Helper()
	parsed, err := x509.ParsePKIXPublicKey(public)
	must(t, err)
	oaep := func(b []byte) []byte {
		hash := sha256.New()
		if strings.HasSuffix(string(algorithm), "SHA_1") {
			hash = sha1.New()
		}
		out, err := rsa.EncryptOAEP(hash, rand.Reader, parsed.(*rsa.PublicKey), b, nil)
		must(t, err)
		return out
	}
	if !strings.HasPrefix(string(algorithm), "RSA_AES") {
		return oaep(plain)
	}
	key := fresh(32)
	kwp, err := subtle.NewKWP(key)
	must(t, err)
	sealed, err := kwp.Wrap(plain)
	must(t, err)
	return append(oaep(key), sealed...)
}

// fresh is random material of n bytes.
func fresh(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// importing is a request to import the bytes, without end unless an option
// says else.
func (h *harness) importing(id string, plain []byte, options ...func(*kmsapi.ImportKeyMaterialRequest)) *kmsapi.ImportKeyMaterialRequest {
	h.t.Helper()
	const algorithm = kmsapi.AlgorithmSpecRsaesOaepSha256
	p := h.parameters(id, algorithm, kmsapi.WrappingKeySpecRsa2048)
	in := &kmsapi.ImportKeyMaterialRequest{
		KeyId: id, ImportToken: p.ImportToken, EncryptedKeyMaterial: wrap(h.t, p.PublicKey, algorithm, plain),
		ExpirationModel: new(kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire),
	}
	for _, o := range options {
		o(in)
	}
	return in
}

func (h *harness) importKey(id string, plain []byte, options ...func(*kmsapi.ImportKeyMaterialRequest)) (string, error) {
	h.t.Helper()
	out, err := h.ImportKeyMaterial(h.ctx, h.importing(id, plain, options...))
	if err != nil {
		return "", err
	}
	return value(out.KeyMaterialId), nil
}

func (h *harness) mustImport(id string, plain []byte, options ...func(*kmsapi.ImportKeyMaterialRequest)) string {
	h.t.Helper()
	m, err := h.importKey(id, plain, options...)
	must(h.t, err)
	return m
}

func asNew(in *kmsapi.ImportKeyMaterialRequest) { in.ImportType = new(kmsapi.ImportTypeNewKeyMaterial) }

func asExisting(in *kmsapi.ImportKeyMaterialRequest) {
	in.ImportType = new(kmsapi.ImportTypeExistingKeyMaterial)
}

func until(at time.Time) func(*kmsapi.ImportKeyMaterialRequest) {
	return func(in *kmsapi.ImportKeyMaterialRequest) { in.ExpirationModel, in.ValidTo = nil, &at }
}

func (h *harness) deleteMaterial(id string, m *string) error {
	return second(h.DeleteImportedKeyMaterial(h.ctx, &kmsapi.DeleteImportedKeyMaterialRequest{KeyId: id, KeyMaterialId: m}))
}

func (h *harness) wantState(id string, want kmsapi.KeyState) kmsapi.KeyMetadata {
	h.t.Helper()
	k := h.describe(id)
	if *k.KeyState != want || *k.Enabled != (want == kmsapi.KeyStateEnabled) {
		h.t.Errorf("the key is %s (Enabled %t), want %s", *k.KeyState, *k.Enabled, want)
	}
	return k
}

func TestAnExternalKeyWaitsForItsMaterial(t *testing.T) {
	h := newHarness(t)
	k := h.emptyKey()
	if *k.KeyState != kmsapi.KeyStatePendingImport || *k.Enabled || k.CurrentKeyMaterialId != nil || k.ExpirationModel != nil || *k.Origin != kmsapi.OriginTypeExternal {
		t.Errorf("CreateKey = %+v", k)
	}
	_, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x")})
	wantError(t, err, "KMSInvalidStateException", *k.Arn+" is pending import.")
	wantError(t, h.rotateOnDemand(k.KeyId), "KMSInvalidStateException", *k.Arn+" is pending import.")

	m := h.mustImport(k.KeyId, fresh(32))
	got := h.wantState(k.KeyId, kmsapi.KeyStateEnabled)
	if *got.CurrentKeyMaterialId != m || *got.ExpirationModel != kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire || got.ValidTo != nil {
		t.Errorf("after the import: %+v", got)
	}
	blob := h.encrypt(k.KeyId, "x", nil)
	if plain, err := h.decrypt(blob, nil); err != nil || plain != "x" {
		t.Errorf("Decrypt = %q, %v", plain, err)
	}
}

func TestParametersForImportAreForADay(t *testing.T) {
	h := newHarness(t)
	k := h.emptyKey()
	p := h.parameters(k.KeyId, kmsapi.AlgorithmSpecRsaesOaepSha256, kmsapi.WrappingKeySpecRsa3072)
	public, err := x509.ParsePKIXPublicKey(p.PublicKey)
	must(t, err)
	if *p.KeyId != *k.Arn || !p.ParametersValidTo.Equal(start.Add(day)) || public.(*rsa.PublicKey).N.BitLen() != 3072 || len(p.ImportToken) > 6144 {
		t.Errorf("GetParametersForImport = %s %s, token of %d bytes", *p.KeyId, p.ParametersValidTo, len(p.ImportToken))
	}
	in := h.importing(k.KeyId, fresh(32))
	h.advance(day - time.Second)
	must(t, second(h.ImportKeyMaterial(h.ctx, in)))
	h.advance(time.Second)
	wantError(t, second(h.ImportKeyMaterial(h.ctx, in)), "ExpiredImportTokenException", "")
}

func TestEveryWrappingOfEveryFamilyIsTaken(t *testing.T) {
	h := newHarness(t)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	must(t, err)
	ecc, err := x509.MarshalPKCS8PrivateKey(p521)
	must(t, err)
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(pair)
	must(t, err)
	for _, row := range []struct {
		spec      kmsapi.KeySpec
		usage     kmsapi.KeyUsageType
		plain     []byte
		algorithm kmsapi.AlgorithmSpec
		wrapping  kmsapi.WrappingKeySpec
	}{
		{kmsapi.KeySpecSymmetricDefault, encryptDecrypt, fresh(32), kmsapi.AlgorithmSpecRsaesOaepSha1, kmsapi.WrappingKeySpecRsa2048},
		{kmsapi.KeySpecSymmetricDefault, encryptDecrypt, fresh(32), kmsapi.AlgorithmSpecRsaesOaepSha256, kmsapi.WrappingKeySpecRsa3072},
		{kmsapi.KeySpecSymmetricDefault, encryptDecrypt, fresh(32), kmsapi.AlgorithmSpecRsaAesKeyWrapSha1, kmsapi.WrappingKeySpecRsa2048},
		{kmsapi.KeySpecHmac224, generateMAC, fresh(28), kmsapi.AlgorithmSpecRsaesOaepSha256, kmsapi.WrappingKeySpecRsa2048},
		{kmsapi.KeySpecHmac512, generateMAC, fresh(64), kmsapi.AlgorithmSpecRsaAesKeyWrapSha256, kmsapi.WrappingKeySpecRsa2048},
		{kmsapi.KeySpecEccNistP521, signVerify, ecc, kmsapi.AlgorithmSpecRsaesOaepSha256, kmsapi.WrappingKeySpecRsa4096},
		{kmsapi.KeySpecRsa2048, signVerify, der, kmsapi.AlgorithmSpecRsaAesKeyWrapSha256, kmsapi.WrappingKeySpecRsa2048},
	} {
		t.Run(string(row.spec)+" under "+string(row.algorithm), func(t *testing.T) {
			k := h.key(external(row.spec, row.usage))
			p := h.parameters(k.KeyId, row.algorithm, row.wrapping)
			out, err := h.ImportKeyMaterial(h.ctx, &kmsapi.ImportKeyMaterialRequest{
				KeyId: k.KeyId, ImportToken: p.ImportToken, EncryptedKeyMaterial: wrap(t, p.PublicKey, row.algorithm, row.plain),
				ExpirationModel: new(kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire),
			})
			must(t, err)
			got := h.wantState(k.KeyId, kmsapi.KeyStateEnabled)
			symmetric := row.spec == kmsapi.KeySpecSymmetricDefault
			if *out.KeyId != *k.Arn || (out.KeyMaterialId != nil) != symmetric || (got.CurrentKeyMaterialId != nil) != symmetric || got.ExpirationModel == nil {
				t.Errorf("ImportKeyMaterial = %+v, DescribeKey = %+v", out, got)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	h := newHarness(t)
	k, other := h.emptyKey(), h.emptyKey()
	id := k.KeyId
	mac := h.key(external(kmsapi.KeySpecHmac256, generateMAC)).KeyId
	good := h.importing(id, fresh(32))
	alter := func(fn func(*kmsapi.ImportKeyMaterialRequest)) *kmsapi.ImportKeyMaterialRequest {
		in := *good
		fn(&in)
		return &in
	}
	for name, row := range map[string]struct {
		in            *kmsapi.ImportKeyMaterialRequest
		code, message string
	}{
		"no end": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) { in.ExpirationModel = nil }), "ValidationException",
			"A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
		},
		"an end now": {alter(until(start)), "ValidationException", "ValidTo must be in the future"},
		"an end in more than a year": {
			alter(until(start.Add(365*day + time.Second))), "ValidationException", "ValidTo must be at most 365 days in the future",
		},
		"an end that must not be": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) { in.ValidTo = new(start.Add(day)) }), "ValidationException",
			"A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
		},
		"new material with an id": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) { asNew(in); in.KeyMaterialId = new(strings.Repeat("0", 64)) }),
			"ValidationException", "KeyMaterialId cannot be specified with ImportType NEW_KEY_MATERIAL",
		},
		"another id": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) { in.KeyMaterialId = new(strings.Repeat("0", 64)) }),
			"IncorrectKeyMaterialException", "",
		},
		"existing material of a key that has none": {alter(asExisting), "IncorrectKeyMaterialException", ""},
		"the token of another key": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) {
				in.ImportToken = h.importing(other.KeyId, fresh(32)).ImportToken
			}),
			"InvalidImportTokenException", "",
		},
		"a changed token": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) {
				in.ImportToken = bytes.Clone(in.ImportToken)
				in.ImportToken[99] ^= 1
			}), "InvalidImportTokenException", "",
		},
		"the token of another wrapping key": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) { in.ImportToken = h.importing(id, fresh(32)).ImportToken }),
			"InvalidCiphertextException", "",
		},
		"what is no ciphertext": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) { in.EncryptedKeyMaterial = []byte("x") }), "InvalidCiphertextException", "",
		},
		"31 bytes": {h.importing(id, fresh(31)), "IncorrectKeyMaterialException", ""},
		"64 bytes": {h.importing(id, fresh(64)), "IncorrectKeyMaterialException", ""},
		"an HMAC key of another length": {
			h.importing(mac, fresh(48)), "IncorrectKeyMaterialException", "",
		},
		"new material of an HMAC key": {
			h.importing(mac, fresh(32), asNew), "ValidationException",
			"ImportType, KeyMaterialId and KeyMaterialDescription are only supported for symmetric encryption keys",
		},
		"a key of AWS's making": {
			alter(func(in *kmsapi.ImportKeyMaterialRequest) { in.KeyId = h.key().KeyId }), "UnsupportedOperationException", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := second(h.ImportKeyMaterial(h.ctx, row.in))
			if name == "a key of AWS's making" {
				wantCode(t, err, row.code)
				return
			}
			wantError(t, err, row.code, row.message)
		})
	}
	h.wantState(id, kmsapi.KeyStatePendingImport)
	must(t, second(h.ImportKeyMaterial(h.ctx, good))) // a token outlives the failures
	must(t, h.store.Check(h.ctx))
}

func TestParametersForImportRefuse(t *testing.T) {
	h := newHarness(t)
	own, k := h.key(), h.emptyKey()
	for name, row := range map[string]struct {
		in            kmsapi.GetParametersForImportRequest
		code, message string
	}{
		"a key of AWS's making": {
			kmsapi.GetParametersForImportRequest{KeyId: own.KeyId, WrappingAlgorithm: kmsapi.AlgorithmSpecRsaesOaepSha1, WrappingKeySpec: kmsapi.WrappingKeySpecRsa2048},
			"UnsupportedOperationException", *own.Arn + " origin is AWS_KMS which is not valid for this operation.",
		},
		"PKCS #1 v1.5": {
			kmsapi.GetParametersForImportRequest{KeyId: k.KeyId, WrappingAlgorithm: kmsapi.AlgorithmSpecRsaesPkcs1V15, WrappingKeySpec: kmsapi.WrappingKeySpecRsa2048},
			"UnsupportedOperationException", "",
		},
		"SM2": {
			kmsapi.GetParametersForImportRequest{KeyId: k.KeyId, WrappingAlgorithm: kmsapi.AlgorithmSpecSm2pke, WrappingKeySpec: kmsapi.WrappingKeySpecSm2},
			"UnsupportedOperationException", "",
		},
		"a key that does not exist": {
			kmsapi.GetParametersForImportRequest{KeyId: noKey, WrappingAlgorithm: kmsapi.AlgorithmSpecRsaesOaepSha1, WrappingKeySpec: kmsapi.WrappingKeySpecRsa2048},
			"NotFoundException", "Key '" + keyArn(noKey) + "' does not exist",
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, second(h.GetParametersForImport(h.ctx, &row.in)), row.code, row.message)
		})
	}
}

func TestDeletedMaterialComesBackOnlyAsItWas(t *testing.T) {
	h := newHarness(t)
	id := h.emptyKey().KeyId
	plain := fresh(32)
	m := h.mustImport(id, plain)
	blob := h.encrypt(id, "x", nil)

	out, err := h.DeleteImportedKeyMaterial(h.ctx, &kmsapi.DeleteImportedKeyMaterialRequest{KeyId: id})
	must(t, err)
	if *out.KeyId != keyArn(id) || *out.KeyMaterialId != m {
		t.Errorf("DeleteImportedKeyMaterial = %+v", out)
	}
	if k := h.wantState(id, kmsapi.KeyStatePendingImport); k.ExpirationModel != nil || *k.CurrentKeyMaterialId != m {
		t.Errorf("after the deletion: %+v", k)
	}
	_, err = h.decrypt(blob, nil)
	wantError(t, err, "KMSInvalidStateException", keyArn(id)+" is pending import.")
	must(t, h.deleteMaterial(id, nil)) // again: no effect

	_, err = h.importKey(id, fresh(32))
	wantError(t, err, "IncorrectKeyMaterialException", "")
	if again := h.mustImport(id, plain); again != m {
		t.Errorf("the same material is now %s, was %s", again, m)
	}
	h.wantState(id, kmsapi.KeyStateEnabled)
	if got, err := h.decrypt(blob, nil); err != nil || got != "x" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
	wantError(t, h.deleteMaterial(id, new(strings.Repeat("0", 64))), "NotFoundException", "Key material '"+strings.Repeat("0", 64)+"' does not exist")
	must(t, h.store.Check(h.ctx))
}

func TestAnotherKeyWithTheSameMaterialDecryptsNothing(t *testing.T) {
	h := newHarness(t)
	a, b, plain := h.emptyKey().KeyId, h.emptyKey().KeyId, fresh(32)
	if h.mustImport(a, plain) == h.mustImport(b, plain) {
		t.Error("two keys have the same KeyMaterialId")
	}
	_, err := h.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: h.encrypt(a, "x", nil), KeyId: &b})
	wantCode(t, err, "IncorrectKeyException")
}

func TestMaterialExpiresByTheClock(t *testing.T) {
	for name, sweep := range map[string]bool{"before the sweep": false, "after the sweep": true} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			id, plain, end := h.emptyKey().KeyId, fresh(32), start.Add(10*day)
			h.mustImport(id, plain, until(end))
			if k := h.describe(id); *k.ExpirationModel != kmsapi.ExpirationModelTypeKeyMaterialExpires || !k.ValidTo.Equal(end) {
				t.Errorf("DescribeKey = %+v", k)
			}
			blob := h.encrypt(id, "x", nil)
			h.advance(10*day - time.Second)
			h.encrypt(id, "x", nil)
			h.advance(time.Second)
			if sweep {
				must(t, h.Sweep(h.ctx, h.clock.Now()))
			}
			if k := h.wantState(id, kmsapi.KeyStatePendingImport); k.ExpirationModel != nil || k.ValidTo != nil {
				t.Errorf("expired: %+v", k)
			}
			_, err := h.decrypt(blob, nil)
			wantError(t, err, "KMSInvalidStateException", keyArn(id)+" is pending import.")
			if e := h.rotations(id, true); *e[0].ImportState != kmsapi.ImportStatePendingImport || e[0].ExpirationModel != nil {
				t.Errorf("ListKeyRotations = %+v", e)
			}
			h.mustImport(id, plain, until(h.clock.Now().Add(day)))
			if got, err := h.decrypt(blob, nil); err != nil || got != "x" {
				t.Errorf("Decrypt = %q, %v", got, err)
			}
			must(t, h.store.Check(h.ctx))
		})
	}
}

func TestExpiredMaterialIsDestroyedBySweep(t *testing.T) {
	h := newHarness(t)
	id := h.emptyKey().KeyId
	m := h.mustImport(id, fresh(32), until(start.Add(day)))
	h.mustImport(id, fresh(32), asNew, until(start.Add(2*day)))
	h.advance(3 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	k, err := h.find(h.ctx, name{account: account, region: region, id: id})
	must(t, err)
	if _, err := h.load(h.ctx, &k.record, m); err == nil {
		t.Error("the material is still there")
	}
	if rows, err := rowsUntil(h.ctx, h.Service, expiries, h.clock.Now()); err != nil || len(rows) != 0 {
		t.Errorf("rows %v, %v", rows, err)
	}
}

func TestNewMaterialWaitsForARotation(t *testing.T) {
	h := newHarness(t)
	id := h.emptyKey().KeyId
	one, two, three := fresh(32), fresh(32), fresh(32)
	first := h.mustImport(id, one)
	wantError(t, h.rotateOnDemand(id), "KMSInvalidStateException", "No available key material pending rotation for the key: "+keyArn(id)+".")
	old := h.encrypt(id, "old", nil)
	second := h.mustImport(id, two, asNew, func(in *kmsapi.ImportKeyMaterialRequest) { in.KeyMaterialDescription = new("of 2026") })
	if k := h.wantState(id, kmsapi.KeyStateEnabled); first == second || *k.CurrentKeyMaterialId != first {
		t.Errorf("first %s, second %s, current %s", first, second, *k.CurrentKeyMaterialId)
	}
	_, err := h.importKey(id, three, asNew)
	e := err.Error()
	if !strings.Contains(e, "New key material (id: ") || !strings.Contains(e, ") cannot be imported into KMS key "+keyArn(id)+
		", because another key material (id: "+second+") is pending rotation.") {
		t.Errorf("a third material: %s", e)
	}
	wantCode(t, err, "KMSInvalidStateException")

	none := kmsapi.ExpirationModelTypeKeyMaterialDoesNotExpire
	entry := func(m string, state kmsapi.KeyMaterialState) kmsapi.RotationsListEntry {
		return kmsapi.RotationsListEntry{
			KeyId: new(keyArn(id)), KeyMaterialId: &m, KeyMaterialState: &state, ImportState: new(kmsapi.ImportStateImported), ExpirationModel: &none,
		}
	}
	a, b := entry(first, kmsapi.KeyMaterialStateCurrent), entry(second, kmsapi.KeyMaterialStatePendingRotation)
	b.KeyMaterialDescription = new("of 2026")
	if got := h.rotations(id, true); !reflect.DeepEqual(got, []kmsapi.RotationsListEntry{a, b}) {
		t.Errorf("ListKeyRotations = %+v", got)
	}
	must(t, h.rotateOnDemand(id))
	if k := h.describe(id); *k.CurrentKeyMaterialId != second {
		t.Errorf("current is %s", *k.CurrentKeyMaterialId)
	}
	for _, blob := range [][]byte{old, h.encrypt(id, "old", nil)} {
		if got, err := h.decrypt(blob, nil); err != nil || got != "old" {
			t.Errorf("Decrypt = %q, %v", got, err)
		}
	}
	if got := h.rotations(id, false); len(got) != 1 || *got[0].KeyMaterialId != second || *got[0].RotationType != kmsapi.RotationTypeOnDemand {
		t.Errorf("rotations = %+v", got)
	}
	must(t, h.deleteMaterial(id, &first)) // not the current one: needed all the same
	h.wantState(id, kmsapi.KeyStatePendingImport)
	h.mustImport(id, one, asExisting, func(in *kmsapi.ImportKeyMaterialRequest) { in.KeyMaterialId = &first })
	h.wantState(id, kmsapi.KeyStateEnabled)
}

func TestPendingMaterialCanBeReplaced(t *testing.T) {
	h := newHarness(t)
	id := h.emptyKey().KeyId
	h.mustImport(id, fresh(32))
	waiting := h.mustImport(id, fresh(32), asNew)
	must(t, h.deleteMaterial(id, &waiting))
	h.wantState(id, kmsapi.KeyStateEnabled)
	if got := h.rotations(id, true); len(got) != 1 {
		t.Errorf("materials %+v", got)
	}
	other := h.mustImport(id, fresh(32), asNew)
	must(t, h.rotateOnDemand(id))
	if k := h.describe(id); *k.CurrentKeyMaterialId != other {
		t.Errorf("current is %s, want %s", *k.CurrentKeyMaterialId, other)
	}
}

func TestImportsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	var id string
	var blob, token []byte
	plain := fresh(32)
	restart(t, dir, func(h *harness) {
		id = h.emptyKey().KeyId
		h.mustImport(id, plain, until(start.Add(day)))
		blob = h.encrypt(id, "x", nil)
		token = h.importing(id, plain).ImportToken
	})
	restart(t, dir, func(h *harness) {
		if got, err := h.decrypt(blob, nil); err != nil || got != "x" {
			t.Errorf("Decrypt = %q, %v", got, err)
		}
		k, err := h.find(h.ctx, name{account: account, region: region, id: id})
		must(t, err)
		if _, err := h.openToken(&k.record, token); err != nil {
			t.Errorf("the token: %v", err)
		}
		h.advance(day)
		must(t, h.Sweep(h.ctx, h.clock.Now()))
		h.wantState(id, kmsapi.KeyStatePendingImport)
	})
}
