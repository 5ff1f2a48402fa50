package material

import (
	"bytes"
	"errors"
	"testing"
)

func anExternal() External {
	return External{
		Kind: KindDataKey, Tag: Tag{1, 2, 3}, Metadata: []byte("generation"), IV: []byte("twelve bytes"),
		AuthTag: []byte("sixteen bytes ok"), Ciphertext: []byte("ciphertext"),
	}
}

func TestAnExternalBlobIsReadAsItWasWritten(t *testing.T) {
	for name, change := range map[string]func(*External){
		"as it is":         func(*External) {},
		"without metadata": func(e *External) { e.Metadata = []byte{} },
		"one byte":         func(e *External) { e.Ciphertext = []byte{0} },
		"the longest":      func(e *External) { e.Ciphertext = make([]byte, MaxBlob-37-1-10-1-12-16) },
	} {
		e := anExternal()
		change(&e)
		b, err := e.Marshal()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := ParseExternal(b)
		if err != nil || got.Kind != e.Kind || got.Tag != e.Tag || !bytes.Equal(got.Metadata, e.Metadata) || !bytes.Equal(got.IV, e.IV) ||
			!bytes.Equal(got.AuthTag, e.AuthTag) || !bytes.Equal(got.Ciphertext, e.Ciphertext) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if _, err := ParseBlob(b); !errors.Is(err, ErrBlobMalformed) {
			t.Errorf("%s: it is also a blob of a key inside of KMS: %v", name, err)
		}
	}
}

func TestAnExternalBlobThatIsNoneIsRefused(t *testing.T) {
	for name, change := range map[string]func(*External){
		"no kind":       func(e *External) { e.Kind = 7 },
		"long metadata": func(e *External) { e.Metadata = make([]byte, 256) },
		"long IV":       func(e *External) { e.IV = make([]byte, 256) },
		"short tag":     func(e *External) { e.AuthTag = nil },
		"no ciphertext": func(e *External) { e.Ciphertext = nil },
		"too long":      func(e *External) { e.Ciphertext = make([]byte, MaxBlob) },
	} {
		e := anExternal()
		change(&e)
		if _, err := e.Marshal(); !errors.Is(err, ErrBlobMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := anExternal()
	b, _ := e.Marshal()
	for n := range len(b) - len(e.Ciphertext) + 1 {
		if _, err := ParseExternal(b[:n]); !errors.Is(err, ErrBlobMalformed) {
			t.Errorf("%d bytes of it: %v", n, err)
		}
	}
	for i := range 5 {
		bad := bytes.Clone(b)
		bad[i] ^= 0x40
		if _, err := ParseExternal(bad); !errors.Is(err, ErrBlobMalformed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

func FuzzParseExternal(f *testing.F) {
	e := anExternal()
	b, _ := e.Marshal()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseExternal(b)
		if err != nil {
			return
		}
		if again, err := e.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is written as %x, %v", b, again, err)
		}
	})
}
