package signin

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/core/challenge"
	"cognate/internal/core/factor"
)

// redeem verifies what came with the answered session in a transaction of its own, before anything is decided or signed:
// a proof that is good for one use and counts its tries has to be counted, compared and taken at once, and committed
// before its outcome is told or acted on. A refusal is written too. A right proof uses the session up; what a wrong one
// does to it is up to wrong.
func (e *Engine) redeem(ctx context.Context, s *signIn, wrong func(*db.Tx, *challenge.State) error, verify func(*db.Tx) error) error {
	st, refusal := s.answered, error(nil)
	err := e.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		err := verify(tx)
		if err == nil {
			return e.spend(tx, st)
		}
		if refusal = factor.Refusal(ctx, s.Challenge, err); errors.Is(refusal, err) {
			return err // no refusal but a fault
		}
		if err := wrong(tx, st); err != nil && !errors.Is(err, challenge.ErrSpent) {
			return err
		} else if err != nil {
			refusal = challenge.Refusal(ctx, challenge.ErrSpent)
		}
		return nil
	})
	if err == nil {
		err = refusal
	}
	if err == nil {
		s.answered = nil
	}
	return err
}
