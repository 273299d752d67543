package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
)

// factorStep is what the session of a factor challenge remembers besides what
// was proven so far.
type factorStep struct {
	First    bool                           `json:"f,omitempty"`  // first factor of USER_AUTH
	Choices  []string                       `json:"c,omitempty"`  // of SELECT_MFA_TYPE
	Offered  []cognitoidp.ChallengeNameType `json:"o,omitempty"`  // AvailableChallenges of USER_AUTH
	Passkey  json.RawMessage                `json:"p,omitempty"`  // state of WEB_AUTHN
	Device   string                         `json:"d,omitempty"`  // key of the device the sign-in comes from
	Trusted  bool                           `json:"dp,omitempty"` // that device has proven itself
	SetAt    int64                          `json:"pw,omitempty"` // when the proven password was set; a change voids its proof
	SetUp    bool                           `json:"su,omitempty"` // the code sets the factor up
	Custom   bool                           `json:"cu,omitempty"` // functions decided alone, see attempt.custom
	Flow     string                         `json:"fl,omitempty"` // see attempt.flow
	Verified bool                           `json:"v,omitempty"`  // a passkey among the proven verified its user
	Typed    []byte                         `json:"t,omitempty"`  // nameMark of the name of the first hop
}

// finish ends a sign-in whose first factor is proven: with the second factor
// that pool and user want, or with tokens. change, when given, is what the proof
// earned and is committed with the next step.
func (e *Engine) finish(ctx context.Context, a *attempt, st *challenge.State, change func(*db.Tx) error) (*Answer, error) {
	if a.short() {
		return e.further(ctx, a, st, change)
	}
	d := e.next(a)
	switch {
	case d.Done() && device.MustProve(a.Pool, a.device) && !a.deviceProven:
		return e.askDevice(ctx, a, st, change)
	case d.Done() && a.flow != "":
		return e.resumeCustom(ctx, a, st)
	case d.Done():
		return e.issue(ctx, a, st, change)
	case d.Blocked:
		obs.Cause(ctx, "the user has no second factor left to give")
		return nil, e.refuse(ctx, a, errRefused("The user has no second factor that this sign-in could use."), false, st)
	case len(d.Choices) > 0:
		return e.askChoice(ctx, a, st, change, d)
	}
	return e.askFactor(ctx, a, st, change, d.Challenge, factorStep{Verified: a.userVerified})
}

// next decides what is still to be proven. There is no second factor in a
// custom sign-in without the password step, as on AWS: the functions decide.
func (e *Engine) next(a *attempt) factor.Decision {
	if a.custom {
		return factor.Decision{}
	}
	return e.Factors.Next(a.Pool, a.Client, a.user, factor.State{
		Proven: a.amr, UserVerified: a.userVerified, Remembered: device.ReplacesMFA(a.Pool, a.device),
	})
}

// askChoice poses SELECT_MFA_TYPE or MFA_SETUP.
func (e *Engine) askChoice(ctx context.Context, a *attempt, answered *challenge.State, change func(*db.Tx) error, d factor.Decision) (*Answer, error) {
	st, session, err := e.factorSession(ctx, a, d.Challenge, factorStep{Choices: d.Choices, Verified: a.userVerified})
	if err != nil {
		return nil, err
	}
	err = e.DB.Update(ctx, func(tx *db.Tx) error { return e.turn(tx, a, answered, change) })
	if err != nil {
		return nil, e.turned(err)
	}
	return &Answer{Challenge: cognitoidp.ChallengeNameType(st.Step), Params: d.Params(a.user), Session: session}, nil
}

