package iam

import (
	"regexp"
	"testing"
)

func TestIdsHaveTheFormsOfAWS(t *testing.T) {
	keyID := func() string {
		id, err := newKeyID(longTermPrefix, "123456789012")
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	for name, c := range map[string]struct {
		make func() string
		form string
	}{
		"user":   {func() string { return newID(userPrefix) }, `^AIDA[A-Z2-7]{17}$`},
		"key":    {keyID, `^AKIA[A-Z2-7]{16}$`},
		"secret": {newSecret, `^[A-Za-z0-9+/]{40}$`},
	} {
		seen := map[string]bool{}
		for range 100 {
			id := c.make()
			if !regexp.MustCompile(c.form).MatchString(id) {
				t.Fatalf("%s: %s does not match %s", name, id, c.form)
			}
			if seen[id] {
				t.Fatalf("%s: %s came twice", name, id)
			}
			seen[id] = true
		}
	}
}

func TestAKeyIDCarriesItsAccount(t *testing.T) {
	for _, account := range []string{"000000000000", "000000000001", "123456789012", "999999999999"} {
		for range 50 {
			id, err := newKeyID(temporaryPrefix, account)
			if err != nil {
				t.Fatal(err)
			}
			if got := accountOfKey(id); got != account {
				t.Fatalf("%s belongs to %q, want %s", id, got, account)
			}
		}
	}
	// The account number of a well-known example key predates the form.
	for _, id := range []string{"", "AKIA", "AKIAIOSFODNN7EXAMPLE", "AKIA0000000000000000", "123456789012"} {
		if got := accountOfKey(id); got != "" {
			t.Errorf("%q belongs to %q, want none", id, got)
		}
	}
	if _, err := newKeyID(longTermPrefix, "none"); err == nil {
		t.Error("a key id for an account that is no number")
	}
}
