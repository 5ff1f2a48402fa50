package integration

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sealstack/emulator/emulatortest"
)

// era is a time in a log group's life, by what its events are sealed under.
type era int

const (
	unkeyed  era = iota // before any key was associated
	keyed               // under the key
	freed               // after the key was disassociated
	replaced            // after a second key took the first one's place
)

var eras = []era{unkeyed, keyed, freed, replaced}

func (e era) String() string { return []string{"unkeyed", "keyed", "freed", "replaced"}[e] }

// history is the eras that the group of an era has gone through, the last one
// being that in which it stands.
func (e era) history() []era {
	return map[era][]era{unkeyed: {unkeyed}, keyed: {unkeyed, keyed}, freed: {unkeyed, keyed, freed}, replaced: {unkeyed, keyed, replaced}}[e]
}

// group is the name of the log group that stands in the era.
func (e era) group() string { return "outcome/" + e.String() }

func (e era) arn() string {
	return "arn:aws:logs:" + region + ":000000000000:log-group:" + e.group()
}

// text is the message that the group's stream got in one of its eras.
func (e era) text(in era) string { return fmt.Sprintf("text of %s while %s", e, in) }

// estateOfLogs is a log group for each era with its history behind it, the
// keys, and what reading needs: pointers and results from the time when all
// was well.
type estateOfLogs struct {
	*testing.T
	server *emulatortest.Server
	kms    *kms.Client
	logs   *cloudwatchlogs.Client
	s3     *s3.Client

	key, second string            // ARNs
	material    []byte            // of an imported key
	at          map[era]time.Time // when events of an era were put
	pointers    map[string]string // by message
	asked       map[era]string    // id of a query that ended while all was well
	askedAt     time.Time
	puts        int
}

const (
	ofLogs    = `{"Effect":"Allow","Principal":{"Service":"logs.` + region + `.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:Decrypt*"],"Resource":"*"%s}`
	ofAccount = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"}`
)

// keyPolicy is the account's statement and those given.
func keyPolicy(statements ...string) *string {
	text := ofAccount
	for _, s := range statements {
		text += "," + s
	}
	return aws.String(`{"Version":"2012-10-17","Statement":[` + text + `]}`)
}

// withContext is the statement for CloudWatch Logs, for one log group alone.
func withContext(arn string) string {
	return fmt.Sprintf(ofLogs, `,"Condition":{"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"`+arn+`"}}`)
}

func newEstateOfLogs(t *testing.T, c *keyCondition) *estateOfLogs {
	e := foundEstateOfLogs(t, c)
	e.bucketForExports()
	e.live()
	e.askedAt = e.server.Now()
	for _, g := range eras {
		e.remember(g)
	}
	return e
}

// foundEstateOfLogs is the estate with its groups and keys, at the beginning.
func foundEstateOfLogs(t *testing.T, c *keyCondition) *estateOfLogs {
	server := emulatortest.Start(t, emulatortest.WithDataDir(t.TempDir()))
	e := &estateOfLogs{
		T: t, server: server, kms: kmsClient(server.URL, root), s3: s3Client(server.URL, root),
		logs: cloudwatchlogs.New(cloudwatchlogs.Options{
			BaseEndpoint: &server.URL, Region: region, Credentials: root, Retryer: aws.NopRetryer{}, HTTPClient: whole{}, APIOptions: unprefixed,
		}),
		at: map[era]time.Time{}, pointers: map[string]string{}, asked: map[era]string{},
	}
	e.key, e.second = e.newKey(c.external), e.newKey(false)
	e.createGroups()
	return e
}

