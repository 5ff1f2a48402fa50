package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// ledger is what the program has acknowledged, over all its lives. Its maps
// are guarded by mu.
type ledger struct {
	mu      sync.Mutex
	keys    []string         // ids
	revised map[string][]int // key: revisions of its policy that it may have, the acknowledged one first
	sealed  []sealedText
	groups  map[string]string // log group: ARN of its key
	streams []string          // groups that have the stream "s"
	events  map[string][]string
	maybe   map[string]bool // events that were sent and not acknowledged
	users   []issuedKey
}

type sealedText struct {
	plain  string
	cipher []byte
}

type issuedKey struct{ user, id, secret string }

// note changes the ledger.
func (l *ledger) note(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// life is one life of the program, between a start and a kill.
type life struct {
	*ledger
	ctx  context.Context // ends with the program
	name string
	kms  *kms.Client
	logs *cloudwatchlogs.Client
	iam  *iam.Client
}

func (l *ledger) begin(ctx context.Context, url, name string) *life {
	return &life{ledger: l, ctx: ctx, name: name, kms: kmsClient(url, root), logs: logsClient(url, root), iam: iamClient(url, root)}
}

// lived reports whether a call was acknowledged. Whatever fails while the
// program lives is a fault.
func (f *life) lived(err error) bool {
	if code, message := codeOf(err); code != "" {
		panic(fmt.Sprintf("refused: %s: %s", code, message))
	}
	return err == nil
}

// makeKeys makes keys, revises their policies, encrypts, and makes log groups
// under them.
func (f *life) makeKeys() {
	for i := 0; f.ctx.Err() == nil; i++ {
		out, err := f.kms.CreateKey(f.ctx, &kms.CreateKeyInput{Policy: aws.String(crashPolicy(0))})
		if !f.lived(err) {
			return
		}
		id, arn := *out.KeyMetadata.KeyId, *out.KeyMetadata.Arn
		f.note(func() { f.keys, f.revised[id] = append(f.keys, id), []int{0} })
		if !f.encrypt(id) || !f.createGroup(fmt.Sprintf("%s-%d", f.name, i), arn) || !f.revise(id) {
			return
		}
	}
}

// crashPolicy is a key policy that CloudWatch Logs may use, told apart by its
// revision.
func crashPolicy(revision int) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Id":"revision-%d","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`, revision)
}

func (f *life) encrypt(id string) bool {
	plain := "plain of " + id
	out, err := f.kms.Encrypt(f.ctx, &kms.EncryptInput{KeyId: &id, Plaintext: []byte(plain)})
	if f.lived(err) {
		f.note(func() { f.sealed = append(f.sealed, sealedText{plain, out.CiphertextBlob}) })
	}
	return err == nil
}

func (f *life) createGroup(name, keyARN string) bool {
	_, err := f.logs.CreateLogGroup(f.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, KmsKeyId: &keyARN})
	if !f.lived(err) {
		return false
	}
	f.note(func() { f.groups[name] = keyARN })
	_, err = f.logs.CreateLogStream(f.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &name, LogStreamName: aws.String("s")})
	if !f.lived(err) {
		return false
	}
	f.note(func() { f.streams = append(f.streams, name) })
	return true
}

func (f *life) revise(id string) bool {
	for revision := 1; revision <= 3; revision++ {
		f.note(func() { f.revised[id] = append(f.revised[id], revision) })
		_, err := f.kms.PutKeyPolicy(f.ctx, &kms.PutKeyPolicyInput{KeyId: &id, Policy: aws.String(crashPolicy(revision))})
		if !f.lived(err) {
			return false
		}
		f.note(func() { f.revised[id] = []int{revision} })
	}
	return true
}

// putEvents puts batches into the streams of this life and of earlier ones.
func (f *life) putEvents(writer int) {
	for i := 0; f.ctx.Err() == nil; i++ {
		var group string
		f.note(func() {
			if n := len(f.streams); n > 0 {
				group = f.streams[rand.IntN(n)]
			}
		})
		if group == "" {
			time.Sleep(time.Millisecond)
			continue
		}
		var messages []string
		for j := range 5 {
			messages = append(messages, fmt.Sprintf("event %s-%d-%d-%d", f.name, writer, i, j))
		}
		if !f.put(group, messages) {
			return
		}
	}
}

func (f *life) put(group string, messages []string) bool {
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s")}
	for _, m := range messages {
		in.LogEvents = append(in.LogEvents, logstypes.InputLogEvent{Timestamp: aws.Int64(crashTime), Message: &m})
	}
	f.note(func() {
		for _, m := range messages {
			f.maybe[m] = true
		}
	})
	_, err := f.logs.PutLogEvents(f.ctx, in)
	if f.lived(err) {
		f.note(func() { f.events[group] = append(f.events[group], messages...) })
	}
	return err == nil
}

// crashTime is the timestamp of every event of the test.
var crashTime = time.Now().UnixMilli()

// makeUsers makes users with an access key each.
func (f *life) makeUsers() {
	for i := 0; f.ctx.Err() == nil; i++ {
		name := fmt.Sprintf("%s-%d", f.name, i)
		_, err := f.iam.CreateUser(f.ctx, &iam.CreateUserInput{UserName: &name})
		if !f.lived(err) {
			return
		}
		key, err := f.iam.CreateAccessKey(f.ctx, &iam.CreateAccessKeyInput{UserName: &name})
		if !f.lived(err) {
			return
		}
		f.note(func() {
			f.users = append(f.users, issuedKey{name, *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey})
		})
	}
}

// crashRounds is how often the program is killed.
const crashRounds = 15

// TestWhatWasAcknowledgedSurvivesKill9 kills the program in the middle of
// everything, over and over on the same data directory, and then asks for all
// that it ever acknowledged.
func TestWhatWasAcknowledgedSurvivesKill9(t *testing.T) {
	dir := t.TempDir()
	l := &ledger{revised: map[string][]int{}, groups: map[string]string{}, events: map[string][]string{}, maybe: map[string]bool{}}
	for round := range crashRounds {
		l.crash(t, dir, fmt.Sprintf("r%d", round))
	}
	t.Logf("acknowledged: %d keys, %d ciphertexts, %d groups, %d of them with events, %d users", len(l.keys), len(l.sealed), len(l.groups), len(l.events), len(l.users))
	if len(l.keys) < crashRounds || len(l.users) < crashRounds || len(l.events) == 0 {
		t.Fatal("too little happened for the test to mean anything")
	}
	p := mustStart(t, dir, "--timing", "instant")
	l.verify(t, p.url)
	if err := p.stop(); err != nil {
		t.Errorf("after all that, the program ends with %v: %s", err, p.stderr)
	}
}

// crash starts the program, lets all work at it, and kills it after a random
// while.
func (l *ledger) crash(t *testing.T, dir, name string) {
	t.Helper()
	p, err := startProgram(dir, "--timing", "instant")
	if err != nil {
		t.Fatalf("round %s: %v", name, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := l.begin(ctx, p.url, name)
	var wg sync.WaitGroup
	for _, work := range []func(){f.makeKeys, f.makeKeysToo, func() { f.putEvents(1) }, func() { f.putEvents(2) }, f.makeUsers} {
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("round %s: %v", name, r)
				}
			}()
			work()
		})
	}
	time.Sleep(100*time.Millisecond + rand.N(200*time.Millisecond))
	p.kill()
	wg.Wait()
}

// makeKeysToo is makeKeys with names of its own.
func (f *life) makeKeysToo() {
	twin := *f
	twin.name += "b"
	twin.makeKeys()
}

func (l *ledger) verify(t *testing.T, url string) {
	ctx, client := t.Context(), kmsClient(url, root)
	for _, id := range l.keys {
		l.verifyKey(t, client, id)
	}
	for _, s := range l.sealed {
		out, err := client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: s.cipher})
		if err != nil || !bytes.Equal(out.Plaintext, []byte(s.plain)) {
			t.Errorf("a ciphertext of %q: %+v, %v", s.plain, out, err)
		}
	}
	for _, u := range l.users {
		out, err := stsClient(url, keys(u.id, u.secret)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil || *out.Arn != "arn:aws:iam::"+home+":user/"+u.user {
			t.Errorf("user %s is %+v, %v", u.user, out, err)
		}
	}
	for group, key := range l.groups {
		l.verifyGroup(t, url, group, key)
	}
}

// verifyKey checks that a key is there with one of the policies that it may
// have: the last acknowledged or one under way when the program died.
func (l *ledger) verifyKey(t *testing.T, client *kms.Client, id string) {
	out, err := client.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &id})
	if err != nil {
		t.Errorf("key %s: %v", id, err)
		return
	}
	var policy struct{ Id string }
	if err := json.Unmarshal([]byte(*out.Policy), &policy); err != nil {
		t.Errorf("key %s: policy %s", id, *out.Policy)
	}
	for _, revision := range l.revised[id] {
		if policy.Id == fmt.Sprintf("revision-%d", revision) {
			return
		}
	}
	t.Errorf("key %s has %s, want one of %v", id, policy.Id, l.revised[id])
}

// verifyGroup checks that a group has its key and every acknowledged event,
// once, and nothing that was never sent.
func (l *ledger) verifyGroup(t *testing.T, url, group, key string) {
	groups, err := logsClient(url, root).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{
		LogGroupNamePrefix: &group, Limit: aws.Int32(1), // the group itself comes first
	})
	if err != nil || len(groups.LogGroups) == 0 || *groups.LogGroups[0].LogGroupName != group || aws.ToString(groups.LogGroups[0].KmsKeyId) != key {
		t.Errorf("group %s: %+v, %v", group, groups, err)
		return
	}
	seen, err := eventsOf(url, group)
	if err != nil {
		t.Errorf("events of %s: %v", group, err)
	}
	for message, n := range seen {
		if n != 1 || !l.maybe[message] {
			t.Errorf("group %s holds %q %d times", group, message, n)
		}
	}
	for _, message := range l.events[group] {
		if seen[message] == 0 {
			t.Errorf("group %s has lost %q", group, message)
		}
	}
}

// eventsOf counts the messages of a group. It does without the SDK: that
// closes the connection while it reads a long answer which came at once.
func eventsOf(url, group string) (map[string]int, error) {
	seen, token := map[string]int{}, ""
	for {
		a, err := logsCall("FilterLogEvents", `{"logGroupName":"`+group+`"`+token+`}`).send(url)
		if err != nil || a.status != http.StatusOK {
			return seen, fmt.Errorf("%d %s, %v", a.status, a.body, err)
		}
		var page struct {
			Events    []struct{ Message string }
			NextToken string
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			return seen, err
		}
		for _, e := range page.Events {
			seen[e.Message]++
		}
		if page.NextToken == "" {
			return seen, nil
		}
		token = `,"nextToken":"` + page.NextToken + `"`
	}
}
