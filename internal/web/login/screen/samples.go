package screen

import (
	"slices"
	"time"
)

// Sample is a screen as the pages show it, for previews, pictures and tests.
type Sample struct {
	Name   string // unique: a kind, or a kind and a state
	Screen *Screen
}

// sampleQuery is that of every sample's addresses.
const sampleQuery = "?client_id=1example23456789&response_type=code&scope=openid+email&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback"

// Samples returns every page in every state.
func Samples() []Sample {
	var out []Sample
	for _, group := range [][]Sample{samplesSignIn(), samplesCode(), samplesSetUp(), samplesAccount(), samplesEnd()} {
		out = append(out, group...)
	}
	return out
}

// sample is a screen with what all have.
func sample(name string, s Screen) Sample {
	if s.App == "" {
		s.App = "Acme"
	}
	s.Providers = slices.Clone(s.Providers) // whoever gets a sample may change it
	s.LanguageURL = "/" + string(s.Kind) + sampleQuery
	for i := range s.Forms {
		f := &s.Forms[i]
		f.Action = "/" + string(s.Kind) + sampleQuery
		f.Hidden = append(f.Hidden, [2]string{"_csrf", "b3b1b6a0-6a5e-4a53-9a93-2c0f4b1f0d52"})
	}
	return Sample{name, &s}
}

var (
	sampleProviders = []Provider{
		{Name: "Google", Type: "Google", URL: "/oauth2/authorize" + sampleQuery + "&identity_provider=Google"},
		{Name: "SignInWithApple", Type: "SignInWithApple", URL: "/oauth2/authorize" + sampleQuery + "&identity_provider=SignInWithApple"},
	}
	sampleAllProviders = append(sampleProviders[:2:2],
		Provider{Name: "Facebook", Type: "Facebook", URL: "/oauth2/authorize" + sampleQuery + "&identity_provider=Facebook"},
		Provider{Name: "LoginWithAmazon", Type: "LoginWithAmazon", URL: "/oauth2/authorize" + sampleQuery + "&identity_provider=LoginWithAmazon"},
		Provider{Name: "Contoso", Type: "SAML", URL: "/oauth2/authorize" + sampleQuery + "&identity_provider=Contoso"},
	)
	sampleRules   = &PasswordRules{Length: 8, Lower: true, Upper: true, Number: true, Symbol: true}
	sampleMail    = "a***@e***"
	samplePerson  = "ana@example.com"
	sampleRequest = `{"challenge":"mUOqrLZ3dPsqpFBBDg4hCuOvFY9cpBkXD1HcSvUlkh4","rpId":"example.com","timeout":180000,"userVerification":"preferred","allowCredentials":[]}`
	sampleCreate  = `{"challenge":"mUOqrLZ3dPsqpFBBDg4hCuOvFY9cpBkXD1HcSvUlkh4","rp":{"id":"example.com","name":"Acme"},"user":{"id":"YW5h","name":"ana@example.com","displayName":"ana"},"pubKeyCredParams":[{"type":"public-key","alg":-7}],"excludeCredentials":[]}`
)

func fieldIdentifier() Field {
	return Field{Name: "username", Type: "text", Label: Say("label.username_email"), Autocomplete: "username webauthn", Required: true, Focus: true}
}

func fieldPassword() Field {
	return Field{Name: "password", Type: "password", Label: Say("label.password"), Autocomplete: "current-password", Required: true, Focus: true}
}

func fieldNewPassword() Field {
	return Field{Name: "password", Type: "password", Label: Say("label.new_password"), Autocomplete: "new-password", Required: true}
}

func fieldCode() Field {
	return Field{Name: "code", Type: "code", Label: Say("label.code"), Required: true, Focus: true, MaxLength: 6}
}

func formPasskey() Form {
	return Form{ID: "passkey", Submit: Button{Text: Say("passkey.submit"), Icon: "passkey"}}
}

func formResend(wait int) Form {
	return Form{ID: "resend", Quiet: true, Submit: Button{Name: "resend", Value: "true", Text: Say("code.resend"), Wait: wait}}
}

