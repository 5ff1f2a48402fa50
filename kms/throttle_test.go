package kms

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/clock"
)

const tooFast = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."

// throttledHarness is a harness whose door has a throttle.
func throttledHarness(t testing.TB, all bool, set map[string]int) *harness {
	h := newHarness(t)
	h.client.Endpoint.Limiter = NewThrottle(h.clock, all, set)
	return h
}

// passes counts how many of n calls are not throttled.
func (h *harness) passes(n int, call func() error) (passed int) {
	h.t.Helper()
	for range n {
		err := call()
		if e, ok := err.(*api.Error); ok && e.Code == "ThrottlingException" {
			wantError(h.t, err, "ThrottlingException", tooFast)
			if e.Status != 400 {
				h.t.Errorf("status %d", e.Status)
			}
			continue
		}
		must(h.t, err)
		passed++
	}
	return passed
}

func (h *harness) createThroughTheDoor() error {
	_, err := h.client.CreateKey(h.ctx, &kmsapi.CreateKeyRequest{})
	return err
}

func TestRequestsBeyondTheQuotaAreThrottled(t *testing.T) {
	h := throttledHarness(t, true, nil)
	if n := h.passes(9, h.createThroughTheDoor); n != 5 {
		t.Errorf("%d of 9 CreateKey in an instant, want 5", n)
	}
	h.advance(400 * time.Millisecond)
	if n := h.passes(9, h.createThroughTheDoor); n != 2 {
		t.Errorf("%d after 0.4 seconds, want 2", n)
	}
	h.advance(time.Hour)
	if n := h.passes(9, h.createThroughTheDoor); n != 5 {
		t.Errorf("%d after an hour, want 5", n)
	}
	// Each quota is counted for itself.
	k := h.key()
	if n := h.passes(9, func() error {
		_, err := h.client.DescribeKey(h.ctx, &kmsapi.DescribeKeyRequest{KeyId: k.KeyId})
		return err
	}); n != 9 {
		t.Errorf("%d of 9 DescribeKey", n)
	}
	h.client.Endpoint.Limiter.(*Throttle).Reset()
	if n := h.passes(9, h.createThroughTheDoor); n != 5 {
		t.Errorf("%d after a reset, want 5", n)
	}
}

func TestOnlyTheQuotasThatAreSetCount(t *testing.T) {
	h := throttledHarness(t, false, map[string]int{symmetricRate: 3})
	if n := h.passes(20, h.createThroughTheDoor); n != 20 {
		t.Errorf("%d of 20 CreateKey", n)
	}
	k := h.key()
	blob := h.encrypt(k.KeyId, "x", nil)
	if n := h.passes(10, func() error {
		_, err := h.client.Decrypt(h.ctx, &kmsapi.DecryptRequest{CiphertextBlob: blob})
		return err
	}); n != 3 {
		t.Errorf("%d of 10 Decrypt, want 3", n)
	}
	// What the cryptographic operations share is gone for all of them.
	_, err := h.client.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1))})
	wantError(t, err, "ThrottlingException", tooFast)
}

// The account that calls pays, also for the key of another, and for what a
// service does on its behalf.
func TestTheCallersAccountIsThrottled(t *testing.T) {
	h := throttledHarness(t, false, map[string]int{"DescribeKey": 1})
	k := h.key(with(byAnyone))
	describe := func(ctx context.Context) error {
		_, err := h.client.DescribeKey(ctx, &kmsapi.DescribeKeyRequest{KeyId: *k.Arn})
		return err
	}
	must(t, describe(h.ctx))
	wantError(t, describe(h.ctx), "ThrottlingException", tooFast)
	wantError(t, describe(service(h.ctx)), "ThrottlingException", tooFast)
	wantError(t, describe(as(userOf(account, "bob"))), "ThrottlingException", tooFast)
	other := as(rootUser(foreign))
	must(t, describe(other))
	wantError(t, describe(other), "ThrottlingException", tooFast)
	elsewhere := in("eu-west-1")
	_, err := h.client.DescribeKey(elsewhere, &kmsapi.DescribeKeyRequest{KeyId: noKey})
	wantCode(t, err, "NotFoundException")
	for range 3 { // an AWS owned key is nobody's
		must(t, describe(api.AsService(h.ctx, "logs.us-east-1.amazonaws.com", "", "")))
	}
}

