// Package sealstack is the module's root. It holds what is checked and made
// for all rooms at once: see ARCHITECTURE.md.
package sealstack

//go:generate go run ./internal/guesses .
