package kms

import (
	"context"
	"fmt"
	"time"

	"sealstack/storage"
)

// page is one page of a list.
type page[T any] struct {
	list string // which list it is of: a marker is good for that list alone
	size int32  // how many items it may have
	most int32  // the largest size that may be asked for

	now   time.Time
	items []T
	last  storage.Key // of the last item
	more  bool        // an item has found no room
	next  *string     // marker of the next page, nil on the last
}

// add appends an item; false says that the page was full.
func (p *page[T]) add(at storage.Key, item T) bool {
	if len(p.items) >= int(p.size) {
		p.more = true
		return false
	}
	p.items, p.last = append(p.items, item), at
	return true
}

// fill makes the page that follows the marker. each adds items until the page
// is full, beginning with the first whose key is beyond after.
func (p *page[T]) fill(s *Service, marker *string, each func(after storage.Key) error) error {
	if p.size > p.most {
		return constraint(p.size, "limit", fmt.Sprintf("Member must have value less than or equal to %d", p.most))
	}
	after, err := s.after(p.list, marker)
	if err != nil {
		return err
	}
	p.now = s.clock.Now()
	if err := each(after); err != nil {
		return err
	}
	if p.more {
		p.next = new(s.tokens.Encode(p.list, p.last))
	}
	return nil
}

// scan fills the page from the rows of a table.
func scan[T, V any](ctx context.Context, s *Service, p *page[T], marker *string, table storage.Table[V], prefix storage.Key,
	each func(tx storage.Tx, at storage.Key, v V) error) error {
	return p.fill(s, marker, func(after storage.Key) error {
		return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
			p.items, p.more = []T{}, false
			for row, err := range table.Scan(tx, storage.Range{Prefix: prefix, After: after}) {
				if err != nil {
					return err
				}
				if err := each(tx, row.Key, row.Value); err != nil || p.more {
					return err
				}
			}
			return nil
		})
	})
}

// after reads a marker, nil for the first page. InvalidMarkerException if it
// is none of this list's.
func (s *Service) after(list string, marker *string) (storage.Key, error) {
	if marker == nil {
		return nil, nil
	}
	at, err := s.tokens.Decode(list, *marker)
	if err != nil {
		return nil, invalidMarker()
	}
	return at, nil
}
