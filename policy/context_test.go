package policy

import (
	"slices"
	"testing"
)

func TestAContextTellsAbsentFromEmpty(t *testing.T) {
	asked := 0
	lazy := Lazy(func(key string) ([]string, bool) {
		asked++
		return []string{"computed"}, key == "aws:currenttime"
	})
	ctx := Layered{
		Over: Layered{Over: Keys{"kms:viaservice": {"s3"}, "aws:tagkeys": {}}, Base: nil},
		Base: Layered{Over: Keys{"kms:viaservice": {"below"}, "aws:username": {"Ada"}}, Base: lazy},
	}
	tests := []struct {
		key     string
		values  []string
		present bool
	}{
		{"kms:viaservice", []string{"s3"}, true},
		{"aws:tagkeys", []string{}, true},
		{"aws:username", []string{"Ada"}, true},
	}
	for _, test := range tests {
		values, present := ctx.Lookup(test.key)
		if !slices.Equal(values, test.values) || present != test.present {
			t.Errorf("%s = %q, %v", test.key, values, present)
		}
	}
	if asked != 0 {
		t.Errorf("the lazy context was asked %d times for keys of the layers above", asked)
	}
	if values, present := ctx.Lookup("aws:currenttime"); !present || values[0] != "computed" {
		t.Errorf("lazy key = %q, %v", values, present)
	}
	if _, present := ctx.Lookup("aws:none"); present {
		t.Error("an absent key is present")
	}
	if values, present := lookup(nil, "aws:x"); values != nil || present {
		t.Error("a nil context has keys")
	}
}
