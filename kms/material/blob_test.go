package material

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// The CMS structure of RFC 5652 section 8, for encoding/asn1 as an independent reader.
type cmsContentInfo struct {
	Type      asn1.ObjectIdentifier
	Encrypted cmsEncryptedData `asn1:"explicit,tag:0"`
}

type cmsEncryptedData struct {
	Version int
	Content struct {
		Type      asn1.ObjectIdentifier
		Algorithm struct {
			OID        asn1.ObjectIdentifier
			Parameters struct {
				IV        []byte
				TagLength int
			}
		}
		Sealed []byte `asn1:"tag:0"`
	}
}

func newBlob(t testing.TB, kind Kind, size int) []byte {
	t.Helper()
	blob, err := newSymmetric(t).Encrypt(kind, make([]byte, size), nil)
	if err != nil {
		t.Fatalf("Encrypt err = %v", err)
	}
	return blob
}

func TestBlobLooksLikeOneOfAWS(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		size   int
		prefix string
		want   int
	}{
		{KindDataKey, 32, "AQIDAH", 184}, // AES_256
		{KindDataKey, 16, "AQIDAH", 168}, // AES_128
		{KindEncrypt, 32, "AQICAH", 184},
		{KindEncrypt, 1, "AQICAH", 153},
	} {
		blob := newBlob(t, c.kind, c.size)
		if len(blob) != c.want {
			t.Errorf("kind %d of %d bytes: blob of %d, want %d", c.kind, c.size, len(blob), c.want)
		}
		if text := base64.StdEncoding.EncodeToString(blob); !strings.HasPrefix(text, c.prefix) {
			t.Errorf("kind %d: blob begins %q, want %q", c.kind, text[:8], c.prefix)
		}
	}
}

func TestBlobHoldsCanonicalCMS(t *testing.T) {
	for _, size := range []int{1, 4, 5, 6, 32, 60, 80, 100, 101, 128, 229, 256, 1000, 4096, MaxPlaintext} {
		blob := newBlob(t, KindEncrypt, size)
		der := blob[58:]
		if n := binary.BigEndian.Uint32(blob[54:]); int(n) != len(der) {
			t.Errorf("size %d: length field %d, %d bytes follow", size, n, len(der))
		}
		var cms cmsContentInfo
		rest, err := asn1.Unmarshal(der, &cms)
		if err != nil || len(rest) != 0 {
			t.Fatalf("size %d: asn1.Unmarshal err = %v, %d bytes left", size, err, len(rest))
		}
		again, err := asn1.Marshal(cms)
		if err != nil || !bytes.Equal(again, der) {
			t.Errorf("size %d: asn1.Marshal gives other bytes (err = %v)", size, err)
		}
		algorithm := cms.Encrypted.Content.Algorithm
		if got := algorithm.OID.String(); got != "2.16.840.1.101.3.4.1.46" {
			t.Errorf("algorithm %s, want aes256-GCM", got)
		}
		if len(algorithm.Parameters.IV) != 12 || algorithm.Parameters.TagLength != 16 {
			t.Errorf("IV of %d and tag of %d bytes", len(algorithm.Parameters.IV), algorithm.Parameters.TagLength)
		}
		if got, want := len(cms.Encrypted.Content.Sealed), 11+size+16; got != want {
			t.Errorf("size %d: %d sealed bytes, want %d", size, got, want)
		}
	}
}

func TestParseBlobFindsTheFieldsWhereTheyStand(t *testing.T) {
	for size := 1; size <= MaxPlaintext; size += 1 + size/8 {
		raw := newBlob(t, KindDataKey, size)
		blob, err := ParseBlob(raw)
		if err != nil {
			t.Fatalf("size %d: ParseBlob err = %v", size, err)
		}
		var cms cmsContentInfo
		if _, err := asn1.Unmarshal(raw[58:], &cms); err != nil {
			t.Fatal(err)
		}
		if blob.Kind() != KindDataKey || !bytes.Equal(blob.Bytes(), raw) {
			t.Errorf("size %d: Kind = %d, Bytes differ or not", size, blob.Kind())
		}
		if tag := blob.Tag(); !bytes.Equal(tag[:], raw[5:37]) || !bytes.Equal(blob.salt[:], raw[38:54]) {
			t.Errorf("size %d: tag or salt misplaced", size)
		}
		if !bytes.Equal(blob.iv(), cms.Encrypted.Content.Algorithm.Parameters.IV) {
			t.Errorf("size %d: iv = %x", size, blob.iv())
		}
		if !bytes.Equal(blob.body(), cms.Encrypted.Content.Sealed) {
			t.Errorf("size %d: body misplaced", size)
		}
	}
}

