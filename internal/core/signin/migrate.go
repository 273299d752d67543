package signin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/message"
	"cognate/internal/core/password"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
)

// Migration is a name that a pool does not know and that its UserMigration
// function may.
type Migration struct {
	Pool     *pool.Pool
	Client   *pool.Client
	Source   string // trigger.MigrationAuthentication or MigrationForgotPassword
	Name     string // as typed
	Password string // as typed, "" for a forgotten one
	// Validation and Metadata are the ClientMetadata of the call, where the
	// trigger sees it as validationData and as clientMetadata.
	Validation, Metadata map[string]string
}

// errNotMigrated is the reason of a migration that made no user; clients are told
// AWS's one text for all of them.
var errNotMigrated = errors.New("signin: the user was not migrated")

// Migrate asks the pool's UserMigration function for a user and makes the one it
// answers with; it reports whether it did. Pools without the function, and users
// whom another request made meanwhile, are no error. When there is no such user,
// the function fails or its answer cannot be used the error is AWS's
// UserNotFoundException.
func (e *Engine) Migrate(ctx context.Context, in Migration) (bool, error) {
	s := &trigger.Subject{Pool: in.Pool, ClientID: in.Client.ID, Username: in.Name, Metadata: in.Metadata}
	if !e.Triggers.Migrates(s) {
		return false, nil
	}
	m, err := e.Triggers.UserMigration(ctx, in.Source, s, in.Password, in.Validation)
	if err == nil {
		err = e.adopt(ctx, in, m)
	}
	if errors.Is(err, directory.ErrUsernameExists) {
		return false, nil
	}
	var refused rt.Exception
	if errors.As(err, &refused) || errors.Is(err, errNotMigrated) || errors.Is(err, directory.ErrAliasExists) {
		obs.Cause(ctx, "user migration: %v", err)
		return false, &cognitoidp.UserNotFoundException{Message: "Exception migrating user in app client " + in.Client.ID}
	}
	return err == nil, err
}

// adopt makes a migrated user. The password that was typed becomes the user's,
// unchecked, when the function says CONFIRMED.
func (e *Engine) adopt(ctx context.Context, in Migration, m *trigger.Migrated) error {
	p := in.Pool
	name, attrs, err := adopted(p, in.Name, m)
	if err != nil {
		return err
	}
	if err := e.Directory.CheckAttributes(p, nil, attrs, directory.Create); err != nil {
		return err
	}
	sub, username := e.Directory.Assign(p, name)
	nu := directory.NewUser{
		Sub: sub, Username: username, Attributes: attrs, Status: cognitoidp.UserStatusTypeResetRequired,
		MoveAliases: m.ForceAlias != nil && *m.ForceAlias,
	}
	if m.SMSMFA != nil && *m.SMSMFA {
		nu.MFA = directory.MFA{Enabled: []string{"SMS_MFA"}, Preferred: "SMS_MFA"}
	}
	if m.Confirmed() && in.Password != "" {
		cred, err := password.New(p.Name, username, in.Password, e.Rand)
		if err != nil {
			return err
		}
		cred.SetAt = e.now().UnixMilli()
		nu.Credential, nu.Status = cred, cognitoidp.UserStatusTypeConfirmed
	}
	if err := e.preSignUp(ctx, in, username, attrs); err != nil {
		return err
	}
	if err := e.Keys.Load(ctx, p.ID); err != nil { // not inside the transaction
		return err
	}
	return e.Directory.Messages.Compose(ctx, func(ctx context.Context) error {
		return e.DB.Update(ctx, func(tx *db.Tx) error {
			u, err := e.Directory.Create(ctx, tx, p, nu)
			if err != nil {
				return err
			}
			return e.welcome(ctx, tx, in, u, m)
		})
	})
}

// preSignUp runs PreSignUp, which may refuse the user. It sees the metadata of
// InitiateAuth and ForgotPassword, not that of answers; what it decides besides
// does not count, as for users that administrators make.
func (e *Engine) preSignUp(ctx context.Context, in Migration, username string, attrs map[string]string) error {
	s := &trigger.Subject{Pool: in.Pool, ClientID: in.Client.ID, Username: username, Attributes: attrs, Metadata: in.Validation}
	if in.Source == trigger.MigrationForgotPassword {
		s.Metadata = in.Metadata
	}
	_, err := e.Triggers.PreSignUp(ctx, trigger.PreSignUpAdminCreateUser, s, in.Validation)
	return err
}

// adopted is the name and the attributes of the user that a function answered
// with. In pools that sign in by an address it has to be the one that was typed:
// that one is what the function vouched for.
func adopted(p *pool.Pool, typed string, m *trigger.Migrated) (string, map[string]string, error) {
	if len(m.Attributes) == 0 {
		return "", nil, fmt.Errorf("%w: the function answered with no attributes", errNotMigrated)
	}
	attrs := maps.Clone(m.Attributes)
	name := typed
	if own := attrs["username"]; own != "" && len(p.UsernameAttrs) == 0 {
		name = own
	}
	for _, internal := range [...]string{"sub", "username", "cognito:user_status"} {
		delete(attrs, internal)
	}
	kind := ""
	switch {
	case directory.IsEmail(name):
		kind = "email"
	case directory.IsPhone(name):
		kind = "phone_number"
	}
	switch {
	case len(p.UsernameAttrs) == 0 && kind != "" && p.AliasAttrs.Has(kind):
		return "", nil, fmt.Errorf("%w: a user name cannot look like an alias, and the function answered with no other", errNotMigrated)
	case len(p.UsernameAttrs) == 0:
	case !p.UsernameAttrs.Has(kind):
		return "", nil, fmt.Errorf("%w: the name is no %v", errNotMigrated, p.Config.UsernameAttributes)
	case attrs[kind] != "" && p.Normal(attrs[kind]) != p.Normal(name):
		return "", nil, fmt.Errorf("%w: the function answered with another %s", errNotMigrated, kind)
	default:
		attrs[kind] = name
	}
	if m.SMSMFA != nil && *m.SMSMFA && attrs["phone_number"] == "" {
		return "", nil, fmt.Errorf("%w: enableSMSMFA needs a phone_number", errNotMigrated)
	}
	return name, attrs, nil
}

// welcome queues the invitation, unless the function suppressed it: by SMS when
// it named no medium. It carries no password, so a template with a place for one
// is not sent.
func (e *Engine) welcome(ctx context.Context, tx *db.Tx, in Migration, u *directory.User, m *trigger.Migrated) error {
	if m.Action != nil && *m.Action == string(cognitoidp.MessageActionTypeSuppress) {
		return nil
	}
	mediums := m.Mediums
	if len(mediums) == 0 {
		mediums = []string{string(cognitoidp.DeliveryMediumTypeSms)}
	}
	for _, attr := range []string{"phone_number", "email"} {
		medium, to := message.MediumOf(attr), u.Attributes[attr]
		if to == "" || !slices.Contains(mediums, string(medium)) {
			continue
		}
		err := e.Directory.Messages.Send(ctx, tx, message.Outgoing{
			PoolID: in.Pool.ID, Config: in.Pool.Config, ClientID: in.Client.ID, Kind: message.AdminCreateUser, Sub: u.Sub,
			Username: in.Name, Stored: u.Username, To: to, Medium: medium,
			Attributes: directory.EventAttributes(in.Pool, u), Metadata: in.Metadata,
		})
		if errors.Is(err, message.ErrNoTransport) {
			obs.Cause(ctx, "no welcome message: %v", err)
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
