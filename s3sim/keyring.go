package s3sim

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/clock"
)

// keyring holds bucket keys in memory for their lifetime, each for the
// requester for whom KMS gave it out: another one needs permission of his own.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
type keyring struct {
	clock    clock.Clock
	lifetime time.Duration

	mu   sync.Mutex
	held map[[sha256.Size]byte]bucketKey
}

// bucketKey is a wrapping key that serves many objects.
type bucketKey struct {
	keyARN  string
	blob    []byte
	plain   []byte
	expires time.Time
}

func newKeyring(c clock.Clock, lifetime time.Duration) *keyring {
	return &keyring{clock: c, lifetime: lifetime, held: map[[sha256.Size]byte]bucketKey{}}
}

// ringID names the bucket key of a requester: what it is asked for by, a KMS
// key to write or a blob to read, and the encryption context.
func ringID(ctx context.Context, by string, context map[string]string) [sha256.Size]byte {
	c := api.CallerOf(ctx)
	h := sha256.New()
	for _, part := range []string{c.ARN, c.AccessKeyID, c.SourceARN, by} {
		fmt.Fprintf(h, "%d/%s", len(part), part)
	}
	for _, k := range slices.Sorted(maps.Keys(context)) {
		fmt.Fprintf(h, "%d/%s%d/%s", len(k), k, len(context[k]), context[k])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// find returns a key that has not outlived its time.
func (k *keyring) find(id [sha256.Size]byte) (bucketKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, ok := k.held[id]
	if ok && !k.clock.Now().Before(h.expires) {
		delete(k.held, id)
		ok = false
	}
	return h, ok
}

// hold keeps a key from since on.
func (k *keyring) hold(id [sha256.Size]byte, key bucketKey, since time.Time) {
	if k.lifetime == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key.expires = since.Add(k.lifetime)
	k.held[id] = key
}

// sweep drops the keys that have outlived their time, used or not.
func (k *keyring) sweep(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.held, func(_ [sha256.Size]byte, h bucketKey) bool { return !now.Before(h.expires) })
}

func (k *keyring) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.held)
}
