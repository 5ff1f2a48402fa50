package material

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// ErrSecretEncoding is the answer of every encoder that meets a Secret.
var ErrSecretEncoding = errors.New("material: a secret is not encoded; call Bytes where that is meant")

const redacted = "[redacted]"

// Secret holds key bytes. It prints as "[redacted]" under every verb, refuses
// to be encoded, cannot be compared with == (the compiler says so) and lets its
// bytes out through Bytes alone, so that a search for that name finds every
// place that sees them.
//
// Copies share the same bytes: Wipe on one empties all. The zero Secret is empty.
type Secret struct {
	_ [0]func()
	// A function, because fmt prints the unexported fields of an enclosing
	// struct without asking for their methods, and follows a pointer when
	// the verb does not fit: of a function it shows the address at most.
	hidden func() *[]byte
}

// hide makes a Secret of b itself.
func hide(b []byte) Secret {
	return Secret{hidden: func() *[]byte { return &b }}
}

// NewSecret makes a Secret of a copy of b; clearing b stays with the caller.
func NewSecret(b []byte) Secret {
	own := make([]byte, len(b))
	copy(own, b)
	return hide(own)
}

// RandomSecret makes a Secret of n bytes from crypto/rand. n must not be negative.
func RandomSecret(n int) Secret {
	own := make([]byte, n)
	rand.Read(own) // documented never to fail
	return hide(own)
}

// Bytes returns the key bytes themselves, not a copy: don't write to them and
// don't keep them. It is the only way out.
func (s Secret) Bytes() []byte {
	if s.hidden == nil {
		return nil
	}
	return *s.hidden()
}

// Len is the number of bytes; 0 after Wipe.
func (s Secret) Len() int { return len(s.Bytes()) }

// Equal tells in constant time whether both hold the same bytes. Only a
// difference in length is quicker.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare(s.Bytes(), other.Bytes()) == 1
}

// Wipe overwrites the bytes with zeros and leaves the Secret, and every copy of
// it, empty. It must not run beside a use of the same Secret.
func (s Secret) Wipe() {
	if s.hidden == nil {
		return
	}
	b := s.hidden()
	clear(*b)
	*b = nil
}

// Format prints the placeholder, whatever the verb and flags.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue keeps the bytes out of structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses with ErrSecretEncoding.
func (Secret) MarshalJSON() ([]byte, error) { return nil, ErrSecretEncoding }

// MarshalCBOR refuses with ErrSecretEncoding.
func (Secret) MarshalCBOR() ([]byte, error) { return nil, ErrSecretEncoding }

// MarshalText refuses with ErrSecretEncoding (XML, and map keys of JSON).
func (Secret) MarshalText() ([]byte, error) { return nil, ErrSecretEncoding }

// MarshalBinary refuses with ErrSecretEncoding (gob).
func (Secret) MarshalBinary() ([]byte, error) { return nil, ErrSecretEncoding }
