package arn

import "strings"

// The partitions this package knows.
const (
	AWS      = "aws"        // the commercial Regions
	AWSChina = "aws-cn"     // China
	AWSGov   = "aws-us-gov" // GovCloud (US)
)

// PartitionOf gives the partition that a Region lies in, by the form of the
// name: cn-* is aws-cn, us-gov-* is aws-us-gov, anything else aws. It does not
// ask whether the Region exists; see [ValidRegion].
func PartitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return AWSChina
	case strings.HasPrefix(region, "us-gov-"):
		return AWSGov
	}
	return AWS
}

// DNSSuffix is the domain under which a partition's endpoints stand, for
// example amazonaws.com; empty for a partition this package does not know.
// Service principals keep amazonaws.com in every partition.
func DNSSuffix(partition string) string {
	switch partition {
	case AWS, AWSGov:
		return "amazonaws.com"
	case AWSChina:
		return "amazonaws.com.cn"
	}
	return ""
}

// ValidRegion reports whether a Region of that name exists in one of the
// partitions aws, aws-cn and aws-us-gov.
func ValidRegion(region string) bool { return regions[region] }

// regions as AWS's endpoint metadata lists them.
var regions = map[string]bool{
	"af-south-1":     true,
	"ap-east-1":      true,
	"ap-east-2":      true,
	"ap-northeast-1": true,
	"ap-northeast-2": true,
	"ap-northeast-3": true,
	"ap-south-1":     true,
	"ap-south-2":     true,
	"ap-southeast-1": true,
	"ap-southeast-2": true,
	"ap-southeast-3": true,
	"ap-southeast-4": true,
	"ap-southeast-5": true,
	"ap-southeast-6": true,
	"ap-southeast-7": true,
	"ca-central-1":   true,
	"ca-west-1":      true,
	"cn-north-1":     true,
	"cn-northwest-1": true,
	"eu-central-1":   true,
	"eu-central-2":   true,
	"eu-north-1":     true,
	"eu-south-1":     true,
	"eu-south-2":     true,
	"eu-west-1":      true,
	"eu-west-2":      true,
	"eu-west-3":      true,
	"il-central-1":   true,
	"me-central-1":   true,
	"me-south-1":     true,
	"mx-central-1":   true,
	"sa-east-1":      true,
	"us-east-1":      true,
	"us-east-2":      true,
	"us-gov-east-1":  true,
	"us-gov-west-1":  true,
	"us-west-1":      true,
	"us-west-2":      true,
}