var (
	linkForgot = Link{ID: "forgot-password", Text: Say("login.forgot"), URL: "/forgotPassword" + sampleQuery}
	linkSignUp = Link{ID: "sign-up", Lead: Say("login.new"), Text: Say("login.signup"), URL: "/signup" + sampleQuery}
	linkSignIn = Link{ID: "sign-in", Lead: Say("signup.have"), Text: Say("signup.login"), URL: "/login" + sampleQuery}
	linkOther  = Link{ID: "another-method", Text: Say("page.another_method"), URL: "/login" + sampleQuery}
	linkBack   = Link{ID: "back", Text: Say("page.back"), URL: "/login" + sampleQuery}
)

// signIn is the first page of a sign-in.
func signIn() Screen {
	return Screen{
		Kind: SignIn, Title: Say("login.title", "app", "Acme"),
		Forms: []Form{
			{ID: "sign-in", Fields: []Field{fieldIdentifier()}, Submit: Button{Text: Say("login.next")}},
			formPasskey(),
		},
		Passkey: &Ceremony{Options: sampleRequest, Autofill: true, Form: "passkey", Field: "credential"},
		Links:   []Link{linkSignUp},
	}
}

// classicSignIn asks for everything at once.
func classicSignIn() Screen {
	return Screen{
		Kind: SignIn, Title: Say("login.title", "app", "Acme"),
		Forms: []Form{{ID: "sign-in", Fields: []Field{fieldIdentifier(), fieldPassword()}, Submit: Button{Name: "signInSubmitButton", Value: "Sign in", Text: Say("login.submit")}}},
		Links: []Link{linkForgot, linkSignUp},
	}
}

func samplesSignIn() []Sample {
	social := signIn()
	social.Providers = sampleProviders
	all := classicSignIn()
	all.Providers = sampleAllProviders
	missing := signIn()
	missing.Forms[0].Fields[0].Error = Say("missing.identifier")
	wrong := classicSignIn()
	wrong.Alert, wrong.Forms[0].Fields[0].Value = &Alert{AlertError, Say("refused.password")}, samplePerson
	limited := classicSignIn()
	limited.Alert, limited.Forms[0].Fields[0].Value = &Alert{AlertError, Wait(20 * time.Minute)}, samplePerson
	timeout := signIn()
	timeout.Alert, timeout.Forms[0].Fields[0].Value = &Alert{AlertWarning, Say("timeout.kept")}, samplePerson
	changed := classicSignIn()
	changed.Alert, changed.Forms[0].Fields[0].Value = &Alert{AlertSuccess, Say("reset.done")}, samplePerson
	onlyProviders := Screen{Kind: SignIn, Title: Say("login.title", "app", "Acme"), Providers: sampleAllProviders[1:4]}
	password := func() Screen {
		return Screen{
			Kind: Password, Title: Say("password.title"), Identifier: samplePerson, ChangeURL: "/login" + sampleQuery,
			Forms: []Form{{ID: "password", Fields: []Field{fieldPassword()}, Submit: Button{Text: Say("password.submit")}}},
			Links: []Link{linkForgot, linkOther},
		}
	}
	wrongPassword := password()
	wrongPassword.Forms[0].Fields[0].Error = Say("refused.password")
	return []Sample{
		sample("login", signIn()), sample("login-providers", social), sample("login-all", all), sample("login-only-providers", onlyProviders),
		sample("login-password", classicSignIn()), sample("login-missing", missing), sample("login-wrong", wrong), sample("login-limited", limited),
		sample("login-timeout", timeout), sample("login-changed", changed),
		sample("password", password()), sample("password-wrong", wrongPassword),
		sample("choose", chooseScreen(nil)),
		sample("choose-unavailable", chooseScreen(&Alert{AlertError, Say("refused.method")})),
	}
}

func chooseScreen(alert *Alert) Screen {
	return Screen{
		Kind: Choose, Title: Say("choose.title"), Identifier: samplePerson, ChangeURL: "/login" + sampleQuery, Alert: alert,
		Forms: []Form{
			{ID: "passkey", Submit: Button{Text: Say("choose.passkey"), Hint: Say("choose.passkey_hint"), Icon: "passkey"}},
			{ID: "choose", Submit: Button{Name: "challenge", Value: "PASSWORD", Text: Say("choose.password"), Icon: "password"}, Other: []Button{
				{Name: "challenge", Value: "EMAIL_OTP", Text: Say("choose.email"), Hint: Literal(sampleMail), Icon: "email"},
				{Name: "challenge", Value: "SMS_OTP", Text: Say("choose.sms"), Hint: Literal("+*******0123"), Icon: "sms"},
			}},
		},
		Passkey: &Ceremony{Options: sampleRequest, Form: "passkey", Field: "credential"},
		Links:   []Link{linkBack},
	}
}

