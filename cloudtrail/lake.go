package cloudtrail

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"strconv"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/policy"
	"sealstack/storage"
)

// lake is what CloudTrail Lake holds in memory: the data keys that ingestion
// uses, for their lifetime, and the queries and imports that run.
type lake struct {
	mu      sync.Mutex
	keys    map[epochID]heldEpoch
	running map[string]context.CancelFunc
	done    sync.WaitGroup
}

// epochID names a period of encryption of a store.
type epochID struct {
	store  string
	number int
}

type heldEpoch struct {
	aead  cipher.AEAD
	since time.Time
}

// clear forgets the keys, and stops what runs and waits for its end.
func (l *lake) clear() {
	l.mu.Lock()
	for _, cancel := range l.running {
		cancel()
	}
	l.mu.Unlock()
	l.done.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys, l.running = map[epochID]heldEpoch{}, map[string]context.CancelFunc{}
}

// run starts work under an id, in a context that outlives the call's.
func (l *lake) run(ctx context.Context, id string, work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.mu.Lock()
	l.running[id] = cancel
	l.mu.Unlock()
	l.done.Go(func() {
		defer l.end(id)
		work(ctx)
	})
}

func (l *lake) end(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.running[id]; cancel != nil {
		cancel()
	}
	delete(l.running, id)
}

// stop cancels what runs under an id.
func (l *lake) stop(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.running[id]; cancel != nil {
		cancel()
	}
}

func (l *lake) runs(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running[id] != nil
}

// held returns a data key that is younger than the lifetime; older ones go.
func (l *lake) held(id epochID, now time.Time, lifetime time.Duration) cipher.AEAD {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.keys[id]
	if !ok || now.Sub(h.since) >= lifetime {
		delete(l.keys, id)
		return nil
	}
	return h.aead
}

func (l *lake) hold(id epochID, aead cipher.AEAD, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys[id] = heldEpoch{aead, now}
}

// sealer makes the cipher of a data key and wipes the key.
func sealer(plain []byte) cipher.AEAD {
	defer clear(plain)
	block, err := aes.NewCipher(plain)
	if err != nil {
		panic("cloudtrail: a data key of the wrong size: " + err.Error())
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("cloudtrail: AES without GCM: " + err.Error())
	}
	return aead
}

// asLake returns a context in which CloudTrail calls AWS KMS by itself for a
// store. It names no source: AWS's page on key policies says that
// aws:SourceArn and aws:SourceAccount are not supported there.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func (e *eventStore) asLake(ctx context.Context) context.Context {
	ctx = api.WithCaller(ctx, &api.Caller{Partition: e.Partition, Region: e.Region, RequestID: newID()})
	return api.AsService(ctx, principal, "", "")
}

// sealContext is the encryption context of the data keys of a store.
//
// Unverified: AWS documents none for event data stores.
func (e *eventStore) sealContext() map[string]string { return map[string]string{trailContext: e.arn()} }

// label binds a data key of CloudTrail's own to its store.
func (e *eventStore) label(number int) string {
	return "cloudtrail.lake/" + e.ID + "/" + strconv.Itoa(number)
}

// newEpoch makes a data key for a store: by the KMS key that is named, or
// without one by CloudTrail itself.
func (s *Service) newEpoch(ctx context.Context, e *eventStore, text string) (storeEpoch, error) {
	if text == "" {
		plain := make([]byte, 32)
		rand.Read(plain)
		defer clear(plain)
		return storeEpoch{Wrapped: s.root.Seal(e.label(len(e.Epochs)), plain)}, nil
	}
	key, err := s.resolveStoreKey(ctx, e, text)
	if err != nil {
		return storeEpoch{}, err
	}
	out, err := s.config.Keys.GenerateDataKey(e.asLake(ctx), &kmsapi.GenerateDataKeyRequest{
		KeyId: key, KeySpec: new(kmsapi.DataKeySpecAes256), EncryptionContext: e.sealContext(),
	})
	if err != nil {
		return storeEpoch{}, storeKeyRefused(err, key)
	}
	defer clear(out.Plaintext)
	if _, err := s.config.Keys.Decrypt(e.asLake(ctx), &kmsapi.DecryptRequest{
		KeyId: &key, CiphertextBlob: out.CiphertextBlob, EncryptionContext: e.sealContext(),
	}); err != nil {
		return storeEpoch{}, storeKeyRefused(err, key)
	}
	return storeEpoch{Key: key, Wrapped: out.CiphertextBlob}, nil
}

