package kms

import (
	"context"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"sealstack/api/kmsapi"
)

const elsewhere = "eu-west-1"

func multi(in *kmsapi.CreateKeyRequest) { in.MultiRegion = new(true) }

func arnIn(region, id string) string { return "arn:aws:kms:" + region + ":111122223333:key/" + id }

// in runs fn with the root user of a Region as caller.
func (h *harness) in(region string, fn func()) {
	was := h.ctx
	h.ctx = in(region)
	defer func() { h.ctx = was }()
	fn()
}

// replicate makes a replica and waits until it is Enabled.
func (h *harness) replicateTo(id string, regions ...string) {
	h.t.Helper()
	for _, region := range regions {
		_, err := h.ReplicateKey(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: id, ReplicaRegion: region})
		must(h.t, err)
	}
	h.advance(settling)
}

// pair makes a primary key and a replica elsewhere.
func (h *harness) pair() string {
	h.t.Helper()
	id := h.key(multi).KeyId
	h.replicateTo(id, elsewhere)
	return id
}

func (h *harness) decryptIn(region string, blob []byte) (string, error) {
	out, err := h.Decrypt(in(region), &kmsapi.DecryptRequest{CiphertextBlob: blob})
	if err != nil {
		return "", err
	}
	return string(out.Plaintext), nil
}

func TestAMultiRegionKeyIsAPrimaryKeyWithoutReplicas(t *testing.T) {
	h := newHarness(t)
	k := h.key(multi)
	if !regexp.MustCompile(`^mrk-[0-9a-f]{32}$`).MatchString(k.KeyId) || !*k.MultiRegion {
		t.Errorf("CreateKey = %+v", k)
	}
	want := &kmsapi.MultiRegionConfiguration{
		MultiRegionKeyType: new(kmsapi.MultiRegionKeyTypePrimary), ReplicaKeys: []kmsapi.MultiRegionKey{},
		PrimaryKey: &kmsapi.MultiRegionKey{Arn: new(keyArn(k.KeyId)), Region: new(region)},
	}
	if !reflect.DeepEqual(k.MultiRegionConfiguration, want) {
		t.Errorf("MultiRegionConfiguration = %+v", k.MultiRegionConfiguration)
	}
	if s := h.key(); s.MultiRegionConfiguration != nil || *s.MultiRegion {
		t.Errorf("a single-Region key: %+v", s)
	}
	_, err := h.DescribeKey(in(elsewhere), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId})
	wantError(t, err, "NotFoundException", "Key '"+arnIn(elsewhere, k.KeyId)+"' does not exist")
}

func TestAReplicaIsCreatingAndThenEnabled(t *testing.T) {
	h := newHarness(t)
	k := h.key(multi, func(in *kmsapi.CreateKeyRequest) {
		in.Description, in.Tags = new("mine"), []kmsapi.Tag{{TagKey: "a", TagValue: "b"}}
	})
	out, err := h.ReplicateKey(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: k.KeyId, ReplicaRegion: elsewhere})
	must(t, err)
	m := out.ReplicaKeyMetadata
	if *m.KeyState != kmsapi.KeyStateCreating || *m.Enabled || m.CurrentKeyMaterialId != nil || *m.Description != "" || out.ReplicaTags != nil {
		t.Errorf("ReplicateKey = %+v, tags %v", m, out.ReplicaTags)
	}
	if *out.ReplicaPolicy != defaultPolicy(elsewhere, account) {
		t.Errorf("ReplicaPolicy = %s", *out.ReplicaPolicy)
	}
	h.in(elsewhere, func() {
		_, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte("x")})
		wantError(t, err, "KMSInvalidStateException", arnIn(elsewhere, k.KeyId)+" is creating.")
	})
	h.advance(settling)
	primary := h.describe(k.KeyId)
	h.in(elsewhere, func() {
		r := h.wantState(k.KeyId, kmsapi.KeyStateEnabled)
		if r.KeyId != k.KeyId || *r.Arn != arnIn(elsewhere, k.KeyId) || *r.CurrentKeyMaterialId != *k.CurrentKeyMaterialId {
			t.Errorf("the replica: %+v", r)
		}
		c := *primary.MultiRegionConfiguration
		c.MultiRegionKeyType = new(kmsapi.MultiRegionKeyTypeReplica)
		if !reflect.DeepEqual(*r.MultiRegionConfiguration, c) || len(c.ReplicaKeys) != 1 || *c.ReplicaKeys[0].Arn != *r.Arn || *c.PrimaryKey.Arn != *k.Arn {
			t.Errorf("MultiRegionConfiguration = %+v, the primary's %+v", r.MultiRegionConfiguration, c)
		}
	})
}

