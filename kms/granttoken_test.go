package kms

import (
	"context"
	"testing"

	"sealstack/api/kmsapi"
)

// bearers are the operations that take grant tokens, with a call that would
// succeed without.
func (h *harness) bearers(id string) map[string]func(ctx context.Context, tokens ...string) error {
	blob := h.encrypt(id, "x", nil)
	return map[string]func(ctx context.Context, tokens ...string) error{
		"Encrypt": func(ctx context.Context, tokens ...string) error {
			return second(h.Encrypt(ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x"), GrantTokens: tokens}))
		},
		"Decrypt": func(ctx context.Context, tokens ...string) error {
			return second(h.Decrypt(ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob, GrantTokens: tokens}))
		},
		"ReEncrypt": func(ctx context.Context, tokens ...string) error {
			return second(h.ReEncrypt(ctx, &kmsapi.ReEncryptRequest{CiphertextBlob: blob, DestinationKeyId: id, GrantTokens: tokens}))
		},
		"GenerateDataKey": func(ctx context.Context, tokens ...string) error {
			return second(h.GenerateDataKey(ctx, &kmsapi.GenerateDataKeyRequest{KeyId: id, NumberOfBytes: new(int32(9)), GrantTokens: tokens}))
		},
		"GenerateDataKeyWithoutPlaintext": func(ctx context.Context, tokens ...string) error {
			return second(h.GenerateDataKeyWithoutPlaintext(ctx, &kmsapi.GenerateDataKeyWithoutPlaintextRequest{KeyId: id, NumberOfBytes: new(int32(9)), GrantTokens: tokens}))
		},
		"DescribeKey": func(ctx context.Context, tokens ...string) error {
			return second(h.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: id, GrantTokens: tokens}))
		},
		"CreateGrant": func(ctx context.Context, tokens ...string) error {
			in := to(id, bob.ARN, decrypt)
			in.GrantTokens = tokens
			return second(h.CreateGrant(ctx, in))
		},
	}
}

func TestEveryOperationWithGrantTokensChecksThem(t *testing.T) {
	h := newHarness(t)
	k, other := h.key(), h.key()
	id, token := h.issue(to(k.KeyId, bob.ARN, decrypt))
	_, unrelated := h.issue(to(other.KeyId, bob.ARN, decrypt))
	gone, revoked := h.issue(to(k.KeyId, bob.ARN, encrypt))
	must(t, second(h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: gone})))
	for operation, call := range h.bearers(k.KeyId) {
		must(t, call(h.ctx))
		must(t, call(h.ctx, token, unrelated, token))
		for name, bad := range map[string]string{
			"rubbish": "x", "of a revoked grant": revoked, "a grant id": id, "a marker": h.tokens.Encode("ListKeys", keyAt(k.KeyId)),
			"of no grant": h.tokens.Encode(tokenPurpose, keyAt(k.KeyId)), "cut short": token[:len(token)-1],
		} {
			if err := call(h.ctx, token, bad); err == nil {
				t.Errorf("%s takes a token that is %s", operation, name)
			} else {
				wantError(t, err, "InvalidGrantTokenException", "")
			}
		}
	}
}

func keyAt(id string) []byte { return (&record{Account: account, Region: region, ID: id}).place() }

// A token with any other byte, one more or one less, is none.
func TestAChangedTokenIsRefused(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	_, token := h.issue(to(k.KeyId, bob.ARN, describe))
	describe := func(token string) error {
		return second(h.DescribeKey(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId, GrantTokens: []string{token}}))
	}
	must(t, describe(token))
	refused := func(changed string) {
		t.Helper()
		if err := describe(changed); err == nil {
			t.Fatalf("%q is taken for %q", changed, token)
		} else {
			wantCode(t, err, "InvalidGrantTokenException")
		}
	}
	for at := range len(token) {
		for _, flip := range []byte{1, 2, 4, 8, 16, 32, 128} {
			changed := []byte(token)
			changed[at] ^= flip
			refused(string(changed))
		}
		refused(token[:at] + token[at+1:])
		for _, more := range []string{"A", "=", "\n", "\r", " "} {
			refused(token[:at] + more + token[at:])
		}
	}
	refused(token + "\n")
	refused(token + "=")
}

func TestTokensAreGoodInTheirRegionOnly(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	_, token := h.issue(to(k.KeyId, bob.ARN, describe))
	out, err := h.CreateKey(in("eu-west-1"), &kmsapi.CreateKeyRequest{})
	must(t, err)
	_, err = h.DescribeKey(in("eu-west-1"), &kmsapi.DescribeKeyRequest{KeyId: out.KeyMetadata.KeyId, GrantTokens: []string{token}})
	wantError(t, err, "InvalidGrantTokenException", "")
	wantError(t, second(h.RetireGrant(in("eu-west-1"), &kmsapi.RetireGrantRequest{GrantToken: &token})), "InvalidGrantTokenException", "")
}

// All tokens of a grant do the same; a token of another grant does nothing.
func TestTokensOfOneGrantAreInterchangeable(t *testing.T) {
	h := newHarness(t)
	h.grantDelay = day
	k := h.key(with(gated))
	in := to(k.KeyId, bob.ARN, describe)
	in.Name = new("n")
	_, first := h.issue(in)
	_, next := h.issue(in)
	_, other := h.issue(to(k.KeyId, eve.ARN, describe))
	call := h.use(k.KeyId)[describe]
	must(t, call(as(bob), nil, first))
	must(t, call(as(bob), nil, next))
	wantCode(t, call(as(bob), nil, other), "AccessDeniedException")
	wantCode(t, call(as(bob), nil), "AccessDeniedException")
}

// The token of the parent lets a grantee create a child before the delay is
// over.
func TestCreateGrantTakesTheTokenOfItsParent(t *testing.T) {
	h := newHarness(t)
	h.grantDelay = day
	k := h.key(with(gated))
	_, token := h.issue(to(k.KeyId, bob.ARN, create, decrypt))
	child := to(k.KeyId, eve.ARN, decrypt)
	wantCode(t, second(h.CreateGrant(as(bob), child)), "AccessDeniedException")
	child.GrantTokens = []string{token}
	must(t, second(h.CreateGrant(as(bob), child)))
}
