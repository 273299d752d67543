package login

import (
	"context"
	"net/url"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/account"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// showConfirm asks for the code of a sign-up.
func (h *handler) showConfirm(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.Step != stepConfirm {
		return v.with(site.Redirect(v.at(pool.EndpointLogin, f)))
	}
	return h.drawConfirm(ctx, v, f, nil)
}

func (h *handler) drawConfirm(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointConfirm, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID, form.Submit = "confirm", screen.Button{Name: "confirm", Text: screen.Say("confirm.submit")}
	form.Fields = []screen.Field{h.codeField(f, p)}
	again, err := v.form(ctx, pool.EndpointResend, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	again.ID, again.Quiet, again.Submit = "resend", true, screen.Button{Name: "resend", Value: "1", Text: screen.Say("code.resend"), Wait: h.wait(f)}
	s := &screen.Screen{
		Kind: screen.Confirm, Icon: "email", Title: screen.Say("confirm.title"), Identifier: f.Name, ChangeURL: v.at(pool.EndpointSignUp, nil),
		Lead: screen.Say("code.lead_sent_plain"), Alert: f.told(p), Forms: []screen.Form{form, again},
	}
	if f.Destination != "" {
		s.Lead = screen.Say("code.lead_sent", "digits", "6", "destination", f.Destination)
	}
	if f.Medium == "SMS" {
		s.Icon = "sms"
	}
	if v.linked(f) { // who has opened it goes on here
		s.Lead, again.Submit.Text = screen.Say("confirm.link_lead", "destination", f.Destination), screen.Say("done.link_again")
		s.Forms, s.Links = []screen.Form{again}, []screen.Link{{ID: "sign-in", Text: screen.Say("page.continue"), URL: v.back(f.Name)}}
	}
	return v.show(ctx, p.code(), s)
}

// back is the page that a sign-in begins with, filled in.
func (v *visit) back(name string) string {
	to := *v
	to.query = without(v.query, "login_hint") + "&login_hint=" + url.QueryEscape(name)
	return to.at(pool.EndpointLogin, nil)
}

// linkNotices are what is told of a link in place of a code.
var linkNotices = map[string]string{"confirm.waiting": "confirm.link_waiting", "code.sent_plain": "confirm.link_sent"}

// linked reports whether the sign-up is confirmed by a link in place of a code.
func (v *visit) linked(f *flow) bool {
	return message.LinkFor(v.q.Pool.Config, message.SignUp, message.Email) && f.Medium == string(cognitoidp.DeliveryMediumTypeEmail)
}

// takeConfirm redeems the code of a sign-up, and signs in by it where the pool lets a code be the first factor.
func (h *handler) takeConfirm(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	if name := strings.TrimSpace(form.Get("username")); named(name) && f.Name == "" { // as the classic page sends it
		f.Name, f.Step = name, stepConfirm
	}
	code := plainCode(form.Get("code"))
	switch {
	case f.Name == "":
		return h.startAgain(ctx, v, f)
	case code == "":
		return h.drawConfirm(ctx, v, f, missing("code", "missing.code"))
	}
	session := ""
	err := h.gated(ctx, "ConfirmSignUp", func(ctx context.Context) (err error) {
		in := &cognitoidp.ConfirmSignUpRequest{ClientId: v.q.Client.ID, Username: f.Name, ConfirmationCode: code}
		if err := fits(cognitoidp.DecodeConfirmSignUpRequest, in); err != nil {
			return err
		}
		session, err = h.Accounts.ConfirmSignUp(ctx, v.caller(f.Name), account.ConfirmInput{Code: code, Session: f.Session})
		return err
	})
	if err != nil {
		if p := judge(ctx, err, "code"); p != nil {
			return h.drawConfirm(ctx, v, f, p)
		}
		return h.fault(ctx, v.r, err)
	}
	next := f.anew()
	next.Notice = &notice{Kind: screen.AlertSuccess, Key: "confirm.done"}
	if session != "" && v.chooses() && len(v.q.ACR) == 0 {
		return h.hop(ctx, v, next, "InitiateAuth", func(ctx context.Context, r *signin.Request) (*signin.Answer, error) {
			r.Flow, r.Session, r.Params = cognitoidp.AuthFlowTypeUserAuth, session, map[string]string{"USERNAME": next.Name}
			return h.Engine.Start(ctx, r)
		})
	}
	return v.redirect(ctx, pool.EndpointLogin, next)
}

// unconfirmed goes to the page of the confirmation code, and has one sent.
func (h *handler) unconfirmed(ctx context.Context, v *visit, f *flow) site.Reply {
	f.Step, f.Session, f.Notice = stepConfirm, "", &notice{Kind: screen.AlertInfo, Key: "confirm.waiting"}
	return h.sendConfirmation(ctx, v, f)
}

// takeResend has another confirmation code sent.
func (h *handler) takeResend(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.Step != stepConfirm || f.Name == "" {
		return h.startAgain(ctx, v, f)
	}
	if h.wait(f) > 0 {
		return v.with(site.Redirect(v.at(pool.EndpointConfirm, f)))
	}
	f.Notice = &notice{Kind: screen.AlertSuccess, Key: "code.sent_plain"}
	return h.sendConfirmation(ctx, v, f)
}

func (h *handler) sendConfirmation(ctx context.Context, v *visit, f *flow) site.Reply {
	err := h.gated(ctx, "ResendConfirmationCode", func(ctx context.Context) error {
		delivery, err := h.Accounts.ResendConfirmationCode(ctx, v.caller(f.Name))
		if err == nil {
			f.delivered(delivery, h.Clock.Now().Unix())
		}
		return err
	})
	if err != nil {
		p := judge(ctx, err, "")
		if p == nil {
			return h.fault(ctx, v.r, err)
		}
		return h.drawConfirm(ctx, v, f, p)
	}
	if v.linked(f) {
		f.Notice.Key = linkNotices[f.Notice.Key]
	}
	return v.redirect(ctx, pool.EndpointConfirm, f)
}
