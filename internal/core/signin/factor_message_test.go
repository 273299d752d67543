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

// texts is a CustomMessage function that notes the ClientMetadata it is shown.
type texts struct {
	mu   sync.Mutex
	seen []string
	fail bool
}

// Invoke answers an event with a text of its own.
func (f *texts) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	var event struct {
		TriggerSource string
		UserName      string
		Request       struct{ ClientMetadata map[string]string }
	}
	var whole map[string]any
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(in.Payload, &whole); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, strings.TrimSpace(event.TriggerSource+" "+event.UserName+" "+event.Request.ClientMetadata["from"]))
	if f.fail {
		return &lambda.Result{FunctionError: "Unhandled", ErrorMessage: "no text", Payload: []byte(`{"errorMessage":"no text"}`)}, nil
	}
	whole["response"] = map[string]any{"smsMessage": "own text {####}", "emailMessage": "own text {####}", "emailSubject": "own"}
	answer, err := json.Marshal(whole)
	return &lambda.Result{Payload: answer}, err
}

// TestMessagesOfFactors holds what a CustomMessage function sees of codes: the ClientMetadata of answers, not that of
// InitiateAuth; and that its failure spends nothing.
func TestMessagesOfFactors(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		f := &texts{}
		w := New(t, d, Options{Functions: f})
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
			every(in)
			in.LambdaConfig = &cognitoidp.LambdaConfigType{CustomMessage: new("arn:aws:lambda:us-east-1:000000000000:function:texts")}
		})
		c := w.Client(p, allFlows)
		w.User(p, "ana", "email", anaMail, "phone_number", anaPhone)
		w.User(p, "bob", "email", "bob@example.com", "phone_number", "+15550111")
		p = setMFA(w, p, "OPTIONAL", "sms totp email")
		prefer(w, p, "ana", "sms email")
		last := func() string {
			f.mu.Lock()
			defer f.mu.Unlock()
			out := strings.Join(f.seen, ", ")
			f.seen = nil
			return out
		}
		last()
		const source = "CustomMessage_Authentication ana"
		from := map[string]string{"from": "answer"}

		h := begin(w, PasswordAuth(c, "ana", Password))
		pick := answer(c, "SELECT_MFA_TYPE", h.Session, "USERNAME", "ana", "ANSWER", "SMS_MFA")
		pick.ClientMetadata = from
		f.fail = true
		Refused(w, "UserLambdaValidationException: CustomMessage failed with error no text.", w.API.RespondToAuthChallenge, pick)
		f.fail = false
		last()
		next := respond(w, pick)
		equal(w.T, "of an answer", last(), source+" answer")
		equal(w.T, "text", strings.HasPrefix(w.Inbox(p, anaPhone)[0].Body, "own text "), true)
		if respond(w, answer(c, "SMS_MFA", next.Session, "USERNAME", "ana", "SMS_MFA_CODE", w.Code(p, anaPhone))).Tokens == nil {
			t.Error("no tokens")
		}

		prefer(w, p, "ana", "sms* email")
		in := PasswordAuth(c, "ana", Password)
		in.ClientMetadata = from
		begin(w, in)
		equal(w.T, "of InitiateAuth", last(), source)
		srp := w.StartSRP(p, c, "ana").Answer(Password)
		srp.ClientMetadata = from
		respond(w, srp)
		equal(w.T, "of PASSWORD_VERIFIER", last(), source+" answer")

		open := begin(w, choose(c, "bob", ""))
		choice := answer(c, "SELECT_CHALLENGE", open.Session, "USERNAME", "bob", "ANSWER", "EMAIL_OTP")
		choice.ClientMetadata = from
		f.fail = true // which nobody is told who may have typed any name
		respond(w, choice)
		equal(w.T, "within SELECT_CHALLENGE", last(), "")
		equal(w.T, "messages", len(w.Inbox(p, "bob@example.com")), 0)
		equal(w.T, "of SELECT_CHALLENGE", last(), "CustomMessage_Authentication bob answer")
		f.fail = false
		begin(w, choose(c, "bob", "EMAIL_OTP"))
		equal(w.T, "text", w.Inbox(p, "bob@example.com")[0].Body, "own text "+w.Code(p, "bob@example.com"))
		last()
		begin(w, choose(c, "nobody", "EMAIL_OTP"))
		w.Inbox(p, "")
		equal(w.T, "of nobody", last(), "")
	})
}
