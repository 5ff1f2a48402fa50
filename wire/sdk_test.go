package wire

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// What the SDK makes of the edge's answers is what counts in the end.

// sdk is a configuration of the SDK that reaches w.
func sdk(t *testing.T, w *world) aws.Config {
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: &s.URL, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
}

func TestTheSDKReadsKMS(t *testing.T) {
	client := kms.NewFromConfig(sdk(t, newWorld()))
	out, err := client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("k"), Plaintext: []byte("hi")})
	if err != nil || string(out.CiphertextBlob) != "sealed:hi" || *out.KeyId != "k" {
		t.Fatal(out, err)
	}
	if _, err := client.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String("k")}); err != nil {
		t.Error(err)
	}
	_, err = client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("missing"), Plaintext: []byte("hi")})
	if found, ok := errors.AsType[*kmstypes.NotFoundException](err); !ok || found.ErrorMessage() != "Key 'missing' does not exist" {
		t.Error(err)
	}
	_, err = client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("silent"), Plaintext: []byte("hi")})
	if found, ok := errors.AsType[*kmstypes.InvalidCiphertextException](err); !ok || found.ErrorMessage() != "" {
		t.Error(err)
	}
	for key, code := range map[string]string{"denied": "AccessDeniedException", "broken": "InternalFailure", "panic": "InternalFailure"} {
		_, err := client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(key), Plaintext: []byte("hi")})
		if found, ok := errors.AsType[smithy.APIError](err); !ok || found.ErrorCode() != code || found.ErrorMessage() == "" {
			t.Errorf("%s: %v", key, err)
		}
	}
	_, err = client.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: aws.String("k")})
	if found, ok := errors.AsType[smithy.APIError](err); !ok || found.ErrorCode() != "NotImplemented" {
		t.Error(err)
	}
}

func TestTheSDKReadsLogs(t *testing.T) {
	w := newWorld()
	client := cloudwatchlogs.NewFromConfig(sdk(t, w))
	_, err := client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
		LogEvents: []logstypes.InputLogEvent{{Timestamp: aws.Int64(1700000000000), Message: aws.String("a \"b\"\n\U0001F511")}},
	})
	if err != nil || w.logs.put.LogEvents[0].Message != "a \"b\"\n\U0001F511" || w.logs.put.LogEvents[0].Timestamp != 1700000000000 {
		t.Fatal(err, w.logs.put)
	}
	_, err = client.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogStreamName: aws.String("s"), LogGroupName: aws.String("g"), Limit: aws.Int32(10001)})
	if found, ok := errors.AsType[*logstypes.InvalidParameterException](err); !ok || !strings.HasPrefix(found.ErrorMessage(), "1 validation error detected: Value '10001' at 'limit'") {
		t.Error(err)
	}
}

func TestTheSDKReadsQueryServices(t *testing.T) {
	config := sdk(t, newWorld())
	out, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *out.Account != "111122223333" || *out.UserId != "id-1" {
		t.Fatal(out, err)
	}
	web, err := sts.NewFromConfig(config).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/r"), RoleSessionName: aws.String("me"), WebIdentityToken: aws.String("0123456789"),
	})
	if err != nil || *web.Provider != "anonymous" {
		t.Error(web, err)
	}
	client := iam.NewFromConfig(config)
	if _, err := client.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("u")}); err != nil {
		t.Error(err)
	}
	_, err = client.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("u")})
	if found, ok := errors.AsType[*iamtypes.NoSuchEntityException](err); !ok || found.ErrorMessage() != "The user with name <x> cannot be found." {
		t.Error(err)
	}
	_, err = client.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("no good")})
	if found, ok := errors.AsType[smithy.APIError](err); !ok || found.ErrorCode() != "ValidationError" || !strings.HasPrefix(found.ErrorMessage(), "1 validation error detected: Value at 'userName' failed") {
		t.Error(err)
	}
	_, err = client.GenerateCredentialReport(t.Context(), &iam.GenerateCredentialReportInput{})
	if found, ok := errors.AsType[smithy.APIError](err); !ok || found.ErrorCode() != "NotImplemented" {
		t.Error(err)
	}
}

// withoutHostPrefix keeps the SDK from asking for stream-127.0.0.1.
func withoutHostPrefix(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("withoutHostPrefix",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

func TestTheSDKReadsALiveTail(t *testing.T) {
	client := cloudwatchlogs.NewFromConfig(sdk(t, newWorld()), func(o *cloudwatchlogs.Options) {
		o.APIOptions = append(o.APIOptions, withoutHostPrefix)
	})
	out, err := client.StartLiveTail(t.Context(), &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{"arn:aws:logs:us-east-1:111122223333:log-group:g"}})
	if err != nil {
		t.Fatal(err)
	}
	stream := out.GetStream()
	defer stream.Close()
	var seen []string
	for event := range stream.Events() {
		switch event := event.(type) {
		case *logstypes.StartLiveTailResponseStreamMemberSessionStart:
			seen = append(seen, *event.Value.SessionId)
		case *logstypes.StartLiveTailResponseStreamMemberSessionUpdate:
			seen = append(seen, *event.Value.SessionResults[0].Message)
		}
	}
	if strings.Join(seen, " ") != "session hello" {
		t.Error(seen)
	}
	if _, ok := errors.AsType[*logstypes.SessionTimeoutException](stream.Err()); !ok {
		t.Error(stream.Err())
	}
}
