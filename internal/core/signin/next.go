package signin

import (
	"context"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
)

// Claim is what a hop set out to prove.
type Claim int

// The claims. The zero value asks for a challenge and proves nothing.
const (
	ClaimNothing     Claim = iota
	ClaimChoice            // the first factor, or the next one toward a level, is chosen
	ClaimPassword          // plain or by SRP
	ClaimFactor            // a code or a passkey, which its room has verified and used up
	ClaimDevice            // a remembered device
	ClaimNewPassword       // the password that replaces a temporary one
	ClaimSetUp             // a second factor that is being set up
	ClaimCustom            // something that the owner's functions judge
	ClaimVerdict           // what they decided
	ClaimElsewhere         // the user was proven by somebody else
	ClaimAgain             // the challenge of the session is asked for once more
)

// Proof is what a prover found out.
type Proof struct {
	Claim Claim
	Right bool
	// Refusal refuses whatever else there is, and uses up the answered session.
	Refusal error
	// PlaysAlong marks flows that simulate a sign-in for a name nobody has, whatever the client hides.
	PlaysAlong bool
	// UnknownDevice means that the answer names a device that the user does not have.
	UnknownDevice bool
	// Wants is the challenge that the client or the flow asks for next, and Offered those it may choose among.
	Wants   cognitoidp.ChallengeNameType
	Offered []cognitoidp.ChallengeNameType
	// Ready means that what the wanted challenge needs is there: SRP_A, a usable passkey.
	Ready bool
	// Verdict is what the functions decided.
	Verdict Verdict
	// Counted means that the try was counted before the proof was judged, and taken back when it was right.
	Counted bool
	// ByPassword means that the password was proven in this hop, whatever was claimed since.
	ByPassword bool
}

// DeviceProof is how the proof of a browser that is a device came out.
type DeviceProof int

// The outcomes. DeviceSilent is a browser that had nothing to prove.
const (
	DeviceSilent DeviceProof = iota
	DeviceWrong
	DeviceRight
)

// Verdict is what DefineAuthChallenge decided.
type Verdict int

// The verdicts. VerdictUnusable is an answer without any of the others.
const (
	VerdictUnusable Verdict = iota
	VerdictFail
	VerdictIssue
	VerdictChallenge
	VerdictPassword
)

// Facts are what Next decides on besides the progress: the proof of this hop, and what was read of account and pool.
type Facts struct {
	Proof

	Known   bool // there is a user
	Hides   bool // the client must not learn who exists
	Locked  bool // after failed tries
	Enabled bool
	Status  cognitoidp.UserStatusType
	// HasPassword tells users from those who were imported without one, and Expired a temporary one whose time is over.
	HasPassword, Expired bool

	Second      factor.Decision // what pool and user want besides what is proven
	ProveDevice bool            // the device has to prove itself before the end
	Browser     DeviceProof     // the proof of a browser, which comes along with the first factor
	Short       bool            // what is proven does not reach the level of the sign-in
	Further     []cognitoidp.ChallengeNameType
	Challenges  bool // the pool has functions that pose and verify challenges
}

// StepKind is what a step does.
type StepKind int

// The kinds of steps.
const (
	Refuse       StepKind = iota // tell Refusal
	Ask                          // pose Challenge
	AskFunctions                 // ask DefineAuthChallenge, and decide again
	Finish                       // run the ending
)

// Try is what a step does to the counter of failed tries.
type Try int

// The effects on the counter. Whatever depends on the password is told with TryCount, TryGrant or TryClear, which are
// refused where parallel guesses have locked the account meanwhile.
const (
	TryNone   Try = iota
	TryCount      // a wrong proof
	TryGrant      // a right proof that leads nowhere
	TryClear      // a right proof
	TryForget     // the end of a sign-in: a counter without a lock is forgotten
)

