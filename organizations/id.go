package organizations

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
)

// letters returns n random lower-case letters and digits, at most 52.
func letters(n int) string { return strings.ToLower(rand.Text() + rand.Text())[:n] }

// The forms of ids stand in the API reference beside each type.
func newOrganizationID() string { return "o-" + letters(10) }
func newRootID() string         { return "r-" + letters(4) }
func newPolicyID() string       { return "p-" + letters(10) }
func newHandshakeID() string    { return "h-" + letters(32) }
func newCreationID() string     { return "car-" + letters(32) }

// newUnitID names an organizational unit; its id holds that of the root.
func newUnitID(root string) string {
	return "ou-" + strings.TrimPrefix(root, "r-") + "-" + letters(8)
}

// newAccountID returns a number of 12 digits.
func newAccountID() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	if err != nil {
		return "", fmt.Errorf("organizations: number of an account: %w", err)
	}
	return fmt.Sprint(n.Int64() + 100_000_000_000), nil
}

// kind is what an id names, in the word that stands in its ARN.
type kind string

const (
	aRoot      kind = "root"
	aUnit      kind = "ou"
	anAccount  kind = "account"
	aPolicy    kind = "policy"
	aHandshake kind = "handshake"
)

// kindOf tells by its form what an id names.
func kindOf(id string) kind {
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "r":
		return aRoot
	case "ou":
		return aUnit
	case "p":
		return aPolicy
	case "h":
		return aHandshake
	}
	return anAccount
}
