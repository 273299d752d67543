package message

import (
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		kind          Kind
		medium        Medium
		subject, text string
	}{
		{SignUp, Email, "Your verification code", "Your verification code is 123456."},
		{ResendCode, Email, "Your verification code", "Your verification code is 123456."},
		{ForgotPassword, Email, "Your verification code", "Your verification code is 123456."},
		{UpdateUserAttribute, Email, "Your verification code", "Your verification code is 123456."},
		{VerifyUserAttribute, SMS, "", "Your verification code is 123456. "},
		{SignUp, SMS, "", "Your verification code is 123456. "},
		{Authentication, SMS, "", "Your authentication code is 123456. "},
		{Authentication, Email, "Your authentication code", "Your authentication code is 123456."},
		{AdminCreateUser, SMS, "", "Your username is ann and temporary password is 123456. "},
		{AdminCreateUser, Email, "Your temporary password", "Your username is ann and temporary password is 123456."},
	} {
		r, ok := Render(Outgoing{Kind: c.kind, Medium: c.medium, Username: "ann", Code: "123456"}, pool.Addresses{})
		if !ok || r.Subject != c.subject || r.Text != c.text || (r.HTML != "") != (c.medium == Email) {
			t.Errorf("%s %s: %+v %v", c.kind, c.medium, r, ok)
		}
	}
}

func TestTemplateSources(t *testing.T) {
	legacy := &cognitoidp.UserPoolType{
		SmsVerificationMessage: new("old sms {####}"), EmailVerificationMessage: new("old mail {####}"),
		EmailVerificationSubject: new("old subject"), SmsAuthenticationMessage: new("pool mfa {####}"),
	}
	modern := &cognitoidp.UserPoolType{
		SmsVerificationMessage: new("old sms {####}"), EmailVerificationMessage: new("old mail {####}"), EmailVerificationSubject: new("old subject"),
		VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
			SmsMessage: new("new sms {####}"), EmailMessage: new("new mail {####} {username}"), EmailSubject: new("new subject"),
		},
		AdminCreateUserConfig: &cognitoidp.AdminCreateUserConfigType{InviteMessageTemplate: &cognitoidp.MessageTemplateType{
			SMSMessage: new("hi {username} {####}"), EmailMessage: new("<b>{username}</b> {####}"), EmailSubject: new("welcome"),
		}},
	}
	mfa := &cognitoidp.GetUserPoolMfaConfigResponse{
		SmsMfaConfiguration:   &cognitoidp.SmsMfaConfigType{SmsAuthenticationMessage: new("sms mfa {####}")},
		EmailMfaConfiguration: &cognitoidp.EmailMfaConfigType{Message: new("mail mfa {####}"), Subject: new("mfa subject")},
	}
	for _, c := range []struct {
		name          string
		o             Outgoing
		subject, text string
	}{
		{"legacy sms", Outgoing{Config: legacy, Kind: SignUp, Medium: SMS}, "", "old sms 1"},
		{"legacy mail", Outgoing{Config: legacy, Kind: SignUp, Medium: Email}, "old subject", "old mail 1"},
		{"modern sms", Outgoing{Config: modern, Kind: ForgotPassword, Medium: SMS}, "", "new sms 1"},
		{"no user name in verification", Outgoing{Config: modern, Kind: SignUp, Medium: Email}, "new subject", "new mail 1 {username}"},
		{"invite sms", Outgoing{Config: modern, Kind: AdminCreateUser, Medium: SMS}, "", "hi a<b 1"},
		{"invite mail", Outgoing{Config: modern, Kind: AdminCreateUser, Medium: Email}, "welcome", "a<b 1"},
		{"pool mfa", Outgoing{Config: legacy, Kind: Authentication, Medium: SMS}, "", "pool mfa 1"},
		{"sms mfa", Outgoing{Config: legacy, MFA: mfa, Kind: Authentication, Medium: SMS}, "", "sms mfa 1"},
		{"mail mfa", Outgoing{Config: legacy, MFA: mfa, Kind: Authentication, Medium: Email}, "mfa subject", "mail mfa 1"},
	} {
		c.o.Code, c.o.Username = "1", "a<b"
		if r, ok := Render(c.o, pool.Addresses{}); !ok || r.Subject != c.subject || r.Text != c.text {
			t.Errorf("%s: %+v %v", c.name, r, ok)
		}
	}
}

