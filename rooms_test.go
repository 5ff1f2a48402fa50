package sealstack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// room is a package, or a package with those below it, and what it may import
// of this module. An entry stands for that package alone, or for all below a
// folder if it ends in "/...".
type room struct {
	may []string
	why string // no more than that
}

const (
	pure    = "it is pure: it can be read, tested and trusted by itself"
	service = "a service knows its own api, the apis of those it calls, and what all services stand on"
	whole   = "it knows all rooms"
)

// everything stands for all packages.
const everything = "*"

// stands is what every service stands on.
var stands = []string{"api", "arn", "auth", "clock", "policy", "storage", "storage/seal"}

func on(apis ...string) []string { return append(apis, stands...) }

// rooms is the table of ARCHITECTURE.md. A package that is not in it has the
// rules of the nearest folder above it that is.
var rooms = map[string]room{
	"":                      {nil, "the root of the module holds no code"},
	"api":                   {nil, "everybody imports it, so it imports nobody"},
	"api/internal":          {nil, "generators read models, not the program that is made of them"},
	"api/cloudtrailapi":     {[]string{"api"}, "it is generated from AWS's model alone"},
	"api/cloudtraildataapi": {[]string{"api"}, "it is generated from AWS's model alone"},
	"api/iamapi":            {[]string{"api"}, "it is generated from AWS's model alone"},
	"api/kmsapi":            {[]string{"api"}, "it is generated from AWS's model alone"},
	"api/logsapi":           {[]string{"api"}, "it is generated from AWS's model alone"},
	"api/s3api":             {[]string{"api"}, "it is generated from AWS's model alone"},
	"api/stsapi":            {[]string{"api"}, "it is generated from AWS's model alone"},
	"arn":                   {nil, pure},
	"clock":                 {nil, "time is an input of everybody, so it depends on nobody"},
	"policy":                {[]string{"arn"}, pure},
	"storage":               {[]string{"storage"}, "it stores what it is given and knows nothing of AWS"},
	"storage/bolt":          {[]string{"storage", "storage/internal/disk", "storage/internal/pack", "storage/internal/slotfile"}, "an engine knows the interface that it implements, and files"},
	"storage/internal":      {[]string{"storage", "storage/internal/disk"}, "an engine's parts know files"},
	"wire":                  {[]string{"api", "auth", "wire/..."}, "the edge knows services by their description only, so that none is special"},
	"wire/awsjson":          {[]string{"wire/plan"}, "a codec knows plans, not services"},
	"wire/xmltext":          {nil, pure},
	"wire/awsquery":         {[]string{"wire/plan", "wire/xmltext"}, "a codec knows plans, not services"},
	"wire/plan":             {[]string{"api"}, "plans are made of a service's description"},
	"auth":                  {[]string{"api", "arn", "auth/sigv2", "auth/sigv4", "clock", "policy"}, "who may do what is decided without knowing where users and resources are kept"},
	"auth/sigv2":            {nil, pure},
	"auth/sigv4":            {nil, pure},
	"iam":                   {on("api/iamapi", "api/stsapi", "iam/jwt", "iam/saml"), service},
	"iam/jwt":               {nil, pure},
	"iam/saml":              {nil, pure},
	"kms":                   {on("api/kmsapi", "kms/material", "kms/xks", "kms/attestation"), service},
	"kms/material":          {nil, pure},
	"kms/attestation":       {nil, pure},
	"kms/nitrotest":         {[]string{"kms/attestation"}, "it makes documents for tests"},
	"kms/xks":               {[]string{"auth/sigv4", "clock"}, "it speaks a protocol and knows nothing of keys in KMS"},
	"kms/xks/xksproxy":      {[]string{"auth/sigv4", "clock", "kms/xks"}, "it stands for a program outside of AWS"},
	"logs":                  {on("api/logsapi", "api/kmsapi", "api/s3api", "api/stsapi", "api/cloudwatchapi", "logs/pattern", "logs/insights", "logs/protect", "logs/transform", "logs/anomaly"), service},
	"logs/pattern":          {nil, pure},
	"logs/protect":          {nil, pure},
	"logs/anomaly":          {nil, pure},
	"logs/transform":        {nil, pure},
	"logs/insights":         {[]string{"logs/anomaly"}, pure},
	"s3sim":                 {on("api/s3api", "api/kmsapi", "s3sim/body", "s3sim/checksum"), service},
	"s3sim/body":            {[]string{"storage", "storage/seal", "s3sim/checksum"}, "bodies are bytes: they know nothing of S3's calls"},
	"s3sim/checksum":        {nil, pure},
	"cloudtrail":            {on("api/cloudtrailapi", "api/cloudtraildataapi", "api/kmsapi", "api/s3api", "api/logsapi", "api/iamapi", "api/stsapi", "api/organizationsapi", "cloudtrail/lakesql", "kms/attestation"), service},
	"cloudtrail/lakesql":    {nil, pure},
	"organizations":         {on("api/organizationsapi", "api/iamapi"), service},
	"emulator":              {[]string{everything}, whole},
	"cmd/emulator":          {[]string{"emulator"}, "flags and signals are all its business: what the program can do, a Go test can do with the emulator room"},
	"integration":           {[]string{everything}, whole},
	"internal":              {nil, "tools read files"},
	"api/organizationsapi":  {[]string{"api"}, "it is generated from AWS's model alone"},
	"api/cloudwatchapi":     {[]string{"api"}, "it is generated from AWS's model alone"},
	"metrics":               {on("api/cloudwatchapi"), service},
	"wire/cbor":             {[]string{"wire/plan"}, "a codec knows plans, not services"},
}

