package login

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/authorization"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// showLogin is the page that a sign-in begins with, and those of its first factor.
func (h *handler) showLogin(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.ID == "" && !v.q.Login { // of a flow that has ended, too: somebody went back after signing in
		holders, err := h.holders(ctx, v)
		if err != nil {
			return h.fault(ctx, v.r, err)
		}
		if slices.ContainsFunc(holders, func(holder authorization.Holder) bool { return h.Requests.Answers(v.q, holder) }) {
			return h.drawAccounts(ctx, v, holders)
		}
		if len(holders) > 0 && f.Name == "" && v.q.LoginHint == "" { // who is signed in has to prove more, or anew
			f.Name, v.lead = v.signsInAs(holders[0]), screen.Say("login.again", "app", v.app())
			if len(v.q.ACR) > 0 {
				v.lead = screen.Say("login.stronger", "app", v.app())
			}
		}
	}
	return h.drawLogin(ctx, v, f, nil)
}

// drawLogin draws the page that a sign-in is at.
func (h *handler) drawLogin(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	switch f.Step {
	case stepPassword:
		return h.drawPassword(ctx, v, f, p)
	case stepChoose:
		return h.drawChoose(ctx, v, f, p)
	case stepPasskey:
		return h.passkeyAgain(ctx, v, f)
	case stepName:
		return h.drawName(ctx, v, f, p)
	}
	return v.with(site.Redirect(v.at(f.Step.page(), f)))
}

// page is where the page of a step is.
func (s step) page() pool.Endpoint {
	switch s {
	case stepCode, stepTOTP, stepAddress:
		return pool.EndpointMFA
	case stepFactor, stepSetUp:
		return pool.EndpointMFAOption
	case stepReplace:
		return pool.EndpointNewPassword
	case stepConfirm:
		return pool.EndpointConfirm
	case stepReset:
		return pool.EndpointConfirmForgot
	}
	return pool.EndpointLogin
}

// takeLogin takes the forms of those pages.
func (h *handler) takeLogin(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	switch {
	case form.Has("account"):
		return h.takeAccount(ctx, v, form.Get("account"))
	case form.Has("credential"):
		return h.takePasskey(ctx, v, f, form)
	case form.Has("factor"):
		return h.takeChoice(ctx, v, f, cognitoidp.ChallengeNameType(form.Get("factor")))
	case form.Has("username"):
		return h.takeName(ctx, v, f, form)
	case form.Has("password"):
		return h.takePassword(ctx, v, f, form)
	}
	return h.drawLogin(ctx, v, f, nil)
}

// takeName takes the identifier, and the password where it came along, as from the classic page.
func (h *handler) takeName(ctx context.Context, v *visit, f *flow, form url.Values) site.Reply {
	f.Name = strings.TrimSpace(form.Get("username"))
	if f.Name == "" {
		return h.drawName(ctx, v, f, missing("username", v.noIdentifier()))
	}
	if !named(f.Name) {
		f.Name = ""
		return h.drawName(ctx, v, f, missing("username", "wrong.value"))
	}
	if form.Get("password") != "" {
		return h.takePassword(ctx, v, f, form)
	}
	if v.classic {
		return h.drawName(ctx, v, f, missing("password", "missing.password"))
	}
	if !v.chooses() {
		f.Step = stepPassword
		return v.redirect(ctx, pool.EndpointLogin, f)
	}
	return h.begin(ctx, v, f, map[string]string{"USERNAME": f.Name})
}

// chooses reports whether the first factor is chosen among those of the user: USER_AUTH.
func (v *visit) chooses() bool {
	return !v.classic && (len(v.q.ACR) > 0 || v.q.Client.Allows(cognitoidp.AuthFlowTypeUserAuth))
}

// takePassword verifies the password of the identifier.
func (h *handler) takePassword(ctx context.Context, v *visit, f *flow, form url.Values) site.Reply {
	if f.Name == "" {
		return h.startAgain(ctx, v, f)
	}
	password := form.Get("password")
	if password == "" {
		return h.drawLogin(ctx, v, f, missing("password", "missing.password"))
	}
	if f.Begun && f.Session != "" && f.Challenge == string(cognitoidp.ChallengeNameTypeSelectChallenge) { // on the way to a level
		return h.respond(ctx, v, f, map[string]string{"ANSWER": "PASSWORD", "PASSWORD": password})
	}
	params := map[string]string{"USERNAME": f.Name, "PASSWORD": password}
	if v.chooses() {
		params["PREFERRED_CHALLENGE"] = string(cognitoidp.ChallengeNameTypePassword)
	}
	return h.begin(ctx, v, f, params)
}