func TestReplicationTakesItsOwnPolicyTagsAndDescription(t *testing.T) {
	h := newHarness(t)
	id := h.key(multi).KeyId
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}]}`
	out, err := h.ReplicateKey(h.ctx, &kmsapi.ReplicateKeyRequest{
		KeyId: id, ReplicaRegion: elsewhere, Policy: &document, Description: new("there"), Tags: []kmsapi.Tag{{TagKey: "a", TagValue: "b"}},
	})
	must(t, err)
	if *out.ReplicaPolicy != layOut(document) || *out.ReplicaKeyMetadata.Description != "there" || len(out.ReplicaTags) != 1 {
		t.Errorf("ReplicateKey = %+v", out)
	}
	h.in(elsewhere, func() {
		tags, err := h.ListResourceTags(h.ctx, &kmsapi.ListResourceTagsRequest{KeyId: id})
		if err != nil || len(tags.Tags) != 1 {
			t.Errorf("tags %+v, %v", tags, err)
		}
	})
	if tags, err := h.ListResourceTags(h.ctx, &kmsapi.ListResourceTagsRequest{KeyId: id}); err != nil || len(tags.Tags) != 0 {
		t.Errorf("tags of the primary %+v, %v", tags, err)
	}
}

func TestACiphertextDecryptsInEveryRegionOfItsKey(t *testing.T) {
	h := newHarness(t)
	id := h.key(multi).KeyId
	blobs := [][]byte{h.encrypt(id, "x", nil)}
	must(t, h.rotateOnDemand(id)) // before the replica
	blobs = append(blobs, h.encrypt(id, "x", nil))
	h.replicateTo(id, elsewhere, "ap-south-1")
	must(t, h.rotateOnDemand(id)) // and after
	h.in(elsewhere, func() { blobs = append(blobs, h.encrypt(id, "x", nil)) })
	for i, blob := range blobs {
		for _, region := range []string{region, elsewhere, "ap-south-1"} {
			if got, err := h.decryptIn(region, blob); err != nil || got != "x" {
				t.Errorf("ciphertext %d in %s: %q, %v", i, region, got, err)
			}
		}
	}
	_, err := h.decryptIn("eu-north-1", blobs[0])
	wantCode(t, err, "AccessDeniedException")
	must(t, h.store.Check(h.ctx))
}

func TestRelatedKeysOfEveryFamilyShareTheirMaterial(t *testing.T) {
	h := newHarness(t)
	id := h.key(multi, func(in *kmsapi.CreateKeyRequest) {
		in.KeySpec, in.KeyUsage = new(kmsapi.KeySpecHmac256), new(generateMAC)
	}).KeyId
	h.replicateTo(id, elsewhere)
	out, err := h.GenerateMac(h.ctx, &kmsapi.GenerateMacRequest{KeyId: id, Message: []byte("m"), MacAlgorithm: kmsapi.MacAlgorithmSpecHmacSha256})
	must(t, err)
	_, err = h.VerifyMac(in(elsewhere), &kmsapi.VerifyMacRequest{KeyId: id, Message: []byte("m"), Mac: out.Mac, MacAlgorithm: kmsapi.MacAlgorithmSpecHmacSha256})
	must(t, err)
}

func TestReplicateKeyRefuses(t *testing.T) {
	h := newHarness(t)
	id, single := h.pair(), h.key().KeyId
	off := h.key(multi).KeyId
	h.bring(off, "Disabled")
	for name, row := range map[string]struct {
		ctx           context.Context
		id, region    string
		code, message string
	}{
		"a replica": {
			in(elsewhere), id, "ap-south-1", "UnsupportedOperationException", arnIn(elsewhere, id) + " is not a multi-region primary key.",
		},
		"a single-Region key": {
			h.ctx, single, elsewhere, "UnsupportedOperationException", keyArn(single) + " is not a multi-region primary key.",
		},
		"a Region that has a replica": {h.ctx, id, elsewhere, "AlreadyExistsException", ""},
		"the Region of the primary":   {h.ctx, id, region, "AlreadyExistsException", ""},
		"a Region of another partition": {
			h.ctx, id, "cn-north-1", "ValidationException", "Invalid Region: cn-north-1",
		},
		"a disabled key":            {h.ctx, off, elsewhere, "DisabledException", keyArn(off) + " is disabled."},
		"a key that does not exist": {h.ctx, noKey, elsewhere, "NotFoundException", "Key '" + keyArn(noKey) + "' does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.ReplicateKey(row.ctx, &kmsapi.ReplicateKeyRequest{KeyId: row.id, ReplicaRegion: row.region})
			wantError(t, err, row.code, row.message)
		})
	}
	must(t, h.store.Check(h.ctx))
}

func TestReplicationNeedsPermissionInBothRegions(t *testing.T) {
	h := newHarness(t)
	id := h.key(multi).KeyId
	in := &kmsapi.ReplicateKeyRequest{KeyId: id, ReplicaRegion: elsewhere}
	const begin = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:ReplicateKey","Resource":"*","Condition":{"StringEquals":{"kms:ReplicaRegion":"eu-west-1"}}}`
	_, err := h.ReplicateKey(h.grant(userOf(account, "eve"), begin+`]}`), in)
	wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:CreateKey on resource: * "+
		"because no identity-based policy allows the kms:CreateKey action")
	create := `,{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1","kms:MultiRegionKeyType":"REPLICA"}}}]}`
	_, err = h.ReplicateKey(h.grant(userOf(account, "bob"), begin+create), in)
	must(t, err)
}

