package signin

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
)

// anyPasskey marks the session of OfferPasskey: whoever holds one of the passkeys that the browser offers signs in by it,
// without a name.
const anyPasskey = "WEB_AUTHN_ANY"

// OfferPasskey makes the options with which a page offers every passkey of the browser, and the session that SignInByPasskey
// takes. factor.ErrNoRelyingParty when the pool has no passkeys.
func (e *Engine) OfferPasskey(ctx context.Context, r *Request) (options, session string, err error) {
	options, state, err := e.Factors.AnyWebAuthnOptions(r.Pool)
	if err != nil {
		return "", "", err
	}
	st := e.newState(r, anyPasskey)
	st.Progress = challenge.Progress{Door: r.Door.Name, Secret: state}
	st.ExpiresAt = st.IssuedAt + offerLife
	session, err = e.Sessions.Seal(ctx, st)
	return options, session, err
}

// offerLife is how long a page may offer passkeys, in milliseconds: people leave it open.
const offerLife = 15 * 60 * 1000

// SignInByPasskey begins and answers a sign-in at once: CREDENTIAL proves its user. One session is one try.
func (e *Engine) SignInByPasskey(ctx context.Context, r *Request) (*Answer, error) {
	r.note(ctx)
	return e.run(ctx, r, (*Engine).beginPasskey)
}

func (e *Engine) beginPasskey(ctx context.Context, r *Request) (*signIn, error) {
	if err := r.require("CREDENTIAL"); err != nil {
		return nil, err
	}
	st, err := e.Sessions.Open(ctx, r.Pool.ID, r.Client.ID, r.Session)
	if err == nil {
		err = st.Require(anyPasskey)
	}
	if err == nil && st.Door != r.Door.Name {
		return nil, challenge.Unusable()
	}
	if err != nil {
		return nil, challenge.Refusal(ctx, err)
	}
	if err := e.Keys.Load(ctx, r.Pool.ID); err != nil {
		return nil, err
	}
	a, err := e.findAccount(ctx, r, factor.Holder(r.Params["CREDENTIAL"]))
	if err != nil {
		return nil, err
	}
	s := e.opened(r, a)
	s.answered, s.Challenge = st, cognitoidp.ChallengeNameTypeWebAuthn
	var method string
	err = e.redeem(ctx, s, e.Sessions.Spend, func(tx *db.Tx) (err error) {
		if s.user == nil {
			obs.Cause(ctx, "the passkey is nobody's")
			return factor.ErrMismatch
		}
		method, s.progress.UserVerified, err = e.Factors.VerifyWebAuthn(tx, s.Pool, s.user, st.Secret, r.Params["CREDENTIAL"])
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := e.announce(ctx, s); err != nil {
		return nil, err
	}
	s.proof.Claim = ClaimFactor
	s.credit(method)
	return s, nil
}

// Again poses the challenge of a session once more, with a new code where it has one. It is for the pages; the session that
// it is given is used up.
func (e *Engine) Again(ctx context.Context, r *Request) (*Answer, error) {
	r.note(ctx)
	return e.run(ctx, r, func(e *Engine, ctx context.Context, r *Request) (*signIn, error) {
		if !isCode(r.Challenge) || r.Challenge == cognitoidp.ChallengeNameTypeSoftwareTokenMfa {
			return nil, errors.New("signin: only a code can be sent again")
		}
		s, err := e.resume(ctx, r)
		if err != nil {
			return nil, err
		}
		s.proof.Claim, s.proof.Wants = ClaimAgain, r.Challenge
		return s, nil
	})
}

// Phone is the answer to MFA_SETUP that gives the number to send codes to. The pages take it; clients of the API set the
// attribute.
const Phone = "PHONE_NUMBER"

// PasskeyOffered reports whether the pages of a client offer passkeys.
func (e *Engine) PasskeyOffered(p *pool.Pool, c *pool.Client) bool {
	return c.Allows(cognitoidp.AuthFlowTypeUserAuth) && p.AllowsFirstFactor(cognitoidp.AuthFactorTypeWebAuthn) && e.Factors.HasRelyingParty(p)
}
