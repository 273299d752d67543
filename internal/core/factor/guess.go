package factor

import (
	"errors"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
)

// lockout is the lock after wrong proofs. Unlike the lock of passwords it is not forgotten after fifteen minutes: a code
// has six digits, and an attacker who knows the password could otherwise try five of them every quarter of an hour.
var lockout = limit.Lock{Free: 5, Longest: 15 * time.Minute, Forget: 24 * time.Hour}

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
		if wait := lockout.For(n); wait > 0 {
			if err := lockGuessing(tx, poolID, sub, now.Add(wait).UnixMilli()); err != nil {
				return err
			}
		}
	}
	return err
}
