package insights

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// numberFunctions are the numeric, general and IP address functions beyond
// those that AWS began with:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html#CWL_QuerySyntax-operations-numeric
var numberFunctions = map[string]*function{
	"round":     {least: 1, most: 2, eval: round},
	"haversine": {least: 4, most: 4, eval: haversine},
	"tonumber": {least: 1, most: 1, eval: func(r *row, a []expression) value {
		return asNumber(a[0].eval(r), func(n float64) float64 { return n })
	}},
	"todouble": {least: 1, most: 1, eval: func(r *row, a []expression) value {
		return asNumber(a[0].eval(r), func(n float64) float64 { return n })
	}},
	"toint":  {least: 1, most: 1, eval: within(math.MinInt32, math.MaxInt32)},
	"tolong": {least: 1, most: 1, eval: within(math.MinInt64, math.MaxInt64)},
	"hextodec": onText(func(s string) value {
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(s), "0x"), 16, 63)
		if err != nil {
			return value{}
		}
		return numberOf(float64(n))
	}),
	"dectohex":  {least: 1, most: 1, eval: decToHex},
	"isnumeric": {least: 1, most: 1, eval: isNumeric},

	"if":             {least: 3, most: 3, eval: choice},
	"case":           {least: 2, most: 21, eval: choice},
	"querystarttime": {most: none, eval: func(r *row, _ []expression) value { return numberOf(float64(r.run.options.Start)) }},
	"queryendtime":   {most: none, eval: func(r *row, _ []expression) value { return numberOf(float64(r.run.options.End)) }},
	"querytimerange": {most: none, eval: func(r *row, _ []expression) value {
		return numberOf(float64(r.run.options.End - r.run.options.Start))
	}},

	"ipv4tonumber": onText(func(s string) value {
		a, err := netip.ParseAddr(s)
		if err != nil || !a.Is4() {
			return value{}
		}
		b := a.As4()
		return numberOf(float64(binary.BigEndian.Uint32(b[:])))
	}),
	"isprivateip":  onAddress(func(a netip.Addr) bool { return a.IsPrivate() }),
	"ispublicip":   onAddress(func(a netip.Addr) bool { return a.IsGlobalUnicast() && !a.IsPrivate() && !isReserved(a) }),
	"isreservedip": onAddress(isReserved),
}

func onAddress(fn func(netip.Addr) bool) *function {
	return onText(func(s string) value {
		a, err := netip.ParseAddr(s)
		return boolOf(err == nil && fn(a))
	})
}

// reserved are the ranges set aside that are neither public nor private:
// https://www.iana.org/assignments/iana-ipv4-special-registry
//
// Unverified: which of them AWS counts.
var reserved4 = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("::/127"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

func isReserved(a netip.Addr) bool {
	for _, p := range reserved4 {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func asNumber(v value, fn func(float64) float64) value {
	n, ok := v.number()
	if !ok {
		return value{}
	}
	return numberOf(fn(n))
}

// within gives whole numbers of a range.
func within(least, most float64) func(*row, []expression) value {
	return func(r *row, a []expression) value {
		n, ok := a[0].eval(r).number()
		if n = math.Trunc(n); !ok || n < least || n > most {
			return value{}
		}
		return numberOf(n)
	}
}

// maxPlaces bounds the decimals of round.
const maxPlaces = 15

func round(r *row, a []expression) value {
	n, ok := a[0].eval(r).number()
	places := 0.0
	if ok && len(a) == 2 {
		places, ok = a[1].eval(r).number()
	}
	if !ok || math.Abs(places) > maxPlaces {
		return value{}
	}
	unit := math.Pow(10, math.Trunc(places))
	return numberOf(math.Round(n*unit) / unit)
}

// haversine is the distance of two places in kilometers.
//
// Unverified: AWS's radius of the earth, here the mean one.
func haversine(r *row, a []expression) value {
	var at [4]float64
	for i := range at {
		n, ok := a[i].eval(r).number()
		if !ok {
			return value{}
		}
		at[i] = n * math.Pi / 180
	}
	s := math.Pow(math.Sin((at[2]-at[0])/2), 2) + math.Cos(at[0])*math.Cos(at[2])*math.Pow(math.Sin((at[3]-at[1])/2), 2)
	return numberOf(2 * 6371 * math.Asin(min(1, math.Sqrt(s))))
}

func decToHex(r *row, a []expression) value {
	n, ok := a[0].eval(r).number()
	switch {
	case !ok || math.Abs(n) > math.MaxInt64:
		return value{}
	case n <= -1:
		return textOf("-0x" + strconv.FormatUint(uint64(-n), 16))
	}
	return textOf("0x" + strconv.FormatInt(int64(n), 16))
}

func isNumeric(r *row, a []expression) value {
	v := a[0].eval(r)
	_, ok := v.number()
	return boolOf(ok && v.kind != boolean && v.kind != instant)
}

// choice gives the value of the first condition that holds: if and case.
func choice(r *row, a []expression) value {
	for len(a) > 1 {
		if a[0].eval(r).holds() {
			return a[1].eval(r)
		}
		a = a[2:]
	}
	if len(a) == 1 {
		return a[0].eval(r)
	}
	return value{}
}
