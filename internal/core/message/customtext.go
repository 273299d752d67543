package message

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"cognate/internal/core/trigger"
)

// Longest texts that a CustomMessage function may answer, in characters.
const (
	maxSMSText   = 140
	maxMailText  = 20000
	maxMailTopic = 140
)

// namedLink is the place of a link in a text that may also hold the code
// parameter, which looks like a link without a name.
var namedLink = regexp.MustCompile(`\{##([^#].*?)##\}`)

// CheckText says whether what a CustomMessage function answered can be sent as a
// message of the kind by the medium: it must hold the code parameter, invitations
// also the user name parameter; mails about a sign-up may hold the link parameter
// instead. Empty members, for which the pool's templates stand, are fine, and so
// is nil. The error is an *cognitoidp.InvalidLambdaResponseException.
func CheckText(kind Kind, medium Medium, t *trigger.CustomText) error {
	if t == nil {
		return nil
	}
	if medium == SMS {
		return checkText("smsMessage", kind, value(t.SMS), maxSMSText, false)
	}
	if utf8.RuneCountInString(value(t.Subject)) > maxMailTopic {
		return trigger.InvalidOutput("emailSubject is too long")
	}
	return checkText("emailMessage", kind, value(t.Email), maxMailText, kind == SignUp || kind == ResendCode)
}

// checkText is CheckText for a message that is about to be rendered: a link is no
// substitute for the code where the message cannot have one.
func (m *Messages) checkText(o Outgoing) error {
	if err := CheckText(o.Kind, o.Medium, o.Text); err != nil || o.Text == nil || o.Medium == SMS {
		return err
	}
	if o.Link != "" && m.deps.Addresses.Known() {
		return nil
	}
	return checkText("emailMessage", o.Kind, value(o.Text.Email), maxMailText, false)
}

func checkText(member string, kind Kind, text string, limit int, link bool) error {
	switch {
	case text == "":
		return nil
	case utf8.RuneCountInString(text) > limit:
		return trigger.InvalidOutput(member + " is too long")
	case !strings.Contains(withPlaces(text), codePlace) && !(link && namedLink.MatchString(text)):
		return trigger.InvalidOutput(member + " must contain the code parameter " + codePlace)
	case kind == AdminCreateUser && !strings.Contains(text, trigger.UsernameParameter):
		return trigger.InvalidOutput(member + " must contain the username parameter " + trigger.UsernameParameter)
	}
	return nil
}

// withPlaces writes the code parameter in its one form with braces; functions
// may answer with either.
func withPlaces(text string) string {
	return strings.NewReplacer(codePlace, codePlace, "####", codePlace).Replace(text)
}

// custom is the text of a member of t, or the template that it leaves in force.
func custom(t *trigger.CustomText, member func(*trigger.CustomText) *string, template string) string {
	if t == nil || value(member(t)) == "" {
		return template
	}
	return withPlaces(value(member(t)))
}
