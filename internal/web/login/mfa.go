package login

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// resendWait is how many seconds a page waits before it offers another code.
const resendWait = 30

// showMFA is the page of a code: sent, of an authenticator app, or of one that is being set up.
func (h *handler) showMFA(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.Step.page() != pool.EndpointMFA {
		return v.with(site.Redirect(v.at(f.Step.page(), f)))
	}
	return h.drawMFA(ctx, v, f, nil)
}

func (h *handler) drawMFA(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	switch f.Step {
	case stepTOTP:
		return h.drawTOTP(ctx, v, f, p)
	case stepAddress:
		return h.drawAddress(ctx, v, f, p)
	}
	return h.drawCode(ctx, v, f, p)
}

// codeTitles are the titles of a code's page, by what the code is.
var codeTitles = map[string][2]string{"EMAIL": {"code.title_email", "email"}, "SMS": {"code.title_sms", "sms"}, "": {"code.title_totp", "totp"}}

func (h *handler) drawCode(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointMFA, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	title := codeTitles[f.Medium]
	form.ID, form.Submit = "code", screen.Button{Text: screen.Say("code.submit")}
	form.Fields = []screen.Field{h.codeField(f, p)}
	v.remember(f, &form)
	s := &screen.Screen{
		Kind: screen.Code, Icon: title[1], Title: screen.Say(title[0]), Lead: screen.Say("code.lead_totp"), Identifier: f.Name,
		ChangeURL: v.at(pool.EndpointLogin, nil), Alert: f.told(p), Forms: []screen.Form{form},
	}
	if f.Medium != "" {
		s.Lead = screen.Say("code.lead_sent", "digits", digits(f), "destination", f.Destination)
		again, err := v.form(ctx, pool.EndpointMFA, f)
		if err != nil {
			return h.fault(ctx, v.r, err)
		}
		again.ID, again.Quiet = "resend", true
		again.Submit = screen.Button{Name: "resend", Value: "1", Text: screen.Say("code.resend"), Wait: h.wait(f)}
		s.Forms = append(s.Forms, again)
	}
	if err := h.other(ctx, v, f, s, f.Challenge); err != nil {
		return h.fault(ctx, v.r, err)
	}
	return v.show(ctx, p.code(), s)
}

// digits is how many digits the code of the flow has: one that is mailed as the first factor has eight, as on AWS.
func digits(f *flow) string {
	if f.Challenge == string(cognitoidp.ChallengeNameTypeEmailOtp) && !f.Begun {
		return "8"
	}
	return "6"
}

// codeField is the field of a code.
func (h *handler) codeField(f *flow, p *problem) screen.Field {
	n, _ := strconv.Atoi(digits(f))
	return screen.Field{
		Name: "code", Type: "code", Label: screen.Say("label.code"), Autocomplete: "one-time-code", Required: true, Focus: true, MaxLength: n, Error: p.at("code"),
	}
}

// wait is how many seconds are left before another code is offered.
func (h *handler) wait(f *flow) int { return max(0, resendWait-int(h.Clock.Now().Unix()-f.Sent)) }

// plainCode is a code as it was pasted, without what people and programs put between its digits.
func plainCode(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\u00a0\u200b-", r) {
			return -1
		}
		return r
	}, text)
}

// takeMFA takes the forms of those pages.
func (h *handler) takeMFA(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	if f.Step.page() != pool.EndpointMFA {
		return h.startAgain(ctx, v, f)
	}
	switch {
	case f.Step == stepAddress:
		return h.takeAddress(ctx, v, f, form)
	case form.Has("resend"):
		return h.resend(ctx, v, f)
	}
	f.Remember = f.Asks && form.Has(rememberField)
	code := plainCode(form.Get("code"))
	if code == "" {
		return h.drawMFA(ctx, v, f, missing("code", "missing.code"))
	}
	if f.Step == stepTOTP {
		return h.takeTOTP(ctx, v, f, code)
	}
	return h.respond(ctx, v, f, map[string]string{f.Challenge + "_CODE": code})
}

// resend has another code sent.
func (h *handler) resend(ctx context.Context, v *visit, f *flow) site.Reply {
	if h.wait(f) > 0 || f.Medium == "" {
		return v.with(site.Redirect(v.at(pool.EndpointMFA, f)))
	}
	f.Notice = &notice{Kind: screen.AlertSuccess, Key: "code.sent", Args: map[string]string{"destination": f.Destination}}
	return h.hop(ctx, v, f, "InitiateAuth", func(ctx context.Context, r *signin.Request) (*signin.Answer, error) {
		r.Challenge, r.Session, r.Params = cognitoidp.ChallengeNameType(f.Challenge), f.Session, map[string]string{"USERNAME": f.Username}
		return h.Engine.Again(ctx, r)
	})
}

// showOption asks which second factor to use or to set up.
func (h *handler) showOption(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.Step.page() != pool.EndpointMFAOption {
		return v.with(site.Redirect(v.at(f.Step.page(), f)))
	}
	return h.drawOption(ctx, v, f, nil)
}

