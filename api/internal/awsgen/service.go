package main

import "strings"

// service is what is known of a service beside its model.
type service struct {
	ID        string // folder in botocore's data, model file
	Global    bool   // one endpoint for the partition
	Namespace string // XML namespace, where the model does not give it
	Docs      string // AWS's API reference, before the name of an operation or type
}

// pkg is the name of the generated package.
func (s service) pkg() string { return strings.ReplaceAll(s.ID, "-", "") + "api" }

// services are all services, in the order of the documents.
var services = []service{
	{ID: "kms", Docs: "https://docs.aws.amazon.com/kms/latest/APIReference/API_"},
	{ID: "logs", Docs: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_"},
	{ID: "cloudtrail", Docs: "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_"},
	{ID: "cloudtrail-data", Docs: "https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/API_"},
	{ID: "iam", Global: true, Docs: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_"},
	{ID: "sts", Docs: "https://docs.aws.amazon.com/STS/latest/APIReference/API_"},
	{ID: "organizations", Global: true, Docs: "https://docs.aws.amazon.com/organizations/latest/APIReference/API_"},
	{ID: "cloudwatch", Docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_"},
	{ID: "s3", Namespace: "http://s3.amazonaws.com/doc/2006-03-01/", Docs: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_"},
}