// Step is what follows from a proof.
type Step struct {
	Kind      StepKind
	Challenge cognitoidp.ChallengeNameType
	// First, SetUp, Offered and Choices go into the session of the challenge; see challenge.Progress.
	First, SetUp bool
	Offered      []cognitoidp.ChallengeNameType
	Choices      []string

	Refusal error
	Cause   string // of a refusal or a simulation, for the log
	Try     Try
	Keep    bool // the answered session stays usable
}

// note logs why a step is what it is.
func note(ctx context.Context, s Step) {
	if s.Cause != "" {
		obs.Cause(ctx, "%s", s.Cause)
	}
}

func refusal(err error, cause string) Step { return Step{Kind: Refuse, Refusal: err, Cause: cause} }

// Next decides what follows. It is the only function that does, and it reads nothing but its arguments.
func Next(f Facts, p challenge.Progress) Step {
	step := tried(f, follow(f, p))
	switch {
	case f.Browser == DeviceWrong: // the sign-in goes on as from a new device
		step.Try = TryCount
	case f.Browser != DeviceRight: // and a right one counts unless guesses under way have locked the account
	case step.Kind == Finish:
		step.Try = TryClear
	case step.Kind == Ask && step.Try == TryNone:
		step.Try = TryGrant
	}
	return step
}

// tried is a step with its effect on the counter of wrong passwords.
func tried(f Facts, step Step) Step {
	if f.Counted {
		switch step.Try {
		case TryCount, TryGrant:
			step.Try = TryNone
		case TryClear:
			step.Try = TryForget
		}
		return step
	}
	switch {
	case !f.ByPassword || step.Kind == AskFunctions || step.Try == TryCount:
	case step.Kind == Refuse && f.Claim != ClaimPassword:
		step.Try = TryGrant
	case step.Kind != Refuse:
		step.Try = TryClear
	}
	return step
}

// follow is Next without the counter of a password that was proven.
func follow(f Facts, p challenge.Progress) Step {
	if f.Refusal != nil {
		return refusal(f.Refusal, "")
	}
	switch f.Claim {
	case ClaimNothing:
		return Step{Kind: Ask, Challenge: f.Wants}
	case ClaimChoice:
		return chosen(f, p)
	case ClaimAgain:
		return Step{Kind: Ask, Challenge: f.Wants, First: p.First, SetUp: p.SetUp, Offered: p.Offered, Choices: p.Choices}
	case ClaimPassword:
		return proven(f, p)
	case ClaimFactor:
		if step, refused := unfit(f, p); refused {
			return step
		}
	case ClaimDevice:
		if !f.Right {
			step := refusal(password.Wrong(), "wrong proof of the device")
			step.Try = TryCount
			return step
		}
		if step, refused := unfit(f, p); refused {
			return step
		}
	case ClaimSetUp: // also when a factor was set up elsewhere since: it must not be gone around
		if step, refused := unfit(f, p); refused {
			return step
		}
		if f.Second.Challenge == cognitoidp.ChallengeNameTypeMfaSetup {
			return Step{Kind: Ask, Challenge: f.Wants, SetUp: true}
		}
	case ClaimCustom:
		return Step{Kind: AskFunctions}
	case ClaimVerdict:
		return decided(f, p)
	case ClaimElsewhere:
		if step, refused := barred(f); refused {
			return step
		}
	}
	return rest(f, p)
}

// proven follows the proof of a password.
func proven(f Facts, p challenge.Progress) Step {
	step, refused := firstFactor(f)
	change := f.Status == cognitoidp.UserStatusTypeForceChangePassword
	switch {
	case refused:
		return step
	case f.UnknownDevice: // clients send the same proof again without the device
		step := refusal(device.Refusal(device.ErrUnknownDevice), "unknown device key")
		step.Try, step.Keep = TryGrant, true
		return step
	case change && p.Custom != "": // the functions go first; a new password comes before other factors
		return Step{Kind: AskFunctions}
	case change:
		return Step{Kind: Ask, Challenge: cognitoidp.ChallengeNameTypeNewPasswordRequired}
	}
	if step = rest(f, p); step.Kind == Refuse {
		step.Try = TryGrant
	}
	return step
}

