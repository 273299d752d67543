package signin

import (
	"context"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
)

// proveCode verifies the code of SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP or SMS_OTP. The session is used up by a right
// code, or by the third wrong one, which is answered like those before. A failed challenge ends a step-up.
func (e *Engine) proveCode(ctx context.Context, r *Request) (*signIn, error) {
	s, err := e.resume(ctx, r)
	if err != nil {
		return nil, err
	}
	text := factor.AnswerOf(r.Challenge, r.Params)
	if text == "" {
		return nil, pool.MissingParameter(string(r.Challenge) + "_CODE")
	}
	if err := e.Keys.Load(ctx, s.Pool.ID); err != nil {
		return nil, err
	}
	st, wrong := s.answered, e.Sessions.Retry
	if st.Goal != nil {
		wrong = e.Sessions.Spend
	}
	var method string
	err = e.redeem(ctx, s, wrong, func(tx *db.Tx) (err error) {
		method, err = e.Factors.Verify(tx, s.code(st), text)
		if err == nil && st.SetUp {
			err = e.Factors.Enable(tx, s.Pool, s.sub, r.Challenge)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.proof.Claim = ClaimFactor
	s.credit(method)
	if method == factor.AMRTOTP { // it has a row of its own; a code that was sent verified the address in the user's
		return s, nil
	}
	s.account, err = e.findAccount(ctx, r, s.sub)
	return s, err
}

// provePasskey verifies the answer to WEB_AUTHN. One session is one try.
func (e *Engine) provePasskey(ctx context.Context, r *Request) (*signIn, error) {
	s, err := e.resume(ctx, r, "CREDENTIAL")
	if err != nil {
		return nil, err
	}
	if err := e.Keys.Load(ctx, s.Pool.ID); err != nil {
		return nil, err
	}
	state := s.answered.Secret
	var method string
	err = e.redeem(ctx, s, e.Sessions.Spend, func(tx *db.Tx) (err error) {
		if s.user == nil { // no passkey proves a ghost, not even one of the user it hides
			return e.Factors.PretendVerify(tx, s.Pool, s.ghost.User, state, r.Params["CREDENTIAL"])
		}
		method, s.progress.UserVerified, err = e.Factors.VerifyWebAuthn(tx, s.Pool, s.user, state, r.Params["CREDENTIAL"])
		return err
	})
	if err != nil {
		return nil, err
	}
	s.proof.Claim = ClaimFactor
	s.credit(method)
	return s, nil
}

// chooseFactor answers SELECT_MFA_TYPE with the challenge that was chosen.
func (e *Engine) chooseFactor(ctx context.Context, r *Request) (*signIn, error) {
	s, err := e.resume(ctx, r, "ANSWER")
	if err != nil {
		return nil, err
	}
	chosen := r.Params["ANSWER"]
	if chosen == "EMAIL_MFA" { // as the documentation spells it
		chosen = string(cognitoidp.ChallengeNameTypeEmailOtp)
	}
	if !slices.Contains(s.progress.Choices, chosen) {
		return nil, cognitoidp.NewInvalidParameter("Invalid ANSWER: %s is not among the factors of the user.", chosen)
	}
	s.proof.Wants = cognitoidp.ChallengeNameType(chosen)
	return s, nil
}

// proveSetUp ends MFA_SETUP: with the session of VerifySoftwareToken, whose code was the second factor, or with an
// e-mail address to send a code to.
func (e *Engine) proveSetUp(ctx context.Context, r *Request) (*signIn, error) {
	s, err := e.resume(ctx, r)
	if err != nil {
		return nil, err
	}
	s.proof.Claim, s.proof.Wants = ClaimSetUp, cognitoidp.ChallengeNameTypeEmailOtp
	if e.second(s).Challenge != cognitoidp.ChallengeNameTypeMfaSetup {
		return s, nil
	}
	if number := r.Params[Phone]; number != "" && s.Door.Browser {
		return s, e.proveNumber(s, number)
	}
	address := r.Params["EMAIL"]
	if address == "" || !slices.Contains(s.progress.Choices, string(cognitoidp.ChallengeNameTypeEmailOtp)) {
		obs.Cause(ctx, "no factor was set up in this session")
		return nil, challenge.Unusable()
	}
	switch s.user.Attributes["email"] {
	case address:
		return s, nil
	case "":
		return s, e.earnAttributes(s, map[string]string{"email": address})
	}
	return nil, errProvided("email") // where the account can be recovered is not for a password alone to change
}

// proveNumber has a code sent to a phone number that a second factor is set up with.
func (e *Engine) proveNumber(s *signIn, number string) error {
	s.proof.Wants = cognitoidp.ChallengeNameTypeSmsMfa
	switch have := s.user.Attributes["phone_number"]; {
	case !slices.Contains(s.progress.Choices, string(cognitoidp.ChallengeNameTypeSmsMfa)):
		return challenge.Unusable()
	case have == number:
		return nil
	case have == "":
		return e.earnAttributes(s, map[string]string{"phone_number": number})
	}
	return errProvided("phone_number")
}

// earnAttributes gives the user attributes with the next step.
func (e *Engine) earnAttributes(s *signIn, changes map[string]string) error {
	if err := e.Directory.CheckAttributes(s.Pool, s.Client, changes, directory.Update); err != nil {
		return err
	}
	updated := s.user.Clone()
	if err := e.Directory.Apply(updated, s.Pool, changes); err != nil {
		return err
	}
	s.user = updated
	s.earned = func(tx *db.Tx) error { return e.Directory.Save(tx, s.Pool, updated) }
	return nil
}
