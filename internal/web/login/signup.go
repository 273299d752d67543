package login

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/account"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// caller is the client of the pages, which asks for a name.
func (v *visit) caller(name string) directory.Caller {
	return directory.Caller{Pool: v.q.Pool, Client: v.q.Client, Name: name}
}

// gated runs an operation under the budgets that it has at the API.
func (h *handler) gated(ctx context.Context, operation string, run func(context.Context) error) error {
	gated, leave := h.Guard.Enter(ctx, operation)
	return leave(run(gated))
}

// showSignUp is the page that makes an account.
func (h *handler) showSignUp(ctx context.Context, v *visit, f *flow) site.Reply {
	return h.drawSignUp(ctx, v, f, nil, url.Values{})
}

func (h *handler) drawSignUp(ctx context.Context, v *visit, f *flow, p *problem, typed url.Values) site.Reply {
	if v.q.Pool.AdminCreateOnly() {
		return h.apart(ctx, v.r, 403, screen.Say("refused.signup_off"), "")
	}
	form, err := v.form(ctx, pool.EndpointSignUp, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	label, kind := v.identifier()
	named := v.q.Pool.Config.UsernameAttributes
	if len(named) == 0 {
		label, kind = screen.Say("label.username"), "text"
	}
	form.ID, form.Submit = "sign-up", screen.Button{Name: "signUpButton", Value: "Sign up", Text: screen.Say("signup.submit")}
	name := screen.Field{Name: "username", Type: kind, Label: label, Value: typed.Get("username"), Autocomplete: "username", Required: true, Focus: true, Error: p.at("username")}
	if name.Value == "" && v.q.LoginHint != "" {
		name.Value = v.q.LoginHint
	}
	form.Fields = append([]screen.Field{name}, v.attributeFields(v.askedAtSignUp(), p, typed)...)
	form.Fields = append(form.Fields, screen.Field{
		Name: "password", Type: "password", Label: screen.Say("label.password"), Autocomplete: "new-password", Required: !v.passwordless(), Error: p.at("password"),
	})
	s := &screen.Screen{
		Kind: screen.SignUp, Title: screen.Say("signup.title", "app", v.app()), Alert: f.told(p), Forms: []screen.Form{form}, Rules: v.rules(), Terms: v.terms(),
		Links: []screen.Link{{ID: "sign-in", Lead: screen.Say("signup.have"), Text: screen.Say("signup.login"), URL: v.at(pool.EndpointLogin, nil)}},
	}
	return v.show(ctx, p.code(), s)
}

// passwordless reports whether an account may be made without a password.
func (v *visit) passwordless() bool {
	return v.chooses() && (v.q.Pool.AllowsFirstFactor(cognitoidp.AuthFactorTypeEmailOtp) || v.q.Pool.AllowsFirstFactor(cognitoidp.AuthFactorTypeSmsOtp))
}

// takeSignUp makes the account.
func (h *handler) takeSignUp(ctx context.Context, v *visit, f *flow) site.Reply {
	form, _ := v.r.Posted()
	name := strings.TrimSpace(form.Get("username"))
	var p *problem
	p = p.empty(form, "username", v.noIdentifier())
	for _, field := range v.askedAtSignUp() {
		p = p.empty(form, requiredPrefix+field+"]", "missing.value")
	}
	if form.Get("password") == "" && !v.passwordless() {
		p = p.empty(form, "password", "missing.new_password")
	}
	if p != nil {
		return h.drawSignUp(ctx, v, f, p, form)
	}
	var made *account.SignedUp
	err := h.gated(ctx, "SignUp", func(ctx context.Context) (err error) {
		in := &cognitoidp.SignUpRequest{ClientId: v.q.Client.ID, Username: name}
		if pw := form.Get("password"); pw != "" {
			in.Password = &pw
		}
		given := attributes(form)
		for name, value := range given {
			in.UserAttributes = append(in.UserAttributes, cognitoidp.AttributeType{Name: name, Value: &value})
		}
		if err := fits(cognitoidp.DecodeSignUpRequest, in); err != nil {
			return err
		}
		made, err = h.Accounts.SignUp(ctx, v.caller(name), account.SignUpInput{Password: form.Get("password"), Attributes: given})
		return err
	})
	if err != nil {
		p := judge(ctx, err, "")
		var taken *cognitoidp.UsernameExistsException
		switch {
		case p == nil:
			return h.fault(ctx, v.r, err)
		case errors.As(err, &taken):
			p.field = "username"
		case addressKinds[p.text.Key] != "":
			p.field = v.fieldOf(addressKinds[p.text.Key])
		}
		return h.drawSignUp(ctx, v, f, p, form)
	}
	next := &flow{ID: f.ID, Query: mark(v.query), Name: name, Step: stepConfirm}
	if made.Confirmed {
		if pw := form.Get("password"); pw != "" && !v.chooses() { // signed in by what was just typed
			next.Step = stepName
			return h.takePassword(ctx, v, next, form)
		}
		next.Step, next.Notice = stepName, &notice{Kind: screen.AlertSuccess, Key: "signup.done"}
		return v.redirect(ctx, pool.EndpointLogin, next)
	}
	next.Session = made.Session
	next.delivered(made.Delivery, h.Clock.Now().Unix())
	return v.redirect(ctx, pool.EndpointConfirm, next)
}

// delivered notes where a code went.
func (f *flow) delivered(d *cognitoidp.CodeDeliveryDetailsType, now int64) {
	f.Sent, f.Destination, f.Medium = now, "", ""
	if d != nil {
		f.Destination = value(d.Destination)
		if d.DeliveryMedium != nil {
			f.Medium = string(*d.DeliveryMedium)
		}
	}
}
