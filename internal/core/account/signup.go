package account

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// SignUp implements the AWS operation. A taken name is reported even by
// clients that hide users, as on AWS.
func (o Ops) SignUp(ctx context.Context, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash, in.ClientMetadata)
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
	var undelivered error
	if err := o.preSignUp(ctx, call, in, nu); err != nil {
		return nil, err
	}
	var u *directory.User
	err = o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.DB.Update(ctx, func(tx *db.Tx) error {
			undelivered, delivery = nil, nil
			if u, err = o.Directory.Create(ctx, tx, p, nu.NewUser); err != nil || u.Status == cognitoidp.UserStatusTypeConfirmed {
				return err
			}
			delivery, err = o.sendConfirmation(ctx, tx, call, u, message.SignUp)
			if errors.Is(err, message.ErrNoTransport) { // the user stays, as on AWS
				undelivered = undeliverable(ctx, err)
				return nil
			}
			return err
		})
	})
	if err == nil {
		err = undelivered
	}
	if err != nil {
		return nil, takenRefusal(ctx, err, nu.taken)
	}
	obs.From(ctx).User = nu.Sub
	confirmed := u.Status == cognitoidp.UserStatusTypeConfirmed
	if confirmed {
		if err := o.confirmed(ctx, call, u, trigger.PostConfirmationSignUp); err != nil {
			return nil, err
		}
	}
	out := &cognitoidp.SignUpResponse{UserSub: nu.Sub, UserConfirmed: confirmed, CodeDeliveryDetails: delivery}
	if confirmed {
		return out, nil
	}
	session, err := o.Engine.SignUpSession(ctx, p, call.client, nu.Sub)
	if session != "" {
		out.Session = &session
	}
	return out, err
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
	if err := a.checkSignUpAttributes(call, name, attrs); err != nil {
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

// checkSignUpAttributes is CheckAttributes, except that the attribute that the
// user signs in with needs no write permission: it is the user name.
func (a *Accounts) checkSignUpAttributes(call *publicCall, name newName, attrs map[string]string) error {
	own, hidden := attrs[name.attribute], name.attribute != "" && !call.client.Writable(name.attribute)
	if hidden { // never a required one: clients may write those
		delete(attrs, name.attribute)
	}
	if err := a.Directory.CheckAttributes(call.pool, call.client, attrs, directory.Create); err != nil {
		return err
	}
	if hidden {
		attrs[name.attribute] = own
	}
	return nil
}

// passwordless reports whether the pool lets users sign in by a one-time code,
// which makes a password optional.
func passwordless(p *pool.Pool) bool {
	return p.AllowsFirstFactor(cognitoidp.AuthFactorTypeEmailOtp) || p.AllowsFirstFactor(cognitoidp.AuthFactorTypeSmsOtp)
}

// ResendConfirmationCode implements the AWS operation.
func (o Ops) ResendConfirmationCode(ctx context.Context, in *cognitoidp.ResendConfirmationCodeRequest) (*cognitoidp.ResendConfirmationCodeResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	if len(call.pool.Config.AutoVerifiedAttributes) == 0 {
		return nil, errRefused("Cannot resend codes. Auto verification not turned on.")
	}
	var delivery *cognitoidp.CodeDeliveryDetailsType
	err = o.Messages.Compose(ctx, func(ctx context.Context) error {
		return o.DB.Update(ctx, func(tx *db.Tx) error {
			delivery, err = o.resend(ctx, tx, call)
			return err
		})
	})
	if err != nil {
		return nil, undeliverable(ctx, err)
	}
	return &cognitoidp.ResendConfirmationCodeResponse{CodeDeliveryDetails: delivery}, nil
}

func (a *Accounts) resend(ctx context.Context, tx *db.Tx, call *publicCall) (*cognitoidp.CodeDeliveryDetailsType, error) {
	u, sub, err := a.find(ctx, tx, call)
	if err != nil {
		return nil, err
	}
	hide := call.client.HidesUsers()
	confirmed := u != nil && u.Status != cognitoidp.UserStatusTypeUnconfirmed
	if confirmed && !hide {
		return nil, errInvalid("User is already confirmed.")
	}
	if err := a.Codes.Allow(tx, call.pool.ID, sub, code.LimitResend); err != nil {
		return nil, codeRefusal(ctx, err)
	}
	if u == nil || confirmed { // a hidden user who needs no code is answered like nobody
		return a.ghostCode(ctx, tx, call, sub, code.SignUp, message.ResendCode, confirmationMedia(call.pool))
	}
	delivery, err := a.sendConfirmation(ctx, tx, call, u, message.ResendCode)
	switch {
	case err == nil && delivery == nil && hide:
		return a.ghostCode(ctx, tx, call, sub, code.SignUp, message.ResendCode, confirmationMedia(call.pool))
	case err == nil && delivery == nil:
		return nil, errInvalid("User has no attribute to send a confirmation code to.")
	}
	return delivery, err
}

// confirmationMedia are the attributes that sign-up codes of the pool go to; the
// phone wins over the e-mail.
func confirmationMedia(p *pool.Pool) []string {
	return slices.DeleteFunc([]string{"phone_number", "email"}, func(attr string) bool { return !p.AutoVerified.Has(attr) })
}

// confirmationTarget is where a sign-up code goes: the auto-verified attribute
// that the user has.
func confirmationTarget(p *pool.Pool, u *directory.User) (code.Destination, bool) {
	for _, attr := range confirmationMedia(p) {
		if v := u.Attributes[attr]; v != "" {
			return code.Destination{Attribute: attr, Value: v}, true
		}
	}
	return code.Destination{}, false
}

// sendConfirmation issues the sign-up code and queues its message. Without an
// auto-verified attribute there is nothing to send, and no delivery is told.
func (a *Accounts) sendConfirmation(ctx context.Context, tx *db.Tx, call *publicCall, u *directory.User, kind message.Kind) (*cognitoidp.CodeDeliveryDetailsType, error) {
	to, ok := confirmationTarget(call.pool, u)
	if !ok {
		return nil, nil
	}
	return a.sendCode(ctx, tx, call.pool, call.client, u, code.SignUp, kind, to, call.metadata)
}
