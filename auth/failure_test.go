package auth

import "testing"

func TestEveryFailureKindHasItsOwnWords(t *testing.T) {
	seen := map[string]FailureKind{}
	for k := MissingToken; k <= MissingLength; k++ {
		words := k.String()
		if words == "" {
			t.Errorf("kind %d has no words", k)
		}
		if was, ok := seen[words]; ok {
			t.Errorf("kinds %d and %d are both %q", was, k, words)
		}
		seen[words] = k
	}
}

func TestAKindOutsideTheListStillPrints(t *testing.T) {
	for kind, want := range map[FailureKind]string{0: "FailureKind(0)", OldQuery + 1: "FailureKind(30)", 255: "FailureKind(255)"} {
		if got := kind.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAFailureReadsAsKindThenDetail(t *testing.T) {
	for want, f := range map[string]*Failure{
		"auth: missing authentication token":     {Kind: MissingToken},
		"auth: unsupported algorithm: AWS4-NONE": {Kind: UnsupportedAlgorithm, Detail: "AWS4-NONE"},
	} {
		if got := f.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
