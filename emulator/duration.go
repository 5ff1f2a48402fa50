package emulator

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

var days = regexp.MustCompile(`^(\d{1,6})d(.*)$`)

// ParseDuration reads a Go duration that may begin with days: "90s", "7d",
// "1d12h".
func ParseDuration(s string) (time.Duration, error) {
	m := days.FindStringSubmatch(s)
	if m == nil {
		return time.ParseDuration(s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n > 36500 {
		return 0, fmt.Errorf("duration %q is longer than 100 years", s)
	}
	whole := time.Duration(n) * 24 * time.Hour
	if m[2] == "" {
		return whole, nil
	}
	rest, err := time.ParseDuration(m[2])
	if err != nil || rest < 0 || rest > math.MaxInt64-whole {
		return 0, fmt.Errorf("duration %q can't be read", s)
	}
	return whole + rest, nil
}
