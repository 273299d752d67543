package account

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
)

// ConfirmSignUp implements the AWS operation. The code proves the address it
// was sent to, so that attribute becomes verified and, where it is an alias,
// the user's own.
func (o Ops) ConfirmSignUp(ctx context.Context, in *cognitoidp.ConfirmSignUpRequest) (*cognitoidp.ConfirmSignUpResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	force := in.ForceAliasCreation != nil && *in.ForceAliasCreation
	refusal, err := o.proveCode(ctx, call, code.SignUp, code.LimitConfirmSignUp, in.ConfirmationCode, func(tx *db.Tx, u *directory.User) error {
		if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
			return errWrongStatus(u.Status)
		}
		return nil
	}, func(tx *db.Tx, u *directory.User, proven code.Destination) error {
		u.Status = cognitoidp.UserStatusTypeConfirmed
		return o.saveProven(tx, call, u, proven, force)
	})
	if err != nil {
		return nil, aliasRefusal(err)
	}
	if refusal != nil {
		return nil, refusal
	}
	return &cognitoidp.ConfirmSignUpResponse{}, nil
}

// proveCode runs an operation that is authorised by a code of the named user.
// It returns the refusal of a wrong code apart from other errors, because the
// counted guess was committed. check may refuse before the code is looked at,
// accept runs once the code was redeemed; both run in the one transaction.
func (a *Accounts) proveCode(ctx context.Context, call *publicCall, kind code.Kind, rule code.Rule, secret string,
	check func(*db.Tx, *directory.User) error, accept func(*db.Tx, *directory.User, code.Destination) error) (refusal, err error) {
	err = a.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		u, sub, err := a.find(ctx, tx, call)
		if err != nil {
			return err
		}
		if u != nil {
			if err := check(tx, u); err != nil {
				return err
			}
		}
		if err := a.Codes.Allow(tx, call.pool.ID, sub, rule); err != nil {
			return codeRefusal(ctx, err)
		}
		proven, err := a.Codes.Verify(tx, call.pool.ID, sub, kind, secret)
		if isCodeRefusal(err) {
			refusal = codeRefusal(ctx, err)
			return nil
		}
		if err != nil {
			return err
		}
		if u == nil { // nobody holds a ghost's code; a lucky guess proves nothing
			refusal = errWrongCode()
			return nil
		}
		return accept(tx, u, proven)
	})
	return refusal, err
}

// saveProven marks the attribute that a code was sent to as verified, when the
// user still has that value, and saves the user.
func (a *Accounts) saveProven(tx *db.Tx, call *publicCall, u *directory.User, proven code.Destination, force bool) error {
	if proven.Attribute != "" && u.Attributes[proven.Attribute] == proven.Value {
		u.Attributes[proven.Attribute+"_verified"] = "true"
	}
	if force {
		if err := a.Directory.MoveAliases(tx, call.pool, u); err != nil {
			return err
		}
	}
	return a.Directory.Save(tx, call.pool, u)
}

// AdminConfirmSignUp implements the AWS operation. It verifies no attribute.
func (o Ops) AdminConfirmSignUp(ctx context.Context, in *cognitoidp.AdminConfirmSignUpRequest) (*cognitoidp.AdminConfirmSignUpResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		u, err := o.Directory.ResolveOrRefuse(tx, p, in.Username)
		if err != nil {
			return err
		}
		if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
			return errWrongStatus(u.Status)
		}
		u.Status = cognitoidp.UserStatusTypeConfirmed
		if err := o.Codes.Drop(tx, p.ID, u.Sub, code.SignUp); err != nil {
			return err
		}
		return o.Directory.Save(tx, p, u)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminConfirmSignUpResponse{}, nil
}
