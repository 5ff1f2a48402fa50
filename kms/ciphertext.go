package kms

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/kms/material"
	"sealstack/storage"
)

// associated stands in a denial for a key that the request did not name.
const associated = "the resource associated with this ciphertext"

// ciphertext is what Decrypt and ReEncrypt are asked to open.
type ciphertext struct {
	blob      []byte // what stands in CiphertextBlob
	context   map[string]string
	algorithm kmsapi.EncryptionAlgorithmSpec
	keyID     *string // the key that the request names
	keyMember string  // and under which name
	dryRun    bool
	modifiers []kmsapi.DryRunModifierType

	parsed material.Blob
	outer  *material.External // of a key in an external key store, instead of parsed
	owner  *owner             // whose material made it; nil if it is not known here
	abroad bool               // the material exists, but in other Regions only
}

// check holds the parameters against each other.
func (c *ciphertext) check() error {
	switch {
	case len(c.modifiers) > 0 && !c.dryRun:
		return modifierNeedsDryRun()
	case c.ignored() && c.keyID == nil:
		return modifierNeedsKey(c.keyMember)
	case c.blob == nil && !c.ignored():
		return missing("ciphertextBlob")
	case c.algorithm != symmetricDefault && c.keyID == nil:
		return keyIDNeeded(c.algorithm)
	}
	return checkContext(c.context)
}

// ignored says that only the key is to be checked, not the ciphertext.
func (c *ciphertext) ignored() bool {
	return slices.Contains(c.modifiers, kmsapi.DryRunModifierTypeIgnoreCiphertext)
}

func (c *ciphertext) materialID() string {
	tag := c.tag()
	return hex.EncodeToString(tag[:])
}

// tag names the material that made the ciphertext.
func (c *ciphertext) tag() material.Tag {
	if c.outer != nil {
		return c.outer.Tag
	}
	return c.parsed.Tag()
}

// openedBy is the KeyMaterialId of an answer, which only symmetric keys have.
func (c *ciphertext) openedBy(k *key) *string {
	if k.sealedBy() == nil {
		return nil
	}
	return new(c.materialID())
}

// parse reads the blob and finds whose it is.
func (s *Service) parse(ctx context.Context, c *ciphertext) error {
	var err error
	if c.parsed, err = material.ParseBlob(c.blob); err != nil {
		if c.outer, err = material.ParseExternal(c.blob); err != nil {
			c.outer = nil
			return nil // told later, as it may be a ciphertext of another family
		}
	}
	tag, region := c.tag(), api.CallerOf(ctx).Region
	return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		o, err := owners.Get(tx, storage.K(tag[:], region))
		if err == nil {
			c.owner = &o
			return nil
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		for _, err := range owners.Keys(tx, storage.Range{Prefix: storage.K(tag[:])}) {
			c.abroad = true
			return err
		}
		return nil
	})
}

// maker finds the key that the ciphertext is to be opened with: the one that
// the request names, else the one that made it. As resolve does, it gives nil
// for a key of another account that is not there.
func (s *Service) maker(ctx context.Context, c *ciphertext, r *request) (*key, name, error) {
	if err := s.parse(ctx, c); err != nil {
		return nil, name{}, err
	}
	if c.keyID != nil && !c.namesOwner() {
		return s.resolve(ctx, *c.keyID, allForms)
	}
	caller := api.CallerOf(ctx)
	if c.owner == nil && !c.abroad {
		return nil, name{}, invalidCiphertext()
	}
	if c.owner == nil {
		return nil, name{}, hiddenKey(caller.ARN, r.action)
	}
	n := name{account: c.owner.Account, region: caller.Region, id: c.owner.ID}
	k, err := s.find(ctx, n)
	if err == nil && k == nil {
		err = hiddenKey(caller.ARN, r.action)
	}
	if c.keyID == nil {
		r.shown = associated
	}
	return k, n, err
}

// namesOwner says that the request names, by its bare id, the key that made
// the ciphertext. That is enough even if it belongs to another account.
func (c *ciphertext) namesOwner() bool { return c.owner != nil && *c.keyID == c.owner.ID }

// opens holds the key against what is asked of it: its state, that it made
// the ciphertext, and only then its usage and algorithm.
func (c *ciphertext) opens(k *key, operation string) error {
	if err := k.ready(); err != nil {
		return err
	}
	if err := c.match(k); err != nil {
		return err
	}
	return k.takes(operation, c.algorithm, c.context)
}

// match compares the key with the one that made the ciphertext.
//
// Unverified: without an algorithm the ciphertext of an RSA key is taken for a
// broken one of a symmetric key, before the key is looked at.
func (c *ciphertext) match(k *key) error {
	switch {
	case c.ignored():
		return nil
	case k.Spec != kmsapi.KeySpecSymmetricDefault && c.algorithm != symmetricDefault:
		return nil // the ciphertext of an asymmetric key does not say whose it is
	case c.abroad, c.owner != nil && (c.owner.ID != k.ID || c.owner.Account != k.Account):
		return incorrectKey()
	case c.owner == nil, (c.outer != nil) != (k.XksKey != ""):
		return invalidCiphertext()
	}
	return nil
}

// plaintext opens the blob with the material that made it. There is none if
// the ciphertext is to be ignored.
func (s *Service) plaintext(ctx context.Context, k *key, operation string, c *ciphertext) ([]byte, error) {
	switch {
	case c.ignored():
		return nil, nil
	case !k.symmetric():
		return s.decipher(ctx, k, c)
	}
	if err := s.inReach(ctx, k); err != nil {
		return nil, err
	}
	blob, broken := c.parsed, invalidCiphertext()
	if c.outer != nil {
		var err error
		if blob, err = s.openOutside(ctx, k, operation, c); err != nil {
			return nil, err
		}
		broken = kmsapi.KMSInvalidStateException(corruptInside)
	}
	m, release, err := s.symmetric(ctx, &k.record, c.materialID())
	if err != nil {
		return nil, err
	}
	defer release()
	plaintext, err := m.Decrypt(blob, c.context)
	if err != nil {
		return nil, broken
	}
	return plaintext, nil
}