// askFactor poses a challenge with a code: the message is queued with the
// commit that spends the answered session.
func (e *Engine) askFactor(ctx context.Context, a *attempt, answered *challenge.State, change func(*db.Tx) error, name cognitoidp.ChallengeNameType, step factorStep) (*Answer, error) {
	st, session, err := e.factorSession(ctx, a, name, step)
	if err != nil {
		return nil, err
	}
	if err := e.Keys.Load(ctx, a.Pool.ID); err != nil { // not inside the transaction
		return nil, err
	}
	var params map[string]string
	err = e.Messages.Compose(ctx, func(ctx context.Context) error {
		return e.DB.Update(ctx, func(tx *db.Tx) error {
			if err := e.turn(tx, a, answered, change); err != nil {
				return err
			}
			var err error
			params, err = e.Factors.Challenge(ctx, tx, e.ask(a, st, step))
			return err
		})
	})
	if err != nil {
		if a.Challenge == "" && errors.Is(err, factor.ErrNotSetUp) { // removed meanwhile; InitiateAuth declares no better
			err = errBadSession()
		}
		return nil, factor.Refusal(ctx, name, e.turned(err))
	}
	return &Answer{Challenge: name, Params: params, Session: session, Offered: step.Offered}, nil
}

// ask is the challenge of a session as the factor room sees it. A recovery code
// may stand in for a second factor that the user has: neither where one is being
// set up, nor on the way to a level, which no recovery code earns.
func (e *Engine) ask(a *attempt, st *challenge.State, step factorStep) factor.Ask {
	ask := factor.Ask{
		Pool: a.Pool, Client: a.Client, User: a.user, Challenge: cognitoidp.ChallengeNameType(st.Step),
		First: step.First, Recovery: !step.First && !step.SetUp && a.goal == nil,
		Session: st.ID, Metadata: a.answerMetadata(),
	}
	if a.user == nil {
		ask.User, ask.Pretend = a.ghost.User, true
	}
	return ask
}

// factorSession makes the session of a factor challenge; sealing draws its id.
func (e *Engine) factorSession(ctx context.Context, a *attempt, name cognitoidp.ChallengeNameType, step factorStep) (*challenge.State, string, error) {
	st := e.newState(a.Request, name)
	st.Sub, st.Username, st.Proven = a.account, a.identity(), a.amr
	if step.First {
		st.Username, st.Proven = "", nil // its length would tell whether there is a user
	} else if slices.Contains(a.amr, factor.AMRPassword) {
		step.SetAt = a.credential.SetAt
	}
	if key := a.Params["DEVICE_KEY"]; step.First && len(key) <= maxDeviceKey {
		step.Device = key
	}
	if a.device != nil {
		step.Device, step.Trusted = a.device.Key, a.deviceProven
	}
	step.Custom, step.Flow = a.custom, a.flow
	var err error
	if st.Data, err = json.Marshal(step); err != nil {
		return nil, "", fmt.Errorf("factor session: %w", err)
	}
	session, err := e.Sessions.Seal(ctx, st)
	return st, session, err
}

var errLockedMeanwhile = errors.New("signin: locked by parallel guesses")

// turn is what every hop commits: the answered session is spent, and what the
// proof earned is written. The proof of a password clears the failure counter;
// a hop that proves none must not, or whoever asks for a code could go on
// guessing passwords without end.
func (e *Engine) turn(tx *db.Tx, a *attempt, answered *challenge.State, change func(*db.Tx) error) error {
	if err := e.spend(tx, answered); err != nil {
		return err
	}
	if a.byPassword {
		open, err := clearFailures(tx, a.Pool.ID, a.account, e.now())
		if err != nil {
			return err
		}
		if !open {
			return errLockedMeanwhile
		}
	}
	if change != nil {
		return change(tx)
	}
	return nil
}

// turned renders the refusal of turn.
func (e *Engine) turned(err error) error {
	if errors.Is(err, errLockedMeanwhile) {
		return errLocked()
	}
	return err
}

