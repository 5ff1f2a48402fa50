package s3sim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"sealstack/s3sim/body"
)

// layout is a digest of what pieces a content has, in which order.
func (c *content) layout() []byte {
	h := sha256.New()
	var n [8]byte
	for _, p := range c.Pieces {
		h.Write(p.ID[:])
		binary.BigEndian.PutUint64(n[:], uint64(p.Size))
		h.Write(n[:])
	}
	return h.Sum(nil)
}

// size is how long the content is.
func (c *content) size() (n int64) {
	for _, p := range c.Pieces {
		n += p.Size
	}
	return n
}

// bind seals the layout of a content for its object. A piece that was left
// out, put elsewhere or given twice would open as it is: it is whole.
func (s *Service) bind(b *bucketRecord, v *version, c *content) {
	c.Bound = s.root.Seal("s3.layout/"+b.label(v.Key), c.layout())
}

// checkBound fails with body.ErrDamaged if the pieces are not those that the
// object was made of.
func (s *Service) checkBound(b *bucketRecord, v *version, c *content) error {
	was, err := s.root.Open("s3.layout/"+b.label(v.Key), c.Bound)
	if err != nil || subtle.ConstantTimeCompare(was, c.layout()) != 1 || c.size() != v.Size {
		return fmt.Errorf("s3: the pieces of %s are not those that were stored: %w", v.Key, body.ErrDamaged)
	}
	return nil
}
