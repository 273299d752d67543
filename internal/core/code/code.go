// Package code issues and verifies the one-time codes that Cognito sends by e-mail and SMS: sign-up confirmation,
// attribute verification, password recovery and sign-in codes. It also keeps the hourly limits of the operations that
// send or take codes.
//
// A user has at most one code of each kind: the newest wins. The database holds a keyed hash, never the code, and the
// sealed destination that the code was sent to. A code is good for one use and a handful of guesses.
package code

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/keyring"
	"cognate/internal/core/guard"
)

// MaxAttempts is how often a code may be guessed, and once more as often from where its user is known. One further try is refused even when it is right.
const MaxAttempts = 5

// maxInput is the longest code that Cognito's API accepts, in bytes; longer input cannot be right and is not hashed.
const maxInput = 2048

var (
	// ErrMismatch means that a code is pending and the given one is not it. The guess was counted: commit it.
	ErrMismatch = errors.New("code: the code is wrong")
	// ErrExpired means that no code can be redeemed: none was sent, it was used, it was replaced or its time is over.
	ErrExpired = errors.New("code: no valid code is pending")
	// ErrTooMany means that the pending code was guessed too often and is dead until a new one is sent.
	ErrTooMany = errors.New("code: guessed too often")
	// ErrLimited means that the action was done too often within its window.
	ErrLimited = errors.New("code: attempt limit exceeded")
)

// Kind tells codes of different purpose apart. A code of one kind is never accepted for another.
type Kind string

// The kinds of codes; Attribute makes the kind for one attribute.
const (
	SignUp         Kind = "sign_up"         // ConfirmSignUp
	ForgotPassword Kind = "forgot_password" // ConfirmForgotPassword, also after AdminResetUserPassword
	Mfa            Kind = "mfa"             // SMS_MFA, EMAIL_OTP and SMS_OTP challenges
	EmailOTP       Kind = "email_otp"       // EMAIL_OTP as first factor
)

// Attribute is the kind of the code that verifies the named attribute, email or phone_number.
func Attribute(name string) Kind { return Kind("attribute:" + name) }

// sessionMark parts a kind from the session that its code belongs to.
const sessionMark = "@"

// In is the kind for the codes of one session, by the session's id: such a code does not replace the codes of other
// sessions and is worth nothing in them.
func (k Kind) In(session string) Kind { return k + sessionMark + Kind(session) }

// base is the kind without its session.
func (k Kind) base() Kind {
	b, _, _ := strings.Cut(string(k), sessionMark)
	return Kind(b)
}

// TTL returns how long a code of the kind lives: 24 hours, or one hour for password recovery. Sign-in codes live as
// long as their session, which the caller knows; their TTL here is the shortest session.
func (k Kind) TTL() time.Duration {
	switch k.base() {
	case ForgotPassword:
		return time.Hour
	case Mfa, EmailOTP:
		return 3 * time.Minute
	}
	return 24 * time.Hour
}

// Digits returns the length of a code of the kind: 8 for EMAIL_OTP as first factor, 6 for all others.
func (k Kind) Digits() int {
	if k.base() == EmailOTP {
		return 8
	}
	return 6
}

// Destination is where a code was sent. Verifying the code proves control of exactly this value.
type Destination struct {
	Attribute string // email, phone_number, or "" when no attribute is proven
	Value     string // the address or number itself
	Epoch     int64  // of the user when the code was issued (directory.Epoch), 0 for nobody
}

// Deps are the tools of the room; Clock and Rand may be nil for the machine's.
type Deps struct {
	Keys  *keyring.Keyring
	Clock *clock.Clock
	Rand  io.Reader
}

// Codes issues and verifies codes. It is safe for concurrent use.
type Codes struct {
	keys  *keyring.Keyring
	clock *clock.Clock
	ids   id.Source
}

// New returns the room.
func New(d Deps) *Codes {
	return &Codes{keys: d.Keys, clock: d.Clock, ids: id.Source{Rand: d.Rand}}
}

