package material

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"regexp"
	"strings"
	"testing"
)

func newSymmetric(t testing.TB) *Symmetric {
	t.Helper()
	s, err := NewSymmetric()
	if err != nil {
		t.Fatalf("NewSymmetric err = %v", err)
	}
	return s
}

func mustEncrypt(t testing.TB, s *Symmetric, plaintext string, context map[string]string) []byte {
	t.Helper()
	blob, err := s.Encrypt(KindEncrypt, []byte(plaintext), context)
	if err != nil {
		t.Fatalf("Encrypt err = %v", err)
	}
	return blob
}

// decrypt parses and decrypts, as a caller does.
func decrypt(s *Symmetric, raw []byte, context map[string]string) (string, error) {
	blob, err := ParseBlob(raw)
	if err != nil {
		return "", err
	}
	plaintext, err := s.Decrypt(blob, context)
	return string(plaintext), err
}

func TestDecryptReturnsWhatEncryptTook(t *testing.T) {
	s := newSymmetric(t)
	contexts := []map[string]string{nil, {}, {"": ""}, {"a": "b"}, {"aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:log-group:g", "é": "日本"}}
	for _, size := range []int{1, 16, 32, 100, 101, 255, 256, 4096, MaxPlaintext} {
		for _, context := range contexts {
			for _, kind := range []Kind{KindEncrypt, KindDataKey} {
				plaintext := strings.Repeat("\xff", size)
				raw, err := s.Encrypt(kind, []byte(plaintext), context)
				if err != nil {
					t.Fatalf("Encrypt of %d bytes err = %v", size, err)
				}
				if got, err := decrypt(s, raw, maps.Clone(context)); err != nil || got != plaintext {
					t.Errorf("%d bytes, %v: Decrypt err = %v, equal %v", size, context, err, got == plaintext)
				}
			}
		}
	}
}

func TestEncryptRefusesWhatNoBlobCanCarry(t *testing.T) {
	s := newSymmetric(t)
	for _, size := range []int{0, MaxPlaintext + 1, 1 << 20} {
		if _, err := s.Encrypt(KindEncrypt, make([]byte, size), nil); !errors.Is(err, ErrPlaintextSize) {
			t.Errorf("Encrypt of %d bytes err = %v, want ErrPlaintextSize", size, err)
		}
	}
	for _, kind := range []Kind{0, 1, 4, 255} {
		if _, err := s.Encrypt(kind, []byte("x"), nil); err == nil {
			t.Errorf("Encrypt as kind %d err = nil", kind)
		}
	}
}

func TestNoTwoBlobsAreAlike(t *testing.T) {
	s := newSymmetric(t)
	salts, ivs, bodies := map[string]bool{}, map[string]bool{}, map[string]bool{}
	const n = 500
	for range n {
		blob, err := ParseBlob(mustEncrypt(t, s, "the same", nil))
		if err != nil {
			t.Fatal(err)
		}
		salts[string(blob.salt[:])], ivs[string(blob.iv())], bodies[string(blob.body())] = true, true, true
	}
	if len(salts) != n || len(ivs) != n || len(bodies) != n {
		t.Errorf("%d salts, %d IVs, %d bodies of %d blobs", len(salts), len(ivs), len(bodies), n)
	}
}

func TestEachSaltGivesItsOwnMessageKey(t *testing.T) {
	s := newSymmetric(t)
	a, _ := s.messageKey([]byte("salt-salt-salt-1"))
	b, _ := s.messageKey([]byte("salt-salt-salt-2"))
	again, _ := s.messageKey([]byte("salt-salt-salt-1"))
	if bytes.Equal(a, b) || !bytes.Equal(a, again) || len(a) != 32 {
		t.Errorf("message keys: distinct %v, repeatable %v, %d bytes", !bytes.Equal(a, b), bytes.Equal(a, again), len(a))
	}
	if bytes.Equal(a, s.key.Bytes()) {
		t.Error("a message key is the material itself")
	}
}

func TestEveryByteMutationOfABlobFails(t *testing.T) {
	s := newSymmetric(t)
	context := map[string]string{"tenant": "a"}
	for _, size := range []int{1, 32, 101, 300} {
		good := mustEncrypt(t, s, strings.Repeat("p", size), context)
		bad := bytes.Clone(good)
		for i := range good {
			for change := 1; change < 256; change++ {
				if size != 32 && bits.OnesCount8(byte(change))%7 != 1 { // one size has them all, the others single bits and all of them
					continue
				}
				bad[i] = good[i] ^ byte(change)
				if got, err := decrypt(s, bad, context); !refused(err) {
					t.Fatalf("size %d: byte %d ^ %#x decrypts: %q, %v", size, i, change, got, err)
				}
			}
			bad[i] = good[i]
		}
		if _, err := decrypt(s, bad, context); err != nil {
			t.Fatalf("the unchanged blob fails: %v", err)
		}
	}
}

