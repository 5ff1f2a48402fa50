package logs

import (
	"errors"
	"strings"

	"sealstack/storage"
)

// oneStream lists the segments of a stream.
type oneStream struct{ id string }

func (o oneStream) start(t int64) storage.Key { return storage.K(o.id, t) }

func (o oneStream) read(tx storage.Tx, from storage.Key, reverse bool, n int) ([]segment, storage.Key, error) {
	var batch []segment
	for e, err := range segments.Scan(tx, window(storage.K(o.id), from, reverse)) {
		if err != nil {
			return nil, nil, err
		}
		if len(batch) == n {
			return batch, goOn(e.Key, reverse), nil
		}
		batch = append(batch, e.Value)
	}
	return batch, nil, nil
}

// wholeGroup lists the segments of a group, of all streams or of those that
// are wanted.
type wholeGroup struct {
	id     string
	names  map[string]bool // nil: all
	prefix string
}

func (w wholeGroup) start(t int64) storage.Key { return storage.K(w.id, t) }

func (w wholeGroup) wants(stream string) bool {
	return (w.names == nil || w.names[stream]) && strings.HasPrefix(stream, w.prefix)
}

func (w wholeGroup) read(tx storage.Tx, from storage.Key, reverse bool, n int) ([]segment, storage.Key, error) {
	var batch []segment
	for e, err := range moments.Scan(tx, window(storage.K(w.id), from, reverse)) {
		if err != nil {
			return nil, nil, err
		}
		if len(batch) == n {
			return batch, goOn(e.Key, reverse), nil
		}
		if !w.wants(e.Value.Stream) {
			continue
		}
		at := e.Key.Parts()
		seg, err := segments.Get(tx, storage.K(e.Value.StreamID, at[1], at[2]))
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		batch = append(batch, seg)
	}
	return batch, nil, nil
}

// window is the range of keys from one on, in the direction.
func window(prefix, from storage.Key, reverse bool) storage.Range {
	if reverse {
		return storage.Range{Prefix: prefix, To: from, Reverse: true}
	}
	return storage.Range{Prefix: prefix, From: from}
}

// goOn returns the key with which a window begins at k.
func goOn(k storage.Key, reverse bool) storage.Key {
	if reverse {
		return append(k[:len(k):len(k)], 0) // the first key behind k, since windows end before theirs
	}
	return k
}
