package storage

import (
	"errors"
	"fmt"
)

// When the store is opened.
var (
	// ErrFormatNewer: the data was written by a later version of the program.
	// Nothing has been changed; use that version, or another directory.
	ErrFormatNewer = errors.New("storage: the data directory has a newer format than this program knows")
)

// ErrLocked says that another process has the data directory open. It is
// returned by value, for errors.As.
type ErrLocked struct {
	Dir string // the data directory
	PID int    // the process that holds it, 0 when it has not said so yet
}

// Error names the directory and the process.
func (e ErrLocked) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("storage: %s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("storage: %s is in use by process %d", e.Dir, e.PID)
}

// When a transaction is begun.
var (
	// ErrClosed: the store has been closed.
	ErrClosed = errors.New("storage: the store is closed")
	// ErrNested: View or Update was called, or something that needs a
	// transaction of its own, with the context of a transaction still running.
	ErrNested = errors.New("storage: a transaction inside a transaction")
)

// When a transaction is used.
var (
	// ErrNotFound: there is no such key, blob or slot.
	ErrNotFound = errors.New("storage: not found")
	// ErrReadOnly: a write in a View.
	ErrReadOnly = errors.New("storage: write in a read-only transaction")
	// ErrTxDone: the Tx was used after its closure had returned.
	ErrTxDone = errors.New("storage: the transaction is over")
	// ErrTooLarge: a key over MaxKey or a blob over MaxBlob.
	ErrTooLarge = errors.New("storage: too large")
)

// When something is read.
var (
	// ErrCorrupt: what is stored is not what was written: a checksum, a
	// length or an encoding is wrong, or a file is missing.
	ErrCorrupt = errors.New("storage: corrupt")
	// ErrBadToken: a page token that was not made here, or for another
	// purpose.
	ErrBadToken = errors.New("storage: bad page token")
)
