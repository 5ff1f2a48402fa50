//go:build walk

package integration

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// endpointPlugin hands the endpoint to the clients that AWS CLI 2.9 makes for
// itself, such as those of validate-logs for S3: that version does not read
// AWS_ENDPOINT_URL.
const endpointPlugin = `import os
import botocore.session as sessions

def awscli_initialize(cli):
    made = sessions.Session.create_client
    def create_client(self, *args, **kwargs):
        if kwargs.get("endpoint_url") is None:
            kwargs["endpoint_url"] = os.environ["AWS_ENDPOINT_URL"]
        return made(self, *args, **kwargs)
    sessions.Session.create_client = create_client
`

// writeConfig writes the CLI's configuration and returns its place.
func writeConfig(dir, cli string) (string, error) {
	out, err := exec.Command(cli, "--version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "aws-cli/2.") {
		return os.DevNull, err
	}
	plugins, config := filepath.Join(dir, ".plugins"), filepath.Join(dir, ".config")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(plugins, "sealstackendpoint.py"), []byte(endpointPlugin), 0o644); err != nil {
		return "", err
	}
	return config, os.WriteFile(config, []byte("[plugins]\ncli_legacy_plugin_path = "+plugins+"\nendpoint = sealstackendpoint\n"), 0o644)
}

func flip(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "flip FILE")
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

func flipCompressed(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "flipgz FILE")
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	z, err := gzip.NewReader(bytes.NewReader(b))
	ts.Check(err)
	text, err := io.ReadAll(z)
	ts.Check(err)
	at := bytes.Index(text, []byte("amazonaws.com")) // text stays text, JSON stays JSON
	if at < 0 {
		at = bytes.Index(text, []byte("SHA-256"))
	}
	text[at] ^= 2
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err = w.Write(text)
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o644))
}

func setMoment(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "moment NAME")
	answer, err := emulatorOf(ts).control("GET", "/_emulator/clock", "")
	ts.Check(err)
	var clock struct{ Now time.Time }
	ts.Check(json.Unmarshal([]byte(answer), &clock))
	ts.Setenv(args[0], clock.Now.UTC().Format("2006-01-02T15:04:05Z"))
}
