package signin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/base/srp"
	"cognate/internal/core/challenge"
)

// srpStep is what the second hop needs of the first. The server's secret
// exponent is not kept: the session key is derived at once, sealed, and all
// that is left to do is to compare one HMAC.
type srpStep struct {
	typed []byte // nameMark of the first hop's USERNAME
	key   []byte // session key, K of the protocol
	setAt int64  // when the password was set; a change in between voids the proof

	device string // DEVICE_KEY of the first hop, as it was sent
}

// append encodes the step. All its parts are of fixed size but what the caller
// sent, so that the length of a session does not tell whether the user exists.
func (s *srpStep) append(b []byte) []byte {
	b = append(append(b, s.typed...), s.key...)
	return append(binary.BigEndian.AppendUint64(b, uint64(s.setAt)), s.device...)
}

func parseStep(b []byte) (s srpStep, ok bool) {
	if len(b) < sha256.Size+srp.KeySize+8 {
		return s, false
	}
	s.typed, b = b[:sha256.Size], b[sha256.Size:]
	s.key, b = b[:srp.KeySize], b[srp.KeySize:]
	s.setAt, s.device = int64(binary.BigEndian.Uint64(b)), string(b[8:])
	return s, true
}

// timestampForm is the one form the protocol signs, e.g.
// "Wed Jan 7 03:04:05 UTC 2026": the day is not padded.
const timestampForm = "Mon Jan 2 15:04:05 MST 2006"

// startSRP answers USER_SRP_AUTH with the PASSWORD_VERIFIER challenge. Unknown
// users of a client that hides them get a stable salt and identity.
func (e *Engine) startSRP(ctx context.Context, r *Request) (*Answer, error) {
	if err := r.require("USERNAME", "SRP_A"); err != nil {
		return nil, err
	}
	name := r.Params["USERNAME"]
	if err := r.checkSecret(name); err != nil {
		return nil, err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	if a.user == nil && !r.Client.HidesUsers() {
		obs.Cause(ctx, "unknown user")
		return nil, errUnknownUser()
	}
	if err := e.begin(ctx, a); err != nil {
		return nil, err
	}
	st := e.newState(r, cognitoidp.ChallengeNameTypePasswordVerifier)
	return e.srpChallenge(ctx, a, st)
}

// srpChallenge makes the PASSWORD_VERIFIER challenge of an attempt, with the
// state in both its Session and its SECRET_BLOCK.
func (e *Engine) srpChallenge(ctx context.Context, a *attempt, st *challenge.State) (*Answer, error) {
	server, err := srp.NewServer(a.credential.Verifier, e.Rand)
	if err != nil {
		return nil, fmt.Errorf("srp server: %w", err)
	}
	key, err := server.Key(a.Params["SRP_A"])
	if err != nil {
		obs.Cause(ctx, "SRP_A refused: %v", err)
		return nil, errInvalid("Invalid SRP_A value.")
	}
	st.Sub, st.Username = a.account, a.identity()
	step := srpStep{typed: nameMark(a.Request, a.typed), key: key, setAt: a.credential.SetAt}
	if device := a.Params["DEVICE_KEY"]; len(device) <= maxDeviceKey {
		step.device = device
	}
	st.Secret = step.append(nil)
	return e.verifierChallenge(ctx, st, a.credential.Salt, server.B())
}

func (e *Engine) verifierChallenge(ctx context.Context, st *challenge.State, salt []byte, srpB string) (*Answer, error) {
	block, err := e.Sessions.SealBlock(ctx, st)
	if err != nil {
		return nil, err
	}
	session, err := e.Sessions.Seal(ctx, st)
	if err != nil {
		return nil, err
	}
	return &Answer{
		Challenge: cognitoidp.ChallengeNameTypePasswordVerifier,
		Session:   session,
		Params: map[string]string{
			"SRP_B":           srpB,
			"SALT":            new(big.Int).SetBytes(salt).Text(16),
			"SECRET_BLOCK":    block,
			"USER_ID_FOR_SRP": st.Username,
			"USERNAME":        st.Username,
		},
	}, nil
}

// respondSRP verifies PASSWORD_VERIFIER. The state travels in SECRET_BLOCK;
// Session is optional because older clients leave it out, and must be the
// block's own when it is there.
func (e *Engine) respondSRP(ctx context.Context, r *Request) (*Answer, error) {
	if err := r.require("USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"); err != nil {
		return nil, err
	}
	if err := r.checkSecret(r.Params["USERNAME"]); err != nil {
		return nil, err
	}
	if !wellTimed(r.Params["TIMESTAMP"]) {
		return nil, errTimestamp()
	}
	st, step, err := e.openBlock(ctx, r)
	if err != nil {
		return nil, err
	}
	a, err := e.findAccount(ctx, r, st.Sub)
	if err != nil {
		return nil, err
	}
	a.simulated = true // whoever was posed this challenge is played along with
	if err := e.remember(ctx, a, step.device); err != nil {
		return nil, err
	}
	proven := verifySignature(r, st, step) && a.credential.SetAt == step.setAt
	if len(st.Data) > 0 {
		return e.respondCustomSRP(ctx, a, proven, st)
	}
	return e.decide(ctx, a, proven, st)
}

func (e *Engine) openBlock(ctx context.Context, r *Request) (*challenge.State, srpStep, error) {
	st, err := e.Sessions.OpenBlock(ctx, r.Pool.ID, r.Client.ID, r.Params["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err == nil {
		err = st.Require(string(r.Challenge))
	}
	if err != nil {
		return nil, srpStep{}, sessionRefusal(ctx, err)
	}
	r.goal = st.Goal
	if r.Session != "" {
		s, err := e.openSession(ctx, r)
		if err != nil {
			return nil, srpStep{}, err
		}
		if s.ID != st.ID {
			obs.Cause(ctx, "session and secret block are of different sign-ins")
			return nil, srpStep{}, errBadSession()
		}
	}
	step, ok := parseStep(st.Secret)
	if !ok {
		return nil, step, errBadSession() // of another version of the server
	}
	name := r.Params["USERNAME"]
	if name != st.Username && name != st.Sub && !bytes.Equal(nameMark(r, name), step.typed) {
		obs.Cause(ctx, "answer names another user")
		return nil, step, errBadSession()
	}
	return st, step, nil
}

func verifySignature(r *Request, st *challenge.State, step srpStep) bool {
	block, err := base64.StdEncoding.DecodeString(r.Params["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return false
	}
	claimed, err := base64.StdEncoding.DecodeString(r.Params["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil {
		return false
	}
	want := srp.Sign(step.key, r.Pool.Name, st.Username, block, r.Params["TIMESTAMP"])
	return hmac.Equal(want, claimed)
}

// wellTimed reports whether a TIMESTAMP has the protocol's form.
func wellTimed(text string) bool {
	_, err := time.Parse(timestampForm, text)
	return err == nil
}
