package account_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/lambda"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// somebody is a kind of user.
type somebody struct{ state, email, phone string }

// states are what becomes of a user besides their addresses.
var states = []string{"confirmed", "signing up", "recovering", "disabled", "invited", "reset", "without password"}

// make makes such a user, with the given number in the name.
func (s somebody) make(w *World, p *pool.Pool, c *pool.Client, n int) string {
	name := fmt.Sprintf("user%d", n)
	var attrs []string
	for attr, flag := range map[string]string{"email": s.email, "phone_number": s.phone} {
		value := name + "@example.com"
		if attr == "phone_number" {
			value = fmt.Sprintf("+1415555%04d", n)
		}
		if flag != "" {
			attrs = append(attrs, attr, value, attr+"_verified", flag)
		}
	}
	target := func() *cognitoidp.AdminDisableUserRequest {
		return &cognitoidp.AdminDisableUserRequest{UserPoolId: p.ID, Username: name}
	}
	switch s.state {
	case "signing up":
		Call(w, w.API.SignUp, signUp(c, name, slices.Collect(unflagged(attrs))...))
	case "invited", "without password":
		in := create(p, name, attrs...)
		in.MessageAction = new(cognitoidp.MessageActionTypeSuppress)
		if s.state == "invited" {
			in.TemporaryPassword = new("Temporary-1")
		}
		Call(w, w.API.AdminCreateUser, in)
	default:
		w.User(p, name, attrs...)
	}
	switch s.state {
	case "recovering":
		Refusal(w, w.API.ForgotPassword, forgot(c, name))
	case "disabled":
		Call(w, w.API.AdminDisableUser, target())
	case "reset":
		Refusal(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: name})
	}
	return name
}

// unflagged are attributes without the flags, which no user can write.
func unflagged(attrs []string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := 0; i+1 < len(attrs); i += 2 {
			if !strings.HasSuffix(attrs[i], "_verified") && (!yield(attrs[i]) || !yield(attrs[i+1])) {
				return
			}
		}
	}
}

// told is all that the operations about a name answer to somebody who knows nothing but the name. Destinations count by
// which of them agree, not by their letters.
func told(w *World, c *pool.Client, name string) string {
	var out strings.Builder
	seen := map[string]int{}
	destination := func(medium, text string) string {
		if _, known := seen[text]; !known {
			seen[text] = len(seen) + 1
		}
		return fmt.Sprintf("%s to %d of %d", medium, seen[text], len(text))
	}
	note := func(what string, d *cognitoidp.CodeDeliveryDetailsType, err error) {
		fmt.Fprintf(&out, "%s: ", what)
		switch {
		case err != nil:
			out.WriteString(err.Error())
		case d != nil:
			out.WriteString(*d.AttributeName + " " + destination(string(*d.DeliveryMedium), *d.Destination))
		}
		out.WriteByte('\n')
	}
	delivery := func(what string, call func() (*cognitoidp.CodeDeliveryDetailsType, error)) {
		d, err := call()
		note(what, d, err)
	}
	wrongCode := func(what string) {
		_, err := w.API.ConfirmSignUp(w.Ctx, confirm(c, name, "x"))
		note(what+" ConfirmSignUp", nil, err)
		_, err = w.API.ConfirmForgotPassword(w.Ctx, recovery(c, name, "x", "Another-1!"))
		note(what+" ConfirmForgotPassword", nil, err)
	}
	wrongCode("unasked")
	delivery("forgot", func() (*cognitoidp.CodeDeliveryDetailsType, error) {
		answer, err := w.API.ForgotPassword(w.Ctx, forgot(c, name))
		if err != nil {
			return nil, err
		}
		return answer.CodeDeliveryDetails, nil
	})
	delivery("resend", func() (*cognitoidp.CodeDeliveryDetailsType, error) {
		answer, err := w.API.ResendConfirmationCode(w.Ctx, resend(c, name))
		if err != nil {
			return nil, err
		}
		return answer.CodeDeliveryDetails, nil
	})
	wrongCode("asked")
	for _, preferred := range []string{"", "EMAIL_OTP", "SMS_OTP"} {
		answer, err := w.API.InitiateAuth(w.Ctx, &cognitoidp.InitiateAuthRequest{
			ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserAuth,
			AuthParameters: map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": preferred},
		})
		fmt.Fprintf(&out, "USER_AUTH %s: ", preferred)
		if err != nil {
			fmt.Fprintln(&out, err)
			continue
		}
		params := answer.ChallengeParameters
		fmt.Fprintln(&out, *answer.ChallengeName, answer.AvailableChallenges, slices.Sorted(maps.Keys(params)))
		if to := params["CODE_DELIVERY_DESTINATION"]; to != "" {
			fmt.Fprintln(&out, destination(params["CODE_DELIVERY_DELIVERY_MEDIUM"], to))
		}
	}
	return out.String()
}

