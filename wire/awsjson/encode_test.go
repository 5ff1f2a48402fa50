package awsjson

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestEncodeWritesWhatIsThere(t *testing.T) {
	for _, test := range []struct {
		o    Order
		want string
	}{
		{Order{}, `{"Name":"","count":0}`},
		{Order{Notes: []string{}, Labels: map[string]string{}, Data: []byte{}}, `{"Name":"","count":0,"Data":"","Notes":[],"Labels":{}}`},
		{Order{Name: "a\"\\\n\r\t\x01/<é\u2028\U0001F511"}, `{"Name":"a\"\\\n\r\t\u0001/<é` + "\u2028\U0001F511" + `","count":0}`},
		{Order{Name: "a\xffb"}, "{\"Name\":\"a\uFFFDb\",\"count\":0}"},
		{Order{Total: ptr(int64(math.MinInt64)), Paid: ptr(false)}, `{"Name":"","count":0,"Total":-9223372036854775808,"Paid":false}`},
		{Order{State: ptr(State("OPEN")), Data: []byte{255, 254}}, `{"Name":"","count":0,"Data":"//4=","State":"OPEN"}`},
		{Order{Tags: []Tag{{"k", "v"}, {"", ""}}}, `{"Name":"","count":0,"Tags":[{"TagKey":"k","TagValue":"v"},{"TagKey":"","TagValue":""}]}`},
		{Order{Labels: map[string]string{"b": "2", "a": "1"}}, `{"Name":"","count":0,"Labels":{"a":"1","b":"2"}}`},
		{Order{Counts: map[State]int64{"OPEN": 1}, Lookup: map[string][]int64{"x": nil}}, `{"Name":"","count":0,"Counts":{"OPEN":1},"Lookup":{"x":[]}}`},
		{Order{Child: &Order{Name: "c"}, Grid: [][]int32{{1}, {}}}, `{"Name":"","count":0,"Grid":[[1],[]],"Child":{"Name":"c","count":0}}`},
		{Order{Stream: func() {}}, `{"Name":"","count":0}`},
	} {
		if got := string(Append(nil, orders, &test.o)); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestTimestampsAreSecondsWithMilliseconds(t *testing.T) {
	for want, at := range map[string]time.Time{
		"0": time.Unix(0, 0), "946684800": time.Unix(946684800, 0), "1478910250.94": time.UnixMilli(1478910250940),
		"1478910250.941": time.UnixMilli(1478910250941), "1.5": time.UnixMilli(1500), "-1.5": time.UnixMilli(-1500), "1.001": time.Unix(1, 1_999_999),
	} {
		if got := string(appendTime(nil, at)); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}

func TestFloatsAlwaysHaveAPoint(t *testing.T) {
	for want, f := range map[string]float64{
		"0.0": 0, "1.0": 1, "-2.0": -2, "0.25": 0.25, "1234567.0": 1234567, "1E+07": 1e7, "1.5E-05": 1.5e-5, `"NaN"`: math.NaN(), `"Infinity"`: math.Inf(1), `"-Infinity"`: math.Inf(-1),
	} {
		if got := string(appendFloat(nil, f, 64)); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
	if got := string(appendFloat(nil, float64(float32(0.1)), 32)); got != "0.1" {
		t.Error(got)
	}
}

func TestWhatIsEncodedDecodesToItself(t *testing.T) {
	want := Order{
		Name: "n\x00\u2028", Count: -1, Price: ptr(math.Inf(-1)), Ratio: ptr(float32(1e-9)), When: ptr(time.UnixMilli(1234567890123).UTC()),
		Dates: []time.Time{time.UnixMilli(-1).UTC()}, Labels: map[string]string{"": "\\"}, Blobs: [][]byte{{1}, {}}, Choice: &Choice{Left: ptr("")},
	}
	got, _, err := decode(string(Append(nil, orders, want)))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
}