func refused(err error) bool {
	return errors.Is(err, ErrBlobMalformed) || errors.Is(err, ErrAuthentication)
}

func TestEveryTruncationAndExtensionOfABlobFails(t *testing.T) {
	s := newSymmetric(t)
	good := mustEncrypt(t, s, strings.Repeat("p", 150), nil)
	for n := range good {
		if _, err := decrypt(s, good[:n], nil); !refused(err) {
			t.Fatalf("the first %d bytes: err = %v", n, err)
		}
		if _, err := decrypt(s, good[n+1:], nil); !refused(err) {
			t.Fatalf("without the first %d bytes: err = %v", n+1, err)
		}
		inserted := append(append(bytes.Clone(good[:n]), 0), good[n:]...)
		if _, err := decrypt(s, inserted, nil); !refused(err) {
			t.Fatalf("a zero inserted at %d: err = %v", n, err)
		}
	}
	for n := 1; n < 300; n++ {
		if _, err := decrypt(s, append(bytes.Clone(good), make([]byte, n)...), nil); !refused(err) {
			t.Fatalf("%d bytes appended: err = %v", n, err)
		}
	}
}

// The length fields can be made to fit a shorter body: the tag must still object.
func TestABlobWithAnHonestHeaderAndAnotherBodyFails(t *testing.T) {
	s := newSymmetric(t)
	blob, err := ParseBlob(mustEncrypt(t, s, strings.Repeat("p", 50), nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{blob.body()[1:], blob.body()[:60], append(bytes.Clone(blob.body()), 0)} {
		forged := layoutFor(len(body)).appendHeader(nil, blob.kind, blob.tag[:], blob.salt[:], blob.iv())
		if _, err := decrypt(s, append(forged, body...), nil); !errors.Is(err, ErrAuthentication) {
			t.Errorf("body of %d bytes: err = %v, want ErrAuthentication", len(body), err)
		}
	}
	other := KindDataKey
	forged := layoutFor(len(blob.body())).appendHeader(nil, other, blob.tag[:], blob.salt[:], blob.iv())
	if _, err := decrypt(s, append(forged, blob.body()...), nil); !errors.Is(err, ErrAuthentication) {
		t.Errorf("the other kind: err = %v, want ErrAuthentication", err)
	}
}

func TestDecryptNeedsTheSameContext(t *testing.T) {
	s := newSymmetric(t)
	made := map[string]string{"Tenant": "a", "ab": "c"}
	raw := mustEncrypt(t, s, "p", made)
	for _, c := range []struct {
		name    string
		context map[string]string
		ok      bool
	}{
		{"the same", map[string]string{"ab": "c", "Tenant": "a"}, true},
		{"none", nil, false},
		{"empty", map[string]string{}, false},
		{"a pair less", map[string]string{"Tenant": "a"}, false},
		{"a pair more", map[string]string{"Tenant": "a", "ab": "c", "x": ""}, false},
		{"case of a name", map[string]string{"tenant": "a", "ab": "c"}, false},
		{"case of a value", map[string]string{"Tenant": "A", "ab": "c"}, false},
		{"boundary moved", map[string]string{"Tenant": "a", "a": "bc"}, false},
		{"values exchanged", map[string]string{"Tenant": "c", "ab": "a"}, false},
		{"trailing space", map[string]string{"Tenant": "a ", "ab": "c"}, false},
	} {
		got, err := decrypt(s, raw, c.context)
		if c.ok && (err != nil || got != "p") || !c.ok && !errors.Is(err, ErrAuthentication) {
			t.Errorf("%s: Decrypt = %q, %v", c.name, got, err)
		}
	}
	bare := mustEncrypt(t, s, "p", nil)
	if _, err := decrypt(s, bare, map[string]string{}); err != nil {
		t.Errorf("no context and an empty one differ: %v", err)
	}
	if _, err := decrypt(s, bare, made); !errors.Is(err, ErrAuthentication) {
		t.Errorf("a context where none was given: err = %v", err)
	}
}

func TestDecryptNeedsTheSameMaterial(t *testing.T) {
	s, other := newSymmetric(t), newSymmetric(t)
	raw := mustEncrypt(t, s, "p", nil)
	if _, err := decrypt(other, raw, nil); !errors.Is(err, ErrAuthentication) {
		t.Errorf("another material: err = %v, want ErrAuthentication", err)
	}
	bad := bytes.Clone(raw) // the blob renamed to the other material
	copy(bad[5:37], other.tag[:])
	if _, err := decrypt(other, bad, nil); !errors.Is(err, ErrAuthentication) {
		t.Errorf("with its tag: err = %v, want ErrAuthentication", err)
	}
	if _, err := s.Decrypt(Blob{}, nil); !errors.Is(err, ErrAuthentication) {
		t.Errorf("the zero Blob: err = %v, want ErrAuthentication", err)
	}
}

func TestImportedMaterialBelongsToOneKey(t *testing.T) {
	key := RandomSecret(32)
	from := func(keyID string) *Symmetric {
		s, err := SymmetricFrom(key, keyID)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, again, b := from("key-a"), from("key-a"), from("key-b")
	if a.ID() != again.ID() || a.Tag() != again.Tag() {
		t.Error("the same import has two IDs")
	}
	if a.ID() == b.ID() || a.Tag() == b.Tag() {
		t.Error("two keys share the ID of the same imported bytes")
	}
	raw := mustEncrypt(t, a, "p", nil)
	if got, err := decrypt(again, raw, nil); err != nil || got != "p" {
		t.Errorf("after a re-import: Decrypt = %q, %v", got, err)
	}
	if _, err := decrypt(b, raw, nil); !errors.Is(err, ErrAuthentication) {
		t.Errorf("another key with the same bytes: err = %v, want ErrAuthentication", err)
	}
	if !a.SameKey(key) || a.SameKey(RandomSecret(32)) {
		t.Error("SameKey does not tell the imported bytes from others")
	}
}

func TestSymmetricFromTakesExactly32Bytes(t *testing.T) {
	for _, n := range []int{0, 1, 16, 24, 31, 33, 64} {
		if _, err := SymmetricFrom(RandomSecret(n), "k"); !errors.Is(err, ErrKeySize) {
			t.Errorf("SymmetricFrom of %d bytes err = %v, want ErrKeySize", n, err)
		}
	}
	if _, err := SymmetricFrom(RandomSecret(32), strings.Repeat("k", 256)); err == nil {
		t.Error("a key ID of 256 bytes was taken")
	}
}

func TestIDIs64LowerCaseHexDigits(t *testing.T) {
	a, b := newSymmetric(t), newSymmetric(t)
	if id := a.ID(); !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(id) || id == b.ID() {
		t.Errorf("ID = %q, other %q", id, b.ID())
	}
	if strings.Contains(a.ID(), fmt.Sprintf("%x", a.key.Bytes()[:4])) {
		t.Error("the ID shows key bytes")
	}
}

func TestSymmetricPrintsNoKeyBytes(t *testing.T) {
	s, err := SymmetricFrom(NewSecret([]byte(secretText+secretText)), "k")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range verbs {
		for _, v := range []any{s, *s} {
			if got := fmt.Sprintf(verb, v); leaks(got) {
				t.Errorf("Sprintf(%q) leaks: %s", verb, got)
			}
		}
	}
}

func TestWipeLeavesNothingToDecryptWith(t *testing.T) {
	s := newSymmetric(t)
	raw := mustEncrypt(t, s, "p", nil)
	key, derive := s.key.Bytes(), s.derive.Bytes()
	s.Wipe()
	if !bytes.Equal(key, make([]byte, 32)) || !bytes.Equal(derive, make([]byte, 32)) {
		t.Error("key bytes are still in memory")
	}
	if got, err := decrypt(s, raw, nil); err == nil {
		t.Errorf("Decrypt after Wipe = %q", got)
	}
}

func BenchmarkEncrypt(b *testing.B) {
	for _, size := range []int{32, 4096} {
		for name, context := range benchContexts {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				s, plaintext := newSymmetric(b), make([]byte, size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if _, err := s.Encrypt(KindDataKey, plaintext, context); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkDecrypt(b *testing.B) {
	for _, size := range []int{32, 4096} {
		for name, context := range benchContexts {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				s := newSymmetric(b)
				raw := mustEncrypt(b, s, strings.Repeat("p", size), context)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if _, err := decrypt(s, raw, context); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

var benchContexts = map[string]map[string]string{
	"bare":    nil,
	"context": {"aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:log-group:orders"},
}
