package signin

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
)

// beginChoice begins USER_AUTH: the client names the factor it prefers, or is told which ones there are. Users who do not
// exist are played along with, whatever the client's settings, because the answer alone would tell.
func (e *Engine) beginChoice(ctx context.Context, r *Request) (*signIn, error) {
	name, err := r.named()
	if err != nil {
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
	s := e.opened(r, a).typed(name)
	if err := e.announce(ctx, s); err != nil {
		return nil, err
	}
	if refusal := s.mayChoose(ctx); refusal != nil {
		return nil, refusal
	}
	if r.Session != "" {
		return e.continueSignUp(ctx, s)
	}
	s.proof.PlaysAlong = true
	if err := e.imagine(ctx, s); err != nil {
		return nil, err
	}
	offered := e.pretended(s)
	if s.user != nil && !s.hidden() {
		offered = s.first
	}
	wants := cognitoidp.ChallengeNameType(r.Params["PREFERRED_CHALLENGE"])
	if demand != nil {
		if offered, err = e.stepUp(ctx, s, demand, offered); err != nil {
			return nil, err
		}
		if s.begun() && len(offered) == 1 {
			wants = offered[0]
		}
	}
	return s, e.want(ctx, s, wants, offered)
}

// mayChoose refuses users who cannot sign in at all; where the client hides users, those become ghosts.
func (s *signIn) mayChoose(ctx context.Context) error {
	hide := s.Client.HidesUsers()
	switch {
	case s.user == nil:
		obs.Cause(ctx, "unknown user, simulated")
	case !s.user.Enabled && !hide:
		obs.Cause(ctx, "disabled user")
		return directory.Disabled()
	case s.user.Status == cognitoidp.UserStatusTypeUnconfirmed && !hide:
		return errUnconfirmed()
	}
	return nil
}

// want notes which of the offered factors the client chose, and does what can be done at once: a password that came
// along is verified, the options of a passkey are read.
func (e *Engine) want(ctx context.Context, s *signIn, wants cognitoidp.ChallengeNameType, offered []cognitoidp.ChallengeNameType) error {
	s.proof.Claim, s.proof.Wants, s.proof.Offered = ClaimChoice, wants, offered
	if !slices.Contains(offered, wants) {
		return nil
	}
	switch wants {
	case cognitoidp.ChallengeNameTypePassword:
		if s.Params["PASSWORD"] != "" {
			return e.comparePassword(ctx, s, false)
		}
	case cognitoidp.ChallengeNameTypePasswordSrp:
		s.proof.Ready = s.Params["SRP_A"] != ""
	case cognitoidp.ChallengeNameTypeWebAuthn:
		return e.readyPasskey(ctx, s)
	}
	return nil
}

// readyPasskey reads the options of a sign-in by passkey.
func (e *Engine) readyPasskey(ctx context.Context, s *signIn) error {
	var options string
	var state []byte
	err := e.DB.View(ctx, func(tx *db.Tx) (err error) {
		if s.user == nil || !s.begun() && s.hidden() {
			options, state, err = e.Factors.PretendWebAuthn(tx, s.Pool, s.ghost.User)
		} else {
			options, state, err = e.Factors.WebAuthnOptions(tx, s.Pool, s.user)
		}
		return err
	})
	if errors.Is(err, factor.ErrNotSetUp) || errors.Is(err, factor.ErrNoRelyingParty) {
		return nil
	}
	s.proof.Ready = err == nil
	s.ready = posing{params: map[string]string{"CREDENTIAL_REQUEST_OPTIONS": options}, secret: state}
	return err
}

// hidden reports whether the user may not sign in, or has nothing to begin with, and the client must not learn of them.
func (s *signIn) hidden() bool {
	return s.user != nil && s.Client.HidesUsers() &&
		(!s.user.Enabled || s.user.Status == cognitoidp.UserStatusTypeUnconfirmed || len(s.first) == 0)
}

// conceal takes a hidden user away: what follows is simulated, as for nobody.
func (s *signIn) conceal() {
	if s.hidden() {
		s.user = nil
	}
}

// choose answers SELECT_CHALLENGE, PASSWORD or PASSWORD_SRP of USER_AUTH.
func (e *Engine) choose(ctx context.Context, r *Request) (*signIn, error) {
	needs := map[cognitoidp.ChallengeNameType]string{
		cognitoidp.ChallengeNameTypeSelectChallenge: "ANSWER",
		cognitoidp.ChallengeNameTypePassword:        "PASSWORD",
		cognitoidp.ChallengeNameTypePasswordSrp:     "SRP_A",
	}
	s, err := e.resume(ctx, r, needs[r.Challenge])
	if err != nil {
		return nil, err
	}
	chosen, offered := r.Challenge, s.progress.Offered
	if chosen == cognitoidp.ChallengeNameTypeSelectChallenge {
		chosen = cognitoidp.ChallengeNameType(r.Params["ANSWER"])
		if !slices.Contains(offered, chosen) {
			return nil, cognitoidp.NewInvalidParameter("Invalid ANSWER: %s is not an available challenge.", chosen)
		}
	}
	return s, e.want(ctx, s, chosen, offered)
}
