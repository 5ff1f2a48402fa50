package seal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"sealstack/storage"
)

// ErrDestroyed: what is to be opened was destroyed.
var ErrDestroyed = errors.New("seal: destroyed")

// Sealed is a secret in a vault. It is stored in the record it belongs to, and
// tells nobody anything: opening it takes the root key and the secret in the
// slot.
type Sealed struct {
	Slot storage.SlotID `cbor:"1,keyasint"`
	Box  []byte         `cbor:"2,keyasint"`
}

// Vault keeps secrets that can be destroyed for good, such as the material of
// a KMS key. Each is encrypted under a key derived of the root key and of 32
// random bytes in a slot of its own. Destroying overwrites the slot in place;
// from then on neither the root key nor a copy of every file opens the secret.
// It is safe for concurrent use.
type Vault struct {
	store storage.Store
	salt  [KeySize]byte // derived of the root key
}

// NewVault returns the vault of a store.
func NewVault(store storage.Store, root *Root) *Vault {
	return &Vault{store, root.Subkey("vault")}
}

// Put encrypts plaintext and binds it to label. It needs a slot, so it is
// called outside a transaction; the secret becomes part of the store when an
// Update stores the record and calls Keep. One that is never kept can be
// given to Destroy, or is reclaimed when the store is next opened.
func (v *Vault) Put(ctx context.Context, label string, plaintext []byte) (Sealed, error) {
	var secret storage.Secret
	rand.Read(secret[:])
	defer clear(secret[:])
	slot, err := v.store.Slots().Put(ctx, secret)
	if err != nil {
		return Sealed{}, fmt.Errorf("seal: put %s: %w", label, err)
	}
	return Sealed{slot, sealWith(newAEAD(v.key(secret)), label, plaintext)}, nil
}

// Keep makes a secret part of the store when tx commits.
func (v *Vault) Keep(tx storage.Tx, s Sealed) error { return tx.KeepSlot(s.Slot) }

// Drop destroys a secret as soon as tx has committed.
func (v *Vault) Drop(tx storage.Tx, s Sealed) error { return tx.DropSlot(s.Slot) }

// Open returns what Put was given under the same label. ErrDestroyed,
// ErrNotAuthentic, and what the store answers.
func (v *Vault) Open(ctx context.Context, label string, s Sealed) ([]byte, error) {
	secret, err := v.store.Slots().Get(ctx, s.Slot)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrDestroyed
	} else if err != nil {
		return nil, fmt.Errorf("seal: open %s: %w", label, err)
	}
	defer clear(secret[:])
	return openWith(newAEAD(v.key(secret)), label, s.Box)
}

// Destroy makes a secret unreadable for ever and returns when the disk has
// it. It may be repeated, and is called outside a transaction; inside one it
// is Drop.
func (v *Vault) Destroy(ctx context.Context, s Sealed) error {
	return v.store.Slots().Destroy(ctx, s.Slot)
}

// key needs both: the root key alone, or the slot alone, opens nothing.
func (v *Vault) key(secret storage.Secret) [KeySize]byte {
	return derive(secret[:], v.salt[:], "sealstack/vault/box")
}
