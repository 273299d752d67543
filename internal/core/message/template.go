package message

import (
	"html"
	"regexp"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// The texts of pools that set none, as AWS documents them.
const (
	defaultCode           = "Your verification code is {####}. "
	defaultCodeSubject    = "Your verification code"
	defaultLink           = "Please click the link below to verify your email address. {##Verify Email##} "
	defaultLinkSubject    = "Your verification link"
	defaultInvite         = "Your username is {username} and temporary password is {####}. "
	defaultInviteSubject  = "Your temporary password"
	defaultAuthentication = "Your authentication code is {####}. "
	defaultAuthSubject    = "Your authentication code"
)

const codePlace = "{####}"

var linkPlace = regexp.MustCompile(`\{##(.*?)##\}`)

// Rendered is a message with everything filled in.
type Rendered struct {
	Subject string // one line; "" for SMS
	Text    string
	HTML    string // "" for SMS
}

// Render fills in the template of o. Where addresses are known, a mail that has
// the secret of a link carries the link. The result
// is false for an invitation that must not be sent: the user has a temporary
// password but the template no place for it, or the other way round.
func Render(o Outgoing, addresses pool.Addresses) (Rendered, bool) {
	cfg := o.Config
	if cfg == nil {
		cfg = &cognitoidp.UserPoolType{}
	}
	if o.Medium == SMS {
		text := custom(o.Text, func(t *trigger.CustomText) *string { return t.SMS }, smsTemplate(cfg, o))
		if !fits(o, text) {
			return Rendered{}, false
		}
		return Rendered{Text: fill(text, o, func(s string) string { return s })}, true
	}
	link := ""
	if addresses.Known() && o.Link != "" {
		link = addresses.ConfirmLink(cfg, o.ClientID, o.Username, o.Link)
	}
	subject, body := emailTemplate(cfg, o, link != "")
	if o.Text != nil {
		body = custom(o.Text, func(t *trigger.CustomText) *string { return t.Email }, body)
		if s := value(o.Text.Subject); s != "" {
			subject = s
		}
	}
	place := linkPlace
	if link != "" && o.Text != nil && value(o.Text.Email) != "" {
		place = namedLink
		if !place.MatchString(body) {
			link = "" // the function chose the code
		}
	}
	if !fits(o, body) {
		return Rendered{}, false
	}
	if link != "" {
		body = place.ReplaceAllStringFunc(body, func(found string) string {
			return `<a href="` + html.EscapeString(link) + `">` + place.FindStringSubmatch(found)[1] + `</a>`
		})
	} else {
		body = fill(body, o, html.EscapeString)
	}
	return Rendered{Subject: oneLine(subject), Text: htmlToText(body), HTML: body}, true
}

// fits reports whether invitation and user belong together.
func fits(o Outgoing, text string) bool {
	return o.Kind != AdminCreateUser || strings.Contains(text, codePlace) == (o.Code != "")
}

// fill puts code and name in, in one pass, so that neither is looked at again.
func fill(text string, o Outgoing, escape func(string) string) string {
	if o.Kind == AdminCreateUser {
		return strings.NewReplacer(codePlace, escape(o.Code), "{username}", escape(o.Username)).Replace(text)
	}
	return strings.ReplaceAll(text, codePlace, escape(o.Code))
}

// LinkFor reports whether messages of a kind carry a link. Links confirm sign-ups by e-mail only; resets, attribute
// checks and SMS stay with codes.
func LinkFor(cfg *cognitoidp.UserPoolType, kind Kind, medium Medium) bool {
	return (kind == SignUp || kind == ResendCode) && medium == Email && SendsLinks(cfg)
}

// SendsLinks reports whether a pool confirms by links.
func SendsLinks(cfg *cognitoidp.UserPoolType) bool {
	t := cfg.VerificationMessageTemplate
	return t != nil && t.DefaultEmailOption != nil &&
		*t.DefaultEmailOption == cognitoidp.DefaultEmailOptionTypeConfirmWithLink
}

func smsTemplate(cfg *cognitoidp.UserPoolType, o Outgoing) string {
	switch o.Kind {
	case AdminCreateUser:
		if t := invite(cfg); t != nil {
			return choose(defaultInvite, t.SMSMessage)
		}
		return defaultInvite
	case Authentication:
		var mfa *string
		if o.MFA != nil && o.MFA.SmsMfaConfiguration != nil {
			mfa = o.MFA.SmsMfaConfiguration.SmsAuthenticationMessage
		}
		return choose(defaultAuthentication, mfa, cfg.SmsAuthenticationMessage)
	}
	if t := cfg.VerificationMessageTemplate; t != nil {
		return choose(defaultCode, t.SmsMessage, cfg.SmsVerificationMessage)
	}
	return choose(defaultCode, cfg.SmsVerificationMessage)
}

func emailTemplate(cfg *cognitoidp.UserPoolType, o Outgoing, link bool) (subject, body string) {
	switch o.Kind {
	case AdminCreateUser:
		if t := invite(cfg); t != nil {
			return choose(defaultInviteSubject, t.EmailSubject), choose(defaultInvite, t.EmailMessage)
		}
		return defaultInviteSubject, defaultInvite
	case Authentication:
		if o.MFA != nil && o.MFA.EmailMfaConfiguration != nil {
			t := o.MFA.EmailMfaConfiguration
			return choose(defaultAuthSubject, t.Subject), choose(defaultAuthentication, t.Message)
		}
		return defaultAuthSubject, defaultAuthentication
	}
	t := cfg.VerificationMessageTemplate
	if t == nil {
		t = &cognitoidp.VerificationMessageTemplateType{}
	}
	if link {
		return choose(defaultLinkSubject, t.EmailSubjectByLink), choose(defaultLink, t.EmailMessageByLink)
	}
	return choose(defaultCodeSubject, t.EmailSubject, cfg.EmailVerificationSubject),
		choose(defaultCode, t.EmailMessage, cfg.EmailVerificationMessage)
}

func invite(cfg *cognitoidp.UserPoolType) *cognitoidp.MessageTemplateType {
	if cfg.AdminCreateUserConfig == nil {
		return nil
	}
	return cfg.AdminCreateUserConfig.InviteMessageTemplate
}

// choose answers the first template that is set.
func choose(otherwise string, templates ...*string) string {
	for _, t := range templates {
		if t != nil && *t != "" {
			return *t
		}
	}
	return otherwise
}

// oneLine makes a value safe for a header line: control characters, among them
// line ends in any script, become spaces.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
