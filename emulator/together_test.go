package emulator_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// busy calls every service over and over. What a reset takes away under a call
// may make it fail, but never as a fault of the emulator.
type busy struct {
	*testing.T
	server *emulatortest.Server
	calls  atomic.Int64
}

// done counts a call and looks at its error.
func (b *busy) done(err error) {
	b.calls.Add(1)
	if e, ok := errors.AsType[smithy.APIError](err); ok && (e.ErrorFault() == smithy.FaultServer || e.ErrorCode() == "InternalFailure") {
		b.Errorf("a fault: %v", err)
	}
}

func (b *busy) useKeys(ctx context.Context) {
	c, policy := kmsOf(b.server, root), `{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}`
	key, err := c.CreateKey(ctx, &kms.CreateKeyInput{Policy: &policy})
	b.done(err)
	if err != nil {
		return
	}
	out, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: key.KeyMetadata.KeyId, Plaintext: []byte("text")})
	b.done(err)
	if err == nil {
		_, err = c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
		b.done(err)
	}
	_, err = logsOf(b.server).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: key.KeyMetadata.KeyId, KmsKeyId: key.KeyMetadata.Arn})
	b.done(err)
}

func (b *busy) useLogs(ctx context.Context) {
	c, group, stream := logsOf(b.server), aws.String("g"), aws.String("s")
	_, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group})
	b.done(err)
	_, err = c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
	b.done(err)
	events := []logstypes.InputLogEvent{{Timestamp: aws.Int64(b.server.Now().UnixMilli()), Message: aws.String("text")}}
	_, err = c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events})
	b.done(err)
	_, err = c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group})
	b.done(err)
	_, err = c.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: group})
	b.done(err)
}

func (b *busy) useUsers(ctx context.Context) {
	c, name := iamOf(b.server), aws.String("ann")
	_, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
	b.done(err)
	k, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	b.done(err)
	if err == nil {
		user := credentials{*k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey}.provider()
		_, err = kmsOf(b.server, user).ListKeys(ctx, &kms.ListKeysInput{})
		b.done(err)
		_, err = c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: k.AccessKey.AccessKeyId})
		b.done(err)
	}
	_, err = c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
	b.done(err)
}

// during runs fn while every service is busy.
func during(t *testing.T, s *emulatortest.Server, fn func()) {
	t.Helper()
	b := &busy{T: t, server: s}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, use := range []func(context.Context){b.useKeys, b.useLogs, b.useUsers} {
		for range 2 {
			wg.Go(func() {
				for ctx.Err() == nil {
					use(t.Context())
				}
			})
		}
	}
	fn()
	cancel()
	wg.Wait()
	if b.calls.Load() < 100 {
		t.Errorf("only %d calls: the test means nothing", b.calls.Load())
	}
}

func TestResetsAndMovesOfTheClockBreakNoCall(t *testing.T) {
	for name, option := range map[string]emulatortest.Option{
		"in memory": emulatortest.WithTiming(emulator.Instant), "on disk": emulatortest.WithDataDir(t.TempDir()),
	} {
		t.Run(name, func(t *testing.T) {
			s := emulatortest.Start(t, option)
			during(t, s, func() {
				for range 30 {
					time.Sleep(10 * time.Millisecond)
					s.Advance(time.Hour)
					if err := s.Emulator().Reset(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
			if err := s.Emulator().Reset(t.Context()); err != nil {
				t.Error(err)
			}
			empty(t, s)
			furnish(t, s)
		})
	}
}
