package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// walk is the log-encryption walk: the commands of "Encrypt Log Data in
// CloudWatch Logs Using AWS KMS", and what follows from them. The state that
// its steps hand on lives here, not in the emulator.
type walk struct {
	*testing.T
	server *emulatortest.Server
	kms    *kms.Client
	logs   *cloudwatchlogs.Client

	keyID, keyARN string
	policy        string // the key's default policy
	withLogs      string // the policy with the statement for CloudWatch Logs
	wrapped       []byte // a ciphertext of the key
}

const (
	born = "my-log-group"       // created with the key
	wed  = "existing-log-group" // associated afterwards
)

// step is one move of the walk. Each must hold wherever the emulator is
// restarted.
type step struct {
	name string
	do   func(*walk)
}

var walkSteps = []step{
	{"create-key", (*walk).createKey},
	{"get-key-policy", (*walk).getKeyPolicy},
	{"without the statement the key is refused", (*walk).refuseUnprepared},
	{"another Region's principal is refused", (*walk).refuseOtherRegion},
	{"another group's ARN is refused", (*walk).refuseOtherGroup},
	{"put-key-policy", (*walk).putKeyPolicy},
	{"create-log-group with the key", (*walk).createWithKey},
	{"put and get", (*walk).putAndGet},
	{"a group without a key", (*walk).createWithoutKey},
	{"associate-kms-key", (*walk).associate},
	{"before the delay the old key seals", (*walk).putTooEarly},
	{"after the delay the new key seals", (*walk).putAfterDelay},
	{"disable the key", (*walk).disable},
	{"enable the key", (*walk).enable},
	{"revoke", (*walk).revoke},
	{"restore", (*walk).restore},
	{"disassociate-kms-key", (*walk).disassociate},
	{"old events stay bound, new ones are free", (*walk).afterDisassociation},
	{"schedule-key-deletion", (*walk).schedule},
	{"cancel-key-deletion", (*walk).cancel},
	{"the key dies", (*walk).die},
	{"nothing reads any more", (*walk).gone},
}

func TestWalkWithSDK(t *testing.T) {
	w := startWalk(t, emulatortest.WithTiming(emulator.AWS))
	for _, s := range walkSteps {
		w.run(s)
	}
}

func TestWalkSurvivesARestartBetweenAnyTwoSteps(t *testing.T) {
	w := startWalk(t, emulatortest.WithTiming(emulator.AWS), emulatortest.WithDataDir(t.TempDir()))
	for _, s := range walkSteps {
		w.run(s)
		w.server.Restart()
	}
}

func startWalk(t *testing.T, options ...emulatortest.Option) *walk {
	server := emulatortest.Start(t, options...)
	return &walk{T: t, server: server, kms: kmsClient(server.URL, root), logs: logsClient(server.URL, root)}
}

func (w *walk) run(s step) {
	ok := w.T.Run(s.name, func(t *testing.T) {
		outer := w.T
		w.T = t
		defer func() { w.T = outer }()
		s.do(w)
	})
	if !ok {
		w.FailNow()
	}
}

func (w *walk) createKey() {
	out, err := w.kms.CreateKey(w.Context(), &kms.CreateKeyInput{})
	w.ok(err)
	m := out.KeyMetadata
	w.keyID, w.keyARN = *m.KeyId, *m.Arn
	if *m.Description != "" || !m.Enabled || m.KeyUsage != kmstypes.KeyUsageTypeEncryptDecrypt || m.KeyState != kmstypes.KeyStateEnabled {
		w.Errorf("metadata of a new key: %+v", m)
	}
	if want := "arn:aws:kms:us-west-2:" + *m.AWSAccountId + ":key/" + w.keyID; w.keyARN != want {
		w.Errorf("key ARN %s, want %s", w.keyARN, want)
	}
}

func (w *walk) getKeyPolicy() {
	out, err := w.kms.GetKeyPolicy(w.Context(), &kms.GetKeyPolicyInput{KeyId: &w.keyID, PolicyName: aws.String("default")})
	w.ok(err)
	w.policy = *out.Policy
	w.withLogs = w.add(statement("logs.us-west-2.amazonaws.com", ""))
}

// statement is what the document adds for CloudWatch Logs, restricted to a
// log group if one is given.
func statement(principal, group string) map[string]any {
	s := map[string]any{
		"Effect":    "Allow",
		"Principal": map[string]any{"Service": principal},
		"Action":    []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
		"Resource":  "*",
	}
	if group != "" {
		s["Condition"] = map[string]any{"ArnEquals": map[string]any{
			"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-west-2:000000000000:log-group:" + group,
		}}
	}
	return s
}

