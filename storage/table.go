package storage

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
)

// Table is a named set of keys whose values are T. It holds no data and may
// be a package variable. Values are stored as deterministic CBOR, under the
// names or numbers that cbor struct tags give; if *T implements
// encoding.BinaryMarshaler and encoding.BinaryUnmarshaler, as those say.
// UnmarshalBinary must copy what it keeps.
type Table[T any] struct{ name string }

// NewTable returns the table of that name. Names are for ever: they are part
// of the data. They are ASCII letters, digits and "-", "_", ".", "/"; another
// panics.
func NewTable[T any](name string) Table[T] {
	const ok = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
	if name == "" || strings.Trim(name, ok) != "" {
		panic(fmt.Sprintf("storage: %q cannot name a table", name))
	}
	return Table[T]{name}
}

// Name is the table's name.
func (t Table[T]) Name() string { return t.name }

// Get returns the value at k. ErrNotFound, ErrCorrupt, ErrTxDone.
func (t Table[T]) Get(tx Tx, k Key) (T, error) {
	var v T
	data, err := tx.Get(t.name, k)
	if err != nil {
		return v, err
	}
	return t.decode(k, data)
}

// Has says whether there is a value at k.
func (t Table[T]) Has(tx Tx, k Key) (bool, error) {
	_, err := tx.Get(t.name, k)
	if err == ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

// Put sets the value at k. ErrReadOnly, ErrTooLarge, ErrTxDone.
func (t Table[T]) Put(tx Tx, k Key, v T) error {
	data, err := encode(&v)
	if err != nil {
		return fmt.Errorf("storage: encode %s %v: %w", t.name, k, err)
	}
	return tx.Put(t.name, k, data)
}

// Delete removes k; one that is not there is no error. ErrReadOnly, ErrTxDone.
func (t Table[T]) Delete(tx Tx, k Key) error { return tx.Delete(t.name, k) }

// DeletePrefix removes every key that starts with prefix and says how many
// there were. A nil prefix empties the table.
func (t Table[T]) DeletePrefix(tx Tx, prefix Key) (n int, err error) {
	for k, err := range t.Keys(tx, Range{Prefix: prefix}) {
		if err != nil {
			return n, err
		}
		if err := tx.Delete(t.name, k); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Entry is one row of a scan. Both fields are the caller's.
type Entry[T any] struct {
	Key   Key
	Value T
}

// Scan yields the rows in r in order. An error is yielded once, with an empty
// entry, and ends the scan. The body may write to the table: what it writes
// ahead of the scan is seen.
func (t Table[T]) Scan(tx Tx, r Range) iter.Seq2[Entry[T], error] {
	return func(yield func(Entry[T], error) bool) {
		for row, err := range scan(tx, t.name, r) {
			e := Entry[T]{Key: row.key}
			if err == nil {
				e.Value, err = t.decode(row.key, row.value)
			}
			if err != nil {
				yield(Entry[T]{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Keys is Scan without reading the values.
func (t Table[T]) Keys(tx Tx, r Range) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		for row, err := range scan(tx, t.name, r) {
			if !yield(row.key, err) {
				return
			}
		}
	}
}

func (t Table[T]) decode(k Key, data []byte) (T, error) {
	var v T
	if err := decode(data, &v); err != nil {
		return v, fmt.Errorf("storage: decode %s %v: %w", t.name, bytes.Clone(k), err)
	}
	return v, nil
}
