package arn

import "testing"

func TestEveryRegionBelongsToOnePartition(t *testing.T) {
	tests := []struct{ region, partition, suffix string }{
		{"us-east-1", "aws", "amazonaws.com"},
		{"eu-central-2", "aws", "amazonaws.com"},
		{"cn-north-1", "aws-cn", "amazonaws.com.cn"},
		{"us-gov-west-1", "aws-us-gov", "amazonaws.com"},
	}
	for _, test := range tests {
		if got := PartitionOf(test.region); got != test.partition {
			t.Errorf("PartitionOf(%s) = %s", test.region, got)
		}
		if got := DNSSuffix(PartitionOf(test.region)); got != test.suffix {
			t.Errorf("suffix of %s = %s", test.region, got)
		}
	}
	if got := DNSSuffix("aws-mars"); got != "" {
		t.Errorf("an unknown partition has the suffix %q", got)
	}
}

func TestOnlyRealRegionsAreValid(t *testing.T) {
	for _, region := range []string{"us-east-1", "mx-central-1", "ap-southeast-7", "cn-northwest-1", "us-gov-east-1"} {
		if !ValidRegion(region) {
			t.Errorf("%s is not valid", region)
		}
	}
	for _, region := range []string{"", "aws-global", "us-east-3", "us-east-1a", "US-EAST-1", "us-iso-east-1"} {
		if ValidRegion(region) {
			t.Errorf("%q is valid", region)
		}
	}
	for region := range regions {
		a := ARN{PartitionOf(region), "kms", region, "111122223333", "key/k"}
		if !a.Valid() {
			t.Errorf("%s is not valid", a)
		}
	}
}
