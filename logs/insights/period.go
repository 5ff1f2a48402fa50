package insights

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// span is a period of time: milliseconds, or months of the calendar.
type span struct {
	millis int64
	months int
}

// units of periods, with the words that AWS lists for each.
// cap is the most that functions count in it; 0 if any.
var units = []struct {
	words string
	span  span
	cap   int
}{
	{"ms millisecond milliseconds msec msecs", span{millis: 1}, 1000},
	{"s second seconds sec secs", span{millis: 1000}, 60},
	{"m minute minutes min mins", span{millis: 60 * 1000}, 60},
	{"h hour hours hr hrs", span{millis: 60 * 60 * 1000}, 24},
	{"d day days", span{millis: 24 * 60 * 60 * 1000}, 0},
	{"w week weeks", span{millis: 7 * 24 * 60 * 60 * 1000}, 0},
	{"mo month months mon mons", span{months: 1}, 0},
	{"q quarter quarters qtr qtrs", span{months: 3}, 0},
	{"y year years yr yrs", span{months: 12}, 0},
}

// maxCount bounds the number in a period, so that no product overflows.
const maxCount = 1 << 20

// readSpan reads 5m and the like.
func readSpan(s string) (span, bool) { return spanOf(s, false) }

// cappedSpan reads the period of a function, which counts at most 1000 ms, 60
// s, 60 m and 24 h:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html#CWL_QuerySyntax-datetime
func cappedSpan(s string) (span, bool) { return spanOf(s, true) }

func spanOf(s string, capped bool) (span, bool) {
	letters := strings.TrimLeft(s, "0123456789.")
	n, err := strconv.Atoi(s[:len(s)-len(letters)])
	if err != nil || n < 1 || n > maxCount {
		return span{}, false
	}
	for _, u := range units {
		for word := range strings.FieldsSeq(u.words) {
			if word == strings.ToLower(letters) {
				if capped && u.cap > 0 {
					n = min(n, u.cap)
				}
				return span{u.span.millis * int64(n), u.span.months * n}, true
			}
		}
	}
	return span{}, false
}

// floor returns the start of the period that a time lies in: counted from the
// epoch, months from January of year 0.
func (d span) floor(ms int64) int64 {
	if d.months == 0 {
		return ms - ((ms%d.millis)+d.millis)%d.millis
	}
	t := time.UnixMilli(ms).UTC()
	month := t.Year()*12 + int(t.Month()) - 1
	return startOf(month - ((month%d.months)+d.months)%d.months)
}

// after returns the start of the period that follows the one starting at ms.
func (d span) after(ms int64) int64 {
	if d.months == 0 {
		return ms + d.millis
	}
	t := time.UnixMilli(ms).UTC()
	return startOf(t.Year()*12 + int(t.Month()) - 1 + d.months)
}

func startOf(month int) int64 {
	return time.Date(0, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// maxMillis bounds times so that they fit a calendar.
const maxMillis = 1 << 50

// time returns a value that is a time or a number of milliseconds.
func (v value) time() (int64, bool) {
	n, ok := v.number()
	return int64(n), ok && math.Abs(n) <= maxMillis
}

func bin(r *row, a []expression) value {
	return floorOf(r.field("@timestamp"), a[0])
}

func dateFloor(r *row, a []expression) value { return floorOf(a[0].eval(r), a[1]) }

func floorOf(v value, d expression) value {
	ms, ok := v.time()
	if !ok {
		return value{}
	}
	return timeOf(float64(d.(duration).period.floor(ms)))
}

func dateCeil(r *row, a []expression) value {
	ms, ok := a[0].eval(r).time()
	if !ok {
		return value{}
	}
	d := a[1].(duration).period
	at := d.floor(ms)
	if at < ms {
		at = d.after(at)
	}
	return timeOf(float64(at))
}

func fromMillis(r *row, a []expression) value {
	ms, ok := a[0].eval(r).time()
	if !ok {
		return value{}
	}
	return timeOf(float64(ms))
}

func toMillis(r *row, a []expression) value {
	ms, ok := a[0].eval(r).time()
	if !ok {
		return value{}
	}
	return numberOf(float64(ms))
}
