package signin

import (
	"context"
	"io"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
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
	Rand      io.Reader
}

// Engine runs sign-in flows. It is safe for concurrent use.
type Engine struct {
	Deps
}

// New assembles an engine.
func New(d Deps) *Engine { return &Engine{Deps: d} }

// Request is one hop of a sign-in as the engine sees it: which client asks,
// by which flow or challenge, with which parameters. Admin marks a caller that
// was authorised by IAM rather than by nothing.
type Request struct {
	Pool   *pool.Pool
	Client *pool.Client
	Admin  bool

	Flow      cognitoidp.AuthFlowType      // first hop
	Challenge cognitoidp.ChallengeNameType // later hops
	Params    map[string]string            // AuthParameters or ChallengeResponses
	Session   string
	Metadata  map[string]string

	goal *challenge.Goal // of step-up authentication, else nil; see stepup.go
}

// Answer is the outcome of a hop: either a challenge with its session, or
// tokens.
type Answer struct {
	Challenge cognitoidp.ChallengeNameType
	Params    map[string]string
	Session   string
	Tokens    *cognitoidp.AuthenticationResultType
	Offered   []cognitoidp.ChallengeNameType // AvailableChallenges of USER_AUTH
}

// Start runs the first hop of a flow (InitiateAuth, AdminInitiateAuth).
func (e *Engine) Start(ctx context.Context, r *Request) (*Answer, error) {
	r.note(ctx)
	if err := allowFlow(r); err != nil {
		return nil, err
	}
	switch r.Flow {
	case cognitoidp.AuthFlowTypeUserSrpAuth:
		return e.startSRP(ctx, r)
	case cognitoidp.AuthFlowTypeRefreshToken, cognitoidp.AuthFlowTypeRefreshTokenAuth:
		return e.refresh(ctx, r)
	case cognitoidp.AuthFlowTypeUserPasswordAuth,
		cognitoidp.AuthFlowTypeAdminNoSrpAuth, cognitoidp.AuthFlowTypeAdminUserPasswordAuth:
		return e.startPassword(ctx, r)
	case cognitoidp.AuthFlowTypeCustomAuth:
		return e.startCustom(ctx, r)
	case cognitoidp.AuthFlowTypeUserAuth:
		return e.startChoice(ctx, r)
	}
	return nil, errNotBuilt(string(r.Flow))
}

// Respond runs a later hop (RespondToAuthChallenge and its admin twin).
func (e *Engine) Respond(ctx context.Context, r *Request) (*Answer, error) {
	r.note(ctx)
	switch r.Challenge {
	case cognitoidp.ChallengeNameTypePasswordVerifier:
		return e.respondSRP(ctx, r)
	case cognitoidp.ChallengeNameTypeNewPasswordRequired:
		return e.respondNewPassword(ctx, r)
	case cognitoidp.ChallengeNameTypeAdminNoSrpAuth:
		return e.respondAdminPassword(ctx, r)
	case cognitoidp.ChallengeNameTypeCustomChallenge:
		return e.respondCustom(ctx, r)
	case cognitoidp.ChallengeNameTypeSmsMfa, cognitoidp.ChallengeNameTypeSoftwareTokenMfa,
		cognitoidp.ChallengeNameTypeEmailOtp, cognitoidp.ChallengeNameTypeSmsOtp:
		return e.respondFactor(ctx, r)
	case cognitoidp.ChallengeNameTypeSelectMfaType:
		return e.respondChoice(ctx, r)
	case cognitoidp.ChallengeNameTypeMfaSetup:
		return e.respondSetUp(ctx, r)
	case cognitoidp.ChallengeNameTypeSelectChallenge, cognitoidp.ChallengeNameTypePassword, cognitoidp.ChallengeNameTypePasswordSrp:
		return e.respondSelect(ctx, r)
	case cognitoidp.ChallengeNameTypeWebAuthn:
		return e.respondPasskey(ctx, r)
	case cognitoidp.ChallengeNameTypeDeviceSrpAuth:
		return e.respondDeviceSRP(ctx, r)
	case cognitoidp.ChallengeNameTypeDevicePasswordVerifier:
		return e.respondDeviceVerifier(ctx, r)
	}
	return nil, errNotBuilt(string(r.Challenge))
}

func (e *Engine) now() time.Time { return e.Clock.Now() }

// note puts the pool and client of the request into its log event.
func (r *Request) note(ctx context.Context) {
	event := obs.From(ctx)
	event.Pool, event.Client = r.Pool.ID, r.Client.ID
}

// require returns the named parameters or the AWS refusal for the first one
// that is missing.
func (r *Request) require(names ...string) error {
	for _, n := range names {
		if r.Params[n] == "" {
			return errMissing(n)
		}
	}
	return nil
}

// checkSecret verifies SECRET_HASH over the USERNAME that the caller sent.
func (r *Request) checkSecret(username string) error {
	return pool.SecretHashRefusal(r.Client, r.Client.CheckSecretHash(username, r.Params["SECRET_HASH"]))
}
