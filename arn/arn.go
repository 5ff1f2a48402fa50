// Package arn reads, writes and compares Amazon Resource Names, and knows the
// Regions and partitions that may stand in one.
//
// It is pure: no I/O, no state. Every other package may import it; it imports
// none of ours.
//
// AWS documents the format in the IAM User Guide, "Identify AWS resources with
// Amazon Resource Names (ARNs)" (reference-arns), and the comparison in
// "IAM JSON policy elements: Condition operators" (Conditions_ARN).
package arn

import (
	"fmt"
	"strings"
)

// ARN is an Amazon Resource Name taken apart:
//
//	arn:Partition:Service:Region:Account:Resource
//
// Region and Account are empty where the service is global or the resource has
// no owner in its name (IAM has no Region, an S3 bucket has neither). Resource
// is everything behind the fifth colon and may hold colons and slashes.
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string
}

// SyntaxError says that a string is not an ARN, and why.
type SyntaxError struct {
	Value  string // the string that was read
	Reason string // which part is wrong
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("arn: %q: %s", e.Value, e.Reason)
}

// Parse takes an ARN apart. It checks the shape only: six parts, the first of
// them "arn", with a partition, a service and a resource; whether partition,
// Region and account exist is for [ARN.Valid]. The error is a *[SyntaxError].
func Parse(s string) (ARN, error) {
	parts := strings.SplitN(s, ":", 6)
	if parts[0] != "arn" {
		return ARN{}, &SyntaxError{s, "does not begin with arn:"}
	}
	if len(parts) != 6 {
		return ARN{}, &SyntaxError{s, "has fewer than six parts"}
	}
	a := ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}
	if reason := a.missing(); reason != "" {
		return ARN{}, &SyntaxError{s, reason}
	}
	return a, nil
}

func (a ARN) missing() string {
	switch {
	case a.Partition == "":
		return "has no partition"
	case a.Service == "":
		return "has no service"
	case a.Resource == "":
		return "has no resource"
	}
	return ""
}

// Is reports whether [Parse] accepts s.
func Is(s string) bool {
	_, err := Parse(s)
	return err == nil
}

// String puts the parts together again; for any s that [Parse] accepts it gives
// back s.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Valid reports whether the ARN could name a real resource: all needed parts
// present, a known partition, a Region that is empty or belongs to that
// partition, an account that is empty, "aws" (AWS's own managed policies) or
// twelve digits.
func (a ARN) Valid() bool {
	return a.missing() == "" &&
		DNSSuffix(a.Partition) != "" &&
		(a.Region == "" || ValidRegion(a.Region) && PartitionOf(a.Region) == a.Partition) &&
		(a.Account == "" || a.Account == "aws" || ValidAccount(a.Account))
}

// ValidAccount reports whether id has the form of an account ID: twelve digits.
func ValidAccount(id string) bool {
	if len(id) != 12 {
		return false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return true
}
