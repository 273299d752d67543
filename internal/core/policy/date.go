package policy

import (
	"cmp"
	"strings"
	"time"
)

// instant is a point in time: seconds since 1970 and the fraction in nanoseconds. IAM takes years that time.Time does
// not print, and epochs up to the largest 64-bit number.
type instant struct {
	seconds int64
	nanos   int32
}

func (i instant) compare(j instant) int {
	if order := cmp.Compare(i.seconds, j.seconds); order != 0 {
		return order
	}
	return cmp.Compare(i.nanos, j.nanos)
}

// maxYear bounds the years either side of 0, the range that IAM takes.
const maxYear = 292_275_054

// parseInstant reads a date as policies and condition keys have it: seconds since 1970, or ISO 8601 from the year alone
// to nanoseconds, in UTC where no zone is given.
func parseInstant(s string) (instant, bool) {
	if len(s) > 0 && len(s) <= 19 && digits(s) && (len(s) > 4) {
		n, ok := number(s, 1<<63-1)
		return instant{seconds: n}, ok
	}
	date, clock, timed := cutFold(s, 'T')
	seconds, ok := parseDay(date)
	if !ok {
		return instant{}, false
	}
	at := instant{seconds: seconds}
	if !timed || clock == "" {
		return at, true
	}
	return parseClock(at, clock)
}

func parseDay(s string) (int64, bool) {
	sign := int64(1)
	if rest, found := strings.CutPrefix(s, "-"); found {
		sign, s = -1, rest
	}
	year, rest, _ := strings.Cut(s, "-")
	month, day, _ := strings.Cut(rest, "-")
	y, ok := number(year, maxYear)
	m, d := int64(1), int64(1)
	if ok && rest != "" {
		m, ok = number(month, 12)
		if ok && day != "" {
			d, ok = number(day, 31)
		}
	}
	if !ok || m < 1 || d < 1 || strings.HasSuffix(s, "-") {
		return 0, false
	}
	t := time.Date(int(sign*y), time.Month(m), int(d), 0, 0, 0, 0, time.UTC)
	return t.Unix(), int64(t.Day()) == d
}

// parseClock adds hh[:mm[:ss[.fraction]]] and the zone to the start of a day.
func parseClock(at instant, s string) (instant, bool) {
	offset := int64(0)
	if i := strings.IndexAny(s, "zZ+-"); i >= 0 {
		zone, ok := parseZone(s[i:])
		if !ok {
			return instant{}, false
		}
		offset, s = zone, s[:i]
	}
	hour, rest, hasMinute := strings.Cut(s, ":")
	minute, second, hasSecond := strings.Cut(rest, ":")
	h, ok := number(hour, 23)
	if ok && hasMinute {
		var m int64
		m, ok = number(minute, 59)
		at.seconds += m * 60
	}
	if ok && hasSecond {
		whole, fraction, fractional := strings.Cut(second, ".")
		var sec int64
		sec, ok = number(whole, 59)
		at.seconds += sec
		if ok && fractional {
			at.nanos, ok = parseFraction(fraction)
		}
	}
	at.seconds += h*3600 - offset
	return at, ok
}

func parseZone(s string) (int64, bool) {
	if s == "z" || s == "Z" {
		return 0, true
	}
	sign := int64(1)
	if s[0] == '-' {
		sign = -1
	}
	hour, minute, colon := strings.Cut(s[1:], ":")
	if !colon && len(hour) == 4 {
		hour, minute, colon = hour[:2], hour[2:], true
	}
	h, ok := number(hour, 23)
	m := int64(0)
	if colon && ok {
		m, ok = number(minute, 59)
		ok = ok && len(minute) == 2
	}
	return sign * (h*3600 + m*60), ok && len(hour) == 2
}

func parseFraction(s string) (int32, bool) {
	if len(s) > 9 {
		return 0, false
	}
	n, ok := number(s, 999_999_999)
	for range 9 - len(s) {
		n *= 10
	}
	return int32(n), ok
}

// number reads digits up to a limit.
func number(s string, limit int64) (int64, bool) {
	if s == "" || !digits(s) {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		d := int64(s[i] - '0')
		if n > (limit-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// cutFold cuts s around the first b in either case.
func cutFold(s string, b byte) (before, after string, found bool) {
	i := strings.IndexAny(s, string([]byte{b, b + 'a' - 'A'}))
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
