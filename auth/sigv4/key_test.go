package sigv4

import (
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
)

// The example of the IAM User Guide, "Create a signed AWS API request".
func TestTheDocumentedSigningKeyIsDerived(t *testing.T) {
	key := DeriveKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Scope{"20150830", "us-east-1", "iam", Terminator})
	if got := hex.EncodeToString(key[:]); got != "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9" {
		t.Errorf("got %s", got)
	}
}

func TestASignatureVerifiesOnlyAsItIs(t *testing.T) {
	key := DeriveKey("secret", Scope{"20150830", "us-east-1", "iam", Terminator})
	signature := key.Sign([]byte("text"))
	if !key.Verify([]byte("text"), signature) {
		t.Error("does not verify")
	}
	for i := range signature {
		changed := []byte(signature)
		changed[i] ^= 1
		if key.Verify([]byte("text"), string(changed)) {
			t.Errorf("verifies with byte %d changed", i)
		}
	}
	for _, other := range []string{"", signature[1:], signature + "0", " " + signature} {
		if key.Verify([]byte("text"), other) {
			t.Errorf("%q verifies", other)
		}
	}
}

func TestTheCacheKeepsKeysApart(t *testing.T) {
	c := NewKeyCache(100)
	scope := Scope{"20150830", "us-east-1", "iam", Terminator}
	for range 2 {
		for _, s := range []Scope{scope, {"20150831", "us-east-1", "iam", Terminator}, {"20150830", "us-east-2", "iam", Terminator}, {"20150830", "us-east-1", "kms", Terminator}, {"20150830", "us-east-1", "iam", "x"}} {
			for _, secret := range []string{"one", "two"} {
				if got := c.Key("id", secret, s); *got != DeriveKey(secret, s) {
					t.Errorf("%s, %s: another key", secret, s)
				}
			}
		}
	}
	if first, second := c.Key("id", "two", scope), c.Key("id", "two", scope); first != second {
		t.Error("derived again")
	}
}

func TestTheCacheStaysWithinItsSize(t *testing.T) {
	c := NewKeyCache(10)
	for i := range 1000 {
		c.Key(fmt.Sprint("id", i), "secret", Scope{})
		if n := len(c.young) + len(c.old); n > 10 {
			t.Fatalf("%d keys", n)
		}
	}
	kept := c.Key("id999", "secret", Scope{})
	for i := range 4 {
		c.Key(fmt.Sprint("new", i), "secret", Scope{})
	}
	if c.Key("id999", "secret", Scope{}) != kept {
		t.Error("a recent key was dropped")
	}
}

func TestTheCacheMayBeUsedAtOnce(t *testing.T) {
	c := NewKeyCache(8)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 200 {
				id := fmt.Sprint((i + j) % 12)
				if *c.Key(id, id, Scope{}) != DeriveKey(id, Scope{}) {
					t.Error("another key")
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkDeriveKey(b *testing.B) {
	scope := Scope{"20150830", "us-east-1", "iam", Terminator}
	b.ReportAllocs()
	for b.Loop() {
		DeriveKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope)
	}
}
