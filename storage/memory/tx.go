package memory

import (
	"bytes"
	"context"

	"github.com/tidwall/btree"

	"sealstack/storage"
)

// Tables of the engine's own; no storage.Table can have these names.
const (
	blobTable = "!blob" // id -> the bytes
	slotTable = "!slot" // id -> nothing
)

type tx struct {
	storage.Scope
	store    *Store
	tree     *tree
	writable bool
	changes  int      // writes so far: a cursor finds its place again after one
	room     []byte   // for the key being looked for
	small    [96]byte // what room is at first

	kept    []storage.BlobID
	dropped []storage.SlotID
}

func (x *tx) run(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	x.Begin(ctx, x)
	defer x.End()
	return fn(x, x)
}

func (x *tx) Writable() bool { return x.writable }

// key is table and key in one, valid until the next call.
func (x *tx) key(table string, key storage.Key) []byte {
	if x.room == nil {
		x.room = x.small[:0]
	}
	x.room = appendKey(x.room[:0], table, key)
	return x.room
}

func appendKey(b []byte, table string, key storage.Key) []byte {
	return append(append(append(b, table...), 0), key...)
}

func (x *tx) Get(table string, key storage.Key) ([]byte, error) {
	if x.Ended() {
		return nil, storage.ErrTxDone
	}
	it, ok := x.tree.Get(item{key: x.key(table, key)})
	if !ok {
		return nil, storage.ErrNotFound
	}
	return it.value, nil
}

// mayWrite says why a write is refused.
func (x *tx) mayWrite() error {
	switch {
	case x.Ended():
		return storage.ErrTxDone
	case !x.writable:
		return storage.ErrReadOnly
	}
	return nil
}

func (x *tx) Put(table string, key storage.Key, value []byte) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	size := len(table) + 1 + len(key)
	if size > storage.MaxKey {
		return storage.ErrTooLarge
	}
	x.changes++
	x.tree.Set(item{appendKey(make([]byte, 0, size), table, key), value})
	return nil
}

func (x *tx) Delete(table string, key storage.Key) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	x.changes++
	x.tree.Delete(item{key: x.key(table, key)})
	return nil
}

func (x *tx) Cursor(table string) (storage.Cursor, error) {
	if x.Ended() {
		return nil, storage.ErrTxDone
	}
	prefix := appendKey(nil, table, nil)
	return &cursor{tx: x, prefix: prefix, seen: -1}, nil
}

// cursor is an iterator of the tree that is made anew after a write.
type cursor struct {
	tx     *tx
	prefix []byte
	iter   btree.IterG[item]
	seen   int    // tx.changes when iter was made
	at     []byte // the key it stands on, prefix included
}

// fresh makes the iterator fit the tree as it is now and says whether it was
// made anew, and so has lost its place.
func (c *cursor) fresh() bool {
	if c.tx.Ended() {
		panic(storage.ErrTxDone)
	}
	if c.seen == c.tx.changes {
		return false
	}
	c.iter.Init(c.tx.tree, false)
	c.seen = c.tx.changes
	return true
}

func (c *cursor) Seek(key storage.Key) (storage.Key, []byte, bool) {
	c.fresh()
	return c.stand(c.iter.Seek(item{key: append(c.prefix, key...)}))
}

func (c *cursor) Before(key storage.Key) (storage.Key, []byte, bool) {
	c.fresh()
	target := append(c.prefix, key...)
	if key == nil {
		target = storage.Key(c.prefix).End()
	}
	return c.before(target)
}

func (c *cursor) before(target []byte) (storage.Key, []byte, bool) {
	if c.iter.Seek(item{key: target}) {
		return c.stand(c.iter.Prev())
	}
	return c.stand(c.iter.Last())
}

func (c *cursor) Next() (storage.Key, []byte, bool) {
	if !c.fresh() {
		return c.stand(c.iter.Next())
	}
	ok := c.iter.Seek(item{key: c.at})
	if ok && bytes.Equal(c.iter.Item().key, c.at) {
		ok = c.iter.Next()
	}
	return c.stand(ok)
}

func (c *cursor) Prev() (storage.Key, []byte, bool) {
	if !c.fresh() {
		return c.stand(c.iter.Prev())
	}
	return c.before(c.at)
}

// stand notes where the iterator is, if that is inside the table.
func (c *cursor) stand(ok bool) (storage.Key, []byte, bool) {
	if !ok {
		return nil, nil, false
	}
	it := c.iter.Item()
	if !bytes.HasPrefix(it.key, c.prefix) {
		return nil, nil, false
	}
	c.at = it.key
	return it.key[len(c.prefix):], it.value, true
}
