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

// SignUpInput is what somebody signs up with.
type SignUpInput struct {
	Password   string // "" where the pool lets users sign in by a one-time code
	Attributes map[string]string
	Validation map[string]string // for the pool's PreSignUp function; nil for none
}

// SignedUp is what a sign-up came to.
type SignedUp struct {
	Sub       string
	Confirmed bool
	Delivery  *cognitoidp.CodeDeliveryDetailsType // where the code went; nil without one
	Session   string                              // from which ConfirmSignUp leads to a sign-in, or ""
}

// SignUp makes the user that somebody asks for. A taken name is reported even by
// clients that hide users, as on AWS.
func (a *Accounts) SignUp(ctx context.Context, c directory.Caller, in SignUpInput) (*SignedUp, error) {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
		return nil, err
	}
	if c.Pool.AdminCreateOnly() {
		return nil, cognitoidp.NewNotAuthorized("SignUp is not permitted for this user pool")
	}
	if err := a.Guard.SignUp(ctx, c.Pool.ID); err != nil {
		return nil, err
	}
	nu, err := a.prepareSignUp(c, in)
	if err != nil {
		return nil, err
	}
	if err := a.preSignUp(ctx, c, in.Validation, nu); err != nil {
		return nil, err
	}
	u, delivery, err := a.create(ctx, c, nu)
	if err != nil {
		return nil, takenRefusal(ctx, err, nu.taken)
	}
	obs.From(ctx).User = nu.Sub
	out := &SignedUp{Sub: nu.Sub, Confirmed: u.Status == cognitoidp.UserStatusTypeConfirmed, Delivery: delivery}
	if out.Confirmed {
		return out, a.confirmed(ctx, c, u, trigger.PostConfirmationSignUp)
	}
	out.Session, err = a.Engine.SignUpSession(ctx, c.Pool, c.Client, u)
	return out, err
}

// create writes the user and queues the code. The user stays when there is no
// way to send one, as on AWS.
func (a *Accounts) create(ctx context.Context, c directory.Caller, nu *signUp) (u *directory.User, delivery *cognitoidp.CodeDeliveryDetailsType, err error) {
	var undelivered error
	err = a.Messages.Compose(ctx, func(ctx context.Context) error {
		return a.DB.Update(ctx, func(tx *db.Tx) error {
			undelivered, delivery = nil, nil
			if u, err = a.Directory.Create(ctx, tx, c.Pool, nu.NewUser); err != nil {
				return err
			}
			if err := a.remember(tx, c.Pool, u); err != nil || u.Status == cognitoidp.UserStatusTypeConfirmed {
				return err
			}
			delivery, err = a.sendConfirmation(ctx, tx, c, u, message.SignUp)
			if errors.Is(err, message.ErrNoTransport) {
				undelivered = undeliverable(ctx, err)
				return nil
			}
			return err
		})
	})
	if err == nil {
		err = undelivered
	}
	return u, delivery, err
}

// remember makes the source of a sign-up one that the user is known from, so that strangers who guess at the code do not
// keep its owner from confirming.
func (a *Accounts) remember(tx *db.Tx, p *pool.Pool, u *directory.User) error {
	asker, err := a.Guard.Asker(tx, p.ID, u.Sub)
	if err != nil {
		return err
	}
	return a.Guard.Proven(tx, p.ID, u.Sub, asker)
}

type signUp struct {
	directory.NewUser
	taken string
}

// prepareSignUp does everything that needs no transaction: the rules of names,
// attributes and passwords, and the verifier.
func (a *Accounts) prepareSignUp(c directory.Caller, in SignUpInput) (*signUp, error) {
	p, attrs := c.Pool, in.Attributes
	name, err := a.nameFor(p, c.Name, attrs, "User already exists")
	if err != nil {
		return nil, err
	}
	if err := a.checkSignUpAttributes(c, name, attrs); err != nil {
		return nil, err
	}
	var cred *password.Credential
	if in.Password != "" {
		if cred, err = a.Directory.FirstCredential(p, name.username, in.Password, false); err != nil {
			return nil, err
		}
	} else if !passwordless(p) {
		return nil, pool.MissingParameter("Password")
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
func (a *Accounts) checkSignUpAttributes(c directory.Caller, name newName, attrs map[string]string) error {
	own, hidden := attrs[name.attribute], name.attribute != "" && !c.Client.Writable(name.attribute)
	if hidden { // never a required one: clients may write those
		delete(attrs, name.attribute)
	}
	if err := a.Directory.CheckAttributes(c.Pool, c.Client, attrs, directory.Create); err != nil {
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

// ResendConfirmationCode sends another sign-up code.
func (a *Accounts) ResendConfirmationCode(ctx context.Context, c directory.Caller) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
		return nil, err
	}
	if len(c.Pool.Config.AutoVerifiedAttributes) == 0 {
		return nil, cognitoidp.NewNotAuthorized("Cannot resend codes. Auto verification not turned on.")
	}
	var delivery *cognitoidp.CodeDeliveryDetailsType
	err := a.Messages.Compose(ctx, func(ctx context.Context) error {
		return a.DB.Update(ctx, func(tx *db.Tx) (err error) {
			delivery, err = a.resend(ctx, tx, c)
			return err
		})
	})
	return delivery, undeliverable(ctx, err)
}

func (a *Accounts) resend(ctx context.Context, tx *db.Tx, c directory.Caller) (*cognitoidp.CodeDeliveryDetailsType, error) {
	u, sub, err := a.find(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	hide := c.Client.HidesUsers()
	confirmed := u != nil && u.Status != cognitoidp.UserStatusTypeUnconfirmed
	if confirmed && !hide {
		return nil, cognitoidp.NewInvalidParameter("User is already confirmed.")
	}
	asker, err := a.Guard.Asker(tx, c.Pool.ID, sub)
	if err != nil {
		return nil, err
	}
	if err := a.Guard.Admit(ctx, asker); err != nil {
		return nil, err
	}
	if err := a.Codes.Allow(tx, c.Pool.ID, asker.Of(sub), code.LimitResend); err != nil {
		return nil, code.Refusal(ctx, err)
	}
	if u == nil || confirmed { // a hidden user who needs no code is answered like nobody
		return a.ghostCode(ctx, tx, c, u, sub, code.SignUp, message.ResendCode, ghostConfirmation)
	}
	delivery, err := a.sendConfirmation(ctx, tx, c, u, message.ResendCode)
	switch {
	case err == nil && delivery == nil && hide:
		return a.ghostCode(ctx, tx, c, u, sub, code.SignUp, message.ResendCode, ghostConfirmation)
	case err == nil && delivery == nil:
		return nil, cognitoidp.NewInvalidParameter("User has no attribute to send a confirmation code to.")
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
func (a *Accounts) sendConfirmation(ctx context.Context, tx *db.Tx, c directory.Caller, u *directory.User, kind message.Kind) (*cognitoidp.CodeDeliveryDetailsType, error) {
	to, ok := confirmationTarget(c.Pool, u)
	if !ok {
		return nil, nil
	}
	return a.sendCode(ctx, tx, c.Pool, c.Client, u, code.SignUp, kind, to, c.Metadata)
}