// firstFactor judges the proof of a password in AWS's order (spec/user-pools-auth-flows.md section 6). Where the client
// hides users every early refusal becomes that of a wrong password.
func firstFactor(f Facts) (step Step, refused bool) {
	wrong := func(cause string) (Step, bool) {
		return Step{Kind: Refuse, Refusal: password.Wrong(), Cause: cause, Try: TryCount}, true
	}
	told := func(err error, cause string, try Try) (Step, bool) {
		return Step{Kind: Refuse, Refusal: err, Cause: cause, Try: try}, true
	}
	switch {
	case !f.Known && !f.Hides && !f.PlaysAlong:
		return told(directory.UserNotFound(), "unknown user", TryNone)
	case f.Known && !f.Hides && !f.Enabled:
		return told(directory.Disabled(), "disabled user", TryNone)
	case f.Locked:
		return told(errLocked(), "locked after failed attempts", TryNone)
	case !f.Known:
		return wrong("unknown user, simulated")
	case !f.Enabled:
		return wrong("disabled user, hidden")
	case f.Status == cognitoidp.UserStatusTypeUnconfirmed && !f.Hides:
		return told(errUnconfirmed(), "", TryNone)
	case f.Status == cognitoidp.UserStatusTypeResetRequired && !f.Hides && !f.HasPassword:
		return told(errResetRequired(), "imported: there is no password to prove", TryNone)
	case !f.Right:
		return wrong("wrong proof of the password")
	case f.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return told(errUnconfirmed(), "", TryGrant)
	case f.Status == cognitoidp.UserStatusTypeResetRequired:
		return told(errResetRequired(), "", TryGrant)
	case f.Expired:
		return told(errTemporaryExpired(), "temporary password expired", TryGrant)
	}
	return Step{}, false
}

// unfit refuses users whose state does not let another factor than the password sign them in.
func unfit(f Facts, p challenge.Progress) (step Step, refused bool) {
	switch {
	case !f.Known || !f.Enabled || f.Status == cognitoidp.UserStatusTypeUnconfirmed,
		f.Status == cognitoidp.UserStatusTypeForceChangePassword && !p.Functions:
		return refusal(challenge.Unusable(), "the user is gone, may not sign in or must change the password"), true
	case f.Status == cognitoidp.UserStatusTypeResetRequired:
		return refusal(errResetRequired(), ""), true
	}
	return Step{}, false
}

// barred refuses users who may not sign in, whoever vouches for them.
func barred(f Facts) (step Step, refused bool) {
	switch {
	case !f.Known:
		return refusal(directory.UserNotFound(), "unknown user"), true
	case !f.Enabled:
		return refusal(directory.Disabled(), "disabled user"), true
	case f.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return refusal(errUnconfirmed(), ""), true
	}
	return Step{}, false
}

// chosen begins the factor that the client prefers when it is among those offered and what it needs is there;
// otherwise the client is told what there is.
func chosen(f Facts, p challenge.Progress) Step {
	further := p.Goal != nil && len(p.Proven) > 0
	if further && len(f.Offered) == 0 {
		return refusal(errOutOfReach(), "the user lacks factors for the level")
	}
	step := Step{Kind: Ask, Challenge: f.Wants, First: !further, Offered: f.Offered}
	switch {
	case !slices.Contains(f.Offered, f.Wants):
		step.Challenge = cognitoidp.ChallengeNameTypeSelectChallenge
	case f.Wants == cognitoidp.ChallengeNameTypePasswordSrp && f.Ready:
		return Step{Kind: Ask, Challenge: cognitoidp.ChallengeNameTypePasswordVerifier}
	case f.Wants == cognitoidp.ChallengeNameTypeWebAuthn && !f.Ready:
		step.Challenge = cognitoidp.ChallengeNameTypeSelectChallenge
		step.Offered = slices.DeleteFunc(slices.Clone(f.Offered), func(c cognitoidp.ChallengeNameType) bool { return c == f.Wants })
	case further && isCode(f.Wants):
		step.Offered = nil
	}
	return step
}

