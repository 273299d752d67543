package login

import (
	"context"
	"net/http"
	"net/url"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// drawName draws the page that asks for the identifier; the classic one asks for the password too.
func (h *handler) drawName(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointLogin, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	name := f.Name
	if name == "" {
		name = v.q.LoginHint
	}
	label, kind := v.identifier()
	form.ID, form.Submit = "sign-in", screen.Button{Text: screen.Say("login.next")}
	form.Fields = []screen.Field{{
		Name: "username", Type: kind, Label: label, Value: name, Autocomplete: "username", Required: true, Focus: true, Error: p.at("username"),
	}}
	s := &screen.Screen{
		Kind: screen.SignIn, Title: screen.Say("login.title", "app", v.app()), Lead: v.lead, Alert: f.told(p), Links: v.entrances(f),
	}
	if v.classic {
		form.Fields = append(form.Fields, screen.Field{
			Name: "password", Type: "password", Label: screen.Say("label.password"), Autocomplete: "current-password", Required: true, Error: p.at("password"),
		})
		form.Submit = screen.Button{Name: "signInSubmitButton", Value: "Sign in", Text: screen.Say("login.submit")}
	}
	s.Forms = []screen.Form{form}
	if v.timedOut && s.Alert == nil {
		s.Alert = &screen.Alert{Kind: screen.AlertInfo, Text: screen.Say("timeout.again")}
	}
	if err := h.offerPasskey(ctx, v, f, s); err != nil {
		return h.fault(ctx, v.r, err)
	}
	if err := h.introduce(ctx, v, s); err != nil {
		return h.fault(ctx, v.r, err)
	}
	return v.show(ctx, p.code(), s)
}

// offerPasskey offers the passkeys of the browser beside the identifier, in its suggestions and by a button.
func (h *handler) offerPasskey(ctx context.Context, v *visit, f *flow, s *screen.Screen) error {
	if v.classic || len(v.q.ACR) > 0 || !h.Engine.PasskeyOffered(v.q.Pool, v.q.Client) {
		return nil
	}
	options, session, err := h.Engine.OfferPasskey(ctx, &signin.Request{Door: signin.Hosted(nil), Pool: v.q.Pool, Client: v.q.Client})
	if err != nil {
		return err
	}
	form, err := v.form(ctx, pool.EndpointLogin, f)
	if err != nil {
		return err
	}
	form.ID, form.Submit = "passkey", screen.Button{Text: screen.Say("passkey.submit"), Icon: "passkey"}
	form.Hidden = append(form.Hidden, [2]string{"session", session}, [2]string{"credential", ""})
	s.Forms[0].Fields[0].Autocomplete = "username webauthn"
	s.Forms = append(s.Forms, form)
	s.Passkey = &screen.Ceremony{Options: options, Autofill: true, Form: form.ID, Field: "credential"}
	return nil
}

// identifier is what users sign in with, and the type of its field.
func (v *visit) identifier() (label screen.Text, kind string) {
	email, phone, name := false, false, true
	c := v.q.Pool.Config
	for _, a := range c.UsernameAttributes {
		email, phone, name = email || a == cognitoidp.UsernameAttributeTypeEmail, phone || a == cognitoidp.UsernameAttributeTypePhoneNumber, false
	}
	for _, a := range c.AliasAttributes {
		email, phone = email || a == cognitoidp.AliasAttributeTypeEmail, phone || a == cognitoidp.AliasAttributeTypePhoneNumber
	}
	switch {
	case email && phone && name:
		return screen.Say("label.username_email_phone"), "text"
	case email && phone:
		return screen.Say("label.email_phone"), "text"
	case email && name:
		return screen.Say("label.username_email"), "text"
	case phone && name:
		return screen.Say("label.username_phone"), "text"
	case email:
		return screen.Say("label.email"), "email"
	case phone:
		return screen.Say("label.phone"), "tel"
	}
	return screen.Say("label.username"), "text"
}

// noIdentifier is what the page says where it was left out.
func (v *visit) noIdentifier() string {
	switch label, _ := v.identifier(); label.Key {
	case "label.email":
		return "missing.email"
	case "label.phone":
		return "missing.phone"
	case "label.username":
		return "missing.username"
	}
	return "missing.identifier"
}

func (v *visit) app() string {
	c := v.q.Client
	if !c.Stranger() {
		return value(c.Config.ClientName)
	}
	// Anybody can take any name: where it comes from, and where the browser is sent, cannot be made up.
	name, from, to := value(c.Config.ClientName), "", v.q.RedirectURI
	if u, err := url.Parse(v.q.RedirectURI); err == nil {
		if to = u.Host; to == "" {
			to = u.Scheme + ":"
		}
	}
	if d := c.Document; d != nil {
		if name, from = d.Name, d.Host+" \u2192 "; d.Host == to {
			from = ""
		}
	}
	return name + " (" + from + to + ")"
}

// entrances are the links to recovery and sign-up, where the pool has them.
func (v *visit) entrances(f *flow) []screen.Link {
	var links []screen.Link
	if v.recovers() {
		links = append(links, screen.Link{ID: "forgot-password", Text: screen.Say("login.forgot"), URL: v.at(pool.EndpointForgot, f)})
	}
	if !v.q.Pool.AdminCreateOnly() {
		links = append(links, screen.Link{
			ID: "sign-up", Lead: screen.Say("login.new"), Text: screen.Say("login.signup"), URL: v.at(pool.EndpointSignUp, nil),
		})
	}
	return links
}

// recovers reports whether people can reset their password by themselves.
func (v *visit) recovers() bool {
	r := v.q.Pool.Config.AccountRecoverySetting
	return r == nil || len(r.RecoveryMechanisms) != 1 || r.RecoveryMechanisms[0].Name != cognitoidp.RecoveryOptionNameTypeAdminOnly
}

// drawPassword asks for the password of the identifier.
func (h *handler) drawPassword(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointLogin, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID, form.Submit = "sign-in", screen.Button{Text: screen.Say("password.submit")}
	form.Fields = []screen.Field{{
		Name: "password", Type: "password", Label: screen.Say("label.password"), Autocomplete: "current-password", Required: true, Focus: true, Error: p.at("password"),
	}}
	s := &screen.Screen{
		Kind: screen.Password, Icon: "password", Title: screen.Say("password.title"), Identifier: f.Name, ChangeURL: v.at(pool.EndpointLogin, nil),
		Alert: f.told(p), Forms: []screen.Form{form},
	}
	if v.recovers() {
		s.Links = append(s.Links, screen.Link{ID: "forgot-password", Text: screen.Say("login.forgot"), URL: v.at(pool.EndpointForgot, f)})
	}
	if err := h.other(ctx, v, f, s, "PASSWORD"); err != nil {
		return h.fault(ctx, v.r, err)
	}
	return v.show(ctx, p.code(), s)
}

// other offers the first factors besides the one that the page is about.
func (h *handler) other(ctx context.Context, v *visit, f *flow, s *screen.Screen, but string) error {
	if len(f.Offered) < 2 || f.Begun {
		return nil
	}
	form, err := v.form(ctx, pool.EndpointLogin, f)
	if err != nil {
		return err
	}
	form.ID = "other"
	rest := rows(f.Offered, but)
	for i := range rest { // there is no room for a second line beside a main form
		rest[i].Hint = screen.Text{}
	}
	form.Submit, form.Other = rest[0], rest[1:]
	s.Forms = append(s.Forms, form)
	return nil
}

// factorRows are how factors are offered.
var factorRows = map[string]screen.Button{
	"PASSWORD":           {Text: screen.Say("choose.password"), Hint: screen.Say("choose.password_hint"), Icon: "password"},
	"WEB_AUTHN":          {Text: screen.Say("choose.passkey"), Hint: screen.Say("choose.passkey_hint"), Icon: "passkey"},
	"EMAIL_OTP":          {Text: screen.Say("choose.email"), Icon: "email"},
	"SMS_OTP":            {Text: screen.Say("choose.sms"), Icon: "sms"},
	"SMS_MFA":            {Text: screen.Say("mfa.sms"), Hint: screen.Say("mfa.sms_hint"), Icon: "sms"},
	"SOFTWARE_TOKEN_MFA": {Text: screen.Say("mfa.totp"), Hint: screen.Say("mfa.totp_hint"), Icon: "totp"},
}

// rows are the buttons of factors, without one.
func rows(factors []string, but string) []screen.Button {
	var out []screen.Button
	for _, name := range factors {
		row, known := factorRows[name]
		if !known || name == but {
			continue
		}
		row.Name, row.Value = "factor", name
		out = append(out, row)
	}
	return out
}

// drawChoose asks how somebody wants to sign in.
func (h *handler) drawChoose(ctx context.Context, v *visit, f *flow, p *problem) site.Reply {
	form, err := v.form(ctx, pool.EndpointLogin, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID = "choose"
	if all := rows(f.Offered, ""); len(all) > 0 {
		form.Submit, form.Other = all[0], all[1:]
	}
	return v.show(ctx, p.code(), &screen.Screen{
		Kind: screen.Choose, Title: screen.Say("choose.title"), Lead: screen.Say("choose.lead"), Identifier: f.Name,
		ChangeURL: v.at(pool.EndpointLogin, nil), Alert: f.told(p), Forms: []screen.Form{form},
	})
}

// drawPasskey runs the ceremony of the identifier's passkeys.
func (h *handler) drawPasskey(ctx context.Context, v *visit, f *flow, options string) site.Reply {
	form, err := v.form(ctx, pool.EndpointLogin, f)
	if err != nil {
		return h.fault(ctx, v.r, err)
	}
	form.ID, form.Submit = "passkey", screen.Button{Text: screen.Say("passkey.submit"), Icon: "passkey"}
	form.Hidden = append(form.Hidden, [2]string{"credential", ""})
	s := &screen.Screen{
		Kind: screen.Passkey, Icon: "passkey", Title: screen.Say("passkey.title"), Lead: screen.Say("passkey.lead"), Identifier: f.Name,
		ChangeURL: v.at(pool.EndpointLogin, nil), Alert: f.told(nil), Forms: []screen.Form{form},
		Passkey: &screen.Ceremony{Options: options, Form: form.ID, Field: "credential"},
	}
	if err := h.other(ctx, v, f, s, "WEB_AUTHN"); err != nil {
		return h.fault(ctx, v.r, err)
	}
	return v.show(ctx, http.StatusOK, s)
}

// passkeyAgain is the page of a ceremony that is asked for once more, by reload or the back button: another ceremony where
// it is the first factor, and else the beginning, because its session is good once.
func (h *handler) passkeyAgain(ctx context.Context, v *visit, f *flow) site.Reply {
	if f.Begun {
		return h.startAgain(ctx, v, f)
	}
	return h.begin(ctx, v, f, map[string]string{"USERNAME": f.Name, "PREFERRED_CHALLENGE": string(cognitoidp.ChallengeNameTypeWebAuthn)})
}
