package signin_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// gate are the three functions of a sign-in that begins with the password and
// ends with a riddle. It remembers the sessions that DefineAuthChallenge saw.
type gate struct {
	mu   sync.Mutex
	seen []string
}

const gateARN = "arn:aws:lambda:us-east-1:000000000000:function:gate"

// Invoke implements lambda.Invoker.
func (g *gate) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	var e struct {
		Source  string `json:"triggerSource"`
		Request struct {
			Session []struct {
				Name string `json:"challengeName"`
			} `json:"session"`
		} `json:"request"`
	}
	if err := json.Unmarshal(in.Payload, &e); err != nil {
		return nil, err
	}
	answer := `{"answerCorrect":true}`
	switch e.Source {
	case "DefineAuthChallenge_Authentication":
		var names []string
		for _, step := range e.Request.Session {
			names = append(names, step.Name)
		}
		g.mu.Lock()
		g.seen = append(g.seen, strings.Join(names, " "))
		g.mu.Unlock()
		switch names[len(names)-1] {
		case "SRP_A":
			answer = `{"challengeName":"PASSWORD_VERIFIER"}`
		case "CUSTOM_CHALLENGE":
			answer = `{"issueTokens":true}`
		default:
			answer = `{"challengeName":"CUSTOM_CHALLENGE"}`
		}
	case "CreateAuthChallenge_Authentication":
		answer = `{"privateChallengeParameters":{"answer":"42"}}`
	}
	return &lambda.Result{Payload: []byte(`{"response":` + answer + `}`)}, nil
}

// TestCustomDevice holds that a remembered device stands in for the second
// factor of a custom sign-in, and is asked for once, right after the password.
func TestCustomDevice(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		g := &gate{}
		w := New(t, d, Options{Functions: g})
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			tracked(true)(in)
			in.LambdaConfig = &cognitoidp.LambdaConfigType{
				DefineAuthChallenge: new(gateARN), CreateAuthChallenge: new(gateARN), VerifyAuthChallengeResponse: new(gateARN),
			}
		})
		c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			allFlows(in)
			in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth)
		})
		p = setMFA(w, p, "OPTIONAL", "sms")
		w.User(p, "ana", "phone_number", anaPhone)
		prefer(w, p, "ana", "sms")
		start := func() *SRP {
			return w.StartSRPWith(p, c, &cognitoidp.InitiateAuthRequest{
				ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": "ana", "CHALLENGE_NAME": "SRP_A"},
			})
		}
		riddle := func(h hop) hop {
			t.Helper()
			equal(t, "challenge", h.Challenge, "CUSTOM_CHALLENGE")
			return respond(w, answer(c, "CUSTOM_CHALLENGE", h.Session, "USERNAME", "ana", "ANSWER", "42"))
		}

		h := respond(w, start().Answer(Password))
		equal(t, "new device", h.Challenge, "SMS_MFA")
		first := riddle(respond(w, answer(c, "SMS_MFA", h.Session, "USERNAME", "ana", "SMS_MFA_CODE", w.Code(p, anaPhone))))
		if first.Tokens == nil {
			t.Fatalf("no tokens: %+v", first)
		}
		device := confirmDevice(w, first.Tokens)

		proof := device.prove(w, c, "ana", respond(w, with(start().Answer(Password), "DEVICE_KEY", device.key)))
		done := riddle(respond(w, proof))
		if done.Tokens == nil || done.Tokens.NewDeviceMetadata != nil {
			t.Errorf("from the device: %+v", done)
		}
		Refused(w, usedOne, w.API.RespondToAuthChallenge, proof)
		equal(t, "sessions", strings.Join(g.seen, "\n"), strings.Join([]string{
			"SRP_A", "SRP_A PASSWORD_VERIFIER SMS_MFA", "SRP_A PASSWORD_VERIFIER SMS_MFA CUSTOM_CHALLENGE",
			"SRP_A", "SRP_A PASSWORD_VERIFIER DEVICE_SRP_AUTH DEVICE_PASSWORD_VERIFIER",
			"SRP_A PASSWORD_VERIFIER DEVICE_SRP_AUTH DEVICE_PASSWORD_VERIFIER CUSTOM_CHALLENGE",
		}, "\n"))
	})
}
