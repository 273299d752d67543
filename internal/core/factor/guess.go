package factor

import (
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
)

// failures counts wrong proofs. Unlike the lock of passwords this one is not forgotten after fifteen minutes: a code has
// six digits, and an attacker who knows the password could otherwise try five of them every quarter of an hour.
var failures = limit.Tally{
	Table: "factor_failure", Account: "sub",
	Lock: limit.Lock{Free: 5, Longest: 15 * time.Minute, Forget: 24 * time.Hour},
}

// guarded runs a proof under the common counter of a user: ErrTooMany while it is locked, otherwise what verify
// returns. A success clears the counter; ErrMismatch, ErrReplayed and ErrTooMany leave it counted and are to be
// committed.
func (f *Factors) guarded(tx *db.Tx, poolID, account string, verify func() error) error {
	n, err := failures.Count(tx, poolID, account, f.now())
	if err == nil && n == 0 {
		err = ErrTooMany
	}
	if err != nil {
		return err
	}
	if err := verify(); err != nil {
		return err
	}
	return failures.Drop(tx, poolID, account)
}
