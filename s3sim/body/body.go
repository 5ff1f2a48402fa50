// Package body is how the content of an object lies in the store: cut into
// chunks, each sealed on its own, so that any range can be read without
// opening the rest, and neither end needs more memory than a group of chunks.
//
// It is pure: where the sealed groups go and come from is the caller's. s3sim
// imports it; it imports none of ours.
//
// A body has an [ID], 32 random bytes. Each data key gives, by HKDF-SHA256 with
// the ID as salt, a key that no other body has, and a layer of AES-256-GCM. The
// nonce of a chunk is its index and whether it is the last one; so a chunk that
// is changed, moved, left out, repeated or taken from another body does not
// open. This is the STREAM construction of Hoang, Reyhanitabar, Rogaway and
// Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
// Misuse-Resistance" (2015).
package body

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// ChunkSize is how much content a chunk seals, in bytes. All chunks of a
	// body have it but the last.
	ChunkSize = 256 << 10
	// GroupChunks is how many chunks stand together in a group, the last of a
	// body excepted.
	GroupChunks = 32

	keySize   = 32
	nonceSize = 12
	tagSize   = 16
)

// ErrDamaged: sealed bytes are not those that were written for this body and
// this place, or were sealed under other data keys.
var ErrDamaged = errors.New("body: damaged")

// ID tells one body from all others. It is not secret.
type ID [32]byte

// NewID returns the ID of a new body.
func NewID() (id ID) {
	rand.Read(id[:])
	return id
}

// Key seals and opens the chunks of one body. Any number of goroutines may
// use it.
type Key struct{ layers []cipher.AEAD }

// NewKey derives the key of a body from its data keys, one for each layer, the
// inner first. A data key may serve many bodies; it is 32 bytes long, another
// length panics.
func NewKey(id ID, dataKeys ...[]byte) *Key {
	k := &Key{}
	for layer, secret := range dataKeys {
		if len(secret) != keySize {
			panic(fmt.Sprintf("body: a data key of %d bytes", len(secret)))
		}
		k.layers = append(k.layers, newLayer(id, layer, secret))
	}
	return k
}

func newLayer(id ID, layer int, secret []byte) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, secret, id[:], fmt.Sprintf("sealstack/s3/body/1/%d", layer), keySize)
	if err != nil {
		panic(fmt.Sprintf("body: hkdf: %v", err)) // only for lengths not asked for
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("body: %v", err))
	}
	layerOf, err := cipher.NewGCM(block)
	if err != nil {
		panic(fmt.Sprintf("body: %v", err))
	}
	return layerOf
}

// overhead is how much longer a sealed chunk is than its content.
func (k *Key) overhead() int { return tagSize * len(k.layers) }

// nonce places a chunk. Keys are never shared by bodies, so an index is enough.
func nonce(index int64, last bool) (n [nonceSize]byte) {
	binary.BigEndian.PutUint64(n[:], uint64(index))
	if last {
		n[nonceSize-1] = 1
	}
	return n
}

// seal appends the sealed chunk to out. scratch is room for the inner layers.
func (k *Key) seal(out, scratch, chunk []byte, index int64, last bool) []byte {
	n := nonce(index, last)
	for i, layer := range k.layers {
		if i == len(k.layers)-1 {
			return layer.Seal(out, n[:], chunk, nil)
		}
		chunk = layer.Seal(scratch[:0], n[:], chunk, nil)
	}
	panic("body: a key without a layer")
}

// open opens a sealed chunk in its own room.
func (k *Key) open(sealed []byte, index int64, last bool) ([]byte, error) {
	n := nonce(index, last)
	for i := len(k.layers) - 1; i >= 0; i-- {
		chunk, err := k.layers[i].Open(sealed[:0], n[:], sealed, nil)
		if err != nil {
			return nil, ErrDamaged
		}
		sealed = chunk
	}
	return sealed, nil
}

// chunks is how many chunks a content of that size has: an empty one has one.
func chunks(size int64) int64 { return max(1, (size+ChunkSize-1)/ChunkSize) }

// Groups is how many groups a content of that size has.
func Groups(size int64) int { return int((chunks(size) + GroupChunks - 1) / GroupChunks) }

// GroupsOf returns the first group that a range of a content lies in, and the
// one behind the last. The length is at least 1, or the content is empty.
func GroupsOf(offset, length int64) (first, end int) {
	const group = ChunkSize * GroupChunks
	last := offset + max(length, 1) - 1
	return int(offset / group), int(last/group) + 1
}