// resolveStoreKey returns the ARN of a key that a request names.
func (s *Service) resolveStoreKey(ctx context.Context, e *eventStore, text string) (string, error) {
	if s.config.Keys == nil {
		return "", noStoreKey(text)
	}
	t := e.asTrail()
	t.BucketRegion = e.Region
	name, err := t.keyName(text)
	if e, ok := refusal(err); ok && e.Code == "KmsKeyNotFoundException" {
		return "", noStoreKey(text)
	}
	if err != nil {
		return "", err
	}
	key, err := s.resolveKey(e.asLake(ctx), &t, name)
	if refused, ok := refusal(err); ok {
		switch refused.Code {
		case "InsufficientEncryptionPolicyException":
			return "", storeKeyDenied(name)
		case "KmsKeyNotFoundException":
			return "", noStoreKey(name)
		}
	}
	return key, err
}

// storeKeyRefused turns a refusal of AWS KMS into CloudTrail's.
//
// Unverified: which error a disabled key and one of the wrong kind have.
func storeKeyRefused(err error, key string) error {
	e, ok := refusal(err)
	if !ok {
		return err
	}
	switch e.Code {
	case "AccessDeniedException":
		return storeKeyDenied(key)
	case "NotFoundException":
		return noStoreKey(key)
	}
	return keyFault(e)
}

// ingestionKey opens the data key of a store's last epoch, as CloudTrail.
func (s *Service) ingestionKey(ctx context.Context, e *eventStore) (cipher.AEAD, error) {
	number := len(e.Epochs) - 1
	id, now := epochID{e.ID, number}, s.clock.Now()
	if aead := s.lake.held(id, now, s.config.DataKeyLifetime); aead != nil {
		return aead, nil
	}
	aead, err := s.openEpoch(e.asLake(ctx), e, number)
	if err == nil && e.Epochs[number].Key != "" {
		s.lake.hold(id, aead, now)
	}
	return aead, err
}

// openEpoch unwraps a data key, for whoever the context names.
func (s *Service) openEpoch(as context.Context, e *eventStore, number int) (cipher.AEAD, error) {
	epoch := e.Epochs[number]
	if epoch.Key == "" {
		plain, err := s.root.Open(e.label(number), epoch.Wrapped)
		if err != nil {
			return nil, fmt.Errorf("cloudtrail: data key of %s: %w", e.arn(), err)
		}
		return sealer(plain), nil
	}
	out, err := s.config.Keys.Decrypt(as, &kmsapi.DecryptRequest{
		KeyId: &epoch.Key, CiphertextBlob: epoch.Wrapped, EncryptionContext: e.sealContext(),
	})
	if err != nil {
		return nil, err
	}
	return sealer(out.Plaintext), nil
}

// policyOf reads a policy that was checked when it was put; nil for none.
func policyOf(document string) (*policy.Policy, error) {
	if document == "" {
		return nil, nil
	}
	p, err := policy.Parse(policy.Resource, []byte(document))
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: read a resource policy: %w", err)
	}
	return p, nil
}

// pageOf is a request for a page of a list.
type pageOf struct {
	action   string
	prefix   storage.Key
	token    *string
	max      *int32
	standard int32
}

// listPage returns the rows of a page that are kept, and the token of the
// next page.
func listPage[T any](ctx context.Context, s *Service, table storage.Table[T], p pageOf, keep func(*T) bool) (list []T, next *string, err error) {
	purpose := p.action + "/" + string(p.prefix)
	r := storage.Range{Prefix: p.prefix}
	if p.token != nil {
		if r.After, err = s.tokens.Decode(purpose, *p.token); err != nil {
			return nil, nil, badStoreToken()
		}
	}
	size := p.standard
	set(&size, p.max)
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list, next = nil, nil
		var last storage.Key
		for row, err := range table.Scan(tx, r) {
			if err != nil {
				return fmt.Errorf("cloudtrail: %s: %w", p.action, err)
			}
			if !keep(&row.Value) {
				continue
			}
			if len(list) == int(size) {
				next = new(s.tokens.Encode(purpose, last))
				return nil
			}
			list, last = append(list, row.Value), row.Key
		}
		return nil
	})
	return list, next, err
}
