package signin

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
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
		return nil, cognitoidp.NewInvalidParameter("ACCESS_TOKEN needs TARGET_ACR_VALUES.")
	}
	if r.Session != "" {
		return nil, cognitoidp.NewInvalidParameter("TARGET_ACR_VALUES and MAX_AGE cannot be given with a Session.")
	}
	for _, name := range strings.Fields(values) {
		if level := factor.Level(r.Pool.ACRLevel(name)); level > 0 && !slices.Contains(d.targets, level) {
			d.targets = append(d.targets, level)
		}
	}
	if values != "" && len(d.targets) == 0 {
		return nil, cognitoidp.NewInvalidParameter("TARGET_ACR_VALUES has no value that is known to the user pool.")
	}
	if age != "" {
		seconds, err := strconv.ParseUint(age, 10, 63)
		if err != nil {
			return nil, cognitoidp.NewInvalidParameter("MAX_AGE must be a whole number of seconds.")
		}
		d.maxAge = int64(seconds)
	}
	return d, nil
}

// stepUp gives a sign-in its goal and returns the factors to begin with. What the access token is credited for is not
// asked again; first are the factors that a sign-in of the user can begin with.
func (e *Engine) stepUp(ctx context.Context, s *signIn, d *demand, first []cognitoidp.ChallengeNameType) ([]cognitoidp.ChallengeNameType, error) {
	s.progress.Goal = &challenge.Goal{}
	reached, err := e.credited(ctx, s, d, first)
	if err != nil {
		return nil, err
	}
	return e.aim(ctx, s, d, reached, first)
}

// credited sets which factors of an authentication of before count. It returns the level that those have reached, 0 when
// none of them counts: the sign-in is too long ago, or was by a password that is no longer the user's.
func (e *Engine) credited(ctx context.Context, s *signIn, d *demand, first []cognitoidp.ChallengeNameType) (factor.Level, error) {
	credit := s.Credit
	if d.token != "" {
		var err error
		if credit, err = e.ofToken(ctx, s, d.token); err != nil {
			return 0, err
		}
	}
	switch {
	case credit == nil, s.user == nil, credit.Sub != s.user.Sub,
		d.maxAge == 0 || d.maxAge > 0 && e.now().Unix()-credit.AuthTime > d.maxAge:
		return 0, nil
	case s.user.Status == cognitoidp.UserStatusTypeForceChangePassword, s.user.Status == cognitoidp.UserStatusTypeResetRequired:
		return 0, nil
	case slices.Contains(credit.AMR, factor.AMRPassword) && !s.user.Epoch.SamePassword(credit.Epoch):
		return 0, nil
	}
	s.progress.Proven, s.progress.PasswordSetAt = e.Factors.Credited(s.Pool, s.user, first, credit.AMR), s.credential.SetAt
	return max(factor.LevelOf(credit.AMR), factor.Level(s.Pool.ACRLevel(credit.ACR))), nil
}

// ofToken verifies the access token of a step-up; it has to be of the user and the client.
func (e *Engine) ofToken(ctx context.Context, s *signIn, text string) (*Credit, error) {
	access, err := e.Directory.Authorize(ctx, text)
	log := obs.From(ctx)
	log.Pool, log.Client, log.User = s.Pool.ID, s.Client.ID, "" // not those of the token
	if s.user != nil {
		log.User = s.user.Sub
	}
	if err != nil {
		return nil, err
	}
	if access.Derived || access.Pool.ID != s.Pool.ID || access.ClientID != s.Client.ID || s.user == nil || access.Sub != s.user.Sub {
		obs.Cause(ctx, "the access token is of another user or client, or a derived one")
		return nil, token.InvalidAccess()
	}
	return &Credit{Sub: access.Sub, AMR: access.AMR, ACR: access.ACR, AuthTime: access.AuthTime, Epoch: directory.Epoch(access.Epoch)}, nil
}

// aim sets the first target that the user can reach and returns the factors to
// begin with. Whether a user lacks a factor is not told to clients that hide
// users, before the first factor is proven.
func (e *Engine) aim(ctx context.Context, s *signIn, d *demand, reached factor.Level, first []cognitoidp.ChallengeNameType) ([]cognitoidp.ChallengeNameType, error) {
	if len(d.targets) == 0 {
		return first, nil
	}
	for _, target := range d.targets {
		if reached >= target {
			obs.Cause(ctx, "the access token has level %d", reached)
			return nil, cognitoidp.NewInvalidParameter("The access token already satisfies the requested authentication level.")
		}
		if offered := e.toward(s, first, s.progress.Proven, target); len(offered) > 0 {
			s.progress.Goal.Level = int(target)
			return offered, nil
		}
	}
	passwords := slices.DeleteFunc(slices.Clone(first), func(c cognitoidp.ChallengeNameType) bool {
		return c != cognitoidp.ChallengeNameTypePassword && c != cognitoidp.ChallengeNameTypePasswordSrp
	})
	if s.Client.HidesUsers() && d.token == "" && len(passwords) > 0 {
		s.progress.Goal.Level = int(d.targets[0])
		return passwords, nil
	}
	obs.Cause(ctx, "the user lacks factors for the level")
	return nil, errOutOfReach()
}

// toward are the challenges that bring the account closer to a level.
func (e *Engine) toward(s *signIn, first []cognitoidp.ChallengeNameType, have []string, target factor.Level) []cognitoidp.ChallengeNameType {
	return e.Factors.Toward(s.Pool, s.userOf(), first, have, target)
}
