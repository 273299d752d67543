package signin

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/factor"
	"cognate/internal/core/token"
)

// demand is what a USER_AUTH request asks for by step-up authentication
// (spec/newest-features.md section 5.3).
type demand struct {
	targets []factor.Level // best first; none when only an age was asked for
	token   string         // access token whose methods are credited, "" for none
	maxAge  int64          // of that token's sign-in in seconds, -1 for any
}

// demanded reads the step-up parameters of a request; nil without any.
func (e *Engine) demanded(r *Request) (*demand, error) {
	values, age := r.Params["TARGET_ACR_VALUES"], r.Params["MAX_AGE"]
	d := &demand{token: r.Params["ACCESS_TOKEN"], maxAge: -1}
	if values == "" && age == "" && d.token == "" {
		return nil, nil
	}
	if err := e.Pools.StepUp(r.Pool); err != nil {
		return nil, err
	}
	if d.token != "" && values == "" {
		return nil, errInvalid("ACCESS_TOKEN needs TARGET_ACR_VALUES.")
	}
	if r.Session != "" {
		return nil, errInvalid("TARGET_ACR_VALUES and MAX_AGE cannot be given with a Session.")
	}
	for _, name := range strings.Fields(values) {
		if level := factor.Level(r.Pool.ACRLevel(name)); level > 0 && !slices.Contains(d.targets, level) {
			d.targets = append(d.targets, level)
		}
	}
	if values != "" && len(d.targets) == 0 {
		return nil, errInvalid("TARGET_ACR_VALUES has no value that is known to the user pool.")
	}
	if age != "" {
		seconds, err := strconv.ParseUint(age, 10, 63)
		if err != nil {
			return nil, errInvalid("MAX_AGE must be a whole number of seconds.")
		}
		d.maxAge = int64(seconds)
	}
	return d, nil
}

// stepUp begins a sign-in toward a level. What the access token is credited for
// is not asked again; first are the factors that a sign-in of the user can begin
// with.
func (e *Engine) stepUp(ctx context.Context, a *attempt, d *demand, first []cognitoidp.ChallengeNameType) (*Answer, error) {
	a.goal = &challenge.Goal{}
	reached, err := e.credit(ctx, a, d, first)
	if err != nil {
		return nil, err
	}
	offered, err := e.aim(ctx, a, d, reached, first)
	if err != nil {
		return nil, err
	}
	if a.begun() {
		a.amr = a.goal.Have
		return e.further(ctx, a, nil, nil)
	}
	return e.offer(ctx, a, nil, cognitoidp.ChallengeNameType(a.Params["PREFERRED_CHALLENGE"]), offered)
}

// credit verifies the access token and sets which of its methods count. It
// returns the level that the token has reached, 0 when none of it counts: the
// sign-in is too long ago, or was by a password that is no longer the user's.
func (e *Engine) credit(ctx context.Context, a *attempt, d *demand, first []cognitoidp.ChallengeNameType) (factor.Level, error) {
	if d.token == "" {
		return 0, nil
	}
	access, err := e.Directory.Authorize(ctx, d.token)
	log := obs.From(ctx)
	log.Pool, log.Client, log.User = a.Pool.ID, a.Client.ID, "" // not those of the token
	if a.user != nil {
		log.User = a.user.Sub
	}
	if err != nil {
		return 0, err
	}
	if access.Pool.ID != a.Pool.ID || access.ClientID != a.Client.ID || a.user == nil || access.Sub != a.user.Sub {
		obs.Cause(ctx, "the access token is of another user or client")
		return 0, errRefused("Invalid Access Token")
	}
	switch {
	case d.maxAge == 0 || d.maxAge > 0 && e.now().Unix()-access.AuthTime > d.maxAge:
		return 0, nil
	case a.user.Status == cognitoidp.UserStatusTypeForceChangePassword, a.user.Status == cognitoidp.UserStatusTypeResetRequired:
		return 0, nil
	case slices.Contains(access.AMR, factor.AMRPassword) && a.credential.SetAt/1000 > access.AuthTime:
		return 0, nil
	}
	a.goal.Have = e.Factors.Credited(a.Pool, a.user, first, access.AMR)
	return max(factor.LevelOf(access.AMR), factor.Level(a.Pool.ACRLevel(access.ACR))), nil
}

