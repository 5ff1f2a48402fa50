package logs

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/arn"
	"sealstack/clock"
	"sealstack/storage/seal"
)

// contextKey names the encryption context under which CloudWatch Logs uses a
// KMS key; its value is the log group's ARN.
const contextKey = "aws:logs:arn"

// keyring unwraps data keys and keeps them, in memory only, for their
// lifetime and no longer.
type keyring struct {
	kms      Keys
	root     *seal.Root
	clock    clock.Clock
	lifetime time.Duration

	mu   sync.Mutex
	held map[dataKeyID]heldKey
}

// dataKeyID names a data key of a group's epoch.
type dataKeyID struct {
	group  string // id of the group
	epoch  int
	number int
}

type heldKey struct {
	aead    cipher.AEAD
	expires time.Time // zero: never, for keys that the service owns
}

func newKeyring(kms Keys, root *seal.Root, c clock.Clock, lifetime time.Duration) *keyring {
	return &keyring{kms: kms, root: root, clock: c, lifetime: lifetime, held: map[dataKeyID]heldKey{}}
}

// randomKey returns a data key of the service's own.
func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return key
}

// create makes a data key for an epoch of the group: by KMS, which also
// proves that CloudWatch Logs may use the key, or by the service itself.
func (k *keyring) create(ctx context.Context, g *group, groupARN string, e epoch, number int) (dataKey, error) {
	id := dataKeyID{g.ID, e.Number, number}
	now := k.clock.Now()
	if e.Key == "" {
		plain := randomKey()
		d := dataKey{Wrapped: k.root.Seal(id.label(), plain), Created: now.UnixMilli()}
		k.hold(id, plain, now, true)
		return d, nil
	}
	spec := kmsapi.DataKeySpecAes256
	out, err := k.kms.GenerateDataKey(asLogs(ctx, groupARN), &kmsapi.GenerateDataKeyRequest{
		KeyId: e.Key, KeySpec: &spec, EncryptionContext: map[string]string{contextKey: groupARN},
	})
	if err != nil {
		return dataKey{}, err
	}
	k.hold(id, out.Plaintext, now, false)
	return dataKey{Wrapped: out.CiphertextBlob, Created: now.UnixMilli()}, nil
}

// open returns a data key ready for use. A key that is not held any more is
// unwrapped by KMS, as CloudWatch Logs, and only if the key policy lets it.
func (k *keyring) open(ctx context.Context, id dataKeyID, groupARN string, e epoch, d dataKey) (cipher.AEAD, error) {
	if aead := k.find(id); aead != nil {
		return aead, nil
	}
	now := k.clock.Now()
	if e.Key == "" {
		plain, err := k.root.Open(id.label(), d.Wrapped)
		if err != nil {
			return nil, fmt.Errorf("logs: data key of group %s: %w", id.group, err)
		}
		return k.hold(id, plain, now, true), nil
	}
	out, err := k.kms.Decrypt(asLogs(ctx, groupARN), &kmsapi.DecryptRequest{
		KeyId: &e.Key, CiphertextBlob: d.Wrapped, EncryptionContext: map[string]string{contextKey: groupARN},
	})
	if err != nil {
		return nil, refused(err, groupARN)
	}
	return k.hold(id, out.Plaintext, now, false), nil
}

// refused turns KMS's refusal into what a caller of CloudWatch Logs sees. A
// fault of KMS or of the program stays what it is.
func refused(err error, groupARN string) error {
	if e, ok := errors.AsType[*api.Error](err); ok && !e.Fault() {
		return keyNotAllowed(groupARN)
	}
	return err
}

// asLogs returns a context in which CloudWatch Logs calls by itself for the
// log group: as the service principal of the Region.
func asLogs(ctx context.Context, groupARN string) context.Context {
	p := placeOf(ctx)
	return api.AsService(ctx, "logs."+p.region+"."+arn.DNSSuffix(p.partition), groupARN, p.account)
}

// find returns a held key that has not outlived its time, or nil.
func (k *keyring) find(id dataKeyID) cipher.AEAD {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, ok := k.held[id]
	if !ok {
		return nil
	}
	if !h.expires.IsZero() && !k.clock.Now().Before(h.expires) {
		delete(k.held, id)
		return nil
	}
	return h.aead
}

// hold keeps the cipher made of a plaintext data key from since on for the
// lifetime, or for good, and wipes the plaintext: nobody can use it after.
func (k *keyring) hold(id dataKeyID, plain []byte, since time.Time, forGood bool) cipher.AEAD {
	block, err := aes.NewCipher(plain)
	if err != nil {
		panic("logs: a data key of the wrong size: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("logs: AES without GCM: " + err.Error())
	}
	clear(plain)
	if !forGood && k.lifetime == 0 {
		return aead
	}
	h := heldKey{aead: aead}
	if !forGood {
		h.expires = since.Add(k.lifetime)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held[id] = h
	return aead
}

// sweep drops the keys that have outlived their time, used or not.
func (k *keyring) sweep(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, h := range k.held {
		if !h.expires.IsZero() && !now.Before(h.expires) {
			delete(k.held, id)
		}
	}
}

// forget drops every key of a group.
func (k *keyring) forget(group string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range k.held {
		if id.group == group {
			delete(k.held, id)
		}
	}
}

func (k *keyring) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.held)
}

// label binds a service-owned data key to its place.
func (id dataKeyID) label() string {
	return fmt.Sprintf("logs.datakey/%s/%d/%d", id.group, id.epoch, id.number)
}
