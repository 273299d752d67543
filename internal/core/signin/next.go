package signin

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/token"
)

// decide turns the outcome of a password proof into the next hop. It is the
// only place that refuses a first factor, and it spends the answered session
// either way: one session is one guess.
func (e *Engine) decide(ctx context.Context, a *attempt, proven bool, st *challenge.State) (*Answer, error) {
	if err := e.firstFactor(ctx, a, proven, st); err != nil {
		return nil, err
	}
	if a.user.Status == cognitoidp.UserStatusTypeForceChangePassword {
		return e.askNewPassword(ctx, a, st)
	}
	return e.finish(ctx, a, st, nil)
}

// firstFactor accepts or refuses the proof of a password.
func (e *Engine) firstFactor(ctx context.Context, a *attempt, proven bool, st *challenge.State) error {
	refusal, counts := a.judge(ctx, proven, e.now())
	if refusal != nil {
		return e.refuse(ctx, a, refusal, counts, st)
	}
	a.byPassword = true
	return e.recognise(ctx, a, a.Params["DEVICE_KEY"])
}

// issue makes tokens for a user whose factors are all proven. Signing happens
// before the one write transaction; change, when given, is part of it.
func (e *Engine) issue(ctx context.Context, a *attempt, st *challenge.State, change func(*db.Tx) error) (*Answer, error) {
	if kept, err := e.settle(ctx, a, st, change); err != nil {
		return nil, err
	} else if kept {
		st, change = nil, nil
	}
	changes, err := e.conclude(ctx, a)
	if err != nil {
		return nil, e.refuse(ctx, a, err, false, st)
	}
	subject := e.Directory.Subject(a.user, a.groups)
	subject.AuthTime = e.now().Unix()
	subject.AMR = a.amr
	issued, err := e.bindDevice(ctx, a, &subject)
	if err != nil {
		return nil, err
	}
	options := token.Options{Changes: changes}
	a.leveled(&subject, &options)
	grant, err := e.Tokens.Prepare(ctx, a.Pool, a.Client, subject, options)
	if err != nil {
		return nil, token.Refusal(err)
	}
	grant.Result().NewDeviceMetadata = issued
	var refusal error
	err = e.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		if err := e.spend(tx, st); err != nil {
			return err
		}
		open, err := clearFailures(tx, a.Pool.ID, a.account, e.now())
		if err != nil {
			return err
		}
		if !open && a.byPassword { // parallel guesses locked the account while this one was verified
			refusal = errLocked()
			return nil
		}
		if change != nil {
			if err := change(tx); err != nil {
				return err
			}
		}
		if a.device != nil {
			if err := e.Devices.Touch(tx, a.device, e.now(), obs.From(ctx).ClientIP.String()); err != nil {
				return device.Refusal(err) // forgotten since it was recognised
			}
		}
		return e.Tokens.Commit(tx, grant)
	})
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, refusal
	}
	return &Answer{Tokens: grant.Result()}, nil
}

// refuse commits what a refusal must leave behind: the spent session and the
// counted failure.
func (e *Engine) refuse(ctx context.Context, a *attempt, refusal error, counts bool, st *challenge.State) error {
	if !counts && st == nil {
		return refusal
	}
	var locked bool
	err := e.DB.Update(ctx, func(tx *db.Tx) error {
		locked = false
		if err := e.spend(tx, st); err != nil || !counts {
			return err
		}
		counted, err := recordFailure(tx, a.Pool.ID, a.account, e.now())
		locked = !counted
		return err
	})
	if err != nil {
		return err
	}
	if locked {
		return errLocked()
	}
	return refusal
}

// newState begins a session for the challenge that comes next.
func (e *Engine) newState(r *Request, next cognitoidp.ChallengeNameType) *challenge.State {
	now := e.now()
	return &challenge.State{
		Pool:      r.Pool.ID,
		Client:    r.Client.ID,
		Step:      string(next),
		IssuedAt:  now.UnixMilli(),
		ExpiresAt: now.Add(r.Client.AuthSession()).UnixMilli(),
		Goal:      r.goal,
	}
}

// answered checks an answer in AWS's order: the session and the parameters are
// there, the secret hash is right, the session opens.
func (e *Engine) answered(ctx context.Context, r *Request, names ...string) (*challenge.State, error) {
	if r.Session == "" {
		return nil, errMissing("Session")
	}
	if err := r.require(names...); err != nil {
		return nil, err
	}
	if err := r.checkSecret(r.Params["USERNAME"]); err != nil {
		return nil, err
	}
	return e.openSession(ctx, r)
}

// openSession opens the Session member of an answer and checks that it was
// made for this pool, client and challenge.
func (e *Engine) openSession(ctx context.Context, r *Request) (*challenge.State, error) {
	st, err := e.Sessions.Open(ctx, r.Pool.ID, r.Client.ID, r.Session)
	if err != nil {
		return nil, sessionRefusal(ctx, err)
	}
	if err := st.Require(string(r.Challenge)); err != nil {
		obs.Cause(ctx, "session is for %s", st.Step)
		return nil, errBadSession()
	}
	r.goal = st.Goal
	return st, nil
}

func (e *Engine) spend(tx *db.Tx, st *challenge.State) error {
	if st == nil {
		return nil
	}
	if err := e.Sessions.Spend(tx, st); err != nil {
		if errors.Is(err, challenge.ErrSpent) {
			return errSessionUsed()
		}
		return err
	}
	return nil
}

func sessionRefusal(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, challenge.ErrExpired):
		obs.Cause(ctx, "session expired")
		return errSessionExpired()
	case errors.Is(err, challenge.ErrSpent):
		obs.Cause(ctx, "session used before")
		return errSessionUsed()
	case errors.Is(err, challenge.ErrInvalid):
		obs.Cause(ctx, "session does not open for this pool and client")
		return errBadSession()
	}
	return err
}
