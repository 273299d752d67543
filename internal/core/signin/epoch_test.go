package signin_test

import (
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	. "cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// ends are the events that end what began before, each done to ana.
var ends = map[string]func(w *World, p *pool.Pool){
	"signed out everywhere": func(w *World, p *pool.Pool) {
		Call(w, w.API.AdminUserGlobalSignOut, &cognitoidp.AdminUserGlobalSignOutRequest{UserPoolId: p.ID, Username: "ana"})
	},
	"disabled and enabled": func(w *World, p *pool.Pool) {
		disable(w, p, "ana")
		Call(w, w.API.AdminEnableUser, &cognitoidp.AdminEnableUserRequest{UserPoolId: p.ID, Username: "ana"})
	},
	"deleted and made again": func(w *World, p *pool.Pool) {
		u := w.Get(p, "ana")
		if err := w.API.AdminDeleteUser(w.Ctx, &cognitoidp.AdminDeleteUserRequest{UserPoolId: p.ID, Username: "ana"}); err != nil {
			w.T.Fatal(err)
		}
		var attrs []string
		for name, value := range u.Attributes {
			attrs = append(attrs, name, value)
		}
		w.User(p, "ana", attrs...)
	},
}

// TestSessionsEnd holds that the session of no challenge, with a right answer, survives what ends it.
func TestSessionsEnd(t *testing.T) {
	Each(t, func(w *World) {
		for _, k := range proofs {
			for what, end := range ends {
				w.Run(k.challenge+" "+k.mfa+" "+what, func(w *World) {
					s := newStage(w, k)
					last := s.answer(s.start(w, s.c, "ana").Session, s.code(w))
					end(w, s.p)
					want := badSession
					if k.mfa == "" { // a first factor that ended looks like one of nobody
						want = k.wrong
						if what == "deleted and made again" { // the code went with the user
							want = "ExpiredCodeException: Invalid code provided, please request a code again."
						}
					}
					Refused(w, want, w.API.RespondToAuthChallenge, last)
				})
			}
		}
		for what, end := range ends {
			w.Run("SRP "+what, func(w *World) {
				p := w.Pool(nil)
				c := w.Client(p, nil)
				w.User(p, "ana")
				last := w.StartSRP(p, c, "ana").Answer(Password)
				end(w, p)
				Refused(w, wrong, w.API.RespondToAuthChallenge, last)
			})
			w.Run("new password "+what, func(w *World) {
				p := w.Pool(nil)
				c := w.Client(p, nil)
				temporary(w, p, "ana")
				first := Call(w, w.API.InitiateAuth, PasswordAuth(c, "ana", "Temporary-1"))
				end(w, p)
				Refused(w, badSession, w.API.RespondToAuthChallenge, newPassword(c, first, "ana", "Fresh-Password-1"))
			})
		}
	})
}

// TestSignInsUnderWayEnd holds that a sign-in which waits for a function while it is ended hands out nothing.
func TestSignInsUnderWayEnd(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		m := &meanwhile{}
		w := New(t, d, Options{Functions: m})
		more := map[string]func(w *World, p *pool.Pool){
			"another password": func(w *World, p *pool.Pool) { w.SetPassword(p, "ana", "Changed-1!", true) },
			"reset": func(w *World, p *pool.Pool) {
				Call(w, w.API.AdminResetUserPassword, &cognitoidp.AdminResetUserPasswordRequest{UserPoolId: p.ID, Username: "ana"})
			},
		}
		for what, end := range ends {
			more[what] = end
		}
		for what, end := range more {
			w.Run(what, func(w *World) {
				p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
					in.LambdaConfig = &cognitoidp.LambdaConfigType{PreAuthentication: new(gateARN)}
				})
				c := w.Client(p, nil)
				w.User(p, "ana", "email", anaMail, "email_verified", "true")
				m.run = func() {
					w.Clock.Advance(time.Second)
					end(w, p)
				}
				Refused(w, wrong, w.API.InitiateAuth, slow(PasswordAuth(c, "ana", Password)))
				m.run = func() {}
				if what != "another password" && what != "reset" {
					w.SignIn(c, "ana", Password)
				}
			})
		}
	})
}

// TestClientGone holds that a sign-in or a refresh which waits for a function while its client or pool is deleted hands
// out nothing.
func TestClientGone(t *testing.T) {
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		m := &meanwhile{run: func() {}}
		w := New(t, d, Options{Functions: m})
		for what, gone := range map[string]func(p *pool.Pool, c *pool.Client) error{
			"client": func(p *pool.Pool, c *pool.Client) error {
				return w.API.DeleteUserPoolClient(w.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: p.ID, ClientId: c.ID})
			},
			"pool": func(p *pool.Pool, _ *pool.Client) error {
				return w.API.DeleteUserPool(w.Ctx, &cognitoidp.DeleteUserPoolRequest{UserPoolId: p.ID})
			},
		} {
			for _, hop := range []string{"before", "after", "refresh"} {
				w.Run(what+" "+hop, func(w *World) {
					p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
						in.LambdaConfig = &cognitoidp.LambdaConfigType{PreAuthentication: new(gateARN), PreTokenGeneration: new(gateARN)}
					})
					c := w.Client(p, nil)
					w.User(p, "ana")
					in := slow(PasswordAuth(c, "ana", Password))
					switch hop {
					case "refresh":
						in = refreshAuth(c, *w.SignIn(c, "ana", Password).RefreshToken)
						m.always = true
					case "after":
						in = PasswordAuth(c, "ana", Password)
						m.source = "TokenGeneration_Authentication"
					}
					defer func() { m.run, m.always, m.source = func() {}, false, "" }()
					m.run = func() {
						if err := gone(p, c); err != nil {
							w.T.Error(err)
						}
					}
					if got := Refusal(w, w.API.InitiateAuth, in); !strings.HasPrefix(got, "ResourceNotFoundException: User pool ") {
						w.T.Errorf("%q", got)
					}
				})
			}
		}
	})
}
