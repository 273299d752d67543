package directory

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/message"
)

// Invitation is the message by which a user whom somebody else made learns of the account.
type Invitation struct {
	Username string                          // as it is shown to the user
	Password string                          // temporary; without one a template with a place for it is not sent
	Mediums  []cognitoidp.DeliveryMediumType // SMS when empty
	Optional bool                            // a medium that this server cannot send by is left out
}

// Invite queues an invitation on each desired medium that u has an address for, in tx.
func (d *Directory) Invite(ctx context.Context, tx *db.Tx, c Caller, u *User, in Invitation) error {
	mediums := in.Mediums
	if len(mediums) == 0 {
		mediums = []cognitoidp.DeliveryMediumType{cognitoidp.DeliveryMediumTypeSms}
	}
	clientID := ""
	if c.Client != nil {
		clientID = c.Client.ID
	}
	for _, attr := range []string{kindPhone, kindEmail} {
		medium, to := message.MediumOf(attr), u.Attributes[attr]
		if to == "" || !slices.Contains(mediums, medium) {
			continue
		}
		err := d.Messages.Send(ctx, tx, message.Outgoing{
			PoolID: c.Pool.ID, Config: c.Pool.Config, ClientID: clientID, Kind: message.AdminCreateUser, Sub: u.Sub,
			Username: in.Username, Stored: u.Username, To: to, Medium: medium, Code: in.Password,
			Attributes: EventAttributes(c.Pool, u), Metadata: c.Metadata,
		})
		if errors.Is(err, message.ErrNoTransport) && in.Optional {
			obs.Cause(ctx, "no invitation: %v", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
