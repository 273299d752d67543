package code

import (
	"crypto/subtle"
	"errors"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/core/guard"
)

// failures counts wrong codes in a row, by user and kind. A new code does not begin a new count: whoever asks for codes
// and guesses at each gets no further than whoever guesses at one.
var failures = limit.Tally{
	Table: "code_failure", Account: "sub",
	Lock: limit.Lock{Free: 5, Longest: 15 * time.Minute, Forget: 24 * time.Hour},
}

// Guess is Verify under the lock of a user for codes of one kind, as it holds for who asks. ErrLimited, and nothing is counted, while that is
// locked. Call Proven once all that the code was good for is accepted; until then a right code counts as a try too.
func (c *Codes) Guess(tx *db.Tx, poolID, sub string, asker guard.Asker, kind Kind, text string) (Destination, error) {
	if err := c.countGuess(tx, poolID, sub, asker, kind); err != nil {
		return Destination{}, err
	}
	return c.verify(tx, poolID, sub, asker, kind, text)
}

// GuessHidden is Guess where nobody may learn whether a code is pending, because that tells who is about to sign up or to
// recover: every wrong code is ErrMismatch, also one for a code that was used, is over, or was guessed to death, and also
// for a sub that is nobody's. Only the right code of a time that is over is ErrExpired: whoever has it was sent it.
func (c *Codes) GuessHidden(tx *db.Tx, poolID, sub string, asker guard.Asker, kind Kind, text string) (Destination, error) {
	if err := c.countGuess(tx, poolID, sub, asker, kind); err != nil {
		return Destination{}, err
	}
	// The same statements whatever there is.
	now := c.clock.Milli()
	was, err := getCode(tx, poolID, sub, kind)
	if err != nil && !errors.Is(err, ErrExpired) {
		return Destination{}, err
	}
	row, err := tryCode(tx, poolID, sub, asker.Known(), kind, now)
	pending := err == nil
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return Destination{}, err
	}
	hash, err := c.hash(tx.Context(), poolID, sub, kind, text[:min(len(text), maxInput)])
	if err != nil {
		return Destination{}, err
	}
	if !pending {
		if right := subtle.ConstantTimeCompare(hash, was.hash) == 1; right && was.expires <= now {
			return Destination{}, ErrExpired
		}
		return Destination{}, ErrMismatch
	}
	if subtle.ConstantTimeCompare(hash, row.hash) != 1 || len(text) > maxInput {
		return Destination{}, ErrMismatch
	}
	return c.take(tx, poolID, sub, kind, row)
}

// countGuess counts a guess before it is judged; ErrLimited, and nothing is counted, while the kind is locked.
func (c *Codes) countGuess(tx *db.Tx, poolID, sub string, asker guard.Asker, kind Kind) error {
	n, err := failures.Count(tx, poolID, guesses(sub, asker, kind), c.clock.Now())
	if err == nil && n == 0 {
		err = ErrLimited
	}
	return err
}

// Proven forgets the wrong codes of a kind that the asker has tried.
func (c *Codes) Proven(tx *db.Tx, poolID, sub string, asker guard.Asker, kind Kind) error {
	return failures.Drop(tx, poolID, guesses(sub, asker, kind))
}

// guesses is under which wrong codes are counted.
func guesses(sub string, asker guard.Asker, kind Kind) string {
	return asker.Of(sub + "/" + string(kind))
}