func TestReplicasRotateWithTheirPrimaryKey(t *testing.T) {
	h := newHarness(t)
	id := h.pair()
	h.enableRotation(id, 90)
	h.advance(200 * day)
	want := []string{"AUTOMATIC 90", "AUTOMATIC 180"}
	rounded := func() (days []string) { // the replica took a second
		for _, e := range h.rotations(id, false) {
			days = append(days, string(*e.RotationType)+" "+[]string{"90", "180"}[len(days)])
			if e.RotationDate.Sub(start).Round(day) != time.Duration(90*len(days))*day {
				h.t.Errorf("rotated at %v", e.RotationDate)
			}
		}
		return days
	}
	h.in(elsewhere, func() { // the replica is looked at first
		if got := rounded(); !slices.Equal(got, want) {
			t.Errorf("rotations of the replica %v", got)
		}
		if !*h.rotationStatus(id).KeyRotationEnabled {
			t.Error("the replica tells of no rotation")
		}
	})
	if got := rounded(); !slices.Equal(got, want) {
		t.Errorf("rotations of the primary %v", got)
	}
	h.bring(id, "Disabled") // then nothing rotates
	h.advance(200 * day)
	h.in(elsewhere, func() { h.encrypt(id, "x", nil) })
	if got := h.rotations(id, false); len(got) != 2 {
		t.Errorf("rotations while disabled: %d", len(got))
	}
}

func TestUpdatePrimaryRegionExchangesTheRoles(t *testing.T) {
	h := newHarness(t)
	id := h.pair()
	_, err := h.UpdatePrimaryRegion(h.ctx, &kmsapi.UpdatePrimaryRegionRequest{KeyId: id, PrimaryRegion: elsewhere})
	must(t, err)
	for _, region := range []string{region, elsewhere} {
		h.in(region, func() {
			h.wantState(id, kmsapi.KeyStateUpdating)
			h.encrypt(id, "x", nil) // works all the while
			_, err := h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: id})
			wantError(t, err, "KMSInvalidStateException", arnIn(region, id)+" is updating.")
		})
	}
	h.advance(settling)
	if k := h.wantState(id, kmsapi.KeyStateEnabled); *k.MultiRegionConfiguration.MultiRegionKeyType != kmsapi.MultiRegionKeyTypeReplica ||
		*k.MultiRegionConfiguration.PrimaryKey.Region != elsewhere || *k.MultiRegionConfiguration.ReplicaKeys[0].Region != region {
		t.Errorf("the former primary: %+v", k.MultiRegionConfiguration)
	}
	wantCode(t, h.rotateOnDemand(id), "UnsupportedOperationException")
	h.in(elsewhere, func() { must(t, h.rotateOnDemand(id)) })
}

