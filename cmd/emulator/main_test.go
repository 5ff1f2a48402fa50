package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestMain makes the test binary into the program for a test that wants it as
// a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_THE_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program as a process of its own.
type process struct {
	*exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func begin(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...)}
	p.Env = append(os.Environ(), "RUN_THE_PROGRAM=1")
	p.Stderr = &p.stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Process.Kill()
		p.Wait()
	})
	return p
}

// ready waits for the line that says where the program listens.
func (p *process) ready(t *testing.T) (url string) {
	t.Helper()
	line, err := p.stdout.ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "Sealstack is ready at ")
	if err != nil || !ok || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("the program says %q, %v: %s", line, err, p.stderr.String())
	}
	return url
}

// end waits for the end and returns the exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	io.Copy(io.Discard, p.stdout)
	err := p.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

func TestASignalEndsTheProgramCleanly(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		dir := filepath.Join(t.TempDir(), "made", "by", "the", "program")
		p := begin(t, "--listen", "127.0.0.1:0", "--data-dir", dir)
		url := p.ready(t)
		resp, err := http.Get(url + "/_emulator/health")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("health: %s", resp.Status)
		}
		p.Process.Signal(signal)
		if code := p.end(t); code != 0 || p.stderr.Len() != 0 {
			t.Errorf("%s: exit code %d, %s", signal, code, p.stderr.String())
		}
		if _, err := os.Stat(filepath.Join(dir, "holder")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the directory still has a holder: %v", signal, err)
		}
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	p := begin(t, "-help")
	if code := p.end(t); code != 0 || !strings.Contains(p.stderr.String(), "-seal-passphrase-file") {
		t.Errorf("exit code %d, %s", code, p.stderr.String())
	}
}

func TestAProgramThatCannotStartSaysWhy(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	held := t.TempDir()
	holder := begin(t, "--listen", "127.0.0.1:0", "--data-dir", held)
	holder.ready(t)
	dir := filepath.Join(t.TempDir(), "new")
	for name, tt := range map[string]struct {
		args string
		want string
	}{
		"an unknown flag":       {"--unknown", "flag provided but not defined: -unknown"},
		"an argument":           {"serve", `unexpected argument "serve"`},
		"a port in use":         {"--listen " + taken.Addr().String() + " --data-dir " + dir, "address already in use"},
		"no address":            {"--listen nowhere --data-dir " + dir, "nowhere"},
		"a bad account":         {"--listen 127.0.0.1:0 --account 1 --data-dir " + dir, `account "1" is not 12 digits`},
		"a bad Region":          {"--listen 127.0.0.1:0 --region mars --data-dir " + dir, `region "mars" is not a Region of AWS`},
		"strict without keys":   {"--listen 127.0.0.1:0 --auth strict --data-dir " + dir, "strict authentication needs the root user's access key and secret key"},
		"an unknown mode":       {"--listen 127.0.0.1:0 --auth loose --data-dir " + dir, `auth "loose" is neither lenient nor strict`},
		"an unknown timing":     {"--listen 127.0.0.1:0 --timing slow --data-dir " + dir, `timing "slow" is none of fast, aws, instant`},
		"an unknown durability": {"--listen 127.0.0.1:0 --durability none --data-dir " + dir, `durability "none" is neither process nor full`},
		"a directory in use":    {"--listen 127.0.0.1:0 --data-dir " + held, strconv.Itoa(holder.Process.Pid)},
	} {
		p := begin(t, strings.Fields(tt.args)...)
		if code := p.end(t); code != 1 || !strings.Contains(p.stderr.String(), tt.want) {
			t.Errorf("%s: exit code %d, %q, want %q", name, code, p.stderr.String(), tt.want)
		}
		if strings.Contains(p.stderr.String(), "goroutine ") {
			t.Errorf("%s: a panic: %s", name, p.stderr.String())
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that could not start has made the directory: %v", err)
	}
}

// running starts the program within the test and returns its URL and a
// function that ends it and gives its outcome.
func running(t *testing.T, args ...string) (url string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), none, in, io.Discard)
		in.CloseWithError(errors.Join(err, io.EOF))
		ended <- err
	}()
	t.Cleanup(cancel)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", func() error { return <-ended }
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "Sealstack is ready at ")), func() error {
		cancel()
		return <-ended
	}
}

func TestADirectoryOpensWithItsPassphraseOnly(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	passphrase := func(text string) string {
		file := filepath.Join(files, text)
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, tt := range []struct {
		name string
		args []string
		want string // part of the error; empty: it starts
	}{
		{"the first time", []string{"--seal-passphrase-file", passphrase("right")}, ""},
		{"the same", []string{"--seal-passphrase-file", passphrase("right")}, ""},
		{"another", []string{"--seal-passphrase-file", passphrase("wrong")}, "wrong passphrase"},
		{"none", nil, "needs a passphrase"},
		{"the same again", []string{"--seal-passphrase-file", passphrase("right")}, ""},
	} {
		_, stop := running(t, append(tt.args, "--data-dir", dir)...)
		err := stop()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestStrictModeStartsWithRootKeys(t *testing.T) {
	url, stop := running(t, "--ephemeral", "--auth", "strict", "--root-access-key", "AKIA", "--root-secret-key", "secret")
	resp, err := http.Get(url + "/_emulator/health")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := stop(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s, %v", resp.Status, err)
	}
}

func TestAnEphemeralProgramLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	_, stop := running(t, "--ephemeral")
	if err := stop(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