// bans are reasons why a package is not for everybody, by what its path
// begins with; the first that fits is told.
var bans = []struct{ path, why string }{
	{"storage/bolt", "nothing above storage knows the engine, so that another can stand under it; only the wiring chooses one"},
	{"storage/memory", "nothing above storage knows the engine, so that another can stand under it; only the wiring chooses one"},
	{"storage/internal", "it is the engines' own"},
	{"storage/storagetest", "it is for tests of engines"},
	{"emulator", "the wiring knows all rooms, so none may know it"},
	{"integration", "it holds tests only"},
	{"cmd", "it is the program"},
	{"wire", "services do not know how they are called: over the network and in the process they are the same"},
}

// services call one another through their generated clients only.
var services = []string{"iam", "kms", "logs", "s3sim", "cloudtrail", "organizations", "metrics"}

const oneDoor = "no service imports another: it calls it through the generated client and api.Invoke, so that every call is authorized and recorded"

// listed is a package as go list describes it.
type listed struct {
	ImportPath string
	Imports    []string // of its files that are no tests
}

// packages lists the module's packages.
func packages(t *testing.T) (list []listed) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return list
		case err != nil:
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// ours cuts the module's name off an import path; "" is the root.
func ours(path string) (string, bool) {
	if path == "sealstack" {
		return "", true
	}
	return strings.CutPrefix(path, "sealstack/")
}

// roomOf returns the name of the room that a package lies in.
func roomOf(pkg string) (string, bool) {
	for name := pkg; ; {
		if _, ok := rooms[name]; ok && (name != "" || pkg == "") {
			return name, true
		}
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return "", false
		}
		name = name[:i]
	}
}

// fault says why a package may not import another, "" if it may.
func fault(pkg, imported string) string {
	name, ok := roomOf(pkg)
	if !ok {
		return "it is in no room: add it to the table here and in ARCHITECTURE.md, with what it may import"
	}
	r := rooms[name]
	if slices.ContainsFunc(r.may, func(entry string) bool { return covers(entry, imported) }) {
		return ""
	}
	for _, s := range services {
		if beneath(imported, s) && !beneath(pkg, s) && slices.ContainsFunc(services, func(own string) bool { return beneath(pkg, own) }) {
			return oneDoor
		}
	}
	for _, b := range bans {
		if beneath(imported, b.path) && !beneath(pkg, b.path) {
			return b.why
		}
	}
	return r.why
}

// covers reports whether an entry of the table stands for a package.
func covers(entry, pkg string) bool {
	folder, all := strings.CutSuffix(entry, "/...")
	return entry == everything || pkg == entry || all && beneath(pkg, folder)
}

