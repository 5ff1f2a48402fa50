package integration

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "emulator")
	out, err := exec.Command("go", "build", "-o", path, "sealstack/cmd/emulator").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sealstack")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// program is the running program.
type program struct {
	url    string
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

// startProgram runs the program over a data directory and waits until it says
// that it is ready.
func startProgram(dir string, flags ...string) (*program, error) {
	path, err := binary()
	if err != nil {
		return nil, err
	}
	p := &program{stderr: &bytes.Buffer{}}
	p.cmd = exec.Command(path, append([]string{"--listen", "127.0.0.1:0", "--data-dir", dir}, flags...)...)
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), " is ready at ")
	if err != nil || !ok {
		p.kill()
		return nil, fmt.Errorf("the program said %q and %s", line, p.stderr)
	}
	p.url = url
	return p, nil
}

// mustStart is startProgram for a test, which also ends the program.
func mustStart(t testing.TB, dir string, flags ...string) *program {
	t.Helper()
	p, err := startProgram(dir, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the program as kill -9 does. It may be called twice.
func (p *program) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// stop ends the program as Ctrl-C does and returns what became of it.
func (p *program) stop() error {
	p.cmd.Process.Signal(syscall.SIGINT)
	return p.cmd.Wait()
}

// control calls a control route.
func (p *program) control(method, path, body string) (string, error) {
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	b.ReadFrom(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, b.String())
	}
	return b.String(), nil
}