func TestMaxPlaintextIsWhatABlobCanCarry(t *testing.T) {
	size := func(plaintext int) int { return layoutFor(frameSize + plaintext + gcmTagSize).blobSize() }
	if got := size(MaxPlaintext); got > MaxBlob {
		t.Errorf("MaxPlaintext gives %d bytes, over MaxBlob", got)
	}
	if got := size(MaxPlaintext + 1); got <= MaxBlob {
		t.Errorf("one byte more than MaxPlaintext gives %d bytes, which would fit", got)
	}
}

func TestEverySizeHasAtMostOneLayout(t *testing.T) {
	fits := map[int]int{}
	for sealed := minSealed; sealed < MaxBlob; sealed++ {
		fits[layoutFor(sealed).blobSize()] = sealed
	}
	for size := -1; size <= MaxBlob+1; size++ {
		want, wantOK := fits[size]
		wantOK = wantOK && size <= MaxBlob
		got, ok := layoutOf(size)
		if ok != wantOK || ok && got.sealed != want {
			t.Fatalf("layoutOf(%d) = %d, %v, want %d, %v", size, got.sealed, ok, want, wantOK)
		}
	}
}

func TestParseBlobRefusesWhatIsNotABlob(t *testing.T) {
	good := newBlob(t, KindEncrypt, 32)
	with := func(at int, b ...byte) []byte {
		bad := bytes.Clone(good)
		copy(bad[at:], b)
		return bad
	}
	for name, bad := range map[string][]byte{
		"nothing":             nil,
		"one byte":            {1},
		"zeros":               make([]byte, 184),
		"text":                []byte(strings.Repeat("not a ciphertext ", 12)),
		"kind 0":              with(2, 0),
		"kind 1":              with(2, 1),
		"kind 4":              with(2, 4),
		"format byte":         with(0, 2),
		"older format":        with(1, 1),
		"algorithm":           with(4, 0x77),
		"salt marker":         with(37, 0),
		"length field":        with(54, 0, 0, 0, 0x7d),
		"huge length":         with(54, 0xff, 0xff, 0xff, 0xff),
		"outer DER length":    with(59, 0x7d),
		"indefinite length":   with(59, 0x80),
		"long form of 0x7c":   with(58, 0x30, 0x81),
		"tag length 12":       with(122, 12),
		"constructed content": with(123, 0xa0),
		"trailing byte":       append(bytes.Clone(good), 0),
		"twice":               append(bytes.Clone(good), good...),
		"too large":           bytes.Repeat(good, 40),
	} {
		if _, err := ParseBlob(bad); !errors.Is(err, ErrBlobMalformed) {
			t.Errorf("ParseBlob(%s) err = %v, want ErrBlobMalformed", name, err)
		}
	}
	if _, err := ParseBlob(good); err != nil {
		t.Errorf("ParseBlob(good) err = %v", err)
	}
}

func TestParseBlobAllocatesNothing(t *testing.T) {
	raw := newBlob(t, KindEncrypt, 4096)
	if n := testing.AllocsPerRun(100, func() { ParseBlob(raw) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzParseBlob: whatever parses comes out again byte for byte from its fields.
func FuzzParseBlob(f *testing.F) {
	for _, size := range []int{1, 32, 100, 101, 300} {
		f.Add(newBlob(f, KindEncrypt, size))
		f.Add(newBlob(f, KindDataKey, size))
	}
	f.Add([]byte{1, 2, 2, 0, 0x78})
	f.Fuzz(func(t *testing.T, raw []byte) {
		blob, err := ParseBlob(raw)
		if err != nil {
			if !errors.Is(err, ErrBlobMalformed) {
				t.Fatalf("err = %v, want ErrBlobMalformed", err)
			}
			return
		}
		again := layoutFor(len(blob.body())).appendHeader(nil, blob.kind, blob.tag[:], blob.salt[:], blob.iv())
		if again = append(again, blob.body()...); !bytes.Equal(again, raw) {
			t.Errorf("%x encodes again as %x", raw, again)
		}
		if len(raw) > MaxBlob {
			t.Errorf("a blob of %d bytes was taken", len(raw))
		}
	})
}
