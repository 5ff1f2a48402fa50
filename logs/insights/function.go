package insights

import (
	"encoding/json"
	"maps"
	"math"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// function is one of the functions that AWS lists under "Boolean, comparison,
// numeric, datetime, and other functions":
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
type function struct {
	least, most int // arguments; most 0 stands for any number, none for none
	period      int // which argument must be a period, from 1; 0 none does
	eval        func(r *row, arguments []expression) value
}

// takes reports whether the function can be called so.
func (f *function) takes(arguments []expression) bool {
	if len(arguments) < f.least || f.most != 0 && len(arguments) > max(f.most, 0) {
		return false
	}
	for i, a := range arguments {
		if _, is := a.(duration); is != (i+1 == f.period) {
			return false
		}
	}
	return true
}

// functions by name in lower case.
//
// Unverified: that AWS ignores the case of function names.
var functions = map[string]*function{
	"abs":      onNumber(math.Abs),
	"ceil":     onNumber(math.Ceil),
	"floor":    onNumber(math.Floor),
	"log":      onNumber(math.Log),
	"sqrt":     onNumber(math.Sqrt),
	"greatest": {least: 1, eval: choose(math.Max)},
	"least":    {least: 1, eval: choose(math.Min)},

	"bin":        {least: 1, most: 1, period: 1, eval: bin},
	"datefloor":  {least: 2, most: 2, period: 2, eval: dateFloor},
	"dateceil":   {least: 2, most: 2, period: 2, eval: dateCeil},
	"frommillis": {least: 1, most: 1, eval: fromMillis},
	"tomillis":   {least: 1, most: 1, eval: toMillis},
	"now":        {eval: func(r *row, _ []expression) value { return numberOf(float64(r.run.options.Now / 1000)) }, most: none},

	"ispresent": {least: 1, most: 1, eval: func(r *row, a []expression) value { return boolOf(a[0].eval(r).kind != absent) }},
	"coalesce":  {least: 1, eval: coalesce},
	"isempty":   {least: 1, most: 1, eval: func(r *row, a []expression) value { return boolOf(a[0].eval(r).String() == "") }},
	"isblank": {least: 1, most: 1, eval: func(r *row, a []expression) value {
		return boolOf(strings.TrimSpace(a[0].eval(r).String()) == "")
	}},
	"unmask": {least: 1, most: 1, eval: unmask},

	"concat":      {least: 1, eval: concat},
	"strlen":      onText(func(s string) value { return numberOf(float64(utf8.RuneCountInString(s))) }),
	"toupper":     onText(func(s string) value { return textOf(strings.ToUpper(s)) }),
	"tolower":     onText(func(s string) value { return textOf(strings.ToLower(s)) }),
	"trim":        trimming(strings.TrimSpace, strings.Trim),
	"ltrim":       trimming(func(s string) string { return strings.TrimLeft(s, " \t\r\n") }, strings.TrimLeft),
	"rtrim":       trimming(func(s string) string { return strings.TrimRight(s, " \t\r\n") }, strings.TrimRight),
	"substr":      {least: 2, most: 3, eval: substr},
	"replace":     {least: 3, most: 3, eval: replace},
	"strcontains": {least: 2, most: 3, eval: strContains},

	"jsonparse": onText(func(s string) value { return fromJSON(decode(s), true) }),
	"jsonstringify": {least: 1, most: 1, eval: func(r *row, a []expression) value {
		v := a[0].eval(r)
		if v.kind == absent {
			return v
		}
		if v.kind == textual {
			b, _ := json.Marshal(v.text)
			return textOf(string(b))
		}
		return textOf(v.String())
	}},

	"isvalidip":      onText(func(s string) value { return boolOf(isAddress(s, true, true)) }),
	"isvalidipv4":    onText(func(s string) value { return boolOf(isAddress(s, true, false)) }),
	"isvalidipv6":    onText(func(s string) value { return boolOf(isAddress(s, false, true)) }),
	"isipinsubnet":   {least: 2, most: 2, eval: inSubnet(true, true)},
	"isipv4insubnet": {least: 2, most: 2, eval: inSubnet(true, false)},
	"isipv6insubnet": {least: 2, most: 2, eval: inSubnet(false, true)},
}

func init() {
	for _, more := range []map[string]*function{textFunctions, numberFunctions, dateFunctions} {
		maps.Copy(functions, more)
	}
}

func onNumber(fn func(float64) float64) *function {
	return &function{least: 1, most: 1, eval: func(r *row, a []expression) value {
		n, ok := a[0].eval(r).number()
		if n = fn(n); !ok || math.IsNaN(n) || math.IsInf(n, 0) {
			return value{}
		}
		return numberOf(n)
	}}
}

func onText(fn func(string) value) *function {
	return &function{least: 1, most: 1, eval: func(r *row, a []expression) value {
		v := a[0].eval(r)
		if v.kind == absent || v.kind == structure {
			return value{} // maps and lists are null for them
		}
		return fn(v.String())
	}}
}

func choose(better func(a, b float64) float64) func(*row, []expression) value {
	return func(r *row, arguments []expression) value {
		best, found := 0.0, false
		for _, a := range arguments {
			n, ok := a.eval(r).number()
			if !ok {
				continue
			}
			if !found {
				best, found = n, true
			}
			best = better(best, n)
		}
		if !found {
			return value{}
		}
		return numberOf(best)
	}
}

func coalesce(r *row, arguments []expression) value {
	for _, a := range arguments {
		if v := a.eval(r); v.kind != absent {
			return v
		}
	}
	return value{}
}

// unmask evaluates over the event in clear: its message, and what is
// discovered in that. Fields that commands have made stay masked.
func unmask(r *row, arguments []expression) value {
	if r.event == nil || r.event.Clear == "" || r.event.Clear == r.event.Message {
		return arguments[0].eval(r)
	}
	clear := *r.event
	clear.Message, clear.Transformed = clear.Clear, ""
	return arguments[0].eval(&row{run: r.run, event: &clear, bound: r.bound})
}

func concat(r *row, arguments []expression) value {
	var b strings.Builder
	for _, a := range arguments {
		b.WriteString(a.eval(r).String())
	}
	return textOf(b.String())
}

// trimming takes white space off a text, or the characters of a second one.
func trimming(blanks func(string) string, characters func(s, cutset string) string) *function {
	return &function{least: 1, most: 2, eval: func(r *row, a []expression) value {
		v := a[0].eval(r)
		switch {
		case v.kind == absent:
			return v
		case len(a) == 1:
			return textOf(blanks(v.String()))
		}
		return textOf(characters(v.String(), a[1].eval(r).String()))
	}}
}

// substr gives the characters from an index on, counted from 0, all or as
// many as a third argument says.
func substr(r *row, a []expression) value {
	v := a[0].eval(r)
	from, ok := a[1].eval(r).number()
	if v.kind == absent || !ok {
		return value{}
	}
	characters := []rune(v.String())
	start := clamp(from, len(characters))
	stop := len(characters)
	if len(a) == 3 {
		n, ok := a[2].eval(r).number()
		if !ok {
			return value{}
		}
		stop = start + clamp(n, len(characters)-start)
	}
	return textOf(string(characters[start:stop]))
}

func clamp(n float64, most int) int { return int(max(0, min(n, float64(most)))) }

func replace(r *row, a []expression) value {
	v := a[0].eval(r)
	if v.kind == absent {
		return v
	}
	return textOf(strings.ReplaceAll(v.String(), a[1].eval(r).String(), a[2].eval(r).String()))
}

func strContains(r *row, a []expression) value {
	v, part := a[0].eval(r), a[1].eval(r).String()
	if v.kind == absent || v.kind == structure {
		return boolOf(false)
	}
	if len(a) == 3 && a[2].eval(r).holds() {
		return boolOf(strings.Contains(strings.ToLower(v.String()), strings.ToLower(part)))
	}
	return boolOf(strings.Contains(v.String(), part))
}

func isAddress(s string, v4, v6 bool) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && (a.Is4() && v4 || a.Is6() && v6)
}

func inSubnet(v4, v6 bool) func(*row, []expression) value {
	return func(r *row, arguments []expression) value {
		a, err := netip.ParseAddr(arguments[0].eval(r).String())
		subnet, err2 := netip.ParsePrefix(arguments[1].eval(r).String())
		return boolOf(err == nil && err2 == nil && (a.Is4() && v4 || a.Is6() && v6) && subnet.Contains(a))
	}
}

// none, as the most arguments of a function, lets it have none at all.
const none = -1
