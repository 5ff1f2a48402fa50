package emulator_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

func TestTwoEmulatorsCannotShareADirectory(t *testing.T) {
	dir := t.TempDir()
	s := emulatortest.Start(t, emulatortest.WithDataDir(dir))
	c := emulator.DefaultConfig()
	c.DataDir = dir
	e, err := emulator.Start(t.Context(), c)
	if err == nil {
		e.Close()
		t.Fatal("the second one starts")
	}
	if !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the error names neither process nor directory: %v", err)
	}
	s.Restart() // the first one has not suffered
}

func TestADirectoryThatCannotBeAStoreIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(file, []byte("text"), 0o600))
	damaged := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(damaged, "store.db"), []byte(strings.Repeat("text", 10_000)), 0o600))
	for name, dir := range map[string]string{"a file": file, "below a file": filepath.Join(file, "x"), "another database": damaged} {
		c := emulator.DefaultConfig()
		c.DataDir = dir
		if e, err := emulator.Start(t.Context(), c); err == nil {
			e.Close()
			t.Errorf("%s is taken", name)
		}
	}
}

// The clock may be moved by 290 years; then still nothing overflows.
func TestEverythingWorksInThreeHundredYears(t *testing.T) {
	s := emulatortest.Start(t, emulatortest.WithDataDir(t.TempDir()))
	for range 29 {
		s.Advance(10 * 365 * 24 * time.Hour)
	}
	keyARN, user := furnish(t, s)
	put(t, s, "two")
	s.Restart()
	put(t, s, "three")
	if got := fmt.Sprint(messages(t, s)); got != "[one two three]" {
		t.Errorf("the group holds %s", got)
	}
	if _, err := kmsOf(s, user).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &keyARN}); err != nil {
		t.Errorf("the user: %v", err)
	}
	if status, body := control(t, s, "POST", "clock/advance", `{"duration":"1s"}`); status != 400 || !strings.Contains(body, "290 years") {
		t.Errorf("a second more: %d %s", status, body)
	}
}