func (h *handler) drawOption(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointMFAOption, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID = "mfa"
	all := rows(f.Offered, "")
	for i := range all {
		if all[i].Value == string(cognitoidp.ChallengeNameTypeEmailOtp) {
			all[i].Text, all[i].Hint = screen.Say("mfa.email"), screen.Say("mfa.email_hint")
		}
	}
	if len(all) > 0 {
		form.Submit, form.Other = all[0], all[1:]
	}
	s := &screen.Screen{
		Kind: screen.ChooseMFA, Title: screen.Say("mfa.title"), Lead: screen.Say("mfa.lead"), Identifier: f.Name,
		ChangeURL: v.at(pool.EndpointLogin, nil), Alert: f.told(p), Forms: []screen.Form{form},
	}
	if f.Step == stepSetUp {
		s.Kind, s.Title, s.Lead = screen.SetUpMFA, screen.Say("mfa.setup_title"), screen.Say("mfa.setup_lead", "app", v.app())
	}
	return v.show(ctx, p.code(), s)
}

func (h *handler) takeOption(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	chosen := form.Get("factor")
	switch {
	case f.Step.page() != pool.EndpointMFAOption:
		return h.startAgain(ctx, v, f)
	case !slices.Contains(f.Offered, chosen):
		return h.drawOption(ctx, v, f, &problem{status: 400, text: screen.Say("missing.choice")})
	case f.Step == stepSetUp:
		return h.setUp(ctx, v, f, chosen)
	}
	return h.respond(ctx, v, f, map[string]string{"ANSWER": chosen})
}

// setUp begins to set up a second factor.
func (h *handler) setUp(ctx context.Context, v *visit, f *flow, chosen string) site.Reply {
	switch chosen {
	case string(cognitoidp.ChallengeNameTypeSoftwareTokenMfa):
		out, err := h.Factors.AssociateSoftwareToken(ctx, &cognitoidp.AssociateSoftwareTokenRequest{Session: &f.Session})
		if err != nil {
			return h.stopped(ctx, v, f, err)
		}
		f.Step, f.Session, f.Seed = stepTOTP, value(out.Session), value(out.SecretCode)
	case string(cognitoidp.ChallengeNameTypeEmailOtp):
		f.Step, f.Medium = stepAddress, "EMAIL"
	case string(cognitoidp.ChallengeNameTypeSmsMfa):
		f.Step, f.Medium = stepAddress, "SMS"
	default:
		return h.drawOption(ctx, v, f, &problem{status: 400, text: screen.Say("refused.method")})
	}
	return v.redirect(ctx, pool.EndpointMFA, f)
}

func (h *handler) drawTOTP(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointMFA, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID, form.Submit = "code", screen.Button{Text: screen.Say("totp.submit")}
	form.Fields = []screen.Field{h.codeField(f, p)}
	v.remember(f, &form)
	label := v.app() + ":" + f.Name
	uri := "otpauth://totp/" + url.PathEscape(label) + "?" + url.Values{"secret": {f.Seed}, "issuer": {v.app()}}.Encode()
	return v.show(ctx, p.code(), &screen.Screen{
		Kind: screen.SetUpTOTP, Icon: "totp", Title: screen.Say("totp.title"), Lead: screen.Say("totp.lead"), Alert: f.told(p),
		Forms: []screen.Form{form}, TOTP: &screen.TOTP{URI: strings.ReplaceAll(uri, "+", "%20"), Key: f.Seed},
	})
}

// takeTOTP verifies the first code of an authenticator app, which is the second factor of the sign-in too.
func (h *handler) takeTOTP(ctx context.Context, v *visit, f *flow, code string) site.Reply {
	gated, leave := h.Guard.Enter(ctx, "VerifySoftwareToken")
	out, err := h.Factors.VerifySoftwareToken(gated, &cognitoidp.VerifySoftwareTokenRequest{Session: &f.Session, UserCode: code})
	if err = leave(err); err != nil {
		return h.stopped(ctx, v, f, err)
	}
	f.Session = value(out.Session)
	return h.respond(ctx, v, f, map[string]string{})
}

func (h *handler) drawAddress(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointMFA, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID, form.Submit = "address", screen.Button{Text: screen.Say("address.submit")}
	typed, _ := v.r.Posted()
	field := screen.Field{
		Name: "address", Type: "email", Label: screen.Say("label.email"), Value: typed.Get("address"), Autocomplete: "email", Required: true, Focus: true,
		Error: p.at("address"),
	}
	s := &screen.Screen{Kind: screen.SetUpAddress, Icon: "email", Title: screen.Say("address.title_email"), Lead: screen.Say("address.lead"), Alert: f.told(p)}
	if f.Medium == "SMS" {
		s.Icon, s.Title = "sms", screen.Say("address.title_sms")
		field.Type, field.Autocomplete, field.Label, field.Hint = "tel", "tel", screen.Say("label.phone"), screen.Say("hint.phone")
	}
	form.Fields = []screen.Field{field}
	s.Forms = []screen.Form{form}
	return v.show(ctx, p.code(), s)
}

func (h *handler) takeAddress(ctx context.Context, v *visit, f *flow, form url.Values) site.Reply {
	address := strings.TrimSpace(form.Get("address"))
	if address == "" {
		return h.drawAddress(ctx, v, f, missing("address", map[string]string{"EMAIL": "missing.email", "SMS": "missing.phone"}[f.Medium]))
	}
	key := "EMAIL"
	if f.Medium == "SMS" {
		key = signin.Phone
	}
	return h.respond(ctx, v, f, map[string]string{key: address})
}
