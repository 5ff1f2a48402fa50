package plan

import (
	"reflect"
	"testing"
	"time"
)

func TestValuesPrintAsJavaPrintsThem(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	p := New(post).Of(reflect.TypeFor[struct {
		Number float64            `aws:"Number,required"`
		Flag   bool               `aws:"Flag,required,name=flag"`
		When   *time.Time         `aws:"When"`
		Names  []string           `aws:"Names"`
		Inner  map[string][]int64 `aws:"Inner"`
		Stamp  *Stamp             `aws:"Stamp"`
	}]())
	for want, v := range map[string]any{
		" '(number=1.5, flag=true, when=2020-01-02T03:04:05Z, names=[a, b], inner={x=[1, 2], y=[]}, stamp=Stamp(value=7))'": struct {
			Number float64
			Flag   bool
			When   *time.Time
			Names  []string
			Inner  map[string][]int64
			Stamp  *Stamp
		}{1.5, true, &at, []string{"a", "b"}, map[string][]int64{"y": {}, "x": {1, 2}}, &Stamp{7}},
		" '(number=0, flag=false, when=null, names=null, inner=null, stamp=null)'": struct {
			Number float64
			Flag   bool
			When   *time.Time
			Names  []string
			Inner  map[string][]int64
			Stamp  *Stamp
		}{},
	} {
		if got := echo(p, reflect.ValueOf(v)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestWhatHoldsASecretIsNotPrinted(t *testing.T) {
	p := letter()
	for _, m := range p.Members {
		want := m.Wire == "Seal" || m.Wire == "Secret" || m.Wire == "Secrets" || m.Wire == "Replies"
		if got := m.Type.hidden(map[*Type]bool{}); got != want {
			t.Errorf("%s: hidden %v", m.Wire, got)
		}
	}
}
