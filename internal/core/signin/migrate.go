package signin

import (
	"context"
	"errors"
	"maps"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// Migrate asks the pool's UserMigration function for a user it does not know
// and, when it answers with one, makes that user. It reports false when the pool
// has no such function. password is what was typed, "" for a forgotten one; it
// becomes the user's, unchecked, when the function says CONFIRMED.
func (e *Engine) Migrate(ctx context.Context, p *pool.Pool, c *pool.Client, source, typed, pw string, validation, metadata map[string]string) (bool, error) {
	s := &trigger.Subject{Pool: p, ClientID: c.ID, Username: typed, Metadata: metadata}
	if !e.Triggers.Migrates(s) {
		return false, nil
	}
	m, err := e.Triggers.UserMigration(ctx, source, s, pw, validation)
	if err == nil && len(m.Attributes) == 0 {
		err = errors.New("the function answered with no attributes")
	}
	if err == nil {
		err = e.adopt(ctx, p, typed, pw, m)
	}
	if errors.Is(err, directory.ErrUsernameExists) {
		return true, nil // another request brought the same user
	}
	if err != nil {
		obs.Cause(ctx, "user migration: %v", err)
		return true, &cognitoidp.UserNotFoundException{Message: "Exception migrating user in app client " + c.ID}
	}
	return true, nil
}

// adopt makes a migrated user.
func (e *Engine) adopt(ctx context.Context, p *pool.Pool, typed, pw string, m *trigger.Migrated) error {
	attrs := maps.Clone(m.Attributes)
	delete(attrs, "sub")
	delete(attrs, "username")
	delete(attrs, "cognito:user_status")
	for _, name := range p.Config.UsernameAttributes {
		if string(name) == "email" && directory.IsEmail(typed) || string(name) == "phone_number" && directory.IsPhone(typed) {
			attrs[string(name)] = typed
		}
	}
	if err := e.Directory.CheckAttributes(p, nil, attrs, directory.Create); err != nil {
		return err
	}
	sub, username := e.Directory.Assign(p, typed)
	nu := directory.NewUser{
		Sub: sub, Username: username, Attributes: attrs, Status: cognitoidp.UserStatusTypeResetRequired,
		MoveAliases: m.ForceAlias != nil && *m.ForceAlias,
	}
	if m.Confirmed() && pw != "" {
		cred, err := password.New(p.Name, username, pw, e.Rand)
		if err != nil {
			return err
		}
		cred.SetAt = e.now().UnixMilli()
		nu.Credential, nu.Status = cred, cognitoidp.UserStatusTypeConfirmed
	}
	return e.DB.Update(ctx, func(tx *db.Tx) error {
		_, err := e.Directory.Create(ctx, tx, p, nu)
		return err
	})
}
