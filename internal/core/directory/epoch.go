package directory

import (
	"bytes"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// Epoch tells what began before something ended it. It counts two things in one number: in the upper half global
// sign-outs and when the user was disabled or enabled, which end everything that is pending; in the lower half when the
// password was replaced or reset, which ends what stands on the old one.
type Epoch int64

// Since reports whether everything that ends all that is pending was before e, the epoch in which something began. now
// is the user's.
func (now Epoch) Since(e Epoch) bool { return now>>32 == e>>32 }

// SamePassword reports whether no password was set or reset between e and now. Times do not tell it: a token and a new
// password may be of the same second.
func (now Epoch) SamePassword(e Epoch) bool { return uint32(now) == uint32(e) }

// The steps of the two halves.
const (
	stepAll      Epoch = 1 << 32
	stepPassword Epoch = 1
)

// nextEpoch is the epoch of u once it is saved over a row.
func (u *User) nextEpoch(was record) Epoch {
	next := Epoch(was.epoch)
	if u.Enabled != was.enabled {
		next += stepAll
	}
	if reset := string(cognitoidp.UserStatusTypeResetRequired); !bytes.Equal(u.credential, was.credential) ||
		string(u.Status) == reset && was.status != reset {
		next += stepPassword
	}
	return next
}

// NextEpoch is the epoch that u has once it is saved, for what is issued in it before.
func (u *User) NextEpoch() Epoch { return u.nextEpoch(u.was) }

// MoveEpoch ends what is pending of a user: sign-ins that have begun, and codes.
func (d *Directory) MoveEpoch(tx *db.Tx, u *User) error {
	return moveEpoch(tx, u.PoolID, u.Sub, stepAll)
}

// ErrMoved means that the epoch of a user has moved, or that the user is disabled or gone.
var ErrMoved = errors.New("directory: the user was signed out, disabled, deleted or given another password meanwhile")

// Hold returns ErrMoved unless the user still has the epoch in which something began, and keeps it so until tx ends.
func (d *Directory) Hold(tx *db.Tx, poolID, sub string, e Epoch) error {
	held, err := holdEpoch(tx, poolID, sub, e)
	if err == nil && !held {
		return ErrMoved
	}
	return err
}