// TestTells compares all that is answered about one name by all operations. Whatever users of every kind are answered
// some name that nobody has is answered too, word by word, and nothing else is answered about such names.
func TestTells(t *testing.T) {
	for what, set := range map[string]func(*cognitoidp.CreateUserPoolRequest){
		"no functions": func(*cognitoidp.CreateUserPoolRequest) {},
		"a failing function for texts": func(in *cognitoidp.CreateUserPoolRequest) {
			in.LambdaConfig = &cognitoidp.LambdaConfigType{CustomMessage: new("arn:aws:lambda:us-east-1:000000000000:function:fails")}
		},
		"a failing function for other users": func(in *cognitoidp.CreateUserPoolRequest) {
			in.LambdaConfig = &cognitoidp.LambdaConfigType{UserMigration: new("arn:aws:lambda:us-east-1:000000000000:function:fails")}
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := New(t, dbtest.SQLite(t, rooms.Migrations()), Options{Functions: failing{}})
			p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
				set(in)
				in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{"email", "phone_number"}
				in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
					AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP", "SMS_OTP"},
				}}
			})
			c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
				Hiding(in)
				in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth)
			})
			users, made := map[string]somebody{}, 0
			for _, state := range states {
				for _, email := range []string{"", "true", "false"} {
					for _, phone := range []string{"", "true", "false"} {
						if what != "no functions" && email != "true" {
							continue // the others are rare
						}
						s := somebody{state, email, phone}
						made++
						users[told(w, c, s.make(w, p, c, made))] = s
					}
				}
			}
			nobody := map[string]bool{}
			missing := maps.Clone(users)
			for i := 0; i < 3000 && len(missing) > 0 || i < 100; i++ {
				story := told(w, c, fmt.Sprintf("nobody%d", i))
				nobody[story] = true
				delete(missing, story)
			}
			for story, s := range missing {
				t.Errorf("nobody is answered like somebody %+v:\n%s", s, story)
			}
			for story := range nobody {
				if _, found := users[story]; !found && what == "no functions" {
					t.Errorf("nobody but names without a user are answered\n%s", story)
				}
			}
			t.Logf("%d stories of users, %d of others", len(users), len(nobody))
		})
	}
}

// failing is a function that refuses everything but sign-ups, which tell who exists by themselves.
type failing struct{}

func (failing) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	if strings.Contains(string(in.Payload), "CustomMessage_SignUp") {
		return &lambda.Result{Payload: in.Payload}, nil
	}
	return &lambda.Result{FunctionError: "Unhandled", ErrorMessage: "no", Payload: []byte(`{"errorMessage":"no"}`)}, nil
}

// slow is a CustomMessage function that answers once it is told to.
type slow struct {
	asked atomic.Int64
	go_   chan struct{}
}

func (f *slow) Invoke(ctx context.Context, in lambda.Invocation) (*lambda.Result, error) {
	f.asked.Add(1)
	select {
	case <-f.go_:
	case <-ctx.Done():
		return nil, lambda.ErrTimeout
	}
	var event map[string]any
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		return nil, err
	}
	event["response"] = map[string]any{"emailMessage": "own text {####}", "smsMessage": "own text {####}"}
	answer, err := json.Marshal(event)
	return &lambda.Result{Payload: answer}, err
}

// TestNobodyWaitsForTexts: what anybody may ask about any name is answered before a function for texts is, so that its time
// does not tell who exists; the message comes all the same.
func TestNobodyWaitsForTexts(t *testing.T) {
	f := &slow{go_: make(chan struct{})}
	w := New(t, dbtest.SQLite(t, rooms.Migrations()), Options{Functions: f})
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.LambdaConfig = &cognitoidp.LambdaConfigType{CustomMessage: new("arn:aws:lambda:us-east-1:000000000000:function:slow")}
		in.Policies = &cognitoidp.UserPoolPolicyType{SignInPolicy: &cognitoidp.SignInPolicyType{
			AllowedFirstAuthFactors: []cognitoidp.AuthFactorType{"PASSWORD", "EMAIL_OTP"},
		}}
	})
	c := w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		Hiding(in)
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowUserAuth)
	})
	w.User(p, "ana", "email", "ana@example.com", "email_verified", "true")
	ctx, cancel := context.WithTimeout(w.Ctx, 5*time.Second) // the function never answers in time
	defer cancel()
	w.Ctx = ctx
	Call(w, w.API.ForgotPassword, forgot(c, "ana"))
	Call(w, w.API.ResendConfirmationCode, resend(c, "ana"))
	Call(w, w.API.InitiateAuth, &cognitoidp.InitiateAuthRequest{
		ClientId: c.ID, AuthFlow: cognitoidp.AuthFlowTypeUserAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
	})
	if n := f.asked.Load(); n != 0 {
		t.Fatalf("the function was asked %d times before the answer", n)
	}
	close(f.go_)
	got := w.Inbox(p, "ana@example.com")
	if len(got) != 2 || got[0].Body != "own text "+got[0].Code || f.asked.Load() != 2 {
		t.Errorf("%d messages, %d questions: %+v", len(got), f.asked.Load(), got)
	}
}
