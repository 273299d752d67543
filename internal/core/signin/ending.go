package signin

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/core/device"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// admission is the completed sign-in as endings see it. events tells whether functions run.
func (e *Engine) admission(ctx context.Context, s *signIn, events bool) (*Admission, error) {
	a := &Admission{
		Pool: s.Pool, Client: s.Client, Groups: s.groups, Source: s.Door.Source(s.Challenge),
		Subject: e.Directory.Subject(s.user, s.groups),
	}
	a.Subject.AuthTime, a.Subject.AMR = e.now().Unix(), s.progress.Proven
	a.Subject.Epoch = int64(s.user.NextEpoch()) // which it is once this step is written
	if s.progress.Goal != nil {                 // the level that was reached, which may be another one
		a.Subject.AMR = factor.Claim(s.progress.Proven)
		a.ACR = s.Pool.ACR(int(factor.LevelOf(s.progress.Proven)))
	}
	if events { // PostAuthentication sees the ClientMetadata of challenge answers alone
		a.Event = s.subject(s.answerMetadata())
	}
	return a, e.bindDevice(ctx, s, a)
}

// bindDevice ties what a sign-in ends in to its device: the known one, or a new one. The answer carries the keys of a new
// one, which ConfirmDevice will accept, and a browser becomes it with the end.
func (e *Engine) bindDevice(ctx context.Context, s *signIn, a *Admission) error {
	if !device.Tracking(s.Pool) {
		return nil
	}
	if s.device != nil {
		a.Subject.DeviceKey = s.device.Key
		if held := s.held(s.sub); held != nil && held.Key == s.device.Key {
			s.kept = held
		}
		return nil
	}
	issued, err := e.newDevice(ctx, s)
	if err != nil {
		return err
	}
	a.Subject.DeviceKey, a.NewDevice = issued.DeviceKey, issued.Metadata()
	return nil
}

// tokens is the ending of the API: ID, access and refresh token.
type tokens struct{ e *Engine }

// Prepare implements Ending.
func (t tokens) Prepare(ctx context.Context, a *Admission) (*Answer, func(*db.Tx) error, error) {
	changes, err := t.e.TokenChanges(ctx, a.Event, a.Source, a.Groups, []string{token.AdminScope})
	if err != nil {
		return nil, nil, err
	}
	grant, err := t.e.Tokens.Prepare(ctx, a.Pool, a.Client, a.Subject, token.Options{Changes: changes, ACR: a.ACR})
	if err != nil {
		return nil, nil, Ungranted(err, a.Pool)
	}
	answer := &Answer{Tokens: grant.Result()}
	answer.Tokens.NewDeviceMetadata = a.NewDevice
	return answer, func(tx *db.Tx) error { return t.e.Tokens.Commit(tx, grant) }, nil
}

// Ungranted is the refusal of tokens that could not be made.
func Ungranted(err error, p *pool.Pool) error {
	if errors.Is(err, token.ErrNoKeys) || errors.Is(err, keyring.ErrUnknownScope) { // they went with the pool
		return cognitoidp.NewResourceNotFound("%s", pool.Unknown(p.ID))
	}
	return token.Refusal(err)
}
