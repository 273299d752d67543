package account

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
	"cognate/internal/core/signin"
	"cognate/internal/core/trigger"
)

// eventOf is a user who is about to be made, as PreSignUp events are about them:
// there is no sub and no status yet.
func eventOf(p *pool.Pool, c *pool.Client, n directory.NewUser, metadata map[string]string) *trigger.Subject {
	s := &trigger.Subject{Pool: p, Username: n.Username, Attributes: n.Attributes, Metadata: metadata}
	if c != nil {
		s.ClientID = c.ID
	}
	return s
}

// preSignUp asks the pool's function whether the user may be made, and applies
// what it decides: confirmed at once, addresses verified without a code. A
// verified alias moves to the new user.
func (a *Accounts) preSignUp(ctx context.Context, call *namedCall, validation map[string]string, nu *signUp) error {
	s := eventOf(call.Pool, call.Client, nu.NewUser, call.Metadata)
	v, err := a.Triggers.PreSignUp(ctx, trigger.PreSignUpSignUp, s, validation)
	if err != nil {
		return err
	}
	for _, attr := range [...]string{"email", "phone_number"} {
		if attr == "email" && !v.AutoVerifyEmail || attr == "phone_number" && !v.AutoVerifyPhone {
			continue
		}
		if nu.Attributes[attr] == "" {
			return cognitoidp.NewInvalidLambdaResponse("PreSignUp cannot verify %s: the user has none.", attr)
		}
		nu.Attributes[attr+"_verified"] = "true"
		nu.MoveAliases = true
	}
	if v.AutoConfirm {
		nu.Status = cognitoidp.UserStatusTypeConfirmed
	}
	return nil
}

// confirmed tells the pool's function that a user was confirmed or recovered.
// The change stands when that fails.
func (a *Accounts) confirmed(ctx context.Context, call *namedCall, u *directory.User, source string) error {
	return a.Triggers.PostConfirmation(ctx, source, directory.EventSubject(call.Pool, call.Client, u, call.Metadata))
}

// migrateForgetful brings a user of another directory who forgot the password
// there. Clients that hide users are answered the same whether that works.
func (a *Accounts) migrateForgetful(ctx context.Context, call *namedCall) error {
	if !a.Triggers.Migrates(&trigger.Subject{Pool: call.Pool}) {
		return nil
	}
	err := a.DB.View(ctx, func(tx *db.Tx) error {
		_, err := a.Directory.Resolve(tx, call.Pool, call.name)
		return err
	})
	if !errors.Is(err, directory.ErrUserNotFound) {
		return err
	}
	_, err = a.Engine.Migrate(ctx, signin.Migration{
		Pool: call.Pool, Client: call.Client, Source: trigger.MigrationForgotPassword, Name: call.name, Metadata: call.Metadata,
	})
	var missing *cognitoidp.UserNotFoundException
	if errors.As(err, &missing) && call.Client.HidesUsers() {
		return nil
	}
	return err
}
