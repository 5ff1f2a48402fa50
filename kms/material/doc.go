// Package material owns KMS key material: the secret bytes of a key, the
// operations that need them, and the ciphertext blobs that come out. It is
// pure: it stores nothing, authorizes nothing and knows no AWS error; kms turns
// its sentinel errors into the answers that AWS gives.
//
// Only kms may import it (and emulator, for the wiring).
//
// One file a family of key specs, each with the same skeleton: a type that
// implements Material, New<Family> to generate, <Family>From to import,
// and the operations of that family as methods. What they share stands in
// secret.go (key bytes), blob.go (the ciphertext blob), context.go (the
// encryption context) and material.go (storage form).
//
// AWS documents the behaviour in the KMS Developer Guide ("Encryption context",
// "Importing key material", "Rotate keys") and the construction in "KMS
// Cryptographic Details".
package material
