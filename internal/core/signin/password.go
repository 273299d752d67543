package signin

import (
	"bytes"
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/factor"
	"cognate/internal/core/password"
	"cognate/internal/core/trigger"
)

// beginPassword verifies the password of USER_PASSWORD_AUTH and ADMIN_USER_PASSWORD_AUTH.
func (e *Engine) beginPassword(ctx context.Context, r *Request) (*signIn, error) {
	name, err := r.named()
	if err != nil {
		return nil, err
	}
	if err := r.require("PASSWORD"); err != nil {
		return nil, err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	return e.provePassword(ctx, e.opened(r, a).typed(name))
}

// beginAdminPassword is beginPassword of ADMIN_NO_SRP_AUTH, which has a legacy form besides: the password comes in the
// answer to a challenge. PreAuthentication runs at once, where its validationData is sent, except for a user who may
// still be migrated.
func (e *Engine) beginAdminPassword(ctx context.Context, r *Request) (*signIn, error) {
	if r.Params["PASSWORD"] != "" {
		return e.beginPassword(ctx, r)
	}
	name, err := r.named()
	if err != nil {
		return nil, err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	s := e.opened(r, a).typed(name)
	s.proof.Wants = cognitoidp.ChallengeNameTypeAdminNoSrpAuth
	if s.user != nil || !e.Triggers.Migrates(s.pool()) {
		if err := e.announceKnown(ctx, s); err != nil {
			return nil, err
		}
		s.progress.Announced = true
	}
	return s, nil
}

// proveAdminPassword verifies the answer of the legacy form. The name is looked up again: it may be somebody's by now.
func (e *Engine) proveAdminPassword(ctx context.Context, r *Request) (*signIn, error) {
	if r.Door.Name != doorAdmin {
		return nil, challenge.Unusable()
	}
	st, err := e.answered(ctx, r, "PASSWORD")
	if err != nil {
		return nil, err
	}
	name := r.Params["USERNAME"]
	if !bytes.Equal(mark(r.Pool, name), st.Typed) {
		obs.Cause(ctx, "answer names another user")
		return nil, challenge.Unusable()
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	s := e.resumed(r, a, st)
	s.progress.Sub = a.sub
	return e.provePassword(ctx, s)
}

// provePassword verifies a plain password. Whoever is unknown may be brought by the pool's UserMigration function.
func (e *Engine) provePassword(ctx context.Context, s *signIn) (*signIn, error) {
	vouched := false
	if s.user == nil && e.Triggers.Migrates(s.pool()) {
		var err error
		if vouched, err = e.migrated(ctx, s); err != nil || s.proof.Refusal != nil {
			return s, err
		}
	}
	if !s.progress.Announced {
		if err := e.announceKnown(ctx, s); err != nil {
			s.proof.Refusal = err
			return s, nil
		}
	}
	return s, e.comparePassword(ctx, s, vouched)
}

// comparePassword derives the verifier of the PASSWORD parameter and compares. The work is done for everybody before
// anything is said, so that the time does not tell who exists, is locked or disabled.
func (e *Engine) comparePassword(ctx context.Context, s *signIn, vouched bool) error {
	return e.provenPassword(ctx, s, func() bool {
		return s.credential.Verify(s.Pool.Name, s.identity(), s.Params["PASSWORD"]) || vouched
	})
}

// provenPassword judges the proof of a password and notes how it came out. The device is looked up whatever that was.
func (e *Engine) provenPassword(ctx context.Context, s *signIn, judge func() bool) error {
	s.proof.Claim = ClaimPassword
	try, err := e.reserve(ctx, s)
	if err != nil {
		return err
	}
	if right := judge(); right && (!s.proof.Counted || try > 0) {
		s.credit(factor.AMRPassword)
		s.proof.ByPassword = true
	}
	if try > 0 && s.proof.Right {
		if err := e.takeBack(ctx, s, s.counter(), try); err != nil {
			return err
		}
	}
	s.proof.UnknownDevice, err = e.recognise(ctx, s, s.Params["DEVICE_KEY"])
	return err
}

// reserve counts the try before a password is judged where functions run after it: they take time, which would tell a
// right one that the lock then refuses. Elsewhere the try is counted, granted or cleared by the commit, in the same
// transaction as everything else.
func (e *Engine) reserve(ctx context.Context, s *signIn) (try int64, err error) {
	if s.locked || !e.Triggers.Concludes(s.pool()) && s.progress.Custom == "" {
		return 0, nil
	}
	err = e.DB.Update(ctx, func(tx *db.Tx) (err error) {
		try, err = failures.Count(tx, s.Pool.ID, s.counter(), e.now())
		return err
	})
	s.proof.Counted, s.locked = true, try == 0
	return try, err
}

// takeBack takes a try back that turned out right.
func (e *Engine) takeBack(ctx context.Context, s *signIn, account string, try int64) error {
	return e.DB.Update(ctx, func(tx *db.Tx) error { return failures.Return(tx, s.Pool.ID, account, try) })
}

// migrated asks the pool's UserMigration function for a name nobody has, and reads the account again. It reports whether
// the function vouched for the password. The try is counted before the function is asked, or the passwords of the other
// directory could be guessed here without limit.
func (e *Engine) migrated(ctx context.Context, s *signIn) (vouched bool, err error) {
	nobody, try := s.sub, int64(0)
	err = e.DB.Update(ctx, func(tx *db.Tx) (err error) {
		try, err = failures.Count(tx, s.Pool.ID, nobody, e.now())
		return err
	})
	if err != nil {
		return false, err
	}
	if try == 0 {
		obs.Cause(ctx, "locked after failed attempts")
		s.proof.Refusal = errLocked()
		return false, nil
	}
	made, err := e.Migrate(ctx, Migration{
		Pool: s.Pool, Client: s.Client, Source: trigger.MigrationAuthentication, Name: s.name, Password: s.Params["PASSWORD"],
		Validation: s.startMetadata(), Metadata: s.answerMetadata(),
	})
	var unknown *cognitoidp.UserNotFoundException
	if errors.As(err, &unknown) {
		if s.Client.HidesUsers() { // as long as a wrong password takes
			s.credential.Verify(s.Pool.Name, s.identity(), s.Params["PASSWORD"])
			err = password.Wrong()
		}
		s.proof.Refusal = err
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if s.account, err = e.find(ctx, s.Request, s.name); err != nil {
		return false, err
	}
	s.progress.Sub = s.sub
	if vouched = made && s.user != nil; vouched {
		err = e.takeBack(ctx, s, nobody, try)
	}
	return vouched, err
}
