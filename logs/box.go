package logs

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"github.com/klauspost/compress/s2"

	"sealstack/storage"
)

// box holds what a resource other than a log group keeps of events: it is
// sealed under a data key of its own, by the KMS key of the resource or by the
// key that the service owns, as events are.
type box struct {
	Holder group // of the data key, with one epoch
	Blob   storage.BlobID
}

// newBox makes a box for a resource under a KMS key, or under the service's
// own if key is empty. KMS refuses here if CloudWatch Logs may not use it.
func (s *Service) newBox(ctx context.Context, resource, name, key string) (box, dataKey, error) {
	b := box{Holder: group{ID: rand.Text(), Name: name, Created: s.now(), Resource: resource}}
	e, d, err := s.newEpoch(ctx, &b.Holder, key, s.now())
	b.Holder.Epochs = []epoch{e}
	return b, d, err
}

// key returns the ARN of the KMS key of a box, nil without one.
func (b *box) key() *string {
	if key := b.Holder.Epochs[0].Key; key != "" {
		return &key
	}
	return nil
}

func (b *box) label() []byte { return []byte("sealstack/box/1/" + b.Holder.ID) }

// sealBox seals the text under the data key and appends it to the blobs.
func (s *Service) sealBox(ctx context.Context, b *box, key cipher.AEAD, plain []byte) (err error) {
	out := make([]byte, key.NonceSize())
	rand.Read(out)
	b.Blob, err = s.store.Blobs().Append(ctx, key.Seal(out, out, s2.Encode(nil, plain), b.label()))
	return err
}

// fill puts a text into a box that is stored.
func (s *Service) fill(ctx context.Context, b *box, plain []byte) error {
	key, err := s.dataKey(ctx, &b.Holder, &header{})
	if err != nil {
		return err
	}
	return s.sealBox(ctx, b, key, plain)
}

// fillNew puts a text into a box whose data key is not stored yet. Where data
// keys are not held, it is unwrapped once more.
func (s *Service) fillNew(ctx context.Context, b *box, d dataKey, plain []byte) error {
	key, err := s.ring.open(ctx, dataKeyID{b.Holder.ID, 0, 0}, b.Holder.arn(placeOf(ctx)), b.Holder.Epochs[0], d)
	if err != nil {
		return err
	}
	return s.sealBox(ctx, b, key, plain)
}

// open returns what is in a box. KMS may refuse, as it may for events.
func (s *Service) open(ctx context.Context, b *box) ([]byte, error) {
	key, err := s.dataKey(ctx, &b.Holder, &header{})
	if err != nil {
		return nil, err
	}
	body, err := s.store.Blobs().Read(ctx, b.Blob)
	if err != nil {
		return nil, err
	}
	if len(body) < key.NonceSize() {
		return nil, errSegment
	}
	packed, err := key.Open(nil, body[:key.NonceSize()], body[key.NonceSize():], b.label())
	if err != nil {
		return nil, err
	}
	return s2.Decode(nil, packed)
}

// keepBox makes a filled box part of the store.
func keepBox(tx storage.Tx, b *box, d dataKey) error {
	return errors.Join(tx.KeepBlob(b.Blob), dataKeys.Put(tx, storage.K(b.Holder.ID, 0, 0), d))
}

// dropBox removes a box with its data key.
func dropBox(tx storage.Tx, b *box) error {
	if err := tx.DropBlob(b.Blob); err != nil {
		return err
	}
	_, err := dataKeys.DeletePrefix(tx, storage.K(b.Holder.ID))
	return err
}
