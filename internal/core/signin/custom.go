package signin

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/guard"
	"cognate/internal/core/password"
	"cognate/internal/core/trigger"
)

// maxSteps bounds the history of one sign-in, which every event carries: a function that never gives up must not let a
// caller make it grow without end.
const maxSteps = 100

// beginCustom begins CUSTOM_AUTH: DefineAuthChallenge decides, after SRP_A when the client begins with it.
func (e *Engine) beginCustom(ctx context.Context, r *Request) (*signIn, error) {
	name, err := r.named()
	if err != nil {
		return nil, err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	s := e.opened(r, a).typed(name)
	if !e.Triggers.Custom(s.pool()) {
		return nil, errCustomAuthOff()
	}
	if err := e.announceKnown(ctx, s); err != nil {
		return nil, err
	}
	if refusal := s.barred(ctx); refusal != nil {
		return nil, refusal
	}
	s.custom, s.proof.Claim = &customState{Typed: name}, ClaimCustom
	if r.Params["CHALLENGE_NAME"] == "SRP_A" || r.Params["ChallengeName"] == "SRP_A" {
		s.custom.tell(trigger.Step{Name: "SRP_A", Result: true})
		return s, r.require("SRP_A")
	}
	return s, nil
}

// barred refuses users who may not use any flow, as far as the client may know.
func (s *signIn) barred(ctx context.Context) error {
	hide := s.Client.HidesUsers()
	switch {
	case s.user == nil && !hide:
		obs.Cause(ctx, "unknown user")
		return directory.UserNotFound()
	case s.user == nil:
		obs.Cause(ctx, "unknown user, hidden: the functions play along, and no tokens come of it")
		return nil
	case !s.user.Enabled && !hide:
		obs.Cause(ctx, "disabled user")
		return directory.Disabled()
	case s.user.Status == cognitoidp.UserStatusTypeUnconfirmed && !hide:
		return errUnconfirmed()
	}
	return nil
}

// consult asks DefineAuthChallenge what comes next. Its verdict is the next thing that Next decides on.
func (e *Engine) consult(ctx context.Context, s *signIn) error {
	if s.custom == nil { // the factors that the server asked for in between are proven
		answered := s.Challenge
		if err := e.load(ctx, s); err != nil {
			return err
		}
		s.custom.tell(provenSteps(s, answered)...)
	}
	d, err := e.Triggers.DefineAuthChallenge(ctx, s.subject(s.answerMetadata()), s.custom.History)
	if err != nil {
		s.proof = Proof{Claim: ClaimVerdict, Refusal: err, ByPassword: s.proof.ByPassword, Counted: s.proof.Counted}
		return nil
	}
	s.proof = Proof{Claim: ClaimVerdict, Verdict: verdict(d, s.custom.History), ByPassword: s.proof.ByPassword, Counted: s.proof.Counted}
	s.progress.Custom = ""
	if s.proof.Verdict == VerdictIssue {
		s.custom.over = true
		s.progress.Functions = len(s.progress.Proven) == 0
	}
	return nil
}

// verdict reads an answer of DefineAuthChallenge. The password step is one only where the sign-in began with SRP_A and
// has not gone through it.
func verdict(d trigger.Decision, history []trigger.Step) Verdict {
	onlySRPA := len(history) == 1 && history[0].Name == "SRP_A"
	switch {
	case d.Fail != nil && *d.Fail:
		return VerdictFail
	case d.Issue != nil && *d.Issue:
		return VerdictIssue
	case d.Challenge != nil && *d.Challenge == string(cognitoidp.ChallengeNameTypeCustomChallenge):
		return VerdictChallenge
	case d.Challenge != nil && *d.Challenge == string(cognitoidp.ChallengeNameTypePasswordVerifier) && onlySRPA:
		return VerdictPassword
	}
	return VerdictUnusable
}

// provenSteps are the challenges of the server that were passed since the state was kept, under the names of the
// trigger's session.
func provenSteps(s *signIn, answered cognitoidp.ChallengeNameType) []trigger.Step {
	names := map[string]cognitoidp.ChallengeNameType{
		factor.AMRTOTP: cognitoidp.ChallengeNameTypeSoftwareTokenMfa,
		factor.AMRSMS:  cognitoidp.ChallengeNameTypeSmsMfa, factor.AMREmail: cognitoidp.ChallengeNameTypeEmailOtp,
	}
	var out []trigger.Step
	for _, method := range s.progress.Proven[min(s.custom.Seen, len(s.progress.Proven)):] {
		name, ok := names[method]
		if !ok {
			name = answered
		}
		out = append(out, trigger.Step{Name: string(name), Result: true})
	}
	if s.progress.DeviceProven {
		out = append(out, trigger.Step{Name: string(cognitoidp.ChallengeNameTypeDeviceSrpAuth), Result: true},
			trigger.Step{Name: string(cognitoidp.ChallengeNameTypeDevicePasswordVerifier), Result: true})
	}
	return out
}

// shownName is the user name in challenge parameters. A name that is nobody's is shown as that of a user would be: where
// people sign in by another name than the stored one, the answer must not tell that there is no stored one.
func (s *signIn) shownName() string {
	if s.user != nil {
		return s.user.Username
	}
	email, phone := directory.IsEmail(s.name), directory.IsPhone(s.name)
	if len(s.Pool.UsernameAttrs) > 0 || email && s.Pool.AliasAttrs.Has("email") || phone && s.Pool.AliasAttrs.Has("phone_number") {
		return s.sub
	}
	return s.Pool.Normal(s.name)
}

// proveCustom lets the owner's function verify the answer to a custom challenge. A wrong one does not end the sign-in:
// DefineAuthChallenge sees it and decides. The session is used up before the function looks at the answer, so that
// answers that are sent at once are one guess all the same.
func (e *Engine) proveCustom(ctx context.Context, r *Request) (*signIn, error) {
	st, err := e.answered(ctx, r, "ANSWER")
	if err != nil {
		return nil, err
	}
	s := e.resumed(r, nil, st)
	if err := e.load(ctx, s); err != nil {
		return nil, err
	}
	if s.account, err = e.findAccount(ctx, r, st.Sub); err != nil {
		return nil, err
	}
	if !e.answersFor(s, r.Params["USERNAME"]) {
		obs.Cause(ctx, "answer names another user")
		return nil, challenge.Unusable()
	}
	if s.moved() {
		obs.Cause(ctx, "%v", directory.ErrMoved)
		return nil, challenge.Unusable()
	}
	if err := e.recall(ctx, s); err != nil {
		return nil, err
	}
	try, err := e.tryAnswer(ctx, s)
	if err != nil {
		return nil, err
	}
	s.custom.dropped()
	right, err := e.Triggers.VerifyAuthChallengeResponse(ctx, s.subject(r.Metadata), s.custom.Private, r.Params["ANSWER"])
	if err == nil && right {
		err = e.DB.Update(ctx, func(tx *db.Tx) error { return wrongAnswers.Undo(tx, st.Pool, st.Sub, try) })
	}
	if err != nil {
		return nil, err
	}
	if !right {
		guard.Wrong(ctx)
	}
	s.custom.tell(trigger.Step{Name: string(cognitoidp.ChallengeNameTypeCustomChallenge), Result: right, Metadata: s.custom.Meta})
	s.proof.Claim = ClaimCustom
	if len(s.custom.History) > maxSteps {
		obs.Cause(ctx, "more than %d steps in one custom sign-in", maxSteps)
		s.proof.Refusal = password.Wrong()
	}
	return s, nil
}

// tryAnswer uses the session of an answer up and counts the answer as a wrong one, before the function looks at it. It
// returns which in a row it is. While too many were wrong the answer is refused like one that the functions refuse, and
// its session stays.
func (e *Engine) tryAnswer(ctx context.Context, s *signIn) (try int64, err error) {
	st := s.answered
	err = e.redeem(ctx, s, e.Sessions.Spend, func(tx *db.Tx) error {
		if err := deleteCustom(tx, st.Pool, st.ID); err != nil {
			return err
		}
		try, err = wrongAnswers.Count(tx, st.Pool, st.Sub, e.now())
		if err == nil && try == 0 {
			err = errTooManyWrong
		}
		return err
	})
	if errors.Is(err, errTooManyWrong) {
		obs.Cause(ctx, "%v", err)
		err = password.Wrong()
	}
	return try, err
}

// errTooManyWrong rolls a refused answer back.
var errTooManyWrong = errors.New("signin: too many wrong answers to custom challenges")