func TestUpdatePrimaryRegionRefuses(t *testing.T) {
	h := newHarness(t)
	id, single := h.pair(), h.key().KeyId
	eve := h.grant(userOf(account, "eve"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:UpdatePrimaryRegion","Resource":"`+keyArn(id)+`"}}`)
	for name, row := range map[string]struct {
		ctx           context.Context
		id, region    string
		code, message string
	}{
		"a replica":           {in(elsewhere), id, region, "UnsupportedOperationException", arnIn(elsewhere, id) + " is not a multi-region primary key."},
		"a single-Region key": {h.ctx, single, elsewhere, "UnsupportedOperationException", keyArn(single) + " is not a multi-region primary key."},
		"no replica there":    {h.ctx, id, "ap-south-1", "NotFoundException", "Key '" + arnIn("ap-south-1", id) + "' does not exist"},
		"no permission there": {eve, id, elsewhere, "AccessDeniedException",
			"User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:UpdatePrimaryRegion on resource: " + arnIn(elsewhere, id) +
				" because no identity-based policy allows the kms:UpdatePrimaryRegion action"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.UpdatePrimaryRegion(row.ctx, &kmsapi.UpdatePrimaryRegionRequest{KeyId: row.id, PrimaryRegion: row.region})
			wantError(t, err, row.code, row.message)
		})
	}
	h.in(elsewhere, func() { h.turnOff(id) })
	_, err := h.UpdatePrimaryRegion(h.ctx, &kmsapi.UpdatePrimaryRegionRequest{KeyId: id, PrimaryRegion: elsewhere})
	wantError(t, err, "DisabledException", arnIn(elsewhere, id)+" is disabled.")
}

func (h *harness) turnOff(id string) {
	h.t.Helper()
	_, err := h.DisableKey(h.ctx, &kmsapi.DisableKeyRequest{KeyId: id})
	must(h.t, err)
}

func (h *harness) bury(id string) *kmsapi.ScheduleKeyDeletionResponse {
	h.t.Helper()
	out, err := h.ScheduleKeyDeletion(h.ctx, &kmsapi.ScheduleKeyDeletionRequest{KeyId: id, PendingWindowInDays: new(int32(7))})
	must(h.t, err)
	return out
}

func TestAPrimaryKeyWaitsForItsReplicas(t *testing.T) {
	for name, sweep := range map[string]bool{"looked at": false, "swept": true} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			id := h.pair()
			out := h.bury(id)
			if *out.KeyState != kmsapi.KeyStatePendingReplicaDeletion || out.DeletionDate != nil || *out.PendingWindowInDays != 7 {
				t.Errorf("ScheduleKeyDeletion = %+v", out)
			}
			if k := h.wantState(id, kmsapi.KeyStatePendingReplicaDeletion); *k.PendingDeletionWindowInDays != 7 || k.DeletionDate != nil {
				t.Errorf("DescribeKey = %+v", k)
			}
			_, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: id, Plaintext: []byte("x")})
			wantError(t, err, "KMSInvalidStateException", keyArn(id)+" is pending replica deletion.")
			h.advance(99 * day)
			h.wantState(id, kmsapi.KeyStatePendingReplicaDeletion)
			h.in(elsewhere, func() {
				h.encrypt(id, "x", nil) // the replica does not mind
				if out := h.bury(id); *out.KeyState != kmsapi.KeyStatePendingDeletion || out.DeletionDate == nil {
					t.Errorf("of the replica: %+v", out)
				}
			})
			h.advance(7*day + time.Second)
			if sweep {
				must(t, h.Sweep(h.ctx, h.clock.Now()))
			}
			k := h.wantState(id, kmsapi.KeyStatePendingDeletion)
			if want := h.clock.Now().Add(7*day - time.Second); !k.DeletionDate.Equal(want) || len(k.MultiRegionConfiguration.ReplicaKeys) != 0 {
				t.Errorf("DescribeKey = %+v, want the end %v", k, want)
			}
			h.advance(7 * day)
			must(t, h.Sweep(h.ctx, h.clock.Now()))
			_, err = h.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: id})
			wantCode(t, err, "NotFoundException")
			must(t, h.store.Check(h.ctx))
		})
	}
}

func TestOneSweepDestroysReplicasAndThenTheirPrimaryKey(t *testing.T) {
	h := newHarness(t)
	id := h.pair()
	h.bury(id)
	h.in(elsewhere, func() { h.bury(id) })
	h.advance(365 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	if list, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{}); err != nil || len(list.Keys) != 0 {
		t.Errorf("keys are left: %+v, %v", list, err)
	}
	must(t, h.store.Check(h.ctx))
}

