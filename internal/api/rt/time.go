package rt

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// Time is a timestamp member. In JSON it is a number: seconds since the epoch
// with at most three fraction digits. Construct it with NewTime.
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

// appendISO appends the ISO 8601 form in UTC, without a fraction when it is zero.
func (t Time) appendISO(b []byte) []byte {
	if t.Nanosecond() == 0 {
		return t.UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// HTTPDate is the form of a timestamp in a header.
func (t Time) HTTPDate() string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }

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

// parseText reads a timestamp outside JSON: ISO 8601, the form of HTTP
// headers, or epoch seconds.
func parseText(s string) (Time, error) {
	for _, layout := range []string{time.RFC3339, time.RFC1123} {
		if t, err := time.Parse(layout, s); err == nil {
			if y := t.UTC().Year(); y < 1 || y > 9999 {
				return Time{}, errEpoch
			}
			return NewTime(t), nil
		}
	}
	return parseEpoch(s)
}

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
