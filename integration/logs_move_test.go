package integration

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
)

// move is one step of a sequence: what is done, and numbers that say to what.
type move struct {
	what    string
	a, b, c int
}

func (m move) String() string { return fmt.Sprintf("{%q, %d, %d, %d}", m.what, m.a, m.b, m.c) }

// moveKind is a kind of move with its share of all.
type moveKind struct {
	what   string
	weight int
	do     func(*logWorld, move) error
}

// moveKinds are what sequences are made of; the reads are in logs_read_test.go.
func moveKinds() []moveKind {
	return []moveKind{
		{"put", 30, (*logWorld).doPut},
		{"associate", 8, (*logWorld).doAssociate},
		{"disassociate", 4, (*logWorld).doDisassociate},
		{"advance", 14, (*logWorld).doAdvance},
		{"allow", 8, (*logWorld).doAllow},
		{"disable", 4, (*logWorld).doDisable},
		{"enable", 4, (*logWorld).doEnable},
		{"schedule", 2, (*logWorld).doSchedule},
		{"cancel", 2, (*logWorld).doCancel},
		{"rotate", 2, (*logWorld).doRotate},
		{"deleteMaterial", 3, (*logWorld).doDeleteMaterial},
		{"import", 2, (*logWorld).doImport},
		{"createGroup", 4, (*logWorld).doCreateGroup},
		{"createStream", 6, (*logWorld).doCreateStream},
		{"deleteStream", 2, (*logWorld).doDeleteStream},
		{"deleteGroup", 1, (*logWorld).doDeleteGroup},
		{"retention", 3, (*logWorld).doRetention},
		{"restart", 4, func(w *logWorld, _ move) error { return w.restart() }},
		{"getLogEvents", 8, (*logWorld).doGetLogEvents},
		{"filterLogEvents", 8, (*logWorld).doFilterLogEvents},
		{"query", 5, (*logWorld).doQuery},
		{"record", 5, (*logWorld).doRecord},
		{"fields", 2, (*logWorld).doFields},
		{"tail", 2, (*logWorld).doTail},
		{"export", 2, (*logWorld).doExport},
	}
}

// group and stream are what a move is about.
func (m move) group() int  { return m.a % modelGroups }
func (m move) stream() int { return m.b % modelStreams }
func (m move) key() int    { return m.b % modelKeys }

// expect compares how a call ended: "" is well, a code alone stands for any
// sentence.
func expect(what string, err error, want string) error {
	got := sentenceOf(err)
	if code, _, _ := strings.Cut(got, ": "); got != want && (want == "" || code != want) {
		return fmt.Errorf("%s: got %q, want %q", what, got, want)
	}
	return nil
}

const missing = "ResourceNotFoundException"

func notAllowed(g int) string {
	return "AccessDeniedException: The specified KMS key does not exist or is not allowed to be used with Arn '" + worldGroupARN(g) + "'"
}

// ends checks the end of a call that needs a key.
func (v verdict) ends(what string, g int, err error) error {
	if err == nil && v == refused {
		return fmt.Errorf("%s: served, want %s", what, notAllowed(g))
	}
	if err != nil && (v == readable || sentenceOf(err) != notAllowed(g)) {
		return fmt.Errorf("%s: got %q, want verdict %d", what, sentenceOf(err), v)
	}
	return nil
}

func (w *logWorld) doPut(m move) error {
	g, st := m.group(), m.stream()
	at := w.putAt(g, m.c)
	var events []modelEvent
	var in []logsapi.InputLogEvent
	for i := range 1 + m.c%4 {
		w.put++
		text := fmt.Sprintf("m%d %s", w.put, []string{"even", "odd"}[w.put%2])
		events = append(events, modelEvent{at, text})
		in = append(in, logsapi.InputLogEvent{Timestamp: at, Message: text})
		at += int64(m.c % 1000 * i * i) // up to ten seconds
	}
	_, err := w.logs.PutLogEvents(w.ctx, &logsapi.PutLogEventsRequest{LogGroupName: worldGroup(g), LogStreamName: worldStream(st), LogEvents: in})
	if w.model.groups[g].streams[st] == 0 {
		return expect("PutLogEvents", err, missing)
	}
	if bad := w.model.use(g, w.model.sealing(g)).ends("PutLogEvents", g, err); bad != nil {
		return bad
	}
	if err == nil {
		w.model.put(g, st, events)
	}
	return nil
}

// putAt is a time for a batch: that of an earlier one in half of the cases, so
// that batches under different keys overlap.
func (w *logWorld) putAt(g, c int) int64 {
	at := w.model.now - int64(c%7_200_000)
	if batches := w.model.batches; c>>10&1 == 1 && len(batches) > 0 {
		at = batches[c>>11%len(batches)].first() + int64(c%7) - 3
	}
	if oldest := max(w.model.now-13*dayOfModel, w.model.cutoff(g)); at < oldest {
		return w.model.now
	}
	return at
}

