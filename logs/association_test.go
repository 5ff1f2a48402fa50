package logs

import (
	"testing"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

func TestEventsAreBoundToTheKeyInEffectWhenTheyWerePut(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	for _, s := range []string{"before", "early", "after"} {
		b.createStream("g", s)
	}
	b.put("g", "before", "one")
	_, err := b.AssociateKmsKey(b.ctx, &logsapi.AssociateKmsKeyRequest{LogGroupName: ptr("g"), KmsKeyId: keyARN})
	b.ok(err)
	b.advance(5*time.Minute - time.Millisecond)
	b.put("g", "early", "two")
	b.advance(time.Millisecond)
	b.put("g", "after", "three")
	b.keys.refuse(keyARN)
	b.advance(5 * time.Minute)
	b.reads("g", "before", "one")
	b.reads("g", "early", "two")
	b.refuses("g", "after")
	b.keys.allow(keyARN)
	b.reads("g", "after", "three")
}

func TestAGroupMadeWithAKeyIsUnderItAtOnce(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "one")
	b.keys.refuse(keyARN)
	b.advance(5 * time.Minute)
	b.refuses("g", "s")
}

func TestDisassociationLeavesOldEventsBoundAndNewOnesFree(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "old")
	b.createStream("g", "new")
	b.put("g", "old", "one")
	_, err := b.DisassociateKmsKey(b.ctx, &logsapi.DisassociateKmsKeyRequest{LogGroupName: ptr("g")})
	b.ok(err)
	b.advance(5 * time.Minute)
	b.put("g", "new", "two")
	b.keys.refuse(keyARN)
	b.advance(5 * time.Minute)
	b.refuses("g", "old")
	b.reads("g", "new", "two")
}

func TestAnotherKeyTakesOverForNewEventsOnly(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "first")
	b.createStream("g", "second")
	b.put("g", "first", "one")
	_, err := b.AssociateKmsKey(b.ctx, &logsapi.AssociateKmsKeyRequest{ResourceIdentifier: ptr("arn:aws:logs:us-west-2:111122223333:log-group:g"), KmsKeyId: secondKey})
	b.ok(err)
	b.advance(5 * time.Minute)
	b.put("g", "second", "two")
	b.keys.refuse(keyARN)
	b.advance(5 * time.Minute)
	b.refuses("g", "first")
	b.reads("g", "second", "two")
	if got := b.describe("g"); *got.KmsKeyId != secondKey {
		t.Errorf("DescribeLogGroups shows %s, want %s", *got.KmsKeyId, secondKey)
	}
}

func TestDescribeLogGroupsShowsAnAssociationAtOnce(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	if got := b.describe("g"); got.KmsKeyId != nil {
		t.Errorf("a group without a key shows %s", *got.KmsKeyId)
	}
	_, err := b.AssociateKmsKey(b.ctx, &logsapi.AssociateKmsKeyRequest{LogGroupName: ptr("g"), KmsKeyId: keyARN})
	b.ok(err)
	if got := b.describe("g"); got.KmsKeyId == nil || *got.KmsKeyId != keyARN {
		t.Errorf("DescribeLogGroups shows %v, want %s", got.KmsKeyId, keyARN)
	}
}

func (b *bench) describe(name string) logsapi.LogGroup {
	b.t.Helper()
	out, err := b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{LogGroupNamePrefix: &name})
	b.ok(err)
	if len(out.LogGroups) != 1 {
		b.t.Fatalf("%d groups begin with %s", len(out.LogGroups), name)
	}
	return out.LogGroups[0]
}

// A plaintext data key outlives a revocation by its lifetime and no longer.
func TestARevocationIsNoticedWhenTheDataKeyExpires(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "one")
	b.keys.refuse(keyARN)
	b.ok(b.clock.Advance(5*time.Minute - time.Millisecond))
	b.reads("g", "s", "one")
	b.ok(b.clock.Advance(time.Millisecond))
	b.refuses("g", "s")
	b.fails(b.putAt("g", "s", b.now(), "two"), "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:111122223333:log-group:g'")
}

func TestWithoutALifetimeEveryCallAsksKMS(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "one")
	b.put("g", "s", "two")
	b.keys.calls = nil
	b.reads("g", "s", "one|two")
	b.reads("g", "s", "one|two")
	if len(b.keys.calls) != 2 {
		t.Errorf("two reads made the calls %q, want one each", b.keys.calls)
	}
	b.keys.refuse(keyARN)
	b.refuses("g", "s")
}

func TestKMSIsAskedAsTheRegionsServicePrincipalForTheGroup(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "one")
	want := []string{
		"GenerateDataKey as logs.us-west-2.amazonaws.com for arn:aws:logs:us-west-2:111122223333:log-group:g",
		"Decrypt as logs.us-west-2.amazonaws.com for arn:aws:logs:us-west-2:111122223333:log-group:g",
	}
	if len(b.keys.calls) != 2 || b.keys.calls[0] != want[0] || b.keys.calls[1] != want[1] {
		t.Errorf("calls = %q, want %q", b.keys.calls, want)
	}
}

