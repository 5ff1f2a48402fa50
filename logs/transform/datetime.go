package transform

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name, wherever the program runs
)

type dateTime struct {
	Source, Target, TargetFormat           string
	SourceTimezone, TargetTimezone, Locale string
	MatchPatterns                          []string

	layouts  []string // "" stands for epoch
	out      string
	from, to *time.Location
}

// defaultFormat is how a date is written if the processor does not say.
const defaultFormat = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"

// epoch is the pattern of milliseconds, or seconds, since 1970.
const epoch = "epoch"

// buildDateTime takes Java's patterns of dates. Names of months and days are
// English whatever the locale.
func buildDateTime(raw json.RawMessage) (step, error) {
	c, err := read[dateTime](raw)
	if err != nil {
		return nil, err
	}
	if err := required(c.Source, c.Target); err != nil {
		return nil, err
	}
	if err := entries("dateTimeConverter", len(c.MatchPatterns), 5); err != nil {
		return nil, err
	}
	if c.TargetFormat == "" {
		c.TargetFormat = defaultFormat
	}
	for _, p := range c.MatchPatterns {
		l, err := layout(p)
		if err != nil {
			return nil, err
		}
		c.layouts = append(c.layouts, l)
	}
	if c.out, err = layout(c.TargetFormat); err != nil {
		return nil, err
	}
	if c.from, err = zone(c.SourceTimezone); err != nil {
		return nil, err
	}
	c.to, err = zone(c.TargetTimezone)
	return &c, err
}

func zone(name string) (*time.Location, error) {
	switch name {
	case "", "UTC", "GMT", "Z":
		return time.UTC, nil
	case "Local":
		return nil, invalid("The time zone %s does not exist.", name)
	}
	if t, err := time.Parse("UTC-07:00", name); err == nil {
		return t.Location(), nil
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, invalid("The time zone %s does not exist.", name)
	}
	return l, nil
}

// letters are Java's, the longest first, and what Go writes for them.
var letters = []struct{ java, layout string }{
	{"yyyy", "2006"}, {"uuuu", "2006"}, {"yy", "06"}, {"y", "2006"}, {"u", "2006"},
	{"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"},
	{"dd", "02"}, {"d", "2"}, {"EEEE", "Monday"}, {"EEE", "Mon"}, {"EE", "Mon"}, {"E", "Mon"},
	{"HH", "15"}, {"H", "15"}, {"hh", "03"}, {"h", "3"}, {"mm", "04"}, {"m", "4"}, {"ss", "05"}, {"s", "5"}, {"a", "PM"},
	{"XXX", "Z07:00"}, {"XX", "Z0700"}, {"X", "Z07"}, {"xxx", "-07:00"}, {"xx", "-0700"}, {"x", "-07"},
	{"ZZZZZ", "-07:00"}, {"Z", "-0700"}, {"z", "MST"},
}

// layout makes Go's layout of Java's pattern.
func layout(pattern string) (string, error) {
	if pattern == epoch {
		return "", nil
	}
	var b strings.Builder
	for rest := pattern; rest != ""; {
		c := rest[0]
		switch {
		case c == '\'':
			text, after, closed := strings.Cut(rest[1:], "'")
			if !closed {
				return "", invalid("The date pattern %s is not valid.", pattern)
			}
			if text == "" {
				text = "'"
			}
			b.WriteString(text)
			rest = after
		case c == 'S':
			n := len(rest) - len(strings.TrimLeft(rest, "S"))
			if s := b.String(); !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, ",") || n > 9 {
				return "", invalid("The date pattern %s is not supported: a fraction stands behind a point.", pattern)
			}
			b.WriteString(strings.Repeat("0", n))
			rest = rest[n:]
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			n, text := letter(rest)
			if n == 0 {
				return "", invalid("The date pattern %s is not valid.", pattern)
			}
			b.WriteString(text)
			rest = rest[n:]
		default:
			b.WriteByte(c)
			rest = rest[1:]
		}
	}
	return b.String(), nil
}

// letter returns how many letters of a pattern go together, and their layout.
func letter(rest string) (int, string) {
	n := len(rest) - len(strings.TrimLeft(rest, rest[:1]))
	for _, l := range letters {
		if rest[:n] == l.java {
			return n, l.layout
		}
	}
	return 0, ""
}

func (c *dateTime) apply(e *event) error {
	v, ok := e.root.get(c.Source)
	text, scalar := convert(v, "string")
	if !ok || !scalar {
		return nil
	}
	for _, l := range c.layouts {
		t, ok := c.parse(l, text.(string))
		if !ok {
			continue
		}
		var out any = t.In(c.to).Format(c.out)
		if c.out == "" {
			out = json.Number(strconv.FormatInt(t.UnixMilli(), 10))
		}
		e.root.put(c.Target, out, true)
		return nil
	}
	return nil
}

// secondsBelow tells seconds from milliseconds.
const secondsBelow = 100_000_000_000

func (c *dateTime) parse(layout, text string) (time.Time, bool) {
	if layout != "" {
		t, err := time.ParseInLocation(layout, text, c.from)
		return t, err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	if n < secondsBelow {
		n *= 1000
	}
	return time.UnixMilli(n), true
}
