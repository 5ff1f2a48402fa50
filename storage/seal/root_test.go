package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSealedTextOpensUnderItsLabelOnly(t *testing.T) {
	r, other := NewEphemeral(), NewEphemeral()
	sealed := r.Seal("label", []byte("secret"))
	if len(sealed) != len("secret")+Overhead {
		t.Errorf("sealed is %d bytes", len(sealed))
	}
	for _, tt := range []struct {
		name   string
		root   *Root
		label  string
		sealed []byte
		want   error
	}{
		{"as sealed", r, "label", sealed, nil},
		{"another label", r, "lab", sealed, ErrNotAuthentic},
		{"another root", other, "label", sealed, ErrNotAuthentic},
		{"cut short", r, "label", sealed[:len(sealed)-1], ErrNotAuthentic},
		{"longer", r, "label", append(bytes.Clone(sealed), 0), ErrNotAuthentic},
		{"empty", r, "label", nil, ErrNotAuthentic},
		{"only an overhead", r, "label", sealed[:Overhead], ErrNotAuthentic},
	} {
		got, err := tt.root.Open(tt.label, tt.sealed)
		if !errors.Is(err, tt.want) || tt.want == nil && string(got) != "secret" {
			t.Errorf("%s: %q, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestEveryAlteredByteIsNoticed(t *testing.T) {
	r := NewEphemeral()
	sealed := r.Seal("label", []byte("secret"))
	for i := range sealed {
		for bit := range 8 {
			altered := bytes.Clone(sealed)
			altered[i] ^= 1 << bit
			if _, err := r.Open("label", altered); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("byte %d bit %d altered: %v", i, bit, err)
			}
		}
	}
}

func TestSealingTwiceGivesTwoTexts(t *testing.T) {
	r := NewEphemeral()
	if bytes.Equal(r.Seal("l", []byte("x")), r.Seal("l", []byte("x"))) {
		t.Error("the same text twice")
	}
	if got, err := r.Open("l", r.Seal("l", nil)); err != nil || len(got) != 0 {
		t.Errorf("nothing, sealed, opens as %q, %v", got, err)
	}
}

func TestPurposesHaveUnrelatedKeys(t *testing.T) {
	r := NewEphemeral()
	if r.Subkey("a") == r.Subkey("b") || r.Subkey("a") == r.key {
		t.Error("two purposes, one key")
	}
	if first, second := r.Subkey("a"), r.Subkey("a"); first != second {
		t.Error("one purpose, two keys")
	}
	if NewEphemeral().Subkey("a") == r.Subkey("a") {
		t.Error("two roots, one key")
	}
}

func TestARootKeyIsNotPrinted(t *testing.T) {
	r := NewEphemeral()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		got := fmt.Sprintf(verb, r)
		if got != "seal.Root" || strings.Contains(got, fmt.Sprint(r.key[0], r.key[1])) {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
