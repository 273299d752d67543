package signin

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/factor"
)

// startChoice runs USER_AUTH: the client names the factor it prefers, or is told
// which ones there are. Users who do not exist are played along with, whatever
// the client's settings, because the answer alone would tell.
func (e *Engine) startChoice(ctx context.Context, r *Request) (*Answer, error) {
	if err := r.require("USERNAME"); err != nil {
		return nil, err
	}
	name := r.Params["USERNAME"]
	if err := r.checkSecret(name); err != nil {
		return nil, err
	}
	demand, err := e.demanded(r)
	if err != nil {
		return nil, err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	if a.user == nil || a.Client.HidesUsers() {
		err = e.announced(ctx, a, a.Metadata)
	} else {
		err = e.begin(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	if refusal := a.mayChoose(ctx); refusal != nil {
		return nil, refusal
	}
	if r.Session != "" {
		return e.continueSignUp(ctx, a)
	}
	a.amr, a.simulated = nil, true
	if err := e.imagine(ctx, a); err != nil {
		return nil, err
	}
	offered := e.pretended(a)
	if a.user != nil && !a.hidden() {
		offered = a.first
	}
	if demand != nil {
		return e.stepUp(ctx, a, demand, offered)
	}
	return e.offer(ctx, a, nil, cognitoidp.ChallengeNameType(r.Params["PREFERRED_CHALLENGE"]), offered)
}

// mayChoose refuses users who cannot sign in at all; where the client hides
// users, those become ghosts.
func (a *attempt) mayChoose(ctx context.Context) error {
	hide := a.Client.HidesUsers()
	switch {
	case a.user == nil:
		obs.Cause(ctx, "unknown user, simulated")
	case !a.user.Enabled && !hide:
		obs.Cause(ctx, "disabled user")
		return errDisabled()
	case a.user.Status == cognitoidp.UserStatusTypeUnconfirmed && !hide:
		return errUnconfirmed()
	}
	return nil
}

// offer begins the preferred factor when the user has it, else SELECT_CHALLENGE.
func (e *Engine) offer(ctx context.Context, a *attempt, answered *challenge.State, preferred cognitoidp.ChallengeNameType, offered []cognitoidp.ChallengeNameType) (*Answer, error) {
	if !slices.Contains(offered, preferred) {
		return e.askOpen(ctx, a, answered, cognitoidp.ChallengeNameTypeSelectChallenge, offered)
	}
	switch preferred {
	case cognitoidp.ChallengeNameTypePassword:
		if a.Params["PASSWORD"] == "" {
			return e.askOpen(ctx, a, answered, preferred, offered)
		}
		a.amr = []string{factor.AMRPassword}
		proven := a.credential.Verify(a.Pool.Name, a.identity(), a.Params["PASSWORD"])
		return e.decide(ctx, a, proven, answered)
	case cognitoidp.ChallengeNameTypePasswordSrp:
		if a.Params["SRP_A"] == "" {
			return e.askOpen(ctx, a, answered, preferred, offered)
		}
		answer, err := e.srpChallenge(ctx, a, e.newState(a.Request, cognitoidp.ChallengeNameTypePasswordVerifier))
		if err != nil || answered == nil {
			return answer, err
		}
		return answer, e.DB.Update(ctx, func(tx *db.Tx) error { return e.spend(tx, answered) })
	case cognitoidp.ChallengeNameTypeWebAuthn:
		return e.askPasskey(ctx, a, answered, offered)
	}
	if a.begun() {
		a.amr = a.goal.Have
		return e.askFactor(ctx, a, answered, nil, preferred, factorStep{Verified: a.userVerified})
	}
	a.conceal()
	return e.askFactor(ctx, a, answered, nil, preferred, factorStep{
		First: true, Offered: offered, Typed: nameMark(a.Request, a.typed),
	})
}

// hidden reports whether the user may not sign in, or has nothing to begin with,
// and the client must not learn of them.
func (a *attempt) hidden() bool {
	return a.user != nil && a.Client.HidesUsers() &&
		(!a.user.Enabled || a.user.Status == cognitoidp.UserStatusTypeUnconfirmed || len(a.first) == 0)
}

// conceal takes a hidden user away: what follows is simulated, as for nobody.
func (a *attempt) conceal() {
	if a.hidden() {
		a.user = nil
	}
}

// askOpen poses SELECT_CHALLENGE, PASSWORD or PASSWORD_SRP: nothing is sent, the
// client has to come with more.
func (e *Engine) askOpen(ctx context.Context, a *attempt, answered *challenge.State, name cognitoidp.ChallengeNameType, offered []cognitoidp.ChallengeNameType) (*Answer, error) {
	_, session, err := e.factorSession(ctx, a, name, factorStep{
		First: true, Offered: offered, Typed: nameMark(a.Request, a.typed),
	})
	if err != nil {
		return nil, err
	}
	if answered != nil {
		if err := e.DB.Update(ctx, func(tx *db.Tx) error { return e.spend(tx, answered) }); err != nil {
			return nil, err
		}
	}
	return &Answer{Challenge: name, Session: session, Offered: offered}, nil
}

// askPasskey poses WEB_AUTHN.
func (e *Engine) askPasskey(ctx context.Context, a *attempt, answered *challenge.State, offered []cognitoidp.ChallengeNameType) (*Answer, error) {
	a.conceal()
	var options string
	var state []byte
	err := e.DB.View(ctx, func(tx *db.Tx) (err error) {
		if a.user == nil {
			options, state, err = e.Factors.PretendWebAuthn(tx, a.Pool, a.ghost.User)
		} else {
			options, state, err = e.Factors.WebAuthnOptions(tx, a.Pool, a.user)
		}
		return err
	})
	if errors.Is(err, factor.ErrNotSetUp) || errors.Is(err, factor.ErrNoRelyingParty) {
		rest := slices.DeleteFunc(slices.Clone(offered), func(c cognitoidp.ChallengeNameType) bool {
			return c == cognitoidp.ChallengeNameTypeWebAuthn
		})
		return e.askOpen(ctx, a, answered, cognitoidp.ChallengeNameTypeSelectChallenge, rest)
	}
	if err != nil {
		return nil, err
	}
	_, session, err := e.factorSession(ctx, a, cognitoidp.ChallengeNameTypeWebAuthn, factorStep{
		First: true, Offered: offered, Passkey: state, Typed: nameMark(a.Request, a.typed),
	})
	if err != nil {
		return nil, err
	}
	if answered != nil {
		if err := e.DB.Update(ctx, func(tx *db.Tx) error { return e.spend(tx, answered) }); err != nil {
			return nil, err
		}
	}
	return &Answer{
		Challenge: cognitoidp.ChallengeNameTypeWebAuthn, Session: session, Offered: offered,
		Params: map[string]string{"CREDENTIAL_REQUEST_OPTIONS": options},
	}, nil
}

// undecided reports whether the client has yet to choose or to begin what it
// will prove: nothing is simulated so far, and passwords are refused in their
// own way.
func undecided(name cognitoidp.ChallengeNameType) bool {
	switch name {
	case cognitoidp.ChallengeNameTypeSelectChallenge, cognitoidp.ChallengeNameTypePassword, cognitoidp.ChallengeNameTypePasswordSrp:
		return true
	}
	return false
}

// respondSelect answers SELECT_CHALLENGE, PASSWORD or PASSWORD_SRP of USER_AUTH.
func (e *Engine) respondSelect(ctx context.Context, r *Request) (*Answer, error) {
	chosen := r.Challenge
	needs := map[cognitoidp.ChallengeNameType]string{
		cognitoidp.ChallengeNameTypeSelectChallenge: "ANSWER",
		cognitoidp.ChallengeNameTypePassword:        "PASSWORD",
		cognitoidp.ChallengeNameTypePasswordSrp:     "SRP_A",
	}
	a, st, step, err := e.answeredFactor(ctx, r, needs[r.Challenge])
	if err != nil {
		return nil, err
	}
	a.amr = nil
	if a.begun() {
		if err := e.imagine(ctx, a); err != nil {
			return nil, err
		}
	}
	if r.Challenge == cognitoidp.ChallengeNameTypeSelectChallenge {
		chosen = cognitoidp.ChallengeNameType(r.Params["ANSWER"])
		if !slices.Contains(step.Offered, chosen) {
			return nil, errInvalid("Invalid ANSWER: %s is not an available challenge.", chosen)
		}
	}
	return e.offer(ctx, a, st, chosen, step.Offered)
}

// respondPasskey verifies the answer to WEB_AUTHN. One session is one try.
func (e *Engine) respondPasskey(ctx context.Context, r *Request) (*Answer, error) {
	a, st, step, err := e.answeredFactor(ctx, r, "CREDENTIAL")
	if err != nil {
		return nil, err
	}
	if err := e.Keys.Load(ctx, a.Pool.ID); err != nil {
		return nil, err
	}
	var method string
	var verified bool
	var refusal error
	err = e.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		if err := e.spend(tx, st); err != nil {
			return err
		}
		var err error
		if a.user == nil { // no passkey proves a ghost, not even one of the user it hides
			err = e.Factors.PretendVerify(tx, a.Pool, a.ghost.User, step.Passkey, r.Params["CREDENTIAL"])
		} else {
			method, verified, err = e.Factors.VerifyWebAuthn(tx, a.Pool, a.user, step.Passkey, r.Params["CREDENTIAL"])
		}
		if err == nil {
			return nil
		}
		if refusal = factor.Refusal(ctx, r.Challenge, err); errors.Is(refusal, err) {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, refusal
	}
	a.userVerified = verified
	return e.proved(ctx, a, nil, method)
}

// continueSignUp signs a user in by the session of their sign-up.
func (e *Engine) continueSignUp(ctx context.Context, a *attempt) (*Answer, error) {
	st, err := e.Sessions.Open(ctx, a.Pool.ID, a.Client.ID, a.Session)
	if err == nil {
		err = st.Require(ConfirmedStep)
	}
	if err != nil {
		return nil, sessionRefusal(ctx, err)
	}
	if a.user == nil || !a.user.Enabled || st.Sub != a.user.Sub || a.user.Status != cognitoidp.UserStatusTypeConfirmed {
		obs.Cause(ctx, "the session is of another user")
		return nil, errBadSession()
	}
	a.amr = st.Proven
	if err := e.recognise(ctx, a, a.Params["DEVICE_KEY"]); err != nil {
		return nil, err
	}
	return e.finish(ctx, a, st, nil)
}
