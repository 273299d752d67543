package login

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// advance goes to the page of a challenge that the engine poses.
func (h *handler) advance(ctx context.Context, v *visit, f *flow, a *signin.Answer) site.Reply {
	f.Challenge, f.Session, f.Username, f.Asks = string(a.Challenge), a.Session, f.Name, a.AsksToRemember
	if name := a.Params["USER_ID_FOR_SRP"]; name != "" {
		f.Username = name
	}
	switch a.Challenge {
	case cognitoidp.ChallengeNameTypeSelectChallenge:
		return h.offer(ctx, v, f, a.Offered)
	case cognitoidp.ChallengeNameTypeWebAuthn:
		return h.askPasskey(ctx, v, f, a.Params["CREDENTIAL_REQUEST_OPTIONS"])
	case cognitoidp.ChallengeNameTypeSelectMfaType:
		f.Step, f.Offered = stepFactor, listed(a.Params["MFAS_CAN_CHOOSE"])
	case cognitoidp.ChallengeNameTypeMfaSetup:
		f.Step, f.Offered = stepSetUp, listed(a.Params["MFAS_CAN_SETUP"])
		if len(f.Offered) == 1 {
			return h.setUp(ctx, v, f, f.Offered[0])
		}
	case cognitoidp.ChallengeNameTypeNewPasswordRequired:
		f.Step, f.Required = stepReplace, listed(a.Params["requiredAttributes"])
		for i, name := range f.Required {
			f.Required[i] = strings.TrimPrefix(name, "userAttributes.")
		}
	case cognitoidp.ChallengeNameTypeSmsMfa, cognitoidp.ChallengeNameTypeSoftwareTokenMfa,
		cognitoidp.ChallengeNameTypeEmailOtp, cognitoidp.ChallengeNameTypeSmsOtp:
		f.Step, f.Sent = stepCode, h.Clock.Now().Unix()
		f.Medium, f.Destination = a.Params["CODE_DELIVERY_DELIVERY_MEDIUM"], a.Params["CODE_DELIVERY_DESTINATION"]
	default:
		return h.fault(ctx, v.r, errors.New("login: no page for the challenge "+string(a.Challenge)))
	}
	return v.redirect(ctx, f.Step.page(), f)
}

// askPasskey shows the ceremony of a passkey at once: its options name all passkeys of the user, which no cookie has room for.
func (h *handler) askPasskey(ctx context.Context, v *visit, f *flow, options string) site.Reply {
	f.Step = stepPasskey
	set, err := h.save(ctx, v, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	v.cookies = append(v.cookies, set...)
	return h.drawPasskey(ctx, v, f, options)
}

// offer goes on with the factors that may be chosen: at once where there is one.
func (h *handler) offer(ctx context.Context, v *visit, f *flow, offered []cognitoidp.ChallengeNameType) site.Reply {
	f.Offered, f.Step = nil, stepChoose
	for _, c := range offered {
		if c == cognitoidp.ChallengeNameTypePasswordSrp {
			c = cognitoidp.ChallengeNameTypePassword
		}
		if !slices.Contains(f.Offered, string(c)) {
			f.Offered = append(f.Offered, string(c))
		}
	}
	if len(f.Offered) == 1 {
		return h.takeChoice(ctx, v, f, cognitoidp.ChallengeNameType(f.Offered[0]))
	}
	return v.redirect(ctx, pool.EndpointLogin, f)
}

// listed reads a list that a challenge parameter holds as JSON.
func listed(text string) []string {
	var out []string
	_ = json.Unmarshal([]byte(text), &out) // of the engine; empty where it tells none
	return out
}

// stopped shows what the engine refused: the page that it was at again, or the one that follows from the refusal.
func (h *handler) stopped(ctx context.Context, v *visit, f *flow, err error) site.Reply {
	var unconfirmed *cognitoidp.UserNotConfirmedException
	var reset *cognitoidp.PasswordResetRequiredException
	p := judge(ctx, err, "code")
	switch {
	case p == nil:
		return h.fault(ctx, v.r, err)
	case errors.As(err, &unconfirmed):
		return h.unconfirmed(ctx, v, f)
	case errors.As(err, &reset):
		f.Step, f.Notice = stepName, &notice{Kind: screen.AlertInfo, Key: "refused.reset"}
		return v.redirect(ctx, pool.EndpointForgot, f)
	case p.text.Key == keySpent:
		return h.restart(ctx, v, f, keySpent)
	case p.over:
		return h.startAgain(ctx, v, f)
	}
	if f.Step == stepAddress && addressKinds[p.text.Key] != "" {
		p.field = "address"
	}
	switch f.Step {
	case stepCode, stepTOTP, stepAddress:
		return h.drawMFA(ctx, v, f, p)
	case stepFactor, stepSetUp:
		return h.drawOption(ctx, v, f, p)
	case stepReplace:
		return h.drawReplace(ctx, v, f, p, nil)
	case stepPasskey: // one session is one try
		f.Notice = &notice{Kind: screen.AlertError, Key: "passkey.failed"}
		return h.elsewhere(ctx, v, f)
	}
	if f.Name == "" { // a passkey that nobody's name was typed for
		p.text = screen.Say("passkey.failed")
	} else if f.Step == stepName && !v.classic && !v.chooses() {
		f.Step = stepPassword
	}
	return h.drawLogin(ctx, v, f, p)
}

// startAgain begins a sign-in anew after its session has ended, with the identifier that was typed.
func (h *handler) startAgain(ctx context.Context, v *visit, f *flow) site.Reply {
	if reply, done := h.already(ctx, v, f); done {
		return reply
	}
	if f.Name == "" {
		return h.restart(ctx, v, f, "timeout.again")
	}
	return h.restart(ctx, v, f, "timeout.kept")
}

// already answers a form that was sent twice: the flow has ended, because the first one signed somebody in.
func (h *handler) already(ctx context.Context, v *visit, f *flow) (site.Reply, bool) {
	if f.ID != "" || !v.timedOut {
		return site.Reply{}, false
	}
	holders, err := h.holders(ctx, v)
	if err != nil || len(holders) == 0 || !h.Requests.Answers(v.q, holders[0]) {
		return site.Reply{}, false
	}
	return v.with(site.Redirect(v.at(pool.EndpointAuthorize, nil))), true
}

// restart is the first page with the identifier, and with why somebody is there again.
func (h *handler) restart(ctx context.Context, v *visit, f *flow, why string) site.Reply {
	next := f.anew()
	next.Notice = &notice{Kind: screen.AlertInfo, Key: why}
	return v.redirect(ctx, pool.EndpointLogin, next)
}

// elsewhere offers the other factors of the identifier, or asks for it again.
func (h *handler) elsewhere(ctx context.Context, v *visit, f *flow) site.Reply {
	f.Session, f.Challenge, f.Begun = "", "", false
	if f.Step = stepName; len(f.Offered) > 1 {
		f.Step = stepChoose
	}
	return v.redirect(ctx, pool.EndpointLogin, f)
}

// told is the alert that the flow has for this page, once.
func (f *flow) told(p *problem) *screen.Alert {
	if a := p.alert(); a != nil || f.Notice == nil || p != nil {
		return a
	}
	return &screen.Alert{Kind: f.Notice.Kind, Text: screen.Text{Key: f.Notice.Key, Args: f.Notice.Args}}
}
