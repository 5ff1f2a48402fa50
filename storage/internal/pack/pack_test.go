package pack

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"testing"

	"sealstack/storage"
)

func openPacks(t *testing.T, dir string, opts Options) *Packs {
	t.Helper()
	p, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func add(t *testing.T, p *Packs, id storage.BlobID, data []byte) (at Location) {
	t.Helper()
	if err := p.Append(id, data, func(l Location) { at = l }); err != nil {
		t.Fatal(err)
	}
	return at
}

func want(t *testing.T, p *Packs, id storage.BlobID, at Location, data []byte) {
	t.Helper()
	got, err := p.Read(id, at)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("record %d: %d bytes, %v, want %d", id, len(got), err, len(data))
	}
}

func TestALocationComesBackFromItsBytes(t *testing.T) {
	l := Location{Pack: 7, Length: 1 << 20, Sum: 0xdeadbeef, Offset: 1 << 40}
	got, err := DecodeLocation(l.Encode())
	if err != nil || got != l {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, b := range [][]byte{nil, make([]byte, locationSize-1), make([]byte, locationSize+1)} {
		if _, err := DecodeLocation(b); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

func TestRecordsSurviveReopeningAndMoreAreAppendedBehind(t *testing.T) {
	dir := t.TempDir()
	p := openPacks(t, dir, Options{})
	first := add(t, p, 1, []byte("first"))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = openPacks(t, dir, Options{})
	second := add(t, p, 2, []byte("second"))
	if second.Pack != first.Pack || second.Offset != first.Offset+first.Size() {
		t.Errorf("%+v does not follow %+v", second, first)
	}
	want(t, p, 1, first, []byte("first"))
	want(t, p, 2, second, []byte("second"))
}

func TestARecordCutShortByACrashIsDeadRoom(t *testing.T) {
	dir := t.TempDir()
	p := openPacks(t, dir, Options{})
	first := add(t, p, 1, bytes.Repeat([]byte("first"), 100))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(p.path(first.Pack), first.Size()-10); err != nil {
		t.Fatal(err)
	}
	p = openPacks(t, dir, Options{})
	second := add(t, p, 2, []byte("second"))
	want(t, p, 2, second, []byte("second"))
	if _, err := p.Read(1, first); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("the record cut short: %v", err)
	}
}

func TestALocationOfAnotherRecordIsCorrupt(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{})
	a, b := add(t, p, 1, []byte("same")), add(t, p, 2, []byte("same"))
	wrong := func(change func(l *Location)) Location { l := a; change(&l); return l }
	for name, l := range map[string]Location{
		"another's place":   wrong(func(l *Location) { l.Offset = b.Offset }),
		"another length":    wrong(func(l *Location) { l.Length-- }),
		"a longer length":   wrong(func(l *Location) { l.Length = 1 << 20 }),
		"another sum":       wrong(func(l *Location) { l.Sum++ }),
		"behind the end":    wrong(func(l *Location) { l.Offset = 1 << 30 }),
		"a pack not there":  wrong(func(l *Location) { l.Pack = 99 }),
		"another's, wholly": b,
	} {
		if _, err := p.Read(1, l); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s: read: %v", name, err)
		}
		if r, err := p.OpenBlob(1, l); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s: open: %v, %v", name, r, err)
		}
	}
	want(t, p, 1, a, []byte("same"))
}

func TestAFullPackIsFollowedByAnother(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{Target: 1000, Writers: 1})
	var at []Location
	for i := range 10 {
		at = append(at, add(t, p, storage.BlobID(i), make([]byte, 400)))
	}
	if n := p.Numbers(); !slices.Equal(n, []uint32{1, 2, 3, 4}) {
		t.Errorf("packs %v", n)
	}
	for i, l := range at {
		want(t, p, storage.BlobID(i), l, make([]byte, 400))
	}
	if sizes := p.Sizes(); sizes[1] != 3*at[0].Size() || sizes[4] != at[0].Size() {
		t.Errorf("sizes %v", sizes)
	}
}

