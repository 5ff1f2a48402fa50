package kms

import (
	"context"
	"fmt"
	"testing"

	"sealstack/kms/material"
	"sealstack/storage"
)

func newSymmetric(t *testing.T) *material.Symmetric {
	t.Helper()
	m, err := material.NewSymmetric()
	must(t, err)
	return m
}

// wiped says that the key bytes are gone.
func wiped(m *material.Symmetric) bool { return m.SameKey(material.Secret{}) }

func TestDroppedMaterialIsWipedWhenNobodyUsesIt(t *testing.T) {
	var u unsealedMaterials
	m := newSymmetric(t)
	_, epoch := u.get("a")
	first := u.put("a", m, epoch)
	second, _ := u.get("a")
	if second != first {
		t.Fatal("the material is not held")
	}
	first.release()
	u.drop("a")
	if wiped(m) {
		t.Error("wiped while in use")
	}
	if e, _ := u.get("a"); e != nil {
		t.Error("still given out")
	}
	second.release()
	if !wiped(m) {
		t.Error("not wiped after its last use")
	}
}

// What was read before a drop may be what was dropped: it is used once.
func TestMaterialReadBeforeADropIsNotHeld(t *testing.T) {
	for name, drop := range map[string]func(*unsealedMaterials){
		"drop":  func(u *unsealedMaterials) { u.drop("a") },
		"reset": (*unsealedMaterials).reset,
	} {
		t.Run(name, func(t *testing.T) {
			var u unsealedMaterials
			m := newSymmetric(t)
			_, epoch := u.get("a")
			drop(&u)
			e := u.put("a", m, epoch)
			if held, _ := u.get("a"); held != nil {
				t.Error("held all the same")
			}
			e.release()
			if !wiped(m) {
				t.Error("not wiped after its use")
			}
		})
	}
}

func TestOfTwoReadersOneMaterialIsHeld(t *testing.T) {
	var u unsealedMaterials
	_, epoch := u.get("a")
	a, b := newSymmetric(t), newSymmetric(t)
	first, second := u.put("a", a, epoch), u.put("a", b, epoch)
	second.release()
	first.release()
	if wiped(a) || !wiped(b) {
		t.Errorf("wiped: %t, %t; want the second alone", wiped(a), wiped(b))
	}
}

func TestMaterialsInMemoryAreBounded(t *testing.T) {
	var u unsealedMaterials
	_, epoch := u.get("")
	all := make([]*material.Symmetric, maxUnsealed+3)
	for i := range all {
		all[i] = newSymmetric(t)
		u.put(fmt.Sprint(i), all[i], epoch).release()
	}
	gone := 0
	for _, m := range all {
		if wiped(m) {
			gone++
		}
	}
	if len(u.held) != maxUnsealed || gone != 3 {
		t.Errorf("%d are held, %d wiped", len(u.held), gone)
	}
	u.reset()
	if len(u.held) != 0 || !wiped(all[len(all)-1]) {
		t.Errorf("%d are held after a reset", len(u.held))
	}
}

func TestCompiledPoliciesInMemoryAreBounded(t *testing.T) {
	var c compiledPolicies
	for i := range maxCompiled + 3 {
		c.put(fmt.Sprint(i), nil)
	}
	if len(c.held) != maxCompiled {
		t.Errorf("%d are held", len(c.held))
	}
	c.reset()
	if len(c.held) != 0 {
		t.Errorf("%d are held after a reset", len(c.held))
	}
}

func TestResetLeavesNothingInMemory(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	blob := h.encrypt(k.KeyId, "x", nil)
	must(t, h.store.Reset(h.ctx))
	h.Reset()
	if len(h.unsealed.held)+len(h.compiled.held) != 0 {
		t.Error("something is left in memory")
	}
	_, err := h.decrypt(blob, nil)
	wantError(t, err, "InvalidCiphertextException", "")
}

// Another row's material does not open in a key's place.
func TestSealedMaterialIsBoundToItsKey(t *testing.T) {
	h := newHarness(t)
	a, b := h.key(), h.key()
	must(t, h.store.Update(h.ctx, func(_ context.Context, tx storage.Tx) error {
		of := func(id, m string) storage.Key { return storage.K(account, region, id, m) }
		stolen, err := materials.Get(tx, of(b.KeyId, *b.CurrentKeyMaterialId))
		if err != nil {
			return err
		}
		return materials.Put(tx, of(a.KeyId, *a.CurrentKeyMaterialId), stolen)
	}))
	_, _, err := h.symmetric(h.ctx, &record{Account: account, Region: region, ID: a.KeyId}, *a.CurrentKeyMaterialId)
	if err == nil {
		t.Error("the material of another key was taken")
	}
}
