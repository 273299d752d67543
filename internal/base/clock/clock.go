// Package clock is the time that expiring things are measured with.
//
// A server has one Clock. In production it always shows the machine's time. In dev it can be moved forward, so that a
// test may expire a session, a code or a refresh token without waiting. Whatever must agree with the clocks of other
// machines, above all the skew check of request signatures, asks Real instead.
package clock

import (
	"sync/atomic"
	"time"
)

// maxOffset bounds how far a Clock can be moved, so that no sum of times overflows.
const maxOffset = 100 * 365 * 24 * time.Hour

// Clock shows the machine's time plus a movable offset. The zero value and a nil *Clock show the machine's time; all
// methods are safe for concurrent use.
type Clock struct {
	offset atomic.Int64
	frozen time.Time // when set, the machine's clock is not read at all
}

// System returns a clock that follows the machine's clock and has not been moved.
func System() *Clock { return &Clock{} }

// Frozen returns a clock that stands at t and moves by Advance only. It is meant for tests.
func Frozen(t time.Time) *Clock { return &Clock{frozen: t.UTC()} }

// Real returns the machine's time in UTC, whatever the dev clock says.
func Real() time.Time { return time.Now().UTC() }

// Now returns the clock's time in UTC.
func (c *Clock) Now() time.Time {
	if c == nil {
		return Real()
	}
	base := c.frozen
	if base.IsZero() {
		base = Real()
	}
	return base.Add(time.Duration(c.offset.Load()))
}

// Milli returns the clock's time in milliseconds since 1970, the unit in which the database keeps time.
func (c *Clock) Milli() int64 { return c.Now().UnixMilli() }

// Offset returns how far the clock has been moved.
func (c *Clock) Offset() time.Duration {
	if c == nil {
		return 0
	}
	return time.Duration(c.offset.Load())
}

// Advance moves the clock by d, which may be negative, and returns the whole offset. The offset never leaves a range of
// one hundred years in either direction.
func (c *Clock) Advance(d time.Duration) time.Duration {
	d = min(max(d, -maxOffset), maxOffset)
	for {
		old := c.offset.Load()
		moved := min(max(time.Duration(old)+d, -maxOffset), maxOffset)
		if c.offset.CompareAndSwap(old, int64(moved)) {
			return moved
		}
	}
}

// SetOffset moves the clock to an offset that Offset told before.
func (c *Clock) SetOffset(d time.Duration) { c.offset.Store(int64(min(max(d, -maxOffset), maxOffset))) }

// Reset returns the clock to the machine's time (or to its frozen time).
func (c *Clock) Reset() { c.offset.Store(0) }
