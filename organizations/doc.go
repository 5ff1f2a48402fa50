// Package organizations owns organizations: their accounts, the tree of
// organizational units, and the service and resource control policies that are
// attached to it. Only the wiring imports it; package auth asks it through the
// interface auth.Organizations which accounts belong together and which
// policies limit them.
//
// An organization with its tree is one record, policies and requests have
// tables of their own. What auth asks on every call is kept in memory,
// compiled, until the next write to Organizations.
//
// AWS's documents:
// https://docs.aws.amazon.com/organizations/latest/APIReference/Welcome.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
package organizations
