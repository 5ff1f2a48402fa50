package iam

import (
	"fmt"
	"slices"
	"testing"
	"testing/quick"
)

func TestPagesGiveEveryEntryOnce(t *testing.T) {
	w := newWorld(t)
	whole := func(count uint8, size uint8) bool {
		all := make([]string, count)
		for i := range all {
			all[i] = fmt.Sprintf("entry%03d", i)
		}
		var got []string
		var marker *string
		for {
			p, err := w.newPage("list", marker, new(int32(size%9+1)))
			if err != nil {
				return false
			}
			part := pick(p, all, func(s string) string { return s })
			if len(part) > int(size%9+1) || len(part) == 0 && len(all) > 0 || *p.truncated() != (p.marker() != nil) {
				return false
			}
			got = append(got, part...)
			if marker = p.marker(); marker == nil {
				return slices.Equal(got, all)
			}
		}
	}
	if err := quick.Check(whole, nil); err != nil {
		t.Error(err)
	}
}

func TestAMarkerServesItsListAlone(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	p := must(w.newPage("list", nil, new(int32(1))))(t)
	pick(p, []string{"a", "b"}, func(s string) string { return s })
	marker := *p.marker()
	if len(marker) > 320 {
		t.Errorf("the marker has %d characters, which IAM's model does not allow", len(marker))
	}
	for name, c := range map[string]struct {
		w            *world
		list, marker string
		want         string
	}{
		"its own":       {w, "list", marker, ""},
		"after restart": {other, "list", marker, ""},
		"another list":  {w, "other", marker, "ValidationError: Invalid Marker."},
		"changed":       {w, "list", marker[:len(marker)-1] + "_", "ValidationError: Invalid Marker."},
		"nonsense":      {w, "list", "nonsense", "ValidationError: Invalid Marker."},
	} {
		wantError(t, name, errorOf(c.w.newPage(c.list, &c.marker, nil)), c.want)
	}
}

func TestThePageOfOneHundredIsTheDefault(t *testing.T) {
	w := newWorld(t)
	p := must(w.newPage("list", nil, nil))(t)
	n := 0
	for i := range 150 {
		if p.take(fmt.Sprintf("%03d", i)) {
			n++
		}
	}
	if n != 100 || !p.full() {
		t.Errorf("%d entries", n)
	}
}
