package checksum

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

func TestTheCheckValuesOfTheCatalogues(t *testing.T) {
	for _, tt := range []struct {
		algorithm Algorithm
		want      string // of "123456789"
	}{
		{CRC32, "cbf43926"},
		{CRC32C, "e3069283"},
		{CRC64NVME, "ae8b14860a799888"},
		{SHA1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
		{SHA256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"},
		{MD5, "25f9e794323b453885f5181f1b624d0b"},
		// As the xxHash library of the algorithms' author counts them.
		{XXHASH64, "8cb841db40e6ae83"},
		{XXHASH3, "72dcb18b67a17dff"},
		{XXHASH128, "33119477ede5dcd5e9716427681d5860"},
	} {
		h := tt.algorithm.New()
		h.Write([]byte("123456789"))
		if got := hex.EncodeToString(h.Sum(nil)); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.algorithm, got, tt.want)
		}
		if h.Size() != tt.algorithm.Size() {
			t.Errorf("%s is %d bytes long, want %d", tt.algorithm, h.Size(), tt.algorithm.Size())
		}
	}
}

func sumOf(a Algorithm, data []byte) []byte {
	h := a.New()
	h.Write(data)
	return h.Sum(nil)
}

func TestTheChecksumsOfPartsMakeThatOfTheWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 5000)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	for _, a := range []Algorithm{CRC32, CRC32C, CRC64NVME} {
		for range 200 {
			end := random.IntN(len(data) + 1)
			cut := random.IntN(end + 1)
			got := a.Combine(sumOf(a, data[:cut]), sumOf(a, data[cut:end]), int64(end-cut))
			if want := sumOf(a, data[:end]); !bytes.Equal(got, want) {
				t.Fatalf("%s of %d bytes cut at %d: %x, want %x", a, end, cut, got, want)
			}
		}
	}
}

func TestWhichTypeGoesWithWhichAlgorithm(t *testing.T) {
	for _, tt := range []struct {
		algorithm       Algorithm
		full, composite bool
	}{
		{CRC32, true, true}, {CRC32C, true, true}, {CRC64NVME, true, false},
		{SHA1, false, true}, {SHA256, false, true}, {SHA512, false, true}, {MD5, false, true},
		{XXHASH64, false, true}, {XXHASH3, false, true}, {XXHASH128, false, true},
	} {
		if tt.algorithm.Takes(FullObject) != tt.full || tt.algorithm.Takes(Composite) != tt.composite {
			t.Errorf("%s takes full: %t, composite: %t", tt.algorithm, tt.algorithm.Takes(FullObject), tt.algorithm.Takes(Composite))
		}
		if tt.algorithm.Takes("") {
			t.Errorf("%s takes no type", tt.algorithm)
		}
	}
}

func TestAChecksumHasItsLength(t *testing.T) {
	for _, tt := range []struct {
		algorithm Algorithm
		text      string
		ok        bool
	}{
		{CRC32, "y/Q5Jg==", true},
		{CRC32, "y/Q5", false},
		{CRC32, "y/Q5Jg", false},
		{CRC32, "", false},
		{CRC32C, "?", false},
		{CRC64NVME, "rosUhgp5mIg=", true},
		{SHA1, "y/Q5Jg==", false},
	} {
		sum, ok := tt.algorithm.Parse(tt.text)
		if ok != tt.ok {
			t.Errorf("%s %q: %t, want %t", tt.algorithm, tt.text, ok, tt.ok)
		}
		if ok && Format(sum) != tt.text {
			t.Errorf("%s %q comes back as %q", tt.algorithm, tt.text, Format(sum))
		}
	}
	if Algorithm("CRC16").Known() || !SHA512.Known() {
		t.Error("CRC16 is known, or SHA512 is not")
	}
}

func BenchmarkChecksums(b *testing.B) {
	data := make([]byte, 1<<20)
	for _, a := range []Algorithm{CRC32, CRC32C, CRC64NVME, SHA1, SHA256, MD5, XXHASH64, XXHASH3, XXHASH128} {
		b.Run(string(a), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				sumOf(a, data)
			}
		})
	}
}
