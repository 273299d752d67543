package signin

import (
	"context"
	"encoding/hex"
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
func (e *Engine) imagine(ctx context.Context, a *attempt) error {
	sum, err := e.Keys.MAC(ctx, a.Pool.ID, "signin/ghost", a.account)
	if err != nil {
		return err
	}
	seed := hex.EncodeToString(sum)
	g := &ghost{User: &directory.User{
		PoolID: a.Pool.ID, Sub: a.account, Username: a.ghostName(), Enabled: true,
		Status: cognitoidp.UserStatusTypeConfirmed, Attributes: map[string]string{},
	}}
	if directory.IsEmail(a.typed) || a.everybodyHas("email") || sum[31]%8 > 0 {
		g.Attributes["email"] = directory.GhostAddress("email", a.typed, seed)
	}
	if directory.IsPhone(a.typed) || a.everybodyHas("phone_number") || sum[30]%2 > 0 {
		g.Attributes["phone_number"] = directory.GhostAddress("phone_number", a.typed, seed)
	}
	if sum[29]%2 > 0 && e.Factors.HasRelyingParty(a.Pool) {
		g.MFA.Passkeys = 1
	}
	g.passwordless = sum[28]%4 == 0
	if sum[27]%8 == 0 { // offered passwords alone, as those with a second factor are
		g.Status = cognitoidp.UserStatusTypeForceChangePassword
	}
	a.ghost = g
	someone := g.User
	if a.user != nil {
		someone = a.user
	}
	a.first = e.Factors.FirstFactors(a.Pool, someone)
	return nil
}

// ghostName is the user name of the ghost.
func (a *attempt) ghostName() string { return directory.GhostUsername(a.Pool, a.typed, a.account) }

// everybodyHas reports whether every user of the pool has an attribute.
func (a *attempt) everybodyHas(name string) bool {
	return slices.Contains(a.Pool.Schema.Required(), name) || len(a.Pool.UsernameAttrs) == 1 && a.Pool.UsernameAttrs.Has(name)
}

// pretended are the first factors that the ghost seems to have. People without a
// password exist where the pool signs them up by a code. Who hides behind the
// ghost and has a password may try it.
func (e *Engine) pretended(a *attempt) []cognitoidp.ChallengeNameType {
	if a.ghost.passwordless && (a.user == nil || !a.user.HasPassword()) {
		bare := e.Factors.PretendFirstFactors(a.Pool, a.ghost.User, false)
		if slices.ContainsFunc(bare, isCode) {
			return bare
		}
	}
	return e.Factors.PretendFirstFactors(a.Pool, a.ghost.User, true)
}
