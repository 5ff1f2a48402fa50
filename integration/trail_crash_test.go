package integration

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"sealstack/clock"
	"sealstack/emulator/emulatortest"
)

// trailed is a test that looks at the records of a program in its own process.
func (p *program) trailed(t *testing.T) *trailed {
	return &trailed{t, &emulatortest.Server{URL: p.url}}
}

// remembers starts the program, makes a call, ends the program and says whether
// the next life knows of the call.
func (t *trailed) remembers(dir string, end func(*program)) bool {
	t.Helper()
	p := mustStart(t, dir, "--region", region)
	_, err := kmsClient(p.url, keys(ours, "test")).CreateKey(t.Context(), &kms.CreateKeyInput{})
	t.ok(err)
	end(p)
	p = mustStart(t, dir, "--region", region)
	defer p.kill()
	return slices.ContainsFunc(p.trailed(t.T).history(ours, region), func(e event) bool { return e["eventName"] == "CreateKey" })
}

func TestARecordIsDurableWithinATenthOfASecond(t *testing.T) {
	x := &trailed{T: t}
	if !x.remembers(t.TempDir(), func(p *program) {
		time.Sleep(150 * time.Millisecond) // real time is what is promised
		p.kill()
	}) {
		t.Error("a record is gone that was made 150 ms before the program was killed")
	}
}

func TestAGracefulStopWritesEveryRecord(t *testing.T) {
	x := &trailed{T: t}
	if !x.remembers(t.TempDir(), func(p *program) { x.ok(p.stop()) }) {
		t.Error("a record is gone that was made before the program was stopped")
	}
}

// TestACrashInADeliveryLosesNothing kills the program while it delivers, over
// and over. Every record that outlived the last crash must be in one log file,
// and every file as the digests tell.
func TestACrashInADeliveryLosesNothing(t *testing.T) {
	dir, x := t.TempDir(), &trailed{T: t}
	lives := 12
	if testing.Short() {
		lives = 3
	}
	flags := []string{"--region", region, "--timing", "instant"}
	p := mustStart(t, dir, flags...)
	p.trailed(t).trail(ours)
	for range lives {
		x.live(p)
		p.kill()
		p = mustStart(t, dir, flags...)
	}
	x = p.trailed(t)
	x.move(p, "1m")
	_, err := trailClient(p.url, keys(ours, "test")).StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: aws.String("main")})
	x.ok(err)
	x.move(p, "10m")
	x.verify()
	x.complete()
}

func (t *trailed) move(p *program, by string) {
	t.Helper()
	_, err := p.control("POST", "/_emulator/clock/advance", fmt.Sprintf(`{"duration":%q}`, by))
	t.ok(err)
}

// live makes calls while the clock moves, and returns at a random moment.
func (t *trailed) live(p *program) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_, _ = p.control("POST", "/_emulator/clock/advance", `{"duration":"40s"}`) // fails when the program is killed
		}
	}()
	c := kmsClient(p.url, keys(ours, "test"))
	for i := range 5 + rand.IntN(40) {
		_, err := c.ListAliases(ctx, &kms.ListAliasesInput{Limit: aws.Int32(int32(i + 1))})
		t.ok(err)
	}
	time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond) // the moment of the crash
	p.kill()
	stop()
	<-ended
}

// complete checks that each event of the history since StartLogging is in one
// file, and in one only.
func (t *trailed) complete() {
	t.Helper()
	seen := map[string]int{}
	for name, text := range t.files(ours, "trail-logs") {
		if strings.Contains(name, "-Digest/") {
			continue
		}
		var file struct{ Records []event }
		t.ok(json.Unmarshal([]byte(text), &file))
		for _, e := range file.Records {
			seen[e["eventID"].(string)]++
		}
	}
	calls := 0
	for _, e := range t.history(ours, region) {
		if e["eventName"] != "ListAliases" {
			continue
		}
		if calls++; seen[e["eventID"].(string)] != 1 {
			t.Errorf("%s of %s is in %d files", e["eventID"], e["eventTime"], seen[e["eventID"].(string)])
		}
	}
	if twice := slices.MaxFunc(slices.Collect(maps.Values(seen)), func(a, b int) int { return a - b }); calls == 0 || twice != 1 {
		t.Errorf("%d calls are in the history; a record is in %d files", calls, twice)
	}
}

// digest is a digest file as far as it is verified.
type digest struct {
	DigestEndTime, DigestS3Bucket, DigestS3Object, DigestPublicKeyFingerprint string
	PreviousDigestS3Object, PreviousDigestHashValue, PreviousDigestSignature  *string
	LogFiles                                                                  []struct{ S3Object, HashValue string }
}

// verify holds all log files against the digests, and the digests against
// their signatures and each other.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
func (t *trailed) verify() {
	t.Helper()
	files, listed := t.files(ours, "trail-logs"), map[string]bool{}
	public := t.publicKeys()
	digests := 0
	for name, text := range files {
		if !strings.Contains(name, "-Digest/") {
			continue
		}
		digests++
		var d digest
		t.ok(json.Unmarshal([]byte(text), &d))
		t.verifySignature(name, text, &d, public)
		if d.PreviousDigestS3Object != nil && hashed(files[*d.PreviousDigestS3Object]) != *d.PreviousDigestHashValue {
			t.Errorf("%s does not follow %s", name, *d.PreviousDigestS3Object)
		}
		for _, f := range d.LogFiles {
			if listed[f.S3Object] || hashed(files[f.S3Object]) != f.HashValue {
				t.Errorf("%s of %s was changed, is gone or was told of before", f.S3Object, name)
			}
			listed[f.S3Object] = true
		}
	}
	if len(listed) == 0 || len(listed)+digests != len(files) {
		t.Errorf("%d digests tell of %d log files; there are %d files", digests, len(listed), len(files))
	}
}

func hashed(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func (t *trailed) verifySignature(name, text string, d *digest, public map[string]*rsa.PublicKey) {
	t.Helper()
	head, err := s3Client(t.server.URL, keys(ours, "test")).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("trail-logs"), Key: &name})
	t.ok(err)
	signature, err := hex.DecodeString(head.Metadata["signature"])
	t.ok(err)
	previous := "null"
	if d.PreviousDigestSignature != nil {
		previous = *d.PreviousDigestSignature
	}
	signed := strings.Join([]string{d.DigestEndTime, d.DigestS3Bucket + "/" + d.DigestS3Object, hashed(text), previous}, "\n")
	sum := sha256.Sum256([]byte(signed))
	key := public[d.DigestPublicKeyFingerprint]
	if key == nil || d.DigestS3Object != name || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		t.Errorf("the signature of %s is not right", name)
	}
}

func (t *trailed) publicKeys() map[string]*rsa.PublicKey {
	t.Helper()
	out, err := trailClient(t.server.URL, keys(ours, "test")).ListPublicKeys(t.Context(), &cloudtrail.ListPublicKeysInput{
		StartTime: aws.Time(time.Unix(0, 0)), EndTime: aws.Time(clock.Real().Now().Add(year)),
	})
	t.ok(err)
	found := map[string]*rsa.PublicKey{}
	for _, k := range out.PublicKeyList {
		found[*k.Fingerprint], err = x509.ParsePKCS1PublicKey(k.Value)
		t.ok(err)
	}
	return found
}
