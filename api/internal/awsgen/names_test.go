package main

import (
	"slices"
	"strings"
	"testing"
)

func TestEnumValuesAreNamedAsTheSDKNamesThem(t *testing.T) {
	for value, want := range map[string]string{
		"PendingDeletion": "PendingDeletion", "AWS_KMS": "AwsKms", "RSA_2048": "Rsa2048", "ECC_NIST_P256": "EccNistP256",
		"AES256": "Aes256", "aws:kms:dsse": "AwsKmsDsse", "s3:ObjectCreated:*": "S3ObjectCreated", "us-gov-west-1": "UsGovWest1",
		"Bytes/Second": "BytesSecond", "V1.1": "V11", "text/csv": "TextCsv", "EU": "Eu", "": "",
	} {
		if got := valueName(value); got != want {
			t.Errorf("%q is named %q, expected %q", value, got, want)
		}
	}
}

func TestTakenNamesOfConstantsGetNumbers(t *testing.T) {
	g := &generator{model: &model{Shapes: map[string]*shape{
		"State":      {Type: "string", Enum: []string{"a-b", "a_b", "AB", "Gone"}},
		"StateGone":  {Type: "structure"},
		"stateOther": {Type: "string", Enum: []string{"x"}},
	}}}
	if err := g.claimIdents(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"StateAB", "StateAB_2", "StateAb", "StateGone_2"}; !slices.Equal(g.consts["State"], want) {
		t.Errorf("got %v, expected %v", g.consts["State"], want)
	}
	if want := []string{"StateOtherX"}; !slices.Equal(g.consts["stateOther"], want) {
		t.Errorf("got %v, expected %v", g.consts["stateOther"], want)
	}
}

func TestTwoTypesOfOneNameFail(t *testing.T) {
	for _, shapes := range []map[string]*shape{
		{"policy": {Type: "structure"}, "Policy": {Type: "structure"}},
		{"Client": {Type: "structure"}},
		{"Shapes": {Type: "string", Enum: []string{"x"}}},
		{"OpPing": {Type: "structure"}},
		{"Gone": {Type: "structure", Exception: true}, "gone": {Type: "structure"}},
	} {
		g := &generator{model: &model{Shapes: shapes, Operations: map[string]*operation{"Ping": {}}}}
		if err := g.claimIdents(); err == nil || !strings.Contains(err.Error(), "two things are called") {
			t.Errorf("%v: %v", shapes, err)
		}
	}
}

func TestErrorsHaveTheCodeOfTheProtocol(t *testing.T) {
	shapes := map[string]*shape{
		"InUseException": {Exception: true, Error: &errorInfo{Code: "InUse", HTTPStatusCode: 409}},
		"Plain":          {Exception: true},
		"Fault":          {Exception: true, Fault: true},
		"Busy":           {Exception: true, Fault: true, Error: &errorInfo{HTTPStatusCode: 503}},
	}
	for _, c := range []struct {
		protocol, shape, code string
		status                int
	}{
		{"query", "InUseException", "InUse", 409},
		{"rest-xml", "InUseException", "InUse", 409},
		{"json", "InUseException", "InUseException", 409},
		{"query", "Plain", "Plain", 400},
		{"json", "Fault", "Fault", 500},
		{"json", "Busy", "Busy", 503},
	} {
		g := &generator{model: &model{Shapes: shapes, Metadata: metadata{Protocol: c.protocol}}}
		if code, status := g.codeOf(c.shape), g.statusOf(c.shape); code != c.code || status != c.status {
			t.Errorf("%s %s: %s %d, expected %s %d", c.protocol, c.shape, code, status, c.code, c.status)
		}
	}
}

func TestUnknownCommandsFail(t *testing.T) {
	for _, c := range []struct{ args, complaint string }{
		{"", "usage"}, {"forge", "unknown command"}, {"trim", "-botocore"}, {"gen -x", "flag"},
	} {
		if err := run(strings.Fields(c.args)); err == nil || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%q: %v, expected %s", c.args, err, c.complaint)
		}
	}
}
