package rt

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// Time is a timestamp member. On the wire it is a JSON number: seconds since
// the epoch with at most three fraction digits. Construct it with NewTime.
type Time struct{ time.Time }

// NewTime wraps t in UTC, cut to the millisecond that the wire can carry.
func NewTime(t time.Time) Time {
	return Time{t.UTC().Truncate(time.Millisecond)}
}

// TimeFromMillis wraps a time kept as milliseconds since the epoch.
func TimeFromMillis(ms int64) Time { return Time{time.UnixMilli(ms).UTC()} }

// AppendJSON appends the epoch-seconds form, without a fraction when it is zero.
func (t Time) AppendJSON(b []byte) []byte {
	ms := t.UnixMilli()
	if ms < 0 {
		b = append(b, '-')
		ms = -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	frac := int(ms % 1000)
	if frac == 0 {
		return b
	}
	b = append(b, '.', byte('0'+frac/100))
	if frac%100 != 0 {
		b = append(b, byte('0'+frac/10%10))
	}
	if frac%10 != 0 {
		b = append(b, byte('0'+frac%10))
	}
	return b
}

// MarshalJSON writes the epoch-seconds form.
func (t Time) MarshalJSON() ([]byte, error) { return t.AppendJSON(nil), nil }

// UnmarshalJSON reads the epoch-seconds form; null leaves t unchanged.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := parseEpoch(string(b))
	if err != nil {
		return err
	}
	*t = v
	return nil
}

var errEpoch = errors.New("rt: timestamp is not a number of seconds within the years 1 to 9999")

// parseEpoch reads a JSON number of seconds. Fractions finer than a
// millisecond are rounded.
func parseEpoch(s string) (Time, error) {
	f, err := strconv.ParseFloat(s, 64)
	// The bounds are the years 1 and 9999, outside which no client can format the value.
	if err != nil || f < -62135596800 || f > 253402300799 {
		return Time{}, errEpoch
	}
	return TimeFromMillis(int64(math.Round(f * 1000))), nil
}