// codeScreen asks for a code that was sent.
func codeScreen() Screen {
	return Screen{
		Kind: Code, Icon: "email", Title: Say("code.title_email"), Lead: Say("code.lead_sent", "digits", "6", "destination", sampleMail),
		Forms: []Form{
			{ID: "code", Fields: []Field{
				fieldCode(), {Name: "remember", Type: "checkbox", Label: Say("code.remember"), Hint: Say("code.remember_hint")},
			}, Submit: Button{Text: Say("code.submit")}},
			formResend(30),
		},
		Links: []Link{linkOther},
	}
}

func samplesCode() []Sample {
	sent := codeScreen()
	sent.Alert = &Alert{AlertSuccess, Say("code.sent", "destination", sampleMail)}
	wrong := codeScreen()
	wrong.Forms[0].Fields[0].Error, wrong.Forms[1].Submit.Wait = Say("code.wrong"), 0
	expired := codeScreen()
	expired.Alert, expired.Forms[1].Submit.Wait = &Alert{AlertError, Say("code.expired")}, 0
	sms := codeScreen()
	sms.Icon, sms.Title, sms.Lead = "sms", Say("code.title_sms"), Say("code.lead_sent", "digits", "8", "destination", "+*******0123")
	app := codeScreen()
	app.Icon, app.Title, app.Lead, app.Forms = "totp", Say("code.title_totp"), Say("code.lead_totp"), app.Forms[:1]
	recovery := Screen{
		Kind: Code, Icon: "recovery", Title: Say("code.title_recovery"), Lead: Say("code.lead_recovery"),
		Forms: []Form{{Fields: []Field{{Name: "code", Type: "text", Label: Say("label.recovery_code"), Autocomplete: "off", Required: true}}, Submit: Button{Text: Say("code.submit")}}},
		Links: []Link{linkOther},
	}
	passkey := Screen{
		Kind: Passkey, Icon: "passkey", Title: Say("passkey.title"), Lead: Say("passkey.lead"), Identifier: samplePerson, ChangeURL: "/login" + sampleQuery,
		Forms: []Form{formPasskey()}, Passkey: &Ceremony{Options: sampleRequest, Form: "passkey", Field: "credential"}, Links: []Link{linkOther},
	}
	failed := passkey
	failed.Alert = &Alert{AlertError, Say("passkey.failed")}
	failed.Forms = []Form{formPasskey()}
	return []Sample{
		sample("code-email", codeScreen()), sample("code-sent", sent), sample("code-wrong", wrong), sample("code-expired", expired), sample("code-sms", sms),
		sample("code-totp", app), sample("code-recovery", recovery), sample("passkey", passkey), sample("passkey-failed", failed),
		sample("mfa-option", Screen{
			Kind: ChooseMFA, Title: Say("mfa.title"), Lead: Say("mfa.lead"),
			Forms: []Form{{Submit: Button{Name: "mfa", Value: "SOFTWARE_TOKEN_MFA", Text: Say("mfa.totp"), Icon: "totp"}, Other: []Button{
				{Name: "mfa", Value: "SMS_MFA", Text: Say("mfa.sms"), Hint: Literal("+*******0123"), Icon: "sms"},
				{Name: "mfa", Value: "EMAIL_OTP", Text: Say("mfa.email"), Hint: Literal(sampleMail), Icon: "email"},
				{Name: "mfa", Value: "RECOVERY", Text: Say("mfa.recovery"), Hint: Say("mfa.recovery_hint"), Icon: "recovery"},
			}}},
			Links: []Link{linkBack},
		}),
	}
}

