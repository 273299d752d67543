package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/base/srp"
	"cognate/internal/core/challenge"
	"cognate/internal/core/factor"
)

// posing is what a challenge consists of besides its session.
type posing struct {
	params map[string]string
	secret []byte // kept in the session, to verify the answer
	block  bool   // the state also travels as SECRET_BLOCK
	// send, when given, runs in the transaction: it queues the code and returns the parameters.
	send func(context.Context, *db.Tx, *challenge.State) (map[string]string, error)
	// kept is what a custom sign-in remembers of the challenge.
	kept *customState
}

// poser makes a challenge. Its error is a refusal that leaves nothing behind, unless it is of the owner's function.
type poser func(*Engine, context.Context, *signIn, Step) (posing, error)

// posers are the challenges; those that are missing here have no parameters.
var posers = map[cognitoidp.ChallengeNameType]poser{
	cognitoidp.ChallengeNameTypePasswordVerifier:       (*Engine).poseSRP,
	cognitoidp.ChallengeNameTypeNewPasswordRequired:    (*Engine).poseNewPassword,
	cognitoidp.ChallengeNameTypeAdminNoSrpAuth:         (*Engine).poseAdminPassword,
	cognitoidp.ChallengeNameTypeCustomChallenge:        (*Engine).poseCustom,
	cognitoidp.ChallengeNameTypeSelectMfaType:          (*Engine).poseChoices,
	cognitoidp.ChallengeNameTypeMfaSetup:               (*Engine).poseChoices,
	cognitoidp.ChallengeNameTypeSmsMfa:                 (*Engine).poseCode,
	cognitoidp.ChallengeNameTypeSoftwareTokenMfa:       (*Engine).poseCode,
	cognitoidp.ChallengeNameTypeEmailOtp:               (*Engine).poseCode,
	cognitoidp.ChallengeNameTypeSmsOtp:                 (*Engine).poseCode,
	cognitoidp.ChallengeNameTypeWebAuthn:               (*Engine).poseReady,
	cognitoidp.ChallengeNameTypeDeviceSrpAuth:          (*Engine).poseDevice,
	cognitoidp.ChallengeNameTypeDevicePasswordVerifier: (*Engine).poseReady,
}

// ask poses a challenge: its session is sealed, and what the hop leaves behind is written with it.
func (e *Engine) ask(ctx context.Context, s *signIn, step Step) (*Answer, error) {
	if step.First && !undecided(step.Challenge) {
		s.conceal()
	}
	var q posing
	if pose, ok := posers[step.Challenge]; ok {
		var err error
		if q, err = pose(e, ctx, s, step); err != nil {
			return nil, err
		}
	}
	st := e.state(s, step)
	st.Secret = q.secret
	keep, err := e.keep(ctx, s, st, q)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Challenge: step.Challenge, Params: q.params, Offered: step.Offered, AsksToRemember: !step.First && s.asksToRemember()}
	if q.block {
		if answer.Params["SECRET_BLOCK"], err = e.Sessions.SealBlock(ctx, st); err != nil {
			return nil, err
		}
	}
	if answer.Session, err = e.Sessions.Seal(ctx, st); err != nil {
		return nil, err
	}
	if asksDevice(st) {
		keep = park(s, st, answer.Session, keep)
	}
	if q.send == nil {
		return answer, e.write(ctx, s, step.Try, keep)
	}
	return answer, e.deliver(ctx, s, step, st, q, keep, answer)
}

// deliver writes a step whose challenge carries a code: the message is queued with it.
func (e *Engine) deliver(ctx context.Context, s *signIn, step Step, st *challenge.State, q posing, keep func(*db.Tx) error, answer *Answer) error {
	if err := e.Keys.Load(ctx, s.Pool.ID); err != nil { // not inside the transaction
		return err
	}
	err := e.Messages.Compose(ctx, func(ctx context.Context) error {
		return e.write(ctx, s, step.Try, func(tx *db.Tx) error {
			if keep != nil {
				if err := keep(tx); err != nil {
					return err
				}
			}
			var err error
			answer.Params, err = q.send(ctx, tx, st)
			return err
		})
	})
	if s.Challenge == "" && errors.Is(err, factor.ErrNotSetUp) { // removed meanwhile; InitiateAuth declares no better
		err = challenge.Unusable()
	}
	return factor.Refusal(ctx, step.Challenge, err)
}

// poseReady poses what the prover has prepared.
func (e *Engine) poseReady(_ context.Context, s *signIn, _ Step) (posing, error) { return s.ready, nil }