func TestTheDeletionOfAPrimaryKeyCanBeCancelled(t *testing.T) {
	h := newHarness(t)
	id := h.pair()
	h.bury(id)
	_, err := h.CancelKeyDeletion(h.ctx, &kmsapi.CancelKeyDeletionRequest{KeyId: id})
	must(t, err)
	if k := h.wantState(id, kmsapi.KeyStateDisabled); k.PendingDeletionWindowInDays != nil {
		t.Errorf("DescribeKey = %+v", k)
	}
}

func TestAReplicaThatIsGoneMakesRoomForAnother(t *testing.T) {
	h := newHarness(t)
	id := h.pair()
	blob := h.encrypt(id, "x", nil)
	h.in(elsewhere, func() { h.bury(id) })
	_, err := h.ReplicateKey(h.ctx, &kmsapi.ReplicateKeyRequest{KeyId: id, ReplicaRegion: elsewhere})
	wantCode(t, err, "AlreadyExistsException")
	h.advance(7 * day)
	h.replicateTo(id, elsewhere)
	if got, err := h.decryptIn(elsewhere, blob); err != nil || got != "x" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	h.in(elsewhere, func() { h.wantState(id, kmsapi.KeyStateEnabled) })
}

func TestImportedMaterialIsImportedIntoEveryRegion(t *testing.T) {
	h := newHarness(t)
	id := h.key(multi, external(kmsapi.KeySpecSymmetricDefault, encryptDecrypt)).KeyId
	one, two := fresh(32), fresh(32)
	first := h.mustImport(id, one)
	h.replicateTo(id, elsewhere)
	blob := h.encrypt(id, "x", nil)
	h.in(elsewhere, func() {
		h.wantState(id, kmsapi.KeyStatePendingImport)
		_, err := h.importKey(id, two)
		wantCode(t, err, "IncorrectKeyMaterialException")
		if got := h.mustImport(id, one); got != first {
			t.Errorf("material %s, want %s", got, first)
		}
		h.wantState(id, kmsapi.KeyStateEnabled)
		_, err = h.importKey(id, two, asNew)
		wantError(t, err, "UnsupportedOperationException", arnIn(elsewhere, id)+" is not a multi-region primary key.")
	})
	if got, err := h.decryptIn(elsewhere, blob); err != nil || got != "x" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
	h.mustImport(id, two, asNew)
	state := func() kmsapi.KeyMaterialState { return *h.rotations(id, true)[1].KeyMaterialState }
	if got := state(); got != kmsapi.KeyMaterialStatePendingMultiRegionImportAndRotation {
		t.Errorf("state %s", got)
	}
	wantCode(t, h.rotateOnDemand(id), "KMSInvalidStateException")
	h.in(elsewhere, func() { h.mustImport(id, two, asExisting) })
	if got := state(); got != kmsapi.KeyMaterialStatePendingRotation {
		t.Errorf("state %s", got)
	}
	must(t, h.rotateOnDemand(id))
	blob = h.encrypt(id, "x", nil)
	if got, err := h.decryptIn(elsewhere, blob); err != nil || got != "x" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
	must(t, h.store.Check(h.ctx))
}

func TestPendingMaterialIsForgottenInEveryRegion(t *testing.T) {
	h := newHarness(t)
	id := h.key(multi, external(kmsapi.KeySpecSymmetricDefault, encryptDecrypt)).KeyId
	h.mustImport(id, fresh(32))
	h.replicateTo(id, elsewhere)
	two := fresh(32)
	waiting := h.mustImport(id, two, asNew)
	h.in(elsewhere, func() { h.mustImport(id, two, asExisting) })
	must(t, h.deleteMaterial(id, &waiting))
	for _, region := range []string{region, elsewhere} {
		h.in(region, func() {
			if got := h.rotations(id, true); len(got) != 1 {
				t.Errorf("materials in %s: %+v", region, got)
			}
		})
	}
	must(t, h.store.Check(h.ctx))
}

func TestReplicasSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	var id string
	var blob []byte
	restart(t, dir, func(h *harness) {
		id = h.pair()
		blob = h.encrypt(id, "x", nil)
	})
	restart(t, dir, func(h *harness) {
		h.advance(settling)
		if got, err := h.decryptIn(elsewhere, blob); err != nil || got != "x" {
			t.Errorf("Decrypt = %q, %v", got, err)
		}
		must(t, h.store.Check(h.ctx))
	})
}
