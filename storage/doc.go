// Package storage owns everything that Sealstack keeps: ordered keys in
// transactions, typed tables over them, bulk data (blobs) and secrets that can
// be destroyed (slots).
//
// Any room may import it; it imports none of ours. The engines live under it:
// storage/memory for tests and ephemeral runs, storage/bolt for a data
// directory. Only the wiring and tests name an engine; everybody else holds a
// [Store] and knows nothing of what is below.
//
// Three habits keep an engine replaceable, a distributed one included:
//
//   - A closure handed to View or Update may run more than once, so it does
//     nothing that cannot be repeated.
//   - Nothing that a [Tx] hands out outlives the closure, iterators included;
//     [Table] copies what it returns.
//   - No other endpoint is called inside Update: see [InWrite].
//
// Nothing here is encrypted. Whoever stores a secret wraps it first
// (storage/seal).
package storage