func (w *logWorld) doAssociate(m move) error {
	g, k := m.group(), m.key()
	name := worldGroup(g)
	_, err := w.logs.AssociateKmsKey(w.ctx, &logsapi.AssociateKmsKeyRequest{LogGroupName: &name, KmsKeyId: w.keys[k]})
	if w.model.groups[g].birth == 0 {
		return expect("AssociateKmsKey", err, missing)
	}
	want := w.model.keys[k].refusal(w.model.now, g)
	if want == "" {
		w.period(g, k)
	}
	return expect("AssociateKmsKey", err, want)
}

func (w *logWorld) doDisassociate(m move) error {
	g := m.group()
	name := worldGroup(g)
	_, err := w.logs.DisassociateKmsKey(w.ctx, &logsapi.DisassociateKmsKeyRequest{LogGroupName: &name})
	if w.model.groups[g].birth == 0 {
		return expect("DisassociateKmsKey", err, missing)
	}
	w.period(g, noKey)
	return expect("DisassociateKmsKey", err, "")
}

// period begins after the delay of associations.
func (w *logWorld) period(g, key int) {
	in := &w.model.groups[g]
	in.periods = append(in.periods, modelPeriod{w.model.now + delayOfKeys.Milliseconds(), key})
}

// spans are by how much the clock moves.
var spans = []time.Duration{
	time.Millisecond, time.Second, 4 * time.Minute, 5*time.Minute - time.Millisecond, 5 * time.Minute,
	5*time.Minute + time.Millisecond, time.Hour, 12 * time.Hour, 30 * time.Hour, 8 * 24 * time.Hour,
}

func (w *logWorld) doAdvance(m move) error {
	by := spans[m.a%len(spans)]
	if err := w.clock.Advance(by); err != nil {
		return err
	}
	w.model.advance(by.Milliseconds())
	if err := w.kms.Sweep(w.ctx, w.clock.Now()); err != nil {
		return err
	}
	return w.logs.Sweep(w.ctx, w.clock.Now())
}

func (w *logWorld) doAllow(m move) error {
	k := &w.model.keys[m.key()]
	if k.deleted(w.model.now) {
		return nil
	}
	for g := range k.allowed {
		k.allowed[g] = m.a>>g&1 == 1
	}
	_, err := w.kms.PutKeyPolicy(w.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: w.keys[m.key()], Policy: *policyFor(k.allowed[:]...)})
	return err
}

func (w *logWorld) doDisable(m move) error {
	k := &w.model.keys[m.key()]
	if !k.working(w.model.now) || k.external {
		return nil
	}
	k.disabled = true
	_, err := w.kms.DisableKey(w.ctx, &kmsapi.DisableKeyRequest{KeyId: w.keys[m.key()]})
	return err
}

func (w *logWorld) doEnable(m move) error {
	k := &w.model.keys[m.key()]
	if !k.disabled || k.deletion != 0 {
		return nil
	}
	k.disabled = false
	_, err := w.kms.EnableKey(w.ctx, &kmsapi.EnableKeyRequest{KeyId: w.keys[m.key()]})
	return err
}

func (w *logWorld) doSchedule(m move) error {
	k := &w.model.keys[m.key()]
	if k.deletion != 0 {
		return nil
	}
	days := int32(7)
	k.deletion = w.model.now + int64(days)*dayOfModel
	_, err := w.kms.ScheduleKeyDeletion(w.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: w.keys[m.key()], PendingWindowInDays: &days})
	return err
}

// doCancel brings a key back from its deletion: it is disabled then.
func (w *logWorld) doCancel(m move) error {
	k := &w.model.keys[m.key()]
	if k.deletion == 0 || k.deleted(w.model.now) || k.external {
		return nil
	}
	k.deletion, k.disabled = 0, true
	_, err := w.kms.CancelKeyDeletion(w.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: w.keys[m.key()]})
	return err
}

// doRotate changes nothing for data that lies under the key's older material.
func (w *logWorld) doRotate(m move) error {
	k := &w.model.keys[m.key()]
	if !k.working(w.model.now) || k.external || k.rotated == 5 {
		return nil
	}
	k.rotated++
	_, err := w.kms.RotateKeyOnDemand(w.ctx, &kmsapi.RotateKeyOnDemandRequest{KeyId: w.keys[m.key()]})
	return err
}