func TestInvitationAndPasswordBelongTogether(t *testing.T) {
	without := &cognitoidp.UserPoolType{AdminCreateUserConfig: &cognitoidp.AdminCreateUserConfigType{
		InviteMessageTemplate: &cognitoidp.MessageTemplateType{EmailMessage: new("welcome {username}"), SMSMessage: new("welcome")},
	}}
	for _, medium := range []Medium{Email, SMS} {
		for _, c := range []struct {
			cfg  *cognitoidp.UserPoolType
			code string
			sent bool
		}{{nil, "pw", true}, {nil, "", false}, {without, "pw", false}, {without, "", true}} {
			if _, ok := Render(Outgoing{Config: c.cfg, Kind: AdminCreateUser, Medium: medium, Code: c.code}, pool.Addresses{}); ok != c.sent {
				t.Errorf("%s, code %q, template without place %v: sent %v", medium, c.code, c.cfg != nil, ok)
			}
		}
	}
}

func TestValuesAreNotMarkup(t *testing.T) {
	o := Outgoing{Kind: AdminCreateUser, Medium: Email, Username: `<a href="https://evil.example">{####}</a>`, Code: `{username}<&"'>`}
	r, ok := Render(o, pool.Addresses{})
	if !ok || strings.Contains(r.HTML, "<a") || strings.Contains(r.HTML, "evil.example\">") {
		t.Errorf("HTML %q", r.HTML)
	}
	if want := "Your username is " + o.Username + " and temporary password is " + o.Code + "."; r.Text != want {
		t.Errorf("text %q, want %q", r.Text, want)
	}
}

func TestLink(t *testing.T) {
	cfg := &cognitoidp.UserPoolType{Id: new("p_1"), VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
		DefaultEmailOption: new(cognitoidp.DefaultEmailOptionTypeConfirmWithLink),
		EmailMessageByLink: new("Hello, {##click <i>here</i>##} or {##there##}."),
		EmailSubjectByLink: new("link"),
		EmailMessage:       new("code {####}"),
		SmsMessage:         new("sms {####}"),
	}}
	o := Outgoing{Config: cfg, Kind: SignUp, Medium: Email, ClientID: "c1", Username: "a b&c=d", Code: "123456", Link: "secret.sub"}
	r, _ := Render(o, pool.NewAddresses("https://auth.example.com/"))
	link := "https://auth.example.com/p_1/confirmUser/?client_id=c1&user_name=a+b%26c%3Dd&confirmation_code=secret.sub"
	if r.Subject != "link" || r.Text != "Hello, click here ("+link+") or there ("+link+")." {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(r.HTML, `<a href="`+strings.ReplaceAll(link, "&", "&amp;")+`">click <i>here</i></a>`) {
		t.Errorf("HTML %q", r.HTML)
	}
	u, err := url.Parse(link)
	if err != nil || u.Query().Get("user_name") != o.Username {
		t.Errorf("link does not read back: %v %v", u, err)
	}
	if r, _ := Render(o, pool.Addresses{}); r.Text != "code 123456" {
		t.Errorf("without a domain: %+v", r)
	}
	if !LinkFor(cfg, SignUp, Email) || !LinkFor(cfg, ResendCode, Email) || LinkFor(cfg, SignUp, SMS) || LinkFor(cfg, ForgotPassword, Email) {
		t.Error("links confirm sign-ups by e-mail, and nothing else")
	}
	o.Kind, o.Link = ForgotPassword, ""
	if r, _ := Render(o, pool.NewAddresses("https://auth.example.com")); r.Text != "code 123456" {
		t.Errorf("password reset: %+v", r)
	}
	o.Kind, o.Medium = SignUp, SMS
	if r, _ := Render(o, pool.NewAddresses("https://auth.example.com")); r.Text != "sms 123456" {
		t.Errorf("SMS: %+v", r)
	}
}