// aim sets the first target that the user can reach and returns the factors to
// begin with. Whether a user lacks a factor is not told to clients that hide
// users, before the first factor is proven.
func (e *Engine) aim(ctx context.Context, a *attempt, d *demand, reached factor.Level, first []cognitoidp.ChallengeNameType) ([]cognitoidp.ChallengeNameType, error) {
	if len(d.targets) == 0 {
		return first, nil
	}
	for _, target := range d.targets {
		if reached >= target {
			obs.Cause(ctx, "the access token has level %d", reached)
			return nil, errInvalid("The access token already satisfies the requested authentication level.")
		}
		if offered := e.toward(a, first, a.goal.Have, target); len(offered) > 0 {
			a.goal.Level = int(target)
			return offered, nil
		}
	}
	passwords := slices.DeleteFunc(slices.Clone(first), func(c cognitoidp.ChallengeNameType) bool {
		return c != cognitoidp.ChallengeNameTypePassword && c != cognitoidp.ChallengeNameTypePasswordSrp
	})
	if a.Client.HidesUsers() && d.token == "" && len(passwords) > 0 {
		a.goal.Level = int(d.targets[0])
		return passwords, nil
	}
	return nil, errOutOfReach(ctx)
}

// toward are the challenges that bring the account closer to a level.
func (e *Engine) toward(a *attempt, first []cognitoidp.ChallengeNameType, have []string, target factor.Level) []cognitoidp.ChallengeNameType {
	u := a.user
	if u == nil {
		u = a.ghost.User
	}
	return e.Factors.Toward(a.Pool, u, first, have, target)
}

// errOutOfReach refuses a level for which the user has not the factors; no
// set-up is offered.
func errOutOfReach(ctx context.Context) error {
	obs.Cause(ctx, "the user lacks factors for the level")
	return errInvalid("The user has no factors that satisfy the requested authentication level.")
}

// begun reports whether factors count already in a sign-in toward a level, so
// that what is asked next is a further one.
func (a *attempt) begun() bool { return a.goal != nil && len(a.goal.Have) > 0 }

// short adds what counts already to the proven methods of a sign-in toward a
// level, and reports whether they do not reach it yet.
func (a *attempt) short() bool {
	if a.goal == nil {
		return false
	}
	a.amr = factor.Methods(slices.Concat(a.goal.Have, a.amr))
	return factor.LevelOf(a.amr) < factor.Level(a.goal.Level)
}

// further asks for the next factor toward the level of a sign-in, or lets the
// client choose among several by SELECT_CHALLENGE.
func (e *Engine) further(ctx context.Context, a *attempt, answered *challenge.State, change func(*db.Tx) error) (*Answer, error) {
	next := e.toward(a, e.Factors.FirstFactors(a.Pool, a.user), a.amr, factor.Level(a.goal.Level))
	a.goal = &challenge.Goal{Level: a.goal.Level, Have: a.amr}
	preferred := cognitoidp.ChallengeNameType(a.Params["PREFERRED_CHALLENGE"])
	if len(next) == 1 {
		preferred = next[0]
	}
	switch {
	case len(next) == 0:
		return nil, e.refuse(ctx, a, errOutOfReach(ctx), false, answered)
	case len(next) == 1 && isCode(next[0]):
		return e.askFactor(ctx, a, answered, change, next[0], factorStep{Verified: a.userVerified})
	case slices.Contains(next, preferred) && answered == nil && !a.byPassword:
		return e.offer(ctx, a, answered, preferred, next)
	}
	const name = cognitoidp.ChallengeNameTypeSelectChallenge
	_, session, err := e.factorSession(ctx, a, name, factorStep{Offered: next, Verified: a.userVerified})
	if err != nil {
		return nil, err
	}
	if err := e.DB.Update(ctx, func(tx *db.Tx) error { return e.turn(tx, a, answered, change) }); err != nil {
		return nil, e.turned(err)
	}
	return &Answer{Challenge: name, Session: session, Offered: next}, nil
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

// leveled gives the tokens of a sign-in toward a level the level that was
// reached, which may be another one, and the methods.
func (a *attempt) leveled(s *token.Subject, o *token.Options) {
	if a.goal == nil {
		return
	}
	s.AMR = factor.Claim(a.amr)
	o.ACR = a.Pool.ACR(int(factor.LevelOf(a.amr)))
}
