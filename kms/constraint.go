package kms

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"

	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// The types of grant constraints, as kms:GrantConstraintType names them.
const (
	contextEquals = "EncryptionContextEquals"
	contextSubset = "EncryptionContextSubset"
	sourceARN     = "SourceArn"
)

// constraints limit the requests that a grant allows.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
type constraints struct {
	// Context is contextEquals or contextSubset, of Pairs; empty without either.
	Context string            `cbor:"1,keyasint,omitempty"`
	Pairs   map[string]string `cbor:"2,keyasint,omitempty"`
	Source  string            `cbor:"3,keyasint,omitempty"` // SourceArn
}

// The bounds of a constraint on the encryption context.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
const (
	maxPairs     = 8
	maxPairValue = 384 // characters
)

// constraintsOf reads the parameter.
//
// An empty map beside the other type does not count: Terraform's provider sends
// one with every grant that has constraints.
//
// Unverified: an empty map alone is a constraint.
func constraintsOf(in *kmsapi.GrantConstraints) (c constraints, err error) {
	if in == nil {
		return c, nil
	}
	c.Source = value(in.SourceArn)
	equal, subset := in.EncryptionContextEquals, in.EncryptionContextSubset
	switch {
	case len(equal) > 0 && len(subset) > 0:
		return c, twoConstraints()
	case len(equal) > 0, equal != nil && subset == nil:
		c.Context, c.Pairs = contextEquals, equal
	case len(subset) > 0, subset != nil && equal == nil:
		c.Context, c.Pairs = contextSubset, subset
	}
	if len(c.Pairs) > maxPairs {
		return c, tooManyPairs()
	}
	for _, v := range c.Pairs {
		if len([]rune(v)) > maxPairValue {
			return c, pairTooLong()
		}
	}
	return c, nil
}

// types lists the types of constraints that there are.
//
// Unverified: that kms:GrantConstraintType names SourceArn.
func (c *constraints) types() (types []string) {
	if c.Context != "" {
		types = append(types, c.Context)
	}
	if c.Source != "" {
		types = append(types, sourceARN)
	}
	return types
}

// shown is the parameter as lists show it, nil without constraints.
func (c *constraints) shown() *kmsapi.GrantConstraints {
	if c.Context == "" && c.Source == "" {
		return nil
	}
	out := &kmsapi.GrantConstraints{}
	pairs := c.Pairs
	if pairs == nil {
		pairs = map[string]string{}
	}
	switch c.Context {
	case contextEquals:
		out.EncryptionContextEquals = pairs
	case contextSubset:
		out.EncryptionContextSubset = pairs
	}
	if c.Source != "" {
		out.SourceArn = &c.Source
	}
	return out
}

// met says whether a request meets the constraints. source is its
// aws:SourceArn. Operations without an encryption context, as DescribeKey is,
// are not measured by one.
//
// Unverified: SourceArn is compared without wildcards.
func (c *constraints) met(r *request, source string) bool {
	if c.Source != "" && c.Source != source {
		return false
	}
	switch {
	case !r.contextual:
		return true
	case c.Context == contextEquals:
		return covers(r.pairs, c.Pairs) && covers(c.Pairs, r.pairs)
	case c.Context == contextSubset:
		return covers(r.pairs, c.Pairs)
	}
	return true
}

// narrow says whether the constraints of a child grant are at least as strict
// as its parent's.
// https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html#grant-creategrant
//
// Unverified: a SourceArn must be the same.
func (c *constraints) narrow(parent *constraints) bool {
	if parent.Source != "" && c.Source != parent.Source {
		return false
	}
	switch parent.Context {
	case contextEquals:
		return c.Context == contextEquals && covers(c.Pairs, parent.Pairs) && covers(parent.Pairs, c.Pairs)
	case contextSubset:
		return c.Context != "" && covers(c.Pairs, parent.Pairs)
	}
	return true
}

// covers says that all wanted pairs are among the pairs. In constraints the
// names do not mind case, the values do.
func covers(pairs, wanted map[string]string) bool {
	for name, value := range wanted {
		if !hasPair(pairs, name, value) {
			return false
		}
	}
	return true
}

func hasPair(pairs map[string]string, name, value string) bool {
	if v, ok := pairs[name]; ok && v == value {
		return true
	}
	name = strings.ToLower(name)
	for n, v := range pairs {
		if v == value && strings.ToLower(n) == name {
			return true
		}
	}
	return false
}

// mark stands for a pair of the encryption context that a request must have to
// meet the constraints, empty if there is none. Of several it is the one of
// the longest value: rather the volume or the table than the account.
func (c *constraints) mark() []byte {
	if len(c.Pairs) == 0 {
		return nil
	}
	name := slices.MaxFunc(slices.Collect(maps.Keys(c.Pairs)), func(a, b string) int {
		v, w := c.Pairs[a], c.Pairs[b]
		return cmp.Or(cmp.Compare(len(v), len(w)), cmp.Compare(v, w), cmp.Compare(a, b))
	})
	return markOf(name, c.Pairs[name])
}

// markOf is a digest, so that long pairs fit.
func markOf(name, value string) []byte {
	digest := sha256.Sum256(storage.K(strings.ToLower(name), value))
	return digest[:16]
}
