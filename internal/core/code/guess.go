package code

import (
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
	n, err := failures.Count(tx, poolID, guesses(sub, asker, kind), c.clock.Now())
	if err == nil && n == 0 {
		err = ErrLimited
	}
	if err != nil {
		return Destination{}, err
	}
	return c.verify(tx, poolID, sub, asker, kind, text)
}

// Proven forgets the wrong codes of a kind that the asker has tried.
func (c *Codes) Proven(tx *db.Tx, poolID, sub string, asker guard.Asker, kind Kind) error {
	return failures.Drop(tx, poolID, guesses(sub, asker, kind))
}

// guesses is under which wrong codes are counted.
func guesses(sub string, asker guard.Asker, kind Kind) string {
	return asker.Of(sub + "/" + string(kind))
}
