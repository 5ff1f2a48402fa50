package kms

import (
	"fmt"
	"reflect"
	"testing"

	"sealstack/api/kmsapi"
)

func (h *harness) tags(id string) []kmsapi.Tag {
	h.t.Helper()
	out, err := h.ListResourceTags(h.ctx, &kmsapi.ListResourceTagsRequest{KeyId: id})
	must(h.t, err)
	return out.Tags
}

func (h *harness) tag(id string, tags ...kmsapi.Tag) error {
	return second(h.TagResource(h.ctx, &kmsapi.TagResourceRequest{KeyId: id, Tags: tags}))
}

func TestTagsReadBackHoweverTheyWereSet(t *testing.T) {
	h := newHarness(t)
	id := h.key(func(in *kmsapi.CreateKeyRequest) {
		in.Tags = []kmsapi.Tag{{TagKey: "b", TagValue: "1"}, {TagKey: "a"}}
	}).KeyId
	must(t, h.tag(id, kmsapi.Tag{TagKey: "c", TagValue: "3"}, kmsapi.Tag{TagKey: "b", TagValue: "2"}, kmsapi.Tag{TagKey: "A", TagValue: "4"}))
	want := []kmsapi.Tag{{TagKey: "A", TagValue: "4"}, {TagKey: "a"}, {TagKey: "b", TagValue: "2"}, {TagKey: "c", TagValue: "3"}}
	if got := h.tags(id); !reflect.DeepEqual(got, want) {
		t.Errorf("tags = %v", got)
	}
	_, err := h.UntagResource(h.ctx, &kmsapi.UntagResourceRequest{KeyId: id, TagKeys: []string{"a", "A", "b", "c", "none"}})
	must(t, err)
	if got := h.tags(id); got == nil || len(got) != 0 {
		t.Errorf("tags = %v, want an empty list", got)
	}
}

func TestTagErrors(t *testing.T) {
	h := newHarness(t)
	id := h.key().KeyId
	many := make([]kmsapi.Tag, 51)
	for i := range many {
		many[i].TagKey = fmt.Sprint(i)
	}
	for name, row := range map[string]struct {
		tags    []kmsapi.Tag
		message string
	}{
		"the same key twice":    {[]kmsapi.Tag{{TagKey: "a", TagValue: "1"}, {TagKey: "a", TagValue: "2"}}, "Duplicate tag keys"},
		"a reserved key":        {[]kmsapi.Tag{{TagKey: "aws:a"}}, "Tags beginning with aws: are reserved"},
		"a reserved key, upper": {[]kmsapi.Tag{{TagKey: "AWS:a"}}, "Tags beginning with aws: are reserved"},
		"more than 50":          {many, "Too many tags"},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, h.tag(id, row.tags...), "TagException", row.message)
			_, err := h.CreateKey(h.ctx, &kmsapi.CreateKeyRequest{Tags: row.tags})
			wantError(t, err, "TagException", row.message)
		})
	}
	if got := h.tags(id); len(got) != 0 {
		t.Errorf("refused tags were stored: %v", got)
	}
	must(t, h.tag(id, many[:50]...))
	wantError(t, h.tag(id, kmsapi.Tag{TagKey: "one more"}), "TagException", "Too many tags")
	must(t, h.tag(id, kmsapi.Tag{TagKey: "7", TagValue: "another"}))
}
