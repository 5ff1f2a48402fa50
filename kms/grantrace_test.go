package kms

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// wantCounted checks that each key counts its grants and that every index has
// a row for each.
func (h *harness) wantCounted(t *testing.T, want int) {
	t.Helper()
	must(t, h.store.View(h.ctx, func(_ context.Context, tx storage.Tx) error {
		counted := 0
		for row, err := range keys.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			counted += row.Value.Grants
		}
		if n := [5]int{counted, count(tx, grants), count(tx, grantees), count(tx, retirees), count(tx, retries)}; n != [5]int{want, want, want, want, want} {
			t.Errorf("counted, grants, grantees, retirees, retries: %v, want %d", n, want)
		}
		return nil
	}))
}

// Many create, retry, use and end grants at once: a name gives one grant, a
// grant ends once, a use that begins after the grant and ends before its end
// succeeds.
func TestGrantsAtOnce(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	named := func(i int) *kmsapi.CreateGrantRequest {
		grant := to(k.KeyId, bob.ARN, describe, retire)
		grant.Name, grant.RetiringPrincipal = new(fmt.Sprint(i)), &eve.ARN
		return grant
	}
	h.issue(named(-1)) // always there
	var wg sync.WaitGroup
	var ended atomic.Int32
	ids := [20]sync.Map{}
	for range 8 {
		wg.Go(func() {
			for i := range ids {
				out, err := h.CreateGrant(h.ctx, named(i))
				if err != nil {
					t.Error(err)
					return
				}
				ids[i].Store(*out.GrantId, true)
			}
		})
		wg.Go(func() {
			for range 50 {
				if err := second(h.DescribeKey(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	h.wantCounted(t, 21)
	for i := range ids {
		n := 0
		ids[i].Range(func(id, _ any) bool {
			n++
			for range 3 {
				wg.Go(func() {
					err := second(h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id.(string)}))
					if err == nil {
						ended.Add(1)
					} else {
						wantCode(t, err, "NotFoundException")
					}
				})
				wg.Go(func() {
					err := second(h.RetireGrant(as(eve), &kmsapi.RetireGrantRequest{KeyId: k.Arn, GrantId: new(id.(string))}))
					if err == nil {
						ended.Add(1)
					} else {
						wantOneOf(t, err, "NotFoundException")
					}
				})
			}
			return true
		})
		if n != 1 {
			t.Errorf("name %d has %d grants", i, n)
		}
	}
	wg.Wait()
	if ended.Load() != 20 {
		t.Errorf("%d grants were ended, of 20", ended.Load())
	}
	h.wantCounted(t, 1)
}

func wantOneOf(t *testing.T, err error, codes ...string) {
	t.Helper()
	for _, code := range codes {
		if len(err.Error()) >= len(code) && err.Error()[:len(code)] == code {
			return
		}
	}
	t.Errorf("error is %v, want one of %v", err, codes)
}

// What other changes of a key store leaves the count of its grants alone.
func TestOtherChangesKeepTheCountOfGrants(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			grant := to(k.KeyId, bob.ARN, describe)
			grant.Name, grant.RetiringPrincipal = new(fmt.Sprint(i)), &eve.ARN
			h.issue(grant)
		})
		wg.Go(func() {
			must(t, second(h.UpdateKeyDescription(h.ctx, &kmsapi.UpdateKeyDescriptionRequest{KeyId: k.KeyId, Description: fmt.Sprint(i)})))
			h.alias(fmt.Sprintf("alias/%d", i), k.KeyId)
			must(t, second(h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: k.KeyId, Policy: byAnyone})))
		})
	}
	wg.Wait()
	h.wantCounted(t, 20)
	h.schedule(k.KeyId, 7)
	h.advance(7 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	h.wantCounted(t, 0)
}

// Of grants that expire from the need of a token while they are used, none
// works before its time.
func TestUseDuringTheDelay(t *testing.T) {
	h := newHarness(t)
	h.grantDelay = time.Minute
	k := h.key(with(gated))
	_, token := h.issue(to(k.KeyId, bob.ARN, describe))
	end := start.Add(time.Minute)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 80 {
			h.advance(time.Second)
		}
	})
	for range 200 {
		must(t, second(h.DescribeKey(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId, GrantTokens: []string{token}})))
		before := h.clock.Now()
		err := second(h.DescribeKey(as(bob), &kmsapi.DescribeKeyRequest{KeyId: k.KeyId}))
		if after := h.clock.Now(); err == nil && after.Before(end) || err != nil && !before.Before(end) {
			t.Errorf("between %v and %v: %v", before, after, err)
		}
	}
	wg.Wait()
}