func TestEveryOperationHasARequestQuota(t *testing.T) {
	c := rootUser(account)
	used := map[string]bool{"CreateKey": true}
	for _, op := range kmsapi.Service.Operations {
		in := reflect.New(op.Input).Interface()
		for _, one := range charges(c, op.Name, in) {
			used[one.name] = true
			if rateOf(region, one.name) == 0 && !strings.HasPrefix(one.name, pairRate) {
				t.Errorf("%s has no quota %q", op.Name, one.name)
			}
		}
	}
	for _, name := range RateNames() {
		if !used[name] && !strings.HasPrefix(name, pairRate) && !slices.Contains([]string{rsaRate, mldsaRate}, name) {
			t.Errorf("nothing counts to %s", name)
		}
	}
	for _, spec := range kmsapi.Service.Shapes["DataKeyPairSpec"].Enum {
		if rateOf(region, pairRate+spec) == 0 {
			t.Errorf("pairs of %s have no quota", spec)
		}
	}
}

func TestRequestsCountByTheTypeOfTheKey(t *testing.T) {
	c := rootUser(account)
	rsa, ec := kmsapi.EncryptionAlgorithmSpec("RSAES_OAEP_SHA_256"), kmsapi.EncryptionAlgorithmSpec("SM2PKE")
	for _, tt := range []struct {
		in   any
		want string
	}{
		{&kmsapi.EncryptRequest{}, "[{us-east-1 symmetric 1}]"},
		{&kmsapi.EncryptRequest{EncryptionAlgorithm: &rsa}, "[{us-east-1 rsa 1}]"},
		{&kmsapi.DecryptRequest{EncryptionAlgorithm: &ec}, "[{us-east-1 ecc 1}]"},
		{&kmsapi.SignRequest{SigningAlgorithm: "RSASSA_PSS_SHA_256"}, "[{us-east-1 rsa 1}]"},
		{&kmsapi.SignRequest{SigningAlgorithm: "ECDSA_SHA_256"}, "[{us-east-1 ecc 1}]"},
		{&kmsapi.VerifyRequest{SigningAlgorithm: "ED25519_SHA_512"}, "[{us-east-1 ecc 1}]"},
		{&kmsapi.VerifyRequest{SigningAlgorithm: "ML_DSA_SHAKE_256"}, "[{us-east-1 ml-dsa 1}]"},
		{&kmsapi.DeriveSharedSecretRequest{}, "[{us-east-1 ecc 1}]"},
		{&kmsapi.DecapsulateRequest{}, "[{us-east-1 ml-kem 1}]"},
		{&kmsapi.ReEncryptRequest{}, "[{us-east-1 symmetric 1}]"},
		{&kmsapi.ReEncryptRequest{SourceEncryptionAlgorithm: &rsa}, "[{us-east-1 rsa 1} {us-east-1 symmetric 1}]"},
		{&kmsapi.GenerateDataKeyPairRequest{KeyPairSpec: "RSA_4096"}, "[{us-east-1 GenerateDataKeyPair-RSA_4096 1}]"},
		{&kmsapi.GenerateDataKeyPairWithoutPlaintextRequest{KeyPairSpec: "SM2"}, "[{us-east-1 GenerateDataKeyPair-SM2 1}]"},
		{&kmsapi.ReplicateKeyRequest{ReplicaRegion: "eu-west-1"}, "[{us-east-1 Op 1} {eu-west-1 CreateKey 2}]"},
		{&kmsapi.UpdatePrimaryRegionRequest{PrimaryRegion: "eu-west-1"}, "[{us-east-1 Op 1} {eu-west-1 Op 1}]"},
		{&kmsapi.ListKeysRequest{}, "[{us-east-1 Op 1}]"},
	} {
		if got := fmt.Sprint(charges(c, "Op", tt.in)); got != tt.want {
			t.Errorf("%T: %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestRegionsHaveTheirOwnRequestQuotas(t *testing.T) {
	for _, tt := range []struct {
		region, name string
		want         float64
	}{
		{"us-east-1", symmetricRate, 100_000}, {"eu-central-1", symmetricRate, 20_000}, {"ca-central-1", symmetricRate, 10_000},
		{"cn-north-1", pairRate + "RSA_4096", 0.1}, {"us-east-1", pairRate + "RSA_4096", 1}, {"us-east-1", "DescribeKey", 2000}, {"x", "y", 0},
	} {
		if got := rateOf(tt.region, tt.name); got != tt.want {
			t.Errorf("%s in %s: %v, want %v", tt.name, tt.region, got, tt.want)
		}
	}
}

// One in ten seconds: a quota below one still lets one through.
func TestAQuotaBelowOneASecondLetsOneThrough(t *testing.T) {
	c := clock.NewMovable(clock.Fixed(start))
	throttle := NewThrottle(c, true, nil)
	op := &api.Operation{Name: "GenerateDataKeyPair"}
	try := func() error {
		return throttle.Admit(in("cn-north-1"), op, &kmsapi.GenerateDataKeyPairRequest{KeyPairSpec: "RSA_4096"})
	}
	must(t, try())
	c.Advance(9 * time.Second)
	wantCode(t, try(), "ThrottlingException")
	c.Advance(time.Second)
	must(t, try())
}

// A replica counts two CreateKey in its Region; what is refused for one quota
// takes nothing of the other.
func TestAThrottledRequestTakesNothing(t *testing.T) {
	throttle := NewThrottle(clock.Fixed(start), false, map[string]int{"ReplicateKey": 9, "CreateKey": 5})
	replicate, create := &api.Operation{Name: "ReplicateKey"}, &api.Operation{Name: "CreateKey"}
	try := func(ctx context.Context, op *api.Operation, in any) error { return throttle.Admit(ctx, op, in) }
	for range 2 {
		must(t, try(in(region), replicate, &kmsapi.ReplicateKeyRequest{ReplicaRegion: "eu-west-1"}))
	}
	for range 20 {
		wantCode(t, try(in(region), replicate, &kmsapi.ReplicateKeyRequest{ReplicaRegion: "eu-west-1"}), "ThrottlingException")
	}
	must(t, try(in("eu-west-1"), create, &kmsapi.CreateKeyRequest{}))
	wantCode(t, try(in("eu-west-1"), create, &kmsapi.CreateKeyRequest{}), "ThrottlingException")
	must(t, try(in(region), replicate, &kmsapi.ReplicateKeyRequest{ReplicaRegion: "ap-south-1"}))
}

func TestManyAccountsDoNotFillTheMemory(t *testing.T) {
	c := clock.NewMovable(clock.Fixed(start))
	throttle := NewThrottle(c, true, nil)
	op := &api.Operation{Name: "ListKeys"}
	for i := range 3 * maxBuckets {
		if i%maxBuckets == 0 {
			c.Advance(time.Hour)
		}
		must(t, throttle.Admit(as(rootUser(fmt.Sprintf("%012d", i))), op, &kmsapi.ListKeysRequest{}))
	}
	if n := len(throttle.buckets); n > maxBuckets {
		t.Errorf("%d buckets", n)
	}
}

func TestConcurrentRequestsShareTheQuota(t *testing.T) {
	h := throttledHarness(t, false, map[string]int{symmetricRate: 100})
	var passed atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if _, err := h.client.GenerateRandom(h.ctx, &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(1))}); err == nil {
					passed.Add(1)
				}
			}
		})
	}
	group.Wait()
	if passed.Load() != 100 {
		t.Errorf("%d passed, want 100", passed.Load())
	}
}

func BenchmarkThroughTheDoor(b *testing.B) {
	for name, limit := range map[string]bool{"without throttle": false, "with": true} {
		b.Run(name, func(b *testing.B) {
			h := newHarness(b)
			if limit {
				h.client.Endpoint.Limiter = NewThrottle(h.clock, false, map[string]int{symmetricRate: 1 << 40})
			}
			in := &kmsapi.GenerateRandomRequest{NumberOfBytes: new(int32(32))}
			for b.Loop() {
				if _, err := h.client.GenerateRandom(h.ctx, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
