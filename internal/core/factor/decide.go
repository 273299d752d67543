package factor

import (
	"encoding/json"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// The names of factors in UserMFASettingList and PreferredMfaSetting. Those of second factors are also the names of
// their challenges.
const (
	smsMFA      = string(cognitoidp.ChallengeNameTypeSmsMfa)
	totpMFA     = string(cognitoidp.ChallengeNameTypeSoftwareTokenMfa)
	emailMFA    = string(cognitoidp.ChallengeNameTypeEmailOtp)
	webAuthnMFA = "WEB_AUTHN_MFA"
)

// secondFactors are the factors that can follow another, in the order in which clients are told of them.
var secondFactors = [...]string{smsMFA, totpMFA, emailMFA}

// The authentication methods (amr) of this room, and that of passwords.
const (
	AMRPassword = "pwd"
	AMRTOTP     = "otp"
	AMRSMS      = "sms"
	AMREmail    = "email_otp"
	AMRPlatform = "swk" // passkey of the device that signs in
	AMRRoaming  = "hwk" // passkey of a security key or another device
)

// State is what a sign-in has come to when the next challenge is decided.
type State struct {
	// Proven are the methods completed so far (amr values).
	Proven []string
	// UserVerified tells that the passkey among Proven verified its user.
	UserVerified bool
	// Remembered tells that the sign-in comes from a remembered device which stands in for the second factor.
	Remembered bool
	// Demanded asks for a second factor whatever the pool and the user chose: threat protection, step-up.
	Demanded bool
}

// Decision is what must happen before tokens may be issued.
type Decision struct {
	// Challenge is SMS_MFA, EMAIL_OTP, SOFTWARE_TOKEN_MFA, SELECT_MFA_TYPE or MFA_SETUP; "" when nothing is left to
	// prove.
	Challenge cognitoidp.ChallengeNameType
	// Choices are the factors of SELECT_MFA_TYPE or MFA_SETUP.
	Choices []string
	// Blocked means that a second factor is needed which this user cannot give: refuse the sign-in.
	Blocked bool
}

// Done reports that tokens may be issued.
func (d Decision) Done() bool { return d.Challenge == "" && !d.Blocked }

// Params are the ChallengeParameters of SELECT_MFA_TYPE and MFA_SETUP; those of the others come from Challenge.
func (d Decision) Params(u *directory.User) map[string]string {
	list, _ := json.Marshal(d.Choices) // of plain texts
	name := "MFAS_CAN_CHOOSE"
	if d.Challenge == cognitoidp.ChallengeNameTypeMfaSetup {
		name = "MFAS_CAN_SETUP"
	}
	return map[string]string{"USER_ID_FOR_SRP": u.Username, name: string(list)}
}

// Next decides the challenge that follows what was proven (spec/user-pools-auth-flows.md section 10). A remembered
// device replaces the challenge of a second factor, not its set-up.
func (f *Factors) Next(p *pool.Pool, _ *pool.Client, u *directory.User, have State) Decision {
	if satisfied(p, u, have) {
		return Decision{}
	}
	usable := f.SecondFactors(p, u)
	rest := slices.DeleteFunc(slices.Clone(usable), func(name string) bool {
		return slices.Contains(have.Proven, methodOf(name))
	})
	switch {
	case len(usable) > 0 && have.Remembered && !have.Demanded:
		return Decision{}
	case len(usable) > 0 && len(rest) == 0:
		return Decision{Blocked: true} // the only second factor was the first
	case len(rest) == 1:
		return Decision{Challenge: cognitoidp.ChallengeNameType(rest[0])}
	case slices.Contains(rest, u.MFA.Preferred):
		return Decision{Challenge: cognitoidp.ChallengeNameType(u.MFA.Preferred)}
	case len(rest) > 1:
		return Decision{Challenge: cognitoidp.ChallengeNameTypeSelectMfaType, Choices: rest}
	case p.MFARequired():
		return Decision{Challenge: cognitoidp.ChallengeNameTypeMfaSetup, Choices: poolFactors(p)}
	}
	return Decision{Blocked: have.Demanded}
}

// satisfied reports whether what was proven counts as two factors: two different methods, or a passkey that verified
// its user where pool and user let it stand for both.
func satisfied(p *pool.Pool, u *directory.User, have State) bool {
	proven := map[string]bool{}
	for _, m := range have.Proven {
		switch m {
		case AMRPlatform, AMRRoaming:
			if have.UserVerified && passkeyMFA(p, u) {
				return true
			}
			proven["passkey"] = true
		case AMRPassword, AMRTOTP, AMRSMS, AMREmail, AMRRecovery:
			proven[m] = true
		}
	}
	return len(proven) > 1
}

// passkeyMFA reports whether a passkey of the user may stand for both factors.
func passkeyMFA(p *pool.Pool, u *directory.User) bool {
	return multiFactorPasskeys(p) && slices.Contains(u.MFA.Enabled, webAuthnMFA)
}

// SecondFactors are the second factors that the user can be asked for, in the order of SELECT_MFA_TYPE: those the
// user has enabled, and in pools that require MFA otherwise a verified software token, or the only factor of the pool
// when that is a message to an address the user has. A verified token works also where the pool has turned software
// tokens off since.
func (f *Factors) SecondFactors(p *pool.Pool, u *directory.User) []string {
	if !p.MFARequired() && !p.MFAOptional() {
		return nil
	}
	offered := poolFactors(p)
	var out []string
	for _, name := range secondFactors {
		if slices.Contains(u.MFA.Enabled, name) && reachable(u, name) && (name == totpMFA || slices.Contains(offered, name)) {
			out = append(out, name)
		}
	}
	switch {
	case len(out) > 0 || !p.MFARequired():
		return out
	case u.MFA.TOTP:
		return []string{totpMFA}
	case len(offered) == 1 && reachable(u, offered[0]):
		return offered
	}
	return nil
}

// reachable reports whether the user has what a factor needs.
func reachable(u *directory.User, name string) bool {
	if name == totpMFA {
		return u.MFA.TOTP
	}
	return u.Attributes[attributeOf(name)] != ""
}

// poolFactors are the second factors of a pool.
func poolFactors(p *pool.Pool) []string {
	var out []string
	if p.MFA.SmsMfaConfiguration != nil {
		out = append(out, smsMFA)
	}
	if totpEnabled(p) {
		out = append(out, totpMFA)
	}
	if p.MFA.EmailMfaConfiguration != nil {
		out = append(out, emailMFA)
	}
	return out
}

func totpEnabled(p *pool.Pool) bool {
	t := p.MFA.SoftwareTokenMfaConfiguration
	return t != nil && t.Enabled != nil && *t.Enabled
}

// FirstFactors are the AvailableChallenges of USER_AUTH for a user, in AWS's order. A user who needs a second factor is
// offered passwords only, and a passkey where it stands for both; a user whose password must be changed passwords only.
func (f *Factors) FirstFactors(p *pool.Pool, u *directory.User) []cognitoidp.ChallengeNameType {
	return f.firstFactors(p, u, u.HasPassword())
}

// PretendFirstFactors is FirstFactors for a user whose existence is simulated, with or without a password.
func (f *Factors) PretendFirstFactors(p *pool.Pool, ghost *directory.User, password bool) []cognitoidp.ChallengeNameType {
	return f.firstFactors(p, ghost, password)
}

func (f *Factors) firstFactors(p *pool.Pool, u *directory.User, password bool) []cognitoidp.ChallengeNameType {
	limited := p.MFARequired() || len(f.SecondFactors(p, u)) > 0
	passkey := u.MFA.Passkeys > 0 && (!limited || passkeyMFA(p, u))
	if u.Status == cognitoidp.UserStatusTypeForceChangePassword || u.Status == cognitoidp.UserStatusTypeResetRequired {
		limited, passkey = true, false
	}
	var out []cognitoidp.ChallengeNameType
	if password && p.AllowsFirstFactor(cognitoidp.AuthFactorTypePassword) {
		out = append(out, cognitoidp.ChallengeNameTypePasswordSrp, cognitoidp.ChallengeNameTypePassword)
	}
	if !limited && p.AllowsFirstFactor(cognitoidp.AuthFactorTypeEmailOtp) && u.Attributes["email"] != "" {
		out = append(out, cognitoidp.ChallengeNameTypeEmailOtp)
	}
	if !limited && p.AllowsFirstFactor(cognitoidp.AuthFactorTypeSmsOtp) && u.Attributes["phone_number"] != "" {
		out = append(out, cognitoidp.ChallengeNameTypeSmsOtp)
	}
	if passkey && p.AllowsFirstFactor(cognitoidp.AuthFactorTypeWebAuthn) {
		out = append(out, cognitoidp.ChallengeNameTypeWebAuthn)
	}
	return out
}

// attributeOf is the attribute that the code of a challenge goes to, "" for challenges without a message.
func attributeOf(name string) string {
	switch cognitoidp.ChallengeNameType(name) {
	case cognitoidp.ChallengeNameTypeSmsMfa, cognitoidp.ChallengeNameTypeSmsOtp:
		return "phone_number"
	case cognitoidp.ChallengeNameTypeEmailOtp:
		return "email"
	}
	return ""
}

// methodOf is the amr value of a challenge with a code.
func methodOf(name string) string {
	switch attributeOf(name) {
	case "phone_number":
		return AMRSMS
	case "email":
		return AMREmail
	}
	return AMRTOTP
}
