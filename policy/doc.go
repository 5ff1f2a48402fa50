// Package policy is AWS's policy language: it reads policy documents, compiles
// them once, and answers whether a request is denied or allowed by one of them
// and why. How the answers of several policies make up a decision is for the
// auth package.
//
// It is pure: no I/O, no clock, no state. Any package may import it; it imports
// arn alone.
//
// AWS documents the language in the IAM User Guide: "IAM JSON policy elements
// reference" (reference_policies_elements), "Grammar of the IAM JSON policy
// language" (reference_policies_grammar), "Condition operators"
// (reference_policies_elements_condition_operators), "Multivalued context keys"
// (reference_policies_multi-value-conditions) and "Variables and tags"
// (reference_policies_variables); what is particular to keys in the KMS
// Developer Guide, "Key policies" and "Condition keys for AWS KMS".
package policy
