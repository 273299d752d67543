package account

import (
	"context"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// InviteInput is a user whom an administrator makes, or invites again.
type InviteInput struct {
	Name       string
	Password   string // temporary; "" for one that is generated
	Attributes map[string]string
	Validation map[string]string // for the pool's PreSignUp function; nil for none
	ForceAlias bool              // takes a verified alias from whoever holds it
	Mediums    []cognitoidp.DeliveryMediumType
	Silent     bool // sends no invitation
}

// Invite makes a user with a temporary password and sends an invitation.
func (a *Accounts) Invite(ctx context.Context, c directory.Caller, in InviteInput) (*directory.User, error) {
	p, attrs := c.Pool, in.Attributes
	if err := a.Keys.Load(ctx, p.ID); err != nil {
		return nil, err
	}
	name, err := a.nameFor(p, in.Name, attrs, "User account already exists")
	if err != nil {
		return nil, err
	}
	if err := a.Directory.CheckAttributes(p, nil, attrs, directory.Create); err != nil {
		return nil, err
	}
	nu := directory.NewUser{
		Sub: name.sub, Username: name.username, Attributes: attrs,
		Status: cognitoidp.UserStatusTypeForceChangePassword, MoveAliases: in.ForceAlias,
	}
	if _, err := a.Triggers.PreSignUp(ctx, trigger.PreSignUpAdminCreateUser, eventOf(p, nil, nu, c.Metadata), in.Validation); err != nil {
		return nil, err // its other answers do not count for users that administrators make
	}
	secret := ""
	switch {
	case in.Password != "":
		secret = in.Password
	case !passwordless(p):
		secret = password.GenerateTemporary(p.PasswordPolicy(), a.Rand)
	default:
		nu.Status = cognitoidp.UserStatusTypeConfirmed // nothing to change at first sign-in
	}
	if secret != "" {
		if nu.Credential, err = a.Directory.FirstCredential(p, name.username, secret, true); err != nil {
			return nil, err
		}
	}
	var u *directory.User
	err = a.Messages.Compose(ctx, func(ctx context.Context) error {
		return a.DB.Update(ctx, func(tx *db.Tx) error {
			if u, err = a.Directory.Create(ctx, tx, p, nu); err != nil {
				return err
			}
			return a.invite(ctx, tx, c, u, in, secret)
		})
	})
	if err != nil {
		return nil, takenRefusal(ctx, undeliverable(ctx, err), name.taken)
	}
	return u, nil
}

// InviteAgain gives a user who never signed in a new temporary password and
// sends the invitation again.
func (a *Accounts) InviteAgain(ctx context.Context, c directory.Caller, in InviteInput) (u *directory.User, err error) {
	err = untilUnchanged(func() error {
		u, err = a.inviteAgain(ctx, c, in)
		return err
	})
	return u, err
}

func (a *Accounts) inviteAgain(ctx context.Context, c directory.Caller, in InviteInput) (*directory.User, error) {
	p := c.Pool
	u, err := a.named(ctx, c, in.Name)
	if err != nil {
		return nil, err
	}
	if u.Status != cognitoidp.UserStatusTypeForceChangePassword {
		return nil, cognitoidp.NewUnsupportedUserState("Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", string(u.Status))
	}
	secret := password.GenerateTemporary(p.PasswordPolicy(), a.Rand)
	if in.Password != "" {
		secret = in.Password
	}
	err = a.Directory.SetPassword(ctx, p, u, directory.NewPassword{Text: secret, Temporary: true, Reusable: true})
	if err != nil {
		return nil, err
	}
	err = a.Messages.Compose(ctx, func(ctx context.Context) error {
		return a.DB.Update(ctx, func(tx *db.Tx) error {
			if err := a.Directory.Save(tx, p, u); err != nil {
				return err
			}
			return a.invite(ctx, tx, c, u, in, secret)
		})
	})
	return u, undeliverable(ctx, err)
}

// invite queues the invitation on each desired medium the user has an address
// for; SMS is the default. Users without a password get one only if the
// template does not need it.
func (a *Accounts) invite(ctx context.Context, tx *db.Tx, c directory.Caller, u *directory.User, in InviteInput, secret string) error {
	if in.Silent {
		return nil
	}
	p, mediums := c.Pool, in.Mediums
	if len(mediums) == 0 {
		mediums = []cognitoidp.DeliveryMediumType{cognitoidp.DeliveryMediumTypeSms}
	}
	for _, attr := range []string{"phone_number", "email"} {
		medium := message.MediumOf(attr)
		to := u.Attributes[attr]
		if to == "" || !slices.Contains(mediums, medium) {
			continue
		}
		err := a.Messages.Send(ctx, tx, message.Outgoing{
			PoolID: p.ID, Config: p.Config, Kind: message.AdminCreateUser, Sub: u.Sub,
			Username: invitedName(p, u), Stored: u.Username, To: to, Medium: medium, Code: secret,
			Attributes: directory.EventAttributes(p, u), Metadata: c.Metadata,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// invitedName is the name a person signs in with: the address itself in pools
// whose user names are generated.
func invitedName(p *pool.Pool, u *directory.User) string {
	for _, attr := range p.Config.UsernameAttributes {
		if v := u.Attributes[string(attr)]; v != "" {
			return v
		}
	}
	return u.Username
}
