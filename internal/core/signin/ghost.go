package signin

import (
	"context"
	"encoding/hex"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/directory"
)

// imagine gives an attempt the ghost that stands in for a user who does not
// exist or whom the client must not see. It is drawn from a secret of the pool:
// always the same for an account, and as different from others as users are, so
// that neither the list of factors nor a masked address tells.
func (e *Engine) imagine(ctx context.Context, a *attempt) error {
	sum, err := e.Keys.MAC(ctx, a.Pool.ID, "signin/ghost", a.account)
	if err != nil {
		return err
	}
	seed := hex.EncodeToString(sum)
	ghost := &directory.User{
		PoolID: a.Pool.ID, Sub: a.account, Username: a.account, Enabled: true,
		Status: cognitoidp.UserStatusTypeConfirmed, Attributes: map[string]string{},
	}
	if directory.IsEmail(a.typed) || a.everybodyHas("email") || sum[31]%8 > 0 {
		ghost.Attributes["email"] = directory.GhostAddress("email", a.typed, seed)
	}
	if directory.IsPhone(a.typed) || a.everybodyHas("phone_number") || sum[30]%2 > 0 {
		ghost.Attributes["phone_number"] = directory.GhostAddress("phone_number", a.typed, seed)
	}
	if sum[29]%2 > 0 {
		ghost.MFA.Passkeys = 1
	}
	a.ghost = ghost
	return nil
}

// everybodyHas reports whether every user of the pool has an attribute.
func (a *attempt) everybodyHas(name string) bool {
	return slices.Contains(a.Pool.Schema.Required(), name) || len(a.Pool.UsernameAttrs) == 1 && a.Pool.UsernameAttrs.Has(name)
}
