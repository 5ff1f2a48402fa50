// Package auth owns who calls and what the caller may do: it verifies Signature
// Version 4 and makes a caller of it, decides by AWS's policy evaluation
// whether a call is allowed, explains the decision and keeps the last ones on
// record.
//
// Authentication is for the edge, authorization for the services, which alone
// know a resource with its policy and its grants. Where the policies of callers
// and organizations come from is behind the interfaces [Identities],
// [Credentials] and [Organizations].
//
// The edge, the services and the wiring may import it; it imports api, arn,
// policy and clock. AWS documents its rules in the IAM User Guide under "Policy
// evaluation logic" (reference_policies_evaluation-logic), "AWS global condition
// context keys" (reference_policies_condition-keys) and "Troubleshoot access
// denied error messages" (troubleshoot_access-denied), in the KMS Developer
// Guide under "Troubleshooting key access" (policy-evaluation), and in the AWS
// Organizations User Guide under "Service control policies" and "Resource
// control policies".
package auth
