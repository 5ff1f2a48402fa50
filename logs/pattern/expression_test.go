package pattern

import (
	"maps"
	"strings"
	"testing"
)

const trailEvent = `{
  "eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111",
  "arrayKey": ["value", "another value"],
  "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
  "SomeObject": null, "ThisFlag": true, "cluster.name": "c"
}`

const usersEvent = `{
  "user": {"id": 1, "email": "John.Stiles@example.com"},
  "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
  "actions": ["GET", "PUT", "DELETE"],
  "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]
}`

func TestExpressionsMatchAsAWSDocuments(t *testing.T) {
	checkRows(t, []string{trailEvent, usersEvent, "UpdateTrail"}, []row{
		{`{ $.eventType = "UpdateTrail" }`, []int{0}},
		{`{ $.eventType = UpdateTrail }`, []int{0}},
		{`{ $.sourceIPAddress != 123.123.* }`, []int{0}},
		{`{ $.arrayKey[0] = "value" }`, []int{0}},
		{`{ $.arrayKey[1] = "value" }`, nil},
		{`{ $.eventType = %Trail% }`, []int{0}},
		{`{ $.arrayKey[*] = %val.{2}% }`, []int{0}},
		{`{ $.* = %111\.111\.111\.1[0-9]{1,2}% }`, []int{0}},
		{`{ $.['cluster.name'] = "c" }`, []int{0}},
		{`{ $.objectList[1].id = 2 }`, []int{0}},
		{`{ $.SomeObject IS NULL }`, []int{0}},
		{`{ $.SomeOtherObject NOT EXISTS }`, []int{0, 1}},
		{`{ $.ThisFlag IS TRUE }`, []int{0}},
		{`{ $.ThisFlag IS FALSE }`, nil},
		{`{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }`, []int{1}},
		{`{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "nonmatch" }`, []int{1}},
		{`{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch") && $.actions[2] = "nonmatch" }`, nil},
		{`{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }`, nil},
		{`{ $.coordinates[2][0] = 7 }`, []int{1}},
		{`{$.users=1}`, nil},
		{`{$.users!=1}`, nil},
		{`{ $.user != 1 }`, nil},
	})
}

func TestNumbersInExpressions(t *testing.T) {
	const message = `{"bandwidth":80,"latency":49.5,"rate":60,"errorCode":400,"number":[1000,1e-3],"neg":-2,
		"text":"55","sci":"1e3","big":123456789012345678,"huge":1e999}`
	for expression, want := range map[string]bool{
		`$.bandwidth > 75`: true, `$.bandwidth > 80`: false, `$.latency < 50`: true, `$.rate >= 60`: true,
		`$.rate <= 59.9`: false, `$.errorCode = 400`: true, `$.errorCode != 500`: true, `$.errorCode != 400`: false,
		`$.errorCode = 4*`: true, `$.errorCode = 5*`: false, `$.errorCode = 400.0`: true, `$.errorCode = 4e2`: true,
		`$.number[0] = 1e+3`: true, `$.number[0] != 1e-3`: true, `$.number[1] = 0.001`: true, `$.number[1] < 10e-3`: true,
		`$.neg < +1000`: true, `$.neg = -2`: true, `$.neg >= -1`: false,
		`$.text > 50`: true, `$.text = 55.0`: true, `$.text < 10`: false, `$.sci > 5`: false, `$.sci = 1000`: false, `$.sci = 1e3`: true,
		`$.big = 123456789012345678`: true, `$.big = 123456789012345679`: false, `$.big < 123456789012345679`: true,
		`$.huge > 5`: true, `$.missing > 0`: false, `$.missing <= 0`: false, `$.number > 0`: false,
	} {
		if got := mustParse(t, "{ "+expression+" }").Match(message); got != want {
			t.Errorf("%s = %v, want %v", expression, got, want)
		}
	}
}

func TestValuesInExpressions(t *testing.T) {
	const message = ` {"s":"Put\u0045vent","e":"","q":"a\"b","t":true,"f":false,"n":null,"o":{},"a":[],
		"star":"Ev*ent","u":"日本","x-y_z":"1","d":"old","d":"new","sp\u0061ced key":{"k":["v"]}} `
	for expression, want := range map[string]bool{
		`$.s = PutEvent`: true, `$.s = "*Event"`: true, `$.s = Put*`: true, `$.s = putevent`: false, `$.s = *tEv*`: true,
		`$.e = ""`: true, `$.e = *`: true, `$.e != ""`: false, `$.q = "a\"b"`: true, `$.u = "日*"`: true,
		`$.t = true`: true, `$.t IS TRUE`: true, `$.t IS FALSE`: false, `$.f IS FALSE`: true, `$.t = *`: true, `$.s IS TRUE`: false,
		`$.n IS NULL`: true, `$.n NOT EXISTS`: false, `$.n = null`: false, `$.n != x`: false, `$.n = *`: false,
		`$.o = *`: false, `$.o != x`: false, `$.o NOT EXISTS`: false, `$.a = *`: false, `$.a[0] NOT EXISTS`: true, `$.a[*] NOT EXISTS`: true,
		`$.missing != x`: false, `$.missing = *`: false, `$.missing NOT EXISTS`: true, `$.missing IS NULL`: false, `$.s.t NOT EXISTS`: true,
		`$.star = Ev*ent`: true, `$.s = Put*Event`: false, `$.x-y_z = 1`: true, `$.d = new`: true, `$.d = old`: false,
		`$.['spaced key'].k[0] = v`: true, `$.["spaced key"]['k'][0] = v`: true, `$.* = new`: true, `$.* = old`: true,
		`$.s = "PutEvent" && ($.t IS TRUE || $.f IS TRUE)`: true, `$.f IS TRUE && $.f IS TRUE || $.t IS TRUE`: true,
		`$.t IS TRUE || $.f IS TRUE && $.f IS TRUE`: true, `(($.t IS TRUE))`: true,
	} {
		if got := mustParse(t, "{ "+expression+" }").Match(message); got != want {
			t.Errorf("%s = %v, want %v", expression, got, want)
		}
	}
}

