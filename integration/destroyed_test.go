package integration

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sealstack/emulator/emulatortest"
	"sealstack/storage"
	"sealstack/storage/bolt"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// estate is a data directory with a key, a ciphertext of it and a log group
// under it, copied before and after the key was destroyed.
type estate struct {
	before, after string
	cipher        []byte
	text          string // of the log event
}

// leave builds the estate. The second copy is taken while the emulator runs.
func leave(t *testing.T) *estate {
	dir := t.TempDir()
	e := &estate{before: t.TempDir(), after: t.TempDir(), text: "the last will"}
	t.Run("build", func(t *testing.T) {
		server := emulatortest.Start(t, emulatortest.WithDataDir(dir))
		w := &walk{T: t, server: server, kms: kmsClient(server.URL, root), logs: logsClient(server.URL, root)}
		w.createKey()
		w.getKeyPolicy()
		w.putKeyPolicy()
		w.createWithKey()
		w.put(born, "s1", e.text)
		out, err := w.kms.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &w.keyID, Plaintext: []byte("sealed")})
		w.ok(err)
		e.cipher = out.CiphertextBlob
		server.Restart() // everything is on disk
		copyDir(t, e.before, dir)
		w.scheduleIn(7)
		server.Advance(7*24*time.Hour + time.Second)
		copyDir(t, e.after, dir)
	})
	if t.Failed() {
		t.FailNow()
	}
	return e
}

