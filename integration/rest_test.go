package integration

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// searchFiles looks in every file below dir for each text, in clear and in
// the usual encodings, and says where it found one.
func searchFiles(dir string, texts []string) (found string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || found != "" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, text := range texts {
			for _, form := range []string{text, base64.StdEncoding.EncodeToString([]byte(text)), hex.EncodeToString([]byte(text))} {
				if bytes.Contains(b, []byte(form)) {
					found = fmt.Sprintf("%s holds %q", filepath.Base(path), form)
				}
			}
		}
		return nil
	})
	return found, err
}

func TestSearchFilesFindsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("..."+base64.StdEncoding.EncodeToString([]byte("secret-one"))), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := searchFiles(dir, []string{"secret-one"})
	if err != nil || found == "" {
		t.Fatalf("searchFiles = %q, %v", found, err)
	}
}

// TestNothingLiesInClearAfterTheWalk walks over a data directory and searches
// it: no log text, no secret access key. (That no key material lies there is
// tested in kms, which knows it.)
func TestNothingLiesInClearAfterTheWalk(t *testing.T) {
	dir := t.TempDir()
	w := startWalk(t, emulatortest.WithTiming(emulator.AWS), emulatortest.WithDataDir(dir))
	users := iamClient(w.server.URL, root)
	if _, err := users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("writer")}); err != nil {
		t.Fatal(err)
	}
	key, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("writer")})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range walkSteps {
		w.run(s)
	}
	w.server.Restart() // everything is on disk
	secrets := []string{"secret-", "sealed under the key", *key.AccessKey.SecretAccessKey}
	found, err := searchFiles(dir, secrets)
	if err != nil {
		t.Fatal(err)
	}
	if found != "" {
		t.Error(found)
	}
}
