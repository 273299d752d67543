package login

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/account"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
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

// requiredPrefix begins the names of fields of required attributes, as on Cognito's pages.
const requiredPrefix = "requiredAttributes["

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

// askedAtSignUp are the attributes that a sign-up needs besides the identifier: the required ones, and the address that
// the confirmation code goes to.
func (v *visit) askedAtSignUp() []string {
	c := v.q.Pool.Config
	var out []string
	for _, name := range v.q.Pool.Schema.Required() {
		if name != "sub" && !v.namedBy(name) {
			out = append(out, name)
		}
	}
	for _, a := range c.AutoVerifiedAttributes {
		if name := string(a); !slices.Contains(out, name) && !v.namedBy(name) && len(c.UsernameAttributes) == 0 {
			out = append(out, name)
		}
	}
	return out
}

// namedBy reports whether an attribute is the user name itself.
func (v *visit) namedBy(name string) bool {
	u := v.q.Pool.Config.UsernameAttributes
	return len(u) == 1 && string(u[0]) == name
}

// fieldOf is the field of an attribute on the page of a sign-up.
func (v *visit) fieldOf(attribute string) string {
	if slices.Contains(v.askedAtSignUp(), attribute) {
		return requiredPrefix + attribute + "]"
	}
	return "username"
}

// inputs are how attributes are asked for: the type of the field, its autocomplete token and its hint.
var inputs = map[string][3]string{
	"email": {"email", "email"}, "phone_number": {"tel", "tel", "hint.phone"}, "name": {"text", "name"}, "given_name": {"text", "given-name"},
	"family_name": {"text", "family-name"}, "middle_name": {"text", "additional-name"}, "nickname": {"text", "nickname"},
	"birthdate": {"date", "bday", "hint.birthdate"}, "website": {"url", "url"}, "profile": {"url", ""}, "picture": {"url", "photo"},
	"gender": {"text", "sex"}, "address": {"text", "street-address"}, "locale": {"text", "language"},
}

// attributeFields are the fields of attributes, with what was typed.
func (v *visit) attributeFields(names []string, p *problem, typed url.Values) []screen.Field {
	var out []screen.Field
	for _, name := range names {
		in, known := inputs[name]
		if !known {
			in = [3]string{"text"}
		}
		field := requiredPrefix + name + "]"
		f := screen.Field{
			Name: field, Type: in[0], Autocomplete: in[1], Label: screen.Say("label." + name), Value: typed.Get(field), Required: true, Error: p.at(field),
		}
		switch {
		case name == "phone_number":
			f.Label = screen.Say("label.phone")
		case strings.HasPrefix(name, "custom:"):
			f.Label = screen.Literal(strings.TrimPrefix(name, "custom:"))
		}
		if in[2] != "" {
			f.Hint = screen.Say(in[2])
		}
		out = append(out, f)
	}
	return out
}

// attributes are those that a form was sent with.
func attributes(form url.Values) map[string]string {
	out := map[string]string{}
	for field := range form {
		if name, found := strings.CutPrefix(field, requiredPrefix); found && strings.HasSuffix(name, "]") {
			if text := strings.TrimSpace(form.Get(field)); text != "" {
				out[strings.TrimSuffix(name, "]")] = text
			}
		}
	}
	return out
}

// rules are those of a new password.
func (v *visit) rules() *screen.PasswordRules {
	p := v.q.Pool.PasswordPolicy()
	on := func(b *bool) bool { return b != nil && *b }
	out := &screen.PasswordRules{Lower: on(p.RequireLowercase), Upper: on(p.RequireUppercase), Number: on(p.RequireNumbers), Symbol: on(p.RequireSymbols)}
	if p.MinimumLength != nil {
		out.Length = int(*p.MinimumLength)
	}
	return out
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
