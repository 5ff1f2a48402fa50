package bolt

import (
	"bytes"

	"go.etcd.io/bbolt"

	"sealstack/storage"
	"sealstack/storage/internal/pack"
)

// All tables share one bucket, the table's name and a zero byte before each
// key: one tree, so a commit that touches several tables writes fewer pages.
var (
	dataBucket = []byte("data")
	firstKey   = []byte{0x00} // stands before every table
	lastKey    = []byte{0xff} // stands behind every table
)

// Tables of the engine's own; no storage.Table can have these names.
const (
	blobTable = "!blob" // id -> pack.Location
	slotTable = "!slot" // id -> nothing
)

// tx is a View, or one Update in a batch.
type tx struct {
	storage.Scope
	store    *Store
	bolt     *bbolt.Tx
	data     *bbolt.Bucket
	writable bool
	room     []byte   // for the key being looked for
	small    [96]byte // what room is at first

	changes   int      // writes so far: a cursor finds its place again after one
	before    []change // what the writes replaced
	kept      []storage.BlobID
	packs     []uint32 // of kept blobs
	keptSlots bool
	dropped   []storage.SlotID
}

// change is what stood at a key before a write.
type change struct{ key, value []byte } // value is nil for nothing

func (c change) restore(data *bbolt.Bucket) error {
	if c.value == nil {
		return data.Delete(c.key)
	}
	return data.Put(c.key, c.value)
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
	v := x.data.Get(x.key(table, key))
	if v == nil {
		return nil, storage.ErrNotFound
	}
	return v, nil
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
	k := x.key(table, key)
	if len(k) > storage.MaxKey {
		return storage.ErrTooLarge
	}
	if value == nil {
		value = []byte{} // the database takes nil for absence
	}
	x.remember(k, x.data.Get(k))
	return x.data.Put(k, value)
}

func (x *tx) Delete(table string, key storage.Key) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	k := x.key(table, key)
	old := x.data.Get(k)
	if old == nil {
		return nil
	}
	x.remember(k, old)
	return x.data.Delete(k)
}

// remember notes what a write to k replaces. The old value needs no copy:
// pages and values of a transaction stay until its end.
func (x *tx) remember(k, old []byte) {
	x.changes++
	x.before = append(x.before, change{bytes.Clone(k), old})
}

func (x *tx) Cursor(table string) (storage.Cursor, error) {
	if x.Ended() {
		return nil, storage.ErrTxDone
	}
	return &cursor{tx: x, prefix: appendKey(nil, table, nil), c: x.data.Cursor()}, nil
}

// cursor is the database's, which must be placed anew after a write.
type cursor struct {
	tx     *tx
	prefix []byte
	c      *bbolt.Cursor
	seen   int    // tx.changes when c was placed
	at     []byte // the key it stands on, prefix included
}

// moved says whether a write may have moved the keys under the cursor.
func (c *cursor) moved() bool {
	if c.tx.Ended() {
		panic(storage.ErrTxDone)
	}
	moved := c.seen != c.tx.changes
	c.seen = c.tx.changes
	return moved
}

func (c *cursor) Seek(key storage.Key) (storage.Key, []byte, bool) {
	c.moved()
	return c.stand(c.c.Seek(append(c.prefix, key...)))
}

func (c *cursor) Before(key storage.Key) (storage.Key, []byte, bool) {
	c.moved()
	target := append(c.prefix, key...)
	if key == nil {
		target = storage.Key(c.prefix).End()
	}
	return c.before(target)
}

func (c *cursor) before(target []byte) (storage.Key, []byte, bool) {
	c.c.Seek(target)
	return c.prev()
}

// prev steps over leaves that this transaction has emptied, which the
// database's cursor takes for the beginning. Some key lies before every
// table, and one behind, so there is always another.
func (c *cursor) prev() (storage.Key, []byte, bool) {
	k, v := c.c.Prev()
	for k == nil {
		k, v = c.c.Prev()
	}
	return c.stand(k, v)
}

func (c *cursor) Next() (storage.Key, []byte, bool) {
	if !c.moved() {
		return c.stand(c.c.Next())
	}
	k, v := c.c.Seek(c.at)
	if k != nil && bytes.Equal(k, c.at) {
		k, v = c.c.Next()
	}
	return c.stand(k, v)
}

func (c *cursor) Prev() (storage.Key, []byte, bool) {
	if !c.moved() {
		return c.prev()
	}
	return c.before(c.at)
}

// stand notes where the cursor is, if that is inside the table.
func (c *cursor) stand(k, v []byte) (storage.Key, []byte, bool) {
	if !bytes.HasPrefix(k, c.prefix) {
		return nil, nil, false
	}
	if c.tx.writable {
		c.at = append(c.at[:0], k...)
	}
	return k[len(c.prefix):], v, true
}

// KeepBlob implements storage.Tx.
func (x *tx) KeepBlob(id storage.BlobID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	if _, err := x.Get(blobTable, storage.K(id)); err != storage.ErrNotFound {
		return err
	}
	at, ok := x.store.blobs.isPending(id)
	if !ok {
		return storage.ErrNotFound
	}
	x.kept = append(x.kept, id)
	x.packs = append(x.packs, at.Pack)
	return x.Put(blobTable, storage.K(id), at.Encode())
}

// DropBlob implements storage.Tx.
func (x *tx) DropBlob(id storage.BlobID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	if _, err := x.Get(blobTable, storage.K(id)); err != nil {
		return err
	}
	x.store.blobs.untidy.Store(true)
	return x.Delete(blobTable, storage.K(id))
}

// location finds a blob, kept or not.
func (x *tx) location(id storage.BlobID) (pack.Location, error) {
	v, err := x.Get(blobTable, storage.K(id))
	if err == nil {
		return pack.DecodeLocation(v)
	}
	if at, ok := x.store.blobs.isPending(id); ok && err == storage.ErrNotFound {
		return at, nil
	}
	return pack.Location{}, err
}

// KeepSlot implements storage.Tx.
func (x *tx) KeepSlot(id storage.SlotID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	if !x.store.slots.Has(id) {
		return storage.ErrNotFound
	}
	x.keptSlots = true
	return x.Put(slotTable, storage.K(id), []byte{})
}

// DropSlot implements storage.Tx.
func (x *tx) DropSlot(id storage.SlotID) error {
	if err := x.mayWrite(); err != nil {
		return err
	}
	x.dropped = append(x.dropped, id)
	return x.Delete(slotTable, storage.K(id))
}
