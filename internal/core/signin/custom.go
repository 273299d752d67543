package signin

import (
	"context"
	"errors"
	"maps"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/trigger"
)

// maxSteps bounds the history of one sign-in, which every event carries: a
// function that never gives up must not let a caller make it grow without end.
const maxSteps = 100

// startCustom runs the first hop of CUSTOM_AUTH: DefineAuthChallenge decides,
// after SRP_A when the client begins with it.
func (e *Engine) startCustom(ctx context.Context, r *Request) (*Answer, error) {
	if err := r.require("USERNAME"); err != nil {
		return nil, err
	}
	name := r.Params["USERNAME"]
	if err := r.checkSecret(name); err != nil {
		return nil, err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	a.amr = nil
	if !e.Triggers.Custom(a.subject(nil)) {
		return nil, errCustomAuthOff()
	}
	if err := e.begin(ctx, a); err != nil {
		return nil, err
	}
	if refusal := a.barred(ctx); refusal != nil {
		return nil, refusal
	}
	st := &customState{Typed: name}
	if r.Params["CHALLENGE_NAME"] == "SRP_A" || r.Params["ChallengeName"] == "SRP_A" {
		if err := r.require("SRP_A"); err != nil {
			return nil, err
		}
		st.History = []trigger.Step{{Name: "SRP_A", Result: true}}
	}
	return e.define(ctx, a, st, nil)
}

// barred refuses users who may not use any flow, as far as the client may know.
func (a *attempt) barred(ctx context.Context) error {
	hide := a.Client.HidesUsers()
	switch {
	case a.user == nil && !hide:
		obs.Cause(ctx, "unknown user")
		return errUnknownUser()
	case a.user == nil:
		obs.Cause(ctx, "unknown user, hidden: the functions play along, and no tokens come of it")
		return nil
	case !a.user.Enabled && !hide:
		obs.Cause(ctx, "disabled user")
		return errDisabled()
	case a.user.Status == cognitoidp.UserStatusTypeUnconfirmed && !hide:
		return errUnconfirmed()
	}
	return nil
}

// define asks DefineAuthChallenge what comes next and does it.
func (e *Engine) define(ctx context.Context, a *attempt, c *customState, answered *challenge.State) (*Answer, error) {
	s := a.subject(a.answerMetadata())
	d, err := e.Triggers.DefineAuthChallenge(ctx, s, c.History)
	if err != nil {
		return nil, e.refuse(ctx, a, err, false, answered)
	}
	switch {
	case d.Fail != nil && *d.Fail:
		obs.Cause(ctx, "DefineAuthChallenge failed the sign-in")
		return nil, e.refuse(ctx, a, errWrongPassword(), false, answered)
	case d.Issue != nil && *d.Issue:
		return e.issueCustom(ctx, a, c, answered)
	case d.Challenge != nil && *d.Challenge == string(cognitoidp.ChallengeNameTypeCustomChallenge):
		return e.askCustom(ctx, a, s, c, answered)
	case d.Challenge != nil && *d.Challenge == string(cognitoidp.ChallengeNameTypePasswordVerifier) && onlySRPA(c.History):
		return e.customSRP(ctx, a, c)
	}
	obs.Cause(ctx, "DefineAuthChallenge answered nothing usable")
	return nil, e.refuse(ctx, a, errLambdaOutput(), false, answered)
}

// answerMetadata is the ClientMetadata that the challenge triggers may see:
// that of answers, not that of InitiateAuth.
func (a *attempt) answerMetadata() map[string]string {
	if a.Challenge != "" {
		return a.Metadata
	}
	return nil
}

func onlySRPA(history []trigger.Step) bool {
	return len(history) == 1 && history[0].Name == "SRP_A"
}

// issueCustom ends a custom sign-in. Functions may have been led along for
// somebody who does not exist or may not sign in; they get no tokens.
func (e *Engine) issueCustom(ctx context.Context, a *attempt, c *customState, answered *challenge.State) (*Answer, error) {
	a.amr, a.custom = c.AMR, len(c.AMR) == 0
	if a.user != nil && c.Device != "" {
		var unknown *cognitoidp.ResourceNotFoundException // forgotten since
		if err := e.recognise(ctx, a, c.Device); err != nil && !errors.As(err, &unknown) {
			return nil, err
		}
		a.deviceProven = a.device != nil
	}
	switch {
	case a.user == nil || !a.user.Enabled:
		obs.Cause(ctx, "unknown or disabled user, hidden")
		return nil, e.refuse(ctx, a, errWrongPassword(), false, answered)
	case a.user.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return nil, e.refuse(ctx, a, errUnconfirmed(), false, answered)
	case a.user.Status == cognitoidp.UserStatusTypeResetRequired:
		return nil, e.refuse(ctx, a, errResetRequired(), false, answered)
	case len(c.AMR) > 0 && a.user.Status == cognitoidp.UserStatusTypeForceChangePassword:
		return e.askNewPassword(ctx, a, answered) // a temporary password was proven on the way
	}
	return e.finish(ctx, a, answered, nil)
}

// askCustom makes a custom challenge and remembers its private half.
func (e *Engine) askCustom(ctx context.Context, a *attempt, s *trigger.Subject, c *customState, answered *challenge.State) (*Answer, error) {
	if !e.Triggers.Challenges(s) {
		return nil, e.refuse(ctx, a, errCustomAuthOff(), false, answered)
	}
	made, err := e.Triggers.CreateAuthChallenge(ctx, s, string(cognitoidp.ChallengeNameTypeCustomChallenge), c.History)
	if err != nil {
		return nil, e.refuse(ctx, a, err, false, answered)
	}
	next := *c
	next.Private, next.Meta = made.Private, made.Metadata
	session, err := e.keepCustom(ctx, a, &next, cognitoidp.ChallengeNameTypeCustomChallenge, answered)
	if err != nil {
		return nil, err
	}
	params := map[string]string{}
	maps.Copy(params, made.Public)
	params["USERNAME"] = a.shownName()
	return &Answer{Challenge: cognitoidp.ChallengeNameTypeCustomChallenge, Params: params, Session: session}, nil
}

// shownName is the user name in challenge parameters. A name that is nobody's is
// shown as that of a user would be: where people sign in by another name than
// the stored one, the answer must not tell that there is no stored one.
func (a *attempt) shownName() string {
	if a.user != nil {
		return a.user.Username
	}
	email, phone := directory.IsEmail(a.typed), directory.IsPhone(a.typed)
	if len(a.Pool.UsernameAttrs) > 0 || email && a.Pool.AliasAttrs.Has("email") || phone && a.Pool.AliasAttrs.Has("phone_number") {
		return a.account
	}
	return a.Pool.Normal(a.typed)
}

// respondCustom verifies the answer to a custom challenge. A wrong one does not
// end the sign-in: DefineAuthChallenge sees it and decides. The session is spent
// before the function looks at the answer, so that answers that are sent at once
// are one guess all the same.
func (e *Engine) respondCustom(ctx context.Context, r *Request) (*Answer, error) {
	st, err := e.answered(ctx, r, "USERNAME", "ANSWER")
	if err != nil {
		return nil, err
	}
	c, err := e.loadCustom(ctx, r.Pool.ID, st.ID)
	if err != nil {
		return nil, err
	}
	a, err := e.findAccount(ctx, r, st.Sub)
	if err != nil {
		return nil, err
	}
	a.typed, a.amr = c.Typed, c.AMR
	if !e.answersFor(a, c, r.Params["USERNAME"]) {
		obs.Cause(ctx, "answer names another user")
		return nil, errBadSession()
	}
	if err := e.recognise(ctx, a, r.Params["DEVICE_KEY"]); err != nil {
		return nil, err
	}
	if err := e.takeCustom(ctx, st); err != nil {
		return nil, err
	}
	right, err := e.Triggers.VerifyAuthChallengeResponse(ctx, a.subject(r.Metadata), c.Private, r.Params["ANSWER"])
	if err != nil {
		return nil, err
	}
	next := *c
	next.History = append(next.History[:len(next.History):len(next.History)],
		trigger.Step{Name: string(cognitoidp.ChallengeNameTypeCustomChallenge), Result: right, Metadata: c.Meta})
	next.Private, next.Meta = nil, nil
	if len(next.History) > maxSteps {
		obs.Cause(ctx, "more than %d steps in one custom sign-in", maxSteps)
		return nil, errWrongPassword()
	}
	return e.define(ctx, a, &next, nil)
}

// answersFor reports whether the USERNAME of an answer is the account's: the
// name that was typed first, or one of the user's own.
func (e *Engine) answersFor(a *attempt, c *customState, name string) bool {
	if a.Pool.Normal(name) == a.Pool.Normal(c.Typed) {
		return true
	}
	return a.user != nil && e.Directory.Names(a.Pool, a.user, name)
}
