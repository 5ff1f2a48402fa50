package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The largest documents that the services take. Those of IAM count characters
// without white space, see [Size]; the inline sizes are for all inline policies
// of one user, group or role together (IAM User Guide, reference_iam-quotas).
const (
	MaxKeyPolicyBytes    = 32768 // KMS Developer Guide, "Resource quotas"
	MaxBucketPolicyBytes = 20480 // Amazon S3 User Guide, "Bucket policies"
	MaxLogsPolicySize    = 5120  // PutResourcePolicy of CloudWatch Logs, characters
	MaxManagedPolicySize = 6144
	MaxUserInlineSize    = 2048
	MaxGroupInlineSize   = 5120
	MaxRoleInlineSize    = 10240
	MaxTrustPolicySize   = 2048
	MaxSessionPolicySize = 2048
)

// Size counts the characters of a document that are not white space.
func Size(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// ValidCharacters reports whether a document holds only what KMS and IAM take:
// tab, line feed, carriage return and U+0020 to U+00FF.
func ValidCharacters(document string) bool {
	for _, r := range document {
		if r > 0xFF || r < 0x20 && r != '\t' && r != '\n' && r != '\r' {
			return false
		}
	}
	return utf8.ValidString(document)
}

// OverlyPermissive finds the conditions for which KMS refuses a key policy with
// OverlyPermissiveCondition: ForAllValues on kms:EncryptionContext:NAME or
// aws:RequestTag/NAME, which have one value, so that the condition holds for
// requests without the key as well (KMS Developer Guide, "AWS KMS condition
// keys").
//
// Unverified: the effect of the statement does not matter.
func OverlyPermissive(p *Policy) []OverlyPermissiveCondition {
	var found []OverlyPermissiveCondition
	for i := range p.Statements {
		s := &p.Statements[i]
		for j := range s.conditions {
			c := &s.conditions[j]
			if c.quantifier == forAll && isSingleValued(c.lookup) {
				found = append(found, OverlyPermissiveCondition{s.ref, ConditionKey{c.operator, c.key}})
			}
		}
	}
	return found
}

// OverlyPermissiveCondition is a condition that [OverlyPermissive] found.
type OverlyPermissiveCondition struct {
	Statement StatementRef
	Condition ConditionKey
}

func isSingleValued(key string) bool {
	return strings.HasPrefix(key, "kms:encryptioncontext:") || strings.HasPrefix(key, "aws:requesttag/")
}