func copyDir(t *testing.T, to, from string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(to, "holder")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// raw is a value as it is stored.
type raw []byte

func (r *raw) MarshalBinary() ([]byte, error)    { return *r, nil }
func (r *raw) UnmarshalBinary(data []byte) error { *r = append(raw(nil), data...); return nil }

// oldTables are the tables whose rows say that a key is there.
var oldTables = []storage.Table[raw]{
	storage.NewTable[raw]("kms.key"), storage.NewTable[raw]("kms.policy"), storage.NewTable[raw]("kms.alias"),
	storage.NewTable[raw]("kms.material"), storage.NewTable[raw]("kms.owner"), storage.NewTable[raw]("kms.deletion"),
	clockTable,
}

var clockTable = storage.NewTable[raw]("emulator.clock")

// putBack makes tables of the directory into what they were in the old one.
func putBack(t *testing.T, dir, old string, tables ...storage.Table[raw]) {
	t.Helper()
	rows := make([][]storage.Entry[raw], len(tables))
	within(t, old, storage.Store.View, func(tx storage.Tx) error {
		for i, table := range tables {
			for e, err := range table.Scan(tx, storage.Range{}) {
				if err != nil {
					return err
				}
				rows[i] = append(rows[i], e)
			}
		}
		return nil
	})
	within(t, dir, storage.Store.Update, func(tx storage.Tx) error {
		for i, table := range tables {
			_, err := table.DeletePrefix(tx, nil)
			for _, e := range rows[i] {
				err = errors.Join(err, table.Put(tx, e.Key, e.Value))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

type transaction = func(storage.Store, context.Context, func(context.Context, storage.Tx) error) error

// within runs fn in a transaction of the store of a directory.
func within(t *testing.T, dir string, do transaction, fn func(storage.Tx) error) {
	t.Helper()
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = do(s, t.Context(), func(_ context.Context, tx storage.Tx) error { return fn(tx) })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// attempts are the ways in which somebody who holds a data directory, its root
// key and an old database tries to read what a key protected.
var attempts = map[string]func(t *testing.T, dir, old string){
	"as it is":              func(*testing.T, string, string) {},
	"the clock turned back": func(t *testing.T, dir, old string) { putBack(t, dir, old, clockTable) },
	"the old rows put back": func(t *testing.T, dir, old string) { putBack(t, dir, old, oldTables...) },
	"the old database": func(t *testing.T, dir, old string) {
		b, err := os.ReadFile(filepath.Join(old, "store.db"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "store.db"), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	},
}

func TestADestroyedKeyStaysSoWhateverBecomesOfTheFiles(t *testing.T) {
	e := leave(t)
	for name, attempt := range attempts {
		for when, stolen := range map[string]string{"before": e.before, "after": e.after} {
			dir := t.TempDir()
			copyDir(t, dir, stolen)
			attempt(t, dir, e.before)
			t.Run(name+", "+when, func(t *testing.T) { e.read(t, dir, when == "before") })
		}
	}
}

// read starts the emulator over the directory and tries to decrypt and to
// read the log.
func (e *estate) read(t *testing.T, dir string, opens bool) {
	server := emulatortest.Start(t, emulatortest.WithDataDir(dir))
	out, err := kmsClient(server.URL, root).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: e.cipher})
	if got := err == nil && string(out.Plaintext) == "sealed"; got != opens {
		t.Errorf("decrypts: %t, want %t: %v", got, opens, err)
	}
	if code, _ := codeOf(err); !opens && code == "" {
		t.Errorf("no error of AWS: %v", err)
	}
	events, err := logsClient(server.URL, root).GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String(born), LogStreamName: aws.String("s1")})
	if got := err == nil && len(events.Events) == 1 && *events.Events[0].Message == e.text; got != opens {
		t.Errorf("reads the log: %t, want %t: %v", got, opens, err)
	}
	found, err := searchFiles(dir, []string{e.text})
	if err != nil || found != "" {
		t.Errorf("the text lies in clear: %s, %v", found, err)
	}
}

// materialRow is a row of kms.material.
type materialRow struct {
	Sealed seal.Sealed `cbor:"1,keyasint"`
}

// sealedMaterials reads the sealed key material of a directory, with the
// labels that it was sealed under.
func sealedMaterials(t *testing.T, dir string) map[string]seal.Sealed {
	t.Helper()
	found := map[string]seal.Sealed{}
	within(t, dir, storage.Store.View, func(tx storage.Tx) error {
		for e, err := range storage.NewTable[materialRow]("kms.material").Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			found["kms.material"+e.Key.String()] = e.Value.Sealed
		}
		return nil
	})
	return found
}

// opening counts the places in the files below dir whose bytes, taken for the
// secret of a slot, open sealed key material.
func opening(t *testing.T, dir, label string, sealed seal.Sealed) (places int) {
	t.Helper()
	root, err := seal.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	store := memory.New()
	defer store.Close()
	vault := seal.NewVault(store, root)
	for _, secret := range secretsIn(t, dir) {
		slot, err := store.Slots().Put(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(t.Context(), label, seal.Sealed{Slot: slot, Box: sealed.Box}); err == nil {
			places++
		}
		if err := store.Slots().Destroy(t.Context(), slot); err != nil {
			t.Fatal(err)
		}
	}
	return places
}

// secretsIn returns every 32 bytes of every file that are not text or mostly
// zero: 32 random bytes have fewer than eight zeros among them.
func secretsIn(t *testing.T, dir string) (secrets []storage.Secret) {
	t.Helper()
	seen := map[storage.Secret]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for i := 0; i+32 <= len(b); i++ {
			secret := storage.Secret(b[i : i+32])
			if strings.Count(string(secret[:]), "\x00") < 8 && !seen[secret] {
				seen[secret] = true
				secrets = append(secrets, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return secrets
}

func TestNoBytesOfTheFilesOpenADestroyedKey(t *testing.T) {
	e := leave(t)
	materials := sealedMaterials(t, e.before)
	if len(materials) != 1 {
		t.Fatalf("%d key materials, want 1", len(materials))
	}
	if left := sealedMaterials(t, e.after); len(left) != 0 {
		t.Errorf("the record of the key is still there: %v", left)
	}
	for label, sealed := range materials {
		if n := opening(t, e.before, label, sealed); n == 0 {
			t.Error("before the deletion nothing opens the key: the search can't find anything")
		}
		if n := opening(t, e.after, label, sealed); n != 0 {
			t.Errorf("after the deletion %d places open the key", n)
		}
	}
}
