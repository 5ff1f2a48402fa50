package body

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	insecure "math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"
)

// stored is a body as a caller keeps it.
type stored struct {
	key    *Key
	size   int64
	groups [][]byte
	read   map[int]bool // groups that were asked for
}

func dataKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key)
	return key
}

func content(n int) []byte {
	data := make([]byte, n)
	source := insecure.NewChaCha8([32]byte{byte(n)})
	source.Read(data)
	return data
}

func store(t testing.TB, key *Key, r io.Reader) *stored {
	s := &stored{key: key, read: map[int]bool{}}
	w := NewWriter(key, func(group []byte) error {
		s.groups = append(s.groups, bytes.Clone(group))
		return nil
	})
	n, err := w.ReadFrom(r)
	if err != nil || w.Size() != n {
		t.Fatalf("read %d, size %d: %v", n, w.Size(), err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s.size = n
	return s
}

func (s *stored) source(group int) (io.ReaderAt, error) {
	s.read[group] = true
	if group >= len(s.groups) {
		return nil, fmt.Errorf("group %d of %d", group, len(s.groups))
	}
	return bytes.NewReader(s.groups[group]), nil
}

func (s *stored) at(offset, length int64) ([]byte, error) {
	r := NewReader(s.key, s.size, offset, length, s.source)
	defer r.Close()
	return io.ReadAll(r)
}

func (s *stored) all() ([]byte, error) { return s.at(0, s.size) }

// sizes are those around which something changes.
var sizes = []int{
	0, 1, 15, ChunkSize - 1, ChunkSize, ChunkSize + 1, 2 * ChunkSize,
	ChunkSize*GroupChunks - 1, ChunkSize * GroupChunks, ChunkSize*GroupChunks + 1, ChunkSize*GroupChunks*2 + 7,
}

func TestABodyComesBackAsItWasWritten(t *testing.T) {
	for _, layers := range []int{1, 2} {
		for _, n := range sizes {
			keys := [][]byte{dataKey(), dataKey()}[:layers]
			data := content(n)
			s := store(t, NewKey(NewID(), keys...), bytes.NewReader(data))
			if got, err := s.all(); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d bytes in %d layers: %d bytes, %v", n, layers, len(got), err)
			}
			if len(s.groups) != Groups(int64(n)) {
				t.Errorf("%d bytes lie in %d groups, not %d", n, len(s.groups), Groups(int64(n)))
			}
			for _, g := range s.groups {
				if n > 64 && bytes.Contains(g, data[:32]) {
					t.Error("the content lies in clear")
				}
			}
		}
	}
}

func TestReadingStraightAndWritingInPiecesAreTheSame(t *testing.T) {
	id, secret, data := NewID(), dataKey(), content(3*ChunkSize+5)
	key := NewKey(id, secret)
	whole := store(t, key, bytes.NewReader(data))
	bits := store(t, key, iotest.HalfReader(bytes.NewReader(data)))
	var written [][]byte
	w := NewWriter(key, func(g []byte) error { written = append(written, bytes.Clone(g)); return nil })
	for piece := range slices.Chunk(data, 1000) {
		if n, err := w.Write(piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range whole.groups {
		if !bytes.Equal(whole.groups[i], bits.groups[i]) || !bytes.Equal(whole.groups[i], written[i]) {
			t.Errorf("group %d differs", i)
		}
	}
}

func TestAnyRangeIsThatOfTheContent(t *testing.T) {
	n := ChunkSize*GroupChunks + 3*ChunkSize + 17
	data := content(n)
	s := store(t, NewKey(NewID(), dataKey()), bytes.NewReader(data))
	random := insecure.New(insecure.NewPCG(3, 4))
	for range 300 {
		from := random.IntN(n + 1)
		length := random.IntN(min(n-from, 2*ChunkSize) + 1)
		got, err := s.at(int64(from), int64(length))
		if err != nil || !bytes.Equal(got, data[from:from+length]) {
			t.Fatalf("%d+%d: %d bytes, %v", from, length, len(got), err)
		}
	}
}

func TestARangeOpensItsGroupsOnly(t *testing.T) {
	const group = ChunkSize * GroupChunks
	s := store(t, NewKey(NewID(), dataKey()), bytes.NewReader(content(3*group)))
	for _, tt := range []struct {
		offset, length int64
		first, end     int
	}{
		{0, 1, 0, 1}, {0, group, 0, 1}, {0, group + 1, 0, 2}, {group - 1, 2, 0, 2},
		{group, group, 1, 2}, {2 * group, 1, 2, 3}, {3*group - 1, 1, 2, 3}, {0, 3 * group, 0, 3},
	} {
		clear(s.read)
		if _, err := s.at(tt.offset, tt.length); err != nil {
			t.Fatal(err)
		}
		first, end := GroupsOf(tt.offset, tt.length)
		if first != tt.first || end != tt.end || len(s.read) != end-first || !s.read[first] {
			t.Errorf("%d+%d lies in %d to %d and reads %v", tt.offset, tt.length, first, end, s.read)
		}
	}
}

func TestEveryChangedByteIsFound(t *testing.T) {
	for _, n := range []int{0, 1, 100, ChunkSize + 10} {
		for _, keys := range [][][]byte{{dataKey()}, {dataKey(), dataKey()}} {
			s := store(t, NewKey(NewID(), keys...), bytes.NewReader(content(n)))
			for i := range s.groups[0] {
				if n > 1000 && i%509 != 0 {
					continue // every byte of the small ones, a sample of the large
				}
				s.groups[0][i] ^= 1 << (i % 8)
				if got, err := s.all(); !errors.Is(err, ErrDamaged) {
					t.Fatalf("%d bytes, byte %d changed: %d bytes, %v", n, i, len(got), err)
				}
				s.groups[0][i] ^= 1 << (i % 8)
			}
		}
	}
}

func TestChunksHaveTheirPlace(t *testing.T) {
	const sealed = ChunkSize + tagSize
	secret := dataKey()
	s := store(t, NewKey(NewID(), secret), bytes.NewReader(content(4*ChunkSize)))
	other := store(t, NewKey(NewID(), secret), bytes.NewReader(content(4*ChunkSize)))
	g := s.groups[0]
	for _, tt := range []struct {
		name   string
		groups []byte
		size   int64
	}{
		{"swapped", slices.Concat(g[sealed:2*sealed], g[:sealed], g[2*sealed:]), s.size},
		{"left out", slices.Concat(g[:sealed], g[2*sealed:]), s.size - ChunkSize},
		{"repeated", slices.Concat(g[:sealed], g[:sealed], g[sealed:3*sealed]), s.size},
		{"cut off", g[:3*sealed], s.size - ChunkSize},
		{"cut off, at its size", g[:3*sealed], s.size},
		{"cut within", g[:len(g)-1], s.size - 1},
		{"made longer", slices.Concat(g, g[:sealed]), s.size + ChunkSize},
		{"of another body", slices.Concat(g[:sealed], other.groups[0][sealed:2*sealed], g[2*sealed:]), s.size},
		{"empty", nil, 0},
	} {
		bad := &stored{key: s.key, size: tt.size, groups: [][]byte{tt.groups}, read: map[int]bool{}}
		if got, err := bad.all(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %d bytes, %v", tt.name, len(got), err)
		}
	}
}

func TestTheLayersAreIndependent(t *testing.T) {
	id, inner, outer := NewID(), dataKey(), dataKey()
	s := store(t, NewKey(id, inner, outer), bytes.NewReader(content(100)))
	for name, key := range map[string]*Key{
		"the inner key":        NewKey(id, inner),
		"the outer key":        NewKey(id, outer),
		"the other order":      NewKey(id, outer, inner),
		"another inner key":    NewKey(id, dataKey(), outer),
		"another outer key":    NewKey(id, inner, dataKey()),
		"another body's":       NewKey(NewID(), inner, outer),
		"one key for both":     NewKey(id, inner, inner),
		"one layer too many":   NewKey(id, inner, outer, outer),
		"the outer, then none": NewKey(id, outer, outer),
	} {
		bad := &stored{key: key, size: s.size, groups: s.groups, read: map[int]bool{}}
		if _, err := bad.all(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheInnerLayerHoldsAlone opens the outer layer of two chunks, swaps what
// is within, or cuts it, and seals it again in place.
func TestTheInnerLayerHoldsAlone(t *testing.T) {
	const sealed = ChunkSize + 2*tagSize
	s := store(t, NewKey(NewID(), dataKey(), dataKey()), bytes.NewReader(content(3*ChunkSize)))
	outer := s.key.layers[1]
	var inner [3][]byte
	for i := range inner {
		n := nonce(int64(i), i == 2)
		var err error
		if inner[i], err = outer.Open(nil, n[:], s.groups[0][i*sealed:(i+1)*sealed], nil); err != nil {
			t.Fatal(err)
		}
	}
	again := func(chunks ...[]byte) (group []byte) {
		for i, c := range chunks {
			n := nonce(int64(i), i == len(chunks)-1)
			group = outer.Seal(group, n[:], c, nil)
		}
		return group
	}
	flipped := slices.Clone(inner[1])
	flipped[5] ^= 1
	for _, tt := range []struct {
		name  string
		group []byte
		size  int64
		ok    bool
	}{
		{"as it was", again(inner[0], inner[1], inner[2]), 3 * ChunkSize, true},
		{"swapped", again(inner[1], inner[0], inner[2]), 3 * ChunkSize, false},
		{"repeated", again(inner[0], inner[0], inner[2]), 3 * ChunkSize, false},
		{"cut off", again(inner[0], inner[1]), 2 * ChunkSize, false},
		{"flipped", again(inner[0], flipped, inner[2]), 3 * ChunkSize, false},
	} {
		bad := &stored{key: s.key, size: tt.size, groups: [][]byte{tt.group}, read: map[int]bool{}}
		if _, err := bad.all(); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestErrorsOfBothSidesComeThrough(t *testing.T) {
	broken := errors.New("broken")
	key := NewKey(NewID(), dataKey())
	w := NewWriter(key, func([]byte) error { return broken })
	if _, err := w.ReadFrom(iotest.ErrReader(broken)); err != broken {
		t.Errorf("a broken reader: %v", err)
	}
	if err := w.Close(); err != broken {
		t.Errorf("Close: %v", err)
	}
	w = NewWriter(key, func([]byte) error { return broken })
	if _, err := w.Write(content(ChunkSize*GroupChunks + 1)); err != broken {
		t.Errorf("Write: %v", err)
	}
	w.Abandon()
	w.Abandon()
	r := NewReader(key, 10, 0, 10, func(int) (io.ReaderAt, error) { return nil, broken })
	if _, err := io.ReadAll(r); err != broken {
		t.Errorf("Read: %v", err)
	}
	r.Close()
	if _, err := r.Read(make([]byte, 1)); err == nil {
		t.Error("a closed reader reads")
	}
}

func TestAKeyHasItsLengthAndARangeItsPlace(t *testing.T) {
	key := NewKey(NewID(), dataKey())
	for name, fn := range map[string]func(){
		"a short key":       func() { NewKey(NewID(), make([]byte, 16)) },
		"a range beyond":    func() { NewReader(key, 10, 5, 6, nil) },
		"a range before":    func() { NewReader(key, 10, -1, 2, nil) },
		"a length below 0":  func() { NewReader(key, 10, 5, -1, nil) },
		"a key of no layer": func() { NewWriter(NewKey(NewID()), nil).Close() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			fn()
		}()
	}
}

func BenchmarkBody(b *testing.B) {
	for _, layers := range []int{1, 2} {
		key := NewKey(NewID(), [][]byte{dataKey(), dataKey()}[:layers]...)
		data := content(16 << 20)
		s := store(b, key, bytes.NewReader(data))
		b.Run(fmt.Sprintf("seal/%d", layers), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				w := NewWriter(key, func([]byte) error { return nil })
				w.ReadFrom(bytes.NewReader(data))
				w.Close()
			}
		})
		b.Run(fmt.Sprintf("open/%d", layers), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(key, s.size, 0, s.size, s.source)
				io.Copy(io.Discard, r)
				r.Close()
			}
		})
		b.Run(fmt.Sprintf("one byte/%d", layers), func(b *testing.B) {
			for b.Loop() {
				r := NewReader(key, s.size, 1<<20, 1, s.source)
				io.Copy(io.Discard, r)
				r.Close()
			}
		})
	}
}
