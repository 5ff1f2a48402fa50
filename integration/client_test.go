package integration

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// region is where the tests work; it is not the emulator's default one.
const region = "us-west-2"

// keys returns credentials that are always the same.
func keys(id, secret string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
	})
}

// root is an access key that the emulator did not issue.
var root = keys("test", "test")

func kmsClient(url string, c aws.CredentialsProvider) *kms.Client {
	return kms.New(kms.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}})
}

func logsClient(url string, c aws.CredentialsProvider) *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}})
}

func iamClient(url string, c aws.CredentialsProvider) *iam.Client {
	return iam.New(iam.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}})
}

func stsClient(url string, c aws.CredentialsProvider) *sts.Client {
	return sts.New(sts.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}})
}

// codeOf returns the code and the message of an error of AWS.
func codeOf(err error) (code, message string) {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode(), e.ErrorMessage()
	}
	return "", ""
}