// Issue makes a code for the user and replaces an older one of the same kind. ttl 0 means the kind's own. The code is
// returned for delivery and kept nowhere.
func (c *Codes) Issue(tx *db.Tx, poolID, sub string, kind Kind, dest Destination, ttl time.Duration) (string, error) {
	if ttl <= 0 {
		ttl = kind.TTL()
	}
	text := c.ids.Digits(kind.Digits())
	hash, err := c.hash(tx.Context(), poolID, sub, kind, text)
	if err != nil {
		return "", err
	}
	return text, c.put(tx, poolID, sub, kind, hash, dest, ttl)
}

// Verify redeems a code and returns where it was sent. Every try is counted before it is compared, so parallel guesses
// cannot exceed MaxAttempts and exactly one of several right ones succeeds.
//
// On ErrMismatch the transaction must be committed, or the guess is not counted. Check everything else that may refuse
// the request first: a right code in a transaction that is rolled back stays usable.
func (c *Codes) Verify(tx *db.Tx, poolID, sub string, kind Kind, text string) (Destination, error) {
	return c.verify(tx, poolID, sub, guard.Asker{}, kind, text)
}

// verify is Verify for who asks: strangers cannot spend the tries of a source that the user is known from.
func (c *Codes) verify(tx *db.Tx, poolID, sub string, asker guard.Asker, kind Kind, text string) (Destination, error) {
	row, err := countTry(tx, poolID, sub, asker.Known(), kind, c.clock.Milli())
	if err != nil {
		return Destination{}, err
	}
	if len(text) > maxInput {
		return Destination{}, ErrMismatch
	}
	hash, err := c.hash(tx.Context(), poolID, sub, kind, text)
	if err != nil {
		return Destination{}, err
	}
	if subtle.ConstantTimeCompare(hash, row.hash) != 1 {
		return Destination{}, ErrMismatch
	}
	dest, err := c.openDestination(tx.Context(), poolID, sub, kind, row.destination)
	if err != nil {
		return Destination{}, err
	}
	return dest, takeCode(tx, poolID, sub, kind, row.hash)
}

// Pending returns where the unexpired code of the kind was sent, without counting a guess; ErrExpired when there is
// none. A code that was guessed to death is still pending.
func (c *Codes) Pending(tx *db.Tx, poolID, sub string, kind Kind) (Destination, error) {
	row, err := getCode(tx, poolID, sub, kind)
	if err != nil {
		return Destination{}, err
	}
	if row.expires <= c.clock.Milli() {
		return Destination{}, ErrExpired
	}
	return c.openDestination(tx.Context(), poolID, sub, kind, row.destination)
}

// Drop removes the code of the kind, if any: what it would prove is no longer wanted.
func (c *Codes) Drop(tx *db.Tx, poolID, sub string, kind Kind) error {
	return dropCode(tx, poolID, sub, kind)
}

// DropUser removes all codes of the user, who is being deleted.
func (c *Codes) DropUser(tx *db.Tx, poolID, sub string) error { return dropUser(tx, poolID, sub) }

// DropPool removes up to limit rows of a deleted pool and returns how many; call it until it returns 0.
func (c *Codes) DropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	return dropPool(tx, poolID, limit)
}

// Sweep removes up to limit expired codes and limits and returns how many.
func (c *Codes) Sweep(_ context.Context, tx *db.Tx, now time.Time, limit int) (int, error) {
	return sweep(tx, now.UnixMilli(), limit)
}

// hash is what the database keeps of a code: it can neither be reversed without the pool's key nor moved to another
// pool, user or kind.
func (c *Codes) hash(ctx context.Context, poolID, sub string, kind Kind, text string) ([]byte, error) {
	sum, err := c.keys.MAC(ctx, poolID, "one_time_code", sub, string(kind), text)
	if err != nil {
		return nil, fmt.Errorf("code: hash: %w", err)
	}
	return sum, nil
}
