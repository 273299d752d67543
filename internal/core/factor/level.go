package factor

import (
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// The authentication method of a user whom an identity provider vouched for, and the one that tokens carry besides when
// two or more distinct factors were proven. Neither earns a level.
const (
	AMRFederated = "fed"
	AMRMultiple  = "mfa"
)

// Level is an authentication level of step-up authentication, 1 to 4; 0 is none.
type Level int

// LevelOf is the highest level that is fully satisfied by what a user has proven (spec/newest-features.md section 5.1).
// Which factors make a level is fixed; pools choose names only.
func LevelOf(methods []string) Level {
	has := func(m string) bool { return slices.Contains(methods, m) }
	code := has(AMRSMS) || has(AMREmail)
	switch {
	case has(AMRPassword) && has(AMRTOTP):
		return 4
	case has(AMRPlatform), has(AMRRoaming), has(AMRPassword) && code:
		return 3
	case code:
		return 2
	case has(AMRPassword):
		return 1
	}
	return 0
}

// Methods are the distinct factors among amr values, in their order: what a token's amr is worth for another sign-in.
func Methods(amr []string) []string {
	var out []string
	for _, m := range amr {
		known := m == AMRPassword || m == AMRTOTP || m == AMRSMS || m == AMREmail || m == AMRPlatform || m == AMRRoaming
		if known && !holds(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// Claim is the amr claim for the methods of a sign-in: mfa comes last when there are two or more.
func Claim(amr []string) []string {
	out := Methods(amr)
	if len(out) > 1 {
		out = append(out, AMRMultiple)
	}
	return out
}

// holds reports whether a method, or for a passkey any passkey, is among methods.
func holds(methods []string, m string) bool {
	if m == AMRPlatform || m == AMRRoaming {
		return slices.Contains(methods, AMRPlatform) || slices.Contains(methods, AMRRoaming)
	}
	return slices.Contains(methods, m)
}

// Toward are the challenges that bring a sign-in with these methods closer to a level, in the order of USER_AUTH and
// SELECT_MFA_TYPE; none when the level is reached or the user lacks the factors for it. A sign-in begins with one of
// first; what follows may be any factor that the user can be asked for.
func (f *Factors) Toward(p *pool.Pool, u *directory.User, first []cognitoidp.ChallengeNameType, have []string, target Level) []cognitoidp.ChallengeNameType {
	return toward(first, f.furtherFactors(p, u), have, target)
}

// Credited are the methods among a token's amr that count for another sign-in: those that the user can
// still be asked for. What was proven by a factor that has since been given up, or displaced by a second factor, is not
// worth that factor.
func (f *Factors) Credited(p *pool.Pool, u *directory.User, first []cognitoidp.ChallengeNameType, amr []string) []string {
	return credited(first, f.furtherFactors(p, u), amr)
}

func credited(first []cognitoidp.ChallengeNameType, second, amr []string) []string {
	var usable []string
	for _, c := range first {
		usable = append(usable, proves(c))
	}
	for _, name := range second {
		usable = append(usable, methodOf(name))
	}
	return slices.DeleteFunc(Methods(amr), func(m string) bool { return !holds(usable, m) })
}

// furtherFactors are what a user can be asked for to reach a level: the second factors. A user who is never asked for one,
// because MFA is optional or off, is asked for what is set up all the same: a software token, or a verified address that
// the pool sends MFA codes to. It stays with the second factors where there are any, or a level would be a way around
// the factor that the user chose.
func (f *Factors) furtherFactors(p *pool.Pool, u *directory.User) []string {
	second := f.SecondFactors(p, u)
	if len(second) > 0 || p.MFARequired() {
		return second
	}
	var out []string
	for _, name := range secondFactors {
		attribute := attributeOf(name)
		sent := p.MFAOptional() && slices.Contains(poolFactors(p), name)
		if name == totpMFA && u.MFA.TOTP || attribute != "" && sent && u.Attributes[attribute] != "" && u.Attributes[attribute+"_verified"] == "true" {
			out = append(out, name)
		}
	}
	return out
}

// toward is the rule of Toward. A challenge counts when it completes the level, or does so with one more, and when the
// level cannot be had without it.
func toward(first []cognitoidp.ChallengeNameType, second, have []string, target Level) []cognitoidp.ChallengeNameType {
	if LevelOf(have) >= target {
		return nil
	}
	all := slices.Clone(first)
	for _, name := range second {
		c := cognitoidp.ChallengeNameType(name)
		// A code of the second factor goes by the second factor's name.
		all = slices.DeleteFunc(all, func(o cognitoidp.ChallengeNameType) bool { return proves(o) == proves(c) })
		all = append(all, c)
	}
	candidates := all
	if len(have) == 0 {
		candidates = first
	}
	var out []cognitoidp.ChallengeNameType
	for _, c := range candidates {
		if !holds(have, proves(c)) && needed(first, all, have, c, target) {
			out = append(out, c)
		}
	}
	return out
}

// needed reports whether some way to the target goes through c and none leaves it out: alone, or together with one more
// challenge that would not do without it, or that no sign-in can begin with.
func needed(first, all []cognitoidp.ChallengeNameType, have []string, c cognitoidp.ChallengeNameType, target Level) bool {
	with := append(slices.Clone(have), proves(c))
	if LevelOf(with) >= target {
		return true
	}
	for _, then := range all {
		if LevelOf(append(slices.Clone(with), proves(then))) < target {
			continue
		}
		without := append(slices.Clone(have), proves(then))
		begins := len(have) > 0 || slices.ContainsFunc(first, func(o cognitoidp.ChallengeNameType) bool { return proves(o) == proves(then) })
		if LevelOf(without) < target || !begins {
			return true
		}
	}
	return false
}

// proves is the method that a challenge proves; a passkey's kind is not known before, and makes no difference.
func proves(c cognitoidp.ChallengeNameType) string {
	switch c {
	case cognitoidp.ChallengeNameTypePassword, cognitoidp.ChallengeNameTypePasswordSrp:
		return AMRPassword
	case cognitoidp.ChallengeNameTypeWebAuthn:
		return AMRPlatform
	}
	return methodOf(string(c))
}
