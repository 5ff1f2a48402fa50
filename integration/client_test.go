package integration

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

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
	return kms.New(kms.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}, HTTPClient: whole{}})
}

func logsClient(url string, c aws.CredentialsProvider) *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}, HTTPClient: whole{}})
}

func iamClient(url string, c aws.CredentialsProvider) *iam.Client {
	return iam.New(iam.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}, HTTPClient: whole{}})
}

func stsClient(url string, c aws.CredentialsProvider) *sts.Client {
	return sts.New(sts.Options{BaseEndpoint: &url, Region: region, Credentials: c, Retryer: aws.NopRetryer{}, HTTPClient: whole{}})
}

// codeOf returns the code and the message of an error of AWS.
func codeOf(err error) (code, message string) {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode(), e.ErrorMessage()
	}
	return "", ""
}

// whole is an HTTP client that reads an answer before it hands it on: the SDK
// closes the connection while it reads a long answer that came at once. Streams
// of events are handed on as they come.
type whole struct{}

func (whole) Do(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || strings.Contains(resp.Header.Get("Content-Type"), "eventstream") {
		return resp, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp, err
}
