package logs

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is a schedule: the minutes at which something is due. It is written
// cron(minutes hours day-of-month month day-of-week year).
//
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
type cron struct {
	minutes, hours, days, months, weekdays, years []bool
	anyDay, anyWeekday                            bool
}

var (
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

const (
	firstYear = 1970
	lastYear  = 2199
)

// parseCron reads a schedule. L, W and # are not supported.
func parseCron(text string) (c cron, ok bool) {
	inner, isCron := strings.CutPrefix(text, "cron(")
	inner, closed := strings.CutSuffix(inner, ")")
	f := strings.Fields(inner)
	if !isCron || !closed || len(f) != 6 || (f[2] == "?") == (f[4] == "?") {
		return c, false
	}
	c.anyDay, c.anyWeekday = f[2] == "?", f[4] == "?"
	for _, part := range []struct {
		text     string
		from, to int
		names    []string
		into     *[]bool
	}{
		{f[0], 0, 59, nil, &c.minutes}, {f[1], 0, 23, nil, &c.hours}, {f[2], 1, 31, nil, &c.days},
		{f[3], 1, 12, monthNames, &c.months}, {f[4], 1, 7, dayNames, &c.weekdays}, {f[5], firstYear, lastYear, nil, &c.years},
	} {
		if *part.into, ok = cronField(part.text, part.from, part.to, part.names); !ok {
			return c, false
		}
	}
	return c, true
}

// cronField returns which values a field has, from its least on.
func cronField(text string, from, to int, names []string) ([]bool, bool) {
	values := make([]bool, to-from+1)
	for item := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 {
				return nil, false
			}
			step = n
		}
		low, high := from, to
		if span != "*" && span != "?" {
			first, last, ranged := strings.Cut(span, "-")
			ok := true
			if low, ok = cronValue(first, from, names); !ok {
				return nil, false
			}
			if high = low; ranged {
				if high, ok = cronValue(last, from, names); !ok {
					return nil, false
				}
			} else if stepped {
				high = to
			}
		}
		if low < from || high > to || low > high {
			return nil, false
		}
		for v := low; v <= high; v += step {
			values[v-from] = true
		}
	}
	return values, true
}

func cronValue(text string, from int, names []string) (int, bool) {
	if i := slices.Index(names, strings.ToUpper(text)); i >= 0 {
		return i + from, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// due reports whether the schedule has the minute of t.
func (c *cron) due(t time.Time) bool {
	return c.minutes[t.Minute()] && c.hours[t.Hour()] && c.months[t.Month()-1] && t.Year() >= firstYear && t.Year() <= lastYear && c.years[t.Year()-firstYear] &&
		(c.anyDay || c.days[t.Day()-1]) && (c.anyWeekday || c.weekdays[t.Weekday()])
}