// decided does what the functions decided. They may have been led along for somebody who does not exist or may not sign
// in; those get no tokens.
func decided(f Facts, p challenge.Progress) Step {
	switch {
	case f.Verdict == VerdictFail:
		return refusal(password.Wrong(), "DefineAuthChallenge failed the sign-in")
	case f.Verdict == VerdictChallenge && !f.Challenges:
		return refusal(errCustomAuthOff(), "")
	case f.Verdict == VerdictChallenge:
		return Step{Kind: Ask, Challenge: cognitoidp.ChallengeNameTypeCustomChallenge}
	case f.Verdict == VerdictPassword:
		return Step{Kind: Ask, Challenge: cognitoidp.ChallengeNameTypePasswordVerifier}
	case f.Verdict != VerdictIssue:
		return refusal(pool.UnrecognizableOutput(cognitoidp.NewInvalidLambdaResponse), "DefineAuthChallenge answered nothing usable")
	case !f.Known || !f.Enabled:
		return refusal(password.Wrong(), "unknown or disabled user, hidden")
	case f.Status == cognitoidp.UserStatusTypeUnconfirmed:
		return refusal(errUnconfirmed(), "")
	case f.Status == cognitoidp.UserStatusTypeResetRequired:
		return refusal(errResetRequired(), "")
	case !p.Functions && f.Status == cognitoidp.UserStatusTypeForceChangePassword:
		return Step{Kind: Ask, Challenge: cognitoidp.ChallengeNameTypeNewPasswordRequired} // a temporary one was proven on the way
	}
	return rest(f, p)
}

// rest is what is left of a sign-in whose first factor is proven: the next factor toward a level, the second factor
// that pool and user want, the device, the functions that began it, and then the end.
func rest(f Facts, p challenge.Progress) Step {
	switch d := f.Second; {
	case f.Short:
		return toward(f)
	case d.Blocked:
		return refusal(errNoFactorLeft(), "the user has no second factor left to give")
	case !d.Done():
		return Step{Kind: Ask, Challenge: d.Challenge, Choices: d.Choices}
	case f.ProveDevice && !p.DeviceProven:
		return Step{Kind: Ask, Challenge: cognitoidp.ChallengeNameTypeDeviceSrpAuth}
	case p.Custom != "":
		return Step{Kind: AskFunctions}
	}
	return Step{Kind: Finish, Try: TryForget}
}

// toward asks for the next factor toward a level, or lets the client choose among several.
func toward(f Facts) Step {
	switch next := f.Further; {
	case len(next) == 0:
		return refusal(errOutOfReach(), "the user lacks factors for the level")
	case len(next) == 1 && isCode(next[0]):
		return Step{Kind: Ask, Challenge: next[0]}
	default:
		return Step{Kind: Ask, Challenge: cognitoidp.ChallengeNameTypeSelectChallenge, Offered: next}
	}
}

// undecided reports whether the client has yet to choose or to begin what it will prove: nothing is simulated so far,
// and passwords are refused in their own way.
func undecided(name cognitoidp.ChallengeNameType) bool {
	switch name {
	case cognitoidp.ChallengeNameTypeSelectChallenge, cognitoidp.ChallengeNameTypePassword, cognitoidp.ChallengeNameTypePasswordSrp:
		return true
	}
	return false
}

// isCode reports whether the answer to a challenge is a code.
func isCode(c cognitoidp.ChallengeNameType) bool {
	switch c {
	case cognitoidp.ChallengeNameTypeSmsMfa, cognitoidp.ChallengeNameTypeSmsOtp,
		cognitoidp.ChallengeNameTypeEmailOtp, cognitoidp.ChallengeNameTypeSoftwareTokenMfa:
		return true
	}
	return false
}
