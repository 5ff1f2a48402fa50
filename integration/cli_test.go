//go:build walk

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestWalkWithCLI runs the scripts in testdata/script with each AWS CLI that
// SEALSTACK_AWS_CLI names, divided by colons:
//
//	SEALSTACK_AWS_CLI=/usr/bin/aws go test -tags walk -run TestWalkWithCLI ./integration
//
// In a script, aws is that CLI with the endpoint set. The further commands:
//
//	advance DURATION       moves the emulator's clock
//	restart                kills the program and starts it again
//	value NAME PATH        sets NAME to a member of the last answer: KeyMetadata.Arn
//	addstatement FILE PRINCIPAL [GROUP-ARN]
//	                       edits a policy as the document says
//	policyonly FILE        cuts off what stands behind the JSON of FILE
//	events FILE MESSAGE... writes events of now for put-log-events
//	flip FILE              changes one byte in the middle of a file
//	flipgz FILE            changes one byte of what a gzip-compressed file holds
//	moment NAME            sets NAME to the emulator's time
//	messages MESSAGE...    holds the last answer's events against these
//	sealed TEXT...         no file of the data directory holds any of these
//
// and a condition:
//
//	[knows:SERVICE:COMMAND]  the CLI is new enough to have the command
func TestWalkWithCLI(t *testing.T) {
	clis := filepath.SplitList(os.Getenv("SEALSTACK_AWS_CLI"))
	if len(clis) == 0 {
		t.Fatal("SEALSTACK_AWS_CLI names no AWS CLI")
	}
	for _, cli := range clis {
		t.Run(strings.ReplaceAll(strings.Trim(cli, "/"), "/", "_"), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata/script",
				Setup:               func(e *testscript.Env) error { return setUp(e, cli) },
				Cmds:                commands,
				Condition:           func(c string) (bool, error) { return knows(cli, c) },
				RequireExplicitExec: true,
			})
		})
	}
}

var commands = map[string]func(*testscript.TestScript, bool, []string){
	"advance":      advance,
	"restart":      restart,
	"value":        setValue,
	"addstatement": addStatement,
	"events":       writeEvents,
	"policyonly":   cutPolicyName,
	"messages":     compareMessages,
	"flip":         flip,
	"flipgz":       flipCompressed,
	"moment":       setMoment,
	"sealed":       searchDataDir,
}

// knows answers the condition knows:SERVICE:COMMAND.
func knows(cli, condition string) (bool, error) {
	part := strings.Split(condition, ":")
	if len(part) != 3 || part[0] != "knows" {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	c := exec.Command(cli, part[1], part[2], "--generate-cli-skeleton")
	c.Env = append(os.Environ(), "AWS_DEFAULT_REGION="+region)
	out, err := c.CombinedOutput()
	if err != nil && strings.Contains(string(out), "Invalid choice") {
		return false, nil
	}
	return err == nil, err
}

// emulated is what the commands of a script share.
type emulated struct {
	*program
	dir   string
	flags []string
	file  string // holds the endpoint for the wrapper around the AWS CLI
}

// setUp starts the program and puts the wrapper on the path.
func setUp(e *testscript.Env, cli string) error {
	s := &emulated{
		dir: filepath.Join(e.WorkDir, "data"), file: filepath.Join(e.WorkDir, ".endpoint"),
		flags: []string{"--timing", "aws", "--region", region},
	}
	if err := s.start(); err != nil {
		return err
	}
	e.Defer(func() { s.kill() })
	e.Values["emulator"] = s
	bin := filepath.Join(e.WorkDir, ".bin")
	wrapper := fmt.Sprintf("#!/bin/sh\nAWS_ENDPOINT_URL=\"$(cat %s)\"\nexport AWS_ENDPOINT_URL\nexec %s --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"\n", s.file, cli)
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(bin, "aws"), []byte(wrapper), 0o755); err != nil {
		return err
	}
	e.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	config, err := writeConfig(e.WorkDir, cli)
	if err != nil {
		return err
	}
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": region, "AWS_PAGER": "",
		"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		e.Setenv(k, v)
	}
	return nil
}

func (s *emulated) start() (err error) {
	if s.program, err = startProgram(s.dir, s.flags...); err != nil {
		return err
	}
	return os.WriteFile(s.file, []byte(s.url), 0o644)
}

func emulatorOf(ts *testscript.TestScript) *emulated { return ts.Value("emulator").(*emulated) }

func usage(ts *testscript.TestScript, neg bool, args []string, least int, text string) {
	if neg || len(args) < least {
		ts.Fatalf("usage: %s", text)
	}
}

func advance(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "advance DURATION")
	_, err := emulatorOf(ts).control("POST", "/_emulator/clock/advance", fmt.Sprintf(`{"duration":%q}`, args[0]))
	ts.Check(err)
}

func restart(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 0, "restart")
	e := emulatorOf(ts)
	e.kill()
	ts.Check(e.start())
}

func setValue(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "value NAME PATH")
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for part := range strings.SplitSeq(args[1], ".") {
		v = v.(map[string]any)[part]
	}
	text, ok := v.(string)
	if !ok {
		ts.Fatalf("%s is %v", args[1], v)
	}
	ts.Setenv(args[0], text)
}

func addStatement(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "addstatement FILE PRINCIPAL [GROUP-ARN]")
	file := ts.MkAbs(args[0])
	b, err := os.ReadFile(file)
	ts.Check(err)
	var p map[string]any
	ts.Check(json.NewDecoder(strings.NewReader(string(b))).Decode(&p))
	s := statement(args[1], "")
	if len(args) > 2 {
		s["Condition"] = map[string]any{"ArnEquals": map[string]any{"kms:EncryptionContext:aws:logs:arn": args[2]}}
	}
	p["Statement"] = append(p["Statement"].([]any), s)
	b, err = json.MarshalIndent(p, "", "  ")
	ts.Check(err)
	ts.Check(os.WriteFile(file, b, 0o644))
}

// cutPolicyName does what a person does in the editor: with --output text the
// CLI prints the member PolicyName behind the policy.
func cutPolicyName(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "policyonly FILE")
	var policy json.RawMessage
	ts.Check(json.NewDecoder(strings.NewReader(ts.ReadFile(args[0]))).Decode(&policy))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), policy, 0o644))
}

func writeEvents(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "events FILE MESSAGE...")
	answer, err := emulatorOf(ts).control("GET", "/_emulator/clock", "")
	ts.Check(err)
	var clock struct{ Now time.Time }
	ts.Check(json.Unmarshal([]byte(answer), &clock))
	var events []map[string]any
	for i, m := range args[1:] {
		events = append(events, map[string]any{"timestamp": clock.Now.UnixMilli() + int64(i), "message": m})
	}
	b, err := json.Marshal(events)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

func compareMessages(ts *testscript.TestScript, neg bool, args []string) {
	var answer struct{ Events []struct{ Message string } }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &answer))
	var got []string
	for _, e := range answer.Events {
		got = append(got, e.Message)
	}
	if neg || fmt.Sprint(got) != fmt.Sprint(args) {
		ts.Fatalf("the events are %q, want %q", got, args)
	}
}

func searchDataDir(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "sealed TEXT...")
	found, err := searchFiles(emulatorOf(ts).dir, args)
	ts.Check(err)
	if found != "" {
		ts.Fatalf("%s", found)
	}
}
