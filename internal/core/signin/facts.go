package signin

import (
	"slices"

	"cognate/internal/core/device"
	"cognate/internal/core/factor"
)

// facts gathers what Next decides on. It reads no database: the provers have done that.
func (e *Engine) facts(s *signIn) Facts {
	f := Facts{
		Proof: s.proof, Known: s.user != nil, Hides: s.Client.HidesUsers(), Locked: s.locked,
		Challenges: e.Triggers.Challenges(s.pool()),
	}
	if s.user == nil {
		return f
	}
	f.Enabled, f.Status, f.HasPassword = s.user.Enabled, s.user.Status, s.user.HasPassword()
	f.Expired = s.credential.Expired(e.now())
	f.Second, f.ProveDevice, f.Browser = e.second(s), device.MustProve(s.Pool, s.device), s.browser
	if goal := s.progress.Goal; goal != nil {
		f.Short = factor.LevelOf(s.progress.Proven) < factor.Level(goal.Level)
	}
	if f.Short {
		f.Further = e.toward(s, e.Factors.FirstFactors(s.Pool, s.user), s.progress.Proven, factor.Level(s.progress.Goal.Level))
	}
	return f
}

// second decides what is still to be proven. There is no second factor where the owner's functions decided alone or an
// identity provider vouched for the user, as on AWS.
func (e *Engine) second(s *signIn) factor.Decision {
	if s.progress.Functions || slices.Contains(s.progress.Proven, factor.AMRFederated) {
		return factor.Decision{}
	}
	return e.Factors.Next(s.Pool, s.Client, s.user, factor.State{
		Proven: s.progress.Proven, UserVerified: s.progress.UserVerified, Remembered: device.ReplacesMFA(s.Pool, s.device),
	})
}
