package iam

import (
	"sealstack/storage"
	"sealstack/storage/seal"
)

// defaultPage is how many entries a page has when MaxItems is not given:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
const defaultPage = 100

// page picks the entries of one answer out of a list that comes ordered by a
// key. The marker is the key of the last entry, with the name of the list.
type page struct {
	tokens      seal.Tokens
	list, after string
	left        int
	last        string
	more        bool
}

// newPage reads Marker and MaxItems. A marker serves for the list alone that
// handed it out.
func (s *state) newPage(list string, marker *string, max *int32) (*page, error) {
	p := &page{tokens: s.markers, list: list, left: defaultPage}
	if max != nil {
		p.left = int(*max)
	}
	if marker == nil {
		return p, nil
	}
	key, err := s.markers.Decode(list, *marker)
	if err != nil {
		return nil, badMarker()
	}
	p.after, _ = key.Parts()[0].(string)
	return p, nil
}

// take reports whether the entry with this key belongs to the page. Once the
// page is full the caller may stop: see full.
func (p *page) take(key string) bool {
	switch {
	case p.after != "" && key <= p.after:
		return false
	case p.left == 0:
		p.more = true
		return false
	}
	p.left--
	p.last = key
	return true
}

// full reports whether an entry has been turned away for lack of room.
func (p *page) full() bool { return p.more }

// truncated is IsTruncated of the answer.
func (p *page) truncated() *bool { return new(p.more) }

// marker is Marker of the answer: nil on the last page.
func (p *page) marker() *string {
	if !p.more {
		return nil
	}
	return new(p.tokens.Encode(p.list, storage.K(p.last)))
}

// pick returns the entries of a sorted list that belong to the page.
func pick[T any](p *page, all []T, key func(T) string) []T {
	out := []T{}
	for _, v := range all {
		if p.take(key(v)) {
			out = append(out, v)
		}
	}
	return out
}
