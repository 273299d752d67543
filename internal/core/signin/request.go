package signin

import (
	"context"
	"crypto/sha256"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// Request is one hop of a sign-in as the engine sees it: at which door, for which client, by which flow or challenge,
// with which parameters.
type Request struct {
	Door   *Door
	Pool   *pool.Pool
	Client *pool.Client

	Flow      cognitoidp.AuthFlowType      // first hop
	Challenge cognitoidp.ChallengeNameType // later hops
	Params    map[string]string            // AuthParameters or ChallengeResponses
	Session   string
	Metadata  map[string]string
	// Credit is an authentication of before, whose factors are not asked again on the way to a level.
	Credit *Credit
	// Held are the devices that a browser is, one for each of its users, and Remember that its user wants it remembered.
	Held     []device.Held
	Remember bool

	device string // the key of the device that the answered session began with
}

// Credit is a verified authentication of a user.
type Credit struct {
	Sub      string
	AMR      []string
	ACR      string
	AuthTime int64 // seconds since 1970
	// Epoch is the user's at that time.
	Epoch directory.Epoch
}

// Answer is the outcome of a hop: either a challenge with its session, or tokens.
type Answer struct {
	Challenge cognitoidp.ChallengeNameType
	Params    map[string]string
	Session   string
	Tokens    *cognitoidp.AuthenticationResultType
	Offered   []cognitoidp.ChallengeNameType // AvailableChallenges of USER_AUTH
	// AsksToRemember means that the user of a browser may say with the answer that it is to be remembered.
	AsksToRemember bool
	// Device is what a browser has to keep at the end, nil for nothing.
	Device *device.Held
}

// note puts the pool and client of the request into its log event.
func (r *Request) note(ctx context.Context) {
	event := obs.From(ctx)
	event.Pool, event.Client = r.Pool.ID, r.Client.ID
}

// require returns the AWS refusal for the first of the named parameters that is missing.
func (r *Request) require(names ...string) error {
	for _, n := range names {
		if r.Params[n] == "" {
			return pool.MissingParameter(n)
		}
	}
	return nil
}

// named checks the parameters of a first hop, USERNAME before others, and that the client proves itself for the name.
func (r *Request) named(others ...string) (string, error) {
	if err := r.require(append([]string{"USERNAME"}, others...)...); err != nil {
		return "", err
	}
	name := r.Params["USERNAME"]
	return name, r.Door.Prove(r, name)
}

// startMetadata is the ClientMetadata that triggers see as validationData: that of InitiateAuth, not that of answers.
func (r *Request) startMetadata() map[string]string {
	if r.Challenge == "" {
		return r.Metadata
	}
	return nil
}

// answerMetadata is the ClientMetadata that the challenge triggers may see: that of answers, not that of InitiateAuth.
func (r *Request) answerMetadata() map[string]string {
	if r.Challenge != "" {
		return r.Metadata
	}
	return nil
}

// mark stands for a name in a session. Names are as long as the caller likes; sessions are not.
func mark(p *pool.Pool, name string) []byte {
	sum := sha256.Sum256([]byte(p.Normal(name)))
	return sum[:]
}