func TestSubjectIsOneLine(t *testing.T) {
	for _, evil := range []string{"a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\u0085b", "a\x1bb", "\ta"} {
		cfg := &cognitoidp.UserPoolType{EmailVerificationSubject: &evil}
		r, _ := Render(Outgoing{Config: cfg, Kind: SignUp, Medium: Email, Code: "1"}, pool.Addresses{})
		if strings.ContainsAny(r.Subject, "\r\n\x00\u2028\u0085\x1b\t") {
			t.Errorf("subject %q", r.Subject)
		}
	}
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{
		"test@test.com": "t***@t***", "a@b": "a***@b***", "élan@ünder.example": "é***@ü***", "x": "x***", "": "***", "@d": "***@d***", `"a@b"@c.d`: `"***@c***`,
	} {
		if got := MaskEmail(in); got != want {
			t.Errorf("MaskEmail(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"+15551239934": "+*******9934", "+4917012345678": "+*******5678", "+123": "+***********", "": "+***********"} {
		if got := MaskPhone(in); got != want {
			t.Errorf("MaskPhone(%q) = %q, want %q", in, got, want)
		}
	}
	d := DeliveryDetails("phone_number", "+15551239934")
	if *d.AttributeName != "phone_number" || *d.DeliveryMedium != SMS || *d.Destination != "+*******9934" {
		t.Errorf("%+v", d)
	}
	if d = DeliveryDetails("email", "test@test.com"); *d.AttributeName != "email" || *d.DeliveryMedium != Email || *d.Destination != "t***@t***" {
		t.Errorf("%+v", d)
	}
}

func TestHTMLToText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                  "plain",
		"a < b and 1<2 <3":                       "a < b and 1<2 <3",
		"a &lt;b&gt; &amp; &uuml;":               "a <b> & ü",
		"<p>one</p><p>two<br>three<br/>four</p>": "one\ntwo\nthree\nfour",
		"<html><head><title>t</title></head><style>p{a:b}</style>x</html>":    "x",
		`<a class="x" href="https://e.example/?a=1&amp;b=2" title=">">t</a>.`: "t (https://e.example/?a=1&b=2).",
		"<a href='u'>t</a> <a>n</a>":                                          "t (u) n",
		"<!-- <b>hidden</b> -->shown":                                         "shown",
		"<script>alert(1)</SCRIPT >x":                                         "x",
		"unterminated <b":                                                     "unterminated <b",
		"<!-- unterminated":                                                   "<!-- unterminated",
		"<a href=":                                                            "<a href=",
		"<a href=>x</a><a href>y</a>":                                         "xy",
		"a\r\n\r\n\r\n\r\nb  \n":                                              "a\n\nb",
		"<STYLE>never closed":                                                 "",
	} {
		if got := htmlToText(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzHTMLToText(f *testing.F) {
	f.Add(`<p><a href="x">y</a><!-- z --><style>`)
	f.Fuzz(func(_ *testing.T, s string) { htmlToText(s) })
}

func FuzzRender(f *testing.F) {
	f.Add("Your {####} {username} {##x##}", "subject", "ann", "123")
	f.Fuzz(func(t *testing.T, body, subject, user, code string) {
		cfg := &cognitoidp.UserPoolType{VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
			EmailMessage: &body, EmailSubject: &subject, EmailMessageByLink: &body, EmailSubjectByLink: &subject, SmsMessage: &body,
			DefaultEmailOption: new(cognitoidp.DefaultEmailOptionTypeConfirmWithLink),
		}}
		for _, medium := range []Medium{SMS, Email} {
			for _, base := range []string{"", "https://e.example"} {
				r, _ := Render(Outgoing{Config: cfg, Kind: SignUp, Medium: medium, Username: user, Code: code}, pool.NewAddresses(base))
				if strings.ContainsAny(r.Subject, "\r\n") {
					t.Fatalf("subject %q", r.Subject)
				}
			}
		}
	})
}