// add returns the default policy with a further statement.
func (w *walk) add(statement map[string]any) string {
	var p map[string]any
	w.ok(json.Unmarshal([]byte(w.policy), &p))
	p["Statement"] = append(p["Statement"].([]any), statement)
	b, err := json.Marshal(p)
	w.ok(err)
	return string(b)
}

func (w *walk) refuseUnprepared()  { w.refuseCreation() }
func (w *walk) refuseOtherRegion() { w.refuseUnder(statement("logs.eu-west-1.amazonaws.com", "")) }
func (w *walk) refuseOtherGroup() {
	w.refuseUnder(statement("logs.us-west-2.amazonaws.com", "another-group"))
}

func (w *walk) refuseUnder(s map[string]any) {
	w.setPolicy(w.add(s))
	w.refuseCreation()
}

// refuseCreation checks that the group can't be made with the key, and is not.
func (w *walk) refuseCreation() {
	_, err := w.logs.CreateLogGroup(w.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(born), KmsKeyId: &w.keyARN})
	w.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:000000000000:log-group:my-log-group'")
	out, err := w.logs.DescribeLogGroups(w.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	w.ok(err)
	if len(out.LogGroups) != 0 {
		w.Errorf("a refused creation left %d groups", len(out.LogGroups))
	}
}

func (w *walk) setPolicy(policy string) {
	_, err := w.kms.PutKeyPolicy(w.Context(), &kms.PutKeyPolicyInput{KeyId: &w.keyID, PolicyName: aws.String("default"), Policy: &policy})
	w.ok(err)
}

func (w *walk) putKeyPolicy() { w.setPolicy(w.withLogs) }

func (w *walk) createWithKey() {
	_, err := w.logs.CreateLogGroup(w.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(born), KmsKeyId: &w.keyARN})
	w.ok(err)
	w.keyOf(born, w.keyARN)
	w.createStream(born, "s1")
}

func (w *walk) createStream(group, stream string) {
	_, err := w.logs.CreateLogStream(w.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream})
	w.ok(err)
}

func (w *walk) putAndGet() {
	w.put(born, "s1", "secret-one", "secret-two é", "secret-three")
	w.reads(born, "s1", "secret-one", "secret-two é", "secret-three")
}

func (w *walk) createWithoutKey() {
	_, err := w.logs.CreateLogGroup(w.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(wed)})
	w.ok(err)
	w.keyOf(wed, "")
	for _, s := range []string{"before", "early", "after", "later"} {
		w.createStream(wed, s)
	}
	w.put(wed, "before", "secret-before")
}

func (w *walk) associate() {
	_, err := w.logs.AssociateKmsKey(w.Context(), &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: aws.String(wed), KmsKeyId: &w.keyARN})
	w.ok(err)
	w.keyOf(wed, w.keyARN)
}

func (w *walk) putTooEarly() {
	w.server.Advance(4 * time.Minute)
	w.put(wed, "early", "secret-early")
}

func (w *walk) putAfterDelay() {
	w.server.Advance(time.Minute)
	w.put(wed, "after", "secret-after")
	for _, s := range []string{"before", "early", "after"} {
		w.reads(wed, s, "secret-"+s)
	}
}

// disable shows which events are under the key: those put since the
// association took effect.
func (w *walk) disable() {
	_, err := w.kms.DisableKey(w.Context(), &kms.DisableKeyInput{KeyId: &w.keyID})
	w.ok(err)
	w.server.Advance(5 * time.Minute)
	w.bound()
}

// bound checks that what is under the key does not read, and the rest does.
func (w *walk) bound() {
	w.refuses(born, "s1")
	w.refuses(wed, "after")
	w.reads(wed, "before", "secret-before")
	w.reads(wed, "early", "secret-early")
}

func (w *walk) enable() {
	_, err := w.kms.EnableKey(w.Context(), &kms.EnableKeyInput{KeyId: &w.keyID})
	w.ok(err)
	w.free()
}

// free checks that everything reads.
func (w *walk) free() {
	w.reads(born, "s1", "secret-one", "secret-two é", "secret-three")
	for _, s := range []string{"before", "early", "after"} {
		w.reads(wed, s, "secret-"+s)
	}
}

func (w *walk) revoke() {
	w.setPolicy(w.policy)
	w.server.Advance(5 * time.Minute)
	w.bound()
	err := w.tryPut(born, "s1", "secret-lost")
	w.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn")
}

func (w *walk) restore() {
	w.setPolicy(w.withLogs)
	w.free()
}

func (w *walk) disassociate() {
	_, err := w.logs.DisassociateKmsKey(w.Context(), &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String(wed)})
	w.ok(err)
	w.keyOf(wed, "")
	w.server.Advance(5 * time.Minute)
	w.put(wed, "later", "secret-later")
}

func (w *walk) afterDisassociation() {
	w.free()
	w.revoke()
	w.reads(wed, "later", "secret-later")
	w.restore()
}

