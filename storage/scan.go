package storage

import (
	"bytes"
	"iter"
)

// Range says which keys of a table to scan: those that meet every bound that
// is set. Bounds are whole keys, prefix included, and mean the same in both
// directions: a page that goes forward continues with After set to the last
// key seen, one that goes backward with To.
type Range struct {
	Prefix  Key  // keys that start with these parts
	From    Key  // this key or later
	After   Key  // later than this key
	To      Key  // earlier than this key
	Reverse bool // last key first
}

// lower is the first key that can be in the range.
func (r Range) lower() Key {
	low := r.Prefix
	if r.From.Compare(low) > 0 {
		low = r.From
	}
	if r.After != nil && r.After.Compare(low) >= 0 {
		// The next key in byte order is the same with a zero byte behind.
		low = append(bytes.Clone(r.After), 0)
	}
	return low
}

// upper is the first key behind the range, nil when it is open.
func (r Range) upper() Key {
	high := r.Prefix.End()
	if r.To != nil && (high == nil || r.To.Compare(high) < 0) {
		return r.To
	}
	return high
}

type row struct{ key, value []byte }

// scan yields rows whose key is a copy and whose value is the transaction's.
func scan(tx Tx, table string, r Range) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		c, err := tx.Cursor(table)
		if err != nil {
			yield(row{}, err)
			return
		}
		w := walk{cursor: c, low: r.lower(), high: r.upper(), reverse: r.Reverse}
		for k, v, ok := w.first(); ok; k, v, ok = w.next() {
			if !yield(row{w.copy(k), v}, nil) {
				return
			}
		}
	}
}

// walk is a cursor between two bounds.
type walk struct {
	cursor    Cursor
	low, high Key
	reverse   bool
	room      []byte
}

func (w *walk) first() (Key, []byte, bool) {
	if w.reverse {
		return w.within(w.cursor.Before(w.high))
	}
	return w.within(w.cursor.Seek(w.low))
}

func (w *walk) next() (Key, []byte, bool) {
	if w.reverse {
		return w.within(w.cursor.Prev())
	}
	return w.within(w.cursor.Next())
}

func (w *walk) within(k Key, v []byte, ok bool) (Key, []byte, bool) {
	if w.reverse {
		return k, v, ok && k.Compare(w.low) >= 0
	}
	return k, v, ok && (w.high == nil || k.Compare(w.high) < 0)
}

// copy puts keys into shared blocks: one allocation for some dozens of them.
func (w *walk) copy(k Key) Key {
	const block = 2 << 10
	if cap(w.room)-len(w.room) < len(k) {
		size := min(max(2*cap(w.room), 64), block)
		w.room = make([]byte, 0, max(size, len(k)))
	}
	n := len(w.room)
	w.room = append(w.room, k...)
	return Key(w.room[n:len(w.room):len(w.room)])
}
