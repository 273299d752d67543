package signin

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// subject is the account of an attempt as trigger events are about it. Unknown
// users appear under the name that was typed, without attributes.
func (a *attempt) subject(metadata map[string]string) *trigger.Subject {
	if a.user != nil {
		s := directory.EventSubject(a.Pool, a.Client, a.user, metadata)
		s.Hidden = a.Client.HidesUsers()
		return s
	}
	return &trigger.Subject{
		Pool: a.Pool, ClientID: a.Client.ID, Username: a.typed, Unknown: true, Metadata: metadata,
	}
}

// begin runs PreAuthentication at the first hop of a sign-in. It runs for
// unknown users too where the client hides them, so that nothing tells them
// apart.
func (e *Engine) begin(ctx context.Context, a *attempt) error {
	if a.user == nil && !a.Client.HidesUsers() {
		return nil
	}
	return e.announced(ctx, a, a.startMetadata())
}

// announced runs PreAuthentication where there is one. Without one nothing is
// prepared, which would take longer for users than for names nobody has.
func (e *Engine) announced(ctx context.Context, a *attempt, validation map[string]string) error {
	if !e.Triggers.Begins(&trigger.Subject{Pool: a.Pool}) {
		return nil
	}
	return e.Triggers.PreAuthentication(ctx, a.subject(nil), validation)
}

// startMetadata is the ClientMetadata that triggers see as validationData: that
// of InitiateAuth, not that of answers.
func (a *attempt) startMetadata() map[string]string {
	if a.Challenge == "" {
		return a.Metadata
	}
	return nil
}

// conclude runs the triggers between the last proof and the tokens.
// PostAuthentication sees the ClientMetadata of challenge answers alone.
func (e *Engine) conclude(ctx context.Context, a *attempt) (*token.Changes, error) {
	if !e.Triggers.Concludes(&trigger.Subject{Pool: a.Pool}) {
		return nil, nil
	}
	s := a.subject(a.answerMetadata())
	source := trigger.TokenAuthentication
	switch a.Challenge {
	case cognitoidp.ChallengeNameTypeNewPasswordRequired:
		source = trigger.TokenNewPassword
	case cognitoidp.ChallengeNameTypeDevicePasswordVerifier:
		source = trigger.TokenAuthenticateDevice
	}
	if err := e.Triggers.PostAuthentication(ctx, s, device.Tracking(a.Pool) && a.device == nil); err != nil {
		return nil, err
	}
	return e.preToken(ctx, s, source, a.groups)
}

// preToken asks PreTokenGeneration for changes; nil means none.
func (e *Engine) preToken(ctx context.Context, s *trigger.Subject, source string, groups []token.Group) (*token.Changes, error) {
	if !e.Triggers.ChangesTokens(s) {
		return nil, nil
	}
	c, err := e.Triggers.PreTokenGeneration(ctx, source, s, groupConfiguration(groups), []string{token.AdminScope})
	if err != nil {
		return nil, err
	}
	return &token.Changes{
		ID:     token.ClaimChanges{Add: c.ID.Add, Suppress: c.ID.Suppress},
		Access: token.ClaimChanges{Add: c.Access.Add, Suppress: c.Access.Suppress},

		AddScopes: c.AddScopes, SuppressScopes: c.SuppressScopes,
		Override: c.Override, Groups: c.Groups.Groups, Roles: c.Groups.Roles, PreferredRole: c.Groups.PreferredRole,
	}, nil
}

// groupConfiguration shows the user's groups to the trigger as the tokens
// would.
func groupConfiguration(groups []token.Group) *trigger.Groups {
	names, roles, preferred := token.GroupClaims(groups)
	g := &trigger.Groups{Groups: names, Roles: roles}
	if g.Groups == nil {
		g.Groups = []string{}
	}
	if g.Roles == nil {
		g.Roles = []string{}
	}
	if preferred != "" {
		g.PreferredRole = &preferred
	}
	return g
}

// settle commits what a proof earned before the triggers run that may still
// refuse the tokens: on AWS a confirmed password change outlives a failing
// function. Without triggers everything is one transaction.
func (e *Engine) settle(ctx context.Context, a *attempt, st *challenge.State, change func(*db.Tx) error) (bool, error) {
	if change == nil || !e.Triggers.Concludes(a.subject(nil)) {
		return false, nil
	}
	return true, e.DB.Update(ctx, func(tx *db.Tx) error {
		if err := e.spend(tx, st); err != nil {
			return err
		}
		return change(tx)
	})
}

// migrated looks an unknown user up in the pool's UserMigration function and
// reads the account again when it brought one. A refusal counts as a failed
// attempt at the name: otherwise the other directory's passwords could be
// guessed here without limit.
func (e *Engine) migrated(ctx context.Context, a *attempt, st *challenge.State) (*attempt, error) {
	if !e.Triggers.Migrates(a.subject(nil)) {
		return a, nil
	}
	if a.locked {
		obs.Cause(ctx, "locked after failed attempts")
		return nil, e.refuse(ctx, a, errLocked(), false, st)
	}
	made, err := e.Migrate(ctx, Migration{
		Pool: a.Pool, Client: a.Client, Source: trigger.MigrationAuthentication, Name: a.typed, Password: a.Params["PASSWORD"],
		Validation: a.startMetadata(), Metadata: a.answerMetadata(),
	})
	var unknown *cognitoidp.UserNotFoundException
	if errors.As(err, &unknown) {
		if a.Client.HidesUsers() { // as long as a wrong password takes
			a.credential.Verify(a.Pool.Name, a.identity(), a.Params["PASSWORD"])
			err = errWrongPassword()
		}
		return nil, e.refuse(ctx, a, err, true, st)
	}
	if err != nil {
		return nil, err
	}
	found, err := e.find(ctx, a.Request, a.typed)
	if err == nil {
		found.vouched = made && found.user != nil
	}
	return found, err
}
