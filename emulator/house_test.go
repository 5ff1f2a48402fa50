package emulator_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sealstack/emulator/emulatortest"
)

const region = "eu-central-1"

// credentials are an access key.
type credentials struct{ id, secret string }

func (c credentials) provider() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.id, SecretAccessKey: c.secret}, nil
	})
}

var root = credentials{"test", "test"}.provider()

func kmsOf(s *emulatortest.Server, c aws.CredentialsProvider) *kms.Client {
	return kms.New(kms.Options{BaseEndpoint: &s.URL, Region: region, Credentials: c, Retryer: aws.NopRetryer{}})
}

func logsOf(s *emulatortest.Server) *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{BaseEndpoint: &s.URL, Region: region, Credentials: root, Retryer: aws.NopRetryer{}})
}

func iamOf(s *emulatortest.Server) *iam.Client {
	return iam.New(iam.Options{BaseEndpoint: &s.URL, Region: region, Credentials: root, Retryer: aws.NopRetryer{}})
}

// furnish makes one of everything: a key, a log group under it with an event,
// a user with an access key.
func furnish(t *testing.T, s *emulatortest.Server) (keyARN string, user aws.CredentialsProvider) {
	t.Helper()
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`
	key, err := kmsOf(s, root).CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &policy})
	ok(t, err)
	keyARN = *key.KeyMetadata.Arn
	_, err = logsOf(s).CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g"), KmsKeyId: &keyARN})
	ok(t, err)
	_, err = logsOf(s).CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	ok(t, err)
	put(t, s, "one")
	_, err = iamOf(s).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("ann")})
	ok(t, err)
	k, err := iamOf(s).CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("ann")})
	ok(t, err)
	return keyARN, credentials{*k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey}.provider()
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put puts an event of now into g/s.
func put(t *testing.T, s *emulatortest.Server, message string) {
	t.Helper()
	out, err := logsOf(s).PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
		LogEvents: []logstypes.InputLogEvent{{Timestamp: aws.Int64(s.Now().UnixMilli()), Message: &message}},
	})
	ok(t, err)
	if out.RejectedLogEventsInfo != nil {
		t.Fatalf("%q was rejected: %+v", message, out.RejectedLogEventsInfo)
	}
}

// messages reads g/s from its head.
func messages(t *testing.T, s *emulatortest.Server) (list []string) {
	t.Helper()
	out, err := logsOf(s).GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), StartFromHead: aws.Bool(true),
	})
	ok(t, err)
	for _, e := range out.Events {
		list = append(list, *e.Message)
	}
	return list
}