func samplesSetUp() []Sample {
	totp := func() Screen {
		return Screen{
			Kind: SetUpTOTP, Icon: "totp", Title: Say("totp.title"), Lead: Say("totp.lead"),
			TOTP:  &TOTP{URI: "otpauth://totp/Acme:ana@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW&issuer=Acme", Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW"},
			Forms: []Form{{Fields: []Field{fieldCode(), {Name: "deviceName", Type: "text", Label: Say("label.device_name"), Hint: Say("hint.device_name")}}, Submit: Button{Text: Say("totp.submit")}}},
			Links: []Link{linkOther},
		}
	}
	wrong := totp()
	wrong.Forms[0].Fields[0].Error = Say("code.wrong")
	return []Sample{
		sample("mfa-setup", Screen{
			Kind: SetUpMFA, Title: Say("mfa.setup_title"), Lead: Say("mfa.setup_lead", "app", "Acme"),
			Forms: []Form{{Submit: Button{Name: "mfa", Value: "SOFTWARE_TOKEN_MFA", Text: Say("mfa.totp"), Hint: Say("mfa.totp_hint"), Icon: "totp"}, Other: []Button{
				{Name: "mfa", Value: "SMS_MFA", Text: Say("mfa.sms"), Hint: Say("mfa.sms_hint"), Icon: "sms"},
				{Name: "mfa", Value: "EMAIL_OTP", Text: Say("mfa.email"), Hint: Say("mfa.email_hint"), Icon: "email"},
			}}},
		}),
		sample("totp-setup", totp()), sample("totp-setup-wrong", wrong),
		sample("address-setup", Screen{
			Kind: SetUpAddress, Icon: "sms", Title: Say("address.title_sms"), Lead: Say("address.lead"),
			Forms: []Form{{Fields: []Field{{Name: "address", Type: "tel", Label: Say("label.phone"), Hint: Say("hint.phone"), Autocomplete: "tel", Required: true}}, Submit: Button{Text: Say("address.submit")}}},
			Links: []Link{linkOther},
		}),
		sample("new-password", Screen{
			Kind: NewPassword, Icon: "password", Title: Say("newpassword.title"), Lead: Say("newpassword.lead"), Rules: sampleRules,
			Forms: []Form{{Fields: []Field{
				fieldNewPassword(), {Name: "requiredAttributes[given_name]", Type: "text", Label: AttributeLabel("given_name"), Autocomplete: "given-name", Required: true},
				{Name: "requiredAttributes[birthdate]", Type: "date", Label: AttributeLabel("birthdate"), Autocomplete: "bday", Required: true},
			}, Submit: Button{Text: Say("newpassword.submit")}}},
		}),
		sample("passkeys-add", Screen{
			Kind: AddPasskey, Icon: "passkey", Title: Say("passkey.add_title"), Lead: Say("passkey.add_lead"), Identifier: samplePerson,
			Forms: []Form{
				{ID: "passkey", Submit: Button{Text: Say("passkey.add_submit"), Icon: "passkey"}},
				{ID: "skip", Quiet: true, Submit: Button{Name: "skip", Value: "true", Text: Say("passkey.add_skip")}},
			},
			Passkey: &Ceremony{Options: sampleCreate, Create: true, Form: "passkey", Field: "credential"},
		}),
		sample("passkeys-added", Screen{
			Kind: PasskeyAdded, Icon: "success", Title: Say("passkey.added_title"), Lead: Say("passkey.added_lead"),
			Links: []Link{{ID: "continue", Text: Say("page.continue_to", "app", "Acme"), URL: "https://app.example.com/"}},
		}),
	}
}

func samplesAccount() []Sample {
	signUp := func() Screen {
		return Screen{
			Kind: SignUp, Title: Say("signup.title", "app", "Acme"), Rules: sampleRules,
			Terms: &Terms{Use: "https://app.example.com/terms", Privacy: "https://app.example.com/privacy"},
			Forms: []Form{{ID: "sign-up", Fields: []Field{
				{Name: "requiredAttributes[email]", Type: "email", Label: Say("label.email"), Autocomplete: "email", Required: true},
				{Name: "requiredAttributes[name]", Type: "text", Label: Say("label.name"), Autocomplete: "name"},
				{Name: "password", Type: "password", Label: Say("label.password"), Autocomplete: "new-password", Required: true},
			}, Submit: Button{Text: Say("signup.submit")}}},
			Links: []Link{linkSignIn},
		}
	}
	wrong := signUp()
	wrong.Forms[0].Fields[0].Value, wrong.Forms[0].Fields[0].Error = "ana@", Say("wrong.email")
	wrong.Forms[0].Fields[2].Error = Say("wrong.number")
	confirm := Screen{
		Kind: Confirm, Icon: "email", Title: Say("confirm.title"), Lead: Say("code.lead_sent", "digits", "6", "destination", sampleMail), Identifier: samplePerson,
		Forms: []Form{{ID: "confirm", Fields: []Field{fieldCode()}, Submit: Button{Name: "confirm", Text: Say("confirm.submit")}}, formResend(0)},
		Links: []Link{linkBack},
	}
	reset := Screen{
		Kind: Reset, Icon: "email", Title: Say("reset.title"), Lead: Say("reset.lead"), Identifier: samplePerson, ChangeURL: "/forgotPassword" + sampleQuery,
		Alert: &Alert{AlertInfo, Say("forgot.sent")}, Rules: sampleRules,
		Forms: []Form{
			{ID: "reset", Fields: []Field{fieldCode(), fieldNewPassword()}, Submit: Button{Text: Say("reset.submit")}},
			formResend(60),
		},
		Links: []Link{linkBack},
	}
	return []Sample{
		sample("signup", signUp()), sample("signup-wrong", wrong), sample("confirm", confirm),
		sample("forgot", Screen{
			Kind: Forgot, Icon: "password", Title: Say("forgot.title"), Lead: Say("forgot.lead"),
			Forms: []Form{{ID: "forgot", Fields: []Field{{Name: "username", Type: "text", Label: Say("label.username_email"), Autocomplete: "username", Required: true, Value: samplePerson}}, Submit: Button{Text: Say("forgot.submit")}}},
			Links: []Link{linkBack},
		}),
		sample("reset", reset),
		sample("accounts", Screen{
			Kind: Accounts, Title: Say("accounts.title"), Lead: Say("accounts.lead", "app", "Acme"),
			Forms: []Form{{Submit: Button{Name: "account", Value: "1", Text: Literal(samplePerson), Hint: Say("accounts.signed_in"), Icon: "user"}, Other: []Button{
				{Name: "account", Value: "2", Text: Literal("ana.maria.fernandez.de.la.vega@subsidiary.example.com"), Hint: Say("accounts.signed_in"), Icon: "user"},
			}}},
			Links: []Link{{ID: "other", Text: Say("accounts.other"), URL: "/login" + sampleQuery}},
		}),
	}
}

func samplesEnd() []Sample {
	return []Sample{
		sample("done", Screen{Kind: Done, Icon: "success", Title: Say("done.confirmed_title"), Lead: Say("done.confirmed_lead")}),
		sample("done-link", Screen{
			Kind: Done, Icon: "wrong", Title: Say("done.link_title"), Lead: Say("done.link_lead"),
			Forms: []Form{{Submit: Button{Name: "again", Value: "true", Text: Say("done.link_again")}}},
		}),
		sample("signed-out", Screen{Kind: SignedOut, Title: Say("signedout.title"), Lead: Say("signedout.lead"), Links: []Link{{ID: "sign-in", Text: Say("signedout.again"), URL: "/login" + sampleQuery}}}),
		sample("sign-out", Screen{
			Kind: SignedOut, Title: Say("signout.title", "app", "Acme"), Lead: Say("signout.lead", "identifier", samplePerson),
			Forms: []Form{{Submit: Button{Text: Say("signout.submit")}}}, Links: []Link{linkBack},
		}),
		sample("error", Screen{
			Kind: Failure, Icon: "wrong", Title: Say("error.title"), Lead: Say("error.from_app"), RequestID: "8f6d2f6e-7c0d-4ad7-9f51-6f1f3f1d8a11",
		}),
		sample("error-dev", Screen{
			Kind: Failure, Icon: "wrong", Title: Say("error.title"), Lead: Say("error.redirect"), RequestID: "8f6d2f6e-7c0d-4ad7-9f51-6f1f3f1d8a11",
			Detail: "redirect_uri is https://app.example.com/callback/ and the client has https://app.example.com/callback: they differ by a slash at the end.",
		}),
	}
}
