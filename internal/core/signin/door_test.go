package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/core/signin"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// meanwhile runs something while PreAuthentication, and UserMigration, is asked for a sign-in that carries the mark:
// between its read of the account and the commit.
type meanwhile struct {
	run    func()
	always bool   // for every request, not only those that are marked
	source string // for this trigger source too
}

// Invoke implements lambda.Invoker.
func (m *meanwhile) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	var e struct {
		Source  string `json:"triggerSource"`
		Request struct {
			Validation map[string]string `json:"validationData"`
		} `json:"request"`
	}
	if err := json.Unmarshal(in.Payload, &e); err != nil {
		return nil, err
	}
	if m.always || m.source != "" && e.Source == m.source || e.Request.Validation["slow"] != "" {
		m.run()
	}
	return &lambda.Result{Payload: []byte(`{"response":{"userAttributes":{"email":"eve@example.com"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}}`)}, nil
}

// slow marks a request.
func slow(in *cognitoidp.InitiateAuthRequest) *cognitoidp.InitiateAuthRequest {
	out := *in
	out.ClientMetadata = map[string]string{"slow": "1"}
	return &out
}

// TestNothingToldAfterTheLock holds that a right password which is judged while other guesses lock the account is
// refused like a wrong one, in every answer that would tell it from one.
func TestNothingToldAfterTheLock(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		m := &meanwhile{}
		w := New(t, d, Options{Functions: m})
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			tracked(true)(in)
			in.LambdaConfig = &cognitoidp.LambdaConfigType{PreAuthentication: new(gateARN)}
		})
		c := w.Client(p, Hiding)
		for _, name := range []string{"device", "reset", "tokens"} {
			w.User(p, name, "email", name+"@example.com", "email_verified", "true")
		}
		signUp(w, c, "signedup")
		Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: "reset"})
		temporary(w, p, "late")
		w.Clock.Advance(8 * 24 * time.Hour)
		for name, in := range map[string]*cognitoidp.InitiateAuthRequest{
			"device":   keyed(PasswordAuth(c, "device", Password), "us-east-1_11111111-2222-4333-8444-555555555555"),
			"signedup": PasswordAuth(c, "signedup", Password),
			"reset":    PasswordAuth(c, "reset", Password),
			"late":     PasswordAuth(c, "late", "Temporary-1"),
			"tokens":   PasswordAuth(c, "tokens", Password),
		} {
			m.run = func() {
				for range 5 {
					Refused(w, wrong, w.API.InitiateAuth, PasswordAuth(c, name, "Wrong-1!"))
				}
			}
			Refused(w, locked, w.API.InitiateAuth, slow(in))
			w.Clock.Advance(2 * time.Second)
			if got := Refusal(w, w.API.InitiateAuth, in); name != "tokens" && (got == locked || got == wrong) {
				t.Errorf("%s: the case tells nothing: %s", name, got)
			}
		}
	})
}

// TestMigrationIsCounted holds that a locked name is not looked up by UserMigration, however many guesses are under way.
func TestMigrationIsCounted(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		f := &counting{}
		w := New(t, d, Options{Functions: f})
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.LambdaConfig = &cognitoidp.LambdaConfigType{UserMigration: new(gateARN)}
		})
		c := w.Client(p, Hiding)
		got := Together(w, 40, w.API.InitiateAuth, func(int) *cognitoidp.InitiateAuthRequest { return PasswordAuth(c, "eve", "Guess-123!") })
		if got[wrong] != 5 || got[locked] != 35 || f.asked.Load() != 5 {
			t.Errorf("%v, asked %d times", got, f.asked.Load())
		}
	})
}

// counting vouches for nobody and counts how often it was asked.
type counting struct{ asked atomic.Int64 }

// Invoke implements lambda.Invoker.
func (c *counting) Invoke(context.Context, lambda.Invocation) (*lambda.Result, error) {
	c.asked.Add(1)
	return &lambda.Result{Payload: []byte(`{"response":{}}`)}, nil
}

// recorder is an ending that keeps what it was asked for and writes nothing.
type recorder struct {
	admitted  *signin.Admission
	committed int
}

// Prepare implements signin.Ending.
func (r *recorder) Prepare(_ context.Context, a *signin.Admission) (*signin.Answer, func(*db.Tx) error, error) {
	r.admitted = a
	return &signin.Answer{}, func(tx *db.Tx) error { tx.AfterCommit(func() { r.committed++ }); return nil }, nil
}