// answeredFactor opens the session of a factor challenge and reads its account.
func (e *Engine) answeredFactor(ctx context.Context, r *Request, names ...string) (*attempt, *challenge.State, factorStep, error) {
	var step factorStep
	st, err := e.answered(ctx, r, append([]string{"USERNAME"}, names...)...)
	if err != nil {
		return nil, nil, step, err
	}
	if err := json.Unmarshal(st.Data, &step); err != nil {
		return nil, nil, step, fmt.Errorf("factor session: %w", err)
	}
	a, err := e.findAccount(ctx, r, st.Sub)
	if err != nil {
		return nil, nil, step, err
	}
	a.amr, a.userVerified, a.custom, a.flow = st.Proven, step.Verified, step.Custom, step.Flow
	a.typed = r.Params["USERNAME"]
	if err := e.holds(ctx, a, st, step); err != nil {
		return nil, nil, step, err
	}
	if err := e.recall(ctx, a, step); err != nil {
		return nil, nil, step, err
	}
	if step.First {
		a.simulated = true
		if err := e.imagine(ctx, a); err != nil {
			return nil, nil, step, err
		}
		if !undecided(r.Challenge) {
			a.conceal()
		}
	}
	return a, st, step, nil
}

// holds reports whether a session is still good for its user, and the answer
// one of this user.
func (e *Engine) holds(ctx context.Context, a *attempt, st *challenge.State, step factorStep) error {
	known := slices.Equal(nameMark(a.Request, a.typed), step.Typed) || a.typed == st.Username || a.typed == st.Sub ||
		a.user != nil && e.Directory.Names(a.Pool, a.user, a.typed)
	switch {
	case !known:
		obs.Cause(ctx, "answer names another user")
		return errBadSession()
	case step.First:
		return a.mayChoose(ctx)
	case a.user == nil:
		obs.Cause(ctx, "the user of the session is gone")
		return errBadSession()
	case !a.user.Enabled:
		obs.Cause(ctx, "disabled user")
		return errDisabled()
	case a.user.Status == cognitoidp.UserStatusTypeResetRequired:
		return errResetRequired()
	case slices.Contains(st.Proven, factor.AMRPassword) && a.credential.SetAt != step.SetAt:
		obs.Cause(ctx, "the password changed since it was proven")
		return errBadSession()
	}
	return nil
}

