package account

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// ForgotPassword sends the code by which a password is recovered.
func (a *Accounts) ForgotPassword(ctx context.Context, c directory.Caller) (*cognitoidp.CodeDeliveryDetailsType, error) {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
		return nil, err
	}
	if adminOnly(c.Pool) {
		return nil, cognitoidp.NewNotAuthorized("Contact administrator to reset password.")
	}
	if err := a.migrateForgetful(ctx, c); err != nil {
		return nil, err
	}
	var delivery *cognitoidp.CodeDeliveryDetailsType
	err := a.Messages.Compose(ctx, func(ctx context.Context) error {
		return a.DB.Update(ctx, func(tx *db.Tx) (err error) {
			delivery, err = a.forgot(ctx, tx, c)
			return err
		})
	})
	return delivery, undeliverable(ctx, err)
}

func (a *Accounts) forgot(ctx context.Context, tx *db.Tx, c directory.Caller) (*cognitoidp.CodeDeliveryDetailsType, error) {
	u, sub, err := a.find(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	asker, err := a.Guard.Asker(tx, c.Pool.ID, sub)
	if err != nil {
		return nil, err
	}
	if err := a.Guard.Admit(ctx, asker); err != nil {
		return nil, err
	}
	if err := a.Codes.Allow(tx, c.Pool.ID, asker.Of(sub), code.LimitForgotPassword); err != nil {
		return nil, code.Refusal(ctx, err)
	}
	to, refusal := recoveryOf(c.Pool, u)
	switch {
	case refusal == nil:
		return a.sendCode(ctx, tx, c.Pool, c.Client, u, code.ForgotPassword, message.ForgotPassword, to, c.Metadata)
	case c.Client.HidesUsers(): // whoever cannot recover is answered like nobody
		return a.ghostCode(ctx, tx, c, sub, code.ForgotPassword, message.ForgotPassword, likelyOrder(c.Pool))
	}
	return nil, refusal
}

// recoveryOf is where the code of a user who may recover goes, or why there is
// none; u may be nil.
func recoveryOf(p *pool.Pool, u *directory.User) (code.Destination, error) {
	if u == nil {
		return code.Destination{}, errNoRecovery()
	}
	if err := resettable(u); err != nil {
		return code.Destination{}, err
	}
	return recoveryTarget(p, u)
}

// resettable refuses users whose password cannot be reset by a code.
func resettable(u *directory.User) error {
	if !u.Enabled {
		return directory.Disabled()
	}
	switch u.Status {
	case cognitoidp.UserStatusTypeConfirmed, cognitoidp.UserStatusTypeResetRequired:
		return nil
	}
	return errCannotReset()
}

// recoveryOrder is the pool's list of recovery mechanisms, best first; without
// AccountRecoverySetting the legacy rule holds, phone before e-mail.
func recoveryOrder(p *pool.Pool) []string {
	set := p.Config.AccountRecoverySetting
	if set == nil || len(set.RecoveryMechanisms) == 0 || adminOnly(p) { // an administrator still may
		return []string{"phone_number", "email"}
	}
	options := slices.Clone(set.RecoveryMechanisms)
	slices.SortStableFunc(options, func(a, b cognitoidp.RecoveryOptionType) int { return int(a.Priority - b.Priority) })
	var out []string
	for _, o := range options {
		switch o.Name {
		case cognitoidp.RecoveryOptionNameTypeVerifiedEmail:
			out = append(out, "email")
		case cognitoidp.RecoveryOptionNameTypeVerifiedPhoneNumber:
			out = append(out, "phone_number")
		}
	}
	return out
}

// likelyOrder is recoveryOrder with the attributes first that people of the pool
// are likely to have verified.
func likelyOrder(p *pool.Pool) []string {
	order := recoveryOrder(p)
	slices.SortStableFunc(order, func(a, b string) int {
		switch has := p.AutoVerified.Has(a); {
		case has == p.AutoVerified.Has(b):
			return 0
		case has:
			return -1
		}
		return 1
	})
	return order
}

func adminOnly(p *pool.Pool) bool {
	set := p.Config.AccountRecoverySetting
	return set != nil && slices.ContainsFunc(set.RecoveryMechanisms, func(o cognitoidp.RecoveryOptionType) bool {
		return o.Name == cognitoidp.RecoveryOptionNameTypeAdminOnly
	})
}

// secondFactorBy is the second factor that sends its codes to an attribute.
var secondFactorBy = map[string]string{"phone_number": "SMS_MFA", "email": "EMAIL_OTP"}

// recoveryTarget is the best verified address of a user. With
// AccountRecoverySetting a phone or mailbox that is the second factor cannot
// also replace the first.
func recoveryTarget(p *pool.Pool, u *directory.User) (code.Destination, error) {
	for _, attr := range recoveryOrder(p) {
		if p.Config.AccountRecoverySetting != nil && slices.Contains(u.MFA.Enabled, secondFactorBy[attr]) {
			continue
		}
		if u.Attributes[attr] != "" && u.Attributes[attr+"_verified"] == "true" {
			return code.Destination{Attribute: attr, Value: u.Attributes[attr]}, nil
		}
	}
	return code.Destination{}, errNoRecovery()
}

// RecoverInput answers a recovery code with a new password.
type RecoverInput struct {
	Code     string
	Password string
}

// ConfirmForgotPassword sets a new password by the code that ForgotPassword
// sent. The policy is checked before the code, so that a refused password does
// not cost the code.
func (a *Accounts) ConfirmForgotPassword(ctx context.Context, c directory.Caller, in RecoverInput) error {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
		return err
	}
	var recovered *directory.User
	err := untilUnchanged(func() (err error) {
		recovered, err = a.recover(ctx, c, in)
		return err
	})
	if err != nil {
		return err
	}
	return a.confirmed(ctx, c, recovered, trigger.PostConfirmationForgotPassword)
}

// errStale means that the user changed after the new credential was prepared.
var errStale = errors.New("account: user changed meanwhile")

// errProven rolls back the first look at a code.
var errProven = errors.New("account: the code is right")

// recover looks at the code before anything that only exists for real users is
// done: the slow comparison with earlier passwords would tell by its time that
// there is a user, and by its answer which passwords they had.
func (a *Accounts) recover(ctx context.Context, c directory.Caller, in RecoverInput) (*directory.User, error) {
	if err := password.Check(c.Pool.PasswordPolicy(), in.Password); err != nil {
		return nil, password.Refusal(err)
	}
	var seen *directory.User
	pr := proof{
		kind: code.ForgotPassword, rule: code.LimitConfirmForgot, code: in.Code,
		check: func(u *directory.User) error {
			if !u.Enabled {
				return directory.Disabled()
			}
			return nil
		},
		accept: func(_ *db.Tx, u *directory.User, _ code.Destination) error {
			seen = u
			return errProven
		},
	}
	if err := a.proveCode(ctx, c, pr); !errors.Is(err, errProven) {
		return nil, err
	}
	if err := resettable(seen); err != nil {
		return nil, err
	}
	err := a.Directory.SetPassword(ctx, c.Pool, seen, directory.NewPassword{
		Text: in.Password, Recovered: true, Status: cognitoidp.UserStatusTypeConfirmed,
	})
	if err != nil {
		return nil, err
	}
	var saved *directory.User
	pr.accept = func(tx *db.Tx, u *directory.User, _ code.Destination) error {
		if u.Version != seen.Version {
			return errStale
		}
		saved = seen.Clone() // the transaction may run again
		return a.Directory.Save(tx, c.Pool, saved)
	}
	err = a.proveCode(ctx, c, pr)
	return saved, err
}
