package signin

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// Door is an entrance to the engine. Entrances differ in what stands here and in nothing else.
type Door struct {
	// Name is what the sessions of a sign-in are bound to.
	Name string
	// Shared are the names of the other doors whose sessions may be answered here.
	Shared []string
	// Allow refuses a flow that the client may not begin here.
	Allow func(*Request) error
	// Prove refuses a client that does not prove itself. The proof may be bound to a user: it has to fit one of the
	// names. Without names only the absence of a proof is refused.
	Prove func(r *Request, usernames ...string) error
	// Source is the trigger source of PreTokenGeneration after the challenge that was answered last, "" for none.
	Source func(answered cognitoidp.ChallengeNameType) string
	// Ending is what a completed sign-in is worth.
	Ending Ending
	// Browser is an entrance whose devices are browsers. They prove themselves by what the pages keep for them (Request.Held),
	// and become devices without being asked to confirm it.
	Browser bool
}

// Ending makes the outcome of a completed sign-in.
type Ending interface {
	// Prepare does what has to be done outside the transaction, such as signing. What it returns runs inside; the
	// answer counts once that has committed.
	Prepare(context.Context, *Admission) (*Answer, func(*db.Tx) error, error)
}

// Admission is a user whose factors are all proven.
type Admission struct {
	Pool    *pool.Pool
	Client  *pool.Client
	Subject token.Subject
	// ACR is the authentication level that was reached, "" for a sign-in that was not asked for one.
	ACR string
	// Event is the subject of trigger events, nil when no function runs, and Source that of PreTokenGeneration.
	Event  *trigger.Subject
	Source string
	Groups []token.Group
	// NewDevice is what a client of the API is told of the device that the sign-in is bound to, nil for a known one.
	NewDevice *cognitoidp.NewDeviceMetadataType
}

// The doors of the user pools API: of everybody, and of administrators. Each takes the other's sessions, as on AWS.
const (
	doorAPI   = "api"
	doorAdmin = "admin"
)

// Hosted is the entrance of the pages, with what a sign-in there is worth. The pages are the server's own, so clients do
// not prove themselves; which flow begins a sign-in is up to the pages, among those that they can pose.
func Hosted(ending Ending) *Door {
	return &Door{
		Name: "hosted", Prove: func(*Request, ...string) error { return nil }, Ending: ending, Browser: true,
		Source: func(cognitoidp.ChallengeNameType) string { return trigger.TokenHostedAuth },
		Allow: func(r *Request) error {
			switch r.Flow {
			case cognitoidp.AuthFlowTypeUserPasswordAuth, cognitoidp.AuthFlowTypeUserAuth:
				return nil
			}
			return errNoFlow()
		},
	}
}

// doors makes the entrances of the API, which differ in the flows alone.
func doors(e *Engine) (api, admin *Door) {
	api = &Door{
		Name: doorAPI, Shared: []string{doorAdmin}, Prove: secretHash, Source: apiSource, Ending: tokens{e},
		Allow: func(r *Request) error { return allowFlow(r, flowOff[r.Flow].admin) },
	}
	admin = &Door{
		Name: doorAdmin, Shared: []string{doorAPI}, Prove: secretHash, Source: apiSource, Ending: tokens{e},
		Allow: func(r *Request) error { return allowFlow(r, false) },
	}
	return api, admin
}

// secretHash verifies SECRET_HASH over the name that the caller sent.
func secretHash(r *Request, usernames ...string) error {
	hash := r.Params["SECRET_HASH"]
	if len(usernames) == 0 {
		if r.Client.HasSecret() && hash == "" {
			return pool.SecretHashRefusal(r.Client, pool.ErrSecretHashMissing)
		}
		return nil
	}
	var err error
	for _, name := range usernames {
		if err = r.Client.CheckSecretHash(name, hash); err == nil {
			return nil
		}
	}
	return pool.SecretHashRefusal(r.Client, err)
}

// apiSource is the trigger source of tokens that the API gives out.
func apiSource(answered cognitoidp.ChallengeNameType) string {
	switch answered {
	case cognitoidp.ChallengeNameTypeNewPasswordRequired:
		return trigger.TokenNewPassword
	case cognitoidp.ChallengeNameTypeDevicePasswordVerifier:
		return trigger.TokenAuthenticateDevice
	}
	return trigger.TokenAuthentication
}
