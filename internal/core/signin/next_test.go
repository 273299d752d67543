package signin

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/core/challenge"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
)

// shown is a step in one line: its kind, what it asks or tells, and what it does to counter and session.
func shown(s Step) string {
	text := [...]string{"refuse", "ask", "functions", "finish"}[s.Kind]
	switch s.Kind {
	case Refuse:
		var e rt.Exception
		errors.As(s.Refusal, &e)
		text += " " + e.ErrorMessage()
	case Ask:
		text += " " + string(s.Challenge)
	}
	if s.First {
		text += " first"
	}
	if s.SetUp {
		text += " set-up"
	}
	if len(s.Offered) > 0 {
		text += fmt.Sprint(" ", s.Offered)
	}
	if len(s.Choices) > 0 {
		text += fmt.Sprint(" ", s.Choices)
	}
	text += [...]string{"", "; count", "; grant", "; clear", "; forget"}[s.Try]
	if s.Keep {
		text += "; keep"
	}
	return text
}

// user are the facts of a confirmed, enabled user, changed as a case wants it.
func user(claim Claim, right bool, change func(*Facts)) Facts {
	f := Facts{
		Proof: Proof{Claim: claim, Right: right, ByPassword: claim == ClaimPassword && right},
		Known: true, Enabled: true, HasPassword: true, Status: cognitoidp.UserStatusTypeConfirmed,
	}
	if change != nil {
		change(&f)
	}
	return f
}

func status(s cognitoidp.UserStatusType, hides bool) func(*Facts) {
	return func(f *Facts) { f.Status, f.Hides = s, hides }
}