// poseSRP makes PASSWORD_VERIFIER. The server's secret exponent is not kept: the session key is derived at once, sealed,
// and all that is left to do is to compare one HMAC.
func (e *Engine) poseSRP(ctx context.Context, s *signIn, _ Step) (posing, error) {
	server, err := srp.NewServer(s.credential.Verifier, e.Rand)
	if err != nil {
		return posing{}, fmt.Errorf("srp server: %w", err)
	}
	key, err := server.Key(s.Params["SRP_A"])
	if err != nil {
		return posing{}, errSRPA(ctx, err)
	}
	return posing{secret: key, block: true, params: map[string]string{
		"SRP_B":           server.B(),
		"SALT":            new(big.Int).SetBytes(s.credential.Salt).Text(16),
		"USER_ID_FOR_SRP": s.identity(),
		"USERNAME":        s.identity(),
	}}, nil
}

func errSRPA(ctx context.Context, err error) error {
	if !errors.Is(err, srp.ErrBadA) {
		return err
	}
	obs.Cause(ctx, "SRP_A refused: %v", err)
	return cognitoidp.NewInvalidParameter("Invalid SRP_A value.")
}

// poseNewPassword makes NEW_PASSWORD_REQUIRED.
func (e *Engine) poseNewPassword(_ context.Context, s *signIn, _ Step) (posing, error) {
	attrs := maps.Clone(s.user.Attributes)
	delete(attrs, "sub")
	current, err := json.Marshal(attrs)
	if err != nil {
		return posing{}, err
	}
	required := []string{}
	for _, name := range missingRequired(s.Pool, s.user.Attributes) {
		required = append(required, attributePrefix+name)
	}
	list, err := json.Marshal(required)
	return posing{params: map[string]string{
		"USER_ID_FOR_SRP": s.user.Username, "userAttributes": string(current), "requiredAttributes": string(list),
	}}, err
}

// poseAdminPassword makes the challenge of the legacy form of ADMIN_NO_SRP_AUTH.
func (e *Engine) poseAdminPassword(_ context.Context, s *signIn, _ Step) (posing, error) {
	return posing{params: map[string]string{"USERNAME": s.name, "USER_ID_FOR_SRP": s.name}}, nil
}

// poseChoices makes SELECT_MFA_TYPE and MFA_SETUP.
func (e *Engine) poseChoices(_ context.Context, s *signIn, step Step) (posing, error) {
	d := factor.Decision{Challenge: step.Challenge, Choices: step.Choices}
	return posing{params: d.Params(s.user)}, nil
}

// poseCode makes a challenge with a code. What it needs is read in the transaction, where the message is queued.
func (e *Engine) poseCode(_ context.Context, s *signIn, _ Step) (posing, error) {
	return posing{send: func(ctx context.Context, tx *db.Tx, st *challenge.State) (map[string]string, error) {
		return e.Factors.Challenge(ctx, tx, s.code(st))
	}}, nil
}

// code is the challenge of a session as the factor room sees it. A recovery code may stand in for a second factor that
// the user has: neither where one is being set up, nor on the way to a level, which no recovery code earns.
func (s *signIn) code(st *challenge.State) factor.Ask {
	return factor.Ask{
		Pool: s.Pool, Client: s.Client, User: s.userOf(), Challenge: cognitoidp.ChallengeNameType(st.Step),
		First: st.First, Recovery: !st.First && !st.SetUp && st.Goal == nil,
		Session: st.ID, Metadata: s.answerMetadata(), Pretend: s.user == nil, Asker: s.asker,
	}
}

// poseDevice makes DEVICE_SRP_AUTH: what is proven so far counts once the device has proven itself too.
func (e *Engine) poseDevice(_ context.Context, s *signIn, _ Step) (posing, error) {
	return posing{params: map[string]string{"USERNAME": s.user.Username, "DEVICE_KEY": s.device.Key}}, nil
}

// poseCustom asks CreateAuthChallenge for a challenge and remembers its private half.
func (e *Engine) poseCustom(ctx context.Context, s *signIn, _ Step) (posing, error) {
	made, err := e.Triggers.CreateAuthChallenge(ctx, s.subject(s.answerMetadata()), string(cognitoidp.ChallengeNameTypeCustomChallenge), s.custom.History)
	if err != nil {
		return posing{}, e.refuse(ctx, s, refusal(err, ""))
	}
	params := map[string]string{}
	maps.Copy(params, made.Public)
	params["USERNAME"] = s.shownName()
	return posing{params: params, kept: &customState{Private: made.Private, Meta: made.Metadata}}, nil
}
