package signin

import (
	"context"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
)

// ghost stands in for a user who does not exist or whom the client must not see.
type ghost struct {
	*directory.User
	passwordless bool // if the pool lets people be
}

// imagine gives an attempt its ghost. It is drawn from a secret of the pool:
// always the same for an account, and as different from others as users are, so
// that neither the list of factors nor a masked address tells. Every list that a
// user can have is some ghost's. What the user could begin with is noted too.
func (e *Engine) imagine(ctx context.Context, s *signIn) error {
	made, err := e.Directory.Ghost(ctx, s.Pool, s.name, s.sub, s.user)
	if err != nil {
		return err
	}
	g := &ghost{User: made.User, passwordless: made.Draw(0)%4 == 0}
	if made.Draw(1)%2 > 0 && e.Factors.HasRelyingParty(s.Pool) {
		g.MFA.Passkeys = 1
	}
	if made.Draw(2)%8 == 0 { // offered passwords alone, as those with a second factor are
		g.Status = cognitoidp.UserStatusTypeForceChangePassword
	}
	s.ghost = g
	someone := g.User
	if s.user != nil {
		someone = s.user
	}
	s.first = e.Factors.FirstFactors(s.Pool, someone)
	return nil
}

// ghostName is the user name of the ghost.
func (s *signIn) ghostName() string { return directory.GhostUsername(s.Pool, s.name, s.sub) }

// pretended are the first factors that the ghost seems to have. People without a
// password exist where the pool signs them up by a code. Who hides behind the
// ghost and has a password may try it.
func (e *Engine) pretended(s *signIn) []cognitoidp.ChallengeNameType {
	if s.ghost.passwordless && (s.user == nil || !s.user.HasPassword()) {
		bare := e.Factors.PretendFirstFactors(s.Pool, s.ghost.User, false)
		if slices.ContainsFunc(bare, isCode) {
			return bare
		}
	}
	return e.Factors.PretendFirstFactors(s.Pool, s.ghost.User, true)
}
