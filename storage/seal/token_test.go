package seal

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"sealstack/storage"
)

func TestATokenComesBackForItsPurposeOnly(t *testing.T) {
	tokens := NewEphemeral().Tokens()
	key := storage.K("123456789012", "us-east-1", "alias/a")
	token := tokens.Encode("ListAliases", key)
	if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(token) {
		t.Errorf("%q is not safe in a URL", token)
	}
	for _, tt := range []struct {
		name, purpose, token string
		tokens               Tokens
		want                 error
	}{
		{"as given", "ListAliases", token, tokens, nil},
		{"another purpose", "ListKeys", token, tokens, storage.ErrBadToken},
		{"another run", "ListAliases", token, NewEphemeral().Tokens(), storage.ErrBadToken},
		{"empty", "ListAliases", "", tokens, storage.ErrBadToken},
		{"not base64", "ListAliases", "???", tokens, storage.ErrBadToken},
		{"padded", "ListAliases", token + "=", tokens, storage.ErrBadToken},
		{"cut short", "ListAliases", token[:len(token)-4], tokens, storage.ErrBadToken},
		{"somebody's word", "ListAliases", "nextToken", tokens, storage.ErrBadToken},
		{"the purpose moved into the key", "ListAliase", tokens.Encode("ListAliases", nil), tokens, storage.ErrBadToken},
	} {
		got, err := tt.tokens.Decode(tt.purpose, tt.token)
		if !errors.Is(err, tt.want) || tt.want == nil && got.Compare(key) != 0 {
			t.Errorf("%s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestEveryAlteredCharacterOfATokenIsNoticed(t *testing.T) {
	tokens := NewEphemeral().Tokens()
	token := tokens.Encode("p", storage.K("key", 7))
	for i := range token {
		for _, c := range "AQgw_" {
			altered := token[:i] + string(c) + token[i+1:]
			if altered == token {
				continue
			}
			if key, err := tokens.Decode("p", altered); !errors.Is(err, storage.ErrBadToken) {
				t.Errorf("character %d altered: %v, %v", i, key, err)
			}
		}
	}
}

// Line breaks, which decoders of base64 pass over, make another text of it.
func TestALineBreakInATokenIsNoticed(t *testing.T) {
	tokens := NewEphemeral().Tokens()
	token := tokens.Encode("List", storage.K("a", "b"))
	for at := range len(token) + 1 {
		for _, more := range []string{"\n", "\r", "\r\n", " ", "="} {
			if _, err := tokens.Decode("List", token[:at]+more+token[at:]); !errors.Is(err, storage.ErrBadToken) {
				t.Errorf("%q at %d: err = %v, want ErrBadToken", more, at, err)
			}
		}
	}
}

func TestTheSamePlaceHasTheSameToken(t *testing.T) {
	r := NewEphemeral()
	if a, b := r.Tokens().Encode("p", storage.K("k")), r.Tokens().Encode("p", storage.K("k")); a != b {
		t.Errorf("%s and %s", a, b)
	}
	if a, b := r.Tokens().Encode("p", storage.K("k")), r.Tokens().Encode("p", storage.K("l")); a == b {
		t.Errorf("two keys, one token %s", a)
	}
	empty := r.Tokens().Encode("p", nil)
	if key, err := r.Tokens().Decode("p", empty); err != nil || len(key) != 0 || strings.Contains(empty, "=") {
		t.Errorf("the empty key: %q, %v, %v", empty, key, err)
	}
}
