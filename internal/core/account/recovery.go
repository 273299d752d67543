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
	"cognate/internal/core/pool"
)

// ForgotPassword implements the AWS operation.
func (o Ops) ForgotPassword(ctx context.Context, in *cognitoidp.ForgotPasswordRequest) (*cognitoidp.ForgotPasswordResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if adminOnly(call.pool) {
		return nil, errRefused("Contact administrator to reset password.")
	}
	var delivery *cognitoidp.CodeDeliveryDetailsType
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		u, sub, err := o.find(ctx, tx, call)
		if err != nil {
			return err
		}
		if err := o.Codes.Allow(tx, call.pool.ID, sub, code.LimitForgotPassword); err != nil {
			return codeRefusal(ctx, err)
		}
		// A disabled user of a hiding client is answered like nobody.
		if u == nil || !u.Enabled && call.client.HidesUsers() {
			delivery, err = o.ghostCode(ctx, tx, call, sub, code.ForgotPassword)
			return err
		}
		if err := resettable(u); err != nil {
			return err
		}
		to, err := recoveryTarget(call.pool, u)
		if err != nil {
			return err
		}
		delivery, err = o.sendCode(ctx, tx, call.pool, call.client, u, code.ForgotPassword, message.ForgotPassword, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ForgotPasswordResponse{CodeDeliveryDetails: delivery}, nil
}

// resettable refuses users whose password cannot be reset by a code.
func resettable(u *directory.User) error {
	if !u.Enabled {
		return errRefused("User is disabled.")
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
	if set == nil || len(set.RecoveryMechanisms) == 0 {
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

func adminOnly(p *pool.Pool) bool {
	set := p.Config.AccountRecoverySetting
	return set != nil && slices.ContainsFunc(set.RecoveryMechanisms, func(o cognitoidp.RecoveryOptionType) bool {
		return o.Name == cognitoidp.RecoveryOptionNameTypeAdminOnly
	})
}

func recoveryTarget(p *pool.Pool, u *directory.User) (code.Destination, error) {
	for _, attr := range recoveryOrder(p) {
		if u.Attributes[attr] != "" && u.Attributes[attr+"_verified"] == "true" {
			return code.Destination{Attribute: attr, Value: u.Attributes[attr]}, nil
		}
	}
	return code.Destination{}, errInvalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
}

// ConfirmForgotPassword implements the AWS operation. The policy is checked
// before the code, so that a refused password does not cost the code.
func (o Ops) ConfirmForgotPassword(ctx context.Context, in *cognitoidp.ConfirmForgotPasswordRequest) (*cognitoidp.ConfirmForgotPasswordResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if err := untilUnchanged(func() error { return o.recover(ctx, call, in) }); err != nil {
		return nil, aliasRefusal(err)
	}
	return &cognitoidp.ConfirmForgotPasswordResponse{}, nil
}

// errStale means that the user changed after the new credential was prepared.
var errStale = errors.New("account: user changed meanwhile")

func (a *Accounts) recover(ctx context.Context, call *publicCall, in *cognitoidp.ConfirmForgotPasswordRequest) error {
	seen, err := a.recoveringUser(ctx, call)
	if err != nil {
		return err
	}
	fresh, err := a.replacement(ctx, call.pool, seen, in.Password)
	if err != nil {
		return err
	}
	refusal, err := a.proveCode(ctx, call, code.ForgotPassword, code.LimitForgotPassword, in.ConfirmationCode,
		func(_ *db.Tx, u *directory.User) error {
			if !u.Enabled && !call.client.HidesUsers() {
				return errRefused("User is disabled.")
			}
			return nil
		},
		func(tx *db.Tx, u *directory.User, proven code.Destination) error {
			if seen == nil || u.Version != seen.Version {
				return errStale
			}
			if err := resettable(u); err != nil {
				return err
			}
			if err := a.Directory.SetCredential(ctx, u, fresh); err != nil {
				return err
			}
			u.Status = cognitoidp.UserStatusTypeConfirmed
			return a.saveProven(tx, call, u, proven, false)
		})
	if err != nil {
		return err
	}
	return refusal
}

// recoveringUser reads the user once before the transaction, because the new
// verifier is bound to the stored name and compared with the old ones.
func (a *Accounts) recoveringUser(ctx context.Context, call *publicCall) (u *directory.User, err error) {
	err = a.DB.View(ctx, func(tx *db.Tx) error {
		u, _, err = a.find(ctx, tx, call)
		return err
	})
	return u, err
}
