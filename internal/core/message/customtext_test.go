package message

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
	"cognate/internal/testkit/dbtest"
)

func TestCheckText(t *testing.T) {
	text := func(s string) *trigger.CustomText { return &trigger.CustomText{SMS: &s, Email: &s} }
	long := strings.Repeat("ü", 140-6)
	for _, c := range []struct {
		kind   Kind
		medium Medium
		text   *trigger.CustomText
		good   bool
	}{
		{SignUp, Email, nil, true},
		{SignUp, Email, &trigger.CustomText{}, true},
		{SignUp, Email, &trigger.CustomText{Subject: new("only a subject")}, true},
		{SignUp, Email, text("code {####}"), true},
		{SignUp, Email, text("code ####"), true},
		{SignUp, SMS, text("code ####"), true},
		{SignUp, Email, text("no code"), false},
		{SignUp, SMS, text("no code"), false},
		{SignUp, Email, text("code {###}"), false},
		{SignUp, Email, text("{##Click Here##}"), true},
		{ResendCode, Email, text("{##Click Here##}"), true},
		{ForgotPassword, Email, text("{##Click Here##}"), false},
		{SignUp, SMS, text("{##Click Here##}"), false},
		{VerifyUserAttribute, Email, text("no code"), false},
		{Authentication, SMS, text("no code"), false},
		{AdminCreateUser, Email, text("{username} {####}"), true},
		{AdminCreateUser, SMS, text("{username} ####"), true},
		{AdminCreateUser, Email, text("{####}"), false},
		{AdminCreateUser, SMS, text("{username}"), false},
		{AdminCreateUser, SMS, &trigger.CustomText{Email: new("nothing of interest to an SMS")}, true},
		{SignUp, SMS, text(long + "{####}"), true},
		{SignUp, SMS, text(long + "{####}x"), false},
		{SignUp, Email, text(strings.Repeat("x", maxMailText-6) + "{####}"), true},
		{SignUp, Email, text(strings.Repeat("x", maxMailText-5) + "{####}"), false},
		{SignUp, Email, &trigger.CustomText{Subject: new(strings.Repeat("x", 141))}, false},
	} {
		err := CheckText(c.kind, c.medium, c.text)
		var refused *cognitoidp.InvalidLambdaResponseException
		if (err == nil) != c.good || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s %s %+v: %v", c.kind, c.medium, c.text, err)
		}
	}
}

func TestRenderCustomText(t *testing.T) {
	linked := &cognitoidp.UserPoolType{Id: new("p_1"), VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
		DefaultEmailOption: new(cognitoidp.DefaultEmailOptionTypeConfirmWithLink), EmailMessage: new("template {####}"), EmailSubject: new("template"),
	}}
	const link = `<a href="https://x/p_1/confirmUser/?client_id=c&amp;user_name=a%3Cb&amp;confirmation_code=secret.sub">`
	for _, c := range []struct {
		name          string
		o             Outgoing
		base          string
		subject, html string
		text          string // of SMS
	}{
		{"sms", Outgoing{Kind: SignUp, Medium: SMS, Text: &trigger.CustomText{SMS: new("it is ####")}}, "", "", "", "it is 123456"},
		{"sms keeps the template", Outgoing{Kind: SignUp, Medium: SMS, Text: &trigger.CustomText{Email: new("x {####}")}}, "", "", "", "Your verification code is 123456. "},
		{"mail", Outgoing{Kind: SignUp, Medium: Email, Text: &trigger.CustomText{Email: new("<b>{####}</b> ####"), Subject: new("Sub\r\nBcc: evil@example.com")}}, "",
			"Sub  Bcc: evil@example.com", "<b>123456</b> 123456", ""},
		{"only a subject", Outgoing{Kind: SignUp, Medium: Email, Text: &trigger.CustomText{Subject: new("S")}}, "", "S", "Your verification code is 123456. ", ""},
		{"invitation", Outgoing{Kind: AdminCreateUser, Medium: Email, Text: &trigger.CustomText{Email: new("{username}: ####")}}, "", "Your temporary password", "a&lt;b: 123456", ""},
		{"link", Outgoing{Config: linked, Kind: SignUp, Medium: Email, Text: &trigger.CustomText{Email: new("go {##Click Here##}!")}}, "https://x", "Your verification link", "go " + link + "Click Here</a>!", ""},
		{"code chosen over link", Outgoing{Config: linked, Kind: SignUp, Medium: Email, Text: &trigger.CustomText{Email: new("or {####}")}}, "https://x", "Your verification link", "or 123456", ""},
	} {
		c.o.Code, c.o.Username, c.o.ClientID = "123456", "a<b", "c"
		if c.o.Config == linked {
			c.o.Link = "secret.sub"
		}
		r, ok := Render(c.o, pool.NewAddresses(c.base))
		if want := c.html; c.o.Medium == SMS && r.Text != c.text || !ok || r.Subject != c.subject || r.HTML != want {
			t.Errorf("%s: %+v %v", c.name, r, ok)
		}
	}
}

// TestSendRefusesText: what CheckText refuses is not queued, and a link is
// worth nothing where the pool sends codes.
func TestSendRefusesText(t *testing.T) {
	d := dbtest.SQLite(t, migrations())
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: &fakeSender{}})
	for _, text := range []string{"no code", "{##Click Here##}"} {
		o := codeMail("one@example.com")
		o.Text = &trigger.CustomText{Email: &text}
		ctx := context.Background()
		err := d.Update(ctx, func(tx *db.Tx) error { return m.Send(ctx, tx, o) })
		var refused *cognitoidp.InvalidLambdaResponseException
		if !errors.As(err, &refused) || outboxLen(t, d) != 0 {
			t.Errorf("%q: %v", text, err)
		}
	}
}
