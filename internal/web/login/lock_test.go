package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/core/guard"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// TestLocks: who tried too often is told when to try again, and then may.
func TestLocks(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, nil, nil)
		w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
		for _, name := range []string{"ana", "nobody"} {
			b := a.browser().open()
			b.fill("username", name)
			for range 7 {
				b.fill("password", "wrong-Pass1!")
			}
			if b.says("Too many tries. Try again in 1 second."); b.status != http.StatusTooManyRequests || b.header.Get("Retry-After") != "1" {
				w.T.Errorf("%s: %d, Retry-After %q", name, b.status, b.header.Get("Retry-After"))
			}
			w.Clock.Advance(time.Second)
			b.fill("password", "wrong-Pass1!").says("Name or password is not right")
			b.fill("password", cognitotest.Password).says("Too many tries. Try again in 2 seconds.")
			w.Clock.Advance(time.Hour)
		}

		b := a.browser().open()
		b.get(strings.Replace(b.at, "/login", "/forgotPassword", 1))
		b.fill("username", "ana")
		for range 6 {
			b.fill("code", "000000", "password", "New-Pass-123!")
		}
		b.says("Too many tries. Try again in 60 minutes.")
	})
}

// TestLockOfCodes: a session takes three wrong codes and a user five in a row.
func TestLockOfCodes(t *testing.T) {
	cognitotest.Each(t, func(w *cognitotest.World) {
		a := newApp(w, func(in *cognitoidp.CreateUserPoolRequest) {
			in.EmailConfiguration = &cognitoidp.EmailConfigurationType{
				EmailSendingAccount: new(cognitoidp.EmailSendingAccountTypeDeveloper), SourceArn: new("arn:aws:ses:us-east-1:000000000000:identity/example.com"),
			}
		}, nil)
		w.User(a.p, "ana", "email", "ana@example.com", "email_verified", "true")
		cognitotest.Call(w, w.API.SetUserPoolMfaConfig, &cognitoidp.SetUserPoolMfaConfigRequest{
			UserPoolId: a.p.ID, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOn), EmailMfaConfiguration: &cognitoidp.EmailMfaConfigType{},
		})
		b := a.browser().open()
		b.fill("username", "ana").fill("password", cognitotest.Password).says("a***@e***")
		for range 3 {
			b.fill("code", "000000").says("That code is not right")
		}
		b.fill("code", "000000").says("This step cannot be repeated")
		b.fill("username", "ana").fill("password", cognitotest.Password).says("a***@e***")
		b.fill("code", "000000").says("That code is not right") // the fifth
		if b.fill("code", "000000").says("Too many tries. Try again in 1 second."); b.status != http.StatusTooManyRequests {
			w.T.Errorf("%d", b.status)
		}
		w.Clock.Advance(time.Second)
		b.fill("code", w.Code(a.p, "ana@example.com"))
		b.code()
	})
}

// TestBudgetLeavesCodes: where a source has used up its budget, those who just signed in there get their tokens.
func TestBudgetLeavesCodes(t *testing.T) {
	limits := guard.Limits{SourceFailures: limit.Rate{Max: 3, Per: time.Hour}}
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		w := cognitotest.New(t, d, cognitotest.Options{Limits: limits})
		a := newApp(w, nil, nil)
		secret := &app{World: w, p: a.p, handler: a.handler, c: w.Client(a.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
			webClient(in)
			in.GenerateSecret = new(true)
		})}
		w.User(a.p, "ana")
		codes := map[*app]string{}
		for _, of := range []*app{a, secret} {
			b := of.browser().open()
			codes[of] = b.fill("username", "ana").fill("password", cognitotest.Password).code()
		}
		for range 3 {
			a.redeem("00000000-0000-4000-8000-000000000000")
		}
		for _, c := range []struct {
			of   *app
			code string
			want int
		}{{a, "00000000-0000-4000-8000-000000000000", 429}, {secret, codes[a], 429}, {secret, codes[secret], 429}, {a, codes[secret], 429}, {a, codes[a], 200}, {a, codes[a], 429}} {
			if status, body := c.of.redeem(c.code); status != c.want {
				t.Errorf("%d, want %d: %s", status, c.want, body)
			}
		}
	})
}
