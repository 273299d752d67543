package signin

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/base/srp"
	"cognate/internal/core/challenge"
	"cognate/internal/core/directory"
	"cognate/internal/core/trigger"
)

// timestampForm is the one form the protocol signs, e.g. "Wed Jan 7 03:04:05 UTC 2026": the day is not padded.
const timestampForm = "Mon Jan 2 15:04:05 MST 2006"

// beginSRP begins USER_SRP_AUTH. Unknown users of a client that hides them get a stable salt and identity.
func (e *Engine) beginSRP(ctx context.Context, r *Request) (*signIn, error) {
	name, err := r.named("SRP_A")
	if err != nil {
		return nil, err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return nil, err
	}
	s := e.opened(r, a).typed(name)
	if s.user == nil && !r.Client.HidesUsers() {
		obs.Cause(ctx, "unknown user")
		return nil, directory.UserNotFound()
	}
	s.proof.Wants = cognitoidp.ChallengeNameTypePasswordVerifier
	return s, e.announceKnown(ctx, s)
}

// proveSRP verifies PASSWORD_VERIFIER. The state travels in SECRET_BLOCK; Session is optional because older clients leave
// it out, and must be the block's own when it is there.
func (e *Engine) proveSRP(ctx context.Context, r *Request) (*signIn, error) {
	st, err := e.answeredBlock(ctx, r)
	if err != nil {
		return nil, err
	}
	s := e.resumed(r, nil, st)
	if s.account, err = e.findAccount(ctx, r, st.Sub); err != nil {
		return nil, err
	}
	if !e.answersFor(s, s.name) {
		obs.Cause(ctx, "answer names another user")
		return nil, challenge.Unusable()
	}
	s.proof.PlaysAlong = true // whoever was posed this challenge is played along with
	if _, err := e.recognise(ctx, s, st.Device); err != nil {
		return nil, err
	}
	if st.Custom != "" {
		if err := e.load(ctx, s); err != nil {
			return nil, err
		}
		s.custom.tell(trigger.Step{Name: string(cognitoidp.ChallengeNameTypePasswordVerifier), Result: true})
	}
	return s, e.provenPassword(ctx, s, func() bool {
		return verifySignature(s, st.Secret) && s.credential.SetAt == st.PasswordSetAt && !s.moved()
	})
}

// answeredBlock checks an answer that carries a SECRET_BLOCK in AWS's order and opens the block. others are what it has
// to carry besides.
func (e *Engine) answeredBlock(ctx context.Context, r *Request, others ...string) (*challenge.State, error) {
	if _, err := r.named(append(others, "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP")...); err != nil {
		return nil, err
	}
	if !wellTimed(r.Params["TIMESTAMP"]) {
		return nil, errTimestamp()
	}
	return e.openBlock(ctx, r)
}

// openBlock opens the SECRET_BLOCK of an answer, which has to belong to its Session.
func (e *Engine) openBlock(ctx context.Context, r *Request) (*challenge.State, error) {
	block, err := e.Sessions.OpenBlock(ctx, r.Pool.ID, r.Client.ID, r.Params["PASSWORD_CLAIM_SECRET_BLOCK"])
	if block, err = usable(ctx, r, block, err); err != nil || r.Session == "" {
		return block, err
	}
	session, err := e.openSession(ctx, r)
	if err != nil {
		return nil, err
	}
	if session.ID != block.ID {
		obs.Cause(ctx, "session and secret block are of different sign-ins")
		return nil, challenge.Unusable()
	}
	return block, nil
}

func verifySignature(s *signIn, key []byte) bool {
	block, err := base64.StdEncoding.DecodeString(s.Params["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return false
	}
	claimed, err := base64.StdEncoding.DecodeString(s.Params["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil {
		return false
	}
	want := srp.Sign(key, s.Pool.Name, s.identity(), block, s.Params["TIMESTAMP"])
	return hmac.Equal(want, claimed)
}

// wellTimed reports whether a TIMESTAMP has the protocol's form.
func wellTimed(text string) bool {
	_, err := time.Parse(timestampForm, text)
	return err == nil
}