func TestALoneAppenderUsesOnePack(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{Writers: 4})
	for i := range 20 {
		add(t, p, storage.BlobID(i), []byte("x"))
	}
	if n := p.Numbers(); len(n) != 1 {
		t.Errorf("packs %v", n)
	}
}

func TestManyAppendersUseNoMorePacksThanAllowed(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{Writers: 3})
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			data := bytes.Repeat([]byte{byte(i)}, 300<<10)
			id := storage.BlobID(i)
			var at Location
			if err := p.Append(id, data, func(l Location) { at = l }); err != nil {
				t.Error(err)
				return
			}
			want(t, p, id, at, data)
		})
	}
	wg.Wait()
	if n := p.Numbers(); len(n) > 3 {
		t.Errorf("packs %v", n)
	}
}

func TestARetiredPackIsNotAppendedTo(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{})
	a := add(t, p, 1, []byte("a"))
	if got := p.Retire([]uint32{a.Pack}); !slices.Equal(got, []uint32{a.Pack}) {
		t.Errorf("retired %v", got)
	}
	b := add(t, p, 2, []byte("b"))
	if b.Pack == a.Pack {
		t.Error("appended to a retired pack")
	}
	want(t, p, 1, a, []byte("a"))
}

func TestAPackBeingAppendedToIsNotRetired(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{})
	f, err := p.take()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Retire([]uint32{f.number}); len(got) != 0 {
		t.Errorf("retired %v", got)
	}
	p.give(f, Location{}, errors.New("no"), nil)
	if got := p.Retire([]uint32{f.number}); len(got) != 1 {
		t.Errorf("retired %v", got)
	}
}

func TestARemovedPackStaysForItsReaders(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{})
	data := bytes.Repeat([]byte("data"), 50_000)
	at := add(t, p, 1, data)
	r, err := p.OpenBlob(1, at)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Remove([]uint32{at.Pack, 99}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.path(at.Pack)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file: %v", err)
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if _, err := p.Read(1, at); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("read anew: %v", err)
	}
}

func TestWhoAppendsToAPackThatIsRemovedBeginsAgain(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{Writers: 1})
	old := add(t, p, 1, []byte("old")).Pack
	f, err := p.take()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Remove([]uint32{old}); err != nil {
		t.Fatal(err)
	}
	if p.give(f, Location{Pack: old}, nil, func(Location) { t.Error("placed in a removed pack") }) {
		t.Error("the record is said to be there")
	}
	if at := add(t, p, 2, []byte("new")); at.Pack == old {
		t.Error("the number is used again")
	}
}

func TestManyPacksDoNotStayOpen(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{Target: 1, Writers: 1})
	var at []Location
	for i := range 2 * maxOpen {
		at = append(at, add(t, p, storage.BlobID(i), []byte{byte(i)}))
	}
	for i, l := range at {
		want(t, p, storage.BlobID(i), l, []byte{byte(i)})
	}
	if len(p.files) > maxOpen {
		t.Errorf("%d files are open", len(p.files))
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1.pack", "00000001.pack.bak", "x00000001.pack", "0000000A.pack", "notes"} {
		if err := os.WriteFile(dir+"/"+name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := openPacks(t, dir, Options{})
	if n := p.Numbers(); len(n) != 0 {
		t.Errorf("packs %v", n)
	}
	add(t, p, 1, []byte("a"))
}

func TestClosedPacksSaySo(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{})
	at := add(t, p, 1, []byte("a"))
	r, err := p.OpenBlob(1, at)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	_, readErr := p.Read(1, at)
	for what, err := range map[string]error{
		"append": p.Append(2, nil, nil), "read": readErr, "sync": p.Sync([]uint32{at.Pack}),
	} {
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	got := make([]byte, 1)
	if _, err := r.ReadAt(got, 0); err != nil || got[0] != 'a' {
		t.Errorf("an open record: %q, %v", got, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestARangeBeforeTheBeginningIsRefused(t *testing.T) {
	p := openPacks(t, t.TempDir(), Options{})
	r, err := p.OpenBlob(1, add(t, p, 1, []byte("a")))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read at -1")
	}
}
