package kms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

func openDir(t *testing.T, dir string) *harness {
	t.Helper()
	store, err := bolt.Open(filepath.Join(dir, "data"), bolt.Options{})
	must(t, err)
	root, err := seal.Open(dir, nil)
	must(t, err)
	return harnessOn(t, store, root)
}

func TestARestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	h := openDir(t, dir)
	k := h.key(func(in *kmsapi.CreateKeyRequest) {
		in.Description, in.Policy, in.Tags = new("mine"), new(byAnyone), []kmsapi.Tag{{TagKey: "a", TagValue: "b"}}
	})
	off, going := h.key(), h.key()
	h.bring(off.KeyId, "Disabled")
	h.schedule(going.KeyId, 9)
	h.alias("alias/x", k.KeyId)
	blob := h.encrypt("alias/x", "hello", map[string]string{"a": "b"})
	before := [3]kmsapi.KeyMetadata{h.describe(k.KeyId), h.describe(off.KeyId), h.describe(going.KeyId)}
	listed, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{Limit: new(int32(1))})
	must(t, err)
	must(t, h.store.Close())

	h = openDir(t, dir)
	if got, err := h.decrypt(blob, map[string]string{"a": "b"}); err != nil || got != "hello" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
	after := [3]kmsapi.KeyMetadata{h.describe("alias/x"), h.describe(off.KeyId), h.describe(going.KeyId)}
	if !reflect.DeepEqual(after, before) {
		t.Errorf("keys after the restart: %+v", after)
	}
	if got := h.policyOf(k.KeyId); got != layOut(byAnyone) {
		t.Errorf("policy = %s", got)
	}
	if got := h.tags(k.KeyId); len(got) != 1 || got[0].TagValue != "b" {
		t.Errorf("tags = %v", got)
	}
	_, err = h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{Marker: listed.NextMarker})
	must(t, err)
	must(t, h.store.Check(h.ctx))
}

// Neither the data directory and the root key, nor every page of the database
// as it was before the deletion beside the slots as they are after it, open
// the ciphertext.
func TestADestroyedKeyStaysDestroyedOnDisk(t *testing.T) {
	dir := t.TempDir()
	h := openDir(t, dir)
	k := h.key()
	blob := h.encrypt(k.KeyId, "secret", nil)
	must(t, h.store.Close())
	database := filepath.Join(dir, "data", "store.db")
	before, err := os.ReadFile(database)
	must(t, err)

	h = openDir(t, dir)
	h.schedule(k.KeyId, 7)
	h.advance(7 * day)
	must(t, h.Sweep(h.ctx, h.clock.Now()))
	must(t, h.store.Close())

	h = openDir(t, dir)
	_, err = h.decrypt(blob, nil)
	wantCode(t, err, "AccessDeniedException")
	must(t, h.store.Check(h.ctx))
	must(t, h.store.Close())

	must(t, os.WriteFile(database, before, 0o600))
	h = openDir(t, dir)
	h.describe(k.KeyId) // the record is back
	if got, err := h.decrypt(blob, nil); err == nil {
		t.Errorf("Decrypt = %q", got)
	}
}

// Key material never stands on the disk in the clear.
func TestKeyMaterialIsSealedOnDisk(t *testing.T) {
	dir := t.TempDir()
	h := openDir(t, dir)
	k := h.key()
	m, release, err := h.symmetric(h.ctx, &record{Account: account, Region: region, ID: k.KeyId}, *k.CurrentKeyMaterialId)
	must(t, err)
	defer release()
	stored := m.Marshal()
	secret := stored.Bytes()[stored.Len()-32:]
	must(t, h.store.Close())
	files := 0
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if bytes.Contains(data, secret) {
			t.Errorf("%s holds the key in the clear", info.Name())
		}
		return err
	}))
	if files < 2 {
		t.Errorf("only %d files were read", files)
	}
}

// While a key is used, disabled, enabled, renamed and destroyed all at once,
// every answer is either right or one of AWS's errors, and what was encrypted
// opens as long as the key lives.
func TestManyCallersAtOnce(t *testing.T) {
	h := newHarness(t)
	k, victim := h.key(), h.key()
	old := h.encrypt(victim.KeyId, "x", nil)
	var wg sync.WaitGroup
	run := func(n int, fn func(i int) error) {
		wg.Go(func() {
			for i := range n {
				if err := fn(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 4 {
		run(200, func(i int) error {
			text := fmt.Sprint(i)
			out, err := h.Encrypt(h.ctx, &kmsapi.EncryptRequest{KeyId: k.KeyId, Plaintext: []byte(text)})
			if err != nil {
				return err
			}
			if got, err := h.decrypt(out.CiphertextBlob, nil); err != nil || got != text {
				return fmt.Errorf("Decrypt = %q, %w", got, err)
			}
			return nil
		})
		run(200, func(int) error {
			got, err := h.decrypt(old, nil)
			if err == nil && got != "x" {
				return fmt.Errorf("Decrypt = %q", got)
			}
			return awsError(err)
		})
	}
	run(50, func(i int) error {
		name := fmt.Sprintf("alias/%d", i)
		h.alias(name, k.KeyId)
		return second(h.DeleteAlias(h.ctx, &kmsapi.DeleteAliasRequest{AliasName: name}))
	})
	run(50, func(int) error {
		return second(h.PutKeyPolicy(h.ctx, &kmsapi.PutKeyPolicyRequest{KeyId: k.KeyId, Policy: byAnyone}))
	})
	run(1, func(int) error {
		h.schedule(victim.KeyId, 7)
		return errors.Join(h.clock.Advance(7*day), h.Sweep(h.ctx, h.clock.Now()))
	})
	wg.Wait()
	_, err := h.decrypt(old, nil)
	wantCode(t, err, "AccessDeniedException")
	if n := len(h.unsealed.held); n != 1 {
		t.Errorf("%d materials are in memory, want the living key's", n)
	}
}

// awsError lets the errors pass that a key on its way out has.
func awsError(err error) error {
	for _, code := range []string{"KMSInvalidStateException", "AccessDeniedException", "NotFoundException"} {
		if err == nil || len(err.Error()) > len(code) && err.Error()[:len(code)] == code {
			return nil
		}
	}
	return err
}

// failing is a store whose next write transactions fail.
type failing struct {
	storage.Store
	err error
}

func (f *failing) Update(ctx context.Context, fn func(context.Context, storage.Tx) error) error {
	if f.err != nil {
		return f.err
	}
	return f.Store.Update(ctx, fn)
}

func TestAFailedWriteIsNoAnswerOfAWS(t *testing.T) {
	store := &failing{Store: memory.New()}
	h := harnessOn(t, store, seal.NewEphemeral())
	store.err = errors.New("disk full")
	_, err := h.CreateKey(h.ctx, &kmsapi.CreateKeyRequest{})
	if !errors.Is(err, store.err) {
		t.Errorf("CreateKey: %v", err)
	}
	store.err = nil
	if out, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{}); err != nil || len(out.Keys) != 0 {
		t.Errorf("a key is there all the same: %v, %v", out, err)
	}
	must(t, store.Check(h.ctx))
}