func beneath(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	for _, p := range packages(t) {
		pkg, _ := ours(p.ImportPath)
		if _, ok := roomOf(pkg); !ok {
			t.Errorf("%s %s", pkg, fault(pkg, ""))
		}
		for _, i := range p.Imports {
			if imported, ok := ours(i); ok {
				if why := fault(pkg, imported); why != "" {
					t.Errorf("%s may not import %s: %s", pkg, imported, why)
				}
			}
		}
	}
}

// The table is worth nothing if it lets through what it must not.
func TestTheTableBansWhatItMust(t *testing.T) {
	for imports, want := range map[string]string{
		"logs > kms":                       oneDoor,
		"kms > iam":                        oneDoor,
		"s3sim/body > kms/material":        oneDoor,
		"logs > kms/material":              oneDoor,
		"kms > storage/bolt":               "nothing above storage knows the engine",
		"emulator > storage/bolt":          "",
		"logs > api/kmsapi":                "",
		"kms > api/logsapi":                service,
		"kms/material > storage":           pure,
		"policy > auth":                    pure,
		"api > arn":                        "everybody imports it",
		"wire > kms":                       "the edge knows services by their description only",
		"wire > api/kmsapi":                "the edge knows services by their description only",
		"logs > wire":                      "services do not know how they are called",
		"auth > iam":                       "who may do what is decided without knowing",
		"clock > storage":                  "time is an input of everybody",
		"cmd/emulator > kms":               "flags and signals",
		"cmd/emulator > emulator":          "",
		"kms > emulator":                   "the wiring knows all rooms",
		"storage > api":                    "it stores what it is given",
		"storage/seal > storage":           "",
		"iam > storage/internal/disk":      "it is the engines' own",
		"billing > api":                    "it is in no room",
		"emulator/emulatortest > emulator": "",
	} {
		from, to, _ := strings.Cut(imports, " > ")
		if got := fault(from, to); (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", imports, got, want)
		}
	}
}

// modules are the ones that only one room knows.
var modules = map[string]struct{ room, why string }{
	"github.com/gorilla/mux":   {"wire", "routing is the edge's: services are called by operation, not by path"},
	"go.etcd.io/bbolt":         {"storage", "nothing above storage knows the engine, so that another can stand under it"},
	"github.com/tidwall/btree": {"storage", "nothing above storage knows the engine, so that another can stand under it"},
}

// attestations read and make documents whose format AWS has chosen: CBOR.
var attestations = []string{"kms/attestation", "kms/nitrotest"}

func TestModulesStayInTheirRooms(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		pkg, _ := ours(p.ImportPath)
		for _, i := range p.Imports {
			if beneath(i, "github.com/fxamacker/cbor") && !beneath(pkg, "storage") && !beneath(pkg, "wire/cbor") && !slices.Contains(attestations, pkg) {
				t.Errorf("%s may not import %s: how values are written is the affair of storage and of the wire", pkg, i)
			}
			for module, m := range modules {
				if !beneath(i, module) {
					continue
				}
				used[module] = true
				if !beneath(pkg, m.room) {
					t.Errorf("%s may not import %s: %s", pkg, i, m.why)
				}
			}
			if beneath(i, "testing") && !slices.Contains([]string{"emulator/emulatortest", "iam/saml/samltest", "storage/storagetest"}, pkg) {
				t.Errorf("%s imports %s: the program would take the flags of tests", pkg, i)
			}
		}
	}
	for module := range maps.Keys(modules) {
		if !used[module] {
			t.Errorf("nobody imports %s any more: take it out of the table", module)
		}
	}
}

func TestPackageNamesSayWhatTheyOwn(t *testing.T) {
	for _, p := range packages(t) {
		for _, part := range strings.Split(p.ImportPath, "/") {
			if slices.Contains([]string{"util", "utils", "helper", "helpers", "common", "manager", "misc", "base", "shared", "lib"}, part) {
				t.Errorf("%s: the name says nothing of what it owns", p.ImportPath)
			}
		}
	}
}
