package signin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
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
	Typed []byte `json:"t"` // nameMark of the first hop's USERNAME
	Key   []byte `json:"k"` // 16-byte session key, K of the protocol
	SetAt int64  `json:"s"` // when the password was set; a change in between voids the proof
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
	server, err := srp.NewServer(a.credential.Verifier, e.Rand)
	if err != nil {
		return nil, fmt.Errorf("srp server: %w", err)
	}
	key, err := server.Key(r.Params["SRP_A"])
	if err != nil {
		obs.Cause(ctx, "SRP_A refused: %v", err)
		return nil, errInvalid("Invalid SRP_A value.")
	}
	st := e.newState(r, cognitoidp.ChallengeNameTypePasswordVerifier)
	st.Sub, st.Username = a.account, a.identity()
	if st.Data, err = json.Marshal(srpStep{Typed: nameMark(r, name), Key: key, SetAt: a.credential.SetAt}); err != nil {
		return nil, err
	}
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
	if _, err := time.Parse(timestampForm, r.Params["TIMESTAMP"]); err != nil {
		return nil, errInvalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	st, step, err := e.openBlock(ctx, r)
	if err != nil {
		return nil, err
	}
	a, err := e.findAccount(ctx, r, st.Sub)
	if err != nil {
		return nil, err
	}
	proven := verifySignature(r, st, step) && a.credential.SetAt == step.SetAt
	return e.decide(ctx, a, proven, st)
}

func (e *Engine) openBlock(ctx context.Context, r *Request) (*challenge.State, srpStep, error) {
	var step srpStep
	st, err := e.Sessions.OpenBlock(ctx, r.Pool.ID, r.Client.ID, r.Params["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err == nil {
		err = st.Require(string(r.Challenge))
	}
	if err != nil {
		return nil, step, sessionRefusal(ctx, err)
	}
	if r.Session != "" {
		s, err := e.openSession(ctx, r)
		if err != nil {
			return nil, step, err
		}
		if s.ID != st.ID {
			obs.Cause(ctx, "session and secret block are of different sign-ins")
			return nil, step, errBadSession()
		}
	}
	if err := json.Unmarshal(st.Data, &step); err != nil {
		return nil, step, fmt.Errorf("secret block: %w", err)
	}
	name := r.Params["USERNAME"]
	if name != st.Username && name != st.Sub && !bytes.Equal(nameMark(r, name), step.Typed) {
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
	want := srp.Sign(step.Key, r.Pool.Name, st.Username, block, r.Params["TIMESTAMP"])
	return hmac.Equal(want, claimed)
}