func (w *logWorld) doDeleteMaterial(m move) error {
	k := &w.model.keys[m.key()]
	if !k.working(w.model.now) || !k.external {
		return nil
	}
	k.until = 0
	_, err := w.kms.DeleteImportedKeyMaterial(w.ctx, &kmsapi.DeleteImportedKeyMaterialRequest{KeyId: w.keys[m.key()]})
	return err
}

func (w *logWorld) doImport(m move) error {
	k := &w.model.keys[m.key()]
	if !k.external || k.deletion != 0 || w.model.now < k.until {
		return nil
	}
	return w.importMaterial(m.key(), spans[m.a%len(spans)]+time.Hour)
}

// importMaterial imports the world's one material for a time.
func (w *logWorld) importMaterial(i int, valid time.Duration) error {
	until := w.clock.Now().Add(valid).Truncate(time.Second)
	p, err := w.kms.GetParametersForImport(w.ctx, &kmsapi.GetParametersForImportRequest{
		KeyId: w.keys[i], WrappingAlgorithm: kmsapi.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: kmsapi.WrappingKeySpecRsa2048,
	})
	if err != nil {
		return err
	}
	public, err := x509.ParsePKIXPublicKey(p.PublicKey)
	if err != nil {
		return err
	}
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public.(*rsa.PublicKey), []byte("the same 32 bytes on every import"[:32]), nil)
	if err != nil {
		return err
	}
	w.model.keys[i].until = until.UnixMilli()
	_, err = w.kms.ImportKeyMaterial(w.ctx, &kmsapi.ImportKeyMaterialRequest{KeyId: w.keys[i], ImportToken: p.ImportToken, EncryptedKeyMaterial: wrapped, ValidTo: &until})
	return err
}

// doCreateGroup makes a group, under a key in two cases of three.
func (w *logWorld) doCreateGroup(m move) error {
	g := m.group()
	in := &logsapi.CreateLogGroupRequest{LogGroupName: worldGroup(g)}
	key, want := noKey, ""
	if k := m.b % (modelKeys + 1); k < modelKeys {
		key, in.KmsKeyId = k, &w.keys[k]
		want = w.model.keys[k].refusal(w.model.now, g)
	}
	_, err := w.logs.CreateLogGroup(w.ctx, in)
	if w.model.groups[g].birth != 0 {
		return expect("CreateLogGroup", err, "ResourceAlreadyExistsException")
	}
	if want == "" {
		w.model.births++
		w.model.groups[g] = modelGroup{birth: w.model.births, periods: []modelPeriod{{w.model.now, key}}}
	}
	return expect("CreateLogGroup", err, want)
}

func (w *logWorld) doCreateStream(m move) error {
	g := &w.model.groups[m.group()]
	_, err := w.logs.CreateLogStream(w.ctx, &logsapi.CreateLogStreamRequest{LogGroupName: worldGroup(m.group()), LogStreamName: worldStream(m.stream())})
	switch {
	case g.birth == 0:
		return expect("CreateLogStream", err, missing)
	case g.streams[m.stream()] != 0:
		return expect("CreateLogStream", err, "ResourceAlreadyExistsException")
	}
	w.model.births++
	g.streams[m.stream()] = w.model.births
	return expect("CreateLogStream", err, "")
}

func (w *logWorld) doDeleteStream(m move) error {
	g := &w.model.groups[m.group()]
	_, err := w.logs.DeleteLogStream(w.ctx, &logsapi.DeleteLogStreamRequest{LogGroupName: worldGroup(m.group()), LogStreamName: worldStream(m.stream())})
	if g.streams[m.stream()] == 0 {
		return expect("DeleteLogStream", err, missing)
	}
	g.streams[m.stream()] = 0
	return expect("DeleteLogStream", err, "")
}

func (w *logWorld) doDeleteGroup(m move) error {
	_, err := w.logs.DeleteLogGroup(w.ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: worldGroup(m.group())})
	if w.model.groups[m.group()].birth == 0 {
		return expect("DeleteLogGroup", err, missing)
	}
	w.model.groups[m.group()] = modelGroup{}
	return expect("DeleteLogGroup", err, "")
}

func (w *logWorld) doRetention(m move) (err error) {
	g := &w.model.groups[m.group()]
	days := []int32{0, 1, 3}[m.b%3]
	if days == 0 {
		_, err = w.logs.DeleteRetentionPolicy(w.ctx, &logsapi.DeleteRetentionPolicyRequest{LogGroupName: worldGroup(m.group())})
	} else {
		_, err = w.logs.PutRetentionPolicy(w.ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: worldGroup(m.group()), RetentionInDays: days})
	}
	if g.birth == 0 {
		return expect("a change of the retention", err, missing)
	}
	g.retention = int64(days)
	return expect("a change of the retention", err, "")
}