// respondFactor verifies the code of SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP or
// SMS_OTP. The session is spent by a right code, or by the third wrong one,
// which is answered like those before.
func (e *Engine) respondFactor(ctx context.Context, r *Request) (*Answer, error) {
	a, st, step, err := e.answeredFactor(ctx, r)
	if err != nil {
		return nil, err
	}
	text := factor.AnswerOf(r.Challenge, r.Params)
	if text == "" {
		return nil, errMissing(string(r.Challenge) + "_CODE")
	}
	if err := e.Keys.Load(ctx, a.Pool.ID); err != nil {
		return nil, err
	}
	var method string
	var refusal error
	err = e.DB.Update(ctx, func(tx *db.Tx) error {
		refusal = nil
		var err error
		method, err = e.Factors.Verify(tx, e.ask(a, st, step), text)
		if err == nil && step.SetUp {
			err = e.Factors.Enable(tx, a.Pool, a.account, r.Challenge)
		}
		if err == nil {
			return e.spend(tx, st)
		}
		if refusal = factor.Refusal(ctx, r.Challenge, err); errors.Is(refusal, err) {
			return err // no refusal but a fault
		}
		retry := e.Sessions.Retry
		if a.goal != nil { // a failed challenge ends a step-up
			retry = e.Sessions.Spend
		}
		if err := retry(tx, st); err != nil && !errors.Is(err, challenge.ErrSpent) {
			return err
		} else if err != nil {
			refusal = errSessionUsed()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return nil, refusal
	}
	return e.proved(ctx, a, nil, method)
}

// proved goes on after a factor other than a password.
func (e *Engine) proved(ctx context.Context, a *attempt, st *challenge.State, method string) (*Answer, error) {
	a, err := e.afterwards(ctx, a, method)
	if err != nil {
		return nil, err
	}
	a.amr = append(slices.Clone(a.amr), method)
	switch {
	case a.user == nil || !a.user.Enabled || a.user.Status == cognitoidp.UserStatusTypeUnconfirmed,
		a.user.Status == cognitoidp.UserStatusTypeForceChangePassword && !a.custom:
		obs.Cause(ctx, "the user is gone, may not sign in or must change the password")
		return nil, errBadSession()
	case a.user.Status == cognitoidp.UserStatusTypeResetRequired:
		return nil, errResetRequired()
	}
	return e.finish(ctx, a, st, nil)
}

// afterwards is the account once a factor was verified. Codes that were sent
// verify the address in the user's row; software tokens and passkeys have rows of
// their own, so the account is as it was read.
func (e *Engine) afterwards(ctx context.Context, a *attempt, method string) (*attempt, error) {
	switch method {
	case factor.AMRTOTP, factor.AMRPlatform, factor.AMRRoaming:
		return a, nil
	}
	before := a
	a, err := e.findAccount(ctx, before.Request, before.account)
	if err != nil {
		return nil, err
	}
	a.amr, a.userVerified, a.custom = before.amr, before.userVerified, before.custom
	a.device, a.deviceProven, a.flow = before.device, before.deviceProven, before.flow
	return a, nil
}

// respondChoice answers SELECT_MFA_TYPE with the challenge that was chosen.
func (e *Engine) respondChoice(ctx context.Context, r *Request) (*Answer, error) {
	a, st, step, err := e.answeredFactor(ctx, r, "ANSWER")
	if err != nil {
		return nil, err
	}
	chosen := r.Params["ANSWER"]
	if chosen == "EMAIL_MFA" { // as the documentation spells it
		chosen = string(cognitoidp.ChallengeNameTypeEmailOtp)
	}
	if !slices.Contains(step.Choices, chosen) {
		return nil, errInvalid("Invalid ANSWER: %s is not among the factors of the user.", chosen)
	}
	return e.askFactor(ctx, a, st, nil, cognitoidp.ChallengeNameType(chosen), factorStep{Verified: step.Verified})
}

// respondSetUp ends MFA_SETUP: with the session of VerifySoftwareToken, whose
// code was the second factor, or with an e-mail address to send a code to.
func (e *Engine) respondSetUp(ctx context.Context, r *Request) (*Answer, error) {
	a, st, step, err := e.answeredFactor(ctx, r)
	if err != nil {
		return nil, err
	}
	// Also when a factor was set up elsewhere since: whoever knows the password
	// could otherwise keep a set-up open and go around that factor.
	if e.next(a).Challenge != cognitoidp.ChallengeNameTypeMfaSetup {
		return e.finish(ctx, a, st, nil)
	}
	address := r.Params["EMAIL"]
	if address == "" || !slices.Contains(step.Choices, string(cognitoidp.ChallengeNameTypeEmailOtp)) {
		obs.Cause(ctx, "no factor was set up in this session")
		return nil, errBadSession()
	}
	next := factorStep{SetUp: true}
	switch a.user.Attributes["email"] {
	case address:
		return e.askFactor(ctx, a, st, nil, cognitoidp.ChallengeNameTypeEmailOtp, next)
	case "":
	default: // where the account can be recovered is not for a password alone to change
		return nil, errRefused("Cannot modify an already provided email")
	}
	changes := map[string]string{"email": address}
	if err := e.Directory.CheckAttributes(a.Pool, a.Client, changes, directory.Update); err != nil {
		return nil, err
	}
	updated := a.user.Clone()
	if err := e.Directory.Apply(updated, a.Pool, changes); err != nil {
		return nil, err
	}
	a.user = updated
	answer, err := e.askFactor(ctx, a, st, func(tx *db.Tx) error { return e.Directory.Save(tx, a.Pool, updated) },
		cognitoidp.ChallengeNameTypeEmailOtp, next)
	var taken *directory.AliasTaken
	switch {
	case errors.As(err, &taken):
		obs.Cause(ctx, "%v", err)
		return nil, errAliasTaken(taken.Attribute)
	case errors.Is(err, directory.ErrChanged): // changed between read and write
		return nil, errBadSession()
	}
	return answer, err
}
