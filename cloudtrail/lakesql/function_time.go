package lakesql

import (
	"database/sql/driver"
	"math"
	"strings"
	"time"
)

// units are those of intervals.
var units = map[string]bool{
	"millisecond": true, "second": true, "minute": true, "hour": true, "day": true, "week": true, "month": true, "quarter": true, "year": true,
}

var timeFunctions = append([]scalar{
	{"lake_shift", func(a []driver.Value) (driver.Value, error) { return shift(str(a[0]), whole(a[1]), str(a[2])) }},
	{"lake_date_add", func(a []driver.Value) (driver.Value, error) { return shift(str(a[2]), whole(a[1]), str(a[0])) }},
	{"lake_date_diff", func(a []driver.Value) (driver.Value, error) { return difference(str(a[0]), str(a[1]), str(a[2])) }},
	{"lake_date_trunc", func(a []driver.Value) (driver.Value, error) { return truncate(str(a[0]), str(a[1])) }},
	{"lake_date_format", func(a []driver.Value) (driver.Value, error) {
		return onTime(a[0], func(t time.Time) driver.Value { return t.Format(layoutOf(str(a[1]))) })
	}},
	{"lake_date_parse", func(a []driver.Value) (driver.Value, error) {
		t, err := time.Parse(layoutOf(str(a[1])), str(a[0]))
		if err != nil {
			return failed("Invalid format: \"%s\"", str(a[0]))
		}
		return t.Format(timeLayout), nil
	}},
	{"lake_to_iso8601", func(a []driver.Value) (driver.Value, error) {
		return onTime(a[0], func(t time.Time) driver.Value { return t.Format("2006-01-02T15:04:05.000Z") })
	}},
	{"lake_to_unixtime", func(a []driver.Value) (driver.Value, error) {
		return onTime(a[0], func(t time.Time) driver.Value { return float64(t.UnixMilli()) / 1000 })
	}},
	{"lake_from_unixtime", func(a []driver.Value) (driver.Value, error) {
		f, ok := a[0].(float64)
		if !ok {
			f = float64(whole(a[0]))
		}
		return time.UnixMilli(int64(math.Round(f * 1000))).UTC().Format(timeLayout), nil
	}},
}, parts()...)

func parts() (list []scalar) {
	for name, fn := range map[string]func(time.Time) int{
		"year": time.Time.Year, "quarter": func(t time.Time) int { return (int(t.Month()) + 2) / 3 },
		"month": func(t time.Time) int { return int(t.Month()) }, "day": time.Time.Day, "hour": time.Time.Hour,
		"minute": time.Time.Minute, "second": time.Time.Second, "doy": time.Time.YearDay,
		"dow":  func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 },
		"week": func(t time.Time) int { _, w := t.ISOWeek(); return w },
	} {
		list = append(list, scalar{"lake_" + name, func(a []driver.Value) (driver.Value, error) {
			return onTime(a[0], func(t time.Time) driver.Value { return int64(fn(t)) })
		}})
	}
	return list
}

func onTime(v driver.Value, fn func(time.Time) driver.Value) (driver.Value, error) {
	t, ok := parseTime(str(v))
	if !ok {
		return failed("Value cannot be cast to timestamp: %s", str(v))
	}
	return fn(t), nil
}

// written is a timestamp, or a date if that is what it was made of.
func written(t time.Time, of string) string {
	if len(of) == len("2006-01-02") {
		return t.Format("2006-01-02")
	}
	return t.Format(timeLayout)
}

// spans are the units of one length.
var spans = map[string]time.Duration{
	"millisecond": time.Millisecond, "second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// months are the units that are months.
var months = map[string]int{"month": 1, "quarter": 3, "year": 12}

func shift(at string, n int64, unit string) (driver.Value, error) {
	return onTime(at, func(t time.Time) driver.Value {
		if m, ok := months[strings.ToLower(unit)]; ok {
			return written(t.AddDate(0, int(n)*m, 0), at)
		}
		return written(t.Add(time.Duration(n)*spans[strings.ToLower(unit)]), at)
	})
}

func difference(unit, from, to string) (driver.Value, error) {
	a, ok := parseTime(from)
	b, also := parseTime(to)
	if !ok || !also {
		return failed("Value cannot be cast to timestamp: %s", from)
	}
	unit = strings.ToLower(unit)
	if m, ok := months[unit]; ok {
		n := (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
		if n > 0 && b.Day() < a.Day() {
			n--
		}
		return int64(n / m), nil
	}
	if spans[unit] == 0 {
		return failed("'%s' is not a valid Timestamp field", unit)
	}
	return int64(b.Sub(a) / spans[unit]), nil
}

func truncate(unit, at string) (driver.Value, error) {
	if !units[strings.ToLower(unit)] {
		return failed("'%s' is not a valid Timestamp field", unit)
	}
	return onTime(at, func(t time.Time) driver.Value {
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		switch strings.ToLower(unit) {
		case "week":
			return written(day.AddDate(0, 0, -(int(t.Weekday())+6)%7), at)
		case "month":
			return written(day.AddDate(0, 0, 1-t.Day()), at)
		case "quarter":
			return written(time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC), at)
		case "year":
			return written(time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC), at)
		case "day":
			return written(day, at)
		}
		return written(t.Truncate(spans[strings.ToLower(unit)]), at)
	})
}

// layoutOf is Go's layout for a format of MySQL's, as Trino takes it.
func layoutOf(format string) string {
	return strings.NewReplacer("%Y", "2006", "%y", "06", "%m", "01", "%c", "1", "%d", "02", "%e", "2", "%H", "15", "%h", "03", "%I", "03",
		"%i", "04", "%s", "05", "%S", "05", "%f", "000000", "%p", "PM", "%M", "January", "%b", "Jan", "%W", "Monday", "%a", "Mon",
		"%T", "15:04:05", "%r", "03:04:05 PM", "%j", "002", "%%", "%").Replace(format)
}
