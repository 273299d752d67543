package signin

import (
	"context"
	"errors"
	"io"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/guard"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// Deps are the rooms and tools the engine is assembled from; all are required.
type Deps struct {
	DB        *db.DB
	Keys      *keyring.Keyring
	Clock     *clock.Clock
	Pools     *pool.Pools
	Directory *directory.Directory
	Tokens    *token.Tokens
	Sessions  *challenge.Sessions
	Triggers  *trigger.Triggers
	Factors   *factor.Factors
	Devices   *device.Devices
	Messages  *message.Messages
	Guard     *guard.Guard
	Rand      io.Reader
}

// Engine runs sign-in flows. It is safe for concurrent use.
type Engine struct {
	Deps
	api, admin *Door
}

// New assembles an engine.
func New(d Deps) *Engine {
	e := &Engine{Deps: d}
	e.api, e.admin = doors(e)
	return e
}

func (e *Engine) now() time.Time { return e.Clock.Now() }

// prover proves one thing: it opens what is answered, reads the account, computes, and returns how far the sign-in has
// come with what was proven. An error is a refusal that leaves nothing behind, or a fault.
type prover func(*Engine, context.Context, *Request) (*signIn, error)

// beginnings are the provers of the first hop, by flow. Refreshing is no sign-in; see refresh.go.
var beginnings = map[cognitoidp.AuthFlowType]prover{
	cognitoidp.AuthFlowTypeUserSrpAuth:           (*Engine).beginSRP,
	cognitoidp.AuthFlowTypeUserPasswordAuth:      (*Engine).beginPassword,
	cognitoidp.AuthFlowTypeAdminUserPasswordAuth: (*Engine).beginPassword,
	cognitoidp.AuthFlowTypeAdminNoSrpAuth:        (*Engine).beginAdminPassword,
	cognitoidp.AuthFlowTypeCustomAuth:            (*Engine).beginCustom,
	cognitoidp.AuthFlowTypeUserAuth:              (*Engine).beginChoice,
}

// answers are the provers of later hops, by the challenge that is answered.
var answers = map[cognitoidp.ChallengeNameType]prover{
	cognitoidp.ChallengeNameTypePasswordVerifier:       (*Engine).proveSRP,
	cognitoidp.ChallengeNameTypeNewPasswordRequired:    (*Engine).proveNewPassword,
	cognitoidp.ChallengeNameTypeAdminNoSrpAuth:         (*Engine).proveAdminPassword,
	cognitoidp.ChallengeNameTypeCustomChallenge:        (*Engine).proveCustom,
	cognitoidp.ChallengeNameTypeSmsMfa:                 (*Engine).proveCode,
	cognitoidp.ChallengeNameTypeSoftwareTokenMfa:       (*Engine).proveCode,
	cognitoidp.ChallengeNameTypeEmailOtp:               (*Engine).proveCode,
	cognitoidp.ChallengeNameTypeSmsOtp:                 (*Engine).proveCode,
	cognitoidp.ChallengeNameTypeSelectMfaType:          (*Engine).chooseFactor,
	cognitoidp.ChallengeNameTypeMfaSetup:               (*Engine).proveSetUp,
	cognitoidp.ChallengeNameTypeSelectChallenge:        (*Engine).choose,
	cognitoidp.ChallengeNameTypePassword:               (*Engine).choose,
	cognitoidp.ChallengeNameTypePasswordSrp:            (*Engine).choose,
	cognitoidp.ChallengeNameTypeWebAuthn:               (*Engine).provePasskey,
	cognitoidp.ChallengeNameTypeDeviceSrpAuth:          (*Engine).beginDevice,
	cognitoidp.ChallengeNameTypeDevicePasswordVerifier: (*Engine).proveDevice,
}

// Start runs the first hop of a flow (InitiateAuth, AdminInitiateAuth).
func (e *Engine) Start(ctx context.Context, r *Request) (*Answer, error) {
	r.note(ctx)
	if err := r.Door.Allow(r); err != nil {
		return nil, err
	}
	switch r.Flow {
	case cognitoidp.AuthFlowTypeRefreshToken, cognitoidp.AuthFlowTypeRefreshTokenAuth:
		guard.Exempt(ctx)
		return e.refresh(ctx, r)
	}
	prove, ok := beginnings[r.Flow]
	if !ok {
		return nil, errNotBuilt(string(r.Flow))
	}
	return e.run(ctx, r, prove)
}

// Respond runs a later hop (RespondToAuthChallenge and its admin twin).
func (e *Engine) Respond(ctx context.Context, r *Request) (*Answer, error) {
	r.note(ctx)
	prove, ok := answers[r.Challenge]
	if !ok {
		return nil, errNotBuilt(string(r.Challenge))
	}
	return e.run(ctx, r, prove)
}

// Admit ends the sign-in of a user who was proven elsewhere, by an identity provider for instance. methods are the amr
// values of that proof.
func (e *Engine) Admit(ctx context.Context, r *Request, sub string, methods []string) (*Answer, error) {
	r.note(ctx)
	return e.run(ctx, r, func(e *Engine, ctx context.Context, r *Request) (*signIn, error) {
		a, err := e.findAccount(ctx, r, sub)
		if err != nil {
			return nil, err
		}
		s := e.opened(r, a)
		s.progress.Proven, s.proof.Claim = methods, ClaimElsewhere
		return s, nil
	})
}

// maxLooks is how often a hop looks again when a user changed between its read and its write.
const maxLooks = 100

// run is the whole engine: prove, decide, commit. The functions of the pool's owner are asked in between as often as
// Next says; each of their verdicts is one more thing that Next decides on.
func (e *Engine) run(ctx context.Context, r *Request, prove prover) (answer *Answer, err error) {
	for range maxLooks {
		answer, err = e.hop(ctx, r, prove)
		if !errors.Is(err, directory.ErrChanged) {
			return answer, err
		}
	}
	return nil, errBusy()
}

func (e *Engine) hop(ctx context.Context, r *Request, prove prover) (*Answer, error) {
	s, err := prove(e, ctx, r)
	if err == nil {
		err = e.proveBrowser(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	for {
		step := Next(e.facts(s), s.progress)
		note(ctx, step)
		if step.Kind != AskFunctions {
			return e.commit(ctx, s, step)
		}
		if err := e.consult(ctx, s); err != nil {
			return nil, err
		}
	}
}
