package kms

import (
	"fmt"
	"slices"
	"testing"

	"sealstack/api/kmsapi"
)

func TestListsComeInPages(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	var ids, names, tags []string
	ids = append(ids, k.KeyId)
	for i := range 6 {
		ids = append(ids, h.key().KeyId)
		names = append(names, fmt.Sprintf("alias/%d", i))
		h.alias(names[i], k.KeyId)
		tags = append(tags, fmt.Sprintf("tag %d", i))
		must(t, h.tag(k.KeyId, kmsapi.Tag{TagKey: tags[i]}))
	}
	h.alias("alias/other", ids[1])
	slices.Sort(ids)
	listKeys := func(limit *int32, marker *string) (items []string, next *string, more bool, err error) {
		out, err := h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{Limit: limit, Marker: marker})
		if err != nil {
			return nil, nil, false, err
		}
		for _, k := range out.Keys {
			items = append(items, *k.KeyId)
		}
		return items, out.NextMarker, *out.Truncated, nil
	}
	listAliases := func(limit *int32, marker *string) (items []string, next *string, more bool, err error) {
		out, err := h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{KeyId: &k.KeyId, Limit: limit, Marker: marker})
		if err != nil {
			return nil, nil, false, err
		}
		for _, a := range out.Aliases {
			items = append(items, *a.AliasName)
		}
		return items, out.NextMarker, *out.Truncated, nil
	}
	listTags := func(limit *int32, marker *string) (items []string, next *string, more bool, err error) {
		out, err := h.ListResourceTags(h.ctx, &kmsapi.ListResourceTagsRequest{KeyId: k.KeyId, Limit: limit, Marker: marker})
		if err != nil {
			return nil, nil, false, err
		}
		for _, t := range out.Tags {
			items = append(items, t.TagKey)
		}
		return items, out.NextMarker, *out.Truncated, nil
	}
	for name, row := range map[string]struct {
		list func(*int32, *string) ([]string, *string, bool, error)
		want []string
		most int32
	}{
		"ListKeys":         {listKeys, ids, 1000},
		"ListAliases":      {listAliases, names, 100},
		"ListResourceTags": {listTags, tags, 50},
	} {
		t.Run(name, func(t *testing.T) {
			for limit := int32(1); limit <= int32(len(row.want))+1; limit++ {
				wantPages(t, row.list, limit, row.want)
			}
			_, _, _, err := row.list(&row.most, nil)
			must(t, err)
			_, _, _, err = row.list(new(row.most+1), nil)
			wantError(t, err, "ValidationException", fmt.Sprintf("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: "+
				"Member must have value less than or equal to %d", row.most+1, row.most))
			_, _, _, err = row.list(nil, new("AAAA"))
			wantError(t, err, "InvalidMarkerException", "")
		})
	}
}

// wantPages walks through a list page by page.
func wantPages(t *testing.T, list func(*int32, *string) ([]string, *string, bool, error), limit int32, want []string) {
	t.Helper()
	var got []string
	var marker *string
	for {
		items, next, more, err := list(&limit, marker)
		must(t, err)
		got = append(got, items...)
		if more != (next != nil) || len(items) > int(limit) || more && len(items) != int(limit) {
			t.Fatalf("page of %d items, limit %d, Truncated %t, NextMarker %v", len(items), limit, more, next)
		}
		if marker = next; !more {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("with limit %d: %v, want %v", limit, got, want)
	}
}

func TestAMarkerIsGoodForItsListAlone(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.key()
	h.alias("alias/a", k.KeyId)
	h.alias("alias/b", k.KeyId)
	one := new(int32(1))
	aliases, err := h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{Limit: one})
	must(t, err)
	marker := aliases.NextMarker
	_, err = h.ListKeys(h.ctx, &kmsapi.ListKeysRequest{Marker: marker})
	wantError(t, err, "InvalidMarkerException", "")
	_, err = h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{KeyId: &k.KeyId, Marker: marker})
	wantError(t, err, "InvalidMarkerException", "")
	_, err = h.ListAliases(as(rootUser(foreign)), &kmsapi.ListAliasesRequest{Marker: marker})
	wantError(t, err, "InvalidMarkerException", "")
	_, err = h.ListAliases(h.ctx, &kmsapi.ListAliasesRequest{Marker: marker})
	must(t, err)
}