// takeChoice begins the factor that was chosen.
func (h *handler) takeChoice(ctx context.Context, v *visit, f *flow, chosen cognitoidp.ChallengeNameType) site.Reply {
	if !slices.Contains(f.Offered, string(chosen)) {
		return h.drawLogin(ctx, v, f, &problem{status: 400, text: screen.Say("missing.choice")})
	}
	if chosen == cognitoidp.ChallengeNameTypePassword {
		f.Step = stepPassword
		return v.redirect(ctx, pool.EndpointLogin, f)
	}
	if f.Session != "" && f.Challenge == string(cognitoidp.ChallengeNameTypeSelectChallenge) && f.Begun {
		return h.respond(ctx, v, f, map[string]string{"ANSWER": string(chosen)})
	}
	return h.begin(ctx, v, f, map[string]string{"USERNAME": f.Name, "PREFERRED_CHALLENGE": string(chosen)})
}

// takePasskey answers the ceremony of a passkey: that of the identifier, or of whoever holds one.
func (h *handler) takePasskey(ctx context.Context, v *visit, f *flow, form url.Values) site.Reply {
	credential := form.Get("credential")
	if f.Step == stepPasskey {
		return h.respond(ctx, v, f, map[string]string{"CREDENTIAL": credential})
	}
	return h.hop(ctx, v, f, "RespondToAuthChallenge", func(ctx context.Context, r *signin.Request) (*signin.Answer, error) {
		r.Session, r.Params = form.Get("session"), map[string]string{"CREDENTIAL": credential}
		return f.proven(h.Engine.SignInByPasskey(ctx, r))
	})
}

// begin runs the first hop of a sign-in.
func (h *handler) begin(ctx context.Context, v *visit, f *flow, params map[string]string) site.Reply {
	f.Session, f.Challenge, f.Begun = "", "", false
	return h.hop(ctx, v, f, "InitiateAuth", func(ctx context.Context, r *signin.Request) (*signin.Answer, error) {
		r.Flow, r.Params = cognitoidp.AuthFlowTypeUserPasswordAuth, params
		if v.chooses() {
			r.Flow = cognitoidp.AuthFlowTypeUserAuth
			if len(v.q.ACR) > 0 {
				params["TARGET_ACR_VALUES"] = strings.Join(v.q.ACR, " ")
			}
		}
		if params["PASSWORD"] != "" {
			return f.proven(h.Engine.Start(ctx, r))
		}
		return h.Engine.Start(ctx, r)
	})
}

// proven notes that a factor was, unless the proof of it was refused.
func (f *flow) proven(a *signin.Answer, err error) (*signin.Answer, error) {
	f.Begun = f.Begun || err == nil
	return a, err
}

// respond answers the challenge that the flow is at.
func (h *handler) respond(ctx context.Context, v *visit, f *flow, params map[string]string) site.Reply {
	return h.hop(ctx, v, f, "RespondToAuthChallenge", func(ctx context.Context, r *signin.Request) (*signin.Answer, error) {
		params["USERNAME"] = f.Username
		r.Challenge, r.Session, r.Params = cognitoidp.ChallengeNameType(f.Challenge), f.Session, params
		return f.proven(h.Engine.Respond(ctx, r))
	})
}

// hop runs one step of the engine under the budgets of the API's operation, and shows what it came to.
func (h *handler) hop(ctx context.Context, v *visit, f *flow, operation string, run func(context.Context, *signin.Request) (*signin.Answer, error)) site.Reply {
	have, err := h.sessions(ctx, v.r)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	holders, err := h.Requests.Holders(ctx, v.q.Pool.ID, have)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	held, err := h.held(ctx, v)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	ending := h.Requests.Ending(v.q, have)
	r := &signin.Request{Door: signin.Hosted(ending), Pool: v.q.Pool, Client: v.q.Client, Held: held, Remember: f.Remember}
	if len(v.q.ACR) > 0 && len(holders) > 0 {
		r.Credit = h.Requests.Credit(v.q, holders[0])
	}
	gated, leave := h.Guard.Enter(ctx, operation)
	answer, err := run(gated, r)
	if err = leave(err); err != nil {
		return h.stopped(ctx, v, f, err)
	}
	if answer.Challenge != "" {
		return h.advance(ctx, v, f, answer)
	}
	if answer.Device != nil {
		kept, err := h.hold(ctx, v, *answer.Device, held)
		if err != nil {
			return h.fault(ctx, v.r, err)
		}
		v.cookies = append(v.cookies, kept)
	}
	return h.finish(ctx, v, f, ending, have)
}

// finish ends the way through the pages: the browser keeps the session, and the client gets its answer.
func (h *handler) finish(ctx context.Context, v *visit, f *flow, ending *authorization.Ending, have []authorization.Session) site.Reply {
	kept, err := h.keep(ctx, v, ending.Session, have)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	v.cookies = append(v.cookies, kept)
	if f.Enrol { // what prompt asked for is done
		v.query = without(v.query, "prompt")
		return v.with(site.Redirect(v.at(pool.EndpointAddPasskey, nil)).WithCookie(h.drop(v, f)))
	}
	return v.with(h.answer(ctx, v.r, ending.Answer).WithCookie(h.drop(v, f)))
}