// page is an entrance of its own, with an ending of its own.
func page(r *recorder) *signin.Door {
	return &signin.Door{
		Name: "page", Allow: func(*signin.Request) error { return nil },
		Prove:  func(*signin.Request, ...string) error { return nil },
		Source: func(cognitoidp.ChallengeNameType) string { return "TokenGeneration_HostedAuth" }, Ending: r,
	}
}

// TestSessionsAreBoundToDoors holds that the session of one entrance is refused at another, unless they share them, and
// that an entrance ends a sign-in in its own way.
func TestSessionsAreBoundToDoors(t *testing.T) {
	w := Quick(t)
	p := w.Pool(nil)
	c := w.Client(p, allFlows)
	sub := w.Get(p, w.User(p, "ana")).Sub
	ending := &recorder{}
	door := page(ending)
	hop := func(in *cognitoidp.RespondToAuthChallengeRequest) error {
		_, err := w.Engine.Respond(w.Ctx, &signin.Request{
			Door: door, Pool: p, Client: c, Challenge: in.ChallengeName, Params: in.ChallengeResponses, Session: *in.Session,
		})
		return err
	}
	srp := w.StartSRP(p, c, "ana").Answer(Password)
	refused(t, "a session of the API at a page", hop(srp), badSession)
	block := with(srp)
	block.Session = new("")
	refused(t, "a secret block of the API at a page", hop(block), badSession)
	begun, err := w.Engine.Start(w.Ctx, &signin.Request{
		Door: door, Pool: p, Client: c, Flow: cognitoidp.AuthFlowTypeUserAuth, Params: map[string]string{"USERNAME": "ana"},
	})
	if err != nil {
		t.Fatal(err)
	}
	own := answer(c, "SELECT_CHALLENGE", &begun.Session, "USERNAME", "ana", "ANSWER", "PASSWORD", "PASSWORD", Password)
	Refused(w, badSession, w.API.RespondToAuthChallenge, own)
	refused(t, "at its own door", hop(own), "")
	if a := ending.admitted; ending.committed != 1 || a.Subject.Sub != sub || !slices.Equal(a.Subject.AMR, []string{"pwd"}) || a.Source != "TokenGeneration_HostedAuth" {
		t.Errorf("ending: %+v, committed %d times", ending.admitted, ending.committed)
	}
	refused(t, "once more", hop(own), usedOne)
	Call(w, w.API.RespondToAuthChallenge, srp) // refused at the other door, it was not used up
}

// refused fails the test unless an error has this text, "" for none.
func refused(t testing.TB, what string, err error, want string) {
	t.Helper()
	got := ""
	var e rt.Exception
	if errors.As(err, &e) {
		got = e.ErrorCode() + ": " + e.ErrorMessage()
	} else if err != nil {
		got = err.Error()
	}
	equal(t, what, got, want)
}

// TestAdmit ends the sign-in of a user who was proven elsewhere: nobody is asked for a second factor whom an identity
// provider vouched for, and whoever may not sign in is refused.
func TestAdmit(t *testing.T) {
	Each(t, func(w *World) {
		p := setMFA(w, w.Pool(nil), "ON", "totp")
		c := w.Client(p, nil)
		sub := w.Get(p, w.User(p, "ana")).Sub
		ending := &recorder{}
		in := signin.Request{Door: page(ending), Pool: p, Client: c}
		_, err := w.Engine.Admit(w.Ctx, &in, sub, []string{"fed"})
		refused(w.T, "vouched for", err, "")
		if a := ending.admitted; ending.committed != 1 || a.Subject.Sub != sub || !slices.Equal(a.Subject.AMR, []string{"fed"}) {
			w.T.Errorf("ending: %+v, committed %d times", a, ending.committed)
		}
		out, err := w.Engine.Admit(w.Ctx, &in, sub, []string{"pwd"})
		if err != nil || out.Challenge != "MFA_SETUP" || ending.committed != 1 {
			w.T.Errorf("by the password: %+v, %v", out, err)
		}
		disable(w, p, "ana")
		_, err = w.Engine.Admit(w.Ctx, &in, sub, []string{"fed"})
		refused(w.T, "disabled", err, disabled)
		_, err = w.Engine.Admit(w.Ctx, &in, "00000000-0000-4000-8000-000000000000", []string{"fed"})
		refused(w.T, "nobody", err, unknown)
		equal(w.T, "endings", ending.committed, 1)
	})
}