func (e *estateOfLogs) ok(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// newKey makes a key that CloudWatch Logs may use.
func (e *estateOfLogs) newKey(external bool) string {
	in := &kms.CreateKeyInput{Policy: keyPolicy(fmt.Sprintf(ofLogs, ""))}
	if external {
		in.Origin = kmstypes.OriginTypeExternal
	}
	out, err := e.kms.CreateKey(e.Context(), in)
	e.ok(err)
	if external {
		e.material = bytes.Repeat([]byte{7}, 32)
		e.importInto(*out.KeyMetadata.Arn, e.server.Now().Add(20*24*time.Hour))
	}
	return *out.KeyMetadata.Arn
}

// importInto imports the estate's material until an instant.
func (e *estateOfLogs) importInto(key string, until time.Time) {
	p, err := e.kms.GetParametersForImport(e.Context(), &kms.GetParametersForImportInput{
		KeyId: &key, WrappingAlgorithm: kmstypes.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: kmstypes.WrappingKeySpecRsa2048,
	})
	e.ok(err)
	public, err := x509.ParsePKIXPublicKey(p.PublicKey)
	e.ok(err)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public.(*rsa.PublicKey), e.material, nil)
	e.ok(err)
	_, err = e.kms.ImportKeyMaterial(e.Context(), &kms.ImportKeyMaterialInput{
		KeyId: &key, ImportToken: p.ImportToken, EncryptedKeyMaterial: wrapped, ValidTo: &until,
	})
	e.ok(err)
}

func (e *estateOfLogs) createGroups() {
	for _, g := range eras {
		name := g.group()
		_, err := e.logs.CreateLogGroup(e.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
		e.ok(err)
		_, err = e.logs.CreateLogStream(e.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &name, LogStreamName: aws.String("s")})
		e.ok(err)
	}
}

// live leads every group through its eras, half an hour each.
func (e *estateOfLogs) live() {
	for _, now := range eras {
		e.server.Advance(30 * time.Minute)
		e.at[now] = e.server.Now().Truncate(time.Second)
		for _, g := range eras {
			e.enter(g, now)
		}
	}
	e.server.Advance(30 * time.Minute)
}

// enter brings a group into an era, if that is part of its history, and puts
// an event.
func (e *estateOfLogs) enter(g, now era) {
	if !slices.Contains(g.history(), now) {
		return
	}
	switch now {
	case keyed:
		e.associate(g, e.key)
	case freed:
		_, err := e.logs.DisassociateKmsKey(e.Context(), &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: aws.String(g.group())})
		e.ok(err)
	case replaced:
		e.associate(g, e.second)
	}
	e.ok(e.put(g, e.at[now], g.text(now)))
}

func (e *estateOfLogs) associate(g era, key string) {
	_, err := e.logs.AssociateKmsKey(e.Context(), &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: aws.String(g.group()), KmsKeyId: &key})
	e.ok(err)
}

func (e *estateOfLogs) put(g era, at time.Time, message string) error {
	_, err := e.logs.PutLogEvents(e.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String(g.group()), LogStreamName: aws.String("s"),
		LogEvents: []logstypes.InputLogEvent{{Timestamp: aws.Int64(at.UnixMilli()), Message: &message}},
	})
	return err
}

// remember keeps pointers to a group's events and the id of a query.
func (e *estateOfLogs) remember(g era) {
	id, _, rows := e.query(g, e.at[unkeyed], e.at[replaced].Add(time.Minute))
	e.asked[g] = id
	for _, row := range rows {
		e.pointers[row["@message"]] = row["@ptr"]
	}
	if len(rows) != len(g.history()) {
		e.Fatalf("%s has %d events before anything happens to its key, want %d", g.group(), len(rows), len(g.history()))
	}
}

func (e *estateOfLogs) bucketForExports() {
	_, err := e.s3.CreateBucket(e.Context(), &s3.CreateBucketInput{Bucket: aws.String("exports"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region}})
	e.ok(err)
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]string{"Service": "logs." + region + ".amazonaws.com"},
		"Action": []string{"s3:GetBucketAcl", "s3:PutObject"}, "Resource": []string{"arn:aws:s3:::exports", "arn:aws:s3:::exports/*"},
	}}})
	e.ok(err)
	_, err = e.s3.PutBucketPolicy(e.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("exports"), Policy: aws.String(string(policy))})
	e.ok(err)
}
