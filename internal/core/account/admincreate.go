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

// AdminCreateUser implements the AWS operation: a user with a temporary
// password and, unless suppressed, an invitation.
func (o Ops) AdminCreateUser(ctx context.Context, in *cognitoidp.AdminCreateUserRequest) (*cognitoidp.AdminCreateUserResponse, error) {
	if in.MessageAction != nil && *in.MessageAction == cognitoidp.MessageActionTypeResend {
		var out *cognitoidp.AdminCreateUserResponse
		err := untilUnchanged(func() (err error) {
			out, err = o.resendInvitation(ctx, in)
			return err
		})
		return out, err
	}
	p, err := o.adminPool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	attrs := attributesOf(in.UserAttributes)
	name, err := o.nameFor(p, in.Username, attrs, "User account already exists")
	if err != nil {
		return nil, err
	}
	if err := o.Directory.CheckAttributes(p, nil, attrs, directory.Create); err != nil {
		return nil, err
	}
	nu := directory.NewUser{
		Sub: name.sub, Username: name.username, Attributes: attrs,
		Status:      cognitoidp.UserStatusTypeForceChangePassword,
		MoveAliases: in.ForceAliasCreation != nil && *in.ForceAliasCreation,
	}
	if _, err := o.Triggers.PreSignUp(ctx, trigger.PreSignUpAdminCreateUser, eventOf(p, nil, nu, in.ClientMetadata), attributesOrNil(in.ValidationData)); err != nil {
		return nil, err // its other answers do not count for users that administrators make
	}
	secret := ""
	switch {
	case in.TemporaryPassword != nil && *in.TemporaryPassword != "":
		secret = *in.TemporaryPassword
	case !passwordless(p):
		secret = password.GenerateTemporary(p.PasswordPolicy(), o.Rand)
	default:
		nu.Status = cognitoidp.UserStatusTypeConfirmed // nothing to change at first sign-in
	}
	if secret != "" {
		if nu.Credential, err = o.temporary(p, name.username, secret); err != nil {
			return nil, err
		}
	}
	var u *directory.User
	err = o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.DB.Update(ctx, func(tx *db.Tx) error {
			if u, err = o.Directory.Create(ctx, tx, p, nu); err != nil {
				return err
			}
			return o.invite(ctx, tx, p, u, in, secret)
		})
	})
	if err != nil {
		return nil, takenRefusal(ctx, undeliverable(ctx, err), name.taken)
	}
	return &cognitoidp.AdminCreateUserResponse{User: new(u.Type())}, nil
}

// resendInvitation gives a user who never signed in a new temporary password
// and invites again.
func (o Ops) resendInvitation(ctx context.Context, in *cognitoidp.AdminCreateUserRequest) (*cognitoidp.AdminCreateUserResponse, error) {
	p, u, err := o.adminUser(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	if u.Status != cognitoidp.UserStatusTypeForceChangePassword {
		return nil, &cognitoidp.UnsupportedUserStateException{
			Message: "Resend not possible. " + string(u.Status) + " status is not FORCE_CHANGE_PASSWORD",
		}
	}
	secret := password.GenerateTemporary(p.PasswordPolicy(), o.Rand)
	if in.TemporaryPassword != nil && *in.TemporaryPassword != "" {
		secret = *in.TemporaryPassword
	}
	cred, err := o.temporary(p, u.Username, secret)
	if err != nil {
		return nil, err
	}
	old, err := o.Directory.Credential(ctx, u)
	if err != nil {
		return nil, err
	}
	cred.Remember(old, password.HistorySize(p.PasswordPolicy()))
	if err := o.Directory.SetCredential(ctx, u, cred); err != nil {
		return nil, err
	}
	err = o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.DB.Update(ctx, func(tx *db.Tx) error {
			if err := o.Directory.Save(tx, p, u); err != nil {
				return err
			}
			return o.invite(ctx, tx, p, u, in, secret)
		})
	})
	if err != nil {
		return nil, undeliverable(ctx, err)
	}
	return &cognitoidp.AdminCreateUserResponse{User: new(u.Type())}, nil
}

// invite queues the invitation on each desired medium the user has an address
// for; SMS is the default. Users without a password get one only if the
// template does not need it.
func (a *Accounts) invite(ctx context.Context, tx *db.Tx, p *pool.Pool, u *directory.User, in *cognitoidp.AdminCreateUserRequest, secret string) error {
	if in.MessageAction != nil && *in.MessageAction == cognitoidp.MessageActionTypeSuppress {
		return nil
	}
	mediums := in.DesiredDeliveryMediums
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
			Attributes: directory.EventAttributes(p, u), Metadata: in.ClientMetadata,
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
