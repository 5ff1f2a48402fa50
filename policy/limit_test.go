package policy

import (
	"slices"
	"testing"
)

func TestSizeLeavesOutWhiteSpace(t *testing.T) {
	for document, want := range map[string]int{"": 0, " \t\r\n": 0, `{ "a" : "b c" }`: 10, "é é": 2} {
		if got := Size(document); got != want {
			t.Errorf("Size(%q) = %d, want %d", document, got, want)
		}
	}
}

func TestValidCharactersEndAtLatin1(t *testing.T) {
	for _, document := range []string{"", "{}\t\r\n", " ~", "\u007fÿ"} {
		if !ValidCharacters(document) {
			t.Errorf("%q is not valid", document)
		}
	}
	for _, document := range []string{"\x00", "\x0b", "Ā", "€", "\xff", "a\x1f"} {
		if ValidCharacters(document) {
			t.Errorf("%q is valid", document)
		}
	}
}

func TestOverlyPermissiveFindsForAllValuesOnSingleValuedKeys(t *testing.T) {
	p := parse(t, KeyPolicy, one(`[
	  {"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{
	    "ForAllValues:StringEquals":{"kms:EncryptionContext:Owner":"a","kms:EncryptionContextKeys":"Owner","aws:TagKeys":"x"},
	    "ForAnyValue:StringEquals":{"kms:EncryptionContext:Owner":"a"},
	    "StringEquals":{"aws:RequestTag/Owner":"a"}}},
	  {"Sid":"two","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{
	    "forAllValues:StringLikeIfExists":{"AWS:RequestTag/Owner":"a"}}}]`))
	want := []OverlyPermissiveCondition{
		{StatementRef{0, ""}, ConditionKey{"ForAllValues:StringEquals", "kms:EncryptionContext:Owner"}},
		{StatementRef{1, "two"}, ConditionKey{"forAllValues:StringLikeIfExists", "AWS:RequestTag/Owner"}},
	}
	if got := OverlyPermissive(p); !slices.Equal(got, want) {
		t.Errorf("found %+v", got)
	}
	if got := OverlyPermissive(parse(t, KeyPolicy, typicalPolicy)); got != nil {
		t.Errorf("found %+v in a good policy", got)
	}
}
