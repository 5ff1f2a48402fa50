package organizations

import (
	"sealstack/storage"
	"sealstack/storage/seal"
)

// defaultPage is how many entries a page has when MaxResults is not given.
//
// Unverified: it is the largest that may be asked for.
const defaultPage = 20

// page picks the entries of one answer out of a list that comes ordered by a
// key. NextToken is the key of the last entry, with the name of the list.
type page struct {
	tokens      seal.Tokens
	list, after string
	left        int
	last        string
	more        bool
}

// newPage reads NextToken and MaxResults. A token serves for the list alone
// that handed it out.
func (s *Service) newPage(list string, token *string, max *int32) (*page, error) {
	p := &page{tokens: s.tokens, list: list, left: defaultPage}
	if max != nil {
		p.left = int(*max)
	}
	if token == nil {
		return p, nil
	}
	key, err := s.tokens.Decode(list, *token)
	if err != nil {
		return nil, badToken()
	}
	p.after, _ = key.Parts()[0].(string)
	return p, nil
}

// take reports whether the entry with this key belongs to the page.
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

// next is NextToken of the answer: nil on the last page.
func (p *page) next() *string {
	if !p.more {
		return nil
	}
	return new(p.tokens.Encode(p.list, storage.K(p.last)))
}

// pick returns the entries of a list sorted by key that belong to the page, as
// the answer shows them.
func pick[T, U any](p *page, all []T, key func(T) string, show func(T) U) []U {
	out := []U{}
	for _, v := range all {
		if p.take(key(v)) {
			out = append(out, show(v))
		}
	}
	return out
}

// listing picks the page of a list sorted by key, with its NextToken.
func listing[T, U any](s *Service, o *organization, list string, token *string, max *int32,
	all []T, key func(T) string, show func(T) U) ([]U, *string, error) {
	p, err := s.newPage(o.ID+"/"+list, token, max)
	if err != nil {
		return nil, nil, err
	}
	out := pick(p, all, key, show)
	return out, p.next(), nil
}

func idOf(n *node) string { return n.ID }