// TestNextPassword is the order in which the proof of a password is judged, and what of it may be told.
func TestNextPassword(t *testing.T) {
	const wrongText = "refuse Incorrect username or password.; count"
	unconfirmed, reset, change := cognitoidp.UserStatusTypeUnconfirmed, cognitoidp.UserStatusTypeResetRequired, cognitoidp.UserStatusTypeForceChangePassword
	for what, c := range map[string]struct {
		right  bool
		change func(*Facts)
		want   string
	}{
		"right":                  {true, nil, "finish; clear"},
		"wrong":                  {false, nil, wrongText},
		"nobody":                 {false, func(f *Facts) { f.Known = false }, "refuse User does not exist."},
		"nobody, hidden":         {false, func(f *Facts) { f.Known, f.Hides = false, true }, wrongText},
		"nobody, played along":   {false, func(f *Facts) { f.Known, f.PlaysAlong = false, true }, wrongText},
		"nobody, vouched for":    {true, func(f *Facts) { f.Known, f.Hides = false, true }, wrongText},
		"disabled":               {true, func(f *Facts) { f.Enabled = false }, "refuse User is disabled."},
		"disabled, hidden":       {true, func(f *Facts) { f.Enabled, f.Hides = false, true }, wrongText},
		"locked":                 {true, func(f *Facts) { f.Locked = true }, "refuse Password attempts exceeded"},
		"locked, wrong":          {false, func(f *Facts) { f.Locked = true }, "refuse Password attempts exceeded"},
		"locked nobody":          {false, func(f *Facts) { f.Locked, f.Known, f.Hides = true, false, true }, "refuse Password attempts exceeded"},
		"unconfirmed":            {false, status(unconfirmed, false), "refuse User is not confirmed."},
		"unconfirmed, hidden":    {true, status(unconfirmed, true), "refuse User is not confirmed.; grant"},
		"unconfirmed, wrong":     {false, status(unconfirmed, true), wrongText},
		"reset":                  {true, status(reset, false), "refuse Password reset required for the user; grant"},
		"reset, wrong":           {false, status(reset, false), wrongText},
		"imported":               {false, func(f *Facts) { f.Status, f.HasPassword = reset, false }, "refuse Password reset required for the user"},
		"expired":                {true, func(f *Facts) { f.Status, f.Expired = change, true }, "refuse Temporary password has expired and must be reset by an administrator.; grant"},
		"temporary":              {true, status(change, false), "ask NEW_PASSWORD_REQUIRED; clear"},
		"unknown device":         {true, func(f *Facts) { f.UnknownDevice = true }, "refuse Device does not exist.; grant; keep"},
		"unknown device, wrong":  {false, func(f *Facts) { f.UnknownDevice = true }, wrongText},
		"unknown device, locked": {true, func(f *Facts) { f.UnknownDevice, f.Locked = true, true }, "refuse Password attempts exceeded"},
		"second factor":          {true, func(f *Facts) { f.Second.Challenge = "SMS_MFA" }, "ask SMS_MFA; clear"},
		"choice of factors": {true, func(f *Facts) { f.Second = factor.Decision{Challenge: "SELECT_MFA_TYPE", Choices: []string{"a", "b"}} },
			"ask SELECT_MFA_TYPE [a b]; clear"},
		"no factor left":      {true, func(f *Facts) { f.Second.Blocked = true }, "refuse The user has no second factor that this sign-in could use.; grant"},
		"device":              {true, func(f *Facts) { f.ProveDevice = true }, "ask DEVICE_SRP_AUTH; clear"},
		"device after factor": {true, func(f *Facts) { f.ProveDevice, f.Second.Challenge = true, "EMAIL_OTP" }, "ask EMAIL_OTP; clear"},
		"refused by somebody": {true, func(f *Facts) { f.Refusal = pool.UnrecognizableOutput(cognitoidp.NewInvalidLambdaResponse) }, "refuse Unrecognizable lambda output"},
	} {
		if got := shown(Next(user(ClaimPassword, c.right, c.change), challenge.Progress{})); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

// TestNextSteps goes through the claims that follow a first factor.
func TestNextSteps(t *testing.T) {
	setUp := func(f *Facts) {
		f.Second, f.Wants = factor.Decision{Challenge: "MFA_SETUP", Choices: []string{"EMAIL_OTP"}}, "EMAIL_OTP"
	}
	verdict := func(v Verdict, more ...func(*Facts)) func(*Facts) {
		return func(f *Facts) {
			f.Verdict, f.Challenges = v, true
			for _, m := range more {
				m(f)
			}
		}
	}
	kept, alone, proven := challenge.Progress{Custom: "row"}, challenge.Progress{Functions: true}, challenge.Progress{DeviceProven: true}
	change := cognitoidp.UserStatusTypeForceChangePassword
	for what, c := range map[string]struct {
		claim  Claim
		right  bool
		change func(*Facts)
		p      challenge.Progress
		want   string
	}{
		"code":                               {ClaimFactor, true, nil, challenge.Progress{}, "finish; forget"},
		"code of a disabled user":            {ClaimFactor, true, func(f *Facts) { f.Enabled = false }, challenge.Progress{}, "refuse Invalid session for the user."},
		"code of nobody":                     {ClaimFactor, true, func(f *Facts) { f.Known = false }, challenge.Progress{}, "refuse Invalid session for the user."},
		"code beside a temporary password":   {ClaimFactor, true, status(change, false), challenge.Progress{}, "refuse Invalid session for the user."},
		"code where functions decided":       {ClaimFactor, true, status(change, false), alone, "finish; forget"},
		"code, reset required":               {ClaimFactor, true, status(cognitoidp.UserStatusTypeResetRequired, false), challenge.Progress{}, "refuse Password reset required for the user"},
		"code, then the device":              {ClaimFactor, true, func(f *Facts) { f.ProveDevice = true }, challenge.Progress{}, "ask DEVICE_SRP_AUTH"},
		"code, then the functions":           {ClaimFactor, true, nil, kept, "functions"},
		"device":                             {ClaimDevice, true, func(f *Facts) { f.ProveDevice = true }, proven, "finish; forget"},
		"device, wrong":                      {ClaimDevice, false, nil, challenge.Progress{}, "refuse Incorrect username or password.; count"},
		"new password":                       {ClaimNewPassword, true, nil, challenge.Progress{}, "finish; forget"},
		"new password, then a factor":        {ClaimNewPassword, true, func(f *Facts) { f.Second.Challenge = "SMS_MFA" }, challenge.Progress{}, "ask SMS_MFA"},
		"set-up":                             {ClaimSetUp, false, setUp, challenge.Progress{}, "ask EMAIL_OTP set-up"},
		"set-up, done elsewhere":             {ClaimSetUp, false, func(f *Facts) { setUp(f); f.Second.Challenge = "SOFTWARE_TOKEN_MFA" }, challenge.Progress{}, "ask SOFTWARE_TOKEN_MFA [EMAIL_OTP]"},
		"custom":                             {ClaimCustom, false, nil, challenge.Progress{}, "functions"},
		"password, then functions":           {ClaimPassword, true, nil, kept, "functions"},
		"temporary password, then functions": {ClaimPassword, true, status(change, false), kept, "functions"},
		"password, factor, then functions":   {ClaimPassword, true, func(f *Facts) { f.Second.Challenge = "SMS_MFA" }, kept, "ask SMS_MFA; clear"},
		"verdict fail":                       {ClaimVerdict, false, verdict(VerdictFail), challenge.Progress{}, "refuse Incorrect username or password."},
		"verdict fail after the password":    {ClaimVerdict, false, verdict(VerdictFail, func(f *Facts) { f.ByPassword = true }), challenge.Progress{}, "refuse Incorrect username or password.; grant"},
		"verdict issue":                      {ClaimVerdict, false, verdict(VerdictIssue), alone, "finish; forget"},
		"verdict issue after the password":   {ClaimVerdict, false, verdict(VerdictIssue, func(f *Facts) { f.ByPassword = true }), challenge.Progress{}, "finish; clear"},
		"verdict issue for nobody":           {ClaimVerdict, false, verdict(VerdictIssue, func(f *Facts) { f.Known = false }), alone, "refuse Incorrect username or password."},
		"verdict issue, temporary password":  {ClaimVerdict, false, verdict(VerdictIssue, status(change, false)), challenge.Progress{}, "ask NEW_PASSWORD_REQUIRED"},
		"verdict issue, functions alone":     {ClaimVerdict, false, verdict(VerdictIssue, status(change, false)), alone, "finish; forget"},
		"verdict challenge":                  {ClaimVerdict, false, verdict(VerdictChallenge), challenge.Progress{}, "ask CUSTOM_CHALLENGE"},
		"verdict challenge without one":      {ClaimVerdict, false, func(f *Facts) { f.Verdict = VerdictChallenge }, challenge.Progress{}, "refuse Custom auth lambda trigger is not configured for the user pool."},
		"verdict password":                   {ClaimVerdict, false, verdict(VerdictPassword), challenge.Progress{}, "ask PASSWORD_VERIFIER"},
		"verdict unusable":                   {ClaimVerdict, false, verdict(VerdictUnusable), challenge.Progress{}, "refuse Unrecognizable lambda output"},
		"proven elsewhere":                   {ClaimElsewhere, false, nil, challenge.Progress{}, "finish; forget"},
	} {
		if got := shown(Next(user(c.claim, c.right, c.change), c.p)); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

// TestNextBrowser holds what the proof of a browser does to the counter: a wrong one counts whatever follows, and a right one
// waits for guesses under way.
func TestNextBrowser(t *testing.T) {
	mail := func(f *Facts) { f.Second.Challenge = "EMAIL_OTP" }
	for what, c := range map[string]struct {
		claim  Claim
		proof  DeviceProof
		right  bool
		change func(*Facts)
		want   string
	}{
		"right":                          {ClaimPassword, DeviceRight, true, nil, "finish; clear"},
		"right, try counted before":      {ClaimPassword, DeviceRight, true, func(f *Facts) { f.Counted = true }, "finish; clear"},
		"right with a code":              {ClaimFactor, DeviceRight, true, nil, "finish; clear"},
		"right, then more":               {ClaimFactor, DeviceRight, true, mail, "ask EMAIL_OTP; grant"},
		"right, of a disabled user":      {ClaimFactor, DeviceRight, true, func(f *Facts) { f.Enabled = false }, "refuse Invalid session for the user."},
		"wrong":                          {ClaimPassword, DeviceWrong, true, mail, "ask EMAIL_OTP; count"},
		"wrong, no second factor":        {ClaimPassword, DeviceWrong, true, nil, "finish; count"},
		"wrong, try counted before":      {ClaimPassword, DeviceWrong, true, func(f *Facts) { f.Counted = true }, "finish; count"},
		"wrong, to replace the password": {ClaimPassword, DeviceWrong, true, status(cognitoidp.UserStatusTypeForceChangePassword, false), "ask NEW_PASSWORD_REQUIRED; count"},
		"wrong with a code":              {ClaimFactor, DeviceWrong, true, nil, "finish; count"},
	} {
		f := user(c.claim, c.right, c.change)
		f.Browser = c.proof
		if got := shown(Next(f, challenge.Progress{})); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

// TestNextChoice goes through the first factors of USER_AUTH and the way to a level.
func TestNextChoice(t *testing.T) {
	list := []cognitoidp.ChallengeNameType{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN"}
	goal := challenge.Progress{Goal: &challenge.Goal{Level: 3}, Proven: []string{"pwd"}}
	for what, c := range map[string]struct {
		wants   cognitoidp.ChallengeNameType
		ready   bool
		offered []cognitoidp.ChallengeNameType
		p       challenge.Progress
		want    string
	}{
		"nothing":              {"", false, list, challenge.Progress{}, "ask SELECT_CHALLENGE first [PASSWORD PASSWORD_SRP EMAIL_OTP WEB_AUTHN]"},
		"not offered":          {"SMS_OTP", false, list, challenge.Progress{}, "ask SELECT_CHALLENGE first [PASSWORD PASSWORD_SRP EMAIL_OTP WEB_AUTHN]"},
		"password":             {"PASSWORD", false, list[:2], challenge.Progress{}, "ask PASSWORD first [PASSWORD PASSWORD_SRP]"},
		"SRP":                  {"PASSWORD_SRP", true, list, challenge.Progress{}, "ask PASSWORD_VERIFIER"},
		"SRP without SRP_A":    {"PASSWORD_SRP", false, list[:2], challenge.Progress{}, "ask PASSWORD_SRP first [PASSWORD PASSWORD_SRP]"},
		"code":                 {"EMAIL_OTP", false, list[2:3], challenge.Progress{}, "ask EMAIL_OTP first [EMAIL_OTP]"},
		"passkey":              {"WEB_AUTHN", true, list[3:], challenge.Progress{}, "ask WEB_AUTHN first [WEB_AUTHN]"},
		"passkey that is gone": {"WEB_AUTHN", false, list[2:], challenge.Progress{}, "ask SELECT_CHALLENGE first [EMAIL_OTP]"},
		"further code":         {"EMAIL_OTP", false, list[2:3], goal, "ask EMAIL_OTP"},
		"further choice":       {"", false, list[2:], goal, "ask SELECT_CHALLENGE [EMAIL_OTP WEB_AUTHN]"},
		"out of reach":         {"", false, nil, goal, "refuse The user has no factors that satisfy the requested authentication level."},
	} {
		f := user(ClaimChoice, false, func(f *Facts) { f.Wants, f.Ready, f.Offered = c.wants, c.ready, c.offered })
		if got := shown(Next(f, c.p)); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
	for what, c := range map[string]struct {
		further []cognitoidp.ChallengeNameType
		want    string
	}{
		"one code":   {list[2:3], "ask EMAIL_OTP; clear"},
		"no code":    {list[3:], "ask SELECT_CHALLENGE [WEB_AUTHN]; clear"},
		"several":    {list[2:], "ask SELECT_CHALLENGE [EMAIL_OTP WEB_AUTHN]; clear"},
		"no factors": {nil, "refuse The user has no factors that satisfy the requested authentication level.; grant"},
	} {
		f := user(ClaimPassword, true, func(f *Facts) { f.Short, f.Further = true, c.further })
		if got := shown(Next(f, goal)); got != c.want {
			t.Errorf("short of the level, %s: %s, want %s", what, got, c.want)
		}
	}
}

// TestNextIsPure holds that Next changes nothing of what it is given.
func TestNextIsPure(t *testing.T) {
	list := []cognitoidp.ChallengeNameType{"PASSWORD", "WEB_AUTHN"}
	f := user(ClaimChoice, false, func(f *Facts) { f.Wants, f.Offered = "WEB_AUTHN", list })
	p := challenge.Progress{Proven: []string{"pwd"}, Offered: list}
	before := fmt.Sprint(f, p)
	one, two := Next(f, p), Next(f, p)
	if !reflect.DeepEqual(one, two) || fmt.Sprint(f, p) != before {
		t.Errorf("%+v, then %+v; given %s, left %+v %+v", one, two, before, f, p)
	}
}
