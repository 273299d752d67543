package factor

import (
	"errors"
	"time"

	"cognate/internal/base/db"
)

// The lock after wrong proofs: the fifth in a row locks for a second and each further one doubles that, up to a quarter
// of an hour. Unlike the lock of passwords it is not forgotten after fifteen minutes: a code has six digits, and an
// attacker who knows the password could otherwise try five of them every quarter of an hour.
const (
	freeFailures = 5
	longestLock  = 15 * time.Minute
	forgetAfter  = 24 * time.Hour
)

// lockFor is the lock that the n-th failure in a row brings.
func lockFor(n int64) time.Duration {
	switch shift := n - freeFailures; {
	case shift < 0:
		return 0
	case shift > 9: // 2^10 s is beyond the cap
		return longestLock
	default:
		return min(time.Second<<shift, longestLock)
	}
}

// guarded runs a proof under the common counter of a user: ErrTooMany while it is locked, otherwise what verify
// returns. A success clears the counter; ErrMismatch, ErrReplayed and ErrTooMany leave it counted and are to be
// committed.
func (f *Factors) guarded(tx *db.Tx, poolID, sub string, verify func() error) error {
	now := f.now()
	n, err := countTry(tx, poolID, sub, now)
	if err != nil {
		return err
	}
	err = verify()
	switch {
	case err == nil:
		return clearTries(tx, poolID, sub)
	case errors.Is(err, ErrMismatch), errors.Is(err, ErrReplayed), errors.Is(err, ErrTooMany), errors.Is(err, ErrExpired):
		if wait := lockFor(n); wait > 0 {
			if err := lockGuessing(tx, poolID, sub, now.Add(wait).UnixMilli()); err != nil {
				return err
			}
		}
	}
	return err
}
