package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/password"
)

const attributePrefix = "userAttributes."

// newPasswordStep binds the session to the temporary password that was proven.
type newPasswordStep struct {
	SetAt int64 `json:"s"`
}

// askNewPassword answers a proven temporary password with NEW_PASSWORD_REQUIRED.
func (e *Engine) askNewPassword(ctx context.Context, a *attempt, answered *challenge.State) (*Answer, error) {
	st := e.newState(a.Request, cognitoidp.ChallengeNameTypeNewPasswordRequired)
	st.Sub, st.Username, st.Proven = a.user.Sub, a.user.Username, a.amr
	var err error
	if st.Data, err = json.Marshal(newPasswordStep{SetAt: a.credential.SetAt}); err != nil {
		return nil, err
	}
	session, err := e.Sessions.Seal(ctx, st)
	if err != nil {
		return nil, err
	}
	params, err := newPasswordParams(a)
	if err != nil {
		return nil, err
	}
	open := true
	err = e.DB.Update(ctx, func(tx *db.Tx) error {
		if err := e.spend(tx, answered); err != nil {
			return err
		}
		var err error
		open, err = clearFailures(tx, a.Pool.ID, a.account, e.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	if !open {
		return nil, errLocked()
	}
	return &Answer{Challenge: cognitoidp.ChallengeNameTypeNewPasswordRequired, Session: session, Params: params}, nil
}

func newPasswordParams(a *attempt) (map[string]string, error) {
	attrs := maps.Clone(a.user.Attributes)
	delete(attrs, "sub")
	current, err := json.Marshal(attrs)
	if err != nil {
		return nil, err
	}
	required := []string{}
	for _, name := range missingRequired(a, a.user.Attributes) {
		required = append(required, attributePrefix+name)
	}
	list, err := json.Marshal(required)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"USER_ID_FOR_SRP":    a.user.Username,
		"userAttributes":     string(current),
		"requiredAttributes": string(list),
	}, nil
}

// missingRequired lists the pool's required attributes without a value.
func missingRequired(a *attempt, have map[string]string) []string {
	var out []string
	for _, name := range a.Pool.Schema.Required() {
		if name != "sub" && have[name] == "" {
			out = append(out, name)
		}
	}
	return out
}

// respondNewPassword sets the permanent password and the attributes that were
// still missing, confirms the user and signs in, all in one transaction. A
// refused password leaves the session usable, as on AWS: the proof it stands
// for was accepted.
func (e *Engine) respondNewPassword(ctx context.Context, r *Request) (*Answer, error) {
	for {
		answer, err := e.setNewPassword(ctx, r)
		if !errors.Is(err, directory.ErrChanged) { // changed between read and write: look again
			return answer, err
		}
	}
}

func (e *Engine) setNewPassword(ctx context.Context, r *Request) (*Answer, error) {
	st, err := e.answered(ctx, r, "USERNAME", "NEW_PASSWORD")
	if err != nil {
		return nil, err
	}
	a, err := e.resume(ctx, r, st)
	if err != nil {
		return nil, err
	}
	changes, err := e.newPasswordAttributes(a)
	if err != nil {
		return nil, err
	}
	fresh, err := e.freshCredential(ctx, a, r.Params["NEW_PASSWORD"])
	if err != nil {
		return nil, err
	}
	updated := a.user.Clone()
	updated.Status = cognitoidp.UserStatusTypeConfirmed
	if err := e.Directory.SetCredential(ctx, updated, fresh); err != nil {
		return nil, err
	}
	if err := e.Directory.Apply(updated, a.Pool, changes); err != nil {
		return nil, err
	}
	a.user, a.credential = updated, fresh
	answer, err := e.finish(ctx, a, st, func(tx *db.Tx) error {
		return e.Directory.Save(tx, a.Pool, updated)
	})
	var taken *directory.AliasTaken
	if errors.As(err, &taken) {
		obs.Cause(ctx, "%v", err)
		return nil, errAliasTaken(taken.Attribute)
	}
	return answer, err
}

// resume reads the user of a session again and checks that the proof it stands
// for still holds.
func (e *Engine) resume(ctx context.Context, r *Request, st *challenge.State) (*attempt, error) {
	a, err := e.findAccount(ctx, r, st.Sub)
	if err != nil {
		return nil, err
	}
	var step newPasswordStep
	if err := json.Unmarshal(st.Data, &step); err != nil {
		return nil, fmt.Errorf("session data: %w", err)
	}
	switch {
	case a.user == nil:
		obs.Cause(ctx, "the user of the session is gone")
		return nil, errBadSession()
	case !e.Directory.Names(a.Pool, a.user, r.Params["USERNAME"]):
		obs.Cause(ctx, "answer names another user")
		return nil, errBadSession()
	case !a.user.Enabled:
		return nil, errDisabled()
	case a.user.Status != cognitoidp.UserStatusTypeForceChangePassword || a.credential.SetAt != step.SetAt:
		obs.Cause(ctx, "the password changed since the session was made")
		return nil, e.refuse(ctx, a, errBadSession(), false, st) // which tells a session that was used
	}
	a.amr = st.Proven
	return a, e.recognise(ctx, a, r.Params["DEVICE_KEY"])
}

// newPasswordAttributes validates the userAttributes.* of the answer.
func (e *Engine) newPasswordAttributes(a *attempt) (map[string]string, error) {
	changes := map[string]string{}
	for key, value := range a.Params {
		if name, ok := strings.CutPrefix(key, attributePrefix); ok {
			changes[name] = value
		}
	}
	first := map[string]string{} // required values that nobody gave so far: the end of making the user
	for _, name := range a.Pool.Schema.Required() {
		v, sent := changes[name]
		switch {
		case !sent:
		case a.user.Attributes[name] != "": // also for the same value
			return nil, errRefused("Cannot modify an already provided " + name)
		case v != "":
			first[name] = v
			delete(changes, name)
		}
	}
	merged := maps.Clone(a.user.Attributes)
	maps.Copy(merged, changes)
	maps.Copy(merged, first)
	if missing := missingRequired(a, merged); len(missing) > 0 {
		slices.Sort(missing)
		return nil, errInvalid("Invalid attributes given, %s is missing", strings.Join(missing, " and "))
	}
	if err := e.Directory.CheckAttributes(a.Pool, a.Client, changes, directory.Update); err != nil {
		return nil, err
	}
	// As an administrator's: an immutable attribute may be given a first value, and every client may write required ones.
	if err := e.Directory.CheckAttributes(a.Pool, nil, first, directory.Create); err != nil {
		return nil, err
	}
	maps.Copy(changes, first)
	return changes, nil
}

// freshCredential checks policy and history and derives the verifier of a new
// permanent password. The temporary password is no history: AWS lets the new
// one equal it.
func (e *Engine) freshCredential(ctx context.Context, a *attempt, pw string) (*password.Credential, error) {
	policy := a.Pool.PasswordPolicy()
	if err := password.Check(policy, pw); err != nil {
		return nil, password.Refusal(err)
	}
	size := password.HistorySize(policy)
	if a.credential.UsedBefore(size, a.Pool.Name, a.user.Username, pw) {
		obs.Cause(ctx, "password is in the history")
		return nil, errPasswordUsed()
	}
	c, err := password.New(a.Pool.Name, a.user.Username, pw, e.Rand)
	if err != nil {
		return nil, err
	}
	c.SetAt = e.now().UnixMilli()
	c.Remember(a.credential, size)
	return c, nil
}
