package material

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

const secretText = "top-secret-bytes"

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%t", "%e", "%p", "%10s", "%08d"}

// leaks tells whether text shows the secret in one of the forms fmt could give it.
func leaks(text string) bool {
	hexed := hex.EncodeToString([]byte(secretText))
	for _, form := range []string{secretText, hexed, strings.ToUpper(hexed), "116 111 112", "0x74, 0x6f", "74 6f 70", "[t o p", "U+0074"} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestSecretPrintsRedactedUnderEveryVerb(t *testing.T) {
	s := NewSecret([]byte(secretText))
	for _, verb := range verbs {
		if verb == "%p" { // fmt answers it without asking Format
			continue
		}
		for name, v := range map[string]any{"value": s, "pointer": &s} {
			if got := fmt.Sprintf(verb, v); got != redacted {
				t.Errorf("Sprintf(%q, %s) = %q, want %q", verb, name, got, redacted)
			}
		}
	}
	if got := fmt.Sprint(s); got != redacted {
		t.Errorf("Sprint = %q, want %q", got, redacted)
	}
}

func TestSecretStaysHiddenInsideOtherValues(t *testing.T) {
	s := NewSecret([]byte(secretText))
	holders := map[string]any{
		"unexported field":   struct{ secret Secret }{s},
		"exported field":     struct{ Secret Secret }{s},
		"pointer to struct":  &struct{ secret Secret }{s},
		"nested":             struct{ inner struct{ secret *Secret } }{struct{ secret *Secret }{&s}},
		"slice":              []Secret{s},
		"map":                map[string]Secret{"k": s},
		"unexported slice":   struct{ all []Secret }{[]Secret{s}},
		"interface in field": struct{ any any }{s},
	}
	for name, v := range holders {
		for _, verb := range verbs {
			if got := fmt.Sprintf(verb, v); leaks(got) {
				t.Errorf("Sprintf(%q, %s) leaks: %s", verb, name, got)
			}
		}
	}
}

func TestLeaksSeesWhatFmtPrintsOfPlainBytes(t *testing.T) {
	plain := struct{ b []byte }{[]byte(secretText)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%U", "%c"} {
		if got := fmt.Sprintf(verb, plain); !leaks(got) {
			t.Errorf("leaks(%q) = false for the plain bytes under %q", got, verb)
		}
	}
}

func TestSecretRefusesEveryEncoder(t *testing.T) {
	s := NewSecret([]byte(secretText))
	inside := struct{ Key Secret }{s}
	encoders := map[string]func(v any) ([]byte, error){
		"json": json.Marshal,
		"cbor": cbor.Marshal,
		"xml":  xml.Marshal,
		"gob": func(v any) ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
	}
	for name, encode := range encoders {
		for _, v := range []any{s, &s, inside, []Secret{s}, map[string]Secret{"k": s}} {
			b, err := encode(v)
			if err == nil {
				t.Errorf("%s of %T = %q, want an error", name, v, b)
			}
			if leaks(string(b)) {
				t.Errorf("%s of %T leaks: %q", name, v, b)
			}
		}
	}
	if _, err := json.Marshal(s); !errors.Is(err, ErrSecretEncoding) {
		t.Errorf("json.Marshal err = %v, want ErrSecretEncoding", err)
	}
}

func TestSecretStaysOutOfStructuredLogs(t *testing.T) {
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("made", "key", NewSecret([]byte(secretText)))
	}
	if leaks(b.String()) || strings.Count(b.String(), redacted) != 2 {
		t.Errorf("log = %s, want the placeholder twice", b.String())
	}
}

func TestSecretIsNotComparable(t *testing.T) {
	if reflect.TypeFor[Secret]().Comparable() {
		t.Error("== compiles for Secret")
	}
	var s any = Secret{}
	if _, ok := s.(fmt.Stringer); ok {
		t.Error("Secret has a String method")
	}
}

func TestSecretEqualComparesTheBytes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"key", "key", true}, {"key", "kez", false}, {"key", "ke", false}, {"", "", true}, {"", "k", false},
	} {
		if got := NewSecret([]byte(c.a)).Equal(NewSecret([]byte(c.b))); got != c.want {
			t.Errorf("Equal(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if !(Secret{}).Equal(NewSecret(nil)) {
		t.Error("the zero Secret does not equal an empty one")
	}
}

func TestNewSecretCopies(t *testing.T) {
	b := []byte("abc")
	s := NewSecret(b)
	b[0] = 'x'
	if got := string(s.Bytes()); got != "abc" {
		t.Errorf("Bytes = %q after the source changed, want %q", got, "abc")
	}
}

func TestWipeClearsTheBytesOfEveryCopy(t *testing.T) {
	s := NewSecret([]byte(secretText))
	other, seen := s, s.Bytes()
	s.Wipe()
	if want := make([]byte, len(secretText)); !bytes.Equal(seen, want) {
		t.Errorf("memory after Wipe = %q, want zeros", seen)
	}
	if other.Len() != 0 || other.Bytes() != nil {
		t.Errorf("a copy still has %d bytes", other.Len())
	}
	s.Wipe()
	Secret{}.Wipe() // neither panics
}

func TestRandomSecretsDiffer(t *testing.T) {
	a, b := RandomSecret(32), RandomSecret(32)
	if a.Len() != 32 || a.Equal(b) || a.Equal(NewSecret(make([]byte, 32))) {
		t.Error("RandomSecret(32) is not 32 fresh random bytes")
	}
	if n := RandomSecret(0).Len(); n != 0 {
		t.Errorf("RandomSecret(0) has %d bytes", n)
	}
}
