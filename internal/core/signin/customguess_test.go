package signin_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// riddles are functions that ask until two answers were right, and never give up. It counts what it was asked to judge.
type riddles struct{ judged int }

// Invoke implements lambda.Invoker.
func (r *riddles) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	var e struct {
		Source  string `json:"triggerSource"`
		Request struct {
			Answer  string `json:"challengeAnswer"`
			Session []struct {
				Right bool `json:"challengeResult"`
			} `json:"session"`
		} `json:"request"`
	}
	if err := json.Unmarshal(in.Payload, &e); err != nil {
		return nil, err
	}
	answer := "{}"
	switch e.Source {
	case "DefineAuthChallenge_Authentication":
		right := 0
		for _, step := range e.Request.Session {
			if step.Right {
				right++
			}
		}
		if answer = `{"challengeName":"CUSTOM_CHALLENGE"}`; right == 2 {
			answer = `{"issueTokens":true}`
		}
	case "VerifyAuthChallengeResponse_Authentication":
		r.judged++
		if answer = `{"answerCorrect":false}`; e.Request.Answer == "42" {
			answer = `{"answerCorrect":true}`
		}
	}
	return &lambda.Result{Payload: []byte(`{"response":` + answer + `}`)}, nil
}

// TestWrongAnswersCount holds that wrong answers to custom challenges are counted over all sign-ins of a user, before the
// function judges them, and that right ones on the way to a success do not make room for more guesses.
func TestWrongAnswersCount(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		r := &riddles{}
		w := New(t, d, Options{Functions: r})
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			in.LambdaConfig = &cognitoidp.LambdaConfigType{
				DefineAuthChallenge: new(gateARN), CreateAuthChallenge: new(gateARN), VerifyAuthChallengeResponse: new(gateARN),
			}
		})
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			Hiding(in)
			in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth, cognitoidp.ExplicitAuthFlowsTypeAllowRefreshTokenAuth)
		})
		w.User(p, "ana")
		start := func(name string) hop {
			return begin(w, &cognitoidp.InitiateAuthRequest{ClientId: c.ID, AuthFlow: "CUSTOM_AUTH", AuthParameters: map[string]string{"USERNAME": name}})
		}
		say := func(name string, h hop, text string) *cognitoidp.RespondToAuthChallengeRequest {
			return answer(c, "CUSTOM_CHALLENGE", h.Session, "USERNAME", name, "ANSWER", text)
		}
		guess := func(name string) hop { return respond(w, say(name, start(name), "guess")) }
		whole := func(name string) hop { return respond(w, say(name, respond(w, say(name, start(name), "42")), "42")) }

		for range 15 { // a success forgets what was wrong before it
			guess("ana")
		}
		if whole("ana").Tokens == nil {
			t.Fatal("no tokens for right answers")
		}
		for _, name := range []string{"ana", "nobody"} { // whoever it is
			var last hop
			for range 18 {
				last = guess(name)
			}
			respond(w, say(name, start(name), "42")) // half a success forgets nothing
			guess(name)
			guess(name) // the twentieth locks
			before := r.judged
			next := say(name, last, "42")
			Refused(w, wrong, w.API.RespondToAuthChallenge, next)
			if r.judged != before {
				t.Errorf("%s: a locked answer was judged", name)
			}
			w.Clock.Advance(time.Second + time.Millisecond)
			respond(w, next) // its session was kept
			guess(name)
			if got := Refusal(w, w.API.RespondToAuthChallenge, say(name, start(name), "guess")); got != wrong {
				t.Errorf("%s: after the 21st: %q", name, got)
			}
		}
		w.Clock.Advance(3 * time.Second)
		if whole("ana").Tokens == nil {
			t.Error("the owner is kept out")
		}

		// No more guesses are judged than are free.
		var open []hop
		for range 30 {
			open = append(open, start("ana"))
		}
		before := r.judged
		for _, h := range open {
			_ = Refusal(w, w.API.RespondToAuthChallenge, say("ana", h, "guess"))
		}
		if n := r.judged - before; n != 20 {
			t.Errorf("%d of 30 guesses were judged", n)
		}
	})
}
