package password

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"cognate/internal/api/cognitoidp"
)

// Limits that hold whatever a pool's policy says.
const (
	// MaxLength is the longest password, in characters.
	MaxLength = 256
	// defaultLength is the minimum of a policy that names none.
	defaultLength = 8
	// defaultDays is how long temporary passwords live when the policy says nothing or zero.
	defaultDays = 7
)

// Symbols are the characters that Cognito counts as special, the space among them.
const Symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "

// Rule names the part of the policy that a password broke.
type Rule string

// The rules in the order in which they are checked.
const (
	RuleLength  Rule = "MinimumLength"
	RuleMaximum Rule = "MaximumLength"
	RuleSpaces  Rule = "EdgeSpaces"
	RuleLower   Rule = "RequireLowercase"
	RuleUpper   Rule = "RequireUppercase"
	RuleNumbers Rule = "RequireNumbers"
	RuleSymbols Rule = "RequireSymbols"
)

// PolicyError says which rule a password broke first. Message is AWS's text and does not contain the password.
type PolicyError struct {
	Rule    Rule
	Message string
}

// Error returns AWS's text.
func (e *PolicyError) Error() string { return e.Message }

// AWS says "password policy" of the temporary password of a new user, and "policy" everywhere else.
const (
	nonconforming        = "Password did not conform with policy: "
	nonconformingInvited = "Password did not conform with password policy: "
)

func broken(rule Rule, text string) error {
	return &PolicyError{Rule: rule, Message: nonconforming + text}
}

// ErrUsed is a new password that the history does not allow.
var ErrUsed = errors.New("password: used before")

// Wrong is the refusal of a password that is not the user's, which unknown users are given too.
func Wrong() error { return cognitoidp.NewNotAuthorized("Incorrect username or password.") }

// Refusal turns the *PolicyError that Check returned, and ErrUsed, into the exception that AWS answers; other errors
// stay as they are.
func Refusal(err error) error {
	if errors.Is(err, ErrUsed) {
		return cognitoidp.NewPasswordHistoryPolicyViolation("Password has previously been used.")
	}
	var p *PolicyError
	if errors.As(err, &p) {
		return cognitoidp.NewInvalidPassword("%s", p.Message)
	}
	return err
}

// RefusalInvited is Refusal for the temporary password of a new user.
func RefusalInvited(err error) error {
	var p *PolicyError
	if errors.As(err, &p) {
		return cognitoidp.NewInvalidPassword("%s", nonconformingInvited+strings.TrimPrefix(p.Message, nonconforming))
	}
	return err
}

// Check holds a new password against a policy and returns a *PolicyError for the first rule it breaks. A nil policy
// means AWS's default, in which every class is required. Only Basic Latin letters and digits count for the classes, as
// on AWS; any other character is allowed and counts for the length.
func Check(p *cognitoidp.PasswordPolicyType, pw string) error {
	length := utf8.RuneCountInString(pw)
	has := classesOf(pw)
	need := classesFor(p)
	switch {
	case length < minimum(p):
		return broken(RuleLength, "Password not long enough")
	case length > MaxLength:
		return broken(RuleMaximum, "Password must not be longer than 256 characters")
	case strings.HasPrefix(pw, " ") || strings.HasSuffix(pw, " "):
		return broken(RuleSpaces, "Password must not have leading or trailing spaces")
	case need.lower && !has.lower:
		return broken(RuleLower, "Password must have lowercase characters")
	case need.upper && !has.upper:
		return broken(RuleUpper, "Password must have uppercase characters")
	case need.number && !has.number:
		return broken(RuleNumbers, "Password must have numeric characters")
	case need.symbol && !has.symbol:
		return broken(RuleSymbols, "Password must have symbol characters")
	}
	return nil
}

// classes are the kinds of characters that a policy may ask for.
type classes struct{ lower, upper, number, symbol bool }

// classesOf tells which kinds a password has.
func classesOf(pw string) (has classes) {
	for i := range len(pw) { // every character of a class is one byte
		switch c := pw[i]; {
		case 'a' <= c && c <= 'z':
			has.lower = true
		case 'A' <= c && c <= 'Z':
			has.upper = true
		case '0' <= c && c <= '9':
			has.number = true
		case strings.IndexByte(Symbols, c) >= 0:
			has.symbol = true
		}
	}
	return has
}

// classesFor tells which kinds a policy asks for.
func classesFor(p *cognitoidp.PasswordPolicyType) classes {
	if p == nil {
		return classes{true, true, true, true}
	}
	on := func(b *bool) bool { return b != nil && *b }
	return classes{on(p.RequireLowercase), on(p.RequireUppercase), on(p.RequireNumbers), on(p.RequireSymbols)}
}

// minimum returns the shortest length that a policy allows.
func minimum(p *cognitoidp.PasswordPolicyType) int {
	if p == nil || p.MinimumLength == nil {
		return defaultLength
	}
	return int(*p.MinimumLength)
}

// HistorySize returns how many of the last passwords, the present one included, may not be used again; 0 for any.
func HistorySize(p *cognitoidp.PasswordPolicyType) int {
	if p == nil || p.PasswordHistorySize == nil {
		return 0
	}
	return int(max(*p.PasswordHistorySize, 0))
}

// TemporaryExpiry returns until when a temporary password set now can be used. Zero days mean seven.
func TemporaryExpiry(p *cognitoidp.PasswordPolicyType, now time.Time) time.Time {
	days := int64(defaultDays)
	if p != nil && p.TemporaryPasswordValidityDays != nil && *p.TemporaryPasswordValidityDays > 0 {
		days = *p.TemporaryPasswordValidityDays
	}
	return now.Add(time.Duration(days) * 24 * time.Hour)
}
