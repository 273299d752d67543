package signin

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

const attributePrefix = "userAttributes."

// missingRequired lists the pool's required attributes without a value.
func missingRequired(p *pool.Pool, have map[string]string) []string {
	var out []string
	for _, name := range p.Schema.Required() {
		if name != "sub" && have[name] == "" {
			out = append(out, name)
		}
	}
	return out
}

// proveNewPassword replaces the temporary password that was proven, adds the attributes that were still missing and
// confirms the user, all in the transaction of the next step. A refused password leaves the session usable, as on AWS:
// the proof it stands for was accepted.
func (e *Engine) proveNewPassword(ctx context.Context, r *Request) (*signIn, error) {
	st, err := e.answered(ctx, r, "NEW_PASSWORD")
	if err != nil {
		return nil, err
	}
	s := e.resumed(r, nil, st)
	if s.account, err = e.findAccount(ctx, r, st.Sub); err != nil {
		return nil, err
	}
	if err := e.awaitsPassword(ctx, s); err != nil || s.proof.Refusal != nil {
		return s, err
	}
	if err := e.mustRecognise(ctx, s); err != nil {
		return nil, err
	}
	changes, err := e.newPasswordAttributes(s)
	if err != nil {
		return nil, err
	}
	updated := s.user.Clone()
	err = e.Directory.SetPassword(ctx, s.Pool, updated, directory.NewPassword{
		Text: r.Params["NEW_PASSWORD"], Status: cognitoidp.UserStatusTypeConfirmed,
	})
	if err != nil {
		return nil, err
	}
	if s.credential, err = e.Directory.Credential(ctx, updated); err != nil {
		return nil, err
	}
	s.progress.PasswordSetAt = s.credential.SetAt // what follows stands on it
	if err := e.Directory.Apply(updated, s.Pool, changes); err != nil {
		return nil, err
	}
	s.user, s.proof.Claim = updated, ClaimNewPassword
	s.earned = func(tx *db.Tx) error { return e.Directory.Save(tx, s.Pool, updated) }
	return s, nil
}

// awaitsPassword checks that the proof that the session stands for still holds.
func (e *Engine) awaitsPassword(ctx context.Context, s *signIn) error {
	switch {
	case s.user == nil:
		obs.Cause(ctx, "the user of the session is gone")
		return challenge.Unusable()
	case !e.answersFor(s, s.name):
		obs.Cause(ctx, "answer names another user")
		return challenge.Unusable()
	case !s.user.Enabled:
		return directory.Disabled()
	case s.moved(), s.user.Status != cognitoidp.UserStatusTypeForceChangePassword, s.credential.SetAt != s.progress.PasswordSetAt:
		obs.Cause(ctx, "the password changed since the session was made")
		s.proof.Refusal = challenge.Unusable() // writing it tells a session that was used
	}
	return nil
}

// newPasswordAttributes validates the userAttributes.* of the answer.
func (e *Engine) newPasswordAttributes(s *signIn) (map[string]string, error) {
	changes := map[string]string{}
	for key, value := range s.Params {
		if name, ok := strings.CutPrefix(key, attributePrefix); ok {
			changes[name] = value
		}
	}
	first := map[string]string{} // required values that nobody gave so far: the end of making the user
	for _, name := range s.Pool.Schema.Required() {
		v, sent := changes[name]
		switch {
		case !sent:
		case s.user.Attributes[name] != "": // also for the same value
			return nil, errProvided(name)
		case v != "":
			first[name] = v
			delete(changes, name)
		}
	}
	merged := maps.Clone(s.user.Attributes)
	maps.Copy(merged, changes)
	maps.Copy(merged, first)
	if missing := missingRequired(s.Pool, merged); len(missing) > 0 {
		slices.Sort(missing)
		return nil, cognitoidp.NewInvalidParameter("Invalid attributes given, %s is missing", strings.Join(missing, " and "))
	}
	if err := e.Directory.CheckAttributes(s.Pool, s.Client, changes, directory.Update); err != nil {
		return nil, err
	}
	// As an administrator's: an immutable attribute may be given a first value, and every client may write required ones.
	if err := e.Directory.CheckAttributes(s.Pool, nil, first, directory.Create); err != nil {
		return nil, err
	}
	maps.Copy(changes, first)
	return changes, nil
}
