package awsjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sealstack/wire/plan"
)

// The reference decoder goes through encoding/json and a tree of maps: slow
// and simple, it decides what the quick one must do.

var errReference = errors.New("not an Order")

// refer decodes body as the reference does.
func refer(t *plan.Type, body []byte, dst reflect.Value) error {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) == 0 {
		return nil
	}
	if !utf8.Valid(body) || !json.Valid(body) || depth(body) > maxDepth {
		return errReference
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return err
	}
	if tree == nil {
		return nil
	}
	return fill(t, tree, dst)
}

// depth is how deep brackets nest in valid JSON.
func depth(body []byte) (deepest int) {
	d := json.NewDecoder(bytes.NewReader(body))
	now := 0
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			now++
		case json.Delim('}'), json.Delim(']'):
			now--
		}
		deepest = max(deepest, now)
	}
}

// repeats reports whether an object in valid JSON has a name twice. The quick
// decoder may stop at the first value, of which the reference never hears.
func repeats(body []byte) bool {
	var walk func(d *json.Decoder) bool
	walk = func(d *json.Decoder) bool {
		token, err := d.Token()
		if err != nil {
			return false
		}
		switch token {
		case json.Delim('{'):
			seen := map[any]bool{}
			twice := false
			for d.More() {
				name, _ := d.Token()
				twice = twice || seen[name]
				seen[name] = true
				twice = walk(d) || twice
			}
			d.Token()
			return twice
		case json.Delim('['):
			twice := false
			for d.More() {
				twice = walk(d) || twice
			}
			d.Token()
			return twice
		}
		return false
	}
	return walk(json.NewDecoder(bytes.NewReader(body)))
}

func fill(t *plan.Type, x any, v reflect.Value) error {
	switch t.Kind {
	case plan.Struct:
		return fillStruct(t, x, v)
	case plan.List:
		list, ok := x.([]any)
		if !ok {
			return errReference
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i := range list {
			if list[i] == nil {
				continue
			}
			if err := fill(t.Elem, list[i], v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case plan.Map:
		object, ok := x.(map[string]any)
		if !ok {
			return errReference
		}
		v.Set(reflect.MakeMap(v.Type()))
		for key, value := range object {
			if value == nil {
				continue
			}
			e := reflect.New(t.Elem.Go).Elem()
			if err := fill(t.Elem, value, e); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(key).Convert(t.Key.Go), e)
		}
		return nil
	case plan.Opaque:
		return nil
	}
	return fillScalar(t, x, v)
}

func fillStruct(t *plan.Type, x any, v reflect.Value) error {
	object, ok := x.(map[string]any)
	if !ok {
		return errReference
	}
	set := 0
	for _, m := range t.Members {
		value := object[m.Wire]
		if value == nil {
			continue
		}
		set++
		field := v.Field(m.Field)
		if m.Pointer {
			field.Set(reflect.New(m.Type.Go))
			field = field.Elem()
		}
		if err := fill(m.Type, value, field); err != nil {
			return err
		}
	}
	if t.Union && set != 1 {
		return errReference
	}
	return nil
}

func fillScalar(t *plan.Type, x any, v reflect.Value) error {
	switch x := x.(type) {
	case bool:
		if t.Kind == plan.Bool {
			v.SetBool(x)
			return nil
		}
	case string:
		return fillString(t, x, v)
	case json.Number:
		return fillNumber(t, x.String(), v)
	}
	return errReference
}

func fillString(t *plan.Type, x string, v reflect.Value) error {
	switch t.Kind {
	case plan.String:
		v.SetString(x)
		return nil
	case plan.Blob:
		b, err := base64.StdEncoding.DecodeString(x)
		v.SetBytes(b)
		return err
	case plan.Float:
		if f, ok := map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[x]; ok {
			v.SetFloat(f)
			return nil
		}
	}
	return errReference
}

func fillNumber(t *plan.Type, x string, v reflect.Value) error {
	f, err := strconv.ParseFloat(x, 64)
	switch t.Kind {
	case plan.Float:
		f, err = strconv.ParseFloat(x, t.Go.Bits())
		v.SetFloat(f)
		return err
	case plan.Time:
		if err != nil || math.Abs(f) > maxSeconds {
			return errReference
		}
		v.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(f * 1000))).UTC()))
		return nil
	case plan.Int:
		if !strings.ContainsAny(x, ".eE") {
			n, ok := new(big.Int).SetString(x, 10)
			if !ok || !n.IsInt64() || v.OverflowInt(n.Int64()) {
				return errReference
			}
			v.SetInt(n.Int64())
			return nil
		}
		if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 || v.OverflowInt(int64(f)) {
			return errReference
		}
		v.SetInt(int64(f))
		return nil
	}
	return errReference
}

func FuzzDecodeAgreesWithTheReference(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"Name":"a","count":1}`, `{"Name":"\ud83d\udd11\u00","count":1.0e2}`, `{"Tags":[{"TagKey":"a","TagValue":"b"},null],"Notes":[null,"x"]}`,
		`{"Labels":{"a":"b","a":null},"Counts":{"X":1},"Grid":[[1],[2,3]],"Parts":{"p":{}}}`, `{"Child":{"Child":{"Choice":{"Left":"x"}}}}`,
		`{"When":1.5e9,"Dates":[1,2.25],"Scores":["NaN",1e400],"Blobs":["AA==",""]}`, `{"Name":"a","Name":null,"x":[{"y":"\\\""}]} `, `{"Total":9223372036854775807,"Ratio":1e-50}`, "{\"Name\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var quick, slow Order
		var check plan.Checker
		err := Decode(orders, body, &quick, &check)
		want := refer(orders, body, reflect.ValueOf(&slow).Elem())
		check.Message(true)
		switch {
		case err == nil && want != nil:
			t.Fatalf("taken, but the reference refuses it: %q", body)
		case err != nil && want == nil && !repeats(body):
			t.Fatalf("refused with %v, but the reference takes it: %q", err, body)
		case err == nil && deref(quick) != deref(slow):
			t.Fatalf("%q\n got %+v\nwant %+v", body, deref(quick), deref(slow))
		}
		if err == nil {
			roundTrip(t, quick)
		}
	})
}

// deref gives a form of v that compares by value, NaN included.
func deref(o Order) string { return string(Append(nil, orders, o)) }

// roundTrip encodes what was decoded and decodes it again.
func roundTrip(t *testing.T, o Order) {
	once := Append(nil, orders, o)
	if !json.Valid(once) {
		t.Fatalf("encoded as no JSON: %q", once)
	}
	var again Order
	if err := Decode(orders, once, &again, &plan.Checker{}); err != nil {
		t.Fatalf("%v: %q", err, once)
	}
	if twice := Append(nil, orders, again); !bytes.Equal(once, twice) {
		t.Fatalf("encoded as %q, then as %q", once, twice)
	}
}
