package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealstack/emulator"
)

// none is an environment without variables.
func none(string) string { return "" }

func parsed(t *testing.T, getenv func(string) string, args ...string) options {
	t.Helper()
	o, err := parse(args, getenv, &bytes.Buffer{})
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return o
}

// flagTests are a value for every flag, and what becomes of it.
func flagTests(t *testing.T) map[string]flagTest {
	t.Helper()
	file := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte("correct horse\nbattery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]flagTest{
		"listen":               {"127.0.0.1:1", func(o options) any { return o.listen }, "127.0.0.1:1"},
		"data-dir":             {"elsewhere", func(o options) any { return o.config.DataDir }, "elsewhere"},
		"ephemeral":            {"true", func(o options) any { return o.config.Ephemeral }, true},
		"account":              {"111122223333", func(o options) any { return o.config.Account }, "111122223333"},
		"region":               {"eu-west-1", func(o options) any { return o.config.Region }, "eu-west-1"},
		"auth":                 {"strict", func(o options) any { return o.config.Auth }, emulator.Strict},
		"root-access-key":      {"AKIA", func(o options) any { return o.config.RootAccessKey }, "AKIA"},
		"root-secret-key":      {"secret", func(o options) any { return o.config.RootSecretKey }, "secret"},
		"timing":               {"aws", func(o options) any { return o.config.Timing }, emulator.AWS},
		"delivery-interval":    {"1m", func(o options) any { return *o.config.DeliveryInterval }, time.Minute},
		"digest-interval":      {"2h", func(o options) any { return *o.config.DigestInterval }, 2 * time.Hour},
		"digest-encryption":    {"sse-kms", func(o options) any { return o.config.DigestEncryption }, emulator.DigestSSEKMS},
		"key-store-delay":      {"20m", func(o options) any { return *o.config.KeyStoreDelay }, 20 * time.Minute},
		"xks-timeout":          {"1s", func(o options) any { return *o.config.ProxyTimeout }, time.Second},
		"xks-endpoints":        {"https://b=http://[::1]:1,https://a=https://c", func(o options) any { return pairs{&o.config.ProxyEndpoints}.String() }, "https://a=https://c,https://b=http://[::1]:1"},
		"quota":                {"kms.keys=5,kms.grants-per-key=7", func(o options) any { return numbers{&o.config.Quotas}.String() }, "kms.grants-per-key=7,kms.keys=5"},
		"throttling":           {"true", func(o options) any { return o.config.Throttling }, true},
		"attestation-roots":    {file, func(o options) any { return string(o.config.AttestationRoots) }, "correct horse\nbattery\n"},
		"grant-delay":          {"2m", func(o options) any { return *o.config.GrantDelay }, 2 * time.Minute},
		"association-delay":    {"1d", func(o options) any { return *o.config.AssociationDelay }, 24 * time.Hour},
		"data-key-lifetime":    {"0s", func(o options) any { return *o.config.DataKeyLifetime }, time.Duration(0)},
		"cors-origins":         {"http://a,https://b:*", func(o options) any { return strings.Join(o.config.CORSOrigins, " ") }, "http://a https://b:*"},
		"durability":           {"full", func(o options) any { return o.config.Durability }, emulator.Full},
		"seal-passphrase-file": {file, func(o options) any { return string(o.config.Passphrase) }, "correct horse"},
	}
}

type flagTest struct {
	value string
	got   func(options) any
	want  any
}

func TestEveryFlagCanBeGivenInTheEnvironment(t *testing.T) {
	tests := flagTests(t)
	for name, tt := range tests {
		if got := tt.got(parsed(t, none, "--"+name+"="+tt.value)); got != tt.want {
			t.Errorf("--%s=%s: %v, want %v", name, tt.value, got, tt.want)
		}
		variable := "SEALSTACK_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		getenv := func(asked string) string {
			if asked == variable {
				return tt.value
			}
			return ""
		}
		if got := tt.got(parsed(t, getenv)); got != tt.want {
			t.Errorf("%s=%s: %v, want %v", variable, tt.value, got, tt.want)
		}
	}
	var usage bytes.Buffer
	if _, err := parse([]string{"-help"}, none, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
	flags := regexp.MustCompile(`(?m)^  -([a-z-]+)`).FindAllStringSubmatch(usage.String(), -1)
	for _, f := range flags {
		if _, ok := tests[f[1]]; !ok {
			t.Errorf("-%s is not tested", f[1])
		}
	}
	if len(flags) != len(tests) {
		t.Errorf("%d flags, %d tests", len(flags), len(tests))
	}
}

func TestAFlagCountsMoreThanTheEnvironment(t *testing.T) {
	getenv := func(name string) string {
		return map[string]string{"SEALSTACK_REGION": "eu-west-1", "SEALSTACK_EPHEMERAL": "true", "SEALSTACK_TIMING": "aws"}[name]
	}
	o := parsed(t, getenv, "-region", "eu-central-1", "-ephemeral=false")
	if o.config.Region != "eu-central-1" || o.config.Ephemeral || o.config.Timing != emulator.AWS {
		t.Errorf("%+v", o.config)
	}
}

func TestWithoutFlagsTheDefaultsHold(t *testing.T) {
	o := parsed(t, none)
	if got, want := fmt.Sprint(o.config), fmt.Sprint(emulator.DefaultConfig()); got != want || o.listen != "127.0.0.1:4566" {
		t.Errorf("%s on %s, want %s", got, o.listen, want)
	}
}

func TestACommandLineThatCannotBeIsRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\r\nsecond line"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ line, want string }{
		{"--unknown", "flag provided but not defined"},
		{"serve", `unexpected argument "serve"`},
		{"--ephemeral false", `unexpected argument "false"`},
		{"--listen", "flag needs an argument"},
		{"--ephemeral=perhaps", "invalid boolean value"},
		{"--association-delay=soon", "association-delay"},
		{"--data-key-lifetime=5", "data-key-lifetime"},
		{"--attestation-roots=" + filepath.Join(empty, "none"), "none"},
		{"--quota=kms.keys", "not of the form name=value"},
		{"--quota=kms.keys=many", "no number"},
		{"--xks-endpoints==b", "not of the form name=value"},
		{"--seal-passphrase-file=" + filepath.Join(empty, "none"), "none"},
		{"--seal-passphrase-file=" + empty, "the passphrase is empty"},
	} {
		_, err := parse(strings.Fields(tt.line), none, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.line, err, tt.want)
		}
	}
	for name, value := range map[string]string{"EPHEMERAL": "perhaps", "ASSOCIATION_DELAY": "soon", "SEAL_PASSPHRASE_FILE": empty} {
		_, err := parse(nil, func(asked string) string {
			if asked == "SEALSTACK_"+name {
				return value
			}
			return ""
		}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), value) {
			t.Errorf("SEALSTACK_%s=%s: %v", name, value, err)
		}
	}
}

func TestThePassphraseIsTheFirstLineOfItsFile(t *testing.T) {
	for text, want := range map[string]string{
		"one": "one", "one\n": "one", "one\r\n": "one", "one\ntwo\n": "one", " one \n": " one ", "é\x00\n": "é\x00",
	} {
		file := filepath.Join(t.TempDir(), "passphrase")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := parsed(t, none, "--seal-passphrase-file", file); string(got.config.Passphrase) != want {
			t.Errorf("%q: %q, want %q", text, got.config.Passphrase, want)
		}
	}
}
