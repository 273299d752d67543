package account

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/trigger"
)

// ConfirmInput answers a sign-up code.
type ConfirmInput struct {
	Name       string
	Code       string
	ForceAlias bool   // takes a verified alias from whoever holds it
	Session    string // of the sign-up, "" for none
}

// ConfirmSignUp confirms a user by the code that sign-up sent, and returns the
// session by which the client may sign in at once, "" where there is none. The
// code proves the address it was sent to, so that attribute becomes verified
// and, where it is an alias, the user's own.
func (a *Accounts) ConfirmSignUp(ctx context.Context, c directory.Caller, in ConfirmInput) (session string, err error) {
	call, err := a.call(ctx, c, in.Name)
	if err != nil {
		return "", err
	}
	unconfirmed := func(u *directory.User) error {
		if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
			return errWrongStatus(u.Status)
		}
		return nil
	}
	var confirmed *directory.User
	var method []string
	err = a.proveCode(ctx, call, proof{
		kind: code.SignUp, rule: code.LimitConfirmSignUp, code: in.Code, check: unconfirmed,
		accept: func(tx *db.Tx, u *directory.User, proven code.Destination) error {
			if err := unconfirmed(u); err != nil {
				return err
			}
			u.Status = cognitoidp.UserStatusTypeConfirmed
			confirmed, method = u, methodOf(proven.Attribute)
			return a.saveProven(tx, call, u, proven, in.ForceAlias)
		},
	})
	if err != nil {
		return "", aliasRefusal(err)
	}
	if err := a.confirmed(ctx, call, confirmed, trigger.PostConfirmationSignUp); err != nil {
		return "", err
	}
	return a.Engine.ConfirmedSession(ctx, c.Pool, c.Client, confirmed.Sub, in.Session, method)
}

// proof is an operation that is authorised by a code of the named user.
type proof struct {
	kind code.Kind
	rule code.Rule
	code string
	// check may refuse before the code is looked at. It is not asked where the
	// client hides users: its refusal would tell that there is one.
	check func(*directory.User) error
	// accept runs once the code was redeemed, in the same transaction. When it
	// returns an error the code is as good as before.
	accept func(*db.Tx, *directory.User, code.Destination) error
}

// proveCode runs one. A wrong code is counted, whatever is answered.
func (a *Accounts) proveCode(ctx context.Context, call *namedCall, pr proof) error {
	var refusal error // of a guess that has to be committed
	err := a.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		u, sub, err := a.find(ctx, tx, call)
		if err != nil {
			return err
		}
		if !call.Client.HidesUsers() {
			if err := pr.check(u); err != nil {
				return err
			}
		}
		if err := a.Codes.Allow(tx, call.Pool.ID, sub, pr.rule); err != nil {
			return code.Refusal(ctx, err)
		}
		proven, err := a.Codes.Verify(tx, call.Pool.ID, sub, pr.kind, pr.code)
		switch {
		case code.Guessed(err):
			refusal = code.Refusal(ctx, err)
			return nil
		case err != nil:
			return err
		case u == nil || proven.Attribute == "": // nobody was told a ghost's code; a lucky guess proves nothing
			refusal = code.Refusal(ctx, code.ErrMismatch)
			return nil
		}
		return pr.accept(tx, u, proven)
	})
	if err != nil {
		return err
	}
	return refusal
}

// saveProven marks the attribute that a code was sent to as verified, when the
// user still has that value, and saves the user.
func (a *Accounts) saveProven(tx *db.Tx, call *namedCall, u *directory.User, proven code.Destination, force bool) error {
	if u.Attributes[proven.Attribute] == proven.Value {
		u.Attributes[proven.Attribute+"_verified"] = "true"
	}
	if force {
		if err := a.Directory.MoveAliases(tx, call.Pool, u); err != nil {
			return err
		}
	}
	return a.Directory.Save(tx, call.Pool, u)
}

// Confirm confirms a user for an administrator. It verifies no attribute.
func (a *Accounts) Confirm(ctx context.Context, c directory.Caller, name string) error {
	call, err := a.call(ctx, c, name)
	if err != nil {
		return err
	}
	var u *directory.User
	err = a.DB.Update(ctx, func(tx *db.Tx) error {
		if u, err = a.Directory.ResolveOrRefuse(tx, c.Pool, name); err != nil {
			return err
		}
		if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
			return errWrongStatus(u.Status)
		}
		u.Status = cognitoidp.UserStatusTypeConfirmed
		if err := a.Codes.Drop(tx, c.Pool.ID, u.Sub, code.SignUp); err != nil {
			return err
		}
		return a.Directory.Save(tx, c.Pool, u)
	})
	if err != nil {
		return err
	}
	return a.confirmed(ctx, call, u, trigger.PostConfirmationSignUp)
}

// methodOf is the authentication method that a code sent to an attribute proves.
func methodOf(attribute string) []string {
	if attribute == "phone_number" {
		return []string{factor.AMRSMS}
	}
	return []string{factor.AMREmail}
}
