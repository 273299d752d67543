package account

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
)

// SignUp implements the AWS operation. A taken name is reported even by
// clients that hide users, as on AWS.
func (o Ops) SignUp(ctx context.Context, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	p := call.pool
	if p.AdminCreateOnly() {
		return nil, errRefused("SignUp is not permitted for this user pool")
	}
	attrs := attributesOf(in.UserAttributes)
	nu, err := o.prepareSignUp(call, in, attrs)
	if err != nil {
		return nil, err
	}
	var delivery *cognitoidp.CodeDeliveryDetailsType
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		u, err := o.Directory.Create(ctx, tx, p, nu.NewUser)
		if err != nil {
			return err
		}
		delivery, err = o.sendConfirmation(ctx, tx, p, call.client, u, message.SignUp)
		return err
	})
	if errors.Is(err, directory.ErrUsernameExists) {
		obs.Cause(ctx, "user name taken")
		return nil, errUserExists(nu.taken)
	}
	if err != nil {
		return nil, aliasRefusal(err)
	}
	obs.From(ctx).User = nu.Sub
	return &cognitoidp.SignUpResponse{UserSub: nu.Sub, CodeDeliveryDetails: delivery}, nil
}

type signUp struct {
	directory.NewUser
	taken string
}

// prepareSignUp does everything that needs no transaction: the rules of names,
// attributes and passwords, and the verifier.
func (a *Accounts) prepareSignUp(call *publicCall, in *cognitoidp.SignUpRequest, attrs map[string]string) (*signUp, error) {
	p := call.pool
	name, err := a.nameFor(p, in.Username, attrs, "User already exists")
	if err != nil {
		return nil, err
	}
	if err := a.Directory.CheckAttributes(p, call.client, attrs, directory.Create); err != nil {
		return nil, err
	}
	var cred *password.Credential
	if in.Password != nil && *in.Password != "" {
		if cred, err = a.credential(p, name.username, *in.Password); err != nil {
			return nil, err
		}
	} else if !passwordless(p) {
		return nil, errInvalid("Missing required parameter Password")
	}
	return &signUp{
		NewUser: directory.NewUser{
			Sub: name.sub, Username: name.username,
			Status: cognitoidp.UserStatusTypeUnconfirmed, Attributes: attrs, Credential: cred,
		},
		taken: name.taken,
	}, nil
}

// passwordless reports whether the pool lets users sign in by a one-time code,
// which makes a password optional.
func passwordless(p *pool.Pool) bool {
	return p.AllowsFirstFactor(cognitoidp.AuthFactorTypeEmailOtp) || p.AllowsFirstFactor(cognitoidp.AuthFactorTypeSmsOtp)
}

// ResendConfirmationCode implements the AWS operation.
func (o Ops) ResendConfirmationCode(ctx context.Context, in *cognitoidp.ResendConfirmationCodeRequest) (*cognitoidp.ResendConfirmationCodeResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if len(call.pool.Config.AutoVerifiedAttributes) == 0 {
		return nil, errRefused("Cannot resend codes. Auto verification not turned on.")
	}
	var delivery *cognitoidp.CodeDeliveryDetailsType
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		delivery = nil
		u, sub, err := o.find(ctx, tx, call)
		if err != nil {
			return err
		}
		if u != nil && u.Status != cognitoidp.UserStatusTypeUnconfirmed {
			return errInvalid("User is already confirmed.")
		}
		if err := o.Codes.Allow(tx, call.pool.ID, sub, code.LimitResend); err != nil {
			return codeRefusal(ctx, err)
		}
		if u == nil {
			delivery, err = o.ghostCode(ctx, tx, call, sub, code.SignUp)
			return err
		}
		delivery, err = o.sendConfirmation(ctx, tx, call.pool, call.client, u, message.ResendCode)
		if err == nil && delivery == nil {
			return errInvalid("User has no attribute to send a confirmation code to.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ResendConfirmationCodeResponse{CodeDeliveryDetails: delivery}, nil
}

// confirmationTarget is where a sign-up code goes: the auto-verified attribute
// that the user has; the phone wins over the e-mail.
func confirmationTarget(p *pool.Pool, u *directory.User) (code.Destination, bool) {
	for _, attr := range []string{"phone_number", "email"} {
		if v := u.Attributes[attr]; v != "" && p.AutoVerified.Has(attr) {
			return code.Destination{Attribute: attr, Value: v}, true
		}
	}
	return code.Destination{}, false
}

// sendConfirmation issues the sign-up code and queues its message. Without an
// auto-verified attribute there is nothing to send, and no delivery is told.
func (a *Accounts) sendConfirmation(ctx context.Context, tx *db.Tx, p *pool.Pool, c *pool.Client, u *directory.User, kind message.Kind) (*cognitoidp.CodeDeliveryDetailsType, error) {
	to, ok := confirmationTarget(p, u)
	if !ok {
		return nil, nil
	}
	return a.sendCode(ctx, tx, p, c, u, code.SignUp, kind, to)
}
