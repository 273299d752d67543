// Package limit holds the rules by which tries are limited: the lock that doubles with every failure and the window that
// slides over the last uses. It computes only; who counts keeps the numbers.
package limit

import "time"

// Lock is what failures in a row bring: none up to Free-1, one second with the Free-th, and twice as long with each
// further one, up to Longest.
type Lock struct {
	Free    int64
	Longest time.Duration
	Forget  time.Duration // of quiet, after which the count begins again
}

// For is the lock that the n-th failure in a row brings.
func (l Lock) For(n int64) time.Duration {
	shift := n - l.Free
	switch {
	case shift < 0:
		return 0
	case shift > 32: // time.Duration has no room for more, and no lock is that long
		return l.Longest
	}
	return min(time.Second<<shift, l.Longest)
}

// Forgotten is the time, in milliseconds, before which a last failure no longer counts.
func (l Lock) Forgotten(now time.Time) int64 { return now.Add(-l.Forget).UnixMilli() }