func TestAssociationIsRefusedWithAWSsError(t *testing.T) {
	const notAllowed = "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:111122223333:log-group:g'"
	const notUsable = "The specified KMS key does not exist or is not allowed to be used with LogGroup 'arn:aws:logs:us-west-2:111122223333:log-group:g'"
	const notFound = "The specified KMS Key Id could not be found. 'g'"
	for _, c := range []struct {
		name, key     string
		refusal       error
		code, message string
	}{
		{"the policy does not allow", keyARN, kmsapi.Service.AccessDenied("no"), "AccessDeniedException", notAllowed},
		{"there is no such key", keyARN, kmsapi.NotFoundException("no"), "AccessDeniedException", notAllowed},
		{"disabled", keyARN, kmsapi.DisabledException("no"), "InvalidParameterException", notUsable},
		{"pending deletion", keyARN, kmsapi.KMSInvalidStateException("no"), "InvalidParameterException", notUsable},
		{"asymmetric", keyARN, kmsapi.InvalidKeyUsageException("no"), "InvalidParameterException", notUsable},
		{"another Region", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", nil, "AccessDeniedException", notAllowed},
		{"an empty key", "", nil, "InvalidParameterException", notFound},
		{"a key id", "1234abcd-12ab-34cd-56ef-1234567890ab", nil, "InvalidParameterException", notFound},
		{"an alias", "alias/logs", nil, "InvalidParameterException", notFound},
		{"an alias ARN", "arn:aws:kms:us-west-2:111122223333:alias/logs", nil, "InvalidParameterException", notFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.keys.refused[c.key] = c.refusal
			_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g", KmsKeyId: &c.key})
			b.fails(err, c.code, c.message)
			if _, err := b.group(b.ctx, "g"); err == nil {
				t.Error("the refused creation left a group")
			}
			b.createGroup("g", "")
			_, err = b.AssociateKmsKey(b.ctx, &logsapi.AssociateKmsKeyRequest{LogGroupName: ptr("g"), KmsKeyId: c.key})
			b.fails(err, c.code, c.message)
			if got := b.describe("g"); got.KmsKeyId != nil {
				t.Error("the refused association left its key")
			}
		})
	}
}

func TestAFaultOfKMSIsNotARefusal(t *testing.T) {
	b := newBench(t)
	b.keys.refused[keyARN] = kmsapi.KMSInternalException("broken")
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g", KmsKeyId: ptr(keyARN)})
	b.fails(err, "KMSInternalException", "broken")
}

func TestAssociationNeedsOneTarget(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	for _, c := range []struct {
		name, arn *string
		code      string
	}{
		{nil, nil, "InvalidParameterException"},
		{ptr("g"), ptr("arn:aws:logs:us-west-2:111122223333:log-group:g"), "InvalidParameterException"},
		{ptr("none"), nil, "ResourceNotFoundException"},
		{nil, ptr("arn:aws:logs:eu-west-1:111122223333:log-group:g"), "InvalidParameterException"},
		{nil, ptr("arn:aws:logs:eu-west-1:111122223333:query-result:*"), "InvalidParameterException"},
	} {
		_, err := b.AssociateKmsKey(b.ctx, &logsapi.AssociateKmsKeyRequest{LogGroupName: c.name, ResourceIdentifier: c.arn, KmsKeyId: keyARN})
		if e := codeOf(err); e != c.code {
			t.Errorf("AssociateKmsKey(%v, %v) = %v, want %s", c.name, c.arn, err, c.code)
		}
	}
}

func TestARestartKeepsEpochsAndDataKeys(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	b := newBenchOver(t, store, root)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "one")
	b.createGroup("free", "")
	b.createStream("free", "s")
	b.put("free", "s", "two")
	again := newBenchOver(t, store, root)
	again.ring.kms = b.keys
	again.reads("g", "s", "one")
	again.reads("free", "s", "two")
	b.keys.refuse(keyARN)
	third := newBenchOver(t, store, root)
	third.ring.kms = b.keys
	third.refuses("g", "s")
}

func TestInspectTellsTheEpochs(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", keyARN)
	b.createStream("g", "s")
	b.put("g", "s", "one", "two")
	_, err := b.DisassociateKmsKey(b.ctx, &logsapi.DisassociateKmsKeyRequest{LogGroupName: ptr("g")})
	b.ok(err)
	b.keys.refuse(keyARN)
	b.advance(5 * time.Minute)
	got, err := b.Inspect(b.ctx, "g")
	b.ok(err)
	if len(got.Epochs) != 2 {
		t.Fatalf("%d epochs, want 2", len(got.Epochs))
	}
	first, second := got.Epochs[0], got.Epochs[1]
	if first.KmsKeyID != keyARN || first.Events != 2 || first.Readable || first.Reason == "" || first.InEffect || first.Until == nil {
		t.Errorf("first epoch %+v", first)
	}
	if second.KmsKeyID != "" || second.Events != 0 || !second.Readable || !second.InEffect || !second.From.Equal(start.Add(5*time.Minute)) {
		t.Errorf("second epoch %+v", second)
	}
}