func TestWildcardsAskForOneValue(t *testing.T) {
	const message = `{"list":[{"id":1},{"id":2},{"no":3},null],"map":{"a":{"v":"x"},"b":{"v":"y"}},"n":5}`
	for expression, want := range map[string]bool{
		`$.list[*].id = 2`: true, `$.list[*].id = 3`: false, `$.list[*].id != 1`: true, `$.list[*].id > 1`: true,
		`$.list[*] IS NULL`: true, `$.list[*].id NOT EXISTS`: false, `$.list[*].zz NOT EXISTS`: true,
		`$.map.*.v = y`: true, `$.map.*.v = z`: false, `$.* = 5`: true, `$.list.* = 1`: false, `$.map[*].v = x`: false, `$.map[0] = x`: false,
		`$.list.id = 1`: false, `$.list[*].id = 1 && $.map.*.v = x && $.* = 5`: true,
	} {
		if got := mustParse(t, "{ "+expression+" }").Match(message); got != want {
			t.Errorf("%s = %v, want %v", expression, got, want)
		}
	}
}

func TestExpressionsMatchOnlyJSON(t *testing.T) {
	p := mustParse(t, `{ $.message = "hello" }`)
	absent := mustParse(t, `{ $.missing NOT EXISTS }`)
	for message, want := range map[string]bool{
		`{"message":"hello"}`:          true,
		" \t{\"message\":\"hello\"}\n": true,
		`hello`:                        false,
		`message = hello`:              false,
		``:                             false,
		`INFO {"message":"hello"}`:     false,
		`{"message":"hello"} tail`:     false,
		`{"message":"hello"`:           false,
		`{"message":"hello",}`:         false,
		`{'message':'hello'}`:          false,
		`"hello"`:                      false,
		`5`:                            false,
		`null`:                         false,
	} {
		if got := p.Match(message); got != want {
			t.Errorf("%s: Match = %v, want %v", message, got, want)
		}
		if got := absent.Match(message); got != want {
			t.Errorf("%s: NOT EXISTS = %v, want %v", message, got, want)
		}
	}
	if !mustParse(t, `{ $.[1].a = 2 }`).Match(`[1,{"a":2}]`) {
		t.Error("an array at the top is not searched")
	}
}

func TestSelectorsAreExtractedAsWritten(t *testing.T) {
	p := mustParse(t, `{ $.latency = * && ($.user['id'] = 7 || $.tags[*] = b) && $.no NOT EXISTS && $.ok IS TRUE && $.nil IS NULL }`)
	got := p.Extract(`{"latency":12.50,"user":{"id":"7"},"tags":["a","b"],"ok":true,"nil":null}`)
	want := map[string]string{"$.latency": "12.50", "$.user['id']": "7", "$.tags[*]": "a", "$.ok": "true"}
	if !maps.Equal(got, want) {
		t.Errorf("Extract = %q, want %q", got, want)
	}
	if got := p.Extract(`{"latency":1}`); got != nil {
		t.Errorf("Extract where nothing matches = %q, want nil", got)
	}
}

func TestExpressionsAllocateNothing(t *testing.T) {
	p := mustParse(t, `{ $.eventType = "Update*" && $.objectList[1].id >= 2 && $.SomeObject IS NULL && $.zz NOT EXISTS }`)
	if !p.Match(trailEvent) {
		t.Fatal("no match")
	}
	if n := testing.AllocsPerRun(100, func() { p.Match(trailEvent) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkExpression(b *testing.B) {
	text := `{ $.eventType = "UpdateTrail" && $.objectList[1].id = 2 }`
	for name, message := range map[string]string{
		"match": trailEvent,
		"other": strings.Replace(trailEvent, "UpdateTrail", "CreateTrail", 1),
		"plain": "2026-01-02 INFO request served path=/orders/17 status=200 duration=12ms",
	} {
		b.Run(name, func(b *testing.B) {
			p := mustParse(b, text)
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				p.Match(message)
			}
		})
	}
}
