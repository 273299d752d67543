package limit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate allows Max uses at once and in the long run Max within Per. The zero value allows everything.
type Rate struct {
	Max int64
	Per time.Duration
}

// units are the spans that a rate may be given for.
var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// most bounds a rate, so that a use takes a microsecond at least.
const most = 1_000_000

// ParseRate reads "100/h", with s, m, h or d, or "off".
func ParseRate(text string) (Rate, error) {
	if text == "off" {
		return Rate{}, nil
	}
	number, unit, found := strings.Cut(text, "/")
	per, known := units[unit]
	n, err := strconv.ParseInt(number, 10, 64)
	if !found || !known || err != nil || n < 1 || n > most {
		return Rate{}, fmt.Errorf("need a number from 1 to %d, a slash and s, m, h or d (100/h), or off; have %q", most, text)
	}
	return Rate{Max: n, Per: per}, nil
}

// String is what ParseRate reads.
func (r Rate) String() string {
	for unit, per := range units {
		if r.Max > 0 && r.Per == per {
			return strconv.FormatInt(r.Max, 10) + "/" + unit
		}
	}
	return "off"
}

// Off reports whether the rate allows everything.
func (r Rate) Off() bool { return r.Max == 0 }

// step is how long one use takes to be forgotten, in microseconds.
func (r Rate) step() int64 { return r.Per.Microseconds() / r.Max }

// slice is how many uses a node may be ahead of what it has told the others.
func (r Rate) slice() int64 { return max(r.Max/10, min(r.Max, 5)) }
