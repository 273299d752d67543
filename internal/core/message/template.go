package message

import (
	"html"
	"regexp"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// The places of a template that are filled in.
const (
	codePlace     = "{####}"
	usernamePlace = trigger.UsernameParameter
)

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
	if o.texts == nil {
		o.texts = builtin().texts(o)
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
		return strings.NewReplacer(codePlace, escape(o.Code), usernamePlace, escape(o.Username)).Replace(text)
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
	otherwise := o.texts.of(o.Kind, false).SMS
	switch o.Kind {
	case AdminCreateUser:
		if t := invite(cfg); t != nil {
			return choose(otherwise, t.SMSMessage)
		}
		return otherwise
	case Authentication:
		var mfa *string
		if o.MFA != nil && o.MFA.SmsMfaConfiguration != nil {
			mfa = o.MFA.SmsMfaConfiguration.SmsAuthenticationMessage
		}
		return choose(otherwise, mfa, cfg.SmsAuthenticationMessage)
	}
	if t := cfg.VerificationMessageTemplate; t != nil {
		return choose(otherwise, t.SmsMessage, cfg.SmsVerificationMessage)
	}
	return choose(otherwise, cfg.SmsVerificationMessage)
}

func emailTemplate(cfg *cognitoidp.UserPoolType, o Outgoing, link bool) (subject, body string) {
	otherwise := o.texts.of(o.Kind, link)
	var ownSubject, ownBody []*string
	switch t := cfg.VerificationMessageTemplate; {
	case o.Kind == AdminCreateUser:
		if t := invite(cfg); t != nil {
			ownSubject, ownBody = []*string{t.EmailSubject}, []*string{t.EmailMessage}
		}
	case o.Kind == Authentication:
		if o.MFA != nil && o.MFA.EmailMfaConfiguration != nil {
			t := o.MFA.EmailMfaConfiguration
			ownSubject, ownBody = []*string{t.Subject}, []*string{t.Message}
		}
	case link && t != nil:
		ownSubject, ownBody = []*string{t.EmailSubjectByLink}, []*string{t.EmailMessageByLink}
	case !link:
		if t == nil {
			t = &cognitoidp.VerificationMessageTemplateType{}
		}
		ownSubject, ownBody = []*string{t.EmailSubject, cfg.EmailVerificationSubject}, []*string{t.EmailMessage, cfg.EmailVerificationMessage}
	}
	return choose(otherwise.Subject, ownSubject...), choose(otherwise.Email, ownBody...)
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