func (w *walk) schedule() {
	out, err := w.kms.Encrypt(w.Context(), &kms.EncryptInput{KeyId: &w.keyID, Plaintext: []byte("kept")})
	w.ok(err)
	w.wrapped = out.CiphertextBlob
	w.scheduleIn(7)
	w.server.Advance(5 * time.Minute)
	w.bound()
}

func (w *walk) scheduleIn(days int32) {
	out, err := w.kms.ScheduleKeyDeletion(w.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &w.keyID, PendingWindowInDays: &days})
	w.ok(err)
	if out.KeyState != kmstypes.KeyStatePendingDeletion || *out.KeyId != w.keyARN {
		w.Errorf("schedule answers %+v", out)
	}
}

func (w *walk) cancel() {
	_, err := w.kms.CancelKeyDeletion(w.Context(), &kms.CancelKeyDeletionInput{KeyId: &w.keyID})
	w.ok(err)
	d, err := w.kms.DescribeKey(w.Context(), &kms.DescribeKeyInput{KeyId: &w.keyID})
	w.ok(err)
	if d.KeyMetadata.KeyState != kmstypes.KeyStateDisabled {
		w.Errorf("after the cancellation the key is %s", d.KeyMetadata.KeyState)
	}
	w.enable()
}

func (w *walk) die() {
	w.scheduleIn(7)
	w.server.Advance(7*24*time.Hour + time.Second)
}

func (w *walk) gone() {
	w.refuses(born, "s1")
	w.refuses(wed, "after")
	w.reads(wed, "before", "secret-before")
	w.reads(wed, "later", "secret-later")
	_, err := w.kms.DescribeKey(w.Context(), &kms.DescribeKeyInput{KeyId: &w.keyID})
	w.fails(err, "NotFoundException", "Key '"+w.keyARN+"' does not exist")
	_, err = w.kms.Decrypt(w.Context(), &kms.DecryptInput{CiphertextBlob: w.wrapped})
	if err == nil {
		w.Error("a ciphertext of the deleted key decrypts")
	}
}

// keyOf checks which key DescribeLogGroups shows for a group.
func (w *walk) keyOf(group, want string) {
	out, err := w.logs.DescribeLogGroups(w.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &group})
	w.ok(err)
	if len(out.LogGroups) != 1 || aws.ToString(out.LogGroups[0].KmsKeyId) != want {
		w.Errorf("describe-log-groups of %s shows %+v, want the key %q", group, out.LogGroups, want)
	}
}

func (w *walk) put(group, stream string, messages ...string) {
	w.ok(w.tryPut(group, stream, messages...))
}

func (w *walk) tryPut(group, stream string, messages ...string) error {
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
	at := w.server.Now().UnixMilli()
	for i, m := range messages {
		in.LogEvents = append(in.LogEvents, logstypes.InputLogEvent{Timestamp: aws.Int64(at + int64(i)), Message: aws.String(m)})
	}
	_, err := w.logs.PutLogEvents(w.Context(), in)
	return err
}

// reads checks that a stream holds exactly the messages.
func (w *walk) reads(group, stream string, want ...string) {
	w.Helper()
	out, err := w.logs.GetLogEvents(w.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, StartFromHead: aws.Bool(true)})
	w.ok(err)
	var got []string
	for _, e := range out.Events {
		got = append(got, *e.Message)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("%s/%s holds %q, want %q", group, stream, got, want)
	}
	filtered, err := w.logs.FilterLogEvents(w.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, LogStreamNames: []string{stream}})
	w.ok(err)
	if len(filtered.Events) != len(want) {
		w.Errorf("filter-log-events of %s/%s gives %d events, want %d", group, stream, len(filtered.Events), len(want))
	}
}

// refuses checks that a stream can't be read, and that the refusal gives
// nothing of it away.
func (w *walk) refuses(group, stream string) {
	w.Helper()
	sentence := "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:000000000000:log-group:" + group + "'"
	_, err := w.logs.GetLogEvents(w.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, StartFromHead: aws.Bool(true)})
	w.fails(err, "AccessDeniedException", sentence)
	_, err = w.logs.FilterLogEvents(w.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, LogStreamNames: []string{stream}})
	w.fails(err, "AccessDeniedException", sentence)
}

func (w *walk) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// fails checks that an error has AWS's code and sentence.
func (w *walk) fails(err error, code, sentence string) {
	w.Helper()
	if got, message := codeOf(err); got != code || !strings.Contains(message, sentence) {
		w.Fatalf("error %v, want %s: %s", err, code, sentence)
	}
	if err != nil && strings.Contains(err.Error(), "secret-") {
		w.Fatalf("the error gives log text away: %v", err)
	}
}
