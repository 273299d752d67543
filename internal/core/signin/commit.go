package signin

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/password"
)

// commit does what Next decided. It is the only writer of a step, in one transaction: the answered session is used up,
// the try counted or cleared, what the proof earned written, and then the message of a challenge queued or the ending
// run. (Codes, passkeys and custom answers are counted and used up before: see redeem.)
func (e *Engine) commit(ctx context.Context, s *signIn, step Step) (*Answer, error) {
	switch step.Kind {
	case Ask:
		return e.ask(ctx, s, step)
	case Finish:
		return e.finish(ctx, s, step)
	}
	return nil, e.refuse(ctx, s, step)
}

// refuse writes what a refusal leaves behind and returns it.
func (e *Engine) refuse(ctx context.Context, s *signIn, step Step) error {
	if step.Keep {
		s.answered = nil
	}
	s.earned = nil
	if err := e.write(ctx, s, step.Try, nil); err != nil {
		return err
	}
	return step.Refusal
}

// finish ends a sign-in. What the proof earned is written first when functions run that may still refuse the ending: on
// AWS a password change outlives a failing function.
func (e *Engine) finish(ctx context.Context, s *signIn, step Step) (*Answer, error) {
	concludes := e.Triggers.Concludes(s.pool())
	if concludes && s.earned != nil {
		if err := e.write(ctx, s, TryNone, nil); err != nil {
			return nil, err
		}
	}
	admission, err := e.admission(ctx, s, concludes)
	if err != nil {
		return nil, err
	}
	if concludes {
		if err := e.Triggers.PostAuthentication(ctx, admission.Event, admission.NewDevice != nil); err != nil {
			return nil, e.refuse(ctx, s, refusal(err, ""))
		}
	}
	answer, run, err := s.Door.Ending.Prepare(ctx, admission)
	if err != nil {
		return nil, e.refuse(ctx, s, refusal(err, ""))
	}
	held := s.earned != nil // which write does before it writes what was earned
	err = e.write(ctx, s, step.Try, func(tx *db.Tx) error {
		if err := e.Pools.Recheck(tx, s.Client); err != nil {
			return err
		}
		if !held {
			if err := e.hold(tx, s); err != nil {
				return err
			}
		}
		if s.custom != nil {
			if _, err := wrongAnswers.Clear(tx, s.Pool.ID, s.sub, e.now()); err != nil {
				return err
			}
		}
		if err := e.keepDevice(tx, s); err != nil {
			return err
		}
		if err := e.Guard.Proven(tx, s.Pool.ID, s.sub, s.asker); err != nil {
			return err
		}
		return run(tx)
	})
	if err != nil {
		return nil, err
	}
	answer.Device = s.kept
	return answer, nil
}

// errLockedMeanwhile is a try that parallel guesses have locked out.
var errLockedMeanwhile = errors.New("signin: locked by parallel guesses")

// write is the transaction of a step. body, when given, is its last part.
func (e *Engine) write(ctx context.Context, s *signIn, try Try, body func(*db.Tx) error) error {
	if s.answered == nil && try == TryNone && s.earned == nil && body == nil && s.custom.row() == "" {
		return nil
	}
	locked := false
	err := e.DB.Update(ctx, func(tx *db.Tx) error {
		locked = false
		if err := e.spend(tx, s.answered); err != nil {
			return err
		}
		if asksDevice(s.answered) {
			if _, err := deleteWait(tx, s.Pool.ID, s.sub, s.answered.ID); err != nil {
				return err
			}
		}
		if row := s.custom.row(); row != "" {
			if err := deleteCustom(tx, s.Pool.ID, row); err != nil {
				return err
			}
		}
		err := e.tally(tx, s, try)
		if locked = errors.Is(err, errLockedMeanwhile); locked {
			return nil // the session is used up all the same
		}
		if err != nil {
			return err
		}
		if s.earned != nil {
			if err := e.hold(tx, s); err != nil {
				return err
			}
			if err := s.earned(tx); err != nil {
				return err
			}
		}
		if body != nil {
			return body(tx)
		}
		return nil
	})
	var taken *directory.AliasTaken
	switch {
	case errors.As(err, &taken):
		obs.Cause(ctx, "%v", err)
		return directory.Taken(cognitoidp.NewAliasExists, taken.Attribute)
	case err != nil:
		return err
	case locked:
		obs.Cause(ctx, "locked by parallel guesses")
		return errLocked()
	}
	if s.earned != nil {
		s.epoch = s.user.Epoch
	}
	s.answered, s.earned = nil, nil
	s.custom.dropped()
	return nil
}

// hold refuses a user whose epoch has moved since the hop read them, and keeps it until the transaction ends: nothing is
// handed out after a global sign-out, a new password, or when the user was disabled or deleted while functions ran. The
// session is not used up, but bound to the epoch that is over.
func (e *Engine) hold(tx *db.Tx, s *signIn) error {
	err := e.Directory.Hold(tx, s.Pool.ID, s.sub, s.epoch)
	if !errors.Is(err, directory.ErrMoved) {
		return err
	}
	obs.Cause(tx.Context(), "%v", err)
	if s.Challenge == "" {
		return password.Wrong()
	}
	return challenge.Unusable()
}

// tally applies a step's effect on the counter; errLockedMeanwhile when the try is not granted.
func (e *Engine) tally(tx *db.Tx, s *signIn, try Try) error {
	open, err := true, error(nil)
	switch try {
	case TryCount:
		var n int64
		n, err = failures.Count(tx, s.Pool.ID, s.counter(), e.now())
		open = n > 0
	case TryGrant, TryClear: // counted like a wrong one, so that it waits for those under way, and taken back
		var n int64
		n, err = failures.Count(tx, s.Pool.ID, s.counter(), e.now())
		open = n > 0
		switch {
		case err != nil || !open:
		case try == TryGrant:
			err = failures.Undo(tx, s.Pool.ID, s.counter(), n)
		default:
			err = failures.Drop(tx, s.Pool.ID, s.counter())
		}
	case TryForget:
		_, err = failures.Clear(tx, s.Pool.ID, s.counter(), e.now())
	}
	if err == nil && !open {
		return errLockedMeanwhile
	}
	return err
}

// Counted is a try that was counted before it was judged.
type Counted struct {
	account string
	n       int64
}

// CountTry counts a try at the password of a user for an operation beside sign-in, before it is judged, and returns what
// ReturnTry takes. The refusal of a locked account is NotAuthorizedException, and nothing is counted then.
func (e *Engine) CountTry(tx *db.Tx, poolID, sub string) (Counted, error) {
	asker, err := e.Guard.Asker(tx, poolID, sub)
	if err != nil {
		return Counted{}, err
	}
	if err := e.Guard.Admit(tx.Context(), asker); err != nil {
		return Counted{}, err
	}
	c := Counted{account: asker.Of(sub)}
	c.n, err = failures.Count(tx, poolID, c.account, e.now())
	if err == nil && c.n == 0 {
		err = errLocked()
	}
	return c, err
}

// ReturnTry tells that the password was right: failed tries are forgotten, unless others were counted since.
func (e *Engine) ReturnTry(tx *db.Tx, poolID string, c Counted) error {
	return failures.Return(tx, poolID, c.account, c.n)
}
