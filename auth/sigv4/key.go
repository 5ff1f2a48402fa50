package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"sync"
)

// Key is a signing key: good for one day, Region and service.
type Key [sha256.Size]byte

// DeriveKey returns the signing key of a secret access key for a scope.
func DeriveKey(secret string, scope Scope) Key {
	key := mac([]byte("AWS4"+secret), scope.Date)
	key = mac(key[:], scope.Region)
	key = mac(key[:], scope.Service)
	return mac(key[:], scope.Terminator)
}

func mac(key []byte, message string) (sum Key) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	h.Sum(sum[:0])
	return sum
}

// Sign returns the signature of a string to sign: 64 hexadecimal digits in
// lower case.
func (k *Key) Sign(stringToSign []byte) string {
	digits := k.sign(stringToSign)
	return string(digits[:])
}

func (k *Key) sign(stringToSign []byte) (digits [hexSize]byte) {
	var sum [sha256.Size]byte
	h := hmac.New(sha256.New, k[:])
	h.Write(stringToSign)
	h.Sum(sum[:0])
	hex.Encode(digits[:], sum[:])
	return digits
}

// Verify reports, in constant time, whether signature is that of the string
// to sign.
func (k *Key) Verify(stringToSign []byte, signature string) bool {
	digits := k.sign(stringToSign)
	return subtle.ConstantTimeCompare(digits[:], []byte(signature)) == 1
}

// KeyCache keeps derived signing keys, which cost four HMACs each, in bounded
// memory: it holds two generations of at most half its size; when the young
// one is full the old one is dropped. It is safe for concurrent use.
type KeyCache struct {
	half       int
	mu         sync.RWMutex
	young, old map[keyName]*keyEntry
}

type keyName struct{ accessKeyID, date, region, service, terminator string }

type keyEntry struct {
	secret string
	key    Key
}

// NewKeyCache returns a cache of at most size keys (at least 2).
func NewKeyCache(size int) *KeyCache {
	return &KeyCache{half: max(size/2, 1), young: map[keyName]*keyEntry{}}
}

// Key returns the signing key of an access key for a scope. An entry made
// from another secret of the same access key id is not used.
func (c *KeyCache) Key(accessKeyID, secret string, scope Scope) *Key {
	name := keyName{accessKeyID, scope.Date, scope.Region, scope.Service, scope.Terminator}
	c.mu.RLock()
	e := c.young[name]
	if e == nil {
		e = c.old[name]
	}
	c.mu.RUnlock()
	if e != nil && subtle.ConstantTimeCompare([]byte(e.secret), []byte(secret)) == 1 {
		return &e.key
	}
	e = &keyEntry{secret, DeriveKey(secret, scope)}
	c.put(name, e)
	return &e.key
}

func (c *KeyCache) put(name keyName, e *keyEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.half {
		c.old, c.young = c.young, make(map[keyName]*keyEntry, c.half)
	}
	c.young[name] = e
}
