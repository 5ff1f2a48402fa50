package insights

import (
	"fmt"
	"strings"
	"time"
)

// dateFunctions write and read times:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html#CWL_QuerySyntax-datetime
var dateFunctions = map[string]*function{
	"parsedate":  {least: 2, most: 3, eval: parseDate},
	"formatdate": {least: 2, most: 3, eval: formatDate},
	"strftime":   {least: 2, most: 3, eval: formatDate},
}

// zone is the time zone that a third argument names; else UTC.
func zone(r *row, a []expression) (*time.Location, bool) {
	if len(a) < 3 {
		return time.UTC, true
	}
	l, err := time.LoadLocation(a[2].eval(r).String())
	return l, err == nil
}

// javaLetters are the letters of Java's DateTimeFormatter that Go's layouts
// have too, the longest runs first.
var javaLetters = []struct{ java, layout string }{
	{"yyyy", "2006"}, {"uuuu", "2006"}, {"yy", "06"}, {"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"},
	{"dd", "02"}, {"d", "2"}, {"EEEE", "Monday"}, {"EEE", "Mon"}, {"HH", "15"}, {"hh", "03"}, {"h", "3"}, {"mm", "04"}, {"m", "4"},
	{"ss", "05"}, {"s", "5"}, {"SSSSSSSSS", "000000000"}, {"SSSSSS", "000000"}, {"SSS", "000"}, {"a", "PM"},
	{"XXX", "Z07:00"}, {"XX", "Z0700"}, {"X", "Z07"}, {"Z", "-0700"}, {"z", "MST"},
}

// layoutOf writes a pattern of Java's as one of Go's; false if it has letters
// that Go's have not.
func layoutOf(pattern string) (string, bool) {
	var b strings.Builder
	for pattern != "" {
		if pattern[0] == '\'' {
			text, rest, _ := strings.Cut(pattern[1:], "'")
			b.WriteString(text)
			pattern = rest
			continue
		}
		found := false
		for _, l := range javaLetters {
			if rest, ok := strings.CutPrefix(pattern, l.java); ok {
				b.WriteString(l.layout)
				pattern, found = rest, true
				break
			}
		}
		if !found && isLetter(pattern[0]) {
			return "", false
		}
		if !found {
			b.WriteByte(pattern[0])
			pattern = pattern[1:]
		}
	}
	return b.String(), true
}

func parseDate(r *row, a []expression) value {
	v := a[0].eval(r)
	layout, ok := layoutOf(a[1].eval(r).String())
	in, known := zone(r, a)
	if v.kind == absent || !ok || !known {
		return value{}
	}
	t, err := time.ParseInLocation(layout, v.String(), in)
	if err != nil {
		return value{}
	}
	return numberOf(float64(t.UnixMilli()))
}

func formatDate(r *row, a []expression) value {
	ms, ok := a[0].eval(r).time()
	in, known := zone(r, a)
	if !ok || !known {
		return value{}
	}
	return textOf(strftime(time.UnixMilli(ms).In(in), a[1].eval(r).String()))
}

// strftimeLayouts are the conversions of strftime as Go's layouts.
var strftimeLayouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'B': "January", 'b': "Jan", 'h': "Jan", 'd': "02", 'e': "_2", 'A': "Monday", 'a': "Mon",
	'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'z': "-0700", 'Z': "MST", 'F': "2006-01-02", 'T': "15:04:05",
	'D': "01/02/06", 'R': "15:04", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05",
}

// strftime writes a time. What is no conversion stays as it is.
func strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; c {
		case '%':
			b.WriteByte('%')
		case 's':
			fmt.Fprint(&b, t.Unix())
		case 'j':
			fmt.Fprintf(&b, "%03d", t.YearDay())
		case 'f', 'L':
			fmt.Fprintf(&b, map[byte]string{'f': "%06d", 'L': "%03d"}[c], t.Nanosecond()/map[byte]int{'f': 1e3, 'L': 1e6}[c])
		default:
			if l := strftimeLayouts[c]; l != "" {
				b.WriteString(t.Format(l))
			} else {
				b.WriteString("%" + string(c))
			}
		}
	}
	return b.String()
}
