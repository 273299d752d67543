package login

import (
	"context"
	"net/url"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/account"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// showForgot asks whose password is forgotten.
func (h *handler) showForgot(ctx context.Context, v *visit, f *flow) site.Reply {
	return h.drawForgot(ctx, v, f, nil)
}

func (h *handler) drawForgot(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointForgot, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	label, kind := v.identifier()
	form.ID, form.Submit = "forgot", screen.Button{Name: "reset_my_password", Text: screen.Say("forgot.submit")}
	form.Fields = []screen.Field{{
		Name: "username", Type: kind, Label: label, Value: f.Name, Autocomplete: "username", Required: true, Focus: true, Error: p.at("username"),
	}}
	return v.show(ctx, p.code(), &screen.Screen{
		Kind: screen.Forgot, Icon: "password", Title: screen.Say("forgot.title"), Lead: screen.Say("forgot.lead"), Alert: f.told(p), Forms: []screen.Form{form},
		Links: []screen.Link{{ID: "back", Text: screen.Say("page.back"), URL: v.at(pool.EndpointLogin, nil)}},
	})
}

// takeForgot has the code of a recovery sent. Whether there is such an account is not told.
func (h *handler) takeForgot(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	f.Name = strings.TrimSpace(form.Get("username"))
	if f.Name == "" {
		return h.drawForgot(ctx, v, f, missing("username", v.noIdentifier()))
	}
	if !named(f.Name) {
		f.Name = ""
		return h.drawForgot(ctx, v, f, missing("username", "wrong.value"))
	}
	f.Notice = nil
	return h.sendRecovery(ctx, v, f)
}

func (h *handler) sendRecovery(ctx context.Context, v *visit, f *flow) site.Reply {
	next := f.anew()
	next.Step, next.Notice = stepReset, f.Notice
	err := h.gated(ctx, "ForgotPassword", func(ctx context.Context) error {
		if err := fits(cognitoidp.DecodeForgotPasswordRequest, &cognitoidp.ForgotPasswordRequest{ClientId: v.q.Client.ID, Username: f.Name}); err != nil {
			return err
		}
		delivery, err := h.Accounts.ForgotPassword(ctx, v.caller(f.Name))
		if err == nil {
			next.delivered(delivery, h.Clock.Now().Unix())
		}
		return err
	})
	if err != nil {
		if p := judge(ctx, err, ""); p != nil {
			return h.drawForgot(ctx, v, f, p)
		}
		return h.fault(ctx, v.r, err)
	}
	return v.redirect(ctx, pool.EndpointConfirmForgot, next)
}

// showReset asks for the code of a recovery and the new password.
func (h *handler) showReset(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.Step != stepReset {
		return v.with(site.Redirect(v.at(pool.EndpointForgot, f)))
	}
	return h.drawReset(ctx, v, f, nil, nil)
}

func (h *handler) drawReset(ctx context.Context, v *visit, f *flow, p *problem, typed url.Values) site.Reply {
	form, err := v.form(ctx, pool.EndpointConfirmForgot, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID, form.Submit = "reset", screen.Button{Name: "reset_password", Text: screen.Say("reset.submit")}
	code := h.codeField(f, p)
	code.Value = typed.Get("code")
	form.Fields = []screen.Field{code, {
		Name: "password", Type: "password", Label: screen.Say("label.new_password"), Autocomplete: "new-password", Required: true, Error: p.at("password"),
	}}
	again, err := v.form(ctx, pool.EndpointConfirmForgot, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	again.ID, again.Quiet, again.Submit = "resend", true, screen.Button{Name: "resend", Value: "1", Text: screen.Say("code.resend"), Wait: h.wait(f)}
	lead := screen.Say("forgot.sent")
	if f.Destination != "" {
		lead = screen.Say("forgot.sent_to", "destination", f.Destination)
	}
	return v.show(ctx, p.code(), &screen.Screen{
		Kind: screen.Reset, Icon: "password", Title: screen.Say("reset.title"), Lead: lead, Identifier: f.Name, ChangeURL: v.at(pool.EndpointForgot, nil),
		Alert: f.told(p), Forms: []screen.Form{form, again}, Rules: v.rules(),
	})
}

// takeReset redeems the code and sets the password.
func (h *handler) takeReset(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	code, password := plainCode(form.Get("code")), form.Get("password")
	switch {
	case f.Step != stepReset || f.Name == "":
		return h.startAgain(ctx, v, f)
	case form.Has("resend"):
		if h.wait(f) > 0 {
			return v.with(site.Redirect(v.at(pool.EndpointConfirmForgot, f)))
		}
		f.Notice = &notice{Kind: screen.AlertSuccess, Key: "code.sent_plain"}
		return h.sendRecovery(ctx, v, f)
	}
	if p := (*problem)(nil).empty(form, "code", "missing.code").empty(form, "password", "missing.new_password"); p != nil {
		return h.drawReset(ctx, v, f, p, form)
	}
	err := h.gated(ctx, "ConfirmForgotPassword", func(ctx context.Context) error {
		if err := fits(cognitoidp.DecodeConfirmForgotPasswordRequest, &cognitoidp.ConfirmForgotPasswordRequest{
			ClientId: v.q.Client.ID, Username: f.Name, ConfirmationCode: code, Password: password,
		}); err != nil {
			return err
		}
		return h.Accounts.ConfirmForgotPassword(ctx, v.caller(f.Name), account.RecoverInput{Code: code, Password: password})
	})
	if err != nil {
		p := judge(ctx, err, "code")
		if p == nil {
			return h.fault(ctx, v.r, err)
		}
		return h.drawReset(ctx, v, f, p, form)
	}
	next := f.anew()
	next.Notice = &notice{Kind: screen.AlertSuccess, Key: "reset.done"}
	return v.redirect(ctx, pool.EndpointLogin, next)
}

// showReplace asks for a password in the place of a temporary one.
func (h *handler) showReplace(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.Step != stepReplace {
		return v.with(site.Redirect(v.at(f.Step.page(), f)))
	}
	return h.drawReplace(ctx, v, f, nil, nil)
}

func (h *handler) drawReplace(ctx context.Context, v *visit, f *flow, p *problem, typed url.Values) site.Reply {
	form, err := v.form(ctx, pool.EndpointNewPassword, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID, form.Submit = "new-password", screen.Button{Text: screen.Say("newpassword.submit")}
	form.Fields = append([]screen.Field{{
		Name: "password", Type: "password", Label: screen.Say("label.new_password"), Autocomplete: "new-password", Required: true, Focus: true, Error: p.at("password"),
	}}, v.attributeFields(f.Required, p, typed)...)
	return v.show(ctx, p.code(), &screen.Screen{
		Kind: screen.NewPassword, Icon: "password", Title: screen.Say("newpassword.title"), Lead: screen.Say("newpassword.lead"), Identifier: f.Name,
		Alert: f.told(p), Forms: []screen.Form{form}, Rules: v.rules(),
	})
}

// takeReplace sets the new password and the attributes that were missing.
func (h *handler) takeReplace(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	if f.Step != stepReplace {
		return h.startAgain(ctx, v, f)
	}
	p := (*problem)(nil).empty(form, "password", "missing.new_password")
	params := map[string]string{"NEW_PASSWORD": form.Get("password")}
	given := attributes(form)
	for _, name := range f.Required {
		p = p.empty(form, requiredPrefix+name+"]", "missing.value")
		params["userAttributes."+name] = given[name]
	}
	if p != nil {
		return h.drawReplace(ctx, v, f, p, form)
	}
	return h.respond(ctx, v, f, params)
}
