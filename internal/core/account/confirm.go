package account

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/trigger"
)

// ConfirmInput answers a sign-up code.
type ConfirmInput struct {
	Code       string
	ForceAlias bool   // takes a verified alias from whoever holds it
	Session    string // of the sign-up, "" for none
}

// ConfirmSignUp confirms a user by the code that sign-up sent, and returns the
// session by which the client may sign in at once, "" where there is none. The
// code proves the address it was sent to, so that attribute becomes verified
// and, where it is an alias, the user's own.
func (a *Accounts) ConfirmSignUp(ctx context.Context, c directory.Caller, in ConfirmInput) (session string, err error) {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
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
	err = a.proveCode(ctx, c, proof{
		kind: code.SignUp, rule: code.LimitConfirmSignUp, code: in.Code, check: unconfirmed,
		accept: func(tx *db.Tx, u *directory.User, proven code.Destination) error {
			if err := unconfirmed(u); err != nil {
				return err
			}
			u.Status = cognitoidp.UserStatusTypeConfirmed
			confirmed, method = u, methodOf(proven.Attribute)
			return a.saveProven(tx, c, u, proven, in.ForceAlias)
		},
	})
	if err != nil {
		return "", aliasRefusal(err)
	}
	if err := a.confirmed(ctx, c, confirmed, trigger.PostConfirmationSignUp); err != nil {
		return "", err
	}
	return a.Engine.ConfirmedSession(ctx, c.Pool, c.Client, confirmed, in.Session, method)
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
func (a *Accounts) proveCode(ctx context.Context, c directory.Caller, pr proof) error {
	if err := a.Guard.Begin(ctx, c.Pool.ID); err != nil {
		return err
	}
	var refusal error // of a guess that has to be committed
	err := a.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		u, sub, err := a.find(ctx, tx, c)
		if err != nil {
			return err
		}
		if !c.Client.HidesUsers() {
			if err := pr.check(u); err != nil {
				return err
			}
		}
		asker, err := a.Guard.Asker(tx, c.Pool.ID, sub)
		if err != nil {
			return err
		}
		if err := a.Guard.Admit(ctx, asker); err != nil {
			return err
		}
		if err := a.Codes.Allow(tx, c.Pool.ID, asker.Of(sub), pr.rule); err != nil {
			return code.Refusal(ctx, err)
		}
		proven, err := a.Codes.Guess(tx, c.Pool.ID, sub, asker, pr.kind, pr.code)
		switch {
		case code.Guessed(err):
			refusal = code.Refusal(ctx, err)
			return nil
		case err != nil:
			return code.Refusal(ctx, err)
		case u == nil || proven.Attribute == "": // nobody was told a ghost's code; a lucky guess proves nothing
			refusal = code.Refusal(ctx, code.ErrMismatch)
			return nil
		case !holds(u, pr.kind, proven):
			obs.Cause(ctx, "the code was issued for another address, password or epoch of the user")
			refusal = code.Refusal(ctx, code.ErrExpired)
			return nil
		}
		if err := a.Codes.Proven(tx, c.Pool.ID, sub, asker, pr.kind); err != nil {
			return err
		}
		return pr.accept(tx, u, proven)
	})
	if err != nil {
		return err
	}
	return refusal
}

// holds reports whether what a code was issued for still is: the user has the address, which for a recovery has to be
// verified, and nothing that ends pending proofs has happened since.
func holds(u *directory.User, kind code.Kind, proven code.Destination) bool {
	if int64(u.Epoch) != proven.Epoch || u.Attributes[proven.Attribute] != proven.Value {
		return false
	}
	return kind != code.ForgotPassword || u.Attributes[proven.Attribute+"_verified"] == "true"
}

// saveProven marks the attribute that a code was sent to as verified and saves
// the user.
func (a *Accounts) saveProven(tx *db.Tx, c directory.Caller, u *directory.User, proven code.Destination, force bool) error {
	u.Attributes[proven.Attribute+"_verified"] = "true"
	if force {
		if err := a.Directory.MoveAliases(tx, c.Pool, u); err != nil {
			return err
		}
	}
	return a.Directory.Save(tx, c.Pool, u)
}

// Confirm confirms a user for an administrator. It verifies no attribute.
func (a *Accounts) Confirm(ctx context.Context, c directory.Caller) error {
	if err := a.Keys.Load(ctx, c.Pool.ID); err != nil {
		return err
	}
	var confirmed *directory.User
	err := a.Directory.As(ctx, a.DB.Update, c, func(tx *db.Tx, u *directory.User) error {
		confirmed = u
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
	return a.confirmed(ctx, c, confirmed, trigger.PostConfirmationSignUp)
}

// methodOf is the authentication method that a code sent to an attribute proves.
func methodOf(attribute string) []string {
	if attribute == "phone_number" {
		return []string{factor.AMRSMS}
	}
	return []string{factor.AMREmail}
}
