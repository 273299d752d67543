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

// ConfirmSignUp implements the AWS operation. The code proves the address it
// was sent to, so that attribute becomes verified and, where it is an alias,
// the user's own.
func (o Ops) ConfirmSignUp(ctx context.Context, in *cognitoidp.ConfirmSignUpRequest) (*cognitoidp.ConfirmSignUpResponse, error) {
	call, err := o.publicCall(ctx, in.ClientId, in.Username, in.SecretHash, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	force := in.ForceAliasCreation != nil && *in.ForceAliasCreation
	unconfirmed := func(u *directory.User) error {
		if u.Status != cognitoidp.UserStatusTypeUnconfirmed {
			return errWrongStatus(u.Status)
		}
		return nil
	}
	var confirmed *directory.User
	var method []string
	err = o.proveCode(ctx, call, proof{
		kind: code.SignUp, rule: code.LimitConfirmSignUp, code: in.ConfirmationCode, check: unconfirmed,
		accept: func(tx *db.Tx, u *directory.User, proven code.Destination) error {
			if err := unconfirmed(u); err != nil {
				return err
			}
			u.Status = cognitoidp.UserStatusTypeConfirmed
			confirmed, method = u, methodOf(proven.Attribute)
			return o.saveProven(tx, call, u, proven, force)
		},
	})
	if err != nil {
		return nil, aliasRefusal(err)
	}
	if err := o.confirmed(ctx, call, confirmed, trigger.PostConfirmationSignUp); err != nil {
		return nil, err
	}
	return o.confirmedAnswer(ctx, call, confirmed, method, in.Session)
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
func (a *Accounts) proveCode(ctx context.Context, call *publicCall, pr proof) error {
	var refusal error // of a guess that has to be committed
	err := a.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		u, sub, err := a.find(ctx, tx, call)
		if err != nil {
			return err
		}
		if !call.client.HidesUsers() {
			if err := pr.check(u); err != nil {
				return err
			}
		}
		if err := a.Codes.Allow(tx, call.pool.ID, sub, pr.rule); err != nil {
			return codeRefusal(ctx, err)
		}
		proven, err := a.Codes.Verify(tx, call.pool.ID, sub, pr.kind, pr.code)
		switch {
		case isCodeRefusal(err):
			refusal = codeRefusal(ctx, err)
			return nil
		case err != nil:
			return err
		case u == nil || proven.Attribute == "": // nobody was told a ghost's code; a lucky guess proves nothing
			refusal = errWrongCode()
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
func (a *Accounts) saveProven(tx *db.Tx, call *publicCall, u *directory.User, proven code.Destination, force bool) error {
	if u.Attributes[proven.Attribute] == proven.Value {
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
	p, err := o.adminPool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var u *directory.User
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		if u, err = o.Directory.ResolveOrRefuse(tx, p, in.Username); err != nil {
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
	s := directory.EventSubject(p, nil, u, in.ClientMetadata)
	if err := o.Triggers.PostConfirmation(ctx, trigger.PostConfirmationSignUp, s); err != nil {
		return nil, err
	}
	return &cognitoidp.AdminConfirmSignUpResponse{}, nil
}

// methodOf is the authentication method that a code sent to an attribute proves.
func methodOf(attribute string) []string {
	if attribute == "phone_number" {
		return []string{factor.AMRSMS}
	}
	return []string{factor.AMREmail}
}

// confirmedAnswer adds the session by which a client may sign in at once.
func (a *Accounts) confirmedAnswer(ctx context.Context, call *publicCall, u *directory.User, method []string, given *string) (*cognitoidp.ConfirmSignUpResponse, error) {
	out := &cognitoidp.ConfirmSignUpResponse{}
	from := ""
	if given != nil {
		from = *given
	}
	session, err := a.Engine.ConfirmedSession(ctx, call.pool, call.client, u.Sub, from, method)
	if session != "" {
		out.Session = &session
	}
	return out, err
}
