package material

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseReadsWhatMarshalWrote(t *testing.T) {
	for _, keyID := range []string{"", "mrk-0123456789abcdef0123456789abcdef", strings.Repeat("k", 255)} {
		s, err := SymmetricFrom(RandomSecret(32), keyID)
		if err != nil {
			t.Fatal(err)
		}
		raw := mustEncrypt(t, s, "p", map[string]string{"a": "b"})
		stored := s.Marshal()
		m, err := Parse(stored)
		if err != nil {
			t.Fatalf("Parse err = %v", err)
		}
		back, ok := m.(*Symmetric)
		if !ok || m.Family() != FamilySymmetric || m.ID() != s.ID() {
			t.Fatalf("Parse = %T, family %d, ID %s, want ID %s", m, m.Family(), m.ID(), s.ID())
		}
		if got, err := decrypt(back, raw, map[string]string{"a": "b"}); err != nil || got != "p" {
			t.Errorf("Decrypt after Parse = %q, %v", got, err)
		}
		if !m.Marshal().Equal(stored) {
			t.Error("Marshal after Parse gives other bytes")
		}
	}
}

func TestParseKeepsNoHoldOfTheStoredBytes(t *testing.T) {
	s := newSymmetric(t)
	stored := s.Marshal()
	m, err := Parse(stored)
	if err != nil {
		t.Fatal(err)
	}
	stored.Wipe()
	if !m.(*Symmetric).SameKey(s.key) {
		t.Error("wiping the stored form changed the material")
	}
}

func TestStoredFormIsVersionedAndNamesItsFamily(t *testing.T) {
	s, err := SymmetricFrom(NewSecret(bytes.Repeat([]byte{7}, 32)), "k")
	if err != nil {
		t.Fatal(err)
	}
	want := append([]byte{1, 1, 1, 'k'}, bytes.Repeat([]byte{7}, 32)...)
	if got := s.Marshal().Bytes(); !bytes.Equal(got, want) {
		t.Errorf("Marshal = %x, want %x", got, want)
	}
}

// The tag names blobs that are already stored: it must never come out otherwise.
func TestTagOfKnownMaterialStaysTheSame(t *testing.T) {
	s, err := SymmetricFrom(NewSecret(bytes.Repeat([]byte{7}, 32)), "k")
	if err != nil {
		t.Fatal(err)
	}
	const want = "f10995f1d162f39bee12b87bf274b4792bdcdb9000f03063d887da2bf41c67c3"
	if got := s.ID(); got != want {
		t.Errorf("ID = %s, want %s", got, want)
	}
}

func TestParseRefusesWhatMarshalDidNotWrite(t *testing.T) {
	good := newSymmetric(t).Marshal().Bytes()
	with := func(at int, b byte) []byte {
		bad := bytes.Clone(good)
		bad[at] = b
		return bad
	}
	rows := map[string][]byte{
		"nothing":         nil,
		"a version alone": {1},
		"no payload":      {1, 1},
		"version 0":       with(0, 0),
		"version 2":       with(0, 2),
		"family 0":        with(1, 0),
		"family 255":      with(1, 255),
		"key ID length":   with(2, 1),
		"a byte more":     append(bytes.Clone(good), 0),
		"a byte less":     good[:len(good)-1],
	}
	for name, bad := range rows {
		if _, err := Parse(NewSecret(bad)); !errors.Is(err, ErrStoredMalformed) {
			t.Errorf("Parse(%s) err = %v, want ErrStoredMalformed", name, err)
		}
	}
	if _, err := Parse(Secret{}); !errors.Is(err, ErrStoredMalformed) {
		t.Errorf("Parse of the zero Secret err = %v, want ErrStoredMalformed", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{1, 1, 0})
	f.Add(newSymmetric(f).Marshal().Bytes())
	f.Fuzz(func(t *testing.T, stored []byte) {
		m, err := Parse(NewSecret(stored))
		if err != nil {
			if !errors.Is(err, ErrStoredMalformed) {
				t.Fatalf("err = %v, want ErrStoredMalformed", err)
			}
			return
		}
		if got := m.Marshal().Bytes(); !bytes.Equal(got, stored) {
			t.Errorf("%x marshals again as %x", stored, got)
		}
	})
}
