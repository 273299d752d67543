package account_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/core/guard"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

const rate = "TooManyRequestsException: Rate exceeded"

func perHour(n int64) limit.Rate { return limit.Rate{Max: n, Per: time.Hour} }

// limits are those of a server by default.
var limits = guard.Limits{
	SourceFailures: perHour(100), PoolFailures: perHour(36000), SourceSignUps: perHour(50), PoolSignUps: perHour(36000),
	SourceMessages: perHour(50), DestinationMessages: perHour(10), PoolMessages: perHour(36000),
}

// eachLimited runs body on two nodes of one installation with budgets, on every engine.
func eachLimited(t *testing.T, l guard.Limits, body func(w, other *World)) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		body(New(t, d, Options{Limits: l}), New(t, d, Options{Limits: l}))
	})
}

// TestGuessesAcrossUsers: guesses at many users count for their source, on all nodes and at once, whatever is guessed at. A
// right password is refused with the wrong ones, except where its user is known, and other sources go on.
func TestGuessesAcrossUsers(t *testing.T) {
	eachLimited(t, limits, func(w, other *World) {
		p := w.Pool(nil)
		c := w.Client(p, Hiding)
		w.User(p, "ana")
		w.User(p, "bob")
		stranger := w.From("2001:db8:0:66::1")
		stranger.SignIn(c, "bob", Password) // by the same address
		nodes := []*World{w, other}
		judged := 0
		for n := range 4 {
			outcomes := Together(stranger, 50, func(ctx context.Context, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
				node := nodes[len(in.AuthParameters["USERNAME"])%2]
				return Gated(node, node.API.InitiateAuth)(ctx, in)
			}, func(i int) *cognitoidp.InitiateAuthRequest {
				return PasswordAuth(c, "user"+strings.Repeat("x", i%7)+fmt.Sprint(n, i), "Wrong-1!")
			})
			judged += outcomes[wrong]
			if outcomes[wrong]+outcomes[rate] != 50 {
				w.T.Errorf("%v", outcomes)
			}
		}
		if judged < 100 || judged > 120 {
			w.T.Errorf("%d guesses were judged", judged)
		}
		sameNetwork := w.From("2001:db8:0:66:ffff::2")
		Refused(sameNetwork, rate, Gated(w, w.API.InitiateAuth), PasswordAuth(c, "ana", Password))
		Refused(sameNetwork, rate, Gated(w, w.API.ConfirmSignUp), confirm(c, "ana", "123456"))
		Refused(sameNetwork, rate, Gated(w, w.API.ConfirmForgotPassword), recovery(c, "ana", "123456", "Another-1!"))
		Refused(sameNetwork, "", Gated(w, w.API.InitiateAuth), PasswordAuth(c, "bob", Password))
		Refused(w.From("2001:db8:0:67::1"), "", Gated(w, w.API.InitiateAuth), PasswordAuth(c, "ana", Password))
		w.Clock.Advance(time.Hour)
		Refused(sameNetwork, "", Gated(w, w.API.InitiateAuth), PasswordAuth(c, "ana", Password))
	})
}

// TestGuessesAcrossSources: guesses from many sources count for the pool.
func TestGuessesAcrossSources(t *testing.T) {
	eachLimited(t, guard.Limits{PoolFailures: perHour(30)}, func(w, _ *World) {
		p := w.Pool(nil)
		c := w.Client(p, Hiding)
		w.User(p, "ana")
		home := w.From("192.0.2.1")
		home.SignIn(c, "ana", Password)
		for i := range 30 {
			Refused(w.From(fmt.Sprint("198.51.100.", i)), wrong, Gated(w, w.API.InitiateAuth), PasswordAuth(c, fmt.Sprint("user", i), "Wrong-1!"))
		}
		Refused(w.From("198.51.100.99"), rate, Gated(w, w.API.InitiateAuth), PasswordAuth(c, "ana", Password))
		Refused(home, "", Gated(w, w.API.InitiateAuth), PasswordAuth(c, "ana", Password))
	})
}

// TestMessagesToOneMailbox: many sign-ups and requests send no more to a mailbox than its budget, though users are many.
func TestMessagesToOneMailbox(t *testing.T) {
	eachLimited(t, limits, func(w, _ *World) {
		p := w.Pool(nil)
		c := w.Client(p, nil)
		outcomes := map[string]int{}
		for i := range 40 {
			outcomes[Refusal(w.From(fmt.Sprint("198.51.100.", i)), Gated(w, w.API.SignUp), signUp(c, fmt.Sprint("user", i), "email", "victim@example.com"))]++
			if err := w.Guard.Lifecycle().Flush(w.Ctx); err != nil {
				w.T.Fatal(err)
			}
		}
		if sent := len(w.Inbox(p, "victim@example.com")); sent != 10 || outcomes[""] != 10 || outcomes[limited] != 30 {
			w.T.Errorf("%d messages: %v", sent, outcomes)
		}
		Refused(w.From("198.51.100.200"), "", Gated(w, w.API.SignUp), signUp(c, "else", "email", "else@example.com"))
	})
}

// TestSignUpsOfOneSource: an address makes no more users than its budget; mistakes cost nothing.
func TestSignUpsOfOneSource(t *testing.T) {
	eachLimited(t, limits, func(w, _ *World) {
		p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) { in.AutoVerifiedAttributes = nil })
		c := w.Client(p, nil)
		source := w.From("198.51.100.1")
		for range 60 {
			bad := signUp(c, "bad")
			bad.Password = new("short")
			if got := Refusal(source, Gated(w, w.API.SignUp), bad); !strings.HasPrefix(got, "InvalidPasswordException") {
				w.T.Fatal(got)
			}
		}
		for i := range 50 {
			Refused(source, "", Gated(w, w.API.SignUp), signUp(c, fmt.Sprint("user", i)))
		}
		Refused(source, rate, Gated(w, w.API.SignUp), signUp(c, "one-more"))
	})
}
