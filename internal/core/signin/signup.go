package signin

import (
	"context"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
)

// signUpStep marks a session that SignUp hands out, ConfirmedStep one that
// ConfirmSignUp hands out for it: the code of the sign-up counts as the first
// factor of a USER_AUTH sign-in right after it.
const (
	signUpStep    = "SIGN_UP"
	ConfirmedStep = "CONFIRMED_SIGN_UP"
)

// SignUpSession is the Session of a SignUp answer, "" for clients that cannot
// use it.
func (e *Engine) SignUpSession(ctx context.Context, p *pool.Pool, c *pool.Client, u *directory.User) (string, error) {
	return e.chain(ctx, p, c, u, signUpStep, nil)
}

// ConfirmedSession is the Session of a ConfirmSignUp answer: for the user whose
// SignUp gave out given, within that session's life. proven is the method that
// the confirmation code was. Amplify passes no session and expects one: it gets
// it where a code like the one it brought is a first factor anyway.
func (e *Engine) ConfirmedSession(ctx context.Context, p *pool.Pool, c *pool.Client, u *directory.User, given string, proven []string) (string, error) {
	if given == "" {
		if !beginsWith(p, proven) {
			return "", nil
		}
		return e.chain(ctx, p, c, u, ConfirmedStep, proven)
	}
	st, err := e.Sessions.Open(ctx, p.ID, c.ID, given)
	if err == nil {
		err = st.Require(signUpStep)
	}
	if err != nil || st.Sub != u.Sub || !u.Epoch.Since(directory.Epoch(st.Epoch)) {
		return "", nil // the user is confirmed all the same, and signs in as usual
	}
	return e.chain(ctx, p, c, u, ConfirmedStep, proven)
}

// beginsWith reports whether a code by one of the methods may begin a sign-in.
func beginsWith(p *pool.Pool, methods []string) bool {
	return slices.Contains(methods, factor.AMREmail) && p.AllowsFirstFactor(cognitoidp.AuthFactorTypeEmailOtp) ||
		slices.Contains(methods, factor.AMRSMS) && p.AllowsFirstFactor(cognitoidp.AuthFactorTypeSmsOtp)
}

func (e *Engine) chain(ctx context.Context, p *pool.Pool, c *pool.Client, u *directory.User, step string, proven []string) (string, error) {
	if !c.Allows(cognitoidp.AuthFlowTypeUserAuth) {
		return "", nil
	}
	st := e.newState(&Request{Pool: p, Client: c}, cognitoidp.ChallengeNameType(step))
	st.Progress = challenge.Progress{Door: doorAPI, Sub: u.Sub, Epoch: int64(u.Epoch), Proven: proven}
	return e.Sessions.Seal(ctx, st)
}

// continueSignUp signs a user in by the session of their sign-up.
func (e *Engine) continueSignUp(ctx context.Context, s *signIn) (*signIn, error) {
	st, err := e.Sessions.Open(ctx, s.Pool.ID, s.Client.ID, s.Session)
	if err == nil {
		err = st.Require(ConfirmedStep)
	}
	if err != nil {
		return nil, challenge.Refusal(ctx, err)
	}
	if s.user == nil || !s.user.Enabled || st.Sub != s.user.Sub || !s.user.Epoch.Since(directory.Epoch(st.Epoch)) || s.user.Status != cognitoidp.UserStatusTypeConfirmed {
		obs.Cause(ctx, "the session is of another user")
		return nil, challenge.Unusable()
	}
	s.answered, s.progress.Proven, s.proof.Claim = st, st.Proven, ClaimElsewhere
	return s, e.mustRecognise(ctx, s)
}
